"""Parts of a model: rates of each sample, what constraints expect, main and constraint terms of the likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import BoolArray, FloatArray, Positions

if TYPE_CHECKING:
    from wilks.model.model import Model

# From here on ln(n!) - (n ln(n) - n) is taken from its series, which has no cancellation.
_SERIES = 50.0


@dataclass(frozen=True, eq=False)
class ConstraintTerms:
    """The constraint terms in the order of the auxiliary data, arrays of shape (auxiliary data,).

    `parameters` are the positions of the parameters that they hold, `scale` is the standard deviation of a normal term
    (`lower` that below the datum), the factor of a Poisson one (see `ParameterSet`). `correlated` are the entries of
    normal terms that belong together, with their covariance.
    """

    parameters: Positions
    poisson: BoolArray
    scale: FloatArray
    lower: FloatArray
    correlated: tuple[tuple[Positions, FloatArray], ...]

    @cached_property
    def factor(self) -> FloatArray:
        """What the parameters are multiplied with to give the means of the terms."""
        return np.where(self.poisson, self.scale, 1.0)


def constraint_terms(model: Model) -> ConstraintTerms:
    """Return what the auxiliary data of a model belong to."""
    held = [s for s in model.parameter_sets if s.constraint != "none"]
    return ConstraintTerms(
        np.flatnonzero(~model.unconstrained),
        np.repeat([s.constraint == "poisson" for s in held], [len(s) for s in held]).astype(np.bool_),
        np.concatenate([np.empty(0), *(s.scale for s in held)]),
        np.concatenate([np.empty(0), *(s.scale_below for s in held)]),
        model.correlated,
    )


def prefit_covariance(model: Model, held: BoolArray) -> FloatArray:
    """Return the covariance of the constraints before a fit, shape (n_parameters, n_parameters).

    It is 0 for unconstrained and `held` parameters. Where constraints are correlated and some of the parameters held,
    the others are known as well as the constraints let them be then.
    """
    covariance = np.diag(np.where(held, 0.0, model.prefit_uncertainties) ** 2)
    terms = model.constraint_terms
    for entries, whole in terms.correlated:
        moving = ~held[terms.parameters[entries]]
        where = terms.parameters[entries][moving]
        part = np.ix_(moving, moving)
        covariance[np.ix_(where, where)] = whole if moving.all() else np.linalg.inv(np.linalg.inv(whole)[part])
    return covariance


def expected_auxiliary(model: Model, points: FloatArray) -> FloatArray:
    """Return what the constraint terms measure on average, shape (..., auxiliary data)."""
    terms = model.constraint_terms
    return np.asarray(terms.factor * points[..., terms.parameters])


def expected_by_sample(model: Model, points: FloatArray) -> FloatArray:
    """Return the rates of each sample in each main bin, shape (..., samples, bins); 0 where a sample is not."""
    rows = points.reshape(-1, points.shape[-1])
    flat = np.stack([model.engine.block_rates(row) for row in rows]) if len(rows) else np.empty((0, 0))
    rates = np.zeros((len(rows), len(model.sample_names), model.observed_main.size))
    first = 0
    for block in model.blocks:
        bins = model.channel_slices[block.channel]
        rates[:, model.sample_names.index(block.sample), bins] = flat[:, first : first + block.bins]
        first += block.bins
    return rates.reshape(*points.shape[:-1], *rates.shape[1:])


def rates_jacobian(model: Model, theta: FloatArray) -> FloatArray:
    """Return the derivatives of the expected rates, shape (main bins, n_parameters)."""
    jacobian = np.zeros((model.observed_main.size, model.n_parameters))
    for i, block in enumerate(model.blocks):
        jacobian[model.channel_slices[block.channel]] += model.engine.jacobian(theta, i)
    return jacobian


def products(model: Model) -> tuple[tuple[Positions, Positions], ...]:
    """Return the factors of each block with several: positions of scalar ones, and of others, (factors, bins)."""
    arrays = model.engine.__getstate__()
    found, first = [], 0
    for i, block in enumerate(model.blocks):
        scalars = arrays["factor_parameter"][arrays["factor_start"][i] : arrays["factor_start"][i + 1]]
        scalars = scalars[scalars < model.n_parameters]  # the others are functions
        count = int(arrays["bin_start"][i + 1] - arrays["bin_start"][i])
        columns = arrays["bin_parameter"][first : first + count * block.bins].reshape(count, block.bins)
        first += count * block.bins
        if scalars.size + count > 1:
            found.append((scalars, columns))
    return tuple(found)


def main_nll(model: Model, points: FloatArray, main: FloatArray) -> Any:
    """Return the negative log likelihood of the main bins, all constants included, shape (...)."""
    rates = model.expected(points)
    return _poisson(main, rates).sum(axis=-1)


def constraint_nll(model: Model, points: FloatArray, auxiliary: FloatArray) -> Any:
    """Return the negative log density of the auxiliary data, all constants included, shape (...)."""
    terms, means = model.constraint_terms, expected_auxiliary(model, points)
    sigma = np.where(terms.poisson, 1.0, np.where(means < auxiliary, terms.lower, terms.scale))
    mean_width = np.where(terms.poisson, 1.0, 0.5 * (terms.lower + terms.scale))
    normal = 0.5 * ((auxiliary - means) / sigma) ** 2 + np.log(mean_width * np.sqrt(2.0 * np.pi))
    poisson = _poisson(np.where(terms.poisson, auxiliary, 0.0), np.where(terms.poisson, means, 0.0))
    values = np.where(terms.poisson, poisson, normal)
    for which, covariance in terms.correlated:
        values[..., which] = 0.0
        values[..., which[0]] = 0.5 * twice_normal((auxiliary - means)[..., which], covariance)
    return values.sum(axis=-1)


def not_normal(model: Model, means: FloatArray, toys: FloatArray) -> FloatArray:
    """Return toys, shape (toys, length of the data), whose normal auxiliary data became correlated or of two widths.

    Both are made of the standard normal numbers that were drawn: correlated ones by the Cholesky factor of their
    covariance; of two widths by the inverse of their cumulative distribution (a datum lies below the parameter with
    the probability that the upper width has in the sum of both).
    """
    terms, main = model.constraint_terms, model.observed_main.size
    for which, covariance in terms.correlated:
        drawn = (toys[:, main + which] - means[main + which]) / terms.scale[which]
        toys[:, main + which] = means[main + which] + drawn @ np.linalg.cholesky(covariance).T
    two = np.flatnonzero(~terms.poisson & (terms.lower != terms.scale))
    if two.size:
        from scipy.special import ndtr, ndtri

        centre, upper, lower = means[main + two], terms.scale[two], terms.lower[two]
        below = upper / (upper + lower)
        u = ndtr((toys[:, main + two] - centre) / upper)
        half = np.where(u < below, u / below, (1.0 - u) / (1.0 - below)) / 2.0
        toys[:, main + two] = centre + np.where(u < below, upper * ndtri(half), -lower * ndtri(half))
    return toys


def twice_normal(residuals: FloatArray, covariance: FloatArray) -> Any:
    """Return -2 ln of a correlated normal density, all constants included, shape (...)."""
    pulls = np.linalg.solve(np.linalg.cholesky(covariance), residuals[..., None])[..., 0]
    return (pulls**2).sum(axis=-1) + np.linalg.slogdet(2.0 * np.pi * covariance)[1]


def _poisson(n: FloatArray, mean: FloatArray) -> FloatArray:
    """Return -ln of the Poisson density, continuous in n; infinite outside its domain.

    As a deviance, so that nothing is lost where both are large and alike: n ln(n / mean) - n + mean + ln(n!) - n ln(n)
    + n.
    """
    from scipy.special import gammaln, xlogy

    n, mean = np.broadcast_arrays(np.asarray(n, np.float64), np.asarray(mean, np.float64))
    possible = (mean > 0) | ((mean == 0) & (n == 0))
    safe = np.where(mean > 0, mean, 1.0)
    ratio = (n - safe) / safe
    with np.errstate(divide="ignore", invalid="ignore"):
        deviance = np.where(n > 0, n * np.log1p(ratio), 0.0) - (n - safe)
        large = np.where(n > _SERIES, n, 1.0)
        series = 0.5 * np.log(2.0 * np.pi * large) + 1 / (12 * large) - 1 / (360 * large**3) + 1 / (1260 * large**5)
    rest = np.where(n > _SERIES, series, gammaln(n + 1.0) - xlogy(n, n) + n)
    return np.where(possible, np.where(mean > 0, deviance + rest, 0.0), np.inf)
