from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest

from wilks import Histogram, build_templates, build_workspace, load_config, load_workspace, process_templates
from wilks.errors import TemplateError
from wilks.histogram import Axis
from wilks.templates.build import needed_templates
from wilks.templates.record import Origin, Part
from wilks.templates.store import TemplateKey, Templates

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it

EDGES = np.array([0.0, 1.0, 2.0, 4.0])
NOMINAL = [10.0, 20.0, 30.0]


def steering(systematics: list[dict[str, Any]], **general: Any) -> dict[str, Any]:
    return {
        "General": {"Measurement": "m", "POI": "mu", "InputPath": "f.root:{SamplePath}{VariationPath}"}
        | {"HistogramFolder": "h"}
        | general,
        "Regions": [{"Name": "signal region"}],
        "Samples": [{"Name": "Data", "SamplePath": "data", "Data": True}, {"Name": "S", "SamplePath": "s"}],
        "NormFactors": [{"Name": "mu", "Nominal": 1, "Bounds": [0, 5]}],
        "Systematics": systematics,
    }


def shape(up: Any = None, down: Any = None, **more: Any) -> dict[str, Any]:
    """A NormPlusShape systematic; a side that is None mirrors the other."""
    sides = {
        side: {"Symmetrize": True} if given is None else {"VariationPath": side}
        for side, given in (("Up", up), ("Down", down))
    }
    return {"Name": "JES", "Type": "NormPlusShape", **sides} | more


def built(document: dict[str, Any], contents: dict[tuple[str, ...], Any] | None = None) -> dict[str, Any]:
    return build_workspace(templates(document, contents), load_config(document)).spec


def templates(document: dict[str, Any], contents: dict[tuple[str, ...], Any] | None = None) -> Templates:
    """All needed templates, equal to NOMINAL but for `contents`: {(sample[, systematic, side]): yields}."""
    found = {}
    for key in needed_templates(load_config(document)):
        identity = (key.sample,) if key.systematic is None else (key.sample, key.systematic, str(key.side))
        yields = np.array((contents or {}).get(identity, NOMINAL), dtype=float)
        found[key] = Histogram.from_arrays(EDGES[: yields.size + 1], yields, 0.1 * np.abs(yields), label="H_T")
    return Templates(found)


def modifiers(spec: dict[str, Any], sample: int = 0) -> dict[tuple[str, str], Any]:
    return {(m["name"], m["type"]): m["data"] for m in spec["channels"][0]["samples"][sample]["modifiers"]}


