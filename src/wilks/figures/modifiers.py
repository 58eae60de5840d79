"""The grid of modifiers: which parameter acts where, how, and by how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wilks.errors import InputError
from wilks.figures.blocks import Blocks, blocks_with, canvas, rows_from
from wilks.figures.style import FigureStyle, as_style, figure_of
from wilks.workspace.acting import KINDS, Acting, acting, in_order
from wilks.workspace.workspace import Workspace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = {
    "normfactor": "#4d4d4d",
    "shapefactor": "#8c8c8c",
    "lumi": "#b9ac70",
    "normsys": "#3f90da",
    "histosys": "#ffa90e",
    "normsys + histosys": "#2f9e5b",
    "shapesys": "#a96b59",
    "staterror": "#94a4a2",
    "several": "#832db6",
}
# Relative changes from which on a cell has its full colour or a shade of it, and the words for them.
_SHADES = ((0.1, 1.0, "10 % or more"), (0.01, 0.62, "1 to 10 %"), (1e-9, 0.3, "below 1 %"), (0.0, 0.1, "no change"))
CELL, WIDE = (0.24, 0.2), (0.48, 0.22)  # inches: without and with numbers
_FEW = 24  # columns with numbers
ROWS = 60


def modifiers(
    workspace: Workspace,
    *,
    parameters: str | Sequence[str] | None = None,
    channels: str | Sequence[str] | None = None,
    samples: str | Sequence[str] | None = None,
    rows: int = ROWS,
    first: int = 1,
    style: str | FigureStyle = "plain",
) -> Figure:
    """Return a figure with a cell for each parameter (rows), channel (blocks) and sample (columns): how it acts there.

    Colours are the types of modifiers, in shades by size: the largest relative change of the yield or of a bin at
    one standard deviation. Of few columns the cells have that number in percent; free factors have none. The
    parameters of interest come first, staterrors last. So many `rows` are drawn from the parameter number `first` (from
    1) on; columns too many for a page are folded into bands below each other. Only the `parameters`, `channels` and
    `samples` that are named, as names or patterns, if any are. Raises InputError for names that mean nothing, and where
    no row is left.

    >>> import wilks
    >>> figure = wilks.figures.modifiers(wilks.examples.search())
    """
    if not isinstance(workspace, Workspace):
        raise TypeError(f"modifiers draws a Workspace, found a {type(workspace).__name__}; get one with load_workspace")
    found = acting(workspace, parameters=parameters, channels=channels, samples=samples)
    if not found:
        raise InputError("no modifier acts here")
    cells = {(each.channel, each.sample, each.name): each for each in found}
    pairs = dict.fromkeys((each.channel, each.sample) for each in found)
    blocks = blocks_with(in_order(workspace, found), list(pairs))
    numbers = len(pairs) <= _FEW
    with canvas(rows_from(blocks, rows, first), WIDE if numbers else CELL, as_style(style)) as (ax, blocks):
        said = _draw(ax, blocks, cells, numbers)
        _key(ax, said, numbers)
    return figure_of(ax)


def shade(size: float) -> float:
    """Return how strong the colour of a cell is, from 0 to 1, for a relative change; 1 where there is none."""
    return 1.0 if math.isnan(size) else next(strength for least, strength, _ in _SHADES if size >= least)


def _draw(ax: Axes, blocks: Blocks, cells: dict[tuple[str, str, str], Acting], numbers: bool) -> set[str]:
    """Draw the cells; return the kinds that are among them."""
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    said: set[str] = set()
    boxes, colors = [], []
    for x, row, *names in blocks.cells():
        each = cells.get((names[0], names[1], names[2]))
        boxes.append(Rectangle((x, row), 1, 1))
        if each is None:
            colors.append((0.955, 0.955, 0.955))
            continue
        said.add(each.kind)
        strength = shade(each.size)
        red, green, blue = (1 - strength * (1 - part) for part in to_rgb(_COLORS[each.kind]))
        colors.append((red, green, blue))
        if numbers and not math.isnan(each.size):
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.45
            place: dict[str, Any] = {"ha": "center", "va": "center_baseline", "fontsize": 7}
            ax.text(x + 0.5, row + 0.5, _percent(each.size), color="white" if dark else "black", **place)
    ax.add_collection(PatchCollection(boxes, facecolors=colors, edgecolors="white", linewidths=0.8, clip_on=False))
    for _, left, right, band in blocks.parts():
        corner, size = (left, band * blocks.step), (right - left, len(blocks.systematics))
        ax.add_patch(Rectangle(corner, *size, fill=False, linewidth=0.9, clip_on=False))
    return said


def _percent(size: float) -> str:
    """Return a relative change in percent with two digits, short enough for a cell."""
    percent = 100.0 * size
    if percent < 0.005:
        return "0"
    if percent < 0.095:
        return f"{percent:.2f}"
    return f"{percent:.1f}" if percent < 9.95 else f"{percent:.0f}" if percent < 999.5 else f"{percent:.0e}"


def _key(ax: Axes, said: set[str], numbers: bool) -> None:
    """Draw the legend to the right: kinds, and what the shades are."""
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(color=_COLORS[kind], label=kind) for kind in KINDS if kind in said]
    handles.append(Patch(alpha=0, label="largest change of yield or bin" + (" [%]:" if numbers else ":")))
    handles += [Patch(color=str(1 - 0.7 * strength), label=word) for _, strength, word in _SHADES]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0)
