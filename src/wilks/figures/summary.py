"""All channels of a prediction in one figure: every bin, or the sum of each channel, beside the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError
from wilks.figures.conditions import add_note
from wilks.figures.decoration import Entry, experiment_texts, in_red, lines_above
from wilks.figures.layers import Content, draw_layers, shade_masked
from wilks.figures.names import labels, letters
from wilks.figures.poisson import garwood
from wilks.figures.ratio import half_width_of
from wilks.figures.stack import Blind, check_names, draw_content_ratio, hidden_bins, scale_height, stacking
from wilks.figures.style import FigureStyle, as_style, compact, sample_colors
from wilks.histogram import Axis
from wilks.results.prediction import ChannelPrediction, Prediction
from wilks.selection import natural

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_BINS = 240  # of all channels together, of which each is drawn
_ROW_BINS, _ROW_NAMES = 80, 64
_BIN, _MAIN, _RATIO, _LETTER = 0.16, 2.7, 1.0, 0.082  # inches
_LEAST, _WIDEST = 7.0, 13.0
_LINE: dict[str, Any] = {"color": "#2040c0", "linestyle": "--", "linewidth": 1.2, "zorder": 4}


@dataclass(frozen=True)
class _Row:
    """A stretch of bins: what is drawn of them, and where each channel ends."""

    content: Content
    names: tuple[str, ...]
    ends: tuple[int, ...]


def summary(
    prediction: Prediction,
    *,
    prefit: Prediction | None = None,
    per_bin: bool | None = None,
    log: bool | None = None,
    blind: Blind = (),
    colors: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    ratio_half_width: float | None = None,
    style: str | FigureStyle = "plain",
) -> Figure:
    """Return a figure of all channels and their bins side by side: samples stacked, data, and their ratio below.

    With `prefit`, its total is a dashed line in both panels. `per_bin` False draws the sum of each channel as one bin;
    None does so where there are more than 240 bins in all. Channels that are too many for the width of a page are
    folded into rows. `log`, `blind`, `colors`, `order` and `ratio_half_width` are those of `data_mc`; all
    rows have the same range of the ratio. Raises InputError for
    names that are not in the prediction.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> prefit, postfit = wilks.predict(model), wilks.predict(model, wilks.fit(model))
    >>> figure = wilks.figures.summary(postfit, prefit=prefit, log=True)
    """
    from wilks.figures.canvas import Drawing, styled

    if not isinstance(prediction, Prediction):
        raise TypeError(f"summary draws a Prediction, found a {type(prediction).__name__}; get one with wilks.predict")
    if not prediction.channels:
        raise InputError("there is no channel to draw")
    chosen = as_style(style)
    check_names(prediction, None, blind, prefit, None)
    stacked = stacking(prediction, order)
    palette = sample_colors(stacked, colors)
    bins = sum(len(channel.axis) for channel in prediction.channels)
    every = bins <= _MOST_BINS if per_bin is None else per_bin
    rows = _rows(prediction, prefit, tuple(stacked), blind, every)
    titles = labels(name for row in rows for name in row.names)
    rc = compact(chosen)
    with styled(rc):
        widest = max(len(row.content.axis) for row in rows)
        width = min(max(_BIN * widest, _LEAST), _WIDEST)
        figure = Drawing(rc, figsize=(width + 1.0, len(rows) * (_MAIN + _RATIO)))
        whole = replace(rows[0].content, **_joined([row.content for row in rows]))
        lowest = whole.lowest(log)
        half = ratio_half_width or half_width_of(whole.total, whole.uncertainty, whole.data, whole.ends)
        panels = [_draw_row(figure, row, palette, lowest, whole, half) for row in rows]
        for (main, ratio, _), row in zip(panels, rows, strict=True):
            _mark(main, ratio, row, titles, width / widest)
        head = _head(panels[0], whole, chosen, prediction.label, lowest)
        _arrange(figure, panels, rows, titles, width, widest, head)
    add_note(figure, prediction.conditions)
    return figure


def _rows(
    prediction: Prediction, prefit: Prediction | None, samples: tuple[str, ...], blind: Blind, every: bool
) -> list[_Row]:
    """Return the rows: channels in order, as many in each as there is room for."""
    order = natural(prediction.channel_names)
    sizes = [len(prediction[name].axis) if every else 1 for name in order]
    count = max(-(-sum(sizes) // _ROW_BINS), -(-len(order) // _ROW_NAMES))
    rows: list[list[str]] = [[] for _ in range(count)]
    done = 0
    for name, size in zip(order, sizes, strict=True):
        rows[min(int((done + 0.5 * size) * count / sum(sizes)), count - 1)].append(name)
        done += size
    made = []
    for names in filter(None, rows):
        parts = [_part(prediction[n], None if prefit is None else prefit[n], samples, blind, every) for n in names]
        ends = tuple(int(end) for end in np.cumsum([len(part.axis) for part in parts]))
        content = replace(parts[0], axis=Axis.of_bin_numbers(ends[-1]), **_joined(parts))
        made.append(_Row(content, tuple(names), ends))
    return made


def _part(
    channel: ChannelPrediction,
    before: ChannelPrediction | None,
    samples: tuple[str, ...],
    blind: Blind,
    every: bool,
) -> Content:
    """Return what is drawn of a channel, with a row for each of the samples of all channels."""
    yields = np.zeros((len(samples), len(channel.axis)))
    for sample, row in zip(channel.samples, channel.yields, strict=True):
        yields[samples.index(sample)] = row
    hidden = hidden_bins(channel, blind)
    data = channel.data.copy()
    data[hidden] = np.nan
    total = None if before is None else before.total
    uncertainty = channel.total_uncertainty
    if not every:
        yields, data = yields.sum(axis=1, keepdims=True), data.sum(keepdims=True)
        uncertainty = np.array([channel.sum_uncertainty])
        total = None if total is None else total.sum(keepdims=True)
        hidden = [0] if hidden else []
    masked = channel.masked if every else (0,) * (len(channel.masked) == len(channel.axis))
    axis = Axis.of_bin_numbers(data.size)
    ends = garwood(data)
    content = Content(channel.name, axis, samples, yields, uncertainty, data, ends, total, "Events", hidden)
    return replace(content, masked=masked)


def _joined(parts: Sequence[Content]) -> dict[str, Any]:
    """Return the yields, data and hidden bins of contents one after the other."""

    def side(name: str) -> FloatArray:
        return np.concatenate([getattr(part, name) for part in parts], axis=-1)

    starts = np.cumsum([0, *(part.data.size for part in parts)])
    return {
        "yields": side("yields"),
        "uncertainty": side("uncertainty"),
        "data": side("data"),
        "ends": (
            np.concatenate([part.ends[0] for part in parts]),
            np.concatenate([part.ends[1] for part in parts]),
        ),
        "before": None if parts[0].before is None else side("before"),
        "hidden": [int(start) + b for start, part in zip(starts, parts, strict=False) for b in part.hidden],
        "masked": tuple(int(start) + b for start, part in zip(starts, parts, strict=False) for b in part.masked),
    }


def _draw_row(
    figure: Figure,
    row: _Row,
    colors: Mapping[str, str],
    lowest: float | None,
    whole: Content,
    half_width: float,
) -> tuple[Axes, Axes, list[Entry]]:
    """Draw the two panels of a row, with the y axes of all rows alike; return them with the entries of the legend."""
    main, ratio = figure.add_axes((0, 0.5, 1, 0.5)), figure.add_axes((0, 0, 1, 0.5))
    content, edges = row.content, row.content.axis.edges
    for ax in (main, ratio):
        ax.set_xlim(edges[0], edges[-1])
        ax.tick_params(axis="x", which="both", length=0, labelbottom=False)
    draw_content_ratio(ratio, content, half_width)
    ratio.set_ylabel("Data / Pred.", loc="center")
    entries = draw_layers(main, content, colors, lowest)
    scale_height(main, whole, lowest)
    top = 1.12 * whole.tallest if lowest is None else 2.0 * whole.tallest
    main.set_ylim(1.08 * whole.deepest if lowest is None else lowest, top)
    if content.before is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.where(content.total > 0, content.before / content.total, np.nan)
        ratio.stairs(change, edges, baseline=None, **_LINE)
    for ax in (main, ratio):
        shade_masked(ax, content)
        for b in content.hidden:
            ax.axvspan(b, b + 1, fill=False, hatch="\\\\\\", edgecolor="#9a9a9a", linewidth=0, zorder=7)
    return main, ratio, entries


def _mark(main: Axes, ratio: Axes, row: _Row, titles: Mapping[str, str], bin_width: float) -> None:
    """Draw where channels end, and their names below: upright where they are longer than their bins are wide."""
    starts = (0, *row.ends[:-1])
    if any(end - start > 1 for start, end in zip(starts, row.ends, strict=True)):
        for end in row.ends[:-1]:
            for ax in (main, ratio):
                ax.axvline(end, color="#555555", linewidth=0.7, linestyle=":", zorder=6.5)
    texts = [titles[name] for name in row.names]
    level = all(
        _LETTER * letters([text]) < (end - start) * bin_width
        for text, start, end in zip(texts, starts, row.ends, strict=True)
    )
    middles = [0.5 * (start + end) for start, end in zip(starts, row.ends, strict=True)]
    size = 9.0 if level else min(9.0, 66.0 * min(np.diff((0, *row.ends))) * bin_width)
    ratio.set_xticks(middles, texts, rotation=0 if level else 90, fontsize=max(size, 6.0))
    ratio.tick_params(axis="x", labelbottom=True)


def _head(
    panel: tuple[Axes, Axes, list[Entry]], whole: Content, style: FigureStyle, title: str, lowest: float | None
) -> float:
    """Draw the legend and the experiment's texts above the first row; return the height they take in inches."""
    main, _, entries = panel
    figure: Any = main.figure
    texts = labels((text for _, text in entries), 34)
    width = float(figure.get_size_inches()[0]) - 1.0
    longest = 0.075 * letters(texts.values()) + 0.45
    columns = max(int(width / longest), 1)
    experiment_texts(main, style, wide=width)
    over = 6.0 + 16.0 * lines_above(main)
    said = whole.unseen() if lowest is not None else []
    in_red(main, style, said)
    over += 14.0 if said else 0.0
    options: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    main.annotate(title[:1].upper() + title[1:], (0, 1), (0, over), **options)
    legend = figure.legend(
        [handle for handle, _ in entries],
        [texts[text] for _, text in entries],
        loc="upper left",
        ncols=columns,
        fontsize=9,
        frameon=False,
        borderpad=0.1,
        handlelength=1.4,
        columnspacing=1.0,
    )
    height = float(legend.get_window_extent().height)
    return height / float(figure.dpi) + (over + 18.0) / 72


