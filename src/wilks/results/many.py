"""`ManyFits`: the results of many fits of one model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wilks._types import BoolArray, FloatArray, Positions
from wilks.errors import nearest
from wilks.flags import every

CONVERGED, INTERRUPTED = "converged", "interrupted"
# How the status of a fit begins whose minimum lies on the edge of the possible.
EDGE = "the minimum lies where a rate vanishes"
# How it begins where a rate that must be positive is not, at the start and wherever else was tried.
IMPOSSIBLE = "no possible point was found: "
# How it begins where some combination of parameters has no effect.
FLAT = "the likelihood is flat"
# On the edge the EDM says how far the minimum can be below; so far the likelihood is right.
EDGE_EDM = 1e-5
# The arrays with a row for each fit, but for uncertainties, which are not always asked for.
_EACH = ("values", "twice_nll", "edm", "converged", "iterations")


def minimised(status: str, edm: float = np.nan) -> bool:
    """Return whether a fit that ended so has found the minimum, be it flat, or on the edge of the possible.

    Its likelihood is then known, though there may be no covariance, and parameters without effect are anywhere. On the
    edge this takes its EDM.
    """
    return status == CONVERGED or status.startswith(FLAT) or (status.startswith(EDGE) and edm < EDGE_EDM)


@dataclass(frozen=True, eq=False)
class ManyFits:
    """One row per fit, in their order; a fit that failed keeps its row, and one that was not done has NaN in it.

    `values` and `uncertainties` have shape (fits, parameters) in the order of `names`; `twice_nll`, `edm`, `converged`,
    `iterations` have shape (fits,). Uncertainties are 0 for fixed parameters, NaN where a fit gives none, and None
    where they were not asked for. `statuses` says for each fit how it ended.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> fits = wilks.fit_many(model, fixed={"mu": [0.9, 1.0, 1.1]})
    >>> fits["mu"], fits.failures
    (array([0.9, 1. , 1.1]), {})
    """

    names: tuple[str, ...]
    values: FloatArray
    uncertainties: FloatArray | None
    twice_nll: FloatArray
    edm: FloatArray
    converged: BoolArray
    iterations: Positions
    statuses: tuple[str, ...]
    workspace_digest: str
    version: str

    def __len__(self) -> int:
        return int(self.twice_nll.size)

    def __getitem__(self, name: str) -> FloatArray:
        """Return the fitted values of one parameter, shape (fits,)."""
        if name not in self.names:
            raise KeyError(f'no parameter "{name}" in these fits{nearest(name, self.names)}')
        return self.values[:, self.names.index(name)]

    def __repr__(self) -> str:
        return f"<ManyFits: {len(self)} fits ({len(self.failures)} not converged), {len(self.names)} parameters>"

    def rows(self, chosen: Positions) -> ManyFits:
        """Return some of the fits, one for each position, in this order."""
        arrays = {name: getattr(self, name)[chosen] for name in _EACH}
        sigma = None if self.uncertainties is None else self.uncertainties[chosen]
        if len(set(self.statuses)) == 1:
            statuses = self.statuses[:1] * len(chosen)
        else:
            statuses = tuple(self.statuses[i] for i in chosen)
        return replace(self, uncertainties=sigma, statuses=statuses, **arrays)

    def with_rows(self, chosen: Positions, other: ManyFits) -> ManyFits:
        """Return the fits with those at some positions replaced."""
        names = [*_EACH]
        names += ["uncertainties"] * (self.uncertainties is not None and other.uncertainties is not None)
        arrays = {name: getattr(self, name).copy() for name in names}
        for name, array in arrays.items():
            array[chosen] = getattr(other, name)
        statuses = np.array(self.statuses, object)
        statuses[chosen] = other.statuses
        return replace(self, statuses=tuple(statuses), **arrays)

    @property
    def settled(self) -> BoolArray:
        """Fits whose likelihood is that of the minimum, shape (fits,): converged, or on the edge of the possible.

        On the edge a rate vanishes; there is no covariance, but the EDM (here how far the minimum can be below) says
        that the likelihood is right if it is below 1e-5.
        """
        if every(self.converged):
            return self.converged
        edge = np.array([status.startswith(EDGE) for status in self.statuses], np.bool_)
        settled: BoolArray = self.converged | (edge & (self.edm < EDGE_EDM))
        return settled

    @property
    def minimised(self) -> BoolArray:
        """Fits that are settled, or whose likelihood is flat along parameters without effect, shape (fits,)."""
        if every(self.converged):
            return self.converged
        flat = np.array([status.startswith(FLAT) for status in self.statuses], np.bool_)
        minimum: BoolArray = self.settled | flat
        return minimum

    @property
    def failures(self) -> dict[int, str]:
        """Rows that did not converge, with their status."""
        return {int(i): self.statuses[i] for i in np.flatnonzero(~self.converged)}
