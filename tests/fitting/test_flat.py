"""Fits with parameters that act on nothing, alone or together: all else is as in the models without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.infer.searches import MU, Spec, model, modifier, workspace

import wilks
from wilks.errors import FitError
from wilks.fitting.effects import combinations_without_effect
from wilks.fitting.problem import FitOptions
from wilks.results.fit import FitResult

JES = modifier("jes", "normsys", {"lo": 0.93, "hi": 1.1})
GAMMAS = modifier("g", "staterror", [2.0, 3.0])


def factor(name: str) -> Spec:
    return modifier(name, "normfactor")


def search(*, signal: tuple[str, ...] = (), background: tuple[str, ...] = (), **more: Any) -> Spec:
    """Return a search with factors on its signal and background; `more` has further samples of SR and settings."""
    samples = {
        "s": ([1.0, 12.0], [MU, *map(factor, signal)]),
        "b": ([50.0, 20.0], [JES, GAMMAS, *map(factor, background)]),
        **more.get("samples", {}),
    }
    return workspace({"SR": samples}, {"SR": [57, 36]}, more.get("parameters"))


def same(found: FitResult, reference: FitResult, lost: set[str]) -> None:
    """The parameters that both have agree, and only those in `lost` are without uncertainty."""
    assert found.twice_nll == pytest.approx(reference.twice_nll, abs=1e-9)
    for parameter in found:
        if parameter.name in lost:
            assert np.isnan(parameter.uncertainty), parameter.name
        else:
            other = reference[parameter.name]
            assert parameter.value == pytest.approx(other.value, abs=1e-6)
            assert parameter.uncertainty == pytest.approx(other.uncertainty, rel=1e-6), parameter.name


NOTHING = {"samples": {"nothing": ([0.0, 0.0], [factor("k")])}}
REMOVED = {
    "samples": {"off": ([4.0, 5.0], [factor("switch"), factor("k")])},
    "parameters": [{"name": "switch", "inits": [0.0], "fixed": True}],
}
EMPTY_BIN = {"samples": {"rest": ([0.0, 5.0], [modifier("f", "shapefactor")])}}
ONE_LEFT = {"samples": {"rest": ([0.0, 5.0], [factor("f1")])}}
CANCELLING = {"samples": {"plus": ([3.0, 1.0], [factor("k")]), "minus": ([-3.0, -1.0], [factor("k")])}}


@pytest.mark.parametrize(
    ("spec", "fixed", "idle"),
    [
        (search(**NOTHING), {}, {"k"}),
        (search(**REMOVED), {}, {"k"}),
        (search(**CANCELLING), {}, {"k"}),
        (search(signal=("k",)), {"mu": 0.0}, {"k"}),
        (search(signal=("k", "l")), {"mu": 0.0}, {"k", "l"}),
    ],
    ids=["empty sample", "removed by a fixed factor", "cancelling", "fixed POI", "fixed POI, two"],
)
def test_what_acts_on_nothing_is_held_and_all_else_is_as_without_it(
    spec: Spec, fixed: dict[str, float], idle: set[str]
) -> None:
    m, plain = model(spec), model(search())
    found, without = wilks.fit(m, fixed=fixed), wilks.fit(plain, fixed=fixed)
    assert found.converged
    assert found.covariance_valid
    assert {p.name for p in found if p.idle} == idle
    assert all(found[name].fixed and found[name].value == 1.0 for name in idle)
    assert found.twice_nll == pytest.approx(without.twice_nll, abs=1e-9)
    for name in plain.parameter_names:
        assert found[name].value == pytest.approx(without[name].value, abs=1e-6)
        assert found[name].uncertainty == pytest.approx(without[name].uncertainty, rel=1e-6)
    by_hand = wilks.fit(m, fixed={**fixed, **dict.fromkeys(idle, 1.0)})
    assert not by_hand.idle.any()
    same(found, by_hand, idle)
    second = wilks.fit(m, fixed=fixed, minimizer="minuit")
    assert second.converged
    assert {p.name for p in second if p.idle} == idle
    assert wilks.fit_many(m, fixed=fixed).twice_nll[0] == pytest.approx(found.twice_nll, abs=1e-6)


def test_the_component_of_an_empty_bin_is_held() -> None:
    found, reference = wilks.fit(model(search(**EMPTY_BIN))), wilks.fit(model(search(**ONE_LEFT)))
    assert {p.name for p in found if p.idle} == {"f[0]"}
    assert found.twice_nll == pytest.approx(reference.twice_nll, abs=1e-8)
    assert found["jes"].uncertainty == pytest.approx(reference["jes"].uncertainty, rel=1e-5)


def test_a_parameter_of_interest_that_acts_on_nothing() -> None:
    samples = {"s": ([0.0, 0.0], [MU]), "b": ([50.0, 20.0], [JES, GAMMAS])}
    m = model(workspace({"SR": samples}, {"SR": [57, 16]}))
    found = wilks.fit(m)
    assert found.converged
    assert [p.name for p in found if p.idle] == ["mu"]
    same(found, wilks.fit(m, fixed={"mu": 1.0}), {"mu"})
    for calculator in ("asymptotic", "toys"):
        limits = wilks.limit(m, calculator=calculator, toys=50)
        assert np.isnan([limits.observed, *limits.expected]).all()
        assert set(limits.statuses) == {'no rate depends on "mu"'}
    ranked = wilks.ranking(m)
    assert set(ranked.failures.values()) == {'no rate depends on "mu"'}
    assert 'no rate depends on "mu"' in str(wilks.breakdown(m))
    assert wilks.hypotest(m, value=[0.5, 2.0]).observed.cls.tolist() == [1.0, 1.0]


def test_a_factor_of_a_signal_that_the_fit_removes() -> None:
    """Fewer events than background: the signal is 0, its two factors at a bound or without effect."""
    samples = {"s": ([1.0, 12.0], [MU, factor("k")]), "b": ([50.0, 20.0], [JES, GAMMAS])}
    found = wilks.fit(model(workspace({"SR": samples}, {"SR": [45, 11]})))
    reference = wilks.fit(model(search() | {"observations": [{"name": "SR", "data": [45, 11]}]}), fixed={"mu": 0.0})
    assert found.converged
    assert found["mu"].value * found["k"].value == 0.0
    for name in ("jes", "g[0]", "g[1]"):
        assert found[name].uncertainty == pytest.approx(reference[name].uncertainty, rel=1e-6)


@pytest.mark.parametrize(
    ("spec", "group", "count", "fixed"),
    [
        (search(signal=("k",)), {"mu", "k"}, 1, {"k": 1.0}),
        (search(signal=("k", "l")), {"mu", "k", "l"}, 2, {"k": 1.0, "l": 1.0}),
        (search(background=("k", "l")), {"k", "l"}, 1, {"k": 1.0}),
        (search(samples={"c": ([0.2, 2.4], [factor("k")])}), {"mu", "k"}, 1, {"k": 1.0}),
    ],
    ids=["product", "three", "of the background", "sum"],
)
def test_along_combinations_the_fit_is_flat_and_the_rest_is_known(
    spec: Spec, group: set[str], count: int, fixed: dict[str, float]
) -> None:
    m = model(spec)
    found, reference = wilks.fit(m), wilks.fit(m, fixed=fixed)
    assert not found.converged
    assert found.status.startswith("the likelihood is flat")
    assert all(f'"{name}"' in found.status for name in group)
    assert "jes" not in found.status
    assert "--fix" in found.status
    assert {p.name for p in found if p.flat} == group
    assert found.flat.shape == (count, m.n_parameters)
    assert reference.converged
    for name in set(m.parameter_names) - group:
        assert found[name].value == pytest.approx(reference[name].value, abs=1e-6)
        assert found[name].uncertainty == pytest.approx(reference[name].uncertainty, rel=1e-5)
    assert np.isnan([found[name].uncertainty for name in group]).all()
    # Along the directions nothing changes: neither rates nor constraints, to first order.
    step = 1e-6 * found.flat
    rates = m.expected(found.values)
    np.testing.assert_allclose(m.expected(found.values + step), np.tile(rates, (count, 1)), atol=1e-9)
    with pytest.raises(FitError, match="flat"):
        wilks.fit(m, raise_on_failure=True)


def test_effects_and_not_sizes_decide_which_parameters_are_named() -> None:
    """A signal of 1e-4 events takes mu of 1e4 to weigh as much as 1 of k: both are named."""
    for yields in (1e-4, 1.0, 1e3):
        samples = {"s": ([yields], [MU]), "b": ([50.0], [factor("k")]), "c": ([3.0], [JES])}
        m = model(workspace({"SR": samples}, {"SR": [57]}, [{"name": "mu", "bounds": [[-1e7, 1e7]]}]))
        status = wilks.fit(m).status
        assert '"mu"' in status
        assert '"k"' in status
        assert "jes" not in status


def test_two_groups_are_told_apart() -> None:
    channels = {
        "A": {"s": ([5.0], [MU]), "b": ([50.0], [factor("k")])},
        "B": {"c": ([7.0], [factor("p")]), "d": ([30.0], [factor("q"), JES])},
    }
    found = wilks.fit(model(workspace(channels, {"A": [57], "B": [40]})))
    first, _, rest = found.status.partition("; nor on ")
    assert {'"mu"' in first, '"k"' in first, '"p"' in rest, '"q"' in rest} == {True} or (
        {'"p"' in first, '"q"' in first, '"mu"' in rest, '"k"' in rest} == {True}
    )
    assert "hold 2 of them" in found.status
    assert found["jes"].uncertainty == pytest.approx(1.0, rel=1e-9)


def test_predictions_have_the_uncertainties_that_do_not_depend_on_what_is_held() -> None:
    m = model(search(signal=("k",)))
    found, reference = wilks.fit(m), wilks.fit(m, fixed={"k": 1.0})
    for method in ("linear", "cabinetry"):
        ours, theirs = (wilks.predict(m, result, method=method)["SR"] for result in (found, reference))
        np.testing.assert_allclose(ours.yields, theirs.yields, rtol=1e-5)
        np.testing.assert_allclose(ours.uncertainties, theirs.uncertainties, rtol=1e-4)
        np.testing.assert_allclose(ours.total_uncertainty, theirs.total_uncertainty, rtol=1e-4)
    # Two samples of one bin: only their sum is known.
    samples = {"s": ([5.0], [MU]), "b": ([50.0], [factor("k")]), "c": ([3.0], [JES])}
    m = model(workspace({"SR": samples}, {"SR": [57]}))
    ours, theirs = (wilks.predict(m, wilks.fit(m, fixed=held))["SR"] for held in ({}, {"k": 0.9}))
    assert np.isnan(ours.uncertainties[:2]).all()
    assert np.isnan(ours.sample_sums_uncertainty[:2]).all()
    assert ours.uncertainties[2] == pytest.approx(theirs.uncertainties[2], rel=1e-6)
    assert ours.total_uncertainty == pytest.approx(theirs.total_uncertainty, rel=1e-6)
    assert ours.total_uncertainty == pytest.approx([np.sqrt(57.0)], rel=1e-4)


def test_what_had_no_effect_in_the_fit_has_no_uncertainty_where_it_has_one() -> None:
    """A control region without signal, and the signal region that it predicts."""
    channels = {
        "CR": {"s": ([0.0], [MU]), "b": ([90.0], [factor("k")])},
        "SR": {"s": ([5.0], [MU]), "b": ([30.0], [factor("k")])},
    }
    loaded = wilks.load_workspace(workspace(channels, {"CR": [99], "SR": [40]}))
    whole = wilks.compile_model(loaded)
    control = wilks.fit(wilks.compile_model(wilks.select_channels(loaded, "CR")))
    assert control.converged
    assert control.idle[control.index("mu")]
    predicted = wilks.predict(whole, wilks.transfer(control, whole))["SR"]
    assert np.isnan(predicted.uncertainties[0, 0])
    assert predicted.uncertainties[1, 0] == pytest.approx(30.0 * np.sqrt(99.0) / 90.0, rel=1e-6)
    assert np.isnan(predicted.total_uncertainty[0])


def test_values_established_apart_from_this_code() -> None:
    """Two public reports rebuilt: the parameter without effect was fixed by hand, in pyhf."""
    signal = {"s": ([3.0, 8.0], [MU]), "b": ([50.0, 40.0], [modifier("a", "normsys", {"lo": 0.9, "hi": 1.1})])}
    empty = workspace({"c": {**signal, "empty": ([0.0, 0.0], [factor("k")])}}, {"c": [55, 50]})
    found = wilks.fit(model(empty))
    assert (found["mu"].value, found["mu"].uncertainty) == pytest.approx((1.261, 1.016), abs=6e-4)
    f, rest = modifier("f", "shapefactor"), ([1.0, 1.0], [])
    channels: dict[str, Any] = {
        "SR": {"sig": ([5.0, 10.0], [MU]), "bkg": ([50.0, 0.0], [f]), "b2": rest},
        "CR": {"bkg": ([100.0, 0.0], [f]), "b2": rest},
    }
    found = wilks.fit(model(workspace(channels, {"SR": [50, 12], "CR": [100, 1]})))
    assert found.converged
    assert [p.name for p in found if p.idle] == ["f[1]"]
    assert (found["mu"].value, found["mu"].uncertainty) == pytest.approx((1.057, 0.328), abs=6e-4)


def test_a_valley_that_ends_at_a_bound_is_flat() -> None:
    """A signal that can describe all data: the background's factor ends at 0, where nothing pushes it to."""
    samples = {"s": ([1000.0], [MU]), "b": ([50.0], [factor("k")]), "c": ([3.0], [JES])}
    found = wilks.fit(model(workspace({"SR": samples}, {"SR": [57]})))
    assert not found.converged
    assert {p.name for p in found if p.flat} == {"mu", "k"}
    assert found["jes"].uncertainty == pytest.approx(1.0, rel=1e-9)
    # Pushed there by data it is an end like any other.
    pushed = {"s": ([10.0, 1.0], [MU]), "b": ([5.0, 5.0], [factor("k")])}
    other = wilks.fit(model(workspace({"SR": pushed}, {"SR": [40, 0]})))
    assert other.converged
    assert other.at_bound[other.index("k")]


