"""Which parameters systematics make, and which of them a name in a steering file stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wilks.config.by_source import by_source
from wilks.config.functions import declared
from wilks.config.schema import (
    Config,
    Constraint,
    Correlation,
    FixedParameter,
    Function,
    General,
    NormFactor,
    Region,
    Sample,
    Systematic,
    applies,
)
from wilks.config.staterrors import staterror_meanings
from wilks.selection import matching

Meanings = Mapping[str, tuple[str, ...]]


def simulated(regions: Iterable[Region], samples: Sequence[Sample]) -> list[tuple[Region, Sample]]:
    """Return every simulated sample in every region that it is in."""
    return [
        (region, sample)
        for region in regions
        for sample in samples
        if sample.in_model and applies(sample, region, sample)
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


def known_parameters(
    of_systematics: Meanings, factors: Iterable[NormFactor], functions: Sequence[Function]
) -> dict[str, tuple[str, ...]]:
    """Return which parameters a name stands for, statistical uncertainties aside; functions are no parameters.

    `of_systematics` are those that names of systematics stand for, as if no function steered any.
    """
    steering = {function.name for function in functions}
    free = dict.fromkeys((*(factor.name for factor in factors), *declared(functions)))
    left = {name: tuple(each for each in names if each not in steering) for name, names in of_systematics.items()}
    known = {name: names for name, names in left.items() if names or not of_systematics[name]}
    return known | {name: (name,) for name in free}


def _known(config: Config) -> dict[str, tuple[str, ...]]:
    """Return which parameters a name of an analysis stands for."""
    templates = simulated(config.regions, config.samples)
    factors = (*config.norm_factors, *config.shape_factors)
    known = known_parameters(meanings(config.systematics, templates), factors, config.functions)
    return known | staterror_meanings(config.general, templates)


def constraints(
    systematics: Iterable[Systematic], templates: Sequence[tuple[Region, Sample]]
) -> dict[str, tuple[Systematic, Constraint]]:
    """Return the constraint of each parameter of systematics that has one, and which systematic says so.

    Of parameters for each bin it is what their names have in common.
    """
    found: dict[str, tuple[Systematic, Constraint]] = {}
    for systematic in systematics:
        if systematic.constraint is not None:
            for parameter in parameters_of(systematic, templates):
                found.setdefault(parameter, (systematic, systematic.constraint))
    return found


def fixed_values(config: Config) -> dict[str, int | float]:
    """Return the value of each fixed parameter, by its name in the workspace; `Fixed` may have that of a systematic."""
    known = _known(config)
    return {
        parameter: entry.value for entry in config.general.fixed for parameter in known.get(entry.name, (entry.name,))
    }


def meant(pattern: str, known: Meanings) -> tuple[str, ...]:
    """Return the parameters that a name or pattern stands for; none where nothing has such a name."""
    names = tuple(known)
    return tuple(dict.fromkeys(each for i in matching(names, pattern) for each in known[names[i]]))


def group_members(config: Config) -> dict[str, tuple[str, ...]]:
    """Return the parameters of each group; of those for each bin it is what their names have in common."""
    if not config.general.groups:
        return {}
    known = _known(config)
    return {label: _members(patterns, known) for label, patterns in config.general.groups.items()}


def _members(patterns: Iterable[str], known: Meanings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for pattern in patterns for name in meant(pattern, known)))


def correlated(config: Config) -> list[tuple[tuple[str, ...], Correlation]]:
    """Return the parameters of each correlation, by their names in the workspace."""
    if not config.general.correlations:
        return []
    known = _known(config)
    return [
        (tuple(known.get(name, (name,))[0] for name in correlation.parameters), correlation)
        for correlation in config.general.correlations
    ]


def with_parts(config: Config) -> Config:
    """Return the analysis with one systematic for each source where they are decorrelated.

    What names parameters (`Fixed`, `Groups`, `Correlations`) means the same.
    """
    templates = simulated(config.regions, config.samples)
    parts = tuple(part for systematic in config.systematics for part in by_source(systematic, templates))
    if parts == config.systematics:
        return config
    split = config.model_copy(update={"systematics": parts})
    changed = _renamed(config.general, _known(config), _known(split))
    return split.model_copy(update={"general": config.general.model_copy(update=changed)}) if changed else split


def _renamed(general: General, before: Meanings, after: Meanings) -> dict[str, object]:
    """Return lists of parameters in other words, where the names of systematics have become several."""
    changed: dict[str, object] = {}
    fixed: list[FixedParameter] = []
    for entry in general.fixed:
        names = before.get(entry.name, (entry.name,))
        same = after.get(entry.name, (entry.name,)) == names
        fixed += [entry] if same else [entry.model_copy(update={"name": name}) for name in names]
    if fixed:
        changed["fixed"] = tuple(fixed)
    if general.groups:
        changed["groups"] = {
            label: patterns if _members(patterns, before) == _members(patterns, after) else _members(patterns, before)
            for label, patterns in general.groups.items()
        }
    if general.correlations:
        changed["correlations"] = tuple(
            entry.model_copy(update={"parameters": tuple(before.get(name, (name,))[0] for name in entry.parameters)})
            for entry in general.correlations
        )
    return changed
