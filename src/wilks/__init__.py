"""wilks: HistFactory models from histograms to physics results.

The names below are the public interface; each is imported from its module when it is first used, so that
`import wilks` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from wilks._version import __version__

if TYPE_CHECKING:
    import wilks.examples as examples
    import wilks.export as export
    import wilks.figures as figures
    import wilks.tables as tables
    from wilks.approximations import approximate
    from wilks.assemble.build import build_workspace
    from wilks.checks.check import check
    from wilks.config.load import load_config
    from wilks.fitting.given import fit_result
    from wilks.fitting.many import fit_many
    from wilks.fitting.mle import fit
    from wilks.formats.load import load_workspace, read_workspace
    from wilks.formats.save import save_workspace
    from wilks.histogram import Axis, Histogram
    from wilks.infer.breakdown import breakdown
    from wilks.infer.compatibility import compatibility
    from wilks.infer.contours import contour
    from wilks.infer.coverage import coverage
    from wilks.infer.feldman_cousins import feldman_cousins
    from wilks.infer.goodness_of_fit import chi_square, goodness_of_fit
    from wilks.infer.grid import grid
    from wilks.infer.hypotest import hypotest
    from wilks.infer.intervals import intervals
    from wilks.infer.limits import limit
    from wilks.infer.look_elsewhere import global_significance
    from wilks.infer.prediction import predict
    from wilks.infer.ranking import ranking
    from wilks.infer.sampling import posterior_result, sample
    from wilks.infer.scans import scan
    from wilks.infer.significance import significance
    from wilks.infer.toys import toys
    from wilks.infer.transfer import transfer
    from wilks.model.compile import compile_model
    from wilks.model.datasets import asimov, mixed, toy_data
    from wilks.model.replacing import with_data
    from wilks.reports import report
    from wilks.results.io import load_result
    from wilks.templates.build import build_templates
    from wilks.templates.process import process_templates
    from wilks.templates.router import Router
    from wilks.templates.store import load_templates
    from wilks.templates.workers import Processes
    from wilks.workspace.arranging import sort, split
    from wilks.workspace.combine import combine
    from wilks.workspace.correlate import correlate
    from wilks.workspace.decorrelate import decorrelate
    from wilks.workspace.diff import diff
    from wilks.workspace.edit import find_bins, mask_bins, select_channels, signal_bins
    from wilks.workspace.inspect import inspect
    from wilks.workspace.patchset import load_patchset
    from wilks.workspace.prune import prune
    from wilks.workspace.rename import rename

_HOME = {
    "Axis": "wilks.histogram",
    "Histogram": "wilks.histogram",
    "Processes": "wilks.templates.workers",
    "Router": "wilks.templates.router",
    "approximate": "wilks.approximations",
    "asimov": "wilks.model.datasets",
    "breakdown": "wilks.infer.breakdown",
    "build_templates": "wilks.templates.build",
    "build_workspace": "wilks.assemble.build",
    "check": "wilks.checks.check",
    "chi_square": "wilks.infer.goodness_of_fit",
    "combine": "wilks.workspace.combine",
    "compatibility": "wilks.infer.compatibility",
    "compile_model": "wilks.model.compile",
    "contour": "wilks.infer.contours",
    "correlate": "wilks.workspace.correlate",
    "coverage": "wilks.infer.coverage",
    "decorrelate": "wilks.workspace.decorrelate",
    "diff": "wilks.workspace.diff",
    "feldman_cousins": "wilks.infer.feldman_cousins",
    "find_bins": "wilks.workspace.edit",
    "fit": "wilks.fitting.mle",
    "fit_many": "wilks.fitting.many",
    "fit_result": "wilks.fitting.given",
    "global_significance": "wilks.infer.look_elsewhere",
    "goodness_of_fit": "wilks.infer.goodness_of_fit",
    "grid": "wilks.infer.grid",
    "hypotest": "wilks.infer.hypotest",
    "inspect": "wilks.workspace.inspect",
    "intervals": "wilks.infer.intervals",
    "limit": "wilks.infer.limits",
    "load_config": "wilks.config.load",
    "load_patchset": "wilks.workspace.patchset",
    "load_result": "wilks.results.io",
    "load_templates": "wilks.templates.store",
    "load_workspace": "wilks.formats.load",
    "mask_bins": "wilks.workspace.edit",
    "mixed": "wilks.model.datasets",
    "posterior_result": "wilks.infer.sampling",
    "predict": "wilks.infer.prediction",
    "process_templates": "wilks.templates.process",
    "prune": "wilks.workspace.prune",
    "ranking": "wilks.infer.ranking",
    "read_workspace": "wilks.formats.load",
    "rename": "wilks.workspace.rename",
    "report": "wilks.reports",
    "sample": "wilks.infer.sampling",
    "save_workspace": "wilks.formats.save",
    "scan": "wilks.infer.scans",
    "select_channels": "wilks.workspace.edit",
    "signal_bins": "wilks.workspace.edit",
    "significance": "wilks.infer.significance",
    "sort": "wilks.workspace.arranging",
    "split": "wilks.workspace.arranging",
    "toy_data": "wilks.model.datasets",
    "toys": "wilks.infer.toys",
    "transfer": "wilks.infer.transfer",
    "with_data": "wilks.model.replacing",
}
_MODULES = ("examples", "export", "figures", "tables")
_EXTRA = "jax"  # needs an extra, so it is not among the public names that always resolve

__all__ = [
    "Axis",
    "Histogram",
    "Processes",
    "Router",
    "__version__",
    "approximate",
    "asimov",
    "breakdown",
    "build_templates",
    "build_workspace",
    "check",
    "chi_square",
    "combine",
    "compatibility",
    "compile_model",
    "contour",
    "correlate",
    "coverage",
    "decorrelate",
    "diff",
    "examples",
    "export",
    "feldman_cousins",
    "figures",
    "find_bins",
    "fit",
    "fit_many",
    "fit_result",
    "global_significance",
    "goodness_of_fit",
    "grid",
    "hypotest",
    "inspect",
    "intervals",
    "limit",
    "load_config",
    "load_patchset",
    "load_result",
    "load_templates",
    "load_workspace",
    "mask_bins",
    "mixed",
    "posterior_result",
    "predict",
    "process_templates",
    "prune",
    "ranking",
    "read_workspace",
    "rename",
    "report",
    "sample",
    "save_workspace",
    "scan",
    "select_channels",
    "signal_bins",
    "significance",
    "sort",
    "split",
    "tables",
    "toy_data",
    "toys",
    "transfer",
    "with_data",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES or name == _EXTRA:
        return import_module(f"wilks.{name}")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'wilks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
