from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.assemble.analysis import EDGES, YIELDS, built, document, modifiers, settings, templates, varied

from wilks import Histogram, build_workspace, load_config, process_templates
from wilks.errors import TemplateError
from wilks.templates.store import TemplateKey, Templates

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it

B = np.array(YIELDS["B"])
UP, DOWN = np.array([110.0, 45.0, 5.8]), np.array([93.8, 20.0, 0.2])  # sums 160.8 = 1.2 and 114 = 0.85 of 134
SIDES = {("B", "JES", "Up"): UP, ("B", "JES", "Down"): DOWN}


def jes(source: dict[str, Any], sample: str = "B", channel: str = "S R") -> dict[tuple[str, str], Any]:
    """Return the modifiers of a sample that are called JES or something longer."""
    return {k: v for k, v in modifiers(built(source, SIDES), sample, channel).items() if k[0].startswith("JES")}


def close(values: Any) -> Any:
    return pytest.approx(list(values), rel=1e-12)


def test_shape_only_has_the_nominal_yield() -> None:
    assert jes(document(varied("ShapeOnly"))) == {
        ("JES", "histosys"): {"hi_data": close(UP * 134 / 160.8), "lo_data": close(DOWN * 134 / 114)}
    }


def test_a_mirrored_shape() -> None:
    scaled = UP * 134 / 160.8
    assert jes(document(varied("ShapeOnly", one_sided=True))) == {
        ("JES", "histosys"): {"hi_data": close(scaled), "lo_data": close(2 * B - scaled)}
    }


def test_norm_only_is_the_ratio_of_the_yields() -> None:
    found = jes(document(varied("NormOnly")))
    assert found == {
        ("JES", "normsys"): {"hi": pytest.approx(1.2, rel=1e-12), "lo": pytest.approx(114 / 134, rel=1e-12)}
    }
    assert jes(document(varied("NormOnly", one_sided=True))) == {
        ("JES", "normsys"): {"hi": pytest.approx(1.2, rel=1e-12), "lo": pytest.approx(0.8, rel=1e-12)}
    }


@pytest.mark.parametrize("kind", ["ShapeOnly", "NormOnly"])
def test_without_processing_the_workspace_is_the_same(kind: str) -> None:
    source = document(varied(kind))
    config, found = load_config(source), templates(source, SIDES)
    (before,) = (s for s in build_workspace(found, config).spec["channels"][0]["samples"] if s["name"] == "B")
    (after,) = (
        s
        for s in build_workspace(process_templates(found, config), config).spec["channels"][0]["samples"]
        if s["name"] == "B"
    )
    for one, other in zip(before["modifiers"], after["modifiers"], strict=True):
        assert (one["name"], one["type"]) == (other["name"], other["type"])
        for key in ("hi", "lo", "hi_data", "lo_data") if isinstance(one["data"], dict) else ():
            assert one["data"].get(key, 0) == pytest.approx(other["data"].get(key, 0), rel=1e-12)


def test_the_size_of_a_shapesys_is_a_difference_or_a_fraction() -> None:
    found = jes(document(varied("ShapeSys", one_sided=True)))
    assert found == {("JES_S-R_B", "shapesys"): close([10.0, 15.0, 1.8])}
    # Without a difference there is no parameter.
    assert jes(document(varied("ShapeSys", one_sided=True)), "S") == {}
    relative = {"Name": "JES", "Type": "ShapeSys", "Up": {"Normalization": 0.1}, "Down": {"Symmetrize": True}}
    source = document(relative | {"Samples": ["B", "C"]})
    assert jes(source) == {("JES_S-R_B", "shapesys"): close(0.1 * B)}
    assert jes(source, "C", "CR") == {("JES_CR_C", "shapesys"): close([2.0, 1.0, 0.0])}
    assert jes(source, "S") == {}


