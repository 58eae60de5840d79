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
    assert "70.00 % and 95.00 % (+/- 1.55 %) of the profile likelihood intervals of nuisance 1" in text
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


def test_what_does_not_fit_together_is_refused() -> None:
    result = make_toys()
    for change in ({"truth": np.ones(3)}, {"pulls": np.ones((10, 3))}, {"done": 7}, {"profiled": ("a", "b")}):
        with pytest.raises(ValueError):
            replace(result, **change)
