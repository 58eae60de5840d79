"""Toys that are counted against the same toys kept one by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.infer.searches import counting, model, modifier, one_channel

import wilks
from wilks.infer import counted, significance, toy_tests
from wilks.infer.counted import Counted, add, compared_counts, gathered
from wilks.infer.toy_p_values import Sample, compared

NAN = float("nan")
NORM = one_channel([6], [20], [19], [modifier("norm", "normsys", {"lo": 0.9, "hi": 1.1})])


def pieces_of(q: np.ndarray, observed: float) -> list[Sample | Counted]:
    found: list[Sample | Counted] = []
    for i, piece in enumerate(np.split(q, 50)):
        add(found, Counted.of(Sample(piece, piece.size, "lost" if np.isnan(piece).any() else ""), i, observed))
    return found


@pytest.mark.parametrize("lost", [0, 30])
@pytest.mark.parametrize("observed", [0.0, 0.02, 1.7, 9.0])
def test_what_counts_say_is_what_toys_say(observed: float, lost: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """p-values of the observed statistic exactly, expected ones to the rounding of statistics."""
    monkeypatch.setattr(counted, "KEPT", 1000)
    random = np.random.default_rng(4)
    both = [np.where(random.random(20_000) < 0.4, 0.0, random.exponential(scale, 20_000)) for scale in (2.0, 6.0)]
    for q in both:
        q[random.choice(q.size, lost, replace=False)] = NAN
    one = compared(observed, *(Sample(q, q.size) for q in both))
    samples = [gathered(pieces_of(q, observed), q.size) for q in both]
    assert all(isinstance(sample, Counted) and sample.done == 20_000 and sample.failures == lost for sample in samples)
    first, second = (sample for sample in samples if isinstance(sample, Counted))
    two = compared_counts(observed, first, second)
    np.testing.assert_array_equal(one.observed, two.observed)
    assert (one.clsb_error, one.cls_error) == (two.clsb_error, two.cls_error)
    np.testing.assert_allclose(two.expected, one.expected, rtol=2e-2)
    np.testing.assert_allclose(two.low[0], one.low[0], rtol=1e-12)
    np.testing.assert_allclose(two.high, one.high, rtol=2e-2)
    assert (two.expected_error < 3 * one.expected_error + 1e-4).all()
    assert first.reason == ("lost" if lost else "")


def test_nothing_is_rounded_across_the_observed_statistic() -> None:
    """Just as large, and just below: neighbours that rounding alone would make one."""
    observed = 4.0001
    edge = observed - 1e-6 * observed
    q = np.array([edge, edge - 1e-9, observed, observed + 1e-7, 3.9, 12.0])
    found = Counted.of(Sample(q, q.size), 0, observed)
    assert found.tail.not_below(np.array(observed)) == 4
    np.testing.assert_allclose(np.repeat(found.values, found.counts.astype(int)), np.sort(q), rtol=1e-4)


@pytest.mark.parametrize("spec", [counting(5, 3, 2), NORM])
def test_the_same_answers_as_toys_kept_one_by_one(
    spec: dict[str, object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In other pieces, here or elsewhere, of one value or several; and a file that is small."""
    found, asked = model(spec), {"value": [0.8, 1.5], "calculator": "toys", "toys": 3000}
    kept, p0 = wilks.hypotest(found, **asked), wilks.significance(found, toys=3000)
    for module in (counted, toy_tests, significance):
        monkeypatch.setattr(module, "KEPT", 2500)
    monkeypatch.setattr(toy_tests, "LARGE_PIECE", 700)
    many = wilks.hypotest(found, **asked)
    with ThreadPoolExecutor(2) as executor:
        spread = wilks.hypotest(found, executor=executor, **asked)
    np.testing.assert_array_equal(many.observed.cls, kept.observed.cls)
    np.testing.assert_allclose(many.expected.cls, kept.expected.cls, rtol=5e-2)
    np.testing.assert_array_equal(many.expected.cls, spread.expected.cls)
    assert wilks.significance(found, toys=3000).toy_p_value == p0.toy_p_value
    counts = many.counts
    assert counts is not None
    assert counts.multiplicities is not None
    assert kept.counts is not None
    assert counts.multiplicities.tested.sum(axis=1).tolist() == [3000, 3000]
    weighted = (counts.multiplicities.alternative * np.nan_to_num(counts.alternative)).sum(axis=1)
    np.testing.assert_allclose(weighted, kept.counts.alternative.sum(axis=1), rtol=1e-4)
    many.save(tmp_path / "many.json")
    again = wilks.load_result(tmp_path / "many.json")
    assert str(again) == str(many)
    wilks.figures.hypotest(again).savefig(tmp_path / "many.png")


def test_a_million_toys_of_a_count_take_a_moment() -> None:
    """Each different count is fitted once in a piece; the tail is the one that can be summed."""
    found = wilks.significance(model(counting(5, 3, 12)), toys=1_200_000, threads=1)
    exact = stats.poisson.sf(11, 3)
    assert abs(found.toy_p_value - exact) < 4 * found.toy_error
    assert found.toy_error < 0.15 * exact
