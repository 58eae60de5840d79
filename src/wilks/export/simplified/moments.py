"""Moments of the background of a model: what its uncertainties make of the expected events of every bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError, ResultError, listed, nearest
from wilks.fitting.mle import fit
from wilks.infer.transfer import transfer
from wilks.model.compile import compile_model
from wilks.model.model import Model, Positions
from wilks.model.terms import prefit_covariance
from wilks.results.fit import FitResult
from wilks.selection import matching
from wilks.workspace.edit import modifiers_of, select_channels, with_channels, without_masked_bins
from wilks.workspace.references import steering_parameters
from wilks.workspace.spec import NormFactor
from wilks.workspace.workspace import Workspace

FITS = ("control", "all", "none")
_CHUNK = 1000
# Which part of the samples beyond the bounds of a parameter counts, and which is told.
_BEYOND, _MANY = 1e-3, 0.05
# How well the skewness of a bin must be known not to be told, and from how many parts of the samples that is found.
_NOISY, _PARTS = 0.3, 20


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean (bins,), covariance (bins, bins) and third central moments (bins,) of the background of some channels.

    `best` (bins,) are the rates at the fitted (or nominal) parameters, `linear` (bins, bins) their covariance by linear
    propagation. `signals` has nominal yields (bins,) by name, `blocks` are
    channel and sample of what is signal. Bins are those of `channels` one after the other, as
    `bins` counts them. `data` (bins,) was observed. `notes` are sentences on what the moments can't say well,
    `curved` the signals that are not proportional to the parameter of interest.
    """

    channels: tuple[str, ...]
    bins: tuple[int, ...]
    mean: FloatArray
    covariance: FloatArray
    third: FloatArray
    best: FloatArray
    linear: FloatArray
    data: FloatArray
    signals: dict[str, FloatArray]
    blocks: frozenset[tuple[str, str]]
    poi: str
    fitted: str
    samples: int
    seed: int
    notes: tuple[str, ...] = ()
    curved: tuple[str, ...] = ()

    @property
    def labels(self) -> list[str]:
        """A name for each bin, counted from 1 in its channel."""
        pairs = zip(self.channels, self.bins, strict=True)
        return [f"{name}, bin {i + 1}" for name, bins in pairs for i in range(bins)]

    @property
    def slices(self) -> dict[str, slice]:
        """Where the bins of each channel are."""
        ends = np.cumsum((0, *self.bins)).tolist()
        return {name: slice(ends[i], ends[i + 1]) for i, name in enumerate(self.channels)}


def background_moments(
    workspace: Workspace,
    *,
    channels: str | Sequence[str] | None = None,
    fitted: str | None = None,
    samples: int = 20_000,
    seed: int = 1,
    measurement: str | None = None,
    poi: str | None = None,
) -> Moments:
    """Return the moments of everything that the parameter of interest does not scale; see `simplify`."""
    workspace = without_masked_bins(workspace)
    full = compile_model(workspace, measurement=measurement, poi=_poi(workspace, measurement, poi))
    signals = _scaled(workspace, full.poi)
    background = _without(workspace, signals)
    kept, problems = _kept(workspace, channels)
    others = [name for name in workspace.channel_names if name not in kept]
    model = compile_model(background, measurement=measurement, poi="")
    fitted = ("control" if others else "all") if fitted is None else fitted
    problems += _problems(fitted, others, samples)
    if problems:
        raise InputError(problems)
    where = np.concatenate([np.arange(s.start, s.stop) for s in (model.channel_slices[name] for name in kept)])
    theta, covariance = _known(model, background, fitted, others, where, measurement)
    best = model.expected(theta)[where]
    along = model.rates_jacobian(theta)[where]
    linear = along @ covariance @ along.T
    yields, curved = _signals(full, kept, signals)
    mean, spread, third, notes = _sampled(model, theta, covariance, where, along, samples, seed)
    return Moments(
        channels=tuple(kept),
        bins=tuple(model.channel_bins[name] for name in kept),
        mean=mean,
        covariance=spread,
        third=third,
        best=best,
        linear=0.5 * (linear + linear.T),
        data=full.observed_main[where],
        signals=yields,
        blocks=signals,
        poi=(full.poi or "") if yields else "",
        fitted=fitted,
        samples=samples,
        seed=seed,
        notes=notes,
        curved=curved,
    )


