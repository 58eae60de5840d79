"""What questions are asked about: a best fit that belongs to another question, and fits without a covariance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest
from scipy.stats import chi2
from tests.infer.searches import counting, in_pyhf, model, modifier, one_channel, workspace

import wilks
from wilks.errors import ResultError
from wilks.infer.study import study
from wilks.model.model import Model
from wilks.results.many import CONVERGED

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")


def correlated() -> Model:
    """Return a search whose background is uncertain, so that holding it moves everything."""
    background = [modifier("xs", "normsys", {"hi": 1.2, "lo": 0.9}), modifier("st", "staterror", [2.0, 3.0])]
    return model(one_channel([6, 9], [40, 50], [55, 61], background))


ANSWERS: dict[str, Callable[..., Any]] = {
    "intervals": lambda m, **o: [wilks.intervals(m, **o).lower, wilks.intervals(m, **o).upper],
    "scan": lambda m, **o: wilks.scan(m, values=[0.2, 0.4], **o).delta,
    "ranking": lambda m, **o: wilks.ranking(m, parameters="st*", **o).impacts,
    "breakdown": lambda m, **o: wilks.breakdown(m, **o).contributions,
    "goodness of fit": lambda m, **o: wilks.goodness_of_fit(m, **o).statistic,
    "limit": lambda m, **o: wilks.limit(m, **o).expected,
    "significance": lambda m, **o: wilks.significance(m, **o).significance,
}


@pytest.mark.parametrize("verb", sorted(ANSWERS))
def test_a_fit_at_hand_of_another_question_is_a_start_only(verb: str) -> None:
    m, answer = correlated(), ANSWERS[verb]
    fits = [wilks.fit(m), wilks.fit(m, fixed={"xs": -0.7}), wilks.fit(m, bounds={"mu": (0.0, 0.4)})]
    for asked in ({}, {"fixed": {"xs": 0.5}}, {"bounds": {"xs": (-1.0, 0.1)}}):
        expected = answer(m, **asked)
        for result in fits:
            np.testing.assert_allclose(
                answer(m, result=result, **asked), expected, rtol=1e-6, atol=1e-7, equal_nan=True
            )


def test_a_best_fit_is_used() -> None:
    m = correlated()
    free, held = wilks.fit(m), wilks.fit(m, fixed={"xs": 0.5})
    assert study(m, result=free).best is free
    assert study(m, fixed={"xs": 0.5}, result=held).best is held
    assert study(m, fixed={"xs": 0.6}, result=held).given is None
    assert study(m, bounds={"xs": (-5, 4)}, result=free).best is free
    at_bound = wilks.fit(model(counting(5.0, 10.0, 7.0)))
    assert at_bound["mu"].at_bound
    assert study(model(counting(5.0, 10.0, 7.0)), result=at_bound).best is at_bound
    assert study(model(counting(5.0, 10.0, 7.0)), bounds={"mu": (-2, 10)}, result=at_bound).given is None


def test_what_numbers_depend_on_is_recorded(tmp_path: Path) -> None:
    m = correlated()
    settings = wilks.intervals(m, fixed={"xs": 0.5}, bounds={"st[0]": (0.5, np.inf), "mu": (0, 10)}).origin.settings
    assert settings["fixed"] == {"xs": 0.5}
    assert settings["bounds"] == {"st[0]": [0.5, None]}
    found = wilks.limit(m, statistic="q")
    assert found.origin.settings["bounds"] == {"mu": [None, None]}
    found.save(tmp_path / "limit.json")
    assert wilks.load_result(tmp_path / "limit.json").origin == found.origin


def test_a_hidden_value_is_no_start() -> None:
    m = correlated()
    with pytest.raises(ResultError, match='the fit result hides the value of "mu"'):
        wilks.limit(m, result=wilks.fit(m).blinded())


def test_what_is_no_fit_is_refused() -> None:
    with pytest.raises(TypeError, match="result: needed is a FitResult, found str"):
        wilks.intervals(correlated(), result="fit.json")  # type: ignore[arg-type]


def with_a_parameter_without_effect() -> dict[str, Any]:
    samples = {
        "signal": ([5.0, 9.0], [modifier("mu", "normfactor")]),
        "background": ([50.0, 40.0], [modifier("xs", "normsys", {"hi": 1.1, "lo": 0.92})]),
        "nothing": ([0.0, 0.0], [modifier("k", "normfactor")]),
    }
    return workspace({"SR": samples}, {"SR": [56, 47]})


def test_a_parameter_without_effect_takes_no_result_away() -> None:
    m = model(with_a_parameter_without_effect())
    assert wilks.fit(m).idle[m.index("k")]
    found, held = wilks.limit(m), wilks.limit(m, fixed={"k": 1})
    assert found.converged
    np.testing.assert_allclose([found.observed, *found.expected], [held.observed, *held.expected], rtol=1e-6)
    for options in ({}, {"calculator": "toys", "toys": 300}):
        p, q = (wilks.hypotest(m, value=2.0, **options, **held).observed for held in ({}, {"fixed": {"k": 1}}))
        assert p.cls[0] == pytest.approx(q.cls[0], rel=1e-5)
    sig, same = wilks.significance(m, toys=200), wilks.significance(m, toys=200, fixed={"k": 1})
    assert sig.converged
    assert sig.failures == 0
    np.testing.assert_allclose(sig.significance, same.significance, rtol=1e-6)
    # Asimov data are made at fitted parameters, which a fit knows to the root of its EDM.
    np.testing.assert_allclose(sig.expected_significance, same.expected_significance, rtol=2e-5)
    assert np.isfinite(wilks.goodness_of_fit(m, toys=20).toys).all()


def without_background() -> dict[str, Any]:
    """Return a search with a bin in which only signal is expected, and nothing was seen."""
    return one_channel([3.0, 4.0], [2.0, 0.0], [1, 0], [modifier("b", "normsys", {"hi": 1.3, "lo": 0.8})])


@pytest.mark.parametrize("value", [0.37, 1.0, 2.2])
def test_a_bin_without_background_as_in_pyhf(value: float) -> None:
    theirs, data = in_pyhf(without_background())
    cls, tails, band = pyhf.infer.hypotest(value, data, theirs, return_tail_probs=True, return_expected_set=True)
    found = wilks.hypotest(model(without_background()), value=value)
    assert found.statuses == (CONVERGED,)
    np.testing.assert_allclose(found.observed.cls[0], cls, rtol=1e-3)
    np.testing.assert_allclose([found.observed.clsb[0], found.observed.clb[0]], tails, rtol=1e-3)
    np.testing.assert_allclose(found.expected.cls[0], band, rtol=1e-3)


@pytest.mark.parametrize("statistic", ["q", "q~"])
def test_limits_without_background(statistic: str) -> None:
    found = wilks.limit(model(without_background()), statistic=statistic)
    assert found.converged
    tests = wilks.hypotest(model(without_background()), value=[found.observed, *found.expected], statistic=statistic)
    np.testing.assert_allclose(tests.expected.cls[np.arange(1, 6), np.arange(5)], 0.05, rtol=1e-5)
    # With a free lower end the best fit lies where the rate vanishes.
    assert tests.observed.cls[0] == pytest.approx(0.05, rel=1e-5)


def test_a_profile_ends_where_a_rate_vanishes() -> None:
    """Nothing seen: in every conditional fit one rate is 0, and 2NLL is twice the other."""
    background = {"name": "b", "bounds": [[-10, 10]]}
    m = model(one_channel([5.0, 3.0], [4.0, 0.0], [0, 0], [modifier("b", "normfactor")], [background]))
    found = wilks.intervals(m)["mu"]
    # The background cancels the signal of the first bin, so that the second one makes the profile. Its slope is not the
    # derivative of 2NLL there, and Newton's method ends less close than elsewhere.
    assert found.upper == pytest.approx(0.5 * chi2.ppf(0.6827, 1) / 3.0, rel=1e-3)
    assert found.upper_status == CONVERGED
