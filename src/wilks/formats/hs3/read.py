"""An HS3 file as a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import msgspec

from wilks._reading import parse_json
from wilks.errors import TemplateError, WorkspaceError
from wilks.formats.hs3.analyses import Choice, analyses_of, channel_names, choose
from wilks.formats.hs3.channels import HS3Channel, read_channel
from wilks.formats.hs3.clipping import may_be_negative
from wilks.formats.hs3.correlated import correlations_of
from wilks.formats.hs3.functions import Functions
from wilks.formats.hs3.modifiers import Named, channel_of, exact_widths, functions_of, name_all
from wilks.formats.hs3.nodes import Node
from wilks.formats.hs3.observed import counts
from wilks.formats.hs3.parameters import Extra, Gathered, extra_terms, gather, names_of, resolve, term_of
from wilks.formats.hs3.settings import all_settings
from wilks.formats.hs3.tables import Tables, tables, told
from wilks.formats.hs3.terms import Terms
from wilks.formats.hs3.values import Values, values_of
from wilks.formats.notes import Reading
from wilks.histogram import Axis
from wilks.workspace.extensions import PYHF, WILKS, extensions
from wilks.workspace.files import content_of_file
from wilks.workspace.pyhf_json import load_workspace
from wilks.workspace.workspace import Workspace

Source = str | Path | bytes | Mapping[str, Any] | IO[str] | IO[bytes]
Meaning = Literal["relative", "absolute", "tau"]


def read(
    source: Source, *, analysis: str | None = None, data: str | None = None, shapesys: Meaning | None = None
) -> Reading:
    """Return the workspace that an HS3 file describes, with notes on how it was read.

    `analysis` names the analysis (default: the first whose data are called observed; those with the same channels are
    read along, as measurements or as further data sets). `data` names the data set that is fitted. `shapesys` says what
    the numbers of shapesys modifiers are: "relative" uncertainties (ROOT from 6.36; the default), "absolute" ones
    (pyhs3), or "tau" (Poisson ones of ROOT up to 6.32, the default for files of version 0.1).

    Raises one WorkspaceError with every mistake and its JSON path.

    >>> import wilks
    >>> from wilks.formats.hs3.read import read
    >>> from wilks.formats.hs3.write import write
    >>> files = write(wilks.examples.measurement(), "model.hs3.json").files
    >>> read(files[0]).workspace.channel_names
    ('electrons', 'muons')
    """
    return read_with_names(source, analysis=analysis, data=data, shapesys=shapesys)[0]


def read_with_names(
    source: Source, *, analysis: str | None = None, data: str | None = None, shapesys: Meaning | None = None
) -> tuple[Reading, dict[str, tuple[str, int]]]:
    """Return what `read` does and, by the file's names of parameters, the workspace's name and component of each."""
    value, name = _value(source)
    mistakes: list[str] = []
    if not isinstance(value, dict):
        raise WorkspaceError(f"{name}: not HS3: an object needed")
    if "channels" in value and "distributions" not in value:
        raise WorkspaceError(f"{name}: a pyhf workspace, not HS3")
    file = tables(Node(value, "", mistakes))
    try:
        built = _built(file, analysis, data, shapesys)
    except RecursionError:
        raise WorkspaceError(f"{name}: nested too deeply") from None
    if mistakes or built is None:
        raise WorkspaceError([f"{name}: {mistake}" for mistake in dict.fromkeys(mistakes)])
    document, channels, named = built
    axes = {channel.name: axis for channel in channels if (axis := _axis(file, channel)) is not None}
    workspace = Workspace(_loaded(document, name).document, axes)
    return Reading(workspace, tuple(file.notes)), named.components()


def _axis(file: Tables, channel: HS3Channel) -> Axis | None:
    """Return the axis of a channel, with what wilks wrote down about it; None where its bins are only numbered."""
    known = file.remembered.child("axes")
    if channel.axis is None or channel.name not in known.value:
        return channel.axis
    if not known.has(channel.name):
        return None
    said = known.child(channel.name)
    labels = tuple(said.names("bin_labels"))
    try:
        return Axis(channel.axis.edges, said.text("label", ""), said.text("unit", ""), labels)
    except TemplateError as error:
        raise WorkspaceError(f"{said.place()}: {error}") from None


def _loaded(document: dict[str, Any], name: str) -> Workspace:
    try:
        return load_workspace(document)
    except WorkspaceError as error:
        raise WorkspaceError(
            [f"{name}: as a workspace: {p.removeprefix('workspace: ')}" for p in error.problems]
        ) from None


def _value(source: Source) -> tuple[Any, str]:
    """Return what the file says, and its name for messages."""
    if isinstance(source, Mapping):
        return msgspec.to_builtins(dict(source)), "document"
    if isinstance(source, str | Path):
        content: bytes | str = content_of_file(Path(source), None)
        name = str(source)
    elif isinstance(source, bytes):
        content, name = source, "document"
    else:
        content, name = source.read(), str(getattr(source, "name", "document"))
    try:
        return parse_json(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content), name
    except ValueError as error:
        raise WorkspaceError(f"{name}: not JSON: {error}") from None


@dataclass
class _Model:
    """What of a file makes the workspace, before it has the workspace's names."""

    file: Tables
    choice: Choice
    values: dict[str, Values]
    channels: list[HS3Channel]
    functions: Functions
    found: Gathered
    extra: Extra


