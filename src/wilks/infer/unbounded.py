"""The posterior of free parameters in coordinates without bounds, near a standard normal: what a sampler walks in.

theta = bounds(u), u = centre + L z. Bounds become logarithms (one side) or logits (two); the density gets the slope of
theta as a factor. centre is the mode in u, and L is made of the curvature there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks._engine import Dataset
from wilks._types import BoolArray, FloatArray, Positions
from wilks.infer.priors import Priors
from wilks.model.model import Model

_STEPS, _HALVINGS = 60, 25
_EDM = 1e-6
# Curvatures below this part of the largest are flat; nothing is told of a direction's length then.
FLAT = 1e-11
_FAR = 35.0  # of a logit, where the distance to a bound is lost in rounding


@dataclass(frozen=True, eq=False)
class Bounds:
    """Bounds of free parameters, shape (n,), and the way between them and coordinates without bounds."""

    lower: FloatArray
    upper: FloatArray

    def __post_init__(self) -> None:
        below, above = np.isfinite(self.lower), np.isfinite(self.upper)
        object.__setattr__(self, "both", np.flatnonzero(below & above))
        object.__setattr__(self, "below", np.flatnonzero(below & ~above))
        object.__setattr__(self, "above", np.flatnonzero(~below & above))

    both: Positions = None  # type: ignore[assignment]
    below: Positions = None  # type: ignore[assignment]
    above: Positions = None  # type: ignore[assignment]

    def outward(self, theta: FloatArray) -> FloatArray:
        """Return the coordinates of a point, moved inside where it is on a bound."""
        u = theta.copy()
        low, high = self.lower, self.upper
        i = self.both
        part = np.clip((theta[i] - low[i]) / (high[i] - low[i]), 1e-3, 1 - 1e-3)
        u[i] = np.log(part / (1 - part))
        for i, distance in ((self.below, theta - low), (self.above, high - theta)):
            u[i] = np.log(np.maximum(distance[i], 1e-3))
        return u

    def inward(self, u: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, float, FloatArray, FloatArray]:
        """Return theta, its first and second derivative, and the logarithm of the slopes with two derivatives."""
        theta, slope, second = u.copy(), np.ones_like(u), np.zeros_like(u)
        d1, d2, log_slope = np.zeros_like(u), np.zeros_like(u), 0.0
        if (i := self.both).size:
            x = np.clip(u[i], -_FAR, _FAR)
            width, e = self.upper[i] - self.lower[i], np.exp(-np.abs(x))
            part, other = np.where(x >= 0, 1.0, e) / (1.0 + e), np.where(x >= 0, e, 1.0) / (1.0 + e)
            theta[i] = np.where(x >= 0, self.upper[i] - width * other, self.lower[i] + width * part)
            slope[i] = width * part * other
            second[i] = slope[i] * (other - part)
            d1[i], d2[i] = other - part, -2.0 * part * other
            log_slope += float((np.log(width) - np.abs(u[i]) - 2.0 * np.log1p(np.exp(-np.abs(u[i])))).sum())
        for i, sign, end in ((self.below, 1.0, self.lower), (self.above, -1.0, self.upper)):
            if i.size:
                distance = np.exp(u[i])
                theta[i], slope[i], second[i] = end[i] + sign * distance, sign * distance, sign * distance
                d1[i] = 1.0
                log_slope += float(u[i].sum())
        return theta, slope, second, log_slope, d1, d2


@dataclass(frozen=True, eq=False)
class Target:
    """The log posterior of the free parameters, with gradient, in coordinates without bounds (up to a constant)."""

    model: Model
    dataset: Dataset
    priors: Priors
    free: Positions
    held: FloatArray
    bounds: Bounds
    centre: FloatArray
    scale: FloatArray
    spectrum: FloatArray

    def __getstate__(self) -> dict[str, Any]:
        """Return what can be sent to other processes; the engine's data set has to be made there."""
        return {**self.__dict__, "dataset": None}

    def theta(self, z: FloatArray) -> FloatArray:
        """Return the free parameters at a point, shape (n,)."""
        return self.bounds.inward(self.centre + self.scale @ z)[0]

    def __call__(self, z: FloatArray) -> tuple[float, FloatArray]:
        """Return log density and gradient; -inf outside the domain."""
        value, gradient = density(self, self.centre + self.scale @ z)
        return value, self.scale.T @ gradient


def density(target: Target, u: FloatArray) -> tuple[float, FloatArray]:
    """Return log density and gradient with respect to u; -inf (and zeros) outside the domain."""
    inside, slope, _, log_slope, d1, _ = target.bounds.inward(u)
    full = target.held.copy()
    full[target.free] = inside
    nll, by_theta = target.model.engine.value_and_gradient(full, target.dataset)
    by_theta = -by_theta
    value = target.priors.density(full, by_theta) - nll + log_slope
    gradient = slope * by_theta[target.free] + d1
    if not (np.isfinite(value) and np.isfinite(gradient).all()):
        return -np.inf, np.zeros_like(u)
    return float(value), gradient


def curvature(target: Target, u: FloatArray) -> FloatArray:
    """Return minus the matrix of second derivatives of the log density with respect to u."""
    inside, slope, second, _, _, d2 = target.bounds.inward(u)
    full = target.held.copy()
    full[target.free] = inside
    by_theta = -target.model.gradient(full, target.dataset)
    prior = np.zeros_like(full)
    target.priors.density(full, by_theta, prior)
    matrix = target.model.hessian(full, target.dataset)[np.ix_(target.free, target.free)]
    matrix = (matrix - np.diag(prior[target.free])) * np.outer(slope, slope)
    return np.asarray(matrix - np.diag(second * by_theta[target.free] + d2))


def target_of(
    model: Model,
    dataset: Dataset,
    priors: Priors,
    held: BoolArray,
    start: FloatArray,
    bounds: tuple[FloatArray, FloatArray],
) -> Target:
    """Return the posterior around its mode, found from `start`, a full point inside the domain."""
    free = np.flatnonzero(~held)
    inside = Bounds(bounds[0][free], bounds[1][free])
    n = free.size
    there = Target(model, dataset, priors, free, start.copy(), inside, np.zeros(n), np.eye(n), np.ones(n))
    u = inside.outward(start[free])
    value, gradient = density(there, u)
    spectrum = basis = np.empty(0)
    for _ in range(_STEPS):
        spectrum, basis = _decomposed(curvature(there, u))
        step = basis @ ((basis.T @ gradient) / spectrum)
        if float(gradient @ step) < _EDM:
            break
        for halving in range(_HALVINGS):
            trial = u + 0.5**halving * step
            new, slope = density(there, trial)
            if new > value:
                u, value, gradient = trial, new, slope
                break
        else:
            break
    return Target(
        model, dataset, priors, free, there.held, inside, u, np.ascontiguousarray(basis / np.sqrt(spectrum)), spectrum
    )


def _decomposed(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return eigenvalues, made positive, and eigenvectors of a symmetric matrix."""
    values, vectors = np.linalg.eigh(np.where(np.isfinite(matrix), matrix, 0.0))
    size = np.abs(values)
    return np.maximum(size, FLAT * max(size.max(initial=0.0), 1e-300)), vectors
