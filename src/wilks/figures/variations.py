"""Systematic variations: one drawn in full, or all of a region at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError
from wilks.figures.bin_ticks import label_bins
from wilks.figures.blocks import as_templates, blocks_of, canvas, rows_from
from wilks.figures.decoration import Entry, decorate, scale_y
from wilks.figures.layers import LOG_RATIO
from wilks.figures.numbers import logarithmic, set_log_x
from wilks.figures.poisson import garwood
from wilks.figures.ratio import HATCH, draw_points
from wilks.figures.style import TITLE, FigureStyle, as_style, axis_title, figure_of, label, settings
from wilks.figures.varied import Content, content_of, total_content
from wilks.histogram import Histogram
from wilks.templates.store import SIDES, Side, Templates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wilks.workspace.workspace import Workspace

_SIZES = {"plain": (6.0, 5.6), "ATLAS": (7.6, 7.0), "CMS": (10.0, 9.4)}
_COLORS: dict[Side, str] = {"Up": "#c91f16", "Down": "#1845fb"}
_MEMBER: dict[str, Any] = {"color": "#777777", "linewidth": 1.0, "zorder": 4}
CELL = 1.15, 0.62  # inches
_Stroke: TypeAlias = tuple[str, str, float]  # colour, dashes, width in points
_BACKGROUNDS = {"kept": "white", "shape dropped": "#fff6c2", "norm dropped": "#ffe3bf", "dropped": "#f8d4d1"}


def variation(
    templates: Templates | Workspace,
    *,
    region: str,
    systematic: str,
    sample: str | None = None,
    data: str | None = None,
    style: str | FigureStyle = "plain",
    ax: tuple[Axes, Axes] | None = None,
) -> Figure:
    """Return a figure of one systematic on one sample: nominal, up (red) and down (blue), and their relative change.

    Without a `sample` it is the sum of all but the `data`, of what pruning leaves, and the data are drawn with it.
    Solid lines are what enters the workspace, dashed ones what was read, where processing changed it. Bars are the
    statistical uncertainties of varied templates, the hatched band is that of the nominal one. Thin gray lines are the
    variations that were combined (`Combine`), as they were after smoothing. A side without a template is the mirror
    image of the other; a systematic of Type Normalization scales the nominal template (of templates that were
    processed). Raises KeyError for unknown names, InputError where the systematic does not act,
    and where both a sample and the data are named, or none.

    Of a workspace the templates are what it tells: statistical uncertainties are those of its staterrors, the data are
    called "Data".

    `region` and `systematic` are names.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.process_templates(wilks.build_templates(config), config)
    >>> figure = wilks.figures.variation(templates, region="muons", systematic="WZ modelling", sample="WZ")
    """
    from wilks.figures.canvas import Drawing, fit_margins, styled

    templates = as_templates(templates)
    if (sample is None) == (data is None):
        raise InputError("give either a sample, or for the sum of all samples the name of the data")
    if sample is None:
        content = total_content(templates, region, systematic, str(data))
    else:
        content = content_of(templates, region, sample, systematic)
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
        below.set_xlabel(label(axis_title(content.nominal.axis, region), TITLE))
        if not label_bins(content.nominal.axis, below, main) and logarithmic(edges):
            set_log_x(main)
            set_log_x(below)
        _draw_changes(below, content)
        entries = _draw_yields(main, content)
        deepest = float(heights[np.isfinite(heights)].min(initial=0.0))
        deepest = deepest if deepest < -0.003 * tallest else 0.0
        lowest = _lowest(content) if deepest == 0 else None
        if lowest is None:
            scale_y(main, "Events", tallest)
            main.set_ylim(deepest, 1.6 * tallest)
        else:
            main.set_ylabel("Events")
            main.set_yscale("log")
            main.set_ylim(lowest, 10 * tallest)
        if ax is None:
            fit_margins(figure, [main, below])
        lines = [systematic, f"{sample or 'all samples'}, {region}"]
        if content.effect is not None and content.effect.status != "kept":
            lines.append(f"({content.effect.status})")
        decorate(main, chosen, lines, entries, tallest=tallest, lowest=lowest, deepest=deepest)
        if ax is None:
            fit_margins(figure, [main, below])
    return figure


def _lowest(content: Content) -> float | None:
    """Return the bottom of a logarithmic axis where the yields of bins need one, else None."""
    positive = content.nominal.contents[content.nominal.contents > 0]
    if positive.size == 0 or positive.max() <= LOG_RATIO * positive.min():
        return None
    return float(max(0.2 * positive.min(), 1e-7 * positive.max()))


def _heights(content: Content) -> list[FloatArray]:
    tops = [content.nominal.contents + content.nominal.stdev, *content.originals.values(), *content.members]
    if content.data is not None:
        tops.append(garwood(content.data.contents)[1])
    return tops + [values + content.stdev.get(side, 0.0) for side, values in content.sides.items()]


def _draw_yields(ax: Axes, content: Content) -> list[Entry]:
    """Draw the upper panel; return the entries of its legend."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    edges, own, stdev = content.nominal.axis.edges, content.nominal.contents, content.nominal.stdev
    known = bool(stdev.any())  # a workspace may not say
    if known:
        ax.stairs(own + stdev, edges, baseline=own - stdev, **HATCH)
    ax.stairs(own, edges, baseline=None, color="black", linewidth=2, zorder=4)
    entries: list[Entry] = [(Line2D([], [], color="black", linewidth=2), "Nominal")]
    if content.data is not None:
        observed = content.data.contents
        points = draw_points(ax, content.data.axis.centers, observed, *garwood(observed), np.isfinite(observed))
        entries.insert(0, (points, "Data"))
    for values in content.members:
        ax.stairs(values, edges, baseline=None, **_MEMBER)
    for side, values in content.sides.items():
        _outline(ax, content, side, values, content.originals.get(side))
        sign = "+" if side == "Up" else "-"
        line = Line2D([], [], color=_COLORS[side], linewidth=content.linewidth(side))
        entries.append((line, _legend_text(sign, values, own)))
    if known:
        entries.append((Patch(**{key: value for key, value in HATCH.items() if key != "zorder"}), "Stat. uncertainty"))
    if content.members:
        member = Line2D([], [], color=_MEMBER["color"], linewidth=_MEMBER["linewidth"])
        entries.append((member, f"{len(content.members)} variations"))
    if content.originals:
        entries.append((Line2D([], [], color="#555555", linestyle="--", linewidth=1.2), "Before processing"))
    return entries