def _built(
    file: Tables, analysis: str | None, data: str | None, shapesys: Meaning | None
) -> tuple[dict[str, Any], list[HS3Channel], Named] | None:
    choice = choose(file, analyses_of(file), analysis, data)
    if choice is None or not choice.measurements:
        return None
    values = {one.name: values_of(file, one.node) for one in choice.measurements}
    first = choice.measurements[0]
    names = channel_names(file, first.distributions)
    known = _known(file, "channels")
    names = {distribution: known.get(name, name) for distribution, name in names.items()}
    channels = [
        read_channel(file, file.distributions[distribution], names[distribution], values[first.name])
        for distribution in first.distributions
    ]
    if file.mistakes:
        return None
    parameters = {n for c in channels for s in c.samples for e in s.effects for n in e.parameters}
    functions = Functions(file, frozenset({*parameters, *values[first.name].names()} - set(file.functions)))
    for name in file.remembered.names("functions"):
        if name in functions:
            functions.use(name)
    found = gather(file, channels, functions)
    functions.check()
    if file.mistakes:
        return None
    extra = extra_terms(file, first.terms, names_of(found))
    model = _Model(file, choice, values, channels, functions, found, extra)
    _constraints(model, shapesys or _meaning(file))
    if file.mistakes:
        return None
    return _document(model)


def _known(file: Tables, key: str) -> dict[str, str]:
    """Return names of the workspace that wilks wrote down, by those in the file."""
    node = file.remembered.child("names").child(key)
    return {name: node.text(name) for name in node.value}


def _meaning(file: Tables) -> Meaning:
    """Return what numbers of a shapesys are in files of this version."""
    version = file.root.child("metadata").text("hs3_version", "")
    return "tau" if version.startswith("0.1") else "relative"


def _constraints(model: _Model, meaning: Meaning) -> None:
    """Find out what constrains each parameter; the luminosity is a normfactor with a normal constraint, or wilks'."""
    file, first = model.file, model.choice.measurements[0]
    terms = Terms(file, model.values[first.name])
    for vector in model.found.vectors.values():
        resolve(vector, terms, model.extra, meaning)
        if vector.kind == "shapesys" and max(vector.widths) > 1:
            node = vector.uses[0].effect.node
            text = 'relative uncertainties above 1; are they absolute? Then read with shapesys="absolute"'
            file.tell(node.place("data.vals"), text)
    known, ours = _known(file, "parameters"), file.remembered.has("settings")
    for scalar in model.found.scalars.values():
        called = {use.effect.name.casefold() for use in scalar.uses} | {scalar.name.casefold()}
        if scalar.name in known or scalar.kind != "factor" or called != {"lumi"}:
            continue
        if ours or term_of(scalar, terms, model.extra)[0].kind == "normal":
            scalar.kind = "lumi"


