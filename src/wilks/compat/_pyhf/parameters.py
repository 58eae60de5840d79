"""The configuration of a pyhf model, filled from the parameter sets of a wilks model by pyhf's own code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyhf
import pyhf.pdf
from pyhf.modifiers import shapesys, staterror

from wilks.model.model import Model
from wilks.model.parameters import ParameterSet


def fill(config: Any, model: Model, spec: Mapping[str, Any]) -> None:
    """Give a pyhf configuration its parameters and auxiliary data: what pyhf's builders require, in their order.

    The measurement's settings are put in by pyhf, so that types, defaults and exceptions are its own.
    """
    uses = _first_uses(spec)
    requirements = {each.name: [_requirement(each, uses[each.name, each.types[0]])] for each in model.parameter_sets}
    settings = pyhf.pdf._finalize_parameters_specs(spec.get("parameters", []), requirements)
    sets, auxdata, order = pyhf.pdf._create_parameters_from_spec(settings)
    config.set_parameters(sets)
    config.set_auxinfo(auxdata, order)


def _first_uses(spec: Mapping[str, Any]) -> dict[tuple[str, str], tuple[Sequence[float], Any]]:
    """Return the yields and the data of the first modifier of each name and type, in pyhf's order."""
    found: dict[tuple[str, str], tuple[Sequence[float], Any]] = {}
    for channel in sorted(spec["channels"], key=lambda one: str(one["name"])):
        for sample in sorted(channel["samples"], key=lambda one: str(one["name"])):
            for modifier in sample["modifiers"]:
                found.setdefault((modifier["name"], modifier["type"]), (sample["data"], modifier["data"]))
    return found


def _requirement(each: ParameterSet, use: tuple[Sequence[float], Any]) -> dict[str, Any]:
    """Return what pyhf's builder would ask for; lists of what the measurement gives are replaced by pyhf afterwards."""
    kind = each.types[0]
    if kind == "staterror":
        return dict(staterror.required_parset(list(each.scale), each.fixed.tolist()))
    if kind == "shapesys":
        return dict(shapesys.required_parset(*use))
    return dict(getattr(pyhf.modifiers, kind).required_parset(*use))
