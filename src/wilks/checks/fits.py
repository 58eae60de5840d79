"""Rules about a fit: what it says about the model that a believable fit would not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wilks._types import FloatArray
from wilks.checks.cases import parameter_case
from wilks.checks.thresholds import Thresholds
from wilks.checks.wording import percent, some
from wilks.results.conditions import AT_BOUND, FAILED, FLAT, IDLE_POI
from wilks.results.findings import Finding, Severity
from wilks.results.fit import FitResult

_GAMMAS = {"staterror", "shapesys"}


def _finding(rule: str, severity: Severity, name: str, value: float, message: str, advice: str) -> Finding:
    return Finding(rule, severity, f'parameter "{name}"', message, advice, parameter_case(name, value))


def failed_fit(result: FitResult, limits: Thresholds) -> Iterator[Finding]:
    """The fit did not converge for another reason than a flat likelihood."""
    if not result.converged and not _is_flat(result) and not _told(result, FAILED):
        yield Finding(
            "failed-fit",
            Severity.ERROR,
            f'fit of "{result.measurement}"',
            f"It did not converge: {result.status}.",
            "Use none of its numbers; look at the findings of the workspace first.",
        )


def flat_direction(result: FitResult, limits: Thresholds) -> Iterator[Finding]:
    """Some combination of parameters has no effect on the likelihood, or almost none."""
    if _is_flat(result) and not _told(result, FLAT):
        yield Finding(
            "flat-direction",
            Severity.ERROR,
            f'fit of "{result.measurement}"',
            f"{result.status[0].upper()}{result.status[1:]}.",
            "Fix one of these parameters, or give the data that determine it.",
        )
    if not result.covariance_usable:
        return
    for i in np.flatnonzero(~result.fixed & ~result.at_bound):
        width, sigma = result.prefit_uncertainties[i], result.uncertainties[i]
        if width == 0 and sigma > limits.undetermined * max(1.0, abs(result.values[i])):
            yield _finding(
                "flat-direction",
                Severity.WARNING,
                result.names[i],
                sigma,
                f"It is free, and its uncertainty is {sigma:.3g} at a value of {result.values[i]:.3g}.",
                "The data hardly determine it: fix it, or constrain it.",
            )


def _told(result: FitResult, rule: str) -> set[str]:
    """Return the parameters that conditions of a rule are about, and its name where there is one."""
    found = [condition for condition in result.conditions if condition.rule == rule]
    return {name for condition in found for name in (rule, *condition.parameters)}


def _is_flat(result: FitResult) -> bool:
    return not result.converged and result.status.startswith("the likelihood is flat")


def mirrored_minimum(result: FitResult, limits: Thresholds) -> Iterator[Finding]:
    """There is another minimum of the same height."""
    for name, value in result.mirrored:
        yield _finding(
            "mirrored-minimum",
            Severity.WARNING,
            name,
            value,
            f"The fit is as good at {value:.4g} as at {result[name].value:.4g}.",
            "The data can't tell its sign, since both variations are the same: repair the variation.",
        )


def idle_factor(result: FitResult, limits: Thresholds) -> Iterator[Finding]:
    """No rate depends on a free parameter: the fit holds it."""
    names = [name for name, idle in zip(result.names, result.idle, strict=True) if idle]
    names = [name for name in names if name not in _told(result, IDLE_POI)]
    if names:
        is_poi = result.poi in names
        yield Finding(
            "idle-poi" if is_poi else "idle-factor",
            Severity.ERROR if is_poi else Severity.WARNING,
            f'{"parameter" if len(names) == 1 else "parameters"} "{some(names, 6)}"',
            "No rate depends on it, given what else is held or at its bound: the fit holds it where it starts.",
            "Remove it or fix it; if it should have an effect, look at the samples that it acts on.",
            parameter_case(names),
        )


def at_bound(result: FitResult, limits: Thresholds) -> Iterator[Finding]:
    """A parameter ended at its bound."""
    told = _told(result, AT_BOUND)
    for i in np.flatnonzero(result.at_bound & ~result.fixed & [name not in told for name in result.names]):
        yield _finding(
            "at-bound",
            Severity.WARNING,
            result.names[i],
            result.values[i],
            f"The fit ends at its bound, {result.values[i]:.4g}; it has no symmetric uncertainty.",
            "Quote an interval or a limit for it; widen the bound if values beyond it make sense.",
        )


def pulled(result: FitResult, limits: Thresholds) -> Iterator[Finding]:
    """A constrained parameter moved by more than a number of pre-fit uncertainties."""
    pulls = np.divide(
        result.values - result.prefit_values,
        result.prefit_uncertainties,
        out=np.zeros(len(result)),
        where=(result.prefit_uncertainties > 0) & ~result.fixed,
    )
    for i in _largest_first(np.abs(pulls), limits.pull):
        yield _finding(
            "pulled",
            Severity.WARNING,
            result.names[i],
            pulls[i],
            f"The fit moves it by {pulls[i]:+.1f} pre-fit uncertainties.",
            "Look at what it absorbs: data and prediction in the bins that it changes.",
        )


def over_constrained(result: FitResult, limits: Thresholds) -> Iterator[Finding]:
    """The data measure a nuisance parameter much better than its constraint does."""
    ratio = _constraint(result)
    for i in _largest_first(-ratio, -limits.constraint):
        simulation = _GAMMAS.intersection(result.modifier_types[i])
        yield _finding(
            "over-constrained",
            Severity.NOTE if simulation else Severity.WARNING,
            result.names[i],
            ratio[i],
            f"Its uncertainty after the fit is {percent(ratio[i], sign=False)} of that before it.",
            "The data know this bin better than the simulation does: simulate more events."
            if simulation
            else "Can the data measure it so well? If it stands for several effects, or for a simulation compared with "
            "another, split it, so that one region can't constrain all the others.",
        )


def under_constrained(result: FitResult, limits: Thresholds) -> Iterator[Finding]:
    """A nuisance parameter is known worse after the fit than before it."""
    ratio = _constraint(result)
    for i in _largest_first(ratio, limits.loosened):
        yield _finding(
            "under-constrained",
            Severity.WARNING,
            result.names[i],
            ratio[i],
            f"Its uncertainty after the fit is {percent(ratio[i], sign=False)} of that before it: the likelihood is "
            "flatter than its constraint.",
            "Look at a scan of it: there may be a second minimum, or a variation that bends.",
        )


def _constraint(result: FitResult) -> FloatArray:
    """Return post-fit over pre-fit uncertainty; NaN for parameters that have not both."""
    usable = (result.prefit_uncertainties > 0) & ~result.fixed & ~result.at_bound & (result.uncertainties > 0)
    ratio = np.full(len(result), np.nan)
    np.divide(result.uncertainties, result.prefit_uncertainties, out=ratio, where=usable)
    return ratio


def _largest_first(sizes: FloatArray, threshold: float) -> list[int]:
    """Return the positions of sizes above a threshold, by falling size."""
    order = np.argsort(-np.nan_to_num(sizes, nan=-np.inf), kind="stable")
    return [int(i) for i in order if sizes[i] > threshold]


def strongly_correlated(result: FitResult, limits: Thresholds) -> Iterator[Finding]:
    """Two parameters are almost one."""
    if not result.covariance_usable:
        return
    correlation = np.triu(result.correlation, 1)
    pairs = np.argwhere(np.abs(correlation) > limits.correlation)
    for i, j in sorted(pairs.tolist(), key=lambda pair: -abs(correlation[pair[0], pair[1]])):
        yield Finding(
            "strongly-correlated",
            Severity.WARNING if abs(correlation[i, j]) > limits.degenerate else Severity.NOTE,
            f'parameters "{result.names[i]}", "{result.names[j]}"',
            f"Their correlation is {percent(correlation[i, j])}.",
            "The data measure one combination of them: their single values say little.",
            parameter_case((result.names[i], result.names[j]), correlation[i, j]),
        )
