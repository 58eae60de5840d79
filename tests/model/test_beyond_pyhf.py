"""Models that pyhf's format can't say, against a likelihood written for reading."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from tests.reference.likelihood import Likelihood

import wilks
from wilks.errors import ModelError, WorkspaceError
from wilks.workspace.edit import rename_normfactor

SPEC: dict[str, Any] = {
    "channels": [
        {
            "name": "SR",
            "samples": [
                {
                    "name": "signal",
                    "data": [4.0, 9.0, 3.0],
                    "modifiers": [{"name": "mu", "type": "normfactor", "data": None}],
                },
                {
                    "name": "ttbar",
                    "data": [30.0, 22.0, 14.0],
                    "modifiers": [
                        {"name": "k", "type": "normfactor", "data": None},
                        {"name": "jes", "type": "normsys", "data": {"lo": 0.9, "hi": 1.15}},
                        {
                            "name": "scale",
                            "type": "histosys",
                            "data": {"lo_data": [27.0, 22.5, 15.0], "hi_data": [34.0, 21.0, 13.5]},
                        },
                        {"name": "free", "type": "shapefactor", "data": None},
                    ],
                },
                {
                    "name": "qcd",
                    "data": [8.0, 5.0, 2.0],
                    "modifiers": [
                        {"name": "jes", "type": "normsys", "data": {"lo": 0.95, "hi": 1.05}},
                        {"name": "norm", "type": "normsys", "data": {"lo": 0.7, "hi": 1.4}},
                        {"name": "stat", "type": "staterror", "data": [1.2, 0.2, 0.4]},
                        {"name": "shape", "type": "shapesys", "data": [1.5, 1.1, 0.0]},
                    ],
                },
            ],
        },
        {
            "name": "CR",
            "samples": [
                {
                    "name": "ttbar",
                    "data": [110.0, 60.0],
                    "modifiers": [
                        {"name": "k", "type": "normfactor", "data": None},
                        {"name": "jes", "type": "normsys", "data": {"lo": 0.92, "hi": 1.1}},
                        {"name": "norm", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}},
                    ],
                }
            ],
        },
    ],
    "observations": [{"name": "SR", "data": [45.0, 33.0, 22.0]}, {"name": "CR", "data": [118.0, 55.0]}],
    "measurements": [{"name": "main", "config": {"poi": "mu", "parameters": []}}],
    "version": "wilks-1",
}


def spec_with(*settings: dict[str, Any]) -> dict[str, Any]:
    """Return the model with settings of parameters; the shape factor is fixed but for what they say."""
    spec = copy.deepcopy(SPEC)
    given = list(settings)
    if not any(entry["name"] == "free" for entry in given):
        given.append({"name": "free", "fixed": True})
    spec["measurements"][0]["config"]["parameters"] = given
    return spec


def assert_alike(spec: dict[str, Any]) -> wilks.Model:
    """Hold a model against the reference: parameters, value, gradient and Hessian at random points, and the fit."""
    model, reference = wilks.compile_model(wilks.load_workspace(spec)), Likelihood(spec)
    assert model.parameter_names == reference.parameter_names
    assert model.constraints == reference.constraint_kinds
    np.testing.assert_array_equal(model.initial, reference.inits)
    np.testing.assert_array_equal(np.stack(model.bounds, axis=1), reference.bounds)
    np.testing.assert_array_equal(model.fixed, reference.fixed)
    np.testing.assert_array_equal(model.observed(), reference.observed())
    rng = np.random.default_rng(3)
    for _ in range(5):
        theta = np.where(
            reference.fixed, reference.inits, reference.inits + 0.17 * rng.uniform(-1, 1, model.n_parameters)
        )
        np.testing.assert_allclose(model.expected(theta), reference.expected(theta), rtol=1e-13)
        assert abs(model.nll(theta) - reference.nll(theta)) < reference.nll_tolerance(theta)
        np.testing.assert_allclose(model.gradient(theta), reference.gradient(theta), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(model.hessian(theta), reference.hessian(theta), rtol=1e-5, atol=1e-5)
    free = ~reference.fixed
    bounds = reference.bounds.copy()
    positive = (bounds[:, 0] >= 0) & (np.array(model.parameter_names) != "mu")
    bounds[positive] = np.clip(bounds[positive], 0.05, 5.0)  # no rate vanishes on the way

    def nll(x: np.ndarray) -> tuple[float, np.ndarray]:
        theta = reference.inits.copy()
        theta[free] = x
        return float(reference.nll(theta)), reference.gradient(theta)[free]

    found = minimize(
        nll,
        np.clip(reference.inits + 0.01, *bounds.T)[free],
        jac=True,
        method="L-BFGS-B",
        bounds=bounds[free],
        options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-9, "maxls": 60},
    )
    fit = wilks.fit(model)
    assert fit.converged
    assert model.nll(fit.values) < found.fun + 1e-9
    np.testing.assert_allclose(np.asarray(fit.values)[free], found.x, rtol=2e-4, atol=2e-4)
    return model


CONSTRAINTS = {
    "a free systematic": {"name": "jes", "constraint": "none"},
    "a free shape": {"name": "scale", "constraint": "none", "bounds": [[-2.0, 2.0]]},
    "the modifier's own": {"name": "jes", "constraint": "normal"},
    "wide": {"name": "norm", "constraint": "normal", "sigmas": [100.0]},
    "with centre and width": {"name": "norm", "constraint": "normal", "auxdata": [0.4], "sigmas": [0.3]},
    "a factor held by a normal": {"name": "k", "constraint": "normal", "auxdata": [1.1], "sigmas": [0.07]},
    "a factor held by a count": {"name": "k", "constraint": "poisson", "factors": [25.0]},
    "a factor held by another count": {"name": "k", "constraint": "poisson", "auxdata": [31], "factors": [25.0]},
    "a factor held by no event": {"name": "k", "constraint": "poisson", "auxdata": [0], "factors": [4.0], "inits": [1]},
    "shape factors held by normals": {
        "name": "free",
        "constraint": "normal",
        "auxdata": [1.0, 1.1, 0.9],
        "sigmas": [0.1, 0.2, 0.3],
    },
    "shape factors held by counts": {"name": "free", "constraint": "poisson", "factors": [10.0, 20.0, 30.0]},
    "some components fixed": {
        "name": "shape",
        "fixed": [False, True, True],
        "inits": [1.1, 0.9, 1.0],
        "bounds": [[0.5, 2.0], [0.1, 3.0], [0.1, 3.0]],
    },
    "one component of a staterror fixed": {"name": "stat", "fixed": [True, False, False]},
}


@pytest.mark.parametrize("settings", CONSTRAINTS.values(), ids=CONSTRAINTS.keys())
def test_constraints_of_any_parameter(settings: dict[str, Any]) -> None:
    assert_alike(spec_with(settings))


def modified(
    change: Callable[[dict[str, Any], list[dict[str, Any]]], None], *settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the model after a change, which gets modifiers by name (of the last sample that has it) and channels."""
    spec = spec_with(*settings)
    change({m["name"]: m for c in spec["channels"] for s in c["samples"] for m in s["modifiers"]}, spec["channels"])
    return spec


