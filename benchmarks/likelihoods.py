"""Fits public likelihoods with wilks and with pyhf (SLSQP, Minuit), and writes a table of what each found.

    python benchmarks/likelihoods.py --data FOLDER [--cap 120] [--only TEXT ...] [--output FILE] [--page FILE.md]

See README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from compare import describe, machine, readable
from scale import RESULTS, child
from scale_tasks import emit

OPTIMIZERS = {"slsqp": "scipy", "minuit": "minuit"}
WORKSPACES = (
    "ttbar-lesson/workspace.json",
    "ttbar-lesson/workspace_repaired.json",
    "cabinetry-example/golden/example_histogram_workspace.json",
    "cabinetry-example/golden/example_ntuple_workspace.json",
)
BEGIN, END = "<!-- table of benchmarks/likelihoods.py -->", "<!-- end of the table -->"
ALIKE = 1e-3  # differences of 2NLL below this are where a minimiser chose to stop


# --- one fit, in a process of its own --------------------------------------------------------------------------------


def model_of(path: Path) -> Any:
    import wilks

    return wilks.compile_model(wilks.load_workspace(path), poi="")


def run_wilks(path: Path) -> None:
    """Fit with wilks: the least of five times."""
    import wilks

    model = model_of(path)
    times = []
    for _ in range(5):
        start = time.process_time()
        result = wilks.fit(model)
        times.append(time.process_time() - start)
    emit(parameters=model.n_parameters, bins=int(model.observed_main.size), nll=model.nll(model.initial))
    emit(twice_nll=result.twice_nll, edm=result.edm, status=result.status, minimizer=result.minimizer, time=min(times))


def run_pyhf(path: Path, optimizer: str) -> None:
    """Fit with pyhf's default settings; the 2NLL where it ended is also evaluated by wilks, without rounding errors."""
    import pyhf

    pyhf.set_backend("numpy", OPTIMIZERS[optimizer])
    workspace = pyhf.Workspace(json.loads(path.read_text()))
    model = workspace.model(poi_name=None)
    data = workspace.data(model)
    emit(nll=-float(np.asarray(model.logpdf(model.config.suggested_init(), data))[0]))
    start = time.process_time()
    values, twice_nll = pyhf.infer.mle.fit(data, model, return_fitted_val=True)
    seconds = time.process_time() - start
    theta = np.asarray(values, dtype=np.float64)
    emit(own_twice_nll=float(twice_nll), twice_nll=2.0 * model_of(path).nll(theta), time=seconds)


def run_task(task: str, path: Path) -> int:
    warnings.simplefilter("ignore")
    try:
        with np.errstate(all="ignore"):
            run_wilks(path) if task == "wilks" else run_pyhf(path, task)
    except (Exception, SystemExit) as error:
        emit(error=describe(error))
        return 1
    return 0


# --- all of them -----------------------------------------------------------------------------------------------------


