"""Posteriors: a corner figure with the distribution of each parameter and of each pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError, nearest
from wilks.figures.conditions import noted
from wilks.figures.style import PETROFF10, TITLE, FigureStyle, as_style, label, settings
from wilks.results.intervals import percent
from wilks.results.posterior import PosteriorResult
from wilks.results.scan import ScanResult
from wilks.selection import matching
from wilks.table import measured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOR, _PROFILE, _FIT = PETROFF10[0], "#bd1f01", "black"
_MOST, _DEFAULT = 10, 4
_PANEL = 1.7  # inches
_TITLE_ROOM = 13.0  # points, for the title of a panel
_INSIDE = (0.6827, 0.95)


@noted
def posterior(
    result: PosteriorResult,
    *,
    parameters: Sequence[str] | None = None,
    scan: ScanResult | None = None,
    style: str | FigureStyle = "plain",
) -> Figure:
    """Return a corner figure of `parameters` (names or patterns), from the samples that lie beside the result.

    By default they are the parameter of interest and the three that are most correlated with it, without one the first
    four. On the diagonal are the distributions, with the shortest interval of the first level shaded; below it are the
    regions of highest density of 68.3 % and 95 %, and the best fit as a cross. `scan` draws the profile likelihood of
    its parameter, exp(-delta NLL), over the posterior, with the same area below it.

    Raises InputError where there are no samples, for parameters that are not there, and for more than ten of them.

    >>> import numpy as np, wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> fit = wilks.fit(model)
    >>> chains = np.random.default_rng(1).multivariate_normal(fit.values, fit.covariance, (2, 500))
    >>> figure = wilks.figures.posterior(wilks.posterior_result(model, chains=chains), parameters=["mu"])
    """
    from wilks.figures.canvas import Drawing, fit_margins, styled
    from wilks.figures.decoration import experiment_texts

    chosen = _chosen(result, parameters)
    samples = _samples(result)
    if scan is not None and scan.parameter not in [result.names[i] for i in chosen]:
        raise InputError(f'scan: it is along "{scan.parameter}", which is not drawn')
    n = len(chosen)
    rc = settings(as_style(style)) | {"font.size": 10, "axes.labelsize": 10, "xtick.labelsize": 8, "ytick.labelsize": 8}
    rc |= {"xaxis.labellocation": "center", "yaxis.labellocation": "center"}
    with styled(rc):
        size = max(4.0, _PANEL * n + 0.8)
        figure = Drawing(rc, figsize=(size, size))
        grid: Any = figure.subplots(n, n, squeeze=False, gridspec_kw={"wspace": 0.06, "hspace": 0.06})
        spans = [_span(samples[:, i]) for i in chosen]
        for row, i in enumerate(chosen):
            for column, j in enumerate(chosen):
                panel = grid[row, column]
                if column > row:
                    panel.remove()
                    continue
                panel.set_xlim(*spans[column])
                if row == column:
                    _distribution(panel, result, i, samples[:, i], scan)
                else:
                    panel.set_ylim(*spans[row])
                    _pair(panel, result, (j, i), samples)
                _name_axes(panel, result, (row, column, n), (i, j))
        kept = [grid[row, column] for row in range(n) for column in range(row + 1)]
        legend = _legend(figure if n > 1 else kept[0], result, scan)
        experiment_texts(kept[0], as_style(style), wide=_PANEL, up=_TITLE_ROOM)
        fit_margins(figure, kept)
        if n > 1:  # right of the first panel, below what stands above it
            legend.set_bbox_to_anchor((1.0, kept[0].get_position().y1), transform=figure.transFigure)
    return figure


def _chosen(result: PosteriorResult, parameters: Sequence[str] | None) -> list[int]:
    """Return the positions of the parameters to draw."""
    if not isinstance(result, PosteriorResult):
        raise TypeError(
            f"posterior draws a PosteriorResult, found a {type(result).__name__}; get one with wilks.sample"
        )
    if parameters is None:
        if result.poi is None:
            return list(range(min(_DEFAULT, len(result.names))))
        first = result.names.index(result.poi)
        strength = np.abs(np.nan_to_num(result.correlations[first])) + (np.arange(len(result.names)) == first)
        return [int(i) for i in np.argsort(-strength, kind="stable")[:_DEFAULT]]
    patterns = [parameters] if isinstance(parameters, str) else list(parameters)
    found = {pattern: matching(result.names, pattern) for pattern in patterns}
    if wrong := [pattern for pattern, places in found.items() if not len(places)]:
        raise InputError([f'no parameter "{name}" in this posterior{nearest(name, result.names)}' for name in wrong])
    places = list(dict.fromkeys(int(i) for those in found.values() for i in those))
    if len(places) > _MOST:
        raise InputError(f"a corner figure has room for {_MOST} parameters, found {len(places)}")
    return places


def _samples(result: PosteriorResult) -> FloatArray:
    if result.samples is None:
        raise InputError(
            "the samples of the posterior are not at hand: they lie in a file .npz beside the result, of the same name"
        )
    return result.samples


def _span(values: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(values, (0.001, 0.999))
    room = 0.06 * (high - low) or 1.0
    return max(float(low - room), float(values.min() - room)), float(high + room)


def _edges(span: tuple[float, float], count: int) -> FloatArray:
    return np.linspace(*span, int(np.clip(np.sqrt(count) / 2, 12, 40)) + 1)


def _distribution(panel: Axes, result: PosteriorResult, i: int, values: FloatArray, scan: ScanResult | None) -> None:
    edges = _edges(panel.get_xlim(), len(values))
    density, _ = np.histogram(values, edges, density=True)
    panel.stairs(density, edges, color=_COLOR, linewidth=1.3)
    low, high = result.shortest[0, i]
    cuts = np.unique(np.concatenate([edges[(edges > low) & (edges < high)], [low, high]]))
    inside = density[np.clip(np.searchsorted(edges, 0.5 * (cuts[1:] + cuts[:-1])) - 1, 0, len(density) - 1)]
    panel.stairs(inside, cuts, fill=True, color=_COLOR, alpha=0.3)
    top = float(density.max())
    if scan is not None and scan.parameter == result.names[i]:
        total = scan.curves[0]
        good = np.isfinite(total.delta)
        x = np.linspace(*panel.get_xlim(), 300)
        x = x[(x >= scan.values[good].min()) & (x <= scan.values[good].max())]
        y = np.exp(-0.5 * np.interp(x, scan.values[good], total.delta[good]))
        there = float(((values >= x[0]) & (values <= x[-1])).mean())
        y *= there / (0.5 * float(((y[1:] + y[:-1]) * np.diff(x)).sum()))
        panel.plot(x, y, color=_PROFILE, linestyle="--", linewidth=1.3)
        top = max(top, float(y.max()))
    panel.axvline(result.best_fit[i], color=_FIT, linestyle=":", linewidth=1)
    panel.set_ylim(0, 1.12 * top)
    panel.set_yticks([])
    panel.set_title(measured(float(result.mean[i]), float(result.standard_deviation[i])), fontsize=9)


def _pair(panel: Axes, result: PosteriorResult, pair: tuple[int, int], samples: FloatArray) -> None:
    x, y = samples[:, pair[0]], samples[:, pair[1]]
    across, up = _edges(panel.get_xlim(), len(x)), _edges(panel.get_ylim(), len(x))
    density, _, _ = np.histogram2d(x, y, (across, up))
    density = _smoothed(density)
    ordered = np.sort(density, axis=None)[::-1]
    part = np.cumsum(ordered) / ordered.sum()
    heights = [float(ordered[min(int(np.searchsorted(part, level)), part.size - 1)]) for level in reversed(_INSIDE)]
    centres = 0.5 * (across[1:] + across[:-1]), 0.5 * (up[1:] + up[:-1])
    if heights[0] < heights[1] < density.max():
        colors = [(*_rgb(_COLOR), 0.25), (*_rgb(_COLOR), 0.6)]
        panel.contourf(*centres, density.T, [*heights, float(density.max()) * 1.01], colors=colors)
    panel.plot(result.best_fit[pair[0]], result.best_fit[pair[1]], "+", color=_FIT, markersize=7)


def _smoothed(density: FloatArray) -> FloatArray:
    """Return a density, each cell mixed with its neighbours: contours of few samples are else full of holes."""
    weights = np.array([0.25, 0.5, 0.25])
    for _ in range(2):
        for axis in (0, 1):
            density = np.apply_along_axis(lambda row: np.convolve(row, weights, "same"), axis, density)
    return density


def _rgb(color: str) -> tuple[float, ...]:
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))


def _name_axes(panel: Axes, result: PosteriorResult, place: tuple[int, int, int], pair: tuple[int, int]) -> None:
    from matplotlib.ticker import MaxNLocator

    row, column, n = place
    panel.xaxis.set_major_locator(MaxNLocator(3, prune="both"))
    if row == n - 1:
        panel.set_xlabel(label(result.names[pair[1]], TITLE))
    else:
        panel.tick_params(labelbottom=False)
    if row == column:
        return
    panel.yaxis.set_major_locator(MaxNLocator(3, prune="both"))
    if column == 0:
        panel.set_ylabel(label(result.names[pair[0]], TITLE))
    else:
        panel.tick_params(labelleft=False)


def _legend(where: Any, result: PosteriorResult, scan: ScanResult | None) -> Any:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[tuple[Any, str]] = [
        (Patch(facecolor=_COLOR, alpha=0.3, edgecolor=_COLOR), f"posterior, shortest {percent(result.levels[0])}"),
        (Line2D([], [], color=_FIT, linestyle=":", marker="+"), "best fit"),
    ]
    if scan is not None:
        entries.append((Line2D([], [], color=_PROFILE, linestyle="--"), "profile likelihood"))
    handles, texts = zip(*entries, strict=True)
    if hasattr(where, "set_ylim"):  # a single panel: above its distribution
        where.set_ylim(0, 1.35 * where.get_ylim()[1])
    return where.legend(handles, texts, loc="upper right", fontsize=8, handlelength=1.6, frameon=False)
