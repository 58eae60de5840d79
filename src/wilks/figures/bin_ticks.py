"""Labels of bins on the x axis of a figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from wilks.figures.style import figure_of, label
from wilks.histogram import Axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST = 60
_SMALLEST = 5.0  # points
_LINE = 1.25  # height of a line of text, in font sizes


def label_bins(axis: Axis, ax: Axes, *above: Axes) -> bool:
    """Write the labels of bins under their centres, upright where they are too wide; return whether there are any.

    Panels `above` share the axis, and have neither labels nor ticks. Of bins without label the range is written. Where
    even upright ones have no room, the font shrinks, and then only every second (third, ...) bin is labelled.
    """
    if not axis.bin_labels:
        return False
    from matplotlib.ticker import NullLocator

    texts = [label(text, _LONGEST) if text else _range(axis, i) for i, text in enumerate(axis.bin_labels)]
    ax.set_xticks(axis.centers, texts)
    ax.xaxis.set_minor_locator(NullLocator())
    for panel in (ax, *above):
        panel.tick_params(axis="x", which="both", length=0)
    figure = figure_of(ax)
    ticks = ax.get_xticklabels()
    span = float(axis.edges[-1] - axis.edges[0])
    room = float(ax.get_window_extent().width) * float(axis.widths.min()) / span
    if max(tick.get_window_extent().width for tick in ticks) <= 0.95 * room:
        return True
    normal = float(ticks[0].get_fontsize())
    line = _LINE * normal * figure.dpi / 72.0
    size = max(normal * min(1.0, room / line), _SMALLEST)
    every = math.ceil(_LINE * size * figure.dpi / 72.0 / room)
    ax.set_xticks(axis.centers[::every], texts[::every])
    for tick in ax.get_xticklabels():
        tick.set(rotation=90, rotation_mode="anchor", ha="right", va="center", fontsize=size)
    return True


def label_rows(axis: Axis, ax: Axes) -> None:
    """Write the labels of bins, if there are any, beside their centres on the y axis; small where they have no room."""
    if not axis.bin_labels:
        return
    from matplotlib.ticker import NullLocator

    texts = [label(text, _LONGEST) if text else _range(axis, i) for i, text in enumerate(axis.bin_labels)]
    ax.set_yticks(axis.centers, texts)
    ax.yaxis.set_minor_locator(NullLocator())
    ax.tick_params(axis="y", which="both", length=0)
    room = float(ax.get_window_extent().height) * float(axis.widths.min() / (axis.edges[-1] - axis.edges[0]))
    normal = float(ax.get_yticklabels()[0].get_fontsize())
    line = _LINE * figure_of(ax).dpi / 72.0
    size = max(min(normal, room / line), _SMALLEST)
    every = math.ceil(line * size / room)
    ax.set_yticks(axis.centers[::every], texts[::every])
    for tick in ax.get_yticklabels():
        tick.set_fontsize(size)


def _range(axis: Axis, index: int) -> str:
    low, high = axis.interval(index)
    return f"{low:.4g}–{high:.4g}"
