"""Best fits that are flat along some parameters: what is known about the others all the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wilks._types import FloatArray
from wilks.fitting.flat import pivots
from wilks.infer.study import BETTER, Study


@dataclass(frozen=True, eq=False)
class Determined:
    """A study with the best fit of another one, in which nothing is flat: some of the flat parameters are held.

    What it says about parameters outside `flat` (positions) does not depend on which are held. Those in `alone` have no
    effect at all; the others are flat in combinations.
    """

    study: Study
    flat: frozenset[int] = frozenset()
    alone: frozenset[int] = frozenset()
    reason: str = ""

    def uncertainties(self) -> FloatArray:
        """Return the uncertainties of all parameters, NaN for those that are flat, and for all without a best fit."""
        sigma = self.study.best.uncertainties.copy()
        sigma[list(self.flat) if self.study.best.converged else slice(None)] = np.nan
        return sigma

    def divides(self, positions: list[int]) -> bool:
        """Return whether holding these parameters would hold some of those that are flat in combinations, not all."""
        together = self.flat - self.alone
        return bool(together.intersection(positions)) and not together <= set(positions)


def determined(asked: Study) -> Determined:
    """Return a study without flat directions; the study itself where its best fit has none."""
    best, problem = asked.best, asked.problem
    alone = frozenset(np.flatnonzero(best.idle).tolist())
    if not best.flat.size:
        return Determined(asked, alone, alone)
    held = problem.held | best.idle
    held[pivots(best.flat)] = True
    start = np.where(problem.held, problem.start, best.values)
    other = replace(asked, problem=replace(problem, start=start, held=held), given=None)
    if not (other.best.converged and abs(other.best.twice_nll - best.twice_nll) < BETTER):
        return Determined(asked)
    together = frozenset(np.flatnonzero(best.flat_together).tolist())
    return Determined(other, together | alone, alone, best.status)
