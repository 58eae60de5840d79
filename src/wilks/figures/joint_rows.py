"""Figures with a row for each parameter and several results in it: names, a panel of values, a panel of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wilks.figures.decoration import experiment_texts, in_red, lines_above
from wilks.figures.names import labels, row_height
from wilks.figures.style import FigureStyle, figure_of
from wilks.figures.together import COLORS, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _MORE = 0.21, 0.11  # inches: a row of one result, and what each further one adds
_LEFT, _RIGHT, _BETWEEN = 2.6, 1.7, 0.28  # inches: the panels
_SIDE, _GAP, _PAD = 0.14, 0.14, 0.06
_ONE_COLUMN = 40


@dataclass(frozen=True)
class Column:
    """The axes of some of the rows: `left` those of values, `right` (not on axes of the user's) of other numbers."""

    names: list[str]
    left: Axes
    right: Axes | None


def columns(figure: Figure, names: Sequence[str], results: int, *, right: bool = True) -> list[Column]:
    """Return empty axes on a figure, in as many columns as make it a page; without the `right` panels on request."""
    high = len(names) * (_ROW + _MORE * (results - 1))
    count = 1 if len(names) <= _ONE_COLUMN else max(round(math.sqrt(high / (_LEFT + _RIGHT + 2))), 2)
    length = math.ceil(len(names) / count)
    parts = [list(names[i : i + length]) for i in range(0, len(names), length)]
    return [
        Column(
            part,
            figure.add_subplot(1, 2 * len(parts), 2 * i + 1),
            figure.add_subplot(1, 2 * len(parts), 2 * i + 2) if right else None,
        )
        for i, part in enumerate(parts)
    ]


def write_names(column: Column, titles: dict[str, str]) -> None:
    """Give the rows of a column their names, and the right panel the same rows without names."""
    for ax, texts in ((column.left, [titles[name] for name in column.names]), (column.right, [])):
        if ax is None:
            continue
        ax.set_ylim(len(column.names) - 0.3, -0.7)
        ax.set_yticks(range(len(column.names)), texts or [""] * len(column.names))
        ax.tick_params(axis="y", which="both", length=0)
        ax.minorticks_off()
    if column.right is not None:
        for y in range(1, len(column.names), 2):
            column.right.axhspan(y - 0.5, y + 0.5, color="0.94", linewidth=0, zorder=0)


def dots(i: int, **options: Any) -> dict[str, Any]:
    """Return how the points of result `i` look."""
    return {"color": COLORS[i], "marker": MARKERS[i], "markersize": 3.8, "linestyle": "none", "zorder": 3, **options}


def head(column: Column, names: Sequence[str], style: FigureStyle, notes: Sequence[str], handles: list[Any]) -> None:
    """Write the experiment's texts, notes in red, and above both the legend: a line for each of the results."""
    from wilks.figures.canvas import Drawing

    own = isinstance(figure_of(column.left), Drawing)
    experiment_texts(column.left, style, last=column.right, wide=_LEFT if own else None)
    in_red(column.left, style, notes)
    texts = labels(names, 60)
    lines = 1.2 + 1.4 * (bool(notes) + lines_above(column.left))
    place: Any = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": lines, "borderpad": 0.0}
    column.left.legend(handles, [texts[name] for name in names], **place, fontsize=9, labelspacing=0.3, frameon=False)


def arrange(figure: Figure, parts: Sequence[Column], results: int) -> None:
    """Set the size of the figure and the place of each panel so that names, titles and legend just have room."""
    from wilks.figures.canvas import around, frame_of, inches

    names = []
    for part in parts:
        boxes = [inches(figure, text.get_window_extent()) for text in part.left.get_yticklabels()]
        names.append(max(x1 - x0 for x0, _, x1, _ in boxes) + 0.08)
    axes = [ax for part in parts for ax in (part.left, part.right) if ax is not None]
    # What stands above and below the frames does not depend on their height.
    frames, outer = [frame_of(ax) for ax in axes], [around(ax) for ax in axes]
    top = max(box[3] for box in outer) - frames[0][3] + _PAD
    bottom = max(frame[1] - box[1] for frame, box in zip(frames, outer, strict=True)) + _PAD
    row = row_height(_ROW, (text.get_text() for part in parts for text in part.left.get_yticklabels()))
    high = [(len(part.names) + 0.4) * max(row, _ROW + _MORE * (results - 1)) for part in parts]
    right = 0.0 if parts[0].right is None else _BETWEEN + _RIGHT
    width = sum(names) + len(parts) * (_LEFT + right + _GAP) + _SIDE
    legend = parts[0].left.get_legend()
    if legend is not None:
        width = max(width, names[0] + _GAP + legend.get_window_extent().width / figure.dpi + _SIDE)
    height = top + max(high) + bottom
    figure.set_size_inches(width, height)
    left = 0.0
    for part, name, rows in zip(parts, names, high, strict=True):
        left += name + _GAP
        low = 1 - (top + rows) / height
        part.left.set_position((left / width, low, _LEFT / width, rows / height))
        if part.right is not None:
            part.right.set_position(((left + _LEFT + _BETWEEN) / width, low, _RIGHT / width, rows / height))
        left += _LEFT + right


def below(ax: Axes, text: str) -> None:
    """Write what is not shown below the right end of the axis."""
    options: dict[str, Any] = {"textcoords": "offset points", "ha": "right", "va": "top", "fontsize": 8}
    ax.annotate(text, (1, 0), (0, -36), xycoords="axes fraction", style="italic", **options)
