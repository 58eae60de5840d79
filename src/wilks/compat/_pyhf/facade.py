"""Copies of pyhf's modules in which its own functions see the served classes; the code stays pyhf's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import FunctionType, ModuleType
from typing import Any

import pyhf
import pyhf.pdf
import pyhf.schema
import pyhf.simplemodels
import pyhf.workspace

from wilks.compat._pyhf.backends import set_backend
from wilks.compat._pyhf.model import Model
from wilks.compat._pyhf.validation import validated

_PACKAGE = "wilks.compat.pyhf"


class _Schema:
    """pyhf's schema, with our validation."""

    validate = staticmethod(validated)

    def __getattr__(self, name: str) -> Any:
        return getattr(pyhf.schema, name)


def rebound(function: FunctionType, scope: dict[str, Any]) -> FunctionType:
    """Return a function that looks up names in another scope."""
    made = FunctionType(function.__code__, scope, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    update_wrapper(made, function)
    return made


def _derived(original: type, scope: dict[str, Any], **others: Any) -> type:
    """Return a subclass whose methods are the original's, in another scope."""
    members: dict[str, Any] = {"__module__": f"{_PACKAGE}.{original.__module__.rpartition('.')[2]}"}
    for name, member in vars(original).items():
        if name.startswith("__") and name != "__init__":
            continue
        if isinstance(member, FunctionType):
            members[name] = rebound(member, scope)
        elif isinstance(member, classmethod):
            members[name] = classmethod(rebound(member.__func__, scope))  # type: ignore[arg-type]
    return type(original.__name__, (original,), {**members, "__doc__": original.__doc__, **others})


def _copied(original: ModuleType, **ours: Any) -> ModuleType:
    """Return a copy of a module with other objects under some names, which its functions see."""
    made = ModuleType(f"{_PACKAGE}.{original.__name__.rpartition('.')[2]}", original.__doc__)
    scope = vars(made)
    scope |= {name: value for name, value in vars(original).items() if not name.startswith("__")} | ours
    scope["__all__"] = list(original.__all__)
    for name, value in list(scope.items()):
        if isinstance(value, FunctionType) and value.__module__ == original.__name__:
            scope[name] = rebound(value, scope)
    for name in ("__getattr__", "__dir__"):
        if name in vars(original):
            scope[name] = rebound(vars(original)[name], scope)
    return made


pdf = _copied(pyhf.pdf, Model=Model)
simplemodels = _copied(pyhf.simplemodels, Model=Model)
workspace = _copied(pyhf.workspace, Model=Model, schema=_Schema())
workspace.Workspace = _derived(pyhf.workspace.Workspace, vars(workspace))  # type: ignore[attr-defined]

ours: dict[str, Any] = {
    "Model": Model,
    "Workspace": workspace.Workspace,
    "pdf": pdf,
    "set_backend": set_backend,
    "simplemodels": simplemodels,
    "workspace": workspace,
}
"""What is found under a name in place of pyhf's."""


def namespace(
    alias: str, original: ModuleType, ours: Mapping[str, Any]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a module that has an original's names, some of them ours."""

    def found(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {alias!r} has no attribute {name!r}")
        return ours[name] if name in ours else getattr(original, name)

    return found, lambda: sorted(original.__all__)


class Submodules(MetaPathFinder, Loader):
    """Finds the modules of a package below another name: `from wilks.compat.pyhf.infer import hypotest`."""

    def __init__(self, alias: str, package: str, ours: Mapping[str, Any]) -> None:
        self.alias, self.package, self.ours = alias, package, ours

    def put_in_place(self) -> None:
        """Let the import system ask, once."""
        sys.modules[self.alias].__path__ = []
        if not any(isinstance(finder, Submodules) and finder.alias == self.alias for finder in sys.meta_path):
            sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module below the other name is loaded, None for all others and those that do not exist."""
        if not fullname.startswith(f"{self.alias}."):
            return None
        try:
            module = self._module(fullname)
        except ModuleNotFoundError:
            return None
        return spec_from_loader(fullname, self, is_package=hasattr(module, "__path__"))

    def _module(self, fullname: str) -> ModuleType:
        name = fullname.removeprefix(f"{self.alias}.")
        found = self.ours.get(name)
        return found if isinstance(found, ModuleType) else import_module(f"{self.package}.{name}")

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module, which exists already."""
        module = self._module(spec.name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it is."""
        module.__spec__ = self._spec
