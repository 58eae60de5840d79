"""`merge_toys`: folders of toys, made by parts of a run, as one; what they lack or have twice is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wilks.errors import ResultError, first_of, listed
from wilks.results.io import decode_result
from wilks.results.toy_folder import FORMAT, Piece, ToyFolder, Toys, pieces
from wilks.results.toy_tally import Tally
from wilks.results.toys import ToysResult

# What is in a manifest that is no question.
_ABOUT = ("format", "summary")


@dataclass(frozen=True, eq=False)
class MergedToys:
    """The result of a whole run, what of it is `missing` (first and last toys), and sentences for the user."""

    result: ToysResult
    missing: tuple[tuple[int, int], ...]
    notes: tuple[str, ...]


def merge_toys(folders: Sequence[str | Path], *, folder: str | Path | None = None) -> MergedToys:
    """Return the toys of several folders as those of one run, each counted once, whatever the order of the folders.

    The folders are those of `wilks.toys(..., folder=...)`, of one question: seed, workspace, truth, settings, version.
    The result is that of a single run to the last bit. The run has as many toys as the folders were made for (the last
    toy that is there is the last one where none was made for a part of a run). With
    `folder` all of them are copied there; it may be one of the folders, hold some already, or be merged again. Raises
    ResultError for folders that differ in their question or in a toy, or are damaged; all that differ are named.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> from wilks.results.toy_merge import merge_toys
    >>> for name in ("a", "b"):
    ...     _ = wilks.toys(model, count=50, seed=1, folder=name)
    >>> merge_toys(["a", "b"]).result.done
    50
    """
    stores = [ToyFolder(path) for path in dict.fromkeys(map(str, folders))]
    if not stores:
        raise ResultError("merge: at least one folder is needed")
    manifests = _manifests(stores)
    question = manifests[0]
    rows, names = int(question["rows"]), len(question["names"])
    holders: dict[int, list[ToyFolder]] = {}
    for store in stores:
        for number in store.numbers:
            holders.setdefault(number, []).append(store)
    target = None if folder is None else ToyFolder(folder)
    summary = _summary(stores, manifests)
    if target is not None:
        target.prepare({key: value for key, value in question.items() if key not in _ABOUT}, summary)
        for name in sorted({name for store in stores for name in store.runs}):
            count, which, of = next(store.runs[name] for store in stores if name in store.runs)
            target.note(count, (which, of))
    runs = {run for store in stores for run in store.runs.values()}
    sizes: dict[int, int] = {}
    tally = Tally(np.array(question["truth"], np.float64), len(question["profiled"]))
    count, twice = max((run[0] for run in runs), default=0), 0
    for number in sorted(holders):
        toys = _one(number, holders[number], names)
        twice += len(holders[number]) > 1
        if target is not None and len(target.read(number, names) or ()) < len(toys):
            target.write(number, toys)
        sizes[number] = len(toys)
        tally.join(Tally.of(tally.truth, tally.profiled, toys))
    count = max(count, *(number * rows + size for number, size in sizes.items()), 0)
    if not count:
        raise ResultError(f"there are no toys in {listed(str(store.path) for store in stores)}")
    missing = [piece for piece in pieces(count, rows) if sizes.get(piece.number, 0) < piece.size]
    result = replace(
        summary,
        count=count,
        folder="" if folder is None else str(folder),
        origin=replace(summary.origin, settings={**summary.origin.settings, "count": count}),
        **tally.summary(summary.fixed),
    )
    return MergedToys(result, _spans(missing), _notes(missing, runs, count, twice))


def _manifests(stores: Sequence[ToyFolder]) -> list[dict[str, Any]]:
    """Return the manifests; ResultError with every folder that has none, or whose question is not that of the first."""
    problems: list[str] = []
    found: list[tuple[ToyFolder, dict[str, Any]]] = []
    for store in stores:
        try:
            found.append((store, store.manifest))
        except ResultError as error:
            problems += error.problems
    for store, other in found[1:]:
        first = found[0][1]
        keys = (set(first) | set(other)) - set(_ABOUT)
        if different := sorted(key for key in keys if first.get(key) != other.get(key)):
            problems.append(f"{store.path}: holds toys with another {listed(different)} than {found[0][0].path}")
    if problems:
        raise ResultError(problems)
    return [manifest for _, manifest in found]


def _summary(stores: Sequence[ToyFolder], manifests: Sequence[dict[str, Any]]) -> ToysResult:
    """Return the result of the run before the first toy, as the first folder that has it says."""
    import msgspec

    for store, manifest in zip(stores, manifests, strict=True):
        if "summary" in manifest:
            found = decode_result(msgspec.json.encode(manifest["summary"]), str(store.path))
            if isinstance(found, ToysResult):
                return found
    raise ResultError(f"{stores[0].path}: made by a version of wilks whose folders (format {FORMAT}) can't be merged")


def _one(number: int, holders: Sequence[ToyFolder], names: int) -> Toys:
    """Return a piece: the longest of those that the folders have, which agree. Raises ResultError where they don't."""
    longest, where = None, holders[0]
    for store in holders:
        found = store.read(number, names)
        if found is None:
            continue
        if longest is not None:
            shared = min(len(found), len(longest))
            if not found.upto(shared).same(longest.upto(shared)):
                raise ResultError(
                    f"toys {found.first} to {found.first + shared - 1} differ in {where.path} and {store.path}"
                )
        if longest is None or len(found) > len(longest):
            longest, where = found, store
    if longest is None:
        raise ResultError(f"{holders[0].path}: a piece vanished while it was read")
    return longest


def _spans(missing: Sequence[Piece]) -> tuple[tuple[int, int], ...]:
    """Return the first and the last toy of each row of pieces that are missing."""
    spans: list[tuple[int, int]] = []
    for piece in missing:
        last = piece.first + piece.size - 1
        if spans and spans[-1][1] == piece.first - 1:
            spans[-1] = spans[-1][0], last
        else:
            spans.append((piece.first, last))
    return tuple(spans)


def _notes(missing: Sequence[Piece], runs: set[tuple[int, int, int]], count: int, twice: int) -> tuple[str, ...]:
    """Return what is to be said: toys that are missing, whose parts they are, and pieces that were there twice."""
    notes = []
    if twice:
        notes.append(f"{twice} piece{'s are' if twice > 1 else ' is'} in several folders, and counted once")
    if missing:
        spans = [f"{first} to {last}" for first, last in _spans(missing)]
        notes.append(f"of {count} toys these are missing: {first_of(spans)}")
        divisions = {of for total, _, of in runs if total == count}
        for of in sorted(divisions):
            begun = {which for total, which, parts in runs if (total, parts) == (count, of)}
            lacking = sorted({piece.number % of + 1 for piece in missing})
            unfinished = [which for which in lacking if which in begun]
            never = [which for which in lacking if which not in begun]
            for what, which in (("were never begun", never), ("are not finished", unfinished)):
                if which:
                    notes.append(f"of {of} parts these {what}: {first_of(which)}")
    return tuple(notes)
