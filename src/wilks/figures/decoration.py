"""Text and legend inside the frame, and the room above the data that they need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from wilks._types import FloatArray
from wilks.figures.style import FigureStyle, figure_of, label, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.legend import Legend
    from matplotlib.text import Text

Entry: TypeAlias = tuple[Any, str]
FAILED_COLOR = "#b00000"

# Fractions of the height: legend and labels within the first need no other arrangement, within the second no
# smaller font.
_ENOUGH, _TOO_MUCH = 0.38, 0.45


def experiment_texts(ax: Axes, style: FigureStyle, *, inside: bool) -> list[Text]:
    """Draw the experiment's name, status, energy and luminosity; return the texts that lie inside the frame."""
    size = _font_size()
    if style.name == "CMS" or not inside:
        return _outside(ax, style, size)
    texts = []
    if style.name == "ATLAS":
        name = _inside(ax, 0, "ATLAS", size * 1.15, weight="bold", style="italic")
        texts.append(name)
        if style.status:
            texts.append(_after(ax, name, style.status, size * 1.15))
    elif style.status:
        texts.append(_inside(ax, 0, style.status, size))
    if style.beam:
        texts.append(_inside(ax, 1 if texts else 0, style.beam, size))
    return texts


def _font_size() -> float:
    import matplotlib

    return float(matplotlib.rcParams["font.size"])


def _inside(ax: Axes, line: float, text: str, size: float, **options: Any) -> Text:
    """Draw one line of the block at the top left."""
    below = -(1.75 + 1.45 * line) * _font_size()
    return ax.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        xytext=(1.3 * _font_size(), below),
        textcoords="offset points",
        ha="left",
        va="baseline",
        fontsize=size,
        **options,
    )


def _after(ax: Axes, first: Text, text: str, size: float, **options: Any) -> Text:
    return ax.annotate(
        text,
        (1, 0),
        xycoords=first,
        xytext=(0.35 * size, 0),
        textcoords="offset points",
        ha="left",
        va="bottom",
        fontsize=size,
        **options,
    )


def _outside(ax: Axes, style: FigureStyle, size: float) -> list[Text]:
    """Draw the name above the left corner of the frame, energy and luminosity above the right one."""
    over: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    lift = 0.25 * size
    if style.name != "plain":
        slant = "italic" if style.name == "ATLAS" else "normal"
        name = ax.annotate(
            style.name, (0, 1), xytext=(0, lift), fontsize=1.2 * size, weight="bold", style=slant, **over
        )
        if style.status:
            _after(ax, name, style.status, 0.9 * size, style="italic" if style.name == "CMS" else "normal")
    elif style.status:
        ax.annotate(style.status, (0, 1), xytext=(0, lift), fontsize=size, **over)
    if style.energy or style.luminosity:
        beam = f"{style.luminosity} ({style.energy})" if style.luminosity and style.energy else style.beam
        ax.annotate(beam, (1, 1), xytext=(0, lift), fontsize=0.9 * size, ha="right", **over)
    return []


def decorate(
    ax: Axes,
    style: FigureStyle,
    lines: Sequence[str],
    entries: Sequence[Entry],
    *,
    tallest: float,
    lowest: float | None,
) -> float:
    """Draw labels (`lines` under the experiment's) and legend, then set the y range so that they overlap no data.

    Returns the fraction of the height that is free of text. `tallest` is the top of everything drawn; `lowest` the
    bottom of a logarithmic axis, None for a linear one from 0.
    """
    texts = experiment_texts(ax, style, inside=True)
    first = 0 if not texts else 1 + int(bool(style.beam) and len(texts) > 1)
    texts += [_inside(ax, first + i, label(line, 48), _font_size()) for i, line in enumerate(lines)]
    used = _place_legend(ax, texts, entries)
    room = max(1.0 - used - 0.04, 0.2)
    if not (math.isfinite(tallest) and tallest > 0):
        tallest = 1.0
    if lowest is None:
        ax.set_ylim(0, tallest / room)
    else:
        span = max(math.log10(tallest / lowest), 1.0)
        ax.set_ylim(lowest, lowest * 10 ** (span / room))
    return 1.0 - used - 0.01


