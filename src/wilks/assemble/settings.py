"""What the measurement of a workspace says about one parameter: start, bounds, constraint, whether it is held."""

from __future__ import annotations

from typing import Any

from wilks.config.schema import Constraint, FunctionParameter, NormFactor
from wilks.workspace.spec import Number, ParameterSettings

_REACH = 5  # widths to either side of the centre, as the default bounds of a systematic have it


def factor_settings(factor: NormFactor | FunctionParameter, size: int, held: Number | None) -> ParameterSettings:
    """Return the settings of a factor with `size` components, `held` at a value or not.

    Without a start the model takes 1, or the centre of a constraint.
    """
    value = factor.nominal if held is None else held
    return ParameterSettings(
        factor.name,
        inits=None if value is None else [value] * size,
        bounds=None if factor.bounds is None else [list(factor.bounds)] * size,
        fixed=None if held is None else True,
        **_of_factor(factor.constraint, factor.nominal, size),
    )


def _of_factor(constraint: Constraint | None, nominal: Number | None, size: int) -> dict[str, Any]:
    if constraint is None:
        return {}
    if constraint.type == "Poisson":
        return {
            "constraint": "poisson",
            "auxdata": [constraint.count] * size,
            "factors": [constraint.expected] * size,
        }
    return {
        "constraint": "normal",
        "auxdata": [constraint.measured(nominal)] * size,
        "sigmas": [constraint.widths[1]] * size,
        "lower_sigmas": _lower(constraint, size),
    }


def systematic_settings(
    name: str, size: int, constraint: Constraint | None, held: Number | None
) -> ParameterSettings | None:
    """Return the settings of a systematic's parameter, or of a statistical uncertainty; None where there are none.

    A Gaussian constraint is the one that there is anyway, with another centre, which pyhf takes as well, or another
    width, which it refuses. The fit starts at the centre, and bounds are as many widths away as the default ones.
    """
    changes: dict[str, Any] = {}
    if constraint is not None and constraint.type == "None":
        changes["constraint"] = "none"
    elif constraint is not None and {*constraint.keys} - {"Bounds"}:
        centre, (below, above) = constraint.measured(0), constraint.widths
        changes = {
            "inits": [centre],
            "bounds": [[centre - _REACH * below, centre + _REACH * above]],
            "auxdata": [centre],
        }
        if (below, above) != (1, 1):
            changes |= {"constraint": "normal", "sigmas": [above], "lower_sigmas": _lower(constraint, 1)}
    if constraint is not None and constraint.bounds is not None:
        changes["bounds"] = [list(constraint.bounds)]
    if held is not None:
        changes |= {"inits": [held] * size, "fixed": True}
    return ParameterSettings(name, **changes) if changes else None


def _lower(constraint: Constraint, size: int) -> list[Number] | None:
    """Return the widths below the centre, None where they are the same as those above."""
    below, above = constraint.widths
    return None if below == above else [below] * size
