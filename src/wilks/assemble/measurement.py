"""What the measurement of a workspace says about parameters: initial values, bounds, what is held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from wilks.config.parameters import fixed_values, parameters_of, simulated
from wilks.config.schema import Config, NormFactor, is_bin_parameter
from wilks.config.staterrors import staterror_meanings
from wilks.workspace.spec import (
    Channel,
    Measurement,
    MeasurementConfig,
    Number,
    ParameterSettings,
    ShapeFactor,
    ShapeSys,
    StatError,
)


def measurement_of(config: Config, channels: Sequence[Channel]) -> Measurement:
    """Return the settings of all free factors, and of every other parameter that is fixed and in a channel."""
    fixed, sizes = fixed_values(config), _sizes(channels)
    settings = [_factor(factor, 1, fixed) for factor in config.norm_factors]
    settings += [_factor(factor, sizes[factor.name], fixed) for factor in config.shape_factors if factor.name in sizes]
    # Pruning may have left nothing of a parameter.
    held = {name: fixed[key] for key, name in _others(config, sizes) if key in fixed and name in sizes}
    settings += [ParameterSettings(name, inits=[value] * sizes[name], fixed=True) for name, value in held.items()]
    return Measurement(config.general.measurement, MeasurementConfig(config.general.poi, settings))


def _sizes(channels: Sequence[Channel]) -> dict[str, int]:
    """Return how many components the parameters of each name have."""
    return {
        modifier.name: len(sample.data) if isinstance(modifier, StatError | ShapeSys | ShapeFactor) else 1
        for channel in channels
        for sample in channel.samples
        for modifier in sample.modifiers
    }


def _factor(factor: NormFactor, size: int, fixed: Mapping[str, Number]) -> ParameterSettings:
    value = fixed.get(factor.name, factor.nominal)
    return ParameterSettings(
        factor.name,
        inits=None if value is None else [value] * size,
        bounds=None if factor.bounds is None else [list(factor.bounds)] * size,
        fixed=True if factor.name in fixed else None,
    )


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
