"""Rules about a steering file: blocks that apply to nothing, keys that nobody reads. A workspace shows neither."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from wilks.checks.thresholds import Thresholds
from wilks.checks.wording import quoted, some
from wilks.results.findings import Case, Finding, Severity

if TYPE_CHECKING:
    from wilks.config.idle_keys import IdleKey
    from wilks.config.schema import Config, NormFactor, Smoothing, Systematic


def _acts(config: Config, *blocks: NormFactor | Systematic | Smoothing) -> bool:
    """Return whether all blocks apply together to any simulated sample in any region."""
    from wilks.config.schema import applies

    return any(
        all(applies(block, region, sample) for block in (sample, *blocks))
        for region in config.regions
        for sample in config.samples
        if sample.in_model
    )


def idle_systematic(config: Config, limits: Thresholds) -> Iterator[Finding]:
    """A systematic whose regions and samples do not meet."""
    for systematic in config.systematics:
        if not _acts(config, systematic):
            yield Finding(
                "idle-systematic",
                Severity.WARNING,
                f'systematic "{systematic.name}"',
                "None of its samples is in one of its regions: it does nothing.",
                "Compare its Samples and Regions with the Regions of these samples.",
                (Case(systematic=systematic.name),),
            )


def idle_norm_factor(config: Config, limits: Thresholds) -> Iterator[Finding]:
    """A norm factor whose regions and samples do not meet."""
    for factor in config.norm_factors:
        if not _acts(config, factor):
            yield Finding(
                "idle-norm-factor",
                Severity.WARNING,
                f'norm factor "{factor.name}"',
                "None of its samples is in one of its regions: it does nothing.",
                "Compare its Samples and Regions with the Regions of these samples.",
                (Case(systematic=factor.name),),
            )


def idle_smoothing(config: Config, limits: Thresholds) -> Iterator[Finding]:
    """A smoothing that selects nothing that its systematic applies to."""
    for systematic in config.systematics:
        smoothing = systematic.smoothing
        if smoothing is not None and _acts(config, systematic) and not _acts(config, systematic, smoothing):
            yield Finding(
                "idle-smoothing",
                Severity.WARNING,
                f'systematic "{systematic.name}"',
                "Its smoothing selects none of the templates that it has.",
                "Compare Smoothing's Samples and Regions with those of the systematic.",
                (Case(systematic=systematic.name),),
            )


def unused_key(config: Config, limits: Thresholds) -> Iterator[Finding]:
    """Keys that nobody reads for this kind of input, type of systematic or sample."""
    from wilks.config.idle_keys import unused_keys

    yield from _by_key("unused-key", unused_keys(config), "has no effect")


def replaced_key(config: Config, limits: Thresholds) -> Iterator[Finding]:
    """Keys that are given again in a block that goes before."""
    from wilks.config.idle_keys import replaced_keys

    yield from _by_key("replaced-key", replaced_keys(config), "is replaced")


def _by_key(rule: str, found: Iterable[IdleKey], what: str) -> Iterator[Finding]:
    """Yield one finding for each key and reason, whatever the number of blocks."""
    groups: dict[tuple[Any, ...], list[IdleKey]] = {}
    for idle in found:
        groups.setdefault((idle.key, idle.kind, idle.why, idle.advice, idle.serious), []).append(idle)
    notes: list[Finding] = []
    for (key, kind, why, advice, serious), idles in groups.items():
        names = list(dict.fromkeys(idle.name for idle in idles))
        place = f'key "{key}" of {kind}{"s" if len(names) > 1 else ""} {some([quoted(name) for name in names])}'
        severity = Severity.WARNING if serious else Severity.NOTE
        cases = tuple(_case(kind, name) for name in names)
        finding = Finding(rule, severity, place, f"It {what}: {why}.", advice, cases)
        if serious:
            yield finding
        else:
            notes.append(finding)
    if notes:
        yield _in_one(notes)


def _in_one(notes: list[Finding]) -> Finding:
    """Return one finding for several, which have reasons of their own."""
    if len(notes) == 1:
        return notes[0]
    places = ", ".join(note.place.removeprefix("key ") for note in notes)
    messages, advice = (dict.fromkeys(getattr(note, part) for note in notes) for part in ("message", "advice"))
    text = next(iter(messages)).replace("It has", "They have").replace("It is", "They are")
    if len(messages) > 1:
        text = " ".join(f"{note.place.removeprefix('key ')}: {note.message}" for note in notes)
    cases = tuple(case for note in notes for case in note.cases)
    return Finding(notes[0].rule, Severity.NOTE, f"keys {places}", text, " ".join(advice), cases)


def _case(kind: str, name: str) -> Case:
    if kind in ("region", "sample"):
        return Case(region=name) if kind == "region" else Case(sample=name)
    return Case(systematic=name) if kind != "block" else Case()


def empty_region(config: Config, limits: Thresholds) -> Iterator[Finding]:
    """A region without any simulated sample."""
    from wilks.config.schema import applies

    for region in config.regions:
        if not any(applies(sample, region, sample) for sample in config.samples if sample.in_model):
            yield Finding(
                "empty-region",
                Severity.ERROR,
                f'region "{region.name}"',
                "No simulated sample is in it.",
                "Add the region to the Regions of some sample, or remove it.",
                (Case(region=region.name),),
            )
