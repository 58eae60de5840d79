"""Signals as JSON patches of a background-only workspace: pyhf's patch sets, and single patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from wilks._reading import parse_json, read_file
from wilks.errors import WorkspaceError, listed, nearest
from wilks.table import Table
from wilks.workspace.digests import ALGORITHMS, pyhf_digest
from wilks.workspace.pyhf_json import load_workspace
from wilks.workspace.workspace import Workspace

OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")


@dataclass(frozen=True, eq=False)
class Patch:
    """One signal: its name, its values of the labels of the set, and the operations that add it (RFC 6902)."""

    name: str
    values: tuple[float | str, ...]
    operations: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, eq=False)
class PatchSet:
    """Signals for one background-only workspace, whose digests it has. Made by `load_patchset`.

    >>> import wilks
    >>> background, signals = wilks.examples.search_grid()
    >>> len(signals), signals.labels
    (7, ('mass',))
    >>> signals["X_500"].values
    (500,)
    >>> signals.apply(background, "X_500")
    <Workspace: 3 channels, 4 samples, measurement "search for X">
    """

    patches: tuple[Patch, ...]
    labels: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    description: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the patches, in order."""
        return tuple(patch.name for patch in self.patches)

    def __len__(self) -> int:
        return len(self.patches)

    def __getitem__(self, name: str) -> Patch:
        """Return a patch; WorkspaceError with the nearest name if there is none."""
        for patch in self.patches:
            if patch.name == name:
                return patch
        raise WorkspaceError(f'there is no patch "{name}"{nearest(name, self.names)}')

    def verify(self, workspace: Workspace) -> None:
        """Raise WorkspaceError where the set belongs to another background-only workspace, by its digests."""
        for algorithm, digest in self.digests.items():
            if algorithm in ALGORITHMS and pyhf_digest(workspace, algorithm) != digest:
                raise WorkspaceError(
                    f"the patches belong to another background-only workspace: the {algorithm} digests differ"
                )

    def apply(self, workspace: Workspace, name: str, *, verify: bool = True) -> Workspace:
        """Return the background-only workspace with a signal added.

        Raises WorkspaceError for another background-only workspace (unless `verify` is False), and for a patch that
        doesn't fit.
        """
        patch = self[name]
        if verify:
            self.verify(workspace)
        return patched(workspace, workspace.spec, patch)

    def table(self) -> Table:
        """Return the patches as a table: names, values of the labels, numbers of operations."""
        labels = self.labels or tuple(f"value {i + 1}" for i in range(max(len(p.values) for p in self.patches)))
        rows = tuple((p.name, *map(str, p.values), str(len(p.operations))) for p in self.patches)
        return Table(self.description, ("patch", *labels, "operations"), rows)

    def __repr__(self) -> str:
        labels = f", labels {listed(self.labels)}" if self.labels else ""
        return f"<PatchSet: {len(self)} patches{labels}>"


def patched(workspace: Workspace, spec: Mapping[str, Any], patch: Patch) -> Workspace:
    """Return a workspace with a patch applied; `spec` is its document, which stays as it is."""
    made = load_workspace(apply_patch(spec, patch.operations, f'patch "{patch.name}"'))
    return Workspace(made.document, {name: axis for name, axis in workspace.axes.items() if name in made.channel_names})


def load_patchset(source: str | Path | Mapping[str, Any] | Sequence[Any] | IO[bytes]) -> PatchSet:
    """Return the patches in a pyhf patch set, or in one JSON patch (its file's name is then the patch's).

    Raises WorkspaceError with every mistake.

    >>> import wilks
    >>> operation = {"op": "replace", "path": "/observations/0/data/0", "value": 380.0}
    >>> patches = wilks.load_patchset([operation])
    >>> workspace = wilks.examples.measurement()
    >>> patched = patches.apply(workspace, patches.names[0])
    >>> workspace.spec["observations"][0]["data"][0], patched.spec["observations"][0]["data"][0]
    (559.0, 380.0)
    """
    document, where, stem = source, "patch set", "signal"
    if isinstance(source, str | Path):
        where, stem = str(source), Path(source).stem
        try:
            document = parse_json(read_file(source))
        except OSError as error:
            raise WorkspaceError(f"{source}: the patches can't be read: {error.strerror or error}") from None
        except ValueError as error:
            raise WorkspaceError(f"{source}: not JSON: {error}") from None
    elif hasattr(source, "read"):
        where = str(getattr(source, "name", where))
        try:
            document = parse_json(source.read())
        except ValueError as error:
            raise WorkspaceError(f"{where}: not JSON: {error}") from None
    if isinstance(document, list):
        problems = _operation_problems(document, where)
        if problems:
            raise WorkspaceError(problems)
        return PatchSet((Patch(stem, (), tuple(document)),))
    return _patchset(document, where)


