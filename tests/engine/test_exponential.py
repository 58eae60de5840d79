"""The engine's exp hardly ever differs from the exact value, rounded."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import wilks


@pytest.mark.parametrize(("base", "largest"), [(math.e, 30.0), (math.exp(-1.0), 30.0), (math.e, 690.0)])
def test_exp_is_nearly_always_rounded_right(base: float, largest: float) -> None:
    """A normsys of code 1 with a factor e in a bin of one event: the rate is exp(alpha)."""
    assert abs(math.log(base)) == 1.0
    spec = {
        "channels": [
            {
                "name": "SR",
                "samples": [
                    {
                        "name": "s",
                        "data": [1.0],
                        "modifiers": [{"name": "a", "type": "normsys", "data": {"hi": base, "lo": base}}],
                    }
                ],
            }
        ]
    }
    model = wilks.compile_model(spec, poi="", normsys="code1")
    points = np.random.default_rng(5).uniform(0.0, largest, 4000)
    rates = model.expected(points[:, None])[:, 0]
    with mpmath.workdps(40):
        exact = [mpmath.exp(mpmath.mpf(float(x)) * math.log(base)) for x in points]
        units = [abs(mpmath.mpf(float(r)) - e) / math.ulp(float(r)) for r, e in zip(rates, exact, strict=True)]
        wrong = sum(float(r) != float(e) for r, e in zip(rates, exact, strict=True))
    assert max(units) < 0.53
    assert wrong < 40


def test_exp_where_there_is_nothing_to_compute() -> None:
    spec = {
        "channels": [
            {
                "name": "SR",
                "samples": [
                    {
                        "name": "s",
                        "data": [1.0],
                        "modifiers": [{"name": "a", "type": "normsys", "data": {"hi": math.e, "lo": math.e}}],
                    }
                ],
            }
        ]
    }
    model = wilks.compile_model(spec, poi="", normsys="code1")
    for point in (0.0, 699.0, 701.0, 709.0, 710.0, math.inf):
        expected = math.inf if point > 709.5 else math.exp(point)
        assert model.expected([point])[0] == pytest.approx(expected, rel=3e-16)
