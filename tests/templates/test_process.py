from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wilks import Histogram, load_config, process_templates
from wilks.config.schema import Config
from wilks.errors import TemplateError
from wilks.templates.store import TemplateKey, Templates

NOMINAL = TemplateKey("SR", "ttbar")
UP = TemplateKey("SR", "ttbar", "JES", "Up")
EDGES = [0, 1, 2, 4, 8]


def analysis(**smoothing: Any) -> Config:
    systematic: dict[str, Any] = {
        "Name": "JES",
        "Type": "NormPlusShape",
        "Up": {"VariationPath": "up"},
        "Down": {"Symmetrize": True},
    }
    if smoothing:
        systematic["Smoothing"] = {"Algorithm": "353QH, twice"} | smoothing
    return load_config(
        {
            "General": {"Measurement": "m", "InputPath": "f.root:{VariationPath}", "HistogramFolder": "h", "POI": "mu"},
            "Regions": [{"Name": "SR"}, {"Name": "CR"}],
            "Samples": [{"Name": "Data", "Data": True}, {"Name": "ttbar"}],
            "NormFactors": [{"Name": "mu"}],
            "Systematics": [systematic],
        }
    )


def test_undefined_uncertainties_become_zero_and_nothing_else_changes() -> None:
    histogram = Histogram.from_arrays(EDGES, [1.0, np.nan, 3.0, 4.0], [1.0, np.nan, 0.5, 2.0])
    templates = Templates({NOMINAL: histogram, UP: Histogram.from_arrays(EDGES, [1, 2, 3, 4], [1, 1, 1, 1])})
    processed = process_templates(templates, analysis())
    assert processed[NOMINAL].stdev.tolist() == [1.0, 0.0, 0.5, 2.0]
    np.testing.assert_array_equal(processed[NOMINAL].contents, histogram.contents)
    assert processed[UP] is templates[UP]
    assert dict(processed.originals) == {NOMINAL: histogram}


def test_a_negative_variance_counts_as_undefined() -> None:
    edges, contents = templates_axis(), np.ones(4)
    histogram = Histogram(edges, contents, np.array([1.0, -1.0, 4.0, 0.0]))
    assert process_templates(Templates({NOMINAL: histogram}), analysis())[NOMINAL].stdev.tolist() == [1, 0, 2, 0]


def templates_axis() -> Any:
    return Histogram.from_arrays(EDGES, np.ones(4), np.ones(4)).axis


def test_variations_are_smoothed_by_their_ratio_to_nominal() -> None:
    nominal = np.array([10.0, 40.0, 20.0, 5.0])
    # PP-04: the ratio 1, 3, 2, 5 is smoothed to 1, 2, 3.25, 5.
    variation, stdev = nominal * [1, 3, 2, 5], [1.0, 2.0, 3.0, 4.0]
    templates = Templates(
        {
            NOMINAL: Histogram.from_arrays(EDGES, nominal, stdev),
            UP: Histogram.from_arrays(EDGES, variation, stdev),
        }
    )
    processed = process_templates(templates, analysis(Regions="SR"))
    expected = nominal * [1, 2, 3.25, 5]
    expected *= variation.sum() / expected.sum()
    np.testing.assert_allclose(processed[UP].contents, expected, rtol=1e-14)
    np.testing.assert_allclose(processed[UP].stdev, stdev)
    assert processed[NOMINAL] is templates[NOMINAL]
    assert processed.original(UP) is templates[UP]
    assert process_templates(processed, analysis(Regions="SR")) == processed


@pytest.mark.parametrize("restriction", [{"Regions": "CR"}, {}])
def test_smoothing_happens_only_where_it_is_asked_for(restriction: dict[str, str]) -> None:
    templates = Templates(
        {
            NOMINAL: Histogram.from_arrays(EDGES, np.ones(4), np.ones(4)),
            UP: Histogram.from_arrays(EDGES, [1, 3, 2, 5], np.ones(4)),
        }
    )
    assert process_templates(templates, analysis(**restriction))[UP] is templates[UP]


def test_bins_without_nominal_yield_are_left_out_of_the_smoothing() -> None:
    edges = [0, 1, 2, 3, 4, 5]
    nominal = np.array([10.0, 40.0, 0.0, 20.0, 5.0])
    variation = np.array([10.0, 120.0, 3.0, 40.0, 25.0])
    templates = Templates(
        {NOMINAL: Histogram.from_arrays(edges, nominal, nominal), UP: Histogram.from_arrays(edges, variation, nominal)}
    )
    smooth = process_templates(templates, analysis(Samples="ttbar"))[UP].contents
    expected = np.array([10.0, 80.0, 3.0, 65.0, 25.0])
    np.testing.assert_allclose(smooth, expected * variation.sum() / expected.sum(), rtol=1e-14)


