"""What a measurement says of single parameters; what pyhf can say stays pyhf's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.assemble.analysis import YIELDS, built, document, modifiers, settings, templates, varied

import wilks
from wilks import build_workspace, compile_model, load_config, process_templates
from wilks.assemble.settings import factor_settings, systematic_settings
from wilks.config.schema import Constraint, FunctionParameter, NormFactor
from wilks.errors import TemplateError
from wilks.workspace.spec import ParameterSettings
from wilks.workspace.workspace import Workspace

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it

UP = {("JES", "Up"): [1.1, 1.2, 1.3], ("JES", "Down"): [0.9, 0.85, 0.7]}
VARIED = {("B", *key): (np.array(YIELDS["B"]) * factors).tolist() for key, factors in UP.items()}


def normalization(name: str, **more: Any) -> dict[str, Any]:
    sides = {"Up": {"Normalization": 0.1}, "Down": {"Normalization": -0.1}}
    return {"Name": name, "Type": "Normalization", "Samples": "B"} | sides | more


def ours(source: dict[str, Any], contents: Any = None) -> Workspace:
    """Return a workspace that pyhf need not understand."""
    config = load_config(source)
    return build_workspace(process_templates(templates(source, contents or VARIED), config), config)


def test_factors() -> None:
    factor = NormFactor(name="a", nominal=2, constraint=Constraint(width=0.1))
    assert factor_settings(factor, 2, None) == ParameterSettings(
        "a", inits=[2, 2], constraint="normal", auxdata=[2, 2], sigmas=[0.1, 0.1]
    )
    counted = FunctionParameter(name="a", constraint=Constraint(type="Poisson", count=3, expected=2.5))
    assert factor_settings(counted, 1, 1.5) == ParameterSettings(
        "a", inits=[1.5], fixed=True, constraint="poisson", auxdata=[3], factors=[2.5]
    )
    two = Constraint(center=1.2, width=0.1, width_down=0.3)
    assert factor_settings(NormFactor(name="a", constraint=two), 1, None) == ParameterSettings(
        "a", constraint="normal", auxdata=[1.2], sigmas=[0.1], lower_sigmas=[0.3]
    )


def test_systematics() -> None:
    assert systematic_settings("a", 1, None, None) is None
    assert systematic_settings("a", 3, None, 1) == ParameterSettings("a", inits=[1, 1, 1], fixed=True)
    free = Constraint(type="None", bounds=(-2, 3))
    assert systematic_settings("a", 1, free, None) == ParameterSettings("a", constraint="none", bounds=[[-2, 3]])
    assert systematic_settings("a", 1, Constraint(width=2, width_down=1), None) == ParameterSettings(
        "a", inits=[0], bounds=[[-5, 10]], auxdata=[0], sigmas=[2], lower_sigmas=[1], constraint="normal"
    )
    same = Constraint(center=1, width=2, width_down=2)
    assert systematic_settings("a", 1, same, 0.5) == ParameterSettings(
        "a", inits=[0.5], bounds=[[-9, 11]], auxdata=[1], sigmas=[2], fixed=True, constraint="normal"
    )
    bounded = Constraint(bounds=(-1, 1))
    assert systematic_settings("a", 1, bounded, None) == ParameterSettings("a", bounds=[[-1, 1]])


def test_another_centre_is_said_in_words_of_pyhf() -> None:
    workspace = built(document(normalization("moved", Constraint={"Center": 0.5, "Width": 1})))  # held against pyhf
    assert workspace.spec["version"] == "1.0.0"
    expected = {"inits": [0.5], "bounds": [[-4.5, 5.5]], "auxdata": [0.5]}
    assert settings(workspace, "moved") == {"name": "moved"} | expected


def test_one_parameter_of_interest_is_no_list() -> None:
    source = document(normalization("x"))
    source["General"]["POIs"] = source["General"].pop("POI")
    assert built(source).spec == built(document(normalization("x"))).spec


@pytest.mark.parametrize(
    "changes",
    [
        {"Systematics": [normalization("x", Constraint="None")]},
        {"Systematics": [normalization("x", Constraint={"WidthDown": 2})]},
        {"Systematics": [normalization("x", Constraint={"Width": 2})]},
        {"Systematics": [normalization("x", Interpolation={"Norm": "code4"})]},
        {"NormFactors": [{"Name": "mu", "Samples": "S", "Constraint": {"Width": 0.1}}]},
        {"Functions": [{"Name": "f", "Expression": "mu^2", "Samples": "S"}]},
        {"General": {"POIs": ["mu", "x"]}},
        {"General": {"Groups": {"all": "x"}}},
        {"General": {"Staterror": {"Constraint": "Poisson"}}},
        {"General": {"Correlations": [{"Parameters": ["x", "y"], "Correlation": 0.1}]}},
        {"Systematics": [varied("NormPlusShape", Samples="B")], "General": {"Clip": True}},
    ],
)
def test_the_version_says_what_pyhf_cannot(changes: dict[str, Any]) -> None:
    source = document(normalization("x"), normalization("y"))
    assert ours(source).spec["version"] == "1.0.0"
    changed = {key: dict(value) if isinstance(value, dict) else value for key, value in changes.items()}
    general = source["General"] | changed.pop("General", {})
    if "POIs" in general:
        del general["POI"]
    workspace = ours(source | changed | {"General": general})
    assert workspace.spec["version"] == "wilks-1"
    assert wilks.load_workspace(workspace.spec) == Workspace(workspace.document)
    assert wilks.fit(compile_model(workspace)).converged


def test_every_parameter_of_a_decorrelated_systematic_is_free() -> None:
    plain = varied("NormPlusShape", Samples="B", Constraint="None")
    workspace = ours(document(plain | {"Decorrelate": "region"}))
    for name in ("JES_S-R", "JES_CR"):
        assert settings(workspace, name) == {"name": name, "constraint": "none"}
    workspace = ours(document(plain | {"Decorrelate": "bin"}))
    names = [f"JES_{region}_bin_{number}" for region in ("S-R", "CR") for number in range(3)]
    assert {name: settings(workspace, name) for name in names} == {
        name: {"name": name, "constraint": "none"} for name in names
    }
    model = compile_model(workspace)
    assert all(model.constraints[model.index(name)] == "none" for name in names)


def test_interpolations_of_parts_of_a_systematic() -> None:
    codes = {"Norm": "code1", "Shape": "code2"}
    spec = ours(document(varied("NormPlusShape", Samples="B", Interpolation=codes))).spec
    found = [m for m in spec["channels"][0]["samples"][1]["modifiers"] if m["name"] == "JES"]
    assert [(m["type"], m["interpolation"]) for m in found] == [("normsys", "code1"), ("histosys", "code2")]
    in_bins = varied("NormPlusShape", Samples="B", Interpolation={"Shape": "code2"}, Decorrelate="bin")
    spec = ours(document(in_bins)).spec
    found = [m for m in spec["channels"][0]["samples"][1]["modifiers"] if m["name"].startswith("JES")]
    assert [m["interpolation"] for m in found] == ["code2"] * 3


def test_uncertainties_of_bins_with_another_constraint() -> None:
    sides = {"Up": {"Normalization": 0.1}, "Down": {"Symmetrize": True}}
    bins = {"Name": "bins", "Type": "ShapeSys", "Samples": "B", "Constraint": "Gaussian"} | sides
    workspace = ours(document(bins))
    assert modifiers(workspace, "B")["bins_S-R_B", "shapesys"] == pytest.approx([10.0, 3.0, 0.4])
    model = compile_model(workspace)
    sigma = {s.name: s.sigma for s in model.parameter_sets}
    np.testing.assert_allclose(sigma["bins_S-R_B"], [0.1] * 3)


def test_poisson_staterrors_are_shared() -> None:
    workspace = ours(document(General={"Staterror": {"Constraint": "Poisson", "Threshold": 0.05}}))
    found = [
        m
        for sample in workspace.spec["channels"][0]["samples"]
        for m in sample["modifiers"]
        if m["name"] == "staterror_S-R"
    ]
    assert [(m["type"], m["constraint"]) for m in found] == [("staterror", "poisson")] * 3
    model = compile_model(workspace)
    (own,) = (s for s in model.parameter_sets if s.name == "staterror_S-R")
    # Effective entries of all samples together; the first bin is below the threshold.
    np.testing.assert_allclose(own.scale, [1.0, 60.0**2 / 125.0, 9.0**2 / 24.25], rtol=1e-12)
    assert own.fixed.tolist() == [True, False, False]


def test_a_function_instead_of_a_systematics_parameter() -> None:
    function = {"Name": "x", "Expression": "2 * b - 2", "Parameters": [{"Name": "b", "Constraint": {"Width": 0.2}}]}
    workspace = ours(
        document(normalization("x"), Functions=[function], General={"Fixed": [{"Name": "b", "Value": 1.5}]})
    )
    assert settings(workspace, "x") is None
    assert settings(workspace, "b") == {
        "name": "b",
        "inits": [1.5],
        "fixed": True,
        "constraint": "normal",
        "auxdata": [1],
        "sigmas": [0.2],
    }
    model = compile_model(workspace)
    assert "x" not in model.parameter_names
    # x is 1 there: 10 % more of B.
    expected = np.array(YIELDS["S"]) + 1.1 * np.array(YIELDS["B"]) + YIELDS["C"]
    np.testing.assert_allclose(model.expected(model.initial)[-3:], expected, rtol=1e-12)


def test_clipping_from_the_steering_file() -> None:
    gone = {("C", "JES", "Up"): [0.0, 0.0, 0.0], ("C", "JES", "Down"): [40.0, 20.0, 0.0]}
    systematic = varied("ShapeOnly", Samples="C")
    systematic |= {"Type": "NormPlusShape", "Decorrelate": "bin"}
    values = {}
    for clip in (False, True):
        model = compile_model(ours(document(systematic, General={"Clip": clip} if clip else {}), gone))
        point = model.initial.copy()
        point[model.index("JES_CR_bin_0")] = 2.0
        values[clip] = model.expected(point)[0] - model.expected(model.initial)[0]
    assert values == {False: pytest.approx(-40.0), True: pytest.approx(-20.0)}


@pytest.mark.parametrize(
    ("interpolation", "up", "why"),
    [
        ({"Norm": "combine"}, [-10.0, 2.0, 3.0], "which changes the yield by factors of -0.0373134 and 0.9"),
        ({"Shape": "code1"}, [90.0, 0.0, 3.0], "whose yields are not above 0 in bin 1"),
        ({"Shape": "code5"}, [90.0, 30.0, -1.0], "whose yields are not above 0 in bin 2"),
        ({"Norm": "code1", "Shape": "code2"}, [90.0, 30.0, -1.0], ""),
    ],
)
def test_logarithms_need_yields_above_0(interpolation: dict[str, str], up: list[float], why: str) -> None:
    down = (0.9 * np.array(YIELDS["B"])).tolist()
    source = document(varied("NormPlusShape", Samples="B", Interpolation=interpolation))
    contents = {("B", "JES", "Up"): up, ("B", "JES", "Down"): down}
    if not why:
        compile_model(ours(source, contents))
        return
    with pytest.raises(TemplateError) as caught:
        ours(source, contents)
    assert len(caught.value.problems) == 2  # both regions
    assert caught.value.problems[0].startswith('"B" in "S R": ')
    assert f'can\'t interpolate "JES", {why}' in caught.value.problems[0]
