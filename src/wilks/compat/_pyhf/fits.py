"""Fits: what pyhf's optimizers are asked to minimise, minimised by wilks, and returned as they would return it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyhf
import pyhf.infer.mle
from pyhf.optimize.mixins import OptimizerMixin

from wilks.compat._pyhf.backends import arrays_of_numpy, own_name, tell
from wilks.compat._pyhf.memory import Question
from wilks.compat._pyhf.model import Model
from wilks.compat._pyhf.result import Fit, returned
from wilks.compat.ledger import LEDGER
from wilks.errors import WilksError
from wilks.fitting.ladder import ANOTHER_START
from wilks.fitting.mle import fit_problem
from wilks.fitting.problem import FitOptions, Problem
from wilks.flags import every
from wilks.results.fit import FitResult

log = logging.getLogger("wilks.compat")

_MINIMIZE = OptimizerMixin.minimize
_TWICE_NLL = pyhf.infer.mle.twice_nll
# What an optimizer is told about how to minimise; anything else it refuses itself.
_OPTIONS = {
    "scipy": {"maxiter", "verbose", "method", "tolerance", "solver_options"},
    "minuit": {"maxiter", "strategy", "tolerance"},
}
# Fewer iterations than this are meant to be too few for something; Newton's method takes no more.
_FEW = 100
_SOLVER_OPTIONS = {"ftol", "eps", "disp", "maxiter", "iprint", "finite_diff_rel_step"}
# Methods of scipy that keep bounds and fixed parameters, and those that keep bounds only.
_METHODS, _BOUNDED = ("SLSQP", "trust-constr"), ("L-BFGS-B", "TNC", "Powell", "Nelder-Mead")


@dataclass(frozen=True)
class Returns:
    """What is asked to be returned beside the parameters."""

    fitted_val: bool
    result_obj: bool
    uncertainties: bool
    correlations: bool


def minimize(
    self: Any,
    objective: Any,
    data: Any,
    pdf: Any,
    init_pars: Any,
    par_bounds: Any,
    fixed_vals: Sequence[tuple[int, float]] | None = None,
    return_fitted_val: bool = False,
    return_result_obj: bool = False,
    return_uncertainties: bool = False,
    return_correlations: bool = False,
    do_grad: bool | None = None,
    do_stitch: bool = False,
    **kwargs: Any,
) -> Any:
    """Return the parameters that minimise the objective, and what else was asked for; see pyhf's OptimizerMixin."""
    asked = Returns(return_fitted_val, return_result_obj, return_uncertainties, return_correlations)

    def original() -> Any:
        return _MINIMIZE(
            self,
            objective,
            data,
            pdf,
            init_pars,
            par_bounds,
            fixed_vals,
            return_fitted_val=return_fitted_val,
            return_result_obj=return_result_obj,
            return_uncertainties=return_uncertainties,
            return_correlations=return_correlations,
            do_grad=do_grad,
            do_stitch=do_stitch,
            **kwargs,
        )

    if not isinstance(pdf, Model):
        with own_name(pyhf.get_backend()[0]):
            return original()
    reason = _unservable(self, objective, pdf, fixed_vals, do_grad, kwargs)
    if return_result_obj and kwargs.get("method") == "L-BFGS-B":
        reason = reason or "the record of L-BFGS-B, whose hess_inv is an operator"
    if not reason:
        if not arrays_of_numpy(tensorlib := pyhf.get_backend()[0]):
            tell(tensorlib.name, "evaluates inside its graphs")
        try:
            answer = served(self, data, pdf, (init_pars, par_bounds, fixed_vals or []), kwargs)
            if isinstance(answer, Fit):
                return returned(answer, asked, self)
            reason = answer
        except Exception as error:  # a script that runs on pyhf never fails for wilks
            log.warning("a fit could not be served", exc_info=True)
            reason = f"an error in wilks: {type(error).__name__}: {error}"
    with LEDGER.passing("fit", reason), own_name(pyhf.get_backend()[0]):
        return original()


