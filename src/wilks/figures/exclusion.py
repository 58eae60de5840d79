"""The map of limits over two labels: which signals are excluded, with smooth contours between the points."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.figures.brazil import RED, canvas_for
from wilks.figures.decoration import Entry, experiment_texts, in_red
from wilks.figures.style import FigureStyle, figure_of, weight
from wilks.results.grid import GridResult
from wilks.table import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OBSERVED, _EXPECTED, _BAND, _FORBIDDEN = RED, "#1f4fbf", "#ffe59a", "#e4e4e4"
_DECADES = 1.0  # of colours on each side of the border of exclusion
_FAR = 2.0  # decades from the border: limits further away don't shape it
_FEW = 10  # points, below which contours are a sketch
_CELLS, _NEIGHBOURS, _MANY = 200, 100, 400
# Labels are masses if they are called so; their diagonal is a border if so many points come so close to it.
_MASS, _CLOSE, _AT_BORDER = re.compile(r"m|.*mass", re.IGNORECASE), 0.25, 3


@dataclass(frozen=True)
class Plane:
    """Coordinates of points, their names and titles, and the forbidden side of a diagonal: y > x - `offset` or, with
    `below`, y < x - `offset`; None where nothing is forbidden.
    """

    x: FloatArray
    y: FloatArray
    names: tuple[str, str]
    titles: tuple[str, str]
    offset: float | None = None
    below: bool = False

    @property
    def distance(self) -> FloatArray:
        """Distance of each point from the diagonal along y, positive on the allowed side."""
        gap = self.x - (self.offset or 0.0) - self.y
        return -gap if self.below else gap


def plane_of(
    x: FloatArray, y: FloatArray, names: tuple[str, str], titles: tuple[str, str], forbidden: float | bool | None
) -> Plane:
    """Return a plane with its forbidden region: as given, True for the diagonal, None for what the points look like."""
    if forbidden is False:
        return Plane(x, y, names, titles)
    offset = 0.0 if forbidden is None or forbidden is True else float(forbidden)
    plane = Plane(x, y, names, titles, offset, below=bool((x < y).sum() > (x > y).sum()))
    if forbidden is not None:
        return plane
    near = (plane.distance < _CLOSE * max(np.ptp(x), np.ptp(y))).sum()
    masses = all(_MASS.match(name) for name in names)
    return plane if masses and (plane.distance > 0).all() and near >= _AT_BORDER else Plane(x, y, names, titles)


def exclusion_map(
    result: GridResult, shown: Any, plane: Plane, title: str, lost: list[str], style: FigureStyle, ax: Axes | None
) -> Figure:
    """Draw points in shades of the observed limit, and contours where signals are just excluded."""
    from matplotlib.colors import LogNorm

    border, thick = 1.0 if result.question == "limit" else 1 - result.level, weight(style)
    with canvas_for(style, ax) as target:
        figure = figure_of(target)
        good = result.observed[shown] > 0
        colors: dict[str, Any] = {"cmap": "PRGn", "norm": LogNorm(border / 10**_DECADES, border * 10**_DECADES)}
        symbols: dict[str, Any] = {"s": 22 * thick**2, "edgecolors": "black", "linewidths": 0.5 * thick, "zorder": 3}
        points = target.scatter(plane.x[good], plane.y[good], c=result.observed[shown][good], **colors, **symbols)
        entries, places = _contours(target, result, shown, plane, border, thick)
        bar = figure.colorbar(points, ax=target, pad=0.02, extend="both")
        _plain_numbers(bar, border)
        bar.set_label(title)
        target.set_xlabel(plane.titles[0])
        target.set_ylabel(plane.titles[1])
        target.set_xlim(*_with_margin(plane.x))
        target.set_ylim(*_with_margin(plane.y))
        experiment_texts(target, style)
        few = [f"only {len(shown)} points: the contours are a sketch"] if entries and len(shown) < _FEW else []
        in_red(target, style, [*lost, *few])
        if entries:
            places = np.concatenate([places, _legend_above(target, entries, places)])
        _forbid(target, plane, places)
    return figure


def _contours(
    ax: Axes, result: GridResult, shown: Any, plane: Plane, border: float, thick: float
) -> tuple[list[Entry], FloatArray]:
    """Draw contours and the band of expected ones; return what the legend says, and where points and contours are."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    x, y = (np.linspace(side.min(), side.max(), _CELLS) for side in (plane.x, plane.y))
    columns = {"observed": result.observed, "median": result.expected[:, 2]}
    columns |= {"low": result.expected[:, 1], "high": result.expected[:, 3]}
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = {name: np.log10(values[shown] / border).clip(-_FAR, _FAR) for name, values in columns.items()}
    surfaces = dict(zip(logs, _surfaces(plane, list(logs.values()), x, y), strict=True))
    entries: list[Entry] = []
    drawn: list[Any] = []
    for name, color, dashes, text in (
        ("observed", _OBSERVED, "-", "Observed"),
        ("median", _EXPECTED, "--", "Expected"),
    ):
        if (heights := surfaces[name]) is not None and _crosses(heights):
            line: dict[str, Any] = {"colors": [color], "linestyles": [dashes], "linewidths": [1.8 * thick]}
            drawn.append(ax.contour(x, y, heights, levels=[0.0], zorder=4, **line))
            entries.append((Line2D([], [], color=color, ls=dashes, linewidth=1.8 * thick), text))
    low, high = surfaces["low"], surfaces["high"]
    if low is not None and high is not None and (_crosses(low) or _crosses(high)):
        between = np.ma.maximum(low, -high)
        if float(between.min()) < 0:
            levels = [float(between.min()) - 1, 0.0]
            drawn.append(ax.contourf(x, y, between, levels=levels, colors=[_BAND], zorder=1))
            entries.append((Patch(color=_BAND), r"Expected $\pm$ 1$\sigma$"))
    paths = [path.vertices for contours in drawn for path in contours.get_paths()]
    return entries, np.concatenate([np.column_stack([plane.x, plane.y]), *paths])


