"""Times wilks beside pyhf and cabinetry in one run: likelihood, gradient, fit, whole command-line process.

    python benchmarks/compare.py [WORKSPACE ...] [--repeat 7] [--output results.json] [--skip-peer NAME]

See README.md beside this file for what each row means.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from peers import Cabinetry, Pyhf, PyhfJax, UnavailableError, Wilks

BATCH_SECONDS = 0.02  # fast calls are timed in batches of at least this length
PACKAGES = ("wilks", "pyhf", "cabinetry", "iminuit", "jax", "numpy", "scipy")
MEASURES = {
    "model": "read the workspace and make the model (pyhf-jax: compile it too)",
    "nll": "negative log likelihood at one point",
    "gradient": "value and gradient at one point",
    "fit": "fit with covariance",
    "process": "whole process of the command line, cold",
}


# --- timing ----------------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """Seconds per call of one peer in one measure: least and median over the repetitions."""

    measure: str
    peer: str
    status: str = "ok"
    min_s: float | None = None
    median_s: float | None = None
    repeats: int = 0
    calls_per_repeat: int = 1
    times: list[float] = field(default_factory=list, repr=False)

    def finish(self) -> None:
        if self.times:
            self.min_s, self.median_s = min(self.times), statistics.median(self.times)
            self.repeats = len(self.times)


def describe(error: BaseException) -> str:
    """Return one line that says what went wrong."""
    if isinstance(error, UnavailableError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return f"not installed ({error.name})"
    text = str(error).strip().splitlines() or [""]
    return f"failed: {type(error).__name__}: {text[-1][:160]}"


def processor_seconds() -> float:
    """Return the processor time used so far, of all threads and of the processes that have ended."""
    return sum(os.times()[:4])


def clock(call: Callable[[], Any], calls: int = 1) -> float:
    """Return seconds of processor time per call."""
    start = time.process_time(), processor_seconds()
    for _ in range(calls):
        call()
    # The first is finer, the second knows of other processes.
    return max(time.process_time() - start[0], processor_seconds() - start[1]) / calls


def measure(name: str, calls: dict[str, Callable[[], Any]], repeat: int, seconds: float) -> list[Row]:
    """Time the calls of all peers in turn, `repeat` times round, so that a busy machine hits all of them alike.

    Each is called once before, which counts only if it took longer than five seconds; a peer that has used up its
    `seconds` isn't repeated further.
    """
    rows = {peer: Row(name, peer) for peer in calls}
    for peer, row in rows.items():
        with reported(row):
            first = clock(calls[peer])
            row.calls_per_repeat = max(1, min(10_000, int(BATCH_SECONDS / max(first, 1e-7))))
            if first > 5:
                row.times.append(first)
    for _ in range(repeat):
        for peer, row in rows.items():
            spent = sum(row.times) * row.calls_per_repeat
            if row.status == "ok" and len(row.times) < repeat and (not row.times or spent < seconds):
                with reported(row):
                    row.times.append(clock(calls[peer], row.calls_per_repeat))
    for row in rows.values():
        row.finish()
    return list(rows.values())


@contextlib.contextmanager
def reported(row: Row) -> Iterator[None]:
    """Turn an exception into the row's status: one peer's failure must not stop the others."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    except (Exception, SystemExit) as error:
        row.status = describe(error)


