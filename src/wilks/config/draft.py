"""Plain data -> blocks, keeping every block that is sound and noting every mistake in the others.

A draft is what the rules work on: they must see the sound part of a file that has mistakes elsewhere, so that all
mistakes are reported at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from wilks.config.all_parameters import Parameters, all_parameters
from wilks.config.document import Document, KeyPath
from wilks.config.parameters import simulated
from wilks.config.schema import (
    Block,
    Config,
    Constraint,
    FixedParameter,
    Function,
    General,
    NormFactor,
    Region,
    Sample,
    ShapeFactor,
    Systematic,
)
from wilks.config.words import described, shortened
from wilks.errors import listed, nearest

AnyBlock = TypeVar("AnyBlock", bound=Block)


class Mistake(NamedTuple):
    """Where something is wrong, and what; `meant` is the key that is missing or misspelled there."""

    path: KeyPath
    text: str
    meant: str = ""


@dataclass(frozen=True)
class Part(Generic[AnyBlock]):
    """A block and its place. The keys in `damaged` had mistakes: the block holds a stand-in for them."""

    path: KeyPath
    block: AnyBlock
    damaged: frozenset[str] = frozenset()

    def sound(self, *keys: str) -> bool:
        """Return whether what the file says about these keys can be read."""
        return self.damaged.isdisjoint(keys)


@dataclass(frozen=True)
class Parts(Generic[AnyBlock]):
    """The list of blocks under one top-level key; `whole` is False where entries are missing from it."""

    key: str
    parts: tuple[Part[AnyBlock], ...] = ()
    whole: bool = True

    def sound(self, *keys: str) -> Iterator[tuple[KeyPath, AnyBlock]]:
        """Yield each block whose `keys` can be read, with its place in the file."""
        return ((part.path, part.block) for part in self.parts if part.sound(*keys))

    def complete(self, *keys: str) -> bool:
        """Return whether `keys` can be read in every block: only then can a rule conclude from what is missing."""
        return self.whole and all(part.sound(*keys) for part in self.parts)

    def blocks(self) -> Iterator[AnyBlock]:
        """Yield all blocks, for rules that have asked `complete` first."""
        return (part.block for part in self.parts)


@dataclass(frozen=True)
class Draft:
    """What can be read of a steering file."""

    general: Part[General]
    regions: Parts[Region]
    samples: Parts[Sample]
    norm_factors: Parts[NormFactor]
    shape_factors: Parts[ShapeFactor]
    systematics: Parts[Systematic]
    functions: Parts[Function]
    fixed: Parts[FixedParameter]

    @property
    def reads_ntuples(self) -> bool | None:
        """True for ntuple input, False for histogram input, None if that can't be told."""
        trees = {sample.has_tree for sample in self.samples.blocks()}
        return trees.pop() if self.samples.complete("Tree", "Sources") and len(trees) == 1 else None

    @cached_property
    def templates(self) -> list[tuple[Region, Sample]] | None:
        """Region and sample of all templates that modifiers can act on, None if not all can be read."""
        if not (self.regions.complete("Name") and self.samples.complete("Name", "Data", "Regions", "Exclude")):
            return None
        return simulated(self.regions.blocks(), list(self.samples.blocks()))

    @cached_property
    def parameters(self) -> Parameters | None:
        """All parameters, statistical uncertainties aside, None if not all can be read."""
        readable = self.systematics.complete("Name", "Type", "ModifierName", "Decorrelate")
        factors = self.norm_factors.complete("Name") and self.shape_factors.complete("Name")
        if not (readable and factors and self.functions.complete("Name", "Parameters")):
            return None
        systematics = list(self.systematics.blocks())
        if self.templates is None and any(s.decorrelate or s.type == "ShapeSys" for s in systematics):
            return None
        norm_factors, shape_factors = self.norm_factors.blocks(), self.shape_factors.blocks()
        functions = list(self.functions.blocks())
        return all_parameters(norm_factors, shape_factors, systematics, functions, self.templates or [])

    @property
    def of_interest(self) -> list[tuple[KeyPath, str]]:
        """The parameters of interest, each once, and where they stand."""
        general, found = self.general, dict[str, KeyPath]()
        for key, names in (("POI", (general.block.poi,)), ("POIs", general.block.pois)):
            if general.sound(key):
                for name in filter(None, names):
                    found.setdefault(name, ("General", key))
        return [(path, name) for name, path in found.items()]


def read_draft(document: Document, mistakes: list[Mistake]) -> Draft:
    """Return what can be read of a document; what is wrong is added to `mistakes`."""
    data = document.data
    if not isinstance(data, dict):
        found = "the file is empty" if data is None else f"found {described(data)}"
        mistakes.append(Mistake((), f"a steering file has the blocks {listed(_KEYS)}; {found}"))
        data = {}
    else:
        mistakes.extend(_missing_blocks(data))
    general = None
    if "General" in data:
        general = _read_block(General, data["General"], ("General",), document, mistakes)
    return Draft(
        general or _stand_in(General, ("General",)),
        _read_list(Region, "Regions", document, data, mistakes),
        _read_list(Sample, "Samples", document, data, mistakes),
        _read_list(NormFactor, "NormFactors", document, data, mistakes),
        _read_list(ShapeFactor, "ShapeFactors", document, data, mistakes),
        _read_list(Systematic, "Systematics", document, data, mistakes),
        _read_list(Function, "Functions", document, data, mistakes),
        _read_fixed(data.get("General"), document),
    )


