"""Text and legend inside the frame, and the room above the data that they need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from wilks._types import FloatArray
from wilks.figures.names import labels
from wilks.figures.numbers import divided, in_unit
from wilks.figures.style import FigureStyle, figure_of, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.legend import Legend
    from matplotlib.text import Text

Entry: TypeAlias = tuple[Any, str]
FAILED_COLOR = "#b00000"
_LINES = ("experiment", "experiment, above")  # ids of the texts, by line

# Fractions of the height: legend and labels within the first need no other arrangement, within the second no
# smaller font.
_ENOUGH, _TOO_MUCH = 0.38, 0.45
# A legend that takes more than this, or has a font of fewer points per inch of the figure, goes beside the frame.
_MOST, _READABLE = 0.52, 1.15


def experiment_texts(
    ax: Axes, style: FigureStyle, *, last: Axes | None = None, wide: float | None = None, up: float = 0.0
) -> None:
    """Draw the experiment's name and status above the left corner of the frame, energy and luminosity above the right.

    That is the one place in all figures: many have no room inside. `last` are the axes whose right corner counts, where
    there are several beside each other, `wide` is the width of the frame in inches where it will be another than now.
    The texts stand `up` points higher where there is the title of an axis above the frame. Energy and luminosity go one
    line higher where both have no room beside each other.
    """
    size, slant = _font_size(), "italic" if style.name == "CMS" else "normal"
    over: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "offset points",
        "va": "bottom",
        "gid": _LINES[0],
    }
    lift = 0.25 * size + up
    left: list[Text] = []
    if style.name != "plain":
        look: dict[str, Any] = {"fontsize": 1.2 * size, "weight": "bold"}
        look["style"] = "italic" if style.name == "ATLAS" else "normal"
        left.append(ax.annotate(style.name, (0, 1), xytext=(0, lift), **look, **over))
        if style.beside:
            left.append(_after(ax, left[0], style.beside, (0.9 if style.name == "CMS" else 1.1) * size, style=slant))
    elif style.beside:
        left.append(ax.annotate(style.beside, (0, 1), xytext=(0, lift), fontsize=size, **over))
    if style.beam:
        right = (last or ax).annotate(style.beam, (1, 1), xytext=(0, lift), fontsize=0.9 * size, ha="right", **over)
        used = sum(float(text.get_window_extent().width) for text in (*left, right)) + size * figure_of(ax).dpi / 72
        room = ax.get_window_extent().width if wide is None else wide * figure_of(ax).dpi
        if last is None and used > room and left:
            right.xyann = (0, lift + 1.5 * size)
            right.set_gid(_LINES[1])


def lines_above(ax: Axes) -> int:
    """Return how many lines of the experiment's texts stand above a frame: 0, 1 or 2."""
    found = {text.get_gid() for text in ax.texts}
    return max((number for number, line in enumerate(_LINES, 1) if line in found), default=0)


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


def decorate(
    ax: Axes,
    style: FigureStyle,
    lines: Sequence[str],
    entries: Sequence[Entry],
    *,
    tallest: float,
    lowest: float | None,
    deepest: float = 0.0,
    outside: Sequence[Axes] = (),
) -> float:
    """Draw the experiment's texts, labels (`lines`) and legend, then set the y range so that they overlap no data.

    Returns the fraction of the height that is free of text. `tallest` is the top of everything drawn; `lowest` the
    bottom of a logarithmic axis, None for a linear one from `deepest`, 0 or what is drawn below it. A legend that could
    not be read inside goes to the right of the frames `outside`, for which the figure becomes wider.
    """
    experiment_texts(ax, style)
    lines = [part for line in lines for part in label(line, 40).split("\n")]
    texts = [_inside(ax, i, line, _font_size()) for i, line in enumerate(lines)]
    used = _place_legend(ax, texts, entries, outside)
    room = max(1.0 - used - 0.04, 0.2)
    if not (math.isfinite(tallest) and tallest > 0):
        tallest = 1.0
    if lowest is None:
        low = 1.08 * deepest
        ax.set_ylim(low, low + (tallest - low) / room)
    else:
        span = max(math.log10(tallest / lowest), 1.0)
        ax.set_ylim(lowest, lowest * 10 ** (span / room))
    return 1.0 - used - 0.01