def assert_equal(found: Any, expected: Any, where: str = "") -> None:
    """Same structure and order; numbers within 1e-9."""
    if isinstance(expected, dict):
        assert set(found) == set(expected), where
        for key in expected:
            assert_equal(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for i, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_equal(one, other, f"{where}[{i}]")
    elif isinstance(expected, float | int) and not isinstance(expected, bool):
        assert found == pytest.approx(expected, rel=1e-9, abs=0), where
    else:
        assert found == expected, where


@pytest.mark.parametrize(
    ("steering_file", "reference"),
    [
        ("ttbar-lesson/cabinetry_config.yml", "ttbar-lesson/workspace.json"),
        ("cabinetry-example/config_histograms.yml", "cabinetry-example/golden/example_histogram_workspace.json"),
    ],
)
def test_the_workspaces_that_cabinetry_builds(shared_data: Path, steering_file: str, reference: str) -> None:
    config = load_config(shared_data / steering_file)
    workspace = build_workspace(process_templates(build_templates(config), config), config)
    expected = json.loads((shared_data / reference).read_text())
    assert_equal(workspace.spec, expected)  # says where they differ
    assert workspace.spec == expected  # to the last bit


def test_axes_travel_with_the_workspace(tmp_path: Path) -> None:
    document = steering([])
    workspace = build_workspace(templates(document), load_config(document))
    workspace.save(tmp_path / "workspace.json")
    axis = load_workspace(tmp_path / "workspace.json").axis("signal region")
    assert axis.edges.tolist() == EDGES.tolist()
    assert axis.label == "H_T"


def test_every_kind_of_modifier_in_cabinetrys_order() -> None:
    lumi = {"Name": "Lumi", "Type": "Normalization", "Up": {"Normalization": 0.1}, "Down": {"Normalization": -0.2}}
    document = steering([shape(1, 1), lumi])
    document["NormFactors"].append({"Name": "scale"})
    spec = built(document, {("S", "JES", "Up"): [12, 24, 36], ("S", "JES", "Down"): [10, 20, 15]})
    assert [(m["name"], m["type"]) for m in spec["channels"][0]["samples"][0]["modifiers"]] == [
        ("staterror_signal-region", "staterror"),
        ("mu", "normfactor"),
        ("scale", "normfactor"),
        ("JES", "normsys"),
        ("JES", "histosys"),
        ("Lumi", "normsys"),
    ]
    found = modifiers(spec)
    assert_equal(found["staterror_signal-region", "staterror"], [1.0, 2.0, 3.0])
    assert_equal(found["JES", "normsys"], {"hi": 1.2, "lo": 0.75})
    assert_equal(found["JES", "histosys"], {"hi_data": NOMINAL, "lo_data": [40 / 3, 80 / 3, 20.0]})
    assert_equal(found["Lumi", "normsys"], {"hi": 1.1, "lo": 0.8})
    assert spec["observations"] == [{"name": "signal region", "data": NOMINAL}]
    pyhf.Workspace(spec).model(poi_name="mu")


@pytest.mark.parametrize("side", ["Up", "Down"])
def test_the_mirrored_side_is_mirrored_after_scaling(side: str) -> None:
    document = steering([shape(1, None) if side == "Up" else shape(None, 1)])
    variation = np.array([12.0, 30.0, 30.0])
    found = modifiers(built(document, {("S", "JES", side): variation}))
    given, mirrored = ("hi", "lo") if side == "Up" else ("lo", "hi")
    scaled = variation * 60 / 72
    assert_equal(found["JES", "normsys"], {given: 1.2, mirrored: 0.8})
    assert_equal(
        found["JES", "histosys"],
        {f"{given}_data": scaled.tolist(), f"{mirrored}_data": (2 * np.array(NOMINAL) - scaled).tolist()},
    )


def test_a_mirrored_normalisation() -> None:
    lumi = {"Name": "Lumi", "Type": "Normalization", "Up": {"Normalization": 0.1}, "Down": {"Symmetrize": True}}
    assert_equal(modifiers(built(steering([lumi])))["Lumi", "normsys"], {"hi": 1.1, "lo": 0.9})
    lumi |= {"Up": {"Symmetrize": True}, "Down": {"Normalization": -0.3}}
    assert_equal(modifiers(built(steering([lumi])))["Lumi", "normsys"], {"hi": 1.3, "lo": 0.7})


def test_one_bin_has_no_shape() -> None:
    contents = {("Data",): [1.0], ("S",): [3.0], ("S", "JES", "Up"): [3.7], ("S", "JES", "Down"): [2.9]}
    found = modifiers(built(steering([shape(1, 1)]), contents))
    assert_equal(found["JES", "normsys"], {"hi": 3.7 / 3, "lo": 2.9 / 3})
    assert ("JES", "histosys") not in found


@pytest.mark.parametrize(
    ("nominal", "up", "down"),
    [
        ([0.0, 0.0, 0.0], [1.0, 0.0, 2.0], [0.0, 0.0, 0.0]),
        ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]),
        ([1.0, 0.0, -1.0], [1.0, 2.0, 3.0], [1.0, 1.0, -1.0]),
        ([0.0], [1.0], [0.5]),
    ],
)
def test_without_a_ratio_the_shape_has_the_whole_effect(
    nominal: list[float], up: list[float], down: list[float]
) -> None:
    contents = {("Data",): nominal, ("S",): nominal, ("S", "JES", "Up"): up, ("S", "JES", "Down"): down}
    spec = built(steering([shape(1, 1)]), contents)
    # What counts is what the model expects at +1 and -1: the variations.
    model = pyhf.Workspace(spec).model()
    for alpha, expected in ((1.0, up), (-1.0, down)):
        parameters = np.array(model.config.suggested_init())
        parameters[model.config.par_slice("JES")] = alpha
        np.testing.assert_allclose(model.expected_actualdata(parameters), expected, rtol=1e-12, atol=1e-12)


def test_samples_without_staterror_and_in_some_regions_only() -> None:
    document = steering([])
    document["Regions"] = [{"Name": "A"}, {"Name": "B"}]
    document["Samples"] += [{"Name": "T", "SamplePath": "t", "Regions": "B", "DisableStaterror": True}]
    document["NormFactors"].append({"Name": "k", "Samples": "T", "Regions": ["A", "B"]})
    spec = built(document)
    assert [[sample["name"] for sample in channel["samples"]] for channel in spec["channels"]] == [["S"], ["S", "T"]]
    assert spec["channels"][1]["samples"][1]["modifiers"] == [
        {"name": "mu", "type": "normfactor", "data": None},
        {"name": "k", "type": "normfactor", "data": None},
    ]


