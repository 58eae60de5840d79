"""Where one minimum is certain: the certificate against random searches, and against what it must not cover."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.model.test_terms import small

from wilks import compile_model, fit, fit_many, load_workspace
from wilks.fitting.convex import one_minimum
from wilks.model.model import Model


def of(*kinds: dict[str, Any], signal: tuple[dict[str, Any], ...] = ()) -> Model:
    """Return a model of a signal and a background with these modifiers."""
    spec = small()
    for channel in spec["channels"]:
        for sample in channel["samples"]:
            sample["modifiers"] = list(kinds) if sample["name"] == "background" else list(signal)
    return compile_model(load_workspace(spec))


def factor(name: str) -> dict[str, Any]:
    return {"name": name, "type": "normfactor", "data": None}


STAT = {"name": "stat", "type": "staterror", "data": [3.0, 2.0]}
NORM = {"name": "norm", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}}
SHAPE = {"name": "shape", "type": "histosys", "data": {"lo_data": [40.0, 30.0], "hi_data": [60.0, 50.0]}}


@pytest.mark.parametrize(
    ("background", "signal", "certain"),
    [
        ([STAT], [factor("mu")], True),
        ([factor("k")], [factor("mu")], True),
        ([factor("k"), STAT], [factor("mu")], False),
        ([factor("k"), factor("l")], [factor("mu")], False),
        ([NORM], [factor("mu")], False),
        ([SHAPE], [factor("mu")], False),
        ([STAT], [factor("mu"), {**STAT, "data": [1.0, 1.0]}], False),
    ],
)
def test_products_and_curves_are_not_certain(
    background: list[dict[str, Any]], signal: list[dict[str, Any]], certain: bool
) -> None:
    model = of(*background, signal=tuple(signal))
    assert one_minimum(model, model.fixed) == certain
    result = fit(model)
    assert (result.starts == 0) == certain
    assert ("the likelihood is convex" in str(result)) == certain


def test_what_is_held_does_not_count() -> None:
    model = of(factor("k"), NORM, STAT, signal=(factor("mu"),))
    held = model.fixed.copy()
    assert not one_minimum(model, held)
    held[[model.index("k"), model.index("norm")]] = True
    assert one_minimum(model, held)


def test_random_starts_end_in_the_certain_minimum() -> None:
    model = of(STAT, signal=(factor("mu"),))
    best = fit(model)
    generator = np.random.default_rng(3)
    low, high = np.maximum(model.bounds[0], 0.1), np.minimum(model.bounds[1], 3.0)
    starts = generator.uniform(low, high, (200, model.n_parameters))
    fits = fit_many(model, start=starts)
    assert fits.converged.all()
    np.testing.assert_allclose(fits.twice_nll, best.twice_nll, atol=1e-8)
    np.testing.assert_allclose(fits.values, np.tile(best.values, (200, 1)), atol=1e-4)
