"""Tables of what was inferred: limits, tests, signal grids, scans, contours, rankings and breakdowns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wilks._types import FloatArray
from wilks.export.hepdata.records import Column, DataTable, Error, Qualifier, column, titled
from wilks.results.grid import GridResult
from wilks.results.hypotest import HypothesisTest, LimitResult, SignificanceResult
from wilks.results.intervals import IntervalResult, percent
from wilks.results.ranking import BreakdownResult, RankingResult
from wilks.results.scan import ContourResult, ScanResult

_NLL = r"$-2\Delta\ln L$"


def expected_columns(name: str, expected: FloatArray) -> Column:
    """Return the median of (rows, 5) expected values with bands of one and two standard deviations as errors."""
    low2, low, median, high, high2 = np.atleast_2d(expected).T
    bands = (Error("1 sigma", high - median, low - median), Error("2 sigma", high2 - median, low2 - median))
    return column(name, median, "", *bands)


def limit_tables(found: LimitResult, where: str = "") -> Iterator[DataTable]:
    """Yield the limits, observed and expected, and the CLs of the values that were tested."""
    poi, level = titled(found.poi), f"{100 * found.level:g}% CL"
    names = ["Observed", *(f"Expected {band}" for band in _BANDS)]
    limits = column(f"Upper limit on {poi}", np.array([found.observed, *found.expected]))
    yield DataTable(
        f"Upper limits on {found.poi}{where}",
        f"Upper limits on {poi} at {level} (CLs, {found.curve.calculator}), observed and as expected without signal. "
        f"Data: {found.origin.dataset}.",
        (Column("Limit", names),),
        (Column(limits.name, limits.values, qualifiers=(Qualifier("CONFIDENCE LEVEL", level),)),),
        ("limit", "limits"),
        ("CLS",),
    )
    yield from hypotest_tables(found.curve, f"{where} (limit)" if where else " for limits")


_BANDS = (r"$-2\sigma$", r"$-1\sigma$", "median", r"$+1\sigma$", r"$+2\sigma$")


def hypotest_tables(found: HypothesisTest, where: str = "") -> Iterator[DataTable]:
    """Yield the p-values of the values that were tested, in their order."""
    poi = titled(found.poi)
    order = np.argsort(found.values, kind="stable")
    of_cls = found.statistic in ("q", "q~")
    what = "CLs" if of_cls else "p0" if found.statistic == "q0" else "CLs+b"
    observed, expected = (p.cls if of_cls else p.clsb for p in (found.observed, found.expected))
    columns = [column(f"Observed {what}", observed[order]), expected_columns(f"Expected {what}", expected[order])]
    yield DataTable(
        f"Tests of {found.poi}{where}",
        f"{what} of tested values of {poi} ({found.calculator}), observed and as expected for {poi} = "
        f"{found.alternative:g}.",
        (column(poi, found.values[order]),),
        tuple(columns),
        ("hypotest",),
        ("CLS",) if of_cls else (),
    )


def significance_tables(found: SignificanceResult, where: str = "") -> Iterator[DataTable]:
    """Yield significance and p-value, observed and expected."""
    names = ["Observed", *(f"Expected for {titled(found.poi)} = {size:g}" for size in found.injected)]
    yield DataTable(
        f"Significance of {found.poi}{where}",
        f"Significance of {titled(found.poi)} > 0 in standard deviations, and the p-value of no signal.",
        (Column("Data", names),),
        (
            column("Significance", np.array([found.significance, *found.expected_significance])),
            column("p-value", np.array([found.p_value, *found.expected_p_value])),
        ),
        ("significance",),
    )


def grid_tables(found: GridResult, where: str = "") -> Iterator[DataTable]:
    """Yield limits, or CLs, of every signal."""
    poi = titled(found.poi)
    limits = found.question == "limit"
    name = f"upper limit on {poi}" if limits else "CLs"
    about = f"at {100 * found.level:g}% CL (CLs)" if limits else f"of {poi} = {found.tested:g}"
    points = [column(titled(label), found.coordinates[:, i]) for i, label in enumerate(found.labels)]
    names = Column("Signal", [titled(each) for each in found.names])
    yield DataTable(
        f"{'Upper limits' if limits else 'CLs'} of signals{where}",
        f"Observed and expected {name} {about} of every signal.",
        (*points, names) if len(points) != 1 else (points[0], names),
        (
            column(f"Observed {name}", found.observed),
            expected_columns(f"Expected {name}", found.expected),
        ),
        ("grid", "exclusion"),
        ("CLS",),
    )


def scan_tables(found: ScanResult, where: str = "") -> Iterator[DataTable]:
    """Yield the profile likelihood along a parameter, a column for each curve."""
    poi = titled(found.parameter)
    yield DataTable(
        f"Likelihood scan of {found.parameter}{where}",
        f"{_NLL} of {poi}, minimised over all other parameters. Best fit: {poi} = {found.summary()}. "
        f"Data: {found.origin.dataset}.",
        (column(poi, found.values),),
        tuple(
            Column(_NLL, curve.delta.tolist(), qualifiers=(Qualifier("UNCERTAINTIES", curve.label),))
            for curve in found.curves
        ),
        ("scan", f"scan_{found.parameter}"),
    )


def contour_tables(found: ContourResult, where: str = "") -> Iterator[DataTable]:
    """Yield the profile likelihood over two parameters, and each contour as points."""
    x, y = (titled(name) for name in found.parameters)
    about = " and ".join(found.parameters)
    yield DataTable(
        f"Likelihood scan of {about}{where}",
        f"{_NLL} of {x} and {y}, minimised over all other parameters. Best fit: {x} = {found.best[0]:.6g}, "
        f"{y} = {found.best[1]:.6g}.",
        (
            column(x, np.tile(found.x_values, found.y_values.size)),
            column(y, np.repeat(found.y_values, found.x_values.size)),
        ),
        (column(_NLL, found.delta.ravel()),),
        ("contour",),
    )
    for level in found.levels:
        lines = [line.points for line in found.lines if line.level == level]
        if not lines:
            continue
        points = np.concatenate(lines)
        columns: list[Column] = [Column(y, points[:, 1].tolist(), qualifiers=(Qualifier("LEVEL", percent(level)),))]
        if len(lines) > 1:
            columns.append(Column("Piece", [i + 1 for i, line in enumerate(lines) for _ in line]))
        yield DataTable(
            f"Contour of {about}, {percent(level)}{where}",
            f"Contour of {x} and {y} at {percent(level)}, in the order in which its points are joined.",
            (column(x, points[:, 0]),),
            tuple(columns),
            ("contour",),
        )


def interval_tables(found: IntervalResult, where: str = "") -> Iterator[DataTable]:
    """Yield profile-likelihood intervals: best fit, with a column of uncertainties for each level."""
    columns = [
        Column(
            "Best-fit value",
            found.values.tolist(),
            errors=(Error("", upper - found.values, lower - found.values),),
            qualifiers=(Qualifier("CONFIDENCE LEVEL", percent(level)),),
        )
        for level, lower, upper in zip(found.levels, found.lower, found.upper, strict=True)
    ]
    yield DataTable(
        f"Profile-likelihood intervals{where}",
        "Best-fit values with intervals where the profile likelihood has fallen to the level.",
        (Column("Parameter", [titled(name) for name in found.names]),),
        tuple(columns),
        ("intervals",),
    )


def ranking_tables(found: RankingResult, where: str = "") -> Iterator[DataTable]:
    """Yield, for each parameter of interest, the impact of every parameter, the largest first."""
    sigma = np.where(found.uncertainties > 0, found.uncertainties, np.nan)
    width = np.where(found.prefit_uncertainties > 0, found.prefit_uncertainties, np.nan)
    for k, poi in enumerate(found.pois):
        order = found.order(poi)
        impacts = found.impacts[k][order]
        pull = ((found.values - found.prefit_values) / width)[order]
        sides = (sigma / width[:, None])[order]
        columns = [
            column(f"Impact on {titled(poi)}, {side}", impacts[:, i])
            for i, side in enumerate(("pre-fit up", "pre-fit down", "post-fit up", "post-fit down"))
            if np.isfinite(impacts[:, i]).any()
        ]
        several = f" on {poi}" if len(found.pois) > 1 else ""
        yield DataTable(
            f"Ranking of parameters{several}{where}",
            f"Shift of {titled(poi)} when a parameter moves by its uncertainty before or after the fit, up or down "
            f"({found.method}), the largest first; and the pull of the parameter.",
            (Column("Parameter", [titled(found.names[i]) for i in order]),),
            (*columns, column("Pull", pull, "", Error("fit", sides[:, 0], -sides[:, 1]))),
            ("ranking",),
        )


def breakdown_tables(found: BreakdownResult, where: str = "") -> Iterator[DataTable]:
    """Yield, for each parameter of interest, the parts of its uncertainty."""
    for k, poi in enumerate(found.pois):
        parts = np.concatenate([found.contributions[k], found.statistical[k : k + 1], found.total[k : k + 1]])
        several = f" of {poi}" if len(found.pois) > 1 else ""
        yield DataTable(
            f"Breakdown of the uncertainty{several}{where}",
            f"Parts of the uncertainty of {titled(poi)} = {found.poi_values[k]:.6g} ({found.method}).",
            (Column("Source", [*(titled(group) for group in found.groups), "Statistical", "Total"]),),
            (column("Upwards", parts[:, 0]), column("Downwards", parts[:, 1])),
            ("breakdown",),
        )
