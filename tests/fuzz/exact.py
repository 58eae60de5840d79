"""The likelihood with 60 digits: the last word where double precision leaves doubt.

It takes the structure of a `Likelihood` (which parameter acts where) and evaluates the formulas of HistFactory anew,
one number at a time, in mpmath. Differences with steps of 1e-20 then give derivatives to some 20 digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mpmath import mp, mpf
from tests.reference.likelihood import Block, Likelihood

DIGITS = 60
STEP = mpf(10) ** -20

Number = Any  # mpf; mpmath has no types


class Exact:
    """The negative log likelihood of a `Likelihood` with interpolation codes 4 and 4p, all constants included."""

    def __init__(self, reference: Likelihood, data: np.ndarray | None = None) -> None:
        if (reference.normsys, reference.histosys) != ("code4", "code4p"):
            raise ValueError("written for codes 4 and 4p")
        self.reference = reference
        observed = reference.observed() if data is None else data
        with mp.workdps(DIGITS):
            self.main = [mpf(float(n)) for n in observed[: reference.n_bins]]
            self.auxiliary = [mpf(float(a)) for a in observed[reference.n_bins :]]
            self.constants = [mp.loggamma(n + 1) for n in self.main]
            self.blocks = [prepared(block) for block in reference.blocks]

    def rates(self, theta: Sequence[Number]) -> list[Number]:
        """Return the expected events of every bin."""
        rates = [mpf(0)] * self.reference.n_bins
        for first, nominal, scalars, shapes, by_bin in self.blocks:
            factor = mpf(1)
            for index, function in scalars:
                factor *= function(theta[index])
            for i, total in enumerate(nominal):
                for index, up, down in shapes:
                    total += delta(theta[index], up[i], down[i])
                for start in by_bin:
                    total *= theta[start + i]
                rates[first + i] += factor * total
        return rates

    def nll(self, theta: Sequence[Number]) -> Number:
        """Return the negative log likelihood; infinite outside the domain."""
        with mp.workdps(DIGITS):
            theta = [mpf(t) if isinstance(t, mpf) else mpf(float(t)) for t in theta]
            total = sum(map(poisson, self.main, self.rates(theta), self.constants), mpf(0))
            for j, aux in zip(self.reference.constrained, self.auxiliary, strict=True):
                if self.reference.constraint_kinds[j] == "poisson":
                    total += poisson(aux, theta[j] * mpf(float(self.reference.taus[j])), mp.loggamma(aux + 1))
                else:
                    sigma = mpf(float(self.reference.sigmas[j]))
                    total += ((aux - theta[j]) / sigma) ** 2 / 2 + mp.log(sigma * mp.sqrt(2 * mp.pi))
            return total

    def along(self, theta: np.ndarray, direction: np.ndarray) -> tuple[float, float]:
        """Return slope and curvature along a direction."""
        with mp.workdps(DIGITS):
            low, middle, high = (
                self.nll([mpf(float(t)) + sign * STEP * mpf(float(d)) for t, d in zip(theta, direction, strict=True)])
                for sign in (-1, 0, 1)
            )
            return float((high - low) / (2 * STEP)), float((high - 2 * middle + low) / STEP**2)

    def derivatives(self, theta: np.ndarray, chosen: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return gradient and second derivatives in the chosen parameters, central differences, as doubles."""
        with mp.workdps(DIGITS):
            size = len(chosen)
            steps = [STEP * max(abs(mpf(float(theta[j]))), mpf(1)) for j in chosen]

            def at(*moves: tuple[int, int]) -> Number:
                point = [mpf(float(t)) for t in theta]
                for k, sign in moves:
                    point[chosen[k]] += sign * steps[k]
                return self.nll(point)

            middle = at()
            up, down = [at((k, 1)) for k in range(size)], [at((k, -1)) for k in range(size)]
            gradient = np.array([float((u - d) / (2 * h)) for u, d, h in zip(up, down, steps, strict=True)])
            second = np.empty((size, size))
            for k in range(size):
                second[k, k] = float((up[k] - 2 * middle + down[k]) / steps[k] ** 2)
                for m in range(k):
                    both = at((k, 1), (m, 1)) - up[k] - up[m] + 2 * middle - down[k] - down[m] + at((k, -1), (m, -1))
                    second[k, m] = second[m, k] = float(both / (2 * steps[k] * steps[m]))
            return gradient, second


def prepared(block: Block) -> tuple[int, list[Number], list[Any], list[Any], list[int]]:
    """Return first bin, yields, (parameter, factor) pairs, (parameter, up, down) of shapes, factors of each bin."""
    nominal = [mpf(float(x)) for x in block.nominal]
    scalars: list[Any] = []
    shapes, by_bin = [], []
    for kind, data, index, _ in block.modifiers:
        first = int(index[0])
        if kind == "histosys":
            low, high = ([mpf(float(x)) for x in side] for side in data)
            up = [h - n for h, n in zip(high, nominal, strict=True)]
            shapes.append((first, up, [n - x for x, n in zip(low, nominal, strict=True)]))
        elif kind == "normsys":
            scalars.append((first, response(mpf(float(data["lo"])), mpf(float(data["hi"])))))
        elif kind in ("normfactor", "lumi"):
            scalars.append((first, lambda value: value))
        else:
            by_bin.append(first)
    return block.bins.start, nominal, scalars, shapes, by_bin


def poisson(n: Number, rate: Number, log_factorial: Number) -> Number:
    """-log Poisson(n | rate)."""
    if rate < 0 or (rate == 0 and n > 0):
        return mp.inf
    return rate - (n * mp.log(rate) if n > 0 else 0) + log_factorial


def delta(alpha: Number, up: Number, down: Number) -> Number:
    """Code 4p: what a histosys adds."""
    if abs(alpha) >= 1:
        return alpha * (up if alpha > 0 else down)
    return alpha * (up + down) / 2 + (up - down) / 16 * alpha**2 * (15 - 10 * alpha**2 + 3 * alpha**4)


def response(low: Number, high: Number) -> Any:
    """Code 4: the factor of a normsys; its polynomial meets value, slope and curvature of the exponentials at +-1."""
    log_high = mp.log(high) if high > 0 else mpf(0)
    log_low = mp.log(low) if low > 0 else mpf(0)
    value, slope, curvature = high - 1, high * log_high, high * log_high**2
    value2, slope2, curvature2 = low - 1, -low * log_low, low * log_low**2
    a2, a4, a6 = hermite((value + value2) / 2, (slope - slope2) / 2, (curvature + curvature2) / 2, (2, 4, 6))
    a1, a3, a5 = hermite((value - value2) / 2, (slope + slope2) / 2, (curvature - curvature2) / 2, (1, 3, 5))

    def factor(x: Number) -> Number:
        if abs(x) >= 1:
            return high**x if x > 0 else low ** (-x)
        return 1 + x * (a1 + x * (a2 + x * (a3 + x * (a4 + x * (a5 + x * a6)))))

    return factor


def hermite(value: Number, slope: Number, curvature: Number, powers: tuple[int, int, int]) -> list[Number]:
    """Return the a_p of sum a_p x^p over three powers with this value, slope and curvature at 1."""
    rows = mp.matrix([[1] * 3, list(powers), [p * (p - 1) for p in powers]])
    return list(mp.lu_solve(rows, mp.matrix([value, slope, curvature])))
