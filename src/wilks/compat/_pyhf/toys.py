"""Hypothesis tests: pyhf's calculators, counted; all toys of a hypothesis are fitted at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyhf
from pyhf.infer.calculators import AsymptoticCalculator, EmpiricalDistribution, ToyCalculator
from pyhf.infer.mle import fixed_poi_fit
from pyhf.infer.utils import get_test_stat
from scipy.special import ndtr

from wilks._types import FloatArray
from wilks.compat._pyhf.fits import servable
from wilks.compat._pyhf.model import Model
from wilks.compat.ledger import LEDGER
from wilks.fitting.every import fit_every
from wilks.fitting.problem import FitOptions, Problem
from wilks.results.many import ManyFits

_TESTSTATISTIC = AsymptoticCalculator.teststatistic
_DISTRIBUTIONS = ToyCalculator.distributions
# A conditional fit below the free one by more than this (in 2NLL) shows that the free one has to start there.
_BETTER = 1e-6
_ALONE = FitOptions(search="none")


def teststatistic(self: Any, poi_test: Any) -> Any:
    """Return the test statistic; see pyhf's AsymptoticCalculator."""
    if not isinstance(self.pdf, Model) or self.pdf.core is None:
        return _TESTSTATISTIC(self, poi_test)
    with LEDGER.serving("test"):
        return _TESTSTATISTIC(self, poi_test)


def distributions(self: Any, poi_test: Any, track_progress: Any = None) -> Any:
    """Return the distributions of the test statistic; see pyhf's ToyCalculator.

    Toys are drawn by pyhf, in its order, so that NumPy's global seed means what it does there.
    """
    tensorlib, optimizer = pyhf.get_backend()
    if not (isinstance(self.pdf, Model) and servable(optimizer, self.pdf)):
        return _DISTRIBUTIONS(self, poi_test, track_progress)
    poi = self.pdf.config.poi_index
    alternative = 1.0 if self.test_stat == "q0" else 0.0
    fixed = (self.init_pars, self.par_bounds, self.fixed_params)
    get_test_stat(self.test_stat)  # a name that does not exist is pyhf's exception
    drawn = []
    for value in (poi_test, alternative):
        pars = fixed_poi_fit(value, self.data, self.pdf, *fixed)
        drawn.append((np.asarray(pars, np.float64), self.pdf.make_pdf(pars).sample((self.ntoys,))))
    tested = 0.0 if self.test_stat == "q0" else float(poi_test)
    found = []
    for pars, toys in drawn:
        with LEDGER.serving("toy", self.ntoys):
            q = _statistics(self, np.ascontiguousarray(toys, np.float64), pars, tested, poi)
        found.append(EmpiricalDistribution(tensorlib.astensor(q)))
    return tuple(found)


def _statistics(calculator: Any, toys: FloatArray, pars: FloatArray, tested: float, poi: int) -> FloatArray:
    """Return the test statistic of each toy; the fits start where the toys were made."""
    core = calculator.pdf.core
    lower, upper = (np.ascontiguousarray(side) for side in np.array(calculator.par_bounds, np.float64).T)
    held = np.array(calculator.fixed_params, np.bool_) | (lower == upper)
    free = Problem(np.clip(pars, lower, upper), lower, upper, held)
    conditional = replace(free, start=_with(pars, poi, tested), held=_with(held, poi, True))
    fixed, best = (fit_every(core, toys, problem, options=_ALONE) for problem in (conditional, free))
    again = np.flatnonzero(fixed.minimised & ~(best.twice_nll <= fixed.twice_nll + _BETTER))
    if again.size:
        from_there = replace(free, start=fixed.values[again])
        best = best.with_rows(again, fit_every(core, toys[again], from_there, options=_ALONE))
    statistic = np.maximum(fixed.twice_nll - best.twice_nll, 0.0)
    at = best.values[:, poi]
    beyond = at < 0 if calculator.test_stat == "q0" else at > tested
    statistic = np.where(beyond | (at == tested), 0.0, statistic)  # at the bound that is tested: one and the same fit
    for row in np.flatnonzero(~(_done(fixed) & _done(best))):
        statistic[row] = _alone(calculator, toys[row], tested)
    return statistic


def _done(fits: ManyFits) -> Any:
    return fits.minimised & np.isfinite(fits.twice_nll)


def _alone(calculator: Any, toy: FloatArray, tested: float) -> float:
    """Return the test statistic of one toy as pyhf makes it, for those whose fits failed."""
    statistic = get_test_stat(calculator.test_stat)
    fixed = (calculator.init_pars, calculator.par_bounds, calculator.fixed_params)
    return float(statistic(tested, toy, calculator.pdf, *fixed))


def _with(values: Any, index: int, value: Any) -> Any:
    changed = np.array(values)
    changed[index] = value
    return changed


def normal_cdf(self: Any, x: Any, mu: Any = 0, sigma: Any = 1) -> Any:
    """Return the normal distribution function; what SciPy's `norm.cdf` returns, without its way there."""
    return ndtr((np.asarray(x) - mu) / sigma)


def percentile(self: Any, tensor_in: Any, q: Any, axis: Any = None, interpolation: str = "linear") -> Any:
    """Return percentiles; see pyhf's numpy_backend, whose keyword NumPy does not know any more."""
    return np.percentile(tensor_in, q, axis=axis, method=interpolation)  # type: ignore[call-overload]
