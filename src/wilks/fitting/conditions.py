"""`conditions`: what is odd about a best fit: how it ended, bounds that hold it, rates that are not positive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from wilks import bin_labels
from wilks.errors import listed
from wilks.fitting.other_minima import other_minima
from wilks.fitting.problem import Problem
from wilks.flags import every
from wilks.model.model import Model
from wilks.results.conditions import AT_BOUND, FAILED, FLAT, IDLE_POI, KEPT_BY_START, NO_RATE, Condition
from wilks.results.findings import Severity
from wilks.results.fit import FitResult
from wilks.results.many import FLAT as FLAT_STATUS
from wilks.results.many import INTERRUPTED

# How far a bound is moved to see what it holds back: ten times, until the parameter leaves it, to a million times.
_STEPS = 6
# Minima of the best fit from which fits beyond its bounds start.
_MINIMA = 3
# Parameters that a sentence names with their values.
_NAMED = 3
# A fall of 2NLL beyond a natural bound that is worth a warning: about one standard deviation.
_MATTERS = 1.0


@dataclass(frozen=True, eq=False)
class Fitted:
    """A best fit and what it answers; `refit` fits the same data with other bounds, from one start.

    `poi` is the position of the parameter of interest, -1 where there is none; `bounded` says that its lower bound is
    that of a test statistic.
    """

    model: Model
    problem: Problem
    best: FitResult
    poi: int
    refit: Callable[[Problem], FitResult]
    bounded: bool = False

    @cached_property
    def at_bound(self) -> list[int]:
        """Positions of the free parameters that ended at a bound, the parameter of interest apart."""
        held = self.problem.held
        return [i for i in self.best.at_bound.nonzero()[0].tolist() if i != self.poi and not held[i]]

    def without_bounds(self, where: list[int]) -> tuple[list[int], Problem, FitResult]:
        """Return the problem with the bounds that parameters are at moved outwards, which these are, and its fit.

        They are moved until no parameter is at one of them any more, or as far as makes sense. Unconstrained parameters
        that end at the same side then are moved too. The last fit is the lowest of those from all minima known.
        """
        up, moved, found = self.upper(where[0]), list(where), self.best
        start = np.where(self.problem.held, self.problem.start, self.best.values)
        free = np.array([kind == "none" for kind in self.best.constraints]) & ~self.problem.held
        problem = replace(self.problem, start=start)
        for step in range(1, _STEPS):
            low, high = self.problem.lower.copy(), self.problem.upper.copy()
            reach = (10.0**step - 1) * (high[moved] - low[moved])
            (high if up else low)[moved] += reach if up else -reach
            problem = replace(problem, lower=low, upper=high)
            found = self.refit(problem)
            if not found.at_bound[moved].any():
                others = np.flatnonzero(found.at_bound & free & (found.values == (high if up else low)))
                if not others.size or self.poi in others:
                    break
                moved += others.tolist()
        more = [self.refit(replace(problem, start=minimum.values)) for minimum in self.best.minima[1:_MINIMA]]
        lower = [other for other in more if other.minimised and other.twice_nll < found.twice_nll]
        return moved, problem, min(lower, key=lambda fit: fit.twice_nll, default=found)

    def inside(self, i: int) -> bool:
        """Return whether a parameter is inside its bounds: a kink of the likelihood holds it."""
        return bool(self.problem.lower[i] < self.best.values[i] < self.problem.upper[i])

    def upper(self, i: int) -> bool:
        """Return whether a parameter at a bound is at the upper one."""
        low, high = self.problem.lower[i], self.problem.upper[i]
        return bool(abs(high - self.best.values[i]) < abs(self.best.values[i] - low))


Rule: TypeAlias = Callable[[Fitted], Iterator[Condition]]


def conditions(fitted: Fitted, more: Sequence[Rule] = ()) -> tuple[Condition, ...]:
    """Return the conditions of a best fit, by the rules of every fit and `more`; none of one that was interrupted."""
    if fitted.best.status == INTERRUPTED:
        return ()
    return tuple(condition for rule in (*RULES, *more) for condition in rule(fitted))


def not_converged(fitted: Fitted) -> Iterator[Condition]:
    """The best fit failed, or some parameters can't be told apart."""
    best = fitted.best
    if best.converged:
        return
    yield failure(fitted, best.status)


def failure(fitted: Fitted, status: str) -> Condition:
    """Return the condition of a fit that ended with a status; the parameters are those that it names."""
    names = tuple(name for name in fitted.best.names if f'"{name}"' in status)
    poi = fitted.best.names[fitted.poi] if fitted.poi >= 0 else None
    if not status.startswith(FLAT_STATUS):
        return _without_covariance(status, names) if fitted.best.minimised else _failed(status, names)
    # A status names some dozen parameters and counts the others.
    aside = bool(names) and poi is not None and poi not in names and " more" not in status
    effect = (
        f'The data do not tell "{poi}" apart from the others.' if len(names) > 1 else f'The data do not tell "{poi}".'
    )
    return Condition(
        FLAT,
        Severity.WARNING if aside else Severity.ERROR,
        f"flat: {', '.join(names)}" if names else "flat best fit",
        f"{status[0].upper()}{status[1:]}.",
        "" if aside or poi is None else effect,
        "Fix one of these parameters, or give the data that determine it.",
        names,
    )


