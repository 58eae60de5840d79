"""Profile likelihoods: curves along one parameter, contours over two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.figures.conditions import noted
from wilks.figures.names import labels
from wilks.figures.style import PETROFF10, TITLE, FigureStyle, as_style, figure_of, label, settings, stacked, weight
from wilks.figures.together import COLORS, require_same, several
from wilks.results.intervals import percent
from wilks.results.many import CONVERGED
from wilks.results.scan import ContourResult, ScanCurve, ScanResult, contour_height

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LIKELIHOOD = r"$-2\,\Delta\,\ln L$"
_LEVELS = (0.6827, 0.95)
_DASHES = ("-", "--", ":", "-.")
_FEW = 41
_PIXELS = 150  # along each side of a map
_APART = 2e-3  # of the size of a contour


@noted
def scan(
    result: ScanResult | Mapping[str, ScanResult],
    *,
    levels: Sequence[float] = _LEVELS,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with the profile likelihood along a parameter: every curve of the scan, and the best fit.

    Dotted lines mark the heights at which a curve leaves the interval of each of `levels` (1 for 68.27 %, 3.84 for
    95 %). Points of the total are dots where they are few; between points the root of a curve is drawn straight. Points
    whose fit failed are left out, and counted.

    Of several scans of one parameter, by label, the totals are drawn over each other. Raises InputError for scans of
    different parameters.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.scan(wilks.scan(model, stat_only=True))
    """
    if isinstance(result, Mapping):
        return _together(result, levels, as_style(style), ax)
    if not isinstance(result, ScanResult):
        raise TypeError(f"scan draws a ScanResult, found a {type(result).__name__}; get one with wilks.scan(model)")
    curves = [
        (result, curve, "black" if i == 0 else PETROFF10[(i - 1) % len(PETROFF10)], curve.label)
        for i, curve in enumerate(result.curves)
    ]
    lines = [f"{label(result.parameter, 40)} = {stacked(result.summary())}"]
    return _draw(curves, lines, levels, _gaps(len(result.failures), result.notes), as_style(style), ax)


def _together(
    results: Mapping[str, ScanResult], levels: Sequence[float], style: FigureStyle, ax: Axes | None
) -> Figure:
    """Draw the total curves of several scans; their best fits and intervals stand in the legend."""
    scans = several(results, ScanResult, "scan")
    require_same("parameters", {name: each.parameter for name, each in scans.items()})
    names = labels(scans, 24)
    curves = [
        (each, each.curves[0], COLORS[i], f"{names[name]}: {stacked(each.summary())}")
        for i, (name, each) in enumerate(scans.items())
    ]
    gaps = [f"{name}: {gap}" for name, each in scans.items() for gap in _gaps(len(each.failures), each.notes)]
    return _draw(curves, [], levels, gaps, style, ax)


def _draw(
    curves: Sequence[tuple[ScanResult, ScanCurve, str, str]],
    lines: Sequence[str],
    levels: Sequence[float],
    gaps: Sequence[str],
    style: FigureStyle,
    ax: Axes | None,
) -> Figure:
    """Draw curves, each with the scan it belongs to, its colour and its label."""
    from wilks.figures.canvas import Drawing, styled
    from wilks.figures.decoration import decorate, in_red

    rc = settings(style)
    heights = {level: NormalDist().inv_cdf(0.5 + 0.5 * level) ** 2 for level in levels}
    with styled(rc):
        panel = Drawing(rc, layout="constrained").add_subplot() if ax is None else ax
        reach = np.concatenate([each.delta for each, *_ in curves])
        top = 1.05 * max([1.0, *heights.values(), *reach[np.isfinite(reach)]])
        span = _span(np.concatenate([each.values for each, *_ in curves]))
        entries = [
            (_curve(panel, each, curve, (i, color), (span, top), weight(style)), text)
            for i, (each, curve, color, text) in enumerate(curves)
        ]
        panel.set_xlim(*span)
        panel.set_ylim(0, top)
        panel.set_xlabel(label(curves[0][0].parameter, TITLE))
        panel.set_ylabel(_LIKELIHOOD)
        for level, height in heights.items():
            panel.axhline(height, color="0.5", linestyle=":", linewidth=1, zorder=1)
            panel.annotate(
                percent(level),
                (1, height),
                (4, 0),
                xycoords=panel.get_yaxis_transform(),
                textcoords="offset points",
                va="center",
                color="0.35",
                fontsize="small",
            )
        decorate(panel, style, lines, entries if len(entries) > 1 or not lines else [], tallest=top, lowest=None)
        in_red(panel, style, gaps)
        return figure_of(panel)


