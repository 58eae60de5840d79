"""Weighted toys of hypothesis tests against exact sums, against toys without weights, and where they can't answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.special import xlogy
from tests.infer.searches import MU, counting, model, modifier, one_channel, workspace
from tests.infer.test_exact_sums import ABOVE_ZERO, ANYWHERE, compiled
from tests.reference.exact_counting import Bin, Counting

import wilks
from wilks.errors import ModelError
from wilks.infer.densities import Densities
from wilks.infer.study import Running
from wilks.infer.weighted_p_values import Weighted, weighed
from wilks.model.terms import constraint_nll, main_nll

WEIGHTED = {"calculator": "toys", "importance": True}


@pytest.mark.parametrize(
    ("bins", "statistic", "values"),
    [
        ((Bin(3.0, 5.0, 0.3, "background", 5),), "q~", (2.0, 6.0, 9.0)),
        ((Bin(3.0, 5.0, 0.3, "background", 5),), "q", (2.0, 6.0)),
        ((Bin(3.0, 20.0, 0.2, "background", 7),), "q~", (2.0, 5.0)),  # less than the background: CLb is small as well
        ((Bin(3.0, 4.0, 0.8, "background", 12),), "q~", (9.0, 14.0)),
        ((Bin(2.5, 1.0, 0.4, "signal", 1),), "q~", (4.0,)),
    ],
)
def test_far_tails_are_those_of_exact_sums(bins: tuple[Bin, ...], statistic: str, values: tuple[float, ...]) -> None:
    """Of counts and auxiliary counts, from 3e-2 down to 2e-9."""
    exact = Counting(bins, ABOVE_ZERO if statistic == "q~" else ANYWHERE)
    result = wilks.hypotest(compiled(*bins), value=values, statistic=statistic, toys=3000, seed=2, **WEIGHTED)
    assert result.converged
    counts = result.counts
    assert counts is not None
    assert counts.weights is not None
    for i, mu in enumerate(values):
        clsb, clb = exact.tails(statistic, mu)
        assert abs(result.observed.clsb[i] - clsb) < 4 * counts.clsb_error[i] + 1e-12
        assert abs(result.observed.cls[i] - clsb / clb) < 4 * counts.cls_error[i] + 1e-9 * clsb
        assert counts.clsb_error[i] < 0.15 * clsb
        assert 50 < counts.weights.effective_clsb[i] < 3000


def test_errors_are_those_of_many_seeds() -> None:
    """The estimates scatter around the exact sum as their errors say."""
    found, mu, n = model(counting(5, 3, 2)), 3.0, 2
    exact = stats.poisson.cdf(n, 18) / stats.poisson.cdf(n, 3)
    results = [wilks.hypotest(found, value=mu, toys=400, seed=seed, **WEIGHTED) for seed in range(25)]
    pulls = [(r.observed.cls[0] - exact) / r.counts.cls_error[0] for r in results if r.counts is not None]
    assert abs(np.mean(pulls)) < 4 / np.sqrt(25)
    assert 0.5 < np.std(pulls) < 1.5


def test_p0_and_what_is_expected_of_a_signal() -> None:
    """The median of q0 with five sigma of signal, and the data's p0."""
    background, signal, n = 10.0, 25.0, 31
    result = wilks.hypotest(model(counting(signal, background, n)), statistic="q0", toys=6000, **WEIGHTED)
    assert result.counts is not None
    assert abs(result.observed.clsb[0] - stats.poisson.sf(n - 1, background)) < 4 * result.counts.clsb_error[0]
    assert result.counts.clsb_error[0] < 0.1 * result.observed.clsb[0]
    medians = [stats.poisson.sf(k - 1, background) for k in (34, 35, 36)]
    assert medians[2] * 0.8 < result.expected.clsb[0, 2] < medians[0] * 1.2


def test_as_toys_without_weights() -> None:
    spec = one_channel([6, 4], [20, 30], [19, 31], [modifier("norm", "normsys", {"lo": 0.9, "hi": 1.1})])
    weighted = wilks.hypotest(model(spec), value=2.2, toys=4000, **WEIGHTED)
    plain = wilks.hypotest(model(spec), value=2.2, calculator="toys", toys=30_000)
    assert weighted.counts is not None
    assert plain.counts is not None
    assert 0.003 < plain.observed.clsb[0] < 0.03
    for name in ("clsb", "cls"):
        ours, theirs = (getattr(r.observed, name)[0] for r in (weighted, plain))
        assert abs(ours - theirs) < 4 * np.hypot(*(getattr(r.counts, f"{name}_error")[0] for r in (weighted, plain)))
    # What is expected at -2 sigma, 2e-4, has hardly a toy without weights.
    expected = np.abs(weighted.expected.cls - plain.expected.cls)[0, 1:]
    errors = np.hypot(weighted.counts.expected_cls_error, plain.counts.expected_cls_error)[0, 1:]
    assert (expected < 5 * errors).all()


