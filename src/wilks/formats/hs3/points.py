"""Start values, ranges and constraints of a measurement, for every parameter that an HS3 file has to mention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from wilks.formats.hs3.spelling import ALPHA, LUMI, Bins, Spelling
from wilks.workspace.spec import Measurement, ParameterSettings


@dataclass(frozen=True)
class Told:
    """What a measurement says about a parameter: `centre`, `width` (or rate) and `kind` are those of its constraint."""

    value: Any
    bounds: Sequence[Any]
    fixed: bool
    kind: str = "none"
    centre: Any = None
    width: Any = None


@dataclass(frozen=True)
class Measured:
    """All parameters of a measurement, by their names in the file; names of those of interest."""

    name: str
    pois: tuple[str, ...]
    parameters: dict[str, Told] = field(default_factory=dict)


def measured(measurement: Measurement, spelling: Spelling) -> Measured:
    """Return what a measurement says about each parameter, with defaults where it is silent."""
    settings = {entry.name: entry for entry in measurement.config.parameters}
    known = {*spelling.scalars, *spelling.functions}
    pois = tuple(spelling.of(name) for name in measurement.config.of_interest if name in known)
    found = Measured(spelling.measurements[measurement.name], pois)
    for name, (kind, written) in spelling.scalars.items():
        found.parameters[written] = _scalar(kind, settings.get(name) or ParameterSettings(name))
    for name, bins in spelling.bins.items():
        entry = settings.get(name) or ParameterSettings(name)
        for i, written in enumerate(bins.names):
            found.parameters[written] = _bin(bins, i, entry)
    return found


def _first(values: Sequence[Any] | None, default: Any) -> Any:
    return values[0] if values else default


def _scalar(kind: str, entry: ParameterSettings) -> Told:
    fixed = bool(entry.fixed[0] if isinstance(entry.fixed, list) else entry.fixed)
    bounds = _first(entry.bounds, [-5.0, 5.0] if kind == ALPHA else [0.0, 10.0])
    constraint = entry.constraint or ("normal" if kind in (ALPHA, LUMI) else "none")
    if constraint == "none":
        start = _first(entry.inits, 0.0 if kind == ALPHA else 1.0)
        return Told(start, bounds, fixed, "none")
    if constraint == "poisson":
        rate = _first(entry.factors, 1.0)
        count = _first(entry.auxdata, rate)
        return Told(_first(entry.inits, count / rate), bounds, fixed, "poisson", count, rate)
    centre = _first(entry.auxdata, 0.0 if kind == ALPHA else 1.0)
    start = _first(entry.inits, 0.0 if kind == ALPHA else centre)
    return Told(start, bounds, fixed, "normal", centre, _first(entry.sigmas, 1.0))


def _bin(bins: Bins, i: int, entry: ParameterSettings) -> Told:
    gammas = bins.gammas
    bounds = entry.bounds[i] if entry.bounds else [0.0, 10.0] if gammas is None else [1e-10, 10.0]
    constant = False if gammas is None else bool(gammas.constant[i])
    given = entry.fixed[i] if isinstance(entry.fixed, list) else entry.fixed
    fixed = constant if given is None else given
    start = entry.inits[i] if entry.inits else 1.0
    if gammas is None or (gammas.sigma[i] == 0 and not (bins.given and bins.widths[i] > 0)):
        return Told(start, bounds, fixed, "none")
    if gammas.constraint == "poisson":
        rate = entry.factors[i] if entry.factors else float(gammas.tau[i])
        return Told(start, bounds, fixed, "poisson", entry.auxdata[i] if entry.auxdata else rate, rate)
    width = entry.sigmas[i] if entry.sigmas else float(gammas.sigma[i])
    return Told(start, bounds, fixed, "normal", entry.auxdata[i] if entry.auxdata else 1.0, width)


def global_observable(parameter: str) -> str:
    """Return the name of what measures a parameter."""
    return "nominalLumi" if parameter == "Lumi" else f"nom_{parameter}"


def point(name: str, found: Measured, constants: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter point: values of all parameters, of what measures them, and of other constants."""
    entries: list[dict[str, Any]] = []
    for parameter, told in found.parameters.items():
        entries.append({"name": parameter, "value": told.value, **({"const": True} if told.fixed else {})})
        if told.kind != "none":
            entries.append({"name": global_observable(parameter), "value": told.centre, "const": True})
    entries += [{"name": constant, "value": value, "const": True} for constant, value in constants.items()]
    return {"name": name, "parameters": entries}


def domains(prefix: str, found: Measured) -> list[dict[str, Any]]:
    """Return the domains of an analysis as ROOT names them."""
    nuisance, interest, observed = [], [], []
    for parameter, told in found.parameters.items():
        axis = _axis(parameter, told)
        if parameter in found.pois:
            interest.append(axis)
        else:
            nuisance.append(axis)
        if told.kind != "none":
            observed.append(_observed(parameter, told))
    lists = (("nuisance_parameters", nuisance), ("global_observables", observed), ("parameters_of_interest", interest))
    return [{"name": f"{prefix}_{end}", "type": "product_domain", "axes": axes} for end, axes in lists]


def default_domain(found: Measured, axes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the domain that ROOT needs to read a file: all parameters, and the observables."""
    entries = [_axis(parameter, told) for parameter, told in found.parameters.items()]
    entries += [_observed(parameter, told) for parameter, told in found.parameters.items() if told.kind != "none"]
    for axis in axes:
        edges = axis.get("edges") or [axis["min"], axis["max"]]
        entries.append({"name": axis["name"], "min": edges[0], "max": edges[-1]})
    return {"name": "default_domain", "type": "product_domain", "axes": entries}


def _axis(parameter: str, told: Told) -> dict[str, Any]:
    return {"name": parameter, "min": told.bounds[0], "max": told.bounds[1]}


def _observed(parameter: str, told: Told) -> dict[str, Any]:
    """Return the range of what measures a parameter: wide, as ROOT normalises constraints over it."""
    if told.kind == "poisson":
        return {"name": global_observable(parameter), "min": 0.0}
    reach = 1000.0 * max(float(told.width), 1.0) + abs(float(told.centre))
    return {"name": global_observable(parameter), "min": -reach, "max": reach}
