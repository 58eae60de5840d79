"""Goodness of fit against its distribution; the parameter of interest, channel by channel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.errors import InputError
from wilks.figures.conditions import noted
from wilks.figures.decoration import FAILED_COLOR, Entry, counted, decorate, experiment_texts, in_red
from wilks.figures.names import labels, row_height
from wilks.figures.style import PANEL, TITLE, FigureStyle, as_style, compact, figure_of, label, settings, signed, weight
from wilks.results.goodness import Compatibility, GoodnessOfFit
from wilks.results.lost_toys import from_to
from wilks.table import measured, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _RED, _GRAY = "#92c0ea", "#bd1f01", "#d0d0d0"
_GREEN = "#8be08b"
_ROW, _WIDTH = 0.24, 3.4  # inches
_LEAST_CERTAIN = 15  # times the uncertainty of the most certain group


@noted
def goodness_of_fit(
    result: GoodnessOfFit, *, style: str | FigureStyle = "plain", bins: int = 40, ax: Axes | None = None
) -> Figure:
    """Return a figure with the statistic of the data (arrow) and its distribution: chi-square, and toys if there are.

    Toys at and beyond the data are filled; the curve is scaled to their number. Without toys the tail of the chi-square
    distribution is filled. Raises InputError where there is neither.

    `bins` is the number of bins for the toys.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.goodness_of_fit(wilks.goodness_of_fit(model, toys=200), bins=20)
    """
    from wilks.figures.canvas import Drawing, fit_margins, styled

    if not isinstance(result, GoodnessOfFit):
        raise TypeError(f"this draws a GoodnessOfFit, found a {type(result).__name__}; see wilks.goodness_of_fit")
    chosen, toys = as_style(style), result.usable_toys
    if not math.isfinite(result.statistic) or (result.ndof < 1 and toys.size == 0):
        raise InputError("there is nothing to draw: no finite statistic, or neither degrees of freedom nor toys")
    rc = settings(chosen)
    with styled(rc):
        target = Drawing(rc, figsize=PANEL[chosen.name]).add_subplot() if ax is None else ax
        edges = _edges(result, bins)
        target.set_xlim(max(edges[0], 0.0) if result.statistic >= 0 else edges[0], edges[-1])
        entries, top = _distribution(target, result, edges, weight(chosen))
        target.set_xlabel(
            r"$-2\,\ln\,(L_{\mathrm{fit}}\,/\,L_{\mathrm{saturated}})$"
            if result.test == "saturated"
            else rf"$\chi^2$ ({result.at})"
        )
        target.set_ylabel("Toys" if toys.size else "Probability density")
        figure = figure_of(target)
        if ax is None:
            target.set_ylim(0, 1.6 * top)
            fit_margins(figure, [target])
        decorate(target, chosen, _lines(result), entries, tallest=1.12 * top, lowest=None)
        in_red(target, chosen, counted(result.lost_toys, "toy", "without a statistic"))
        arrow = {"arrowstyle": "-|>", "color": _RED, "linewidth": 2.0 * weight(chosen), "shrinkA": 0.0, "shrinkB": 0.0}
        target.annotate("", (result.statistic, 0), (result.statistic, 0.8 * top), arrowprops=arrow, zorder=6)
        if ax is None:
            fit_margins(figure, [target])
    return figure


def _edges(result: GoodnessOfFit, bins: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    from scipy.stats import chi2

    ends = [result.statistic, *result.usable_toys]
    low, high = min(ends), max(ends)
    if result.ndof > 0:
        low, high = min(low, float(chi2.ppf(1e-3, result.ndof))), max(high, float(chi2.isf(1e-3, result.ndof)))
    low = 0.0 if 0 <= low < 0.35 * high else low
    step = 1.06 * (high - low or 1.0) / bins
    # The data are the edge of a bin: toys beyond them fill whole bins.
    below, above = math.ceil((result.statistic - low) / step), math.ceil((high - result.statistic) / step) + 1
    return result.statistic + step * np.arange(-below, above + 1)


def _distribution(
    ax: Axes, result: GoodnessOfFit, edges: np.ndarray[tuple[int], np.dtype[np.float64]], thick: float
) -> tuple[list[Entry], float]:
    """Draw toys and curve; return entries of the legend, and the height of what was drawn."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from scipy.stats import chi2

    toys, top = result.usable_toys, 0.0
    entries: list[Entry] = [(Line2D([], [], color=_RED, marker="v", markevery=[0], linewidth=2.0 * thick), "Data")]
    if toys.size:
        all_toys, _ = np.histogram(toys, edges)
        beyond = np.where(edges[:-1] >= result.statistic, all_toys, 0)
        ax.stairs(all_toys, edges, fill=True, color=_GRAY)
        ax.stairs(beyond, edges, fill=True, color=_BLUE)
        ax.stairs(all_toys, edges, color="black", linewidth=1.0)
        top = float(all_toys.max())
        entries += [
            (Patch(facecolor=_GRAY, edgecolor="black"), f"{toys.size} toys"),
            (Patch(facecolor=_BLUE, edgecolor="black"), "at or beyond data"),
        ]
    if result.ndof > 0:
        x = np.linspace(max(edges[0], 1e-3 * (edges[-1] - edges[0])), edges[-1], 600)
        # Far from the data the distribution can be narrower than these steps.
        own = chi2.ppf(np.linspace(0.001, 0.999, 200), result.ndof)
        x = np.union1d(x, own[(own > x[0]) & (own < x[-1])])
        scale = toys.size * (edges[1] - edges[0]) if toys.size else 1.0
        y = scale * chi2.pdf(x, result.ndof)
        # With one degree of freedom the curve is infinite at zero.
        height = float(y[x >= edges[0] + 0.02 * (edges[-1] - edges[0])].max())
        top = max(top, height)
        if not toys.size:
            tail = x >= result.statistic
            ax.fill_between(x[tail], np.minimum(y[tail], top), color=_BLUE, linewidth=0)
        (line,) = ax.plot(x, np.where(y <= 1.1 * top, y, np.nan), color="black", linestyle="--", linewidth=1.3 * thick)
        entries.append((line, rf"$\chi^2$, {result.ndof} d.o.f."))
    return entries, top


