"""The block `Checks`: what is worth a finding.

The keys are the fields of `wilks.checks.thresholds.Thresholds` that matter before a fit, and their defaults are there.
"""

from __future__ import annotations

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from wilks.config.block import Block
from wilks.config.values import Count, NotNegative


class Checks(Block):
    """Thresholds of findings about the steering file, its templates and its workspace."""

    negligible: NotNegative | SkipJsonSchema[None] = Field(
        default=None, description="Effects on the yield below this fraction are taken as zero"
    )
    equal: NotNegative | SkipJsonSchema[None] = Field(
        default=None, description="Templates are equal where they differ by less than this fraction of their effect"
    )
    empty: NotNegative | SkipJsonSchema[None] = Field(
        default=None, description="A varied template is empty below this fraction of nominal"
    )
    large_effect: NotNegative | SkipJsonSchema[None] = Field(
        default=None, description="Change of the yield (a fraction) that is worth a note"
    )
    huge_effect: NotNegative | SkipJsonSchema[None] = Field(
        default=None, description="Change of the yield (a fraction) that is worth a warning"
    )
    statistical: NotNegative | SkipJsonSchema[None] = Field(
        default=None, description="Relative statistical uncertainty of the simulation that is too large for a bin"
    )
    tiny_process: NotNegative | SkipJsonSchema[None] = Field(
        default=None, description="A sample below this fraction of every region is worth a note"
    )
    share: NotNegative | SkipJsonSchema[None] = Field(
        default=None,
        description="Sides in the same direction in less than this share of a systematic's squared shift are a note",
    )
    outside: NotNegative | SkipJsonSchema[None] = Field(
        default=None, description="Fraction of a template outside its edges that is worth a note"
    )
    effective_entries: NotNegative | SkipJsonSchema[None] = Field(
        default=None, description="Templates with fewer effective entries are worth a note"
    )
    relevant: NotNegative | SkipJsonSchema[None] = Field(
        default=None, description="Shifts below this many statistical standard deviations of the data can't matter"
    )
    individually: Count | SkipJsonSchema[None] = Field(
        default=None, description="Errors and warnings of one rule that are given one by one"
    )
    notes_individually: Count | SkipJsonSchema[None] = Field(
        default=None, description="Notes of one rule that are given one by one"
    )
