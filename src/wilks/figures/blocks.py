"""Maps with a cell for each systematic (rows), region (blocks of columns) and sample (columns)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wilks.errors import InputError, listed, nearest
from wilks.figures.decoration import experiment_texts
from wilks.figures.style import FigureStyle, compact, figure_of, label
from wilks.templates.order import systematics_in_order
from wilks.templates.record import Effect
from wilks.templates.store import Templates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GAP = 0.5  # of a cell's width, between regions
_LETTER = 0.085  # width in inches, about


@dataclass(frozen=True)
class Blocks:
    """Which cells there are: rows by systematic, columns by region and sample with the left edge of each."""

    systematics: tuple[str, ...]
    columns: dict[tuple[str, str], float]
    effects: dict[tuple[str, str, str], Effect]

    @property
    def width(self) -> float:
        """Width of all columns and gaps, in cells."""
        return max(self.columns.values()) + 1.0

    @property
    def regions(self) -> dict[str, tuple[float, float]]:
        """Left and right edge of each region."""
        edges: dict[str, tuple[float, float]] = {}
        for (region, _), x in self.columns.items():
            edges[region] = (edges.get(region, (x, x))[0], x + 1.0)
        return edges

    def cells(self) -> Iterator[tuple[float, int, str, str, str]]:
        """Yield left edge, row, region, sample and systematic of every cell."""
        for (region, sample), x in self.columns.items():
            for row, systematic in enumerate(self.systematics):
                yield x, row, region, sample, systematic


def blocks_of(templates: Templates, regions: Sequence[str] | None = None) -> Blocks:
    """Return the cells of templates that were processed; of some regions, if any are named.

    Raises InputError where there are none, or no such region.
    """
    if not isinstance(templates, Templates):
        raise TypeError(f"this draws Templates, found a {type(templates).__name__}; get them with wilks.load_templates")
    known = list(dict.fromkeys(effect.region for effect in templates.effects))
    if not known:
        raise InputError(
            "these templates have no effects of systematics: process them with wilks.process_templates, "
            "unless there is no systematic"
        )
    unknown = [f'no region "{name}"{nearest(name, known) or f"; there are {listed(known)}"}' for name in regions or ()]
    if unknown := [text for text, name in zip(unknown, regions or (), strict=True) if name not in known]:
        raise InputError(unknown)
    effects = [effect for effect in templates.effects if regions is None or effect.region in regions]
    columns: dict[tuple[str, str], float] = {}
    x, before = 0.0, ""
    for effect in effects:
        pair = effect.region, effect.sample
        if pair not in columns:
            x += _GAP if before and effect.region != before else 0.0
            columns[pair] = x
            x, before = x + 1.0, effect.region
    acting = {effect.systematic for effect in effects}
    order = tuple(name for name in systematics_in_order(templates.effects) if name in acting)
    return Blocks(order, columns, {(e.region, e.sample, e.systematic): e for e in effects})


@contextmanager
def canvas(blocks: Blocks, cell: tuple[float, float], style: FigureStyle) -> Iterator[Axes]:
    """Give the axes for cells of a size in inches: one unit of x and y is one cell, y from the top.

    Names of systematics, regions and samples are drawn here, and the figure gets the size that this takes.
    """
    from wilks.figures.canvas import Drawing, styled

    rc = compact(style, ytick_labelsize=9)
    upright = any(
        _LETTER * len(label(region, 40)) > (right - left) * cell[0] for region, (left, right) in blocks.regions.items()
    )
    longest = max(len(label(region, 40)) for region in blocks.regions)
    head = (_LETTER * longest + 0.1 if upright else 0.25) / cell[1]
    # Name and status on the left, energy and luminosity on the right need some room between them.
    least = 3.8 if (style.energy or style.luminosity) and (style.name != "plain" or style.status) else 0.0
    width, height = max(blocks.width * cell[0], least), (len(blocks.systematics) + head) * cell[1]
    with styled(rc):
        ax = Drawing(rc, figsize=(width + 3, height + 3)).add_subplot()
        ax.set_xlim(0, width / cell[0])
        ax.set_ylim(len(blocks.systematics), -head)
        ax.minorticks_off()
        ax.tick_params(axis="both", which="both", length=0)
        for spine in ax.spines.values():
            spine.set_visible(False)
        samples = [label(sample, 36) for _, sample in blocks.columns]
        level = max(map(len, samples)) * _LETTER < cell[0]
        ax.set_xticks([x + 0.5 for x in blocks.columns.values()], samples, rotation=0 if level else 90)
        ax.set_yticks([i + 0.5 for i in range(len(blocks.systematics))], [label(s, 40) for s in blocks.systematics])
        for region, (left, right) in blocks.regions.items():
            middle, above = 0.5 * (left + right), -0.06 / cell[1]
            ax.text(middle, above, label(region, 40), rotation=90 if upright else 0, ha="center", va="bottom")
        yield ax
        experiment_texts(ax, style, inside=False)
        _fit(ax, width, height)


def _fit(ax: Axes, width: float, height: float, pad: float = 0.1) -> None:
    """Give the axes a size in inches, and the figure the size that holds them with everything around."""
    from wilks.figures.canvas import inches

    figure = figure_of(ax)
    for _ in range(2):
        figure.draw_without_rendering()
        box = ax.get_tightbbox()
        if box is None:
            return
        inner, outer = inches(figure, ax.get_window_extent()), inches(figure, box)
        left, bottom = inner[0] - outer[0] + pad, inner[1] - outer[1] + pad
        right, top = outer[2] - inner[2] + pad, outer[3] - inner[3] + pad
        whole = left + width + right, bottom + height + top
        figure.set_size_inches(*whole)
        figure.subplots_adjust(
            left=left / whole[0], right=1 - right / whole[0], bottom=bottom / whole[1], top=1 - top / whole[1]
        )
