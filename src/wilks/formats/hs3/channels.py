"""Channels of an HS3 file: axes, samples and modifiers, in the order of the document's bins.

With several axes the yields of a file run with the last axis fastest, the parameters of bins with the first; here all
run with the first axis fastest, as in ROOT's histograms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wilks.errors import TemplateError, listed, nearest
from wilks.formats.hs3.nodes import Node
from wilks.formats.hs3.tables import Tables
from wilks.formats.hs3.values import Values
from wilks.histogram import Axis
from wilks.workspace.either import written

SCALAR = ("normfactor", "normsys", "histosys", "custom")
WORDS = {
    "gauss": "normal",
    "gaussian": "normal",
    "normal": "normal",
    "poisson": "poisson",
    "const": "const",
    "lognormal": "lognormal",
    "none": "none",
}
"""Words for kinds of constraints, in lower case."""
PER_BIN = ("shapesys", "staterror", "shapefactor")
_DIST = ("name", "type", "axes", "samples", "staterror", "barlow_beeston_method")
_SAMPLE = ("name", "data", "modifiers")
_MODIFIER = (
    "name",
    "type",
    "parameter",
    "parameters",
    "constraint",
    "constraint_name",
    "constraint_type",
    "constraints",
    "data",
    "interpolation",
)
_AXIS = ("name", "edges", "min", "max", "nbins", "bounds", "value", "const")
_MOST_BINS = 10_000_000


@dataclass(frozen=True)
class Effect:
    """A modifier of a file. `parameters` has one name, or one per bin; `constraints` says as much about each."""

    node: Node
    kind: str
    name: str
    parameters: tuple[str, ...]
    constraints: tuple[str | None, ...]
    lo: Any = None
    hi: Any = None
    vals: tuple[Any, ...] = ()
    code: str | None = None


@dataclass(frozen=True)
class HS3Sample:
    """A process: yields, their statistical uncertainties where there are any, and modifiers."""

    node: Node
    name: str
    contents: list[Any]
    errors: list[Any] | None
    effects: list[Effect]


@dataclass(frozen=True)
class HS3Channel:
    """A channel; `order` has the place in the file's lists of yields of every bin."""

    node: Node
    name: str
    axes: list[Node]
    order: list[int]
    samples: list[HS3Sample] = field(default_factory=list)
    axis: Axis | None = None
    shape: tuple[int, ...] = ()


def read_channel(file: Tables, node: Node, name: str, values: Values) -> HS3Channel:
    """Return a channel; what is wrong with it is noted."""
    for key in node.known(_DIST):
        file.tell(node.place(key), "not known here, and left out", "lost")
    samples = node.objects("samples", needed=True)
    if node.has("samples") and not samples:
        node.wrong("empty, at least one sample needed", "samples")
    axes = node.objects("axes", needed=True)
    shape, axis = _binning(axes, samples)
    order = np.arange(int(np.prod(shape))).reshape(shape).ravel(order="F").tolist()
    channel = HS3Channel(node, name, axes, order, [], axis, shape)
    seen: set[str] = set()
    for i, sample in enumerate(samples):
        title = sample.text("name", f"sample_{i}")
        if title in seen:
            sample.wrong(f'"{title}" occurs more than once in this channel', "name")
        seen.add(title)
        channel.samples.append(_sample(file, sample, title, channel, values))
    return channel


def _binning(axes: list[Node], samples: list[Node]) -> tuple[tuple[int, ...], Axis | None]:
    """Return the numbers of bins of the axes, and the axis where there is one whose edges are known."""
    found = [axis_edges(axis) for axis in axes]
    if len(found) == 1 and found[0] is None and samples:  # a name only: the yields say how many bins there are
        contents = samples[0].child("data").value.get("contents")
        return (len(contents) if isinstance(contents, list) and contents else 1,), None
    shape = tuple(len(edges) - 1 if edges else 1 for edges in found)
    if len(found) != 1 or found[0] is None:
        return shape, None
    try:
        return shape, Axis(np.array(found[0], np.float64), axes[0].text("name", ""))
    except TemplateError as error:
        axes[0].wrong(str(error), axes[0].first("edges", "bounds", "min"))
        return shape, None