def shared(by_name: dict[str, Any], channels: list[dict[str, Any]]) -> None:
    """Share the gammas of qcd with the signal, relative uncertainties alike, one bin without signal."""
    by_name["shape"].update(data=[1.6, 1.0, 0.0], shared=True)
    channels[0]["samples"][0]["data"] = [4.0, 9.0, 0.0]
    channels[0]["samples"][0]["modifiers"].append(
        {"name": "shape", "type": "shapesys", "data": [0.8, 1.8, 0.3], "shared": True}
    )


def shared_by_channels(by_name: dict[str, Any], channels: list[dict[str, Any]]) -> None:
    """Share two gammas between two channels."""
    for channel, unc in zip(channels, ([3.0, 4.4], [11.0, 12.0]), strict=True):
        bins = channel["samples"][0]["data"][:2]
        channel["samples"][-1]["modifiers"] = [m for m in channel["samples"][-1]["modifiers"] if m["name"] == "norm"]
        sample = {"name": "extra", "data": [15.0, 11.0] if len(bins) == 2 else [55.0, 30.0], "modifiers": []}
        sample["modifiers"] = [
            {"name": "both", "type": "shapesys", "data": unc, "shared": True, "constraint": "normal"}
        ]
        channel["samples"] = [
            {**one, "data": one["data"][:2], "modifiers": [m for m in one["modifiers"] if m["type"] == "normfactor"]}
            for one in channel["samples"]
        ] + [sample]
    channels[1]["samples"][-1]["data"] = [55.0, 30.0]


