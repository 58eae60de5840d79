"""Patterns (`*`, `?`) in a steering file's lists of names, and the names that they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Part, Parts
from wilks.config.schema import Block, Sample
from wilks.selection import fitting

# What lists of names are about, by the names of their fields.
_KINDS = ("regions", "samples", "sources")


def is_pattern(name: str) -> bool:
    """Return whether a text may stand for several names."""
    return "*" in name or "?" in name


def matching(pattern: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that a pattern stands for; only `*` (any text) and `?` (one character) are special.

    >>> matching("*_201[7]", ("SR_2017", "SR_201[7]"))
    ('SR_201[7]',)
    """
    return tuple(filter(fitting(pattern), names))


def expanded(draft: Draft) -> Draft:
    """Return the draft with the names that patterns in its lists stand for, in the order in which they are defined.

    A name that exists is taken literally. Patterns for samples don't match the data. One that matches nothing stays,
    and so do all where the names can't be read.
    """
    known = {kind: found for kind in _KINDS if (found := known_names(draft, kind)) is not None}
    changed: dict[str, Any] = {}
    for field in fields(draft):
        parts = getattr(draft, field.name)
        if isinstance(parts, Part):
            changed[field.name] = replace(parts, block=_expanded(parts.block, known))
        else:
            changed[field.name] = replace(
                parts, parts=tuple(replace(part, block=_expanded(part.block, known)) for part in parts.parts)
            )
    return replace(draft, **changed)


def known_names(draft: Draft, kind: str) -> tuple[str, ...] | None:
    """Return the names that lists of a kind can have (samples of the model only), None if not all can be read."""
    if kind == "regions":
        return _names(draft.regions)
    if kind == "samples":
        out = {sample.name for _, sample in draft.samples.sound("Data", "Ghost") if not sample.in_model}
        names = _names(draft.samples)
        return names if names is None else tuple(name for name in names if name not in out)
    if not draft.samples.complete("Sources"):
        return None
    sources = [part for sample in draft.samples.blocks() if sample.in_model for part in sample.sources]
    return tuple(dict.fromkeys(part.name for part in sources if part.name is not None))


def _names(parts: Parts[Any]) -> tuple[str, ...] | None:
    return tuple(block.name for block in parts.blocks()) if parts.complete("Name") else None


def lists_of_names(draft: Draft) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    """Yield place, kind ("regions", "samples" or "sources") and content of every list of names below the blocks."""
    for field in fields(draft):
        parts = getattr(draft, field.name)
        for part in (parts,) if isinstance(parts, Part) else parts.parts:
            yield from _lists_in(part.block, part.path)


def _lists_in(block: Block, path: KeyPath) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    for field in type(block).model_fields:
        if field not in block.model_fields_set:
            continue
        value, here = getattr(block, field), (*path, type(block).model_fields[field].alias or field)
        kind = _kind(block, field, value)
        if kind is not None:
            yield here, kind, value
        elif isinstance(value, Block):
            yield from _lists_in(value, here)
        elif isinstance(value, (tuple, Mapping)):
            for key, entry in value.items() if isinstance(value, Mapping) else enumerate(value):
                if isinstance(entry, Block):
                    yield from _lists_in(entry, (*here, key))


def _kind(block: Block, field: str, value: Any) -> str | None:
    """Return what a list of names is about, None for anything else."""
    if not isinstance(value, tuple) or not all(isinstance(entry, str) for entry in value):
        return None
    if isinstance(block, Sample) and field == "exclude":
        return "regions"
    return field if field in _KINDS else None


def _expanded(block: Block, known: Mapping[str, tuple[str, ...]]) -> Block:
    changed: dict[str, Any] = {}
    for field in block.model_fields_set & set(type(block).model_fields):
        value = getattr(block, field)
        kind = _kind(block, field, value)
        if kind is not None:
            new: Any = _resolved(value, known.get(kind))
        elif isinstance(value, Block):
            new = _expanded(value, known)
        elif isinstance(value, Mapping):
            new = {key: _expanded(entry, known) if isinstance(entry, Block) else entry for key, entry in value.items()}
        elif isinstance(value, tuple):
            new = tuple(_expanded(entry, known) if isinstance(entry, Block) else entry for entry in value)
        else:
            continue
        if new != value:
            changed[field] = new
    return block.model_copy(update=changed) if changed else block


def _resolved(names: tuple[str, ...], known: tuple[str, ...] | None) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        stands_for = matching(name, known or ()) if is_pattern(name) and name not in (known or ()) else ()
        found |= dict.fromkeys(stands_for or (name,))
    return tuple(found)