def _legend_text(sign: str, values: FloatArray, own: FloatArray) -> str:
    total = float(own.sum())
    change = f" ({_two_digits(100.0 * (float(values.sum()) / total - 1.0), '+')} %)" if total else ""
    return rf"${sign}1\sigma$" + change.replace("-", "\N{MINUS SIGN}")


def _two_digits(value: float, sign: str = "") -> str:
    """Return a number with two significant digits, or all before the point; only extreme ones with an exponent."""
    if not 1e-4 <= abs(value) < 1e5:
        return f"{value:{sign}.2g}"
    return f"{value:{sign}.0f}" if abs(value) >= 9.95 else f"{float(f'{value:.2g}'):{sign}}"


def _outline(ax: Axes, content: Content, side: Side, values: FloatArray, before: FloatArray | None) -> None:
    """Draw one side, with its statistical uncertainties, and what it was before."""
    axis, color = content.nominal.axis, _COLORS[side]
    ax.stairs(values, axis.edges, baseline=None, color=color, linewidth=content.linewidth(side), zorder=5)
    if before is not None:
        ax.stairs(before, axis.edges, baseline=None, color=color, linewidth=1.1, linestyle="--", zorder=5)
    if side in content.stdev:
        # Beside each other, so that both can be seen.
        shift = (0.12 if side == "Up" else -0.12) * axis.widths
        middle = values if before is None else before
        ax.errorbar(axis.centers + shift, middle, content.stdev[side], fmt="none", color=color, elinewidth=1, zorder=5)


