"""One parameter with statistical and total uncertainty, from every kind of result that has them."""

import numpy as np
import pytest
from tests.infer.rankable import mixed_model

import wilks
from wilks.errors import ResultError
from wilks.results.estimate import Estimate, estimate


def test_the_statistical_part_of_a_fit_is_that_of_a_fit_with_everything_constrained_held() -> None:
    model = mixed_model()
    fit = wilks.fit(model)
    held = {p.name: p.value for p in fit if p.constraint != "none"}
    again = wilks.fit(model, fixed=held)
    found = estimate(fit)
    assert found.value == fit["mu"].value
    assert found.total == (fit["mu"].uncertainty,) * 2
    np.testing.assert_allclose(found.statistical, again["mu"].uncertainty, rtol=1e-5)
    assert found.statistical[0] < found.total[0]
    np.testing.assert_allclose(np.square(found.systematic) + np.square(found.statistical), np.square(found.total))


def test_all_kinds_of_results_agree() -> None:
    model = mixed_model()
    fit = estimate(wilks.fit(model))
    split = estimate(wilks.breakdown(model))
    np.testing.assert_allclose([split.value, *split.total], [fit.value, *fit.total])
    # Which holds the free normalisation too.
    assert split.statistical == tuple(wilks.breakdown(model).statistical[0])
    assert split.statistical[0] < fit.statistical[0]
    ranked, interval = estimate(wilks.ranking(model)), estimate(wilks.intervals(model, parameters="mu"))
    scan = wilks.scan(model, points=5, stat_only=True)
    np.testing.assert_allclose(ranked.total, fit.total, rtol=1e-6)
    np.testing.assert_allclose(interval.total, estimate(scan).total, rtol=1e-4)
    stat = scan.curves[1].interval
    assert estimate(scan).statistical == (stat.up, stat.down)
    assert np.isnan(ranked.statistical).all()


def test_what_is_held_or_at_a_bound_has_no_uncertainty() -> None:
    model = mixed_model()
    found = estimate(wilks.fit(model, fixed={"mu": 0.5}))
    assert found.value == 0.5
    assert np.isnan(found.total).all()
    assert str(found) == "0.5"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Estimate("mu", 1.0, (0.5, 0.5), (0.3, 0.3)), "1.00 ± 0.50 (± 0.30 stat. ± 0.40 syst.)"),
        (Estimate("mu", 1.0, (0.5, 1.0), (0.3, 0.6)), "1.00 +0.50 -1.00 (+0.30 -0.60 stat. +0.40 -0.80 syst.)"),
        (Estimate("mu", 1.0, (0.5, 0.5)), "1.00 ± 0.50"),
        (Estimate("mu", 1.0, (0.5, float("nan"))), "1.00 +0.50 -?"),
    ],
)
def test_as_text(found: Estimate, text: str) -> None:
    assert str(found) == text


def test_a_result_without_the_parameter_or_of_another_kind_is_a_sentence() -> None:
    model = mixed_model()
    for result in (
        wilks.fit(model),
        wilks.scan(model, points=3),
        wilks.ranking(model),
        wilks.intervals(model, parameters="mu"),
    ):
        with pytest.raises(ResultError, match="nope"):
            estimate(result, "nope")
    with pytest.raises(ResultError, match="say which is meant"):
        estimate(wilks.intervals(model, parameters="*"))
    with pytest.raises(ResultError, match="in fits, scans"):
        estimate(wilks.limit(model))
