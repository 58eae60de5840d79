"""Rules about a steering file: blocks that apply to nothing, which leave no trace in a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wilks.checks.thresholds import Thresholds
from wilks.results.findings import Case, Finding, Severity

if TYPE_CHECKING:
    from wilks.config.schema import Config, NormFactor, Smoothing, Systematic


def _acts(config: Config, *blocks: NormFactor | Systematic | Smoothing) -> bool:
    """Return whether all blocks apply together to any simulated sample in any region."""
    from wilks.config.schema import applies

    return any(
        all(applies(block, region, sample) for block in (sample, *blocks))
        for region in config.regions
        for sample in config.samples
        if not sample.data
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


def empty_region(config: Config, limits: Thresholds) -> Iterator[Finding]:
    """A region without any simulated sample."""
    from wilks.config.schema import applies

    for region in config.regions:
        if not any(applies(sample, region, sample) for sample in config.samples if not sample.data):
            yield Finding(
                "empty-region",
                Severity.ERROR,
                f'region "{region.name}"',
                "No simulated sample is in it.",
                "Add the region to the Regions of some sample, or remove it.",
                (Case(region=region.name),),
            )
