"""Histograms drawn with characters: a picture for a terminal, a pipe or a log file."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.aligned import aligned, bins_of
from wilks.browse.terminal_labels import labelled_axis, shown_labels
from wilks.browse.terminal_log import Logarithmic
from wilks.browse.terminal_points import edges_of, heights_of, label_of, values_of, x_range_of
from wilks.drawables import Points
from wilks.errors import InputError
from wilks.histogram import Histogram
from wilks.moments import number, printable, spill, statistics
from wilks.tlatex import plain

_HEIGHT = 18
_TICK_ROWS = 4
_STEPS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_MINIMUM_WIDTH = 40
_MOST_EDGE_TICKS = 25
_MINIMUM_NAME = 12
_STATISTICS = ("entries", "integral", "mean", "std dev", "underflow", "overflow")
_COLORS = (34, 31, 32, 35, 36, 33)


@dataclass(frozen=True)
class _Glyphs:
    """The characters of one picture; `rising` and `falling` are bars from empty to full, above and below zero."""

    rising: str
    falling: str
    marks: str
    vertical: str
    horizontal: str
    corner: str
    y_tick: str
    x_tick: str


_UNICODE = _Glyphs(" ▁▂▃▄▅▆▇█", " ▀█", "●○▲△■□◆◇", "│", "─", "└", "┤", "┬")
_ASCII = _Glyphs(" #", " #", "*o+x@%&=", "|", "-", "+", "+", "+")


@dataclass(frozen=True)
class _Scale:
    """Rows of the picture: `step` units of the y axis each, `above` of them over zero and `below` under it."""

    step: float
    above: int
    below: int

    @property
    def rows(self) -> range:
        """Row numbers from the top down; row r spans r to r + 1 steps."""
        return range(self.above - 1, -self.below - 1, -1)


def draw(
    histograms: Sequence[tuple[str, Histogram | Points]],
    width: int,
    *,
    unicode: bool = True,
    color: bool = False,
    log: bool = False,
) -> str:
    """Return one or several histograms drawn with characters, at most `width` columns wide, and their statistics.

    One histogram is drawn as bars, several as lines of one mark each, on a common pair of axes; where lines share a
    cell their marks alternate. Bins keep their relative widths. Points are marks with their error bars. With
    `unicode=False` only ASCII is used; `color=True` adds ANSI colours for a terminal; `log=True` makes the y axis
    logarithmic. Labels of bins stand under them; bins of all histograms are in the order of the first. Raises
    InputError for an empty list, too small a width, yields whose range no axis can show, and labels that are not the
    same.

    >>> from wilks.histogram import Axis, Histogram
    >>> picture = draw([("h", Histogram(Axis([0, 1, 2]), [1, 3], [1, 3]))], 60, unicode=False)
    >>> picture.splitlines()[-1].split()
    ['h', '-', '4', '1.25', '0.433013', '0', '0']
    """
    if not histograms:
        raise InputError("nothing to draw: no histogram was named")
    if width < _MINIMUM_WIDTH:
        raise InputError(f"a terminal {width} columns wide is too narrow to draw in; at least {_MINIMUM_WIDTH} needed")
    histograms = aligned(histograms)
    glyphs = _UNICODE if unicode else _ASCII
    shown: Sequence[Histogram | Points] = [drawn for _, drawn in histograms]
    if log:
        scaled = Logarithmic.of(shown)
        shown, every = scaled.drawn, max(_HEIGHT // scaled.decades, 1)
        scale = _Scale(1.0 / every, every * scaled.decades + 1, 0)
        labels = [f"1e{scaled.floor + row // every}" if row % every == 0 else "" for row in scale.rows]
    else:
        scale = _scale(shown)
        labels = _y_labels(scale)
    margin = max(map(len, labels))
    low, high = _x_range([histogram for _, histogram in histograms])
    plot_columns = _plot_columns(histograms, low, high, width - margin - 2)
    paint = _Paint(color)
    cells = _cells(shown, low, high, plot_columns, scale, glyphs, paint)
    ticks = (glyphs.y_tick if label else glyphs.vertical for label in labels)
    lines = [f"{label:>{margin}} {tick}{row}".rstrip() for label, tick, row in zip(labels, ticks, cells, strict=True)]
    below, listed = _below([drawn for _, drawn in histograms], low, high, plot_columns, glyphs, unicode)
    lines += [(" " * (margin + 1) + line).rstrip() for line in below]
    label = next((text for _, drawn in histograms if (text := label_of(drawn))), "")
    if label:
        lines.append(f"{printable(plain(label, unicode=unicode)):>{margin + plot_columns + 2}}")
    title = _title(histograms, width, unicode)
    lines += textwrap.wrap(listed, width)
    notes = [line for note in _notes(histograms, plot_columns) for line in textwrap.wrap(note, width)]
    table = _statistics_lines(histograms, glyphs, paint, width)
    picture = "\n".join([*([title] if title else []), *lines, *notes, "", *table])
    return picture if unicode else picture.encode("ascii", "backslashreplace").decode("ascii")


@dataclass(frozen=True)
class _Paint:
    """ANSI colours by number of the histogram, or none."""

    active: bool

    def __call__(self, text: str, index: int) -> str:
        return f"\x1b[{_COLORS[index % len(_COLORS)]}m{text}\x1b[0m" if self.active and text.strip() else text


def _scale(histograms: Sequence[Histogram | Points]) -> _Scale:
    finite = np.concatenate([values_of(drawn) for drawn in histograms] or [np.zeros(1)])
    top, bottom = float(max(finite.max(initial=0.0), 0.0)), float(min(finite.min(initial=0.0), 0.0))
    span = top - bottom
    if not span > 0.0:
        return _Scale(1.0 / _TICK_ROWS, _TICK_ROWS, 0)
    if not math.isfinite(span) or span < 1e-300:
        raise InputError(f"yields from {bottom:g} to {top:g} can't be drawn on one axis")
    raw = span / (_HEIGHT - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(nice for nice in _STEPS if nice * power >= raw * (1 - 1e-12))
    return _Scale(step, math.ceil(top / step), math.ceil(-bottom / step))


def _y_labels(scale: _Scale) -> list[str]:
    """Return one label per row, written where a row's lower edge is a multiple of the tick distance."""
    rows = list(scale.rows)
    return [number(_tidy(row * scale.step)) if row % _TICK_ROWS == 0 else "" for row in rows]


