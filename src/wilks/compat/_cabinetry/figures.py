"""Figures of wilks under cabinetry's names: its functions choose what is shown, name the files and return the records.

What replaces a function of `cabinetry.visualize.plot_model` or `plot_result` takes its arguments. Whatever wilks can't
draw from them is drawn by cabinetry.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from cabinetry.visualize import plot_model, plot_result, utils

from wilks import figures
from wilks.compat._cabinetry import records
from wilks.errors import WilksError

log = logging.getLogger("wilks.compat")

Draw = Callable[..., Any]


def _drawn(original: Draw, ours: Draw) -> Draw:
    """Return a function that draws what `ours` returns, or, where it returns None or can't, what cabinetry does."""

    @wraps(original)
    def draw(*arguments: Any, figure_path: Any = None, close_figure: bool = False, **options: Any) -> Any:
        try:
            figure = ours(*arguments, **options)
        except (WilksError, KeyError, TypeError, ValueError) as error:
            log.info("figure: the original's way (%s)", str(error).splitlines()[0] if str(error) else error)
            figure = None
        if figure is None:
            return original(*arguments, figure_path=figure_path, close_figure=close_figure, **options)
        logarithmic = ours is data_mc and figure.axes[0].get_yscale() == "log"
        utils._save_and_close(figure, utils._log_figure_path(figure_path) if logarithmic else figure_path, close_figure)
        return figure

    return draw


def data_mc(
    histogram_dict_list: Any,
    total_model_unc: Any,
    bin_edges: Any,
    *,
    log_scale: bool | None = None,
    log_scale_x: bool = False,
    label: str = "",
    colors: Any = None,
) -> Any:
    """Return the figure of one channel, None with a logarithmic horizontal axis."""
    if log_scale_x:
        return None
    prediction = records.prediction(histogram_dict_list, total_model_unc, bin_edges, label)
    channel = prediction.channels[0]
    shown = channel.total[channel.total > 0]
    # cabinetry's choice, by which its files are named
    logarithmic = bool(shown.size and shown.max() / shown.min() > 100) if log_scale is None else log_scale
    return figures.data_mc(prediction, channel=channel.name, log=logarithmic, colors=colors)


def templates(
    nominal_histo: Any,
    up_histo_orig: Any,
    down_histo_orig: Any,
    up_histo_mod: Any,
    down_histo_mod: Any,
    bin_edges: Any,
    variable: str,
    *,
    label: str = "",
) -> Any:
    """Return the figure of a systematic on a sample."""
    region, sample, systematic = (line.partition(": ")[2] for line in label.split("\n"))
    pairs = {"Up": (up_histo_orig, up_histo_mod), "Down": (down_histo_orig, down_histo_mod)}
    found = records.templates((region, sample, systematic), nominal_histo, pairs, bin_edges, variable)
    return figures.variation(found, region=region, sample=sample, systematic=systematic)


def correlation_matrix(corr_mat: Any, labels: Any) -> Any:
    """Return the matrix of the parameters that cabinetry chose."""
    result = records.fit(labels, correlation=corr_mat)
    if result is None:
        return None
    return figures.correlations(result, threshold=0.0, rows=max(len(labels), 2), include_staterrors=True)


def pulls(bestfit: Any, uncertainty: Any, labels: Any) -> Any:
    """Return pulls of constrained parameters, and values of the others."""
    result = records.fit(labels, bestfit, uncertainty)
    return None if result is None else figures.pulls(result, include_staterrors=True)


def ranking(bestfit: Any, uncertainty: Any, labels: Any, *impacts: Any) -> Any:
    """Return impacts and pulls."""
    result = records.ranking(bestfit, uncertainty, labels, impacts)
    return None if result is None else figures.ranking(result, rows=len(labels))


def scan(par_name: str, par_mle: float, par_unc: float, par_vals: Any, par_nlls: Any) -> Any:
    """Return the profile likelihood along a parameter."""
    return figures.scan(records.scan(par_name, par_mle, par_unc, par_vals, par_nlls))


def limit(observed_CLs: Any, expected_CLs: Any, poi_values: Any, cls_target: float) -> Any:
    """Return CLs along the parameter of interest."""
    return figures.limit(records.limit(observed_CLs, expected_CLs, poi_values, cls_target))


_OURS: tuple[tuple[Any, Draw], ...] = (
    (plot_model, data_mc),
    (plot_model, templates),
    (plot_result, correlation_matrix),
    (plot_result, pulls),
    (plot_result, ranking),
    (plot_result, scan),
    (plot_result, limit),
)
parts: tuple[tuple[Any, str, Draw], ...] = tuple(
    (owner, ours.__name__, _drawn(getattr(owner, ours.__name__), ours)) for owner, ours in _OURS
)
"""What is put in place: module, name, function."""
originals: tuple[tuple[Any, str, Draw], ...] = tuple(
    (owner, ours.__name__, getattr(owner, ours.__name__)) for owner, ours in _OURS
)
"""What was there."""
