from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wilks import Histogram, build_workspace, load_config, process_templates
from wilks.errors import TemplateError
from wilks.histogram import Axis
from wilks.templates.rebinning import merged, without
from wilks.templates.store import TemplateKey, Templates

EDGES = [0, 10, 20, 40, 80, 100]
HISTOGRAM = Histogram(Axis(EDGES, "m [GeV]"), [1.0, 2, 3, 4, 5], [10.0, 20, 30, 40, 50], 0.5, 0.25)


def test_merging_keeps_what_is_there() -> None:
    found = merged(HISTOGRAM, np.array([10.0, 40, 80]))
    assert found.axis == Axis([10, 40, 80], "m [GeV]")
    assert (found.contents.tolist(), found.sumw2.tolist()) == ([5.0, 4.0], [50.0, 40.0])
    assert (found.underflow, found.overflow) == (1.5, 5.25)
    assert merged(HISTOGRAM, np.array(EDGES, dtype=float)) == HISTOGRAM
    with pytest.raises(TemplateError, match="30 is no edge of the histogram; there are 0, 10"):
        merged(HISTOGRAM, np.array([0.0, 30.0, 100.0]))


def test_merging_is_that_of_boost_histogram() -> None:
    import boost_histogram as bh

    wide = Histogram.from_arrays(np.linspace(0, 1, 13), np.arange(12.0) + 1, np.arange(12.0))
    expected = bh.Histogram(wide)[:: bh.rebin(3)].view()
    found = merged(wide, wide.axis.edges[::3])
    np.testing.assert_allclose(found.contents, expected.value)
    np.testing.assert_allclose(found.sumw2, expected.variance)


def test_dropping_bins() -> None:
    ends = without(HISTOGRAM, (0, 4))
    assert ends.axis == Axis([10, 20, 40, 80], "m [GeV]")
    assert ends.contents.tolist() == [2, 3, 4]
    gap = without(HISTOGRAM, (1,))
    assert gap.axis.edges.tolist() == [0, 1, 2, 3, 4]
    assert gap.axis.label == "m [GeV], bins 0, 2, 3, 4"
    assert (gap.contents.tolist(), gap.sumw2.tolist()) == ([1, 3, 4, 5], [10, 30, 40, 50])
    with pytest.raises(TemplateError, match="no bin 5; they are counted from 0 to 4"):
        without(HISTOGRAM, (5,))
    with pytest.raises(TemplateError, match="all bins"):
        without(HISTOGRAM, (0, 1, 2, 3, 4))


def analysis(**region: Any) -> dict[str, Any]:
    return {
        "General": {"Measurement": "m", "InputPath": "f.root:{VariationPath}", "HistogramFolder": "h", "POI": "mu"},
        "Regions": [{"Name": "SR", **region}, {"Name": "CR"}],
        "Samples": [{"Name": "Data", "Data": True}, {"Name": "S"}],
        "NormFactors": [{"Name": "mu"}],
        "Systematics": [
            {"Name": "JES", "Type": "NormPlusShape", "Up": {"VariationPath": "u"}, "Down": {"Symmetrize": True}}
        ],
    }


def templates() -> Templates:
    keys = [TemplateKey(region, sample) for region in ("SR", "CR") for sample in ("Data", "S")]
    keys += [TemplateKey(region, "S", "JES", "Up") for region in ("SR", "CR")]
    return Templates(dict.fromkeys(keys, HISTOGRAM))


@pytest.mark.parametrize(
    ("region", "contents", "edges"),
    [
        ({"Rebin": [0, 20, 100]}, [3, 12], [0, 20, 100]),
        ({"Rebin": 5}, [15], [0, 100]),
        ({"DropBins": [0]}, [2, 3, 4, 5], [10, 20, 40, 80, 100]),
        ({"Rebin": [0, 20, 40, 100], "DropBins": 2}, [3, 3], [0, 20, 40]),
    ],
)
def test_a_region_is_rebinned_as_a_whole(region: dict[str, Any], contents: list[float], edges: list[float]) -> None:
    config = load_config(analysis(**region))
    made = process_templates(templates(), config)
    for key, histogram in made.items():
        if key.region == "SR":
            assert histogram.contents.tolist() == contents
            assert made.original(key) is HISTOGRAM
            (step,) = made.steps[key]
            assert (step.name, step.numbers["bins_before"], step.numbers["bins"]) == ("rebinned", 5, len(contents))
        else:
            assert histogram is HISTOGRAM
    workspace = build_workspace(made, config)
    assert workspace.axis("SR").edges.tolist() == edges
    assert workspace.spec["observations"][0]["data"] == contents
    assert process_templates(made, config) == made


def test_mistakes_are_one_sentence_per_region() -> None:
    with pytest.raises(TemplateError) as caught:
        process_templates(templates(), load_config(analysis(Rebin=2)))
    assert list(caught.value.problems) == ['region "SR": 5 bins can\'t be merged in groups of 2']
    with pytest.raises(TemplateError, match='region "SR": 15 is no edge'):
        process_templates(templates(), load_config(analysis(Rebin=[0, 15])))
    with pytest.raises(TemplateError, match='region "SR": there is no bin 7'):
        process_templates(templates(), load_config(analysis(DropBins=[1, 7])))
