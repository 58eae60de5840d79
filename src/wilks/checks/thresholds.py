"""The numbers that decide what is worth a finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wilks.config.schema import Config


@dataclass(frozen=True)
class Thresholds:
    """Limits used by the rules; fractions (0.01 is one percent) unless they are counts.

    `negligible`: effects on the yield below this fraction are taken as zero.
    `equal`: two templates are equal where they differ by less than this fraction of the effect they describe.
    `empty`: a varied template is empty below this fraction of nominal; a bin below this fraction of its neighbours.
    `large_effect`, `huge_effect`: yield effects on a sample that are worth a note, and a warning.
    `statistical`: relative statistical uncertainty of the simulation that is too large for a bin.
    `tiny_process`: a sample below this fraction of every channel it is in is hardly worth its systematics.
    `share`: below this share of a systematic's whole (squared) shift, sides in the same direction are a note.
    `outside`: fraction of a template outside its edges that is worth a note.
    `effective_entries`: a template with fewer (sum w)^2 / sum w^2 has no reliable shape.
    `relevant`: a shift below this fraction of the statistical uncertainty of the data (all bins together) cannot
    matter to the fit; what is odd about it is a note, not a warning.
    `pull`: pre-fit uncertainties by which a fit may move a constrained parameter.
    `constraint`, `loosened`: post-fit over pre-fit uncertainty below, and above, which a parameter is worth a look.
    `correlation`, `degenerate`: correlations that are worth a note, and a warning.
    `undetermined`: the data hardly determine a free parameter whose uncertainty is above this (times its value, if that
    is above 1).
    `one_sided`: impacts in the same direction matter above this fraction of the parameter of interest's uncertainty.
    `lost_toys`: fraction of toys without a fit that is worth a finding.
    `individually`, `notes_individually`: how many findings of one rule are given one by one, of errors and warnings
    each, and of notes; those beyond it are named in the last one.

    >>> import wilks
    >>> from wilks.checks.thresholds import Thresholds
    >>> len(wilks.check(wilks.examples.measurement(), thresholds=Thresholds(large_effect=0.5)))
    0
    """

    negligible: float = 1e-3
    equal: float = 1e-3
    empty: float = 1e-3
    large_effect: float = 0.10
    huge_effect: float = 0.50
    statistical: float = 0.20
    tiny_process: float = 1e-3
    share: float = 0.1
    outside: float = 0.02
    effective_entries: float = 100.0
    relevant: float = 0.1
    pull: float = 2.0
    constraint: float = 0.5
    loosened: float = 1.1
    correlation: float = 0.8
    degenerate: float = 0.98
    undetermined: float = 10.0
    one_sided: float = 0.1
    lost_toys: float = 1e-3
    individually: int = 5
    notes_individually: int = 1

    @classmethod
    def of(cls, config: Config) -> Thresholds:
        """Return the thresholds of a steering file: those under `General.Checks`, the others as they are here."""
        given = config.general.checks
        return cls(**given.model_dump(exclude_none=True)) if given is not None else cls()