def _crosses(heights: Any) -> bool:
    return float(heights.min()) < 0 < float(heights.max())


def _surfaces(plane: Plane, columns: list[FloatArray], x: FloatArray, y: FloatArray) -> list[Any]:
    """Return the surface of each of several heights: at once of those that are known at the same points."""
    found: dict[int, Any] = {}
    known = [np.isfinite(heights).tobytes() for heights in columns]
    for mask in dict.fromkeys(known):
        members = [i for i, each in enumerate(known) if each == mask]
        found |= zip(members, surface(plane, np.column_stack([columns[i] for i in members]), x, y), strict=True)
    return [found[i] for i in range(len(columns))]


def surface(plane: Plane, heights: FloatArray, x: FloatArray, y: FloatArray) -> list[Any]:
    """Return heights, shape (points, kinds), between points as masked arrays, shape (y, x), one for each kind.

    A thin plate through all points that have one, inside their convex hull. Where a diagonal is the border of what is
    allowed the distance from it is the second coordinate, along which heights change: the plate does not follow the
    staircase of points beside it. Parts of one sign without any point are none of the data's, and filled. None where
    the points span no plane.
    """
    from scipy.interpolate import RBFInterpolator
    from scipy.spatial import ConvexHull

    none: list[Any] = [None] * heights.shape[1]
    good = np.isfinite(heights).all(axis=1) & np.isfinite(plane.x) & np.isfinite(plane.y)
    points, first = np.unique(np.column_stack([plane.x, plane.y])[good], axis=0, return_index=True)
    if len(points) < 3:
        return none
    size = np.ptp(points, axis=0)
    size[size == 0] = 1.0
    if np.linalg.matrix_rank(points / size - (points / size).mean(axis=0), tol=1e-9) < 2:
        return none
    wide, high = np.meshgrid(x, y)
    places = np.column_stack([wide.ravel(), high.ravel()])
    sides = ConvexHull(points / size).equations
    inside = (places / size @ sides[:, :2].T + sides[:, 2] < 1e-9).all(axis=1)
    known, asked = _coordinates(plane, points), _coordinates(plane, places[inside])
    scale = np.ptp(known, axis=0)
    options: dict[str, Any] = {"kernel": "thin_plate_spline", "degree": 1}
    neighbours = _NEIGHBOURS if len(points) > _MANY else None
    plate = RBFInterpolator(known / scale, heights[good][first], neighbors=neighbours, **options)
    found = np.full((len(places), heights.shape[1]), np.nan)
    if inside.any():
        found[inside] = plate(asked / scale)
    shaped = found.T.reshape(-1, *wide.shape)
    return [np.ma.masked_invalid(_filled(each, points, x, y)) for each in shaped]


def _coordinates(plane: Plane, points: FloatArray) -> FloatArray:
    return points if plane.offset is None else np.column_stack([points[:, 0], points[:, 0] - points[:, 1]])


