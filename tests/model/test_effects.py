"""Interpolations, clipping, correlated and lopsided constraints, masks: formulas by hand, exact derivatives, fits."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import integrate
from tests.model.derivatives import check_derivatives
from tests.model.test_beyond_pyhf import SPEC

import wilks
from wilks.errors import ModelError, WorkspaceError
from wilks.model.model import Model

NOMINAL, LO, HI = [30.0, 22.0, 14.0], [27.0, 22.5, 15.0], [34.0, 21.0, 13.5]
POINTS = (-2.3, -1.0, -0.8, -0.3, 0.2, 0.49, 0.5, 0.9, 1.0, 1.7)


def compiled(change: Callable[[dict[str, Any], dict[str, Any]], None], **options: Any) -> Model:
    """Return the model of SPEC after a change of its modifiers by name and of its measurement's config."""
    spec = copy.deepcopy(SPEC)
    config = spec["measurements"][0]["config"]
    config["parameters"].append({"name": "free", "fixed": True})
    modifiers = {m["name"]: m for sample in spec["channels"][0]["samples"] for m in sample["modifiers"]}
    change(modifiers, config)
    return wilks.compile_model(wilks.load_workspace(spec), **options)


def moved(model: Model, seed: int = 3, size: float = 0.2, **values: float) -> np.ndarray[Any, Any]:
    """Return a point off the initial one, with some values given."""
    rng = np.random.default_rng(seed)
    theta = np.where(model.fixed, model.initial, model.initial + size * rng.standard_normal(model.n_parameters))
    for name, value in values.items():
        theta[model.index(name)] = value
    return theta


def piecewise(a: float, lo: float, hi: float) -> float:
    return 1 + a * (hi - 1 if a > 0 else 1 - lo)


def parabola(a: float, lo: float, hi: float) -> float:
    even, odd = (hi + lo - 2) / 2, (hi - lo) / 2
    if abs(a) <= 1:
        return 1 + odd * a + even * a * a
    end = math.copysign(1, a)
    return 1 + odd * end + even + (odd + 2 * even * end) * (a - end)


def of_combine(a: float, lo: float, hi: float) -> float:
    up, down = math.log(hi), -math.log(lo)
    t = 2 * a
    step = math.copysign(1, t) if abs(t) >= 1 else (15 * t - 10 * t**3 + 3 * t**5) / 8
    return math.exp(a * ((up + down) / 2 + step * (up - down) / 2))


def exponential(a: float, lo: float, hi: float) -> float:
    return float(hi**a if a >= 0 else lo**-a)


@pytest.mark.parametrize(
    ("code", "formula"),
    [("code0", piecewise), ("code2", parabola), ("combine", of_combine), ("code1", exponential)],
)
def test_normsys_codes(code: str, formula: Callable[[float, float, float], float]) -> None:
    model = compiled(lambda m, _: m["norm"].update(interpolation=code))
    block = next(i for i, b in enumerate(model.blocks) if (b.channel, b.sample) == ("SR", "qcd"))
    for a in POINTS:
        there, here = moved(model, norm=a), moved(model, norm=0.0)
        ratio = model.expected_by_block(there)[block] / model.expected_by_block(here)[block]
        np.testing.assert_allclose(ratio, formula(a, 0.7, 1.4), rtol=1e-13)
        if a not in (-1.0, 1.0, 0.5):
            check_derivatives(model, there)


def test_normsys_code5_is_code4() -> None:
    five, four = (compiled(lambda m, _, code=code: m["norm"].update(interpolation=code)) for code in ("code5", "code4"))
    theta = moved(five, norm=0.6)
    assert five.nll(theta) == four.nll(theta)


@pytest.mark.parametrize("code", ["code1", "code5"])
def test_histosys_codes_that_multiply_bins(code: str) -> None:
    model = compiled(lambda m, _: m["scale"].update(interpolation=code))
    block = next(i for i, b in enumerate(model.blocks) if (b.channel, b.sample) == ("SR", "ttbar"))
    for a in POINTS:
        there, here = moved(model, scale=a), moved(model, scale=0.0)
        found = model.expected_by_block(there)[block] / model.expected_by_block(here)[block]
        wanted = [_factor(code, a, lo / n, hi / n) for n, lo, hi in zip(NOMINAL, LO, HI, strict=True)]
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        check_derivatives(model, there)
        jacobian = model.jacobian(there, block)[:, model.index("scale")]
        up, down = moved(model, scale=a + 1e-6), moved(model, scale=a - 1e-6)
        slope = (model.expected_by_block(up)[block] - model.expected_by_block(down)[block]) / 2e-6
        np.testing.assert_allclose(jacobian, slope, rtol=1e-7, atol=1e-7)


