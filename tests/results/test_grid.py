"""The record of a grid: shapes, text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from wilks.results.grid import GridResult
from wilks.results.origin import Origin


def make() -> GridResult:
    return GridResult(
        poi="mu",
        question="limit",
        level=0.95,
        tested=np.nan,
        names=("a", "b"),
        labels=("m",),
        coordinates=np.array([[1.0], [np.nan]]),
        observed=np.array([0.7, np.nan]),
        expected=np.array([[1.0, 2, 3, 4, 5], [np.nan] * 5]),
        errors=np.full(2, np.nan),
        best_values=np.zeros(2),
        statuses=("converged", "lost"),
        digests=("", ""),
        origin=Origin("m", "observed", "", "0.1.0"),
    )


def test_text() -> None:
    result = make()
    assert "Upper limits on mu at 95% CL" in str(result)
    assert "b: lost" in str(result)
    assert result.table().rows[0] == ("a", "1", "0.7", "1", "2", "3", "4", "5")
    assert repr(result) == "<GridResult: limit of mu for 2 points (1 without an answer)>"
    assert "<table" in result._repr_html_()
    assert not result.converged
    assert "CLs of mu = 2" in str(replace(result, question="CLs", tested=2.0))


def test_exclusion() -> None:
    result = make()
    assert result.excluded.tolist() == [True, False]
    assert replace(result, question="CLs").excluded.tolist() == [False, False]
    assert replace(result, question="CLs", observed=np.array([0.01, 0.2])).excluded.tolist() == [True, False]


@pytest.mark.parametrize(
    "changes",
    [{"observed": np.zeros(3)}, {"coordinates": np.zeros((2, 2))}, {"expected": np.zeros((2, 4))}, {"digests": ("",)}],
)
def test_shapes_must_agree(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        replace(make(), **changes)