def _patchset(document: Any, where: str) -> PatchSet:
    if not isinstance(document, Mapping) or not isinstance(document.get("patches"), list):
        raise WorkspaceError(f'{where}: not a set of patches: it needs "patches", a list')
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    labels = metadata.get("labels", [])
    problems, patches, seen = [], [], set()
    if not (isinstance(labels, list) and all(isinstance(name, str) for name in labels)):
        problems.append(f"{where}: metadata.labels must be a list of names")
        labels = []
    for i, entry in enumerate(document["patches"]):
        at = f"{where}: patches[{i}]"
        own = entry.get("metadata") if isinstance(entry, Mapping) else None
        operations = entry.get("patch") if isinstance(entry, Mapping) else None
        name, values = (own.get("name"), own.get("values", [])) if isinstance(own, Mapping) else (None, [])
        if not isinstance(name, str) or not isinstance(operations, list) or not isinstance(values, list):
            problems.append(f"{at} needs metadata with name and values, and a patch (a list)")
            continue
        if name in seen:
            problems.append(f'{at}: there is another patch "{name}"')
        if labels and len(values) != len(labels):
            problems.append(f'{at}: "{name}" has {len(values)} values for {len(labels)} labels')
        seen.add(name)
        problems += _operation_problems(operations, f"{at}.patch")
        patches.append(Patch(name, tuple(values), tuple(operations)))
    if not problems and not patches:
        problems.append(f"{where}: there is no patch in it")
    if problems:
        raise WorkspaceError(problems)
    digests = metadata.get("digests")
    digests = {str(k): str(v) for k, v in digests.items()} if isinstance(digests, Mapping) else {}
    return PatchSet(tuple(patches), tuple(labels), digests, str(metadata.get("description", "")))


def _operation_problems(operations: Sequence[Any], where: str) -> list[str]:
    problems = []
    for i, operation in enumerate(operations):
        kind = operation.get("op") if isinstance(operation, Mapping) else None
        at = f"{where}[{i}]"
        if kind not in OPERATIONS:
            problems.append(f'{at}: "op" must be one of {listed(OPERATIONS)}, found {kind!r}')
            continue
        needed = {"add": ["value"], "replace": ["value"], "test": ["value"], "move": ["from"], "copy": ["from"]}
        problems += [f'{at}: "{kind}" needs "{key}"' for key in ["path", *needed.get(kind, [])] if key not in operation]
        for key in ("path", "from"):
            pointer = operation.get(key, "")
            if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
                problems.append(f'{at}: "{key}" must be a path like "/channels/0", found {pointer!r}')
    return problems


def apply_patch(document: Any, operations: Sequence[Mapping[str, Any]], where: str = "patch") -> Any:
    """Return a document changed by the operations of a JSON patch (RFC 6902); the document itself stays as it is.

    Only what is on the way to a change is copied. Raises WorkspaceError for the first operation that doesn't fit.
    """
    for i, operation in enumerate(operations):
        try:
            document = _changed(document, operation)
        except (KeyError, IndexError, ValueError, TypeError):
            path = operation["path"]
            wrong = "finds another value" if operation["op"] == "test" else "doesn't fit"
            raise WorkspaceError(f'{where}: operation {i} ({operation["op"]} "{path}") {wrong}') from None
    return document


def _changed(document: Any, operation: Mapping[str, Any]) -> Any:
    kind, path = operation["op"], _keys(operation["path"])
    if kind == "test":
        if _found(document, path) != operation["value"]:
            raise ValueError
        return document
    if kind in ("move", "copy"):
        origin = _keys(operation["from"])
        value = _found(document, origin)
        if kind == "move":
            if path[: len(origin)] == origin and len(path) > len(origin):
                raise ValueError
            document = _edited(document, origin, "remove", None)
        return _edited(document, path, "add", value)
    return _edited(document, path, kind, operation.get("value"))


def _keys(pointer: str) -> list[str]:
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]


def _position(items: Sequence[Any], key: str, end: int) -> int:
    """Return the place that a key means in a list; `end` is the first that is too far."""
    if not (key.isascii() and key.isdigit()) or (key.startswith("0") and key != "0") or int(key) >= end:
        raise IndexError
    return int(key)


def _found(node: Any, path: list[str]) -> Any:
    for key in path:
        node = node[_position(node, key, len(node))] if isinstance(node, list) else _members(node)[key]
    return node


def _members(node: Any) -> Mapping[str, Any]:
    if not isinstance(node, Mapping):
        raise TypeError
    return node


def _edited(node: Any, path: list[str], kind: str, value: Any) -> Any:
    """Return a node with the value at the path added, replaced or removed."""
    if not path:
        if kind == "remove":
            raise ValueError
        return value
    key, rest = path[0], path[1:]
    if isinstance(node, list):
        items = list(node)
        if rest:
            i = _position(items, key, len(items))
            items[i] = _edited(items[i], rest, kind, value)
        elif kind == "add":
            items.insert(len(items) if key == "-" else _position(items, key, len(items) + 1), value)
        else:
            i = _position(items, key, len(items))
            items[i : i + 1] = [] if kind == "remove" else [value]
        return items
    members = dict(_members(node))
    if rest:
        members[key] = _edited(members[key], rest, kind, value)
    elif kind == "remove":
        del members[key]
    else:
        if kind == "replace":
            _ = members[key]
        members[key] = value
    return members
