"""Models stored and opened again, in this process and in others."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.reference.likelihood import Likelihood
from tests.strategies import random_theta, workspaces

from wilks import compile_model, fit, load_workspace
from wilks.model.model import Model

RANDOM = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def many_variations(systematics: int, bins: int) -> dict[str, Any]:
    rng = np.random.default_rng(4)
    nominal = rng.uniform(20.0, 40.0, bins)

    def varied(symmetric: bool) -> dict[str, list[float]]:
        shift = rng.integers(1, 9, bins) * 0.25  # exact in binary: up and down are mirror images, or nearly
        lo = np.floor(nominal) - shift - (0.0 if symmetric else 0.125)
        return {"lo_data": lo.tolist(), "hi_data": (np.floor(nominal) + shift).tolist()}

    modifiers = [{"name": f"s{i}", "type": "histosys", "data": varied(i % 2 == 0)} for i in range(systematics)]
    modifiers.append({"name": "stat", "type": "staterror", "data": (0.1 * nominal).tolist()})
    modifiers.append({"name": "norm", "type": "normsys", "data": {"lo": 0.93, "hi": 1.08}})
    signal = {"name": "s", "data": [3.0] * bins, "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]}
    return {
        "channels": [
            {
                "name": "SR",
                "samples": [{"name": "b", "data": np.floor(nominal).tolist(), "modifiers": modifiers}, signal],
            }
        ],
        "observations": [{"name": "SR", "data": np.round(nominal + 3.0).tolist()}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }


def assert_same(one: Model, other: Model, theta: np.ndarray) -> None:
    assert other.parameter_names == one.parameter_names
    for name in ("initial", "nominal", "fixed", "prefit_uncertainties", "auxiliary", "observed_main", "even"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert (other.poi, other.measurement, other.settings) == (one.poi, one.measurement, one.settings)
    assert dict(other.channel_slices) == dict(one.channel_slices)
    np.testing.assert_array_equal(one.engine.block_rates(theta), other.engine.block_rates(theta))
    assert one.nll(theta) == other.nll(theta)
    np.testing.assert_array_equal(one.gradient(theta), other.gradient(theta))
    np.testing.assert_array_equal(one.hessian(theta), other.hessian(theta))


@settings(RANDOM, max_examples=80)
@given(
    workspaces(), st.sampled_from([2, 4, 5]), st.sampled_from(["code4p", "code2", "code0"]), st.integers(0, 2**32 - 1)
)
def test_not_a_bit_is_lost(spec: dict[str, Any], protocol: int, histosys: str, seed: int) -> None:
    model = compile_model(load_workspace(spec), poi="", histosys=histosys)
    theta = random_theta(np.random.default_rng(seed), Likelihood(spec, histosys=histosys))
    model.nll(theta), model.channel_slices  # fill what is cached
    opened = pickle.loads(pickle.dumps(model, protocol))
    assert_same(model, opened, theta)
    assert_same(model, pickle.loads(pickle.dumps(opened, protocol)), theta)


def test_copies() -> None:
    model = compile_model(load_workspace(many_variations(6, 5)))
    theta = model.initial + 0.1
    model.nll(theta)
    deep, shallow = copy.deepcopy(model), copy.copy(model)
    assert deep.engine is not model.engine
    assert shallow.engine is model.engine
    assert_same(model, deep, theta)
    assert_same(model, shallow, theta)


def test_as_small_as_the_templates() -> None:
    """Nominal yields, an odd row for each variation and an even one for every second: rows of 400 doubles."""
    model = compile_model(load_workspace(many_variations(100, 400)))
    templates = 400 * 8 * (2 + 100 + 50)
    size = len(pickle.dumps(model))
    assert templates < size < 1.25 * templates + 20_000


def test_opens_faster_than_it_compiles() -> None:
    spec = many_variations(300, 200)
    begin = time.process_time()
    model = compile_model(load_workspace(spec))
    compiled = time.process_time() - begin
    text, opened = pickle.dumps(model), []
    for _ in range(5):
        begin = time.process_time()
        pickle.loads(text)
        opened.append(time.process_time() - begin)
    assert min(opened) < 0.5 * compiled


def test_memory_can_be_handed_over_without_a_copy() -> None:
    model = compile_model(load_workspace(many_variations(50, 96)))
    buffers: list[pickle.PickleBuffer] = []
    text = pickle.dumps(model, 5, buffer_callback=buffers.append)
    assert sum(len(b.raw()) for b in buffers) > 5 * len(text)
    assert_same(model, pickle.loads(text, buffers=buffers), model.initial + 0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"templates": np.ones(3)}, "the templates have the wrong length"),
        ({"even": np.zeros(2, np.uint8)}, "shape variations have different lengths"),
        ({"yields": 3}, "nominal yields have the wrong length"),
        ({"block_channel": np.array([0, 7], np.int32)}, "a channel that does not exist"),
        ({"shape_start": np.array([0, -1, 4], np.int32)}, "shape variations have different lengths"),
        ({"shape_parameter": np.array([0, 1, 2, 99], np.int32)}, "out of range"),
        ({"constraint_scale": np.zeros(12)}, "positive, finite"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, Any], message: str) -> None:
    engine = compile_model(load_workspace(many_variations(4, 7))).engine
    state = engine.__getstate__()
    type(engine).__new__(type(engine)).__setstate__(state)
    with pytest.raises(ValueError, match=message):
        type(engine).__new__(type(engine)).__setstate__(state | changes)


def best(model: Model) -> tuple[float, list[float]]:
    result = fit(model)
    return result.twice_nll, result.values.tolist()


def test_in_another_process() -> None:
    model = compile_model(load_workspace(many_variations(6, 5)))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(best, model).result() == best(model)
