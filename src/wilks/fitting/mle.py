"""`fit`: the maximum-likelihood fit of a model to data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import wilks
from wilks._engine import Dataset
from wilks._types import BoolArray, FloatArray
from wilks.errors import FitError, ModelError, listed, nearest
from wilks.fitting.status import describe
from wilks.model.model import ArrayLike, Model
from wilks.results.fit import FitResult

MINIMIZERS = ("newton", "minuit")


@dataclass(frozen=True)
class FitOptions:
    """How far a fit goes: it stops where the EDM (in nll) is below `tolerance`, or after `max_iterations`."""

    tolerance: float = 1e-8
    max_iterations: int = 1000

    def __post_init__(self) -> None:
        if not (0 < self.tolerance < np.inf and self.max_iterations >= 1):
            raise ModelError(f"fits need a positive tolerance and at least one iteration, found {self}")


def fit(
    model: Model,
    data: ArrayLike | None = None,
    *,
    start: Mapping[str, float] | ArrayLike | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    minimizer: str = "newton",
    options: FitOptions = FitOptions(),
    raise_on_failure: bool = False,
) -> FitResult:
    """Return the best fit of a model to data, with the covariance from the exact Hessian at the minimum.

    `data` are main data followed by auxiliary data (default: what was observed). `start` gives starting values, by name
    or as a full vector; `fixed` holds parameters at values; `bounds` replaces bounds. `minimizer="minuit"` asks iminuit
    with the exact gradient for a second opinion (covariance still from the exact Hessian). A fit that fails says so in
    `status` and `converged`; `raise_on_failure=True` raises FitError instead. Wrong names or values raise ModelError.

    The method is a trust-region Newton minimiser with exact second derivatives (Conn, Gould, Toint, SIAM 2000): it
    follows negative curvature, so it does not stop at saddle points.

    >>> result = fit(model)  # doctest: +SKIP
    >>> result["ttbar_norm"].value  # doctest: +SKIP
    """
    if minimizer not in MINIMIZERS:
        raise ModelError(
            f'no minimizer "{minimizer}"; allowed are {listed(MINIMIZERS)}{nearest(minimizer, MINIMIZERS)}'
        )
    theta, lower, upper, held = _problem(model, start, fixed or {}, bounds or {})
    dataset = model.observed_dataset if data is None else model.dataset(data)
    mask = held.astype(np.uint8)
    if minimizer == "minuit":
        from wilks.fitting.minuit import TOLERANCE, minimise

        theta = minimise(model, dataset, theta, lower, upper, held)
        raw = model.engine.fit(dataset, theta, lower, upper, mask, TOLERANCE, max_iterations=0)
    else:
        raw = model.engine.fit(dataset, theta, lower, upper, mask, options.tolerance, options.max_iterations)
    result = _result(model, dataset, raw, held, minimizer, options, "observed" if data is None else "user data")
    if raise_on_failure and not result.converged:
        raise FitError(result.status)
    return result


def _problem(
    model: Model,
    start: Mapping[str, float] | ArrayLike | None,
    fixed: Mapping[str, float],
    bounds: Mapping[str, tuple[float, float]],
) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """Return starting values, bounds and the fixed mask; ModelError with every mistake in what the user gave."""
    names = model.parameter_names
    by_name = start if isinstance(start, Mapping) else {}
    problems = [
        f'{what}: no parameter "{name}" in this model{nearest(name, names)}'
        for what, given in (("start", by_name), ("fixed", fixed), ("bounds", bounds))
        for name in given
        if name not in names
    ]
    if problems:
        raise ModelError(problems)
    lower, upper = (side.copy() for side in model.bounds)
    theta, held = model.initial.copy(), model.fixed.copy()
    if start is not None and not isinstance(start, Mapping):
        theta = np.array(start, dtype=np.float64)
        if theta.shape != (len(names),) or not np.isfinite(theta).all():
            raise ModelError(f"start needs {len(names)} finite numbers, found an array of shape {theta.shape}")
    for name, (low, high) in bounds.items():
        lower[names.index(name)], upper[names.index(name)] = low, high
        if not low < high:
            problems.append(f'bounds: "{name}" has ({low}, {high}); the first must be below the second')
    for name, value in by_name.items():
        theta[names.index(name)] = value
        if not np.isfinite(value):
            problems.append(f'start: "{name}" needs a finite value, found {value}')
    for name, value in fixed.items():
        theta[names.index(name)], held[names.index(name)] = value, True
        if not np.isfinite(value):
            problems.append(f'fixed: "{name}" needs a finite value, found {value}')
    if problems:
        raise ModelError(problems)
    return theta, lower, upper, held


def _result(
    model: Model,
    dataset: Dataset,
    raw: Mapping[str, Any],
    held: BoolArray,
    minimizer: str,
    options: FitOptions,
    label: str,
) -> FitResult:
    at_bound = raw["at_bound"] != 0
    size = model.n_parameters
    valid = "covariance" in raw
    covariance = raw["covariance"] if valid else np.full((size, size), np.nan)
    variances = np.where(at_bound, np.nan, np.diag(covariance))
    converged, status = describe(model, dataset, raw)
    return FitResult(
        names=model.parameter_names,
        values=raw["theta"],
        uncertainties=np.where(held, 0.0, np.sqrt(variances)),
        covariance=covariance,
        twice_nll=2.0 * raw["nll"],
        edm=raw["edm"],
        converged=converged,
        status=status,
        covariance_valid=valid,
        smallest_eigenvalue=raw["smallest_eigenvalue"],
        fixed=held,
        at_bound=at_bound,
        prefit_values=model.nominal,
        prefit_uncertainties=model.prefit_uncertainties,
        constraints=model.constraints,
        modifier_types=model.modifier_types,
        poi=model.poi,
        measurement=model.measurement,
        dataset=label,
        workspace_digest=model.workspace_digest,
        version=wilks.__version__,
        minimizer=minimizer,
        iterations=raw["iterations"],
        evaluations=raw["evaluations"],
        mirrored=_mirrored(model, dataset, raw, held),
        settings={**model.settings, **asdict(options)},
    )


def _mirrored(model: Model, dataset: Dataset, raw: Mapping[str, Any], held: BoolArray) -> tuple[tuple[str, float], ...]:
    """Return parameters whose sign the data can't tell, with the value at the other minimum.

    Only parameters with identical up and down variations can have such a twin; it is confirmed by its likelihood.
    """
    theta = raw["theta"]
    found = []
    for i in np.flatnonzero(model.even & ~held & (np.abs(theta) > 1e-6)):
        other = theta.copy()
        other[i] = -theta[i]
        if abs(model.nll(other, dataset) - model.nll(theta, dataset)) < 1e-9 * max(1.0, abs(raw["nll"])):
            found.append((model.parameter_names[i], float(-theta[i])))
    return tuple(found)