def _tidy(value: float) -> float:
    return float(f"{value:.12g}")


def _x_range(histograms: Sequence[Histogram | Points]) -> tuple[float, float]:
    ranges = [x_range_of(drawn) for drawn in histograms]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _plot_columns(histograms: Sequence[tuple[str, Histogram | Points]], low: float, high: float, available: int) -> int:
    """Return the number of columns: a multiple of the number of equal bins, so that each is equally wide."""
    for _, histogram in histograms:
        if isinstance(histogram, Points):
            continue
        axis = histogram.axis
        equal = np.allclose(axis.widths, axis.widths[0], rtol=1e-6)
        if equal and (axis.edges[0], axis.edges[-1]) == (low, high) and len(axis) <= available:
            return available // len(axis) * len(axis)
    return available


def _heights(histogram: Histogram, low: float, high: float, columns: int) -> FloatArray:
    """Return what each column shows, shape (columns,): the content of its bin, the largest in size of several.

    NaN where a column lies outside the histogram or its bin is not finite. The comparison is with columns of the
    whole x range, so that histograms with different edges share an axis.
    """
    position = (histogram.axis.edges - low) / (high - low) * columns
    first = np.minimum(np.floor(position[:-1] + 1e-6).astype(int), columns - 1)
    last = np.maximum(np.floor(position[1:] + 1e-6).astype(int), first + 1)
    heights = np.full(columns, np.nan)
    for start, stop, content in zip(first, last, histogram.contents, strict=True):
        if np.isfinite(content):
            part = heights[start:stop]
            part[...] = np.where(np.abs(part) >= abs(content), part, content)
    return heights


