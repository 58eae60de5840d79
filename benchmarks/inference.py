"""Times what is asked of a fitted model: scan, ranking, limits, toys; wilks beside cabinetry (and through it pyhf).

    python benchmarks/inference.py WORKSPACE.json [WORKSPACE.json ...] [--only scan limit] [--output FILE]

Each question starts with the model at hand and includes the best fit. wilks is timed `--repeat` times (median),
cabinetry once. What fails is listed with its reason.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compare import describe, machine, readable

TOYS = 10_000


def wilks_questions(path: Path) -> dict[str, Callable[[], Any]]:
    """Return what is asked of wilks, by name."""
    import wilks

    model = wilks.compile_model(wilks.load_workspace(path))
    return {
        "scan": lambda: wilks.scan(model, points=11),
        "ranking": lambda: wilks.ranking(model),
        "limit": lambda: wilks.limit(model),
        "toys": lambda: wilks.hypotest(model, calculator="toys", toys=TOYS // 2),
    }


def cabinetry_questions(path: Path) -> dict[str, Callable[[], Any]]:
    """Return the same for cabinetry; it has no toys."""
    import cabinetry

    logging.disable(logging.CRITICAL)
    model, data = cabinetry.model_utils.model_and_data(json.loads(path.read_text()))
    return {
        "scan": lambda: cabinetry.fit.scan(model, data, model.config.poi_name, n_steps=11),
        "ranking": lambda: cabinetry.fit.ranking(model, data),
        "limit": lambda: cabinetry.fit.limit(model, data),
    }


def seconds(call: Callable[[], Any], repeat: int) -> float | str:
    """Return the median time of a call, or why there is none."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        try:
            call()
        except Exception as error:
            return describe(error)
        times.append(time.process_time() - start)
    return statistics.median(times)


def measure(path: Path, only: list[str], repeat: int) -> dict[str, dict[str, float | str]]:
    """Return seconds (or a reason) of each question, for wilks and for cabinetry."""
    own = wilks_questions(path)
    try:
        other = cabinetry_questions(path)
    except ImportError:
        other = {}
    found: dict[str, dict[str, float | str]] = {}
    for name, call in own.items():
        if only and name not in only:
            continue
        found[name] = {"wilks": seconds(call, repeat)}
        if name in other:
            found[name]["cabinetry"] = seconds(other[name], 1)
        print(line(name, found[name]), flush=True)
    return found


def line(name: str, found: dict[str, float | str]) -> str:
    """Return one question's times and their ratio."""
    cells = [f"{readable(v) if isinstance(v, float) else v:>12}" for v in found.values()]
    times = [v for v in found.values() if isinstance(v, float)]
    ratio = f"{times[1] / times[0]:,.0f} x" if len(times) == 2 else ""
    return f"  {name:10}{''.join(cells)}   {ratio}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspaces", type=Path, nargs="+")
    parser.add_argument("--only", nargs="+", choices=("scan", "ranking", "limit", "toys"), default=[])
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--output", type=Path, help="everything as JSON")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    report: dict[str, Any] = {"machine": machine(), "workspaces": {}}
    for path in options.workspaces:
        print(f"{path}\n  {'':10}{'wilks':>12}{'cabinetry':>12}")
        report["workspaces"][str(path)] = measure(path, options.only, options.repeat)
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
