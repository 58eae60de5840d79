"""Hypothesis tests and limits through pyhf's own functions, on served models."""

from __future__ import annotations

import logging
from dataclasses import astuple
from typing import Any

import numpy as np
import pyhf
import pytest
from pyhf.infer import calculators, hypotest
from pyhf.infer.intervals.upper_limits import upper_limit
from tests.compat.models import both, counting, luminous

import wilks
from wilks.compat.ledger import LEDGER

pytestmark = [
    pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning"),
]

EVERYTHING = {"return_tail_probs": True, "return_expected": True, "return_expected_set": True}


def searches(observed: list[float]) -> tuple[Any, Any, list[float]]:
    served, own = both(counting([12.0, 11.0], [50.0, 52.0], [3.0, 7.0]))
    return served, own, [*observed, *own.config.auxdata]


def flat(answer: Any) -> np.ndarray:
    if isinstance(answer, tuple | list):
        return np.concatenate([flat(each) for each in answer])
    return np.atleast_1d(np.asarray(answer))


def shape(answer: Any) -> Any:
    if isinstance(answer, tuple | list):
        return type(answer), [shape(each) for each in answer]
    return type(answer), np.shape(answer)


@pytest.mark.parametrize("observed", [[51.0, 48.0], [70.0, 66.0]])
@pytest.mark.parametrize("statistic", ["q", "qtilde", "q0"])
@pytest.mark.parametrize("base", ["normal", "clipped_normal"])
def test_answers_are_pyhfs_in_numbers_and_shapes(observed: list[float], statistic: str, base: str) -> None:
    served, own, data = searches(observed)
    options = {"test_stat": statistic, "calc_base_dist": base, **EVERYTHING}
    ours, theirs = (hypotest(1.0, data, pdf, **options) for pdf in (served, own))
    assert shape(ours) == shape(theirs)
    np.testing.assert_allclose(flat(ours), flat(theirs), rtol=3e-4, atol=1e-6)
    assert LEDGER.served["test"] == 1


def test_answers_are_those_of_wilks() -> None:
    served, _, data = searches([51.0, 48.0])
    cls, tails, median, band = hypotest(0.8, data, served, **EVERYTHING)
    answer = wilks.hypotest(served.core.with_poi("mu"), data, value=0.8, bounds={"mu": (0, 10)})
    np.testing.assert_allclose(cls, answer.observed.cls[0], rtol=1e-7)
    np.testing.assert_allclose(flat(tails), [answer.observed.clsb[0], answer.observed.clb[0]], rtol=1e-7)
    np.testing.assert_allclose(flat(band), answer.expected.cls[0], rtol=1e-7)
    assert median == band[2]


