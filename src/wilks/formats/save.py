"""Workspaces are written in any format that is known: everything that belongs to it, or nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wilks.errors import WorkspaceError
from wilks.formats.known import Format, format_for, format_of
from wilks.formats.notes import Note, Writing
from wilks.workspace.workspace import Workspace


def save_workspace(
    workspace: Workspace, path: str | Path, *, format: str | None = None, strict: bool = False
) -> Writing:
    """Write a workspace to a file, and return the files that were written (`files`) and what is to know (`notes`).

    `format` is "wilks" (pyhf's JSON, with further fields where pyhf can't say the model), "pyhf" (its JSON and nothing
    else), "hs3", "histfactory-xml" or "datacard"; without it the name decides: `.hs3.json`, `.pyhf.json`, `.xml`,
    `.txt`, else "wilks".
    Notes say what is lost or only near; with `strict` that is refused.

    Raises WorkspaceError, with every reason, where the format can't say the model, and where a ROOT file of another
    description would be replaced; nothing is written then. OSError where the folder can't be written.

    >>> import wilks
    >>> written = wilks.save_workspace(wilks.examples.measurement(), "model.xml")
    >>> [file.name for file in written.files if file.suffix == ".xml"]
    ['model_electrons.xml', 'model_muons.xml', 'model.xml']
    """
    target = Path(path)
    chosen = format_for(target) if format is None else format_of(format)
    with written(workspace, target.name, chosen, strict=strict, beside=target) as (folder, writing):
        names = [file.relative_to(folder) for file in writing.files]
        _require_places(target, names)
        for name in names:
            os.replace(folder / name, target.parent / name)
    return Writing(tuple(target.parent / name for name in names), writing.notes)


@contextmanager
def written(
    workspace: Workspace, name: str, chosen: Format, *, strict: bool = False, beside: Path | None = None
) -> Iterator[tuple[Path, Writing]]:
    """Give a folder in which the workspace was written under a name, and what was written; it goes in the end.

    It is made beside a target, so that its files can be renamed to their places.
    """
    if beside is not None:
        beside.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".wilks-", dir=None if beside is None else beside.parent))
    try:
        try:
            writing = chosen.write(workspace, folder / name)
        except WorkspaceError as error:
            raise WorkspaceError(
                [f"{beside or name}: {p.removeprefix(f'{folder / name}: ')}" for p in error.problems]
            ) from None
        if strict and (lossy := losses(writing.notes)):
            raise WorkspaceError([f"{beside or name}: {note.kind}: {note}" for note in lossy])
        yield folder, writing
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def losses(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """Return the notes on what is lost or only near."""
    return tuple(note for note in notes if note.kind != "read as")


def _require_places(target: Path, names: list[Path]) -> None:
    """Raise WorkspaceError where files would replace folders, or a ROOT file that may be the input of something."""
    problems = []
    ours = target.is_file()  # a description of this name, which is written again
    for name in names:
        place = target.parent / name
        if place.exists() and not place.is_file():
            problems.append(f"{place}: can't be written: it is {'a folder' if place.is_dir() else 'no file'}")
        elif name.suffix == ".root" and place.exists() and not ours:
            problems.append(f"{place}: is not replaced, because it may be input; choose another name than {target}")
    if problems:
        raise WorkspaceError(problems)
