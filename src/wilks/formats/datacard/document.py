"""A card becomes a workspace's document."""

from __future__ import annotations

from dataclasses import dataclass, field

from wilks._types import JSONDict
from wilks.axis import Axis
from wilks.errors import listed, nearest
from wilks.formats.datacard.auto_mc_stats import channel_statistics
from wilks.formats.datacard.effects import Reader
from wilks.formats.datacard.parameters import Parameters
from wilks.formats.datacard.pois import Interest
from wilks.formats.datacard.records import Card
from wilks.formats.datacard.samples import Samples
from wilks.formats.datacard.starting import expected, start_values
from wilks.formats.datacard.steering import Steering
from wilks.formats.datacard.templates import Templates
from wilks.formats.datacard.text import Problems
from wilks.workspace.extensions import PYHF, WILKS, extensions


@dataclass(frozen=True)
class Asked:
    """What the caller wants: sums checked, numbers rounded as Combine rounds them, channels left out."""

    check_sums: bool
    rounding: bool
    masks: tuple[str, ...]


@dataclass
class Described:
    """A document and its axes."""

    document: JSONDict
    axes: dict[str, Axis] = field(default_factory=dict)


def describe(
    card: Card, templates: Templates, interest: Interest, parameters: Parameters, problems: Problems, asked: Asked
) -> Described:
    """Return the document of a card whose parameters have been collected; what is wrong is added to `problems`."""
    steering = Steering({*parameters.settings, *(rate.name for rate in card.rates), *interest.formulas})
    parameters.formulas(steering)
    constrained = {row.name for row in card.rows if row.is_shape or row.kind in ("lnN", "lnU")}
    reader = Reader(card, templates, steering, problems, asked.rounding)
    samples = Samples(reader, interest, constrained, asked.check_sums)
    channels: list[JSONDict] = []
    settings = parameters.settings
    for name in card.channels:
        made = samples.channel(name)
        if name in card.statistics:
            if made and not any(one.errors.any() for one in made):
                text = f'autoMCStats has no effect on channel "{name}": no histogram there has errors'
                problems.remark(card.statistics[name].where, text)
            settings |= channel_statistics(name, made, card.statistics[name], parameters.own, steering.functions)
        channels.append({"name": name, "samples": [one.sample for one in made]})
    observed = [{"name": name, "data": samples.observed.get(name, [])} for name in card.channels]
    if card.observed is None and not problems.mistakes:
        text = 'no line "observation": what is expected where parameters start is taken for data'
        problems.remark(card.name, text)
        starts = start_values(settings, steering.functions)
        observed = [{"name": channel["name"], "data": expected(channel["samples"], starts)} for channel in channels]
    functions = _used_functions(channels, steering)
    used = _used(channels, functions)
    pois = [name for name in interest.parameters if name in used]
    config: JSONDict = {"poi": pois[0] if pois else "", "parameters": _settings(channels, settings, used)}
    if len(pois) > 1:
        config["pois"] = pois
    document: JSONDict = {
        "channels": channels,
        "observations": observed,
        "measurements": [{"name": "combine", "config": config}],
        "version": PYHF,
    }
    if functions:
        document["functions"] = functions
    if groups := _groups(card, channels, settings, used, problems):
        document["groups"] = groups
    for mask in asked.masks:
        if mask not in card.channels:
            problems.add(
                "masks", f'no channel "{mask}"; there are {listed(card.channels)}{nearest(mask, card.channels)}'
            )
    if asked.masks:
        document["masks"] = [{"channel": mask} for mask in dict.fromkeys(asked.masks)]
    document["version"] = WILKS if any(extensions(document)) else PYHF
    return Described(document, samples.axes)


def _modifiers(channels: list[JSONDict]) -> list[JSONDict]:
    return [m for channel in channels for sample in channel["samples"] for m in sample["modifiers"]]


def _used_functions(channels: list[JSONDict], steering: Steering) -> list[JSONDict]:
    """Return the functions that steer modifiers, those that these need, and constraints of what is in the model."""
    found = _needed({m["name"] for m in _modifiers(channels)}, steering)
    for name, function in steering.functions.items():
        if function.get("penalty") and found & _needed({name}, steering) - {name}:
            found |= _needed({name}, steering)
    return [function for name, function in steering.functions.items() if name in found]


def _needed(names: set[str], steering: Steering) -> set[str]:
    """Return names and all that the functions among them need."""
    todo, found = [*names], set[str]()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += steering.functions[name]["parameters"] if name in steering.functions else []
    return found


def _used(channels: list[JSONDict], functions: list[JSONDict]) -> set[str]:
    """Return the names of parameters that the model has."""
    names = {function["name"] for function in functions}
    found = {m["name"] for m in _modifiers(channels)} | {p for f in functions for p in f["parameters"]}
    return found - names


def _settings(channels: list[JSONDict], settings: dict[str, JSONDict], used: set[str]) -> list[JSONDict]:
    """Return the settings of parameters that the model has, without what their modifiers say as well."""
    said: dict[str, set[str]] = {}
    for modifier in _modifiers(channels):
        said.setdefault(modifier["name"], set()).add(modifier["type"])
    found = []
    for name, setting in settings.items():
        if name not in used:
            continue
        kept, types = dict(setting), said.get(name, set())
        kind = kept.get("constraint")
        if types and types <= {"normsys", "histosys"} and kind == "normal" and kept.get("sigmas") == [1.0]:
            for key in ("constraint", "auxdata", "sigmas") if "lower_sigmas" not in kept else ():
                del kept[key]
        elif kind == "none" and types <= {"normfactor"}:
            del kept["constraint"]
        found.append(kept)
    return found


def _groups(
    card: Card, channels: list[JSONDict], settings: dict[str, JSONDict], used: set[str], problems: Problems
) -> list[JSONDict]:
    groups = []
    for name, group in card.groups.items():
        members = [member for member in group.names if member in used]
        left_out = [member for member in group.names if member not in used]
        if left_out:
            text = f'group "{name}" has names that act on nothing, they are left out: {listed(left_out, 5)}'
            problems.remark(group.where, text)
        if members:
            groups.append({"name": name, "parameters": members})
    statistics = [n for n in used if n.startswith("prop_bin") and n in settings]
    if statistics and "autoMCStats" not in card.groups:
        ordered = [m["name"] for m in _modifiers(channels) if m["name"] in statistics]
        groups.append({"name": "autoMCStats", "parameters": list(dict.fromkeys(ordered))})
    return groups