def _failed(status: str, names: tuple[str, ...]) -> Condition:
    return Condition(
        FAILED,
        Severity.ERROR,
        "best fit not converged",
        f"The best fit did not converge: {status}.",
        advice="Look at the findings of the workspace first.",
        parameters=names,
    )


def _without_covariance(status: str, names: tuple[str, ...]) -> Condition:
    return Condition(
        FAILED,
        Severity.WARNING,
        "best fit where a rate vanishes",
        f"The best fit has no covariance: {status}.",
        advice="Merge bins, or bound what takes the rate away.",
        parameters=names,
    )


def factors_at_bounds(fitted: Fitted) -> Iterator[Condition]:
    """Unconstrained nuisance parameters end at bounds; said is where they are without, and what that changes."""
    where = [i for i in fitted.at_bound if fitted.best.constraints[i] == "none"]
    for chosen in (
        [i for i in where if fitted.upper(i)],
        [i for i in where if not fitted.upper(i)],
    ):
        if chosen:
            yield _held_back(fitted, chosen)


def _held_back(fitted: Fitted, where: list[int]) -> Condition:
    """Return the condition of unconstrained parameters at their upper bounds, or at their lower ones."""
    best, names = fitted.best, fitted.best.names
    upper = fitted.upper(where[0])
    moved, wider, free = fitted.without_bounds(where)
    drop = best.twice_nll - free.twice_nll
    numbers = {names[i]: float(free.values[i]) for i in where} | {"2NLL": -float(drop)}
    matters = upper or drop > _MATTERS
    bounds = {names[i]: (float(wider.lower[i]), float(wider.upper[i])) for i in moved}
    effect, usable = "", free.minimised and drop > 0
    if usable and fitted.poi >= 0 and not fitted.problem.held[fitted.poi]:
        poi = names[fitted.poi]
        numbers |= {poi: float(free.values[fitted.poi])}
        effect = f'"{poi}" is then {free.values[fitted.poi]:.4g}, not {best.values[fitted.poi]:.4g}.'
    return Condition(
        AT_BOUND,
        Severity.WARNING if matters else Severity.NOTE,
        f"{_some([names[i] for i in where])} at {_bound(fitted, where)}",
        f"{_ends(fitted, where)} {_beyond(free, where, bounds, drop)}",
        effect,
        _advice(bounds) if usable and upper else "Nothing more of it can be taken away: see whether it is needed.",
        tuple(names[i] for i in where),
        numbers,
        bounds if usable and upper else {},
    )


def _bound(fitted: Fitted, where: list[int]) -> str:
    return f"its bound {fitted.best.values[where[0]]:.4g}" if len(where) == 1 else "their bounds"


def _ends(fitted: Fitted, where: list[int]) -> str:
    """Return which parameters end at which bounds, and who gave these, as a sentence."""
    best, default = fitted.best, fitted.model.default_bounds
    told = [f'"{best.names[i]}" ends at its bound {best.values[i]:.4g}' for i in where[:_NAMED]]
    more = f", and {len(where) - _NAMED} more" if len(where) > _NAMED else ""
    sides = [fitted.model.bounds[1 if fitted.upper(i) else 0][i] == best.values[i] for i in where]
    given = "" if not (default[where] & sides).all() else ", a default: the measurement gives none"
    return f"{', '.join(told)}{more}{given}."


def _beyond(free: FitResult, where: list[int], bounds: dict[str, tuple[float, float]], drop: float) -> str:
    """Return where parameters are with wider bounds, as a sentence."""
    if not free.minimised:
        return f"With a wider bound the fit does not converge: {free.status}."
    values = ", ".join(f"{free.values[i]:.4g}" for i in where[:_NAMED])
    if len(where) > _NAMED:
        values += ", ..."
    low, high = bounds[free.names[where[0]]]
    still = " (still at it)" if free.at_bound[where].any() else ""
    what = "it is" if len(where) == 1 else "they are"
    return f"Between {low:.4g} and {high:.4g} {what} {values}{still}, and 2NLL is lower by {max(drop, 0.0):.3g}."


def _advice(bounds: dict[str, tuple[float, float]]) -> str:
    options = [f'--bounds "{name}={low:g}:{high:g}"' for name, (low, high) in list(bounds.items())[:_NAMED]]
    return f"If larger values make sense, widen the bound: {' '.join(options)}, bounds= in Python, or the measurement."


