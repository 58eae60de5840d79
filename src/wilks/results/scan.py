"""`ScanResult` and `ContourResult`: profile likelihoods along one parameter, and over two."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.results.checking import require_levels
from wilks.results.intervals import Interval, percent
from wilks.results.many import minimised
from wilks.results.origin import Origin, Saved, paragraphs
from wilks.table import Table, number, rounded

TOTAL, STAT_ONLY = "total", "stat. only"


@dataclass(frozen=True, eq=False)
class ScanCurve:
    """One curve of a scan, and its 68.27 % interval.

    `delta` is 2NLL above the minimum of all parameters, shape (points,), minimised over all parameters but the scanned
    one and those in `frozen`, which stay at their best fit; NaN where a fit gave nothing. `statuses` says how each fit
    ended.
    """

    label: str
    frozen: tuple[str, ...]
    delta: FloatArray
    statuses: tuple[str, ...]
    interval: Interval

    def __post_init__(self) -> None:
        if self.delta.shape != (len(self.statuses),):
            raise ValueError(f"delta has shape {self.delta.shape}, expected {(len(self.statuses),)}")


@dataclass(frozen=True, eq=False)
class ScanResult(Saved):
    """The profile likelihood at `values` of a parameter, shape (points,); the first curve is the total.

    `value` and `uncertainty` (from the covariance; NaN if there is none) are those of the best fit, whose 2NLL is
    `twice_nll`. `notes` says what else is to be known.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.scan(model, points=5)
    >>> found.parameter, found.values.shape, found.failures
    ('mu', (5,), {})
    """

    parameter: str
    value: float
    uncertainty: float
    twice_nll: float
    values: FloatArray
    curves: tuple[ScanCurve, ...]
    notes: tuple[str, ...]
    origin: Origin

    def __post_init__(self) -> None:
        if not self.curves:
            raise ValueError("a scan needs a curve")
        for curve in self.curves:
            if curve.delta.shape != self.values.shape or self.values.ndim != 1:
                raise ValueError(f"{curve.label} has shape {curve.delta.shape}, values have {self.values.shape}")

    @property
    def delta(self) -> FloatArray:
        """2NLL above its minimum along the total curve, shape (points,)."""
        return self.curves[0].delta

    @property
    def failures(self) -> dict[tuple[str, int], str]:
        """Fits that did not find a minimum: (curve, point) -> status."""
        return {
            (curve.label, i): status
            for curve in self.curves
            for i, status in enumerate(curve.statuses)
            if not minimised(status)
        }

    @property
    def converged(self) -> bool:
        """Whether every fit found a minimum."""
        return not self.failures

    def without(self, curve: ScanCurve) -> tuple[float, float]:
        """Return what the frozen parameters of a curve add to the interval, (up, down): total and rest in quadrature.

        NaN where the curve is the wider one, or where an end is missing.
        """
        total = self.curves[0].interval
        sides = ((total.up, curve.interval.up), (total.down, curve.interval.down))
        squares = ((whole - part) * (whole + part) for whole, part in sides)
        up, down = (math.sqrt(square) if square >= 0 else math.nan for square in squares)
        return up, down

    def __repr__(self) -> str:
        failed = f", {len(self.failures)} FAILED" if self.failures else ""
        curves = f", {len(self.curves)} curves" if len(self.curves) > 1 else ""
        return f"<ScanResult: {self.parameter} = {self.curves[0].interval}, {self.values.size} points{curves}{failed}>"

    def _text(self) -> str:
        lines = [f"{self.parameter} = {self.summary()}", "", self.points().text()]
        if len(self.curves) > 1:
            lines += ["", self.table().text()]
        return "\n".join([*lines, *self._remarks()])

    def tables(self) -> tuple[Table, ...]:
        """Return the points, and the curves where there are several."""
        return (self.points(), *[self.table()] * (len(self.curves) > 1))

    def _html(self) -> str:
        curves = self.table().html() if len(self.curves) > 1 else ""
        points = f"<details><summary>{self.values.size} points</summary>\n{self.points().html()}\n</details>\n"
        return paragraphs([f"{self.parameter} = {self.summary()}"]) + curves + points + paragraphs(self._remarks())

    def _remarks(self) -> list[str]:
        failed = [f"{label}, {self.values[i]:.6g}: {status}" for (label, i), status in self.failures.items()]
        return [*failed, *self.notes]

    def points(self) -> Table:
        """Return a table of 2NLL above its minimum, a row for each point and a column for each curve."""
        header = (self.parameter, *(curve.label for curve in self.curves))
        rows = tuple(
            (number(value), *(f"{curve.delta[i]:.4f}" for curve in self.curves)) for i, value in enumerate(self.values)
        )
        return Table("", header, rows, "r" * len(header))

    def summary(self) -> str:
        """Return the best fit with its 68.27 % interval; with a curve for it, the statistical part and the rest singly.

        The rest, "syst.", is what is left of the total in quadrature.
        """
        curve = next((curve for curve in self.curves if curve.label == STAT_ONLY), None)
        total = self.curves[0].interval
        if curve is None:
            return str(total)
        parts = (curve.interval.up, curve.interval.down, *self.without(curve))
        if not all(math.isfinite(part) and part > 0 for part in parts):
            return str(total)
        value, *shown = rounded(self.value, *parts)
        return "{} +{} -{} (stat.) +{} -{} (syst.)".format(value, *shown)

    def table(self) -> Table:
        """Return a table of the curves' 68.27 % intervals, and of what the frozen parameters add in quadrature."""
        rows = []
        for curve in self.curves:
            added = [f"{sign}{number(x, 3)}" for sign, x in zip("+-", self.without(curve), strict=True)]
            rows.append((curve.label, str(curve.interval), "" if curve is self.curves[0] else " ".join(added)))
        return Table("", ("curve", self.parameter, "frozen parameters add"), tuple(rows), "lrr")


