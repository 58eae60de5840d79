"""Histograms of two axes drawn with characters: the denser a character, the larger the content."""

from __future__ import annotations

import math
import textwrap

import numpy as np

from wilks._types import FloatArray
from wilks.browse.terminal_labels import labelled_axis, shown_labels
from wilks.drawables import HistogramND
from wilks.errors import InputError
from wilks.histogram import Axis
from wilks.moments import number, plane_statistics, printable
from wilks.tlatex import plain

_HEIGHT = 20
_SHADES, _ASCII_SHADES = " ·░▒▓█", " .:-=+*#%@"
_COLORS = (17, 18, 19, 25, 31, 37, 36, 71, 107, 143, 179, 220)
# Of the 256 colours of terminals, from dark blue to yellow.
_MINIMUM_WIDTH = 40


def draw_plane(
    name: str, plane: HistogramND, width: int, *, unicode: bool = True, color: bool = False, log: bool = False
) -> str:
    """Return a histogram of two axes as a map of characters, at most `width` columns wide, and its statistics.

    Bins keep their relative widths; of several bins in one character the largest in size is drawn. Bins that are empty
    are left blank. Raises InputError for too small a width, and where contents are too far apart for any scale.
    """
    if width < _MINIMUM_WIDTH:
        raise InputError(f"a terminal {width} columns wide is too narrow to draw in; at least {_MINIMUM_WIDTH} needed")
    x, y = plane.axes
    rows = len(y) * max(_HEIGHT // len(y), 1) if len(y) <= _HEIGHT else _HEIGHT
    labels = _labels(y, rows, width // 3, unicode)
    margin = max(map(len, labels))
    columns = width - margin - 2
    columns = columns // len(x) * len(x) if len(x) <= columns else columns
    cells = _cells(plane, rows, columns)
    if log:
        with np.errstate(divide="ignore", invalid="ignore"):
            cells = np.where(cells > 0, np.log10(cells), np.nan)
    low, high = _range(cells if plane.averaged or log else np.append(cells, 0.0))
    shades = "".join(_SHADES if unicode else _ASCII_SHADES)
    lines = [f"{printable(name)}  {printable(plain(plane.title, unicode=unicode))}".rstrip()[:width]]
    for row in range(rows - 1, -1, -1):
        text = "".join(_cell(value, low, high, shades, color) for value in cells[:, row])
        lines.append(f"{labels[row]:>{margin}} |{text}" if not unicode else f"{labels[row]:>{margin}} │{text}")
    below, listed = _below(x, columns, unicode)
    lines += [" " * (margin + 1) + line for line in below]
    titles = [f"{letter}: {plain(axis.label, unicode=unicode)}" for letter, axis in zip("xy", (x, y), strict=True)]
    lines.append("  ".join(printable(t) for t in titles if t[3:])[:width])
    if listed:
        lines += textwrap.wrap(listed, width)
    what = ("log10 of " if log else "") + ("means" if plane.averaged else "contents")
    lines += [_legend(low, high, shades, what, color)[: None if color else width], "", *_statistics(plane)]
    picture = "\n".join(line.rstrip() for line in lines if line or line == "")
    return picture if unicode else picture.encode("ascii", "backslashreplace").decode("ascii")


def _cells(plane: HistogramND, rows: int, columns: int) -> FloatArray:
    """Return what each character shows, shape (columns, rows): the largest in size of the bins in it, NaN for none."""
    cells = plane.inside if plane.averaged else np.where(plane.inside == 0, np.nan, plane.inside)
    for axis, count in ((0, columns), (1, rows)):
        edges = plane.axes[axis].edges
        position = (edges - edges[0]) / (edges[-1] - edges[0]) * count
        first = np.minimum(np.floor(position[:-1] + 1e-6).astype(int), count - 1)
        last = np.maximum(np.floor(position[1:] + 1e-6).astype(int), first + 1)
        moved = np.moveaxis(cells, axis, 0)
        found = np.full((count, moved.shape[1]), np.nan)
        for start, stop, content in zip(first, last, moved, strict=True):
            part = found[start:stop]
            part[...] = np.where(np.isnan(part) | (np.abs(part) < np.abs(content)), content, part)
        cells = np.moveaxis(found, 0, axis)
    return cells


def _range(cells: FloatArray) -> tuple[float, float]:
    finite = cells[np.isfinite(cells)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if not math.isfinite(high - low):
        raise InputError(f"contents from {low:g} to {high:g} can't be drawn on one scale")
    return low, high if high > low else low + 1.0


def _cell(value: float, low: float, high: float, shades: str, color: bool) -> str:
    if not math.isfinite(value):
        return " "
    share = (value - low) / (high - low)
    if color:
        return f"\x1b[38;5;{_COLORS[min(int(share * len(_COLORS)), len(_COLORS) - 1)]}m█\x1b[0m"
    return shades[1 + min(int(share * (len(shades) - 1)), len(shades) - 2)]


def _labels(axis: Axis, rows: int, longest: int, unicode: bool) -> list[str]:
    """Return one text per row, the lowest first: the label of the bin in its middle row, or every fourth lower edge."""
    edges = axis.edges
    if axis.bin_labels and len(axis) <= rows:
        found = [""] * rows
        middle = np.floor((axis.centers - edges[0]) / (edges[-1] - edges[0]) * rows).astype(int)
        for row, name in zip(middle, shown_labels(axis, unicode, longest), strict=True):
            found[row] = name
        return found
    every = 4 if rows > 8 else 1
    step = (edges[-1] - edges[0]) / rows
    return [number(float(f"{edges[0] + row * step:.4g}")) if row % every == 0 else "" for row in range(rows)]


def _below(axis: Axis, columns: int, unicode: bool) -> tuple[list[str], str]:
    """Return the axis line and what stands under it; and a sentence with the labels of bins where these don't fit."""
    edges, names = axis.edges, shown_labels(axis, unicode)
    if names:
        places = np.rint((edges - edges[0]) / (edges[-1] - edges[0]) * columns).astype(int)
        if lines := labelled_axis(names, places, columns, ("└", "─", "┬") if unicode else ("+", "-", "+")):
            return lines, ""
    line = ("└" + "─" * columns) if unicode else "+" + "-" * columns
    ends = [number(float(edge)) for edge in (edges[0], edges[-1])]
    gap = columns + 1 - sum(map(len, ends))
    return [line, (" " * max(gap, 1)).join(ends)], f"bins of x: {', '.join(names)}" if names else ""


def _legend(low: float, high: float, shades: str, what: str, color: bool) -> str:
    marks = [f"\x1b[38;5;{c}m█\x1b[0m" for c in _COLORS] if color else list(shades[1:])
    return f"{what}: {number(float(f'{low:.4g}'))} {''.join(marks)} {number(float(f'{high:.4g}'))}; blank: none"


def _statistics(plane: HistogramND) -> list[str]:
    box = [(key, number(value)) for key, value in plane_statistics(plane).items() if value is not None]
    sizes = [max(len(key), len(value)) for key, value in box]
    rows = zip(*box, strict=True)
    return ["  ".join(f"{cell:>{size}}" for cell, size in zip(row, sizes, strict=True)) for row in rows]