def _draw_changes(ax: Axes, content: Content) -> None:
    """Draw the lower panel: relative changes in percent, in a range that just holds them."""
    edges, own = content.nominal.axis.edges, content.nominal.contents
    stdev = content.nominal.stdev
    band = 100.0 * np.divide(stdev, np.abs(own), out=np.zeros_like(own), where=own != 0.0)
    if band.any():
        ax.stairs(band, edges, baseline=-band, **HATCH)
    ax.axhline(0, color="black", linewidth=0.9, zorder=4)
    for values in content.members:
        ax.stairs(content.relative(values), edges, baseline=None, **_MEMBER)
    for side, values in content.sides.items():
        width = content.linewidth(side)
        ax.stairs(content.relative(values), edges, baseline=None, color=_COLORS[side], linewidth=width, zorder=5)
        if side in content.originals:
            before = content.relative(content.originals[side])
            ax.stairs(before, edges, baseline=None, color=_COLORS[side], linewidth=1.1, linestyle="--", zorder=5)
    reach = _reach(content, content.members)
    if content.data is not None:
        # Data far away must not hide effects of a few percent.
        reach = max(reach, min(_reach(content, (content.data.contents,)), 4.0 * reach))
    half = 1.2 * reach or 1.0
    if content.data is not None:
        _add_data(ax, content, content.data, half)
    ax.set_ylim(-half, half)
    ax.set_yticks(_ticks(half))
    ax.set_ylabel("Syst./Nom. \N{MINUS SIGN} 1 [%]", loc="center", fontsize="medium")


def _add_data(ax: Axes, content: Content, data: Histogram, half: float) -> None:
    """Draw the relative difference of data and nominal; an arrow at the edge for a point outside."""
    values = content.relative(data.contents)
    low, high = (content.relative(end) for end in garwood(data.contents))
    draw_points(ax, data.axis.centers, values, low, high, np.abs(values) <= half)
    for outside, marker, where in ((values > half, "^", 0.9 * half), (values < -half, "v", -0.9 * half)):
        ax.plot(data.axis.centers[outside], np.full(outside.sum(), where), marker, color="black", zorder=6)


def _ticks(half: float) -> list[float]:
    """Return a few numbers about 0, none so high that it would touch the lowest one of the upper panel."""
    from matplotlib.ticker import MaxNLocator

    def inside(most: int) -> list[float]:
        ticks = MaxNLocator(most, symmetric=True).tick_values(-half, half)
        return [float(tick) for tick in ticks if abs(tick) < 0.7 * half]

    return few if len(few := inside(5)) > 1 else inside(8)


def _reach(content: Content, others: tuple[FloatArray, ...] = ()) -> float:
    """Return the largest relative change, in percent."""
    changes = [content.relative(values) for values in (*content.sides.values(), *content.originals.values(), *others)]
    sizes = np.abs(np.concatenate(changes))
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def variations(
    templates: Templates | Workspace,
    *,
    region: str | Sequence[str] | None = None,
    rows: int = 40,
    first: int = 1,
    style: str | FigureStyle = "plain",
) -> Figure:
    """Return a figure with the variations of a `region`, or several (default: the first), at a glance: small panels.

    Rows are systematics, columns samples; a panel has the relative change of each bin, up (red) and down (blue), in a
    range that just holds them, written in its corner. Dotted lines are the variations before processing, the gray band
    is the statistical uncertainty of the nominal template; panels of effects that were pruned are coloured as in
    `pruning`, those of systematics that don't act are empty. So many `rows` are drawn from the systematic number
    `first` (from 1) on. Of a workspace the templates are what it tells. Raises InputError as `pruning` does, for an
    unknown region, and where no row is left.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.process_templates(wilks.build_templates(config), config)
    >>> figure = wilks.figures.variations(templates, region="muons")
    """
    templates = as_templates(templates)
    asked = [region] if isinstance(region, str) else region
    blocks = blocks_of(templates, asked)
    if region is None:
        blocks = blocks_of(templates, [next(iter(blocks.regions))])
    with canvas(rows_from(blocks, rows, first), CELL, as_style(style)) as (ax, blocks):
        lines: dict[_Stroke, list[Any]] = {}
        bands: list[FloatArray] = []
        boxes: list[tuple[float, float, str]] = []
        said: set[str] = set()
        for x, row, *names in blocks.cells():
            effect = blocks.effects.get((names[0], names[1], names[2]))
            if effect is None:
                boxes.append((x, row, "white"))  # gray is the band
                continue
            said.add(effect.status)
            boxes.append((x, row, _BACKGROUNDS[effect.status]))
            content = content_of(templates, names[0], names[1], names[2])
            _add_panel(lines, bands, content, x, row)
            ax.text(x + 0.96, row + 0.05, _range(_reach(content)), ha="right", va="top", fontsize=6.5, color="#555555")
        _draw_panels(ax, lines, bands, boxes)
        _key(ax, said, processed=any(dashes == ":" for _, dashes, _ in lines), band=bool(bands))
    return figure_of(ax)


