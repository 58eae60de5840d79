"""`fitDiagnostics*.root`: shapes before and after the fits without and with signal, parameters and correlations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from wilks._files import write_atomically
from wilks._types import FloatArray
from wilks.export.combine.limit_tree import branch_names
from wilks.export.combine.root_objects import data_graph, root_file, th1, th2
from wilks.results.diagnostics import Diagnostics, Shapes
from wilks.results.fit import FitResult
from wilks.results.prediction import ChannelPrediction

_TOTALS = ("data", "total", "total_signal", "total_background", "total_covar")


def save_fit_diagnostics(result: Diagnostics, path: str | Path) -> None:
    """Write fits as a file that looks like that of FitDiagnostics. Raises OSError where it can't be written.

    >>> import uproot, wilks
    >>> from wilks.infer.diagnostics import diagnostics
    >>> found = diagnostics(wilks.compile_model(wilks.examples.search()))
    >>> save_fit_diagnostics(found, "fitDiagnosticsTest.root")
    >>> [key for key in uproot.open("fitDiagnosticsTest.root").keys(cycle=False) if key.endswith("total_covar")][0]
    'shapes_prefit/CR top/total_covar'
    """
    objects: dict[str, Any] = {}
    for name, shapes in result.shapes.items():
        objects |= _shapes(f"shapes_{name}", shapes)
        objects[f"norms_{name}"] = _norms(shapes)
    fits = {"fit_b": result.background, "fit_s": result.signal}
    objects["parameters_prefit"] = _parameters(
        result.signal, result.signal.prefit_values, result.signal.prefit_uncertainties
    )
    for name, fit in fits.items():
        objects[f"parameters_{name}"] = _parameters(fit, fit.values, fit.uncertainties)
        if name in result.shapes:
            objects[f"covariance_{name}"] = _correlations(fit)
    write_atomically(path, root_file(objects, _trees(result)))


def _shapes(folder: str, shapes: Shapes) -> dict[str, Any]:
    """Return the histograms of all channels by their paths."""
    found: dict[str, Any] = {}
    channels = shapes.prediction.channels
    for channel, key in zip(channels, _keys(channel.name for channel in channels), strict=True):
        found |= {f"{folder}/{key}/{name}": made for name, made in _channel(channel, shapes).items()}
    return found


def _channel(channel: ChannelPrediction, shapes: Shapes) -> dict[str, Any]:
    from wilks.figures.poisson import garwood

    name, place = channel.name, f"in {channel.name}"
    found: dict[str, Any] = {}
    if np.isfinite(channel.data).all():
        found["data"] = data_graph(f"data {place}", channel.data, garwood(channel.data))
    for i, key in enumerate(_keys(channel.samples, reserved=_TOTALS)):
        found[key] = th1(f"{channel.samples[i]} {place}", channel.yields[i], channel.uncertainties[i])
    found["total"] = th1(f"Total signal+background {place}", channel.total, channel.total_uncertainty)
    signal = np.isin(channel.samples, shapes.prediction.signals)
    parts = {"signal": (signal, shapes.signal), "background": (~signal, shapes.background)}
    for part, (chosen, covariances) in parts.items():
        if chosen.any():
            errors = np.sqrt(np.diag(covariances[name]))
            found[f"total_{part}"] = th1(f"Total {part} {place}", channel.yields[chosen].sum(axis=0), errors)
    found["total_covar"] = th2("Covariance signal+background", shapes.total[name], axis="Bin number")
    return found


def _norms(shapes: Shapes) -> Any:
    """Return the yields of all processes and their sums, by channel/process, as one histogram with labels."""
    labels: list[str] = []
    rows: list[tuple[float, float]] = []
    for channel in shapes.prediction.channels:
        name, sums = channel.name, channel.yields.sum(axis=1)
        parts = list(zip(channel.samples, zip(sums, channel.sample_sums_uncertainty, strict=True), strict=True))
        signal = np.isin(channel.samples, shapes.prediction.signals)
        parts.append(("total", (sums.sum(), channel.sum_uncertainty)))
        for part, chosen, covariances in (
            ("total_signal", signal, shapes.signal),
            ("total_background", ~signal, shapes.background),
        ):
            if chosen.any():
                parts.append((part, (sums[chosen].sum(), np.sqrt(covariances[name].sum()))))
        labels += [f"{name}/{part}" for part, _ in parts]
        rows += [row for _, row in parts]
    values, errors = np.array(rows, np.float64).T
    return th1("Yields", values, errors, labels=labels, precision=np.float64)


def _parameters(fit: FitResult, values: FloatArray, errors: FloatArray) -> Any:
    """Return values and uncertainties of all parameters as a histogram with labels; no error where there is none."""
    return th1("Parameters", values, np.nan_to_num(errors), labels=fit.names, precision=np.float64)


def _correlations(fit: FitResult) -> Any:
    """Return the correlation matrix of the parameters with an error as RooFit draws it: y downwards."""
    free = np.flatnonzero(fit.uncertainties > 0)
    names = [fit.names[i] for i in free]
    matrix = fit.correlation[np.ix_(free, free)]
    title = "Correlation matrix of fit parameters"
    return th2(title, matrix[:, ::-1], labels=(names, names[::-1]), precision=np.float64)


def _trees(result: Diagnostics) -> dict[str, dict[str, Any]]:
    """Return tree_prefit, tree_fit_b and tree_fit_sb, each with one row."""
    poi, free = result.poi, result.signal
    b, s = (fit.twice_nll - result.twice_nll_prefit for fit in (result.background, result.signal))
    interval = result.interval[poi] if result.interval is not None else None
    down, up = (interval.down, interval.up) if interval is not None else (np.nan, np.nan)
    fitted = {
        "tree_fit_b": (result.background, (0.0, 0.0, 0.0), {"nll_min": 0.5 * b}),
        "tree_fit_sb": (free, (free[poi].uncertainty, down, up), {"nll_min": 0.5 * s, "nll_nll0": 0.5 * (s - b)}),
    }
    before = _columns(result, free.prefit_values, {})
    trees = {"tree_prefit": before} if before else {}  # there is no tree without branches
    for name, (fit, errors, likelihoods) in fitted.items():
        about: dict[str, Any] = {"fit_status": np.array([0 if fit.converged else -1], np.int32)}
        about[poi] = fit[poi].value
        about |= {f"{poi}{which}": one for which, one in zip(("Err", "LoErr", "HiErr"), errors, strict=True)}
        about |= {"numbadnll": np.zeros(1, np.int32), **likelihoods}
        trees[name] = _columns(result, fit.values, about)
    return trees


def _columns(result: Diagnostics, values: FloatArray, about: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a tree: what is known `about` a fit, auxiliary data, nuisance parameters."""
    nuisances = dict(zip(result.signal.names, values, strict=True))
    del nuisances[result.poi]
    taken = branch_names(about)
    known = dict(zip(nuisances, branch_names(nuisances, reserved=taken), strict=True)) | {result.poi: result.poi}
    auxiliary = branch_names((f"{known[name]}_In" for name in result.auxiliary), reserved=[*taken, *known.values()])
    names = [*taken, *auxiliary, *(known[name] for name in nuisances)]
    every = [*about.values(), *result.auxiliary.values(), *nuisances.values()]
    return {
        name: value if isinstance(value, np.ndarray) else np.array([value], np.float64)
        for name, value in zip(names, every, strict=True)
    }


def _keys(names: Iterable[str], reserved: Iterable[str] = ()) -> list[str]:
    """Return names as keys of a folder: without what ROOT reads as a folder or a cycle, and none twice."""
    taken, found = set(reserved), []
    for name in names:
        key = re.sub(r"[/;]", "_", name) or "_"
        while key in taken:
            key += "_"
        taken.add(key)
        found.append(key)
    return found
