"""Variations of templates for a page: relative changes of bins, packed for the moment when one is drawn."""

from __future__ import annotations

import json

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks.figures.varied import Content, content_of
from wilks.templates.store import SIDES, Templates

_BITS = np.uint32(0xFF)
# Of the 23 bits of a fraction: 15 are left, and five digits are more than a drawing shows.


def packed_variations(templates: Templates) -> bytes:
    """Return all variations of templates that were processed: a header and numbers.

    The header is JSON, after its length in bytes (four bytes, little-endian), and is padded to a multiple of four
    bytes: `names` of regions, samples and systematics; `blocks`, each with region, sample and number of bins; `rows`,
    each with the number of its block, of its systematic, and which sides were changed by processing (1 up, 2 down).
    Numbers follow as 32-bit floats: of each block the yields, and the relative statistical uncertainties; of each row
    the relative changes up and down, and those before processing of each side that was changed.
    NaN is a change of an empty bin.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.process_templates(wilks.build_templates(config), config)
    >>> packed_variations(templates)[4:13]
    b'{"names":'
    """
    names: dict[str, dict[str, int]] = {"regions": {}, "samples": {}, "systematics": {}}

    def number(kind: str, name: str) -> int:
        return names[kind].setdefault(name, len(names[kind]))

    blocks: dict[tuple[str, str], int] = {}
    heads: list[list[int]] = []
    rows: list[list[int]] = []
    nominal: list[FloatArray] = []
    changes: list[FloatArray] = []
    for effect in templates.effects:
        content = content_of(templates, effect.region, effect.sample, effect.systematic)
        place = effect.region, effect.sample
        if place not in blocks:
            blocks[place] = len(blocks)
            bins = content.nominal.contents.size
            heads.append([number("regions", effect.region), number("samples", effect.sample), bins])
            nominal += [content.nominal.contents, _ratio(content.nominal.stdev, content.nominal.contents)]
        changed = sum(bit for side, bit in zip(SIDES, (1, 2), strict=True) if side in content.originals)
        rows.append([blocks[place], number("systematics", effect.systematic), changed])
        changes += _changes(content)
    header: JSONDict = {"names": {kind: list(known) for kind, known in names.items()}, "blocks": heads, "rows": rows}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + _rounded([*nominal, *changes])


def _changes(content: Content) -> list[FloatArray]:
    sides = [content.sides[side] for side in SIDES]
    before = [content.originals[side] for side in SIDES if side in content.originals]
    return [content.relative(values) / 100.0 for values in (*sides, *before)]


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, np.abs(whole), out=np.full_like(part, np.nan), where=whole != 0.0)


def _rounded(arrays: list[FloatArray]) -> bytes:
    """Return numbers with fewer digits, which take half the room once they are compressed."""
    with np.errstate(over="ignore"):
        numbers = np.concatenate([np.empty(0), *arrays]).astype("<f4")
    bits = numbers.view("<u4")
    finite = np.isfinite(numbers)
    bits[finite] = (bits[finite] + (_BITS >> np.uint32(1))) & ~_BITS
    return numbers.tobytes()
