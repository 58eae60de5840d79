"""Data and stacked prediction, one figure per channel."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, Unpack, overload

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError, listed, nearest
from wilks.figures.bin_ticks import label_bins
from wilks.figures.conditions import add_note
from wilks.figures.decoration import decorate, in_red, scale_y
from wilks.figures.layers import Content, draw_layers, shade_masked
from wilks.figures.numbers import divided, in_unit, logarithmic, set_log_x
from wilks.figures.poisson import garwood
from wilks.figures.ratio import draw_ratio
from wilks.figures.style import TITLE, FigureStyle, as_style, axis_title, figure_of, label, sample_colors, settings
from wilks.histogram import Axis
from wilks.results.prediction import ChannelPrediction, Prediction
from wilks.table import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wilks.figures.canvas import Figures

Blind: TypeAlias = Collection[str] | Mapping[str, Sequence[int]]
Panels: TypeAlias = "tuple[Axes, Axes]"
_SIZES = {"plain": (6.0, 6.4), "ATLAS": (7.6, 8.0), "CMS": (10.0, 10.6)}


class _Keywords(TypedDict, total=False):
    style: str | FigureStyle
    log: bool | None
    log_x: bool | None
    blind: Blind
    divide_by_width: bool
    prefit: Prediction | None
    colors: Mapping[str, str] | None
    order: Sequence[str]
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
    log: bool | None = None,
    log_x: bool | None = None,
    blind: Blind = (),
    divide_by_width: bool = False,
    prefit: Prediction | None = None,
    colors: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    ratio_half_width: float | None = None,
    ax: Panels | None = None,
) -> Figure | Figures:
    """Return the figure of one `channel`, or a dictionary with the figures of all channels by name.

    The samples are stacked as the legend lists them, the signal (what the parameter of interest scales) on top, then
    as in the workspace; those named in `order` come first of all. The hatched band is
    `total_uncertainty`, the bars on data are Poisson intervals (`intervals.garwood`), and the panel below has data over
    prediction.

    `log` None chooses a logarithmic axis where the yields of bins differ by over a factor 100, `log_x` None one along x
    where the edges are logarithmic. Negative contributions are stacked downwards from 0, and the total is a line then;
    a logarithmic axis has no place for them, and says so above the frame. `blind` names channels without data, or maps
    channels to the bins (from 0) without data. `prefit` adds its total as a dashed line. `colors` maps samples to
    colours; `divide_by_width` divides yields by the widths of the bins. The lower panel shows 1 +- `ratio_half_width`,
    None: from 1 % to 100 %, what holds the points, but for bins with few events (arrows at the edge) where these alone
    would make it over three times wider. `ax` is a pair of axes to draw on (main, ratio), for one channel. Raises
    InputError for names that are not in the prediction, and for a `log_x` that edges don't allow.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> result = wilks.fit(model)
    >>> figure = wilks.figures.data_mc(wilks.predict(model, result), channel="SR 2b", log=True)
    """
    from wilks.figures.canvas import Figures

    for given in (prediction, prefit):
        if given is not None and not isinstance(given, Prediction):
            raise TypeError(
                f"data_mc draws a Prediction, found a {type(given).__name__}; "
                "get one with wilks.predict(model) or wilks.predict(model, result)"
            )
    chosen = as_style(style)
    check_names(prediction, channel, blind, prefit, ax)
    stacked = stacking(prediction, order)
    palette = sample_colors(stacked, colors)
    pictures = Figures()
    for one in prediction.channels if channel is None else [prediction[channel]]:
        before = None if prefit is None else prefit[one.name].total
        content = in_order(content_of(one, before, hidden_bins(one, blind), divide_by_width, log_x), stacked)
        title = prediction.label[:1].upper() + prediction.label[1:]
        pictures[one.name] = _draw(content, chosen, title, palette, log, ratio_half_width, ax)
        add_note(pictures[one.name], prediction.conditions, ax)
    return pictures if channel is None else pictures[channel]


def stacking(prediction: Prediction, order: Sequence[str]) -> list[str]:
    """Return the samples of all channels from the top of the stack. Raises InputError for unknown ones in `order`."""
    known = list(dict.fromkeys(sample for channel in prediction.channels for sample in channel.samples))
    wanted = [order] if isinstance(order, str) else list(order)
    if unknown := [name for name in wanted if name not in known]:
        raise InputError(
            [f'order: there is no sample "{name}" in this prediction{nearest(name, known)}' for name in unknown]
        )
    signals = [name for name in known if name in prediction.signals]
    return list(dict.fromkeys([*wanted, *signals, *known]))


def in_order(content: Content, order: Sequence[str]) -> Content:
    """Return the content of a channel with its samples in the order of all."""
    places = sorted(range(len(content.samples)), key=lambda i: order.index(content.samples[i]))
    return replace(content, samples=tuple(content.samples[i] for i in places), yields=content.yields[places])


def check_names(
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


def hidden_bins(channel: ChannelPrediction, blind: Blind) -> list[int]:
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


def content_of(
    channel: ChannelPrediction,
    before: FloatArray | None,
    hidden: list[int],
    divide_by_width: bool = False,
    log_x: bool | None = None,
) -> Content:
    """Return what is drawn of a channel: `before` is the total before the fit, `hidden` are bins without data."""
    data = channel.data.copy()
    data[hidden] = np.nan
    low, high = garwood(data)
    edges = channel.axis.edges
    # Categories have no width.
    by_width = divide_by_width and not channel.axis.is_categorical
    scale = 1.0 / channel.axis.widths if by_width else np.ones(len(channel.axis))
    if log_x and not edges[0] > 0:
        raise InputError(f'log_x: "{channel.name}" begins at {edges[0]:g}, and a logarithmic axis needs edges above 0')
    return Content(
        channel.name,
        channel.axis,
        channel.samples,
        channel.yields * scale,
        channel.total_uncertainty * scale,
        data * scale,
        (low * scale, high * scale),
        None if before is None else before * scale,
        _y_title(channel.axis, channel.name, divide_by_width),
        hidden,
        logarithmic(edges) if log_x is None else log_x,
        channel.masked,
    )


def _y_title(axis: Axis, name: str, divide_by_width: bool) -> str:
    if axis.is_categorical:
        return "Events"
    if divide_by_width:
        return f"Events / {axis.unit or 'bin width'}"
    widths = axis.widths
    if len(axis) == 1 or not np.allclose(widths, widths[0], rtol=1e-6) or (not axis.unit and widths[0] == 1):
        return "Events"
    title, power = x_title(axis, name)
    bracket = title.rsplit("[", 1)[-1].rstrip("] ")
    if not axis.unit or "{" in bracket:  # the same numbers as along x only in another unit of energy
        bracket, power = axis.unit, 0
    return f"Events / {number(float(widths[0]) / 10.0**power)} {bracket}".rstrip()


def x_title(axis: Axis, name: str) -> tuple[str, int]:
    """Return the title of the x axis, and the power of ten that its numbers are divided by."""
    return in_unit(axis_title(axis, name), float(np.abs(axis.edges).max()))


def _draw(
    content: Content,
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
        draw_content_ratio(ratio, content, ratio_half_width)
        lowest = content.lowest(log)
        entries = draw_layers(main, content, colors, lowest)
        scale_height(main, content, lowest)
        figure = figure_of(main)
        if ax is None:
            fit_margins(figure, [main, ratio])
        bounds: dict[str, Any] = {"tallest": content.tallest, "lowest": lowest, "deepest": content.deepest}
        bounds["outside"] = [main, ratio] if ax is None else []
        free = decorate(main, style, (content.name, title), entries, **bounds)
        in_red(main, style, content.unseen() if lowest is not None else [])
        for panel in (main, ratio):
            shade_masked(panel, content)
        _hatch_hidden(main, content, free)
        _hatch_hidden(ratio, content, 1.0)
        if ax is None:
            fit_margins(figure, [main, ratio])
    return figure


def draw_content_ratio(ax: Axes, content: Content, half_width: float | None) -> None:
    """Draw the panel of data over prediction."""
    totals = content.total, content.uncertainty
    draw_ratio(ax, content.axis.edges, *totals, content.data, content.ends, half_width, content.centers)


def scale_height(main: Axes, content: Content, lowest: float | None) -> None:
    """Title the y axis, and give it a first range, for its numbers."""
    if lowest is None:
        scale_y(main, label(content.y_title, TITLE), content.tallest)
        main.set_ylim(content.deepest, 1.6 * content.tallest)
    else:
        main.set_ylabel(label(content.y_title, TITLE))
        main.set_ylim(lowest, 10 * content.tallest)


def _label_axes(main: Axes, ratio: Axes, content: Content) -> None:
    from matplotlib.ticker import MaxNLocator

    edges = content.axis.edges
    main.set_xlim(edges[0], edges[-1])
    ratio.set_xlim(edges[0], edges[-1])
    main.tick_params(labelbottom=False)
    ratio.set_ylabel("Data / Pred.", loc="center")
    title, power = x_title(content.axis, content.name)
    if content.log_x:  # powers of ten are short in any unit
        title, power = axis_title(content.axis, content.name), 0
    ratio.set_xlabel(label(title, TITLE))
    if label_bins(content.axis, ratio, main):
        return
    if content.log_x:
        set_log_x(main)
        set_log_x(ratio)
    elif power:
        ratio.xaxis.set_major_formatter(divided(power))
    elif np.array_equal(edges, np.arange(edges.size)):
        ratio.xaxis.set_major_locator(MaxNLocator(integer=True))
        ratio.xaxis.set_minor_locator(MaxNLocator(integer=True, nbins=100))


def _hatch_hidden(ax: Axes, content: Content, height: float) -> None:
    for b in content.hidden:
        low, high = content.axis.interval(b)
        ax.axvspan(low, high, ymax=height, fill=False, hatch="\\\\\\", edgecolor="#9a9a9a", linewidth=0, zorder=7)
