"""The engine's constructor and the compile step, fed with arrays and workspaces that are wrong in all ways."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.strategies import workspaces
from tests.workspace.documents import at, changed_documents, places
from tests.workspace.documents import workspaces as documents

from wilks import compile_model, fit, load_workspace
from wilks._engine import Model
from wilks.errors import WilksError
from wilks.fitting.mle import FitOptions

Arrays = dict[str, Any]

RANDOM = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
FLOATS = ("nominal", "factor_lo", "factor_hi", "shape_lo", "shape_hi", "constraint_scale")
ODD_INTEGERS = (-(2**31), -7, -1, 0, 1, 2, 3, 5, 1000, 2**30, 2**31 - 1)
ODD_FLOATS = (np.nan, np.inf, -np.inf, -1.0, 0.0, 1e-300, 1e300)


@st.composite
def sources(draw: Any) -> Arrays:
    """Draw arrays that fit together: scalar factors, shapes, per-bin factors local to a bin or shared by several."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    channel_bins = rng.integers(1, 6, draw(st.integers(1, 3)))
    more = rng.integers(0, len(channel_bins), draw(st.integers(0, 3)))
    block_channel = np.sort(np.concatenate([np.arange(len(channel_bins)), more]))
    bins = channel_bins[block_channel]
    scalars, gammas = draw(st.integers(1, 5)), int(channel_bins.sum())
    first = np.concatenate([[0], np.cumsum(channel_bins)])
    arrays: Arrays = {"channel_bins": channel_bins, "block_channel": block_channel}
    nominal = [rng.uniform(10.0, 50.0, n) for n in bins]
    factors = rng.integers(0, 3, len(bins))
    shapes = rng.integers(0, 3, len(bins))
    per_bin = rng.integers(0, 3, len(bins))
    # A block's per-bin factors: gammas of its bins, or the parameters that all channels share.
    local = [
        scalars + first[channel] + np.arange(n) if rng.random() < 0.7 else np.minimum(np.arange(n), scalars - 1)
        for channel, n, count in zip(block_channel, bins, per_bin, strict=True)
        for _ in range(count)
    ]
    constrained = np.concatenate([np.flatnonzero(rng.random(scalars) < 0.7), scalars + np.arange(gammas)])
    varied = [x for x, count in zip(nominal, shapes, strict=True) for _ in range(count)]
    arrays |= {
        "nominal": np.concatenate(nominal),
        "factor_start": np.concatenate([[0], np.cumsum(factors)]),
        "factor_parameter": rng.integers(0, scalars, factors.sum()),
        "factor_code": rng.choice([0, 1, 4], factors.sum()),
        "factor_lo": rng.uniform(0.9, 1.0, factors.sum()),
        "factor_hi": rng.uniform(1.0, 1.1, factors.sum()),
        "shape_start": np.concatenate([[0], np.cumsum(shapes)]),
        "shape_parameter": rng.integers(0, scalars, shapes.sum()),
        "shape_code": rng.choice([0, 2, 4], shapes.sum()),
        "shape_lo": np.concatenate([np.empty(0), *(0.95 * x for x in varied)]),
        "shape_hi": np.concatenate([np.empty(0), *(1.02 * x for x in varied)]),
        "bin_start": np.concatenate([[0], np.cumsum(per_bin)]),
        "bin_parameter": np.concatenate([np.empty(0, int), *local]),
        "constraint_kind": rng.integers(1, 3, len(constrained)),
        "constraint_parameter": constrained,
        "constraint_scale": rng.uniform(0.1, 3.0, len(constrained)),
    }
    types = {key: np.float64 if key in FLOATS else np.int32 for key in arrays}
    return {"parameters": scalars + gammas} | {key: np.asarray(x, types[key]) for key, x in arrays.items()}


