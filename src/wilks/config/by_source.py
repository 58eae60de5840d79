"""Systematics that vary the sources of samples one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wilks.config.schema import Block, Region, Sample, SideOverride, Systematic, Template, applies, selects


def by_source(systematic: Systematic, templates: Sequence[tuple[Region, Sample]]) -> tuple[Systematic, ...]:
    """Return what `Decorrelate: source` makes of a systematic: one for each source, and one for samples without.

    The systematic of a source is called `<name>_<source>`, and so is its parameter; it varies that source alone. In
    samples without sources the name stays. `templates` are region and sample of all simulated templates.
    """
    if not parts_sources(systematic):
        return (systematic,)
    acting = [pair for pair in templates if applies(systematic, *pair)]
    sources = dict.fromkeys(part.name for _, sample in acting for part in sample.sources if part.name is not None)
    wanted = [name for name in sources if not systematic.sources or name in systematic.sources]
    if not wanted:
        return (systematic,)
    rest: dict[str, Any] = {"decorrelate": tuple(by for by in systematic.decorrelate if by != "source")}
    plain = tuple(dict.fromkeys(sample.name for _, sample in acting if not sample.sources))
    parts = [systematic.model_copy(update=rest | {"samples": plain})] if plain else []
    for source in wanted:
        suffix = source.replace(" ", "-")
        changes = rest | {"sources": (source,)}
        if systematic.modifier_name is not None:
            changes["modifier_name"] = f"{systematic.modifier_name}_{suffix}"
        parts.append(systematic.part_for_source(f"{systematic.name}_{suffix}", changes))
    return tuple(_only_acting(part, templates) for part in parts)


def parts_sources(systematic: Systematic) -> bool:
    """Return whether a systematic has one parameter for each source."""
    return not isinstance(systematic.decorrelate, dict) and "source" in systematic.decorrelate


def _only_acting(systematic: Systematic, templates: Sequence[tuple[Region, Sample]]) -> Systematic:
    """Return a systematic without the blocks below it that concern templates of other parts only."""
    everywhere = systematic.model_copy(update={"exclude": ()})
    pairs = [(region.name, sample.name) for region, sample in templates if applies(everywhere, region, sample)]

    def acts(block: Block) -> bool:
        return any(selects(block, *pair) for pair in pairs)

    def side(template: Template) -> Template:
        kept: tuple[SideOverride, ...] = tuple(each for each in template.overrides if acts(each))
        copy = template.model_copy(update={"overrides": kept})
        if not kept:
            copy.model_fields_set.discard("overrides")
        return copy

    written = systematic.model_fields_set
    changed: dict[str, Any] = {name: side(getattr(systematic, name)) for name in ("up", "down") if name in written}
    if systematic.variations:
        changed["variations"] = tuple(map(side, systematic.variations))
    changed["exclude"] = tuple(each for each in systematic.exclude if acts(each))
    for name in ("smoothing", "keep_yield"):
        block = getattr(systematic, name)
        changed[name] = block if block is not None and acts(block) else None
    copy = systematic.model_copy(update=changed)
    # What holds nothing has not been written: a dump of the block can be read again.
    for name in ("decorrelate", "exclude", "smoothing", "keep_yield"):
        if not getattr(copy, name):
            copy.model_fields_set.discard(name)
    return copy
