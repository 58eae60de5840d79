"""Statistical uncertainties of a channel as what autoMCStats makes of the errors of its histograms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from wilks._types import BoolArray, FloatArray, JSONDict
from wilks.formats.datacard.auto_mc_stats import effective_events, events_of
from wilks.formats.datacard.samples import Made
from wilks.formats.histfactory_xml.write_channels import Told
from wilks.workspace.spec import Channel, ShapeSys, StatError


@dataclass
class ChannelStatistics:
    """Errors of the histograms of a channel by sample, and `threshold` and `signals` of its line.

    `apart` are bins that have a parameter for each process, `counts` the events of those that are Poisson.
    """

    channel: Channel
    called: str
    processes: Mapping[str, str]
    told: Told
    errors: dict[str, FloatArray] = field(default_factory=dict)
    counts: dict[str, FloatArray] = field(default_factory=dict)
    threshold: int = 0
    signals: bool = False

    def __post_init__(self) -> None:
        size = len(self.channel.samples[0].data)
        self.together, self.apart = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
        carriers: dict[str, list[tuple[str, FloatArray]]] = {}
        for sample in self.channel.samples:
            for modifier in sample.modifiers:
                if isinstance(modifier, StatError):
                    carriers.setdefault(modifier.name, []).append((sample.name, np.asarray(modifier.data, np.float64)))
                    self._name(modifier.name, sample.name)
                elif isinstance(modifier, ShapeSys):
                    self._count(sample.name, np.asarray(sample.data, np.float64), modifier)
        alone = len(carriers) == 1 and not self.counts
        for name, samples in carriers.items():
            joint = len(samples) > 1 or name == f"prop_bin{self.channel.name}" or alone
            for sample_name, data in samples:
                self._add(sample_name, data)
                self._mark(self.together if joint else self.apart, data > 0)
        if (self.together & self.apart).any():
            text = "has bins with a statistical parameter for samples together and another for one of them"
            self.told.problems.append(f'channel "{self.channel.name}": {text}')

    @property
    def there(self) -> bool:
        """Whether there is anything."""
        return bool(self.errors)

    def _add(self, sample: str, errors: FloatArray) -> None:
        self.errors[sample] = np.maximum(self.errors.get(sample, 0.0), errors)

    def _mark(self, bins: BoolArray, which: BoolArray) -> None:
        bins |= which

    def _name(self, name: str, sample: str) -> None:
        channel = self.channel.name
        if name not in (f"prop_bin{channel}", f"prop_bin{channel}_{sample}"):
            text = f'its parameters are called "prop_bin{self.called}[...]" when the card is read'
            self.told.lost(f'staterror "{name}"', text)

    def _count(self, sample: str, yields: FloatArray, modifier: ShapeSys) -> None:
        """Take the errors of one sample from a shapesys."""
        where = f'channel "{self.channel.name}", sample "{sample}": shapesys "{modifier.name}"'
        widths = np.asarray(modifier.data, np.float64)
        bins = widths > 0
        events = np.divide(yields, widths, out=np.zeros_like(yields), where=bins) ** 2
        counts = np.rint(events)
        if modifier.shared or modifier.constraint == "normal" or not np.allclose(events, counts, rtol=1e-9, atol=0):
            text = "autoMCStats has Poisson constraints of whole numbers of events, (yield / uncertainty)²"
            self.told.problems.append(f"{where}: {text}; this has others")
            return
        if modifier.name != f"prop_bin{self.channel.name}_{sample}_count":
            text = f'its parameters are called "prop_bin{self.called}_{self.processes[sample]}_count[...]" when read'
            self.told.lost(f'shapesys "{modifier.name}"', text)
        self.counts[sample] = np.where(bins, counts, 0.0)
        self._add(sample, np.where(bins, widths, 0.0))
        self._mark(self.apart, bins)

    def decide(self, floors: Mapping[str, float], factors: Mapping[str, float], signals: set[str]) -> None:
        """Find the threshold for which the reader makes the same parameters, by cuts and factors of the samples."""
        made = [self._made(sample.name, floors[sample.name], signals) for sample in self.channel.samples]
        for steps in (0.0, 0.25, 0.499):
            for one in made:
                self._widen(one, steps)
            for self.signals in (False, True):
                if self._found(made, [factors[one.sample["name"]] for one in made]):
                    self.errors |= {one.sample["name"]: one.errors for one in made if one.sample["name"] in self.errors}
                    return
        text = "no threshold of autoMCStats gives bins with a parameter for all samples, and those with one for each, "
        self.told.problems.append(f'channel "{self.channel.name}": {text}as they are here')

    def _made(self, sample: str, floor: float, signals: set[str]) -> Made:
        data = next(one.data for one in self.channel.samples if one.name == sample)
        values = np.maximum(np.asarray(data, np.float64), floor)
        content: JSONDict = {"name": sample}
        return Made(content, values, self.errors.get(sample, np.zeros(values.size)), sample in signals)

    def _widen(self, one: Made, steps: float) -> None:
        """Make errors as large as their rounded numbers of events allow, by a part of an event."""
        counts = self.counts.get(one.sample["name"])
        if counts is None or steps == 0.0:
            return
        bins = counts > 0
        wider = np.divide(one.values, np.sqrt(np.where(bins, counts - steps, 1.0)))
        one.errors = np.where(bins, np.minimum(wider, one.values / 0.9991), one.errors)

    def _found(self, made: list[Made], factors: list[float]) -> bool:
        with_error, effective = effective_events(made, factors, self.signals)
        if not (with_error >= (self.together | self.apart)).all():
            return False
        low, high = effective[self.apart], list(effective[self.together])
        limits = [0.0, *low]
        for one in made:
            counts = self.counts.get(one.sample["name"], np.zeros(one.values.size))
            poisson, events = counts > 0, events_of(one)
            limits += list(events[poisson])
            if (events[poisson] != counts[poisson]).any():
                return False
            many = self.apart & ~poisson & (one.errors > 0) & (one.values >= 0.999 * one.errors)
            high += list(events[many])
        self.threshold = int(max(limits))
        return all(self.threshold < value for value in high)