@st.composite
def broken_sources(draw: Any) -> Arrays:
    """Draw arrays with one or two of them cut, stretched, emptied, shuffled, or with odd numbers in them."""
    arrays = draw(sources())
    for _ in range(draw(st.integers(1, 2))):
        key = draw(st.sampled_from(sorted(arrays)))
        if key == "parameters":
            arrays[key] = draw(st.integers(-2, arrays[key] + 2))
            continue
        array = arrays[key]
        odd = draw(st.sampled_from(ODD_FLOATS if key in FLOATS else ODD_INTEGERS))
        change = draw(st.sampled_from(["cut", "stretch", "empty", "reverse", "odd", "odd", "odd"]))
        if change == "cut":
            array = array[:-1]
        elif change == "stretch":
            array = np.append(array, array.dtype.type(odd))
        elif change == "empty":
            array = array[:0]
        elif change == "reverse":
            array = array[::-1].copy()
        elif len(array):
            array = array.copy()
            array[draw(st.integers(0, len(array) - 1))] = odd
        # Many bins are a valid wish; here they would only fill the memory.
        if key != "channel_bins" or (array < 1000).all():
            arrays[key] = array
    return arrays


def use(arrays: Arrays, seed: int) -> tuple[float, Model, np.ndarray, Any]:
    """Build a model, call everything it has at a random point near 1, and return the nll there."""
    rng = np.random.default_rng(seed)
    model = Model(**arrays)
    theta = rng.uniform(0.8, 1.2, arrays["parameters"])
    data = model.dataset(rng.uniform(5.0, 50.0, arrays["channel_bins"].sum() + len(arrays["constraint_kind"])))
    value, gradient = model.value_and_gradient(theta, data)
    np.testing.assert_equal(model.value(theta, data), value)
    assert gradient.shape == theta.shape
    assert model.hessian(theta, data).shape == (theta.size, theta.size)
    assert model.expected(theta).shape == (arrays["channel_bins"].sum(),)
    assert model.block_rates(theta).shape == arrays["nominal"].shape
    for block in range(len(arrays["block_channel"])):
        assert model.jacobian(theta, block).shape[1] == theta.size
    ones = np.ones_like(theta)
    result = model.fit(data, theta, -5 * ones, 10 * ones, np.zeros(theta.size, np.uint8), 1e-8, 30)
    assert result["theta"].shape == theta.shape
    return value, model, theta, data


@settings(RANDOM, max_examples=100)
@given(sources(), st.integers(0, 2**32 - 1))
def test_arrays_that_fit_together_make_a_model(arrays: Arrays, seed: int) -> None:
    value, model, theta, data = use(arrays, seed)
    assert np.isfinite(value)
    for i in range(theta.size):
        shift = 1e-5 * np.eye(theta.size)[i]
        slope = (model.value(theta + shift, data) - model.value(theta - shift, data)) / 2e-5
        assert model.value_and_gradient(theta, data)[1][i] == pytest.approx(slope, rel=1e-5, abs=1e-4)
        column = np.subtract(*(model.value_and_gradient(theta + s, data)[1] for s in (shift, -shift))) / 2e-5
        np.testing.assert_allclose(model.hessian(theta, data)[i], column, rtol=1e-5, atol=1e-4)


@settings(RANDOM, max_examples=500)
@given(broken_sources(), st.integers(0, 2**32 - 1))
def test_arrays_that_do_not_are_refused_or_harmless(arrays: Arrays, seed: int) -> None:
    with suppress(ValueError):
        use(arrays, seed)


VALID: Arrays = {
    "parameters": 2,
    "channel_bins": [2],
    "block_channel": [0],
    "nominal": [10.0, 20.0],
    "factor_start": [0, 1],
    "factor_parameter": [0],
    "factor_code": [4],
    "factor_lo": [0.9],
    "factor_hi": [1.1],
    "shape_start": [0, 1],
    "shape_parameter": [1],
    "shape_code": [4],
    "shape_lo": [9.0, 18.0],
    "shape_hi": [11.0, 23.0],
    "bin_start": [0, 0],
    "bin_parameter": [],
    "constraint_kind": [1],
    "constraint_parameter": [0],
    "constraint_scale": [1.0],
}


