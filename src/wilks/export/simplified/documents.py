"""Simplified likelihoods as workspaces: the parabolas of CMS, and the one background of ATLAS."""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray
from wilks.axis import Axis
from wilks.export.simplified.coefficients import Coefficients
from wilks.export.simplified.moments import Moments
from wilks.workspace.edit import as_plain_as_can_be, with_channels
from wilks.workspace.extensions import WILKS
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


def parabolas(workspace: Workspace, moments: Moments, found: Coefficients) -> Workspace:
    """Return the simplified likelihood A + B theta + C theta^2 with correlated thetas, as a workspace of wilks.

    A sample for each bin, scaled by a function of the bin's theta; signals have the parameter of interest alone.
    """
    n = moments.mean.size
    moving = np.flatnonzero((found.linear > 0) | (found.quadratic != 0)).tolist()
    thetas = {i: f"theta_{i + 1}" for i in moving}
    functions = [Function(f"background_{i + 1}", _parabola(found, moments.mean, i, thetas[i])) for i in moving]
    channels = []
    for channel, where in moments.slices.items():
        samples = [_signal(name, yields[where], moments.poi) for name, yields in moments.signals.items()]
        for i in range(n)[where]:
            data = np.zeros(where.stop - where.start)
            data[i - where.start] = _nominal(moments.mean, i) if i in thetas else moments.mean[i]
            modifiers: list[Modifier] = [NormFactor(f"background_{i + 1}", None)] if i in thetas else []
            if data.any():
                samples.append(Sample(f"background in bin {i - where.start + 1}", data.tolist(), modifiers))
        channels.append(Channel(channel, samples))
    parameters = [
        ParameterSettings(
            name,
            inits=[0.0],
            bounds=[[-FARTHEST, FARTHEST]],
            auxdata=[0.0],
            sigmas=[1.0],
            constraint="normal",
        )
        for name in thetas.values()
    ]
    rho = found.rho[np.ix_(moving, moving)].tolist()
    correlations = [Correlation(list(thetas.values()), rho)] if len(thetas) > 1 else None
    config = MeasurementConfig(moments.poi, parameters, correlations=correlations)
    document = Document(
        channels,
        _observations(moments),
        [Measurement("simplified", config)],
        WILKS,
        functions=functions,
    )
    return Workspace(document, _axes(workspace, moments))


def one_background(
    workspace: Workspace,
    moments: Moments,
    *,
    uncertainties: str = "correlated",
    signal_systematics: bool = False,
    measurement: str | None = None,
) -> Workspace:
    """Return the simplified likelihood of ATL-PHYS-PUB-2021-038: one background with one uncertainty.

    "correlated": one parameter moves all bins by their uncertainty (histosys `totalError`); "per bin": each bin has its
    own (shapesys). Signals keep their systematic uncertainties with `signal_systematics`.
    """
    sigma = np.sqrt(np.diag(moments.linear))
    channels = []
    for channel, where in moments.slices.items():
        best = moments.best[where]
        samples = [Sample(BACKGROUND, best.tolist(), _total_error(best, sigma[where], uncertainties, channel))]
        original = next(c for c in workspace.document.channels if c.name == channel)
        for signal, yields in moments.signals.items():
            whole = next((sample for sample in original.samples if sample.name == signal), None)
            if whole is None:
                continue
            samples.append(whole if signal_systematics else _signal(signal, yields[where], moments.poi))
        channels.append(Channel(channel, samples))
    every = workspace.document.measurements
    chosen = next((one for one in every if one.name == measurement), every[0])
    reduced = with_channels(workspace, channels)
    settings = next(one for one in reduced.document.measurements if one.name == chosen.name)
    config = MeasurementConfig(
        moments.poi, settings.config.parameters, correlations=settings.config.correlations, clip=settings.config.clip
    )
    functions = reduced.document.functions
    document = Document(
        channels, _observations(moments), [Measurement("simplified", config)], WILKS, functions=functions
    )
    return Workspace(as_plain_as_can_be(document), _axes(workspace, moments))


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


def _signal(name: str, yields: FloatArray, poi: str) -> Sample:
    return Sample(name, yields.tolist(), [NormFactor(poi, None)])


def _total_error(best: FloatArray, sigma: FloatArray, uncertainties: str, channel: str) -> list[Modifier]:
    if uncertainties == "per bin":
        return [ShapeSys(f"{TOTAL_ERROR}_{channel}", sigma.tolist())]
    low = np.maximum(best - sigma, 0.0)
    return [HistoSys(TOTAL_ERROR, HistoSysData(low.tolist(), (best + sigma).tolist()))]


def _observations(moments: Moments) -> list[Observation]:
    return [Observation(name, moments.data[where].tolist()) for name, where in moments.slices.items()]


def _axes(workspace: Workspace, moments: Moments) -> dict[str, Axis]:
    return {name: axis for name, axis in workspace.axes.items() if name in moments.channels}
