"""Histograms drawn with characters: a picture for a terminal, a pipe or a log file."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.aligned import aligned
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
_LONGEST_LABEL = 20
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


def draw(histograms: Sequence[tuple[str, Histogram]], width: int, *, unicode: bool = True, color: bool = False) -> str:
    """Return one or several histograms drawn with characters, at most `width` columns wide, and their statistics.

    One histogram is drawn as bars, several as lines of one mark each, on a common pair of axes; where lines share a
    cell their marks alternate. Bins keep their relative widths. With `unicode=False` only ASCII is used; `color=True`
    adds ANSI colours for a terminal. Labels of bins stand under them; bins of all histograms are in the order of the
    first. Raises InputError for an empty list, too small a width, yields whose range no axis can show, and labels that
    are not the same.

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
    scale = _scale([histogram for _, histogram in histograms])
    labels = _y_labels(scale)
    margin = max(map(len, labels))
    low, high = _x_range([histogram for _, histogram in histograms])
    plot_columns = _plot_columns(histograms, low, high, width - margin - 2)
    heights = [_heights(histogram, low, high, plot_columns) / scale.step for _, histogram in histograms]
    paint = _Paint(color)
    cells = _bars(heights[0], scale, glyphs, paint) if len(heights) == 1 else _lines(heights, scale, glyphs, paint)
    ticks = (glyphs.y_tick if label else glyphs.vertical for label in labels)
    lines = [f"{label:>{margin}} {tick}{row}".rstrip() for label, tick, row in zip(labels, ticks, cells, strict=True)]
    axis = histograms[0][1].axis
    names = [_shortened(printable(plain(text, unicode=unicode)), _LONGEST_LABEL) for text in axis.bin_labels]
    below = _labels(names, axis.edges, plot_columns, glyphs) if names else []
    narrow = bool(names) and not below
    below = below or _x_axis(axis.edges, low, high, plot_columns, glyphs)
    lines += [(" " * (margin + 1) + line).rstrip() for line in below]
    label = next((h.axis.label for _, h in histograms if h.axis.label), "")
    if label:
        lines.append(f"{printable(plain(label, unicode=unicode)):>{margin + plot_columns + 2}}")
    title = _title(histograms, width, unicode)
    if narrow:
        lines += textwrap.wrap(f"bins: {', '.join(names)}", width)
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


def _scale(histograms: Sequence[Histogram]) -> _Scale:
    finite = np.concatenate([h.contents[np.isfinite(h.contents)] for h in histograms] or [np.zeros(1)])
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


def _x_range(histograms: Sequence[Histogram]) -> tuple[float, float]:
    edges = [histogram.axis.edges for histogram in histograms]
    return float(min(e[0] for e in edges)), float(max(e[-1] for e in edges))


def _plot_columns(histograms: Sequence[tuple[str, Histogram]], low: float, high: float, available: int) -> int:
    """Return the number of columns: a multiple of the number of equal bins, so that each is equally wide."""
    for _, histogram in histograms:
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


def _bars(heights: FloatArray, scale: _Scale, glyphs: _Glyphs, paint: _Paint) -> list[str]:
    rows = []
    for row in scale.rows:
        shades, filled = (glyphs.rising, heights - row) if row >= 0 else (glyphs.falling, row + 1 - heights)
        levels = len(shades) - 1
        share = np.rint(np.clip(np.nan_to_num(filled), 0.0, 1.0) * levels).astype(int)
        rows.append(paint("".join(shades[i] for i in share).rstrip(), 0))
    return rows


def _lines(heights: Sequence[FloatArray], scale: _Scale, glyphs: _Glyphs, paint: _Paint) -> list[str]:
    """Return the rows of several histograms; marks that share a cell take turns from column to column."""
    levels = [np.clip(np.floor(h + 1e-9), -scale.below, scale.above - 1) for h in heights]
    rows = []
    for row in scale.rows:
        cells = []
        for column in range(heights[0].size):
            here = [i for i, level in enumerate(levels) if level[column] == row]
            mark = here[column % len(here)] if here else -1
            cells.append(paint(glyphs.marks[mark % len(glyphs.marks)], mark) if here else " ")
        rows.append("".join(cells).rstrip())
    return rows


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


