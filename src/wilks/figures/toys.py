"""Pulls of toys: the distribution for one parameter, mean and width for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError, nearest
from wilks.figures.conditions import noted
from wilks.figures.decoration import Entry, counted, decorate, experiment_texts, in_red
from wilks.figures.names import labels, letters, row_height
from wilks.figures.style import PANEL, FigureStyle, as_style, compact, figure_of, settings, signed, weight
from wilks.results.intervals import percent
from wilks.results.lost_toys import with_lost
from wilks.results.toys import LEVELS, ToysResult
from wilks.selection import matching, natural
from wilks.table import measured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _RED, _BAND = "#3f90da", "#bd1f01", "#d9d9d9"
_ROW, _AXIS, _GAP = 0.19, 1.75, 0.14  # inches
_ONE_COLUMN, _ASPECT = 45, 1.4


@noted
def toys(
    result: ToysResult,
    *,
    parameter: str | None = None,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return the distribution of the pulls of a `parameter` (default: that of interest), beside the normal one.

    Without a parameter of interest that is free, and none named, it is the figure of all (`toy_pulls`). Raises
    InputError for a parameter that is not there, is fixed, or has no usable toy.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.toys(wilks.toys(model, count=200, seed=1), parameter="mu")
    """
    from wilks.figures.canvas import Drawing, fit_margins, styled

    _check(result)
    if parameter is None:
        free = result.poi is not None and not result.fixed[result.index(result.poi)]
        if result.poi is None or not free:
            return toy_pulls(result, style=style)
        parameter = result.poi
    if parameter not in result.names:
        raise InputError(f'there is no parameter "{parameter}" in these toys{nearest(parameter, result.names)}')
    i = result.index(parameter)
    if not result.usable[i]:
        raise InputError(f'"{parameter}" is fixed, or no toy has an uncertainty for it')
    chosen = as_style(style)
    rc = settings(chosen)
    with styled(rc):
        target = Drawing(rc, figsize=PANEL[chosen.name]).add_subplot() if ax is None else ax
        entries, top = _histogram(target, result, i, weight(chosen))
        target.set_xlabel(r"$(\hat{\theta}-\theta_{\mathrm{true}})\,/\,\hat{\sigma}$")
        target.set_ylabel("Toys")
        figure = figure_of(target)
        if ax is None:
            target.set_ylim(0, 1.6 * top)
            fit_margins(figure, [target])
        decorate(target, chosen, _lines(result, i), entries, tallest=top, lowest=None)
        in_red(target, chosen, counted(result.done - result.converged, "toy", "without a converged fit"))
        if ax is None:
            fit_margins(figure, [target])
    return figure


def _check(result: ToysResult) -> None:
    if not isinstance(result, ToysResult):
        raise TypeError(
            f"this draws a ToysResult, found a {type(result).__name__}; get one with wilks.toys(model, ...)"
        )


def _histogram(ax: Axes, result: ToysResult, i: int, thick: float) -> tuple[list[Entry], float]:
    from matplotlib.patches import Patch

    counts, edges = result.pulls[i], result.edges
    # So many toys in a bin of the maximum that its height is known to some 15 %.
    merge = next(m for m in (1, 2, 4, 5) if m == 5 or 0.4 * 0.1 * m * result.usable[i] > 50)
    counts, edges = counts.reshape(-1, merge).sum(axis=1), edges[::merge]
    step = edges[1] - edges[0]
    ax.stairs(counts, edges, fill=True, color=_BLUE, alpha=0.4)
    ax.stairs(counts, edges, color=_BLUE, linewidth=1.2 * thick)
    x = np.linspace(edges[0], edges[-1], 400)
    height = result.usable[i] * step / math.sqrt(2 * math.pi)
    (unit,) = ax.plot(x, height * np.exp(-0.5 * x**2), color="black", linestyle="--", linewidth=1.3 * thick)
    entries: list[Entry] = [(Patch(facecolor=_BLUE, alpha=0.4, edgecolor=_BLUE), "toys"), (unit, "normal")]
    mean, width, highest = result.pull_mean[i], result.pull_width[i], max(float(counts.max()), height)
    if width > 0:
        (own,) = ax.plot(
            x, height / width * np.exp(-0.5 * ((x - mean) / width) ** 2), color=_RED, linewidth=1.3 * thick
        )
        highest = max(highest, height / width)
        entries.append((own, "mean and width of toys"))
    ax.set_xlim(edges[0], edges[-1])
    return entries, 1.05 * float(highest)


