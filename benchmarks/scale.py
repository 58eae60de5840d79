"""Measures wilks from one bin to thousands of parameters against its targets, beside other packages if asked.

    python benchmarks/scale.py [--data FOLDER] [--huge] [--peer NAME ...] [--cap 600] [--output FILE]

See README.md beside this file for what each row means.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import history
from compare import clock, machine, readable, run_process

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
PEERS = ("pyhf-minuit", "pyhf-jax-lbfgs", "cabinetry", "nextstat")

SYNTHETIC = ("counting", "small", "medium", "dense", "large", "huge")
REAL = {
    "lesson": "ttbar-lesson/workspace.json",
    "lesson repaired": "ttbar-lesson/workspace_repaired.json",
    "tHu": "likelihoods/atlas-tHu-fcnc/workspace_tHu.json",
    "ljets": "likelihoods/atlas-ttbar-ljets-xsec/ttbar_ljets_xsec_inclusive_pruned.json",
}


@dataclass(frozen=True)
class Row:
    """One line of the table: which number of which workspace, and what it should be (None: no target)."""

    case: str
    number: str
    target: float | None
    unit: str = "s"

    @property
    def name(self) -> str:
        return f"{self.case} {self.number}"


TABLE = {
    "value + gradient, called from Python": [
        Row("lesson", "gradient", 6e-6),
        Row("small", "gradient", None),
        Row("medium", "gradient", 60e-6),
        Row("dense", "gradient", None),
        Row("large", "gradient", 4e-3),
        Row("huge", "gradient", None),
    ],
    "value + gradient / reading the template bytes once": [
        Row("large", "sweep", None),
        Row("medium", "ratio", None, "x"),
        Row("dense", "ratio", None, "x"),
        Row("large", "ratio", 3.0, "x"),
        Row("huge", "ratio", None, "x"),
    ],
    "fit + covariance from the default start": [
        Row("lesson", "fit", None),
        Row("lesson repaired", "fit", 0.3e-3),
        Row("small", "fit", None),
        Row("medium", "fit", 5e-3),
        Row("dense", "fit", 0.1),
        Row("large", "fit", 0.3),
        Row("huge", "fit", 15.0),
        Row("tHu", "fit", 2e-3),
        Row("ljets", "fit", 2e-3),
    ],
    "read JSON + compile": [
        Row("medium", "load", None),
        Row("dense", "load", None),
        Row("large", "load", 2.0),
        Row("huge", "load", 15.0),
    ],
    "peak memory of the process, from reading to covariance": [
        Row("large", "memory", 0.6e9, "B"),
        Row("huge", "memory", 5e9, "B"),
    ],
    "toys made and fitted, one thread": [
        Row("counting", "toys", 200_000, "/s"),
        Row("lesson repaired", "toys", 5_000, "/s"),
        Row("tHu", "toys", 1_000, "/s"),
        Row("medium", "toys", 200, "/s"),
    ],
    "cold process": [
        Row("lesson", "import numpy", None),
        Row("lesson", "wilks fit", None),
        Row("lesson", "wilks fit beyond numpy", 0.25),
    ],
}

UNTRACKED = ("sweep", "ratio", "import numpy", "wilks fit beyond numpy")  # not of wilks alone, or differences


# --- measuring -------------------------------------------------------------------------------------------------------


def child(task: str, path: Path, cap: float, script: str = "scale_tasks.py") -> dict[str, Any]:
    """Return what a measuring process (`script`, beside this file) found before it ended or the cap did."""
    command = [sys.executable, str(HERE / script), task, str(path)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    found: dict[str, Any] = {}
    late = False
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, text=True, env=environment)
        try:
            process.wait(timeout=cap)
        except subprocess.TimeoutExpired:
            late = True
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        for line in output.read().splitlines():
            with contextlib.suppress(json.JSONDecodeError):  # the last line may be cut
                found |= json.loads(line)
        errors.seek(0)
        if late:
            found["error"] = f"not done within {cap:g} s"
        elif process.returncode and "error" not in found:
            found["error"] = (errors.read().strip().splitlines() or [f"exit code {process.returncode}"])[-1]
    return found


def cold_process(path: Path, repeat: int = 9) -> dict[str, dict[str, float]]:
    """Return times of whole processes: `import numpy`, `wilks fit`, and their difference, taken in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = "from wilks.cli import main; main()"
        commands = {
            "import numpy": [sys.executable, "-c", "import numpy"],
            "wilks fit": [sys.executable, "-c", script, "fit", str(path.resolve()), "-o", str(folder / "fit.json")],
        }
        times: dict[str, list[float]] = {key: [] for key in commands}
        for _ in range(repeat + 1):
            for key, command in commands.items():
                times[key].append(clock(lambda command=command: run_process(command, folder)))
    ordered = {key: sorted(each[1:]) for key, each in times.items()}  # the first fills caches
    found = {key: {"min": each[0], "median": each[len(each) // 2]} for key, each in ordered.items()}
    least, middle = (found["wilks fit"][k] - found["import numpy"][k] for k in ("min", "median"))
    return found | {"wilks fit beyond numpy": {"min": least, "median": middle}}


def measure_all(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return what was found for each workspace; a line of progress for each."""
    cases: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        for case in options.cases:
            path = options.data / REAL[case] if case in REAL else Path(name) / "workspace.json"
            if case in SYNTHETIC:
                subprocess.run([sys.executable, str(HERE / "synthetic.py"), case, str(path)], check=True)
            elif not path.is_file():
                cases[case] = {"error": f"no file {REAL[case]} in the data folder"}
                continue
            print(f"measuring {case} ...", file=sys.stderr)
            cases[case] = child("wilks", path, options.cap)
            if case == "lesson":
                cases[case] |= cold_process(path)
            if case in options.peer_cases:
                cases[case]["peers"] = {peer: child(peer, path, options.cap) for peer in options.peer}
    return cases


# --- report ----------------------------------------------------------------------------------------------------------


def shown(value: float, unit: str) -> str:
    """Return a number with its unit and three digits."""
    if unit == "s":
        return readable(value)
    if unit == "B":
        return f"{value / 1e9:.3g} GB"
    return f"{value:.2f} x" if unit == "x" else f"{value:,.0f} /s"


def verdict(row: Row, found: dict[str, float]) -> str:
    """Return whether the median meets the target, or the best alone (as on a busy machine)."""
    if row.target is None:
        return ""
    best, median = ((found[k] >= row.target) == (row.unit == "/s") for k in ("min", "median"))
    return "met" if median else "met at best" if best else "NOT MET"


def print_table(cases: dict[str, dict[str, Any]]) -> None:
    """Print every row that was measured, and why not where it should have been."""
    print(f"\n{'':30}{'target':>12}{'best':>12}{'median':>12}")
    for title, rows in TABLE.items():
        lines = []
        for row in rows:
            case = cases.get(row.case, {})
            target = "" if row.target is None else shown(row.target, row.unit)
            if row.number in case:
                found = case[row.number]
                both = "".join(f"{shown(found[k], row.unit):>12}" for k in ("min", "median"))
                lines.append(f"  {row.name:28}{target:>12}{both}  {verdict(row, found)}")
            elif "error" in case and row.target is not None:
                lines.append(f"  {row.name:28}{target:>12}  {case['error']}")
        print("\n".join([title, *lines]) if lines else "", end="\n" if lines else "")
    print("\nfits")
    for name, case in cases.items():
        if "twice_nll" in case:
            size = f"{case['parameters']} parameters, {case['bins']} bins"
            work = f"{case['iterations']} iterations, {case['evaluations']} evaluations, EDM {case['edm']:.1e}"
            print(f"  {name:16} {size:28} 2NLL {case['twice_nll']:.6f}  {work}  {case['status']}")


def print_peers(cases: dict[str, dict[str, Any]]) -> None:
    """Print each peer's times, how many times longer its fit takes, and how much higher its 2NLL is."""
    for name, case in cases.items():
        if not case.get("peers"):
            continue
        columns = ("load", "nll", "gradient", "fit")
        print(f"\n{name}" + "".join(f"{c:>10}" for c in columns) + f"{'fit/wilks':>11}{'2NLL above':>12}   POI")
        for peer, found in {"wilks": case, **case["peers"]}.items():
            times = "".join(f"{readable(found[c]['median']) if c in found else '-':>10}" for c in columns)
            both = "fit" in found and "fit" in case
            ratio = f"{found['fit']['median'] / case['fit']['median']:.4g}" if both else "-"
            above = f"{found['twice_nll'] - case['twice_nll']:.1e}" if both else "-"
            poi = " +- ".join(f"{v:.4f}" if v is not None else "?" for v in found.get("poi") or [])
            status = "" if found.get("status") in ("ok", "converged") else found.get("status", "")
            print(f"  {peer:16}{times}{ratio:>11}{above:>12}   {poi} {status}{found.get('error', '')}")


def print_changes(found: Sequence[history.Change]) -> None:
    """Print what became slower since the last run on this machine."""
    if not found:
        print("\nhistory: nothing to compare with on this machine")
        return
    worse = history.slower(list(found))
    print(f"\nhistory: {len(found)} numbers compared with the last run on this machine, {len(worse)} worse by > 20 %")
    for change in worse:
        print(f"  SLOWER {change.name}: x {change.factor:.2f} since {change.when} ({change.version})")


def version() -> str:
    """Return the version of wilks, with the commit where the sources are a checkout."""
    import wilks

    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    return f"{wilks.__version__} {done.stdout.strip()}".strip()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with real workspaces (the lesson, published analyses)")
    parser.add_argument("--huge", action="store_true", help="also the huge workspace: 4002 parameters, 510 MB")
    parser.add_argument("--only", nargs="+", choices=[*REAL, *SYNTHETIC], help="measure these workspaces only")
    parser.add_argument("--peer", nargs="+", default=[], choices=PEERS, help="measure these packages too")
    parser.add_argument("--peer-cases", nargs="+", default=["small", "medium", "dense", "large"], metavar="NAME")
    parser.add_argument("--cap", type=float, default=600.0, help="seconds for one package and workspace (600)")
    parser.add_argument("--output", type=Path, default=RESULTS / "scale.json", help="everything as JSON")
    parser.add_argument("--history", type=Path, default=RESULTS / "history.jsonl", help="one line per run")
    options = parser.parse_args()
    if options.data and not options.data.is_dir():
        parser.error(f"no such folder: {options.data}")
    known = [*(REAL if options.data else ()), *(c for c in SYNTHETIC if c != "huge" or options.huge)]
    options.cases = [c for c in known if not options.only or c in options.only]
    if not options.cases:
        parser.error("nothing to measure: real workspaces need --data, the huge one needs --huge")
    return options


def main() -> int:
    options = arguments()
    place, load = machine(), os.getloadavg()[0]
    print(f"{place['cpu']}, {place['cores']} cores, Python {place['python']}, load {load:.2f}, wilks {version()}")
    if load > 0.3:
        print("other processes are running: medians may be too long")
    cases = measure_all(options)
    rows = [row for rows in TABLE.values() for row in rows if row.number not in UNTRACKED]
    numbers = {row.name: cases[row.case][row.number] for row in rows if row.number in cases.get(row.case, {})}
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    entry = {"when": when, "version": version(), "machine": place, "load": load, "numbers": numbers}
    print_table(cases)
    print_peers(cases)
    print_changes(history.changes(history.read(options.history), place, numbers))
    history.append(options.history, entry)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(entry | {"cases": cases}, indent=2) + "\n")
    return 1 if any("error" in case for case in cases.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
