"""What plain pyhf can't say is replaced by the nearest that it can, in kinds; the largest differences can be measured.

The documents are plain data (dictionaries) here, and changed in place.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import msgspec

from wilks._types import JSONDict
from wilks.errors import WorkspaceError, listed, nearest
from wilks.formats import pyhf_only
from wilks.formats.approximating import Approximator
from wilks.formats.approximating_cards import CARD_KINDS, approximate_card
from wilks.formats.approximating_factors import approximate_factors
from wilks.formats.approximating_shapes import approximate_shapes
from wilks.formats.approximating_statistics import approximate_statistics
from wilks.formats.datacard.write import Described
from wilks.formats.notes import Note
from wilks.workspace.edit import without_masked_bins
from wilks.workspace.expressions import parse_expression
from wilks.workspace.extensions import PYHF, WILKS, extensions
from wilks.workspace.pyhf_json import load_workspace
from wilks.workspace.workspace import Workspace

TARGETS = ("pyhf", "datacard")
KINDS = ("statistics", "functions", "constraints", "interpolation", "morphing", "clip")
"""Kinds of approximations, in the order in which they are made."""


@dataclass(frozen=True)
class Replaced:
    """One thing that was approximated: its kind, what carries it (a parameter, or nothing), and a sentence."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True)
class Approximate:
    """A workspace with what was replaced in it; `notes` tell what is exact, but said in another way, or lost."""

    workspace: Workspace
    replaced: tuple[Replaced, ...]
    notes: tuple[Note, ...] = ()


def approximate_for(workspace: Workspace, format: str) -> Approximate:
    """Return the nearest workspace that a format ("pyhf", "datacard") can say; WorkspaceError where there is none."""
    if format not in TARGETS:
        raise WorkspaceError(
            f'no approximations for the format "{format}", for {listed(TARGETS)}{nearest(format, TARGETS)}'
        )
    if format == "pyhf":
        return approximate_pyhf(workspace)
    found = of_kinds(workspace, CARD_KINDS, format)
    Described(found.workspace, "card.root")  # raises what a card can't say nevertheless
    return found


def approximate_pyhf(workspace: Workspace) -> Approximate:
    """Return the nearest workspace that is a plain pyhf document.

    Systematics keep their values at -1 and +1 standard deviations and get pyhf's interpolation; factors with a
    constraint become normsys; added statistical terms become factors; yields that are morphed are so at these points.
    Raises WorkspaceError with everything that has no such approximation. How much they change: `wilks.approximate`.

    >>> import wilks
    >>> from wilks.formats.approximate import approximate_pyhf
    >>> spec = wilks.examples.measurement().spec
    >>> modifiers = [m for m in spec["channels"][0]["samples"][0]["modifiers"] if m["type"] == "normsys"]
    >>> for modifier in modifiers:
    ...     modifier["interpolation"] = "code1"
    >>> found = approximate_pyhf(wilks.load_workspace({**spec, "version": "wilks-1"}))
    >>> found.workspace.document.version, {one.kind for one in found.replaced}
    ('1.0.0', {'interpolation'})
    """
    found = of_kinds(workspace, KINDS)
    document, notes = pyhf_only.plain(found.workspace.document)
    plain = without_masked_bins(Workspace(document, found.workspace.axes))
    if plain.document is not document:
        masks = Note("masks", "bins that are masked have no yields and no data", "read as")
        notes = (*notes, masks)
        document, more = pyhf_only.plain(plain.document)
        notes += more
    if left := pyhf_only.beyond(document):
        raise WorkspaceError([f"no approximation for {one}" for one in left])
    return Approximate(Workspace(document, plain.axes), found.replaced, (*found.notes, *notes))


def of_kinds(workspace: Workspace, kinds: Collection[str], format: str = "pyhf") -> Approximate:
    """Return a workspace with approximations of some kinds. Raises WorkspaceError with what has none."""
    document: JSONDict = msgspec.to_builtins(workspace.document)
    made = Approximator(document)
    if format == "datacard":
        approximate_card(made, kinds)
    else:
        _plainer(made, kinds)
    if made.problems:
        raise WorkspaceError(list(dict.fromkeys(made.problems)))
    _groups_left(document)
    document["version"] = WILKS if any(extensions(document)) else PYHF
    changed: Any = load_workspace(document)
    replaced = tuple(Replaced(kind, name, text) for (kind, name, text) in made.replaced)
    return Approximate(Workspace(changed.document, workspace.axes), replaced, tuple(made.notes))


def _groups_left(document: JSONDict) -> None:
    """Leave names out of groups that no parameter has any more."""
    used = {m["name"] for c in document["channels"] for s in c["samples"] for m in s["modifiers"]}
    for one in document.get("functions") or ():
        used.update(parse_expression(one["expression"], one.get("parameters")).names)
    groups = [
        {**group, "parameters": [name for name in group["parameters"] if name in used]}
        for group in document.pop("groups", None) or ()
    ]
    if kept := [group for group in groups if group["parameters"]]:
        document["groups"] = kept


def _plainer(made: Approximator, kinds: Collection[str]) -> None:
    """Make approximations of some kinds for pyhf."""
    if "statistics" in kinds:
        approximate_statistics(made)
    if {"functions", "constraints"} & set(kinds):
        approximate_factors(made, functions="functions" in kinds, constraints="constraints" in kinds)
    if {"interpolation", "morphing"} & set(kinds):
        approximate_shapes(made, interpolation="interpolation" in kinds, morphing="morphing" in kinds)
    if "clip" in kinds:
        _clip(made)


def _clip(made: Approximator) -> None:
    for measurement in made.document["measurements"]:
        if measurement["config"].pop("clip", None):
            made.replace("clip", "", "yields are not cut at 0")
