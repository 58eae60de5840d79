"""A small analysis written to a folder: what tests of the pipeline and of the command line run on.

Each region has three bins. Signal is only in the last one, so that the best fit has a closed form: the signal
strength is (data - background) / signal there.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import uproot

EDGES = np.array([0.0, 10.0, 20.0, 50.0])
SIGNAL = {"SR": [0.0, 0.0, 40.0], "C R": [0.0, 0.0, 10.0]}
BACKGROUND = {"SR": [120.0, 80.0, 60.0], "C R": [300.0, 200.0, 150.0]}
DATA = {"SR": [120.0, 80.0, 92.0], "C R": [300.0, 200.0, 158.0]}

# Both regions have the same ratio (data - background) / signal, where the derivatives of both likelihoods vanish.
STRENGTH = 0.8
UNCERTAINTY = 1 / math.sqrt(40.0**2 / 92.0 + 10.0**2 / 158.0)

CONFIG = """
General:
  Measurement: small
  POI: strength
  InputPath: "input/histograms.root:{RegionPath}/{SamplePath}"
  HistogramFolder: histograms
Regions:
  - {Name: SR, RegionPath: SR, Variable: "mass [GeV]"}
  - {Name: "C R", RegionPath: CR, Variable: "mass [GeV]"}
Samples:
  - {Name: Data, SamplePath: data, Data: True}
  - {Name: Signal, SamplePath: signal, DisableStaterror: True}
  - {Name: Background, SamplePath: background, DisableStaterror: True}
NormFactors:
  - {Name: strength, Samples: Signal, Nominal: 1, Bounds: [-5, 10]}
"""
# A second factor on the same sample: only the product is measured.
DEGENERATE = CONFIG + "  - {Name: copy, Samples: Signal, Nominal: 1, Bounds: [-5, 10]}\n"


def write_analysis(folder: Path, config: str = CONFIG) -> Path:
    """Write `config.yml` and `input/histograms.root` to a folder; return the path of the steering file."""
    (folder / "input").mkdir(parents=True, exist_ok=True)
    with uproot.recreate(folder / "input" / "histograms.root") as file:
        for region in SIGNAL:
            for name, contents in (("signal", SIGNAL), ("background", BACKGROUND), ("data", DATA)):
                file[f"{region.replace(' ', '')}/{name}"] = (np.array(contents[region]), EDGES)
    path = folder / "config.yml"
    path.write_text(config, encoding="utf-8")
    return path
