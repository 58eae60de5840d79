"""From a steering file and histograms in a ROOT file to a workspace, with all keys of this package that act on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import uproot
from tests.assemble.analysis import assert_like_pyhf, modifiers, settings

from wilks import build_templates, build_workspace, check, load_config, load_templates, process_templates
from wilks.config.cabinetry import beyond_cabinetry

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it

CONFIG = """
General:
  Measurement: example
  POI: mu
  InputPath: "input.root:{SamplePath}{VariationPath}"
  HistogramFolder: histograms
  Staterror: {Threshold: 0.02}
Regions:
  - Name: SR
  - Name: VR
    Staterror: {PoissonBelow: 20}
Samples:
  - {Name: Data, SamplePath: data, Data: True}
  - {Name: Signal, SamplePath: signal}
  - {Name: ttbar, SamplePath: ttbar}
  - {Name: fakes, SamplePath: fakes, DisableStaterror: True}
NormFactors:
  - {Name: mu, Samples: Signal, Bounds: [0, 5]}
ShapeFactors:
  - {Name: fakes, Samples: fakes, Bounds: [0, 3]}
Systematics:
  - {Name: shape, Type: ShapeOnly, Samples: ttbar, Up: {VariationPath: _up}, Down: {Symmetrize: True}}
  - {Name: norm, Type: NormOnly, Samples: ttbar, Up: {VariationPath: _up}, Down: {Symmetrize: True}}
  - {Name: bins, Type: ShapeSys, Samples: Signal, Up: {Normalization: 0.1}, Down: {Symmetrize: True}}
  - Name: tagging
    Type: NormPlusShape
    Samples: [Signal, ttbar]
    Up: {VariationPath: _up}
    Down: {Symmetrize: True}
    KeepYield: {Samples: [Signal, ttbar], Inclusive: True}
  - Name: local
    Type: NormPlusShape
    Samples: ttbar
    Regions: VR
    Decorrelate: bin
    Up: {VariationPath: _up}
    Down: {Symmetrize: True}
"""
YIELDS = {
    "data": [1030.0, 128.0, 14.0],
    "signal": [10.0, 8.0, 6.0],
    "signal_up": [12.0, 9.0, 7.0],
    "ttbar": [1000.0, 100.0, 4.0],
    "ttbar_up": [1100.0, 120.0, 5.0],
    "fakes": [20.0, 20.0, 4.0],
    "fakes_up": [20.0, 20.0, 4.0],
}


@pytest.fixture
def steering_file(tmp_path: Path) -> Path:
    import boost_histogram as bh

    with uproot.recreate(tmp_path / "input.root") as file:
        for name, yields in YIELDS.items():
            histogram = bh.Histogram(bh.axis.Variable([0, 1, 2, 3]), storage=bh.storage.Weight())
            histogram.view()["value"] = yields
            histogram.view()["variance"] = 0.5 * np.array(yields)
            file[name] = histogram
    path = tmp_path / "config.yml"
    path.write_text(CONFIG)
    return path


def test_every_key_on_the_way_to_the_workspace(steering_file: Path, tmp_path: Path) -> None:
    config = load_config(steering_file)
    process_templates(build_templates(config), config).save(tmp_path / "templates.npz")
    workspace = build_workspace(load_templates(tmp_path / "templates.npz"), config)
    assert_like_pyhf(workspace)
    assert "zero-staterror" not in {finding.rule for finding in check(workspace)}

    # Relative uncertainties of signal and ttbar together: sqrt(505) / 1010 = 2.2 %, 6.8 %, 22.4 %; two effective
    # entries for each event, so that only the last bin has at most 20.
    signal = modifiers(workspace, "Signal", "SR")
    assert signal["staterror_SR", "staterror"] == pytest.approx([np.sqrt(5.0), 2.0, np.sqrt(3.0)])
    assert signal["bins_SR_Signal", "shapesys"] == pytest.approx([1.0, 0.8, 0.6])
    other = modifiers(workspace, "Signal", "VR")
    assert other["staterror_VR", "staterror"] == pytest.approx([np.sqrt(5.0), 2.0, 0.0])
    assert other["staterror_VR_Signal", "shapesys"] == pytest.approx([0.0, 0.0, np.sqrt(3.0)])

    ttbar, ratio = modifiers(workspace, "ttbar", "VR"), 1225.0 / 1104.0
    assert ttbar["shape", "histosys"]["hi_data"] == pytest.approx([1100 / ratio, 120 / ratio, 5 / ratio])
    assert ("shape", "normsys") not in ttbar
    assert ttbar["norm", "normsys"] == {"hi": pytest.approx(ratio), "lo": pytest.approx(2 - ratio)}
    assert ("norm", "histosys") not in ttbar
    factor = (24.0 + 1104.0) / (28.0 + 1225.0)
    assert ttbar["tagging", "normsys"]["hi"] == pytest.approx(ratio * factor)
    assert other["tagging", "normsys"]["hi"] == pytest.approx(28 / 24 * factor)
    assert ttbar["local_VR_bin_1", "histosys"]["hi_data"] == pytest.approx([1000, 120, 4])
    assert ttbar["local_VR_bin_1", "histosys"]["lo_data"] == pytest.approx([1000, 80, 4])
    assert ("local_SR_bin_1", "histosys") not in modifiers(workspace, "ttbar", "SR")
    assert ("fakes", "shapefactor") in modifiers(workspace, "fakes", "SR")
    assert settings(workspace, "fakes") == {"name": "fakes", "bounds": [[0, 3]] * 3}


def test_all_of_it_is_beyond_cabinetry(steering_file: Path) -> None:
    places = [place.split("  ")[1] for place, _ in beyond_cabinetry(steering_file)]
    assert places == [
        "General.Staterror",
        "Regions[1].Staterror",
        "ShapeFactors",
        "Systematics[0].Type",
        "Systematics[1].Type",
        "Systematics[2].Type",
        "Systematics[3].KeepYield",
        "Systematics[4].Decorrelate",
    ]
