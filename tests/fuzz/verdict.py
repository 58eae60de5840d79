"""Is what a fit says true? An examination by the likelihood of `tests.reference`, in doubt with 60 digits.

Nothing of the package is asked here: the result is only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from tests.fuzz.exact import Exact
from tests.reference.likelihood import Likelihood

from wilks.results.fit import FitResult
from wilks.results.many import FLAT

# Of the nll: a point that can be left by more than this is no minimum. Fits promise an EDM of 1e-8.
STATIONARY = 1e-6
# Eigenvalues of the Hessian relative to the Fisher metric below this mean that the likelihood is flat (fits say 1e-9).
NO_CURVATURE = 1e-7
# Eigenvalues that differences of doubles resolve.
RESOLVED = 1e-6
# Covariances agree to this part of their standard deviations, twice as much with doubles.
COVARIANCE = 1e-4
# Beyond this condition number doubles say nothing about an inverse.
CONDITION = 1e8


@dataclass(frozen=True)
class Fault:
    """What is wrong with one answer: its kind, which is counted, and a sentence."""

    kind: str
    sentence: str


@dataclass(frozen=True)
class Claim:
    """A fit that says something about its problem: the likelihood, the data, and which parameters could move."""

    reference: Likelihood
    result: FitResult
    data: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @property
    def moving(self) -> np.ndarray:
        """Parameters that could move: not held, with room between their bounds."""
        return ~self.result.fixed & (self.upper > self.lower)

    @property
    def inside(self) -> np.ndarray:
        """Those of them that aren't at a bound."""
        return self.moving & ~self.result.at_bound

    @cached_property
    def derivatives(self) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and Hessian of the reference."""
        with np.errstate(all="ignore"):
            gradient = self.reference.gradient(self.result.values, self.data)
            return gradient, self.reference.hessian(self.result.values, self.data)

    def nll(self, theta: np.ndarray) -> float:
        """Return the nll of the reference, infinite outside the domain."""
        return value(self.reference, theta, self.data)


def value(reference: Likelihood, theta: np.ndarray, data: np.ndarray) -> float:
    """Return the nll of the reference, infinite outside its domain."""
    with np.errstate(all="ignore"):
        found = float(reference.nll(theta, data))
    return found if np.isfinite(found) else np.inf


def examine(claim: Claim) -> list[Fault]:
    """Return what is not true about a fit, whatever it says of itself."""
    faults = [*box(claim), *likelihood(claim)]
    if faults:
        return faults
    if claim.result.converged:
        return list(minimum(claim))
    if claim.result.status.startswith(FLAT):
        return list(flat(claim))
    return []


def box(claim: Claim) -> Iterator[Fault]:
    """Values lie between the bounds, and `at_bound` is said of those that lie on one."""
    result, moving = claim.result, claim.moving
    values = result.values
    outside = ~result.fixed & ((values < claim.lower) | (values > claim.upper))
    if outside.any():
        yield Fault("outside its bounds", f"{first(claim, outside)} is outside its bounds")
    rounding = 1e-14 * np.maximum(1.0, np.abs(values))
    on = (values - claim.lower <= rounding) | (claim.upper - values <= rounding)
    near = (values - claim.lower <= 1e3 * rounding) | (claim.upper - values <= 1e3 * rounding)
    if result.converged and (moving & on & ~result.at_bound & ~pressed_inside(claim)).any():
        yield Fault("at a bound, not said", f"{first(claim, moving & on & ~result.at_bound)} is at its bound")
    if (result.at_bound & moving & ~near).any():
        yield Fault("not at a bound, but said", f"{first(claim, result.at_bound & ~near)} is not at its bound")


def pressed_inside(claim: Claim) -> np.ndarray:
    """Return which parameters are on a bound by chance: nothing presses them against it."""
    gradient = claim.derivatives[0]
    low = claim.result.values - claim.lower <= claim.upper - claim.result.values
    outward = np.where(low, gradient, -gradient)
    return outward <= 1e-6 * claim.reference.scales()


def first(claim: Claim, which: np.ndarray) -> str:
    """Return the first of the parameters, with value and bounds."""
    i = int(np.flatnonzero(which)[0])
    return f"{claim.result.names[i]} = {float(claim.result.values[i])!r} in [{claim.lower[i]}, {claim.upper[i]}]"


def likelihood(claim: Claim) -> Iterator[Fault]:
    """2NLL is that of the point."""
    said, values = claim.result.twice_nll, claim.result.values
    found = 2 * claim.nll(values)
    with np.errstate(all="ignore"):
        tolerance = 2 * claim.reference.nll_tolerance(values, claim.data)
    if np.isinf(found) and not np.isfinite(said):
        return
    if not abs(said - found) <= tolerance:
        exact = float(2 * Exact(claim.reference, claim.data).nll(list(values)))
        if not abs(said - exact) <= tolerance + rounding(claim):
            yield Fault("wrong 2NLL", f"2NLL is said to be {said!r}, and is {exact!r}")


def metric(claim: Claim) -> np.ndarray:
    """Return the Fisher metric of all parameters: rates and constraints, capped as the package's is."""
    reference, values = claim.reference, claim.result.values
    with np.errstate(all="ignore"):
        jacobian, rates = reference.jacobian(values), reference.expected(values)
    weights = np.where(rates > 0.1, 1 / np.maximum(rates, 0.1), 10.0)
    widths = np.where(np.isnan(reference.sigmas), 1 / np.sqrt(reference.taus), reference.sigmas)
    return jacobian.T @ (weights[:, None] * jacobian) + np.diag(np.where(np.isnan(widths), 0.0, widths**-2.0))