def _lines(result: GoodnessOfFit) -> list[str]:
    lines = [] if result.converged else ["the fit did not converge"]
    lines.append(f"data: {number(result.statistic)}")
    if result.usable_toys.size:
        p, sigma = result.toys_p_value, result.toys_p_uncertainty
        lines.append(f"$p$ {f'= {measured(p, sigma)}' if p > 0 else f'< {number(sigma, 2)}'} (toys)")
        if result.lost_toys:
            lines.append(f"$p$: {from_to(result.toys_p_range)} (lost toys)")
    if result.ndof > 0:
        lines.append(rf"$p$ = {number(result.p_value, 3)} ($\chi^2$)")
    return lines


@noted
def compatibility(result: Compatibility, *, style: str | FigureStyle = "plain", ax: Axes | None = None) -> Figure:
    """Return a figure with the parameter of interest of each group, and that of all together as a band.

    A value without uncertainty (at a bound) is an open symbol. Groups that are much less certain than the best of them
    don't widen the axis: their bars end at its edge, an arrow stands for a value beyond.

    >>> import wilks
    >>> workspace = wilks.examples.measurement()
    >>> found = wilks.compatibility(wilks.compile_model(workspace), workspace=workspace)
    >>> figure = wilks.figures.compatibility(found)
    """
    from wilks.figures.canvas import Drawing, fit_frame, styled

    if not isinstance(result, Compatibility):
        raise TypeError(f"this draws a Compatibility, found a {type(result).__name__}; see wilks.compatibility")
    chosen = as_style(style)
    rc = compact(chosen)
    with styled(rc):
        target = Drawing(rc).add_subplot() if ax is None else ax
        _draw_groups(target, result)
        experiment_texts(target, chosen, wide=_WIDTH if ax is None else None)
        figure = figure_of(target)
        if ax is None:
            row = row_height(_ROW, labels(result.groups).values())
            fit_frame(figure, target, _WIDTH, row * (len(result.groups) + 1.4), margin=0.08)
    return figure


def _draw_groups(ax: Axes, result: Compatibility) -> None:
    rows = len(result.groups)
    values = np.append(result.values, result.value)
    sigmas = np.nan_to_num(np.append(result.uncertainties, result.uncertainty))
    bottom = rows + 0.7
    if sigmas[-1] > 0:
        ax.axvspan(result.value - sigmas[-1], result.value + sigmas[-1], color=_GREEN, linewidth=0, zorder=0)
    ax.axvline(result.value, color="black", linestyle="--", linewidth=0.8, zorder=1)
    ax.axhline(rows - 0.5, color="black", linewidth=0.8)
    near = sigmas <= _LEAST_CERTAIN * min(sigmas[sigmas > 0], default=1.0)
    low, high = float((values - sigmas)[near].min()), float((values + sigmas)[near].max())
    left, right = low - 0.06 * (high - low or 1.0), high + 0.06 * (high - low or 1.0)
    ax.set_xlim(left, right)
    for y, (value, sigma) in enumerate(zip(values, sigmas, strict=True)):
        at = max(left, min(value, right))
        ends = (
            [[max(at - max(value - sigma, left), 0)], [max(min(value + sigma, right) - at, 0)]] if sigma > 0 else None
        )
        beyond = "<" if value < left else ">" if value > right else "o"
        face: dict[str, Any] = {"color": "black", "markerfacecolor": "black" if sigma > 0 else "white"}
        ax.errorbar(at, y, xerr=ends, fmt=beyond, markersize=4, zorder=3, **face)
        text = measured(float(value), float(sigma)) if sigma > 0 else f"{number(float(value))} (no uncertainty)"
        place: dict[str, Any] = {"va": "center_baseline", "transform": ax.get_yaxis_transform()}
        ax.text(1.03, y, signed(text).replace("−0 ", "0 "), **place)
    ax.set_ylim(bottom, -0.7)
    texts = labels(result.groups)
    ax.set_yticks(range(rows + 1), [*(texts[name] for name in result.groups), "all"])
    ax.tick_params(axis="y", which="both", length=0)
    ax.set_xlabel(label(result.poi, TITLE), loc="center")
    p = rf"$\chi^2$ = {number(result.statistic, 3)} / {result.ndof},  p = {number(result.p_value, 3)}"
    note = p if result.converged else f"{p}; the fit did not converge"
    color = "black" if result.converged else FAILED_COLOR
    ax.set_title(note, loc="left", fontsize=9, pad=20, color=color)
