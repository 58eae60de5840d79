"""Rules about nominal yields, data and the statistical uncertainty of the simulation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from wilks._types import BoolArray, FloatArray
from wilks.checks.cases import block_case, channel_case
from wilks.checks.thresholds import Thresholds
from wilks.checks.view import Block, View, is_statistical
from wilks.checks.wording import counted, percent, some
from wilks.results.findings import Finding, Severity
from wilks.table import number
from wilks.workspace.spec import ShapeSys, StatError

# A sum below this part of its terms is zero.
_ROUNDING = 1e-12


def _by_sample(view: View) -> dict[str, list[Block]]:
    samples: dict[str, list[Block]] = {}
    for block in view.blocks:
        samples.setdefault(block.sample.name, []).append(block)
    return samples


def not_finite_yield(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Nominal yields, statistical uncertainties or data hold NaN or infinity."""
    for sample, blocks in _by_sample(view).items():
        bad = [(b, lost) for b in blocks if (lost := _broken(b.nominal, b.errors)).size]
        if bad:
            yield Finding(
                "not-finite-yield",
                Severity.ERROR,
                f'sample "{sample}"',
                f"Yields or statistical uncertainties are not finite in {some([b.channel for b, _ in bad])}.",
                "Look at the input histograms and weights; the likelihood has no value.",
                tuple(block_case(b, bins=lost) for b, lost in bad),
            )
    for channel, data in view.observed.items():
        if (lost := _broken(data)).size:
            yield Finding(
                "not-finite-yield",
                Severity.ERROR,
                f'channel "{channel}"',
                f"The data are not finite in {view.bins(channel, lost)}.",
                "Look at the data histogram.",
                (channel_case(channel, bins=lost),),
            )


def _broken(*arrays: FloatArray) -> npt.NDArray[np.intp]:
    """Return the bins in which any of some arrays is not finite."""
    return np.flatnonzero(~np.isfinite(arrays).all(axis=0))