def test_a_shapesys_is_fixed_by_the_systematics_name() -> None:
    source = document(varied("ShapeSys", one_sided=True), General={"Fixed": [{"Name": "JES", "Value": 1}]})
    workspace = built(source, SIDES)
    assert settings(workspace, "JES_CR_B") == {"name": "JES_CR_B", "inits": [1, 1, 1], "fixed": True}
    assert settings(workspace, "JES_CR_S") is None


def test_one_parameter_for_each_bin() -> None:
    found = jes(document(varied("NormPlusShape", Decorrelate="bin")))
    assert found == {
        ("JES_S-R_bin_0", "histosys"): {"hi_data": close([110, 30, 4]), "lo_data": close([93.8, 30, 4])},
        ("JES_S-R_bin_1", "histosys"): {"hi_data": close([100, 45, 4]), "lo_data": close([100, 20, 4])},
        ("JES_S-R_bin_2", "histosys"): {"hi_data": close([100, 30, 5.8]), "lo_data": close([100, 30, 0.2])},
    }
    # What does not vary has no parameter.
    assert jes(document(varied("NormPlusShape", Decorrelate="bin")), "S") == {}


def test_mirrored_bins_and_samples_apart() -> None:
    source = document(varied("NormPlusShape", one_sided=True, Decorrelate=["bin", "sample"]))
    found = jes(source, channel="CR")
    assert list(found) == [(f"JES_CR_B_bin_{i}", "histosys") for i in range(3)]
    assert found["JES_CR_B_bin_1", "histosys"] == {"hi_data": close([100, 45, 4]), "lo_data": close([100, 15, 4])}


def test_bins_of_a_shape() -> None:
    found = jes(document(varied("ShapeOnly", Decorrelate="bin")))
    scaled = UP * 134 / 160.8, DOWN * 134 / 114
    assert found["JES_S-R_bin_0", "histosys"] == {
        "hi_data": close([scaled[0][0], 30, 4]),
        "lo_data": close([scaled[1][0], 30, 4]),
    }


@pytest.mark.parametrize("name", ["JES", "JES_CR"])
def test_bins_are_fixed_together(name: str) -> None:
    source = document(varied("NormPlusShape", Decorrelate="bin"), General={"Fixed": [{"Name": name, "Value": 0.5}]})
    workspace = built(source, SIDES)
    for number in range(3):
        entry = {"name": f"JES_CR_bin_{number}", "inits": [0.5], "fixed": True}
        assert settings(workspace, f"JES_CR_bin_{number}") == entry
        assert (settings(workspace, f"JES_S-R_bin_{number}") is None) == (name == "JES_CR")


def test_the_only_bin_that_varies_is_fixed() -> None:
    # Its number is above the number of parameters.
    source = document(varied("NormPlusShape", one_sided=True, Samples="B", Decorrelate="bin"))
    source["General"]["Fixed"] = [{"Name": "JES", "Value": 0.5}]
    source["Regions"] = source["Regions"][:1]
    for sample in source["Samples"][1:]:
        sample["DisableStaterror"] = True
    workspace = built(source, {("B", "JES", "Up"): np.array([100.0, 30.0, 5.0])})
    assert settings(workspace, "JES_S-R_bin_2") == {"name": "JES_S-R_bin_2", "inits": [0.5], "fixed": True}


@pytest.mark.parametrize(
    ("kind", "more", "pruning", "left"),
    [
        ("ShapeOnly", {}, {"Norm": 0.5}, {("JES", "histosys")}),  # a norm that it does not have can't be too small
        ("ShapeOnly", {}, {"Shape": 0.95}, set()),
        ("NormOnly", {}, {"Shape": 0.9}, {("JES", "normsys")}),
        ("NormOnly", {}, {"Norm": 0.21}, set()),
        ("ShapeSys", {"one_sided": True}, {"Norm": 0.9, "Shape": 0.4}, {("JES_S-R_B", "shapesys")}),
        ("ShapeSys", {"one_sided": True}, {"Shape": 0.51}, set()),
        ("NormPlusShape", {"Decorrelate": "bin"}, {"Shape": 0.96}, set()),
    ],
)
def test_pruning_knows_the_types(kind: str, more: dict[str, Any], pruning: Any, left: set[tuple[str, str]]) -> None:
    source = document(varied(kind, **more), General={"Pruning": pruning})
    assert set(jes(source)) == left
    effect = process_templates(templates(source, SIDES), load_config(source)).effect("S R", "B", "JES")
    assert effect is not None
    assert effect.status == ("kept" if left else "dropped")


