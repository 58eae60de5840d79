"""Make the models of `wilks.examples`: the measurement here, the search from examples/search.

    python tools/packaged_examples.py [FOLDER]

Numbers are rounded, so that all files together are small and the same on every machine.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import wilks
from wilks.workspace.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "wilks" / "examples"
DIGITS = 5

EDGES = np.array([0.0, 40.0, 80.0, 120.0, 180.0, 300.0])
CENTERS = 0.5 * (EDGES[:-1] + EDGES[1:])
# Expected events by region, GeV in which the spectrum falls by a factor e, and weight of a simulated event.
SAMPLES = {
    "wz": ({"el": 900, "mu": 1250}, 70.0, 0.1),
    "zz": ({"el": 110, "mu": 150}, 80.0, 0.05),
    "fakes": ({"el": 160, "mu": 90}, 45.0, 0.8),
}
TRUE_RATES = {"wz": 1.06, "fakes": 1.1}


def rounded(value: Any) -> Any:
    """Return JSON data with all numbers rounded to `DIGITS` significant digits."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def spectrum(sample: str, region: str) -> np.ndarray:
    """Return the events that are expected in each bin."""
    events, fall, _ = SAMPLES[sample]
    return events[region] * -np.diff(np.exp(-EDGES / fall))


def measurement_histograms(seed: int = 4) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return contents and variances of all histograms by name: region, sample and variation."""
    rng = np.random.default_rng(seed)
    result = {}
    for region in ("el", "mu"):
        for sample, (_, _, weight) in SAMPLES.items():
            events = rng.poisson(spectrum(sample, region) / weight)
            factors = {"": np.ones(CENTERS.size)}
            if sample != "fakes":
                factors |= {"_jes_up": 1 + 2e-4 * CENTERS, "_jes_down": 1 - 1.8e-4 * CENTERS}
            if sample == "wz":
                factors["_other"] = 1 + 4e-4 * (CENTERS - 50)
            for name, factor in factors.items():
                result[f"{region}_{sample}{name}"] = weight * events * factor, weight**2 * events * factor**2
        data = rng.poisson(sum(TRUE_RATES.get(sample, 1.0) * spectrum(sample, region) for sample in SAMPLES))
        result[f"{region}_data"] = data.astype(float), data.astype(float)
    return result


def uhi(contents: np.ndarray, variances: np.ndarray) -> dict[str, Any]:
    """Return a histogram as UHI serialization has it."""
    axis = {"type": "variable", "edges": EDGES.tolist(), "underflow": False, "overflow": False, "circular": False}
    storage = {"type": "weighted", "values": contents.tolist(), "variances": variances.tolist()}
    return {"uhi_schema": 1, "axes": [axis], "storage": storage}


def write(path: Path, document: Any) -> None:
    """Write JSON data without spaces, rounded."""
    path.write_text(json.dumps(rounded(document), separators=(",", ":")) + "\n", encoding="utf-8")


def write_workspace(path: Path, workspace: Workspace) -> Workspace:
    """Write a workspace and its axes; return what is read from there."""
    Workspace(wilks.load_workspace(rounded(workspace.spec)).document, workspace.axes).save(path)
    for written in (path, path.with_name(f"{path.stem}.axes.json")):
        write(written, json.loads(written.read_text(encoding="utf-8")))
    return wilks.load_workspace(path)


def make_measurement(folder: Path) -> None:
    """Write the histograms of the measurement, and its workspace as the steering file makes it."""
    histograms = {name: uhi(*numbers) for name, numbers in measurement_histograms().items()}
    write(folder / "measurement_histograms.json", histograms)
    steering = folder / "measurement.yml"
    if not steering.exists():
        steering.write_bytes((PACKAGE / "measurement.yml").read_bytes())
    config = wilks.load_config(steering)
    templates = wilks.process_templates(wilks.build_templates(config), config)
    write_workspace(folder / "measurement.json", wilks.build_workspace(templates, config))


def make_search(folder: Path) -> None:
    """Write the background of the search and the signals of all masses."""
    sys.path.insert(0, str(ROOT / "examples" / "search"))
    import analysis
    import generate

    sys.path.pop(0)
    with tempfile.TemporaryDirectory() as input_folder:
        generate.generate(Path(input_folder))
        signals = {mass: analysis.workspace_of(mass, Path(input_folder)) for mass in generate.MASSES}
    background = write_workspace(folder / "search_background.json", analysis.without_signal(signals[analysis.MASS]))
    signals = {mass: wilks.load_workspace(rounded(workspace.spec)) for mass, workspace in signals.items()}
    write(folder / "search_signals.json", analysis.signal_patches(background, signals))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE
    folder.mkdir(parents=True, exist_ok=True)
    make_measurement(folder)
    make_search(folder)
    for path in sorted(folder.glob("*.json")):
        print(f"{path.name} {path.stat().st_size / 1e3:.1f} kB")


if __name__ == "__main__":
    main()
