"""Does ROOT build the model that was written? `python tools/histfactory_root.py PYTHON_WITH_ROOT` (`make root`).

Workspaces are written as HistFactory XML, ROOT makes models of them (its wheel has no XML parser, so that a few lines
in `histfactory_root_side.py` fill its measurements), and expected counts and differences of 2NLL are compared at
random points.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import wilks
from wilks.formats.histfactory_xml.read import read
from wilks.formats.histfactory_xml.write import write
from wilks.model.model import Model
from wilks.workspace.workspace import Workspace

COUNTS, DIFFERENCES = 1e-12, 1e-7
# ROOT's constraint terms have normalisations that its numerical integrals give to 1e-8 or so.


def workspaces() -> Iterator[tuple[str, Workspace]]:
    """Yield what is tried: packaged examples, and one with everything that XML can say."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.fuzz.descriptions import document

    yield "measurement", wilks.examples.measurement()
    yield "search", wilks.examples.search()
    everything = document()
    everything["measurements"][0]["config"]["clip"] = everything["measurements"][1]["config"]["clip"] = True
    everything["channels"][0]["samples"][1]["modifiers"][3]["name"] = "xs"  # the Gamma is another test's
    everything["functions"].pop()
    everything["measurements"][0]["config"]["parameters"].pop(2)
    yield "everything", wilks.load_workspace(everything)


def root_name(model: Model, name: str) -> list[str]:
    """Return what ROOT may call a parameter."""
    stem, _, component = name.partition("[")
    b = component.rstrip("]")
    if stem.startswith("staterror_"):
        return [f"gamma_stat_{stem.removeprefix('staterror_')}_bin_{b}"]
    if b:
        return [f"gamma_{stem}_bin_{b}"]
    return ["Lumi"] if name == "lumi" else [name, f"alpha_{name}"]


def compared(name: str, workspace: Workspace, python: str) -> float:
    """Return the largest deviation, in units of what is allowed."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / "top.xml"
        write(workspace, top)
        model = wilks.compile_model(read(top).workspace)
        rng = np.random.default_rng(5)
        widths = np.where(model.fixed, 0.0, 0.1)
        points = [model.initial, *(model.initial + widths * rng.normal(size=len(widths)) for _ in range(3))]
        asked = [
            {
                root: float(value)
                for parameter, value in zip(model.parameter_names, point, strict=True)
                for root in root_name(model, parameter)
            }
            for point in points
        ]
        (Path(folder) / "points.json").write_text(json.dumps(asked))
        script = Path(__file__).with_name("histfactory_root_side.py")
        done = subprocess.run([python, str(script), str(top)], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{name}: ROOT failed\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
        found: list[dict[str, Any]] = json.loads((Path(folder) / "answers.json").read_text())
    worst = 0.0
    for point, answer in zip(points, found, strict=True):
        rates = model.expected(point)
        for channel, bins in model.channel_slices.items():
            deviation = np.abs(rates[bins] / np.array(answer["expected"][channel]) - 1.0).max()
            worst = max(worst, float(deviation) / COUNTS)
        difference = 2 * (model.nll(point) - model.nll(points[0]))
        worst = max(worst, abs(difference - answer["twice_nll_minus_first"]) / DIFFERENCES)
    return worst


def main() -> int:
    """Return the exit code: 1 where ROOT has other numbers."""
    failed = 0
    for name, workspace in workspaces():
        worst = compared(name, workspace, sys.argv[1])
        failed |= worst > 1
        print(f"{name}: largest deviation from ROOT is {worst:.2g} of what is allowed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