def test_q_has_the_bounds_of_the_parameter_of_interest() -> None:
    """1bin_lumi of pyhf's validation: CLs is 0.0105 with pyhf's bounds, 0.0014 without a lower one."""
    lumi = {"name": "lumi", "type": "lumi", "data": None}
    samples = [
        {"name": "signal", "data": [20.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
        {"name": "background", "data": [100.0], "modifiers": [lumi]},
    ]
    settings = {"name": "lumi", "auxdata": [1.0], "sigmas": [0.1], "bounds": [[0.0, 10.0]], "inits": [1.0]}
    spec = {"channels": [{"name": "SR", "samples": samples}], "parameters": [settings]}
    served, own = both(spec)
    data = [55.0, *own.config.auxdata]
    bounded, theirs = (float(hypotest(1.0, data, pdf, test_stat="q")) for pdf in (served, own))
    assert bounded == pytest.approx(theirs, rel=1e-3)
    below = [(-10.0, 10.0) if name == "mu" else (0.0, 10.0) for name in own.config.par_names]
    unbounded, theirs = (float(hypotest(1.0, data, pdf, test_stat="q", par_bounds=below)) for pdf in (served, own))
    assert unbounded == pytest.approx(theirs, rel=1e-3)
    assert bounded == pytest.approx(0.010473, rel=1e-4)
    assert unbounded == pytest.approx(0.00140, rel=5e-3)


def test_q0_means_no_signal_whatever_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    served, own, data = searches([70.0, 66.0])
    with caplog.at_level(logging.WARNING):
        answers = [float(hypotest(1.0, data, pdf, test_stat="q0")) for pdf in (served, own)]
    assert answers[0] == pytest.approx(answers[1], rel=1e-4)
    assert answers[0] == float(hypotest(0.0, data, served, test_stat="q0"))
    assert "Setting mu=0" in caplog.text


def test_at_no_signal_there_is_nothing_to_divide_by() -> None:
    served, _, data = searches([51.0, 48.0])
    assert float(hypotest(0.0, data, served)) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("statistic", ["q", "qtilde"])
def test_the_calculator_knows_its_fits(statistic: str) -> None:
    served, own, data = searches([61.0, 58.0])
    found = []
    for pdf in (served, own):
        _, calculator = hypotest(0.7, data, pdf, test_stat=statistic, return_calculator=True)
        assert isinstance(calculator.fitted_pars, calculators.HypoTestFitResults)
        found.append(astuple(calculator.fitted_pars))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_mistakes_are_pyhfs() -> None:
    served, own, data = searches([51.0, 48.0])
    for pdf in (served, own):
        with pytest.raises(pyhf.exceptions.InvalidTestStatistic):
            hypotest(1.0, data, pdf, test_stat="t")
        with pytest.raises(pyhf.exceptions.InvalidModel, match="is set as fixed"):
            hypotest(1.0, data, pdf, fixed_params=[True, False, False])
        with pytest.raises(ValueError, match="lies outside of its bounds"):
            hypotest(11.0, data, pdf)


def test_limits_by_root_finding_and_by_a_scan() -> None:
    served, own, data = searches([51.0, 48.0])
    scan = np.linspace(0.0, 5.0, 11)
    for options in ({}, {"scan": scan}):
        ours, theirs = (upper_limit(data, pdf, **options) for pdf in (served, own))
        assert shape(ours) == shape(theirs)
        np.testing.assert_allclose(flat(ours), flat(theirs), rtol=2e-4)
    limit = wilks.limit(served.core.with_poi("mu"), data, bounds={"mu": (0, 10)})
    observed, expected = upper_limit(data, served, rtol=1e-9)
    np.testing.assert_allclose(observed, limit.observed, rtol=1e-5)
    np.testing.assert_allclose(expected, limit.expected, rtol=1e-5)
    observed, _, (values, results) = upper_limit(data, served, scan, return_results=True)
    assert len(results) == len(values) == 11


@pytest.mark.parametrize("statistic", ["q", "qtilde", "q0"])
def test_toys_are_drawn_by_pyhf_and_fitted_together(statistic: str) -> None:
    served, own, data = searches([61.0, 58.0])
    options = {"calctype": "toybased", "ntoys": 60, "track_progress": False, "test_stat": statistic, **EVERYTHING}
    answers = []
    for pdf in (served, own):
        np.random.seed(11)  # noqa: NPY002  pyhf draws from NumPy's global generator
        answers.append(hypotest(0.0 if statistic == "q0" else 1.0, data, pdf, **options))
    assert shape(answers[0]) == shape(answers[1])
    # A toy more or less beyond the observed value. Half of all toys have q0 = 0, which in pyhf is 0 or rounding.
    last = -1 if statistic == "q0" else None
    np.testing.assert_allclose(flat(answers[0])[:last], flat(answers[1])[:last], atol=0.05)
    assert LEDGER.served["toy"] == 120


def test_the_statistic_of_each_toy_is_that_of_pyhf() -> None:
    served, own = both(luminous())
    data = [130.0, 60.0, *own.config.auxdata]
    distributions = []
    for pdf in (served, own):
        np.random.seed(2)  # noqa: NPY002
        calculator = calculators.ToyCalculator(data, pdf, ntoys=15, track_progress=False)
        distributions.append(calculator.distributions(0.5))
    pars = own.config.suggested_init()
    assert len(pars) > 5
    for ours, theirs in zip(*distributions, strict=True):
        assert ours.samples.shape == theirs.samples.shape
        np.testing.assert_allclose(ours.samples, theirs.samples, atol=5e-3)


def test_a_pdf_that_only_looks_like_one_goes_pyhfs_way() -> None:
    class Config:
        poi_index, npars = 0, 1

        def suggested_init(self) -> list[float]:
            return [1.0]

        def suggested_bounds(self) -> list[tuple[float, float]]:
            return [(0.0, 10.0)]

        def suggested_fixed(self) -> list[bool]:
            return [False]

    class Counting:
        config = Config()

        def logpdf(self, pars: Any, data: Any) -> Any:
            return -0.5 * np.reshape((data[0] - 10.0 - 5.0 * pars[0]) ** 2 / 10.0, (1,))

        def expected_data(self, pars: Any, include_auxdata: bool = True) -> Any:
            return np.array([10.0 + 5.0 * pars[0]])

    answer = hypotest(1.0, np.array([11.0]), Counting())
    assert 0.0 < float(answer) < 1.0
    assert not LEDGER.served["fit"]