def _place_legend(ax: Axes, texts: Sequence[Text], entries: Sequence[Entry], outside: Sequence[Axes]) -> float:
    """Draw the legend at the top right, beside or below the labels; return the fraction of the height that is used.

    One to three columns are tried at shrinking font sizes: the first arrangement that takes little of the height
    wins, else the one that takes least, if that leaves over half of the height.
    """
    frame = ax.get_window_extent()
    boxes = [text.get_window_extent() for text in texts]
    right = max((box.x1 for box in boxes), default=frame.x0)
    bottom = min((box.y0 for box in boxes), default=frame.y1)
    best: tuple[float, dict[str, Any]] | None = None
    smallest = _READABLE * float(figure_of(ax).get_size_inches()[0]) if outside else 0.0
    for scale in (1.0, 0.85, 0.7, 0.55):
        if scale * 0.92 * _font_size() < smallest:
            break
        for columns in (1, 2, 3):
            if best is not None and best[0] <= _ENOUGH:
                break
            options: dict[str, Any] = {"ncols": columns, "fontsize": scale * 0.92 * _font_size()}
            legend = _legend(ax, entries, **options, anchor=1.0)
            box = legend.get_window_extent()
            legend.remove()
            for below in (False, True):
                left = (frame.x0 if below else right) + 0.03 * frame.width
                top = bottom if below else frame.y1
                used = (frame.y1 - min(box.y0 - (frame.y1 - top), bottom)) / frame.height
                if box.x0 >= left and (best is None or (used < best[0] - 1e-6 and best[0] > _ENOUGH)):
                    best = (used, {**options, "anchor": (top - frame.y0) / frame.height})
        if best is not None and best[0] <= _TOO_MUCH:
            break
    if outside and (best is None or best[0] > _MOST):
        _legend_outside(ax, entries, outside)
        return float((frame.y1 - bottom) / frame.height)
    used, options = best or (0.5, options)
    _legend(ax, entries, **options)
    return used


def _legend_outside(ax: Axes, entries: Sequence[Entry], frames: Sequence[Axes]) -> None:
    """Draw the legend to the right of frames, in as many columns as their height asks for, on a wider figure."""
    height = ax.get_window_extent().y1 - min(frame.get_window_extent().y0 for frame in frames)
    place: dict[str, Any] = {"anchor": 1.0, "corner": "upper left", "right": 1.0}
    for scale, columns in ((0.92, 1), (0.78, 1), (0.78, 2), (0.65, 2), (0.65, 3)):
        legend = _legend(ax, entries, ncols=columns, fontsize=scale * _font_size(), **place)
        box = legend.get_window_extent()
        if box.height <= height:
            break
    figure = figure_of(ax)
    width, tall = figure.get_size_inches()
    figure.set_size_inches(width + box.width / figure.dpi, tall)


def _legend(
    ax: Axes,
    entries: Sequence[Entry],
    *,
    ncols: int,
    fontsize: float,
    anchor: float,
    corner: str = "upper right",
    right: float = 0.98,
) -> Legend:
    texts = labels((text for _, text in entries), 34)
    place: Any = corner
    return ax.legend(
        [handle for handle, _ in entries],
        [texts[text] for _, text in entries],
        loc=place,
        bbox_to_anchor=(right, anchor),
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
    title, power = in_unit(title, top)
    if power:
        axis.set_major_formatter(divided(power))
    return title


def in_red(ax: Axes, style: FigureStyle, texts: Sequence[str]) -> None:
    """Say above the right corner of the frame, and the experiment's texts, what keeps a figure from being complete.

    Nothing where there is nothing.
    """
    if texts:
        lines = max(lines_above(ax), int(style.name != "plain" or bool(style.beside or style.beam)))
        ax.annotate(
            "; ".join(texts),
            (1, 1),
            (0, 1.6 * _font_size() * lines or 4),
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


def legend_in_corner(
    ax: Axes, entries: Sequence[Entry], avoid: FloatArray, size: str = "small", outside: bool = False
) -> None:
    """Draw a legend on the canvas in the corner that hides fewest of the points `avoid`, shape (points, 2), in data.

    Where each corner hides some, in a smaller font too, it goes to the right of the frame if `outside` allows it.
    """
    places = ax.transData.transform(avoid)
    options: dict[str, Any] = {"frameon": True, "framealpha": 0.85, "edgecolor": "none"}
    handles, texts = [handle for handle, _ in entries], [text for _, text in entries]
    hidden: dict[tuple[str, str], int] = {}
    for font in (size, "x-small"):
        for corner in ("upper right", "upper left", "lower left", "lower right"):
            where: Any = corner
            box = ax.legend(handles, texts, **options, fontsize=font, loc=where).get_window_extent()
            hidden[font, corner] = int(((places > box.min).all(axis=1) & (places < box.max).all(axis=1)).sum())
        if not all(hidden.values()):
            break
    font, best = min(hidden, key=lambda place: hidden[place])
    if outside and hidden[font, best]:
        _legend_outside(ax, entries, [ax])
        return
    where = best
    ax.legend(handles, texts, **options, fontsize=font, loc=where).set_zorder(6)