def test_parameters_of_the_measurement() -> None:
    document = steering([], Fixed=[{"Name": "mu", "Value": 2.5}])
    document["NormFactors"] += [{"Name": "free"}, {"Name": "other", "Nominal": 0.5}]
    measurement = built(document)["measurements"]
    # BUG-01: the value under Fixed wins.
    assert measurement == [
        {
            "name": "m",
            "config": {
                "poi": "mu",
                "parameters": [
                    {"name": "mu", "inits": [2.5], "bounds": [[0, 5]], "fixed": True},
                    {"name": "free"},
                    {"name": "other", "inits": [0.5]},
                ],
            },
        }
    ]


@pytest.mark.parametrize("name", ["JES", "alpha_JES"])
def test_systematics_are_fixed_by_either_name(name: str) -> None:
    # BUG-02
    document = steering([shape(1, 1, ModifierName="alpha_JES")], Fixed=[{"Name": name, "Value": 0.5}])
    spec = built(document)
    assert ("alpha_JES", "normsys") in modifiers(spec)
    settings = spec["measurements"][0]["config"]["parameters"]
    assert settings[1:] == [{"name": "alpha_JES", "inits": [0.5], "fixed": True}]
    model = pyhf.Workspace(spec).model()
    assert model.config.suggested_fixed()[model.config.par_slice("alpha_JES")] == [True]


def test_statistical_uncertainties_can_be_fixed() -> None:
    # BUG-03
    spec = built(steering([], Fixed=[{"Name": "staterror_signal-region", "Value": 1}]))
    model = pyhf.Workspace(spec).model()
    chosen = model.config.par_slice("staterror_signal-region")
    assert model.config.suggested_fixed()[chosen] == [True, True, True]
    assert model.config.suggested_init()[chosen] == [1, 1, 1]


def test_everything_wrong_with_the_templates_is_in_one_error() -> None:
    document = steering([shape(1, 1)])
    complete = dict(templates(document, {("S", "JES", "Up"): [np.nan, 1, np.inf], ("S", "JES", "Down"): [1, 2]}))
    signal = TemplateKey("signal region", "S")
    complete[signal] = Histogram.from_arrays(EDGES, NOMINAL, [1, np.nan, 1])
    varied = Origin("histograms", (Part(("a.root",), "up"),))
    with pytest.raises(TemplateError) as caught:
        build_workspace(
            Templates(complete, origins={replace(signal, systematic="JES", side="Up"): varied}), load_config(document)
        )
    assert list(caught.value.problems) == [
        '"S" in "signal region": the statistical uncertainty is undefined in bin 1 (from 0); '
        "process_templates sets it to 0",
        '"S" in "signal region", "JES" Up: the yield is not a finite number in bins 0, 2 (from 0); '
        'read from "a.root:up"',
        '"S" in "signal region", "JES" Down: 2 bins, but the data have 3',
    ]
    del complete[signal]
    with pytest.raises(TemplateError, match=r'"S" in "signal region": no template'):
        build_workspace(Templates(complete), load_config(document))


def test_bins_with_labels_are_named_by_them() -> None:
    document = steering([])
    axis = Axis.of_labels(["ee", "em", "mm"])
    found = {
        key: histogram.with_axis(axis) for key, histogram in templates(document, {("S",): [1, np.nan, np.inf]}).items()
    }
    with pytest.raises(TemplateError, match=r'not a finite number in bins 1 "em", 2 "mm" \(from 0\)'):
        build_workspace(Templates(found), load_config(document))


def test_a_parameter_of_each_bin_is_of_one_label_in_all_regions() -> None:
    document = steering([]) | {"Regions": [{"Name": "A"}, {"Name": "B"}]}
    document["ShapeFactors"] = [{"Name": "free", "Samples": "S"}]
    config = load_config(document)

    def of(labels: list[str]) -> Templates:
        axes = {"A": Axis.of_labels(["ee", "em", "mm"]), "B": Axis.of_labels(labels)}
        return Templates({k: h.with_axis(axes[k.region]) for k, h in templates(document).items()})

    assert build_workspace(of(["ee", "em", "mm"]), config).axes["B"].bin_labels == ("ee", "em", "mm")
    assert build_workspace(of(["0j", "1j", "2j"]), config).axes["B"].bin_labels == ("0j", "1j", "2j")
    with pytest.raises(TemplateError, match=r'the ShapeFactor "free" has .* but "mm" is bin 2 of one region and 0 of'):
        build_workspace(of(["mm", "tt", "te"]), config)
