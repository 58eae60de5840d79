"""The conditions of a result as a small note on its figure."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ParamSpec

from wilks.figures.decoration import FAILED_COLOR
from wilks.figures.numbers import shorten_all
from wilks.figures.style import figure_of, label
from wilks.results.conditions import Condition, conditions_of
from wilks.results.findings import Severity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")

# In points; and the mean width of a letter in units of the size.
_SIZE, _LETTER = 8.0, 0.5
_LINE, _PAD = 1.35 * _SIZE / 72, 0.06


def noted(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Return a function that draws a result, its conditions above the figure, and short numbers along all axes."""

    @functools.wraps(draw)
    def drawn(*arguments: P.args, **options: P.kwargs) -> Figure:
        figure = draw(*arguments, **options)
        shorten_all(figure)
        result = arguments[0] if arguments else options["result"]
        add_note(figure, _conditions(result), options.get("ax"))
        return figure

    return drawn


def _conditions(result: Any) -> list[Condition]:
    """Return the conditions of a result, or of several by label: with the labels where not all have the same."""
    if not isinstance(result, Mapping):
        return list(conditions_of(result))
    labels: dict[str, list[str]] = {}
    first: dict[str, Condition] = {}
    for name, each in result.items():
        for condition in conditions_of(each):
            if name not in labels.setdefault(condition.brief, []):
                labels[condition.brief].append(name)
            known = first.get(condition.brief)
            if known is None or list(Severity).index(condition.severity) < list(Severity).index(known.severity):
                first[condition.brief] = condition
    return [
        condition
        if len(labels[brief]) == len(result)
        else replace(condition, brief=f"{', '.join(labels[brief])}: {brief}")
        for brief, condition in first.items()
    ]


def add_note(figure: Figure, conditions: Iterable[Condition], ax: Any = None) -> None:
    """Write what conditions say in brief (notes apart) above everything on a figure, which grows by that.

    With axes of the user's (`ax`, or several), it goes above the first, and nothing grows.
    """
    briefs = dict.fromkeys(each.brief for each in conditions if each.severity != Severity.NOTE)
    if not briefs:
        return
    words: dict[str, Any] = {"color": FAILED_COLOR, "fontsize": _SIZE, "ha": "left"}
    styled = getattr(figure, "styled", nullcontext)
    with styled():
        if ax is not None:
            _above(ax if hasattr(ax, "figure") else ax[0], "\n".join(map(_text, briefs)), words)
            return
        width, height = (float(side) for side in figure.get_size_inches())
        lines = list(_lines(briefs, int((width - 2 * _PAD) * 72 / (_LETTER * _SIZE))))
        total = height + len(lines) * _LINE + _PAD
        _grow(figure, total)
        for i, line in enumerate(lines):
            figure.text(_PAD / width, 1 - (_PAD + (i + 1) * _LINE - 0.3 * _LINE) / total, line, va="baseline", **words)


def _text(brief: str) -> str:
    return label(brief, 1000)


def _lines(briefs: Iterable[str], letters: int) -> Iterable[str]:
    """Yield lines of so many letters: as many briefs as fit, one too long for a line broken."""
    import textwrap

    line = ""
    for brief in briefs:
        joined = f"{line}; {brief}" if line else brief
        if line and len(joined) > letters:
            yield _text(line)
            joined = brief
        *whole, line = textwrap.wrap(joined, letters)
        yield from map(_text, whole)
    yield _text(line)


def _grow(figure: Figure, total: float) -> None:
    """Make a figure higher, in inches; what it has keeps its size and its place from below."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    width, height = figure.get_size_inches()
    share = float(height) / total
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, 0, 1, share))
    else:
        for axes in figure.axes:
            x0, y0, wide, high = axes.get_position(original=True).bounds
            axes.set_position((x0, y0 * share, wide, high * share))
    for text in figure.texts:
        text.set_y(text.get_position()[1] * share)
    figure.set_size_inches(width, total)


def _above(ax: Axes, text: str, words: dict[str, Any]) -> None:
    """Write above everything that axes have."""
    from wilks.figures.canvas import around, frame_of

    figure = figure_of(ax)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    up = 72 * (around(ax)[3] - frame_of(ax)[3])
    ax.annotate(text, (0, 1), (0, up + 2), xycoords="axes fraction", textcoords="offset points", va="bottom", **words)
