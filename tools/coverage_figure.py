"""Draw docs/images/coverage.png: the coverage of Wald, profile likelihood, Feldman-Cousins intervals and CLs limits of
three models. `python tools/coverage_figure.py [TOYS]`; 1000 toys of each value take a few minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import wilks

METHODS = ("wald", "profile", "feldman-cousins", "cls")
TARGET = Path(__file__).parents[1] / "docs" / "images" / "coverage.png"


def one_bin(signal: float, background: float, modifiers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a workspace of one bin."""
    mu = {"name": "mu", "type": "normfactor", "data": None}
    samples = [
        {"name": "signal", "data": [signal], "modifiers": [mu]},
        {"name": "background", "data": [background], "modifiers": modifiers},
    ]
    return {
        "version": "1.0.0",
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": [background]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": [{"name": "mu", "bounds": [[0, 20]]}]}}],
    }


def main() -> None:
    """Find the coverages and draw them."""
    from matplotlib.figure import Figure

    toys = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    uncertain = {"name": "background", "type": "shapesys", "data": [3.0]}
    models = {
        "3 events of background": wilks.load_workspace(one_bin(3.0, 3.0, [])),
        "9 events of background, known to a third": wilks.load_workspace(one_bin(6.0, 9.0, [uncertain])),
        "the search: three regions, systematics": wilks.examples.search(),
    }
    figure = Figure(figsize=(16.5, 5.0), layout="constrained")
    for panel, (title, workspace) in zip(figure.subplots(1, 3), models.items(), strict=True):
        model = wilks.compile_model(workspace)
        values = [0.0, 0.5, 1.0, 1.5, 2.0]
        found = wilks.coverage(model, values=values, methods=METHODS, level=0.9, toys=toys, inner_toys=1000)
        print(title, found, sep="\n")
        wilks.figures.coverage(found, ax=panel)
        panel.set_title(title, loc="left", fontsize=12, pad=18)
    figure.savefig(TARGET, dpi=80)


if __name__ == "__main__":
    main()
