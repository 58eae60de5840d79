"""The pruning map: what is left of every systematic, in every region, for every sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wilks.figures.blocks import Blocks, blocks_of, canvas, rows_from
from wilks.figures.style import FigureStyle, as_style, figure_of
from wilks.templates.record import Effect
from wilks.templates.store import Templates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What a cell says, and its colour: those of TRExFitter, softened.
COLORS = {
    "kept": "#9ad59a",
    "shape dropped": "#ffe866",
    "norm dropped": "#ffb347",
    "dropped": "#e8746c",
    "large norm": "#6f9bd8",
    "large shape": "#a678c8",
    "large norm and shape": "#4d4d4d",
    "not present": "#e2e2e2",
}
_SAME = "both sides alike"
CELL = 0.24, 0.2  # inches


def pruning(
    templates: Templates,
    *,
    regions: Sequence[str] | None = None,
    rows: int | None = None,
    first: int = 1,
    style: str | FigureStyle = "plain",
) -> Figure:
    """Return a figure with a cell for each systematic (rows), region (blocks) and sample (columns): what is left of it.

    A dot marks systematics of which both sides change the yield in the same direction. Columns that are too many for a
    page are folded into bands below each other. Only the `regions` named, if any are, and only so many `rows`
    (default: all) from the systematic number `first` (from 1) on. Raises InputError for templates without effects (they
    were not processed, or there is no systematic), for an unknown region, and where no row is left.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.process_templates(wilks.build_templates(config), config)
    >>> figure = wilks.figures.pruning(templates)
    """
    blocks = rows_from(blocks_of(templates, regions), len(templates.effects) if rows is None else rows, first)
    with canvas(blocks, CELL, as_style(style)) as (ax, blocks):
        said, same = _draw(ax, blocks)
        _legend(ax, said, same)
    return figure_of(ax)


def cell_word(effect: Effect | None) -> str:
    """Return what the cell of an effect says: a key of `COLORS`."""
    if effect is None:
        return "not present"
    large = [flag for flag in effect.flags if flag.startswith("large")]
    return "large norm and shape" if len(large) == 2 else large[0] if large else effect.status


def _draw(ax: Axes, blocks: Blocks) -> tuple[set[str], bool]:
    """Draw the cells; return which words they say, and whether any has sides in the same direction."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    said: set[str] = set()
    boxes, colors, dots = [], [], []
    for x, row, *names in blocks.cells():
        region, sample, systematic = names
        effect = blocks.effects.get((region, sample, systematic))
        word = cell_word(effect)
        said.add(word)
        boxes.append(Rectangle((x, row), 1, 1))
        colors.append(COLORS[word])
        if effect is not None and "same side" in effect.flags:
            dots.append((x + 0.5, row + 0.5))
    ax.add_collection(PatchCollection(boxes, facecolors=colors, edgecolors="white", linewidths=0.8, clip_on=False))
    for _, left, right, band in blocks.parts():
        corner, size = (left, band * blocks.step), (right - left, len(blocks.systematics))
        ax.add_patch(Rectangle(corner, *size, fill=False, linewidth=0.9, clip_on=False))
    if dots:
        ax.plot(*zip(*dots, strict=True), "o", color="black", markersize=3)
    return said, bool(dots)


def _legend(ax: Axes, said: set[str], same: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(color=color, label=word) for word, color in COLORS.items() if word in said]
    if same:
        handles.append(Line2D([], [], marker="o", linestyle="", color="black", markersize=3, label=_SAME))
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0)
