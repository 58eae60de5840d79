"""What changes from one fit to others: differences of values in standard deviations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from wilks.results.fit import FitResult, ParameterResult


def changes(fits: Mapping[str, FitResult], names: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Return for each name how far its value in every fit but the first is from that in the first.

    The unit is the pre-fit uncertainty in the first fit; of a parameter without (or of one that another fit does not
    constrain) its uncertainty in the first fit. It says how far something moved, not how likely that is: fits to the
    same data are correlated. NaN where a fit lacks the parameter, holds it, or hides its value.
    """
    first, *others = fits.values()
    return {name: tuple(_change(_at(first, name), _at(other, name)) for other in others) for name in names}


def largest(shifts: Sequence[float]) -> float:
    """Return the largest size of some changes, 0 where there is none.

    >>> largest((0.5, -2.0, float("nan"))), largest((float("nan"),))
    (2.0, 0.0)
    """
    return max((abs(shift) for shift in shifts if math.isfinite(shift)), default=0.0)


def _at(fit: FitResult, name: str) -> ParameterResult | None:
    return fit[name] if name in fit.names else None


def _change(before: ParameterResult | None, after: ParameterResult | None) -> float:
    if before is None or after is None or before.fixed or after.fixed:
        return math.nan
    constrained = before.prefit_uncertainty > 0 and after.prefit_uncertainty > 0
    unit = before.prefit_uncertainty if constrained else before.uncertainty
    return (after.value - before.value) / unit if unit > 0 else math.nan
