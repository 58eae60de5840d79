"""Priors of free parameters: normal, log-normal, gamma, uniform, a power; flat within the bounds unless asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from wilks._types import BoolArray, FloatArray, Positions
from wilks.errors import ModelError, nearest
from wilks.model.model import Model
from wilks.model.selection import matching

_FORMS = {
    "flat": 0,
    "normal": 2,
    "log-normal": 2,
    "gamma": 2,
    "uniform": 2,
    "power": 1,
}
WRITTEN = "flat, normal:MEAN,SD, log-normal:MEDIAN,KAPPA, gamma:SHAPE,RATE, uniform:LOW,HIGH or power:EXPONENT"


@dataclass(frozen=True)
class Prior:
    """One prior; `numbers` are those of its form, see `wilks.sample`."""

    form: str
    numbers: tuple[float, ...] = ()

    @property
    def support(self) -> tuple[float, float]:
        """Where its density is not 0."""
        if self.form == "uniform":
            return self.numbers[0], self.numbers[1]
        return (0.0 if self.form in ("log-normal", "gamma", "power") else -math.inf), math.inf

    @property
    def holds(self) -> bool:
        """Whether its density can be integrated over all of its support."""
        return self.form not in ("flat", "power")

    def __str__(self) -> str:
        return self.form + (":" + ",".join(f"{x:g}" for x in self.numbers) if self.numbers else "")


def parse_prior(text: str) -> Prior:
    """Return the prior that a text names. Raises ValueError with what is wrong.

    >>> parse_prior("normal:1,0.5").numbers
    (1.0, 0.5)
    """
    form, _, rest = text.strip().partition(":")
    if form not in _FORMS:
        raise ValueError(f'"{text}" is no prior{nearest(form, _FORMS)}; there are {WRITTEN}')
    try:
        numbers = tuple(float(part) for part in rest.split(",")) if rest else ()
    except ValueError:
        numbers = (math.nan,) * (_FORMS[form] + 1)
    if len(numbers) != _FORMS[form] or not all(map(math.isfinite, numbers)):
        count = _FORMS[form]
        what = f"{count} finite number{'s' if count != 1 else ''}" if count else "no numbers"
        raise ValueError(f'"{text}": a {form} prior takes {what}; there are {WRITTEN}')
    if problem := _impossible(form, numbers):
        raise ValueError(f'"{text}": {problem}')
    return Prior(form, numbers)


def _impossible(form: str, numbers: tuple[float, ...]) -> str:
    if form == "normal" and not numbers[1] > 0:
        return "the standard deviation has to be above 0"
    if form == "log-normal" and not (numbers[0] > 0 and numbers[1] > 1):
        return "the median has to be above 0 and kappa above 1"
    if form == "gamma" and not min(numbers) > 0:
        return "shape and rate have to be above 0"
    if form == "uniform" and not numbers[0] < numbers[1]:
        return "the lower end has to be below the upper one"
    if form == "power" and not numbers[0] > -1:
        return "the exponent has to be above -1: the density can't be integrated up to 0"
    return ""


@dataclass(frozen=True, eq=False)
class Priors:
    """The priors of all parameters of a model that have one beside flat, by position."""

    by_position: Mapping[int, Prior] = field(default_factory=dict)

    def limited(self, lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return bounds inside the supports of the priors."""
        lower, upper = lower.copy(), upper.copy()
        for i, prior in self.by_position.items():
            lower[i], upper[i] = max(lower[i], prior.support[0]), min(upper[i], prior.support[1])
        return lower, upper

    def density(self, theta: FloatArray, slope: FloatArray, curvature: FloatArray | None = None) -> float:
        """Return the log density at a point up to a constant; its derivatives are added to `slope` and `curvature`."""
        total = 0.0
        for i, prior in self.by_position.items():
            value, d1, d2 = _log_density(prior, float(theta[i]))
            total += value
            slope[i] += d1
            if curvature is not None:
                curvature[i] += d2
        return total


def _log_density(prior: Prior, x: float) -> tuple[float, float, float]:
    """Return the log density of a prior up to a constant, with two derivatives."""
    form, numbers = prior.form, prior.numbers
    if form == "normal":
        z = (x - numbers[0]) / numbers[1]
        return -0.5 * z * z, -z / numbers[1], -1 / numbers[1] ** 2
    if form in ("flat", "uniform"):
        return 0.0, 0.0, 0.0
    if not x > 0:
        return -math.inf, math.nan, math.nan
    if form == "log-normal":
        width = math.log(numbers[1])
        z = math.log(x / numbers[0]) / width
        return -0.5 * z * z - math.log(x), -(z / width + 1) / x, (z / width + 1 - 1 / width**2) / x**2
    power, rate = (numbers[0] - 1, numbers[1]) if form == "gamma" else (numbers[0], 0.0)
    return power * math.log(x) - rate * x, power / x - rate, -power / x**2


def asked_priors(model: Model, priors: Mapping[str, str] | None, held: BoolArray) -> Priors:
    """Return priors by name or pattern; ModelError with all that can't be."""
    problems: list[str] = []
    found: dict[int, Prior] = {}
    for name, text in (priors or {}).items():
        places = matching(model.parameter_names, name)
        if not len(places):
            problems.append(f'prior: no parameter "{name}" in this model{nearest(name, model.parameter_names)}')
        try:
            prior = parse_prior(text)
        except ValueError as error:
            problems.append(f'prior of "{name}": {error}')
            continue
        for i in places:
            full = model.parameter_names[i]
            if not model.unconstrained[i]:
                problems.append(f'prior of "{full}": its constraint term holds it already, both would count it twice')
            elif held[i]:
                problems.append(f'prior of "{full}": it is kept at its value')
            else:
                found[int(i)] = prior
    if problems:
        raise ModelError(list(dict.fromkeys(problems)))
    return Priors({i: prior for i, prior in sorted(found.items()) if prior.form != "flat"})


def checked_range(model: Model, lower: FloatArray, upper: FloatArray, free: Positions) -> None:
    """Raise ModelError where bounds and support of a prior leave nothing, for free parameters (positions)."""
    names = model.parameter_names
    if problems := [
        f'"{names[i]}": its bounds and its prior leave no values ({lower[i]:g} to {upper[i]:g})'
        for i in free
        if not lower[i] < upper[i]
    ]:
        raise ModelError(problems)


def described(prior: Prior | None, kind: str) -> str:
    """Return how a parameter is held, in words: its prior, or its constraint."""
    return f"{kind} constraint" if kind != "none" else str(prior or "flat")