def rounding(claim: Claim) -> float:
    """Return how much 2NLL changes where parameters do by some units in the last place: much, where rates vanish."""
    values, rng = claim.result.values, np.random.default_rng(4)
    moves = 1 + 8 * np.finfo(float).eps * rng.choice((-1.0, 1.0), size=(16, len(values)))
    changes = [abs(claim.nll(values * move) - claim.nll(values)) for move in moves]
    return 2 * max(change if np.isfinite(change) else np.inf for change in changes)


@dataclass(frozen=True)
class Curvature:
    """Gradient and Hessian of the parameters inside their bounds, in units of the metric."""

    claim: Claim
    chosen: np.ndarray
    units: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray

    def direction(self, move: np.ndarray) -> np.ndarray:
        """Return a move in these units as one of all parameters."""
        direction = np.zeros(len(self.claim.result.values))
        direction[self.chosen] = move * self.units
        return direction

    def exact(self, move: np.ndarray) -> tuple[float, float]:
        """Return slope and curvature along a move, from 60 digits."""
        exact = Exact(self.claim.reference, self.claim.data)
        return exact.along(self.claim.result.values, self.direction(move))

    def gain(self, move: np.ndarray) -> float:
        """Return how far below the point the minimum along a move is, from 60 digits, by the parabola there."""
        slope, curvature = self.exact(move)
        return slope**2 / (2 * curvature) if curvature > 0 else np.inf


def curvature(claim: Claim, chosen: np.ndarray, exact: bool = False) -> Curvature:
    """Return the derivatives of the chosen parameters, of doubles, or of 60 digits."""
    fisher = np.diag(metric(claim))[chosen]
    if exact:
        gradient, hessian = Exact(claim.reference, claim.data).derivatives(claim.result.values, chosen.tolist())
    else:
        gradient, hessian = claim.derivatives
        gradient, hessian = gradient[chosen], hessian[np.ix_(chosen, chosen)]
    units = 1 / np.sqrt(np.maximum(np.maximum(fisher, np.abs(np.diag(hessian))), 1e-12))
    return Curvature(claim, chosen, units, gradient * units, hessian * np.outer(units, units))


def minimum(claim: Claim) -> Iterator[Fault]:
    """A minimum: no slope, positive curvature, bounds that press, and the covariance is the inverse Hessian."""
    yield from bounds_that_press(claim)
    if not claim.inside.any():
        return
    inside = np.flatnonzero(claim.inside)
    all_inside = curvature(claim, inside)
    idle = (np.abs(all_inside.hessian).max(axis=0) < 1e-10) & (np.abs(all_inside.gradient) < 1e-10)
    known = np.isfinite(claim.result.uncertainties[inside])
    if (~idle & ~known).any():
        name = claim.result.names[inside[~idle & ~known][0]]
        yield Fault("no uncertainty", f"{name} has no uncertainty, though it has an effect")
        return
    if not (known & ~idle).any():
        return
    here = curvature(claim, inside[known & ~idle])
    eigenvalues, vectors = np.linalg.eigh(here.hessian)
    if eigenvalues[0] <= 0 and here.exact(vectors[:, 0])[1] <= 0:
        yield Fault("converged at a saddle", f"smallest eigenvalue {eigenvalues[0]:.3g} in units of the metric")
        return
    yield from stationary(here, eigenvalues, vectors, "converged off the minimum")
    yield from covariance(here, eigenvalues)


def stationary(here: Curvature, eigenvalues: np.ndarray, vectors: np.ndarray, kind: str) -> Iterator[Fault]:
    """The nll can't be lowered along directions that are not flat."""
    steep = eigenvalues > NO_CURVATURE
    step = -vectors[:, steep] @ ((vectors.T @ here.gradient)[steep] / eigenvalues[steep])
    edm = -0.5 * float(here.gradient @ step)
    if edm > STATIONARY and here.gain(step) > STATIONARY:
        yield Fault(kind, f"EDM {edm:.3g}, said is {here.claim.result.edm:.3g}")