def _lines(result: ToysResult, i: int) -> list[str]:
    n, mean, width = result.usable[i], result.pull_mean[i], result.pull_width[i]
    lines = [result.names[i], f"{n:.0f} of {result.done} toys usable"]
    if n > 1 and width > 0:
        lines += [
            f"mean {measured(mean, width / math.sqrt(n))}",
            f"width {measured(width, width / math.sqrt(2 * n))}",
        ]
    for level, value, (low, high) in zip(LEVELS, result.coverage[i], result.coverage_range[i], strict=True):
        covered = f"{100 * value:.1f}" if low == high else f"{100 * low:.1f} to {100 * high:.1f}"
        lines.append(f"{percent(level)} interval covers {covered} %")
    return [lines[0], *(signed(line) for line in lines[1:])]


@noted
def toy_pulls(
    result: ToysResult,
    *,
    exclude: str | Sequence[str] = (),
    include_staterrors: bool = False,
    rows: int = 150,
    style: str | FigureStyle = "plain",
) -> Figure:
    """Return mean and width of the pulls of all free parameters, and the coverage of their 68.27 % intervals.

    The mean should lie within its error of 0 (bar: two errors), the width (box) within its own of 1. Coverage is in per
    cent, red where it is off by more than three errors. Many parameters are split into columns; at most so many `rows`
    are drawn, those with the worst pulls and coverages. `exclude` is a name or several, with `*` and `?`; staterrors
    are left out unless `include_staterrors`, or where there are no others.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.toy_pulls(wilks.toys(model, count=200, seed=1))
    """
    from wilks.figures.canvas import Drawing, styled

    _check(result)
    chosen = as_style(style)
    if rows < 1:
        raise InputError(f"rows must be at least 1, found {rows}")
    every = _selected(result, exclude, include_staterrors)
    worst = {result.names[i] for i in sorted(every, key=lambda i: -_badness(result, i))[:rows]}
    shown = [result.names.index(name) for name in natural(result.names) if name in worst]
    titles = labels(result.names[i] for i in shown)
    rc = compact(chosen)
    with styled(rc):
        figure = Drawing(rc)
        width = 0.07 * letters(titles.values()) + 2 * _AXIS + _GAP
        columns = 1
        if len(shown) > _ONE_COLUMN:
            columns = max(round(math.sqrt(_ASPECT * len(shown) * row_height(_ROW, titles.values()) / width)), 2)
        length = math.ceil(len(shown) / columns)
        parts = [shown[first : first + length] for first in range(0, len(shown), length)]
        pairs = []
        for c, part in enumerate(parts):
            left, right = (figure.add_subplot(1, 2 * len(parts), 2 * c + 1 + side) for side in (0, 1))
            _draw_means(left, result, part, titles)
            _draw_coverage(right, result, part)
            pairs.append((left, right))
        # The panels are narrow: the experiment stands over the first, the beam over the last.
        experiment_texts(pairs[0][0], chosen, last=pairs[-1][1])
        more = f"{len(every) - len(shown)} more, with better pulls, not shown" if len(shown) < len(every) else ""
        _arrange(figure, pairs, [len(part) for part in parts], more)
    return figure


def _selected(result: ToysResult, exclude: str | Sequence[str], include_staterrors: bool) -> list[int]:
    free = [i for i, held in enumerate(result.fixed) if not held and result.usable[i] > 1]
    dropped: set[int] = set()
    for pattern in [exclude] if isinstance(exclude, str) else exclude:
        found = matching(result.names, pattern)
        if not found:
            raise InputError(
                f'exclude: there is no parameter "{pattern}" in these toys{nearest(pattern, result.names)}'
            )
        dropped |= set(found)
    others = [i for i in free if "staterror" not in result.modifier_types[i]]
    shown = [i for i in (free if include_staterrors or not others else others) if i not in dropped]
    if not shown:
        raise InputError("there is no parameter to draw: all are fixed, excluded, or without usable toys")
    return shown


def _badness(result: ToysResult, i: int) -> float:
    """Return how many errors mean, width and coverage of a parameter's pulls lie from what they should be."""
    n, width, level = result.usable[i], result.pull_width[i], LEVELS[0]
    mean_off, width_off = result.pull_mean[i] / max(width, 1e-9), (width - 1) / max(width, 1e-9) * math.sqrt(2)
    coverage_off = (result.coverage[i, 0] - level) / _coverage_error(result, [i])[0]
    return float(np.nanmax(np.abs([math.sqrt(n) * mean_off, math.sqrt(n) * width_off, coverage_off])))


