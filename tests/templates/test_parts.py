from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wilks.config.schema import Systematic
from wilks.templates.parts import Parts, parts_of

NOMINAL, UP, DOWN = np.array([10.0, 30.0]), np.array([15.0, 33.0]), np.array([6.0, 30.0])


def parts(kind: str, up: Any = UP, down: Any = DOWN, **more: Any) -> Parts | None:
    sides = {"Up": {"VariationPath": "up"}, "Down": {"Symmetrize": True}} | more
    return parts_of(Systematic(Name="a", Type=kind, **sides), "R", "S", NOMINAL, up, down)


@pytest.mark.parametrize(
    ("kind", "factors", "shapes"),
    [
        ("NormPlusShape", (1.2, 0.9), (UP / 1.2, DOWN / 0.9)),
        ("ShapeOnly", None, (UP / 1.2, DOWN / 0.9)),
        ("NormOnly", (1.2, 0.9), None),
    ],
)
def test_yield_and_shape(kind: str, factors: Any, shapes: Any) -> None:
    found = parts(kind)
    assert found is not None
    assert found.factors == (None if factors is None else pytest.approx(factors))
    assert found.norm == (None if factors is None else pytest.approx([factor - 1 for factor in factors]))
    assert found.size is None
    if shapes is None:
        assert found.shapes is None
        assert found.changes is None
    else:
        np.testing.assert_allclose(found.shapes, shapes)
        np.testing.assert_allclose(found.changes, np.array(shapes) - NOMINAL)


def test_bins_vary_as_they_are() -> None:
    found = parts("NormPlusShape", down=None, Decorrelate="bin")
    assert found is not None
    assert found.factors is None
    np.testing.assert_array_equal(found.shapes, [UP, 2 * NOMINAL - UP])


def test_sizes() -> None:
    found = parts("ShapeSys", up=DOWN, down=None)
    assert found is not None
    np.testing.assert_array_equal(found.size, [4.0, 0.0])
    np.testing.assert_array_equal(found.changes, [[4.0, 0.0], [-4.0, 0.0]])
    relative = parts("ShapeSys", None, None, Up={"Normalization": 0.1})
    assert relative is not None
    np.testing.assert_allclose(relative.size, [1.0, 3.0])


def test_a_number_needs_no_templates_and_the_others_do() -> None:
    found = parts("Normalization", None, None, Up={"Normalization": 0.05})
    assert found is not None
    assert (found.norm, found.factors, found.shapes) == ((0.05, -0.05), (1.05, 0.95), None)
    for kind in ("NormPlusShape", "ShapeOnly", "NormOnly", "ShapeSys"):
        assert parts(kind, None, None) is None