MODIFIERS: dict[str, Callable[[dict[str, Any], list[dict[str, Any]]], None]] = {
    "a Poisson staterror": lambda m, _: m["stat"].update(constraint="poisson"),
    "with a threshold": lambda m, _: m["stat"].update(constraint="poisson", threshold=0.05),
    "a normal staterror with a threshold": lambda m, _: m["stat"].update(threshold=0.05),
    "said in full": lambda m, _: m["stat"].update(constraint="normal", threshold=0),
    "a Poisson staterror with an empty bin": lambda m, _: m["stat"].update(constraint="poisson", data=[1.2, 0, 0.4]),
    "a normal shapesys": lambda m, _: m["shape"].update(constraint="normal"),
    "a shapesys of two samples": shared,
    "interpolations": lambda m, _: (m["norm"].update(interpolation="code1"), m["scale"].update(interpolation="code0"))[
        0
    ],
    "another interpolation": lambda m, _: m["scale"].update(interpolation="code2"),
    "interpolations said in full": lambda m, _: (
        m["norm"].update(interpolation="code4"),
        m["scale"].update(interpolation="code4p"),
    )[0],
}


@pytest.mark.parametrize("change", MODIFIERS.values(), ids=MODIFIERS.keys())
def test_what_modifiers_say(change: Callable[[dict[str, Any], list[dict[str, Any]]], None]) -> None:
    assert_alike(modified(change))


def test_gammas_are_shared_between_channels() -> None:
    spec = modified(shared_by_channels)
    spec["observations"][0]["data"] = [45.0, 33.0]
    spec["measurements"][0]["config"]["parameters"] = []
    model = assert_alike(spec)
    assert [name for name in model.parameter_names if name.startswith("both")] == ["both[0]", "both[1]"]


def test_bins_below_the_threshold_are_constant_and_keep_their_term() -> None:
    """ROOT's `staterror_poisson`: tau = 1/r^2, not rounded; the third bin has 3.3 %, below 5 %."""
    spec = modified(lambda m, _: m["stat"].update(constraint="poisson", threshold=0.05))
    stat = next(s for s in wilks.compile_model(wilks.load_workspace(spec)).parameter_sets if s.name == "stat")
    np.testing.assert_allclose(stat.scale, [1 / 0.15**2, 1 / 0.04**2, 1 / 0.2**2])
    np.testing.assert_array_equal(stat.auxdata, stat.scale)
    assert stat.fixed.tolist() == [False, True, False]


def test_a_code_of_one_modifier_goes_before_that_of_the_model() -> None:
    spec = modified(lambda m, _: m["norm"].update(interpolation="code4"))
    workspace = wilks.load_workspace(spec)
    model = wilks.compile_model(workspace, normsys="code1")
    theta = model.initial + 0.3
    np.testing.assert_allclose(model.expected(theta), Likelihood(spec, normsys="code1").expected(theta), rtol=1e-13)
    assert not np.allclose(model.expected(theta), wilks.compile_model(workspace).expected(theta), rtol=1e-8)


def test_a_log_normal_factor_is_exponential_interpolation() -> None:
    """kappa^theta for every theta: a normsys (1/kappa, kappa) with code1 (Combine's lnN)."""
    kappa = 1.4
    spec = modified(
        lambda m, c: c[1]["samples"][0].update(
            modifiers=[
                {"name": "norm", "type": "normsys", "interpolation": "code1", "data": {"lo": 1 / kappa, "hi": kappa}}
            ]
        )
    )
    model = wilks.compile_model(wilks.load_workspace(spec))
    for value in (-2.0, -0.4, 0.0, 0.3, 1.7):
        theta = model.initial.copy()
        theta[model.index("norm")] = value
        np.testing.assert_allclose(model.expected(theta)[:2], np.array([110.0, 60.0]) * kappa**value, rtol=1e-14)


def extra(channels: list[dict[str, Any]], channel: int, modifier: dict[str, Any]) -> None:
    channels[channel]["samples"][0]["modifiers"].append(modifier)