def _place_legend(ax: Axes, texts: Sequence[Text], entries: Sequence[Entry]) -> float:
    """Draw the legend at the top right, beside or below the labels; return the fraction of the height that is used.

    One to three columns are tried at shrinking font sizes: the first arrangement that takes little of the height
    wins, else the one that takes least, if that leaves over half of the height.
    """
    figure = figure_of(ax)
    figure.draw_without_rendering()
    frame = ax.get_window_extent()
    boxes = [text.get_window_extent() for text in texts]
    right = max((box.x1 for box in boxes), default=frame.x0)
    bottom = min((box.y0 for box in boxes), default=frame.y1)
    best: tuple[float, dict[str, Any]] | None = None
    for scale in (1.0, 0.85, 0.7, 0.55):
        for columns in (1, 2, 3):
            for below in (False, True):
                anchor = (bottom - frame.y0) / frame.height if below else 1.0
                options: dict[str, Any] = {"ncols": columns, "fontsize": scale * 0.92 * _font_size(), "anchor": anchor}
                legend = _legend(ax, entries, **options)
                box = legend.get_window_extent()
                legend.remove()
                left = (frame.x0 if below else right) + 0.03 * frame.width
                used = (frame.y1 - min(box.y0, bottom)) / frame.height
                if box.x0 >= left and (best is None or (used < best[0] - 1e-6 and best[0] > _ENOUGH)):
                    best = (used, options)
        if best is not None and best[0] <= _TOO_MUCH:
            break
    used, options = best or (0.5, options)
    _legend(ax, entries, **options)
    return used


def _legend(ax: Axes, entries: Sequence[Entry], *, ncols: int, fontsize: float, anchor: float) -> Legend:
    return ax.legend(
        [handle for handle, _ in entries],
        [label(text, 34) for _, text in entries],
        loc="upper right",
        bbox_to_anchor=(0.98, anchor),
        ncols=ncols,
        fontsize=fontsize,
        frameon=False,
        borderpad=0.2,
        borderaxespad=0.5,
        labelspacing=0.35,
        columnspacing=1.2,
        handlelength=1.6,
        handletextpad=0.6,
    )


def scale_y(ax: Axes, title: str, top: float) -> None:
    """Set the title of a linear y axis and, where numbers up to `top` are long, give them a power of ten in the title.

    matplotlib's own factor above the frame would collide with an experiment's label there.
    """
    ax.set_ylabel(_scaled(ax.yaxis, title, top))


def scale_x(ax: Axes, title: str, top: float, **options: Any) -> None:
    """Do the same for the x axis; `options` are those of its title."""
    ax.set_xlabel(_scaled(ax.xaxis, title, top), **options)


def _scaled(axis: Axis, title: str, top: float) -> str:
    power = 3 * math.floor(math.log10(top) / 3) if top >= 1e5 or 0 < top < 0.01 else 0
    if not power:
        return title
    axis.set_major_formatter(lambda value, _: signed(f"{value / 10.0**power:g}"))
    return rf"{title}   [$10^{{{power}}}$]"


def in_red(ax: Axes, style: FigureStyle, texts: Sequence[str]) -> None:
    """Say above the right corner of the frame what keeps a figure from being complete; nothing if there is nothing."""
    if texts:
        above = style.name != "plain" or style.status or style.beam
        ax.annotate(
            "; ".join(texts),
            (1, 1),
            (0, 1.6 * _font_size() if above else 4),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            color=FAILED_COLOR,
            fontsize="small",
        )


def counted(number: int, what: str, more: str = "") -> list[str]:
    """Return `3 failed fits` as the only text of a list, or no text for 0; `what` is in the singular.

    >>> counted(1, "failed fit"), counted(2, "point", "without an answer"), counted(0, "failed fit")
    (['1 failed fit'], ['2 points without an answer'], [])
    """
    return [f"{number} {what}{'s' if number > 1 else ''} {more}".rstrip()] if number else []


def legend_in_corner(ax: Axes, entries: Sequence[Entry], avoid: FloatArray) -> None:
    """Draw a legend on the canvas in the corner that hides fewest of the points `avoid`, shape (points, 2), in data."""
    places = ax.transData.transform(avoid)
    options: dict[str, Any] = {"fontsize": "small", "frameon": True, "framealpha": 0.85, "edgecolor": "none"}
    handles, texts = [handle for handle, _ in entries], [text for _, text in entries]
    hidden = {}
    for corner in ("upper right", "upper left", "lower left", "lower right"):
        box = ax.legend(handles, texts, **options, loc=corner).get_window_extent()
        hidden[corner] = int(((places > box.min).all(axis=1) & (places < box.max).all(axis=1)).sum())
    best: Any = min(hidden, key=lambda corner: hidden[corner])
    ax.legend(handles, texts, **options, loc=best).set_zorder(6)
