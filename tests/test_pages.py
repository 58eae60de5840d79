"""What a run draws of many regions: pages, and the summary."""

from __future__ import annotations

import json
import re
from pathlib import Path

import boost_histogram as bh
import numpy as np
import pytest
import uproot
from tests.figures.records import make_channel

from wilks import pages, pipeline
from wilks.config.load import load_config
from wilks.histogram import Axis
from wilks.results.prediction import Prediction

REGIONS = [f"SR bin {k}" for k in range(60)]


def write_many(folder: Path) -> Path:
    samples = {"Signal": 3.0, "Background": 40.0, "Other": 8.0}
    with uproot.recreate(folder / "in.root") as file:
        for number in range(len(REGIONS)):
            for name, height in {**samples, "data": 50.0 + number % 7}.items():
                histogram = bh.Histogram(bh.axis.Variable([0.0, 1.0]), storage=bh.storage.Weight())
                histogram[...] = np.array([[height, 0.1 * height]])
                file[f"r{number}/{name}"] = histogram
    config = {
        "General": {
            "Measurement": "m",
            "POI": "mu",
            "InputPath": f"{folder}/in.root:{{RegionPath}}/{{SamplePath}}",
            "HistogramFolder": f"{folder}/h",
        },
        "Regions": [{"Name": name, "RegionPath": f"r{k}"} for k, name in enumerate(REGIONS)],
        "Samples": [
            {"Name": "Data", "SamplePath": "data", "Data": True},
            *({"Name": name, "SamplePath": name} for name in samples),
        ],
        "NormFactors": [{"Name": "mu", "Samples": "Signal", "Bounds": [-5, 10]}],
        "Systematics": [
            {"Name": f"S{k}", "Type": "Normalization", "Up": {"Normalization": 0.02}, "Down": {"Normalization": -0.02}}
            for k in range(3)
        ],
    }
    path = folder / "config.yml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def test_sixty_regions_of_one_bin(tmp_path: Path) -> None:
    source = write_many(tmp_path)
    done = pipeline.run(source, tmp_path / "out")
    figures = {path.name for path in (tmp_path / "out" / "figures").iterdir() if path.suffix == ".png"}
    expected = {"pulls.png", "pruning.png", "summary_prefit.png", "summary_postfit.png", "variations.png"}
    assert expected <= figures
    assert all(re.fullmatch(r"variations_\d\.png", name) for name in figures - expected)
    lines = (tmp_path / "out" / "tables" / "yields_prefit.txt").read_text().splitlines()
    assert max(map(len, lines)) < 100
    assert [line[:9].rstrip() for line in lines[4:]] == REGIONS
    assert done.prefit.channel_names == tuple(REGIONS)
    # A run of fewer regions leaves no page of these.
    config = json.loads(source.read_text())
    config["Regions"] = config["Regions"][:2]
    source.write_text(json.dumps(config))
    pipeline.run(source, tmp_path / "out")
    figures = {path.name for path in (tmp_path / "out" / "figures").iterdir() if path.suffix == ".png"}
    assert figures == {
        "pulls.png",
        "pruning.png",
        *(f"variations_SR-bin-{k}.png" for k in (0, 1)),
        *(f"data_mc_SR-bin-{k}_{label}.png" for k in (0, 1) for label in ("prefit", "postfit")),
    }


def prediction(bins: list[int]) -> Prediction:
    channels = (
        make_channel(f"c{k}", Axis(np.arange(n + 1.0)), np.full((1, n), 9.0), ("s",)) for k, n in enumerate(bins)
    )
    return Prediction("pre-fit", tuple(channels), "")


@pytest.mark.parametrize(
    ("bins", "alone", "summary"),
    [([3, 3], 2, False), ([1] * 12, 12, True), ([1] * 13 + [4, 5], 2, True), ([2] * 30, 30, True)],
)
def test_which_channels_a_run_draws_alone(bins: list[int], alone: int, summary: bool) -> None:
    assert len(pages.drawn_alone(prediction(bins))) == alone
    assert pages.summarised(prediction(bins)) is summary


def test_the_look_of_samples_is_that_of_the_steering_file() -> None:
    config = load_config(
        {
            "General": {"Measurement": "m", "HistogramFolder": "h", "InputPath": "in.root:{RegionPath}{SamplePath}"},
            "Regions": [{"Name": "SR", "RegionPath": "s"}],
            "Samples": [
                {"Name": "Data", "SamplePath": "d", "Data": True},
                {"Name": "top", "SamplePath": "t", "Color": "tab:red"},
                {"Name": "signal", "SamplePath": "s"},
                {"Name": "gone", "SamplePath": "g", "Color": "C1"},
                {"Name": "fakes", "SamplePath": "f"},
            ],
            "NormFactors": [{"Name": "mu", "Samples": "signal"}],
        }
    )
    channel = make_channel("SR", Axis([0.0, 1.0]), np.ones((3, 1)), ("signal", "fakes", "top"))
    prediction = Prediction("pre-fit", (channel,), "", signals=("signal",))
    assert pages.look_of(config, prediction) == {"order": ["signal", "top", "fakes"], "colors": {"top": "tab:red"}}
