"""What toys are thrown at for the test of a value: signals around it, the alternative and the best fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wilks.errors import ModelError
from wilks.infer.likelihood_ratio import Profile
from wilks.infer.thrown import Mixture
from wilks.infer.toy_tests import Counter, fitted, statistics
from wilks.model.datasets import expected_data
from wilks.results.many import CONVERGED

# Shares of the toys: at the tested value (which bounds the weights), the alternative, two standard deviations beyond it
# (for what is expected there) and the best fit; signals between them share the rest. These are at most two standard
# deviations apart, where that takes no more than `MOST`.
TESTED, ALTERNATIVE, BEYOND, BEST, BETWEEN = 0.15, 0.2, 0.1, 0.25, 0.3
APART, LEAST, MOST = 2.0, 4, 12
# Steps beyond the best fit, until what is expected there is as extreme as the data.
STEPS = 8


def mixture(profile: Profile, name: str, value: float, alternative: float, sigma: float, toys: int) -> Mixture:
    """Return what toys are thrown at to test a value by the statistic `name`: points of the profile of the data.

    They reach from the tested value to the alternative and the best fit, and on to signals whose Asimov data have at
    least the observed statistic: a best fit at a bound is not as extreme as the data. `sigma` is a standard deviation
    of the parameter of interest. Without a conditional fit at a signal, or where it has a negative rate, there are no
    toys of it.

    For one-sided statistics only: in the Gaussian limit the likeliest data beyond a statistic are those expected along
    the profile of the data. Those on the other side of a two-sided one may be far from it, and missing without a sign.
    """
    best = float(profile.study.best.values[profile.study.poi])
    (q,), _ = profile.statistic(np.array([value]), name)
    shares = {value: TESTED}
    for other, share in ((alternative, ALTERNATIVE), (best, BEST)):
        shares[other] = shares.get(other, 0.0) + share
    direction = 1 if name == "q0" else -1
    for pulls in (2.0, 1.0, 0.5):
        further = alternative + direction * pulls * sigma
        if sigma > 0 and further not in shares and _possible(profile.extended(np.array([further])), further):
            shares[further] = BEYOND
            break
    step = max(sigma if sigma > 0 else 0.0, 0.5 * abs(best - value)) or max(abs(value), 1.0)
    edge = (max if direction > 0 else min)(shares)  # where the statistic is largest
    end = _reached(profile, name, value, float(q), (edge, direction), step)
    low, high = min(*shares, end), max(*shares, end)
    count = (high - low) / (APART * sigma) + 1 if sigma > 0 else LEAST
    between = np.linspace(low, high, int(np.clip(np.ceil(count), LEAST, MOST))).tolist()
    for point in (points := sorted({end, *between} - shares.keys())):
        shares[point] = BETWEEN / len(points)
    profile = profile.extended(np.array([*shares]))
    possible = {point: share for point, share in shares.items() if _possible(profile, point)}
    return Mixture.of(possible, np.stack([profile.row(point)[0] for point in possible]), toys)


def _possible(profile: Profile, value: float) -> bool:
    """Return whether toys can be thrown at a value."""
    theta, status = profile.row(value)
    if status != CONVERGED:
        return False
    try:
        expected_data(profile.study.model, theta)
    except ModelError:
        return False
    return True


def _reached(profile: Profile, name: str, value: float, q: float, edge: tuple[float, int], step: float) -> float:
    """Return a signal from an edge on whose Asimov data have at least the statistic q, else the last possible one."""
    reached, direction = edge
    for _ in range(STEPS):
        if not _statistic(profile, name, value, reached) < q:
            break
        profile = profile.extended(np.array([reached + direction * step]))
        if _possible(profile, reached + direction * step):
            reached += direction * step
        else:
            step /= 2
    return reached


def _statistic(profile: Profile, name: str, value: float, at: float) -> float:
    """Return the statistic of a value for Asimov data made at another one."""
    profile = profile.extended(np.array([value, at]))
    if not _possible(profile, at):
        return -np.inf
    start, theta = profile.row(value)[0], profile.row(at)[0]
    found = replace(profile.study, running=replace(profile.study.running, progress=None, executor=None))
    silent = Counter(None)
    toys = fitted(silent, found, theta, expected_data(found.model, theta)[None])
    return float(statistics(silent, found, toys, start, name).q[0])
