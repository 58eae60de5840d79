"""`Profile`: conditional fits along the parameter of interest, kept for reuse; the test statistics made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.fitting.convex import one_minimum
from wilks.fitting.problem import Problem
from wilks.flags import every, some
from wilks.infer.asymptotics import BOUNDED
from wilks.infer.profiles import exchanged, lowest, searched
from wilks.infer.study import BETTER, Study, Tested, starting_from, study
from wilks.model.datasets import Data, expected_data
from wilks.results.many import CONVERGED, ManyFits
from wilks.selection import matching


def test_study(statistic: str, bounds: Mapping[str, tuple[float, float]] | None, **asked: object) -> Study:
    """Return the study of a hypothesis test, with the range of the parameter of interest that the statistic has.

    From 0 on for q~, t~ and q0. For q and t from below 0, unless `bounds` says otherwise: where the model's own range
    starts at 0 (pyhf's default) it has no lower end. No upper end but that of `bounds`.
    """
    found = study(bounds=bounds, **asked)  # type: ignore[arg-type]
    name = found.model.parameter_names[found.poi]
    lower, upper = found.problem.lower.copy(), found.problem.upper.copy()
    range_given = any(name in _names(found, pattern) for pattern in bounds or {})
    if not range_given:
        upper[found.poi] = np.inf
        lower[found.poi] = lower[found.poi] if lower[found.poi] < 0 else -np.inf
    if statistic in BOUNDED:
        lower[found.poi] = max(lower[found.poi], 0.0)
    start = found.problem.start.copy()
    start[found.poi] = min(max(start[found.poi], lower[found.poi]), upper[found.poi])
    problem = Problem(start, lower, upper, found.problem.held, found.problem.idle)
    usable = found.given if found.given is not None and found.given.converged else None
    tested = Tested(statistic in BOUNDED, range_given)
    return starting_from(replace(found, problem=problem, given=None, tested=tested), usable)


test_study.__test__ = False  # type: ignore[attr-defined]  # pytest collects what is called test_


def _names(found: Study, pattern: str) -> list[str]:
    return [found.model.parameter_names[i] for i in matching(found.model.parameter_names, pattern)]


@dataclass(frozen=True, eq=False)
class Profile:
    """Conditional fits of a study at values of its parameter of interest, in ascending order.

    `theta` has shape (values, n_parameters), `twice_nll` (values,).
    """

    study: Study
    values: FloatArray
    twice_nll: FloatArray
    theta: FloatArray
    statuses: tuple[str, ...]

    @classmethod
    def of(cls, found: Study) -> Profile:
        """Return a profile without a fit."""
        return cls(found, np.empty(0), np.empty(0), np.empty((0, found.model.n_parameters)), ())

    def extended(self, values: FloatArray) -> Profile:
        """Return the profile with fits at these values too, in one batch.

        They start between the fits beside them, else from what the best fit tells. At the ends of the first values the
        lowest minimum is searched for; neighbours exchange their solutions, those that were there before too. A fit
        below the best one makes that start again from there.
        """
        new = np.array(sorted(set(values.tolist()).difference(self.values.tolist())))
        if not new.size:
            return self
        ends = [] if self.values.size else sorted({0, new.size - 1})
        return self._with(new, self._starts(new), ends)

    def confirmed(self, values: FloatArray) -> Profile:
        """Return the profile with the lowest minimum searched for at these values, as far as there are fits at them, as
        if each were asked for alone.
        """
        again = np.isin(self.values, values)
        if not some(again):
            return self
        rest = replace(
            self,
            values=self.values[~again],
            twice_nll=self.twice_nll[~again],
            theta=self.theta[~again],
            statuses=tuple(status for status, other in zip(self.statuses, again, strict=True) if not other),
        )
        new = self.values[again]
        alone = [Profile.of(self.study).extended(new[i : i + 1]) for i in range(new.size)]
        lower = np.array([one.statuses[0] == CONVERGED for one in alone], np.bool_)
        lower &= np.concatenate([one.twice_nll for one in alone]) < self.twice_nll[again] - BETTER
        starts = np.where(lower[:, None], np.concatenate([one.theta for one in alone]), self.theta[again])
        return rest._with(new, starts) if lower.any() else self

    def below(self, other: Profile) -> bool:
        """Return whether this profile of the same values is lower than another one anywhere."""
        return bool((self.twice_nll < other.twice_nll - BETTER).any())

    def _with(self, new: FloatArray, starts: FloatArray, rows: Sequence[int] = ()) -> Profile:
        """Return the profile with fits at new values from these starts, the lowest minimum searched for in `rows`."""
        found, poi = self.study, self.study.poi
        held = np.empty(starts.shape, np.bool_)
        held[:], held[:, poi] = found.problem.held, True
        # One minimum at each value: nothing to search for, nothing to exchange.
        certain = one_minimum(found.model, held[0])
        if certain:
            fits = found.fits(starts, held, together=False)
        else:
            fits = searched(found, conditional_fits(found, starts), held, rows)
        if certain and every(fits.minimised) and set(self.statuses) <= {CONVERGED}:
            return self._joined(fits, new)
        fits, values = self._merged(fits, new)
        held = np.broadcast_to(held[0], fits.values.shape)
        fits = exchanged(found, fits, found.predicted({poi: values}), held, (values.size,))
        return Profile.of(found)._joined(fits, values)

    def _joined(self, fits: ManyFits, new: FloatArray) -> Profile:
        """Return the profile with fits at new values, and with a better best fit where one of them tells."""
        endings = zip(fits.minimised.tolist(), fits.statuses, strict=True)
        statuses = (*self.statuses, *(CONVERGED if good else status for good, status in endings))
        values = np.concatenate([self.values, new])
        order = values.argsort(kind="stable")
        return Profile(
            study=self.study.improved(fits) or self.study,
            values=values[order],
            twice_nll=np.concatenate([self.twice_nll, fits.twice_nll])[order],
            theta=np.concatenate([self.theta, fits.values])[order],
            statuses=tuple(statuses[i] for i in order.tolist()),
        )

    def _merged(self, fits: ManyFits, new: FloatArray) -> tuple[ManyFits, FloatArray]:
        """Return the fits of this profile and new ones, and all values, in ascending order."""
        if not self.values.size:
            return fits, new
        order = np.argsort(np.concatenate([self.values, new]), kind="stable")
        known = np.array([status == CONVERGED for status in self.statuses], np.bool_)
        statuses = (*self.statuses, *fits.statuses)
        merged = replace(
            fits,
            values=np.concatenate([self.theta, fits.values])[order],
            twice_nll=np.concatenate([self.twice_nll, fits.twice_nll])[order],
            edm=np.concatenate([np.zeros(known.size), fits.edm])[order],
            converged=np.concatenate([known, fits.converged])[order],
            iterations=np.concatenate([np.zeros(known.size, np.intp), fits.iterations])[order],
            statuses=tuple(statuses[i] for i in order),
        )
        return merged, np.concatenate([self.values, new])[order]

    def _starts(self, new: FloatArray) -> FloatArray:
        starts, best = self.study.predicted({self.study.poi: new}), self.study.best.values
        if not self.values.size:
            return starts
        here = float(best[self.study.poi])
        endings = zip(self.values.tolist(), self.statuses, strict=True)
        rows = [i for i, (value, status) in enumerate(endings) if status == CONVERGED and value != here]
        values = [*self.values[rows].tolist(), here]
        if new[0] > max(values) or new[-1] <= min(values):  # beyond what is known
            return starts
        order = np.argsort(values, kind="stable")
        known, theta = np.array(values)[order], np.vstack([self.theta[rows], best])[order]
        right = known.searchsorted(new)
        between = (right > 0) & (right < known.size)
        low, high = right[between] - 1, right[between]
        weight = ((new[between] - known[low]) / (known[high] - known[low]))[:, None]
        starts[between] = (1 - weight) * theta[low] + weight * theta[high]
        starts[:, self.study.poi] = new
        return starts

    def needed(self, values: FloatArray, name: str) -> FloatArray:
        """Return the values whose test statistic takes a fit: a one-sided one is 0 on the other side."""
        return values[self._takes_fit(values, name)]

    def _takes_fit(self, values: FloatArray, name: str) -> BoolArray:
        return ~other_side(self.study.best.values[self.study.poi], values, name)

    def statistic(self, values: FloatArray, name: str) -> tuple[FloatArray, tuple[str, ...]]:
        """Return the test statistic, shape (values,), NaN where a fit failed; and statuses. All fits `needed` exist.

        1007.1727 eqs. 8 and 11 (t, t~), 12 (q0), 14 and 16 (q, q~).
        """
        best = self.study.best
        if not best.minimised:
            return np.full(values.size, np.nan), (f"the best fit: {best.status}",) * values.size
        q, statuses = np.zeros(values.size), [CONVERGED] * values.size
        needed = self._takes_fit(values, name).nonzero()[0]
        rows = self.values.searchsorted(values[needed])
        q[needed] = np.maximum(self.twice_nll[rows] - best.twice_nll, 0.0)
        for i, row in zip(needed.tolist(), rows.tolist(), strict=True):
            statuses[i] = self.statuses[row]
            if statuses[i] != CONVERGED:
                q[i] = np.nan
        return q, tuple(statuses)

    def row(self, value: float) -> tuple[FloatArray, str]:
        """Return the parameters of the conditional fit at a value, and its status."""
        i = int(self.values.searchsorted(value))
        return self.theta[i], self.statuses[i]

    def rows(self, values: FloatArray) -> FloatArray:
        """Return the parameters of the conditional fits, shape (values, n_parameters); NaN where there is none."""
        rows = np.empty((values.size, self.study.model.n_parameters))
        rows.fill(np.nan)
        known = {value: i for i, value in enumerate(self.values.tolist()) if self.statuses[i] == CONVERGED}
        for row, value in zip(rows, values.tolist(), strict=True):
            if value in known:
                row[:] = self.theta[known[value]]
        return rows

    def nearest(self, value: float) -> FloatArray:
        """Return the parameters of the conditional fit at the value that is nearest."""
        theta: FloatArray = self.theta[int(np.abs(self.values - value).argmin())]
        return theta


def conditional_fits(found: Study, starts: FloatArray, data: FloatArray | None = None) -> ManyFits:
    """Return fits from these starts, shape (fits, n_parameters), with the parameter of interest kept as it is there.

    `data` as for `Study.fits`; see `lowest`. Toys are made at these fits: none depends on which others there are.
    """
    held = found.problem.held.copy()
    held[found.poi] = True
    return lowest(found, starts, np.tile(held, (len(starts), 1)), data, together=False)


def one_sided(t: FloatArray, best: FloatArray | float, tested: FloatArray | float, name: str) -> FloatArray:
    """Return the test statistic from t = 2 NLL(tested) - 2 NLL(best): 0 where the best fit is on the other side."""
    return np.where(other_side(best, tested, name), 0.0, t)


def other_side(best: FloatArray | float, tested: FloatArray | float, name: str) -> BoolArray:
    """Return where a best fit is on the side on which a one-sided statistic, q, q~ or q0, is 0."""
    if name in ("q", "q~"):
        return np.asarray(np.greater(best, tested))
    if name == "q0":
        return np.asarray(np.less(best, tested))
    return np.zeros(np.broadcast_shapes(np.shape(best), np.shape(tested)), np.bool_)


def asimov_study(profile: Profile, alternative: float) -> Study:
    """Return the study of the Asimov data of the alternative, made at its conditional fit (pyhf's, and 1007.1727's).

    Its best fit is where the data were made: every term of the likelihood is at its maximum there. No range is needed.
    That is known even where a fit can't tell, because a rate vanishes there: signal without any background.
    """
    found = profile.study
    theta = profile.row(alternative)[0]
    lower, upper = found.problem.lower.copy(), found.problem.upper.copy()
    lower[found.poi], upper[found.poi] = -np.inf, np.inf
    name = found.model.parameter_names[found.poi]
    data = Data(
        expected_data(found.model, theta), f"Asimov (post-fit), {name} = {alternative:g}", found.model.channel_bins
    )
    problem = Problem(theta, lower, upper, found.problem.held, found.problem.idle)
    asimov = replace(found, data=data, problem=problem, given=None)
    best = asimov.best
    if best.minimised:
        return asimov
    known = {"values": theta, "twice_nll": 2.0 * found.model.nll(theta, data.values), "edm": 0.0}
    return replace(asimov, given=replace(best, converged=True, status=CONVERGED, **known))