def _coverage_error(result: ToysResult, rows: list[int]) -> FloatArray:
    """Return how uncertain the coverage of 68.27 % intervals is: the number of toys, and those that are lost."""
    statistical = np.sqrt(LEVELS[0] * (1 - LEVELS[0]) / result.usable[rows])
    return with_lost(statistical, result.coverage[rows, 0], result.coverage_range[rows, 0])


def _draw_means(ax: Axes, result: ToysResult, rows: list[int], titles: dict[str, str]) -> None:
    n = result.usable[rows]
    mean, width = result.pull_mean[rows], result.pull_width[rows]
    y = np.arange(len(rows))
    ax.fill_betweenx([-0.7, len(rows) - 0.3], -1, 1, color=_BAND, linewidth=0, zorder=0)
    ax.axvline(0, color="black", linestyle="--", linewidth=0.8, zorder=1)
    ax.barh(y, 2 * width, left=mean - width, height=0.62, color=_BLUE, alpha=0.45, linewidth=0, zorder=2)
    ax.errorbar(mean, y, xerr=2 * width / np.sqrt(n), fmt="o", color="black", markersize=2.5, elinewidth=1.0, zorder=3)
    reach = min(max(1.6, 1.05 * float((np.abs(mean) + width).max())), 4.0)
    for row in np.flatnonzero(np.abs(mean) > reach):
        side = 1 if mean[row] > 0 else -1
        ax.plot(0.95 * side * reach, row, ">" if side > 0 else "<", color=_RED, markersize=4, zorder=4)
    ax.set_xlim(-reach, reach)
    ax.set_xticks(range(-int(reach), int(reach) + 1))
    ax.set_xlabel("pull: mean, width", loc="center")
    _rows(ax, len(rows))
    ax.set_yticks(y, [titles[result.names[i]] for i in rows])


def _draw_coverage(ax: Axes, result: ToysResult, rows: list[int]) -> None:
    level, found, error = LEVELS[0], result.coverage[rows, 0], _coverage_error(result, rows)
    off = np.abs(found - level) > 3 * error
    y = np.arange(len(rows))
    reach = float(max(1.15 * np.max(np.abs(found - level)), 4 * error.max()))
    ax.axvline(100 * level, color="black", linestyle="--", linewidth=0.8, zorder=1)
    for chosen, color in ((~off, "black"), (off, _RED)):
        if chosen.any():
            x, sigma = 100 * found[chosen], 100 * error[chosen]
            ax.errorbar(x, y[chosen], xerr=sigma, fmt="o", color=color, markersize=2.5, elinewidth=1.0, zorder=3)
    ax.set_xlim(100 * (level - reach), 100 * (level + reach))
    ax.set_xlabel("coverage [%]", loc="center")
    ax.locator_params(axis="x", nbins=4)
    _rows(ax, len(rows))
    ax.set_yticks([])


def _rows(ax: Axes, rows: int) -> None:
    ax.minorticks_off()
    ax.set_ylim(rows - 0.3, -0.7)
    ax.tick_params(axis="y", which="both", length=0)


def _arrange(figure: Figure, pairs: list[tuple[Axes, Axes]], lengths: list[int], more: str) -> None:
    """Set the size of the figure so that every name and title just has its room; say what is not shown."""
    from wilks.figures.canvas import inches

    names = [
        max(x1 - x0 for x0, _, x1, _ in (inches(figure, t.get_window_extent()) for t in left.get_yticklabels())) + 0.08
        for left, _ in pairs
    ]
    row = row_height(_ROW, (text.get_text() for left, _ in pairs for text in left.get_yticklabels()))
    own = [row * (length + 0.4) for length in lengths]
    top, bottom = 0.4, 0.5 + 0.15 * bool(more)
    width = sum(names) + len(pairs) * (2 * _AXIS + 2 * _GAP) + 0.1
    height = top + max(own) + bottom
    figure.set_size_inches(width, height)
    figure.text(1 - 0.1 / width, 0.05 / height, more, ha="right", va="bottom", fontsize=8, style="italic")
    at = 0.0
    for (left, right), name, rows in zip(pairs, names, own, strict=True):
        at += name + _GAP
        for ax in (left, right):
            ax.set_position((at / width, 1 - (top + rows) / height, _AXIS / width, rows / height))
            at += _AXIS + (0.06 if ax is left else 0.0)
