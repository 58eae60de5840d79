"""Constraints and interpolations: what can be said of which parameter, and what is a mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from wilks.config.load import config_json_schema, load_config
from wilks.config.schema import Constraint
from wilks.errors import ConfigError

Find = Callable[[Any], list[str]]
UP_DOWN = {"Up": {"Normalization": 0.1}, "Down": {"Normalization": -0.1}}
ANYWAY = "has no effect: that is what a systematic has anyway, with Center 0 and Width 1"
NOTHING = "found nothing; write the word None for no constraint, or leave the key out"


@pytest.mark.parametrize(
    ("constraint", "where", "sentence"),
    [
        ({"Width": 0.1}, "", ""),
        ({"Type": "Gaussian", "Center": 1.1, "Width": 0.1, "WidthDown": 0.2}, "", ""),
        ({"Type": "Poisson", "Count": 31, "Expected": 25.5}, "", ""),
        ({"Type": "Poisson", "Count": 0, "Expected": 2}, "", ""),
        ("Gaussian", "", "Gaussian needs Width"),
        ({"Center": 1}, "", "Gaussian needs Width"),
        ("Poisson", "", "Poisson needs Count and Expected"),
        ({"Type": "Poisson", "Count": 3}, "", "Poisson needs Expected"),
        ("None", "", "has no effect: a factor has no constraint unless it is given one"),
        ({"Width": 0.1, "Center": 11}, "", "its centre 11 lies outside the Bounds [0, 10]"),
        ({"Type": "Poisson", "Count": 30, "Expected": 2}, "", "its centre 15 lies outside the Bounds [0, 10]"),
        (
            {"Type": "Poisson", "Width": 2, "Count": 1, "Expected": 1},
            ".Width",
            "is for Type Gaussian, here it is Poisson",
        ),
        ({"Width": 2, "Count": 1}, ".Count", "is for Type Poisson, here it is Gaussian"),
        ({"Width": 0.1, "Bounds": [0, 2]}, ".Bounds", "is for systematics; a factor has Bounds beside its Constraint"),
        ({"Width": 0}, ".Width", "must be above 0, found the number 0"),
        ({"Width": "0.1"}, ".Width", 'must be a number, found the text "0.1"; write 0.1, without quotes'),
        ({"Type": "Poisson", "Count": -1, "Expected": 1}, ".Count", "must not be below 0, found the number -1"),
        ({"Widht": 0.1}, ".Widht", 'unknown key "Widht"; did you mean "Width"?'),
        (
            {"Type": "poisson", "Count": 1, "Expected": 1},
            ".Type",
            'must be one of "Gaussian", "Poisson", "None", found the text "poisson"; did you mean "Poisson"?',
        ),
        ("none", "", 'must be one of "Gaussian", "Poisson", "None", found the text "none"; did you mean "None"?'),
        (
            "normal",
            "",
            'must be one of "Gaussian", "Poisson", "None", found the text "normal"; did you mean "Gaussian"?',
        ),
        ("Uniform", "", 'must be one of "Gaussian", "Poisson", "None", found the text "Uniform"; did you mean "None"?'),
        (0.1, "", 'must be one of "Gaussian", "Poisson", "None", or a block of keys, found the number 0.1'),
        (False, "", 'must be one of "Gaussian", "Poisson", "None", or a block of keys, found false'),
        (None, "", NOTHING),
        ({"Type": None}, ".Type", NOTHING),
    ],
)
def test_constraints_of_factors(
    histograms: dict[str, Any], problems: Find, constraint: Any, where: str, sentence: str
) -> None:
    histograms["NormFactors"][0]["Constraint"] = constraint
    expected = [f"NormFactors[0].Constraint{where}: {sentence}"] if sentence else []
    assert [p for p in problems(histograms) if p in expected or not expected] == expected
    # The same for factors of bins, and for parameters of functions.
    histograms["NormFactors"][0].pop("Constraint")
    factor = {"Nominal": 1, "Bounds": [0, 10], "Constraint": constraint}
    histograms["ShapeFactors"] = [{"Name": "free", "Samples": "Signal"} | factor]
    histograms["Functions"] = [
        {"Name": "f", "Expression": "k", "Samples": "ttbar", "Parameters": [{"Name": "k"} | factor]}
    ]
    found = problems(histograms)
    for place in ("ShapeFactors[0]", "Functions[0].Parameters[0]"):
        here = [p for p in found if p.startswith(place)]
        assert (f"{place}.Constraint{where}: {sentence}" in here) if sentence else here == []


def test_a_factor_that_a_count_constrains_is_positive(histograms: dict[str, Any], problems: Find) -> None:
    histograms["NormFactors"][0] |= {"Bounds": [-1, 5], "Constraint": {"Type": "Poisson", "Count": 3, "Expected": 2}}
    sentence = "NormFactors[0].Constraint: Poisson needs Bounds that are not below 0, found [-1, 5]"
    assert problems(histograms) == [sentence]


def test_default_bounds_hold_the_centre(histograms: dict[str, Any], problems: Find) -> None:
    histograms["NormFactors"][0] = {"Name": "mu", "Samples": "Signal", "Constraint": {"Center": -1, "Width": 1}}
    sentence = "NormFactors[0].Constraint: its centre -1 lies outside the default Bounds [0, 10]"
    assert problems(histograms) == [sentence]


@pytest.mark.parametrize(
    ("constraint", "where", "sentence"),
    [
        ("None", "", ""),
        ({"Type": "None", "Bounds": [-20, 20]}, "", ""),
        ({"Width": 2}, "", ""),
        ({"Center": 0.5}, "", ""),
        ({"WidthDown": 0.5, "Bounds": [-2, 2]}, "", ""),
        ("Gaussian", "", ANYWAY),
        ({}, "", ANYWAY),
        (
            {"Type": "Poisson", "Count": 1, "Expected": 1},
            "",
            "Poisson is for factors; the parameter of a systematic is 0 nominally, and no rate",
        ),
        ({"Type": "None", "Width": 2}, ".Width", "is for Type Gaussian, here it is None"),
        ({"Center": 3, "Bounds": [-2, 2]}, ".Bounds", "leave out the centre, 3, where the parameter starts"),
        ({"Type": "None", "Bounds": [1, 2]}, ".Bounds", "leave out 0, where the parameter starts"),
        (None, "", NOTHING),
    ],
)
def test_constraints_of_systematics(
    histograms: dict[str, Any], problems: Find, constraint: Any, where: str, sentence: str
) -> None:
    del histograms["General"]["Fixed"]
    for number in (0, 1):
        document = histograms | {"Systematics": [dict(each) for each in histograms["Systematics"]]}
        document["Systematics"][number]["Constraint"] = constraint
        expected = [f"Systematics[{number}].Constraint{where}: {sentence}"] if sentence else []
        assert problems(document) == expected


@pytest.mark.parametrize(
    ("constraint", "sentence"),
    [
        ("Gaussian", ""),
        ({"Type": "Gaussian"}, ""),
        ("Poisson", 'has no effect: that is what a systematic of Type "ShapeSys" has anyway'),
        ("None", 'must be Gaussian or Poisson in a systematic of Type "ShapeSys"; ShapeFactors are free'),
        ({"Width": 2}, "takes its Type alone: centre and width are those of the yields"),
    ],
)
def test_constraints_of_bins(histograms: dict[str, Any], problems: Find, constraint: Any, sentence: str) -> None:
    sides = {"Up": {"Normalization": 0.1}, "Down": {"Symmetrize": True}}
    histograms["Systematics"].append({"Name": "bins", "Type": "ShapeSys", "Constraint": constraint} | sides)
    assert problems(histograms) == ([f"Systematics[2].Constraint: {sentence}"] if sentence else [])


def test_systematics_that_share_a_parameter_agree(histograms: dict[str, Any], problems: Find) -> None:
    first = {"Name": "a", "Type": "Normalization", "Samples": "Signal", "ModifierName": "x", "Constraint": "None"}
    second = {"Name": "b", "Type": "Normalization", "Samples": "ttbar", "ModifierName": "x"}
    histograms["Systematics"] = [*histograms["Systematics"], first | UP_DOWN, second | UP_DOWN]
    assert problems(histograms) == []  # one says it for both
    histograms["Systematics"][3]["Constraint"] = "None"
    assert problems(histograms) == []
    histograms["Systematics"][3]["Constraint"] = {"Width": 2}
    sentence = 'differs from that of "a", which has the same parameter "x"'
    assert problems(histograms) == [f"Systematics[3].Constraint: {sentence}"]


def test_what_a_function_steers_has_no_constraint(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Functions"] = [{"Name": "scale", "Expression": "b - 1", "Parameters": [{"Name": "b"}]}]
    histograms["Systematics"][1]["Constraint"] = {"Width": 2}
    sentence = "has no effect: a function steers the systematic, which has no parameter of its own"
    assert problems(histograms) == [f"Systematics[1].Constraint: {sentence}"]


@pytest.mark.parametrize(
    ("changes", "interpolation", "wrong"),
    [
        ({}, {"Norm": "code1", "Shape": "code2"}, []),
        ({"Type": "NormOnly", "Smoothing": None}, {"Norm": "code0"}, []),
        ({"Type": "ShapeOnly"}, {"Shape": "code5"}, []),
        ({"Type": "NormOnly", "Smoothing": None}, {"Shape": "code2"}, [".Shape"]),
        ({"Type": "ShapeOnly"}, {"Norm": "code1"}, [".Norm"]),
        ({"Type": "ShapeSys"}, {"Norm": "code1", "Shape": "code2"}, [".Norm", ".Shape"]),
        ({"Decorrelate": "bin"}, {"Shape": "code2"}, []),
        ({"Decorrelate": "bin"}, {"Norm": "code1"}, [".Norm"]),
        ({}, {}, [""]),
        ({}, {"Norm": "code4p"}, [".Norm"]),
        ({}, {"Shape": "code4"}, [".Shape"]),
        ({}, "code1", [""]),
    ],
)
def test_interpolations(
    histograms: dict[str, Any], problems: Find, changes: Any, interpolation: Any, wrong: list[str]
) -> None:
    systematic = histograms["Systematics"][1] | changes | {"Interpolation": interpolation}
    histograms["Systematics"][1] = {key: value for key, value in systematic.items() if value is not None}
    places = [problem.partition(": ")[0] for problem in problems(histograms)]
    assert places == [f"Systematics[1].Interpolation{each}" for each in wrong]


def test_words_of_interpolations(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][0]["Interpolation"] = {"Shape": "code2"}
    histograms["Systematics"][1]["Interpolation"] = {"Norm": "code4p"}
    allowed = '"code0", "code1", "code2", "code4", "code5", "combine"'
    here, there = problems(histograms)
    assert here == (
        f'Systematics[1].Interpolation.Norm: must be one of {allowed}, found the text "code4p"; did you mean "code4"?'
    )
    assert there == (
        'Systematics[0].Interpolation.Shape: has no effect in a systematic of Type "Normalization": there is no effect '
        "on the shape to interpolate"
    )


def test_combine_needs_positive_yields(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][0] |= {"Interpolation": {"Norm": "combine"}, "Down": {"Normalization": -1}}
    sentence = '"combine" needs yields above 0 on both sides, Normalization above -1'
    assert problems(histograms) == [f"Systematics[0].Interpolation.Norm: {sentence}"]


def test_lines_of_all_mistakes(histograms: dict[str, Any], tmp_path: Path) -> None:
    histograms["NormFactors"][0]["Constraint"] = {"Width": -1}
    histograms["Systematics"][0]["Interpolation"] = {"Nrom": "code1"}
    histograms["Systematics"][1]["Constraint"] = "Poison"
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(histograms, sort_keys=False))
    lines = path.read_text().splitlines()
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    words = []
    for problem in caught.value.problems:
        number = int(problem.removeprefix(f"{path}:").split()[0])
        words.append(lines[number - 1].strip().split(":")[0])
    assert words == ["Width", "Nrom", "Constraint"]


def test_null_is_not_the_word_none(tmp_path: Path, histograms: dict[str, Any]) -> None:
    path = tmp_path / "config.yml"
    text = yaml.safe_dump(histograms, sort_keys=False)
    path.write_text(text.replace("  ModifierName: scale", "  ModifierName: scale\n  Constraint: None"))
    assert load_config(path).systematics[1].constraint == Constraint(type="None")
    for word in ("null", "~", ""):
        path.write_text(text.replace("  ModifierName: scale", f"  ModifierName: scale\n  Constraint: {word}"))
        with pytest.raises(ConfigError, match="write the word None"):
            load_config(path)


def test_the_schema_knows_words_and_blocks(histograms: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(config_json_schema())
    for constraint, valid in (
        ("None", True),
        ({"Width": 2}, True),
        ("none", False),
        ({"Widht": 2}, False),
        (None, False),
    ):
        histograms["Systematics"][1]["Constraint"] = constraint
        assert validator.is_valid(histograms) == valid, constraint


def test_a_constraint_is_written_and_read_again(histograms: dict[str, Any]) -> None:
    histograms["Systematics"][1]["Constraint"] = "None"
    histograms["NormFactors"][0]["Constraint"] = {"Width": 0.5}
    config = load_config(histograms)
    assert load_config(config.model_dump(by_alias=True, exclude_unset=True, mode="json")) == config
