"""Best fits that are flat along some parameters: what is known about the others all the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from wilks._types import FloatArray
from wilks.infer.study import BETTER, Study
from wilks.results.many import FLAT

# Curvature, in units of the diagonal, below which a direction is flat: at an exact minimum, and near one.
_CURVATURE, _ROUGH = 1e-9, 1e-3
# The share of a parameter in a flat direction that counts.
_SHARE = 1e-5
_ROUNDS = 3


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
    """Return a study without flat directions; the study itself where its best fit has none, or none is found.

    Along a flat direction the curvature at the best fit is as good as the fit is: it is looked at again where the fit
    with the flat parameters held ends.
    """
    best, problem = asked.best, asked.problem
    if best.converged or not best.status.startswith(FLAT):
        return Determined(asked)
    free = np.flatnonzero(~(problem.held | best.at_bound))
    directions = _flat_directions(asked, best.values, free, _ROUGH)
    for _ in range(_ROUNDS):
        held = problem.held.copy()
        held[free[_pivots(directions)]] = True
        start = np.where(problem.held, problem.start, best.values)
        other = replace(asked, problem=replace(problem, start=start, held=held), given=None)
        if not (directions.size and other.best.converged and abs(other.best.twice_nll - best.twice_nll) < BETTER):
            break
        before, directions = directions.shape[1], _flat_directions(asked, other.best.values, free, _CURVATURE)
        if directions.shape[1] == before:
            share = np.linalg.norm(directions, axis=1)
            flat, alone = free[share > _SHARE], free[share > 1 - _SHARE]
            return Determined(other, frozenset(flat.tolist()), frozenset(alone.tolist()), best.status)
    return Determined(asked)


def _flat_directions(asked: Study, theta: FloatArray, free: npt.NDArray[np.intp], below: float) -> FloatArray:
    """Return orthonormal directions of small curvature, shape (free, directions), in units of each parameter's own."""
    hessian = asked.model.hessian(theta, asked.data.values)[np.ix_(free, free)]
    diagonal = np.diag(hessian)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    curvature, vectors = np.linalg.eigh(hessian / np.outer(scale, scale))
    return np.asarray(vectors[:, np.abs(curvature) < below])


def _pivots(directions: FloatArray) -> list[int]:
    """Return one parameter for each direction, so that nothing is flat any more once they are held."""
    rest, chosen = directions.copy(), []
    for _ in range(directions.shape[1]):
        i = int(np.argmax(np.linalg.norm(rest, axis=1)))
        chosen.append(i)
        row = rest[i] / np.linalg.norm(rest[i])
        rest = rest - np.outer(rest @ row, row)
    return chosen