_KEYS = tuple(info.alias or name for name, info in Config.model_fields.items() if name != "source")
_OPTIONAL = ("ShapeFactors", "Systematics", "Functions")


def _missing_blocks(data: dict[str, Any]) -> Iterator[Mistake]:
    unknown = [key for key in data if isinstance(key, str) and key not in _KEYS]
    for key in _KEYS:
        if key in data:
            continue
        meant = nearest(key, [key])
        lookalike = next((other for other in unknown if nearest(other, _KEYS) == meant), None)
        hint = f'; is the key "{lookalike}" a misspelling of it?' if lookalike else ""
        if key not in _OPTIONAL:
            yield Mistake((), f'missing block "{key}"{hint}')
        elif lookalike and _holds(key, data[lookalike]):
            # Other keys at the top are the user's own business, but a whole list of systematics must not get lost.
            kind = {"ShapeFactors": "factors"}.get(key, key.lower())
            yield Mistake((lookalike,), f"unknown key, though it holds {kind}{meant}")


def _holds(key: str, value: Any) -> bool:
    """Return whether a value looks like the list of blocks that belongs under a key."""
    telling = {"Systematics": {"Up", "Down"}, "Functions": {"Expression"}}.get(key, {"Name"})
    return isinstance(value, list) and any(isinstance(item, dict) and telling & item.keys() for item in value)


def _read_list(
    model: type[AnyBlock], key: str, document: Document, data: dict[str, Any], mistakes: list[Mistake]
) -> Parts[AnyBlock]:
    if key not in data:
        return Parts(key, whole=key in _OPTIONAL)
    raw = data[key]
    if not isinstance(raw, (list, tuple)):
        mistakes.append(Mistake((key,), f"must be a list of blocks (- Name: ...), found {described(raw)}"))
        return Parts(key, whole=False)
    if not raw and key not in _OPTIONAL and not (key == "NormFactors" and data.get("Functions")):
        mistakes.append(Mistake((key,), "must have at least one entry, found an empty list"))
        return Parts(key, whole=False)
    parts = [_read_block(model, item, (key, index), document, mistakes) for index, item in enumerate(raw)]
    return Parts(key, tuple(part for part in parts if part is not None), whole=None not in parts)


def _read_fixed(general: Any, document: Document) -> Parts[FixedParameter]:
    """Return the entries of `Fixed` one by one; what is wrong with them is among the mistakes of `General`."""
    raw = general.get("Fixed") if isinstance(general, dict) else None
    items = raw if isinstance(raw, (list, tuple)) else ()
    parts = [
        _read_block(FixedParameter, item, ("General", "Fixed", index), document, []) for index, item in enumerate(items)
    ]
    return Parts("Fixed", tuple(part for part in parts if part is not None), whole=None not in parts)


def _read_block(
    model: type[AnyBlock], raw: Any, path: KeyPath, document: Document, mistakes: list[Mistake]
) -> Part[AnyBlock] | None:
    """Return a block after adding its mistakes, or None if it is no block at all."""
    found: list[Mistake] = []
    cleaned = _known_keys(model, raw, path, found)
    block: AnyBlock | None = None
    try:
        block = model.model_validate(cleaned)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            mistake = _in_plain_words(detail, path, cleaned, document)
            if mistake is not None and not _explained(mistake, found):
                found.append(mistake)
    mistakes.extend(found)
    if block is None and not isinstance(cleaned, dict):
        return None
    damaged = {_damaged_key(model, mistake, path) for mistake in found}
    if block is None:
        sound = {key: value for key, value in cleaned.items() if key not in damaged}
        block = model.model_validate({**_STAND_INS[model], **sound})
    return Part(path, block, frozenset(damaged))


# Values for required keys that have mistakes, so that the rest of the block can be used.
_STAND_INS: Mapping[type[Block], dict[str, Any]] = {
    FixedParameter: {"Name": "", "Value": 0},
    General: {"Measurement": "", "InputPath": "", "HistogramFolder": ""},
    Region: {"Name": ""},
    Sample: {"Name": ""},
    NormFactor: {"Name": ""},
    ShapeFactor: {"Name": ""},
    Systematic: {"Name": "", "Type": "Normalization"},
    Function: {"Name": "", "Expression": "1"},
}


def _stand_in(model: type[AnyBlock], path: KeyPath) -> Part[AnyBlock]:
    return Part(path, model.model_validate(_STAND_INS[model]), frozenset(_keys(model)))


def _keys(model: type[Block]) -> dict[str, Any]:
    """Return the type of each key of a block."""
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def _damaged_key(model: type[Block], mistake: Mistake, path: KeyPath) -> str:
    """Return the key of a block about which the file says nothing readable, because of a mistake."""
    key = str(mistake.path[len(path)]) if len(mistake.path) > len(path) else ""
    return key if key in _keys(model) else mistake.meant


