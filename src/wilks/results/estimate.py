"""`Estimate`: one parameter with its statistical and total uncertainty, as several kinds of results have it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.errors import ResultError, nearest
from wilks.results.fit import FitResult
from wilks.results.intervals import IntervalResult
from wilks.results.ranking import BreakdownResult, RankingResult
from wilks.results.scan import STAT_ONLY, ScanResult
from wilks.table import measured, rounded

_NONE = (math.nan, math.nan)


@dataclass(frozen=True)
class Estimate:
    """Value, total and statistical uncertainty of a parameter, these as (up, down): NaN where there is none."""

    name: str
    value: float
    total: tuple[float, float]
    statistical: tuple[float, float] = _NONE

    @property
    def systematic(self) -> tuple[float, float]:
        """What the total has beyond the statistical part, in quadrature: (up, down)."""
        up, down = (
            math.sqrt((whole - part) * (whole + part)) if whole >= part else math.nan
            for whole, part in zip(self.total, self.statistical, strict=True)
        )
        return up, down

    def __str__(self) -> str:
        parts = [*self.total, *self.statistical, *self.systematic]
        if not all(math.isfinite(size) and size > 0 for size in parts):
            return _with_sides(self.value, self.total)
        if all(parts[i] == parts[i + 1] for i in (0, 2, 4)):
            value, *sizes = rounded(self.value, *parts[::2])
            return "{} ± {} (± {} stat. ± {} syst.)".format(value, *sizes)
        value, *sizes = rounded(self.value, *parts)
        return "{} +{} -{} (+{} -{} stat. +{} -{} syst.)".format(value, *sizes)


def estimate(result: Any, poi: str | None = None) -> Estimate:
    """Return a parameter (default: the parameter of interest) of a fit, scan, interval, breakdown or ranking.

    The statistical uncertainty keeps all constrained parameters at their best fit: of a fit it follows from the
    covariance, of a scan it is the interval of the curve "stat. only". Of a breakdown it is what is left when all
    of its groups are held, also those with unconstrained parameters. Raises ResultError for
    a parameter that the result does not have, and for a result of another kind.
    """
    for kind, read in _READ.items():
        if isinstance(result, kind):
            found: Estimate = read(result, poi)
            return found
    raise ResultError("a value with its uncertainties is in fits, scans, intervals, breakdowns and rankings only")


def _of_fit(fit: FitResult, poi: str | None) -> Estimate:
    name = poi if poi is not None else fit.poi
    if name is None:
        raise ResultError("the fit has no parameter of interest: say which parameter is meant")
    if name not in fit.names:
        raise ResultError(f'no parameter "{name}" in this fit{nearest(name, fit.names)}')
    found, i = fit[name], fit.names.index(name)
    if found.fixed or found.at_bound or not found.uncertainty > 0:
        return Estimate(name, found.value, _NONE)
    sigma, stat = found.uncertainty, _statistical(fit, i)
    return Estimate(name, found.value, (sigma, sigma), (stat, stat))


def _statistical(fit: FitResult, i: int) -> float:
    """Return the uncertainty of parameter `i` while all constrained ones are kept where they are."""
    variances = np.diag(fit.covariance)
    if not fit.covariance_valid or not np.isfinite(fit.covariance).all():
        return math.nan
    held = np.flatnonzero((variances > 0) & (np.array(fit.constraints) != "none") & (np.arange(len(fit)) != i))
    sigma = np.sqrt(variances)
    # Of the correlations: variances of parameters can differ by many orders of magnitude.
    correlated = fit.covariance[np.ix_(held, held)] / np.outer(sigma[held], sigma[held])
    along = fit.covariance[held, i] / (sigma[held] * sigma[i])
    if not (np.isfinite(correlated).all() and np.isfinite(along).all()):
        return math.nan
    left = 1.0 - float(along @ np.linalg.lstsq(correlated, along, rcond=None)[0])
    return float(sigma[i] * math.sqrt(left)) if 0 < left <= 1 else math.nan


def _of_scan(scan: ScanResult, poi: str | None) -> Estimate:
    _require(poi, scan.parameter, "scan")
    total = scan.curves[0].interval
    stat = next((curve.interval for curve in scan.curves if curve.label == STAT_ONLY), None)
    return Estimate(scan.parameter, scan.value, (total.up, total.down), _NONE if stat is None else (stat.up, stat.down))


def _of_interval(result: IntervalResult, poi: str | None) -> Estimate:
    name = poi if poi is not None else result.names[0] if len(result.names) == 1 else None
    if name is None:
        raise ResultError("these are intervals of several parameters: say which is meant")
    if name not in result.names:
        raise ResultError(f'no interval of "{name}" in this result{nearest(name, result.names)}')
    row = next((k for k, level in enumerate(result.levels) if abs(level - 0.6827) < 1e-3), None)
    if row is None:
        raise ResultError("these intervals have no level of 68.27 %")
    i = result.names.index(name)
    value = float(result.values[i])
    return Estimate(name, value, (float(result.upper[row, i]) - value, value - float(result.lower[row, i])))


def _of_breakdown(result: BreakdownResult, poi: str | None) -> Estimate:
    k = result.poi_index(poi)
    total, stat = (tuple(float(side) for side in part[k]) for part in (result.total, result.statistical))
    return Estimate(result.pois[k], float(result.poi_values[k]), (total[0], total[1]), (stat[0], stat[1]))


def _of_ranking(result: RankingResult, poi: str | None) -> Estimate:
    k = result.poi_index(poi)
    up, down = (float(side) for side in result.poi_uncertainties[k])
    return Estimate(result.pois[k], float(result.poi_values[k]), (up, down))


def _require(asked: str | None, there: str, what: str) -> None:
    if asked not in (None, there):
        raise ResultError(f'the {what} is one of "{there}", not of "{asked}"')


def _with_sides(value: float, sides: tuple[float, float]) -> str:
    up, down = sides
    if up == down or not (math.isfinite(up) or math.isfinite(down)):
        return measured(value, up)
    shown, *sizes = rounded(value, up, down)
    return f"{shown} +{sizes[0] or '?'} -{sizes[1] or '?'}"


_READ: dict[type, Any] = {
    FitResult: _of_fit,
    ScanResult: _of_scan,
    IntervalResult: _of_interval,
    BreakdownResult: _of_breakdown,
    RankingResult: _of_ranking,
}