def test_effects_of_the_types() -> None:
    def effect(kind: str, **more: Any) -> tuple[Any, Any]:
        source = document(varied(kind, **more))
        found = process_templates(templates(source, SIDES), load_config(source)).effect("S R", "B", "JES")
        assert found is not None
        return found.norm, found.shape

    assert effect("ShapeOnly") == ((0.0, 0.0), (pytest.approx(0.25), pytest.approx(0.2 * 134 / 114 / 4 - 1)))
    assert effect("NormOnly") == ((pytest.approx(0.2), pytest.approx(-20 / 134)), None)
    assert effect("ShapeSys", one_sided=True) == ((0.0, 0.0), (pytest.approx(0.5), pytest.approx(-0.5)))
    assert effect("NormPlusShape", Decorrelate="bin") == ((0.0, 0.0), (pytest.approx(0.5), pytest.approx(-0.95)))


def test_a_shape_in_one_bin_is_nothing() -> None:
    source = document(varied("ShapeOnly"))
    source["Regions"] = [{"Name": "R"}]
    config = load_config(source)
    keys = [TemplateKey("R", "Data"), *(TemplateKey("R", name) for name in "SBC")]
    keys += [TemplateKey("R", name, "JES", side) for name in "SBC" for side in ("Up", "Down")]
    one = Templates({key: Histogram.from_arrays([0, 1], [2.0 + (key.side == "Up")], [0.1]) for key in keys})
    made = process_templates(one, config)
    found = made.effect("R", "S", "JES")
    assert found is not None
    assert found.status == "dropped"
    samples = build_workspace(made, config).spec["channels"][0]["samples"]
    assert not [m for s in samples for m in s["modifiers"] if m["name"] == "JES"]


def test_a_factor_for_each_bin() -> None:
    factor = {"Name": "shape", "Samples": "B", "Bounds": [0.1, 5], "Nominal": 1.5}
    workspace = built(document(ShapeFactors=[factor]))
    assert [modifiers(workspace, "B", channel)["shape", "shapefactor"] for channel in ("S R", "CR")] == [None, None]
    assert ("shape", "shapefactor") not in modifiers(workspace, "C")
    assert settings(workspace, "shape") == {"name": "shape", "inits": [1.5] * 3, "bounds": [[0.1, 5]] * 3}
    plain = built(document(ShapeFactors=[{"Name": "shape", "Samples": "B", "Regions": "CR"}]))
    assert settings(plain, "shape") == {"name": "shape"}
    assert ("shape", "shapefactor") not in modifiers(plain, "B")
    fixed = built(document(ShapeFactors=[factor], General={"Fixed": [{"Name": "shape", "Value": 2}]}))
    assert settings(fixed, "shape") == {"name": "shape", "inits": [2] * 3, "bounds": [[0.1, 5]] * 3, "fixed": True}


def test_factors_of_bins_need_as_many_bins() -> None:
    source = document(ShapeFactors=[{"Name": "shape", "Samples": "B"}])
    found = dict(templates(source))
    for name in ("Data", "S", "B", "C"):
        found[TemplateKey("CR", name)] = Histogram.from_arrays(EDGES[:3], [5.0, 6.0], [1.0, 1.0])
    sentence = 'the ShapeFactor "shape" needs regions with the same number of bins: "S R" has 3, "CR" has 2; restrict'
    with pytest.raises(TemplateError) as caught:
        build_workspace(Templates(found), load_config(source))
    assert list(caught.value.problems) == [f"{sentence} its Regions"]
