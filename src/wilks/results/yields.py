"""A prediction as a table of yields: sums over the bins of channels, or bin by bin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from wilks.table import Table, number, pdg_measured

if TYPE_CHECKING:
    from wilks.histogram import Axis
    from wilks.results.prediction import ChannelPrediction, Prediction

_COLUMNS = 8  # channels; more of them are rows


def _samples(channels: list[ChannelPrediction]) -> list[str]:
    return list(dict.fromkeys(sample for channel in channels for sample in channel.samples))


def yields_per_channel(prediction: Prediction, channels: list[ChannelPrediction]) -> Table:
    """Return sums over the bins of channels: a column for each channel, a row where there are more than eight."""
    rows = []
    for sample in _samples(channels):
        cells = []
        for channel in channels:
            i = channel.samples.index(sample) if sample in channel.samples else None
            sums = None if i is None else (float(channel.yields[i].sum()), float(channel.sample_sums_uncertainty[i]))
            cells.append("" if sums is None else pdg_measured(*sums))
        rows.append((sample, *cells))
    rows.append(("total", *(pdg_measured(float(c.total.sum()), c.sum_uncertainty) for c in channels)))
    rows.append(("data", *(_observed(float(c.data.sum())) for c in channels)))
    title = f"Yields, {prediction.label}"
    names = [f"{c.name}{_not_fitted(c)}" for c in channels]
    if len(channels) > _COLUMNS:
        header, *turned = zip(("channel", *names), *rows, strict=True)
        return Table(title, header, tuple(turned))
    return Table(title, ("sample", *names), tuple(rows))


def yields_per_bin(prediction: Prediction, channels: list[ChannelPrediction]) -> Table:
    """Return the yields of channels bin by bin: a row for each, a column for each sample."""
    samples = _samples(channels)
    rows = []
    for channel in channels:
        for b in range(len(channel.axis)):
            cells = [
                pdg_measured(float(channel.yields[i, b]), float(channel.uncertainties[i, b]))
                if (i := channel.samples.index(sample) if sample in channel.samples else -1) >= 0
                else ""
                for sample in samples
            ]
            total = pdg_measured(float(channel.total[b]), float(channel.total_uncertainty[b]))
            place = _bin(channel.axis, b) + " (not fitted)" * (b in channel.masked)
            rows.append((channel.name, place, *cells, total, _observed(float(channel.data[b]))))
    header = ("channel", "bin", *samples, "total", "data")
    return Table(f"Yields per bin, {prediction.label}", header, tuple(rows), "ll" + "r" * (len(samples) + 2))


def _not_fitted(channel: ChannelPrediction) -> str:
    """Return how many bins of a channel no fit sees, "" where there are none."""
    some, every = len(channel.masked), len(channel.axis)
    return "" if some == 0 else " (not fitted)" if some == every else f" ({some} of {every} bins not fitted)"


def _bin(axis: Axis, index: int) -> str:
    """Return what a bin is called: its label, else its range."""
    if axis.bin_labels and axis.bin_labels[index]:
        return axis.bin_labels[index]
    low, high = axis.interval(index)
    return f"{number(low)}–{number(high)}" + (f" {axis.unit}" if axis.unit else "")


def _observed(data: float) -> str:
    """Return what was observed; a sum with a blinded bin in it is blinded."""
    return "blinded" if math.isnan(data) else number(data, 6)
