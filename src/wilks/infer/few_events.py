"""How many events an answer rests on, and whether asymptotic formulae hold with so few.

The criterion was found by comparing asymptotic and exact answers of counting models (`benchmarks/few_events.py`,
docs/explanation/few-events.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from wilks._types import FloatArray
from wilks.fitting.flat import resolved
from wilks.fitting.ladder import Answer, Ladder
from wilks.fitting.problem import Problem
from wilks.fitting.status import Status
from wilks.flags import every
from wilks.infer.study import Study
from wilks.model.datasets import expected_data
from wilks.results.conditions import FEW_EVENTS, Condition
from wilks.results.findings import Severity

# Where asymptotic answers of counting models are off by more than 10 %: an observed limit with fewer events than
# these, in one bin whose background is known exactly, and where anything else makes the statistic continuous; expected
# limits with less background; a significance with fewer events, or whose product with the auxiliary counts behind the
# background is smaller; an interval with fewer events.
LIMIT, LIMIT_CONTINUOUS = 3.5, 1.5
EXPECTED_LIMIT = 5.0
SIGNIFICANCE, SIGNIFICANCE_AUXILIARY = 2.5, 2.2
INTERVAL = 5.0
# Bins with so many events expected, all of them, need no closer look.
_MANY = 100.0
# So much of a bound is left to rounding.
_ROUNDING = 1e-9
# The share of the information from auxiliary counts from which on their number matters.
_MATTERS = 0.1
# A share of the information about a parameter that a constraint must have to make a statistic continuous.
_SHARE = 1e-9
_ONE_BIN = 0.99
# What is left of the effect of a parameter that others make up for.
_TOLD = 1e-6


@dataclass(frozen=True)
class Counts:
    """The counting experiment that tells as much about a parameter as a model does.

    `expected` and `observed` are its events, `auxiliary` the counts behind its background (infinite where they don't
    matter), and `discrete` says that its statistic takes few values only.
    """

    expected: float
    observed: float
    auxiliary: float
    discrete: bool


@dataclass(frozen=True, eq=False)
class _Point:
    """A model at parameters of a study, with what the counts of the parameters at `where` need."""

    found: Study
    theta: FloatArray
    where: list[int]

    @cached_property
    def main_rates(self) -> FloatArray:
        """Expected main data; one NaN where the parameters are not known."""
        return self.found.model.expected(self.theta) if every(np.isfinite(self.theta)) else np.full(1, np.nan)

    @cached_property
    def rates(self) -> FloatArray:
        """Expected main and auxiliary data."""
        return expected_data(self.found.model, self.theta)

    @cached_property
    def expected_at_least(self) -> float:
        """What `Counts.expected` can be at least: as if only the bins with the fewest told anything.

        The sum of t^3 / nu^2 is at most (sum of t^2 / nu)^(3/2) / sqrt(least nu); 0 where a rate is not positive.
        """
        fewest = float(np.minimum.reduce(self.main_rates, initial=np.inf))
        return fewest * (1 - _ROUNDING) if fewest > 0 else 0.0

    @property
    def observed_at_least(self) -> float:
        """What `Counts.observed` can be at least."""
        if not self.expected_at_least > 0:
            return 0.0
        main = self.found.data.values[: self.main_rates.size]
        return self.expected_at_least * float(np.minimum.reduce(main / self.main_rates, initial=np.inf))

    @cached_property
    def fit(self) -> Answer:
        """The fit to what is expected here, which ends where it starts; its covariance is the inverse information."""
        problem, model = self.found.problem, self.found.model
        lower, upper = problem.lower.copy(), problem.upper.copy()
        lower[self.where], upper[self.where] = -np.inf, np.inf
        held = problem.held.copy()
        held[self.where] = False
        problem = Problem(self.theta, lower, upper, held)
        options = replace(self.found.running.options, search="none")
        ladder = Ladder(model, model.dataset(self.rates), problem, options)
        return resolved(ladder, ladder.answer())[0]

    @cached_property
    def jacobian(self) -> FloatArray:
        """Derivatives of the main rates, shape (bins, n_parameters)."""
        return self.found.model.rates_jacobian(self.theta)

    @property
    def few(self) -> bool:
        """Whether some bin expects few events, and none less than nothing."""
        return bool(0 <= self.main_rates.min(initial=np.inf) <= _MANY)


def counts(found: Study, theta: FloatArray, i: int) -> Counts | None:
    """Return the counting experiment equivalent to a model at `theta`, for parameter `i`; None with many events.

    With t = d(rates)/d(parameter), all others profiled, the information of the data is the sum of t^2 / nu, and the
    third cumulant of the score that of t^3 / nu^2. A single bin with the same skewness has
    nu = (sum t^2 / nu)^3 / (sum |t^3| / nu^2)^2 events; observed are as many more or less as the observed information,
    the sum of t^2 n / nu^2, is than the expected one.
    """
    return _counts(_Point(found, theta, [i]), i)


def _counts(point: _Point, i: int) -> Counts | None:
    direction = _profiled(point, i) if point.few else None
    if direction is None:
        return None
    data = point.found.data.values
    change = np.abs(point.jacobian @ direction)
    if not change.max(initial=0.0) > _TOLD * np.abs(point.jacobian[:, i]).max(initial=0.0):
        return None
    acts = np.flatnonzero(change > 1e-12 * change.max())
    t, nu, n = change[acts], point.rates[acts], data[acts]
    if (nu <= 0).any():
        return Counts(0.0, float(n[nu <= 0].sum()), np.inf, discrete=True)
    information, skewness = t**2 / nu, t**3 / nu**2
    expected = float(information.sum() ** 3 / skewness.sum() ** 2)
    total = float(information.sum())
    auxiliary, prior = _auxiliary(point, direction, total)
    return Counts(
        expected=expected,
        observed=float(expected * (information * n / nu).sum() / total),
        auxiliary=auxiliary,
        discrete=bool(prior <= _SHARE * total and information.max() > _ONE_BIN * total),
    )


def _profiled(point: _Point, i: int) -> FloatArray | None:
    """Return how all parameters move with one, by the expected information; None where that does not tell.

    Where rates vanish there is no information: the parameter then moves alone.
    """
    raw = point.fit.raw
    if raw["status"] == Status.CONVERGED and "covariance" in raw and raw["covariance"][i, i] > 0:
        direction: FloatArray = raw["covariance"][:, i] / raw["covariance"][i, i]
        return direction
    if raw["status"] == Status.FLAT_DIRECTION:
        return None
    alone: FloatArray = (np.arange(point.theta.size) == i).astype(np.float64)
    return alone


def _auxiliary(point: _Point, direction: FloatArray, known: float) -> tuple[float, float]:
    """Return the counts of Poisson auxiliary data, and what all auxiliary data add to the information `known`.

    The counts are averaged by information; infinite where these data hardly matter.
    """
    model = point.found.model
    main = model.observed_main.size
    kinds = np.array(model.constraints)
    constrained = kinds != "none"
    along, width = direction[constrained], model.prefit_uncertainties[constrained]
    rates, counted = point.rates[main:], point.found.data.values[main:]
    poisson = (kinds[constrained] == "poisson") & (rates > 0) & (width > 0)
    normal = (kinds[constrained] == "normal") & (width > 0)
    information = (along[poisson] * model.constraint_terms.factor[poisson]) ** 2 / rates[poisson]
    prior = float(information.sum() + ((along[normal] / width[normal]) ** 2).sum())
    if not information.sum() > _MATTERS * (prior + known):
        return np.inf, prior
    return float((information * counted[poisson]).sum() / information.sum()), prior


def for_limit(found: Study, tested: Sequence[FloatArray], without: FloatArray) -> tuple[Condition, ...]:
    """Return what asymptotic limits or CLs have too few events for: at the tested value with the fewest, and without
    signal."""
    background = _Point(found, without, [found.poi])
    each = [_for_limit(_Point(found, theta, [found.poi]), background) for theta in tested]
    return min(filter(None, each), key=lambda told: told[0].numbers.get("events", np.inf), default=())


def _for_limit(here: _Point, other: _Point) -> tuple[Condition, ...]:
    found = here.found
    if here.observed_at_least > max(LIMIT, LIMIT_CONTINUOUS) and other.expected_at_least > EXPECTED_LIMIT:
        return ()
    at, background = _counts(here, found.poi), _counts(other, found.poi)
    observed = at is not None and at.observed < (LIMIT if at.discrete else LIMIT_CONTINUOUS)
    expected = background is not None and background.expected < EXPECTED_LIMIT
    if not (observed or expected):
        return ()
    numbers = {}
    if at is not None:
        numbers["events"] = at.observed
    if background is not None:
        numbers["expected without signal"] = background.expected
    which = "Observed and expected ones" if observed and expected else "Observed ones" if observed else "Expected ones"
    return (
        _condition(
            found,
            numbers,
            f"{which} are off by more than 10 %, observed limits too low."
            if observed
            else f"{which} are off by more than 10 %.",
        ),
    )


def for_significance(found: Study, without: FloatArray, significance: float) -> tuple[Condition, ...]:
    """Return what an asymptotic significance has too few events for."""
    point, auxiliary = _Point(found, without, [found.poi]), found.data.values[found.model.observed_main.size :]
    counted = auxiliary[found.model.constraint_terms.poisson] * (1 - _ROUNDING)
    enough = point.observed_at_least > SIGNIFICANCE and (counted * significance > SIGNIFICANCE_AUXILIARY).all()
    if enough or found.best.values[found.poi] <= 0:
        return ()
    at = _counts(point, found.poi)
    if at is None:
        return ()
    few = at.discrete and at.observed < SIGNIFICANCE
    from_few = at.auxiliary * significance < SIGNIFICANCE_AUXILIARY
    if not (few or from_few):
        return ()
    numbers = {"events": at.observed, "expected without signal": at.expected}
    if from_few:
        numbers["auxiliary counts"] = at.auxiliary
    return (_condition(found, numbers, "The significance is off by more than 10 %, too high."),)


def for_interval(found: Study, where: list[int]) -> tuple[Condition, ...]:
    """Return which of some parameters have too few events for a profile-likelihood interval."""
    model, best = found.model, found.best
    free = [i for i in where if model.constraints[i] == "none" and best.minimised]
    few, point = {}, _Point(found, best.values, free)
    for i in free if point.observed_at_least <= INTERVAL else ():
        at = _counts(point, i)
        if at is not None and at.observed < INTERVAL:
            few[model.parameter_names[i]] = at.observed
    if not few:
        return ()
    names = tuple(few)
    told = ", ".join(f'"{name}" {events:.2g}' for name, events in list(few.items())[:3])
    return (
        Condition(
            FEW_EVENTS,
            Severity.WARNING,
            "asymptotic, with few events",
            f"Hardly an event tells {told}{'' if len(few) < 4 else ', ...'} (counts of an equivalent single bin).",
            "Profile-likelihood intervals then cover anything from 55 to 85 % where 68 % is meant.",
            "See what they cover: wilks toys --profile NAME, toys(profile=...) in Python.",
            names,
            {name: float(events) for name, events in few.items()},
        ),
    )


def _condition(found: Study, numbers: dict[str, float], effect: str) -> Condition:
    name = found.model.parameter_names[found.poi]
    told = ", ".join(f"{value:.3g} {what}" for what, value in numbers.items())
    return Condition(
        FEW_EVENTS,
        Severity.WARNING,
        "asymptotic, with few events",
        f'Asymptotic formulae with hardly an event: what tells "{name}" amounts to one bin with {told}.',
        effect,
        'Ask toys: --toys 10000, in Python calculator="toys" (significance: toys=10000).',
        (name,),
        {what: float(value) for what, value in numbers.items()},
    )
