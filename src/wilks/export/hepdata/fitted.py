"""Tables of predictions and fits: yields, parameters, and the matrices of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from wilks._types import FloatArray
from wilks.export.hepdata.records import (
    MATRIX_DIGITS,
    Column,
    DataTable,
    Error,
    Qualifier,
    bins_of,
    column,
    titled,
)
from wilks.pages import file_names
from wilks.results.fit import FitResult
from wilks.results.prediction import ChannelPrediction, Prediction
from wilks.selection import natural

EVENTS = "Events"


def prediction_tables(prediction: Prediction, where: str = "", files: Sequence[str] = ()) -> Iterator[DataTable]:
    """Yield the yields of each channel: samples, total and data per bin.

    `files` are the names that the channels have in those of figures, where titles stand in their place.
    """
    names = dict(zip(prediction.channel_names, files or prediction.channel_names, strict=True))
    parts = file_names(sorted(names.values()))
    for name in natural(prediction.channel_names):
        figure = f"data_mc_{parts[names[name]]}_{prediction.label.replace('-', '')}"
        yield _channel_table(prediction[name], prediction.label, where, figure)


def _channel_table(channel: ChannelPrediction, label: str, where: str, figure: str) -> DataTable:
    qualifiers = (Qualifier("CHANNEL", titled(channel.name)),)
    samples = [
        Column(titled(sample), yields.tolist(), EVENTS, (Error.symmetric("total", sigma),), qualifiers)
        for sample, yields, sigma in zip(channel.samples, channel.yields, channel.uncertainties, strict=True)
    ]
    total = Column(
        "Total", channel.total.tolist(), EVENTS, (Error.symmetric("total", channel.total_uncertainty),), qualifiers
    )
    data = Column("Data", channel.data.tolist(), EVENTS, qualifiers=qualifiers)
    when = {"pre-fit": "before the fit", "post-fit": "after the fit"}.get(label, f"({label})")
    masked = f" Bins {', '.join(str(i + 1) for i in channel.masked)} are not fitted." if channel.masked else ""
    return DataTable(
        f"Yields in {channel.name}, {label}{where}",
        f"Observed data and expected events {when} in each bin of {titled(channel.name)}, by process, with total "
        f"(statistical and systematic) uncertainties.{masked}",
        (bins_of(channel.axis),),
        (*samples, total, data),
        (figure,),
        ("N",),
    )


def fit_tables(fit: FitResult, where: str = "") -> Iterator[DataTable]:
    """Yield parameters, and their correlations and covariance where the fit has them."""
    yield _parameter_table(fit, where)
    if not fit.covariance_usable:
        return
    free = ~fit.fixed
    names = [name for name, keep in zip(fit.names, free, strict=True) if keep]
    parts = (
        ("Correlations", "Correlation coefficients", fit.correlation),
        ("Covariance", "Covariance", fit.covariance),
    )
    for title, words, matrix in parts:
        yield matrix_table(
            f"{title} of parameters{where}",
            f"{words} of the fitted parameters; those that were held are left out.",
            "Parameter",
            names,
            words[:-1] if words.endswith("s") else words,
            matrix[np.ix_(free, free)],
            ("correlations",) if title == "Correlations" else (),
        )


def _parameter_table(fit: FitResult, where: str) -> DataTable:
    sigma = np.where(fit.uncertainties > 0, fit.uncertainties, np.nan)
    width = np.where(fit.prefit_uncertainties > 0, fit.prefit_uncertainties, np.nan)
    columns = (
        column("Best-fit value", fit.values, "", Error.symmetric("fit", sigma)),
        column("Value before the fit", fit.prefit_values, "", Error.symmetric("constraint", width)),
        column("Pull", (fit.values - fit.prefit_values) / width, "", Error.symmetric("fit", sigma / width)),
        Column("Constraint", list(fit.constraints)),
        Column("Remark", [_remark(fit, i) for i in range(len(fit))]),
    )
    return DataTable(
        f"Fitted parameters{where}",
        "Values and uncertainties of all parameters, before and after the fit. The pull is the shift in units of the "
        "uncertainty before the fit, and its uncertainty the ratio of the two. "
        f"Data: {fit.dataset}. Minimum of $-2\\ln L$: {fit.twice_nll:.6f}.",
        (Column("Parameter", [titled(name) for name in fit.names]),),
        columns if any(text for text in columns[-1].values) else columns[:-1],
        ("pulls",),
    )


def _remark(fit: FitResult, i: int) -> str:
    if fit.idle[i]:
        return "no effect"
    return "fixed" if fit.fixed[i] else "at bound" if fit.at_bound[i] else ""


def matrix_table(
    name: str,
    description: str,
    axis: str,
    labels: Sequence[str],
    entry: str,
    matrix: FloatArray,
    figures: tuple[str, ...] = (),
) -> DataTable:
    """Return a square matrix as a table with a row for each pair of labels."""
    n = len(labels)
    shown = [titled(label) for label in labels]
    rows = [label for label in shown for _ in range(n)]
    independent = (Column(f"{axis} (row)", rows), Column(f"{axis} (column)", shown * n))
    dependent = column(entry, matrix.ravel(), digits=MATRIX_DIGITS)
    return DataTable(name, description, independent, (dependent,), figures)


def bin_covariance_table(label: str, channels: Mapping[str, int], covariance: FloatArray) -> DataTable:
    """Return the covariance of the expected events of all bins, shape (bins, bins), in the order of `channels`."""
    labels = [f"{name}, bin {i + 1}" for name, bins in channels.items() for i in range(bins)]
    return matrix_table(
        f"Covariance of bins, {label}",
        f"Covariance of the expected number of events in all bins, {label}: systematic uncertainties and those of the "
        "simulated samples, without the Poisson fluctuations of the data. Bins are counted from 1.",
        "Bin",
        labels,
        "Covariance",
        covariance,
    )
