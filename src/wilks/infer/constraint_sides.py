"""How far the constraint terms let parameters go up and down before the fit."""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray
from wilks.model.model import Model
from wilks.model.parameters import ParameterSet

_ITERATIONS = 100


def constraint_sides(model: Model) -> FloatArray:
    """Return where each constraint term alone has fallen by 1/2 in its logarithm, shape (n_parameters, 2): distances
    from its maximum, up and down, both positive.

    Of a normal constraint these are its widths, of a Poisson one the ends of the likelihood interval of the count; 0
    for unconstrained and fixed parameters. (`Model.prefit_uncertainties` has one number for both sides.)

    >>> import wilks
    >>> constraint_sides(wilks.compile_model(wilks.examples.search())).shape[1]
    2
    """
    return np.concatenate([np.zeros((0, 2)), *(_sides(each) for each in model.parameter_sets)])


def _sides(parameters: ParameterSet) -> FloatArray:
    if parameters.constraint == "none":
        return np.zeros((len(parameters), 2))
    if parameters.constraint == "poisson":
        up, down = (_poisson(parameters.auxdata, side) for side in (1.0, -1.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            sides = np.stack([up, down], axis=1) / parameters.scale[:, None]
    else:
        sides = np.stack([parameters.scale, parameters.scale_below], axis=1)
    return np.where(parameters.fixed[:, None], 0.0, sides)


def _poisson(counts: FloatArray, side: float) -> FloatArray:
    """Return how far the expectation of a count can lie above (`side` 1) or below it (-1) for half a unit of nll.

    With t the logarithm of expectation / count, exp(t) - 1 - t = 1 / (2 count): Newton's method, from outside. A count
    of 0 has the likelihood exp(-expectation).
    """
    some = counts > 0
    height = 0.5 / np.where(some, counts, 1.0)
    t = np.log1p(height + np.sqrt(2.0 * height)) if side > 0 else -(1.0 + height)
    for _ in range(_ITERATIONS):
        t = t - (np.expm1(t) - t - height) / np.expm1(t)
    none = 0.5 if side > 0 else 0.0
    return np.asarray(np.where(some, side * counts * np.expm1(t), none))