def bounds_that_press(claim: Claim) -> Iterator[Fault]:
    """Parameters at a bound can't gain by leaving it."""
    if not (claim.moving & claim.result.at_bound).any():
        return
    gradient, hessian = claim.derivatives
    values, room = claim.result.values, claim.upper - claim.lower
    for i in np.flatnonzero(claim.moving & claim.result.at_bound):
        inward = 1.0 if values[i] - claim.lower[i] <= claim.upper[i] - values[i] else -1.0
        slope = gradient[i] * inward
        if slope >= 0:
            continue
        step = min(room[i], -slope / hessian[i, i] if hessian[i, i] > 0 else room[i])
        there = values.copy()
        there[i] += inward * step
        if claim.nll(there) < claim.nll(values) - STATIONARY:
            yield Fault("held at a bound that does not press", f"{first(claim, np.arange(len(values)) == i)}")
            return


def covariance(here: Curvature, eigenvalues: np.ndarray) -> Iterator[Fault]:
    """The covariance is the inverse Hessian.

    Doubt is settled along its columns: with C the inverse of H, the curvature along C_i / sqrt(C_ii) is 1.
    """
    said = here.claim.result.covariance[np.ix_(here.chosen, here.chosen)] / np.outer(here.units, here.units)
    doubtful = eigenvalues[0] * CONDITION < eigenvalues[-1]
    if doubtful:
        suspects = np.argsort(-np.diag(said))[:2]
    else:
        found = np.linalg.inv(here.hessian)
        widths = np.sqrt(np.diag(found))
        difference = np.abs(said - found) / np.outer(widths, widths)
        suspects = [] if difference.max() < COVARIANCE else np.argsort(-difference.max(axis=0))[:2]
    for i in suspects:
        one = here.exact(said[i] / np.sqrt(said[i, i]))[1] if said[i, i] > 0 else np.nan
        if not abs(one - 1) < COVARIANCE:
            name, width = here.claim.result.names[here.chosen[i]], np.sqrt(said[i, i]) * here.units[i]
            yield Fault("wrong covariance", f"{name} +- {width:.6g}: the curvature there is {one:.6g}, should be 1")
            return


def flat(claim: Claim) -> Iterator[Fault]:
    """A flat likelihood is flat along some direction, and the point is a minimum along all others."""
    yield from bounds_that_press(claim)
    if not claim.inside.any():
        yield Fault("flat, untrue", "no parameter is free and off its bounds")
        return
    here = curvature(claim, np.flatnonzero(claim.inside))
    eigenvalues, vectors = np.linalg.eigh(here.hessian)
    if NO_CURVATURE < eigenvalues[0] < 0.01 and len(eigenvalues) <= 25:  # doubles don't resolve it
        here = curvature(claim, here.chosen, exact=True)
        eigenvalues, vectors = np.linalg.eigh(here.hessian)
    if eigenvalues[0] > (NO_CURVATURE if len(eigenvalues) <= 25 else 0.01):
        yield Fault("flat, untrue", f"smallest eigenvalue {eigenvalues[0]:.3g} in units of the metric")
    if eigenvalues[0] < 0:
        fall = downhill(claim, here.direction(vectors[:, 0]))
        if fall > STATIONARY:
            yield Fault("flat at a saddle", f"the nll is lower by {fall:.3g} along the direction of least curvature")
    yield from stationary(here, eigenvalues, vectors, "flat off the minimum")
    yield from names(here, vectors[:, eigenvalues < RESOLVED])


def names(here: Curvature, null: np.ndarray) -> Iterator[Fault]:
    """What a status calls flat is so, and a parameter that is flat all by itself is named.

    `null` are the directions without effect, shape (parameters, directions), in units of the metric.
    """
    status, listed = here.claim.result.status, {here.claim.result.names[i] for i in here.chosen}
    named = set(re.findall(r'"([^"]*)"', status)) & listed
    share = dict(zip((here.claim.result.names[i] for i in here.chosen), np.sqrt((null**2).sum(axis=1)), strict=True))
    wrong = sorted(name for name in named if share[name] < 1e-3)
    missing = sorted(name for name in listed - named if share[name] > 0.999 and " more" not in status)
    if wrong:
        yield Fault("flat, wrong name", f"{', '.join(wrong)} has an effect: {status[:200]}")
    if missing:
        yield Fault("flat, name missing", f"{', '.join(missing)} has none: {status[:200]}")


def downhill(claim: Claim, direction: np.ndarray) -> float:
    """Return by how much the nll is lower somewhere along a direction, both ways, within the bounds."""
    lengths = np.concatenate([-(2.0 ** np.arange(-6, 8)), 2.0 ** np.arange(-6, 8)])
    points = np.clip(claim.result.values + lengths[:, None] * direction, claim.lower, claim.upper)
    return claim.nll(claim.result.values) - min(map(claim.nll, points))
