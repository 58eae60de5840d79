"""Is there a better point? Searches that share nothing with the package's own: random points, BFGS, MIGRAD.

The package's likelihood is used for speed; what is found is believed only after the reference has confirmed it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from iminuit import Minuit
from scipy.optimize import minimize
from tests.fuzz.verdict import value
from tests.reference.likelihood import Likelihood

from wilks.model.model import Model

STARTS = 24


def random_starts(
    reference: Likelihood,
    middle: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    held: np.ndarray,
    seed: int,
    count: int = STARTS,
) -> np.ndarray:
    """Return starts at one pre-fit standard deviation (free factors: 1) about the middle, in the bounds."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(size=(count, len(lower))) * reference.scales()
    return np.where(held, middle, np.clip(middle + moves, lower, upper))


def feasible_point(
    model: Model, data: np.ndarray, middle: np.ndarray, lower: np.ndarray, upper: np.ndarray, held: np.ndarray
) -> np.ndarray | None:
    """Return a point within the bounds where the likelihood is not zero, or None if none was found.

    Of random points, near and far, and of corners; else where BFGS makes the shortage of rates smallest.
    """
    rng = np.random.default_rng(2)
    shape = (300, len(lower))
    low, high = np.maximum(lower, np.minimum(middle, upper) - 5), np.minimum(upper, np.maximum(middle, lower) + 5)
    near = middle + rng.normal(size=shape) * np.where(model.prefit_uncertainties > 0, model.prefit_uncertainties, 1.0)
    far = rng.uniform(low, np.maximum(low, high), size=shape)
    corners = np.where(rng.random(shape) < 0.5, low, high)
    points = np.where(held, middle, np.clip(np.concatenate([near, far, corners]), lower, upper))
    possible = np.flatnonzero(np.isfinite(model.nll(points, data)))
    if possible.size:
        return points[possible[0]]
    counts = data[: model.observed_main.size]
    for i in np.argsort(shortage(model, counts, points))[:5]:
        found = raised(model, counts, points[i], lower, upper, held)
        if np.isfinite(model.nll(found, data)):
            return found
    return None


def shortage(model: Model, counts: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Return how much rates lack to be positive where there are events, not negative where there are none; (...)."""
    needed = np.where(counts > 0, 1e-6, 0.0)
    return np.sum(np.maximum(needed - model.expected(theta), 0.0) ** 2, axis=-1)


def raised(
    model: Model, counts: np.ndarray, start: np.ndarray, lower: np.ndarray, upper: np.ndarray, held: np.ndarray
) -> np.ndarray:
    """Return a point where the shortage is as small as BFGS makes it."""
    free = np.flatnonzero(~held & (upper > lower))
    if not free.size:
        return start

    def with_slope(x: np.ndarray) -> tuple[float, np.ndarray]:
        points = np.tile(start, (2 * free.size + 1, 1))
        points[:, free] = x
        points[1 : free.size + 1, free] += 1e-6 * np.eye(free.size)
        points[free.size + 1 :, free] -= 1e-6 * np.eye(free.size)
        values = shortage(model, counts, points)
        return values[0], (values[1 : free.size + 1] - values[free.size + 1 :]) / 2e-6

    limits = list(zip(lower[free], upper[free], strict=True))
    found = minimize(with_slope, start[free], jac=True, bounds=limits, method="L-BFGS-B")
    end = start.copy()
    end[free] = np.clip(found.x, lower[free], upper[free])
    return end


def descended(
    model: Model, data: np.ndarray, start: np.ndarray, lower: np.ndarray, upper: np.ndarray, held: np.ndarray
) -> np.ndarray:
    """Return where MIGRAD ends from a start whose likelihood is not zero."""
    dataset = model.dataset(data)

    def nll(theta: np.ndarray) -> float:
        found = model.nll(theta, dataset)
        return 2 * found if np.isfinite(found) else 1e12

    def gradient(theta: np.ndarray) -> np.ndarray:
        return np.nan_to_num(2 * model.gradient(theta, dataset))

    minuit = Minuit(nll, start, grad=gradient)
    stuck = held | ~(upper > lower)
    minuit.limits = [
        (None, None) if still else pair for still, pair in zip(stuck, zip(lower, upper, strict=True), strict=True)
    ]
    minuit.fixed = list(stuck)
    minuit.errordef, minuit.tol, minuit.print_level = Minuit.LEAST_SQUARES, 0.001, 0
    if minuit.nfit:
        minuit.migrad(ncall=3000)
    return np.where(stuck, start, np.clip(np.array(minuit.values), lower, upper))


def lowest(reference: Likelihood, data: np.ndarray, points: Sequence[np.ndarray]) -> tuple[float, np.ndarray | None]:
    """Return the lowest 2NLL of some points by the reference, and where."""
    values = [2 * value(reference, point, data) for point in points]
    best = int(np.argmin(values)) if values else -1
    return (values[best], points[best]) if values else (np.inf, None)
