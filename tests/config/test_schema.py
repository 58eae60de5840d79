from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel, ValidationError

from wilks.config.load import config_json_schema, load_config
from wilks.config.parameters import fixed_values
from wilks.config.schema import Config, NormFactor, Region, Sample, Systematic, Template, applies

KEYS = {
    "General": "Measurement POI POIs Search InputPath HistogramFolder Fixed VariationPath Pruning Staterror Checks "
    "Correlations Groups Clip Divisions",
    "Pruning": "Norm Shape Reference Large RemoveLarge",
    "FixedParameter": "Name Value",
    "Region": "Name Variable Binning Filter RegionPath OutsideBinning Rebin AutoBinning DropBins Staterror",
    "AutoBinning": "Method Signal Background Samples",
    "Sample": "Name Tree Filter Weight SamplePath Data DisableStaterror Regions Exclude Color Sources Overrides Scale "
    "Ghost StaterrorScale MinimumYield Smooth SeparateStaterror",
    "NormFactor": "Name Samples Regions Exclude Nominal Bounds Constraint",
    "Systematic": "Name Type Up Down Variations Combine Regions Samples Exclude Sources Smoothing Symmetrization "
    "ModifierName Decorrelate KeepYield Constraint Interpolation ReferenceSample KeepReferenceYield DisablePruning",
    "Template": "Tree Weight Variable Filter RegionPath SamplePath Normalization Symmetrize VariationPath Overrides "
    "ScaleDifference",
    "SampleSource": "Name Tree Filter Weight SamplePath Scale",
    "SampleOverride": "Regions Tree Filter Weight Variable SamplePath Scale",
    "SideOverride": "Regions Samples Tree Weight Variable Filter RegionPath SamplePath Normalization VariationPath "
    "ScaleDifference",
    "Exclusion": "Regions Samples",
    "Group": "Regions Samples",
    "Smoothing": "Algorithm Regions Samples Reference Bandwidth Tolerance Turns",
    "Symmetrization": "Method NormalizeFirst Sign BeforeSmoothing Clip",
    "Staterror": "Threshold PerSample Constraint PoissonBelow",
    "KeepYield": "Samples Regions Inclusive",
    "ShapeFactor": "Name Samples Regions Exclude Bounds Nominal Constraint",
    "Function": "Name Expression Arguments Samples Regions Exclude Parameters",
    "FunctionParameter": "Name Nominal Bounds Constraint",
    "Constraint": "Type Center Width WidthDown Count Expected Bounds",
    "Interpolation": "Norm Shape",
    "Correlation": "Parameters Matrix Correlation",
}
REQUIRED = {
    "General": {"Measurement", "InputPath", "HistogramFolder"},
    "FixedParameter": {"Name", "Value"},
    "Region": {"Name"},
    "Sample": {"Name"},
    "NormFactor": {"Name"},
    "Systematic": {"Name", "Type"},
    "Template": set(),
    "SampleSource": set(),
    "SampleOverride": set(),
    "SideOverride": set(),
    "Exclusion": set(),
    "Group": set(),
    "Smoothing": {"Algorithm"},
    "Symmetrization": {"Method"},
    "Pruning": set(),
    "AutoBinning": {"Method", "Signal", "Background"},
    "Staterror": set(),
    "KeepYield": set(),
    "ShapeFactor": {"Name"},
    "Function": {"Name", "Expression"},
    "FunctionParameter": {"Name"},
    "Constraint": set(),
    "Interpolation": set(),
    "Correlation": {"Parameters"},
}


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = config_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_schema_has_every_key_with_a_description() -> None:
    schema = config_json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    blocks = ["General", "Regions", "Samples", "NormFactors", "ShapeFactors", "Systematics", "Functions"]
    assert list(schema["properties"]) == blocks
    assert schema["required"] == ["General", "Regions", "Samples", "NormFactors"]
    assert schema["additionalProperties"] is True
    for name, keys in KEYS.items():
        block = schema["$defs"][name]
        assert set(block["properties"]) == set(keys.split())
        assert set(block.get("required", [])) == REQUIRED[name]
        assert block["additionalProperties"] is False
        assert all(entry["description"] for entry in block["properties"].values())


@pytest.mark.parametrize(
    "name",
    [
        "ttbar-lesson/cabinetry_config.yml",
        "cabinetry-example/config_histograms.yml",
        "cabinetry-example/config_ntuples.yml",
        "likelihoods/agc-cms-ttbar/cabinetry_config.yml",
        "likelihoods/agc-cms-ttbar/cabinetry_config_ml.yml",
    ],
)
def test_schema_accepts_real_files(validator: Any, shared_data: Path, name: str) -> None:
    validator.validate(yaml.safe_load((shared_data / name).read_text()))


