"""Feldman-Cousins intervals against exact constructions, and against the limit of many events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.infer.searches import counting, model, modifier, one_channel

import wilks
from wilks._types import FloatArray
from wilks.errors import ModelError
from wilks.infer.point_tests import Rule
from wilks.infer.study import Running
from wilks.results.feldman_cousins import INSIDE, OUTSIDE, UNDECIDED

BACKGROUND = 3.0
# Table IV of Phys. Rev. D 57 (1998) 3873: 90 %, background 3. (Its upper end for no event is longer, so that it does
# not grow with the background.)
PUBLISHED = {1: (0.0, 1.88), 4: (0.0, 5.60), 7: (0.89, 9.53), 10: (2.63, 13.50)}


def poisson_p(n: int, mu: FloatArray) -> FloatArray:
    """Return p-values of signal means: the probability of all counts whose likelihood ratio is not larger."""
    counts, rate = np.arange(60), mu[:, None] + BACKGROUND
    best = np.maximum(counts - BACKGROUND, 0) + BACKGROUND
    p = stats.poisson.pmf(counts, rate)
    ratio = np.log(p) - stats.poisson.logpmf(counts, best)
    return np.where(ratio <= ratio[:, [n]] + 1e-9, p, 0.0).sum(axis=1)


def normal_p(x: float, mu: FloatArray) -> FloatArray:
    """Return p-values of means that are not below 0, for a measurement x with a standard deviation of 1."""
    t = (x - mu) ** 2 - min(x, 0.0) ** 2
    root = np.sqrt(t)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(root <= mu, mu - root, np.where(mu > 0, (mu**2 - t) / (2 * mu), -np.inf))
    return np.asarray(stats.norm.sf(root) + stats.norm.cdf(below - mu))


def outermost(p: Callable[[FloatArray], FloatArray], level: float, top: float) -> tuple[float, float]:
    values = np.arange(0.0, top, 0.005)
    inside = values[p(values) > 1 - level]
    return float(inside[0]), float(inside[-1])


@pytest.mark.parametrize("n", [0, 1, 4, 7, 10])
def test_a_poisson_count_with_background(n: int) -> None:
    exact = outermost(lambda mu: poisson_p(n, mu), 0.9, 20.0)
    if n in PUBLISHED:
        assert exact == pytest.approx(PUBLISHED[n], abs=0.011)
    found = wilks.feldman_cousins(model(counting(1, BACKGROUND, n, bounds=(0, 40))), level=0.9, toys=4000)
    assert found.converged
    assert found.end_statuses[0] == ("at bound" if exact[0] == 0 else "converged")
    for end, error, known in zip(found.ends, found.end_errors, exact, strict=True):
        assert abs(end - known) < 3.5 * error + 0.006
        assert error < 0.4
    p = poisson_p(n, found.tested.values[:, 0])
    assert (np.abs(found.tested.p_values - p) < 4.5 * found.tested.errors + 0.01).all()
    verdicts = found.tested.verdicts
    assert (p[verdicts == INSIDE] > 0.1).all()
    assert (p[verdicts == OUTSIDE] <= 0.1).all()


@pytest.mark.parametrize("x", [-1.0, 1.0, 2.5])
def test_a_normal_measurement_with_a_bound(x: float) -> None:
    """A million events of background, of which 1000 are one standard deviation."""
    background = 1e6
    found = wilks.feldman_cousins(
        model(counting(1000, background, background + 1000 * x, bounds=(0, 10))), level=0.9, toys=3000, precision=0.02
    )
    exact = outermost(lambda mu: normal_p(x, mu), 0.9, 8.0)
    for end, error, known in zip(found.ends, found.end_errors, exact, strict=True):
        assert abs(end - known) < 3.5 * error + 0.01
    assert found.best[0] == pytest.approx(max(x, 0.0), abs=1e-3)


MANY = one_channel(
    [3000.0, 2000.0], [5e4, 9e4], [5.15e4, 9.05e4], [modifier("norm", "normsys", {"lo": 0.99, "hi": 1.01})]
)


def test_many_events_with_a_nuisance_parameter_are_asymptotic() -> None:
    found = wilks.feldman_cousins(model(MANY), level=0.6827, toys=2000, precision=0.05)
    assert (np.abs(found.ends - found.profile_ends) < 4 * found.end_errors).all()
    np.testing.assert_allclose(found.tested.critical[found.tested.toys > 1000], 1.0, atol=0.15)


def test_the_region_of_two_parameters() -> None:
    """In the limit of many events it is where 2NLL rises by less than 2.30."""
    found = wilks.feldman_cousins(model(MANY), parameters=("mu", "norm"), toys=400, points=9)
    assert found.converged
    assert found.region.shape == (9, 9)
    fit = wilks.fit(model(MANY))
    inverse = np.linalg.inv(fit.covariance)
    x, y = np.meshgrid(found.x_values - found.best[0], found.y_values - found.best[1])
    order = [found.parameters.index(name) for name in fit.names]
    shifts = np.stack([x, y])[order]
    t = np.einsum("ixy,ij,jxy->xy", shifts, inverse, shifts)
    assert t[found.region == INSIDE].max() < 2.30 * 1.15
    assert t[found.region == OUTSIDE].min() > 2.30 * 0.85
    assert len(found.tested) < 81
    assert set(np.unique(found.region)) >= {INSIDE, OUTSIDE}
    with pytest.raises(ValueError, match="no interval"):
        found.interval  # noqa: B018


def test_decisions_are_as_certain_as_asked() -> None:
    """At the edge, where a decision is hardest, at most 10 % are wrong, though it is looked at eight times."""
    rule = Rule(0.9, 0.9, 10_000)
    rng, wrong = np.random.default_rng(3), 0
    for _ in range(400):
        large = rng.random(10_000) < 0.0999
        verdicts = [rule.decided(int(large[:size].sum()), size) for size in rule.looks()]
        first = next((verdict for verdict in verdicts if verdict != UNDECIDED), UNDECIDED)
        wrong += first == INSIDE
    assert 0 < wrong < 40 + 3 * np.sqrt(36)
    assert rule.decided(100, 100) == INSIDE
    assert rule.decided(0, 100) == OUTSIDE
    assert rule.decided(0, 100, 20) == UNDECIDED  # all that are lost may be as large
    assert rule.decided(0, 0) == UNDECIDED


def test_the_same_numbers_with_any_number_of_threads_and_from_a_file(tmp_path: Path) -> None:
    asked = model(one_channel([12, 11], [50, 52], [66, 60], [modifier("uncorrelated", "shapesys", [3, 7])]))
    options = {"level": 0.8, "toys": 300, "precision": 0.1}
    one, two = (wilks.feldman_cousins(asked, threads=threads, **options) for threads in (1, 3))
    np.testing.assert_array_equal(one.ends, two.ends)
    np.testing.assert_array_equal(one.tested.p_values, two.tested.p_values)
    one.save(tmp_path / "fc.json")
    again = wilks.load_result(tmp_path / "fc.json")
    assert str(again) == str(one)
    assert str(again.points()) == str(two.points())
    other = wilks.feldman_cousins(asked, seed=2, **options)
    assert (other.tested.p_values[:3] != one.tested.p_values[:3]).any()


def test_ctrl_c_keeps_the_points_that_are_done() -> None:
    asked = model(counting(1, BACKGROUND, 4, bounds=(0, 40)))
    stopped = wilks.feldman_cousins(asked, level=0.9, toys=500, running=Running(progress=lambda done, _: done < 1500))
    assert not stopped.converged
    assert "interrupted" in stopped.end_statuses
    whole = wilks.feldman_cousins(asked, level=0.9, toys=500)
    done = np.array([status == "converged" for status in stopped.tested.statuses])
    assert done.any()
    known = dict(zip(whole.tested.values[:, 0], whole.tested.p_values, strict=True))
    for value, p in zip(stopped.tested.values[done, 0], stopped.tested.p_values[done], strict=True):
        assert known[value] == p


def test_ctrl_c_leaves_a_region_with_gaps() -> None:
    stop = Running(progress=lambda done, _: done < 3000)
    stopped = wilks.feldman_cousins(model(MANY), parameters=("mu", "norm"), toys=400, points=9, running=stop)
    assert not stopped.converged
    assert np.isnan(stopped.region).any()
    assert np.isfinite(stopped.region).any()
    assert "without an answer" in str(stopped)


def test_all_mistakes_at_once() -> None:
    asked = model(MANY)
    with pytest.raises(ModelError) as caught:
        wilks.feldman_cousins(asked, parameters=["mv"], level=95, toys=0, certainty=0.3, precision=2, points=3)
    assert len(caught.value.problems) == 6
    several = [modifier(name, "normsys", {"lo": 0.9, "hi": 1.1}) for name in "abc"]
    with pytest.raises(ModelError, match="one parameter or two"):
        wilks.feldman_cousins(model(one_channel([5], [50], [57], several)), parameters="*")
