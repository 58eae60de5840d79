"""A second opinion: iminuit's MIGRAD with the exact gradient."""

from __future__ import annotations

import numpy as np

from wilks._engine import Dataset
from wilks._types import FloatArray
from wilks.errors import WilksError
from wilks.fitting.problem import Problem
from wilks.model.model import Model

# EDM (in nll) below which MIGRAD's answer counts as a minimum.
TOLERANCE = 1e-4


def minimise(model: Model, dataset: Dataset, problem: Problem, limit: int = 100_000) -> tuple[FloatArray, int]:
    """Return where MIGRAD (strategy 1, tolerance 0.001) ends, shape (n_parameters,), and its calls of nll and gradient.

    It gives up after about `limit` calls of the nll. Raises WilksError if iminuit is not installed.
    """
    try:
        from iminuit import Minuit
    except ImportError:
        raise WilksError('minimizer="minuit" needs iminuit: pip install "wilks[minuit]"') from None

    def twice_nll(theta: FloatArray) -> float:
        return 2.0 * float(model.nll(theta, dataset))

    def gradient(theta: FloatArray) -> FloatArray:
        return 2.0 * model.gradient(theta, dataset)

    lower, upper, held = problem.lower, problem.upper, problem.held
    minuit = Minuit(twice_nll, problem.start, grad=gradient, name=model.parameter_names)
    minuit.limits = list(zip(lower, upper, strict=True))
    minuit.fixed = list(held)
    minuit.errordef = Minuit.LEAST_SQUARES
    width = np.where(model.prefit_uncertainties > 0, model.prefit_uncertainties, 0.1)
    minuit.errors = list(0.5 * width)
    minuit.tol = 0.001
    minuit.migrad(ncall=limit)
    theta = np.array(minuit.values, dtype=np.float64)
    # MIGRAD's transformation of bounded parameters never quite reaches a bound.
    slope, close = gradient(theta), 1e-4 * np.minimum(upper - lower, np.abs(theta) + 1.0)
    theta = np.where(~held & (theta - lower < close) & (slope > 0), lower, theta)
    theta = np.where(~held & (upper - theta < close) & (slope < 0), upper, theta)
    return theta, minuit.nfcn + minuit.ngrad
