"""Compiling: measurements, parameters of interest, orders, zero-bin rules, settings, contradictions."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from wilks import Axis, compile_model, load_workspace
from wilks.errors import ModelError
from wilks.workspace.workspace import Workspace

Spec = dict[str, Any]


def modifier(name: str, kind: str, data: Any = None) -> Spec:
    return {"name": name, "type": kind, "data": data}


def workspace(**settings: Spec) -> Spec:
    """Two channels, all modifier types, names chosen against alphabetical order; `settings` by parameter name."""
    shape = {"lo_data": [9.0, 18.0], "hi_data": [11.0, 23.0]}
    lumi = {"inits": [1.0], "bounds": [[0.5, 1.5]], "auxdata": [1.0], "sigmas": [0.02]}
    parameters = [{"name": name, **values} for name, values in {"lumi": lumi, **settings}.items()]
    signal = [
        modifier("zmu", "normfactor"),
        modifier("lumi", "lumi"),
        modifier("z_ns", "normsys", {"lo": 0.9, "hi": 1.2}),
    ]
    background = [
        modifier("staterror_SR", "staterror", [1.0, 0.0]),
        modifier("n_ss", "shapesys", [0.0, 2.0]),
        modifier("zz_hs", "histosys", shape),
        modifier("a_ns", "normsys", {"lo": 0.95, "hi": 1.05}),
    ]
    control = [modifier("m_sf", "shapefactor"), modifier("staterror_CR", "staterror", [1.0, 2.0, 3.0])]
    return {
        "channels": [
            {
                "name": "SR",
                "samples": [
                    {"name": "signal", "data": [3.0, 4.0], "modifiers": signal},
                    {"name": "background", "data": [10.0, 20.0], "modifiers": background},
                ],
            },
            {"name": "CR", "samples": [{"name": "background", "data": [50.0, 60.0, 0.0], "modifiers": control}]},
        ],
        "observations": [{"name": "SR", "data": [12, 25]}, {"name": "CR", "data": [49, 61, 0]}],
        "measurements": [
            {"name": "first", "config": {"poi": "zmu", "parameters": parameters}},
            {"name": "second", "config": {"poi": "", "parameters": parameters}},
        ],
        "version": "1.0.0",
    }


def compiled(spec: Spec, **options: Any) -> Any:
    return compile_model(load_workspace(spec), **options)


def test_parameter_order_is_by_type_then_by_first_use() -> None:
    names = compiled(workspace()).parameter_names
    shape = tuple(f"m_sf[{i}]" for i in range(3))
    gammas = (*(f"staterror_CR[{i}]" for i in range(3)), *(f"staterror_SR[{i}]" for i in range(2)))
    assert names == ("zz_hs", "lumi", "zmu", "a_ns", "z_ns", *shape, "n_ss[0]", "n_ss[1]", *gammas)


def test_zero_bins_are_fixed_and_keep_their_constraint() -> None:
    model = compiled(workspace())
    fixed = {name for name, is_fixed in zip(model.parameter_names, model.fixed, strict=True) if is_fixed}
    assert fixed == {"n_ss[0]", "staterror_SR[1]", "staterror_CR[2]"}
    widths = dict(zip(model.parameter_names, model.prefit_uncertainties, strict=True))
    assert widths["n_ss[1]"] == pytest.approx(2.0 / 20.0)
    assert widths["staterror_CR[1]"] == pytest.approx(2.0 / 60.0)
    assert widths["n_ss[0]"] == widths["zmu"] == 0.0
    auxiliary = dict(
        zip(
            (n for n, c in zip(model.parameter_names, model.constraints, strict=True) if c != "none"),
            model.auxiliary,
            strict=True,
        )
    )
    assert auxiliary["n_ss[0]"] == 1.0
    assert auxiliary["n_ss[1]"] == pytest.approx(100.0)


def test_settings_of_the_measurement_win() -> None:
    model = compiled(
        workspace(
            zmu={"inits": [2.0], "bounds": [[-1.0, 4.0]]},
            z_ns={"auxdata": [0.5], "fixed": True},
            staterror_SR={"fixed": False, "sigmas": [0.2, 0.3]},
        )
    )
    i, j = model.index("zmu"), model.index("staterror_SR[1]")
    assert (model.initial[i], model.bounds[0][i], model.bounds[1][i]) == (2.0, -1.0, 4.0)
    assert not model.fixed[j]
    assert model.prefit_uncertainties[j] == 0.3
    assert model.nominal[model.index("z_ns")] == 0.5
    assert model.fixed[model.index("z_ns")]


def test_factors_of_a_shapesys_move_its_auxiliary_data_too() -> None:
    model = compiled(workspace(n_ss={"factors": [1.0, 25.0]}))
    assert model.prefit_uncertainties[model.index("n_ss[1]")] == pytest.approx(0.2)
    assert 25.0 in model.auxiliary


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"zmu": {"inits": [1.0, 2.0]}}, '"zmu": inits has 2 entries, 1 needed'),
        ({"zmu": {"auxdata": [1.0]}}, '"zmu" .normfactor. takes no auxdata; allowed: inits, bounds'),
        ({"zmu": {"inits": [11.0]}}, "lies outside its bounds"),
        ({"n_ss": {"sigmas": [1.0, 1.0]}}, "takes no sigmas"),
        ({"staterror_SR": {"sigmas": [0.0, 1.0]}}, "must be positive"),
        ({"lumi": {"inits": [1.0]}}, "must give bounds, auxdata, sigmas for the luminosity"),
    ],
)
def test_impossible_settings_are_told(settings: dict[str, Spec], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        compiled(workspace(**settings))


def test_all_contradictions_at_once() -> None:
    spec = workspace(zmu={"inits": [1.0, 2.0]}, staterror_SR={"auxdata": [1.0]})
    with pytest.raises(ModelError) as error:
        compiled(spec)
    assert len(error.value.problems) == 2


def test_measurement_by_name_or_index() -> None:
    spec = workspace()
    assert compiled(spec).poi == "zmu"
    assert compiled(spec, measurement="second").poi is None
    assert compiled(spec, measurement=1).measurement == "second"
    assert compiled(spec, measurement=1, poi="a_ns").poi == "a_ns"
    with pytest.raises(ModelError, match=r'no measurement "secnd"; .* did you mean "second"'):
        compiled(spec, measurement="secnd")
    with pytest.raises(ModelError, match="has 2, counted from 0"):
        compiled(spec, measurement=2)


def test_poi_must_be_a_single_number_of_the_model() -> None:
    with pytest.raises(
        ModelError, match=r'"z_mu" is not a parameter of the model; .* --poi ""\); did you mean "zmu"\?$'
    ):
        compiled(workspace(), poi="z_mu")
    with pytest.raises(ModelError, match="one component per bin"):
        compiled(workspace(), poi="m_sf")


def test_interpolation_codes_are_checked_together() -> None:
    with pytest.raises(ModelError) as error:
        compiled(workspace(), normsys="code4p", histosys="code4")
    assert len(error.value.problems) == 2


def test_shared_names_must_fit() -> None:
    spec = workspace()
    spec["channels"][1]["samples"][0]["modifiers"].append(modifier("zmu", "normsys", {"lo": 0.9, "hi": 1.1}))
    with pytest.raises(ModelError, match='"zmu" is used by a normfactor and by a normsys'):
        compiled(spec)
    spec = workspace()
    spec["channels"][0]["samples"][0]["modifiers"].append(modifier("n_ss", "shapesys", [1.0, 1.0]))
    with pytest.raises(ModelError, match=r'shapesys "n_ss" is used by sample "background" .* again by "signal"'):
        compiled(spec)


def test_a_shapefactor_needs_channels_of_one_length() -> None:
    spec = workspace()
    spec["channels"][0]["samples"][0]["modifiers"].append(modifier("m_sf", "shapefactor"))
    with pytest.raises(ModelError, match="channels with different numbers of bins"):
        compiled(spec)


def test_a_shapefactor_correlates_channels_of_one_length() -> None:
    spec = workspace()
    extra = copy.deepcopy(spec["channels"][1])
    extra["name"] = "VR"
    extra["samples"][0]["modifiers"] = [modifier("m_sf", "shapefactor")]
    spec["channels"].append(extra)
    spec["observations"].append({"name": "VR", "data": [1, 2, 3]})
    model = compiled(spec)
    theta = model.initial.copy()
    theta[model.index("m_sf[1]")] = 1.7
    change = model.expected(theta) - model.expected(model.initial)
    assert np.flatnonzero(change).tolist() == [1, 6]  # bin 1 of CR and of VR


def test_a_staterror_of_several_channels_has_their_bins_one_after_the_other() -> None:
    spec = workspace()
    signal, background = spec["channels"][0]["samples"]
    background["modifiers"][0] = modifier("shared", "staterror", [1.0, 2.0])
    signal["modifiers"].append(modifier("shared", "staterror", [3.0, 0.0]))
    spec["channels"][1]["samples"][0]["modifiers"][1] = modifier("shared", "staterror", [1.0, 2.0, 3.0])
    model = compiled(spec)
    gammas = next(s for s in model.parameter_sets if s.name == "shared")
    control, region = [1 / 50, 2 / 60, 0.0], [np.hypot(1, 3) / 13, 2 / 24]  # CR comes before SR; its last bin is empty
    assert gammas.width.tolist() == pytest.approx([*control, *region], rel=1e-14)


def test_parameters_that_act_alike_up_and_down_are_even() -> None:
    spec = workspace()
    background = spec["channels"][0]["samples"][1]["modifiers"]
    flat = {"lo_data": [11, 21.0], "hi_data": [11.0, 21]}
    background += [modifier("e_hs", "histosys", flat), modifier("e_ns", "normsys", {"lo": 1.1, "hi": 1.1})]
    background += [modifier("half", "histosys", flat), modifier("half", "normsys", {"lo": 0.9, "hi": 1.1})]
    background += [modifier("last", "histosys", {"lo_data": [11.0, 21.0], "hi_data": [11.0, 22.0]})]
    model = compiled(spec)
    assert {n for n, e in zip(model.parameter_names, model.even, strict=True) if e} == {"e_hs", "e_ns"}
    at = model.initial.copy()
    for name, sign in (("e_hs", 1), ("e_ns", -1)):
        at[model.index(name)] = 0.7 * sign
    mirrored = np.where(model.even, -at, at)
    np.testing.assert_array_equal(model.expected(at), model.expected(mirrored))


def test_whole_numbers_are_read_as_floats_however_long() -> None:
    spec = workspace()
    spec["channels"][0]["samples"][1]["data"] = [10**25, 20]
    model = compiled(spec)
    background = model.expected_by_block(model.initial)[1]
    assert background.tolist() == [1e25, 20.0]


def test_a_workspace_without_modifiers_is_no_model() -> None:
    spec = workspace()
    for channel in spec["channels"]:
        for sample in channel["samples"]:
            sample["modifiers"] = []
    with pytest.raises(ModelError, match="no parameters"):
        compiled(spec)


def test_a_path_is_no_workspace() -> None:
    with pytest.raises(TypeError, match=r"use wilks\.load_workspace"):
        compile_model("workspace.json")  # type: ignore[arg-type]


def search(samples: dict[str, tuple[list[float], list[Spec]]], **settings: Spec) -> Spec:
    """Return one channel with signal and background, and further samples."""
    signal = ([3.0, 4.0], [modifier("mu", "normfactor")])
    every = {"signal": signal, "background": ([10.0, 20.0], []), **samples}
    return {
        "channels": [
            {"name": "SR", "samples": [{"name": k, "data": d, "modifiers": m} for k, (d, m) in every.items()]}
        ],
        "observations": [{"name": "SR", "data": [12, 25]}],
        "measurements": [
            {"name": "m", "config": {"poi": "", "parameters": [{"name": k, **v} for k, v in settings.items()]}}
        ],
        "version": "1.0.0",
    }


FACTOR, SHAPE = modifier("k", "normfactor"), modifier("f", "shapefactor")
OFF: Spec = {"inits": [0.0], "fixed": True}
GROWS = modifier("v", "histosys", {"lo_data": [0.0, 0.0], "hi_data": [0.0, 2.0]})


@pytest.mark.parametrize(
    ("spec", "idle"),
    [
        (search({}), set()),
        (search({"none": ([0.0, 0.0], [FACTOR])}), {"k"}),
        (search({"none": ([0.0, 0.0], [FACTOR, SHAPE])}), {"k", "f[0]", "f[1]"}),
        (search({"half": ([0.0, 2.0], [FACTOR, SHAPE])}), {"f[0]"}),
        # A variation that fills an empty bin makes it worth a factor.
        (search({"grows": ([0.0, 0.0], [FACTOR, SHAPE, GROWS])}), {"f[0]"}),
        (search({"off": ([5.0, 2.0], [FACTOR, modifier("switch", "normfactor")])}, switch=OFF), {"k"}),
        (search({"off": ([5.0, 2.0], [FACTOR, modifier("switch", "normfactor")])}, switch={"inits": [0.0]}), set()),
        (
            search(
                {"off": ([5.0, 2.0], [FACTOR, modifier("gone", "shapefactor")])},
                gone={"inits": [0.0, 0.0], "fixed": True},
            ),
            {"k"},
        ),
        # A systematic that is held at 0 removes nothing; what is fixed or has a constraint is not idle.
        (search({"w": ([5.0, 2.0], [FACTOR, modifier("a", "normsys", {"lo": 0.9, "hi": 1.1})])}, a=OFF), set()),
        (search({"none": ([0.0, 0.0], [FACTOR])}, k={"fixed": True}), set()),
        (search({"none": ([0.0, 0.0], [modifier("a", "normsys", {"lo": 0.9, "hi": 1.1})])}), set()),
        (search({"none": ([0.0, 0.0], [FACTOR]), "some": ([0.0, 1.0], [FACTOR])}), set()),
    ],
)
def test_parameters_that_no_rate_depends_on_are_idle(spec: Spec, idle: set[str]) -> None:
    model = compiled(spec)
    assert {model.parameter_names[i] for i in np.flatnonzero(model.idle)} == idle
    theta = model.initial + 0.3 * ~model.fixed
    jacobian = sum(model.jacobian(theta, k) for k in range(len(model.blocks)))
    for i in np.flatnonzero(model.idle):
        assert not jacobian[:, i].any()


@pytest.mark.parametrize("kind", ["shapesys", "shapefactor", "staterror"])
def test_a_name_that_is_also_that_of_a_component_is_refused(kind: str) -> None:
    data = None if kind == "shapefactor" else [1.0, 2.0]
    spec = search({"w": ([5.0, 2.0], [modifier("u", kind, data), modifier("u[1]", "normfactor")])})
    with pytest.raises(ModelError, match=rf'"u\[1\]" is used by a normfactor, .* component of the {kind} "u"'):
        compiled(spec)
    renamed = search({"w": ([5.0, 2.0], [modifier("u", kind, data), modifier("u[2]", "normfactor")])})
    assert "u[2]" in compiled(renamed).parameter_names


def test_impossible_data_are_told_with_channel_and_bin() -> None:
    model = compiled(workspace())
    data = model.observed()
    data[[0, 4]] = -1.0, -2.0
    with pytest.raises(ModelError) as error:
        model.checked(data)
    assert [problem.partition(":")[0] for problem in error.value.problems] == [
        'channel "CR", bin 0',
        'channel "SR", bin 1',
    ]
    broken = model.observed()
    broken[-1] = np.nan
    with pytest.raises(ModelError, match=r'auxiliary data of ".*": data must be finite numbers; entry'):
        model.checked(broken)


def test_places_of_bins_with_labels_have_them() -> None:
    sample = {"name": "s", "data": [1.0, 2.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]}
    spec = {
        "channels": [{"name": "SR", "samples": [sample]}],
        "observations": [{"name": "SR", "data": [1.0, 2.0]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    model = compile_model(Workspace(load_workspace(spec).document, {"SR": Axis.of_labels(["ee", "mm"])}))
    assert model.place(1) == 'channel "SR", bin 1 "mm"'
    with pytest.raises(ModelError, match=r'channel "SR", bin 0 "ee": .*data'):
        model.checked([-1.0, 2.0])