def _cells(
    drawn: Sequence[Histogram | Points],
    low: float,
    high: float,
    columns: int,
    scale: _Scale,
    glyphs: _Glyphs,
    paint: _Paint,
) -> list[str]:
    """Return the rows of the picture, the highest first."""
    if len(drawn) == 1 and isinstance(drawn[0], Histogram):
        return _bars(_heights(drawn[0], low, high, columns) / scale.step, scale, glyphs, paint)
    heights, nothing = [], np.full(columns, np.nan)
    bars = []
    for one in drawn:
        if isinstance(one, Points):
            height, *ends = heights_of(one, low, high, columns)
        else:
            height, ends = _heights(one, low, high, columns), [nothing, nothing]
        heights.append(height / scale.step)
        bars.append((ends[0] / scale.step, ends[1] / scale.step))
    return _lines(heights, bars, scale, glyphs, paint)


def _bars(heights: FloatArray, scale: _Scale, glyphs: _Glyphs, paint: _Paint) -> list[str]:
    rows = []
    for row in scale.rows:
        shades, filled = (glyphs.rising, heights - row) if row >= 0 else (glyphs.falling, row + 1 - heights)
        levels = len(shades) - 1
        share = np.rint(np.clip(np.nan_to_num(filled), 0.0, 1.0) * levels).astype(int)
        rows.append(paint("".join(shades[i] for i in share).rstrip(), 0))
    return rows


def _lines(
    heights: Sequence[FloatArray],
    bars: Sequence[tuple[FloatArray, FloatArray]],
    scale: _Scale,
    glyphs: _Glyphs,
    paint: _Paint,
) -> list[str]:
    """Return the rows of several histograms; marks that share a cell take turns from column to column.

    `bars` are the ends of error bars in units of rows; marks stand before them.
    """
    levels = [np.clip(np.floor(h + 1e-9), -scale.below, scale.above - 1) for h in heights]
    rows = []
    for row in scale.rows:
        cells = []
        for column in range(heights[0].size):
            here = [i for i, level in enumerate(levels) if level[column] == row]
            if here:
                mark = here[column % len(here)]
                cells.append(paint(glyphs.marks[mark % len(glyphs.marks)], mark))
            else:
                bar = [
                    i for i, (low, high) in enumerate(bars) if low[column] < row + 0.75 and high[column] > row + 0.25
                ]
                cells.append(paint(glyphs.vertical, bar[0]) if bar else " ")
        rows.append("".join(cells).rstrip())
    return rows


def _below(
    drawn: Sequence[Histogram | Points], low: float, high: float, columns: int, glyphs: _Glyphs, unicode: bool
) -> tuple[list[str], str]:
    """Return the axis line and what stands under it; and a sentence with the labels of bins where these don't fit."""
    axes = [axis for one in drawn if (axis := bins_of(one)) is not None]
    axis = next((axis for axis in axes if axis.is_categorical), bins_of(drawn[0]))
    names = shown_labels(axis, unicode) if axis is not None else []
    if axis is not None and names:
        places = np.rint((axis.edges - low) / (high - low) * columns).astype(int)
        if lines := labelled_axis(names, places, columns, (glyphs.corner, glyphs.horizontal, glyphs.x_tick)):
            return lines, ""
    return _x_axis(edges_of(drawn[0]), low, high, columns, glyphs), f"bins: {', '.join(names)}" if names else ""