CONTRADICTIONS: dict[str, tuple[Callable[[dict[str, Any], list[dict[str, Any]]], None], str]] = {
    "one normal, one Poisson": (
        lambda m, c: extra(c, 0, {"name": "stat", "type": "staterror", "data": [1, 1, 1], "constraint": "poisson"}),
        'staterror "stat" has constraint "poisson" on sample "signal" in channel "SR" and "normal" on sample "qcd"',
    ),
    "two thresholds": (
        lambda m, c: extra(c, 0, {"name": "stat", "type": "staterror", "data": [1, 1, 1], "threshold": 0.1}),
        'staterror "stat" has threshold 0.1 on sample "signal"',
    ),
    "shared by one alone": (
        lambda m, c: extra(c, 0, {"name": "shape", "type": "shapesys", "data": [1, 1, 1], "shared": True}),
        'or "shared": true on all of this name',
    ),
    "other numbers of bins": (
        lambda m, c: (
            m["shape"].update(shared=True),
            extra(c, 1, {"name": "shape", "type": "shapesys", "data": [1, 1], "shared": True}),
        )[1],
        'with 2 bins and by sample "qcd" in channel "SR" with 3',
    ),
    "other uncertainties": (
        lambda m, c: (
            m["shape"].update(shared=True),
            extra(c, 0, {"name": "shape", "type": "shapesys", "data": [0.75, 1.9, 1], "shared": True}),
        )[1],
        "its relative uncertainty in bin 1 is 0.22 on",
    ),
}


