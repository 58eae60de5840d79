"""The panel below a stack: data over prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import BoolArray, FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer

_HALF_WIDTHS = (0.1, 0.2, 0.5, 1.0)
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
    point outside the range is an arrow at the edge. `half_width` None takes the smallest of 0.1, 0.2, 0.5 and 1 that
    shows all points and most bars. Points stand at `centers`, by default in the middle of the bins.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        positive = np.where(total > 0, total, np.nan)
        ratio, low, high, band = data / positive, ends[0] / positive, ends[1] / positive, uncertainty / positive
    half = half_width or _half_width(np.where(data > 0, (ratio, low, high), np.nan), band)
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
    ax.set_ylim(1 - half, 1 + half)
    ax.set_yticks([1 - half, 1 - half / 2, 1, 1 + half / 2])
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")


def draw_points(
    ax: Axes, centers: FloatArray, values: FloatArray, low: FloatArray, high: FloatArray, keep: BoolArray
) -> ErrorbarContainer:
    """Draw black points with bars from `low` to `high` in the bins to keep; return them for the legend."""
    import matplotlib

    below, above = np.maximum(values - low, 0)[keep], np.maximum(high - values, 0)[keep]
    size = float(matplotlib.rcParams["font.size"])
    return ax.errorbar(
        centers[keep],
        values[keep],
        yerr=(below, above),
        fmt="o",
        color="black",
        markersize=0.42 * size,
        elinewidth=0.1 * size,
        zorder=6,
    )


def _half_width(points: FloatArray, band: FloatArray) -> float:
    """Return the half width for points (rows: ratio, lower and upper end) and the relative uncertainty."""
    away = np.abs(points - 1)
    reach = ((away[0], 1.0), (np.fmax(away[1], away[2]), 0.75), (band, 0.75))
    finite = [(values[np.isfinite(values)], part) for values, part in reach]
    need = max((float(np.quantile(values, part)) for values, part in finite if values.size), default=0.0)
    return next((half for half in _HALF_WIDTHS if 1.1 * need <= half), _HALF_WIDTHS[-1])
