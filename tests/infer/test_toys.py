"""Ensembles: sums over the Poisson distribution, fits made one by one, and runs that are cut into pieces."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import xlogy
from tests.infer.counting import WIDE, model, modifier

import wilks.infer.toys as module
from wilks import compile_model, fit, fit_many, load_workspace, toy_data, toys
from wilks.errors import ModelError, ResultError
from wilks.infer.study import Running
from wilks.results.toy_folder import ToyFolder
from wilks.results.toys import LEVELS

COUNTING = {"SR": ([10.0], [50.0], [60.0])}
BACKGROUND = [modifier("jes", "normsys", {"lo": 0.9, "hi": 1.1}), modifier("gamma", "staterror", [4.0])]


def within(found: float, expected: float, count: float) -> bool:
    """Return whether a fraction agrees with a probability within four standard deviations."""
    return bool(abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / count))


def test_pulls_and_coverage_of_a_counting_experiment_are_sums_over_poisson() -> None:
    count = 100_000
    found = toys(model(COUNTING, parameters=WIDE), count=count, seed=4, profile="mu")
    n = np.arange(1, 200)
    p = stats.poisson.pmf(n, 60)
    pull = (n - 60) / np.sqrt(n)  # mu = (n - 50) / 10, its uncertainty sqrt(n) / 10
    ratio = 2 * (60 - n + xlogy(n, n / 60))
    for k, cut in enumerate((1.0, 1.959963984540054)):
        assert within(found.coverage[0, k], p[np.abs(pull) <= cut].sum(), count)
        assert within(found.profile_coverage[0, k], p[ratio <= cut**2].sum(), count)
    assert found.pull_mean[0] == pytest.approx((p * pull).sum(), abs=4 / np.sqrt(count))
    width = np.sqrt((p * pull**2).sum() - (p * pull).sum() ** 2)
    assert found.pull_width[0] == pytest.approx(width, abs=4 / np.sqrt(2 * count))
    assert found.bias[0] == pytest.approx(0.0, abs=4 * np.sqrt(60) / 10 / np.sqrt(count))
    assert found.spread[0] == pytest.approx(np.sqrt(60) / 10, rel=4 / np.sqrt(2 * count))
    share = found.pulls[0] / count
    inside = [p[(pull >= low) & (pull < high)].sum() for low, high in zip(found.edges, found.edges[1:], strict=False)]
    np.testing.assert_allclose(share[1:-1], inside[1:-1], atol=4 * np.sqrt(0.05 / count))
    assert share.sum() == pytest.approx(1.0)


def test_numbers_are_those_of_the_fits_one_by_one() -> None:
    compiled = model(COUNTING, background=BACKGROUND)
    found = toys(compiled, values={"mu": 1.4, "jes": 0.3}, count=300, seed=7)
    data = toy_data(compiled, values={"mu": 1.4, "jes": 0.3}, count=300, seed=7)
    single = [fit(compiled, row) for row in data]
    assert found.names == compiled.parameter_names
    np.testing.assert_array_equal(found.truth, [1.4, 0.3, 1.0][:0] or found.truth)
    for i, (name, truth) in enumerate(zip(found.names, found.truth, strict=True)):
        usable = np.array([not r[name].at_bound for r in single])
        value = np.array([r[name].value for r in single])[usable]
        sigma = np.array([r[name].uncertainty for r in single])[usable]
        pull = (value - truth) / sigma
        assert found.usable[i] == usable.sum()
        np.testing.assert_allclose(found.bias[i], np.mean(value - truth), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(found.spread[i], np.std(value, ddof=1), rtol=1e-5)
        np.testing.assert_allclose(found.pull_mean[i], pull.mean(), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found.pull_width[i], pull.std(ddof=1), rtol=1e-5)
        np.testing.assert_allclose(found.covered[i], [(np.abs(pull) <= c).sum() for c in (1, 1.959963984540054)])
    assert found.truth[compiled.index("mu")] == 1.4


def test_calibrated_where_it_must_be() -> None:
    """Many events, all parameters linear: pulls are normal, with auxiliary data that fluctuate."""
    linear = [modifier("tilt", "histosys", {"lo_data": [9900.0, 10050.0], "hi_data": [10100.0, 9950.0]})]
    channels = {"SR": ([400.0, 900.0], [10000.0, 10000.0], [10400.0, 10900.0])}
    found = toys(model(channels, background=linear, parameters=WIDE), count=20_000, seed=1)
    assert found.converged == 20_000
    np.testing.assert_allclose(found.pull_mean, 0.0, atol=4 / np.sqrt(20_000))
    np.testing.assert_allclose(found.pull_width, 1.0, atol=4 / np.sqrt(2 * 20_000) + 0.005)
    for i in range(2):
        assert within(found.coverage[i, 0], LEVELS[0], 20_000)
        assert within(found.coverage[i, 1], LEVELS[1], 20_000)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(module, "_AT_A_TIME", 1)
    return 100


def test_threads_and_a_folder_change_nothing(small_pieces: int, tmp_path: Path) -> None:
    compiled = model(COUNTING, background=BACKGROUND)
    one, two = (toys(compiled, count=330, seed=2, running=Running(threads=n)) for n in (1, 2))
    kept = toys(compiled, count=330, seed=2, folder=tmp_path / "toys")
    for name in ("usable", "bias", "spread", "pull_mean", "pull_width", "covered", "pulls"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        np.testing.assert_array_equal(getattr(one, name), getattr(kept, name))
    folder = ToyFolder(tmp_path / "toys")
    assert [len(piece) for piece in folder] == [100, 100, 100, 30]
    many = fit_many(compiled, toy_data(compiled, count=330, seed=2), start=compiled.prefit_values, uncertainties=True)
    np.testing.assert_array_equal(folder["mu"], many["mu"])
    np.testing.assert_array_equal(np.concatenate([p.uncertainties for p in folder]), many.uncertainties)
    assert [piece.first for piece in folder] == [0, 100, 200, 300]


def test_a_run_goes_on_where_it_was_interrupted(small_pieces: int, tmp_path: Path) -> None:
    compiled = model(COUNTING, background=BACKGROUND)
    seen: list[int] = []

    def stop_in_the_third(done: int, total: int) -> bool:
        seen.append(done)
        return done <= 200

    broken = toys(compiled, count=450, seed=9, folder=tmp_path / "a", running=Running(progress=stop_in_the_third))
    assert 200 <= broken.done < 450
    assert "interrupted" in str(broken)
    assert "interrupted" not in broken.statuses
    stored = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert len(stored) in (3, 4)  # manifest and the pieces that are whole
    whole = toys(compiled, count=450, seed=9, folder=tmp_path / "a")
    fresh = toys(compiled, count=450, seed=9, folder=tmp_path / "b")
    assert whole.done == 450
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "b").iterdir())
    for name in names:
        if name.endswith(".npz"):
            with np.load(tmp_path / "a" / name) as one, np.load(tmp_path / "b" / name) as two:
                assert all(np.array_equal(one[key], two[key], equal_nan=one[key].dtype.kind == "f") for key in one)
    np.testing.assert_array_equal(whole.bias, fresh.bias)
    assert (tmp_path / "a" / "toys-00000000.npz").read_bytes() == stored["toys-00000000.npz"]


def test_a_longer_run_adds_to_a_shorter_one(small_pieces: int, tmp_path: Path) -> None:
    compiled = model(COUNTING, background=BACKGROUND)
    toys(compiled, count=150, seed=9, folder=tmp_path / "a")
    longer = toys(compiled, count=320, seed=9, folder=tmp_path / "a")
    shorter = toys(compiled, count=150, seed=9, folder=tmp_path / "a")
    fresh = toys(compiled, count=320, seed=9)
    np.testing.assert_array_equal(longer.covered, fresh.covered)
    np.testing.assert_array_equal(longer.pull_mean, fresh.pull_mean)
    np.testing.assert_array_equal(shorter.pull_mean, toys(compiled, count=150, seed=9).pull_mean)
    assert shorter.done == 150


def test_folders_of_other_runs_are_refused(small_pieces: int, tmp_path: Path) -> None:
    compiled = model(COUNTING, background=BACKGROUND)
    toys(compiled, count=150, seed=9, folder=tmp_path / "a")
    with pytest.raises(ResultError, match='another "seed"; choose'):
        toys(compiled, count=150, seed=8, folder=tmp_path / "a")
    with pytest.raises(ResultError, match='another "truth", "start"'):
        toys(compiled, count=150, seed=9, values={"mu": 2}, folder=tmp_path / "a")
    with pytest.raises(ResultError, match='"workspace_digest"'):
        toys(model({"SR": ([10.0], [51.0], [60.0])}), count=150, seed=9, folder=tmp_path / "a")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(ResultError, match="is not a folder of toys"):
        toys(compiled, count=150, seed=9, folder=tmp_path / "other")
    piece = tmp_path / "a" / "toys-00000000.npz"
    piece.write_bytes(piece.read_bytes()[:200])
    with pytest.raises(ResultError, match="damaged; delete it"):
        toys(compiled, count=150, seed=9, folder=tmp_path / "a")
    piece.unlink()
    assert toys(compiled, count=150, seed=9, folder=tmp_path / "a").done == 150


def test_fits_that_fail_are_counted() -> None:
    flat = model({"SR": ([90.0], [5.0], [95.0])}, signal=[modifier("mu"), modifier("twin")])
    found = toys(flat, count=50, seed=1)
    assert (found.done, found.converged) == (50, 0)
    assert list(found.statuses.values()) == [50]
    assert "flat" in next(iter(found.statuses))
    assert found.usable.sum() == 0
    assert np.isnan(found.coverage).all()
    assert "50 the likelihood is flat" in str(found)


def test_a_profile_takes_the_likelihood_and_no_covariance() -> None:
    """mu and its twin can't be told apart: no fit converges, and with mu at the truth the twin does all that it did."""
    flat = model({"SR": ([90.0], [5.0], [95.0])}, signal=[modifier("mu"), modifier("twin")])
    found = toys(flat, count=60, seed=1, profile="mu")
    assert found.converged == 0
    assert found.profile_usable[0] == 60
    np.testing.assert_array_equal(found.profile_coverage, 1.0)
    assert found.lost == 60
    np.testing.assert_array_equal(found.coverage_range[0], [[0, 1], [0, 1]])


