"""Systematic variations: one drawn in full, or all of a region at a glance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError
from wilks.figures.blocks import blocks_of, canvas
from wilks.figures.decoration import Entry, decorate, scale_y
from wilks.figures.ratio import HATCH
from wilks.figures.style import FigureStyle, as_style, axis_title, figure_of, label, settings
from wilks.histogram import Histogram
from wilks.templates.rebinning import REBINNED, repeated
from wilks.templates.record import Effect
from wilks.templates.split import both_sides
from wilks.templates.store import SIDES, Side, TemplateKey, Templates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZES = {"plain": (6.0, 5.6), "ATLAS": (7.6, 7.0), "CMS": (10.0, 9.4)}
_COLORS: dict[Side, str] = {"Up": "#c91f16", "Down": "#1845fb"}
_CELL = 1.15, 0.62  # inches
_BACKGROUNDS = {"kept": "white", "shape dropped": "#fff6c2", "norm dropped": "#ffe3bf", "dropped": "#f8d4d1"}


@dataclass(frozen=True)
class _Content:
    """What is drawn of one systematic on one sample in one region."""

    nominal: Histogram
    sides: dict[Side, FloatArray]
    stdev: dict[Side, FloatArray]
    originals: dict[Side, FloatArray]
    effect: Effect | None

    def relative(self, values: FloatArray) -> FloatArray:
        """Return the relative change from nominal in percent, shape (n,); NaN in empty bins."""
        own = self.nominal.contents
        with np.errstate(over="ignore", invalid="ignore"):
            return 100.0 * np.divide(values - own, own, out=np.full_like(own, np.nan), where=own != 0.0)


def variation(
    templates: Templates,
    *,
    region: str,
    sample: str,
    systematic: str,
    style: str | FigureStyle = "plain",
    ax: tuple[Axes, Axes] | None = None,
) -> Figure:
    """Return a figure of one systematic on one sample: nominal, up (red) and down (blue), and their relative change.

    Solid lines are what enters the workspace, dashed ones what was read, where processing changed it. Bars are the
    statistical uncertainties of varied templates, the hatched band is that of the nominal one. A side without a
    template is the mirror image of the other; a systematic of Type Normalization scales the nominal template (of
    templates that were processed). Raises KeyError for unknown names, InputError where the systematic does not act.
    """
    from wilks.figures.canvas import Drawing, fit_margins, styled

    content = _content(templates, region, sample, systematic)
    chosen = as_style(style)
    rc = settings(chosen)
    with styled(rc):
        if ax is None:
            drawing = Drawing(rc, figsize=_SIZES[chosen.name])
            grid = drawing.add_gridspec(2, 1, height_ratios=(1.9, 1), hspace=0)
            main = drawing.add_subplot(grid[0])
            below = drawing.add_subplot(grid[1], sharex=main)
        else:
            main, below = ax
        figure = figure_of(main)
        heights = np.concatenate(_heights(content))
        tallest = float(heights[np.isfinite(heights)].max(initial=0.0)) or 1.0
        edges = content.nominal.axis.edges
        for axes in (main, below):
            axes.set_xlim(edges[0], edges[-1])
        main.tick_params(labelbottom=False)
        scale_y(main, "Events", tallest)
        below.set_xlabel(label(axis_title(content.nominal.axis, region), 60))
        _draw_changes(below, content)
        entries = _draw_yields(main, content)
        main.set_ylim(0, 1.6 * tallest)
        if ax is None:
            fit_margins(figure, [main, below])
        lines = [systematic, f"{sample}, {region}"]
        if content.effect is not None and content.effect.status != "kept":
            lines.append(f"({content.effect.status})")
        decorate(main, chosen, lines, entries, tallest=tallest, lowest=None)
        if ax is None:
            fit_margins(figure, [main, below])
    return figure


def _content(templates: Templates, region: str, sample: str, systematic: str) -> _Content:
    """Return what is to be drawn; KeyError or InputError where there is nothing."""
    nominal = templates.nominal(region, sample)
    effect = templates.effect(region, sample, systematic)
    keys = {side: TemplateKey(region, sample, systematic, side) for side in SIDES}
    found = {side: templates[key] for side, key in keys.items() if key in templates}
    if effect is None and not found:
        templates.variation(region, sample, systematic, "Up")  # KeyError for a name that nothing has
    if nominal is None or (effect is None and not found):
        raise InputError(f'"{systematic}" does not act on "{sample}" in "{region}"')
    own = nominal.contents
    if found:
        contents = {side: histogram.contents for side, histogram in found.items()}
        split = both_sides(own, contents.get("Up"), contents.get("Down"))
        mirror = {side: part.variation for side, part in zip(SIDES, split, strict=True)}
        sides = {side: contents.get(side, mirror[side]) for side in SIDES}
    else:
        norm = effect.norm if effect is not None else (0.0, 0.0)
        sides = {side: own * (1.0 + change) for side, change in zip(SIDES, norm, strict=True)}
    originals = {side: before for side in found if (before := _original(templates, keys[side])) is not None}
    return _Content(nominal, sides, {side: h.stdev for side, h in found.items()}, originals, effect)


def _original(templates: Templates, key: TemplateKey) -> FloatArray | None:
    """Return what a template was before processing, in its bins; None where it is the same, or was made."""
    now, before = templates[key], templates.original(key)
    for step in templates.steps.get(key, ()):
        if step.name == REBINNED:
            before = repeated(before, step)
    return None if np.array_equal(before.contents, now.contents) else before.contents


def _heights(content: _Content) -> list[FloatArray]:
    tops = [content.nominal.contents + content.nominal.stdev, *content.originals.values()]
    return tops + [values + content.stdev.get(side, 0.0) for side, values in content.sides.items()]


def _draw_yields(ax: Axes, content: _Content) -> list[Entry]:
    """Draw the upper panel; return the entries of its legend."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    edges, own, stdev = content.nominal.axis.edges, content.nominal.contents, content.nominal.stdev
    ax.stairs(own + stdev, edges, baseline=own - stdev, **HATCH)
    ax.stairs(own, edges, baseline=None, color="black", linewidth=2, zorder=4)
    entries: list[Entry] = [(Line2D([], [], color="black", linewidth=2), "Nominal")]
    for side, values in content.sides.items():
        _outline(ax, content, side, values, content.originals.get(side))
        sign = "+" if side == "Up" else "-"
        entries.append((Line2D([], [], color=_COLORS[side], linewidth=1.4), _legend_text(sign, values, own)))
    entries.append((Patch(**{key: value for key, value in HATCH.items() if key != "zorder"}), "Stat. uncertainty"))
    if content.originals:
        entries.append((Line2D([], [], color="#555555", linestyle="--", linewidth=1.2), "Before processing"))
    return entries