def axis_edges(axis: Node) -> list[Any] | None:
    """Return the edges of an axis; None where it has a name only, or where they are wrong."""
    list(axis.known(_AXIS))  # slips of the pen; titles and the like do no harm
    key = axis.first("edges", "bounds")  # older files say bounds
    if axis.has(key):
        edges = axis.numbers(key)
        if len(edges) < 2:
            axis.wrong(f"{len(edges)} found, at least two edges needed", key)
            return None
        return edges
    low, high = axis.value.get("min"), axis.value.get("max")
    if low is None and high is None and not axis.has("nbins"):
        return None
    low, high = axis.number("min"), axis.number("max")
    count = axis.number("nbins", 1)
    if count != int(count) or not 0 < count <= _MOST_BINS:
        axis.wrong(f"{count} found, a whole number of bins from 1 to {_MOST_BINS} needed", "nbins")
        return None
    if not low < high:
        axis.wrong(f"{low} found, below the maximum needed", "min")
        return None
    return [low + (high - low) * i / int(count) for i in range(int(count))] + [high]


def _sample(file: Tables, node: Node, name: str, channel: HS3Channel, values: Values) -> HS3Sample:
    for key in node.known(_SAMPLE):
        file.tell(node.place(key), "not known here, and left out", "lost")
    data = node.child("data") if node.has("data") else node
    contents = in_order(data.numbers("contents", len(channel.order)), channel.order)
    errors = _errors(file, data, channel) if data.has("errors") else None
    sample = HS3Sample(node, name, contents, errors, [])
    for modifier in node.objects("modifiers"):
        effect = _effect(file, modifier, channel, values)
        if effect is not None:
            sample.effects.append(effect)
            if effect.kind == "staterror" and errors is None and not effect.vals:
                data.wrong('no "errors", which the modifier of type staterror needs', "errors")
    return sample


def _errors(file: Tables, data: Node, channel: HS3Channel) -> list[Any]:
    """Return the statistical uncertainties of the yields.

    With several axes ROOT multiplies relative uncertainties, which run with the first axis fastest, with yields that
    run with the last axis fastest.
    """
    size = len(channel.order)
    errors, contents = data.numbers("errors", size), data.numbers("contents", size)
    if len(channel.shape) < 2 or "ROOT" not in file.packages():
        return in_order(errors, channel.order)
    file.tell(data.place("errors"), "with several axes ROOT's relative uncertainties run with the first axis fastest")
    relative = [error / value if value else 0.0 for error, value in zip(errors, contents, strict=True)]
    return [one * value for one, value in zip(relative, in_order(contents, channel.order), strict=True)]


def _effect(file: Tables, node: Node, channel: HS3Channel, values: Values) -> Effect | None:
    kinds = (*SCALAR, *PER_BIN)
    kind = node.text("type")
    if kind not in kinds:
        if node.has("type"):
            node.wrong(f'no modifier type "{kind}"; allowed are {listed(kinds)}{nearest(kind, kinds)}', "type")
        return None
    for key in node.known(_MODIFIER):
        file.tell(node.place(key), "not known here, and left out", "lost")
    name = node.text("name", kind if kind == "staterror" else None)
    if kind in SCALAR:
        return _scalar(node, kind, name, channel, values, file)
    return _per_bin(node, kind, name, channel)


def _scalar(node: Node, kind: str, name: str, channel: HS3Channel, values: Values, file: Tables) -> Effect:
    if node.has("parameter"):
        parameter = node.text("parameter")
    elif kind in ("normfactor", "custom"):
        parameter = name
    else:  # older files name the modifier only
        known = f"alpha_{name}" if not values.knows(name) or values.knows(f"alpha_{name}") else name
        parameter = known
    if not parameter:
        node.wrong("empty, the name of a parameter needed", node.first("parameter", "name"))
    lo = hi = code = None
    if kind in ("normsys", "histosys"):
        data = node.child("data")
        if not node.has("data"):
            node.wrong('"data" is missing')
            data = Node({"lo": 1.0, "hi": 1.0} if kind == "normsys" else {}, node.place("data"), [])
        code = interpolation(file, node, data, kind)
        if kind == "normsys":
            lo, hi = data.number("lo"), data.number("hi")
        else:
            lo, hi = (
                in_order(data.child(side).numbers("contents", len(channel.order)), channel.order)
                for side in ("lo", "hi")
            )
    return Effect(node, kind, name, (parameter,), (_constraint(node),), lo, hi, (), code)


