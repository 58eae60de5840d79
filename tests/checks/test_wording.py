from __future__ import annotations

import numpy as np
import pytest

from wilks.checks.wording import bins, counted, percent, some, span


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.03, "+3.0 %"),
        (-0.03, "-3.0 %"),
        (2.5, "+250 %"),
        (-1.0, "-100 %"),
        (0.0004, "+0.040 %"),
        (0.0, "0 %"),
        (-1e-9, "0 %"),
    ],
)
def test_percent(value: float, text: str) -> None:
    assert percent(value) == text


def test_span_is_one_number_where_all_agree() -> None:
    assert span(np.array([0.03, 0.03])) == "+3.0 %"
    assert span(np.array([0.034, 0.012])) == "+1.2 to +3.4 %"


def test_lists() -> None:
    assert some(["a", "b", "c"]) == "a, b, c"
    assert some(["a", "b", "c", "d"]) == "a, b, c and 1 more"
    assert bins([2]) == "bin 2 (from 0)"
    assert bins(np.array([0, 4])) == "bins 0, 4 (from 0)"
    assert counted(1, "bin") == "1 bin"
    assert counted(2, "bin") == "2 bins"