def constrained_at_bounds(fitted: Fitted) -> Iterator[Condition]:
    """Constrained parameters end at their bounds, which nothing in the likelihood explains."""
    best = fitted.best
    every = [i for i in fitted.at_bound if best.constraints[i] != "none"]
    where = [i for i in every if not fitted.inside(i)]
    if kinked := [i for i in every if fitted.inside(i)]:
        names = tuple(best.names[i] for i in kinked)
        yield Condition(
            AT_BOUND,
            Severity.WARNING,
            f"{_some(names)} in a kink",
            f"{listed(names, _NAMED)} rests at 0, where the interpolation of up and down variations has a kink.",
            "",
            "It has no symmetric uncertainty: quote the profile likelihood, or take code4 and code4p, without a kink.",
            names,
        )
    if where:
        pulls = [best[best.names[i]].pull for i in where]
        names = tuple(best.names[i] for i in where)
        yield Condition(
            AT_BOUND,
            Severity.WARNING,
            f"{_some(names)} at {_bound(fitted, where)}",
            f"{_ends(fitted, where)} That is {pulls[0]:+.3g} pre-fit uncertainties"
            f"{' for the first' if len(where) > 1 else ''}.",
            "",
            "Look at what it absorbs; widen the bound if values beyond it make sense.",
            names,
            {name: float(pull) for name, pull in zip(names, pulls, strict=True)},
        )


def poi_at_bound(fitted: Fitted) -> Iterator[Condition]:
    """The parameter of interest ends at a bound; said is where it is without."""
    i, best = fitted.poi, fitted.best
    if i < 0 or fitted.bounded or not best.at_bound[i] or fitted.problem.held[i]:
        return
    _, wider, free = fitted.without_bounds([i])
    drop, bounds = best.twice_nll - free.twice_nll, {best.names[i]: (float(wider.lower[i]), float(wider.upper[i]))}
    yield Condition(
        AT_BOUND,
        Severity.WARNING,
        f"{best.names[i]} at {_bound(fitted, [i])}",
        f"{_ends(fitted, [i])} {_beyond(free, [i], bounds, drop)}",
        "",
        "It has no symmetric uncertainty: quote an interval or a limit.",
        (best.names[i],),
        {best.names[i]: float(free.values[i]), "2NLL": -float(drop)},
    )


def no_rate(fitted: Fitted) -> Iterator[Condition]:
    """The best fit expects no events, or less than none, in bins where some were expected before it."""
    model, best = fitted.model, fitted.best
    rates = model.expected(best.values)
    if every(rates > 0):
        return
    gone = (rates < 0) | ((rates == 0) & (model.expected(model.prefit_values) > 0))
    for name, bins in model.channel_slices.items():
        found = np.flatnonzero(gone[bins])
        if found.size:
            labels = model.axes[name].bin_labels
            numbers = ", ".join(bin_labels.place(b, labels) for b in found[:6].tolist())
            numbers += " and more" if found.size > 6 else ""
            lowest = float(rates[bins][found].min())
            yield Condition(
                NO_RATE,
                Severity.NOTE,
                f"no events expected in {name}",
                f'The best fit expects {lowest:.3g} events in channel "{name}", bin {numbers} (from 0).',
                "",
                "See what takes everything away there: a factor at zero, or a variation.",
                numbers={"rate": lowest},
            )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def kept_by_start(model: Model, problem: Problem, asked: Problem) -> Iterator[Condition]:
    """Parameters that are constant are kept at the values of a start; `asked` is the problem without the start."""
    where = np.flatnonzero(problem.held & (problem.start != asked.start))
    if where.size:
        names = tuple(model.parameter_names[i] for i in where)
        told = [
            f'"{model.parameter_names[i]}" at {problem.start[i]:.4g}, not {asked.start[i]:.4g}' for i in where[:_NAMED]
        ]
        more = f", and {where.size - _NAMED} more" if where.size > _NAMED else ""
        yield Condition(
            KEPT_BY_START,
            Severity.WARNING,
            f"{_some(names)} kept where the start has it",
            f"The start keeps what is constant: {', '.join(told)}{more}.",
            "",
            "If that is meant, say it with `fixed`.",
            names,
            {name: float(problem.start[i]) for name, i in zip(names, where, strict=True)},
        )


def idle_poi(fitted: Fitted) -> Iterator[Condition]:
    """No rate depends on the parameter of interest."""
    if fitted.poi >= 0 and fitted.best.idle[fitted.poi]:
        name = fitted.best.names[fitted.poi]
        yield Condition(
            IDLE_POI,
            Severity.ERROR,
            f"no rate depends on {name}",
            f'No rate depends on the parameter of interest "{name}", given what else is held or at its bound.',
            "What is said of it follows from nothing in the data.",
            "Look at the samples that it acts on: is the signal empty?",
            (name,),
        )


RULES: tuple[Rule, ...] = (
    not_converged,
    idle_poi,
    other_minima,
    factors_at_bounds,
    constrained_at_bounds,
    poi_at_bound,
    no_rate,
)
