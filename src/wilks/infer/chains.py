"""Whether chains agree and how many independent samples they are worth: R-hat and effective sizes; shortest intervals.

A. Vehtari, A. Gelman, D. Simpson, B. Carpenter, P.-C. Buerkner, Bayesian Anal. 16 (2021) 667 (arXiv:1903.08008): chains
split in halves, values replaced by normal scores of their ranks.
"""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray


def r_hat(chains: FloatArray) -> FloatArray:
    """Return R-hat of samples of shape (chains, draws, n): the larger of those of ranks and of folded ranks."""
    halves = _split(chains)
    folded = np.abs(halves - np.median(halves, axis=(0, 1)))
    return np.maximum(_plain_r_hat(_scores(halves)), _plain_r_hat(_scores(folded)))


def ess_bulk(chains: FloatArray) -> FloatArray:
    """Return the effective number of samples of the bulk, shape (n,)."""
    return _ess(_scores(_split(chains)))


def ess_tail(chains: FloatArray) -> FloatArray:
    """Return the effective number of samples for the 5 % and 95 % quantiles, the smaller of both, shape (n,)."""
    halves = _split(chains)
    ends = np.quantile(chains, (0.05, 0.95), axis=(0, 1))
    return np.minimum(*(_ess((halves <= end).astype(np.float64)) for end in ends))


def shortest(values: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the shortest interval that holds a part of the samples, of shape (samples, n), each (n,)."""
    ordered = np.sort(values, axis=0)
    inside = min(max(int(np.ceil(level * len(ordered))), 1), len(ordered))
    widths = ordered[inside - 1 :] - ordered[: len(ordered) - inside + 1]
    first = np.argmin(widths, axis=0)
    columns = np.arange(values.shape[1])
    return ordered[first, columns], ordered[first + inside - 1, columns]


def _split(chains: FloatArray) -> FloatArray:
    half = chains.shape[1] // 2
    return np.concatenate([chains[:, :half], chains[:, -half:]])


def _scores(chains: FloatArray) -> FloatArray:
    from scipy.special import ndtri
    from scipy.stats import rankdata

    count = chains.shape[0] * chains.shape[1]
    ranks = rankdata(chains.reshape(count, -1), axis=0)
    return np.asarray(ndtri((ranks - 0.375) / (count + 0.25))).reshape(chains.shape)


def _plain_r_hat(chains: FloatArray) -> FloatArray:
    draws = chains.shape[1]
    between, within = chains.mean(axis=1).var(axis=0, ddof=1), chains.var(axis=1, ddof=1).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(between / within + (draws - 1) / draws))


def _ess(chains: FloatArray) -> FloatArray:
    """Return the effective number of samples by Geyer's initial monotone sequence, shape (n,)."""
    count, draws, n = chains.shape
    length = 1 << (2 * draws - 1).bit_length()
    centred = chains - chains.mean(axis=1, keepdims=True)
    transform = np.fft.rfft(centred, length, axis=1)
    covariance = np.fft.irfft(np.abs(transform) ** 2, length, axis=1)[:, :draws] / draws
    within = covariance[:, 0].mean(axis=0) * draws / (draws - 1)
    total = within * (draws - 1) / draws + (chains.mean(axis=1).var(axis=0, ddof=1) if count > 1 else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1.0 - (within - covariance.mean(axis=0)) / total
    rho[0] = 1.0
    return np.array([_from_correlations(rho[:, i], count * draws) for i in range(n)])


def _from_correlations(rho: FloatArray, samples: int) -> float:
    if not np.isfinite(rho).all():
        return float("nan")
    even = 2 * (len(rho) // 2)
    pairs = rho[:even].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs <= 0)
    stop = int(negative[0]) if negative.size else len(pairs)
    falling = np.minimum.accumulate(pairs[: max(stop, 1)])
    following = max(float(rho[2 * stop]), 0.0) if 2 * stop < len(rho) else 0.0
    tau = max(-1.0 + 2.0 * float(falling.sum()) + following, 1.0 / np.log10(samples))
    return float(samples / tau)
