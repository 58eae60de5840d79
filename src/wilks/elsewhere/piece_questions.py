"""What a folder of pieces says of itself: the question whose pieces it has, and which parts were begun and are done."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, TypeAlias

from wilks._files import write_atomically, write_once
from wilks._reading import parse_json, read_file
from wilks._version import __version__
from wilks.elsewhere.coding import fingerprint, state_of
from wilks.errors import ResultError, listed

FORMAT = 1
MANIFEST = "pieces.json"
Question: TypeAlias = dict[str, Any]
# What of a question is told where it differs, by the last name of its place in the job; the first group in which
# something differs is told, since the others follow from it.
_TOLD: tuple[dict[str, str], ...] = (
    {"version": "version of wilks"},
    {"kind": "kind of question"},
    {"model": "workspace or measurement"},
    {
        "data": "data set",
        "problem": "parameters held, bounds or start",
        "poi": "parameter of interest",
        "running": "search",
        "name": "statistic",
        "seed": "seed",
    },
    {"given": "best fit (of another result, or on a machine that rounds in another way)"},
    {"rule": "level, certainty or number of toys", "parts": "groups", "made_at": "values tested, or level"},
    {"mixture": "number of toys, or what they are thrown at", "observed": "number of toys"},
)


def question_of(job: object) -> Question:
    """Return what a job depends on, by place and digest."""
    kind = f"{type(job).__module__}.{type(job).__qualname__}"
    return {"format": FORMAT, "version": __version__, "kind": kind, "asked": _told_apart(job, "")}


def _told_apart(thing: object, place: str) -> dict[str, str]:
    """Return digests of the fields of a thing, and of the fields of those which have a model in them."""
    told: dict[str, str] = {}
    for name, value in state_of(thing).items():
        told |= _told_apart(value, f"{place}{name}.") if _has_model(value) else {f"{place}{name}": fingerprint(value)}
    return told


def _has_model(value: object) -> bool:
    fields = vars(value) if is_dataclass(value) else {}
    return "model" in fields or any(is_dataclass(each) and "model" in vars(each) for each in fields.values())


def question_in(path: Path) -> Question:
    """Return the question of a folder. Raises ResultError where it has none."""
    try:
        found = parse_json(read_file(path / MANIFEST))
        if found["format"] != FORMAT:
            raise ResultError(f"{path}: this version of wilks reads format {FORMAT}, found {found['format']!r}")
        differences(found, found)
    except OSError as error:
        raise ResultError(f"{path / MANIFEST}: can't be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ResultError(f"{path / MANIFEST}: not that of a folder of pieces, or damaged") from None
    return dict(found)


def differences(one: Question, other: Question) -> list[str]:
    """Return in words what differs in two questions: of what follows from each other, what comes first."""
    flat = [{**q["asked"], "version": q["version"], "kind": q["kind"]} for q in (one, other)]
    different = [place for place in dict.fromkeys([*flat[0], *flat[1]]) if flat[0].get(place) != flat[1].get(place)]
    last = [place.rpartition(".")[2] for place in different]
    for words in _TOLD:
        if found := [words[name] for name in words if name in last]:
            return found
    return [name.replace("_", " ") for name in dict.fromkeys(last)]


def _foreign(path: Path) -> bool:
    """Return whether there are files that no run writes before its manifest. Another run may write it right now."""
    others = any(not name.startswith(f".{MANIFEST}.") for name in files_in(path))
    return others and not (path / MANIFEST).exists()


def begin(path: Path, question: Question) -> None:
    """Make a folder, or check that one that is there is that of the same question. Raises ResultError."""
    manifest = path / MANIFEST
    if not manifest.exists():
        if path.exists() and (not path.is_dir() or _foreign(path)):
            raise ResultError(f"{path}: exists, and is not a folder of pieces; choose another one")
        written(manifest, json.dumps(question, indent=1).encode(), once=True)
    if different := differences(question_in(path), question):
        raise ResultError(f"{path}: holds pieces of a question with another {listed(different)}; choose another folder")


def files_in(path: Path) -> set[str]:
    """Return the names of the files in a folder. Raises ResultError where it can't be read."""
    try:
        return set(os.listdir(path))
    except OSError as error:
        raise ResultError(f"{path}: can't be read: {error.strerror or error}") from None


def piece_file(path: Path, name: str) -> Path:
    """Return the file of a piece."""
    return path / f"piece-{name}.npz"


def note_part(path: Path, part: tuple[int, int], pieces: int = 0) -> None:
    """Keep that a part was begun (0 pieces), or is done, of a question that has had so many pieces by then."""
    file = path / f"part-{part[0]}-of-{part[1]}.json"
    if pieces or not file.exists():
        written(file, json.dumps({"pieces": pieces}).encode())


def parts_of(path: Path) -> dict[tuple[int, int], int]:
    """Return the parts that were begun in a folder, with the pieces of the question when they were done, else 0."""
    found = {}
    for file in path.glob("part-*-of-*.json"):
        if match := re.fullmatch(r"part-(\d{1,9})-of-(\d{1,9})\.json", file.name):
            pieces = 0
            with suppress(OSError, ValueError, KeyError, TypeError):
                pieces = int(parse_json(read_file(file))["pieces"])
            found[int(match[1]), int(match[2])] = pieces
    return found


def written(path: Path, content: bytes, *, once: bool = False) -> None:
    """Write a file; it appears whole or not at all. Raises ResultError where it can't be written."""
    try:
        (write_once if once else write_atomically)(path, content)
    except OSError as error:
        raise ResultError(f"{path}: can't be written: {error.strerror or error}") from None