def _filled(heights: FloatArray, points: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return heights in which every part of one sign has a point in one of its cells: others get the other sign."""
    from scipy.ndimage import label

    pairs = zip((x, y), points.T, strict=True)
    column, row = (np.clip(np.searchsorted(side, place, "right") - 1, 0, side.size - 2) for side, place in pairs)
    near = np.zeros(heights.shape, np.bool_)
    for i in (0, 1):
        for j in (0, 1):
            near[row + i, column + j] = True
    changed = heights.copy()
    for sign in (-1.0, 1.0):
        parts, count = label(sign * heights > 0)
        empty = np.setdiff1d(np.arange(1, count + 1), parts[near])
        changed[np.isin(parts, empty)] = -sign * 1e-9
    return changed


def _plain_numbers(bar: Any, border: float) -> None:
    """Label a logarithmic colour bar with plain numbers around the border."""
    ticks = [border * factor for factor in (0.1, 0.2, 0.5, 1, 2, 5, 10)]
    bar.set_ticks(ticks, labels=[number(tick, 2) for tick in ticks])
    bar.ax.minorticks_off()


def _with_margin(values: FloatArray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _legend_above(ax: Axes, entries: list[Entry], avoid: FloatArray) -> FloatArray:
    """Draw a legend inside, at the top left, and make room for it above the places to avoid where it hides some.

    Returns where it lies, shape (places, 2).
    """
    options: dict[str, Any] = {"loc": "upper left", "fontsize": "small"}
    legend = ax.legend([handle for handle, _ in entries], [text for _, text in entries], **options)
    box, frame = legend.get_window_extent(), ax.get_window_extent()
    places = ax.transData.transform(avoid)
    room = 0.03 * frame.height
    if ((places[:, 0] < box.x1 + room) & (places[:, 1] > box.y0 - room)).any():
        used = float(box.height / frame.height) + 0.02
        low, high = ax.get_ylim()
        ax.set_ylim(low, low + (high - low) / (1 - min(used, 0.5)))
    across, up = np.meshgrid(np.linspace(box.x0, box.x1, 5), np.linspace(box.y0, box.y1, 5))
    return np.asarray(ax.transData.inverted().transform(np.column_stack([across.ravel(), up.ravel()])), np.float64)


def _forbid(ax: Axes, plane: Plane, avoid: FloatArray) -> None:
    """Shade the forbidden side of the diagonal, and say what is forbidden along it."""
    if plane.offset is None:
        return
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    ends = np.array([left, right])
    line = ends - plane.offset
    edge = min(low, *line) if plane.below else max(high, *line)
    ax.fill_between(ends, line, edge, color=_FORBIDDEN, linewidth=0, zorder=0.5)
    ax.plot(ends, line, color="0.45", linewidth=0.8, zorder=0.6)
    ax.set_xlim(left, right)
    ax.set_ylim(low, high)
    first, last = max(left, low + plane.offset), min(right, high + plane.offset)
    if last - first < 0.2 * (right - left):
        return
    sign, offset = "<" if plane.below else ">", plane.offset
    shift = "" if offset == 0 else f" {'−' if offset > 0 else '+'} {number(abs(offset))}"
    x_name, y_name = (re.sub(r"\s*\[[^\]]*\]\s*$", "", title) for title in plane.titles)
    text = ax.annotate(
        f"{y_name} {sign} {x_name}{shift}",
        (first, first - offset),
        (0, -3 if plane.below else 3),
        textcoords="offset points",
        rotation_mode="anchor",
        ha="center",
        va="top" if plane.below else "bottom",
        fontsize="small",
        color="0.35",
        zorder=5,
    )
    middle, angle = _free_place(ax, plane.offset, (first, last), float(text.get_window_extent().width), avoid)
    text.xy = middle, middle - offset
    text.set_rotation(angle)


def _free_place(
    ax: Axes, offset: float, ends: tuple[float, float], length: float, avoid: FloatArray
) -> tuple[float, float]:
    """Return x of the place for a text of a length, in pixels, along a diagonal, where there is most room, and its
    angle in degrees.
    """
    start, stop = ax.transData.transform([(end, end - offset) for end in ends])
    whole = float(np.linalg.norm(stop - start))
    half = min(0.5 * length / whole, 0.45)
    at = np.linspace(half, 1 - half, 33)
    parts = at[:, None] + np.linspace(-half, half, 9)
    along = start + parts[..., None] * (stop - start)
    gaps = np.linalg.norm(along[:, :, None] - ax.transData.transform(avoid), axis=3).min(axis=(1, 2))
    best = float(at[np.argmax(np.minimum(gaps, 40.0) - 5.0 * np.abs(at - 0.6))])
    return ends[0] + best * (ends[1] - ends[0]), math.degrees(math.atan2(*(stop - start)[::-1]))
