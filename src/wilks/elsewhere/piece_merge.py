"""`merge_pieces`: folders of pieces, made by parts of a run, as one; what differs, and what is missing, is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wilks._reading import read_file
from wilks.elsewhere.coding import decoded, fingerprint
from wilks.elsewhere.piece_questions import (
    MANIFEST,
    Question,
    begin,
    differences,
    note_part,
    parts_of,
    question_in,
    written,
)
from wilks.errors import ResultError, first_of, listed


@dataclass(frozen=True)
class MergedPieces:
    """How many pieces there are, how many are `missing` as far as the parts know, and sentences for the user."""

    count: int
    missing: int
    notes: tuple[str, ...]


def are_pieces(folders: Sequence[str | Path]) -> bool:
    """Return whether one of the folders is one of pieces, as far as its files tell."""
    return any((Path(folder) / MANIFEST).exists() for folder in folders)


def merge_pieces(folders: Sequence[str | Path], *, folder: str | Path | None = None) -> MergedPieces:
    """Return what is in several folders of pieces, each counted once, whatever the order of the folders.

    The folders are those of `PieceFolder`, of one question. With `folder` all pieces are copied there; it may be one of
    the folders, hold some already, or be merged again. Raises ResultError for folders that differ in their question or
    in a piece, or are damaged, and for a folder that can't be written.

    >>> import wilks
    >>> from wilks.elsewhere.pieces import PartDone, PieceFolder
    >>> from wilks.elsewhere.piece_merge import merge_pieces
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> for i in (1, 2):
    ...     try:
    ...         wilks.hypotest(model, calculator="toys", toys=100, executor=PieceFolder(f"h{i}", part=(i, 2)))
    ...     except PartDone as done:
    ...         print(done)
    part 1 of 2 is done: 1 piece made; the answer needs 1 more of other parts
    part 2 of 2 is done: 1 piece made; the answer needs 1 more of other parts
    >>> merge_pieces(["h1", "h2"], folder="h").count
    2
    """
    paths = [Path(each) for each in dict.fromkeys(map(str, folders))]
    if not paths:
        raise ResultError("merge: at least one folder is needed")
    question = _question(paths)
    target = None if folder is None else Path(folder)
    parts: dict[tuple[int, int], int] = {}
    for path in paths:
        for part, pieces in parts_of(path).items():
            parts[part] = max(parts.get(part, 0), pieces)
    if target is not None:
        begin(target, question)
    holders: dict[str, list[Path]] = {}
    for path in paths:
        for file in path.glob("piece-*.npz"):
            holders.setdefault(file.name, []).append(path)
    for name, where in sorted(holders.items()):
        content = _one(name, where)
        if target is not None and target not in where:
            written(target / name, content)
    if target is not None:
        for part, pieces in parts.items():
            note_part(target, part, pieces)
    missing = max(max(parts.values(), default=0) - len(holders), 0)
    return MergedPieces(len(holders), missing, _notes(parts, holders, missing))


def _question(paths: Sequence[Path]) -> Question:
    """Return the question of folders; ResultError with every one that has none, or not that of the first."""
    problems: list[str] = []
    found: list[tuple[Path, Question]] = []
    for path in paths:
        try:
            found.append((path, question_in(path)))
        except ResultError as error:
            problems += error.problems
    for path, other in found[1:]:
        if different := differences(found[0][1], other):
            problems.append(f"{path}: holds pieces of a question with another {listed(different)} than {found[0][0]}")
    if problems:
        raise ResultError(problems)
    return found[0][1]


def _one(name: str, holders: Sequence[Path]) -> bytes:
    """Return the content of a piece, on which all folders that have it agree. Raises ResultError where they don't."""
    contents = []
    for path in holders:
        try:
            contents.append(read_file(path / name))
            decoded(contents[-1])
        except (OSError, ValueError):
            raise ResultError(f"{path / name}: this piece is damaged; delete it to have it made again") from None
        if contents[-1] != contents[0] and fingerprint(decoded(contents[-1])) != fingerprint(decoded(contents[0])):
            raise ResultError(f"{name} differs in {holders[0]} and {path}")
    return contents[0]


def _notes(parts: dict[tuple[int, int], int], holders: dict[str, list[Path]], missing: int) -> tuple[str, ...]:
    """Return what is to be said: what is missing, parts that lack, and pieces that several folders have."""
    notes = []
    twice = sum(len(where) > 1 for where in holders.values())
    if twice:
        notes.append(f"{twice} piece{'s are' if twice > 1 else ' is'} in several folders, and counted once")
    if missing:
        notes.append(f"of {len(holders) + missing} pieces {missing} {'are' if missing > 1 else 'is'} missing")
    for of in sorted({of for _, of in parts}) if missing or not any(parts.values()) else []:
        unfinished = [which for which in range(1, of + 1) if parts.get((which, of)) == 0]
        never = [which for which in range(1, of + 1) if (which, of) not in parts]
        for what, which in (("were never begun", never), ("are not finished", unfinished)):
            if which:
                notes.append(f"of {of} parts these {what}: {first_of(which)}")
    return tuple(notes)