def _labels(names: Sequence[str], edges: FloatArray, columns: int, glyphs: _Glyphs) -> list[str]:
    """Return the axis line with a tick at every edge, and labels under the bins; nothing if bins are too narrow.

    Labels that don't fit side by side stand under each other, letter by letter.
    """
    places = np.rint((edges - edges[0]) / (edges[-1] - edges[0]) * columns).astype(int)
    room = int(np.diff(places).min())
    if room < 2:
        return []
    line = [glyphs.horizontal] * (columns + 1)
    for place in places:
        line[place] = glyphs.x_tick
    line[0] = glyphs.corner
    upright = max(map(len, names)) >= room
    rows = [[" "] * (columns + 1) for _ in range(max(map(len, names)) if upright else 1)]
    for name, low, high in zip(names, places[:-1], places[1:], strict=True):
        middle = (low + high + 1) // 2
        if upright:
            for row, letter in zip(rows, name, strict=False):
                row[middle] = letter
        else:
            start = middle - len(name) // 2
            rows[0][start : start + len(name)] = name
    return ["".join(line), *("".join(row).rstrip() for row in rows)]


def _x_ticks(edges: FloatArray, low: float, high: float) -> list[float]:
    """Return where ticks may stand: at the edges while these are few, else at round numbers."""
    if edges.size <= _MOST_EDGE_TICKS:
        return [float(edge) for edge in edges]
    raw = (high - low) / 8
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(nice for nice in (1.0, 2.0, 5.0, 10.0) if nice * power >= raw * (1 - 1e-12))
    return [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _title(histograms: Sequence[tuple[str, Histogram]], width: int, unicode: bool) -> str:
    if len(histograms) > 1:
        return ""
    name, histogram = histograms[0]
    title = printable(plain(histogram.title, unicode=unicode))
    text = printable(name) + (f"  {title}" if title and title != name else "")
    return text if len(text) <= width else text[: width - 3] + "..."


def _notes(histograms: Sequence[tuple[str, Histogram]], columns: int) -> list[str]:
    """Return sentences on what the picture does not show."""
    notes = []
    for name, histogram in histograms:
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
    histograms: Sequence[tuple[str, Histogram]], glyphs: _Glyphs, paint: _Paint, width: int
) -> list[str]:
    """Return the legend: a mark and a name per histogram with its statistics, as a table where the width allows."""
    rows = []
    for _, histogram in histograms:
        s = statistics(histogram)
        rows.append([number(v) for v in (s.entries, s.integral, s.mean, s.stdev, s.underflow, s.overflow)])
    marks = [glyphs.marks[i % len(glyphs.marks)] + " " if len(histograms) > 1 else "" for i in range(len(histograms))]
    names = [printable(name) for name, _ in histograms]
    sizes = [max(map(len, column)) for column in zip(_STATISTICS, *rows, strict=True)]
    room = width - sum(sizes) - 2 * len(sizes) - len(marks[0])
    if room < min(max(map(len, names)), _MINIMUM_NAME):
        return [
            line
            for index, (mark, name, row) in enumerate(zip(marks, names, rows, strict=True))
            for line in (
                paint(mark, index) + _shortened(name, width - len(mark)),
                *(f"    {label:<10}{value}" for label, value in zip(_STATISTICS, row, strict=True)),
            )
        ]
    size = min(room, max(map(len, names)))
    cells = [["", *_STATISTICS], *([_shortened(name, size), *row] for name, row in zip(names, rows, strict=True))]
    table = ["  ".join([f"{c[0]:<{size}}", *(f"{v:>{n}}" for v, n in zip(c[1:], sizes, strict=True))]) for c in cells]
    return [
        " " * len(marks[0]) + table[0],
        *(paint(mark, i) + line for i, (mark, line) in enumerate(zip(marks, table[1:], strict=True))),
    ]


def _shortened(text: str, size: int) -> str:
    """Return the text, or its end after three dots: names in one file mostly differ at the end."""
    return text if len(text) <= size else "..." + text[len(text) - size + 3 :]
