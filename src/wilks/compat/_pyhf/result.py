"""The result of a served fit, in the arrays and the record that pyhf's optimizers return."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyhf
from scipy.optimize import OptimizeResult

from wilks._types import BoolArray, FloatArray
from wilks.compat._pyhf.memory import Question
from wilks.compat._pyhf.model import Model
from wilks.errors import listed
from wilks.model.model import Model as Core
from wilks.results.fit import FitResult

if TYPE_CHECKING:
    from wilks.compat._pyhf.fits import Returns

log = logging.getLogger("wilks.compat")


@dataclass(frozen=True, eq=False)
class Fit:
    """A served fit and what it was asked with."""

    pdf: Model
    asked: Question
    result: FitResult
    optimizer: Any
    options: Mapping[str, Any]

    @property
    def core(self) -> Core:
        """The wilks model."""
        assert self.pdf.core is not None
        return self.pdf.core

    @property
    def minuit(self) -> bool:
        """Whether the optimizer in place of which wilks has fitted gives uncertainties."""
        return bool(self.optimizer.name == "minuit")


class Result(OptimizeResult):  # type: ignore[misc]
    """scipy's record of a minimisation; Minuit's minimiser, where Minuit was asked for, is made when it is used."""

    def __missing__(self, key: str) -> Any:
        fit = self.__dict__.get("source")
        if key != "minuit" or fit is None or not fit.minuit:
            raise KeyError(key)
        self["minuit"] = _minuit(fit)
        return self["minuit"]

    def __contains__(self, key: object) -> bool:
        fit = self.__dict__.get("source")
        return super().__contains__(key) or (key == "minuit" and fit is not None and fit.minuit)

    def made_of(self, fit: Fit) -> Result:
        """Return the record, which knows the fit but does not show it."""
        self.__dict__["source"] = fit
        return self


def returned(fit: Fit, asked: Returns, optimizer: Any) -> Any:
    """Return what the optimizer would: parameters, or a tuple of them and of what else was asked for."""
    tensorlib, _ = pyhf.get_backend()
    details = asked.result_obj or asked.correlations or (asked.uncertainties and fit.minuit)
    covariance = covariance_of(fit) if details else np.empty((0, 0))
    values = tensorlib.astensor(fit.result.values)
    unc = corr = None
    if fit.minuit and details:
        sigma = np.sqrt(np.diag(covariance))
        unc = tensorlib.astensor(sigma)
        corr = tensorlib.astensor(covariance / np.outer(*2 * [np.where(sigma > 0, sigma, np.inf)]))
        if asked.uncertainties:
            values = tensorlib.stack([values, unc], axis=1)
    fun = tensorlib.astensor(2.0 * fit.core.nll(fit.result.values, fit.pdf.dataset(fit.asked.data)))
    answers = [values]
    if asked.correlations:
        answers.append(corr)
    if asked.fitted_val:
        answers.append(fun)
    if asked.result_obj:
        answers.append(_record(fit, covariance, values, fun, unc, corr))
    return tuple(answers) if len(answers) > 1 else answers[0]


def _record(fit: Fit, covariance: FloatArray, values: Any, fun: Any, unc: Any, corr: Any) -> Result:
    """Return the record; `hess_inv` is what Minuit, or scipy, mean by it: of the nll, or of the function minimised.

    scipy's SLSQP has none. Scripts that find one take it for the parameter of interest, those that find none have
    their own way to get on, which they need where the data do not tell.
    """
    common = {
        "x": values,
        "unc": unc,
        "corr": corr,
        "fun": fun,
        "success": True,
        "nfev": fit.result.evaluations,
        "njev": fit.result.evaluations,
    }
    if fit.minuit:
        message = "Optimization terminated successfully."
        return Result(common, hess_inv=covariance, message=message).made_of(fit)
    poi = fit.pdf.config.poi_index
    if poi is None or np.isfinite(covariance[poi, poi]):
        common["hess_inv"] = 0.5 * covariance
    gradient = 2.0 * fit.core.gradient(fit.result.values, fit.pdf.dataset(fit.asked.data))
    done = "Optimization terminated successfully"
    return Result(common, message=done, status=0, nit=fit.result.iterations, jac=gradient).made_of(fit)


def covariance_of(fit: Fit) -> FloatArray:
    """Return the covariance of a fit, 0 for what was held; NaN for what the data do not tell.

    A parameter at its bound has no symmetric uncertainty, and wilks gives none. Here it has that of the curvature at
    the minimum, as if there were no bound: what Minuit's HESSE aims at, and what scripts go on to divide by.
    """
    result = fit.result
    held, at_bound = result.fixed, result.at_bound & ~result.fixed
    if at_bound.any():
        log.info("uncertainties from the curvature at a bound: %s", _named(fit, at_bound))
        free = np.flatnonzero(~held)
        hessian = fit.core.hessian(result.values, fit.pdf.dataset(fit.asked.data))[np.ix_(free, free)]
        covariance = np.zeros((held.size, held.size))
        covariance[np.ix_(free, free)] = _inverse(hessian)
    else:
        covariance = np.where(held[:, None] | held, 0.0, result.covariance)
    unknown = np.isnan(result.uncertainties) & ~at_bound & ~fit.asked.held
    if unknown.any():
        log.info("the data tell no uncertainty of %s", _named(fit, unknown))
        covariance[unknown, unknown] = np.nan
    return covariance


def _named(fit: Fit, chosen: BoolArray) -> str:
    return listed(fit.result.names[i] for i in np.flatnonzero(chosen))


def _inverse(hessian: FloatArray) -> FloatArray:
    """Return the inverse of a matrix that is positive definite, else NaN."""
    try:
        np.linalg.cholesky(hessian)
        return np.asarray(np.linalg.inv(hessian))
    except np.linalg.LinAlgError:
        return np.full(hessian.shape, np.nan)


def _minuit(fit: Fit) -> Any:
    """Return Minuit at the minimum of a fit, with the exact gradient: for MINOS, contours, profiles."""
    import iminuit

    core, dataset, result = fit.core, fit.pdf.dataset(fit.asked.data), fit.result
    minuit = iminuit.Minuit(
        lambda theta: 2.0 * core.nll(theta, dataset),
        result.values,
        grad=lambda theta: 2.0 * core.gradient(theta, dataset),
        name=fit.pdf.config.par_names,
    )
    minuit.limits = fit.asked.bounds
    minuit.fixed = fit.asked.held | result.fixed
    minuit.errordef = fit.optimizer.errordef
    minuit.print_level = -1  # at the minimum there is nothing to improve, which Minuit warns of
    minuit.tol = fit.options.get("tolerance", fit.optimizer.tolerance)
    minuit.strategy = fit.options.get("strategy", fit.optimizer.strategy) or 0
    minuit.migrad()
    minuit.hesse()
    minuit.print_level = fit.optimizer.verbose
    return minuit
