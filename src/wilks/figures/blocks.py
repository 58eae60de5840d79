"""Maps with a cell for each systematic (rows), region (blocks of columns) and sample (columns)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wilks.errors import InputError, listed, nearest
from wilks.figures.decoration import experiment_texts
from wilks.figures.names import labels, letters
from wilks.figures.style import FigureStyle, compact, figure_of
from wilks.templates.order import systematics_in_order
from wilks.templates.record import Effect
from wilks.templates.store import Templates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from wilks.workspace.workspace import Workspace

_GAP = 0.5  # of a cell's width, between regions
_LETTER = 0.085  # width in inches, about
_WIDEST, _TALLEST = 13.0, 20.0  # inches: cells of a band, bands of a page


@dataclass(frozen=True)
class Blocks:
    """Which cells there are: rows by systematic, columns by region and sample with the left edge of each.

    Where the columns are too many for the width of a page they are folded: `bands` has the number of the band, from the
    top, of those that are not in the first, and the rows of one begin `step` cells below those of the one before.
    """

    systematics: tuple[str, ...]
    columns: dict[tuple[str, str], float]
    effects: dict[tuple[str, str, str], Effect] = field(default_factory=dict)
    bands: dict[tuple[str, str], int] = field(default_factory=dict)
    step: float = 0.0

    @property
    def width(self) -> float:
        """Width of all columns and gaps, in cells."""
        return max(self.columns.values()) + 1.0

    @property
    def last(self) -> int:
        """Number of the last band."""
        return max(self.bands.values(), default=0)

    @property
    def regions(self) -> dict[str, tuple[float, float]]:
        """Left and right edge of each region."""
        return {region: (left, right) for region, left, right, _ in self.parts()}

    def parts(self) -> list[tuple[str, float, float, int]]:
        """Return region, left and right edge, and band of every group of columns; a wide region has several."""
        found: list[tuple[str, float, float, int]] = []
        for (region, sample), x in self.columns.items():
            band = self.bands.get((region, sample), 0)
            if found and (found[-1][0], found[-1][3]) == (region, band):
                found[-1] = (region, found[-1][1], x + 1.0, band)
            else:
                found.append((region, x, x + 1.0, band))
        return found

    def cells(self) -> Iterator[tuple[float, float, str, str, str]]:
        """Yield left edge, top, region, sample and systematic of every cell."""
        for (region, sample), x in self.columns.items():
            top = self.step * self.bands.get((region, sample), 0)
            for row, systematic in enumerate(self.systematics):
                yield x, top + row, region, sample, systematic

    def folded(self, most: float) -> Blocks:
        """Return the same cells in bands of at most so many columns; regions stay whole where they can."""
        sizes: dict[str, int] = {}
        for region, _ in self.columns:
            sizes[region] = sizes.get(region, 0) + 1
        columns: dict[tuple[str, str], float] = {}
        bands: dict[tuple[str, str], int] = {}
        x, band, before = 0.0, 0, ""
        for pair in self.columns:
            if pair[0] != before:
                x += _GAP if x else 0.0
                new = x > 0 and x + min(sizes[pair[0]], most) > most
            else:
                new = x + 1.0 > most
            if new:
                x, band = 0.0, band + 1
            columns[pair], bands[pair] = x, band
            x, before = x + 1.0, pair[0]
        return replace(self, columns=columns, bands=bands if band else {})


def as_templates(given: Templates | Workspace) -> Templates:
    """Return templates, or those that a workspace tells. Raises InputError for a workspace without variations."""
    from wilks.workspace.workspace import Workspace

    if not isinstance(given, Workspace):
        return given
    from wilks.assemble.unassembled import templates_of

    found = templates_of(given)
    if not found.effects:
        raise InputError("this workspace has no variation to draw: none but free factors and staterrors")
    return found


def pages(templates: Templates, cell: tuple[float, float]) -> list[list[str]]:
    """Return the regions of each page that maps with cells of this size, in inches, are split into."""
    return pages_of(blocks_of(templates), cell)


def pages_of(blocks: Blocks, cell: tuple[float, float]) -> list[list[str]]:
    """Return the regions of each page that these cells are split into."""
    place = blocks.folded(_WIDEST / cell[0])
    titles = _Titles.of(blocks, cell)
    most = max(int(_TALLEST / (len(blocks.systematics) * cell[1] + titles.head + titles.foot)), 1)
    found: dict[int, dict[str, None]] = {}
    seen: set[str] = set()
    for region, _, _, band in place.parts():
        if region not in seen:
            found.setdefault(band // most, {})[region] = None
        seen.add(region)
    return [list(regions) for regions in found.values()]


def bands_of(templates: Templates, region: str, cell: tuple[float, float]) -> int:
    """Return how many bands a region needs on a map with cells of this size."""
    return blocks_of(templates, [region]).folded(_WIDEST / cell[0]).last + 1


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
    acting = {effect.systematic for effect in effects}
    order = tuple(name for name in systematics_in_order(templates.effects) if name in acting)
    pairs = list(dict.fromkeys((effect.region, effect.sample) for effect in effects))
    return replace(blocks_with(order, pairs), effects={(e.region, e.sample, e.systematic): e for e in effects})


def blocks_with(rows: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Blocks:
    """Return cells for rows by name, and columns by region and sample, those of a region beside each other."""
    columns: dict[tuple[str, str], float] = {}
    x, before = 0.0, ""
    for region, sample in pairs:
        x += _GAP if before and region != before else 0.0
        columns[region, sample] = x
        x, before = x + 1.0, region
    return Blocks(tuple(rows), columns)


def rows_from(blocks: Blocks, rows: int, first: int) -> Blocks:
    """Return so many rows, from number `first` (from 1) on. Raises InputError where there are none."""
    last = len(blocks.systematics)
    if rows < 1 or not 1 <= first <= last:
        raise InputError(f"rows must be at least 1 and first from 1 to {last}, found {rows} and {first}")
    return replace(blocks, systematics=blocks.systematics[first - 1 : first - 1 + rows])


@dataclass(frozen=True)
class _Titles:
    """What is drawn for regions and samples, whether upright, and the room above and below the cells in inches."""

    regions: dict[str, str]
    samples: dict[str, str]
    upright: tuple[bool, bool]
    head: float
    foot: float

    @classmethod
    def of(cls, blocks: Blocks, cell: tuple[float, float]) -> _Titles:
        regions = labels(dict.fromkeys(region for region, _ in blocks.columns))
        samples = labels(dict.fromkeys(sample for _, sample in blocks.columns))
        upright = any(
            _LETTER * letters([regions[name]]) > (right - left) * cell[0] for name, left, right, _ in blocks.parts()
        )
        longest = _LETTER * letters(samples.values())
        head = _LETTER * letters(regions.values()) + 0.1 if upright else 0.25
        level = longest < cell[0]
        return cls(regions, samples, (upright, not level), head, 0.25 if level else 0.85 * longest + 0.15)


@contextmanager
def canvas(blocks: Blocks, cell: tuple[float, float], style: FigureStyle) -> Iterator[tuple[Axes, Blocks]]:
    """Give the axes for cells of a size in inches, and the cells folded; one unit of x and y is a cell, y from the top.

    Names of systematics, regions and samples are drawn here, and the figure gets the size that this takes.
    """
    from wilks.figures.canvas import Drawing, fit_frame, styled

    rc = compact(style, ytick_labelsize=9)
    blocks = blocks.folded(_WIDEST / cell[0])
    titles, rows = _Titles.of(blocks, cell), len(blocks.systematics)
    head = titles.head / cell[1]
    blocks = replace(blocks, step=rows + head + (titles.foot + 0.1) / cell[1])
    bottom = blocks.last * blocks.step + rows
    # Name and status on the left, energy and luminosity on the right need some room between them.
    least = 3.8 if (style.energy or style.luminosity) and (style.name != "plain" or style.status) else 0.0
    width, height = max(blocks.width * cell[0], least), (bottom + head) * cell[1]
    with styled(rc):
        ax = Drawing(rc, figsize=(width + 3, height + 3)).add_subplot()
        ax.set_xlim(0, width / cell[0])
        ax.set_ylim(bottom, -head)
        ax.minorticks_off()
        ax.tick_params(axis="both", which="both", length=0)
        for spine in ax.spines.values():
            spine.set_visible(False)
        _write(ax, blocks, titles, 0.06 / cell[1])
        yield ax, blocks
        experiment_texts(ax, style, wide=width)
        fit_frame(figure_of(ax), ax, width, height, margin=0.1)


def _write(ax: Axes, blocks: Blocks, titles: _Titles, lift: float) -> None:
    """Write the names of systematics beside each band, of regions above and of samples below their columns."""
    rows, last = len(blocks.systematics), blocks.last
    systematics = labels(blocks.systematics)
    places = [(band * blocks.step + i + 0.5, name) for band in range(last + 1) for i, name in enumerate(systematics)]
    ax.set_yticks([y for y, _ in places], [systematics[name] for _, name in places])
    turned = [90 if upright else 0 for upright in titles.upright]
    below = [pair for pair in blocks.columns if blocks.bands.get(pair, 0) == last]
    names = [titles.samples[sample] for _, sample in below]
    ax.set_xticks([blocks.columns[pair] + 0.5 for pair in below], names, rotation=turned[1])
    size = ax.xaxis.get_majorticklabels()[0].get_fontsize()
    for (region, sample), x in blocks.columns.items():
        if (band := blocks.bands.get((region, sample), 0)) < last:
            under = band * blocks.step + rows + lift
            options: dict[str, Any] = {"rotation": turned[1], "fontsize": size, "ha": "center", "va": "top"}
            ax.text(x + 0.5, under, titles.samples[sample], **options)
    for region, left, right, band in blocks.parts():
        over = band * blocks.step - lift
        ax.text(0.5 * (left + right), over, titles.regions[region], rotation=turned[0], ha="center", va="bottom")
