"""Toys beside exact sums: counting experiments with auxiliary counts, few events, large uncertainties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.infer.searches import MU, model, modifier, workspace
from tests.reference.exact_counting import Bin, Counting

import wilks
from wilks.model.model import Model
from wilks.results.hypotest import HypothesisTest
from wilks.results.toys import CUTS

TOYS = 4000
VALUES = (0.5, 1.0, 2.0, 3.0)
ABOVE_ZERO, ANYWHERE = (0.0, np.inf), (-np.inf, np.inf)  # where the best fit may be in tests
SETTINGS = (0.0, 10.0)  # and elsewhere: the format's default


def compiled(*bins: Bin) -> Model:
    """Return the model of a counting experiment, one channel for each bin."""
    channels, data = {}, {}
    for i, b in enumerate(bins):
        shapesys = {"signal": [], "background": []}
        size = b.relative * (b.signal if b.on == "signal" else b.background)
        shapesys[b.on] = [modifier(f"gamma_{i}", "shapesys", [size])]
        samples = {
            "signal": ([b.signal], [MU, *shapesys["signal"]]),
            "background": ([b.background], shapesys["background"]),
        }
        channels[f"SR{i}"], data[f"SR{i}"] = samples, [b.observed]
    return model(workspace(channels, data))


def agrees(found: float, exact: float, toys: int) -> bool:
    """Return whether a fraction of toys is within four standard deviations of its probability."""
    return bool(abs(found - exact) < 4 * np.sqrt(exact * (1 - exact) / toys) + 1 / toys)


def check_tails(result: HypothesisTest, exact: Counting, name: str) -> None:
    """Compare CLs+b, CLb and CLs at every value; no toy may be missing."""
    assert result.converged
    assert result.counts is not None
    assert not np.isnan(result.counts.tested).any()
    assert not np.isnan(result.counts.alternative).any()
    toys = result.counts.tested.shape[1]
    for i, mu in enumerate(result.values):
        clsb, clb = exact.tails(name, float(mu))
        assert agrees(result.observed.clsb[i], clsb, toys)
        assert agrees(result.observed.clb[i], clb, toys)
        assert abs(result.observed.cls[i] - clsb / clb) < 4 * result.counts.cls_error[i]


@pytest.mark.parametrize("on", ["signal", "background"])
@pytest.mark.parametrize("relative", [0.3, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("n", range(6))
def test_cls_of_one_bin(n: int, relative: float, on: str) -> None:
    b = Bin(3.0, 1.0 if on == "signal" else 1.7, relative, on, n)
    result = wilks.hypotest(compiled(b), value=VALUES, calculator="toys", toys=TOYS, seed=3)
    check_tails(result, Counting((b,), ABOVE_ZERO), "q~")


@pytest.mark.parametrize("on", ["signal", "background"])
@pytest.mark.parametrize(("relative", "n"), [(0.4, 0), (0.4, 3), (1.0, 0), (1.0, 1), (1.5, 2)])
def test_cls_without_a_bound_at_zero(n: int, relative: float, on: str) -> None:
    b = Bin(3.0, 1.2, relative, on, n)
    result = wilks.hypotest(compiled(b), value=VALUES, statistic="q", calculator="toys", toys=TOYS, seed=4)
    check_tails(result, Counting((b,), ANYWHERE), "q")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Bin(3.0, 1.0, 1.0, "background", 0), Bin(1.0, 2.0, 0.5, "background", 3)),
        (Bin(2.0, 0.4, 0.6, "background", 1), Bin(1.5, 0.8, 1.2, "background", 0)),
    ],
)
def test_two_bins(first: Bin, second: Bin) -> None:
    found = compiled(first, second)
    result = wilks.hypotest(found, value=[0.7, 1.5], calculator="toys", toys=TOYS, seed=5)
    check_tails(result, Counting((first, second), ABOVE_ZERO), "q~")
    exact = Counting((first, second), SETTINGS)
    assert agrees(wilks.goodness_of_fit(found, toys=TOYS, seed=2).toys_p_value, exact.p_value("gof"), TOYS)


@pytest.mark.parametrize("on", ["signal", "background"])
@pytest.mark.parametrize(("relative", "n"), [(0.3, 2), (1.0, 3), (1.0, 5), (2.0, 4)])
def test_p0(n: int, relative: float, on: str) -> None:
    b = Bin(3.0, 0.8, relative, on, n)
    result = wilks.significance(compiled(b), toys=TOYS, seed=6)
    assert result.failures == 0
    assert agrees(result.toy_p_value, Counting((b,), ABOVE_ZERO).tails("q0", 0.0)[0], TOYS)


@pytest.mark.parametrize("on", ["signal", "background"])
@pytest.mark.parametrize(("relative", "n"), [(0.3, 0), (0.5, 30), (1.0, 0), (1.0, 12), (2.0, 3)])
def test_goodness_of_fit(n: int, relative: float, on: str) -> None:
    """The auxiliary counts are not what they were: the best fit leaves something to explain where mu has its bounds."""
    b = Bin(1.5, 4.0, relative, on, n)
    result = wilks.goodness_of_fit(compiled(b), toys=TOYS, seed=7)
    exact = Counting((b,), SETTINGS)
    assert result.statistic == pytest.approx(exact.statistic("gof", 0.0, *exact.observed)[0], abs=1e-6)
    assert result.usable_toys.size == TOYS
    assert agrees(result.toys_p_value, exact.p_value("gof"), TOYS)


def test_compatibility_of_two_bins() -> None:
    first, second = Bin(3.0, 1.0, 1.0, "background", 0), Bin(2.0, 1.5, 0.7, "background", 6)
    bins = (first, second)
    found = compiled(*bins)
    spec = {
        f"SR{i}": {
            "signal": ([b.signal], [MU]),
            "background": ([b.background], [modifier(f"gamma_{i}", "shapesys", [b.relative * b.background])]),
        }
        for i, b in enumerate(bins)
    }
    document = wilks.load_workspace(workspace(spec, {f"SR{i}": [b.observed] for i, b in enumerate(bins)}))
    assert document.digest == found.workspace_digest
    result = wilks.compatibility(found, workspace=document, toys=TOYS, seed=8)
    exact = Counting(bins, SETTINGS)
    assert result.statistic == pytest.approx(exact.apart(*exact.observed)[0], abs=1e-6)
    assert result.usable_toys.size == TOYS
    assert agrees(result.toys_p_value, exact.p_value("apart"), TOYS)


@pytest.mark.parametrize("on", ["signal", "background"])
@pytest.mark.parametrize("relative", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("mu", [0.0, 1.0, 3.0])
def test_coverage_of_profile_intervals(mu: float, relative: float, on: str) -> None:
    b = Bin(3.0, 0.3, relative, on, 0)
    result = wilks.toys(compiled(b), values={"mu": mu}, count=TOYS, seed=1, profile="mu")
    assert result.profile_usable[0] == TOYS
    for found, exact in zip(
        result.profile_coverage[0], Counting((b,), SETTINGS).coverage(mu, np.square(CUTS)), strict=True
    ):
        assert agrees(found, exact, TOYS)


def test_cases_that_lost_toys(shared_data: Path) -> None:
    """An auxiliary count of 0 drives gamma to its bound."""
    cases = shared_data.parent / "cases"
    found = wilks.compile_model(wilks.load_workspace(cases / "toys_gamma_aux_zero/workspace.json"))
    result = wilks.hypotest(found, value=VALUES, calculator="toys", toys=20_000, seed=2)
    assert result.counts is not None
    assert result.counts.failures.sum() == 0
    assert (abs(result.observed.cls - [0.2598, 0.1361, 0.0676, 0.0438]) < 4 * result.counts.cls_error).all()
    found = wilks.compile_model(wilks.load_workspace(cases / "toys_profile_coverage_gamma/workspace.json"))
    ensemble = wilks.toys(found, values={"mu": 1}, count=20_000, seed=1, profile="mu")
    exact = Counting((Bin(3.0, 0.3, 1.0, "background", 0),), SETTINGS).coverage(1.0, np.square(CUTS))
    assert ensemble.profile_usable[0] == 20_000
    assert all(agrees(*both, 20_000) for both in zip(ensemble.profile_coverage[0], exact, strict=True))
