"""`Densities`: the densities of many data sets at a few points, for the weights of toys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.model.model import Model
from wilks.model.terms import twice_normal


@dataclass(frozen=True, eq=False)
class Densities:
    """The densities of data at points: `log_means` and `means` are those of all data, shape (points, length).

    Functions of the parameters that the model adds to the likelihood (penalties) are no part of them: no data belong to
    these. What of a density depends on the data alone is left out. Made once, so that workers add and multiply only.
    """

    model: Model
    means: FloatArray
    log_means: FloatArray

    @classmethod
    def of(cls, model: Model, points: FloatArray) -> Densities:
        """Return the densities at points, shape (points, n_parameters)."""
        means = np.concatenate([model.expected(points), model.expected_auxiliary(points)], axis=1)
        return cls(model, means, np.log(means, out=np.zeros(means.shape), where=means > 0))

    def log(self, data: FloatArray) -> FloatArray:
        """Return the logarithms, shape (points, data sets), of data of shape (data sets, length)."""
        terms, main = self.model.constraint_terms, self.model.observed_main.size
        counts = np.concatenate([np.arange(main), main + np.flatnonzero(terms.poisson)])
        together = np.concatenate([np.empty(0, np.intp), *(which for which, _ in terms.correlated)]).astype(np.intp)
        normal = np.setdiff1d(np.flatnonzero(~terms.poisson), together)
        upper, lower = terms.scale[normal], terms.lower[normal]
        observed, measured = np.ascontiguousarray(data[:, counts]), data[:, main + normal]
        rows = []
        for means, log_means in zip(self.means, self.log_means, strict=True):
            row = (observed * log_means[counts]).sum(axis=1) - means[counts].sum()
            row[(observed[:, means[counts] <= 0] > 0).any(axis=1)] = -np.inf
            away = measured - means[main + normal]
            row -= 0.5 * ((away / np.where(away > 0, lower, upper)) ** 2).sum(axis=1)
            for which, covariance in terms.correlated:
                row -= 0.5 * twice_normal(data[:, main + which] - means[main + which], covariance)
            rows.append(row)
        return np.stack(rows)
