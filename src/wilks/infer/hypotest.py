"""`hypotest`: tests of values of the parameter of interest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.errors import ModelError, listed
from wilks.infer.asymptotics import Tails, check_test, expected_tails, observed_tails
from wilks.infer.likelihood_ratio import Profile, asimov_study, test_study
from wilks.infer.study import Running, Study
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.results.fit import FitResult
from wilks.results.hypotest import HypothesisTest, PValues
from wilks.results.many import CONVERGED

CALCULATORS = ("asymptotic", "toys")


def hypotest(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    value: float | Sequence[float] | FloatArray | None = None,
    statistic: str = "q~",
    calculator: str = "asymptotic",
    base: str = "normal",
    toys: int = 10_000,
    seed: int = 1,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    running: Running = Running(),
) -> HypothesisTest:
    """Return the test of one or several values of the parameter of interest: CLs+b, CLb, CLs, observed and expected.

    `value` is 1 by default, for q0 it is 0. `statistic` is one of those of 1007.1727: "q~" and "q" (for upper limits),
    "q0" (for discovery), "t" and "t~" (for intervals). For q~, t~ and q0 the best fit is not below 0; for q and t it
    may be, unless `bounds` says otherwise. Values beyond the parameter's bounds are tested as well. `base` is pyhf's
    base distribution of the expected band, "normal" or "clipped_normal".

    `calculator="toys"` replaces the asymptotic distributions by `toys` toys of each hypothesis, made at the conditional
    fits to the data; the same `seed` gives the same toys on any number of threads. Values share the background's toys.

    A value whose fits fail has a status and NaN. Raises ModelError for what can't be asked.

    >>> hypotest(model, value=[0.5, 1.0, 1.5]).observed.cls  # doctest: +SKIP
    """
    check_test(statistic, base)
    check_calculator(calculator, base, toys, seed)
    values = _values(value, statistic)
    asked = {"poi": poi, "fixed": fixed, "result": result, "running": running}
    found = test_study(statistic, bounds, model=model, data=data, **asked)
    if calculator == "toys":
        from wilks.infer.toy_tests import ToyTests

        return ToyTests(AsymptoticTests.of(found, statistic, base), toys, seed).extended(values).test(values)
    return AsymptoticTests.of(found, statistic, base).extended(values).test(values)


@dataclass(frozen=True, eq=False)
class AsymptoticTests:
    """The fits to the observed and to the Asimov data that tests are made of; more values cost only their own fits."""

    statistic: str
    base: str
    observed: Profile
    asimov: Profile | None
    values: FloatArray

    @classmethod
    def of(cls, found: Study, statistic: str, base: str) -> AsymptoticTests:
        """Return the tests of a study, with the Asimov data of the alternative (None where their fit failed)."""
        other = alternative(statistic)
        observed = Profile.of(found).extended(np.array([other]))
        good = observed.row(other)[1] == CONVERGED
        asimov = Profile.of(asimov_study(observed, other)) if good else None
        return cls(statistic, base, observed, asimov, np.empty(0))

    def extended(self, values: FloatArray) -> AsymptoticTests:
        """Return the tests with fits at these values: one batch to each data set."""
        values = np.union1d(self.values, values)
        observed, before = self.observed, None
        # Once more where a better best fit has been found on the way.
        while observed is not before:
            before, observed = observed, observed.extended(observed.needed(values, self.statistic))
        asimov = self.asimov.extended(self.asimov.needed(values, self.statistic)) if self.asimov is not None else None
        return AsymptoticTests(self.statistic, self.base, observed, asimov, values)

    @property
    def sigma(self) -> float:
        """Uncertainty of the parameter of interest if the alternative is true; NaN where there is none."""
        return float(self.asimov.study.best.uncertainties[self.observed.study.poi]) if self.asimov else np.nan

    def test(self, values: FloatArray) -> HypothesisTest:
        """Return the test at values that have fits."""
        found = self.observed.study
        q, statuses = self.observed.statistic(values, self.statistic)
        if self.asimov is None:
            reason = f"the fit at {alternative(self.statistic):g}: {self.observed.row(alternative(self.statistic))[1]}"
            asimov, others = np.full(values.size, np.nan), (reason,) * values.size
        else:
            asimov, others = self.asimov.statistic(values, self.statistic)
        both = zip(statuses, others, strict=True)
        return HypothesisTest(
            poi=found.model.parameter_names[found.poi],
            values=values,
            statistic=self.statistic,
            calculator="asymptotic",
            base=self.base,
            alternative=alternative(self.statistic),
            best_value=float(found.best.values[found.poi]),
            test_statistic=q,
            asimov_statistic=asimov,
            observed=p_values(observed_tails(q, asimov, self.statistic)),
            expected=p_values(expected_tails(asimov, self.statistic, self.base)),
            statuses=tuple(s if s != CONVERGED or o == CONVERGED else f"Asimov data: {o}" for s, o in both),
            origin=found.origin(statistic=self.statistic, calculator="asymptotic", base=self.base),
        )


def check_calculator(calculator: str, base: str, toys: int, seed: int) -> None:
    """Raise ModelError for a calculator that does not exist, or settings that it can't have."""
    if calculator not in CALCULATORS:
        raise ModelError(f'no calculator "{calculator}"; allowed are {listed(CALCULATORS)}')
    if calculator == "toys":
        check_toys(toys, seed)
        if base != "normal":
            raise ModelError(f'base "{base}" is for the asymptotic calculator: toys have distributions of their own')


def check_toys(toys: int, seed: int) -> None:
    """Raise ModelError for impossible numbers of toys or seeds."""
    problems = []
    if not (isinstance(toys, int | np.integer) and 1 <= toys < 2**63):
        problems.append(f"toys: at least one is needed, found {toys!r}")
    if not (isinstance(seed, int | np.integer) and 0 <= seed < 2**64):
        problems.append(f"seed must be a whole number from 0 to 2^64 - 1, found {seed!r}")
    if problems:
        raise ModelError(problems)


def alternative(statistic: str) -> float:
    """Return the value of the other hypothesis: no signal, or for a discovery the nominal one."""
    return 1.0 if statistic == "q0" else 0.0


def p_values(tails: Tails) -> PValues:
    """Return p-values from their logarithms."""
    clsb, cls = tails.log_clsb, tails.log_cls
    return PValues(np.exp(clsb), np.exp(tails.log_clb), np.exp(cls), clsb / np.log(10), cls / np.log(10))


def _values(value: float | Sequence[float] | FloatArray | None, statistic: str) -> FloatArray:
    """Return the values to test; ModelError for what can't be tested."""
    values = np.atleast_1d(np.asarray((0.0 if statistic == "q0" else 1.0) if value is None else value, np.float64))
    problems = []
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        problems.append(f"value: one finite number or several are needed, found {value!r}")
    elif statistic == "q0" and (values != 0).any():
        problems.append("q0 tests the value 0 (no signal); for other values use t, t~, q or q~")
    elif statistic in ("q~", "t~") and (values < 0).any():
        problems.append(f'"{statistic}" is for parameters that are not below 0, found {values.min():g}; use q or t')
    if problems:
        raise ModelError(problems)
    return values