@pytest.mark.parametrize(
    ("block", "key", "value"),
    [
        ("Samples", "Weight", 1.5),
        ("Samples", "Weight", None),
        ("Samples", "Data", "yes"),
        ("Samples", "weight", "w"),
        ("Samples", "Regions", []),
        ("Samples", "Regions", ["CR", "CR"]),
        ("Regions", "Binning", [1]),
        ("Regions", "Binning", [1, "2"]),
        ("NormFactors", "Bounds", [0, 1, 2]),
        ("NormFactors", "Nominal", True),
        ("Systematics", "Type", "Shape"),
        ("Systematics", "Up", 0.1),
        ("Systematics", "Smoothing", {}),
    ],
)
def test_schema_rejects_what_the_loader_rejects(
    validator: Any, histograms: dict[str, Any], block: str, key: str, value: Any
) -> None:
    assert validator.is_valid(histograms)
    broken = copy.deepcopy(histograms)
    broken[block][0][key] = value
    assert not validator.is_valid(broken)
    with pytest.raises(Exception, match=rf"{block}\[0\]"):
        load_config(broken)


def test_blocks_can_be_made_in_python_and_are_frozen() -> None:
    sample = Sample(name="ttbar", sample_path="tt", regions=())
    assert sample.sample_path == ("tt",)
    assert sample == Sample(Name="ttbar", SamplePath=["tt"])
    with pytest.raises(ValidationError):
        sample.name = "other"
    with pytest.raises(ValidationError):
        Region(name="SR", binning=(2, 1))


def test_round_trip(histograms: dict[str, Any]) -> None:
    config = load_config(histograms)
    assert load_config(config.model_dump(by_alias=True, exclude_unset=True)) == config


def test_every_field_name_is_its_key_in_snake_case() -> None:
    models: list[type[BaseModel]] = [Region, Sample, NormFactor, Systematic, Template]
    for model in models:
        for name, info in model.model_fields.items():
            assert info.alias == "".join(part.capitalize() for part in name.split("_"))


def test_applies() -> None:
    here, there = Region(name="here"), Region(name="there")
    ttbar, single = Sample(name="ttbar", regions="here"), Sample(name="single")
    assert applies(ttbar, here, ttbar)
    assert not applies(ttbar, there, ttbar)
    factor = NormFactor(name="mu", samples=("single",), regions=("there",))
    assert [applies(factor, region, sample) for region in (here, there) for sample in (ttbar, single)] == [
        False,
        False,
        False,
        True,
    ]
    assert applies(NormFactor(name="mu"), there, single)


def test_fixed_values_go_by_the_name_in_the_workspace(histograms: dict[str, Any]) -> None:
    fixed = {"mu": 2, "Scale": 0.5, "staterror_Signal-region": 1}
    histograms["General"]["Fixed"] = [{"Name": name, "Value": value} for name, value in fixed.items()]
    assert fixed_values(load_config(histograms)) == {"mu": 2, "scale": 0.5, "staterror_Signal-region": 1}
    # A parameter goes before a systematic of the same name.
    histograms["Systematics"][0] |= {"Name": "scale", "ModifierName": "lumi"}
    histograms["General"]["Fixed"] = [{"Name": "scale", "Value": 3}]
    assert fixed_values(load_config(histograms)) == {"scale": 3}


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        ({"Normalization": 0.1}, {"Normalization": -0.2}, (0.1, -0.2)),
        ({"Normalization": 0.1}, {"Symmetrize": True}, (0.1, -0.1)),
        ({"Symmetrize": True}, {"Normalization": -0.2}, (0.2, -0.2)),
    ],
)
def test_normalizations(up: dict[str, Any], down: dict[str, Any], expected: tuple[float, float]) -> None:
    assert Systematic(Name="a", Type="Normalization", Up=up, Down=down).normalizations_in("r", "s") == expected


def test_normalizations_of_a_shape() -> None:
    with pytest.raises(ValueError, match='"a" of Type "NormPlusShape" has no Normalization'):
        Systematic(Name="a", Type="NormPlusShape", Up={"VariationPath": "x"}, Down={}).normalizations_in("r", "s")


def test_printed_on_one_line(histograms: dict[str, Any]) -> None:
    config = load_config(histograms)
    assert repr(config) == '<Config: "example", 2 regions, 3 samples, 1 norm factors, 2 systematics>'
    assert str(config) == repr(config)


def test_what_kind_of_input(histograms: dict[str, Any], ntuples: dict[str, Any]) -> None:
    config: Config = load_config(histograms)
    assert not config.reads_ntuples
    assert config.data_sample.name == "Data"
    assert load_config(ntuples).reads_ntuples
