"""`Prediction`: yields per channel, sample and bin with their uncertainties, beside the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from wilks._types import FloatArray
from wilks.errors import nearest
from wilks.histogram import Axis
from wilks.results.conditions import Condition, condition_html, condition_lines
from wilks.results.encoding import save_result
from wilks.results.yields import yields_per_bin, yields_per_channel
from wilks.selection import natural


@dataclass(frozen=True, eq=False)
class ChannelPrediction:
    """One channel of a prediction.

    `samples` are in the order of the workspace; `yields` and `uncertainties` have shape (samples, bins);
    `total_uncertainty` (bins,) takes the correlations between samples into account, `sample_sums_uncertainty`
    (samples,) and `sum_uncertainty` those between bins. `data` (bins,) is what was observed, NaN in
    blinded bins. `masked` are bins (from 0) that the workspace masks: no fit sees them.
    """

    name: str
    axis: Axis
    samples: tuple[str, ...]
    yields: FloatArray
    uncertainties: FloatArray
    total_uncertainty: FloatArray
    sample_sums_uncertainty: FloatArray
    sum_uncertainty: float
    data: FloatArray
    masked: tuple[int, ...] = ()

    @property
    def total(self) -> FloatArray:
        """Sum of the samples per bin, shape (bins,)."""
        total: FloatArray = self.yields.sum(axis=0)
        return total

    def __repr__(self) -> str:
        return f'<ChannelPrediction: "{self.name}", {len(self.samples)} samples, {len(self.axis)} bins>'


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the model expects, with 68 % uncertainties, at some parameter values.

    `label` is "pre-fit" or "post-fit" (or the user's own word); `method` says how uncertainties were propagated:
    "linear" or "cabinetry" (see `predict`). `conditions` are those of the fit. `signals` are the samples that the
    parameter of interest scales, which figures stack on top.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> prediction = wilks.predict(model)
    >>> prediction.channel_names, prediction["muons"].yields.shape
    (('electrons', 'muons'), (3, 5))
    """

    label: str
    channels: tuple[ChannelPrediction, ...]
    workspace_digest: str
    method: str = "linear"
    conditions: tuple[Condition, ...] = ()
    signals: tuple[str, ...] = ()

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(channel.name for channel in self.channels)

    def __getitem__(self, channel: str) -> ChannelPrediction:
        for candidate in self.channels:
            if candidate.name == channel:
                return candidate
        raise KeyError(f'no channel "{channel}" in this prediction{nearest(channel, self.channel_names)}')

    def blinded(self, bins: Mapping[str, Sequence[int]]) -> Prediction:
        """Return the prediction without the data of some bins, by channel (see `find_bins`): NaN, null in a file.

        Channels that are not in the prediction are passed over. IndexError for bins that don't exist.
        """
        channels = []
        for channel in self.channels:
            data = channel.data.copy()
            data[list(bins.get(channel.name, ()))] = np.nan
            channels.append(replace(channel, data=data))
        return replace(self, channels=tuple(channels))

    def __repr__(self) -> str:
        bins = sum(len(channel.axis) for channel in self.channels)
        samples = len({sample for channel in self.channels for sample in channel.samples})
        return f"<Prediction: {self.label}, {len(self.channels)} channels, {samples} samples, {bins} bins>"

    def __str__(self) -> str:
        table = yields_per_channel(self, [self[name] for name in natural(self.channel_names)])
        return "\n".join([table.text(), *condition_lines(self.conditions)])

    def _repr_html_(self) -> str:
        channels = [self[name] for name in natural(self.channel_names)]
        bins = sum(len(channel.axis) for channel in channels)
        more = f"<details><summary>{bins} bins</summary>\n{yields_per_bin(self, channels).html()}\n</details>\n"
        return yields_per_channel(self, channels).html() + more + condition_html(self.conditions)

    def save(self, path: str | Path) -> None:
        """Write the prediction as JSON, for `load_result`. Raises ResultError where the file can't be written."""
        save_result(self, path)