def test_a_run_that_is_stopped_ends_before_the_first_toy_that_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, honest = model(COUNTING, background=BACKGROUND), module.fit_toys

    def stopped(*arguments: Any, **options: Any) -> Any:
        fits = honest(*arguments, **options)
        statuses = [*fits.statuses]
        statuses[7] = "interrupted"  # others after it are done
        return replace(fits, statuses=tuple(statuses))

    monkeypatch.setattr(module, "fit_toys", stopped)
    found = toys(compiled, count=30, seed=1)
    assert found.done == 7
    assert found.lost == 0


def test_at_a_bound_there_is_no_uncertainty_but_a_profile_interval() -> None:
    compiled = model({"SR": ([10.0], [5.0], [5.0])})
    found = toys(compiled, values={"mu": 0.0}, count=20_000, seed=3, profile=["mu"])
    below = stats.poisson.cdf(5, 5.0)  # five events and less put mu to 0
    assert within(1 - found.usable[0] / 20_000, below, 20_000)
    n = np.arange(0, 60)
    p = stats.poisson.pmf(n, 5.0)
    ratio = np.where(n <= 5, 0.0, 2 * (5 - n + xlogy(n, n / 5)))
    assert found.profile_usable[0] == 20_000
    for k, cut in enumerate((1.0, 3.841458820694124)):
        assert within(found.profile_coverage[0, k], p[ratio <= cut].sum(), 20_000)