def _factor(code: str, a: float, lo: float, hi: float) -> float:
    """Return the factor of a bin; inside of code5 by way of a normsys of code4."""
    if code == "code1" or abs(a) >= 1:
        return exponential(a, lo, hi)
    spec = {
        "channels": [{"name": "c", "samples": [{"name": "s", "data": [1.0], "modifiers": [
            {"name": "x", "type": "normsys", "data": {"lo": lo, "hi": hi}}]}]}],
        "observations": [{"name": "c", "data": [1.0]}],
        "measurements": [{"name": "m", "config": {"poi": "", "parameters": []}}],
        "version": "1.0.0",
    }  # fmt: skip
    one = wilks.compile_model(wilks.load_workspace(spec))
    return float(one.expected([a])[0])


def test_yields_are_clipped_as_in_root() -> None:
    def change(modifiers: dict[str, Any], config: dict[str, Any]) -> None:
        modifiers["scale"]["data"] = {"lo_data": [27.0, 50.0, 15.0], "hi_data": [34.0, -6.0, 13.5]}
        config["clip"] = True

    clipped, plain = compiled(change), compiled(change, clip=False)
    block = next(i for i, b in enumerate(clipped.blocks) if (b.channel, b.sample) == ("SR", "ttbar"))
    theta = moved(clipped, scale=0.95)
    np.testing.assert_allclose(
        clipped.expected_by_block(theta)[block], np.maximum(plain.expected_by_block(theta)[block], 0.0), rtol=1e-14
    )
    assert (plain.expected_by_block(theta)[block] < 0).any()
    check_derivatives(clipped, theta)
    assert clipped.settings["clip"] is True
    assert compiled(lambda m, c: None).nll(theta) == compiled(lambda m, c: c.update(clip=False)).nll(theta)


def test_a_constraint_with_two_widths() -> None:
    settings = {"name": "jes", "auxdata": [0.2], "sigmas": [0.5], "lower_sigmas": [1.5]}
    model, plain = compiled(lambda m, c: c["parameters"].append(settings)), compiled(lambda m, c: None)
    for value, width in ((1.0, 0.5), (-1.0, 1.5)):
        theta = moved(model, jes=value)
        term = 0.5 * ((value - 0.2) / width) ** 2 + math.log(math.sqrt(2 * math.pi) * (0.5 + 1.5) / 2)
        other = 0.5 * value**2 + math.log(math.sqrt(2 * math.pi))
        assert model.nll(theta) - plain.nll(theta) == pytest.approx(term - other, abs=1e-11)
        assert model.constraint_nll(theta) - plain.constraint_nll(theta) == pytest.approx(term - other, abs=1e-11)
        check_derivatives(model, theta)
    assert wilks.fit(model).converged
    assert model.prefit_uncertainties[model.index("jes")] == 1.0


def test_toys_of_two_widths_follow_their_density() -> None:
    settings = {"name": "jes", "auxdata": [0.0], "sigmas": [0.5], "lower_sigmas": [1.5]}
    model = compiled(lambda m, c: c["parameters"].append(settings))
    entry = model.observed_main.size + int(np.flatnonzero(model.constraint_terms.parameters == model.index("jes"))[0])
    drawn = wilks.toy_data(model, values={"jes": 0.3}, seed=1, count=40_000)[:, entry]

    def density(a: float) -> float:
        width = 0.5 if a < 0.3 else 1.5
        return math.exp(-0.5 * ((0.3 - a) / width) ** 2) / (math.sqrt(2 * math.pi) * 1.0)

    for power in (0, 1, 2):
        wanted = sum(
            integrate.quad(lambda a: a**power * density(a), low, high)[0]  # noqa: B023
            for low, high in ((-10, 0.3), (0.3, 15))
        )
        spread = np.std(drawn**power) / math.sqrt(drawn.size)
        assert abs(np.mean(drawn**power) - wanted) <= 4 * spread + 1e-9


MATRIX = [[1.0, 0.4, -0.2], [0.4, 1.0, 0.3], [-0.2, 0.3, 1.0]]


def correlated(matrix: list[list[float]] = MATRIX) -> Model:
    def change(_: dict[str, Any], config: dict[str, Any]) -> None:
        config["parameters"].append({"name": "k", "constraint": "normal", "auxdata": [1.0], "sigmas": [0.3]})
        config["correlations"] = [{"parameters": ["jes", "k", "norm"], "matrix": matrix}]

    return compiled(change)


