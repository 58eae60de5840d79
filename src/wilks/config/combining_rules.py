"""What has to hold for systematics that combine several variations: `Variations` and `Combine` in place of two sides.

One rule per function, as in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.schema import Systematic

_ABOUT = "a systematic has Up and Down, or Variations and how to Combine them"


def sides_or_variations(draft: Draft) -> Iterator[Mistake]:
    """A systematic has both sides, or variations and the way in which they are combined."""
    for part in draft.systematics.parts:
        systematic, written = part.block, part.block.model_fields_set
        combining = {"variations", "combine"} & written or not part.sound("Variations", "Combine")
        needed = ("Variations", "Combine") if combining else ("Up", "Down")
        for key in needed:
            if key.lower() not in written and part.sound(key):
                hint = f"; {_ABOUT}" if combining else ""
                yield Mistake(part.path, f'missing key "{key}"{hint}')
        if combining:
            for key in ("Up", "Down"):
                if key.lower() in written or not part.sound(key):
                    yield Mistake((*part.path, key), f"has no place beside Variations; {_ABOUT}")
        if systematic.variations and part.sound("Type", "Variations"):
            yield from _variations(systematic, part.path)


def _variations(systematic: Systematic, path: KeyPath) -> Iterator[Mistake]:
    here = (*path, "Variations")
    if systematic.type == "Normalization":
        yield Mistake(here, 'are varied histograms, which Type "Normalization" does not have; is it "NormPlusShape"?')
    elif systematic.type == "ShapeSys":
        yield Mistake(here, 'are combined to an Up and a Down; Type "ShapeSys" has one size')
    if len(systematic.variations) < 2:
        yield Mistake(here, "must have at least two entries; one alone is Up, with Down: {Symmetrize: True}")
    for number, variation in enumerate(systematic.variations):
        if variation.symmetrize:
            text = "has no place in one of several Variations; it is for a side that mirrors the other"
            yield Mistake((*here, number, "Symmetrize"), text)


def combination_is_not_symmetric(draft: Draft) -> Iterator[Mistake]:
    """What is symmetric already is not made so."""
    for path, systematic in draft.systematics.sound("Variations", "Combine", "Symmetrization"):
        how = systematic.symmetrization
        if how is not None and systematic.combine == "STANDARDDEVIATION" and not how.normalize_first:
            text = "has no effect: sides that are one STANDARDDEVIATION from nominal are symmetric"
            yield Mistake((*path, "Symmetrization"), text)


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (sides_or_variations, combination_is_not_symmetric)
