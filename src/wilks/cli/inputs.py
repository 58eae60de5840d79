"""Reading what a command is given; a file of another kind is recognised by its content and gets a sentence."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import wilks
from wilks._reading import parse_json
from wilks.cli.streams import source
from wilks.errors import InputError, ResultError

if TYPE_CHECKING:
    from wilks.config.schema import Config
    from wilks.results.fit import FitResult
    from wilks.workspace.patchset import PatchSet
    from wilks.workspace.workspace import Workspace

_Product = TypeVar("_Product")

CONFIG, WORKSPACE, FIT, ROOT = "a steering file", "a workspace", "the result of a fit", "a ROOT file"
PATCH_SET, PATCH = "a set of pyhf patches", "a JSON patch"
SAVED, PREDICTION = "a saved result", "a saved prediction"
_RESULTS = {"fit": FIT, "prediction": PREDICTION, "findings": 'findings of "wilks check"'}
_ROOT_MARK = b"root"
_IN_PYTHON = "no command takes it, wilks.load_result reads it in Python"
_TAKEN_BY = {
    CONFIG: '"wilks run", "wilks check", "wilks templates" and "wilks workspace" take it',
    WORKSPACE: '"wilks fit", "wilks check", "wilks yields", "wilks limit", "wilks ranking" and others take it '
    '("wilks --help" lists them)',
    FIT: '"wilks pulls", "wilks correlations" and "wilks check" take it, '
    '"wilks yields" and "wilks data-mc" as --fit beside the workspace',
    PREDICTION: '"wilks check" takes it, wilks.load_result reads it in Python',
    _RESULTS["findings"]: _IN_PYTHON,
    SAVED: '"wilks plot" and "wilks check" take it',
    ROOT: '"wilks browse" takes it',
    PATCH_SET: '"wilks patchset" takes it, "wilks grid" as --patches, beside its background-only workspace',
    PATCH: '"wilks patchset" takes it, "wilks grid" as --patches, beside its background-only workspace',
}


def read_config(given: Any) -> Config:
    """Return the steering file behind an argument, or behind what `source` gave for it. Raises InputError."""
    return _read(given, wilks.load_config, CONFIG)


def read_workspace(given: Any) -> Workspace:
    """Return the workspace behind an argument, or behind what `source` gave for it. Raises InputError."""
    return _read(given, wilks.load_workspace, WORKSPACE)


def read_patches(given: Any) -> PatchSet:
    """Return the patch set, or the JSON patch, behind an argument. Raises InputError."""
    given = source(given) if isinstance(given, str) else given
    try:
        return wilks.load_patchset(given)
    except InputError:
        if kind(content(given)) != PATCH:
            refuse_other_kinds(given, PATCH_SET)
        raise


def read_counts(given: Any) -> dict[str, Any]:
    """Return counts by channel: what a workspace observed, or a JSON object of lists. Raises InputError."""
    given = source(given) if isinstance(given, str) else given
    found = content(given)
    if kind(found) is None:
        try:
            counts = parse_json(found)
        except ValueError:
            counts = None
        if isinstance(counts, dict):
            return counts
    return {o.name: o.data for o in read_workspace(given).document.observations}


def read_fit(given: Any) -> FitResult:
    """Return the fit result behind an argument. Raises InputError, also for another result."""
    return _read(given, _load_fit, FIT)


def read_result(given: Any) -> Any:
    """Return the result behind an argument. Raises InputError."""
    return _read(given, wilks.load_result, SAVED)


def read_once(*files: str | None) -> None:
    """Raise InputError where more than one of these arguments is standard input."""
    if files.count("-") > 1:
        raise InputError("only one argument can be - : standard input can be read once")


def refuse_other_kinds(given: Any, wanted: str) -> None:
    """Raise InputError where a file is recognised, and is not what a command takes: what it is, and who takes it."""
    found = kind(content(given))
    if found not in (None, wanted) and not (wanted == SAVED and found in _RESULTS.values()):
        raise InputError(f"{getattr(given, 'name', given)}: {found}, not {wanted}; {_TAKEN_BY[found]}")


def kind(content: bytes) -> str | None:
    """Return what a file is, as words for a sentence, or None where its content does not tell."""
    if content.startswith(_ROOT_MARK):
        return ROOT
    try:
        document = parse_json(content)
    except ValueError:
        return CONFIG if re.search(rb"^\{?\s*[\"']?General[\"']?\s*:", content, re.MULTILINE) else None
    if isinstance(document, list):
        return (
            PATCH if document and all(isinstance(op, dict) and {"op", "path"} <= op.keys() for op in document) else None
        )
    if not isinstance(document, dict):
        return None
    result = document.get("kind")
    if isinstance(result, str) and "format" in document:
        return _RESULTS.get(result, SAVED)
    keys = {"channels": WORKSPACE, "patches": PATCH_SET, "General": CONFIG}
    return next((found for key, found in keys.items() if key in document), None)


def content(given: Any) -> bytes:
    """Return what is in a file (of a ROOT file its mark), or nothing where it can't be read: loaders say why."""
    if isinstance(given, io.BytesIO):
        return given.getvalue()
    try:
        if not Path(given).is_file():
            return b""
        with Path(given).open("rb") as file:
            start = file.read(len(_ROOT_MARK))
            # ROOT files may be large, and need not be read any further.
            return start if start == _ROOT_MARK else start + file.read()
    except (OSError, ValueError):
        return b""


def _read(given: Any, load: Callable[[Any], _Product], wanted: str) -> _Product:
    given = source(given) if isinstance(given, str) else given
    try:
        return load(given)
    except InputError:
        refuse_other_kinds(given, wanted)
        raise


def _load_fit(given: Any) -> FitResult:
    from wilks.results.fit import FitResult

    result = wilks.load_result(given)
    if not isinstance(result, FitResult):
        raise ResultError(f"{getattr(given, 'name', given)}: not {FIT}")
    return result
