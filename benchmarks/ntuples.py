"""Times how templates are built from ntuples, beside cabinetry where it is installed.

    python benchmarks/ntuples.py [--events 1000000] [--cabinetry PYTHON] [--cap 600] [--folder FOLDER] [--output FILE]

Made input: 6 regions, 8 samples (one is the data), 20 systematics, 16 with two weights each, 4 with a tree each.
See README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

REGIONS = 6
SAMPLES = {
    "data": 0.05,
    "ttbar": 0.35,
    "wjets": 0.2,
    "zjets": 0.12,
    "tW": 0.1,
    "diboson": 0.08,
    "ttZ": 0.06,
    "signal": 0.04,
}
WEIGHTED, VARIED = 16, 4
_BASKET = 100_000


def config(folder: Path) -> dict[str, Any]:
    """Return the steering file, which cabinetry reads as well."""
    systematics: list[dict[str, Any]] = [
        {
            "Name": f"weight {i}",
            "Type": "NormPlusShape",
            "Up": {"Weight": f"weight*sf_{i}_up"},
            "Down": {"Weight": f"weight*sf_{i}_down"},
        }
        for i in range(WEIGHTED)
    ]
    systematics += [
        {"Name": f"tree {i}", "Type": "NormPlusShape", "Up": {"Tree": f"varied_{i}"}, "Down": {"Symmetrize": True}}
        for i in range(VARIED)
    ]
    samples = [
        {
            "Name": name,
            "Tree": "nominal",
            "SamplePath": name,
            **({"Data": True} if name == "data" else {"Weight": "weight"}),
        }
        for name in SAMPLES
    ]
    regions = [
        {
            "Name": f"region {i}",
            "Variable": ("ht", "mass")[i % 2],
            "Filter": f"(n_jets == {4 + i // 2}) & (n_btag {('== 1', '>= 2')[i % 2]}) & (lep_pt > 30)",
            "Binning": list(range(100, 1101, 50)),
        }
        for i in range(REGIONS)
    ]
    return {
        "General": {
            "Measurement": "benchmark",
            "POI": "mu",
            "InputPath": str(folder / "{SamplePath}.root"),
            "HistogramFolder": str(folder / "histograms"),
        },
        "Regions": regions,
        "Samples": samples,
        "NormFactors": [{"Name": "mu", "Samples": "signal"}],
        "Systematics": systematics,
    }


def generate(folder: Path, events: int) -> None:
    """Write one file per sample: the nominal tree with all weights, and one tree per kinematic variation."""
    import uproot

    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, share) in enumerate(SAMPLES.items()):
        path = folder / f"{name}.root"
        if path.exists():
            continue
        rng = np.random.default_rng(number)
        trees = ["nominal"] + ([f"varied_{i}" for i in range(VARIED)] if name != "data" else [])
        with uproot.recreate(path, compression=uproot.ZLIB(1)) as file:
            for position, tree in enumerate(trees):
                left = int(events * share)
                made = False
                while left > 0:
                    columns = _columns(
                        rng, min(left, _BASKET), weights=tree == "nominal" and name != "data", shift=position
                    )
                    if not made:
                        file.mktree(tree, {key: column.dtype for key, column in columns.items()})
                        made = True
                    file[tree].extend(columns)
                    left -= _BASKET


def _columns(rng: np.random.Generator, size: int, *, weights: bool, shift: int) -> dict[str, Any]:
    ht = (120 + rng.exponential(180, size) * (1 + 0.02 * shift)).astype(np.float32)
    columns = {
        "ht": ht,
        "mass": (ht * rng.uniform(0.4, 1.2, size)).astype(np.float32),
        "lep_pt": (25 + rng.exponential(40, size)).astype(np.float32),
        "n_jets": rng.integers(3, 8, size, dtype=np.int32),
        "n_btag": rng.integers(0, 3, size, dtype=np.int32),
        "weight": _rounded(rng.normal(1, 0.1, size)),
    }
    for i in range(WEIGHTED if weights else 0):
        slope = 0.02 * ((ht - 300) / 300) * (1 + i / 8)
        columns[f"sf_{i}_up"], columns[f"sf_{i}_down"] = _rounded(1 + slope), _rounded(1 - slope)
    return columns


def _rounded(values: Any) -> Any:
    """Return weights with few digits, so that the files compress as real ones do."""
    return (np.round(np.asarray(values) * 1024) / 1024).astype(np.float32)


def build_with_wilks(folder: Path, workers: int) -> dict[str, Any]:
    """Return time, bytes and peak memory of wilks; runs in a process of its own."""
    import uproot  # noqa: F401  (its import is not what is measured)

    import wilks

    loaded = wilks.load_config(config(folder))
    before = time.process_time()
    start = time.perf_counter()
    templates = wilks.build_templates(loaded, workers=workers)
    seconds, cpu = time.perf_counter() - start, time.process_time() - before
    assert templates.events is not None
    check = {f"{k.region}_{k.sample}_{k.systematic}_{k.side}": float(h.integral) for k, h in templates.items()}
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "templates": len(templates),
        "bytes_read": templates.events.bytes_read,
        "entries": templates.events.entries,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "integrals": check,
    }


_PEER = """
import json, sys, time, resource
import uproot, cabinetry
document = json.load(open(sys.argv[1]))
start, before = time.perf_counter(), time.process_time()
cabinetry.templates.build(document)
print(json.dumps({"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - before,
    "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, "version": cabinetry.__version__}))
"""


def build_with_cabinetry(python: str, folder: Path, cap: float, names: list[str]) -> dict[str, Any]:
    """Return the same for cabinetry; beyond `cap` seconds its time is extrapolated.

    From the templates that it has written by then, each counted with the events of its sample.
    """
    histograms = folder / "histograms"
    for old in histograms.glob("*.npz"):
        old.unlink()
    steering = folder / "config.json"
    steering.write_text(json.dumps(config(folder)))
    start = time.perf_counter()
    try:
        done = subprocess.run(
            [python, "-W", "ignore", "-c", _PEER, str(steering)], capture_output=True, text=True, timeout=cap
        )
    except OSError as error:
        return {"failed": str(error)}
    except subprocess.TimeoutExpired:
        seconds = time.perf_counter() - start
        made = [name for name in names if peer_file(folder, name).exists()]
        part = sum(map(share, made)) / sum(map(share, names))
        if not made:
            return {"failed": f"no template after {seconds:.0f} s"}
        return {"seconds": seconds / part, "extrapolated_from": len(made), "templates": len(names)}
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"status {done.returncode}"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | {"templates": len(list(histograms.glob("*.npz")))}


def peer_file(folder: Path, name: str) -> Path:
    """Return the file that cabinetry writes a template to."""
    return folder / "histograms" / (name.replace("_None_None", "").replace(" ", "-") + ".npz")


def share(name: str) -> float:
    """Return which part of the events the sample of a template has."""
    return SAMPLES[name.split("_")[1]]


def largest_difference(folder: Path, integrals: dict[str, float]) -> tuple[int, float]:
    """Return how many templates both have made, and the largest relative difference of a yield."""
    differences = [
        abs(ours - theirs) / max(abs(theirs), 1e-300)
        for name, ours in integrals.items()
        if (path := peer_file(folder, name)).exists()
        for theirs in [float(np.load(path)["yields"].sum())]
    ]
    return len(differences), max(differences, default=0.0)


def main() -> int:
    """Make the input, run both, print and save what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--events", type=int, default=1_000_000, help="events of the nominal trees, all samples together"
    )
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="numbers of threads of wilks")
    parser.add_argument("--cabinetry", metavar="PYTHON", default=sys.executable, help="interpreter that has cabinetry")
    parser.add_argument("--cap", type=float, default=600.0, help="seconds after which cabinetry is stopped")
    parser.add_argument("--folder", type=Path, help="keep the made input here")
    parser.add_argument("--output", type=Path, help="everything as JSON")
    parser.add_argument("--only-wilks", type=int, metavar="WORKERS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only_wilks:
        print(json.dumps(build_with_wilks(options.folder, options.only_wilks)))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve() / f"events-{options.events}"
        generate(folder, options.events)
        report = compared(folder, options)
    print_report(report)
    if options.output:
        options.output.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def compared(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return what both took."""
    from compare import machine

    report: dict[str, Any] = {"machine": machine(), "events": options.events, "wilks": {}}
    report["input_bytes"] = sum(path.stat().st_size for path in folder.glob("*.root"))
    integrals: dict[str, float] = {}
    for workers in options.workers:
        command = [sys.executable, __file__, "--folder", str(folder), "--only-wilks", str(workers)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        found = json.loads(done.stdout)
        integrals = found.pop("integrals")
        report["wilks"][str(workers)] = found
    report["cabinetry"] = build_with_cabinetry(options.cabinetry, folder, options.cap, list(integrals))
    report["compared"], report["largest_difference"] = largest_difference(folder, integrals)
    return report


def print_report(report: dict[str, Any]) -> None:
    """Print times, ratios, bytes and memory."""
    print(json.dumps(report["machine"], indent=1))
    print(f"\n{report['events']} events, {report['input_bytes'] / 1e6:.0f} MB in files")
    for workers, found in report["wilks"].items():
        print(
            f"wilks, {workers} thread(s): {found['seconds']:.2f} s ({found['cpu_seconds']:.2f} s of processor), "
            f"{found['templates']} templates, {found['entries']} entries, {found['bytes_read'] / 1e6:.0f} MB read, "
            f"peak memory {found['peak_memory'] / 1e6:.0f} MB"
        )
    peer = report["cabinetry"]
    if "failed" in peer:
        print(f"cabinetry: none ({peer['failed']})")
        return
    how = f", extrapolated from {peer['extrapolated_from']} templates" if "extrapolated_from" in peer else ""
    print(f"cabinetry: {peer['seconds']:.1f} s for {peer['templates']} templates{how}")
    for workers, found in report["wilks"].items():
        print(f"ratio cabinetry / wilks with {workers} thread(s): {peer['seconds'] / found['seconds']:.1f}")
        if "cpu_seconds" in peer:
            print(f"the same of processor time: {peer['cpu_seconds'] / found['cpu_seconds']:.1f}")
    print(f"yields of {report['compared']} templates differ by at most {report['largest_difference']:.1e} (relative)")


if __name__ == "__main__":
    sys.exit(main())
