"""Tests along the parameter of interest, with Brazil bands, and the toys of one test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.figures.brazil import BLUE, RED, canvas_for, check_kind, draw_bands
from wilks.figures.cls_curves import between, observed_cls
from wilks.figures.conditions import noted
from wilks.figures.decoration import Entry, counted, decorate, experiment_texts, in_red, legend_in_corner
from wilks.figures.grids import grid
from wilks.figures.style import TITLE, FigureStyle, as_style, figure_of, label, signed, weight
from wilks.figures.together import require_same, several
from wilks.results.grid import GridResult
from wilks.results.hypotest import HypothesisTest, LimitResult
from wilks.results.lost_toys import from_to
from wilks.results.many import CONVERGED
from wilks.results.tested import ToyCounts
from wilks.table import measured, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@noted
def hypotest(result: HypothesisTest, *, style: str | FigureStyle = "plain", ax: Axes | None = None) -> Figure:
    """Return a figure of tests along the parameter of interest, or of the toys of a single one.

    Several values: observed and expected CLs (p-values for t, t~ and q0) with bands of one and two standard deviations.
    One value with toys: the distribution of the test statistic for both hypotheses, and the observed one.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> figure = wilks.figures.hypotest(wilks.hypotest(model, value=[0.25, 0.5, 0.75, 1, 1.25, 1.5]))
    """
    check_kind(result, HypothesisTest, "hypotest")
    if len(result) == 1 and result.counts is not None:
        return _toys(result, as_style(style), ax)
    return _curve(result, None, as_style(style), ax)


@noted
def limit(
    result: LimitResult | Mapping[str, LimitResult],
    *,
    log: bool | None = None,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure of CLs along the parameter of interest, with the line that the limits are read off at.

    `log` makes the axis of the parameter logarithmic; None does so where the limits differ by over a factor 20.

    Several limits, by label, are rows with bands, on such an axis. Raises InputError for limits on different parameters
    or at different levels.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> figure = wilks.figures.limit(wilks.limit(model))
    """
    if isinstance(result, Mapping):
        return grid(_rows_of(result), log=log, style=style, ax=ax)
    check_kind(result, LimitResult, "limit")
    return _curve(result.curve, result, as_style(style), ax, log)


def _rows_of(results: Mapping[str, LimitResult]) -> GridResult:
    """Return limits by label as a grid of points without numbers."""
    limits = several(results, LimitResult, "limit", 150)
    every = list(limits.values())
    return GridResult(
        poi=require_same("parameters of interest", {name: each.poi for name, each in limits.items()}),
        question="limit",
        level=require_same("confidence levels", {name: each.level for name, each in limits.items()}),
        tested=np.nan,
        names=tuple(limits),
        labels=(),
        coordinates=np.empty((len(every), 0)),
        observed=np.array([each.observed for each in every]),
        expected=np.array([each.expected for each in every]),
        errors=np.array([each.observed_error for each in every]),
        best_values=np.array([each.best_value for each in every]),
        statuses=tuple(each.statuses[0] for each in every),
        digests=tuple(each.origin.workspace_digest for each in every),
        origin=replace(every[0].origin, conditions=()),  # those of all are told by `limit`
    )


def _curve(
    test: HypothesisTest, found: LimitResult | None, style: FigureStyle, ax: Axes | None, log: bool | None = None
) -> Figure:
    """Draw p-values along the parameter of interest."""
    one_sided = test.statistic in ("q", "q~")
    observed = test.observed.cls if one_sided else test.observed.clsb
    expected = test.expected.cls if one_sided else test.expected.clsb
    order = np.argsort(test.values, kind="stable")
    x, observed, expected = test.values[order], observed[order], expected[order]
    with canvas_for(style, ax) as target:
        wide = found is not None and (_spread(found) > 20 if log is None else log)
        low, high = _range(found, x, wide)
        start = 0.0 if one_sided and low <= 0 else max(low, x[0])
        fine = np.geomspace(low, high, 400) if wide else np.linspace(start, high, 400)
        good = np.isfinite(expected).all(axis=1)
        known = np.isfinite(observed)
        bands, smooth = np.full((fine.size, 5), np.nan), observed_cls(test, fine)
        if good.sum() > 1:
            bands = between(x[good], expected[good], fine, one_sided)
            lines = draw_bands(target, fine, bands, style)
        else:
            lines = draw_bands(target, x[good], expected[good], style)
        if smooth is None:
            many = known.sum() > 1
            smooth = between(x[known], observed[known], fine, one_sided) if many else np.full(fine.size, np.nan)
        errors = None if test.counts is None else _toy_errors(test.counts, one_sided)[order]
        entries = [(_observed(target, x, observed, errors, (fine, smooth), style), "Observed"), *lines]
        entries += _draw_lost(target, test, one_sided, style)
        if found is not None:
            line = target.axhline(1 - found.level, color=RED, linewidth=1.2 * weight(style), zorder=3)
            entries.append((line, f"{100 * found.level:g}% CL"))
        target.set_xlim(low, high)
        if wide:
            target.set_xscale("log")
        target.set_xlabel(label(test.poi, TITLE))
        target.set_ylabel({"q0": "$p_0$"}.get(test.statistic, r"CL$_{s}$" if one_sided else r"$p$-value"))
        texts = _limit_lines(found) if found is not None else []
        # A p-value ends at 1, and so does the axis: no room above for texts.
        target.set_ylim(0, 1)
        experiment_texts(target, style)
        curves = [(x, each) for each in (observed, *expected.T)] + [(fine, each) for each in (smooth, *bands.T)]
        if found is not None:
            curves.append((fine, np.full(fine.size, 1 - found.level)))
        places = np.concatenate([np.column_stack(each) for each in curves])
        size = "x-small" if style.name == "CMS" else "small"
        places = places[np.isfinite(places).all(axis=1)]
        legend_in_corner(target, [*_words(texts), *entries], places, size, outside=ax is None)
        lost = sum(status != CONVERGED for status in test.statuses)
        missing = [] if found is None else [status for status in found.statuses if status != CONVERGED]
        toys = 0 if test.counts is None else int(test.counts.failures.sum())
        in_red(
            target,
            style,
            [
                *counted(lost, "failed test"),
                *counted(len(missing), "limit", "without a value"),
                *counted(toys, "toy", "without a fit"),
            ],
        )
    return figure_of(target)


