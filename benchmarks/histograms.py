"""Times how templates are built from ROOT histograms.

    python benchmarks/histograms.py [--systematics 160] [--files many] [--folder FOLDER] [--output FILE]

Made input: 6 regions, 10 samples and the data, two histograms per systematic. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

REGIONS, SAMPLES, BINS = 6, 10, 20
TARGET = 20.0  # seconds for 20 000 histograms
_LAYOUTS = {
    # One file for each sample, one for each region, or one for everything.
    "sample": "{SamplePath}.root:{RegionPath}/{VariationPath}",
    "region": "{RegionPath}.root:{SamplePath}/{VariationPath}",
    "one": "all.root:{RegionPath}/{SamplePath}_{VariationPath}",
}


def config(folder: Path, layout: str, systematics: int) -> dict[str, Any]:
    """Return the steering file."""
    names = [f"sample_{i}" for i in range(SAMPLES)]
    return {
        "General": {
            "Measurement": "benchmark",
            "POI": "mu",
            "InputPath": str(folder / _LAYOUTS[layout]),
            "HistogramFolder": str(folder / "histograms"),
            "VariationPath": "nominal",
        },
        "Regions": [{"Name": f"region {i}", "RegionPath": f"region_{i}"} for i in range(REGIONS)],
        "Samples": [
            {"Name": "data", "SamplePath": "data", "Data": True},
            *({"Name": name, "SamplePath": name} for name in names),
        ],
        "NormFactors": [{"Name": "mu", "Samples": names[0]}],
        "Systematics": [
            {
                "Name": f"systematic {i}",
                "Type": "NormPlusShape",
                "Up": {"VariationPath": f"systematic_{i}_up"},
                "Down": {"VariationPath": f"systematic_{i}_down"},
            }
            for i in range(systematics)
        ],
    }


def generate(folder: Path, layout: str, systematics: int) -> int:
    """Write the histograms that are not there yet; return how many there are."""
    import boost_histogram as bh
    import uproot

    edges = np.linspace(0.0, 1000.0, BINS + 1)
    variations = ["nominal"] + [f"systematic_{i}_{side}" for i in range(systematics) for side in ("up", "down")]
    files: dict[Path, dict[str, Any]] = {}
    rng = np.random.default_rng(1)
    for region in range(REGIONS):
        for sample in ["data", *(f"sample_{i}" for i in range(SAMPLES))]:
            nominal = 1000.0 * np.exp(-np.linspace(0.0, 3.0, BINS)) * rng.uniform(0.5, 2.0)
            for variation in variations[: 1 if sample == "data" else None]:
                made = bh.Histogram(bh.axis.Variable(edges), storage=bh.storage.Weight())
                contents = nominal * (1.0 + rng.normal(0.0, 0.02, BINS) * (variation != "nominal"))
                made.view().value, made.view().variance = contents, contents
                values = {"RegionPath": f"region_{region}", "SamplePath": sample, "VariationPath": variation}
                file, name = _LAYOUTS[layout].format(**values).split(":")
                files.setdefault(folder / file, {})[name] = made
    folder.mkdir(parents=True, exist_ok=True)
    for path, histograms in files.items():
        if not path.exists():
            with uproot.recreate(path) as file:
                for name, histogram in histograms.items():
                    file[name] = histogram
    return sum(map(len, files.values()))


def build(folder: Path, layout: str, systematics: int) -> dict[str, Any]:
    """Return what one call of `build_templates` takes."""
    import uproot  # noqa: F401  (its import is not what is measured)

    import wilks

    start, before = time.perf_counter(), time.process_time()
    loaded = wilks.load_config(config(folder, layout, systematics))
    read = time.perf_counter() - start
    read_before = _bytes_read()
    templates = wilks.build_templates(loaded)
    seconds, cpu = time.perf_counter() - start, time.process_time() - before
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "seconds_of_config": read,
        "templates": len(templates),
        "yields": float(sum(histogram.integral for histogram in templates.values())),
        "bytes_read": _bytes_read() - read_before,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _bytes_read() -> int:
    """Return the bytes that this process has asked files for so far; 0 where the system does not count them."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("rchar:"))


def main() -> int:
    """Make the input, build the templates, print and save what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systematics", type=int, default=166, help="166 make 19 986 histograms")
    parser.add_argument("--layout", nargs="*", choices=_LAYOUTS, default=["sample"], help="how many files there are")
    parser.add_argument("--folder", type=Path, help="keep the made input here, and use it again")
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    parser.add_argument("--output", type=Path, help="everything as JSON")
    options = parser.parse_args()
    from compare import machine

    report: dict[str, Any] = {"machine": machine(), "layouts": {}}
    print(json.dumps(report["machine"], indent=1))
    with tempfile.TemporaryDirectory() as temporary:
        for layout in options.layout:
            folder = (options.folder or Path(temporary)).resolve() / f"{layout}-{options.systematics}"
            start = time.perf_counter()
            count = generate(folder, layout, options.systematics)
            print(f"made in {time.perf_counter() - start:.1f} s")
            profile = cProfile.Profile(builtins=False) if options.profile else None
            found = (
                profile.runcall(build, folder, layout, options.systematics)
                if profile
                else build(folder, layout, options.systematics)
            )
            files = list(folder.glob("*.root"))
            found |= {"files": len(files), "file_bytes": sum(path.stat().st_size for path in files)}
            assert found["templates"] == count
            report["layouts"][layout] = found
            print_layout(found)
            if profile:
                pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    if options.output:
        options.output.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def print_layout(found: dict[str, Any]) -> None:
    """Print time, bytes and memory."""
    rate = found["templates"] / found["seconds"]
    allowed = TARGET * found["templates"] / 20_000
    print(
        f"{found['templates']} histograms in {found['files']} file(s) of {found['file_bytes'] / 1e6:.0f} MB: "
        f"{found['seconds']:.1f} s ({found['cpu_seconds']:.1f} s of processor; {found['seconds_of_config']:.1f} s for "
        f"the steering file), {rate:.0f} per second, {found['bytes_read'] / 1e6:.0f} MB read, "
        f"peak memory {found['peak_memory'] / 1e6:.0f} MB; target {allowed:.0f} s: "
        f"{'met' if found['seconds'] < allowed else 'MISSED'}"
    )


if __name__ == "__main__":
    sys.exit(main())
