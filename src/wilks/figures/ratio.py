"""The panel below a stack: data over prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import BoolArray, FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer

# Half of each is a step of the axis.
_HALF_WIDTHS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
# Bars so many times longer than the middle one are those of bins with few events; the range holds them too, unless
# it would be that many times wider.
_LONG, _WIDER = 3.0, 3.0
_BAR = 0.1  # width of a bar, in font sizes
# How a total uncertainty is drawn, here and on the stack.
HATCH: dict[str, Any] = {"fill": False, "hatch": "/////", "edgecolor": "#333333", "linewidth": 0, "zorder": 3}


def draw_ratio(
    ax: Axes,
    edges: FloatArray,
    total: FloatArray,
    uncertainty: FloatArray,
    data: FloatArray,
    ends: tuple[FloatArray, FloatArray],
    half_width: float | None,
    centers: FloatArray | None = None,
) -> None:
    """Draw data / prediction with the error of the data alone, around the relative uncertainty of the prediction.

    Bins without prediction have no point, nor have empty bins whose bar leaves the range: it would say nothing. A
    point outside the range is an arrow at the edge, with what can be seen of its bar. `half_width` None chooses one
    (`half_width_of`). Points stand at `centers`, by default in the middle of the bins.
    """
    half = half_width or half_width_of(total, uncertainty, data, ends)
    ratio, low, high, band = _relative(total, uncertainty, data, ends)
    if np.isfinite(band).any():
        ax.stairs(1 + band, edges, baseline=1 - band, **HATCH)
    ax.axhline(1, color="black", linestyle="--", linewidth=0.9, zorder=2)
    centers = 0.5 * (edges[1:] + edges[:-1]) if centers is None else centers
    inside = (np.abs(ratio - 1) <= half) & ((data > 0) | (high <= 1 + half))
    draw_points(ax, centers, ratio, low, high, inside)
    for outside, marker, where in (
        (ratio > 1 + half, "^", 1 + 0.9 * half),
        ((ratio < 1 - half) & (data > 0), "v", 1 - 0.9 * half),
    ):
        if outside.any():
            ax.plot(centers[outside], np.full(outside.sum(), where), marker, color="black", zorder=5)
            ax.vlines(centers[outside], low[outside], high[outside], color="black", linewidth=_BAR * _size(), zorder=5)
    ax.set_ylim(1 - half, 1 + half)
    ax.set_yticks([1 - half, 1 - half / 2, 1, 1 + half / 2])
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")


def half_width_of(
    total: FloatArray, uncertainty: FloatArray, data: FloatArray, ends: tuple[FloatArray, FloatArray]
) -> float:
    """Return the smallest half width, of 0.01 to 1, that shows all points and most bars and uncertainties.

    Points of bins with few events, whose bars are long beside the others, don't count where they alone would make the
    range much wider: they say little, and would hide what the others say.
    """
    ratio, low, high, band = _relative(total, uncertainty, np.where(data > 0, data, np.nan), ends)
    away, bars = np.abs(ratio - 1), 0.5 * (high - low)
    known = np.isfinite(away)
    few = known & (bars > _LONG * np.median(bars[known], keepdims=True)) if known.any() else known
    most = [_typical(values) for values in (np.fmax(np.abs(low - 1), np.abs(high - 1))[known & ~few], band)]
    core = _enough(max(*most, away[known & ~few].max(initial=0.0)))
    every = _enough(max(*most, away[known].max(initial=0.0)))
    return every if every <= _WIDER * core else core


def _relative(
    total: FloatArray, uncertainty: FloatArray, data: FloatArray, ends: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return data, both ends of their bars and the uncertainty over the prediction; NaN where that is not above 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        positive = np.where(total > 0, total, np.nan)
        return data / positive, ends[0] / positive, ends[1] / positive, uncertainty / positive


def _typical(values: FloatArray) -> float:
    """Return what three of four values don't exceed."""
    finite = values[np.isfinite(values)]
    return float(np.quantile(finite, 0.75, method="lower")) if finite.size else 0.0


def _enough(need: float) -> float:
    return next((half for half in _HALF_WIDTHS if 1.1 * need <= half), _HALF_WIDTHS[-1])


def draw_points(
    ax: Axes, centers: FloatArray, values: FloatArray, low: FloatArray, high: FloatArray, keep: BoolArray
) -> ErrorbarContainer:
    """Draw black points with bars from `low` to `high` in the bins to keep; return them for the legend."""
    below, above = np.maximum(values - low, 0)[keep], np.maximum(high - values, 0)[keep]
    return ax.errorbar(
        centers[keep],
        values[keep],
        yerr=(below, above),
        fmt="o",
        color="black",
        markersize=0.42 * _size(),
        elinewidth=_BAR * _size(),
        zorder=6,
    )


def _size() -> float:
    import matplotlib

    return float(matplotlib.rcParams["font.size"])