def servable(optimizer: Any, pdf: Model) -> bool:
    """Return whether the fits of a model by an optimizer, without further options, are served."""
    return not _unservable(optimizer, _TWICE_NLL, pdf, None, None, {})


def _unservable(
    optimizer: Any, objective: Any, pdf: Model, fixed_vals: Any, do_grad: bool | None, options: dict[str, Any]
) -> str:
    """Return why a fit can't be served exactly, or an empty text."""
    if pdf.core is None:
        return pdf.unserved
    if objective is not _TWICE_NLL:
        return "another objective than pyhf's 2 NLL"
    known = type(optimizer).__module__.startswith("pyhf.optimize") and optimizer.name in _OPTIONS
    if not known:
        return f"the optimizer {type(optimizer).__name__} is not pyhf's"
    if set(options) - _OPTIONS[optimizer.name]:
        return "options that the optimizer does not have"
    tensorlib, _ = pyhf.get_backend()
    if do_grad and not tensorlib.default_do_grad:
        return "a gradient is asked for, which the backend does not have"
    if set(options.get("solver_options", getattr(optimizer, "solver_options", {}))) - _SOLVER_OPTIONS:
        return "solver options that SLSQP does not have"
    method = options.get("method", "SLSQP")
    if method not in _METHODS and (method not in _BOUNDED or fixed_vals):
        return f"scipy's method {method}"
    return ""


def served(optimizer: Any, data: Any, pdf: Model, given: tuple[Any, Any, Any], options: dict[str, Any]) -> Fit | str:
    """Return a fit, or why there is none."""
    assert pdf.core is not None
    try:
        values = np.ascontiguousarray(data, dtype=np.float64)
        start = np.array(given[0], np.float64)
        bounds = np.array(given[1], np.float64)
        held = np.zeros(start.size, np.bool_)
        for index, value in given[2]:
            held[index], start[index] = True, value
    except (TypeError, ValueError, IndexError):
        return "unusual parameters, bounds or data"
    size = pdf.core.n_parameters
    if start.shape != (size,) or bounds.shape != (size, 2) or values.ndim != 1:
        return "parameters, bounds or data of another shape than the model's"
    asked = Question(values, start, bounds, held, options.get("maxiter", optimizer.maxiter))
    with LEDGER.serving("fit"):
        answer = _answered(pdf, asked)
        if isinstance(answer, FitResult):
            return Fit(pdf, asked, answer, optimizer, options)
    LEDGER.served["fit"] -= 1
    return answer


def _answered(pdf: Model, asked: Question) -> FitResult | str:
    """Return the answer to a question, one that was given before if it is the same; or why there is none."""
    known = pdf.memory.known(asked)
    if known is not None:
        return known
    try:
        result = _fit(pdf, asked)
    except WilksError as error:
        return f"wilks does not take the data: {str(error).splitlines()[0]}"
    if not result.minimised:
        return f"no minimum found: {result.status}"
    if result.minimizer == ANOTHER_START:
        log.info("a lower minimum than the one that the start leads to: 2NLL %.6f", result.twice_nll)
        LEDGER.lower += 1
    return pdf.memory.added(asked, result)


def _fit(pdf: Model, asked: Question) -> FitResult:
    core, options = pdf.core, FitOptions()
    assert core is not None
    if asked.maxiter is not None and asked.maxiter < _FEW:
        options = FitOptions(max_iterations=max(int(asked.maxiter), 1))
    lower, upper = (np.ascontiguousarray(side) for side in asked.bounds.T)
    held = asked.held | (lower == upper)
    # A factor that the model holds at 0 leaves others without effect, unless it is free here.
    idle = core.idle & ~held if every(held >= core.fixed) else np.zeros_like(held)
    problem = Problem(asked.start, lower, upper, held | idle, idle)
    return fit_problem(core, pdf.dataset(asked.data), problem, label="pyhf", options=options)