def _legend_text(sign: str, values: FloatArray, own: FloatArray) -> str:
    total = float(own.sum())
    change = f" ({100.0 * (float(values.sum()) / total - 1.0):+.2g} %)" if total else ""
    return rf"${sign}1\sigma$" + change.replace("-", "\N{MINUS SIGN}")


def _outline(ax: Axes, content: _Content, side: Side, values: FloatArray, before: FloatArray | None) -> None:
    """Draw one side, with its statistical uncertainties, and what it was before."""
    axis, color = content.nominal.axis, _COLORS[side]
    ax.stairs(values, axis.edges, baseline=None, color=color, linewidth=1.4, zorder=5)
    if before is not None:
        ax.stairs(before, axis.edges, baseline=None, color=color, linewidth=1.1, linestyle="--", zorder=5)
    if side in content.stdev:
        # Beside each other, so that both can be seen.
        shift = (0.12 if side == "Up" else -0.12) * axis.widths
        middle = values if before is None else before
        ax.errorbar(axis.centers + shift, middle, content.stdev[side], fmt="none", color=color, elinewidth=1, zorder=5)


def _draw_changes(ax: Axes, content: _Content) -> None:
    """Draw the lower panel: relative changes in percent, in a range that just holds them."""
    from matplotlib.ticker import MaxNLocator

    edges, own = content.nominal.axis.edges, content.nominal.contents
    stdev = content.nominal.stdev
    band = 100.0 * np.divide(stdev, np.abs(own), out=np.zeros_like(own), where=own != 0.0)
    ax.stairs(band, edges, baseline=-band, **HATCH)
    ax.axhline(0, color="black", linewidth=0.9, zorder=4)
    for side, values in content.sides.items():
        ax.stairs(content.relative(values), edges, baseline=None, color=_COLORS[side], linewidth=1.4, zorder=5)
        if side in content.originals:
            before = content.relative(content.originals[side])
            ax.stairs(before, edges, baseline=None, color=_COLORS[side], linewidth=1.1, linestyle="--", zorder=5)
    half = 1.2 * _reach(content) or 1.0
    ax.set_ylim(-half, half)
    ax.yaxis.set_major_locator(MaxNLocator(5, symmetric=True, prune="upper"))
    ax.set_ylabel("Syst. / Nom. \N{MINUS SIGN} 1 [%]", loc="center", fontsize="medium")


