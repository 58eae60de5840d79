"""Upper limits, observed and expected, on public likelihoods: wilks beside pyhf, in one run.

    python benchmarks/limits.py --data FOLDER [--stop-at 120] [--only TEXT ...] [--output FILE] [--page FILE.md]

pyhf (NumPy, SLSQP) gets a bracket around the limits that wilks found, with the bound of the POI beyond it. It is
stopped where it has taken `--stop-at` times as long as wilks; the ratio is then a lower bound. All times are processor
time, of all threads together: what else runs on the machine hardly changes the ratios.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from compare import describe, machine, readable
from likelihoods import workspaces, write_page
from scale import RESULTS, child
from scale_tasks import emit

ACCURACY = 1e-3
BEGIN, END = "<!-- table of benchmarks/limits.py -->", "<!-- end of the table of limits -->"


# --- one limit, in a process of its own ------------------------------------------------------------------------------


def run_wilks(path: Path) -> None:
    """Find all six limits with wilks: the median of five times."""
    import wilks

    model = wilks.compile_model(wilks.load_workspace(path))
    times = []
    for _ in range(5):
        start = time.process_time()
        result = wilks.limit(model)
        times.append(time.process_time() - start)
    emit(observed=result.observed, expected=[float(value) for value in result.expected], time=float(np.median(times)))


def run_pyhf(path: Path, seconds: float, low: float, high: float) -> None:
    """Find the same with pyhf between two values, for at most this many seconds once the model exists."""
    import pyhf

    pyhf.set_backend("numpy", "scipy")
    workspace = pyhf.Workspace(json.loads(path.read_text()))
    model = workspace.model()
    data = workspace.data(model)
    bounds = model.config.suggested_bounds()
    bounds[model.config.poi_index] = (bounds[model.config.poi_index][0], 1.1 * high)

    def late(*_: Any) -> None:
        raise TimeoutError(f"not done within {readable(seconds)}")

    signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    start = time.process_time()
    try:
        scan = pyhf.infer.intervals.upper_limits.toms748_scan
        observed, expected = scan(data, model, low, high, rtol=ACCURACY, par_bounds=bounds)
    except TimeoutError as error:
        emit(error=str(error), late=seconds)
        return
    signal.setitimer(signal.ITIMER_PROF, 0.0)
    seconds = time.process_time() - start
    emit(observed=float(observed), expected=[float(value) for value in expected], time=seconds)


def run_task(task: str, path: Path) -> int:
    warnings.simplefilter("ignore")
    try:
        with np.errstate(all="ignore"):
            run_wilks(path) if task == "wilks" else run_pyhf(path, *map(float, task.partition("=")[2].split(",")))
    except (Exception, SystemExit) as error:
        emit(error=describe(error))
        return 1
    return 0


# --- all of them -----------------------------------------------------------------------------------------------------


def measure(name: str, workspace: dict[str, Any], stop_at: float, cap: float) -> dict[str, Any]:
    """Return what wilks and pyhf found for one workspace."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workspace.json"
        path.write_text(json.dumps(workspace))
        own = child("wilks", path, cap, "limits.py")
        other = child(_task(own, stop_at), path, cap, "limits.py") if "time" in own else {}
    return {"workspace": name, "wilks": own, "pyhf": other}


def _task(own: dict[str, Any], stop_at: float) -> str:
    limits = [own["observed"], *own["expected"]]
    return f"pyhf={stop_at * own['time']},{0.3 * min(limits)},{3.0 * max(limits)}"


def row(case: dict[str, Any]) -> str:
    """Return a line of the table."""
    own, other = case["wilks"], case["pyhf"]
    if "time" not in own:
        return f"| {case['workspace']} | {own.get('error', 'no answer')} | | | | | |"
    cells = [case["workspace"], f"{own['observed']:.4g}", f"{own['expected'][2]:.4g}", readable(own["time"])]
    if "time" in other:
        cells += [f"{other['observed']:.4g}", f"{other['expected'][2]:.4g}", f"{other['time'] / own['time']:,.0f}"]
    elif "late" in other:
        cells += ["", "", f"> {other['late'] / own['time']:,.0f}"]
    else:
        cells += [other.get("error", "no answer").removeprefix("failed: "), "", ""]
    return f"| {' | '.join(cells)} |"


def table(cases: list[dict[str, Any]]) -> str:
    """Return the table in Markdown."""
    head = ["workspace", "observed", "expected", "time", "pyhf: observed", "expected", "ratio of times"]
    return "\n".join([f"| {' | '.join(head)} |", "|:--|--:|--:|--:|--:|--:|--:|", *map(row, cases)])


def problems(case: dict[str, Any], target: float) -> list[str]:
    """Return what must not be: no limit where pyhf has one, limits that differ, and a ratio below the target."""
    own, other = case["wilks"], case["pyhf"]
    found = []
    if "time" in own and not math.isfinite(own["observed"]):
        found.append(f"{case['workspace']}: the limit is {own['observed']}")
    if "time" in own and "time" in other:
        pairs = zip([own["observed"], *own["expected"]], [other["observed"], *other["expected"]], strict=True)
        worst = max(abs(mine - theirs) / abs(theirs) for mine, theirs in pairs)
        if worst > 5 * ACCURACY:
            found.append(f"{case['workspace']}: limits differ by {worst:.1%}")
    spent = other.get("time", other.get("late", math.inf))
    if "time" in own and spent < target * own["time"]:
        found.append(f"{case['workspace']}: pyhf takes {spent / own['time']:.0f} times as long, less than {target:g}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with likelihoods/, ttbar-lesson/ and others")
    parser.add_argument("--stop-at", type=float, default=120.0, help="pyhf gets this many times wilks' time (120)")
    parser.add_argument("--target", type=float, default=100.0, help="ratio below which a line is a problem (100)")
    parser.add_argument("--cap", type=float, default=900.0, help="seconds for one process, reading included (900)")
    parser.add_argument("--only", nargs="+", help="workspaces whose name contains one of these texts")
    parser.add_argument("--every-signal", action="store_true", help="all signals of patch sets, not the first only")
    parser.add_argument("--output", type=Path, default=RESULTS / "limits.json", help="everything as JSON")
    parser.add_argument("--page", type=Path, help="put the table into this page, between its marks")
    options = parser.parse_args()
    cases = []
    for name, workspace in workspaces(options.data, options.every_signal):
        if name.endswith("/BkgOnly") or (options.only and not any(text in name for text in options.only)):
            continue  # without its patch a background has no parameter of interest
        cases.append(measure(name, workspace, options.stop_at, options.cap))
        print(row(cases[-1]), file=sys.stderr, flush=True)
    text = table(cases)
    print(text)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine(), "load": os.getloadavg()[0], "stop_at": options.stop_at, "cases": cases}
    options.output.write_text(json.dumps(report, indent=2) + "\n")
    if options.page:
        write_page(options.page, text, BEGIN, END)
    wrong = [problem for case in cases for problem in problems(case, options.target)]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    is_task = len(sys.argv) == 3 and (sys.argv[1] == "wilks" or sys.argv[1].startswith("pyhf="))
    sys.exit(run_task(sys.argv[1], Path(sys.argv[2])) if is_task else main())