def _per_bin(node: Node, kind: str, name: str, channel: HS3Channel) -> Effect:
    bins = len(channel.order)
    if node.has("parameters"):
        parameters = node.names("parameters")
        if len(parameters) != bins:
            node.wrong(f"{len(parameters)} found, {bins} needed, one per bin", "parameters")
            parameters = (parameters + [f"missing_{i}" for i in range(bins)])[:bins]
        if "" in parameters:
            node.wrong("an empty name", "parameters")
        if len(set(parameters)) < bins:
            node.wrong("a name occurs more than once", "parameters")
    else:
        stem = f"stat_{channel.name}" if kind == "staterror" else name
        parameters = [f"gamma_{stem}_bin_{i}" for i in range(bins)]
    constraints: list[str | None] = [_constraint(node)] * bins
    if node.has("constraints"):
        given = node.value["constraints"]
        if not isinstance(given, list) or len(given) != bins:
            node.wrong(f"a list of {bins} names (or null) needed, one per bin", "constraints")
        elif not all(item is None or isinstance(item, str) for item in given):
            node.wrong("names of distributions, or null, needed", "constraints")
        else:
            constraints = [item if item is not None else "none" for item in given]
    vals: list[Any] = []
    data = node.child("data")
    if kind == "shapesys" and (data.has("vals") or not node.has("constraints")):
        if not node.has("data"):
            node.wrong('"data" is missing')
            vals = [0.0] * bins
        else:
            vals = data.numbers("vals", bins)
    if kind == "staterror" and data.has("uncertainties"):
        vals = in_order(data.numbers("uncertainties", bins), channel.order)
    places = _places(parameters, channel.shape)
    moved = vals if kind == "staterror" else [vals[i] for i in places] if vals else []
    return Effect(
        node,
        kind,
        name,
        tuple(parameters[i] for i in places),
        tuple(constraints[i] for i in places),
        vals=tuple(moved),
    )


def _places(parameters: list[str], shape: tuple[int, ...]) -> list[int]:
    """Return where in a list of parameters the one of each bin is: the numbers at the end of the names say that."""
    if len(shape) < 2:
        return list(range(len(parameters)))
    pattern = re.compile(r"_(\d+)" * len(shape) + "$")
    matches = [pattern.search(name) for name in parameters]
    bins = [tuple(int(n) for n in match.groups()) for match in matches if match]
    wanted = [tuple(int(i) for i in index[::-1]) for index in np.ndindex(shape[::-1])]  # the first axis fastest
    if sorted(bins) != sorted(wanted):
        return list(np.arange(len(parameters)).reshape(shape).ravel(order="F"))
    return [bins.index(index) for index in wanted]


def _constraint(node: Node) -> str | None:
    if node.has("constraint_name"):
        return node.text("constraint_name")
    if node.has("constraint"):
        return node.text("constraint")
    said = node.text("constraint_type") if node.has("constraint_type") else None
    if said is not None and said.casefold() not in WORDS:
        allowed = ("Gauss", "Poisson", "Const")
        node.wrong(f'"{said}" found; allowed are {listed(allowed)}{nearest(said, allowed)}', "constraint_type")
        return None
    return said


_NORMSYS = {0: "code0", 1: "code1", 2: "code2", 3: "code2", 4: None, 5: None, 6: None}
_HISTOSYS = {0: "code0", 1: "code1", 2: "code2", 3: "code2", 4: None, 5: "code5", 6: None}
_WORDS = {"lin": 0, "log": 1, "parabolic": 2, "poly6": 4}


def interpolation(file: Tables, node: Node, data: Node, kind: str) -> str | None:
    """Return the interpolation of a normsys or histosys as a workspace says it; None for the usual one."""
    codes = _NORMSYS if kind == "normsys" else _HISTOSYS
    usual = "code4" if kind == "normsys" else "code4p"
    if data.has("interpolation"):
        said = data.text("interpolation")
        allowed = [*(code for code in codes.values() if code), usual, *(["code5", "combine"] * (kind == "normsys"))]
        if said not in allowed:
            data.wrong(f'"{said}" found; allowed are {listed(dict.fromkeys(allowed))}', "interpolation")
        return said
    value = node.value.get("interpolation")
    if value is None:
        return None
    if isinstance(value, str) and value in _WORDS:
        if kind == "normsys" and value == "poly6":
            file.tell(
                node.place("interpolation"),
                '"poly6" of a normsys is linear beyond 1 in the standard; read as code4, which is exponential there',
                "approximate",
            )
        return codes[_WORDS[value]]
    if isinstance(value, bool) or not isinstance(value, int) or value not in codes:
        node.wrong(f"{written(value)} found; allowed are 0 to 6, {listed(_WORDS)}", "interpolation")
        return None
    return codes[value]


def in_order(values: list[Any], order: list[int]) -> list[Any]:
    """Return values of a file in the order of the document's bins."""
    return values if len(order) < 2 else [values[i] for i in order]
