"""wilks: HistFactory models from histograms to physics results.

The names below are the public interface; each is imported from its module when it is first used, so that
`import wilks` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import wilks.figures as figures
    import wilks.tables as tables
    from wilks.assemble import build_workspace
    from wilks.checks.check import check
    from wilks.config.load import load_config
    from wilks.fitting.many import fit_many
    from wilks.fitting.mle import fit
    from wilks.histogram import Axis, Histogram
    from wilks.infer.prediction import predict
    from wilks.model.compile import compile_model
    from wilks.results.io import load_result
    from wilks.templates.build import build_templates
    from wilks.templates.process import process_templates
    from wilks.templates.store import load_templates
    from wilks.workspace.inspect import inspect
    from wilks.workspace.pyhf_json import load_workspace

__version__ = "0.1.0"

_HOME = {
    "Axis": "wilks.histogram",
    "Histogram": "wilks.histogram",
    "build_templates": "wilks.templates.build",
    "build_workspace": "wilks.assemble",
    "check": "wilks.checks.check",
    "compile_model": "wilks.model.compile",
    "fit": "wilks.fitting.mle",
    "fit_many": "wilks.fitting.many",
    "inspect": "wilks.workspace.inspect",
    "load_config": "wilks.config.load",
    "load_result": "wilks.results.io",
    "load_templates": "wilks.templates.store",
    "load_workspace": "wilks.workspace.pyhf_json",
    "predict": "wilks.infer.prediction",
    "process_templates": "wilks.templates.process",
}
_MODULES = ("figures", "tables")

__all__ = [
    "Axis",
    "Histogram",
    "__version__",
    "build_templates",
    "build_workspace",
    "check",
    "compile_model",
    "figures",
    "fit",
    "fit_many",
    "inspect",
    "load_config",
    "load_result",
    "load_templates",
    "load_workspace",
    "predict",
    "process_templates",
    "tables",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"wilks.{name}")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'wilks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
