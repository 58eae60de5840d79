"""Reading what a command is given; a file of another kind is recognised by its content and gets a sentence."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import wilks
from wilks._reading import parse_json
from wilks.cli import combine_asked
from wilks.cli.streams import source
from wilks.cli.targets import require_not_read
from wilks.errors import InputError, ResultError
from wilks.pipeline import read_config as read_steering
from wilks.workspace.files import content_of_file

if TYPE_CHECKING:
    from wilks.config.schema import Config
    from wilks.formats.notes import Reading
    from wilks.results.fit import FitResult
    from wilks.workspace.patchset import PatchSet
    from wilks.workspace.workspace import Workspace

_Product = TypeVar("_Product")

CONFIG, WORKSPACE, FIT, ROOT = "a steering file", "a workspace", "the result of a fit", "a ROOT file"
HS3, DESCRIPTION, DATACARD = "an HS3 file", "a HistFactory description", "a datacard"
WORKSPACES = (WORKSPACE, HS3, DESCRIPTION, DATACARD)
TREX = "a configuration of TRExFitter"
PATCH_SET, PATCH = "a set of pyhf patches", "a JSON patch"
SAVED, PREDICTION = "a saved result", "a saved prediction"
_RESULTS = {"fit": FIT, "prediction": PREDICTION, "findings": 'findings of "wilks check"'}
_ROOT_MARK = b"root"
_IN_PYTHON = "no command takes it, wilks.load_result reads it in Python"
_TAKE_WORKSPACES = (
    '"wilks fit", "wilks check", "wilks yields", "wilks limit", "wilks ranking" and others take it '
    '("wilks --help" lists them)'
)
_TAKEN_BY = {
    CONFIG: '"wilks run", "wilks check", "wilks templates" and "wilks workspace" take it',
    TREX: '"wilks import-trex" takes it, and as a file "wilks run", "wilks check", "wilks templates" and '
    '"wilks workspace"',
    **dict.fromkeys(WORKSPACES, _TAKE_WORKSPACES),
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
    """Return the analysis behind an argument, or behind what `source` gave for it. Raises InputError.

    A configuration of TRExFitter is taken, too; what of it is approximate goes to standard error.
    """
    found: Config = _read(given, read_steering, CONFIG)
    say_what_is_approximate(given)
    return found


def say_what_is_approximate(given: Any) -> None:
    """Say on standard error what is said nearly of a configuration of TRExFitter; nothing of other files.

    Raises ConfigError for one that has mistakes.
    """
    from wilks.cli.streams import warn
    from wilks.trexfitter.importing import import_trex, is_trex

    for sentence in import_trex(given).approximate if is_trex(given) else []:
        warn(f"{sentence} (approximate)")


def read_workspace(given: Any) -> Workspace:
    """Return the workspace behind an argument, or behind what `source` gave for it. Raises InputError.

    Notes on how it was read go to standard error, the first of many.
    """
    from wilks.cli.written import tell_notes

    found = read_as(given, {})
    tell_notes(found.notes, "read")
    return found.workspace


def read_as(given: Any, options: dict[str, Any]) -> Reading:
    """Return a workspace with the notes on how it was read; `options` are those of its format. Raises InputError.

    What options of Combine's say of the running command is done as well.
    """
    given = source(given) if isinstance(given, str) else given
    said = combine_asked.reading()
    if "mass" in said and kind(content(given)) in (WORKSPACE, HS3, DESCRIPTION):
        combine_asked.tell(f"-m {said.pop('mass'):g}: changes nothing in what is read, which is no datacard")
    options = said | options
    read = _read(given, lambda where: wilks.read_workspace(where, **options), WORKSPACE)
    require_not_read(read.files)
    return replace(read, workspace=combine_asked.changed(read.workspace))


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
    """Raise InputError where a file is recognised, and is not what a command takes: what it is, and who takes it.

    So is a file in place of a workspace that is empty.
    """
    there = content(given)
    if wanted == WORKSPACE and not there.strip() and (isinstance(given, io.BytesIO) or Path(given).is_file()):
        raise InputError(f"{getattr(given, 'name', given)}: is empty")
    found = kind(there)
    fitting = {WORKSPACE: WORKSPACES, SAVED: (SAVED, *_RESULTS.values())}.get(wanted, (wanted,))
    if wanted == CONFIG and isinstance(given, str):
        fitting = (CONFIG, TREX)
    if found is not None and found not in fitting:
        raise InputError(f"{getattr(given, 'name', given)}: {found}, not {wanted}; {_TAKEN_BY[found]}")


def kind(content: bytes) -> str | None:
    """Return what a file is, as words for a sentence, or None where its content does not tell."""
    if content.startswith(_ROOT_MARK):
        return ROOT
    start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<":
        from wilks.formats import histfactory_xml

        return DESCRIPTION if histfactory_xml.recognise(content) else None
    found = _blocks(content) if start == b"{" else None
    try:
        document = parse_json(content) if found is None else found
    except ValueError:
        from wilks.formats import datacard
        from wilks.trexfitter.grammar import recognise

        if recognise(content):
            return TREX
        if datacard.recognise(content):
            return DATACARD
        return CONFIG if re.search(rb"^\{?\s*[\"']?General[\"']?\s*:", content, re.MULTILINE) else None
    if isinstance(document, list):
        return (
            PATCH if document and all(isinstance(op, dict) and {"op", "path"} <= op.keys() for op in document) else None
        )
    return _kind_of(document) if isinstance(document, dict) else None


def _blocks(content: bytes) -> dict[str, Any] | None:
    """Return the keys of a JSON object, and of its values only the kind; None where it is no object."""
    from wilks.formats.known import top_keys

    found = top_keys(content)
    if found is None:
        return None
    return {key: parse_json(bytes(raw)) if key == "kind" else None for key, raw in found.items()}


def _kind_of(document: dict[str, Any]) -> str | None:
    from wilks.formats.known import recognised_by_keys

    result = document.get("kind")
    if isinstance(result, str) and "format" in document:
        return _RESULTS.get(result, SAVED)
    keys = {"channels": WORKSPACE, "patches": PATCH_SET, "General": CONFIG}
    known = next((found for key, found in keys.items() if key in document), None)
    other = None if known else recognised_by_keys(document)
    return known if other is None else other.kind


def content(given: Any) -> bytes:
    """Return what is in a file (of a ROOT file its mark), or nothing where it can't be read: loaders say why.

    Of several datacards it is that of the first.
    """
    from wilks.formats.source import cards_in

    if isinstance(given, io.BytesIO):
        return given.getvalue()
    try:
        if not Path(given).is_file():
            cards = cards_in(given) if isinstance(given, str) else ()
            return content(cards[0].partition("=")[2]) if cards else b""
        if str(given).endswith(".gz"):
            with suppress(InputError):
                return content_of_file(Path(given))
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
