"""pyhf JSON workspaces are read, with the axes that travel beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import msgspec

from wilks._reading import parse_json, read_file
from wilks.errors import TemplateError, WorkspaceError, listed, nearest
from wilks.histogram import Axis
from wilks.workspace.collector import paused_collector
from wilks.workspace.extensions import PYHF
from wilks.workspace.files import content_of_file
from wilks.workspace.saving import AxesFile, axes_path, require_none
from wilks.workspace.spec import Document
from wilks.workspace.validate import content_mistakes, structure_mistakes
from wilks.workspace.workspace import Workspace


@paused_collector()
def load_workspace(source: str | Path | Mapping[str, Any] | bytes | IO[str] | IO[bytes]) -> Workspace:
    """Return the workspace in a pyhf JSON document: a path, an open file, the text as bytes, or a dictionary.

    Beside a path, `<name>.axes.json` gives bin edges and labels if it belongs to this very document; otherwise bins
    are numbered. Raises one WorkspaceError with every mistake and its place.

    >>> import wilks
    >>> workspace = wilks.load_workspace(wilks.examples.measurement().spec)
    >>> workspace.channel_names
    ('electrons', 'muons')
    >>> workspace.save("workspace.json")
    >>> wilks.load_workspace("workspace.json").digest == workspace.digest
    True
    """
    if isinstance(source, Mapping):
        return Workspace(_from_dictionary(source, "workspace"))
    content, name = content_of(source)
    return from_content(content, name, Path(source) if isinstance(source, str | Path) else None)


@paused_collector()
def from_content(content: bytes, name: str, path: Path | None = None) -> Workspace:
    """Return the workspace in the content of a file, which mistakes call `name`; its axes stand beside `path`."""
    document = _decoded(content, name)
    return Workspace(document, {} if path is None else _axes_beside(path, document))


def content_of(source: str | Path | bytes | IO[str] | IO[bytes]) -> tuple[bytes, str]:
    """Return what a file holds, and its name for messages. Raises WorkspaceError where it can't be read."""
    if isinstance(source, str | Path):
        return content_of_file(Path(source)), str(source)
    if isinstance(source, bytes):
        return source, "workspace"
    content, name = source.read(), getattr(source, "name", None)
    # What is no Unicode text becomes an escape that JSON knows, and is reported with its place.
    content = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    return content, name if isinstance(name, str) else "workspace"


@paused_collector()
def load_specification(source: Mapping[str, Any]) -> Workspace:
    """Return pyhf's model document (`channels` and perhaps `parameters`) as a workspace with no events observed.

    Its one measurement has no name and no parameter of interest. Raises one WorkspaceError with every mistake.
    """
    if unknown := [key for key in source if key not in ("channels", "parameters")]:
        allowed = ("channels", "parameters")
        raise WorkspaceError(
            f'model: unknown key "{unknown[0]}"; allowed are {listed(allowed)}{nearest(str(unknown[0]), allowed)}'
        )
    channels = source.get("channels", ())
    config = {"poi": "", "parameters": source.get("parameters", [])}
    document = {
        "channels": channels,
        "observations": [_nothing_observed(channel) for channel in channels],
        "measurements": [{"name": "", "config": config}],
        "version": PYHF,
    }
    try:
        return Workspace(_from_dictionary(document, "model"))
    except WorkspaceError as error:  # what is wrong with the channels makes the observations wrong too
        told = [problem for problem in error.problems if not problem.startswith("model: observations")]
        raise WorkspaceError([problem.replace("measurements[0].config.", "") for problem in told]) from None


def _nothing_observed(channel: Any) -> dict[str, Any]:
    """Return the observation of a channel without events, as far as the channel can be understood."""
    try:
        return {"name": channel["name"], "data": [0] * len(channel["samples"][0]["data"])}
    except (KeyError, IndexError, TypeError):
        return {"name": "", "data": [0]}  # the channel's own mistake is reported


def _decoded(content: bytes, name: str) -> Document:
    """Decode a document in one typed pass; only if that fails, in a slower one that finds every mistake."""
    try:
        document = msgspec.json.decode(content, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _document(_parsed(content, name), name)
    if _quotes(document) != content.count(b'"'):
        _parsed(content, name)  # a key that stands twice has hidden the first; or quotes were written as escapes
    require_none(content_mistakes(document), name)
    return document


def _parsed(content: bytes, name: str) -> Any:
    try:
        return parse_json(content)
    except ValueError as error:
        raise WorkspaceError(f"{name}: not JSON: {error}") from None


def _quotes(document: Document) -> int:
    """Return how many quotation marks a document has as JSON, one channel in memory at a time."""
    rest = msgspec.json.encode(msgspec.structs.replace(document, channels=[])).count(b'"')
    return rest + sum(msgspec.json.encode(channel).count(b'"') for channel in document.channels)


def _from_dictionary(source: Mapping[str, Any], name: str) -> Document:
    """Return plain data as a document, through JSON: far faster than looking at every number in Python."""
    try:
        document = msgspec.json.decode(msgspec.json.encode(source), type=Document)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
        return _document(source, name)
    require_none(content_mistakes(document), name)
    return document


def _document(value: Any, name: str) -> Document:
    """Return plain data, possibly with tuples and NumPy arrays in it, as a document."""
    try:
        plain = _plain(value)
        mistakes = structure_mistakes(plain) + content_mistakes(plain)
    except RecursionError:
        mistakes = ["nested too deeply"]
    require_none(mistakes, name)
    return msgspec.convert(plain, Document)


def _plain(value: Any) -> Any:
    """Return dictionaries, lists, texts and numbers as JSON knows them, in a new copy."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value


def _axes_beside(path: Path, document: Document) -> dict[str, Axis]:
    """Return the axes saved with this document, or nothing where there are none or they belong to another document."""
    try:
        saved = msgspec.json.decode(read_file(axes_path(path)), type=AxesFile)
        axes = {channel: record.axis() for channel, record in saved.axes.items()}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, TemplateError):
        return {}
    if saved.workspace_digest != Workspace(document).digest:
        return {}
    bins = {channel.name: len(channel.samples[0].data) for channel in document.channels}
    return {channel: axis for channel, axis in axes.items() if bins.get(channel) == len(axis)}
