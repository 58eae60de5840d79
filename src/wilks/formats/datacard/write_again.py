"""A card that was written is read again before it goes to its place: what it says must be what was to be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import WorkspaceError, listed
from wilks.formats.datacard.read import read
from wilks.formats.datacard.starting import start_values
from wilks.formats.datacard.write_functions import parameters_of, resolved
from wilks.workspace.spec import Document, HistoSys, Lumi, NormFactor, NormSys, ShapeSys, StatError

if TYPE_CHECKING:
    from wilks.formats.datacard.write import Described

_NEAR, _CUT, _INVERSE = 1e-6, 1e-8, 2e-5
"""Rounded numbers, yields that Combine cuts, and norms that it takes for inverse ones differ by less; notes tell."""


def require_same(card: Described, path: Path) -> None:
    """Raise WorkspaceError where a card, read again, says something else than the document that it is written from."""
    try:
        again = read(path, maps=card.sheet.maps, allow_no_signal=True, allow_no_background=True).workspace.document
    except WorkspaceError as error:
        where = f"{path}:"
        sentences = [problem.replace(where, "").replace(str(path), path.name).strip() for problem in error.problems]
        raise WorkspaceError(
            [f"is not written, because the card could not be read: {one}" for one in sentences]
        ) from None
    wanted, found = _numbers(card.document, card), _numbers(again, None)
    wanted, found = ({k: v for k, v in each.items() if not _nothing(k, v)} for each in (wanted, found))
    wrong = [name for name in wanted if name not in found or not _same(name, wanted[name], found[name])]
    wrong += [name for name in found if name not in wanted]
    if wrong:
        places = listed((" / ".join(name) for name in wrong), 3)
        raise WorkspaceError(f"is not written, because the card would say something else of {places}")


def _numbers(document: Document, card: Described | None) -> dict[tuple[str, ...], FloatArray]:
    """Return all numbers of a document by what they are; with `card` by the names in it."""

    def called(kind: str, name: str) -> str:
        return name if card is None else getattr(card.names, kind).get(name, name)

    scaled: dict[str, Any] = {} if card is None else card.functions.scaled
    functions = {one.name for one in document.functions or ()}
    found: dict[tuple[str, ...], FloatArray] = {}
    masked = {mask.channel for mask in document.masks or ()}
    for one in document.observations:
        if one.name not in masked:
            found["data", called("channels", one.name)] = np.asarray(one.data, np.float64)
    for channel in document.channels:
        for sample in channel.samples if channel.name not in masked else ():
            yields = np.asarray(sample.data, np.float64)
            block = called("channels", channel.name), called("processes", sample.name)
            if len(yields) == 1 and not yields.any():
                continue
            found["yields", *block] = yields
            for modifier in sample.modifiers:
                name = called("parameters", scaled.get(modifier.name, (modifier.name, 1.0))[0])
                match modifier:
                    case NormFactor() | Lumi() if modifier.name not in functions:
                        found["factor", *block, name] = np.ones(1)
                    case NormSys():
                        found["norm", *block, name] = np.array([modifier.data.lo, modifier.data.hi], np.float64)
                    case HistoSys() if modifier.name not in functions:
                        sides = np.array([modifier.data.lo_data, modifier.data.hi_data], np.float64)
                        found["shape", *block, name] = sides
                    case StatError() | ShapeSys():
                        kind = "terms" if isinstance(modifier, StatError) else "counts"
                        before = found.get((kind, *block), np.zeros(1))
                        found[kind, *block] = before + np.asarray(modifier.data, np.float64)
    return found | _added(document, lambda name: called("parameters", name))


def _added(document: Document, called: Callable[[str], str]) -> dict[tuple[str, ...], FloatArray]:
    """Return what is added to the likelihood, by the parameters that it needs, where these have some values."""
    functions = {one.name: resolved(one) for one in document.functions or ()}
    needed = {name: parameters_of(name, functions) for name in functions}
    ordered = sorted({name for names in needed.values() for name in names}, key=called)
    values = start_values({name: {"inits": [1.1 + 0.1 * i]} for i, name in enumerate(ordered)}, functions)
    found: dict[tuple[str, ...], FloatArray] = {}
    for one in (one.name for one in document.functions or () if one.penalty):
        key = "penalty", *sorted(called(name) for name in needed[one])
        found[key] = found.get(key, np.zeros(1)) + values[one]
    return found


def _same(name: tuple[str, ...], wanted: FloatArray, found: FloatArray) -> bool:
    near = _INVERSE if name[0] == "norm" else _NEAR
    return wanted.shape == found.shape and np.allclose(wanted, found, rtol=near, atol=_CUT, equal_nan=True)


def _nothing(name: tuple[str, ...], numbers: FloatArray) -> bool:
    return name[0] == "norm" and np.allclose(numbers, 1.0, rtol=0.0, atol=_NEAR)
