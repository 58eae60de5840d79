"""`limits.json`: what `combineTool.py -M CollectLimits` collects, and plotLimits.py reads."""

from __future__ import annotations

import json
import math

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError, listed
from wilks.export.combine.quantiles import QUANTILES, at_quantiles
from wilks.results.grid import GridResult
from wilks.results.hypotest import LimitResult

MASS = 120.0  # where none is said, as in Combine


def limits_json(result: LimitResult | GridResult, mass: float = MASS) -> str:
    """Return the content of a `limits.json` file: limits by mass, as `obs`, `exp0`, `exp-1`, ..., with their quantiles.

    A limit that there is not has no entry. The masses of a grid are its coordinates. Raises InputError for a grid that
    is none of limits, or has no mass, or one twice.

    >>> import json, wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = json.loads(limits_json(wilks.limit(model), 125))
    >>> list(found), sorted(found["125.0"])
    (['125.0'], ['exp+1', 'exp+2', 'exp-1', 'exp-2', 'exp0', 'obs'])
    """
    rows = {str(float(point)): _entry(observed, expected) for point, observed, expected in by_mass(result, mass)}
    return json.dumps(rows, indent=2, sort_keys=True) + "\n"


def by_mass(result: LimitResult | GridResult, mass: float) -> list[tuple[float, float, FloatArray]]:
    """Return mass, observed limit and expected ones at Combine's quantiles, for each point. Raises InputError."""
    if isinstance(result, LimitResult):
        return [(mass, result.observed, at_quantiles(result.expected, result.level))]
    masses = _masses(result)
    return [
        (float(point), float(observed), at_quantiles(expected, result.level))
        for point, observed, expected in zip(masses, result.observed, result.expected, strict=True)
    ]


def _masses(result: GridResult) -> FloatArray:
    """Return the mass of each point of a grid: its coordinate if it has one, else that called mass or mh."""
    if result.question != "limit":
        raise InputError(f"Combine's scripts read limits; this grid has {result.question}, not limits")
    labels = result.labels
    found = [i for i, label in enumerate(labels) if len(labels) == 1 or label.lower() in ("mass", "mh")]
    if len(found) != 1:
        what = f"its points have {listed(labels)}" if labels else "its points have names only"
        raise InputError(f"Combine's scripts read limits by one mass; {what}")
    masses = np.asarray(result.coordinates[:, found[0]])
    problems = [
        f"Combine's scripts read limits by mass; {name} has none"
        for name, one in zip(result.names, masses, strict=True)
        if not math.isfinite(one)
    ]
    values, counts = np.unique(masses, return_counts=True)
    problems += [
        f"Combine's scripts read one limit for each mass; {value:g} has {count} points"
        for value, count in zip(values, counts, strict=True)
        if count > 1 and math.isfinite(value)
    ]
    if problems:
        raise InputError(problems)
    return masses


def _entry(observed: float, expected: FloatArray) -> dict[str, float]:
    named = {"obs": observed, **dict(zip(QUANTILES.values(), expected.tolist(), strict=True))}
    return {name: float(value) for name, value in named.items() if math.isfinite(value)}
