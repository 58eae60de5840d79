"""Small HistFactory descriptions that tests write: a top file, channel files and a ROOT file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from wilks.formats.root_writing import Written, root_file

TOP = """<!DOCTYPE Combination SYSTEM 'HistFactorySchema.dtd'>
<Combination OutputFilePrefix="results">
  {functions}
  <Input>SR.xml</Input>
  {measurements}
</Combination>
"""
MEASUREMENT = """<Measurement Name="meas" Lumi="1" LumiRelErr="0.02">
    <POI>mu</POI>
    {inside}
  </Measurement>"""
CHANNEL = """<!DOCTYPE Channel SYSTEM 'HistFactorySchema.dtd'>
<Channel Name="SR" InputFile="data.root">
  {data}
  {config}
  <Sample Name="sig" HistoName="sig">
    <NormFactor Name="mu" Val="1" Low="0" High="10"/>
  </Sample>
  <Sample Name="bkg" HistoName="bkg">
    {inside}
  </Sample>
</Channel>
"""
HISTOGRAMS = {
    "data": [57.0, 61.0],
    "sig": [4.0, 9.0],
    "bkg": [40.0, 38.0],
    "low": [37.0, 36.0],
    "high": [44.0, 39.0],
    "rel": [0.1, 0.2],
}


def write_root(path: Path, histograms: Mapping[str, list[float]] = HISTOGRAMS) -> None:
    """Write histograms with errors of a tenth of their contents."""
    made = {
        name: Written(np.array(values), 0.1 * np.array(values), np.arange(len(values) + 1.0))
        for name, values in histograms.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(root_file(made))


def describe(
    folder: Path,
    inside: str = "",
    *,
    settings: str = "",
    functions: str = "",
    measurements: str | None = None,
    data: str = '<Data HistoName="data"/>',
    config: str = "",
    channel: str = CHANNEL,
    histograms: Mapping[str, list[float]] = HISTOGRAMS,
) -> Path:
    """Write a description of a signal and a background, with elements in the background, and return its top file."""
    measurements = MEASUREMENT.format(inside=settings) if measurements is None else measurements
    (folder / "top.xml").write_text(TOP.format(functions=functions, measurements=measurements))
    (folder / "SR.xml").write_text(channel.format(data=data, config=config, inside=inside))
    write_root(folder / "data.root", histograms)
    return folder / "top.xml"
