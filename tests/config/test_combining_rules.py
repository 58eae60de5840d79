from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from wilks import load_config
from wilks.config.cabinetry import beyond_cabinetry
from wilks.config.load import config_json_schema

Find = Callable[[Any], list[str]]

VARIATIONS = [{"VariationPath": f"_{number}"} for number in range(3)]
ABOUT = "a systematic has Up and Down, or Variations and how to Combine them"


def combining(document: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """Return a steering file whose second systematic combines variations; keys that are None are left out."""
    block = {"Name": "Scale", "Type": "NormPlusShape", "Samples": "ttbar", "Variations": VARIATIONS}
    block |= {"Combine": "ENVELOPE"} | keys
    document["Systematics"][1] = {key: value for key, value in block.items() if value is not None}
    return document


def test_variations_take_the_place_of_both_sides(histograms: dict[str, Any]) -> None:
    scale = load_config(combining(histograms)).systematics[1]
    assert scale.combine == "ENVELOPE"
    assert [variation.variation_path for variation in scale.variations] == ["_0", "_1", "_2"]
    assert list(scale.sides) == ["Variations[0]", "Variations[1]", "Variations[2]"]


def test_they_can_be_smoothed_and_symmetrized(histograms: dict[str, Any], problems: Find) -> None:
    smoothing = {"Algorithm": "353QH, twice"}
    keys = {"Smoothing": smoothing, "Symmetrization": {"Method": "MAXIMUM"}, "Type": "ShapeOnly"}
    assert problems(combining(histograms, **keys)) == []
    # Smoothing keeps the yield of each variation, and changes that of their envelope.
    assert problems(combining(histograms, Type="NormOnly", Smoothing=smoothing)) == []


def test_cabinetry_has_no_such_keys(histograms: dict[str, Any]) -> None:
    histograms["Samples"][2]["SamplePath"] = "tt"
    places = [place for place, _ in beyond_cabinetry(combining(histograms))]
    assert places == ["config  Systematics[1].Variations", "config  Systematics[1].Combine"]


@pytest.mark.parametrize(
    ("keys", "sentences"),
    [
        ({"Combine": None}, [f': missing key "Combine"; {ABOUT}']),
        ({"Variations": None}, [f': missing key "Variations"; {ABOUT}']),
        ({"Variations": None, "Combine": None}, [': missing key "Up"', ': missing key "Down"']),
        (
            {"Combine": "HESSIAN"},
            ['.Combine: must be one of "ENVELOPE", "STANDARDDEVIATION", found the text "HESSIAN"'],
        ),
        ({"Up": {"VariationPath": "_up"}}, [f".Up: has no place beside Variations; {ABOUT}"]),
        ({"Down": {"Symmetrize": True}}, [f".Down: has no place beside Variations; {ABOUT}"]),
        (
            {"Variations": VARIATIONS[:1]},
            [".Variations: must have at least two entries; one alone is Up, with Down: {Symmetrize: True}"],
        ),
        (
            {"Variations": []},
            [".Variations: must not be an empty list; name at least one or leave the key out"],
        ),
        (
            {"Variations": [{"Weight": "w"}, VARIATIONS[0]]},
            ['.Variations[0]: does not differ from nominal: give one of "SamplePath", "VariationPath"'],
        ),
        (
            {"Variations": [VARIATIONS[0], {"Symmetrize": True}]},
            [
                ".Variations[1].Symmetrize: has no place in one of several Variations; it is for a side that mirrors "
                "the other"
            ],
        ),
        (
            {"Variations": [VARIATIONS[0], {"VariatonPath": "_1"}]},
            ['.Variations[1].VariatonPath: unknown key "VariatonPath"; did you mean "VariationPath"?'],
        ),
        (
            {"Type": "Normalization"},
            ['.Variations: are varied histograms, which Type "Normalization" does not have; is it "NormPlusShape"?'],
        ),
        (
            {"Type": "ShapeSys"},
            ['.Variations: are combined to an Up and a Down; Type "ShapeSys" has one size'],
        ),
        (
            {"Combine": "STANDARDDEVIATION", "Symmetrization": {"Method": "TWOSIDED", "NormalizeFirst": False}},
            [".Symmetrization: has no effect: sides that are one STANDARDDEVIATION from nominal are symmetric"],
        ),
        (
            {"Symmetrization": {"Method": "ONESIDED"}},
            [".Symmetrization: ONESIDED needs a side with Symmetrize: True, which mirrors the other"],
        ),
        (
            {"Variations": [{"VariationPath": ""}, {"VariationPath": ""}]},
            [": has no effect: VariationPath is the nominal one"],
        ),
    ],
)
def test_each_mistake_is_one_sentence(
    histograms: dict[str, Any], problems: Find, keys: dict[str, Any], sentences: list[str]
) -> None:
    assert problems(combining(histograms, **keys)) == [f"Systematics[1]{sentence}" for sentence in sentences]


def test_a_misspelt_side_is_told_once(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][1]["Upp"] = histograms["Systematics"][1].pop("Up")
    assert problems(histograms) == ['Systematics[1].Upp: unknown key "Upp"; did you mean "Up"?']
    assert problems(combining(histograms, Variations=None, Variatons=VARIATIONS)) == [
        'Systematics[1].Variatons: unknown key "Variatons"; did you mean "Variations"?'
    ]


def test_editors_know_both_ways(histograms: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(config_json_schema())
    assert validator.is_valid(histograms)
    assert validator.is_valid(combining(histograms))
    del histograms["Systematics"][1]["Combine"]
    assert not validator.is_valid(histograms)


def test_each_source_can_have_its_own_combination(ntuples: dict[str, Any]) -> None:
    ntuples["Samples"][1]["Sources"] = [{"Name": "a", "Weight": "2"}, {"Name": "b"}]
    ntuples["Systematics"][0] = {
        "Name": "W",
        "Type": "NormPlusShape",
        "Variations": [{"Weight": "up"}, {"Weight": "down"}],
        "Combine": "ENVELOPE",
        "Decorrelate": "source",
    }
    parts = load_config(ntuples).systematics
    assert [(part.name, part.sources, len(part.variations)) for part in parts] == [
        ("W_a", ("a",), 2),
        ("W_b", ("b",), 2),
    ]
    assert "Up" not in parts[0].model_dump(by_alias=True, exclude_unset=True)
