"""Data and stacked prediction, one figure per channel."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, Unpack, overload

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError, listed, nearest
from wilks.figures.bin_ticks import label_bins
from wilks.figures.conditions import add_note
from wilks.figures.decoration import Entry, decorate, scale_y
from wilks.figures.poisson import garwood
from wilks.figures.ratio import HATCH, draw_points, draw_ratio
from wilks.figures.style import FigureStyle, as_style, axis_title, figure_of, label, sample_colors, settings
from wilks.histogram import Axis
from wilks.results.prediction import ChannelPrediction, Prediction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wilks.figures.canvas import Figures

Blind: TypeAlias = Collection[str] | Mapping[str, Sequence[int]]
Panels: TypeAlias = "tuple[Axes, Axes]"
_SIZES = {"plain": (6.0, 6.4), "ATLAS": (7.6, 8.0), "CMS": (10.0, 10.6)}
# Beyond this ratio of the largest to the smallest bin an automatic y axis is logarithmic.
_LOG_RATIO = 1000.0


class _Keywords(TypedDict, total=False):
    style: str | FigureStyle
    log: bool | None
    blind: Blind
    divide_by_width: bool
    prefit: Prediction | None
    colors: Mapping[str, str] | None
    ratio_half_width: float | None
    ax: Panels | None


@overload
def data_mc(prediction: Prediction, *, channel: str, **options: Unpack[_Keywords]) -> Figure: ...
@overload
def data_mc(prediction: Prediction, *, channel: None = None, **options: Unpack[_Keywords]) -> Figures: ...
def data_mc(
    prediction: Prediction,
    *,
    channel: str | None = None,
    style: str | FigureStyle = "plain",
    log: bool | None = False,
    blind: Blind = (),
    divide_by_width: bool = False,
    prefit: Prediction | None = None,
    colors: Mapping[str, str] | None = None,
    ratio_half_width: float | None = None,
    ax: Panels | None = None,
) -> Figure | Figures:
    """Return the figure of one channel, or a dictionary with the figures of all channels by name.

    The samples are stacked with the first on top, as the legend lists them; the hatched band is
    `total_uncertainty`, the bars on data are Poisson intervals (`intervals.garwood`), and the panel below has data over
    prediction.

    `log` None chooses a logarithmic axis where bins differ by over a factor 1000. `blind` names channels without
    data, or maps channels to the bins (from 0) without data. `prefit` adds its total as a dashed line. `colors` maps
    samples to colours. The lower panel shows 1 +- `ratio_half_width`, None: chosen from the points. `ax` is a pair of
    axes to draw on (main, ratio), for one channel. Raises InputError for names that are not in the prediction.
    """
    from wilks.figures.canvas import Figures

    for given in (prediction, prefit):
        if given is not None and not isinstance(given, Prediction):
            raise TypeError(
                f"data_mc draws a Prediction, found a {type(given).__name__}; "
                "get one with wilks.predict(model) or wilks.predict(model, result)"
            )
    chosen = as_style(style)
    _check_names(prediction, channel, blind, prefit, ax)
    palette = sample_colors((sample for c in prediction.channels for sample in c.samples), colors)
    pictures = Figures()
    for one in prediction.channels if channel is None else [prediction[channel]]:
        before = None if prefit is None else prefit[one.name].total
        content = _content(one, before, _hidden(one, blind), divide_by_width)
        title = prediction.label[:1].upper() + prediction.label[1:]
        pictures[one.name] = _draw(content, chosen, title, palette, log, ratio_half_width, ax)
        add_note(pictures[one.name], prediction.conditions, ax)
    return pictures if channel is None else pictures[channel]


def _check_names(
    prediction: Prediction, channel: str | None, blind: Blind, prefit: Prediction | None, ax: Panels | None
) -> None:
    known = prediction.channel_names
    wanted = ([channel] if channel is not None else []) + ([blind] if isinstance(blind, str) else list(blind))
    problems = [
        f'there is no channel "{name}" in this prediction, only {listed(known)}{nearest(name, known)}'
        for name in wanted
        if name not in known
    ]
    if prefit is not None:
        problems += [
            f'prefit has no channel "{name}" with the same bins'
            for name in ([channel] if channel in known else known)
            if name not in prefit.channel_names or not _same_bins(prefit[name].axis, prediction[name].axis)
        ]
    if ax is not None and channel is None:
        problems.append("ax is for the figure of one channel: name it with channel=")
    if problems:
        raise InputError(problems)


def _same_bins(one: Axis, other: Axis) -> bool:
    return len(one) == len(other) and one.bin_labels == other.bin_labels


def _hidden(channel: ChannelPrediction, blind: Blind) -> list[int]:
    """Return the bins of a channel whose data must not be shown."""
    bins = len(channel.axis)
    if isinstance(blind, Mapping):
        hidden = list(blind.get(channel.name, ()))
    else:
        names = {blind} if isinstance(blind, str) else set(blind)
        hidden = list(range(bins)) if channel.name in names else []
    hidden = sorted({*hidden, *(int(b) for b in np.flatnonzero(np.isnan(channel.data)))})
    wrong = [b for b in hidden if not 0 <= b < bins]
    if wrong:
        raise InputError(f'blind: channel "{channel.name}" has the bins 0 to {bins - 1}, found {wrong[0]}')
    return hidden


@dataclass(frozen=True)
class _Content:
    """What is drawn for one channel, per bin or per unit of the axis."""

    name: str
    axis: Axis
    samples: tuple[str, ...]
    yields: FloatArray
    uncertainty: FloatArray
    data: FloatArray
    ends: tuple[FloatArray, FloatArray]
    before: FloatArray | None
    y_title: str
    hidden: list[int]

    @property
    def total(self) -> FloatArray:
        total: FloatArray = self.yields.sum(axis=0)
        return total


def _content(
    channel: ChannelPrediction, before: FloatArray | None, hidden: list[int], divide_by_width: bool
) -> _Content:
    data = channel.data.copy()
    data[hidden] = np.nan
    low, high = garwood(data)
    # Categories have no width.
    by_width = divide_by_width and not channel.axis.is_categorical
    scale = 1.0 / channel.axis.widths if by_width else np.ones(len(channel.axis))
    return _Content(
        channel.name,
        channel.axis,
        channel.samples,
        channel.yields * scale,
        channel.total_uncertainty * scale,
        data * scale,
        (low * scale, high * scale),
        None if before is None else before * scale,
        _y_title(channel.axis, divide_by_width),
        hidden,
    )


def _y_title(axis: Axis, divide_by_width: bool) -> str:
    if axis.is_categorical:
        return "Events"
    if divide_by_width:
        return f"Events / {axis.unit or 'bin width'}"
    widths = axis.widths
    if len(axis) == 1 or not np.allclose(widths, widths[0], rtol=1e-6) or (not axis.unit and widths[0] == 1):
        return "Events"
    return f"Events / {widths[0]:.4g} {axis.unit}".rstrip()


def _draw(
    content: _Content,
    style: FigureStyle,
    title: str,
    colors: Mapping[str, str],
    log: bool | None,
    ratio_half_width: float | None,
    ax: Panels | None,
) -> Figure:
    from wilks.figures.canvas import Drawing, fit_margins, styled

    rc = settings(style)
    with styled(rc):
        if ax is None:
            drawing = Drawing(rc, figsize=_SIZES[style.name])
            grid = drawing.add_gridspec(2, 1, height_ratios=(3, 1), hspace=0)
            main = drawing.add_subplot(grid[0])
            ratio = drawing.add_subplot(grid[1], sharex=main)
        else:
            main, ratio = ax
        _label_axes(main, ratio, content)
        draw_ratio(
            ratio, content.axis.edges, content.total, content.uncertainty, content.data, content.ends, ratio_half_width
        )
        lowest = _lowest(content, log)
        title_of_y = label(content.y_title, 60)
        if lowest is None:
            scale_y(main, title_of_y, _tallest(content))
        else:
            main.set_ylabel(title_of_y)
        entries = _draw_stack(main, content, colors, lowest)
        figure = figure_of(main)
        if ax is None:
            main.set_ylim(*((lowest, 10 * lowest) if lowest else (0, 1.6 * _tallest(content))))
            fit_margins(figure, [main, ratio])
        free = decorate(main, style, (content.name, title), entries, tallest=_tallest(content), lowest=lowest)
        _hatch_hidden(main, content, free)
        _hatch_hidden(ratio, content, 1.0)
        if ax is None:
            fit_margins(figure, [main, ratio])
    return figure


def _label_axes(main: Axes, ratio: Axes, content: _Content) -> None:
    from matplotlib.ticker import MaxNLocator

    edges = content.axis.edges
    main.set_xlim(edges[0], edges[-1])
    ratio.set_xlim(edges[0], edges[-1])
    main.tick_params(labelbottom=False)
    ratio.set_ylabel("Data / Pred.", loc="center")
    ratio.set_xlabel(label(axis_title(content.axis, content.name), 60))
    if label_bins(content.axis, ratio, main):
        return
    if np.array_equal(edges, np.arange(edges.size)):
        ratio.xaxis.set_major_locator(MaxNLocator(integer=True))
        ratio.xaxis.set_minor_locator(MaxNLocator(integer=True, nbins=100))


def _tallest(content: _Content) -> float:
    filled = np.where(content.data > 0, content.ends[1], 0.0)
    heights = [content.total, content.total + content.uncertainty, filled]
    if content.before is not None:
        heights.append(content.before)
    finite = np.concatenate([values[np.isfinite(values)] for values in heights])
    top = float(finite.max(initial=0.0))
    return top if top > 0 else 1.0


def _lowest(content: _Content, log: bool | None) -> float | None:
    """Return the bottom of a logarithmic axis, or None for a linear one."""
    heights = np.concatenate([content.total, content.data])
    positive = heights[np.isfinite(heights) & (heights > 0)]
    if positive.size == 0 or log is False or (log is None and positive.max() < _LOG_RATIO * positive.min()):
        return None
    # Low enough to see the smaller samples, but not more than seven decades.
    smallest = float(content.yields[content.yields > 0].min(initial=positive.min()))
    return float(max(0.5 * smallest, 0.02 * positive.min(), 1e-7 * positive.max()))


def _draw_stack(ax: Axes, content: _Content, colors: Mapping[str, str], lowest: float | None) -> list[Entry]:
    """Draw samples, uncertainty, lines and data; return the entries of the legend from top to bottom."""
    from matplotlib.patches import Patch

    edges, total = content.axis.edges, content.total
    if lowest is not None:
        ax.set_yscale("log")
    base = np.zeros(len(content.axis))
    outline: dict[str, Any] = {"edgecolor": "black", "linewidth": 0.6}
    floor = lowest or 0.0
    for i in reversed(range(len(content.samples))):
        top = base + content.yields[i]
        color = colors[content.samples[i]]
        shown = np.maximum(top, floor) if lowest else top
        ax.stairs(shown, edges, baseline=np.maximum(base, floor) if lowest else base, fill=True, fc=color, **outline)
        base = top
    entries: list[Entry] = [(Patch(facecolor=colors[s], **outline), s) for s in content.samples]
    if np.isfinite(content.uncertainty).any():
        ends = total - content.uncertainty, total + content.uncertainty
        ax.stairs(np.maximum(ends[1], floor), edges, baseline=np.maximum(ends[0], floor), **HATCH)
        entries.append((Patch(**_key(HATCH)), "Uncertainty"))
    if content.before is not None:
        line = ax.stairs(content.before, edges, baseline=None, color="#2040c0", linestyle="--", linewidth=1.4, zorder=4)
        entries.append((line, "Pre-fit total"))
    seen = np.isfinite(content.data)
    if seen.any():
        # The bar of an empty bin that is taller than everything else would only run into the legend.
        low, high = content.ends
        high = np.where((content.data > 0) | (high <= _tallest(content)), high, content.data)
        points = draw_points(ax, content.axis.centers, content.data, low, high, seen)
        entries.insert(0, (points, "Data"))
    return entries


def _key(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "zorder"}


def _hatch_hidden(ax: Axes, content: _Content, height: float) -> None:
    for b in content.hidden:
        low, high = content.axis.interval(b)
        ax.axvspan(low, high, ymax=height, fill=False, hatch="\\\\\\", edgecolor="#9a9a9a", linewidth=0, zorder=7)