@noted
def contour(
    result: ContourResult,
    *,
    reference: tuple[float, float] | None = None,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with the profile likelihood over two parameters: colours, contours, and the best fit as a cross.

    The first contour is solid, the second dashed. `reference` is a point to be compared with, drawn as a star: the
    standard model. Points whose fit failed are white, and counted.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.contour(model, parameters=("mu", "Luminosity"), points=21)
    >>> figure = wilks.figures.contour(found, reference=(1, 0))
    """
    if not isinstance(result, ContourResult):
        raise TypeError(f"contour draws a ContourResult, found a {type(result).__name__}; get one with wilks.contour")
    from wilks.figures.canvas import Drawing, styled
    from wilks.figures.decoration import experiment_texts, in_red, legend_in_corner

    chosen = as_style(style)
    rc = settings(chosen)
    with styled(rc):
        panel = Drawing(rc, layout="constrained").add_subplot() if ax is None else ax
        top = 1.5 * max(contour_height(level) for level in result.levels)
        x, y, delta = _finer(result.x_values, result.y_values, result.delta)
        colors: dict[str, Any] = {"cmap": "Blues_r", "vmin": 0, "vmax": top, "rasterized": True}
        mesh = panel.pcolormesh(x, y, np.ma.masked_invalid(delta), shading="nearest", **colors)
        figure = figure_of(panel)
        bar = figure.colorbar(mesh, ax=panel, extend="max", pad=0.02)
        bar.set_label(_LIKELIHOOD)
        thick = weight(chosen)
        entries = [*_contours(panel, result, thick), *_points(panel, result, reference, thick)]
        shown = reference if reference is not None else (np.nan, np.nan)
        panel.set_xlim(*_span(result.x_values, shown[0]))
        panel.set_ylim(*_span(result.y_values, shown[1]))
        panel.set_xlabel(label(result.parameters[0], TITLE))
        panel.set_ylabel(label(result.parameters[1], TITLE))
        experiment_texts(panel, chosen)
        shown_points = [_rounded(line.points) for line in result.lines] + [np.array([result.best])]
        size = "x-small" if chosen.name == "CMS" else "small"
        legend_in_corner(panel, entries, np.concatenate([*shown_points, np.array([shown])]), size)
        in_red(panel, chosen, _gaps(len(result.failures), result.notes))
        return figure


def _curve(
    ax: Axes,
    result: ScanResult,
    curve: ScanCurve,
    look: tuple[int, str],
    frame: tuple[tuple[float, float], float],
    thick: float,
) -> Any:
    """Draw one curve, which has a position and a colour, cut off at a frame; return what the legend shows for it."""
    from matplotlib.patches import Rectangle

    position, color = look
    (low, high), top = frame
    x, y = _smooth(result.value, result.values, curve)
    dashes = _DASHES[position % len(_DASHES)]
    # The first is under the others: where they are the same both are seen.
    (line,) = ax.plot(x, y, color=color, linestyle=dashes, linewidth=1.8 * thick, zorder=3 if position else 2.9)
    clip = Rectangle((low, -top), high - low, 2 * top, transform=ax.transData)
    line.set_clip_path(clip)
    if curve is result.curves[0] and result.values.size <= _FEW:
        (dots,) = ax.plot(result.values, curve.delta, "o", color=color, markersize=4 * thick, zorder=4)
        dots.set_clip_path(clip)
    return line


def _smooth(best: float, values: FloatArray, curve: ScanCurve) -> tuple[FloatArray, FloatArray]:
    """Return a curve between its points: its signed root is straight there, best fit and interval are points too."""
    x, root = values, np.sign(values - best) * np.sqrt(np.maximum(curve.delta, 0.0))
    reach = NormalDist().inv_cdf(0.5 + 0.5 * curve.interval.level)
    known = [(best, 0.0)]
    if curve.interval.lower_status == CONVERGED:
        known.append((curve.interval.lower, -reach))
    if curve.interval.upper_status == CONVERGED:
        known.append((curve.interval.upper, reach))
    for place, signed in known:
        if values[0] < place < values[-1] and place not in x:
            x, root = np.append(x, place), np.append(root, signed)
    order = np.argsort(x, kind="stable")
    x, root = x[order], root[order]
    part = np.linspace(0.0, 1.0, 16, endpoint=False)
    fine, between = ((side[:-1, None] + part * np.diff(side)[:, None]).ravel() for side in (x, root))
    return np.append(fine, x[-1]), np.append(between, root[-1]) ** 2


def _finer(x: FloatArray, y: FloatArray, heights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a grid with so many points between its points that colours look smooth; the same where some are missing.

    Between points the heights are monotone cubics, which do not overshoot.
    """
    from scipy.interpolate import PchipInterpolator

    if not np.isfinite(heights).all() or min(x.size, y.size) < 2:
        return x, y, heights
    steps = [max(round(_PIXELS / (side.size - 1)), 1) for side in (x, y)]
    wide, high = (
        np.interp(np.arange((side.size - 1) * n + 1) / n, np.arange(side.size), side)
        for side, n in zip((x, y), steps, strict=True)
    )
    along = PchipInterpolator(x, heights, axis=1)(wide)
    return wide, high, np.asarray(PchipInterpolator(y, along, axis=0)(high), np.float64)


def _rounded(points: FloatArray) -> FloatArray:
    """Return a contour as a smooth curve through its points, shape (points, 2), as they lie on the canvas: scaled.

    Of points closer than a line is wide one is left: their direction would be that of rounding.
    """
    from scipy.interpolate import CubicSpline

    closed = points.shape[0] > 3 and bool((points[0] == points[-1]).all())
    scaled = points / (np.ptp(points, axis=0) + 1e-300)
    keep = [0]
    for i in range(1, len(points)):
        if np.linalg.norm(scaled[i] - scaled[keep[-1]]) > _APART:
            keep.append(i)
    keep[-1] = len(points) - 1 if len(keep) > 1 else 0  # both ends stay
    if len(keep) < 5:
        return points
    # The length as parameter: with exact points there are no kinks, however unevenly they lie.
    places = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(scaled[keep], axis=0), axis=1)))
    curve = CubicSpline(places, points[keep], bc_type="periodic" if closed else "natural")
    inner = places[:-1, None] + np.diff(places)[:, None] * np.linspace(0, 1, 12, endpoint=False)
    return np.asarray(curve(np.append(inner.ravel(), places[-1])), np.float64)