def _known_keys(model: type[Block], raw: Any, path: KeyPath, mistakes: list[Mistake]) -> Any:
    """Return `raw` without unknown keys, keys that hold nothing and empty lists, which are added to `mistakes`."""
    if not isinstance(raw, dict):
        return raw
    fields = _keys(model)
    cleaned: dict[str, Any] = {}
    for key, value in raw.items():
        here = (*path, str(key))
        if key not in fields:
            hint = nearest(str(key), fields)
            meant = next((name for name in fields if hint == nearest(name, [name])), "")
            text = f'unknown key "{shortened(key)}"{hint or f"; allowed: {listed(fields)}"}'
            mistakes.append(Mistake(here, text, meant))
        elif value is None:
            instead = "the word None for no constraint," if _constrains(model, key) else "a value"
            mistakes.append(Mistake(here, f"found nothing; write {instead} or leave the key out"))
        elif isinstance(value, list) and not value:
            mistakes.append(Mistake(here, "must not be an empty list; name at least one or leave the key out"))
        else:
            cleaned[key] = _known_keys_below(fields[key], value, here, mistakes)
    return cleaned


def _constrains(model: type[Block], key: str) -> bool:
    """Return whether a key says which constraint there is, or none."""
    return key == "Type" if model is Constraint else _block_type(_keys(model)[key]) is Constraint


def _known_keys_below(annotation: Any, value: Any, path: KeyPath, mistakes: list[Mistake]) -> Any:
    model, named = _block_type(annotation), isinstance(value, dict) and _by_name(annotation)
    if named:
        written = [str(name) for name in value]
        twice = dict.fromkeys(name for name in written if written.count(name) > 1)
        mistakes += [Mistake((*path, name), f'is there twice, as the text "{name}" and as a number') for name in twice]
    if model is None:
        return value
    if isinstance(value, (list, tuple)):
        return [_known_keys(model, item, (*path, index), mistakes) for index, item in enumerate(value)]
    if named:
        return {name: _known_keys(model, item, (*path, str(name)), mistakes) for name, item in value.items()}
    return _known_keys(model, value, path, mistakes)


def _by_name(annotation: Any) -> bool:
    """Return whether a type is or contains a dictionary, the names in which are the user's."""
    return get_origin(annotation) is dict or any(_by_name(part) for part in get_args(annotation))


def _block_type(annotation: Any) -> type[Block] | None:
    """Return the kind of block that a type is or contains (`tuple[FixedParameter, ...]`, `Smoothing | None`)."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return annotation
    return next((found for part in get_args(annotation) if (found := _block_type(part))), None)


def _explained(mistake: Mistake, found: list[Mistake]) -> bool:
    """Return whether a missing key is one that is misspelled or holds nothing, which has been reported."""
    return bool(mistake.meant) and any(
        other.path == (*mistake.path, mistake.meant)
        or (other.path[:-1] == mistake.path and other.meant == mistake.meant)
        for other in found
    )


def _in_plain_words(detail: ErrorDetails, path: KeyPath, raw: Any, document: Document) -> Mistake | None:
    """Return the sentence for one of pydantic's errors, or None for one that only repeats another."""
    kind, value = detail["type"], detail["input"]
    here = (*path, *_existing(raw, detail["loc"]))
    if kind == "none_required":  # the other half of "text or nothing"
        return None
    if kind == "missing":
        return Mistake(here, f'missing key "{detail["loc"][-1]}"', str(detail["loc"][-1]))
    if kind == "value_error":
        return Mistake(here, str(detail["ctx"]["error"]))
    if kind == "string_type":
        return Mistake(here, f"must be text, found {_unquoted(value, document.written(here))}")
    if kind == "bool_type":
        return Mistake(here, f"must be True or False, without quotes, found {described(value)}")
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
        hint = nearest(value, allowed) if isinstance(value, str) else ""
        return Mistake(
            here, f"must be {'one of ' if len(allowed) > 1 else ''}{listed(allowed)}, found {described(value)}{hint}"
        )
    expected = "a list" if kind == "tuple_type" else "a block of keys"
    return Mistake(here, f"must be {expected}, found {described(value)}")


def _unquoted(value: Any, written: str | None) -> str:
    """Return what was found where text is needed; YAML takes an unquoted `yes`, `1.5` or `2024-01-01` for no text."""
    if isinstance(value, (list, tuple, dict)):
        return described(value)
    text = written if written is not None else str(value)
    reading = (
        f"{text}, which YAML reads as {described(value)}" if text.lower() != str(value).lower() else described(value)
    )
    return f'{reading}; put it in quotes: "{text}"'


def _existing(raw: Any, location: tuple[str | int, ...]) -> KeyPath:
    """Return the part of pydantic's location that is in the data; the others name union members and validators."""
    path: list[str | int] = []
    for key in location:
        inside = key in raw if isinstance(raw, dict) else isinstance(key, int) and isinstance(raw, (list, tuple))
        if inside:
            raw = raw[key]
            path.append(key)
    return tuple(path)