def test_second_derivatives_that_are_no_numbers_end_in_a_status() -> None:
    variations = {"lo_data": [5.6e181], "hi_data": [0.0]}
    huge = {
        "s": (
            [5.5e16],
            [
                MU,
                factor("k"),
                modifier("h", "histosys", variations),
                modifier("n", "normsys", {"hi": -9e259, "lo": 1e-270}),
            ],
        ),
        "b": ([-4.4e16], []),
    }
    compiled = model(workspace({"SR": huge}, {"SR": [0]}))
    with np.errstate(all="ignore"):
        assert not np.isfinite(compiled.hessian(compiled.initial)).all()
        found = wilks.fit(compiled, options=FitOptions(max_iterations=30))
    assert not found.converged
    assert found.status


def test_effects_beyond_all_numbers_are_part_of_no_combination() -> None:
    vast = {"s": ([1e300, 1.0], [MU, factor("k")]), "t": ([1.0, 1.0], [factor("k"), factor("l")])}
    compiled = model(workspace({"SR": vast}, {"SR": [1, 1]}))
    theta = np.where(np.array(compiled.parameter_names) == "mu", 1e9, 0.0)
    assert np.isfinite(compiled.expected(theta)).all()
    where, directions, size = combinations_without_effect(compiled, theta, np.ones(theta.size, np.bool_))
    assert compiled.index("k") not in where
    assert len(where) == len(directions)
    assert np.isfinite(directions).all()
    assert np.isfinite(size).all()