def test_correlated_constraints() -> None:
    model, independent = correlated(), correlated(np.eye(3).tolist())
    theta = moved(model)
    where = [model.index(name) for name in ("jes", "k", "norm")]
    residuals = theta[where] - np.array([0.0, 1.0, 0.0])
    widths = np.diag([1.0, 0.3, 1.0])
    covariance = widths @ np.array(MATRIX) @ widths

    def term(matrix: np.ndarray[Any, Any]) -> float:
        return 0.5 * float(residuals @ np.linalg.solve(matrix, residuals) + np.linalg.slogdet(2 * np.pi * matrix)[1])

    wanted = term(covariance) - term(widths @ widths)
    assert model.nll(theta) - independent.nll(theta) == pytest.approx(wanted, abs=1e-11)
    assert model.constraint_nll(theta) - independent.constraint_nll(theta) == pytest.approx(wanted, abs=1e-11)
    check_derivatives(model, theta)
    result = wilks.fit(model)
    assert result.converged
    assert result["jes"].value != wilks.fit(independent)["jes"].value


def test_correlated_constraints_without_data_give_back_their_matrix() -> None:
    spec = {
        "channels": [{"name": "c", "samples": [{"name": "s", "data": [1e-9], "modifiers": [
            {"name": name, "type": "normsys", "data": {"lo": 0.999, "hi": 1.001}} for name in ("a", "b")]}]}],
        "observations": [{"name": "c", "data": [0]}],
        "measurements": [{"name": "m", "config": {"poi": "", "parameters": [], "correlations": [
            {"parameters": ["a", "b"], "matrix": [[1, 0.7], [0.7, 1]]}]}}],
        "version": "wilks-1",
    }  # fmt: skip
    result = wilks.fit(wilks.compile_model(wilks.load_workspace(spec)))
    np.testing.assert_allclose(result.covariance, [[1, 0.7], [0.7, 1]], atol=1e-8)


def test_toys_of_correlated_constraints() -> None:
    model = correlated()
    which, covariance = model.correlated[0]
    toys = wilks.toy_data(model, seed=1, count=20_000)[:, model.observed_main.size + which]
    np.testing.assert_allclose(np.cov(toys.T), covariance, atol=4 * 1.5 / math.sqrt(20_000))


def test_goodness_of_fit_of_correlated_constraints_is_that_of_data_that_agree() -> None:
    model = correlated()
    assert wilks.goodness_of_fit(model, wilks.asimov(model)).statistic == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize(
    ("correlation", "said"),
    [
        ({"parameters": ["jes", "nrom"], "matrix": [[1, 0], [0, 1]]}, 'no parameter "nrom"; did you mean "norm"?'),
        ({"parameters": ["jes", "mu"], "matrix": [[1, 0], [0, 1]]}, '"mu" needs to be a single number with a normal'),
        ({"parameters": ["jes", "norm"], "matrix": [[1, 0.5], [0.4, 1]]}, "is symmetric and has ones on its diagonal"),
        ({"parameters": ["jes", "norm"], "matrix": [[1, 1], [1, 1]]}, "the matrix is not positive definite"),
    ],
)
def test_correlations_that_can_not_be(correlation: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError) as caught:
        compiled(lambda m, c: c.update(correlations=[correlation]))
    assert said in str(caught.value)


def test_masked_bins_are_left_out() -> None:
    spec = copy.deepcopy(SPEC)
    spec["measurements"][0]["config"]["parameters"].append({"name": "free", "fixed": True})
    spec["masks"] = [{"channel": "SR", "bins": [1]}]
    workspace = wilks.load_workspace(spec)
    model = wilks.compile_model(workspace)
    plain = {key: value for key, value in spec.items() if key != "masks"}
    other = wilks.compile_model(wilks.mask_bins(wilks.load_workspace(plain), {"SR": [1]}))
    assert wilks.fit(model).twice_nll == wilks.fit(other).twice_nll
    assert model.workspace_digest == workspace.digest
    drawn = wilks.compile_model(workspace, masks=False)
    assert drawn.expected(drawn.initial)[2 + 1] > 0


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ({"channel": "SRR"}, 'masks[0].channel: no channel "SRR"; did you mean "SR"?'),
        ({"channel": "SR", "bins": [3]}, 'masks[0].bins[0]: 3 found, channel "SR" has bins 0 to 2'),
        ({"channel": "SR", "bins": [0.5]}, "masks[0].bins[0]: 0.5 found, a whole number needed"),
        ({"channel": "SR", "bins": []}, "masks[0].bins: empty"),
    ],
)
def test_masks_that_can_not_be(mask: dict[str, Any], said: str) -> None:
    spec = copy.deepcopy(SPEC)
    spec["masks"] = [mask]
    with pytest.raises(WorkspaceError) as caught:
        wilks.load_workspace(spec)
    assert said in str(caught.value)