def _poi(workspace: Workspace, measurement: str | None, poi: str | None) -> str | None:
    """Return the parameter of interest to compile with: none where a background-only workspace names one it lacks."""
    if poi is not None:
        return poi
    every = workspace.document.measurements
    chosen = next((one for one in every if one.name == measurement), every[0])
    model = compile_model(workspace, measurement=chosen.name, poi="")
    return chosen.config.poi if chosen.config.poi in model.parameter_names else ""


def _kept(workspace: Workspace, channels: str | Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Return the channels that are named, in the workspace's order (default: all), and sentences on unknown ones."""
    names = workspace.channel_names
    if channels is None:
        return list(names), []
    wanted = [channels] if isinstance(channels, str) else list(channels)
    places = {pattern: matching(names, pattern) for pattern in wanted}
    chosen = {int(i) for found in places.values() for i in found}
    problems = [
        f'no channel "{one}" in the workspace, only {listed(names)}{nearest(one, names)}'
        for one, found in places.items()
        if not len(found)
    ]
    return [name for i, name in enumerate(names) if i in chosen], problems


def _problems(fitted: str, others: Sequence[str], samples: int) -> list[str]:
    problems = []
    if fitted not in FITS:
        problems.append(f'no fit "{fitted}"; there are {listed(FITS)}{nearest(fitted, FITS)}')
    if fitted == "control" and not others:
        problems.append("no channel is left to be fitted as control region: name fewer channels, or another fit")
    if samples < 100:
        problems.append(f"at least 100 samples are needed for moments, found {samples}")
    return problems


def _known(
    model: Model, background: Workspace, fitted: str, others: Sequence[str], where: Positions, measurement: str | None
) -> tuple[FloatArray, FloatArray]:
    """Return values and covariance of the parameters of the background. Raises InputError and ResultError."""
    known = np.zeros(model.n_parameters, np.bool_)
    if fitted == "none":
        theta, covariance = model.prefit_values, prefit_covariance(model, model.fixed)
    else:
        result = fit(model) if fitted == "all" else _control(model, background, others, measurement)
        if not result.converged or not result.covariance_valid:
            raise ResultError(f"the fit of the background gives no covariance: {result.status}")
        theta, covariance = result.values, result.covariance
        carried = set(result.settings.get("not_in_fit", ()))
        known = np.array([name not in carried for name in model.parameter_names])
    acting = np.abs(model.rates_jacobian(theta)[where]).max(axis=0, initial=0.0) > 0
    open_ends = acting & model.unconstrained & ~model.fixed & ~known
    if open_ends.any():
        names = [name for name, is_open in zip(model.parameter_names, open_ends, strict=True) if is_open]
        raise InputError(
            f"nothing tells the size of {listed(names)}: no constraint, and no fit of a channel that measures it; "
            'the fit "all" uses every channel'
        )
    return theta, covariance


def _control(model: Model, background: Workspace, others: Sequence[str], measurement: str | None) -> FitResult:
    """Return the fit of the other channels, as one of the model of all."""
    control = compile_model(select_channels(background, list(others)), measurement=measurement, poi="")
    return transfer(fit(control), model)


def _sampled(
    model: Model,
    theta: FloatArray,
    covariance: FloatArray,
    where: Positions,
    along: FloatArray,
    samples: int,
    seed: int,
) -> tuple[FloatArray, FloatArray, FloatArray, tuple[str, ...]]:
    """Return mean, covariance and third moments of the rates when parameters are normal around `theta`, and notes.

    Points come in pairs on either side, and what is linear in the parameters is taken from the exact formula: the
    samples only measure what the curvature of the rates adds, and are exact where there is none. Points beyond the
    bounds of a parameter are put onto them; where that matters the formula does not hold, and is left out.
    """
    root = _root(covariance)
    lower, upper = model.bounds
    best = model.expected(theta)[where]
    generator = np.random.default_rng(seed)
    pairs = -(-samples // 2)
    changes, straight, beyond = [], [], np.zeros(model.n_parameters)
    for start in range(0, pairs, _CHUNK):
        steps = generator.standard_normal((min(_CHUNK, pairs - start), root.shape[1])) @ root.T
        for side in (steps, -steps):
            points = np.clip(theta + side, lower, upper)
            beyond += (points != theta + side).sum(axis=0)
            changes.append(model.expected(points)[:, where] - best)
            straight.append(side @ along.T)
    change, line = np.concatenate(changes), np.concatenate(straight)
    n = len(change)
    beyond = np.where(np.abs(along).max(axis=0, initial=0.0) > 0, beyond, 0.0) / n
    shift = change.mean(axis=0)
    around = change - shift
    spread = around.T @ around / n
    if beyond.max(initial=0.0) < _BEYOND:
        spread += along @ covariance @ along.T - line.T @ line / n
    many = [(model.parameter_names[i], beyond[i]) for i in np.argsort(-beyond, kind="stable") if beyond[i] > _MANY]
    notes = tuple(f"{name}: {100 * part:.0f} % of the samples are beyond its bounds" for name, part in many)
    third = np.asarray((around**3).mean(axis=0))
    noise = _noise(around**3, np.diag(spread))
    if noise > _NOISY:
        notes += (f"skewness is known to {noise:.1g} only with {n} samples: some bins have long tails",)
    return best + shift, 0.5 * (spread + spread.T), third, notes


def _noise(cubes: FloatArray, variance: FloatArray) -> float:
    """Return the largest standard deviation of a bin's skewness, from the scatter of parts of the samples."""
    parts = np.stack([part.mean(axis=0) for part in np.array_split(cubes, _PARTS)])
    errors = parts.std(axis=0, ddof=1) / np.sqrt(_PARTS)
    moving = variance > 0
    return float((errors[moving] / variance[moving] ** 1.5).max(initial=0.0))


def _root(covariance: FloatArray) -> FloatArray:
    """Return a matrix whose product with its transpose is the covariance: Cholesky's, which is one and the same
    everywhere, for what moves; where combinations don't, that of eigenvalues.
    """
    moving = np.flatnonzero(np.diag(covariance) > 0)
    part = covariance[np.ix_(moving, moving)]
    sizes = np.sqrt(np.diag(part))
    correlation = part / np.outer(sizes, sizes)
    root = np.zeros((len(covariance), moving.size))
    try:
        root[moving] = sizes[:, None] * np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(correlation)
        root[moving] = sizes[:, None] * vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _scaled(workspace: Workspace, poi: str | None) -> frozenset[tuple[str, str]]:
    """Return channel and sample of what the parameter of interest scales, by itself or by way of functions."""
    steering = steering_parameters(workspace.document)
    return frozenset(
        (channel.name, sample.name)
        for channel, sample, modifier in modifiers_of(workspace.document.channels)
        if isinstance(modifier, NormFactor) and poi in steering.get(modifier.name, [modifier.name])
    )


def _without(workspace: Workspace, signals: frozenset[tuple[str, str]]) -> Workspace:
    """Return the workspace without signals. Raises InputError where a channel has nothing else."""
    if not signals:
        return workspace
    channels = [
        msgspec.structs.replace(c, samples=[s for s in c.samples if (c.name, s.name) not in signals])
        for c in workspace.document.channels
    ]
    if bare := [channel.name for channel in channels if not channel.samples]:
        raise InputError(f"{listed(bare)}: there is no background, the parameter of interest scales every sample")
    return with_channels(workspace, channels)


def _signals(
    full: Model, kept: Sequence[str], blocks: frozenset[tuple[str, str]]
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Return the nominal yields of each signal in the channels that are kept, for a parameter of interest of 1.

    And the names of signals that are not proportional to it.
    """
    if full.poi is None:
        return {}, ()
    theta = full.prefit_values.copy()
    rates = []
    for value in (0.0, 1.0, 2.0):
        theta[full.index(full.poi)] = value
        rates.append(full.expected_by_block(theta))
    bins = full.channel_bins
    found, curved = {}, []
    for signal in dict.fromkeys(block.sample for block in full.blocks if (block.channel, block.sample) in blocks):
        places = {
            b.channel: i for i, b in enumerate(full.blocks) if b.sample == signal and (b.channel, b.sample) in blocks
        }
        none, one, two = (
            np.concatenate([at[places[name]] if name in places else np.zeros(bins[name]) for name in kept])
            for at in rates
        )
        found[signal] = one
        if none.any() or not np.allclose(two, 2.0 * one, rtol=1e-9, atol=0.0):
            curved.append(signal)
    return found, tuple(curved)