def _words(texts: list[str]) -> list[Entry]:
    """Return texts as entries of a legend, without symbols."""
    from matplotlib.lines import Line2D

    return [(Line2D([], [], linestyle="none"), text) for text in texts]


def _observed(
    ax: Axes,
    x: FloatArray,
    p: FloatArray,
    errors: FloatArray | None,
    curve: tuple[FloatArray, FloatArray],
    style: FigureStyle,
) -> Any:
    """Draw observed p-values as dots and a curve between them; return what stands for them in the legend."""
    good = np.isfinite(p)
    size: dict[str, Any] = {"color": "black", "markersize": 3.5 * weight(style), "zorder": 4}
    dots = ax.errorbar(x[good], p[good], yerr=None if errors is None else errors[good], fmt="o", **size)
    if good.sum() < 2:
        return dots
    (line,) = ax.plot(curve[0], curve[1], color="black", linewidth=1.5 * weight(style), zorder=3)
    return line, dots


def _draw_lost(ax: Axes, test: HypothesisTest, one_sided: bool, style: FigureStyle) -> list[Entry]:
    """Draw where p-values lie whatever toys without a fit would have given: bars, and the outer ends of the bands."""
    counts = test.counts
    if counts is None or counts.ranges is None or not counts.failures.any():
        return []
    ranges = counts.ranges
    ends, bands = (ranges.cls, ranges.expected_cls) if one_sided else (ranges.clsb, ranges.expected_clsb)
    order = np.argsort(test.values)
    x, ends, bands = test.values[order], ends[order], bands[order]
    bar = ax.vlines(x, ends[:, 0], ends[:, 1], color=RED, alpha=0.6, linewidth=4.0 * weight(style), zorder=3.5)
    for limit in (bands[:, 0, 0], bands[:, -1, 1]):
        ax.plot(x, limit, color=RED, linestyle=":", linewidth=1.2 * weight(style), zorder=2)
    return [(bar, "Lost toys")]


def _toy_errors(counts: ToyCounts, one_sided: bool) -> FloatArray:
    return np.nan_to_num(counts.cls_error if one_sided else counts.clsb_error)


def _spread(found: LimitResult) -> float:
    limits = np.array([found.observed, *found.expected])
    limits = limits[np.isfinite(limits) & (limits > 0)]
    return float(limits.max() / limits.min()) if limits.size else 1.0


def _range(found: LimitResult | None, x: FloatArray, wide: bool) -> tuple[float, float]:
    """Return the range of the axis: around the limits, else all that was tested."""
    if found is None:
        margin = 0.02 * (x[-1] - x[0]) or 0.1 * max(abs(x[0]), 1.0)
        return x[0] - margin, x[-1] + margin
    limits = np.array([found.observed, *found.expected])
    limits = limits[np.isfinite(limits) & (limits > 0 if wide else True)]
    if not limits.size:
        return (1e-3 * float(x[-1]) if wide else 0.0), float(x[-1])
    return (float(limits.min() / 3) if wide else 0.0), min(float(limits.max() * 1.25), float(x[-1]))


