"""The summary of toys: round trip, text, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.results.goodness_records import make_toys
from tests.results.test_io import equal

from wilks import load_result


def test_round_trip_is_exact(tmp_path: Path) -> None:
    for record in (make_toys(), make_toys(1), make_toys(3, 80, poi=None)):
        record.save(tmp_path / "toys.json")
        assert equal(load_result(tmp_path / "toys.json"), record)


def test_coverage_is_a_fraction_of_the_usable_toys() -> None:
    result = make_toys()
    np.testing.assert_allclose(result.coverage, result.covered / 1000)
    np.testing.assert_allclose(result.profile_coverage, [[0.7, 0.95]])
    none = replace(result, usable=np.zeros(10), covered=np.zeros((10, 2)))
    assert np.isnan(none.coverage).all()
    with pytest.raises(KeyError, match='did you mean "nuisance 3"'):
        result.index("nuisance 33")


def test_text_has_what_was_found() -> None:
    result = make_toys()
    text = str(result)
    whole = replace(result, profile_usable=np.array([1000.0]), profile_covered=np.array([[700.0, 950.0]]))
    assert "70.00 % and 95.00 % (+/- 1.47 %) of the profile likelihood intervals of nuisance 1" in str(whole)
    assert "toys:        1000\n" in text
    assert len(result.table().rows) == 10
    assert len(result.table(["mu"]).rows) == 1
    broken = replace(result, count=2000, statuses={"converged": 900, "flat": 100}, converged=900)
    assert "1000 of 2000 (interrupted)" in str(broken)
    assert "100 flat" in str(broken)
    assert "(100 not converged)" in repr(broken)
    assert "mu: pull" in repr(result)
    assert "(80 staterror parameters not shown)" in str(make_toys(5, 80))
    assert "staterror" in str(make_toys(5, 20))
    fixed = replace(result, fixed=np.arange(10) == 0)
    assert "mu" not in [row[0] for row in fixed.table().rows]
    assert repr(fixed) == "<ToysResult: 1000 toys (0 not converged)>"


def test_lost_toys_make_coverage_an_interval() -> None:
    """Of 1000 toys 100 have no profile: 630 cover for certain, 730 at most."""
    result = make_toys()
    np.testing.assert_allclose(result.profile_coverage_range, [[[0.63, 0.73], [0.855, 0.955]]])
    error = 100 * np.hypot(np.sqrt(0.6827 * 0.3173 / 900), 0.07)
    assert f"(+/- {error:.2f} %)" in str(result)
    assert "with the 100 toys without a fit 63.00 to 73.00 % and 85.50 to 95.50 %" in str(result)
    covered = np.tile([600.0, 900.0], (10, 1))
    lost = replace(result, statuses={"converged": 950, "no": 50}, converged=950, usable=np.full(10, 950.0))
    lost = replace(lost, covered=covered)
    assert lost.lost == 50
    np.testing.assert_allclose(lost.coverage_range[3], [[0.6, 0.65], [0.9, 0.95]])
    assert lost.table().rows[0][5:7] == ("60.00 to 65.00", "90.00 to 95.00")
    assert "the 50 toys that did not converge leave them open" in str(lost)
    # At a bound there is no uncertainty, and nothing is lost.
    bound = replace(lost, usable=np.full(10, 600.0))
    np.testing.assert_allclose(bound.coverage_range[3, 0], [600 / 650, 1.0])
    np.testing.assert_array_equal(result.coverage_range[:, :, 0], result.coverage)


def test_what_does_not_fit_together_is_refused() -> None:
    result = make_toys()
    for change in ({"truth": np.ones(3)}, {"pulls": np.ones((10, 3))}, {"done": 7}, {"profiled": ("a", "b")}):
        with pytest.raises(ValueError):
            replace(result, **change)
