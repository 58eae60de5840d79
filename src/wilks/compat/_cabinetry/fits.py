"""Fits: what cabinetry asks Minuit to minimise, minimised by wilks, in cabinetry's record and with its log lines."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import cabinetry.fit
import numpy as np
import pyhf
import pyhf.infer.mle
from cabinetry.fit.results_containers import FitResults

from wilks._types import BoolArray, FloatArray
from wilks.compat._cabinetry.calls import like
from wilks.compat._pyhf.fits import served
from wilks.compat._pyhf.model import Model
from wilks.compat._pyhf.result import Fit, covariance_of
from wilks.compat.ledger import LEDGER
from wilks.infer.intervals import intervals
from wilks.model.model import Model as Core

log = logging.getLogger("cabinetry.fit")

_FIT_MODEL = cabinetry.fit._fit_model
_STRATEGIES = (None, 0, 1, 2)
# Minuit's MINOS goes to where 2NLL is 1 above its minimum.
_ONE_SIGMA = 2.0 * NormalDist().cdf(1.0) - 1.0


@like(_FIT_MODEL)
def fit_model(model: Any, data: Any, *, minos: Any = None, custom_fit: bool = False, **options: Any) -> FitResults:
    """Return a fit; see cabinetry's `_fit_model`, which `fit`, `ranking` and `scan` are made of.

    `custom_fit` asks for Minuit without pyhf between: here both are one, but for the exception where there is no
    minimum, and for starting values outside their bounds, which only pyhf refuses.
    """

    def original() -> FitResults:
        return _FIT_MODEL(model, data, minos=minos, custom_fit=custom_fit, **options)

    if not isinstance(model, Model):
        return original()
    answer = _answer(model, data, custom_fit, options)
    if isinstance(answer, str):
        if not custom_fit:  # pyhf's fits are counted there
            return original()
        with LEDGER.passing("fit", answer):
            return original()
    found = answer.result
    log.info(
        f"minimization status:\n{found.status}, EDM = {found.edm:.2e} after {found.iterations} iterations and "
        f"{found.evaluations} evaluations"
    )
    record = _record(answer)
    if minos is not None:
        record = record._replace(minos_uncertainty=_minos(answer, minos))
    log.debug(f"-2 log(L) = {record.best_twice_nll:.6f} at best-fit point")
    return record


def given(model: Model, options: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return starting values, bounds and what is held: the model's where the options have none."""
    config = model.config
    start = config.suggested_init() if _none(options.get("init_pars")) else options["init_pars"]
    bounds = config.suggested_bounds() if _none(options.get("par_bounds")) else options["par_bounds"]
    held = config.suggested_fixed() if _none(options.get("fix_pars")) else options["fix_pars"]
    return start, bounds, held


def _none(values: Any) -> bool:
    return values is None or not len(values)


def _answer(model: Model, data: Any, custom_fit: bool, options: dict[str, Any]) -> Fit | str:
    """Return a fit, or why there is none."""
    if model.core is None:
        return model.unserved
    if options.get("strategy") not in _STRATEGIES:
        return "a strategy that Minuit does not have"
    start, bounds, held = given(model, options)
    if not custom_fit:
        _check_start(start, bounds, held)
    fixed = [(i, value) for i, (value, kept) in enumerate(zip(start, held, strict=False)) if kept]
    told = {"maxiter": options["maxiter"]} if options.get("maxiter") else {}
    try:
        return served(pyhf.optimize.minuit_optimizer(), data, model, (start, bounds, fixed), told)
    except Exception as error:  # a script that runs on cabinetry never fails for wilks
        log.warning("a fit could not be served", exc_info=True)
        return f"an error in wilks: {type(error).__name__}: {error}"


def _check_start(start: Sequence[float], bounds: Any, held: Sequence[bool]) -> None:
    """Raise pyhf's ValueError for starting values outside their bounds; what is held has no bounds.

    So the impact of a parameter can be asked for whose uncertainty reaches beyond its bound.
    """
    wide = [(-np.inf, np.inf) if kept else bound for kept, bound in zip(held, bounds, strict=False)]
    pyhf.infer.mle._validate_fit_inputs(start, wide, held)


def _record(fit: Fit) -> FitResults:
    """Return cabinetry's record of a fit: what is held has no uncertainty and no correlation."""
    result, covariance = fit.result, covariance_of(fit)
    uncertainty = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(*2 * [np.where(uncertainty == 0, np.inf, uncertainty)])
    twice_nll = 2.0 * fit.core.nll(result.values, fit.pdf.dataset(fit.asked.data))
    return FitResults(result.values.copy(), uncertainty, fit.pdf.config.par_names, correlation, float(twice_nll))


def posed(model: Model, options: dict[str, Any]) -> tuple[Core, dict[str, float], dict[str, tuple[float, float]]]:
    """Return the wilks model, what is held at which value, and bounds, as wilks asks for them by name."""
    assert model.core is not None
    start, bounds, held = given(model, options)
    numbers = np.asarray(start, np.float64), np.asarray(bounds, np.float64)
    return _by_name(model.core, *numbers, np.asarray(held, np.bool_))


def _by_name(
    core: Core, start: FloatArray, bounds: FloatArray, held: BoolArray
) -> tuple[Core, dict[str, float], dict[str, tuple[float, float]]]:
    names = core.parameter_names
    held = held | (bounds[:, 0] == bounds[:, 1])
    freed = [names[i] for i in np.flatnonzero(core.fixed & ~held)]
    kept = {names[i]: float(start[i]) for i in np.flatnonzero(held)}
    limits = {names[i]: (float(bounds[i, 0]), float(bounds[i, 1])) for i in np.flatnonzero(~held)}
    return core.freed(*freed) if freed else core, kept, limits


def _minos(fit: Fit, wanted: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return how far 2NLL, minimised over all others, rises by 1: down and up, by parameter; log as cabinetry does."""
    result, known = fit.result, []
    for name in wanted:
        if name not in result.names:
            log.warning(f"parameter {name} not found in model")
        elif result.fixed[result.names.index(name)]:
            log.warning(f"no MINOS for {name}: it is constant")
        else:
            log.info(f"running MINOS for {name}")
            known.append(name)
    core, fixed, bounds = _by_name(fit.core, fit.asked.start, fit.asked.bounds, fit.asked.held)
    found: dict[str, tuple[float, float]] = {}
    if known:
        with LEDGER.serving("fit", len(known)):
            told = intervals(
                core,
                fit.asked.data,
                parameters=known,
                levels=(_ONE_SIGMA,),
                fixed=fixed,
                bounds=bounds,
                result=result,
            )
        for name, low, high, value in zip(told.names, told.lower[0], told.upper[0], told.values, strict=True):
            found[name] = float(low - value), float(high - value)
    log.info("MINOS results:")
    width = max(len(name) for name in result.names)
    ordered = {name: found[name] for name in result.names if name in found}
    for name, (down, up) in ordered.items():
        log.info(f"{name:<{width}} = {result.values[result.names.index(name)]: .4f} {down:+.4f} {up:+.4f}")
    return ordered
