"""Rules about functions of parameters, and about masks: what they leave without effect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wilks._types import FloatArray
from wilks.checks.cases import channel_case, parameter_case
from wilks.checks.thresholds import Thresholds
from wilks.checks.view import View
from wilks.checks.wording import some
from wilks.errors import nearest
from wilks.model.functions import functions_of
from wilks.results.findings import Finding, Severity
from wilks.workspace.edit import masked_bins
from wilks.workspace.evaluation import evaluated
from wilks.workspace.references import modifier_names, needing, used_functions

# Names less alike than this are not each other's misspelling.
_ALIKE = 0.75
_POINTS = 64
# Values that differ by less are the same but for rounding.
_ROUNDING = 1e-12


def _finding(rule: str, severity: Severity, what: str, name: str, message: str, advice: str) -> Finding:
    return Finding(rule, severity, f'{what} "{name}"', message, advice, parameter_case(name))


def unset_parameter(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A parameter that only functions need, and that no measurement sets: perhaps its name is misspelt."""
    document = view.workspace.document
    known = {
        name for m in document.measurements for name in (*m.config.of_interest, *(s.name for s in m.config.parameters))
    }
    known |= {*modifier_names(document.channels), *(f.name for f in document.functions or ())}
    unset = [name for name in view.parameters if name not in known]
    for name, function in needing(document, unset).items():
        alike = nearest(name, known, cutoff=_ALIKE)
        yield _finding(
            "unset-parameter",
            Severity.WARNING if alike else Severity.NOTE,
            "parameter",
            name,
            f"Function {function} needs it, and no measurement has settings for it{alike or '.'}",
            "Correct the name, or give it settings: without, it is free, starts at 1 and is between 0 and 10.",
        )


def unused_function(view: View, limits: Thresholds) -> Iterator[Finding]:
    """No modifier has a function's name, and no function that steers one needs it."""
    document = view.workspace.document
    used, names = used_functions(document), modifier_names(document.channels)
    for function in document.functions or ():
        if function.name not in used:
            yield _finding(
                "unused-function",
                Severity.WARNING,
                "function",
                function.name,
                f"It steers nothing: no modifier has its name{nearest(function.name, names, cutoff=_ALIKE) or '.'}",
                "Correct its name or that of the modifier, or remove it.",
            )


def constant_function(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A function has one value wherever its parameters are within their bounds."""
    model = view.model
    if model is None:
        return
    expressions = functions_of(view.workspace.document).expressions
    lower, upper = (dict(zip(model.parameter_names, side.tolist(), strict=True)) for side in model.bounds)
    values: dict[str, FloatArray] = {}
    with np.errstate(all="ignore"):
        for name, expression in expressions.items():
            for i, needed in enumerate(expression.names):
                if needed not in values and needed in lower:
                    values[needed] = _points(lower[needed], upper[needed], len(values) + i)
            if not all(needed in values for needed in expression.names):
                continue
            values[name] = found = np.broadcast_to(evaluated(expression, values), _POINTS)
            if np.isfinite(found).all() and np.ptp(found) <= _ROUNDING * np.abs(found).max():
                yield _finding(
                    "constant-function",
                    Severity.WARNING,
                    "function",
                    name,
                    f"It is {found[0]:.6g} wherever its parameters are within their bounds.",
                    "Correct the expression, or the bounds; a constant factor belongs into the yields.",
                )


def _points(low: float, high: float, seed: int) -> FloatArray:
    """Return values between bounds, these among them, in an order of their own for each parameter."""
    found: FloatArray = np.random.default_rng(seed).permutation(np.linspace(low, high, _POINTS))
    return found


def kinked_function(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A function has a minimum or maximum: its derivatives jump."""
    for name, expression in functions_of(view.workspace.document).expressions.items():
        if expression.has_kinks:
            yield _finding(
                "kinked-function",
                Severity.WARNING,
                "function",
                name,
                "It has min or max: where their arguments are equal, its derivatives jump.",
                "A minimum there has no covariance matrix; a smooth function or bounds may say the same.",
            )


def masked_channel(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A channel is masked altogether."""
    for name, bins in masked_bins(view.workspace).items():
        if len(bins) == len(view.total[name]):
            yield Finding(
                "masked-channel",
                Severity.NOTE,
                f'channel "{name}"',
                "All of its bins are masked: fits don't see it.",
                "Remove the mask, or the channel, unless it is to be drawn without being fitted.",
                (channel_case(name),),
            )


def masked_parameter(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Masks hide all that determines a free parameter."""
    names = view.hidden_by_masks
    if names:
        yield Finding(
            "masked-parameter",
            Severity.WARNING,
            f'{"parameter" if len(names) == 1 else "parameters"} "{", ".join(names[:6])}"',
            f"Masks hide all bins that {some(names, 6)} {'acts' if len(names) == 1 else 'act'} on: nothing else "
            f"determines {'it' if len(names) == 1 else 'them'}.",
            "Remove the mask from some of these bins, or fix what can't be determined.",
            parameter_case(names),
        )
