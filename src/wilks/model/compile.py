"""From a workspace to a model: parameters in order, templates as flat arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wilks.errors import KindError, ModelError, ModifierError, SettingsError, listed, nearest
from wilks.model.arrays import HISTOSYS_CODES, NORMSYS_CODES, Arrays
from wilks.model.correlations import correlated_constraints
from wilks.model.functions import Functions, functions_of
from wilks.model.model import Block, Model
from wilks.model.parameters import ParameterSet, collect_parameter_sets
from wilks.workspace.edit import masked_bins, without_masked_bins
from wilks.workspace.pyhf_json import load_specification
from wilks.workspace.spec import (
    Measurement,
    NormFactor,
    Observation,
)
from wilks.workspace.workspace import Workspace


def compile_model(
    workspace: Workspace | Mapping[str, Any],
    *,
    measurement: str | int | None = None,
    poi: str | None = None,
    normsys: str = "code4",
    histosys: str = "code4p",
    data_set: str | None = None,
    clip: bool | None = None,
    masks: bool = True,
) -> Model:
    """Return the model of a workspace, ready to be evaluated and fitted.

    `measurement` is a name or an index (default: the first). `poi` replaces the measurement's parameters of interest
    ("" for none). `normsys` ("code4", "code1", "code0", "code2", "combine") and `histosys` ("code4p", "code2", "code0",
    "code1", "code5") choose the interpolation of modifiers that don't choose their own; the defaults are those of pyhf,
    cabinetry and ROOT's HistFactory. `clip` says whether yields of a sample that its histosys bring below 0 are 0, as
    in ROOT (default: as the measurement says, else no). Bins that the workspace masks are left out; `masks=False` keeps
    them, to draw them.

    `data_set` names one of the workspace's further data sets, to be fitted in place of its observations.

    A dictionary in place of the workspace is pyhf's model document: `channels` and, where there are any settings,
    `parameters`. Such a model has no data and no measurement; data are handed in where they are needed.

    Raises ModelError, with every problem found, where the workspace contradicts itself or a name does not exist: its
    subclasses ModifierError, NameReuseError and SettingsError say which kind, where all problems are of one.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> model.poi, model.n_parameters
    ('mu', 16)
    >>> model.expected(model.initial).shape
    (10,)
    """
    with_data = isinstance(workspace, Workspace)
    if isinstance(workspace, Mapping):
        workspace = load_specification(workspace)
    if not isinstance(workspace, Workspace):
        raise KindError(
            f"compile_model needs a Workspace, found {type(workspace).__name__}: use wilks.load_workspace(...)"
        )
    problems = []
    if normsys not in NORMSYS_CODES:
        problems.append(f'normsys: no interpolation "{normsys}"; allowed are {listed(NORMSYS_CODES)}')
    if histosys not in HISTOSYS_CODES:
        problems.append(f'histosys: no interpolation "{histosys}"; allowed are {listed(HISTOSYS_CODES)}')
    if problems:
        raise SettingsError(problems)
    digest, masked = workspace.digest, masked_bins(workspace)
    workspace = without_masked_bins(workspace) if masks else workspace
    chosen = _measurement(workspace, measurement)
    if clip is None:
        clip = bool(chosen.config.clip)
    functions = functions_of(workspace.document)
    sets = collect_parameter_sets(workspace.document.channels, chosen, functions)
    if not sets:
        raise ModelError("the workspace has no parameters: no sample has a modifier")
    channels = sorted(workspace.document.channels, key=lambda channel: channel.name)
    names = tuple(channel.name for channel in channels)
    arrays = Arrays(sets, functions, NORMSYS_CODES[normsys], HISTOSYS_CODES[histosys], clip)
    correlations = correlated_constraints(sets, chosen)
    blocks: list[Block] = []
    for index, channel in enumerate(channels):
        for sample in sorted(channel.samples, key=lambda s: s.name):
            blocks.append(Block(channel=channel.name, sample=sample.name, bins=len(sample.data)))
            arrays.add_block(index, channel, sample)
    if arrays.problems:
        raise ModifierError(arrays.problems)
    observations = {observation.name: observation.data for observation in _observations(workspace, data_set)}
    observed = np.concatenate([np.asarray(observations[c.name], np.float64) for c in channels])
    return Model(
        engine=arrays.engine([len(channel.samples[0].data) for channel in channels], correlations),
        parameter_sets=sets,
        blocks=tuple(blocks),
        channel_names=names,
        sample_order=_sample_order(workspace),
        observed_main=observed if with_data else np.full(observed.size, np.nan),
        axes={channel.name: workspace.axis(channel.name) for channel in channels},
        pois=_pois(sets, chosen.config.of_interest if poi is None else (poi,)),
        measurement=chosen.name,
        workspace_digest=digest,
        settings={"normsys": normsys, "histosys": histosys, **_given(data_set=data_set, clip=clip)},
        even=arrays.even(),
        idle=arrays.idle(),
        normfactors=_normfactors(workspace, functions),
        measured=chosen.config.poi,
        groups=_groups(workspace, sets),
        correlated=tuple((c.entries, c.covariance) for c in correlations),
        masked={name: bins for name, bins in masked.items() if name in names},
    )


def _given(**options: Any) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value}


def _measurement(workspace: Workspace, wanted: str | int | None) -> Measurement:
    measurements = workspace.document.measurements
    names = workspace.measurement_names
    if wanted is None:
        return measurements[0]
    if isinstance(wanted, int):
        if not 0 <= wanted < len(measurements):
            raise ModelError(
                f"measurement {wanted} does not exist; the workspace has {len(measurements)}, counted from 0"
            )
        return measurements[wanted]
    if wanted not in names:
        raise ModelError(f'no measurement "{wanted}"; the workspace has {listed(names)}{nearest(wanted, names)}')
    return measurements[names.index(wanted)]


def _observations(workspace: Workspace, wanted: str | None) -> list[Observation]:
    """Return the observations, or those of a further data set; ModelError where there is none of this name."""
    if wanted is None:
        return workspace.document.observations
    names = workspace.data_set_names
    if wanted not in names:
        there = f"the workspace has {listed(names)}" if names else "the workspace has its observations only"
        raise ModelError(f'no data set "{wanted}"; {there}{nearest(wanted, names)}')
    return (workspace.document.data_sets or [])[names.index(wanted)].observations


def _groups(workspace: Workspace, sets: tuple[ParameterSet, ...]) -> dict[str, tuple[str, ...]]:
    """Return the parameters of the workspace's groups, component by component; names without any are left out."""
    components = {s.name: s.names for s in sets}
    found = {
        group.name: tuple(name for of in group.parameters for name in components.get(of, ()))
        for group in workspace.document.groups or ()
    }
    return {name: members for name, members in found.items() if members}


