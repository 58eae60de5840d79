"""Samples of the workspace: modifiers with the workspace's names, uncertainties of bins in events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wilks.formats.hs3.channels import HS3Channel, HS3Sample
from wilks.formats.hs3.functions import Functions, as_spelled, worded
from wilks.formats.hs3.names import Candidate, document_names
from wilks.formats.hs3.parameters import Gathered, Scalar, Use, Vector
from wilks.formats.hs3.tables import Tables
from wilks.formats.hs3.values import Values

_ROUNDED = 2e-6
# ROOT writes uncertainties with seven digits; widths that agree as well are the same.


@dataclass
class Named:
    """The workspace's names of parameters and functions, by their names in the file (of the first bin, for bins).

    `first` has the component of the first of several parameters, `powers` are functions made here: a factor that stands
    several times.
    """

    scalars: dict[str, str] = field(default_factory=dict)
    vectors: dict[tuple[str, ...], str] = field(default_factory=dict)
    first: dict[tuple[str, ...], int] = field(default_factory=dict)
    powers: dict[str, tuple[str, int]] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)

    def parameter(self, name: str) -> str:
        """Return the workspace's name of a single parameter or a function."""
        return self.scalars.get(name, self.functions.get(name, name))

    def components(self) -> dict[str, tuple[str, int]]:
        """Return the workspace's parameter, and its component, of every parameter of the file."""
        found = {name: (given, 0) for name, given in self.scalars.items()}
        for names, given in self.vectors.items():
            found |= {name: (given, self.first[names] + i) for i, name in enumerate(names)}
        return found


def name_all(found: Gathered, functions: Functions, known: Mapping[str, str]) -> Named:
    """Return the workspace's names of everything; `known` are those that the file gives for its parameters."""
    candidates = [_candidate(scalar) for scalar in found.scalars.values()]
    groups = _together(found)
    for vectors in groups:
        names = tuple(name for vector in vectors for name in vector.names)
        modifiers = tuple(use.effect.name for vector in vectors for use in vector.uses)
        candidates.append(Candidate(names, modifiers, vectors[0].kind))
    given = document_names(candidates, functions.used, known)
    named = Named(dict(zip(found.scalars, given, strict=False)))
    for vectors, name in zip(groups, given[len(found.scalars) :], strict=True):
        named.vectors |= {vector.names: name for vector in vectors}
        starts = np.cumsum([0, *(len(vector.names) for vector in vectors)]).tolist()
        named.first |= {vector.names: start for vector, start in zip(vectors, starts, strict=False)}
    return named


def _together(found: Gathered) -> list[list[Vector]]:
    """Return parameters of bins that have one name: those of a staterror in several channels are numbered on."""
    groups: dict[tuple[str, ...], list[Vector]] = {}
    for names, vector in found.vectors.items():
        called = sorted({use.effect.name for use in vector.uses})
        key = (vector.kind, *called) if vector.kind == "staterror" and called != ["staterror"] else names
        groups.setdefault(key, []).append(vector)
    made: list[list[Vector]] = []
    for vectors in groups.values():
        ordered = sorted(vectors, key=lambda vector: vector.uses[0].channel.name)
        all_names = [name for vector in ordered for name in vector.names]
        stem = all_names[0].removesuffix("_0")
        numbered = all_names == [f"{stem}_{i}" for i in range(len(all_names))]
        same = len({vector.constraint for vector in vectors}) == 1
        made += [ordered] if numbered and same else [[vector] for vector in vectors]
    return made


def _candidate(scalar: Scalar) -> Candidate:
    kinds = {use.effect.kind for use in scalar.uses}
    kind = scalar.kind if scalar.kind in ("lumi", "free") else "normsys" if scalar.kind == "alpha" else "normfactor"
    modifiers = tuple(use.effect.name for use in scalar.uses)
    return Candidate((scalar.name,), modifiers, kind if kinds or kind == "free" else "free")


