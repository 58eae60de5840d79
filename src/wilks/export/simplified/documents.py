"""Simplified likelihoods as workspaces: the parabolas of CMS, and the one background of ATLAS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.export.simplified.coefficients import Coefficients
from wilks.export.simplified.moments import Moments
from wilks.workspace.edit import as_plain_as_can_be, with_channels
from wilks.workspace.extensions import WILKS
from wilks.workspace.making import made
from wilks.workspace.references import all_names
from wilks.workspace.spec import (
    Channel,
    Correlation,
    Document,
    Function,
    HistoSys,
    HistoSysData,
    Measurement,
    MeasurementConfig,
    Modifier,
    NormFactor,
    Observation,
    ParameterSettings,
    Sample,
    ShapeSys,
)
from wilks.workspace.workspace import Workspace

# How far a theta may go, and below which fraction of its mean no background falls.
FARTHEST, FLOOR = 8.0, 1e-6
BACKGROUND, TOTAL_ERROR = "Bkg", "totalError"
UNCERTAINTIES = ("correlated", "per bin")


@dataclass(frozen=True)
class Kept:
    """What a simplified likelihood keeps of a model: its signals, whole (`systematics`) or their nominal yields."""

    workspace: Workspace
    moments: Moments
    systematics: bool
    measurement: str | None

    def signals(self, channel: str, where: slice) -> list[Sample]:
        """Return the signals in a channel."""
        if not self.systematics:
            return [
                Sample(name, yields[where].tolist(), [NormFactor(self.moments.poi, None)])
                for name, yields in self.moments.signals.items()
                if yields[where].any()
            ]
        original = next(c for c in self.workspace.document.channels if c.name == channel)
        return [sample for sample in original.samples if (channel, sample.name) in self.moments.blocks]

    def free(self, name: str) -> str:
        """Return a name like this one that nothing in the workspace begins with."""
        document = self.workspace.document
        taken = [*all_names(document), *(sample.name for c in document.channels for sample in c.samples)]
        taken += [setting.name for one in document.measurements for setting in one.config.parameters]
        while any(one.startswith(name) for one in taken):
            name = f"simple_{name}"
        return name

    def document(
        self,
        channels: list[Channel],
        parameters: Sequence[ParameterSettings] = (),
        functions: Sequence[Function] = (),
        correlations: Sequence[Correlation] = (),
    ) -> Workspace:
        """Return the workspace of these channels, with the settings of what is left of the signals' parameters."""
        every = self.workspace.document.measurements
        name = self.measurement or every[0].name
        left = with_channels(self.workspace, channels).document
        config = next(one for one in left.measurements if one.name == name).config
        config = MeasurementConfig(
            self.moments.poi,
            [*config.parameters, *parameters],
            correlations=[*(config.correlations or ()), *correlations] or None,
            clip=config.clip,
        )
        observations = [
            Observation(name, self.moments.data[where].tolist()) for name, where in self.moments.slices.items()
        ]
        document = Document(
            channels,
            observations,
            [Measurement("simplified", config)],
            WILKS,
            functions=[*(left.functions or ()), *functions] or None,
        )
        kept = {name: axis for name, axis in self.workspace.axes.items() if name in self.moments.channels}
        return made(as_plain_as_can_be(document), kept)


def parabolas(kept: Kept, found: Coefficients) -> Workspace:
    """Return the simplified likelihood A + B theta + C theta^2 with correlated thetas, as a workspace of wilks.

    A sample for each bin, scaled by a function of the bin's theta.
    """
    mean, n = kept.moments.mean, kept.moments.mean.size
    moving = np.flatnonzero((found.linear > 0) | (found.quadratic != 0)).tolist()
    theta, factor, name = (kept.free(text) for text in ("theta", "background", "bin"))
    thetas = {i: f"{theta}_{i + 1}" for i in moving}
    channels = []
    for channel, where in kept.moments.slices.items():
        samples = kept.signals(channel, where)
        for i in range(n)[where]:
            data = np.zeros(where.stop - where.start)
            data[i - where.start] = _nominal(mean, i) if i in thetas else mean[i]
            modifiers: list[Modifier] = [NormFactor(f"{factor}_{i + 1}", None)] if i in thetas else []
            samples.append(Sample(f"{name} {i - where.start + 1}", data.tolist(), modifiers))
        channels.append(Channel(channel, samples))
    parameters = [
        ParameterSettings(
            name, inits=[0.0], bounds=[[-FARTHEST, FARTHEST]], auxdata=[0.0], sigmas=[1.0], constraint="normal"
        )
        for name in thetas.values()
    ]
    rho = found.rho[np.ix_(moving, moving)].tolist()
    correlations = [Correlation(list(thetas.values()), rho)] if len(thetas) > 1 else []
    functions = [Function(f"{factor}_{i + 1}", _parabola(found, mean, i, thetas[i])) for i in moving]
    return kept.document(channels, parameters, functions, correlations)


def one_background(kept: Kept, *, uncertainties: str = "correlated") -> Workspace:
    """Return the simplified likelihood of ATL-PHYS-PUB-2021-038: one background with one uncertainty.

    "correlated": one parameter moves all bins by their uncertainty (histosys `totalError`); "per bin": each bin has its
    own (shapesys).
    """
    sigma, best = np.sqrt(np.diag(kept.moments.linear)), kept.moments.best
    name, error = kept.free(BACKGROUND), kept.free(TOTAL_ERROR)
    channels = []
    for channel, where in kept.moments.slices.items():
        rates, width = best[where], sigma[where]
        if uncertainties == "per bin":
            modifier: Modifier = ShapeSys(f"{error}_{channel}", width.tolist())
        else:
            low = np.maximum(rates - width, 0.0)
            modifier = HistoSys(error, HistoSysData(low.tolist(), (rates + width).tolist()))
        background = Sample(name, rates.tolist(), [modifier])
        channels.append(Channel(channel, [background, *kept.signals(channel, where)]))
    return kept.document(channels)


def _parabola(found: Coefficients, mean: FloatArray, i: int, theta: str) -> str:
    """Return a bin's background over its nominal one as a function of theta; not below a floor, if it gets there."""
    size = _nominal(mean, i)
    a, b, c = (float(x[i]) / size for x in (found.constant, found.linear, found.quadratic))
    text = f"{a!r} + {b!r} * {theta}" + (f" + {c!r} * {theta} ^ 2" if c else "")
    points = [-FARTHEST, FARTHEST, *([-b / (2 * c)] if c and abs(b / (2 * c)) < FARTHEST else [])]
    lowest = min(a + b * x + c * x * x for x in points)
    return text if lowest > FLOOR else f"max({text}, {FLOOR!r})"


def _nominal(mean: FloatArray, i: int) -> float:
    return float(mean[i]) if mean[i] > 0 else 1.0