def _pois(sets: tuple[ParameterSet, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(found for name in names if (found := _poi(sets, name)) is not None)


def _poi(sets: tuple[ParameterSet, ...], name: str) -> str | None:
    if not name:
        return None
    scalars = [s.name for s in sets if s.scalar]
    if name in scalars:
        return name
    if name in (s.name for s in sets):
        raise ModelError(f'the parameter of interest "{name}" has one component per bin; it must be a single number')
    raise ModelError(
        f'the parameter of interest "{name}" is not a parameter of the model; a background-only workspace needs its '
        f'signal patch, or poi="" for none (command line: --poi ""){nearest(name, scalars, cutoff=0.7)}'
    )


def _sample_order(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    return {channel.name: tuple(s.name for s in channel.samples) for channel in workspace.document.channels}


def _normfactors(workspace: Workspace, functions: Functions) -> dict[str, tuple[str, ...]]:
    """Return the samples that each normfactor scales; a function's are those of its parameters."""
    scaled: dict[str, dict[str, None]] = {}
    for channel in workspace.document.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                if isinstance(modifier, NormFactor):
                    steering = functions.needed_by(modifier.name) if modifier.name in functions else (modifier.name,)
                    for name in steering:
                        scaled.setdefault(name, {})[sample.name] = None
    return {name: tuple(samples) for name, samples in scaled.items()}