def sample_of(sample: HS3Sample, uses: list[Use], found: Gathered, named: Named, widths: Widths) -> dict[str, Any]:
    """Return a sample as the document has it."""
    count = Counter((use.effect.kind, use.scaled) for use in uses if use.scaled)
    done: set[tuple[str, str]] = set()
    modifiers: list[dict[str, Any]] = []
    for use in uses:
        key = (use.effect.kind, use.scaled)
        if use.scaled and key in done and use.effect.kind == "normfactor":
            continue
        done.add(key)
        modifiers.append(_modifier(use, count[key], found, named, widths))
    return {"name": sample.name, "data": sample.contents, "modifiers": modifiers}


def _modifier(use: Use, count: int, found: Gathered, named: Named, widths: Widths) -> dict[str, Any]:
    effect = use.effect
    if not use.scaled:
        return _per_bin(use, found.vectors[effect.parameters], named.vectors[effect.parameters], widths)
    name = named.parameter(use.scaled)
    said = {"interpolation": effect.code} if effect.code else {}
    match effect.kind:
        case "normsys":
            return {"name": name, "type": "normsys", "data": {"lo": effect.lo, "hi": effect.hi}, **said}
        case "histosys":
            return {"name": name, "type": "histosys", "data": {"lo_data": effect.lo, "hi_data": effect.hi}, **said}
    if use.scaled in found.scalars and found.scalars[use.scaled].kind == "lumi" and count == 1:
        return {"name": "lumi", "type": "lumi", "data": None}
    if count > 1:
        power = f"{name}_power_{count}"
        named.powers[power] = (use.scaled, count)
        name = power
    return {"name": name, "type": "normfactor", "data": None}


def _per_bin(use: Use, vector: Vector, name: str, widths: Widths) -> dict[str, Any]:
    """Return a modifier with a parameter per bin."""
    if vector.kind == "shapefactor" or (vector.kind == "staterror" and vector.constraint == "none"):
        return {"name": name, "type": "shapefactor", "data": None}
    if vector.kind == "shapesys":
        entry = {"name": name, "type": "shapesys", "data": _uncertainties(use, vector)}
        entry |= {"constraint": "normal"} if vector.constraint == "normal" else {}
        return entry | ({"shared": True} if len(vector.uses) > 1 else {})
    entry = {"name": name, "type": "staterror", "data": widths.uncertainties(use)}
    entry |= {"constraint": "poisson"} if vector.constraint == "poisson" else {}
    struct = use.channel.node.child("staterror")
    threshold = struct.number("relThreshold", 0.0)
    return entry | ({"threshold": threshold} if threshold > 0 else {})


def _uncertainties(use: Use, vector: Vector) -> list[Any]:
    """Return the uncertainties of a shapesys in events: as written, where that agrees with the relative ones."""
    nominal = use.sample.contents
    data = use.effect.node.child("data")
    written = data.numbers("uncertainties", len(nominal)) if data.has("uncertainties") else []
    written = [written[i] for i in use.channel.order] if written else []
    found = []
    for b, (width, yields) in enumerate(zip(vector.widths, nominal, strict=True)):
        if written and (float(written[b]) / float(yields) if yields > 0 else 0.0) == width:
            found.append(written[b])
        else:
            found.append(width * yields if yields > 0 else 0.0)
    return found


@dataclass
class Widths:
    """Uncertainties of staterrors, without the rounding of ROOT's files: `scale` has a factor for each bin."""

    scale: dict[tuple[str, ...], list[float]] = field(default_factory=dict)

    def uncertainties(self, use: Use) -> list[Any]:
        """Return the uncertainties of a sample, scaled where that is needed."""
        errors = use.effect.vals or use.sample.errors or [0.0] * len(use.sample.contents)
        scale = self.scale.get(use.effect.parameters)
        return list(errors) if scale is None else [e if s == 1.0 else e * s for e, s in zip(errors, scale, strict=True)]


