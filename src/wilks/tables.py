"""Results as tables: yields and parameters."""

from __future__ import annotations

from collections.abc import Sequence

from wilks.errors import InputError, listed, nearest
from wilks.results.fit import FitResult
from wilks.results.prediction import ChannelPrediction, Prediction
from wilks.results.summary import parameter_table
from wilks.table import Table, measured, number


def yields(prediction: Prediction, *, per_bin: bool = False, channels: Sequence[str] | None = None) -> Table:
    """Return the yields of samples, total and data, with uncertainties.

    One column per channel with sums over its bins (uncertainties with all correlations); with `per_bin` one row per
    bin and one column per sample. Only the channels named, if any are. Raises InputError for unknown channels.
    """
    chosen = _chosen(prediction, channels)
    return _per_bin(prediction, chosen) if per_bin else _per_channel(prediction, chosen)


def parameters(result: FitResult) -> Table:
    """Return the fitted parameters: value with uncertainty, pull, constraint (post-fit / pre-fit uncertainty), remark.

    Parameters that are fixed or at a bound say so and have no uncertainty.
    """
    return parameter_table(result)


def _chosen(prediction: Prediction, names: Sequence[str] | None) -> list[ChannelPrediction]:
    if names is None:
        return list(prediction.channels)
    names = [names] if isinstance(names, str) else list(names)
    known = prediction.channel_names
    unknown = [
        f'there is no channel "{name}" in this prediction, only {listed(known)}{nearest(name, known)}'
        for name in names
        if name not in known
    ]
    if unknown:
        raise InputError(unknown)
    return [prediction[name] for name in names]


def _samples(channels: list[ChannelPrediction]) -> list[str]:
    return list(dict.fromkeys(sample for channel in channels for sample in channel.samples))


def _per_channel(prediction: Prediction, channels: list[ChannelPrediction]) -> Table:
    rows = []
    for sample in _samples(channels):
        cells = []
        for channel in channels:
            i = channel.samples.index(sample) if sample in channel.samples else None
            cells.append(
                "" if i is None else measured(float(channel.yields[i].sum()), float(channel.sample_sums_uncertainty[i]))
            )
        rows.append((sample, *cells))
    rows.append(("total", *(measured(float(c.total.sum()), c.sum_uncertainty) for c in channels)))
    rows.append(("data", *(number(float(c.data.sum()), 6) for c in channels)))
    return Table(f"Yields, {prediction.label}", ("sample", *(c.name for c in channels)), tuple(rows))


def _per_bin(prediction: Prediction, channels: list[ChannelPrediction]) -> Table:
    samples = _samples(channels)
    rows = []
    for channel in channels:
        for b, (low, high) in enumerate(channel.axis):
            cells = [
                measured(float(channel.yields[i, b]), float(channel.uncertainties[i, b]))
                if (i := channel.samples.index(sample) if sample in channel.samples else -1) >= 0
                else ""
                for sample in samples
            ]
            total = measured(float(channel.total[b]), float(channel.total_uncertainty[b]))
            span = f"{number(low)}–{number(high)}" + (f" {channel.axis.unit}" if channel.axis.unit else "")
            rows.append((channel.name, span, *cells, total, number(float(channel.data[b]), 6)))
    header = ("channel", "bin", *samples, "total", "data")
    return Table(f"Yields per bin, {prediction.label}", header, tuple(rows), "ll" + "r" * (len(samples) + 2))
