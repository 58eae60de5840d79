"""Parts of a model against the independent likelihood, and models made of documents without data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.test_model import RANDOM, both
from tests.strategies import random_theta, workspaces

from wilks import compile_model, load_workspace
from wilks.errors import ModelError, WorkspaceError


def small() -> dict[str, Any]:
    """Return a workspace with every constraint, in which one sample is in one channel only."""
    stat = {"name": "stat", "type": "staterror", "data": [3.0, 4.0]}
    background = [stat, {"name": "norm", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}}]
    signal = [{"name": "mu", "type": "normfactor", "data": None}]
    gamma = [{"name": "gamma", "type": "shapesys", "data": [2.0, 1e-4]}]
    channels = [
        {
            "name": "SR",
            "samples": [
                {"name": "signal", "data": [5.0, 8.0], "modifiers": signal},
                {"name": "background", "data": [50.0, 40.0], "modifiers": background},
            ],
        },
        {"name": "CR", "samples": [{"name": "background", "data": [30.0, 20.0], "modifiers": gamma}]},
    ]
    measurement = {"name": "m", "config": {"poi": "mu", "parameters": []}}
    observations = [{"name": "SR", "data": [57.0, 44.0]}, {"name": "CR", "data": [31.0, 19.0]}]
    return {"channels": channels, "observations": observations, "measurements": [measurement], "version": "1.0.0"}


def test_terms_are_those_of_the_independent_likelihood() -> None:
    spec = small()
    model, reference = both(spec)
    theta = model.initial + 0.07 * np.arange(1, model.n_parameters + 1)
    assert model.sample_names == ("background", "signal")
    rates = model.expected_by_sample(theta)
    np.testing.assert_allclose(rates.sum(axis=0), reference.expected(theta), rtol=1e-13)
    np.testing.assert_allclose(rates[1], [0.0, 0.0, *(theta[model.index("mu")] * np.array([5.0, 8.0]))], rtol=1e-14)
    whole = model.main_nll(theta) + model.constraint_nll(theta)
    assert isinstance(model.main_nll(theta), float)
    assert whole == pytest.approx(reference.nll(theta, model.observed()), rel=1e-12)
    assert whole == pytest.approx(model.nll(theta), rel=1e-14)


@settings(RANDOM, max_examples=60)
@given(spec=workspaces(), seed=st.integers(0, 2**32 - 1))
def test_terms_add_up_for_batches(spec: dict[str, Any], seed: int) -> None:
    model, reference = both(spec)
    generator = np.random.default_rng(seed)
    points = np.array([random_theta(generator, reference) for _ in range(3)])
    observed = model.observed()
    main, auxiliary = observed[: model.observed_main.size], observed[model.observed_main.size :]
    whole = model.nll(points)
    parts = model.main_nll(points, main) + model.constraint_nll(points, auxiliary)
    finite = np.isfinite(whole)
    scale = 1.0 + np.abs(whole[finite])
    assert (np.abs(parts[finite] - whole[finite]) <= 1e-12 * scale + 1e-9).all()
    by_sample = model.expected_by_sample(points)
    assert by_sample.shape == (3, len(model.sample_names), model.observed_main.size)
    np.testing.assert_allclose(by_sample.sum(axis=1), model.expected(points), rtol=1e-12, atol=1e-9)
    for point, rates, means in zip(points, by_sample, model.expected_auxiliary(points), strict=True):
        np.testing.assert_array_equal(model.expected_by_sample(point), rates)
        np.testing.assert_array_equal(model.expected_auxiliary(point), means)


def test_constraints_of_large_counts_lose_no_digits() -> None:
    """tau is 1e11 here: ln(n!) and n ln(tau) leave nothing of each other in floating-point numbers."""
    model = compile_model(load_workspace(small()))
    i = model.index("gamma[1]")
    tau = model.constraint_terms.scale[list(model.constraint_terms.parameters).index(i)]
    assert tau > 1e10
    theta = model.initial.copy()
    base = model.constraint_nll(theta)
    theta[i] = 1.0 + 2.0 / np.sqrt(tau)  # two standard deviations
    assert model.constraint_nll(theta) - base == pytest.approx(2.0, rel=1e-4)


def test_outside_the_domain_terms_are_infinite() -> None:
    model = compile_model(load_workspace(small()))
    theta = model.initial.copy()
    theta[model.index("gamma[0]")] = -1.0
    assert model.main_nll(theta) == np.inf
    assert model.constraint_nll(theta) == np.inf


def test_parameter_sets_tell_what_belongs_together() -> None:
    sets = {s.name: s for s in compile_model(load_workspace(small())).parameter_sets}
    assert sets["mu"].scalar
    assert sets["mu"].sigma is None
    assert sets["mu"].tau is None
    assert sets["mu"].bounds.tolist() == [[0.0, 10.0]]
    np.testing.assert_allclose(sets["stat"].sigma, [3 / 50, 4 / 40])
    np.testing.assert_allclose(sets["gamma"].tau, [(30 / 2) ** 2, (20 / 1e-4) ** 2])
    np.testing.assert_array_equal(sets["gamma"].auxdata, sets["gamma"].tau)
    assert sets["norm"].constraint == "normal"


def test_a_document_without_data_is_a_model_without_data() -> None:
    spec = small()
    whole = compile_model(load_workspace(spec))
    model = compile_model({"channels": spec["channels"]})
    theta = whole.initial + 0.05
    assert not model.has_data
    assert whole.has_data
    assert model.poi is None
    np.testing.assert_array_equal(model.expected(theta), whole.expected(theta))
    assert model.nll(theta, whole.observed()) == whole.nll(theta)
    for ask in (
        model.observed,
        lambda: model.nll(theta),
        lambda: model.main_nll(theta),
        lambda: model.observed_dataset,
    ):
        with pytest.raises(ModelError, match="no data of its own"):
            ask()
    settings = [{"name": "mu", "inits": [2.0], "fixed": True}]
    assert compile_model({"channels": spec["channels"], "parameters": settings}).fixed[model.index("mu")]


def test_mistakes_in_a_document_without_data_are_all_told() -> None:
    spec = small()
    spec["channels"][0]["samples"][0]["data"] = [1.0]
    del spec["channels"][1]["samples"][0]["modifiers"]
    with pytest.raises(WorkspaceError) as caught:
        compile_model({"channels": spec["channels"], "parameters": [{"nam": "mu"}]})
    assert not any("observations" in problem for problem in caught.value.problems)
    assert any(p.startswith("model: parameters[0]") and 'did you mean "name"' in p for p in caught.value.problems)
    assert any("channels[1].samples[0]" in problem for problem in caught.value.problems)
    with pytest.raises(WorkspaceError, match='unknown key "measurements"'):
        compile_model({"channels": spec["channels"], "measurements": []})
    with pytest.raises(WorkspaceError, match="channels: empty"):
        compile_model({"channels": []})
