"""`accelerate`: put the layers under whatever imports the packages that they are for, now or later."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

# The package: the module whose `install()` puts the layer in place, once the package has been imported.
LAYERS = {"pyhf": "wilks.compat._pyhf.layer", "cabinetry": "wilks.compat._cabinetry.layer"}


def accelerate(*, figures: bool = False) -> None:
    """Let everything in this process that uses pyhf or cabinetry use wilks, whether it has imported it or will do so.

    Models that were made before stay what they are. With `figures`, those that cabinetry draws are wilks', under
    cabinetry's names and in its records; without, they are cabinetry's own. Calling it again changes only that.

    >>> import subprocess, sys
    >>> script = "from wilks.compat import accelerate, report; accelerate(); print(report())"
    >>> print(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.rstrip())
    wilks.compat: served by wilks
      nothing
    """
    _wanted["figures"] = figures
    waiting = {}
    for package, layer in LAYERS.items():
        if package in sys.modules:
            _install(package, layer)
        else:
            waiting[package] = layer
    if waiting and not any(isinstance(finder, _AfterImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterImport(waiting))


# What `accelerate` was last asked for beside the layers.
_wanted = {"figures": False}


@dataclass
class _AfterImport(MetaPathFinder):
    """Installs the layer of a package right after the package has been imported."""

    waiting: dict[str, str] = field(default_factory=dict)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self.waiting:
            return None
        layer = self.waiting.pop(fullname)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Followed(spec.loader, layer)
        return spec


class _Followed(Loader):
    """The loader of a package, and what follows."""

    def __init__(self, loader: Loader, layer: str) -> None:
        self.loader, self.layer = loader, layer

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None:
            spec.loader = self.loader  # resources and reloads are the package's own affair
        self.loader.exec_module(module)
        _install(module.__name__, self.layer)


def _install(package: str, layer: str) -> None:
    """Put a layer in place, or leave the package as it is where it has not what the layer stands on."""
    try:
        module = import_module(layer)
        module.install()
        if hasattr(module, "draw"):
            module.draw(_wanted["figures"])
    except (ImportError, AttributeError) as error:
        warnings.warn(
            f"wilks.compat: this version of {package} is not known ({error}); it runs as it is, without wilks",
            UserWarning,
            stacklevel=2,
        )