def run_process(command: list[str], folder: Path) -> None:
    """Run one command of a peer to its end."""
    search = [str(Path(entry).resolve()) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(search)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise RuntimeError(lines[-1])


# --- one workspace ---------------------------------------------------------------------------------------------------


def compare(path: Path, peers: list[Any], repeat: int, seconds: float) -> dict[str, Any]:
    """Return all rows, fits and ratios for one workspace."""
    path = path.resolve()
    rows: list[Row] = []
    rows += measure("model", {p.name: lambda p=p: p.load(path) for p in peers}, min(repeat, 3), seconds)
    broken = {row.peer: row.status for row in rows if row.status != "ok"}
    ready = [p for p in peers if p.name not in broken]
    case: dict[str, Any] = {"workspace": path.name, "fits": {}, "nll": {}}
    if "wilks" in broken:
        return case | {"rows": [asdict(row) for row in rows], "ratios": [], "error": f"wilks: {broken['wilks']}"}
    theta = ready[0].point()
    case |= {"parameters": len(theta), "bins": int(ready[0].model.expected(theta).size)}
    nll = measure("nll", {p.name: lambda p=p: p.nll(theta) for p in ready}, repeat, seconds)
    case["nll"] = {p.name: p.nll(theta) for p, row in zip(ready, nll, strict=True) if row.status == "ok"}
    rows += nll + measure("gradient", {p.name: lambda p=p: p.gradient(theta) for p in ready}, repeat, seconds)

    def fit(peer: Any) -> None:
        case["fits"][peer.name] = asdict(peer.fit())

    rows += measure("fit", {p.name: lambda p=p: fit(p) for p in ready}, repeat, seconds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calls = {p.name: lambda p=p: run_process(p.process(path, folder), folder) for p in ready}
        rows += measure("process", calls, repeat, seconds)
    rows += [Row(m, peer, status) for peer, status in broken.items() for m in MEASURES if m != "model"]
    return case | {"rows": [asdict(row) for row in rows], "ratios": ratios(rows)}


def ratios(rows: list[Row]) -> list[dict[str, Any]]:
    """Return how many times longer each peer takes than wilks, of the medians and of the least times."""
    own = {row.measure: row for row in rows if row.peer == "wilks" and row.status == "ok"}
    found = []
    for row in rows:
        base = own.get(row.measure)
        if row.peer != "wilks" and row.status == "ok" and base and row.median_s and row.min_s:
            entry = {"measure": row.measure, "peer": row.peer}
            found.append(entry | {"median": row.median_s / base.median_s, "min": row.min_s / base.min_s})
    return found


def synthetic_workspace() -> dict[str, Any]:
    """Return a small made-up workspace: 2 channels x 8 bins, 3 samples, 8 systematics, staterrors, luminosity."""
    rng = np.random.default_rng(2026)
    shapes = {"signal": 60 * np.exp(-(((np.arange(8) - 5) / 1.5) ** 2)), "top": 200 * np.exp(-np.arange(8) / 4.0)}
    shapes["other"] = np.linspace(90, 30, 8)
    channels, observations = [], []
    for channel, scale in (("control", 2.0), ("signal", 1.0)):
        samples, total = [], np.zeros(8)
        for sample, shape in shapes.items():
            nominal = scale * shape * (0.2 if (channel, sample) == ("control", "signal") else 1.0) + 1.0
            total = total + nominal
            stat = {"name": f"stat_{channel}", "type": "staterror", "data": (0.3 * np.sqrt(nominal)).tolist()}
            modifiers: list[dict[str, Any]] = [{"name": "lumi", "type": "lumi", "data": None}, stat]
            for k in range(4):
                factors = {"lo": float(1 - rng.uniform(0.01, 0.08)), "hi": float(1 + rng.uniform(0.01, 0.08))}
                modifiers.append({"name": f"norm_{k}", "type": "normsys", "data": factors})
                up, down = (nominal * (1 + sign * rng.normal(0.03, 0.01, 8)) for sign in (1, -1))
                data = {"lo_data": down.tolist(), "hi_data": up.tolist()}
                modifiers.append({"name": f"shape_{k}", "type": "histosys", "data": data})
            if sample == "signal":
                modifiers.append({"name": "mu", "type": "normfactor", "data": None})
            samples.append({"name": sample, "data": nominal.tolist(), "modifiers": modifiers})
        channels.append({"name": channel, "samples": samples})
        observations.append({"name": channel, "data": rng.poisson(1.02 * total).astype(float).tolist()})
    lumi = {"name": "lumi", "auxdata": [1.0], "sigmas": [0.02], "inits": [1.0], "bounds": [[0.8, 1.2]]}
    measurements = [{"name": "measurement", "config": {"poi": "mu", "parameters": [lumi]}}]
    return {"channels": channels, "observations": observations, "measurements": measurements, "version": "1.0.0"}


# --- report ----------------------------------------------------------------------------------------------------------


def cpu_model() -> str:
    """Return the processor's name."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    if sys.platform == "darwin":
        return subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        ).stdout.strip()
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """Return what the numbers depend on."""
    versions: dict[str, str] = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    if versions["wilks"] == "not installed":
        with contextlib.suppress(ImportError):
            import wilks

            versions["wilks"] = f"{wilks.__version__} (not installed, on the path)"
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": versions,
    }


def readable(seconds: float | None) -> str:
    """Return a time with a unit and three digits."""
    if seconds is None:
        return "-"
    unit, factor = ("s", 1.0) if seconds >= 1 else ("ms", 1e3) if seconds >= 1e-3 else ("us", 1e6)
    return f"{seconds * factor:.3g} {unit}"


def print_case(case: dict[str, Any]) -> None:
    """Print rows, ratios and fits of one workspace."""
    print(f"\n{case['workspace']}: {case.get('parameters', '?')} parameters, {case.get('bins', '?')} bins")
    found = {(r["measure"], r["peer"]): r for r in case["ratios"]}
    print(f"  {'':10}{'peer':11}{'min':>10}{'median':>10}{'x wilks (min)':>15}{'x wilks (median)':>18}")
    for row in sorted(case["rows"], key=lambda r: list(MEASURES).index(r["measure"])):
        ratio = found.get((row["measure"], row["peer"]))
        least, middle = (f"{ratio['min']:.3g}", f"{ratio['median']:.3g}") if ratio else ("", "")
        times = f"{readable(row['min_s']):>10}{readable(row['median_s']):>10}{least:>15}{middle:>18}"
        print(f"  {row['measure']:10}{row['peer']:11}{times if row['status'] == 'ok' else '  ' + row['status']}")
    if len(case["nll"]) > 1:
        values = list(case["nll"].values())
        print(f"  nll {values[0]:.6f}, the same for all within {max(values) - min(values):.1e}")
    for peer, fit in case["fits"].items():
        value = f"{fit['poi']} = {fit['value']:.5f} +- {fit['uncertainty']:.5f}"
        print(f"  fit by {peer:11} 2NLL {fit['twice_nll']:.6f}  {value}  {fit['status']}")
    if "error" in case:
        print(f"  {case['error']}")


def main() -> int:
    everyone = [Wilks(), Pyhf(), PyhfJax(), Cabinetry()]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspaces", nargs="*", type=Path, help="pyhf JSON workspaces, besides the built-in one")
    parser.add_argument("--repeat", type=int, default=7, help="repetitions of each measurement (default 7)")
    parser.add_argument("--seconds", type=float, default=60.0, help="no more repetitions of a peer after this (60)")
    parser.add_argument("--output", type=Path, help="write everything to this JSON file")
    parser.add_argument("--skip-peer", action="append", default=[], choices=[p.name for p in everyone[1:]])
    options = parser.parse_args()
    missing = [str(path) for path in options.workspaces if not path.is_file()]
    if missing or options.repeat < 1:
        parser.error(f"no such file: {', '.join(missing)}" if missing else "--repeat must be at least 1")

    peers = [p for p in everyone if p.name not in options.skip_peer]
    report: dict[str, Any] = {"machine": machine(), "repeat": options.repeat, "measures": MEASURES, "cases": []}
    print(f"{report['machine']['cpu']}, {report['machine']['cores']} cores, Python {report['machine']['python']}")
    print(", ".join(f"{k} {v}" for k, v in report["machine"]["packages"].items()))
    with tempfile.TemporaryDirectory() as folder:
        synthetic = Path(folder) / "synthetic.json"
        synthetic.write_text(json.dumps(synthetic_workspace()))
        for path in [synthetic, *options.workspaces]:
            case = compare(path, peers, options.repeat, options.seconds)
            report["cases"].append(case)
            print_case(case)
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n")
    return 1 if any("error" in case for case in report["cases"]) else 0


if __name__ == "__main__":
    sys.exit(main())
