"""What acts on nothing, and what nothing can tell apart: against the rank of numerical derivatives of the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from tests.infer.searches import MU, Spec, model, modifier, workspace
from tests.reference.likelihood import Likelihood
from tests.strategies import workspaces

from wilks import compile_model, load_workspace
from wilks.fitting.effects import beside, inseparable, metric, without_effect
from wilks.model.model import Model

JES = modifier("jes", "normsys", {"lo": 0.93, "hi": 1.1})


def factor(name: str) -> Spec:
    return modifier(name, "normfactor")


def derivatives(spec: Spec, theta: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return central differences of the reference's rates, shape (bins, parameters)."""
    likelihood, step = Likelihood(spec), 1e-4
    columns = []
    for i in range(theta.size):
        up, down = theta.copy(), theta.copy()
        up[i] += step
        down[i] -= step
        columns.append((likelihood.expected(up) - likelihood.expected(down)) / (2 * step))
    return np.stack(columns, axis=1)


def named(m: Model) -> list[tuple[set[str], int]]:
    return [({m.parameter_names[i] for i in group}, count) for group, count in inseparable(m)]


ONE_BIN = workspace({"SR": {"s": ([5.0], [MU]), "b": ([50.0], [factor("k"), JES])}}, {"SR": [57]})
TWO_BINS = workspace({"SR": {"s": ([5.0, 9.0], [MU]), "b": ([50.0, 20.0], [factor("k"), JES])}}, {"SR": [57, 30]})
SAME_SHAPE = workspace({"SR": {"s": ([5.0, 2.0], [MU]), "b": ([50.0, 20.0], [factor("k")])}}, {"SR": [57, 30]})
PRODUCT = workspace(
    {"SR": {"s": ([5.0, 9.0], [MU, factor("k"), factor("l")]), "b": ([9.0, 4.0], [JES])}}, {"SR": [9, 9]}
)
SHAPES = workspace(
    {"SR": {"s": ([5.0, 9.0], [MU]), "b": ([50.0, 20.0], [modifier("f", "shapefactor")])}}, {"SR": [57, 30]}
)
WITH_CONTROL = workspace(
    {
        "SR": {"s": ([5.0, 9.0], [MU]), "b": ([50.0, 20.0], [modifier("f", "shapefactor")])},
        "CR": {"b": ([90.0, 30.0], [modifier("f", "shapefactor")])},
    },
    {"SR": [57, 30], "CR": [88, 31]},
)
TWO_GROUPS = workspace(
    {
        "A": {"s": ([5.0], [MU]), "b": ([50.0], [factor("k")])},
        "B": {"c": ([7.0], [factor("p")]), "d": ([30.0], [factor("q")])},
        "C": {"e": ([8.0, 3.0], [factor("r")])},
    },
    {"A": [57], "B": [40], "C": [9, 4]},
)


@pytest.mark.parametrize(
    ("spec", "groups"),
    [
        (ONE_BIN, [({"mu", "k"}, 1)]),
        (TWO_BINS, []),
        (SAME_SHAPE, [({"mu", "k"}, 1)]),
        (PRODUCT, [({"mu", "k", "l"}, 2)]),
        (SHAPES, [({"mu", "f[0]", "f[1]"}, 1)]),
        (WITH_CONTROL, []),
        (TWO_GROUPS, [({"mu", "k"}, 1), ({"p", "q"}, 1)]),
    ],
)
def test_what_the_data_can_not_tell_apart(spec: Spec, groups: list[tuple[set[str], int]]) -> None:
    m = model(spec)
    assert sorted(named(m), key=str) == sorted(groups, key=str)
    # The number of combinations is what the rank of the derivatives lacks, at any point but the special ones.
    theta = beside(m, m.initial, m.fixed)
    free = np.flatnonzero([kind == "none" for kind in m.constraints])
    jacobian = derivatives(spec, theta)[:, free]
    lost = free.size - np.linalg.matrix_rank(jacobian / np.linalg.norm(jacobian, axis=0), tol=1e-6)
    assert lost == sum(count for _, count in groups)


def test_what_is_fixed_or_constrained_is_not_inseparable() -> None:
    fixed = workspace(
        {"SR": {"s": ([5.0], [MU]), "b": ([50.0], [factor("k"), JES])}}, {"SR": [57]}, [{"name": "k", "fixed": True}]
    )
    assert named(model(fixed)) == []
    constrained = workspace(
        {"SR": {"s": ([5.0], [MU]), "b": ([50.0], [JES, modifier("g", "staterror", [3.0])])}}, {"SR": [57]}
    )
    assert named(model(constrained)) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workspaces(max_channels=2, max_bins=3))
def test_idle_parameters_of_random_models_have_no_derivative_and_others_have_one(spec: dict[str, Any]) -> None:
    m = compile_model(load_workspace(spec), poi="")
    theta = np.clip(beside(m, m.initial, m.fixed), -0.9, None)
    jacobian = derivatives(spec, theta)
    free = np.array([kind == "none" for kind in m.constraints]) & ~m.fixed
    none = free & (np.abs(jacobian) < 1e-9 * np.abs(jacobian).max(initial=1.0)).all(axis=0)
    np.testing.assert_array_equal(without_effect(m, m.initial, m.fixed), none)
    assert not (m.idle & ~none).any()


def test_a_factor_that_happens_to_be_zero_makes_nothing_idle() -> None:
    m = model(PRODUCT)
    theta = m.initial.copy()
    theta[m.index("mu")] = 0.0
    held = np.zeros(m.n_parameters, np.bool_)
    assert not without_effect(m, theta, held).any()
    held[m.index("mu")] = True
    assert {m.parameter_names[i] for i in np.flatnonzero(without_effect(m, theta, held))} == {"k", "l"}


def test_the_metric_is_that_of_the_reference() -> None:
    m = model(TWO_BINS)
    theta = np.array([0.7, 1.3, 0.4]) if m.n_parameters == 3 else m.initial
    jacobian, rates = derivatives(TWO_BINS, theta), m.expected(theta)
    expected = (jacobian**2 / rates[:, None]).sum(axis=0)
    expected[m.index("jes")] += 1.0
    np.testing.assert_allclose(metric(m, theta), expected, rtol=1e-6)


def test_the_metric_is_finite_where_an_empty_bin_may_get_everything() -> None:
    shape = modifier("shape", "histosys", {"lo_data": [50.0, -1e300], "hi_data": [50.0, 0.0]})
    spec = workspace({"SR": {"S": ([5.0, 0.0], [MU]), "B": ([50.0, 0.0], [shape])}}, {"SR": [55.0, 0.0]})
    m = model(spec)
    found = metric(m, m.initial)
    assert found[m.index("mu")] == pytest.approx(5.0**2 / 55.0)
    assert np.isfinite(found).all()
    assert found[m.index("shape")] > 1e100
