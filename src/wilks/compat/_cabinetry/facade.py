"""Copies of those modules of cabinetry that make models and workspaces, in which pyhf is the served one."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Any

import cabinetry.model_utils
import cabinetry.templates
import cabinetry.workspace

import wilks.compat.pyhf as served_pyhf
from wilks.compat._cabinetry import predictions, templates
from wilks.compat._pyhf.facade import rebound

_PACKAGE = "wilks.compat.cabinetry"


def _copied(original: ModuleType, **others: Any) -> ModuleType:
    """Return a copy of a module whose functions see the served pyhf; with other functions under some names."""
    made = ModuleType(f"{_PACKAGE}.{original.__name__.rpartition('.')[2]}", original.__doc__)
    scope = vars(made)
    scope |= {name: value for name, value in vars(original).items() if not name.startswith("__")}
    if "pyhf" in scope:
        scope["pyhf"] = served_pyhf
    for name, value in list(scope.items()):
        if isinstance(value, FunctionType) and value.__module__ == original.__name__:
            scope[name] = rebound(value, scope)
    scope |= others
    return made


ours: dict[str, Any] = {
    "model_utils": _copied(cabinetry.model_utils, yield_stdev=predictions.yield_stdev),
    "templates": _copied(cabinetry.templates, build=templates.build, collect=templates.collect),
    "workspace": _copied(cabinetry.workspace),
}
"""What is found under a name in place of cabinetry's."""
