"""What the measurement of a workspace says about parameters: of interest, settings, correlations; and its groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from wilks.assemble.settings import factor_settings, systematic_settings
from wilks.config.functions import declared
from wilks.config.parameters import (
    constraints,
    correlated,
    fixed_values,
    group_members,
    parameters_of,
    simulated,
)
from wilks.config.schema import Config, is_bin_parameter
from wilks.config.staterrors import staterror_meanings
from wilks.workspace.spec import (
    Channel,
    Correlation,
    Group,
    Measurement,
    MeasurementConfig,
    ParameterSettings,
    ShapeFactor,
    ShapeSys,
    StatError,
)


def measurement_of(config: Config, channels: Sequence[Channel]) -> Measurement:
    """Return the parameters of interest, the correlations and the settings of parameters.

    Settings have all free factors and parameters of functions, and of the others those in a channel that are fixed, or
    have a constraint of their own.
    """
    fixed, sizes, general = fixed_values(config), _sizes(channels), config.general
    settings = [factor_settings(factor, 1, fixed.get(factor.name)) for factor in config.norm_factors]
    settings += [
        factor_settings(factor, sizes[factor.name], fixed.get(factor.name))
        for factor in config.shape_factors
        if factor.name in sizes
    ]
    for function in config.functions:
        settings += [factor_settings(parameter, 1, fixed.get(parameter.name)) for parameter in function.parameters]
    settings += _other_settings(config, sizes)
    pois = general.of_interest
    return Measurement(
        general.measurement,
        MeasurementConfig(
            pois[0] if pois else "",
            settings,
            pois=list(pois) if len(pois) > 1 else None,
            correlations=_correlations(config, sizes) or None,
            clip=general.clip or None,
        ),
    )


def groups_of(config: Config, channels: Sequence[Channel]) -> list[Group]:
    """Return the groups of the parameters that pruning has left, those that have any."""
    sizes, groups = _sizes(channels), []
    for label, members in group_members(config).items():
        there = [name for key in members for name in _in_workspace(config, key, sizes)]
        if there:
            groups.append(Group(label, list(dict.fromkeys(there))))
    return groups


def _sizes(channels: Sequence[Channel]) -> dict[str, int]:
    """Return how many components the parameters of each name have."""
    return {
        modifier.name: len(sample.data) if isinstance(modifier, StatError | ShapeSys | ShapeFactor) else 1
        for channel in channels
        for sample in channel.samples
        for modifier in sample.modifiers
    }


def _other_settings(config: Config, sizes: Mapping[str, int]) -> list[ParameterSettings]:
    """Return the settings of systematics and statistical uncertainties; pruning may have left nothing of one."""
    fixed, steered = fixed_values(config), {function.name for function in config.functions}
    given = constraints(config.systematics, simulated(config.regions, config.samples))
    found: dict[str, ParameterSettings] = {}
    for key, name in _others(config, sizes):
        if name in sizes and name not in found and name not in steered:
            owner, constraint = given.get(key, (None, None))
            own = None if owner is not None and owner.type == "ShapeSys" else constraint
            settings = systematic_settings(name, sizes[name], own, fixed.get(key))
            found |= {} if settings is None else {name: settings}
    return list(found.values())


def _others(config: Config, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the name under which a parameter may be fixed, and its name in the workspace."""
    templates = simulated(config.regions, config.samples)
    for systematic in config.systematics:
        for parameter in parameters_of(systematic, templates):
            if not systematic.parts_bins:
                yield parameter, parameter
                continue
            # Only the bins that vary have one.
            yield from ((parameter, name) for name in names if is_bin_parameter(name, parameter))
    for meant in staterror_meanings(config.general, templates).values():
        yield from ((name, name) for name in meant)


def _in_workspace(config: Config, parameter: str, sizes: Mapping[str, int]) -> list[str]:
    """Return the names that a parameter has in the workspace: several where there is one for each bin, or none."""
    if parameter in sizes or parameter in declared(config.functions):
        return [parameter]
    parted = {
        key
        for systematic in config.systematics
        if systematic.parts_bins
        for key in parameters_of(systematic, simulated(config.regions, config.samples))
    }
    return [name for name in sizes if is_bin_parameter(name, parameter)] if parameter in parted else []


def _correlations(config: Config, sizes: Mapping[str, int]) -> list[Correlation]:
    """Return correlations between the parameters that pruning has left: of the others nothing is known, or needed."""
    found = []
    for names, correlation in correlated(config):
        kept = [i for i, name in enumerate(names) if _in_workspace(config, name, sizes)]
        if len(kept) > 1:
            matrix = [[correlation.rows[i][j] for j in kept] for i in kept]
            found.append(Correlation([names[i] for i in kept], matrix))
    return found
