"""Exact distributions of counting experiments with auxiliary counts, written for reading: sums over all outcomes.

A bin expects mu * signal + background events. One of the two samples carries a shapesys of relative size r: a factor
gamma, measured by an auxiliary count x of mean tau * gamma, tau = 1 / r^2. Everything here is a sum over the counts n
and x of all bins, of closed forms or bisections; it shares no code with the package and runs no minimiser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy.special import xlogy
from scipy.stats import poisson

Array = np.ndarray[Any, np.dtype[np.float64]]

GAMMAS = (1e-10, 10.0)  # the format's default bounds of a shapesys
UNLIKELY = 1e-8  # what is left out of a sum, for each count
SAME = 1e-6  # statistics closer than this (relative, above 1) count as equal


@dataclass(frozen=True)
class Bin:
    """One bin: yields, the relative uncertainty, the sample that has it ("signal" or "background"), observed events."""

    signal: float
    background: float
    relative: float
    on: str
    observed: float

    @property
    def tau(self) -> float:
        return 1.0 / self.relative**2

    def parts(self, mu: Array) -> tuple[Array, Array]:
        """Return the part of the rate that gamma multiplies, and the rest."""
        signal, background = mu * self.signal, np.full(np.shape(mu), self.background)
        return (signal, background) if self.on == "signal" else (background, signal)

    def rate(self, mu: Array, gamma: Array) -> Array:
        scaled, rest = self.parts(mu)
        rate = scaled * gamma + rest
        return np.where(abs(rate) < 1e-12, 0.0, rate)  # what rounding leaves of a rate that vanishes

    def nll(self, mu: Array, gamma: Array, n: Array, x: Array) -> Array:
        """Return the nll up to log n! and log x!."""
        rate, mean = self.rate(mu, gamma), self.tau * gamma
        with np.errstate(divide="ignore", invalid="ignore"):
            value = rate - xlogy(n, rate) + mean - xlogy(x, mean)
        return np.where((rate < 0) | np.isnan(value), np.inf, value)

    def saturated(self, n: Array, x: Array) -> Array:
        """Return the lowest value that `nll` could have, with a rate for every count."""
        return n - xlogy(n, n) + x - xlogy(x, x)

    def gamma(self, mu: Array, n: Array, x: Array) -> Array:
        """Return where the nll is lowest for a mu that is not below 0.

        It is convex in gamma; its derivative, a (1 - n / (a gamma + c)) + tau - x / gamma, times gamma (a gamma + c) is
        quadratic, with one root that is not below 0. Where that is outside the bounds, the nearer one is the minimum.
        """
        a, c = self.parts(mu)
        square, line, constant = a * (a + self.tau), c * (a + self.tau) - a * n - a * x, -c * x
        root = np.sqrt(line**2 - 4 * square * constant)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(line > 0, -2 * constant / (line + root), (root - line) / (2 * square))
        return np.clip(np.where(a == 0, x / self.tau, found), *GAMMAS)


@dataclass(frozen=True)
class Counting:
    """A counting experiment of some bins; `range` is where mu may be."""

    bins: tuple[Bin, ...]
    range: tuple[float, float] = (0.0, 10.0)

    @property
    def observed(self) -> tuple[Array, Array]:
        """Counts and auxiliary counts, shape (1, bins); the auxiliary ones are tau, which need not be whole."""
        return np.array([[b.observed for b in self.bins]]), np.array([[b.tau for b in self.bins]])

    # --- fits --------------------------------------------------------------------------------------------------------

    def profiled(self, mu: float | Array, n: Array, x: Array) -> Array:
        """Return the lowest nll at mu >= 0, for outcomes of shape (outcomes, bins)."""
        at = np.broadcast_to(np.asarray(mu, np.float64), (len(n),))
        return sum(b.nll(at, b.gamma(at, k, m), k, m) for b, k, m in zip(self.bins, n.T, x.T, strict=True))

    def best(self, n: Array, x: Array) -> tuple[Array, Array]:
        """Return the lowest nll and its mu, for outcomes of shape (outcomes, bins)."""
        if len(self.bins) == 1:
            return self._of_one(self.bins[0], n[:, 0], x[:, 0])
        return self._of_several(n, x)

    def _of_one(self, b: Bin, n: Array, x: Array) -> tuple[Array, Array]:
        """The nll is convex in (mu gamma, gamma) or (mu, gamma): it is lowest inside, on a side or in a corner."""
        points = []
        for gamma in (np.clip(x / b.tau, *GAMMAS), *(np.full_like(x, side) for side in GAMMAS)):
            slope, rest = (b.signal * gamma, b.background) if b.on == "signal" else (b.signal, b.background * gamma)
            points.append((np.clip((n - rest) / slope, *self.range), gamma))
        for side in self.range:
            if np.isfinite(side):
                mu = np.full_like(x, side)
                points.append((mu, b.gamma(mu, n, x)))
        values = np.stack([b.nll(mu, gamma, n, x) for mu, gamma in points])
        lowest = np.argmin(values, axis=0), np.arange(len(n))
        return values[lowest], np.stack([mu for mu, _ in points])[lowest]

    def _of_several(self, n: Array, x: Array) -> tuple[Array, Array]:
        """With the uncertainties on the background the profile is convex in mu: its slope is bisected."""
        assert all(b.on == "background" for b in self.bins)
        # Where every rate is above its count the slope is positive.
        top = max(float((n[:, i] / b.signal).max()) for i, b in enumerate(self.bins)) + 1.0
        low, high = np.full(len(n), self.range[0]), np.full(len(n), min(self.range[1], top))
        sides = low, high
        for _ in range(60):
            mu = 0.5 * (low + high)
            slope = np.zeros(len(n))
            for b, k, m in zip(self.bins, n.T, x.T, strict=True):
                slope += b.signal * (1 - k / b.rate(mu, b.gamma(mu, k, m)))
            low, high = np.where(slope < 0, mu, low), np.where(slope < 0, high, mu)
        ends = [*sides, 0.5 * (low + high)]
        values = np.stack([self.profiled(mu, n, x) for mu in ends])
        lowest = np.argmin(values, axis=0), np.arange(len(n))
        return values[lowest], np.stack(ends)[lowest]

    # --- statistics --------------------------------------------------------------------------------------------------

    def statistic(self, name: str, mu: float, n: Array, x: Array) -> Array:
        """Return q~, q or q0 (`range` says where the best fit may be), or t, all of 1007.1727; or "gof"."""
        lowest, where = self.best(n, x)
        if name == "gof":
            return 2 * (lowest - sum(b.saturated(k, m) for b, k, m in zip(self.bins, n.T, x.T, strict=True)))
        t = np.maximum(2 * (self.profiled(mu, n, x) - lowest), 0.0)
        if name in ("q~", "q"):
            return np.where(where > mu, 0.0, t)
        return np.where(where < mu, 0.0, t) if name == "q0" else t

    def apart(self, n: Array, x: Array) -> Array:
        """Return 2NLL with one mu minus 2NLL with one for each bin."""
        together, _ = self.best(n, x)
        single = [Counting((b,), self.range).best(n[:, [i]], x[:, [i]])[0] for i, b in enumerate(self.bins)]
        return 2 * (together - sum(single))

    # --- sums --------------------------------------------------------------------------------------------------------

    def at(self, mu: float) -> Array:
        """Return the gammas of the conditional fit to the data, shape (bins,)."""
        n, x = self.observed
        at = np.array([mu])
        return np.array([b.gamma(at, n[:, i], x[:, i])[0] for i, b in enumerate(self.bins)])

    def outcomes(self, *points: tuple[float, Array]) -> tuple[Array, Array, list[Array]]:
        """Return all counts and auxiliary counts that matter at points (mu, gammas), and their probability at each."""
        rates = [
            [mean for b, g in zip(self.bins, gammas, strict=True) for mean in (b.rate(np.array(mu), g), b.tau * g)]
            for mu, gammas in points
        ]
        tops = [int(poisson.isf(UNLIKELY, max(means))) + 2 for means in zip(*rates, strict=True)]
        counts = np.array(list(product(*(range(top) for top in tops))), np.float64)
        return counts[:, ::2], counts[:, 1::2], [poisson.pmf(counts, means).prod(axis=1) for means in rates]

    def tails(self, name: str, mu: float, other: float = 0.0) -> tuple[float, float]:
        """Return the probabilities of a statistic as large as the observed one: at mu, and at `other`."""
        n, x, weights = self.outcomes((mu, self.at(mu)), (other, self.at(other)))
        large = as_large(self.statistic(name, mu, n, x), self.statistic(name, mu, *self.observed)[0])
        return float(weights[0][large].sum()), float(weights[1][large].sum())

    def p_value(self, name: str) -> float:
        """Return the probability of a "gof" or "apart" as large as the observed one, at the best fit."""
        _, mu = self.best(*self.observed)
        n, x, (weights,) = self.outcomes((float(mu[0]), self.at(float(mu[0]))))
        statistic = self.apart if name == "apart" else lambda n, x: self.statistic("gof", 0.0, n, x)
        return float(weights[as_large(statistic(n, x), statistic(*self.observed)[0])].sum())

    def coverage(self, mu: float, cuts: Sequence[float]) -> list[float]:
        """Return how often 2NLL at mu is above its minimum by no more than each of `cuts`, with gammas of 1."""
        n, x, (weights,) = self.outcomes((mu, np.ones(len(self.bins))))
        t = self.statistic("t", mu, n, x)
        return [float(weights[t <= cut].sum()) for cut in cuts]


def as_large(values: Array, observed: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which are as large as the observed one."""
    return values >= observed - SAME * max(1.0, abs(observed))
