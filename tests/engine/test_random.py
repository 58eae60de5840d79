"""Random numbers of the engine against published vectors, an independent generator in Python, and SciPy."""

from __future__ import annotations

import hashlib
import signal
import time
from typing import Any

import numpy as np
import pytest
from scipy import stats

from wilks._engine import philox, sample

MASK = 2**32 - 1

# Random123 1.14 (D. E. Shaw Research), tests/kat_vectors, "philox4x32 10": counter, key, output.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "output"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(counter: str, key: str, output: str) -> None:
    assert philox(words(counter), words(key)) == words(output)


def draw(mean: Any, sigma: Any = 0.0, *, count: int, seed: int = 1, stream: int = 0, first: int = 0) -> np.ndarray:
    means = np.atleast_1d(np.asarray(mean, float))
    sigmas = np.broadcast_to(np.asarray(sigma, float), means.shape).copy()
    return sample(means, sigmas, seed=seed, stream=stream, first=first, count=count)


def uniforms(seed: int, stream: int, toy: int, number: int) -> np.ndarray:
    """Return the uniform numbers of a toy: the upper 52 of 64 bits, two from each block, centred in their cells."""
    found: list[float] = []
    for block in range((number + 1) // 2):
        w = philox([block, stream, toy & MASK, toy >> 32], [seed & MASK, seed >> 32])
        found += [((w[i] | w[i + 1] << 32) >> 12) * 2.0**-52 + 2.0**-53 for i in (0, 2)]
    return np.array(found[:number])


@pytest.mark.parametrize(
    ("seed", "stream", "toy"), [(0, 0, 0), (17, 0, 5), (2**64 - 1, 2**32 - 1, 2**63 - 1), (3 << 40, 1, 9 << 33)]
)
def test_small_means_invert_the_distribution_at_the_toys_own_uniform_numbers(seed: int, stream: int, toy: int) -> None:
    means = np.random.default_rng(1).uniform(0, 10, 1001)
    counts = draw(means, count=1, seed=seed, stream=stream, first=toy)[0]
    np.testing.assert_array_equal(counts, stats.poisson.ppf(uniforms(seed, stream, toy, 1001), means))


@pytest.mark.parametrize("mean", [10.0, 11.3, 17.5, 64.2, 3141.59, 1e6 + 0.7])
def test_large_means_are_transformed_rejections_with_the_probabilities_of_scipy(mean: float) -> None:
    """Algorithm PTRS of Hörmann's paper, step by step, at the same uniform numbers."""
    u, v = uniforms(5, 0, 4, 80_000).reshape(-1, 2).T
    b = 0.931 + 2.53 * np.sqrt(mean)
    a = -0.059 + 0.02483 * b
    u = u - 0.5
    edge = 0.5 - np.abs(u)
    k = np.floor((2 * a / edge + b) * u + mean + 0.43)
    at_once = (edge >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
    again = (k < 0) | ((edge < 0.013) & (v > edge))
    height = np.log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / edge**2 + b))
    expected = k[at_once | (~again & (height <= stats.poisson.logpmf(k, mean)))]
    assert 0.65 < expected.size / k.size < 0.9
    np.testing.assert_array_equal(draw(np.full(expected.size, mean), count=1, seed=5, first=4)[0], expected)


def test_normals_are_pairs_of_the_polar_method() -> None:
    u = uniforms(8, 2, 3, 400)
    expected: list[float] = []
    for x, y in 2 * u.reshape(-1, 2) - 1:
        if (s := x * x + y * y) < 1:
            expected += [factor * np.sqrt(-2 * np.log(s) / s) for factor in (x, y)]
    values = draw(np.full(len(expected), 3.0), 2.0, count=1, seed=8, stream=2, first=3)[0]
    np.testing.assert_allclose(values, 3 + 2 * np.array(expected), rtol=1e-14)


MEANS = (0.01, 0.3, 1.0, 4.7, 9.99, 10.0, 10.7, 14.2, 17.5, 30.3, 99.9, 1234.5, 1e4 + 0.3, 1e6 + 0.7)