def staterror_widths(uses: list[Use]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the relative uncertainties of the bins of a staterror, 0 where there are none."""
    nominal = np.sum([np.array(use.sample.contents, np.float64) for use in uses], axis=0)
    errors = [np.array(use.effect.vals or use.sample.errors or [0.0] * nominal.size, np.float64) for use in uses]
    with np.errstate(over="ignore", divide="ignore"):  # the model tells
        variance = np.sum([error**2 for error in errors], axis=0)
        return np.where(nominal > 0, np.sqrt(variance) / np.where(nominal > 0, nominal, 1.0), 0.0)


def exact_widths(file: Tables, found: Gathered, values: Values) -> Widths:
    """Return what takes ROOT's rounding of errors back, bin by bin.

    ROOT writes errors with seven digits, but counts of Poisson constraints, and the ends of ranges (1 + 5 widths) of
    normal ones, with all. Where they agree within the rounding they are taken.
    """
    widths = Widths()
    for vector in found.vectors.values():
        if vector.kind != "staterror" or vector.constraint == "none":
            continue
        sigma = staterror_widths(vector.uses)
        if vector.given:
            _take_given(vector, sigma.tolist(), widths)
            continue
        if "ROOT" not in file.packages():
            continue
        scale = [_scale(vector, name, float(s), values) for name, s in zip(vector.names, sigma, strict=True)]
        if any(s != 1.0 for s in scale):
            widths.scale[vector.names] = scale
            node = vector.uses[0].effect.node
            text = (
                "errors in the file have seven digits; widths are those of global observables and ranges, which agree"
            )
            file.tell(node.place(), text, "read as")
    return widths


def _take_given(vector: Vector, sigma: list[float], widths: Widths) -> None:
    """Scale errors to the widths that distributions of the file give."""
    node = vector.uses[0].effect.node
    if any(width > 0 and not s > 0 for width, s in zip(vector.widths, sigma, strict=True)):
        node.wrong("its constraint has a width in a bin without errors or without yield")
        return
    widths.scale[vector.names] = [w / s if s > 0 else 1.0 for w, s in zip(vector.widths, sigma, strict=True)]


def _scale(vector: Vector, name: str, sigma: float, values: Values) -> float:
    if not sigma > 0:
        return 1.0
    if vector.constraint == "poisson":
        count = values.value(f"nom_{name}")
        better = count**-0.5 if count is not None and count > 0 else sigma
    else:
        bounds = values.bounds(name)
        better = (bounds[1] - 1) / 5 if bounds is not None and bounds[0] == 0 else sigma
    ratio = better / sigma
    return ratio if 0 < abs(ratio - 1) < _ROUNDED and abs(ratio - 1) > 1e-15 else 1.0


def functions_of(functions: Functions, named: Named) -> list[dict[str, Any]]:
    """Return the functions of the document, those for powers of a factor at the end."""
    names = {**named.scalars, **named.functions}
    spelled = functions.file.remembered.child("expressions")
    entries = []
    for name in sorted(functions.used, key=list(functions.file.functions).index):
        entry = worded(named.parameter(name), functions.used[name], names)
        saved = spelled.child(name) if spelled.has(name) else None
        entry = entry if saved is None else as_spelled(entry, saved)
        penalty = {"penalty": True} if saved is not None and saved.flag("penalty") else {}
        entries.append(entry | penalty)
    for power, (name, count) in named.powers.items():
        tokens: list[tuple[str, str]] = []
        for _ in range(count):
            tokens += [("sign", "*")] * bool(tokens)
            tokens += [("name", name)]
        entries.append(worded(power, tokens, names))
    return entries


def channel_of(channel: HS3Channel, found: Gathered, named: Named, widths: Widths) -> dict[str, Any]:
    """Return a channel as the document has it."""
    samples = [sample_of(sample, found.uses[id(sample)], found, named, widths) for sample in channel.samples]
    return {"name": channel.name, "samples": samples}