def negative_yield(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Nominal yields are negative: an error where the whole prediction of the bin is."""
    for channel, total in view.total.items():
        below = np.flatnonzero(total < 0)
        if below.size:
            yield Finding(
                "negative-yield",
                Severity.ERROR,
                f'channel "{channel}"',
                f"The prediction is negative in {view.bins(channel, below)} (lowest {number(total.min())}).",
                "Merge these bins with their neighbours: a negative expectation has no likelihood.",
                (channel_case(channel, total.min(), below),),
            )
    for sample, blocks in _by_sample(view).items():
        bad = [b for b in blocks if ((b.nominal < 0) & (view.total[b.channel] >= 0)).any()]
        if bad:
            count = sum(int((b.nominal < 0).sum()) for b in bad)
            yield Finding(
                "negative-yield",
                Severity.WARNING,
                f'sample "{sample}"',
                f"The yield is negative in {counted(count, 'bin')} of {some([b.channel for b in bad])} "
                f"(lowest {number(min(b.nominal.min() for b in bad))}).",
                "Merge bins, or add the sample to a larger one: factors on a negative yield act the wrong way round.",
                tuple(block_case(b, b.nominal.min(), np.flatnonzero(b.nominal < 0)) for b in bad),
            )


def negative_data(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Observed counts are negative: there is no likelihood, and every fit refuses them."""
    for channel, data in view.observed.items():
        below = np.flatnonzero(data < 0)
        if channel in view.blocks_of and below.size:
            yield Finding(
                "negative-data",
                Severity.ERROR,
                f'channel "{channel}"',
                f"The data are negative in {view.bins(channel, below)} (lowest {number(data.min())}).",
                "Look at the data histogram: counts can't be negative, and every fit refuses them.",
                (channel_case(channel, data.min(), below),),
            )


def unknown_observation(view: View, limits: Thresholds) -> Iterator[Finding]:
    """There are data of channels that don't exist; they are read by nothing."""
    names = [name for name in view.observed if name not in view.blocks_of]
    if names:
        yield Finding(
            "unknown-observation",
            Severity.NOTE,
            f'observation "{", ".join(names[:6])}"',
            f"There are data and no channel of {'this name' if len(names) == 1 else f'{len(names)} names'}: "
            "they are not fitted.",
            "Right for regions that were left out; else add the channel.",
            tuple(map(channel_case, names)),
        )


def negative_background(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Without signal the prediction of a bin is negative: the hypothesis that limits and significances need is none."""
    for channel, background in view.background.items():
        size = np.sum([np.abs(block.nominal) for block in view.blocks_of[channel]], axis=0)
        below = np.flatnonzero((background < -_ROUNDING * size) & (view.total[channel] >= 0))
        if below.size:
            yield Finding(
                "negative-background",
                Severity.ERROR,
                f'channel "{channel}"',
                f"Without {view.poi} the prediction is negative in {view.bins(channel, below)} "
                f"(lowest {number(background.min())}).",
                "Merge these bins with their neighbours: without signal there is no likelihood.",
                (channel_case(channel, background.min(), below),),
            )


def data_without_prediction(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Bins with data where nothing is predicted."""
    for channel, total in view.total.items():
        data = view.observed.get(channel)
        if data is None:
            continue
        empty = np.flatnonzero((data > 0) & (total == 0))
        if empty.size:
            yield Finding(
                "data-without-prediction",
                Severity.ERROR,
                f'channel "{channel}"',
                f"There are {number(data[empty].sum())} events of data and no prediction in "
                f"{view.bins(channel, empty)}.",
                "Merge these bins with their neighbours or add the missing process: the likelihood is zero.",
                (channel_case(channel, data[empty].sum(), empty),),
            )


def signal_only(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Bins where only samples scaled by the parameter of interest predict anything."""
    for channel, background in view.background.items():
        size = np.sum([np.abs(block.nominal) for block in view.blocks_of[channel]], axis=0)
        alone = np.flatnonzero((view.total[channel] > 0) & (np.abs(background) <= _ROUNDING * size))
        if alone.size:
            yield Finding(
                "signal-only",
                Severity.WARNING,
                f'channel "{channel}"',
                f"Only samples scaled by {view.poi} predict events in {view.bins(channel, alone)}.",
                "With no background a single event excludes zero signal: merge bins, or make sure that it is true.",
                (channel_case(channel, view.total[channel][alone].sum(), alone),),
            )


def zero_staterror(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A bin has yield and a statistical uncertainty of exactly zero.

    Left alone are bins with an uncertainty of another kind (shapesys), and bins in which no sample of the channel has
    one while other bins have: a threshold dropped them.
    """
    dropped = {channel: _dropped_on_purpose(blocks) for channel, blocks in view.blocks_of.items()}
    for sample, blocks in _by_sample(view).items():
        places, cases = [], []
        for block in blocks:
            if block.has_staterror:
                # A bin far below the channel's yield does not need its own uncertainty.
                counts = block.nominal > limits.empty * view.total[block.channel]
                described = _has_uncertainty(block) | dropped[block.channel]
                zero = np.flatnonzero(counts & (block.nominal > 0) & ~described)
                if zero.size:
                    places.append(f"{block.channel} {view.bins(block.channel, zero)}")
                    cases.append(block_case(block, bins=zero))
        if places:
            yield Finding(
                "zero-staterror",
                Severity.WARNING,
                f'sample "{sample}"',
                f"The statistical uncertainty is zero where the yield is not: {some(places)}.",
                "Check how the histogram was filled: the sum of squared weights is missing (Sumw2).",
                tuple(cases),
            )


def _has_uncertainty(block: Block) -> BoolArray:
    """Return which bins have an uncertainty of their own, whatever its constraint, shape (n,)."""
    own = [modifier.data for modifier in block.sample.modifiers if isinstance(modifier, ShapeSys)]
    found: BoolArray = np.any([block.errors != 0, *(np.asarray(data) != 0 for data in own)], axis=0)
    return found


def _dropped_on_purpose(blocks: list[Block]) -> BoolArray:
    """Return the bins of a channel in which no sample has a staterror; none where that is so in all bins.

    A shapesys may be a systematic uncertainty, which says nothing about thresholds.
    """
    absent: BoolArray = ~np.any([block.errors != 0 for block in blocks], axis=0)
    return np.zeros_like(absent) if absent.all() else absent


def missing_staterror(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A sample has no statistical uncertainty where other samples of the channel have one."""
    for sample, blocks in _by_sample(view).items():
        lacking = [
            b
            for b in blocks
            if not b.has_staterror
            and not any(isinstance(modifier, ShapeSys) for modifier in b.sample.modifiers)
            and b.integral > limits.empty * view.total[b.channel].sum()
            and any(other.has_staterror for other in view.blocks_of[b.channel])
        ]
        if lacking:
            yield Finding(
                "missing-staterror",
                Severity.NOTE,
                f'sample "{sample}"',
                f"It has no statistical uncertainty in {some([b.channel for b in lacking])}, where other samples have "
                "one.",
                "Right for a sample that is not simulated; else remove DisableStaterror.",
                tuple(map(block_case, lacking)),
            )


def large_staterror(view: View, limits: Thresholds) -> Iterator[Finding]:
    """The statistical uncertainty of the simulation is large in a bin."""
    for channel, blocks in view.blocks_of.items():
        simulated = [b for b in blocks if b.has_staterror]
        if not simulated:
            continue
        absolute = np.sqrt(np.sum([b.errors**2 for b in simulated], axis=0))
        total = view.total[channel]
        relative = np.divide(absolute, total, out=np.zeros_like(total), where=total > 0)
        large = np.flatnonzero(relative > limits.statistical)
        if large.size:
            yield Finding(
                "large-staterror",
                Severity.WARNING,
                f'channel "{channel}"',
                f"The simulation's statistical uncertainty is above {100 * limits.statistical:.0f} % in "
                f"{view.bins(channel, large)} (largest {percent(relative.max(), sign=False)}).",
                "Merge bins or use more simulated events: a Gaussian uncertainty is a poor description here.",
                (channel_case(channel, relative.max(), large),),
            )


def staterror_on_nothing(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A bin has a statistical uncertainty on a yield that is not above zero: no relative one exists, and none is used.

    Left alone are bins whose whole prediction is negative.
    """
    for channel, blocks in view.blocks_of.items():
        by_name: dict[str, list[tuple[Block, FloatArray]]] = {}
        for block in blocks:
            for modifier in block.sample.modifiers:
                if is_statistical(modifier):
                    of = "" if isinstance(modifier, StatError) else f" of {block.sample.name}"
                    carrier = block, np.asarray(modifier.data, np.float64)
                    by_name.setdefault(modifier.name + of, []).append(carrier)
        for carriers in by_name.values():
            nominal = np.sum([block.nominal for block, _ in carriers], axis=0)
            error = np.max([data for _, data in carriers], axis=0)
            yield from _on_nothing(view, "staterror-on-nothing", channel, carriers, nominal, error)


def shapesys_on_nothing(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A shapesys has an uncertainty where its sample's yield is not above zero: none is used."""
    for channel, blocks in view.blocks_of.items():
        for block in blocks:
            for modifier in block.sample.modifiers:
                if isinstance(modifier, ShapeSys) and not is_statistical(modifier):
                    data = np.asarray(modifier.data, np.float64)
                    yield from _on_nothing(view, "shapesys-on-nothing", channel, [(block, data)], block.nominal, data)


def _on_nothing(
    view: View,
    rule: str,
    channel: str,
    carriers: list[tuple[Block, FloatArray]],
    nominal: FloatArray,
    error: FloatArray,
) -> Iterator[Finding]:
    """Yield the finding about the bins of a channel in which samples (with their uncertainties) lose them."""
    lost = np.flatnonzero((nominal <= 0) & (error > 0) & (view.total[channel] >= 0))
    if not lost.size:
        return
    samples = [block.sample.name for block, data in carriers if (data[lost] > 0).any()]
    what = "a statistical uncertainty" if rule.startswith("staterror") else "an uncertainty (shapesys)"
    below = (nominal[lost] < 0).any()
    yield Finding(
        rule,
        Severity.WARNING,
        f'channel "{channel}"',
        f"There is {what} on a yield {'that is not above zero' if below else 'of zero'} in "
        f"{view.bins(channel, lost)} of {some(samples)} (largest {number(error[lost].max())}).",
        "It has no effect: its parameter is held constant. Merge these bins with their neighbours"
        + (", or add the sample to a larger one." if below else "."),
        (channel_case(channel, error[lost].max(), lost),),
    )


def empty_process(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A sample predicts nothing, in some channels or at all."""
    for sample, blocks in _by_sample(view).items():
        empty = [b for b in blocks if not b.nominal.any()]
        if empty:
            everywhere = len(empty) == len(blocks)
            yield Finding(
                "empty-process",
                Severity.WARNING if everywhere else Severity.NOTE,
                f'sample "{sample}"',
                f"It predicts nothing in {'any channel' if everywhere else some([b.channel for b in empty])}.",
                "Check its path and selection, or leave it out there.",
                tuple(map(block_case, empty)),
            )


def tiny_process(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A sample is a tiny part of every channel it is in."""
    for sample, blocks in _by_sample(view).items():
        shares = [(b, b.integral / total) for b in blocks if (total := view.total[b.channel].sum()) > 0]
        largest = max((part for _, part in shares), default=0.0)
        if 0 < largest < limits.tiny_process:
            yield Finding(
                "tiny-process",
                Severity.NOTE,
                f'sample "{sample}"',
                f"It is at most {percent(largest, sign=False)} of a channel.",
                "Check its normalisation; merged with a similar process it costs no parameters.",
                tuple(block_case(b, part) for b, part in shares),
            )
