"""How many events an answer rests on, and whether asymptotic formulae hold with so few.

The criterion was found by comparing asymptotic and exact answers of counting models (`benchmarks/few_events.py`,
docs/explanation/few-events.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.infer.study import Study
from wilks.model.datasets import expected_data
from wilks.results.conditions import Condition
from wilks.results.findings import Severity

RULE = "few-events"
# Where asymptotic answers of counting models are off by more than 10 %: an observed limit with fewer events than
# these, in one bin whose background is known exactly, and where anything else makes the statistic continuous; expected
# limits with less background; a significance with fewer events, or with fewer auxiliary counts behind the background;
# an interval with fewer events.
LIMIT, LIMIT_CONTINUOUS = 3.5, 1.5
EXPECTED_LIMIT = 5.0
SIGNIFICANCE, SIGNIFICANCE_AUXILIARY = 2.5, 10.0
INTERVAL = 5.0
# Bins with so many events expected, all of them, need no closer look.
_MANY = 100.0
# A share of the information about a parameter that a constraint must have to make a statistic continuous.
_SHARE = 1e-9
_ONE_BIN = 0.99


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


def counts(found: Study, theta: FloatArray, i: int) -> Counts | None:
    """Return the counting experiment equivalent to a model at `theta`, for parameter `i`; None with many events.

    With t = d(rates)/d(parameter), all others profiled, the information of the data is the sum of t^2 / nu, and the
    third cumulant of the score that of t^3 / nu^2. A single bin with the same skewness has
    nu = (sum t^2 / nu)^3 / (sum |t|^3 / nu^2)^2 events; observed are as many more or less as the observed information,
    the sum of t^2 n / nu^2, is than the expected one.
    """
    model = found.model
    main = model.observed_main.size
    if not np.isfinite(theta).all() or not 0 <= model.expected(theta).min(initial=np.inf) <= _MANY:
        return None
    rates = expected_data(model, theta)
    direction = _profiled(found, theta, rates, i)
    if direction is None:
        return None
    change = sum_of_changes(found, theta, direction)
    acts = np.abs(change) > 1e-12 * np.abs(change).max(initial=0.0)
    if not acts.any():
        return None
    t, nu, n = change[acts], rates[:main][acts], found.data.values[:main][acts]
    if (nu <= 0).any():
        return Counts(0.0, float(n[nu <= 0].sum()), np.inf, discrete=True)
    information, skewness = t**2 / nu, np.abs(t) ** 3 / nu**2
    expected = float(information.sum() ** 3 / skewness.sum() ** 2)
    auxiliary, prior = _auxiliary(found, rates[main:], direction, i)
    return Counts(
        expected=expected,
        observed=float(expected * (information * n / nu).sum() / information.sum()),
        auxiliary=float((information.sum() + prior) ** 3 / auxiliary**2) if auxiliary > 0 else np.inf,
        discrete=bool(prior <= _SHARE * information.sum() and information.max() > _ONE_BIN * information.sum()),
    )


def _profiled(found: Study, theta: FloatArray, rates: FloatArray, i: int) -> FloatArray | None:
    """Return how all parameters move with one, by the expected information; None where that does not tell."""
    problem = found.problem
    free = ~problem.held & (theta > problem.lower) & (theta < problem.upper)
    free[i] = True
    where = np.flatnonzero(free)
    with np.errstate(all="ignore"):
        information = found.model.hessian(theta, rates)[np.ix_(where, where)]
        scale = 1.0 / np.sqrt(np.diag(information))
        matrix = information * np.outer(scale, scale)
    if not np.isfinite(matrix).all():
        alone = np.zeros(theta.size)
        alone[i] = 1.0
        return alone
    unit = (where == i).astype(np.float64)
    try:
        along = scale * np.linalg.solve(matrix, unit)
    except np.linalg.LinAlgError:
        return None
    direction = np.zeros(theta.size)
    direction[where] = along / along[where == i]
    return direction if np.isfinite(direction).all() else None


def sum_of_changes(found: Study, theta: FloatArray, direction: FloatArray) -> FloatArray:
    """Return the derivative of all main rates along a direction, shape (bins,)."""
    model = found.model
    change = np.zeros(model.observed_main.size)
    for block, each in enumerate(model.blocks):
        change[model.channel_slices[each.channel]] += model.jacobian(theta, block) @ direction
    return change


def _auxiliary(found: Study, rates: FloatArray, direction: FloatArray, i: int) -> tuple[float, float]:
    """Return what Poisson auxiliary data add to the third cumulant, and what all of them add to the information."""
    model = found.model
    kinds = np.array(model.constraints)
    constrained = kinds != "none"
    along, width = direction[constrained], model.prefit_uncertainties[constrained]
    poisson = (kinds[constrained] == "poisson") & (rates > 0) & (width > 0)
    normal = (kinds[constrained] == "normal") & (width > 0)
    t = along[poisson] / width[poisson] ** 2
    information = t**2 / rates[poisson]
    prior = float(information.sum() + ((along[normal] / width[normal]) ** 2).sum())
    return float((np.abs(t) ** 3 / rates[poisson] ** 2).sum()), prior


def for_limit(found: Study, tested: FloatArray, without: FloatArray) -> tuple[Condition, ...]:
    """Return what an asymptotic limit or CLs has too few events for: at the tested value, and without signal."""
    at, background = counts(found, tested, found.poi), counts(found, without, found.poi)
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


def for_significance(found: Study, without: FloatArray) -> tuple[Condition, ...]:
    """Return what an asymptotic significance has too few events for."""
    at = counts(found, without, found.poi)
    if at is None or found.best.values[found.poi] <= 0:
        return ()
    few = at.discrete and at.observed < SIGNIFICANCE
    if not (few or at.auxiliary < SIGNIFICANCE_AUXILIARY):
        return ()
    numbers = {"events": at.observed, "expected without signal": at.expected}
    if not few:
        numbers["auxiliary counts"] = at.auxiliary
    return (_condition(found, numbers, "The significance is off by more than 10 %, too high."),)


def for_interval(found: Study, where: list[int]) -> tuple[Condition, ...]:
    """Return which of some parameters have too few events for a profile-likelihood interval."""
    model, best = found.model, found.best
    few = {}
    for i in where:
        at = counts(found, best.values, i) if model.constraints[i] == "none" and best.minimised else None
        if at is not None and at.observed < INTERVAL:
            few[model.parameter_names[i]] = at.observed
    if not few:
        return ()
    names = tuple(few)
    told = ", ".join(f'"{name}" {events:.2g}' for name, events in list(few.items())[:3])
    return (
        Condition(
            RULE,
            Severity.WARNING,
            "asymptotic, with few events",
            f"Hardly an event tells {told}{'' if len(few) < 4 else ', ...'} (counts of an equivalent single bin).",
            "Profile-likelihood intervals then cover their level within 15 % only.",
            "See what they cover: wilks toys --profile NAME, toys(profile=...) in Python.",
            names,
            {name: float(events) for name, events in few.items()},
        ),
    )


def _condition(found: Study, numbers: dict[str, float], effect: str) -> Condition:
    name = found.model.parameter_names[found.poi]
    told = ", ".join(f"{value:.3g} {what}" for what, value in numbers.items())
    return Condition(
        RULE,
        Severity.WARNING,
        "asymptotic, with few events",
        f'Asymptotic formulae with hardly an event: what tells "{name}" amounts to one bin with {told}.',
        effect,
        'Ask toys: --toys 10000, in Python calculator="toys" (significance: toys=10000).',
        (name,),
        {what: float(value) for what, value in numbers.items()},
    )
