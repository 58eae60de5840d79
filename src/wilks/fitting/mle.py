"""`fit`: the maximum-likelihood fit of a model to data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from wilks._engine import Dataset
from wilks._types import BoolArray
from wilks._version import __version__
from wilks.errors import FitError, ModelError, listed, nearest
from wilks.fitting.conditions import Fitted, conditions, kept_by_start
from wilks.fitting.effects import without_effect
from wilks.fitting.flat import Flat, resolved
from wilks.fitting.ladder import Answer, Ladder
from wilks.fitting.problem import FitOptions, Problem, pose
from wilks.fitting.search import Found, search_minima
from wilks.fitting.status import describe
from wilks.flags import some
from wilks.model.datasets import Data, labelled
from wilks.model.described import described
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.results.fit import FitResult, Minimum

MINIMIZERS = ("newton", "minuit")


@verb('fit(model, fixed={"mu": 1.0})')
def fit(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    start: Mapping[str, float] | ArrayLike | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    minimizer: str = "newton",
    options: FitOptions = FitOptions(),
    raise_on_failure: bool = False,
) -> FitResult:
    """Return the best fit of a model to data, with the covariance from the exact Hessian at the minimum.

    `data` are main data followed by auxiliary data (default: what was observed), or `Data` with a label. `start` gives
    starting values, by name or as a full vector; `fixed` holds parameters at values; `bounds` replaces bounds. Names
    may be patterns: `fixed={"staterror_*": 1}` (`*` any text, `?` one character). `minimizer="minuit"` asks iminuit
    with the exact gradient for a second opinion (covariance still from the exact Hessian). A fit that fails says so in
    `status` and `converged`; `raise_on_failure=True` raises FitError instead. Wrong names or values raise ModelError.
    Where Newton's method does not converge, other starts, Fisher scoring and iminuit are tried; the result's
    `minimizer` says which of them served. `options` (`wilks.fitting.problem.FitOptions`) say how far a fit goes.

    The method is a trust-region Newton minimiser with exact second derivatives (Conn, Gould, Toint, SIAM 2000): it
    follows negative curvature, so it does not stop at saddle points.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> result = wilks.fit(model)
    >>> result.status
    'converged'
    >>> mu = result["mu"]
    >>> print(f"{mu.value:.3f} +/- {mu.uncertainty:.3f}")
    1.079 +/- 0.048
    >>> print(f"{wilks.fit(model, fixed={'mu': 1}).twice_nll - result.twice_nll:.2f}")
    2.73
    """
    if minimizer not in MINIMIZERS:
        raise ModelError(
            f'no minimizer "{minimizer}"; allowed are {listed(MINIMIZERS)}{nearest(minimizer, MINIMIZERS)}'
        )
    problem = pose(model, start, fixed, bounds)
    used = labelled(model, data)
    dataset = model.observed_dataset if data is None else model.dataset(used.values)
    if minimizer == "minuit":
        # MIGRAD can't tell what acts on nothing.
        none = without_effect(model, problem.start, problem.held)
        problem = replace(problem, held=problem.held | none, idle=problem.idle | none)
        answer, flat = _minuit(model, dataset, problem), Flat.nowhere(model.n_parameters)
        result = _result(model, dataset, answer, problem, options, used.label, flat)
    else:
        result = fit_problem(model, dataset, problem, label=used.label, options=options)
    if raise_on_failure and not result.converged:
        raise FitError(result.status)

    def refit(problem: Problem) -> FitResult:
        return fit_problem(model, dataset, problem, label=used.label, options=replace(options, search="none"))

    poi = -1 if model.poi is None else model.index(model.poi)
    found = conditions(Fitted(model, problem, result, poi, refit))
    kept = () if start is None else tuple(kept_by_start(model, problem, pose(model, None, fixed, bounds)))
    return replace(result, conditions=(*found, *kept)) if found or kept else result


def fit_problem(
    model: Model,
    dataset: Dataset,
    problem: Problem,
    *,
    label: str,
    options: FitOptions = FitOptions(),
) -> FitResult:
    """Return the best fit to data (`label` says which) of a problem with one row; its meaning is not checked."""
    ladder = Ladder(model, dataset, problem, options)
    answer, flat = resolved(ladder, ladder.answer())
    if options.search == "none" or options.max_iterations < FitOptions.max_iterations:
        return _result(model, dataset, answer, problem, options, label, flat)
    raw = answer.raw
    here = Minimum(2.0 * raw["nll"], raw["theta"])
    found = search_minima(
        model,
        dataset.values,
        problem,
        here,
        answer.settled,
        some(flat.idle) or bool(flat.directions.size),
        raw.get("covariance"),
        iterations=raw["iterations"],
        options=options,
    )
    lowest = ladder.lowest(answer, found.minima)
    if lowest is not answer:
        answer, flat = resolved(ladder, lowest)
    return _result(model, dataset, answer, problem, options, label, flat, found)


def _minuit(model: Model, dataset: Dataset, problem: Problem) -> Answer:
    """Return where MIGRAD ends, judged by the exact Hessian there."""
    from wilks.fitting.minuit import TOLERANCE, minimise

    theta, calls = minimise(model, dataset, problem)
    raw = model.engine.fit(dataset, theta, problem.lower, problem.upper, problem.mask, TOLERANCE, 0)
    return Answer(raw, "minuit", calls)


def _result(
    model: Model,
    dataset: Dataset,
    answer: Answer,
    problem: Problem,
    options: FitOptions,
    label: str,
    flat: Flat,
    searched: Found | None = None,
) -> FitResult:
    raw = answer.raw
    at_bound = raw["at_bound"] != 0
    size = model.n_parameters
    converged, status = describe(model, dataset, raw, flat)
    # The inverse of second derivatives anywhere but at a minimum is no covariance.
    valid = converged and "covariance" in raw
    covariance = raw["covariance"] if valid else flat.covariance
    if covariance is None:
        covariance = np.full((size, size), np.nan)
    idle = problem.idle | flat.idle
    held = problem.held | idle
    uncertainties = np.sqrt(covariance.diagonal())
    uncertainties[at_bound | flat.together] = np.nan
    uncertainties[held] = 0.0
    uncertainties[idle] = np.nan
    return FitResult(
        **described(model),
        values=raw["theta"],
        uncertainties=uncertainties,
        covariance=covariance,
        twice_nll=2.0 * raw["nll"],
        edm=raw["edm"],
        converged=converged,
        status=status,
        covariance_valid=valid,
        smallest_eigenvalue=raw["smallest_eigenvalue"],
        fixed=held,
        at_bound=at_bound,
        dataset=label,
        version=__version__,
        minimizer=answer.minimizer,
        iterations=raw["iterations"],
        evaluations=raw["evaluations"] + answer.calls,
        mirrored=_mirrored(model, dataset, raw, held),
        starts=searched.starts if searched else 0,
        minima=searched.minima if searched else (),
        settings={**model.settings, **options.settings},
        idle=idle,
        flat=flat.directions,
    )


def _mirrored(model: Model, dataset: Dataset, raw: Mapping[str, Any], held: BoolArray) -> tuple[tuple[str, float], ...]:
    """Return parameters whose sign the data can't tell, with the value at the other minimum.

    Only parameters with identical up and down variations can have such a twin; it is confirmed by its likelihood.
    Within 1e-3 standard deviations of zero the twins are one.
    """
    theta = raw["theta"]
    found = []
    for i in (model.even & ~held).nonzero()[0]:
        if not abs(theta[i]) > 1e-3:
            continue
        other = theta.copy()
        other[i] = -theta[i]
        if abs(model.nll(other, dataset) - model.nll(theta, dataset)) < 1e-9 * max(1.0, abs(raw["nll"])):
            found.append((model.parameter_names[i], float(-theta[i])))
    return tuple(found)