def _limit_lines(found: LimitResult) -> list[str]:
    lines = []
    for name, value, row in (("Observed", found.observed, 0), ("Expected", found.expected[2], 3)):
        lines.append(f"{name} limit: {number(float(value), 3)}")
        if found.lost_toys and len(found.ranges) and np.isfinite(found.ranges[row, 0]):
            lines.append(f"    {from_to(found.ranges[row])} (lost toys)")
    counts = found.curve.counts
    return lines if counts is None else [*lines, f"{number(float(counts.toys.max()))} toys"]


def _toys(result: HypothesisTest, style: FigureStyle, ax: Axes | None) -> Figure:
    """Draw the distributions of the test statistic of both hypotheses."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    counts = result.counts
    assert counts is not None
    observed = float(result.test_statistic[0])
    samples = [toys[0][np.isfinite(toys[0])] for toys in (counts.tested, counts.alternative)]
    # How much each toy counts: weighted ones are the same for both hypotheses.
    shares = [np.full(toys.size, 1 / max(toys.size, 1)) for toys in samples]
    if counts.weights is not None:
        weights = [one[0][np.isfinite(counts.tested[0])] for one in (counts.weights.tested, counts.weights.alternative)]
        shares = [one / max(one.size, 1) for one in weights]
    if counts.multiplicities is not None:
        many = [one[0][one[0] > 0] for one in (counts.multiplicities.tested, counts.multiplicities.alternative)]
        shares = [one / one.sum() for one in many]
    values = np.concatenate([*samples, [observed]])
    top = float(np.nanquantile(values, 0.9995)) if values.size > 1 else 1.0
    edges = np.linspace(0, 1.1 * max(top, observed, 1e-3), 61)
    with canvas_for(style, ax) as target:
        entries: list[Entry] = []
        highest, lowest = 0.0, np.inf
        hypotheses = (result.values[0], result.alternative)
        for toys, share, color, value in zip(samples, shares, (RED, BLUE), hypotheses, strict=True):
            heights = np.histogram(toys, edges, weights=share)[0]
            target.stairs(heights, edges, fill=True, color=color, alpha=0.3)
            target.stairs(heights, edges, color=color, linewidth=1.2 * weight(style))
            entries.append(
                (Patch(facecolor=color, alpha=0.4, edgecolor=color), f"{result.poi} = {signed(number(float(value)))}")
            )
            highest = max(highest, float(heights.max()))
            lowest = min(
                lowest, float(heights[heights > 0].min(initial=1.0)) if counts.weights else 1 / max(toys.size, 1)
            )
        line = Line2D([], [], color="black", linewidth=1.4 * weight(style), marker="v", markersize=5 * weight(style))
        entries.append((line, f"Observed: {number(round(observed, 6), 3)}"))
        target.set_yscale("log")
        target.set_xlim(edges[0], edges[-1])
        symbol = {"q~": r"$\tilde{q}_\mu$", "q": r"$q_\mu$", "q0": "$q_0$", "t": r"$t_\mu$", "t~": r"$\tilde{t}_\mu$"}
        target.set_xlabel(symbol[result.statistic])
        target.set_ylabel("Fraction of toys" if counts.weights is None else "Weighted fraction of toys")
        free = decorate(target, style, _toys_lines(result, counts), entries, tallest=highest, lowest=0.5 * lowest)
        # The symbol on top shows the line where it is on the frame, or within the first bin.
        mark: dict[str, Any] = {"marker": "v", "markevery": [1], "markersize": 5 * weight(style), "clip_on": False}
        at: dict[str, Any] = {
            "color": "black",
            "linewidth": 1.4 * weight(style),
            "transform": target.get_xaxis_transform(),
        }
        target.plot([observed, observed], [0, free], zorder=4, **mark, **at)
        in_red(target, style, counted(int(counts.failures[0]), "toy", "without a fit"))
    return figure_of(target)


def _toys_lines(result: HypothesisTest, counts: ToyCounts) -> list[str]:
    """Return the p-value with its error (no toys are fewer than one of them), and its range if toys are lost."""
    whole = {"q~": r"CL$_{s}$", "q": r"CL$_{s}$", "q0": "$p_0$"}.get(result.statistic, "$p$")
    one_sided = result.statistic in ("q", "q~")
    p = float((result.observed.cls if one_sided else result.observed.clsb)[0])
    error = float((counts.cls_error if one_sided else counts.clsb_error)[0])
    far = f"{number(p, 3)} ± {number(error, 2)}" if p < 1e-3 else measured(p, error)
    lines = [f"{whole} = {far if error > 0 else number(p, 3)}"]
    if p == 0 and not counts.failures[0]:
        lines = [f"{whole} < {number(1 / max(float(counts.toys[0]), 1.0), 2)} ({number(float(counts.toys[0]))} toys)"]
    if counts.failures[0] and counts.ranges is not None:
        lines.append(f"{whole}: {from_to((counts.ranges.cls if one_sided else counts.ranges.clsb)[0])} (lost toys)")
    return lines