def _arrange(
    figure: Figure,
    panels: Sequence[tuple[Axes, Axes, list[Entry]]],
    rows: Sequence[_Row],
    titles: Mapping[str, str],
    width: float,
    widest: int,
    head: float,
) -> None:
    """Set the size of the figure so that names, titles and the legend have their room."""
    from wilks.figures.canvas import around, frame_of
    from wilks.figures.numbers import shorten_all

    shorten_all(figure)
    figure.set_size_inches(width + 2, 10)
    for main, ratio, _ in panels:
        main.set_position((0.3, 0.5, 0.5, _MAIN / 10))
        ratio.set_position((0.3, 0.5 - _RATIO / 10, 0.5, _RATIO / 10))
    left, feet = 0.0, []
    for main, ratio, _ in panels:
        boxes, frame = [around(ax) for ax in (main, ratio)], frame_of(ratio)
        left = max(left, frame[0] - min(box[0] for box in boxes) + 0.08)
        feet.append(frame[1] - min(box[1] for box in boxes) + 0.15)
    whole, tall = left + width + 0.15, head + sum(feet) + len(panels) * (_MAIN + _RATIO)
    figure.set_size_inches(whole, tall)
    top = tall - head
    for (main, ratio, _), row, foot in zip(panels, rows, feet, strict=True):
        across = width * len(row.content.axis) / widest / whole
        main.set_position((left / whole, (top - _MAIN) / tall, across, _MAIN / tall))
        ratio.set_position((left / whole, (top - _MAIN - _RATIO) / tall, across, _RATIO / tall))
        top -= _MAIN + _RATIO + foot
    for legend in figure.legends:
        legend.set_bbox_to_anchor((left / whole - 0.005, 1.0))
