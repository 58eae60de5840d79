"""The reference of the Python names, from their docstrings: a page for each step of an analysis."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import wilks
from wilks.results.io import KINDS

# Where a function lives says which page it is on.
PAGES = {
    "From the steering file to the workspace": (
        "wilks.config",
        "wilks.templates",
        "wilks.assemble",
        "wilks.histogram",
        "wilks.axis",
    ),
    "Workspaces, findings, examples": ("wilks.workspace", "wilks.formats", "wilks.checks", "wilks.examples"),
    "Models, data and fits": ("wilks.model", "wilks.fitting"),
    "Inference": ("wilks.infer",),
    "Results": ("wilks.results",),
    "Figures": ("wilks.figures",),
    "Tables": ("wilks.tables", "wilks.table"),
    "More": (
        "wilks.approximations",
        "wilks.pipeline",
        "wilks.reports",
        "wilks.reporting",
        "wilks.errors",
        "wilks.browse",
        "wilks.export",
    ),
}
# Records that functions take and return, and what else python-api.md names.
RECORDS = (
    "wilks.config.schema.Config",
    "wilks.templates.store.Templates",
    "wilks.templates.store.TemplateKey",
    "wilks.templates.build.needed_templates",
    "wilks.templates.cabinetry_folder.load_cabinetry_folder",
    "wilks.config.load.config_json_schema",
    "wilks.config.cabinetry.beyond_cabinetry",
    "wilks.workspace.workspace.Workspace",
    "wilks.formats.notes.Reading",
    "wilks.formats.notes.Writing",
    "wilks.formats.notes.Note",
    "wilks.approximations.Approximation",
    "wilks.approximations.Difference",
    "wilks.approximations.Shift",
    "wilks.reporting.report.Report",
    "wilks.workspace.patchset.PatchSet",
    "wilks.workspace.differences.Differences",
    "wilks.checks.thresholds.Thresholds",
    "wilks.model.model.Model",
    "wilks.model.datasets.Data",
    "wilks.fitting.problem.FitOptions",
    "wilks.infer.study.Running",
    "wilks.results.fit.ParameterResult",
    "wilks.results.many.ManyFits",
    "wilks.results.conditions.Condition",
    "wilks.results.conditions.conditions_of",
    "wilks.results.findings.Finding",
    "wilks.results.toy_folder.ToyFolder",
    "wilks.results.origin.Origin",
    "wilks.table.Table",
    "wilks.errors.WilksError",
    "wilks.errors.InputError",
    "wilks.errors.FitError",
    "wilks.pipeline.run",
    "wilks.browse.listing",
)


def _named(path: str) -> tuple[str, Any]:
    module, _, name = path.rpartition(".")
    return path, getattr(importlib.import_module(module), name)


def public() -> Iterator[tuple[str, Any]]:
    """Yield everything that has an entry: the name it is called by, and what it is."""
    for name in wilks.__all__:
        found = getattr(wilks, name)
        if callable(found):
            yield f"wilks.{name}", found
        elif inspect.ismodule(found):
            every = getattr(found, "__all__", None) or [name for name in vars(found) if not name.startswith("_")]
            for inner in every:
                part = getattr(found, inner)
                if (inspect.isfunction(part) or inspect.isclass(part)) and part.__module__.startswith(found.__name__):
                    yield f"{found.__name__}.{inner}", part
    for path in (*RECORDS, *KINDS.values()):
        yield _named(path.replace(":", "."))


def _page_of(found: Any) -> str:
    module = found.__module__
    fitting = (page for page, homes in PAGES.items() for home in homes if f"{module}.".startswith(f"{home}."))
    return next(fitting)


def _entry(name: str, found: Any) -> list[str]:
    kind = "class" if inspect.isclass(found) else "function"
    members = ["   :members:", "   :undoc-members:"] if kind == "class" and not issubclass(found, Exception) else []
    return ["```{eval-rst}", f".. auto{kind}:: {name}", *members, "```", ""]


def write(folder: Path) -> None:
    """Write the pages, and one that lists them, to `folder`."""
    folder.mkdir(parents=True)
    entries: dict[str, dict[str, Any]] = {page: {} for page in PAGES}
    seen: set[int] = set()
    for name, found in public():
        if id(found) not in seen:
            seen.add(id(found))
            entries[_page_of(found)][name] = found
    names = []
    for page, inside in entries.items():
        name = page.lower().replace(",", "").replace(" ", "-")
        names.append(name)
        lines = [f"# {page}", ""]
        for called, found in inside.items():
            lines += [f"## {called.removeprefix('wilks.')}", "", *_entry(called, found)]
        (folder / f"{name}.md").write_text("\n".join(lines), encoding="utf-8")
    lines = [
        "# Python names",
        "",
        "Every public name with its types, from the docstrings; all examples run. A shorter overview is the",
        "[Python API](../python-api.md).",
        "",
        ":::{toctree}",
        ":maxdepth: 2",
        "",
        *names,
        ":::",
    ]
    (folder / "index.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