def _reach(content: _Content) -> float:
    """Return the largest relative change, in percent."""
    changes = [content.relative(values) for values in (*content.sides.values(), *content.originals.values())]
    sizes = np.abs(np.concatenate(changes))
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def variations(
    templates: Templates,
    *,
    region: str | None = None,
    rows: int = 40,
    first: int = 1,
    style: str | FigureStyle = "plain",
) -> Figure:
    """Return a figure with the variations of a region (default: the first) at a glance: a small panel for each.

    Rows are systematics, columns samples; a panel has the relative change of each bin, up (red) and down (blue), in a
    range that just holds them, written in its corner. Dotted lines are the variations before processing, the gray band
    is the statistical uncertainty of the nominal template; panels of effects that were pruned are coloured as in
    `pruning`, those of systematics that don't act are empty. So many `rows` are drawn from the systematic number
    `first` (from 1) on. Raises InputError as `pruning` does, for an unknown region, and where no row is left.
    """
    blocks = blocks_of(templates, None if region is None else [region])
    if region is None:
        blocks = blocks_of(templates, [next(iter(blocks.regions))])
    last = len(blocks.systematics)
    if rows < 1 or not 1 <= first <= last:
        raise InputError(f"rows must be at least 1 and first from 1 to {last}, found {rows} and {first}")
    blocks = replace(blocks, systematics=blocks.systematics[first - 1 : first - 1 + rows])
    with canvas(blocks, _CELL, as_style(style)) as ax:
        lines: dict[tuple[str, str], list[Any]] = {}
        bands: list[FloatArray] = []
        boxes: list[tuple[float, int, str]] = []
        said: set[str] = set()
        for x, row, *names in blocks.cells():
            effect = blocks.effects.get((names[0], names[1], names[2]))
            if effect is None:
                boxes.append((x, row, "white"))  # gray is the band
                continue
            said.add(effect.status)
            boxes.append((x, row, _BACKGROUNDS[effect.status]))
            content = _content(templates, names[0], names[1], names[2])
            _add_panel(lines, bands, content, x, row)
            ax.text(x + 0.96, row + 0.05, _range(_reach(content)), ha="right", va="top", fontsize=6.5, color="#555555")
        _draw_panels(ax, lines, bands, boxes)
        _key(ax, said, processed=any(dashes == ":" for _, dashes in lines))
    return figure_of(ax)


def _range(reach: float) -> str:
    return f"\N{PLUS-MINUS SIGN}{reach:.2g} %"


def _add_panel(
    lines: dict[tuple[str, str], list[Any]], bands: list[FloatArray], content: _Content, x: float, row: int
) -> None:
    """Add the lines and the band of one panel, in cells."""
    axis, own = content.nominal.axis, content.nominal.contents
    along = x + 0.04 + 0.92 * (axis.edges - axis.edges[0]) / (axis.edges[-1] - axis.edges[0])
    scale = 0.38 / (_reach(content) or 1.0)

    def steps(values: FloatArray) -> FloatArray:
        height = row + 0.58 - np.clip(np.nan_to_num(scale * values), -0.4, 0.4)
        return np.column_stack([np.repeat(along, 2)[1:-1], np.repeat(height, 2)])

    stat = 100.0 * np.divide(content.nominal.stdev, np.abs(own), out=np.zeros_like(own), where=own != 0.0)
    bands.append(np.concatenate([steps(stat), steps(-stat)[::-1]]))
    for side in SIDES:
        lines.setdefault((_COLORS[side], "-"), []).append(steps(content.relative(content.sides[side])))
        if side in content.originals:
            before = steps(content.relative(content.originals[side]))
            lines.setdefault((_COLORS[side], ":"), []).append(before)


def _draw_panels(
    ax: Axes, lines: dict[tuple[str, str], list[Any]], bands: list[FloatArray], boxes: list[tuple[float, int, str]]
) -> None:
    from matplotlib.collections import LineCollection, PatchCollection, PolyCollection
    from matplotlib.patches import Rectangle

    cells = [Rectangle((x, row), 1, 1) for x, row, _ in boxes]
    ax.add_collection(
        PatchCollection(cells, facecolors=[color for *_, color in boxes], edgecolors="black", linewidths=0.6)
    )
    ax.add_collection(PolyCollection(bands, facecolors="#00000022", linewidths=0))
    for (color, dashes), paths in lines.items():
        ax.add_collection(LineCollection(paths, colors=color, linestyles=dashes, linewidths=1.0))


def _key(ax: Axes, said: set[str], *, processed: bool) -> None:
    """Draw the legend to the right."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=_COLORS["Up"], label=r"$+1\sigma$"),
        Line2D([], [], color=_COLORS["Down"], label=r"$-1\sigma$"),
        Patch(color="#00000022", label="stat. uncertainty"),
    ]
    if processed:
        handles.insert(2, Line2D([], [], color="#555555", linestyle=":", label="before processing"))
    words = [word for word in _BACKGROUNDS if word in said - {"kept"}]
    handles += [Patch(facecolor=_BACKGROUNDS[word], edgecolor="black", linewidth=0.6, label=word) for word in words]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0)
