"""`fit_result`: parameters that are known from elsewhere, as the result of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks._version import __version__
from wilks.errors import ModelError
from wilks.model.datasets import Data, labelled, parameters_at
from wilks.model.described import described
from wilks.model.model import ArrayLike, Model
from wilks.results.fit import FitResult

GIVEN = "given, not fitted"


def fit_result(
    model: Model,
    values: Mapping[str, float] | ArrayLike,
    *,
    uncertainties: ArrayLike | None = None,
    correlation: Any = None,
    covariance: Any = None,
    data: Data | ArrayLike | None = None,
) -> FitResult:
    """Return parameters that another program fitted, or that somebody chose, as the result of a fit.

    For everything that takes one: predictions, rankings, Asimov data, figures, tables. `values` are all parameters in
    the model's order, or some by name (the others stay where they are before the fit). `uncertainties`, shape
    (n_parameters,), may come with a `correlation` matrix (default: none); or there is a `covariance`. Without either,
    uncertainties are NaN. A parameter whose uncertainty is 0 counts as fixed. 2NLL is that of `data` (default: the
    model's own), NaN without any.

    Raises ModelError with every mistake: unknown names, shapes, values that are not finite, correlations beyond 1.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> chosen = wilks.fit_result(model, {"mu": 1.2}, uncertainties=model.prefit_uncertainties)
    >>> chosen["mu"].value, wilks.predict(model, chosen).label
    (1.2, 'post-fit')
    """
    theta = parameters_at(model, values=values)
    matrix = _covariance(model, uncertainties, correlation, covariance)
    known = matrix is not None
    if matrix is None:
        matrix = np.full((theta.size, theta.size), np.nan)
    sigma = np.sqrt(np.diag(matrix))
    used = labelled(model, data) if data is not None or model.has_data else None
    lower, upper = model.bounds
    fixed = sigma == 0 if known else model.fixed.copy()
    at_bound = np.zeros(theta.size, np.bool_) if known else ((theta <= lower) | (theta >= upper)) & ~fixed
    return FitResult(
        **described(model),
        values=theta,
        uncertainties=np.where(fixed, 0.0, sigma),
        covariance=matrix,
        twice_nll=np.nan if used is None else 2.0 * float(model.nll(theta, used.values)),
        edm=np.nan,
        converged=True,
        status=GIVEN,
        covariance_valid=known,
        smallest_eigenvalue=np.nan,
        fixed=fixed,
        at_bound=at_bound,
        dataset="none" if used is None else used.label,
        version=__version__,
        minimizer="none",
        settings=dict(model.settings),
    )


def _covariance(model: Model, uncertainties: Any, correlation: Any, covariance: Any) -> FloatArray | None:
    """Return the covariance that was handed in, in whatever form; ModelError with all that is wrong about it."""
    size = model.n_parameters
    needed = {"uncertainties": (size,), "correlation": (size, size), "covariance": (size, size)}
    given = {"uncertainties": uncertainties, "correlation": correlation, "covariance": covariance}
    arrays, problems = {}, []
    for name, value in given.items():
        if value is None:
            continue
        try:
            arrays[name] = np.asarray(value, np.float64)
        except (TypeError, ValueError):
            problems.append(f"{name}: numbers are needed, found {type(value).__name__}")
            continue
        if arrays[name].shape != needed[name]:
            problems.append(f"{name}: shape {needed[name]} is needed, found {arrays[name].shape}")
        elif not np.isfinite(arrays[name]).all():
            problems.append(f"{name}: finite numbers are needed")
    if covariance is not None and (uncertainties is not None or correlation is not None):
        problems.append("a covariance says everything: leave out uncertainties and correlation")
    elif correlation is not None and uncertainties is None:
        problems.append("correlation: uncertainties are needed too")
    if not problems:
        problems = _impossible(arrays)
    if problems:
        raise ModelError(problems)
    if "covariance" in arrays:
        return arrays["covariance"]
    if "uncertainties" not in arrays:
        return None
    sigma = arrays["uncertainties"]
    matrix: FloatArray = np.outer(sigma, sigma) * arrays.get("correlation", np.eye(size))
    np.fill_diagonal(matrix, sigma**2)  # fixed parameters may have 0 there
    return matrix


def _impossible(arrays: Mapping[str, FloatArray]) -> list[str]:
    problems = []
    if (arrays.get("uncertainties", np.zeros(1)) < 0).any():
        problems.append("uncertainties: none can be negative")
    if (np.abs(arrays.get("correlation", np.zeros((1, 1)))) > 1 + 1e-9).any():
        problems.append("correlation: values beyond 1 were found")
    for name in ("correlation", "covariance"):
        matrix = arrays.get(name, np.zeros((1, 1)))
        if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-12):
            problems.append(f"{name}: the matrix is not symmetric")
    if (np.diag(arrays.get("covariance", np.zeros((1, 1)))) < 0).any():
        problems.append("covariance: a variance is negative")
    return problems