def test_limits_far_out() -> None:
    """CLs of no events is exp(-signal), whatever the background: the limit at 99.9999 % is ln(1e6) events."""
    found = wilks.limit(model(counting(5, 3, 0)), level=1 - 1e-6, toys=800, **WEIGHTED)
    assert found.converged
    assert found.observed == pytest.approx(6 * np.log(10) / 5, rel=1e-3)
    assert found.curve.counts is not None
    assert found.curve.counts.weights is not None
    assert found.curve.counts.weights.tested.size == 0


def test_bits_depend_on_no_worker_and_come_from_a_file(tmp_path: Path) -> None:
    asked = model(one_channel([12, 11], [50, 52], [51, 48], [modifier("uncorrelated", "shapesys", [3, 7])]))
    with ThreadPoolExecutor(2) as executor:
        running: list[dict[str, object]] = [{"threads": 1}, {"threads": 3}, {"executor": executor}]
        one, *others = (wilks.hypotest(asked, value=[1.0, 3.0], toys=1500, **WEIGHTED, **how) for how in running)
        first, second = (wilks.significance(asked, toys=300, importance=True, **how) for how in running[1:])
    assert one.counts is not None
    for other in others:
        assert other.counts is not None
        np.testing.assert_array_equal(one.observed.cls, other.observed.cls)
        np.testing.assert_array_equal(one.counts.tested, other.counts.tested)
    assert first.toy_p_value == second.toy_p_value
    one.save(tmp_path / "test.json")
    again = wilks.load_result(tmp_path / "test.json")
    assert str(again) == str(one)
    assert "as good as" in str(one)
    np.testing.assert_array_equal(again.counts.weights.alternative, one.counts.weights.alternative)


def test_after_ctrl_c_the_toys_that_are_made_count() -> None:
    stop = Running(progress=lambda done, _: done < 5500)
    found = wilks.hypotest(model(counting(5, 3, 1)), value=[2.0, 3.0], toys=4000, running=stop, **WEIGHTED)
    assert found.statuses == ("interrupted", "interrupted")
    assert found.counts is not None
    assert 500 < found.counts.interrupted[0] < 3500
    exact = stats.poisson.cdf(1, 13)
    assert abs(found.observed.clsb[0] - exact) < 4 * found.counts.clsb_error[0] < exact
    assert found.counts.interrupted[1] == 4000
    assert np.isnan(found.observed.clsb[1])


def test_too_few_toys_give_a_reason_and_no_number() -> None:
    found = wilks.hypotest(model(counting(5, 3, 3)), value=3, toys=30, **WEIGHTED)
    assert not found.converged
    assert "too few count: the 30 weighted ones are as good as" in found.statuses[0]
    assert np.isnan(found.observed.cls[0])


def test_a_proposal_that_does_not_reach_the_data() -> None:
    """One toy carries nearly all of the weight above the statistic: 2000 toys are then as good as one."""
    q, part = np.append(np.linspace(0, 3, 1999), 8.0), np.zeros(2000, np.intp)
    far = Weighted(q, np.stack([np.append(np.full(1999, 1e-9), 4.0), np.ones(2000)]), part)
    row = weighed(2.9, far)
    assert row.effective[0] == pytest.approx(1.0, rel=1e-3)
    assert np.isnan(row.observed[0])
    assert row.observed[1] == pytest.approx(np.mean(q >= 2.9), rel=1e-9)


def test_lost_toys_leave_a_range() -> None:
    q = np.append(np.linspace(0, 10, 1000), [np.nan] * 10)
    w = np.stack([np.exp(-np.nan_to_num(q, nan=5.0)), np.ones(1010)])
    row = weighed(6.0, Weighted(q, w, np.zeros(1010, np.intp)))
    above, lost = w[0, :1000][q[:1000] >= 6 - 1e-5].sum(), 10 * np.exp(-5)
    np.testing.assert_allclose([row.low[0, 0], row.high[0, 0]], [above / 1010, (above + lost) / 1010], rtol=0.02)
    assert row.low[0, 2] < row.observed[2] < row.high[0, 2]
    assert row.clsb_error >= row.high[0, 0] - row.observed[0]
    assert (row.low[1:, 2] <= row.expected[:, 2]).all()
    assert (row.expected[:, 2] <= row.high[1:, 2]).all()