@pytest.mark.parametrize("variation", [[0.0, 0.0, 0.0, 0.0], [np.nan, 1.0, 1.0, 1.0]])
def test_what_can_not_be_smoothed_stays(variation: list[float]) -> None:
    templates = Templates(
        {
            NOMINAL: Histogram.from_arrays(EDGES, np.ones(4), np.ones(4)),
            UP: Histogram.from_arrays(EDGES, variation, np.ones(4)),
        }
    )
    assert process_templates(templates, analysis(Regions="SR"))[UP] == templates[UP]


def test_smoothing_needs_the_nominal_template() -> None:
    templates = Templates({UP: Histogram.from_arrays(EDGES, np.ones(4), np.ones(4))})
    with pytest.raises(TemplateError, match=r'"ttbar" in "SR", "JES" Up: can.t be smoothed'):
        process_templates(templates, analysis(Regions="SR"))


def with_reference(algorithm: str = "353QH, twice", **options: Any) -> Config:
    document = analysis(Regions="SR").model_dump(by_alias=True, exclude_unset=True, exclude_none=True)
    document["Samples"] = [{"Name": "Data", "Data": True}, {"Name": "ttbar"}, {"Name": "W"}]
    document["Systematics"][0]["Smoothing"] = {"Algorithm": algorithm} | options
    return load_config(document)


def test_one_sample_is_smoothed_and_others_get_its_variation() -> None:
    nominal, variation = np.array([10.0, 20.0, 30.0, 40.0]), np.array([10.0, 60.0, 60.0, 200.0])
    other = np.array([1.0, 2.0, 0.0, 4.0])
    keys = TemplateKey("SR", "W"), TemplateKey("SR", "W", "JES", "Up")
    templates = Templates(
        {
            NOMINAL: Histogram.from_arrays(EDGES, nominal, np.ones(4)),
            UP: Histogram.from_arrays(EDGES, variation, np.ones(4)),
            keys[0]: Histogram.from_arrays(EDGES, other, np.ones(4)),
            keys[1]: Histogram.from_arrays(EDGES, other + 5, np.ones(4)),
        }
    )
    made = process_templates(templates, with_reference(Reference="ttbar"))
    np.testing.assert_allclose(made[keys[1]].contents, other * made[UP].contents / nominal)
    assert made[UP].integral == pytest.approx(variation.sum())
    assert made[UP] == process_templates(templates, analysis(Regions="SR"))[UP]
    (step,) = made.steps[keys[1]]
    assert (step.name, step.numbers["reference"]) == ("smoothed like", "ttbar")
    assert step.numbers["yield_before"] == pytest.approx(27)
    lacking = Templates({key: histogram for key, histogram in templates.items() if key != UP})
    with pytest.raises(
        TemplateError, match=r'"W" in "SR", "JES" Up: can.t be smoothed without the template of "ttbar"'
    ):
        process_templates(lacking, with_reference(Reference="ttbar"))


@pytest.mark.parametrize(
    ("algorithm", "options"),
    [("KERNEL", {}), ("KERNEL", {"Bandwidth": 1.5}), ("MAXVARIATION", {}), ("MAXVARIATION", {"Tolerance": 0.2})],
)
def test_every_algorithm_keeps_the_yield_and_flat_variations(algorithm: str, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    edges, nominal = np.arange(13.0), rng.uniform(50, 500, 12)
    config = with_reference(algorithm, **options)

    def made(variation: np.ndarray) -> Histogram:
        templates = Templates(
            {
                NOMINAL: Histogram.from_arrays(edges, nominal, np.sqrt(nominal)),
                UP: Histogram.from_arrays(edges, variation, np.sqrt(variation)),
            }
        )
        return process_templates(templates, config)[UP]

    np.testing.assert_allclose(made(1.1 * nominal).contents, 1.1 * nominal)
    variation = rng.poisson(1.05 * nominal).astype(float)
    smooth = made(variation)
    assert smooth.integral == pytest.approx(variation.sum())
    # Less scatter around the true ratio.
    assert np.std(smooth.contents / nominal) < 0.7 * np.std(variation / nominal)


def test_the_kernel_works_without_statistical_uncertainties() -> None:
    templates = Templates(
        {
            NOMINAL: Histogram.from_arrays(EDGES, np.ones(4), np.zeros(4)),
            UP: Histogram.from_arrays(EDGES, [1, 1, 1, 2], np.zeros(4)),
        }
    )
    made = process_templates(templates, with_reference("KERNEL", Bandwidth=1e6))
    np.testing.assert_allclose(made[UP].contents, 1.25)
    assert made.steps[UP][0].numbers["bandwidth"] == 1e6


def test_what_was_not_smoothed_says_why() -> None:
    templates = Templates(
        {
            NOMINAL: Histogram.from_arrays(EDGES, np.zeros(4), np.ones(4)),
            UP: Histogram.from_arrays(EDGES, np.ones(4), np.ones(4)),
        }
    )
    made = process_templates(templates, analysis(Regions="SR"))
    assert made[UP] is templates[UP]
    assert [str(step) for step in made.steps[UP]] == ["not smoothed (because the nominal template is empty)"]