@dataclass(frozen=True, eq=False)
class ContourLine:
    """A piece of a contour, `points` of shape (points, 2): closed if the last is the first, else it ends at bounds."""

    level: float
    points: FloatArray

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or self.points.shape[1] != 2:
            raise ValueError(f"points have shape {self.points.shape}, expected (points, 2)")


@dataclass(frozen=True, eq=False)
class ContourResult(Saved):
    """The profile likelihood over two parameters, and its contours.

    `delta` has shape (y_values, x_values): 2NLL above its minimum `twice_nll`, minimised over the other parameters; NaN
    where a fit gave nothing, `statuses` says how each ended. A contour at a level is where it is the chi-square
    quantile of two degrees of freedom: 2.30 for 68.27 %, 5.99 for 95 %. `best` is the best fit, `covariance` that of
    the two parameters (NaN where there is none).

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.contour(model, parameters=("mu", "Luminosity"), points=11)
    >>> [line.points.shape[1] for line in found.lines]
    [2, 2]
    """

    parameters: tuple[str, str]
    best: tuple[float, float]
    covariance: FloatArray
    twice_nll: float
    x_values: FloatArray
    y_values: FloatArray
    delta: FloatArray
    statuses: tuple[tuple[str, ...], ...]
    levels: tuple[float, ...]
    lines: tuple[ContourLine, ...]
    notes: tuple[str, ...]
    origin: Origin

    def __post_init__(self) -> None:
        require_levels((*self.levels, *(line.level for line in self.lines)))
        shape = (self.y_values.size, self.x_values.size)
        if self.delta.shape != shape:
            raise ValueError(f"delta has shape {self.delta.shape}, expected {shape}")
        if len(self.statuses) != shape[0] or any(len(row) != shape[1] for row in self.statuses):
            raise ValueError(f"statuses need {shape[0]} x {shape[1]} entries")
        if self.covariance.shape != (2, 2):
            raise ValueError(f"covariance has shape {self.covariance.shape}, expected (2, 2)")
        if not (np.all(np.diff(self.x_values) > 0) and np.all(np.diff(self.y_values) > 0)):
            raise ValueError("the values of each parameter must increase")

    @property
    def failures(self) -> dict[tuple[int, int], str]:
        """Fits that did not find a minimum: (row, column) -> status."""
        texts = {(i, j): status for i, row in enumerate(self.statuses) for j, status in enumerate(row)}
        return {where: status for where, status in texts.items() if not minimised(status)}

    @property
    def converged(self) -> bool:
        """Whether every fit found a minimum."""
        return not self.failures

    def quantile(self, level: float) -> float:
        """Return the height of the contour at a level."""
        return contour_height(level)

    def __repr__(self) -> str:
        failed = f", {len(self.failures)} FAILED" if self.failures else ""
        levels = ", ".join(percent(level) for level in self.levels)
        names = " and ".join(self.parameters)
        return f"<ContourResult: {names}, {levels}, {self.x_values.size} x {self.y_values.size} points{failed}>"

    def table(self) -> Table:
        """Return a table of the contours: how high, and from where to where they reach along each parameter."""
        rows = []
        for level in self.levels:
            points = [line.points for line in self.lines if line.level == level]
            spans = ["none", "none"]
            if points:
                low, high = np.concatenate(points).min(axis=0), np.concatenate(points).max(axis=0)
                spans = [f"{number(a)} to {number(b)}" for a, b in zip(low, high, strict=True)]
            rows.append((percent(level), f"{contour_height(level):.2f}", *spans))
        return Table("", ("contour", "2NLL above minimum", *self.parameters), tuple(rows), "lrrr")

    def _text(self) -> str:
        return "\n".join([self._best(), "", self.table().text(), *self._remarks()])

    def _html(self) -> str:
        return paragraphs([self._best()]) + self.table().html() + paragraphs(self._remarks())

    def _best(self) -> str:
        values = zip(self.parameters, self.best, strict=True)
        return f"best fit: {', '.join(f'{name} = {number(value)}' for name, value in values)}"

    def _remarks(self) -> list[str]:
        failed = [f"{len(self.failures)} of {self.delta.size} fits failed: {next(iter(self.failures.values()), '')}"]
        return [*failed * bool(self.failures), *self.notes]


def contour_height(level: float) -> float:
    """Return the chi-square quantile of a level for two degrees of freedom.

    >>> round(contour_height(0.95), 2)
    5.99
    """
    return -2.0 * math.log1p(-level)