def test_densities_are_those_of_all_data() -> None:
    """Of counts, Poisson and normal auxiliary data: ratios as the likelihood has them, without what penalties add."""
    found = model(
        one_channel(
            [12, 11],
            [50, 52],
            [51, 48],
            [
                modifier("uncorrelated", "shapesys", [3, 7]),
                modifier("norm", "normsys", {"lo": 0.9, "hi": 1.1}),
                modifier("stat", "staterror", [2, 3]),
            ],
        )
    )
    points = found.prefit_values + 0.1 * np.random.default_rng(5).normal(size=(3, found.n_parameters))
    toys = wilks.toy_data(found, values=points[0], seed=1, count=40)
    main = found.observed_main.size
    by_terms = [
        -main_nll(found, theta, toys[:, :main]) - constraint_nll(found, theta, toys[:, main:]) for theta in points
    ]
    ours = Densities.of(found, points).log(toys)
    np.testing.assert_allclose(ours - ours[0], np.array(by_terms) - by_terms[0], atol=1e-9)


def test_penalties_have_no_part_in_weights() -> None:
    """The factor moves with the signal; its penalty is no density of data."""
    spec = one_channel([5], [10], [20], [modifier("k", "normfactor")])
    penalty = {"name": "near one", "expression": "0.5 * (k - 1)^2 / 0.04", "penalty": True}
    found = model(spec | {"version": "wilks-1", "functions": [penalty]})
    weighted = wilks.significance(found, toys=4000, importance=True)
    plain = wilks.significance(found, toys=20_000)
    assert abs(weighted.toy_p_value - plain.toy_p_value) < 4 * np.hypot(weighted.toy_error, plain.toy_error)


def test_two_bins_and_a_rate_that_vanishes() -> None:
    """Exact sums over both counts; the alternative expects nothing in the first bin."""
    background, observed, mu = np.array([0.0, 3.0]), (0, 3), 3.0
    channels = {f"SR{i}": {"s": ([4.0], [MU]), "b": ([b], [])} for i, b in enumerate(background)}
    result = wilks.hypotest(model(workspace(channels, {"SR0": [0], "SR1": [3]})), value=mu, toys=3000, **WEIGHTED)
    n = np.stack(np.meshgrid(np.arange(60.0), np.arange(70.0), indexing="ij"))

    def twice_nll(strength: np.ndarray) -> np.ndarray:
        rates = 4 * strength + background[:, None, None]
        return 2 * (rates - xlogy(n, rates)).sum(axis=0)

    # The slope of the likelihood falls with the signal: its root by bisection.
    low, high = np.zeros(n.shape[1:]), np.full(n.shape[1:], 40.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        slope = (n / np.maximum(middle + background[:, None, None] / 4, 1e-300)).sum(axis=0) - 8
        low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
    best = np.where(high < 1e-9, 0.0, high)
    q = np.where(best > mu, 0.0, twice_nll(np.full(best.shape, mu)) - twice_nll(best))
    large = q >= q[observed] - 1e-6
    clsb, clb = (
        (stats.poisson.pmf(n, (4 * at + background)[:, None, None]).prod(axis=0) * large).sum() for at in (mu, 0.0)
    )
    assert result.test_statistic[0] == pytest.approx(q[observed], rel=1e-8)
    assert clsb < 1e-6
    assert result.counts is not None
    assert abs(result.observed.clsb[0] - clsb) < 4 * result.counts.clsb_error[0] < 0.4 * clsb
    assert abs(result.observed.cls[0] - clsb / clb) < 4 * result.counts.cls_error[0] + 1e-9 * clsb


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"importance": True}, 'calculator="toys"'),
        ({"importance": True, "calculator": "toys", "statistic": "t~"}, "large on both sides"),
        ({"importance": True, "calculator": "toys", "toys": 10**8}, "at most 10000000 weighted toys, found 100000000"),
    ],
)
def test_what_can_not_be_weighted_is_refused(asked: dict[str, object], why: str) -> None:
    with pytest.raises(ModelError, match=why):
        wilks.hypotest(model(counting(5, 3, 22)), **asked)
