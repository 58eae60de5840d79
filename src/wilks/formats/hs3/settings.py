"""What a measurement says about parameters: only what differs from the defaults of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from wilks.formats.hs3.modifiers import Named, Widths, staterror_widths
from wilks.formats.hs3.nodes import Node
from wilks.formats.hs3.parameters import Extra, Gathered, Scalar, Vector, term_of
from wilks.formats.hs3.tables import Tables
from wilks.formats.hs3.terms import Term, Terms
from wilks.formats.hs3.values import Values

_ALPHA, _FACTOR, _GAMMA = [-5.0, 5.0], [0.0, 10.0], [1e-10, 10.0]
_SAME_COUNT = 2e-6
_LEAST = 1e-150


def all_settings(
    file: Tables,
    found: Gathered,
    named: Named,
    terms: Terms,
    extra: Extra,
    widths: Widths,
    spelled: Node,
    unused: Sequence[Node],
) -> list[dict[str, Any]]:
    """Return the settings of a measurement in the order of the document; `spelled` has those that were written out."""
    entries: dict[str, dict[str, Any]] = {}
    for scalar in found.scalars.values():
        name = named.scalars[scalar.name]
        asked = spelled.names(name) if spelled.has(name) else []
        entries[name] = _scalar(file, scalar, name, terms, extra, asked)
    merged: dict[str, list[Vector]] = {}
    for names, vector in found.vectors.items():
        merged.setdefault(named.vectors[names], []).append(vector)
    for name, vectors in merged.items():
        ordered = sorted(vectors, key=lambda vector: vector.uses[0].channel.name)
        asked = spelled.names(name) if spelled.has(name) else []
        entries[name] = _vectors(file, ordered, name, terms.values, widths, asked)
    for entry in unused:
        if (name := entry.text("name")) not in entries:
            entries[name] = entry.value
    order = [name for name in spelled.value if name in entries]
    order += [name for name in entries if name not in spelled.value]
    return [entries[name] for name in order if len(entries[name]) > 1 or spelled.has(name)]


def _scalar(
    file: Tables, scalar: Scalar, name: str, terms: Terms, extra: Extra, asked: Iterable[str]
) -> dict[str, Any]:
    term, held = term_of(scalar, terms, extra)
    entry: dict[str, Any] = {"name": name}
    alpha = scalar.kind == "alpha"
    init, bounds = (0.0, _ALPHA) if alpha else (1.0, _FACTOR)
    entry |= _constraint(scalar, term, asked)
    if not alpha and term.kind != "none":
        init = term.centre if term.kind == "normal" else term.centre / term.width
    if scalar.kind == "lumi":
        asked = [*asked, "inits", "bounds"]
        bounds = [0.0, 10.0 * float(init)] if init > 0 else _FACTOR
    constant = held or terms.values.constant(scalar.name)
    value, limits = _within(file, scalar.name, terms.values, init, term.bounds or bounds, constant)
    if value != init or "inits" in asked:
        entry["inits"] = [value]
    if limits != bounds or "bounds" in asked:
        entry["bounds"] = [limits]
    if constant or "fixed" in asked:
        entry["fixed"] = [constant] if "fixed[]" in asked else constant
    return entry


def _constraint(scalar: Scalar, term: Term, asked: Iterable[str]) -> dict[str, Any]:
    """Return kind, centre and width of a constraint as settings."""
    if scalar.kind == "lumi" and term.kind == "normal":
        said = {"constraint": "normal"} if "constraint" in asked else {}
        return {**said, "auxdata": [term.centre], "sigmas": [term.width]}
    if scalar.kind != "alpha":
        if term.kind == "none":
            return {"constraint": "none"} if scalar.kind == "lumi" or "constraint" in asked else {}
        width = "sigmas" if term.kind == "normal" else "factors"
        return {"constraint": term.kind, "auxdata": [term.centre], width: [term.width]}
    if term.kind == "none":
        return {"constraint": "none"}
    if term.kind == "poisson":
        node = term.source
        if node is not None:
            node.wrong("a count can't constrain the parameter of a normsys or histosys, which is centred at 0")
        return {}
    entry: dict[str, Any] = {}
    if term.width != 1 or "constraint" in asked:
        entry["constraint"] = "normal"
    if term.centre != 0 or "auxdata" in asked:
        entry["auxdata"] = [term.centre]
    if term.width != 1 or "sigmas" in asked:
        entry["sigmas"] = [term.width]
    return entry


def _within(file: Tables, name: str, values: Values, init: Any, bounds: Any, constant: bool) -> tuple[Any, list[Any]]:
    """Return start and range of a parameter; a start outside of the range is moved to its end, as in ROOT."""
    value = values.value(name)
    found = values.bounds(name)
    value, limits = (init if value is None else value), list(bounds if found is None else found)
    if limits[0] <= value <= limits[1]:
        return value, limits
    if constant or found is None:
        return value, [min(limits[0], value), max(limits[1], value)]
    moved = min(max(value, limits[0]), limits[1])
    file.tell(
        values.points[name].at if name in values.points else name,
        f'"{name}" is {value:g}, outside its range {limits}; it starts at {moved:g}, as in ROOT',
    )
    return moved, limits


def _vectors(
    file: Tables, vectors: list[Vector], name: str, values: Values, widths: Widths, asked: Iterable[str]
) -> dict[str, Any]:
    """Return the settings of parameters of bins; those of a name in several channels follow one another."""
    entry: dict[str, Any] = {"name": name}
    names = [one for vector in vectors for one in vector.names]
    first = vectors[0]
    gamma = first.constraint != "none"
    sigma = [s for vector in vectors for s in _sigma(vector, widths)]
    # A constant without effect has no width that matters.
    sigma = [
        0.0 if values.constant(one) and _no_yield(vectors, b) else s
        for b, (one, s) in enumerate(zip(names, sigma, strict=True))
    ]
    threshold = first.uses[0].channel.node.child("staterror").number("relThreshold", 0.0)
    least = threshold if first.kind == "staterror" else 0.0
    idle = [gamma and (s == 0 or s < least) for s in sigma]
    starts: list[Any] = []
    ranges: list[list[Any]] = []
    fixed: list[bool] = []
    for one, nothing in zip(names, idle, strict=True):
        constant = (first.held and not values.floats(one)) or values.constant(one)
        value, limits = _within(file, one, values, 1.0, _GAMMA if gamma else _FACTOR, constant)
        starts.append(value)
        ranges.append(limits)
        fixed.append(constant or (nothing and "fixed" not in asked))
    usual = [nothing or _no_yield(vectors, b) for b, nothing in enumerate(idle)] if gamma else idle
    if any(value != 1 for value in starts) or "inits" in asked:
        entry["inits"] = starts
    if any(limits != (_GAMMA if gamma else _FACTOR) for limits in ranges) or "bounds" in asked:
        entry["bounds"] = ranges
    if fixed != usual or "fixed" in asked:
        entry["fixed"] = fixed[0] if len(set(fixed)) == 1 and "fixed[]" not in asked else fixed
    if gamma:
        entry |= _centres(first.constraint, names, sigma, values, asked)
        entry |= _missing_widths(vectors, sigma, entry)
    return entry


def _sigma(vector: Vector, widths: Widths) -> list[float]:
    if vector.kind != "staterror":
        return vector.widths
    scale = widths.scale.get(vector.names, [1.0] * len(vector.names))
    return [float(s) * f for s, f in zip(staterror_widths(vector.uses), scale, strict=True)]


def _no_yield(vectors: list[Vector], b: int) -> bool:
    """Return whether a shapesys has a width but no yield in a bin: the workspace holds it constant by itself."""
    vector = vectors[0]
    return vector.kind == "shapesys" and not any(use.sample.contents[b] > 0 for use in vector.uses)


def _missing_widths(vectors: list[Vector], sigma: list[float], entry: dict[str, Any]) -> dict[str, Any]:
    """Return the widths of a shapesys as settings, where uncertainties in events can't say them."""
    bins = range(len(sigma))
    if len(vectors) > 1 or not any(sigma[b] > 0 and _no_yield(vectors, b) for b in bins):
        return {}
    if vectors[0].constraint == "normal":
        return {"sigmas": [s if s > 0 else 1.0 for s in sigma]}
    taus = [_tau(s) for s in sigma]
    return {"factors": taus, "auxdata": entry.get("auxdata", taus)}


def _centres(
    constraint: str, names: list[str], sigma: list[float], values: Values, asked: Iterable[str]
) -> dict[str, Any]:
    """Return the auxiliary data of bins, where they aren't those of a measurement of 1."""
    usual = [1.0 if constraint == "normal" else _tau(s) for s in sigma]
    found = [values.value(f"nom_{name}") for name in names]
    rounded = 0.0 if "auxdata" in asked else _SAME_COUNT
    auxdata = [
        u if f is None or s == 0 or abs(f - u) <= rounded * abs(u) else f
        for f, u, s in zip(found, usual, sigma, strict=True)
    ]
    return {"auxdata": auxdata} if auxdata != usual or "auxdata" in asked else {}


def _tau(sigma: float) -> float:
    """Return the events that a relative uncertainty stands for; 1 where there is none, or none worth the name."""
    return sigma**-2 if sigma > _LEAST else 1.0
