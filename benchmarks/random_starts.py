"""Random starts on public likelihoods: how many fits arrive, how many at the lowest minimum, and whether `fit` does.

    python benchmarks/random_starts.py --data FOLDER [--starts 500] [--only TEXT ...] [--output FILE] [--page FILE.md]

Each workspace is fitted freely, and with its parameter of interest kept at 0 and at 1. Constrained parameters start at
one pre-fit standard deviation, drawn at random; the others at their initial values. With an older wilks (PYTHONPATH)
the same script tells what that did.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from compare import machine
from likelihoods import workspaces, write_page
from scale import RESULTS

LOWEST = 1e-4  # in 2NLL
BEGIN, END = "<!-- table of benchmarks/random_starts.py -->", "<!-- end of the table of random starts -->"


def models(data: Path) -> Iterator[tuple[str, Any]]:
    """Yield (name, model): public likelihoods, and the small cases beside the data."""

    for name, document in workspaces(data, every=False):
        if wilks_model := compiled(document):
            yield name, wilks_model
    for path in sorted(data.parent.glob("cases/*/workspace.json")):
        if wilks_model := compiled(json.loads(path.read_text())):
            yield path.parent.name, wilks_model


def compiled(document: dict[str, Any]) -> Any:
    """Return the model of a workspace, without parameter of interest where it has none; None if it can't be fitted."""
    import wilks
    from wilks.errors import WilksError

    for poi in (None, ""):
        try:
            model = wilks.compile_model(wilks.load_workspace(document), poi=poi)
            model.check_data(model.observed())
        except WilksError:
            continue
        return model
    return None


def measure(model: Any, starts: int, fixed: dict[str, float]) -> dict[str, Any]:
    """Return what random starts and the default fit find."""
    import wilks
    from wilks.fitting.many import fit_problems
    from wilks.fitting.problem import pose

    problem = pose(model, None, fixed, None)
    normal = np.random.default_rng(1).normal(size=(starts, model.n_parameters))
    sigma = model.prefit_uncertainties
    drawn = np.clip(model.nominal + normal * sigma, problem.lower, problem.upper)
    start = np.where(problem.held | (sigma == 0), problem.start, drawn)
    begin = time.process_time()
    fits = fit_problems(model, model.observed(), replace(problem, start=start), threads=1)
    each = (time.process_time() - begin) / starts
    begin = time.process_time()
    result = wilks.fit(model, fixed=fixed)
    default = time.process_time() - begin
    levels = np.where(fits.minimised, fits.twice_nll, np.inf)
    best = float(min(levels.min(), result.twice_nll if result.minimised else np.inf))
    return {
        "parameters": model.n_parameters,
        "starts": starts,
        "arrived": int(fits.minimised.sum()),
        "lowest": int((levels < best + LOWEST).sum()),
        "minima": len(np.unique(np.round(levels[np.isfinite(levels)], 3))),
        "above": float(result.twice_nll - best),
        "milliseconds of a random start": 1e3 * each,
        "milliseconds of fit": 1e3 * default,
    }


def table(cases: list[dict[str, Any]]) -> str:
    """Return the sums, and a row for each question with several minima or lost fits."""
    total = sum(case["starts"] for case in cases)
    arrived, lowest = (sum(case[key] for case in cases) for key in ("arrived", "lowest"))
    above = sum(not case["above"] < LOWEST for case in cases)
    lines = [
        f"{len(cases)} questions, {total} random starts: {100 * arrived / total:.2f} % arrive at a minimum, "
        f"{100 * lowest / total:.1f} % at the lowest known; `fit` is above the lowest known in {above} questions.",
        "",
        "| workspace | POI | parameters | arrive | at the lowest | minima | `fit` above | `fit`, ms | one start, ms |",
        "|:--|:--|--:|--:|--:|--:|--:|--:|--:|",
    ]
    return "\n".join(lines + [row(case) for case in cases if interesting(case)])


def interesting(case: dict[str, Any]) -> bool:
    """Return whether not everything ends in one minimum."""
    return not (case["arrived"] == case["starts"] == case["lowest"] and case["above"] < LOWEST)


def row(case: dict[str, Any]) -> str:
    """Return a row of the table."""
    height = f"{case['above']:.3g}" if case["above"] >= LOWEST else "0" if np.isfinite(case["above"]) else "no fit"
    cells = [
        case["workspace"],
        case["poi"],
        case["parameters"],
        f"{100 * case['arrived'] / case['starts']:.1f} %",
        f"{100 * case['lowest'] / case['starts']:.1f} %",
        case["minima"],
        height,
        f"{case['milliseconds of fit']:.3g}",
        f"{case['milliseconds of a random start']:.3g}",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with likelihoods/, ttbar-lesson/ and others")
    parser.add_argument("--starts", type=int, default=500, help="random starts of each question (500)")
    parser.add_argument("--only", nargs="+", help="workspaces whose name contains one of these texts")
    parser.add_argument("--output", type=Path, default=RESULTS / "random_starts.json", help="everything as JSON")
    parser.add_argument("--page", type=Path, help="page to put the table into, between its marks")
    arguments = parser.parse_args()
    cases: list[dict[str, Any]] = []
    for name, model in models(arguments.data):
        if arguments.only and not any(text in name for text in arguments.only):
            continue
        for value in (None, 0.0, 1.0) if model.poi else (None,):
            found = measure(model, arguments.starts, {} if value is None else {model.poi: value})
            cases.append({"workspace": name, "poi": "free" if value is None else f"{value:g}", **found})
            print(json.dumps(cases[-1]), flush=True)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps({"machine": machine(), "cases": cases}, indent=1))
    print(json.dumps(machine()))
    print(table(cases))
    if arguments.page:
        write_page(arguments.page, table(cases), BEGIN, END)
    return 0


if __name__ == "__main__":
    sys.exit(main())