def workspaces(data: Path, every: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return (name, workspace): each workspace, each patch, of each patch set the first signal (or every one)."""
    import jsonpatch

    for path in [*sorted((data / "likelihoods").rglob("*.json")), *(data / name for name in WORKSPACES)]:
        name = str(path.relative_to(data)).removeprefix("likelihoods/").removesuffix(".json")
        document = json.loads(path.read_text())
        if isinstance(document, dict) and "channels" in document:
            yield name, document
            continue
        background = json.loads((path.parent / "BkgOnly.json").read_text())
        if isinstance(document, list):
            yield name.replace("patch.", ""), jsonpatch.apply_patch(background, document)
            continue
        for patch in document["patches"] if every else document["patches"][:1]:
            label = f"{path.parent.name}/{patch['metadata']['name']}"
            yield label, jsonpatch.apply_patch(background, patch["patch"])


def measure(name: str, workspace: dict[str, Any], cap: float) -> dict[str, Any]:
    """Return what wilks and pyhf found for one workspace."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workspace.json"
        path.write_text(json.dumps(workspace))
        found = {task: child(task, path, cap, "likelihoods.py") for task in ("wilks", *OPTIMIZERS)}
    return {"workspace": name, **found}


def row(case: dict[str, Any]) -> str:
    """Return a line of the table."""
    own = case["wilks"]
    if "twice_nll" not in own:
        return f"| {case['workspace']} | | | {own.get('error', 'no answer')} | | | | |"
    cells = [
        case["workspace"],
        f"{own['parameters']} / {own['bins']}",
        f"{own['twice_nll']:.6f}",
        readable(own["time"]),
    ]
    for optimizer in OPTIMIZERS:
        peer = case[optimizer]
        if "twice_nll" in peer:
            above = peer["twice_nll"] - own["twice_nll"]
            cells += [f"{above:+.1e}" if above < ALIKE else f"**{above:+.3g}**", readable(peer["time"])]
        else:
            cells += [peer.get("error", "no answer").removeprefix("failed: ").split(":")[0], ""]
    return f"| {' | '.join(cells)} |"


def table(cases: list[dict[str, Any]]) -> str:
    """Return the table in Markdown."""
    head = ["workspace", "parameters / bins", "wilks: 2NLL", "time", "SLSQP: above", "time", "Minuit: above", "time"]
    return "\n".join([f"| {' | '.join(head)} |", "|:--|--:|--:|--:|--:|--:|--:|--:|", *map(row, cases)])


def problems(case: dict[str, Any]) -> list[str]:
    """Return what must not be: no answer of wilks, one that did not converge, or one above that of pyhf."""
    own = case["wilks"]
    if "twice_nll" not in own:
        return [f"{case['workspace']}: wilks: {own.get('error', 'no answer')}"]
    found = [] if own["status"] == "converged" else [f"{case['workspace']}: {own['status']}"]
    for optimizer in OPTIMIZERS:
        peer = case[optimizer]
        if peer.get("twice_nll", np.inf) < own["twice_nll"] - 1e-6:
            found.append(f"{case['workspace']}: {optimizer} is lower by {own['twice_nll'] - peer['twice_nll']:.1e}")
        if "nll" in peer and abs(peer["nll"] - own["nll"]) > 1e-5 * abs(own["nll"]):
            found.append(f"{case['workspace']}: the likelihoods differ, {own['nll']} and {peer['nll']}")
    return found


def write_page(page: Path, text: str, begin: str, end: str) -> None:
    """Put the table between two marks of a page; ValueError if it has none."""
    before, opened, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise ValueError(f"{page} has no marks: {begin} and {end}")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with likelihoods/, ttbar-lesson/ and others")
    parser.add_argument("--cap", type=float, default=120.0, help="seconds for one fit, reading included (120)")
    parser.add_argument("--only", nargs="+", help="workspaces whose name contains one of these texts")
    parser.add_argument("--every-signal", action="store_true", help="all signals of patch sets, not the first only")
    parser.add_argument("--output", type=Path, default=RESULTS / "likelihoods.json", help="everything as JSON")
    parser.add_argument("--page", type=Path, help="put the table into this page, between its marks")
    options = parser.parse_args()
    cases = []
    for name, workspace in workspaces(options.data, options.every_signal):
        if not options.only or any(text in name for text in options.only):
            cases.append(measure(name, workspace, options.cap))
            print(row(cases[-1]), file=sys.stderr, flush=True)
    text = table(cases)
    print(text)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine(), "load": os.getloadavg()[0], "cap": options.cap, "cases": cases}
    options.output.write_text(json.dumps(report, indent=2) + "\n")
    if options.page:
        write_page(options.page, text, BEGIN, END)
    wrong = [problem for case in cases for problem in problems(case)]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    is_task = len(sys.argv) == 3 and sys.argv[1] in ("wilks", *OPTIMIZERS)
    sys.exit(run_task(sys.argv[1], Path(sys.argv[2])) if is_task else main())