@pytest.mark.parametrize("mean", MEANS)
def test_counts_follow_the_poisson_distribution(mean: float) -> None:
    number = 1_000_000
    counts = draw(np.full(100, mean), count=number // 100, seed=2024).ravel()
    # Bins of at least 0.1 % of the probability, at most some 1000 of them.
    edges = np.unique(stats.poisson.ppf(np.linspace(0, 1, 1001)[1:-1], mean))
    observed = np.bincount(np.searchsorted(edges, counts), minlength=edges.size + 1)
    expected = number * np.diff(np.concatenate([[0.0], stats.poisson.cdf(edges, mean), [1.0]]))
    keep = expected > 5
    assert stats.chisquare(observed[keep], expected[keep] * observed[keep].sum() / expected[keep].sum()).pvalue > 1e-3
    assert observed[~keep].sum() <= 10 + 5 * expected[~keep].sum()


@pytest.mark.parametrize("mean", [*MEANS, 1e9 + 0.123, 1e12 + 0.5])
def test_moments_are_those_of_the_poisson_distribution(mean: float) -> None:
    number = 1_000_000
    counts = draw(np.full(100, mean), count=number // 100, seed=11).ravel()
    assert (counts == np.floor(counts)).all()
    assert (counts >= 0).all()
    pull = (counts - mean) / np.sqrt(mean)
    skewness, kurtosis = mean**-0.5, 3 + 1 / mean
    assert abs(pull.mean()) < 4 / np.sqrt(number)
    assert abs((pull**2).mean() - 1) < 4 * np.sqrt((kurtosis - 1) / number)
    spread = (pull**3).std() / np.sqrt(number)
    assert abs((pull**3).mean() - skewness) < 4 * spread


def test_the_tails_of_large_means_are_right() -> None:
    counts = draw(np.full(100, 1e12), count=10_000, seed=5).ravel()
    assert stats.kstest((counts - 1e12) / 1e6, "norm").pvalue > 1e-2
    beyond = np.abs(counts - 1e12) > 3.5e6
    assert beyond.sum() == pytest.approx(1e6 * 2 * stats.norm.sf(3.5), abs=4 * np.sqrt(465))


def test_means_without_a_choice() -> None:
    np.testing.assert_array_equal(draw([0.0, 1e-300, 0.0], count=50), 0.0)
    large = draw(np.full(200, 1e30), count=1)[0]
    assert abs(large / 1e30 - 1).max() < 6e-15


def test_normals_are_normal_and_independent() -> None:
    values = draw(np.full(20, -1.5), 0.25, count=50_000, seed=3)
    pulls = (values + 1.5) / 0.25
    assert stats.kstest(pulls.ravel(), "norm").pvalue > 1e-2
    assert np.abs(pulls).max() > 4.5
    assert stats.kstest(stats.chi2.cdf((pulls**2).sum(axis=1), 20), "uniform").pvalue > 1e-2


def test_entries_toys_streams_and_seeds_are_independent() -> None:
    mean = np.array([0.7, 3.0, 12.0, 200.0, 5.0, 1.0])
    sigma = np.array([0.0, 0.0, 0.0, 0.0, 2.0, 0.1])
    number = 20_000
    base = {"count": number, "seed": 6}
    blocks = [
        draw(mean, sigma, **base),
        draw(mean, sigma, **base, first=1),
        draw(mean, sigma, **base, stream=1),
        draw(mean, sigma, count=number, seed=7),
        draw(mean, sigma, count=number, seed=6 + 2**32),
        draw(mean, sigma, **base, first=2**32),
    ]
    correlation = np.corrcoef(np.hstack(blocks).T)[np.triu_indices(36, 1)]
    assert np.abs(correlation).max() < 4.5 / np.sqrt(number)
    assert stats.kstest(correlation * np.sqrt(number), "norm").pvalue > 1e-3


def test_a_toy_is_the_same_in_any_batch() -> None:
    mean, sigma = np.array([0.3, 8.0, 40.0, 1e6, 1.0, 0.0]), np.array([0.0, 0.0, 0.0, 0.0, 0.1, 1.0])
    together = draw(mean, sigma, count=60, first=100)
    for batch in (1, 7, 60):
        parts = [draw(mean, sigma, count=min(batch, 160 - i), first=i) for i in range(100, 160, batch)]
        np.testing.assert_array_equal(np.vstack(parts), together)
    np.testing.assert_array_equal(
        draw(mean, sigma, count=1, first=2**63)[0], draw(mean, sigma, count=3, first=2**63)[0]
    )


def test_the_stream_is_frozen() -> None:
    """Published numbers stay reproducible: a change here breaks every recorded seed."""
    mean, sigma = np.array([0.3, 8.0, 14.0, 40.0, 1e6, 1e12, 1.0, 0.0]), np.array([0, 0, 0, 0, 0, 0, 0.1, 1.0])
    rows = draw(mean, sigma, count=20_000, seed=12345, stream=6, first=7)
    assert rows[0].tolist() == [0, 9, 17, 41, 999250, 1000000708258, 0.9683179159672429, 0.18997913325675095]
    digest = hashlib.sha256(rows.astype("<f8").tobytes()).hexdigest()
    assert digest == "05a2f61118f8e425ce83d91f5f07fb7fdaeb6ab7f55c592fedfbcb4face560ac"


def test_wrong_arguments_are_refused() -> None:
    for mean, sigma in ((-1.0, 0.0), (np.nan, 0.0), (np.inf, 0.0), (0.0, np.inf), (np.nan, 1.0), (1.0, np.nan)):
        with pytest.raises(ValueError, match="must be finite"):
            draw(mean, sigma, count=1)
    with pytest.raises(ValueError, match="different lengths"):
        sample(np.ones(2), np.ones(3), seed=1, stream=0, first=0, count=1)
    with pytest.raises(MemoryError):
        draw([1.0, 1.0], count=2**63 - 1)
    assert draw([1.0, 2.0], count=0).shape == (0, 2)
    assert draw([], count=3).shape == (3, 0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that interrupts")
def test_an_interrupt_ends_a_large_batch() -> None:
    """After a tenth of the processor time that all of it took before, and long before its end."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    def large() -> None:
        draw(np.full(100, 20.0), count=200_000)

    began = time.process_time()
    large()
    whole = time.process_time() - began
    previous = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1 * whole)
        began = time.process_time()
        with pytest.raises(KeyboardInterrupt):
            large()
        assert time.process_time() - began < 0.7 * whole
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
