"""Several parameters made one, in a workspace that is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from wilks.errors import WorkspaceError, listed
from wilks.workspace.edit import carriers, matched, modifiers_of
from wilks.workspace.making import as_list, changed_modifiers, made, tag
from wilks.workspace.references import all_names, correlated_in, pois_inherited, with_names
from wilks.workspace.spec import Channel, Document, Measurement, Modifier, ParameterSettings, Sample
from wilks.workspace.workspace import Workspace

# What a parameter may steer together, by type of modifier.
_KINDS = {
    "normsys": "normsys or histosys",
    "histosys": "normsys or histosys",
    "normfactor": "normfactor",
    "shapefactor": "shapefactor",
    "staterror": "staterror",
}
_LISTS = ("inits", "bounds", "auxdata", "factors", "sigmas", "lower_sigmas")


def correlate(workspace: Workspace, parameters: str | Sequence[str], name: str) -> Workspace:
    """Return the workspace with one parameter, `name`, in place of several: names or patterns.

    It is the inverse of `decorrelate`. The parameters must be constrained alike and have the same settings in each
    measurement; those of staterrors are put together. Functions and groups have the new one in their place. Raises
    WorkspaceError where they are not, where one sample has modifiers of one type of two of them (the effects of two
    normsys are no normsys), for functions and parameters whose constraints are correlated, for names that match
    nothing, and where `name` is that of another parameter.

    >>> import wilks
    >>> parts = wilks.decorrelate(wilks.examples.search(), "b-tagging")
    >>> wilks.correlate(parts, "b-tagging_*", "b-tagging") == wilks.examples.search()
    True
    """
    every = list(modifiers_of(workspace.document.channels))
    names = all_names(workspace.document)
    chosen = matched(names, as_list(parameters), "parameter")
    problems = []
    if not name:
        problems.append("the new parameter needs a name")
    if len(chosen) < 2:
        problems.append(f"at least two parameters are needed, found {listed(chosen) or 'none'}")
    if name in names and name not in chosen:
        problems.append(f'"{name}" is already the name of another parameter; name it, too, if it is to be one of them')
    document = workspace.document
    problems += _fixed(document, chosen) or _unlike(every, chosen)
    measurements = [_with_one(m, chosen, name, document.channels, problems) for m in document.measurements]
    if problems:
        raise WorkspaceError(problems)
    channels = changed_modifiers(
        document.channels,
        lambda _, __, m: msgspec.structs.replace(m, name=name) if m.name in chosen else m,
    )
    document = with_names(document, dict.fromkeys(sorted(chosen), name))
    return made(msgspec.structs.replace(document, channels=channels, measurements=measurements), workspace.axes)


def _fixed(document: Document, chosen: set[str]) -> list[str]:
    """Return why some can't be one whatever their kind: they are functions, or correlated already."""
    functions = sorted(chosen & {function.name for function in document.functions or ()})
    problems = [f'"{one}" is a function: only parameters are made one' for one in functions]
    return problems + [
        f'"{one}" is in a correlation of measurement "{measurement}": take it out of that first'
        for one, measurement in sorted(correlated_in(document, chosen).items())
    ]


def _unlike(every: Sequence[tuple[Channel, Sample, Modifier]], chosen: set[str]) -> list[str]:
    """Return why parameters can't be one: of other kinds, or two modifiers of one type on one sample."""
    kinds: dict[str, list[str]] = {}
    blocks: dict[tuple[str, str, str], str] = {}
    problems = []
    if only_in_functions := sorted(chosen - {modifier.name for _, _, modifier in every}):
        kinds["normfactor"] = only_in_functions  # free factors, too
    for channel, sample, modifier in every:
        if modifier.name not in chosen:
            continue
        kind = tag(modifier)
        if kind not in _KINDS:
            problems.append(f'"{modifier.name}" is of type {kind}: no two of these are one parameter')
            continue
        kinds.setdefault(_KINDS[kind], []).append(modifier.name)
        other = blocks.setdefault((channel.name, sample.name, kind), modifier.name)
        if other != modifier.name:
            where = f'sample "{sample.name}" in channel "{channel.name}"'
            problems.append(f'{where} has the {kind} "{other}" and "{modifier.name}": two can\'t have one name')
    if len(kinds) > 1:
        found = " and ".join(f"{kind} ({listed(dict.fromkeys(owners), 3)})" for kind, owners in kinds.items())
        problems.append(f"{found} can't be one parameter")
    return list(dict.fromkeys(problems))


def _with_one(
    measurement: Measurement, chosen: set[str], name: str, channels: list[Channel], problems: list[str]
) -> Measurement:
    """Return a measurement with one parameter in place of several; adds to `problems` where their settings differ."""
    config = measurement.config
    found = {s.name: msgspec.structs.replace(s, name=name) for s in config.parameters if s.name in chosen}
    settings = next(iter(found.values()), None)
    if found and (len(found) < len(chosen) or any(each != settings for each in found.values())):
        settings = _together(found, chosen, channels)
        if settings is None:
            without = sorted(chosen - {*found})
            why = f"{listed(without)} has none" if len(without) == 1 else f"{listed(without)} have none"
            why = why if without else f"those of {listed(sorted(found))} differ"
            problems.append(f'measurement "{measurement.name}": the settings of the parameters must be the same; {why}')
    # Where the first of them stood.
    parameters: list[ParameterSettings] = []
    for each in config.parameters:
        if each.name not in chosen:
            parameters.append(each)
        elif settings is not None and settings not in parameters:
            parameters.append(settings)
    config = pois_inherited(config, {old: [name] for old in chosen})
    return msgspec.structs.replace(measurement, config=msgspec.structs.replace(config, parameters=parameters))


def _together(
    found: Mapping[str, ParameterSettings], chosen: set[str], channels: list[Channel]
) -> ParameterSettings | None:
    """Return settings of staterrors of different channels as those of one, None where they are no such."""
    sizes = {name: carriers(name, channels) for name in chosen}
    where = sorted((channel, name) for name, own in sizes.items() for channel in own)
    if len(found) < len(chosen) or not all(sizes.values()) or len({channel for channel, _ in where}) < len(where):
        return None
    first = next(iter(found.values()))
    lists: dict[str, list[object]] = {}
    for key in _LISTS:
        given = {name: getattr(settings, key) for name, settings in found.items()}
        if all(values is None for values in given.values()):
            continue
        if any(values is None or len(values) != sum(sizes[name].values()) for name, values in given.items()):
            return None
        lists[key] = []
        for channel, name in where:
            start = sum(bins for other, bins in sizes[name].items() if other < channel)
            lists[key] += given[name][start : start + sizes[name][channel]]
    merged = msgspec.structs.replace(first, **lists)
    alike = all(msgspec.structs.replace(s, **lists) == merged for s in found.values())
    return merged if alike else None
