"""Fits to toys: each distinct one once, and two fits that help each other out of wrong minima and failures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.infer.counting import model as counting_model
from tests.infer.counting import modifier
from tests.infer.searches import canonical, model

import wilks
from wilks import toy_data
from wilks.fitting.many import undone
from wilks.fitting.problem import pose
from wilks.infer import toy_fits, toy_tests
from wilks.infer.study import Running
from wilks.infer.toy_fits import ABOVE, endings, fit_toys, helped, made, moved
from wilks.results.many import ManyFits

BACKGROUND = [modifier("jes", "normsys", {"lo": 0.9, "hi": 1.1})]
COMPILED = counting_model({"SR": ([10.0], [50.0], [60.0])}, background=BACKGROUND)
FEW = counting_model({"SR": ([1.0], [2.0], [3.0])}, background=[modifier("gamma", "shapesys", [1.0])])
RUNNING = Running()


def changed(fits: ManyFits, row: int, **values: Any) -> ManyFits:
    """Return fits with numbers of one row replaced."""
    arrays = {name: getattr(fits, name).copy() for name in values}
    for name, value in values.items():
        arrays[name][row] = value
    return replace(fits, **arrays)


def failed(fits: ManyFits, row: int) -> ManyFits:
    statuses = list(fits.statuses)
    statuses[row] = "no step improves the likelihood any more"
    return replace(changed(fits, row, converged=False), statuses=tuple(statuses))


def test_equal_counts_are_fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = toy_data(FEW, seed=1, count=500)
    problem = pose(FEW, FEW.prefit_values, None, None)
    sizes: list[int] = []

    every = toy_fits.fit_every

    def counted(*arguments: Any, **options: Any) -> ManyFits:
        sizes.append(len(arguments[1]))
        return every(*arguments, **options)

    alone = wilks.fit_many(FEW, data, start=FEW.prefit_values, uncertainties=True)
    monkeypatch.setattr(toy_fits, "fit_every", counted)
    fits = fit_toys(FEW, data, problem, RUNNING, uncertainties=True)
    assert sizes == [len(np.unique(data, axis=0))]
    assert sizes[0] < 200
    np.testing.assert_allclose(fits.twice_nll, alone.twice_nll, atol=1e-9)
    assert fits.uncertainties is not None
    # Toys with the same counts have the same bits.
    for row in np.unique(data, axis=0):
        same = np.flatnonzero((data == row).all(axis=1))
        assert len({fits.values[i].tobytes() + fits.uncertainties[i].tobytes() for i in same}) == 1


def test_a_run_that_is_stopped_ends_with_a_toy() -> None:
    """Distinct counts are fitted in the order in which they come, not in that of their size."""
    data = toy_data(FEW, seed=2, count=400)
    rows, toy = toy_fits.distinct(data)
    np.testing.assert_array_equal(data[rows][toy], data)
    assert (np.diff(rows) > 0).all()
    assert made(("converged", "no", "interrupted", "converged")) == 2
    assert made(("converged",) * 3) == 3


def test_a_lower_point_starts_a_fit_again() -> None:
    data = toy_data(COMPILED, seed=3, count=5)
    problem = pose(COMPILED, COMPILED.prefit_values, None, None)
    right = fit_toys(COMPILED, data, problem, RUNNING)
    wrong = changed(right, 2, twice_nll=right.twice_nll[2] + 1.0, values=COMPILED.prefit_values)
    found = helped(COMPILED, data, wrong, right, problem, RUNNING)
    np.testing.assert_allclose(found.twice_nll, right.twice_nll, atol=1e-9)
    np.testing.assert_allclose(found.values, right.values, atol=1e-5)
    # What has failed is tried from there, too; what is as low is left alone.
    np.testing.assert_allclose(helped(COMPILED, data, failed(wrong, 2), right, problem, RUNNING).values, found.values)
    assert helped(COMPILED, data, right, right, problem, RUNNING) is right
    # Without a good point there is no help, and toys that were not made are left.
    assert helped(COMPILED, data, failed(right, 1), failed(right, 1), problem, RUNNING).statuses[1] != "converged"
    assert set(helped(COMPILED, data, undone(COMPILED, 5), right, problem, RUNNING).statuses) == {"interrupted"}


def test_where_there_are_several_minima_every_fit_is_made_again_and_the_lower_one_counts() -> None:
    data = toy_data(COMPILED, seed=3, count=5)
    problem = pose(COMPILED, COMPILED.prefit_values, None, None)
    right = fit_toys(COMPILED, data, problem, RUNNING)
    high = changed(right, 2, twice_nll=right.twice_nll[2] + 1.0, values=COMPILED.prefit_values)
    # From points that are higher still, of which nothing says that a lower minimum lies below them.
    points = replace(right, values=right.values + 0.1, twice_nll=right.twice_nll + 5.0)
    assert helped(COMPILED, data, high, points, problem, RUNNING) is high
    found = helped(COMPILED, data, high, points, problem, RUNNING, all_of_them=True)
    np.testing.assert_allclose(found.twice_nll, right.twice_nll, atol=1e-9)
    others = [0, 1, 3, 4]
    np.testing.assert_array_equal(found.values[others], right.values[others])
    unmade = helped(COMPILED, data, undone(COMPILED, 5), points, problem, RUNNING, all_of_them=True)
    assert set(unmade.statuses) == {"interrupted"}


def test_a_fit_above_a_known_point_has_failed() -> None:
    data = toy_data(COMPILED, seed=3, count=3)
    problem = pose(COMPILED, COMPILED.prefit_values, None, None)
    right = fit_toys(COMPILED, data, problem, RUNNING)
    impossible = changed(right, 1, twice_nll=right.twice_nll[1] - 1.0)
    found = helped(COMPILED, data, right, impossible, problem, RUNNING)
    assert endings(found) == ("converged", ABOVE, "converged")


def test_points_are_moved_with_their_likelihood() -> None:
    data = toy_data(COMPILED, seed=4, count=4)
    fits = fit_toys(COMPILED, data, pose(COMPILED, None, None, None), RUNNING)
    mu = COMPILED.index("mu")
    points = moved(COMPILED, data, failed(fits, 3), mu, 0.7)
    assert (points.values[:, mu] == 0.7).all()
    expected = [2.0 * COMPILED.nll(theta, row) for theta, row in zip(points.values, data, strict=True)]
    np.testing.assert_allclose(points.twice_nll[:3], expected[:3])
    assert points.twice_nll[3] == np.inf


@pytest.mark.parametrize("which", ["free", "conditional"])
def test_wrong_minima_of_single_toys_do_not_reach_the_statistic(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either fit may end too high or fail: the statistics are what they are."""
    found, honest = model(canonical()), toy_tests.fit_toys
    whole = wilks.hypotest(found, calculator="toys", toys=100)

    def spoilt(*arguments: Any) -> ManyFits:
        fits = honest(*arguments)
        if arguments[2].held.any() == (which == "free"):
            return fits
        # What is too high has to be above the other fit (free), or above where that is moved to (conditional).
        for row in range(0, len(fits), 5):
            fits = changed(fits, row, twice_nll=fits.twice_nll[row] + 50.0)
        for row in range(1, len(fits), 5):
            fits = failed(fits, row)
        return fits

    monkeypatch.setattr(toy_tests, "fit_toys", spoilt)
    result = wilks.hypotest(found, calculator="toys", toys=100)
    assert result.counts is not None
    assert whole.counts is not None
    assert result.counts.failures[0] == 0
    np.testing.assert_allclose(result.counts.tested, whole.counts.tested, atol=2e-6)
    np.testing.assert_allclose(result.counts.alternative, whole.counts.alternative, atol=2e-6)


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every 20th free fit fail for good."""
    honest = toy_tests.fit_toys

    def some_fail(*arguments: Any) -> ManyFits:
        fits = honest(*arguments)
        for row in range(0, len(fits), 20) if not arguments[2].held.any() else ():
            fits = failed(fits, row)
        return fits

    monkeypatch.setattr(toy_tests, "fit_toys", some_fail)
    monkeypatch.setattr(toy_tests, "helped", lambda model, data, fits, *rest, **options: fits)


def test_intervals_of_tests_hold_the_whole_answer(request: Any) -> None:
    found = model(canonical())
    whole = wilks.hypotest(found, value=[0.5, 1.0], calculator="toys", toys=400)
    request.getfixturevalue("losing")
    result = wilks.hypotest(found, value=[0.5, 1.0], calculator="toys", toys=400)
    assert result.counts is not None
    assert whole.counts is not None
    assert (result.counts.failures == 40).all()
    ranges = result.counts.ranges
    assert ranges is not None
    for ends, true in (
        (ranges.clsb, whole.observed.clsb),
        (ranges.clb, whole.observed.clb),
        (ranges.cls, whole.observed.cls),
        (ranges.expected_cls, whole.expected.cls),
        (ranges.expected_clsb, whole.expected.clsb),
    ):
        assert (ends[..., 0] <= true).all()
        assert (true <= ends[..., 1]).all()
    np.testing.assert_allclose(ranges.clsb[:, 1] - ranges.clsb[:, 0], 20 / 400)
    assert (result.counts.cls_error > whole.counts.cls_error).all()
    low, high = ranges.cls[1]
    assert f"mu = 1: with the 40 toys without a fit CLs lies between {low:.4g} and {high:.4g}" in str(result)
    assert [finding.rule for finding in wilks.check(result)] == ["lost-toys", "below-zero"]


def test_limits_and_significances_are_intervals_too(request: Any) -> None:
    found = model(canonical())
    whole = wilks.limit(found, calculator="toys", toys=400)
    p0 = wilks.significance(found, toys=400)
    np.testing.assert_array_equal(whole.ranges, np.tile([[whole.observed], *whole.expected[:, None]], 2))
    request.getfixturevalue("losing")
    result = wilks.limit(found, calculator="toys", toys=400)
    limits = np.array([result.observed, *result.expected])
    good = np.isfinite(limits)
    assert good.sum() > 3
    assert (result.ranges[good, 0] < limits[good]).all()
    assert (limits[good] < result.ranges[good, 1]).all()
    assert result.observed_error > whole.observed_error
    assert result.table().header[2:5] == ("toy error", "from", "to")
    lost = wilks.significance(found, toys=400)
    assert lost.failures == 20
    assert lost.toy_p_range[0] <= p0.toy_p_value <= lost.toy_p_range[1]
    assert lost.toy_p_range[1] - lost.toy_p_range[0] == pytest.approx(20 / 400)
    assert lost.toy_error > p0.toy_error