@pytest.mark.parametrize(("change", "told"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_contradictions_are_told(change: Callable[[dict[str, Any], list[dict[str, Any]]], None], told: str) -> None:
    workspace = wilks.load_workspace(modified(change))
    with pytest.raises(ModelError) as caught:
        wilks.compile_model(workspace)
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "refused-model" in {finding.rule for finding in wilks.check(workspace)}
    assert str(wilks.inspect(workspace))


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("stat", {"constraint": "Pois"}, 'allowed are "normal", "poisson"; did you mean "poisson"?'),
        ("stat", {"threshold": -0.1}, "threshold: -0.1 found, a number not below 0 needed"),
        ("stat", {"threshold": "5%"}, 'threshold: "5%" found, a number needed'),
        ("stat", {"treshold": 0.05}, 'did you mean "threshold"?'),
        ("shape", {"constraint": "none"}, 'allowed are "normal", "poisson"'),
        ("shape", {"shared": 1}, "shared: 1 found, true or false needed"),
        ("norm", {"interpolation": "code4p"}, 'allowed are "code0", "code1", "code2", "code4", "code5", "combine"'),
        ("scale", {"interpolation": "code4"}, 'allowed are "code0", "code1", "code2", "code4p", "code5"'),
        ("k", {"constraint": "normal"}, 'unknown key "constraint"; allowed are "name", "data", "type"'),
    ],
)
def test_words_of_modifiers_that_are_none(name: str, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        wilks.load_workspace(modified(lambda m, _: m[name].update(changes)))
    assert told in str(caught.value)


def test_a_systematic_is_free_without_its_term() -> None:
    held = wilks.compile_model(wilks.load_workspace(spec_with()))
    free = wilks.compile_model(wilks.load_workspace(spec_with({"name": "jes", "constraint": "none"})))
    assert free.auxiliary.size == held.auxiliary.size - 1
    assert free.unconstrained[free.index("jes")]
    assert free.prefit_uncertainties[free.index("jes")] == 0.0
    assert wilks.fit(free)["jes"].uncertainty > wilks.fit(held)["jes"].uncertainty


def test_a_gamma_distributed_factor_is_a_count() -> None:
    """ROOT's Gamma(beta; y + 1, 1/tau) is tau beta - y log beta up to a constant (RooGamma)."""
    y, tau = 11.1, 11.1
    spec = spec_with({"name": "k", "constraint": "poisson", "auxdata": [y], "factors": [tau]})
    model = wilks.compile_model(wilks.load_workspace(spec))
    free = wilks.compile_model(wilks.load_workspace(spec_with({"name": "k", "constraint": "none"})))
    points = []
    for beta in (0.3, 0.9, 1.7, 4.0):
        theta = model.initial.copy()
        theta[model.index("k")] = beta
        points.append(model.nll(theta) - free.nll(theta) - (tau * beta - y * np.log(beta)))
    np.testing.assert_allclose(points, points[0], rtol=0, atol=1e-11)


def test_a_constrained_factor_starts_at_its_centre_unless_told() -> None:
    asked = {"name": "k", "constraint": "poisson", "auxdata": [30], "factors": [25.0]}
    model = wilks.compile_model(wilks.load_workspace(spec_with(asked)))
    assert model.initial[model.index("k")] == 1.2
    model = wilks.compile_model(wilks.load_workspace(spec_with({**asked, "inits": [0.5]})))
    assert model.initial[model.index("k")] == 0.5
    assert model.nominal[model.index("k")] == 1.2


def test_a_free_systematic_without_effect_is_idle() -> None:
    spec = spec_with({"name": "dead", "constraint": "none"}, {"name": "jes", "constraint": "none"})
    for modifier in (
        {"name": "dead", "type": "normsys", "data": {"lo": 1.0, "hi": 1.0}},
        {"name": "dead", "type": "histosys", "data": {"lo_data": [4.0, 9.0, 3.0], "hi_data": [4.0, 9.0, 3.0]}},
    ):
        changed = copy.deepcopy(spec)
        changed["channels"][0]["samples"][0]["modifiers"].append(modifier)
        model = wilks.compile_model(wilks.load_workspace(changed))
        assert [name for name, idle in zip(model.parameter_names, model.idle, strict=True) if idle] == ["dead"]
        (finding,) = [f for f in wilks.check(wilks.load_workspace(changed)) if f.rule == "idle-factor"]
        assert "It is free, and its variations are nominal everywhere." in finding.message


def test_a_free_systematic_moves_where_only_its_shape_acts() -> None:
    model = wilks.compile_model(wilks.load_workspace(spec_with({"name": "scale", "constraint": "none"})))
    assert not model.idle.any()


WRONG = {
    "no width": ({"name": "k", "constraint": "normal", "auxdata": [1]}, "needs sigmas as well"),
    "neither": ({"name": "k", "constraint": "normal"}, "needs auxdata and sigmas as well"),
    "a factor of 0": ({"name": "k", "constraint": "poisson", "factors": [0]}, "widths of constraints must be positive"),
    "no factors": ({"name": "k", "constraint": "poisson", "auxdata": [3]}, "needs factors as well"),
    "a count of a systematic": ({"name": "jes", "constraint": "poisson", "factors": [3]}, "can't have a Poisson"),
    "a staterror": ({"name": "stat", "constraint": "none"}, "its width comes from the yields"),
    "a shapesys": ({"name": "shape", "constraint": "normal"}, "its width comes from the yields"),
    "sigmas of a free one": ({"name": "jes", "constraint": "none", "sigmas": [2]}, "takes no sigmas"),
    "width 0": ({"name": "k", "constraint": "normal", "auxdata": [1], "sigmas": [0]}, "must be positive numbers"),
    "negative count": (
        {"name": "k", "constraint": "poisson", "auxdata": [-3], "factors": [3], "inits": [1]},
        "counts, not below 0",
    ),
    "negative bound": (
        {"name": "k", "constraint": "poisson", "factors": [3], "bounds": [[-1, 3]]},
        "lower bounds that are not below 0",
    ),
    "centre outside": ({"name": "k", "constraint": "normal", "auxdata": [20], "sigmas": [3]}, "outside its bounds"),
    "components": ({"name": "shape", "fixed": [True, False]}, "fixed has 2 entries, 3 needed"),
    "entries": ({"name": "free", "constraint": "poisson", "factors": [3]}, "factors has 1 entries, 3 needed"),
}


@pytest.mark.parametrize(("settings", "told"), WRONG.values(), ids=WRONG.keys())
def test_what_can_not_be_is_said(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelError) as caught:
        wilks.compile_model(wilks.load_workspace(spec_with(settings)))
    assert told in str(caught.value)
    assert settings["name"] in str(caught.value)


def test_the_version_must_say_it() -> None:
    spec = spec_with({"name": "jes", "constraint": "none"}, {"name": "shape", "fixed": [True, True, True]})
    with pytest.raises(WorkspaceError, match=r'"1.0.0" found, "wilks-1" needed: pyhf can\'t say measurements\[0\]'):
        wilks.load_workspace({**spec, "version": "1.0.0"})


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"constraint": "gaussian"}, 'allowed are "none", "normal", "poisson"; did you mean "normal"?'),
        ({"constraint": "Gamma"}, 'a Gamma constraint is "poisson"'),
        ({"constraint": "uniform"}, 'flat on a range is "none", with bounds'),
        ({"constraint": "lognormal"}, "a log-normal factor is a normsys"),
        ({"constraint": "possion"}, 'did you mean "poisson"?'),
        ({"constraint": 3}, 'config.parameters[0].constraint: 3 found; allowed are "none"'),
        ({"constrain": "none"}, 'did you mean "constraint"?'),
        ({"fixed": [True, 1]}, "fixed[1]: 1 found, true or false needed"),
        ({"fixed": []}, "fixed: empty"),
        ({"fixed": "yes"}, 'fixed: "yes" found, true or false needed'),
    ],
)
def test_words_that_are_none_of_the_format(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        wilks.load_workspace(spec_with({"name": "jes", **settings}))
    assert told in str(caught.value)


def several(*pois: str) -> dict[str, Any]:
    """Return the model with several parameters of interest."""
    spec = spec_with()
    spec["measurements"][0]["config"].update(poi=pois[0], pois=list(pois))
    return spec


def test_several_parameters_of_interest() -> None:
    workspace = wilks.load_workspace(several("mu", "k"))
    model = wilks.compile_model(workspace)
    assert (model.poi, model.pois) == ("mu", ("mu", "k"))
    assert model.with_poi("k").pois == ("k",)
    assert wilks.compile_model(workspace, poi="k").pois == ("k",)
    assert wilks.compile_model(workspace, poi="").pois == ()
    # What is asked of all parameters of interest needs no list of them.
    both, named = wilks.breakdown(model), wilks.breakdown(model, poi=["mu", "k"])
    assert both.pois == ("mu", "k")
    np.testing.assert_array_equal(both.contributions, named.contributions)
    ranked = wilks.ranking(model, method="covariance")
    assert ranked.pois == ("mu", "k")
    assert not {"mu", "k"} & {*ranked.names}
    summary = wilks.inspect(workspace)
    assert summary.measurements[0].pois == ("mu", "k")
    assert "mu,k" in str(summary)


def test_parameters_of_interest_go_with_what_they_act_on() -> None:
    workspace = wilks.load_workspace(several("mu", "k"))
    control = wilks.select_channels(workspace, "CR").document.measurements[0].config
    assert (control.poi, control.pois) == ("k", None)
    signal = wilks.select_channels(workspace, "SR").document.measurements[0].config
    assert (signal.poi, signal.pois) == ("mu", ["mu", "k"])
    renamed = rename_normfactor(workspace, "k", {"CR": "k_CR"}).document.measurements[0].config
    assert renamed.pois == ["mu", "k", "k_CR"]


def test_parameters_of_interest_that_are_none() -> None:
    spec = several("mu", "k", "k")
    spec["measurements"][0]["config"]["poi"] = "k"
    with pytest.raises(WorkspaceError) as caught:
        wilks.load_workspace(spec)
    assert 'config.pois: "mu" comes first, needed is "k", which "poi" names' in str(caught.value)
    assert 'config.pois: "k" occurs more than once' in str(caught.value)
    spec["measurements"][0]["config"]["pois"] = []
    with pytest.raises(WorkspaceError, match="pois: empty"):
        wilks.load_workspace(spec)
    workspace = wilks.load_workspace(several("mu", "kk"))
    with pytest.raises(ModelError, match='parameter of interest "kk" is not a parameter'):
        wilks.compile_model(workspace)
    (finding,) = wilks.check(workspace).of_rule("missing-poi")
    assert finding.place == 'parameter "kk"'


SETS = [
    {"name": "asimov", "observations": [{"name": "CR", "data": [110, 60]}, {"name": "SR", "data": [42, 36, 19]}]},
    {"name": "early", "observations": [{"name": "SR", "data": [4, 3, 1]}, {"name": "CR", "data": [11, 7]}]},
]


def with_sets() -> dict[str, Any]:
    return {**spec_with(), "data_sets": copy.deepcopy(SETS)}


def test_data_sets_are_chosen_by_name() -> None:
    workspace = wilks.load_workspace(with_sets())
    assert workspace.data_set_names == ("asimov", "early")
    observed, early = wilks.compile_model(workspace), wilks.compile_model(workspace, data_set="early")
    assert observed.observed_main.tolist() == [118, 55, 45, 33, 22]
    assert early.observed_main.tolist() == [11, 7, 4, 3, 1]
    fit = wilks.fit(early)
    assert (fit.dataset, wilks.fit(observed).dataset) == ("early", "observed")
    np.testing.assert_array_equal(fit.values, wilks.fit(observed, early.observed()).values)
    with pytest.raises(
        ModelError, match=r'no data set "erly"; the workspace has "asimov", "early"; did you mean "early"'
    ):
        wilks.compile_model(workspace, data_set="erly")
    with pytest.raises(ModelError, match="the workspace has its observations only"):
        wilks.compile_model(wilks.load_workspace(spec_with()), data_set="early")


def test_data_sets_lose_what_the_workspace_loses() -> None:
    workspace = wilks.load_workspace(with_sets())
    control = wilks.select_channels(workspace, "CR")
    assert wilks.compile_model(control, data_set="early").observed_main.tolist() == [11, 7]
    masked = wilks.mask_bins(workspace, {"SR": [1]})
    assert wilks.compile_model(masked, data_set="early").observed_main.tolist() == [11, 7, 4, 0, 1]
    wilks.load_workspace(control.spec)
    wilks.load_workspace(masked.spec)


def test_data_sets_that_are_none() -> None:
    spec = with_sets()
    spec["data_sets"][0]["name"] = "early"
    spec["data_sets"][0]["observations"][0]["data"] = [110, 60, 1]
    spec["data_sets"][1]["observations"] = [{"name": "SRR", "data": [4, 3, float("nan")]}]
    with pytest.raises(WorkspaceError) as caught:
        wilks.load_workspace(spec)
    for told in (
        'data_sets: "early" occurs more than once',
        'data_sets[0].observations: 3 bins for channel "CR", which has 2',
        "data_sets[1].observations[0].data[2]: NaN found, a finite number needed",
        'data_sets[1].observations: no channel "SRR"; did you mean "SR"?',
        'data_sets[1].observations: none for channel "CR"',
        'data_sets[1].observations: none for channel "SR"; did you mean "SRR"?',
    ):
        assert told in str(caught.value)


def test_groups_serve_breakdown_and_ranking() -> None:
    spec = {
        **spec_with(),
        "groups": [
            {"name": "detector", "parameters": ["jes", "shape"]},
            {"name": "theory", "parameters": ["norm", "scale", "mu"]},
        ],
    }
    workspace = wilks.load_workspace(spec)
    model = wilks.compile_model(workspace)
    members = {"detector": ["jes", "shape[0]", "shape[1]"], "theory": ["norm", "scale"]}
    found, named = wilks.breakdown(model), wilks.breakdown(model, groups=members)
    assert found.groups == named.groups == ("detector", "theory", "other parameters")
    np.testing.assert_array_equal(found.contributions, named.contributions)
    ranked = wilks.ranking(model, parameters="detector", method="covariance")
    assert {*ranked.names} == {"jes", "shape[0]", "shape[1]"}
    ranked = wilks.ranking(model, exclude=["detector", "stat*", "k"], method="covariance")
    assert {*ranked.names} == {"norm", "scale"}
    control = wilks.select_channels(workspace, "CR").document.groups
    assert control is not None
    assert [(group.name, group.parameters) for group in control] == [("detector", ["jes"]), ("theory", ["norm"])]


def test_groups_of_what_is_not_there_are_told() -> None:
    spec = {**spec_with(), "groups": [{"name": "theory", "parameters": ["norms", "jes"]}]}
    workspace = wilks.load_workspace(spec)
    assert wilks.compile_model(workspace).groups == {"theory": ("jes",)}
    (finding,) = wilks.check(workspace).of_rule("unknown-setting")
    assert finding.message == 'Group theory has it, but no modifier has this name; did you mean "norm"?'
    spec["groups"] = [{"name": "a", "parameters": []}, {"name": "a", "parameters": ["jes", "jes"]}]
    with pytest.raises(WorkspaceError) as caught:
        wilks.load_workspace(spec)
    for told in (
        'groups: "a" occurs more than once',
        "groups[0].parameters: empty",
        'groups[1].parameters: "jes" occurs more than once',
    ):
        assert told in str(caught.value)
