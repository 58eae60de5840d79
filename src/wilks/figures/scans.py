"""Profile likelihoods: curves along one parameter, contours over two."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.figures.style import PETROFF10, FigureStyle, as_style, figure_of, label, settings
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
_RED = "#b00000"


def scan(
    result: ScanResult,
    *,
    levels: Sequence[float] = _LEVELS,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with the profile likelihood along a parameter: every curve of the scan, and the best fit.

    Dotted lines mark the heights at which a curve leaves the interval of each of `levels` (1 for 68.27 %, 3.84 for
    95 %). Points of the total are dots where they are few; between points the root of a curve is drawn straight. Points
    whose fit failed are left out, and counted.
    """
    if not isinstance(result, ScanResult):
        raise TypeError(f"scan draws a ScanResult, found a {type(result).__name__}; get one with wilks.scan(model)")
    from wilks.figures.canvas import Drawing, styled
    from wilks.figures.decoration import decorate

    chosen = as_style(style)
    rc = settings(chosen)
    heights = {level: NormalDist().inv_cdf(0.5 + 0.5 * level) ** 2 for level in levels}
    with styled(rc):
        panel = Drawing(rc, layout="constrained").add_subplot() if ax is None else ax
        top = 1.05 * max([1.0, *heights.values(), *result.delta[np.isfinite(result.delta)]])
        entries = [(_curve(panel, result, i, top), curve.label) for i, curve in enumerate(result.curves)]
        panel.set_xlim(*_span(result.values))
        panel.set_ylim(0, top)
        panel.set_xlabel(label(result.parameter))
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
        lines = [f"best fit: {_asymmetric(result.summary())}"]
        decorate(panel, chosen, lines, entries if len(entries) > 1 else [], tallest=top, lowest=None)
        _note(panel, chosen, len(result.failures), result.notes)
        return figure_of(panel)


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
    """
    if not isinstance(result, ContourResult):
        raise TypeError(f"contour draws a ContourResult, found a {type(result).__name__}; get one with wilks.contour")
    from wilks.figures.canvas import Drawing, styled
    from wilks.figures.decoration import experiment_texts

    chosen = as_style(style)
    rc = settings(chosen)
    with styled(rc):
        panel = Drawing(rc, layout="constrained").add_subplot() if ax is None else ax
        top = 1.5 * max(contour_height(level) for level in result.levels)
        mesh = panel.pcolormesh(
            result.x_values,
            result.y_values,
            np.ma.masked_invalid(result.delta),
            shading="gouraud" if np.isfinite(result.delta).all() else "nearest",
            cmap="Blues_r",
            vmin=0,
            vmax=top,
            rasterized=True,
        )
        figure = figure_of(panel)
        bar = figure.colorbar(mesh, ax=panel, extend="max", pad=0.02)
        bar.set_label(_LIKELIHOOD)
        entries = [*_contours(panel, result), *_points(panel, result, reference)]
        shown = reference if reference is not None else (np.nan, np.nan)
        panel.set_xlim(*_span(result.x_values, shown[0]))
        panel.set_ylim(*_span(result.y_values, shown[1]))
        panel.set_xlabel(label(result.parameters[0]))
        panel.set_ylabel(label(result.parameters[1]))
        experiment_texts(panel, chosen, inside=False)
        legend = panel.legend(
            [handle for handle, _ in entries],
            [text for _, text in entries],
            loc="best",
            fontsize="small",
            frameon=True,
            framealpha=0.85,
            edgecolor="none",
        )
        legend.set_zorder(6)
        _note(panel, chosen, len(result.failures), result.notes)
        return figure


def _curve(ax: Axes, result: ScanResult, position: int, top: float) -> Any:
    """Draw one curve, cut off at `top`, and return what stands for it in the legend."""
    from matplotlib.patches import Rectangle

    curve = result.curves[position]
    color = "black" if position == 0 else PETROFF10[(position - 1) % len(PETROFF10)]
    x, y = _smooth(result.value, result.values, curve)
    dashes = _DASHES[position % len(_DASHES)]
    (line,) = ax.plot(x, y, color=color, linestyle=dashes, linewidth=1.8, zorder=3)
    low, high = _span(result.values)
    frame = Rectangle((low, -top), high - low, 2 * top, transform=ax.transData)
    line.set_clip_path(frame)
    if position == 0 and result.values.size <= _FEW:
        (dots,) = ax.plot(result.values, curve.delta, "o", color=color, markersize=4, zorder=4)
        dots.set_clip_path(frame)
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
    order = np.argsort(x)
    x, root = x[order], root[order]
    part = np.linspace(0.0, 1.0, 16, endpoint=False)
    fine, between = ((side[:-1, None] + part * np.diff(side)[:, None]).ravel() for side in (x, root))
    return np.append(fine, x[-1]), np.append(between, root[-1]) ** 2


def _contours(ax: Axes, result: ContourResult) -> list[tuple[Any, str]]:
    entries = []
    for i, level in enumerate(result.levels):
        handle = None
        for line in result.lines:
            if line.level == level:
                dashes = _DASHES[i % len(_DASHES)]
                (handle,) = ax.plot(*line.points.T, color="black", linestyle=dashes, linewidth=1.8, zorder=3)
        if handle is not None:
            entries.append((handle, percent(level)))
    return entries


def _points(ax: Axes, result: ContourResult, reference: tuple[float, float] | None) -> list[tuple[Any, str]]:
    options: dict[str, Any] = {"linestyle": "none", "zorder": 5}
    (cross,) = ax.plot(
        *result.best, "P", color="black", markeredgecolor="white", markersize=9, clip_on=False, **options
    )
    entries = [(cross, "best fit")]
    if reference is not None:
        (star,) = ax.plot(*reference, "*", color=PETROFF10[2], markersize=13, **options)
        entries.append((star, "reference"))
    return entries


def _span(values: FloatArray, shown: float = np.nan) -> tuple[float, float]:
    """Return where an axis begins and ends: at the values, and with room for what else is `shown`."""
    low, high = float(values.min()), float(values.max())
    room = 0.05 * (high - low) or 0.5
    return min(low, shown - room) if low > shown else low, max(high, shown + room) if high < shown else high


def _asymmetric(text: str) -> str:
    """Return `1.03 +0.08 -0.07 (stat.)` with the numbers above each other."""
    import re

    return re.sub(r" \+([\d.]+) -([\d.]+)", r"$^{+\1}_{-\2}$ ", text).strip()


def _note(ax: Axes, style: FigureStyle, failed: int, notes: Sequence[str]) -> None:
    """Say in red above the frame what keeps the figure from being complete."""
    texts = [f"{failed} failed fit{'s' if failed > 1 else ''}"] if failed else []
    if notes:
        texts.append("see the notes of the result")
    if texts:
        lift = 20 if style.name != "plain" or style.status or style.beam else 4
        ax.annotate(
            "; ".join(texts),
            (1, 1),
            (0, lift),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            color=_RED,
            fontsize="small",
        )