def _range(reach: float) -> str:
    return f"\N{PLUS-MINUS SIGN}{_two_digits(reach)} %"


def _add_panel(
    lines: dict[_Stroke, list[Any]], bands: list[FloatArray], content: Content, x: float, row: float
) -> None:
    """Add the lines and the band of one panel, in cells."""
    edges, own = content.nominal.axis.edges, content.nominal.contents
    edges = np.log(edges) if logarithmic(edges) else edges
    along = x + 0.04 + 0.92 * (edges - edges[0]) / (edges[-1] - edges[0])
    scale = 0.38 / (_reach(content) or 1.0)

    def steps(values: FloatArray) -> FloatArray:
        height = row + 0.58 - np.clip(scale * values, -0.4, 0.4)  # NaN, of an empty bin, is a gap
        return np.column_stack([np.repeat(along, 2)[1:-1], np.repeat(height, 2)])

    stat = 100.0 * np.divide(content.nominal.stdev, np.abs(own), out=np.zeros_like(own), where=own != 0.0)
    if stat.any():
        bands.append(np.concatenate([steps(stat), steps(-stat)[::-1]]))
    for side in SIDES:
        stroke = _COLORS[side], "-", 0.75 * content.linewidth(side)
        lines.setdefault(stroke, []).append(steps(content.relative(content.sides[side])))
        if side in content.originals:
            before = steps(content.relative(content.originals[side]))
            lines.setdefault((_COLORS[side], ":", 1.0), []).append(before)


def _draw_panels(
    ax: Axes, lines: dict[_Stroke, list[Any]], bands: list[FloatArray], boxes: list[tuple[float, float, str]]
) -> None:
    from matplotlib.collections import LineCollection, PatchCollection, PolyCollection
    from matplotlib.patches import Rectangle

    cells = [Rectangle((x, row), 1, 1) for x, row, _ in boxes]
    ax.add_collection(
        PatchCollection(
            cells, facecolors=[color for *_, color in boxes], edgecolors="black", linewidths=0.6, clip_on=False
        )
    )
    ax.add_collection(PolyCollection(bands, facecolors="#00000022", linewidths=0))
    for (color, dashes, width), paths in sorted(lines.items(), key=lambda item: -item[0][2]):
        ax.add_collection(LineCollection(paths, colors=color, linestyles=dashes, linewidths=width))


def _key(ax: Axes, said: set[str], *, processed: bool, band: bool) -> None:
    """Draw the legend to the right."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=_COLORS["Up"], label=r"$+1\sigma$"),
        Line2D([], [], color=_COLORS["Down"], label=r"$-1\sigma$"),
    ]
    if band:
        handles.append(Patch(color="#00000022", label="stat. uncertainty"))
    if processed:
        handles.insert(2, Line2D([], [], color="#555555", linestyle=":", label="before processing"))
    words = [word for word in _BACKGROUNDS if word in said - {"kept"}]
    handles += [Patch(facecolor=_BACKGROUNDS[word], edgecolor="black", linewidth=0.6, label=word) for word in words]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0)
