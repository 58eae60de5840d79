"""Rankings and scans: all conditional fits at once, in cabinetry's records and with its log lines."""

from __future__ import annotations

import logging
from typing import Any

import cabinetry.fit
import numpy as np
from cabinetry import model_utils
from cabinetry.fit.results_containers import FitResults, RankingResults, ScanResults

from wilks._types import FloatArray
from wilks.compat._cabinetry.calls import like
from wilks.compat._cabinetry.fits import fit_model, given, posed
from wilks.compat._pyhf.model import Model
from wilks.compat.ledger import LEDGER
from wilks.infer.profiles import lowest, profile
from wilks.infer.study import Study, study
from wilks.results.many import ManyFits

log = logging.getLogger("cabinetry.fit")

_RANKING, _SCAN = cabinetry.fit.ranking, cabinetry.fit.scan


@like(_RANKING)
def ranking(
    model: Any,
    data: Any,
    *,
    fit_results: FitResults | None = None,
    poi_name: str | None = None,
    **options: Any,
) -> RankingResults:
    """Return the impacts of all parameters on the parameter of interest; see cabinetry.

    A step is as long as it is: it does not end at the bound of the parameter. NaN: no uncertainty, no impact.
    """
    if not isinstance(model, Model) or model.core is None:
        return _RANKING(model, data, fit_results=fit_results, poi_name=poi_name, **options)
    if fit_results is None:
        fit_results = fit_model(model, data, **options)
    names, prefit = model.config.par_names, model_utils.prefit_uncertainties(model)
    poi = model_utils._poi_index(model, poi_name=poi_name)
    if poi is None:
        raise ValueError("no POI specified, cannot calculate ranking")
    best, sigma = (np.asarray(each, np.float64) for each in (fit_results.bestfit, fit_results.uncertainty))
    others = [i for i in range(len(names)) if i != poi]
    steps = np.stack([prefit, -prefit, sigma, -sigma], axis=1)[others]
    rows = np.argwhere(np.isfinite(steps) & (best[others][:, None] + steps != best[others][:, None]))
    index, value = np.array(others, np.intp)[rows[:, 0]], best[others][rows[:, 0]] + steps[tuple(rows.T)]
    impacts = np.where(np.isfinite(steps), 0.0, np.nan)
    impacts[tuple(rows.T)] = _held_one_by_one(model, data, index, value, options)[:, poi] - best[poi]
    for row, i in enumerate(others):
        log.info(f"calculating impact of {names[i]} on {names[poi]}")
        for impact in impacts[row]:
            log.debug(f"POI is {best[poi] + impact:.6f}, difference to nominal is {impact:.6f}")
    labels = [fit_results.labels[i] for i in others]
    return RankingResults(best[others], sigma[others], labels, *impacts.T.copy())


@like(_SCAN)
def scan(
    model: Any,
    data: Any,
    par_name: str,
    *,
    par_range: tuple[float, float] | None = None,
    n_steps: int = 11,
    **options: Any,
) -> ScanResults:
    """Return the profile likelihood along a parameter; see cabinetry. Its bounds don't end it."""

    def original() -> ScanResults:
        return _SCAN(model, data, par_name, par_range=par_range, n_steps=n_steps, **options)

    if not isinstance(model, Model) or model.core is None:
        return original()
    index = model_utils._parameter_index(par_name, model.config.par_names)
    if index is None:
        raise ValueError(f"parameter {par_name} not found in model")
    nominal = fit_model(model, data, **options)
    value, sigma = nominal.bestfit[index], nominal.uncertainty[index]
    low, high = (value - 2 * sigma, value + 2 * sigma) if par_range is None else par_range
    if not np.isfinite([low, high]).all():
        with LEDGER.passing("fit", "a scan over a range that is not known"):
            return original()
    log.info(f"performing likelihood scan for {par_name} in range ({low:.3f}, {high:.3f}) with {n_steps} steps")
    values = np.linspace(low, high, n_steps)
    deltas = _along(model, data, index, values, options) - nominal.best_twice_nll
    for at, delta in zip(values, deltas, strict=True):
        log.debug(f"fit with {par_name} = {at:.3f}: -2 log(L) is {delta:.6f} above its minimum")
    return ScanResults(par_name, value, sigma, values, deltas)


def _held_one_by_one(model: Model, data: Any, index: Any, value: FloatArray, options: dict[str, Any]) -> FloatArray:
    """Return fitted parameters, shape (fits, parameters), with one kept in each fit."""

    def together(asked: Study) -> ManyFits:
        start = np.concatenate([asked.predicted({i: value[[k]]}) for k, i in enumerate(index)])
        held = np.tile(asked.problem.held, (index.size, 1))
        held[np.arange(index.size), index] = True
        return lowest(asked, start, held)

    if not index.size:
        return np.empty((0, model.config.npars))
    return _fits(model, data, index, value, options, together)[0]


def _along(model: Model, data: Any, index: int, values: FloatArray, options: dict[str, Any]) -> FloatArray:
    """Return 2NLL with one parameter kept at each value."""
    where = np.full(values.size, index)
    return _fits(model, data, where, values, options, lambda asked: profile(asked, {index: values}, values.shape))[1]


def _fits(
    model: Model, data: Any, index: Any, value: FloatArray, options: dict[str, Any], together: Any
) -> tuple[FloatArray, FloatArray]:
    """Return parameters and 2NLL of the fits made `together`; those that end nowhere are made alone."""
    theta, twice_nll = np.empty((value.size, model.config.npars)), np.empty(value.size)
    done = np.zeros(value.size, np.bool_)
    if not options.get("maxiter"):
        try:
            with LEDGER.serving("fit", value.size):
                core, fixed, bounds = posed(model, options)
                numbers = np.asarray(data, np.float64)
                fits = together(study(core, numbers, needs_poi=False, fixed=fixed, bounds=bounds))
                theta, twice_nll, done = fits.values.copy(), fits.twice_nll.copy(), fits.minimised
                LEDGER.served["fit"] -= int((~done).sum())
        except Exception as error:  # a script that runs on cabinetry never fails for wilks
            log.debug(f"not all fits at once: {error}")
    start, _, held = given(model, options)
    for row in np.flatnonzero(~done):
        own, kept = list(start), list(held)
        own[index[row]], kept[index[row]] = float(value[row]), True
        alone = fit_model(model, data, **{**options, "init_pars": own, "fix_pars": kept})
        theta[row], twice_nll[row] = alone.bestfit, alone.best_twice_nll
    return theta, twice_nll