def _document(model: _Model) -> tuple[dict[str, Any], list[HS3Channel], Named] | None:
    file, choice, found = model.file, model.choice, model.found
    first = choice.measurements[0]
    named = name_all(found, model.functions, _known(file, "parameters"))
    named.functions = _known(file, "functions")
    widths = exact_widths(file, found, model.values[first.name])
    channels = [channel_of(channel, found, named, widths) for channel in model.channels]
    document: dict[str, Any] = {
        "channels": channels,
        "observations": _observations(model, first),
        "measurements": [_measurement(model, one, named, widths) for one in choice.measurements],
        "version": PYHF,
    }
    known = _known(file, "data_sets")
    further = {known.get(name, name): one for name, one in choice.data_sets.items()}
    if sets := [{"name": name, "observations": _observations(model, one)} for name, one in further.items()]:
        document["data_sets"] = sets
    if groups := file.remembered.objects("groups"):
        document["groups"] = [group.value for group in groups]
    if entries := functions_of(model.functions, named):
        document["functions"] = entries
    if masks := file.remembered.objects("masks"):
        document["masks"] = [mask.value for mask in masks]
    _tell(model)
    if file.mistakes:
        return None
    if next(extensions(document), None) is not None:
        document["version"] = WILKS
    return document, model.channels, named


def _observations(model: _Model, analysis: Any) -> list[dict[str, Any]]:
    data = dict(analysis.pairs)
    by_distribution = zip(model.choice.measurements[0].distributions, model.channels, strict=True)
    found = [
        {"name": channel.name, "data": counts(model.file, channel, data[distribution], analysis.likelihood)}
        for distribution, channel in by_distribution
    ]
    order = model.file.remembered.names("observations")
    return sorted(found, key=lambda one: order.index(one["name"]) if one["name"] in order else len(order))


def _measurement(model: _Model, analysis: Any, named: Named, widths: Any) -> dict[str, Any]:
    file = model.file
    terms = Terms(file, model.values[analysis.name])
    name = _name(model, analysis.name)
    spelled = file.remembered.child("settings").child(name)
    lower = file.remembered.child("lower_sigmas").child(name)
    unused = file.remembered.child("unused").objects(name)
    parameters = all_settings(file, model.found, named, terms, model.extra, widths, spelled, unused)
    for entry in parameters:
        if lower.has(entry["name"]):
            entry["lower_sigmas"] = lower.numbers(entry["name"])
    pois = file.remembered.child("unknown_pois").names(name) or [named.parameter(poi) for poi in analysis.pois]
    config: dict[str, Any] = {"poi": pois[0] if pois else "", "parameters": parameters}
    if len(pois) > 1 or file.remembered.child("pois").has(name):
        config["pois"] = pois
    saved = file.remembered.child("correlations").objects(name)
    if correlations := correlations_of(terms, named, model.extra, _named_terms(model), saved):
        config["correlations"] = correlations
    if (clip := _clip(model, terms.values, name)) is not None:
        config["clip"] = clip
    return {"name": name, "config": config}


def _named_terms(model: _Model) -> set[str]:
    """Return the distributions that modifiers name as their constraints."""
    effects = [use.effect for scalar in model.found.scalars.values() for use in scalar.uses]
    return {name for effect in effects for name in effect.constraints if name is not None}


def _clip(model: _Model, values: Values, name: str) -> bool | None:
    """Return whether negative yields are 0: as wilks wrote down, else where variations could make them negative."""
    file = model.file
    if "wilks" in file.packages():
        return file.remembered.child("clip").flag(name) if file.remembered.child("clip").has(name) else None
    if not may_be_negative(model.channels, values):
        return None
    file.tell("distributions", "variations can bring yields below 0; they are 0 then, as in ROOT")
    return True


def _name(model: _Model, name: str) -> str:
    """Return the name of a measurement; ROOT's have the data set at the end where there are several."""
    name = _known(model.file, "measurements").get(name, name)
    if model.choice.data_sets and not model.file.remembered.value:
        return name.removesuffix(f"_{model.choice.data_set}") or name
    return name


def _tell(model: _Model) -> None:
    """Note which data and analyses were read, and which weren't."""
    file, choice = model.file, model.choice
    if choice.data_sets:
        text = f'"{choice.data_set}" is fitted; further data sets: {told(choice.data_sets)}'
        file.tell("data", text)
    if choice.others:
        text = f"{told(a.name for a in choice.others)}: other channels; name one to read it"
        file.tell("analyses", text, "lost")