def _x_axis(edges: FloatArray, low: float, high: float, columns: int, glyphs: _Glyphs) -> list[str]:
    """Return the axis line with its ticks, and the numbers under them (the two ends first)."""
    line = [glyphs.horizontal] * (columns + 1)
    labels = [" "] * (columns + 1)
    for value in (low, high, *_x_ticks(edges, low, high)):
        text, place = number(_tidy(value)), round((value - low) / (high - low) * columns)
        start = min(max(place - len(text) // 2, 0), columns + 1 - len(text))
        if all(c == " " for c in labels[max(start - 2, 0) : start + len(text) + 2]):
            line[place] = glyphs.x_tick
            labels[start : start + len(text)] = text
    line[0] = glyphs.corner
    return ["".join(line), "".join(labels).rstrip()]


def _x_ticks(edges: FloatArray, low: float, high: float) -> list[float]:
    """Return where ticks may stand: at the edges while these are few, else at round numbers."""
    if edges.size <= _MOST_EDGE_TICKS:
        return [float(edge) for edge in edges]
    raw = (high - low) / 8
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(nice for nice in (1.0, 2.0, 5.0, 10.0) if nice * power >= raw * (1 - 1e-12))
    return [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _title(histograms: Sequence[tuple[str, Histogram | Points]], width: int, unicode: bool) -> str:
    if len(histograms) > 1:
        return ""
    name, histogram = histograms[0]
    title = printable(plain(histogram.title, unicode=unicode))
    text = printable(name) + (f"  {title}" if title and title != name else "")
    return text if len(text) <= width else text[: width - 3] + "..."


def _notes(histograms: Sequence[tuple[str, Histogram | Points]], columns: int) -> list[str]:
    """Return sentences on what the picture does not show."""
    notes = []
    for name, histogram in histograms:
        if isinstance(histogram, Points):
            lost = len(histogram) - len(histogram.finite)
            notes += [f"{printable(name)}: {histogram.note}"] if histogram.note else []
            notes += [f"{printable(name)}: {lost} of {len(histogram)} points not finite, not drawn"] if lost else []
            continue
        outside = spill(histogram)
        if outside:
            notes.append(f"{printable(name)}: {outside}")
        bad = int(np.count_nonzero(~np.isfinite(histogram.contents)))
        if bad:
            notes.append(f"{printable(name)}: {bad} of {len(histogram.axis)} bins not finite, not drawn")
        if len(histogram.axis) > columns:
            notes.append(
                f"{printable(name)}: {len(histogram.axis)} bins in {columns} columns, the largest of each column drawn"
            )
    return notes


def _statistics_lines(
    histograms: Sequence[tuple[str, Histogram | Points]], glyphs: _Glyphs, paint: _Paint, width: int
) -> list[str]:
    """Return the legend: a mark and a name per histogram with its statistics, as a table where the width allows."""
    titles, rows = _table([drawn for _, drawn in histograms])
    marks = [glyphs.marks[i % len(glyphs.marks)] + " " if len(histograms) > 1 else "" for i in range(len(histograms))]
    names = [printable(name) for name, _ in histograms]
    sizes = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    room = width - sum(sizes) - 2 * len(sizes) - len(marks[0])
    if room < min(max(map(len, names)), _MINIMUM_NAME):
        return [
            line
            for index, (mark, name, row) in enumerate(zip(marks, names, rows, strict=True))
            for line in (
                paint(mark, index) + _shortened(name, width - len(mark)),
                *(f"    {label:<10}{value}" for label, value in zip(titles, row, strict=True)),
            )
        ]
    size = min(room, max(map(len, names)))
    cells = [["", *titles], *([_shortened(name, size), *row] for name, row in zip(names, rows, strict=True))]
    table = ["  ".join([f"{c[0]:<{size}}", *(f"{v:>{n}}" for v, n in zip(c[1:], sizes, strict=True))]) for c in cells]
    return [
        " " * len(marks[0]) + table[0],
        *(paint(mark, i) + line for i, (mark, line) in enumerate(zip(marks, table[1:], strict=True))),
    ]


def _table(drawn: Sequence[Histogram | Points]) -> tuple[Sequence[str], list[list[str]]]:
    """Return the titles and the cells of the statistics; points have none, they are counted."""
    if all(isinstance(one, Points) for one in drawn):
        return ("points",), [[number(len(one))] for one in drawn if isinstance(one, Points)]
    rows = []
    for one in drawn:
        if isinstance(one, Points):
            rows.append([number(len(one)), *"-" * (len(_STATISTICS) - 1)])
        else:
            s = statistics(one)
            rows.append([number(v) for v in (s.entries, s.integral, s.mean, s.stdev, s.underflow, s.overflow)])
    return _STATISTICS, rows


def _shortened(text: str, size: int) -> str:
    """Return the text, or its end after three dots: names in one file mostly differ at the end."""
    return text if len(text) <= size else "..." + text[len(text) - size + 3 :]
