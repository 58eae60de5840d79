"""Templates from functions: which function makes which template (rows RT-01 to RT-04 of cabinetry's behaviour)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boost_histogram as bh
import numpy as np
import pytest
from tests.templates import events

import wilks
from wilks.errors import TemplateError
from wilks.templates.store import TemplateKey

EDGES = [0.0, 1.0, 2.0]


def filled(value: float) -> Any:
    histogram = bh.Histogram(bh.axis.Variable(EDGES), storage=bh.storage.Weight())
    histogram.fill([0.5, 1.5], weight=[value, 2 * value])
    return histogram


@pytest.fixture
def config(tmp_path: Path) -> Any:
    for name in ("data", "signal", "bkg"):
        events.write_tree(tmp_path / f"{name}.root", {"events": events.columns(1, 50)})
    return wilks.load_config(
        {
            "General": {"Measurement": "m", "InputPath": str(tmp_path / "{SamplePath}.root"), "HistogramFolder": "h"},
            "Regions": [
                {"Name": "SR", "Variable": "pt", "Binning": EDGES, "Filter": "flag"},
                {"Name": "CR", "Variable": "pt", "Binning": EDGES},
            ],
            "Samples": [
                {"Name": "Data", "Tree": "events", "SamplePath": "data", "Data": True},
                {"Name": "Signal", "Tree": "events", "SamplePath": "signal"},
                {"Name": "Bkg 1", "Tree": "events", "SamplePath": "bkg"},
            ],
            "NormFactors": [{"Name": "mu", "Samples": "Signal"}],
            "Systematics": [
                {"Name": "JES", "Type": "NormPlusShape", "Up": {"Weight": "2"}, "Down": {"Weight": "0.5"}},
            ],
        }
    )


def made_by(router: wilks.Router, config: Any) -> set[TemplateKey]:
    """Return the templates that a function which gives 7 and 14 made."""
    templates = wilks.build_templates(config, router=router)
    return {key for key, histogram in templates.items() if histogram.contents.tolist() == [7.0, 14.0]}


SIDES = ((None, None), ("JES", "Up"), ("JES", "Down"))


@pytest.mark.parametrize(
    ("patterns", "regions", "samples", "sides"),
    [
        ({}, ("SR", "CR"), ("Data", "Signal", "Bkg 1"), SIDES),
        ({"region_name": "S?"}, ("SR",), ("Data", "Signal", "Bkg 1"), SIDES),
        ({"sample_name": "Bkg*"}, ("SR", "CR"), ("Bkg 1",), SIDES),
        ({"systematic_name": "J*"}, ("SR", "CR"), ("Signal", "Bkg 1"), SIDES[1:]),
        ({"systematic_name": ""}, ("SR", "CR"), ("Data", "Signal", "Bkg 1"), SIDES[:1]),
        ({"template": None}, ("SR", "CR"), ("Data", "Signal", "Bkg 1"), SIDES[:1]),
        ({"template": "Up"}, ("SR", "CR"), ("Signal", "Bkg 1"), SIDES[1:2]),
        ({"template": "?*"}, ("SR", "CR"), ("Signal", "Bkg 1"), SIDES[1:]),
        ({"sample_name": "bkg*"}, (), (), ()),
    ],
)
def test_what_matches(config: Any, patterns: Any, regions: Any, samples: Any, sides: Any) -> None:
    router = wilks.Router()
    router.register_template_builder(**patterns)(lambda region, sample, systematic, template: filled(7.0))
    expected = {TemplateKey(region, sample, *side) for region in regions for sample in samples for side in sides}
    assert made_by(router, config) == {key for key in expected if key.sample != "Data" or key.systematic is None}


def test_what_functions_are_called_with(config: Any) -> None:
    router, calls = wilks.Router(), []

    @router.register_template_builder(region_name="SR", sample_name="Signal")
    def function(region: Any, sample: Any, systematic: Any, template: Any) -> Any:
        calls.append((region, sample, systematic, template))
        return wilks.Histogram.from_arrays(region["Binning"], [1.0, 2.0], [1.0, 1.0])

    assert function.__name__ == "function"
    wilks.build_templates(config, router=router)
    region = {"Name": "SR", "Variable": "pt", "Binning": EDGES, "Filter": "flag"}
    sample = {"Name": "Signal", "Tree": "events", "SamplePath": ["signal"]}
    systematic = {"Name": "JES", "Type": "NormPlusShape", "Up": {"Weight": "2"}, "Down": {"Weight": "0.5"}}
    assert calls == [
        (region, sample, {}, None),
        (region, sample, systematic, "Up"),
        (region, sample, systematic, "Down"),
    ]


def test_the_first_of_several_counts(config: Any) -> None:
    router = wilks.Router()

    @router.register_template_builder(template=None, sample_name="Data", region_name="SR")
    def first(*blocks: Any) -> Any:
        return filled(7.0)

    router.register_template_builder(template=None, sample_name="D*")(lambda *blocks: filled(1.0))
    with pytest.warns(UserWarning, match=r"found 2 matches, continuing with the first one \(first\)"):
        assert made_by(router, config) == {TemplateKey("SR", "Data")}


def test_functions_must_return_histograms(config: Any) -> None:
    router = wilks.Router()

    @router.register_template_builder(template="Up")
    def wrong(*blocks: Any) -> Any:
        return np.zeros(3)

    with pytest.raises(TypeError, match=r"wrong must return a boost_histogram\.Histogram"):
        wilks.build_templates(config, router=router)
    router = wilks.Router()
    axes = bh.axis.Regular(2, 0, 1), bh.axis.Regular(2, 0, 1)
    router.register_template_builder()(lambda *blocks: bh.Histogram(*axes))
    with pytest.raises(TemplateError, match="one-dimensional"):
        wilks.build_templates(config, router=router)


def test_other_edges_than_the_region_has_are_a_mistake(config: Any) -> None:
    router = wilks.Router()
    router.register_template_builder(sample_name="Bkg*", template=None, region_name="SR")(
        lambda *blocks: wilks.Histogram.from_arrays([0, 1, 3], [1, 1], [1, 1])
    )
    with pytest.raises(TemplateError, match=r'"Bkg 1" in "SR": 2 bins with edges 0, 1, 3'):
        wilks.build_templates(config, router=router)
