"""Several results in one figure: their files, and the labels that tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from wilks.cli.inputs import read_once
from wilks.errors import InputError, listed

Record = TypeVar("Record")

label_option = click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="TEXT",
    help="Label of a result, once for each in their order. Default: the names of the files.",
)


def by_label(files: Sequence[str], labels: Sequence[str], read: Callable[[str], Record]) -> dict[str, Record]:
    """Return what is in files, by label. Raises InputError for all files that can't be read, and for wrong labels."""
    names = list(labels) or _names(files)
    if len(names) != len(files):
        raise InputError(f"--label: once for each of the {len(files)} results, found {len(names)}")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        said = "--label" if labels else "results"
        raise InputError(f"{said}: {listed(twice)} stands for several results")
    read_once(*files)
    found: dict[str, Record] = {}
    problems: list[str] = []
    for name, file in zip(names, files, strict=True):
        try:
            found[name] = read(file)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def _names(files: Sequence[str]) -> list[str]:
    """Return the names of files: without folder and suffix where that is enough."""
    stems = [Path(file).stem if file != "-" else "standard input" for file in files]
    parents = [f"{Path(file).parent.name}/{stem}" for file, stem in zip(files, stems, strict=True)]
    return next((names for names in (stems, parents) if len(set(names)) == len(names)), list(files))