def test_parameters_may_be_kept_off_the_truth() -> None:
    compiled = model(COUNTING, background=BACKGROUND[:1], parameters=WIDE)
    found = toys(compiled, values={"jes": 1.0}, count=4000, seed=3, fixed={"jes": 0.0})
    assert found.fixed[compiled.index("jes")]
    # The background is 10 % above what the fits believe: five events of sixty, half a unit of mu.
    assert found.bias[compiled.index("mu")] == pytest.approx(0.5, abs=4 * 0.81 / np.sqrt(4000))
    assert found.origin.settings["fixed"] == {"jes": 0.0}
    assert "jes" not in [row[0] for row in found.table().rows]


def test_origin_says_what_was_made(shared_data: Path) -> None:
    document = json.loads((shared_data / "ttbar-lesson/workspace_repaired.json").read_text())
    compiled = compile_model(load_workspace(document))
    found = toys(compiled, fit(compiled), values={"ttbar_norm": 1.0}, count=40, seed=1, poi="Luminosity")
    assert found.origin.dataset == "toys (post-fit), ttbar_norm = 1"
    assert found.origin.workspace_digest == compiled.workspace_digest
    assert found.poi == "Luminosity"
    assert found.origin.settings["seed"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count must be a whole number"),
        ({"seed": -1}, "seed must be"),
        ({"profile": "nu"}, 'no parameter "nu"'),
        ({"profile": "mu", "fixed": {"mu": 1}}, 'profile: "mu" is fixed'),
        ({"poi": "muu"}, 'did you mean "mu"'),
        ({"values": {"muu": 1}}, 'did you mean "mu"'),
        ({"values": {"mu": -9}}, "no possible count"),
        ({"fixed": {"muu": 1}}, 'did you mean "mu"'),
    ],
)
def test_mistakes_are_sentences(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        toys(model(COUNTING), **{"count": 10, "seed": 1, **options})


def test_what_failed_is_tried_from_elsewhere() -> None:
    compiled = model(COUNTING, background=BACKGROUND)
    problem = module.pose(compiled, compiled.prefit_values, None, None)
    data = toy_data(compiled, count=20, seed=1)
    running = Running()
    good = module.fit_toys(compiled, data, problem, running, uncertainties=True)
    impossible = replace(problem, start=np.where(np.arange(3) == compiled.index("jes"), 0.0, problem.start))
    impossible = replace(impossible, start=impossible.start - 30.0 * (np.arange(3) == compiled.index("mu")))
    again = module.fit_toys(compiled, data, impossible, running, uncertainties=True)
    assert again.converged.all()
    np.testing.assert_allclose(again.values, good.values, atol=1e-5)
    assert again.uncertainties is not None
    assert np.isfinite(again.uncertainties).any()


def test_each_has_its_own_start_also_when_tried_again() -> None:
    wide = [{"name": "mu", "bounds": [[-100, 100]]}]
    compiled = model({"a": ([5.0], [50.0], [52.0])}, parameters=wide)
    problem = module.pose(compiled, None, None, None)
    data, running = toy_data(compiled, seed=3, count=4), Running()
    good = module.fit_toys(compiled, data, problem, running)
    for failing in ([2], [0, 2]):
        starts = np.tile(problem.start, (4, 1))
        starts[failing, compiled.index("mu")] = -30.0  # rates below zero
        again = module.fit_toys(compiled, data, replace(problem, start=starts), running)
        assert again.statuses == ("converged",) * 4
        np.testing.assert_allclose(again.twice_nll, good.twice_nll, atol=1e-9)
