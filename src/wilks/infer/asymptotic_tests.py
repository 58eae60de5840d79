"""`AsymptoticTests`: tests of values of the parameter of interest by asymptotic distributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.flags import every
from wilks.infer.asymptotics import Tails, all_tails
from wilks.infer.few_events import for_limit, for_significance
from wilks.infer.likelihood_ratio import Profile, asimov_study
from wilks.infer.study import Study
from wilks.results.conditions import Condition
from wilks.results.fit import FitResult
from wilks.results.hypotest import HypothesisTest
from wilks.results.many import CONVERGED
from wilks.results.tested import PValues, TestFits

_LN10 = np.log(10)


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
        values = np.array(sorted({*self.values.tolist(), *values.tolist()}))
        observed, before = self.observed, None
        # Once more where a better best fit has been found on the way.
        while before is None or observed.study is not before:
            before, observed = observed.study, observed.extended(observed.needed(values, self.statistic))
        asimov = self.asimov
        if asimov is not None:
            asimov = asimov.extended(asimov.needed(values, self.statistic))
        return AsymptoticTests(self.statistic, self.base, observed, asimov, values)

    def confirmed(self, observed: FloatArray, expected: FloatArray) -> AsymptoticTests | None:
        """Return the tests with the lowest minimum searched for at these values, where several are known or the fit is
        flat; None where the fits there are the lowest already.
        """
        fits, asimov = self.observed, self.asimov
        if asimov is None or not any(_ambiguous(one.study.best) for one in (fits, asimov)):
            return None
        others = fits.confirmed(observed), asimov.confirmed(np.union1d(observed, expected))
        if not any(new.below(old) for new, old in zip(others, (fits, asimov), strict=True)):
            return None
        again = AsymptoticTests(self.statistic, self.base, *others, self.values)
        return again.extended(np.empty(0))

    @property
    def sigma(self) -> float:
        """Uncertainty of the parameter of interest if the alternative is true; NaN where there is none."""
        return float(self.asimov.study.best.uncertainties[self.observed.study.poi]) if self.asimov else np.nan

    def told(self, values: FloatArray) -> tuple[Condition, ...]:
        """Return what asymptotic answers at these values, or between, have too few events for."""
        found, fits = self.observed.study, self.observed
        if not fits.values.size or not every(np.isfinite(values)):
            return ()
        if self.statistic == "q0":
            q0 = fits.statistic(values[:1], "q0")[0]
            return for_significance(found, fits.nearest(0.0), float(np.sqrt(q0[0])))
        without = fits.nearest(alternative(self.statistic))
        return for_limit(found, [fits.nearest(float(value)) for value in values], without)

    def fits(self, values: FloatArray) -> TestFits:
        """Return the fits behind the tests of values."""
        found = self.observed.study
        unknown = np.full(found.model.n_parameters, np.nan)
        asimov = self.asimov.study.best.values if self.asimov is not None else unknown
        return TestFits(
            names=found.model.parameter_names,
            best=found.best.values,
            conditional=self.observed.rows(values),
            asimov=asimov,
            asimov_conditional=np.tile(unknown, (values.size, 1)) if self.asimov is None else self.asimov.rows(values),
        )

    def test(
        self, values: FloatArray, fits: TestFits | None = None, conditions: tuple[Condition, ...] = ()
    ) -> HypothesisTest:
        """Return the test at values that have fits, with these in it, and further conditions."""
        found = self.observed.study
        q, statuses = self.observed.statistic(values, self.statistic)
        if self.asimov is None:
            reason = f"the fit at {alternative(self.statistic):g}: {self.observed.row(alternative(self.statistic))[1]}"
            asimov, others = np.full(values.size, np.nan), (reason,) * values.size
        else:
            asimov, others = self.asimov.statistic(values, self.statistic)
        both = zip(statuses, others, strict=True)
        p_observed, p_expected = _p_values(all_tails(q, asimov, self.statistic, self.base))
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
            observed=p_observed,
            expected=p_expected,
            statuses=tuple(s if s != CONVERGED or o == CONVERGED else f"Asimov data: {o}" for s, o in both),
            origin=found.origin(*conditions, statistic=self.statistic, calculator="asymptotic", base=self.base),
            fits=fits,
        )


def _ambiguous(best: FitResult) -> bool:
    return len(best.minima) > 1 or bool(best.flat.size)


def alternative(statistic: str) -> float:
    """Return the value of the other hypothesis: no signal, or for a discovery the nominal one."""
    return 1.0 if statistic == "q0" else 0.0


def _p_values(tails: Tails) -> tuple[PValues, PValues]:
    """Return observed and expected p-values from their logarithms."""
    clsb, cls = tails.log_clsb, tails.log_cls
    columns = np.exp(clsb), np.exp(tails.log_clb), np.exp(cls), clsb / _LN10, cls / _LN10
    return PValues(*(each[..., 0] for each in columns)), PValues(*(each[..., 1:] for each in columns))