def typed(arrays: Arrays) -> Arrays:
    """Return the lists as arrays of the engine's types."""
    return {
        key: x if key == "parameters" else np.asarray(x, np.float64 if key in FLOATS else np.int32)
        for key, x in arrays.items()
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel_bins": [0], "nominal": []}, "at least one bin"),
        ({"nominal": [10.0, np.nan]}, "finite"),
        ({"shape_hi": [11.0, np.inf]}, "finite"),
        ({"factor_code": [3]}, "interpolation of a factor"),
        ({"shape_code": [3]}, "interpolation of a shape"),
        ({"block_channel": [1]}, "channel that does not exist"),
        ({"block_channel": [-1]}, "channel that does not exist"),
        ({"factor_start": [1, 0]}, "scalar factors"),
        ({"factor_start": [0, 2]}, "scalar factors"),
        ({"shape_start": [0]}, "shape variations"),
        ({"shape_start": [0, 2**31 - 1]}, "shape variations"),
        ({"bin_start": []}, "per-bin factors"),
        ({"bin_start": [0, -1]}, "per-bin factors"),
        ({"bin_start": [0, 1], "bin_parameter": [0]}, "per-bin factors have the wrong length"),
        ({"nominal": [10.0]}, "nominal yields"),
        ({"shape_lo": [9.0]}, "shape variations"),
        ({"factor_parameter": [2]}, "out of range"),
        ({"shape_parameter": [-1]}, "out of range"),
        ({"constraint_parameter": [2**31 - 1]}, "out of range"),
        ({"constraint_kind": [4]}, "unknown kind"),
        ({"constraint_kind": [3]}, "two widths needs both"),
        ({"block_form": [4]}, "forms of blocks have the wrong length"),
        ({"coupling_first": [0]}, "couplings have different lengths"),
        ({"constraint_scale": [0.0]}, "positive, finite"),
        ({"constraint_scale": [np.nan]}, "positive, finite"),
        ({"constraint_scale": []}, "constraints have different lengths"),
        ({"parameters": 1}, "out of range"),
    ],
)
def test_each_mistake_has_its_sentence(changes: Arrays, message: str) -> None:
    Model(**typed(VALID))
    with pytest.raises(ValueError, match=message):
        Model(**typed(VALID | changes))


def test_arguments_of_a_model_are_checked() -> None:
    model = Model(**typed(VALID))
    data = model.dataset(np.array([9.0, 22.0, 0.0]))
    two, three = np.ones(2), np.ones(3)
    free = np.zeros(2, np.uint8)
    with pytest.raises(ValueError, match="data have the wrong length"):
        model.dataset(two)
    for call in (model.expected, model.block_rates, lambda x: model.value(x, data), lambda x: model.hessian(x, data)):
        with pytest.raises(ValueError, match="theta has the wrong length"):
            call(three)
    for block in (-1, 1):
        with pytest.raises(ValueError, match="no such block"):
            model.jacobian(two, block)
    for wrong in ((three, two, two), (two, three, two), (two, two, three)):
        with pytest.raises(ValueError, match="wrong length"):
            model.fit(data, *wrong, free, 1e-8, 10)
    with pytest.raises(ValueError, match="fixed has the wrong length"):
        model.fit(data, two, two, two, np.zeros(3, np.uint8), 1e-8, 10)
    with pytest.raises(ValueError, match="belong to another model"):
        Model(**typed(VALID)).value(two, data)


def try_everything(document: Any) -> None:
    """Compile a document, evaluate and fit its model; only errors that wilks raises on purpose may come out."""
    with suppress(WilksError), np.errstate(all="ignore"):
        model = compile_model(load_workspace(document))
        model.nll(model.initial)
        model.hessian(model.initial)
        result = fit(model, options=FitOptions(max_iterations=30))
        assert result.status


@settings(RANDOM, max_examples=150)
@given(documents() | changed_documents())
def test_any_document_compiles_or_is_refused(document: Any) -> None:
    try_everything(document)


@settings(RANDOM, max_examples=150)
@given(workspaces(max_channels=2, max_bins=3), st.data())
def test_a_changed_workspace_compiles_or_is_refused(document: Any, data: st.DataObject) -> None:
    document = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(places(document)))
        holder, key = at(document, path[:-1]), path[-1]
        numbers = st.sampled_from([0, -1, 1e-320, 1e-9, 1e9, 1e18, 1e300, -1e300, True])
        change = data.draw(st.sampled_from(["delete", "repeat", "number", "number", "swap"]))
        if change == "delete":
            del holder[key]
        elif change == "repeat" and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        elif change == "swap":
            holder[key] = copy.deepcopy(at(document, data.draw(st.sampled_from(places(document)))))
        elif isinstance(holder[key], int | float):
            holder[key] = data.draw(numbers)
    try_everything(document)
