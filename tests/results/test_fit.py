from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.figures.records import make_fit

from wilks.results.fit import two_digits


@pytest.mark.parametrize(
    ("value", "uncertainty", "text"),
    [
        (0.94239, 0.04312, "0.942 ± 0.043"),
        (1.0, 0.0996, "1.00 ± 0.10"),
        (-12.34, 9.96, "-12 ± 10"),
        (1234.5, 250.0, "1234 ± 250"),
        (5.0, 1.0, "5.0 ± 1.0"),
    ],
)
def test_two_digits_of_the_uncertainty(value: float, uncertainty: float, text: str) -> None:
    assert two_digits(value, uncertainty) == text


def test_printed_on_one_line() -> None:
    result = make_fit()
    assert repr(result) == "<FitResult: converged, 35 parameters, ttbar_norm = 0.964 ± 0.076>"
    assert repr(replace(result, poi=None)) == "<FitResult: converged, 35 parameters>"
    failed = replace(result, converged=False, status="saddle point", uncertainties=np.full(35, np.nan))
    assert repr(failed) == "<FitResult: NOT CONVERGED: saddle point, 35 parameters, ttbar_norm = 0.9642>"
