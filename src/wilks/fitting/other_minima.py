"""`other_minima`: the condition of a best fit that has a rival, a minimum that is hardly higher."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from wilks._types import FloatArray
from wilks.results.conditions import OTHER_MINIMA, Condition
from wilks.results.findings import Severity
from wilks.results.fit import FitResult

if TYPE_CHECKING:
    from wilks.fitting.conditions import Fitted

# How far another minimum may be above the best one, in 2NLL, to be told: two standard deviations.
_NEAR = 4.0
# Parameters that a sentence names.
_NAMED = 3
# A move that counts, in standard deviations.
_MOVED = 0.1
# Below this height it is as low; an exact mirror image is told elsewhere.
_LEVEL = 1e-4


def other_minima(fitted: Fitted) -> Iterator[Condition]:
    """Another minimum is as low as the best one, or nearly: the data hardly decide between the two."""
    best = fitted.best
    for minimum in best.minima[1:]:
        height, moved = max(minimum.twice_nll - best.twice_nll, 0.0), _moves(best, minimum.values)
        names = [best.names[i] for i in np.argsort(-moved, kind="stable") if moved[i] > _MOVED]
        if height > _NEAR or not names or (height < _LEVEL and set(names) <= {name for name, _ in best.mirrored}):
            continue
        yield _condition(fitted, minimum.values, height, names)
        return


def _moves(best: FitResult, values: FloatArray) -> FloatArray:
    """Return how far each parameter is from the best fit, in standard deviations before or after the fit."""
    width = np.where(best.prefit_uncertainties > 0, best.prefit_uncertainties, best.uncertainties)
    return np.abs(values - best.values) / np.where(np.isfinite(width) & (width > 0), width, 1.0)


def _condition(fitted: Fitted, values: FloatArray, height: float, names: list[str]) -> Condition:
    best = fitted.best
    at = {name: (float(values[best.index(name)]), float(best[name].value)) for name in names[:_NAMED]}
    told = ", ".join(f'"{name}" is {there:.3g} there and {here:.3g} here' for name, (there, here) in at.items())
    more = f", and {len(names) - _NAMED} more parameters differ" if len(names) > _NAMED else ""
    first, ends = next(iter(at.items()))
    low, high = sorted(ends)
    room, effect = 0.3 * (high - low), ""
    if fitted.poi >= 0 and not fitted.problem.held[fitted.poi]:
        name, there, here = best.names[fitted.poi], f"{values[fitted.poi]:.4g}", f"{best.values[fitted.poi]:.4g}"
        effect = "" if there == here or name in at else f'"{name}" is {there} there, not {here}.'
    how = "as low" if height < _LEVEL else f"higher by {height:.3g} only"
    return Condition(
        OTHER_MINIMA,
        Severity.WARNING,
        f"another minimum, 2NLL {how}",
        f"There is another minimum, 2NLL {how}: {told}{more}.",
        effect,
        f'A profile shows both: wilks scan WORKSPACE --parameter "{first}" --range {low - room:.3g} {high + room:.3g}.',
        tuple(names[:_NAMED]),
        {name: there for name, (there, _) in at.items()} | {"2NLL": height},
    )
