"""Which parameters systematics make, and which of them a name in a steering file stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wilks.config.schema import Config, Region, Sample, Systematic, applies


def simulated(regions: Iterable[Region], samples: Sequence[Sample]) -> list[tuple[Region, Sample]]:
    """Return every simulated sample in every region that it is in."""
    return [
        (region, sample)
        for region in regions
        for sample in samples
        if not sample.data and applies(sample, region, sample)
    ]


def parameters_of(systematic: Systematic, templates: Iterable[tuple[Region, Sample]]) -> tuple[str, ...]:
    """Return the parameters of a systematic: one, or where it is decorrelated one for each region or sample."""
    if not systematic.decorrelate:
        return (systematic.parameter_name,)
    acting = [pair for pair in templates if applies(systematic, *pair)]
    return tuple(dict.fromkeys(systematic.parameter_in(region.name, sample.name) for region, sample in acting))


def meanings(
    systematics: Sequence[Systematic], templates: Sequence[tuple[Region, Sample]]
) -> dict[str, tuple[str, ...]]:
    """Return which parameters a name stands for: a parameter itself, else all of a systematic (either of its names)."""
    by_name: dict[str, tuple[str, ...]] = {}
    by_parameter: dict[str, tuple[str, ...]] = {}
    each: dict[str, tuple[str, ...]] = {}
    for systematic in systematics:
        found = parameters_of(systematic, templates)
        by_name[systematic.name] = found
        base = systematic.parameter_name
        by_parameter[base] = tuple(dict.fromkeys((*by_parameter.get(base, ()), *found)))
        each |= {name: (name,) for name in found}
    return by_name | by_parameter | each


def fixed_values(config: Config) -> dict[str, int | float]:
    """Return the value of each fixed parameter, by its name in the workspace."""
    known = meanings(config.systematics, simulated(config.regions, config.samples))
    return {
        parameter: entry.value for entry in config.general.fixed for parameter in known.get(entry.name, (entry.name,))
    }