def _contours(ax: Axes, result: ContourResult, thick: float) -> list[tuple[Any, str]]:
    entries = []
    for i, level in enumerate(result.levels):
        handle = None
        for line in result.lines:
            if line.level == level:
                dashes = _DASHES[i % len(_DASHES)]
                shape: dict[str, Any] = {"linestyle": dashes, "linewidth": 1.8 * thick, "zorder": 3}
                (handle,) = ax.plot(*_rounded(line.points).T, color="black", **shape)
        if handle is not None:
            entries.append((handle, percent(level)))
    return entries


def _points(
    ax: Axes, result: ContourResult, reference: tuple[float, float] | None, thick: float
) -> list[tuple[Any, str]]:
    options: dict[str, Any] = {"linestyle": "none", "zorder": 5}
    (cross,) = ax.plot(
        *result.best, "P", color="black", markeredgecolor="white", markersize=9 * thick, clip_on=False, **options
    )
    entries = [(cross, "best fit")]
    if reference is not None:
        (star,) = ax.plot(*reference, "*", color=PETROFF10[2], markersize=13 * thick, **options)
        entries.append((star, "reference"))
    return entries


def _span(values: FloatArray, shown: float = np.nan) -> tuple[float, float]:
    """Return where an axis begins and ends: at the values, and with room for what else is `shown`."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    room = 0.05 * (high - low)
    return min(low, shown - room) if low > shown else low, max(high, shown + room) if high < shown else high


def _gaps(failed: int, notes: Sequence[str]) -> list[str]:
    """Return what keeps a figure from being complete."""
    from wilks.figures.decoration import counted

    return [*counted(failed, "failed fit"), *(["see the notes of the result"] if notes else [])]
