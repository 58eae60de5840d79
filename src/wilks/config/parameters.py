"""Which parameters systematics make, and which of them a name in a steering file stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wilks.config.by_source import by_source
from wilks.config.schema import Config, FixedParameter, Region, Sample, Systematic, applies
from wilks.config.staterrors import staterror_meanings


def simulated(regions: Iterable[Region], samples: Sequence[Sample]) -> list[tuple[Region, Sample]]:
    """Return every simulated sample in every region that it is in."""
    return [
        (region, sample)
        for region in regions
        for sample in samples
        if not sample.data and applies(sample, region, sample)
    ]


def parameters_of(systematic: Systematic, templates: Iterable[tuple[Region, Sample]]) -> tuple[str, ...]:
    """Return the parameters of a systematic: one, or where it is decorrelated one for each region, sample, ...

    Of those for each bin, whose number is not known here, it is what their names have in common.
    """
    if not systematic.decorrelate and systematic.type != "ShapeSys":
        return (systematic.parameter_name,)
    pairs = list(templates)
    names = (
        part.parameter_in(region.name, sample.name)
        for part in by_source(systematic, pairs)
        for region, sample in pairs
        if applies(part, region, sample)
    )
    return tuple(dict.fromkeys(names))


def meanings(
    systematics: Sequence[Systematic], templates: Sequence[tuple[Region, Sample]]
) -> dict[str, tuple[str, ...]]:
    """Return which parameters a name stands for: a parameter itself, else all of a systematic (either of its names).

    A systematic may leave its name to one of several parameters, that of templates in no group or without sources: the
    name stands for all of them, too.
    """
    by_name: dict[str, tuple[str, ...]] = {}
    by_parameter: dict[str, tuple[str, ...]] = {}
    each: dict[str, tuple[str, ...]] = {}
    for systematic in systematics:
        found = parameters_of(systematic, templates)
        by_name[systematic.name] = found
        base = systematic.parameter_name
        by_parameter[base] = tuple(dict.fromkeys((*by_parameter.get(base, ()), *found)))
        own = {systematic.name, base} if len(found) > 1 else set()
        each |= {name: (name,) for name in found if name not in own}
    return by_name | by_parameter | each


def fixed_values(config: Config) -> dict[str, int | float]:
    """Return the value of each fixed parameter, by its name in the workspace; `Fixed` may have that of a systematic."""
    templates = simulated(config.regions, config.samples)
    known = meanings(config.systematics, templates) | staterror_meanings(config.general, templates)
    return {
        parameter: entry.value for entry in config.general.fixed for parameter in known.get(entry.name, (entry.name,))
    }


def with_parts(config: Config) -> Config:
    """Return the analysis with one systematic for each source where they are decorrelated; `Fixed` means the same."""
    templates = simulated(config.regions, config.samples)
    parts = tuple(part for systematic in config.systematics for part in by_source(systematic, templates))
    if parts == config.systematics:
        return config
    before, after = meanings(config.systematics, templates), meanings(parts, templates)
    fixed: list[FixedParameter] = []
    for entry in config.general.fixed:
        names = before.get(entry.name, (entry.name,))
        same = after.get(entry.name, (entry.name,)) == names
        fixed += [entry] if same else [entry.model_copy(update={"name": name}) for name in names]
    general = config.general.model_copy(update={"fixed": tuple(fixed)}) if fixed else config.general
    return config.model_copy(update={"systematics": parts, "general": general})
