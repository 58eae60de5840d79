"""Histograms over each other, with their statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wilks.aligned import aligned
from wilks.errors import InputError
from wilks.figures.bin_ticks import label_bins
from wilks.figures.decoration import scale_y
from wilks.figures.names import labels
from wilks.figures.style import PETROFF10, TITLE, FigureStyle, as_style, axis_title, figure_of, label, settings
from wilks.histogram import Histogram
from wilks.moments import number
from wilks.moments import statistics as statistics_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import StepPatch

_WIDTH, _HEIGHT = 7.0, 4.6
_SMALL = {"font.size": 11, "xtick.labelsize": 10, "ytick.labelsize": 10, "axes.labelsize": 12, "ytick.major.size": 7}


def histograms(
    named: Sequence[tuple[str, Histogram]],
    *,
    style: str | FigureStyle = "plain",
    log: bool = False,
    normalize: bool = False,
    statistics: bool = True,
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with the histograms as outlines, each with its statistical uncertainty as a band.

    The legend above the frame has, with `statistics`, entries, mean, standard deviation (of what lies inside the
    edges), underflow and overflow of each. `named` has pairs of a name and a `Histogram`; `normalize` scales each to an
    integral of 1, `log` makes the vertical axis logarithmic. Bins with labels stand in the order of the first
    histogram. Raises InputError where there is nothing to draw, or labels are not the same.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.process_templates(wilks.build_templates(config), config)
    >>> sides = [(side, templates.variation("muons", "WZ", "Jet energy scale", side)) for side in ("Up", "Down")]
    >>> figure = wilks.figures.histograms([("nominal", templates.nominal("muons", "WZ")), *sides], statistics=False)
    """
    from wilks.figures.canvas import Drawing, fit_margins, styled

    if not named:
        raise InputError("there is no histogram to draw")
    named = aligned(named)
    rc = settings(as_style(style)) | _SMALL
    shown = [(h.scaled(1.0 / h.integral) if normalize and h.integral > 0 else h) for _, h in named]
    with styled(rc):
        target = Drawing(rc, figsize=(_WIDTH, _HEIGHT)).add_subplot() if ax is None else ax
        figure = figure_of(target)
        log = log and any((histogram.contents > 0).any() for histogram in shown)
        if log:
            target.set_yscale("log")
        lines = [_outline(target, histogram, i) for i, histogram in enumerate(shown)]
        _scale(target, shown, log)
        _titles(target, named[0][1], normalize)
        titles = labels((name for name, _ in named), 70)
        texts = [_entry(titles[name], histogram, statistics) for name, histogram in named]
        legend = target.legend(lines, texts, loc="lower left", bbox_to_anchor=(0, 1), fontsize=9, borderaxespad=0.3)
        if ax is None:
            box = legend.get_window_extent()
            figure.set_size_inches(max(_WIDTH, box.width / figure.dpi + 1.0), _HEIGHT + box.height / figure.dpi)
            fit_margins(figure, [target])
    return figure


def _outline(ax: Axes, histogram: Histogram, index: int) -> StepPatch:
    """Draw one histogram; return its line for the legend."""
    edges, values, error = histogram.axis.edges, histogram.contents, histogram.stdev
    color = PETROFF10[index % len(PETROFF10)]
    dashes = ("-", "--", ":", "-.")[index // len(PETROFF10) % 4]
    ax.stairs(values + error, edges, baseline=values - error, fill=True, color=color, alpha=0.25, linewidth=0)
    return ax.stairs(values, edges, color=color, linewidth=1.4, linestyle=dashes, baseline=None)


def _scale(ax: Axes, shown: Sequence[Histogram], log: bool) -> None:
    edges = np.concatenate([histogram.axis.edges for histogram in shown])
    ax.set_xlim(edges.min(), edges.max())
    heights = np.concatenate([h.contents + sign * h.stdev for h in shown for sign in (-1, 0, 1)])
    heights = heights[np.isfinite(heights)]
    if log:
        contents = np.concatenate([h.contents[h.contents > 0] for h in shown])
        ax.set_ylim(0.4 * contents.min(), 2 * heights.max())
        return
    low, high = float(heights.min(initial=0.0)), float(heights.max(initial=0.0))
    span = (high - low) or 1.0
    ax.set_ylim(low - (0.05 * span if low < 0 else 0.0), high + 0.07 * span)


def _titles(ax: Axes, first: Histogram, normalize: bool) -> None:
    ax.set_xlabel(label(axis_title(first.axis, ""), TITLE))
    label_bins(first.axis, ax)
    title = "Fraction of the integral" if normalize else "Entries"
    if ax.get_yscale() == "log":
        ax.set_ylabel(title)
    else:
        scale_y(ax, title, ax.get_ylim()[1])


def _entry(title: str, histogram: Histogram, with_statistics: bool) -> str:
    if not with_statistics:
        return title
    box = statistics_of(histogram)
    parts = {
        "entries": box.entries,
        "integral": box.integral,
        "mean": box.mean,
        "std dev": box.stdev,
        "underflow": box.underflow,
        "overflow": box.overflow,
    }
    if histogram.axis.is_categorical:
        del parts["mean"], parts["std dev"]
    return title + "\n" + "    ".join(f"{key} {number(value)}" for key, value in parts.items())
