"""Functions of parameters in a steering file: expressions, names, and what they act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from wilks.config.cabinetry import beyond_cabinetry
from wilks.config.functions import needing, scaling
from wilks.config.load import load_config
from wilks.errors import ConfigError

Find = Callable[[Any], list[str]]
K = {"Name": "k"}


def function(expression: str = "k * k", **more: Any) -> dict[str, Any]:
    return {"Name": "f", "Expression": expression, "Samples": "Signal", "Parameters": [K]} | more


@pytest.mark.parametrize(
    ("changes", "mistakes"),
    [
        ({}, []),
        ({"Samples": "*"}, []),
        ({"Expression": "k + mu + scale"}, []),
        ({"Expression": "@0 * k", "Arguments": ["k"]}, []),
        (
            {"Expression": "k * (mu"},
            ['.Expression: the end found, ")" needed (column 8)'],
        ),
        (
            {"Expression": "sin(k)"},
            ['.Expression: no function "sin"; allowed are exp, log, sqrt, pow, min, max (column 1)'],
        ),
        ({"Expression": "k + muu"}, ['.Expression: no parameter or function "muu"; did you mean "mu"?']),
        ({"Expression": "k + Lumy"}, ['.Expression: no parameter or function "Lumy"; did you mean "Lumi"?']),
        (
            {"Expression": "k + Scale"},
            ['.Expression: no parameter or function "Scale"; the systematic "Scale" has the ModifierName "scale"'],
        ),
        (
            {"Expression": "k + zzz"},
            ['.Expression: no parameter or function "zzz"; declare it in Parameters, or use '
             '"Lumi", "scale", "mu", "k", "f"'],
        ),
        ({"Expression": 2}, [".Expression: must be text, found the number 2; put it in quotes: \"2\""]),
        (
            {"Expression": "@0 * k"},
            ['.Expression: "@0" needs Arguments, the names that it may stand for (column 1)'],
        ),
        (
            {"Expression": "@1 * k", "Arguments": ["mu"]},
            ['.Expression: "@1": no such parameter, there is 1, counted from 0 (column 1)'],
        ),
        ({"Expression": "@0 * k", "Arguments": "scael"}, [
            '.Arguments: no parameter or function "scael"; did you mean "scale"?']),
        ({"Expression": "@0 * (k", "Arguments": "scael"}, [
            '.Expression: the end found, ")" needed (column 8)',
            '.Arguments: no parameter or function "scael"; did you mean "scale"?']),
        ({"Arguments": "mu"}, ['.Arguments: "mu" has no effect: there is no @0 in Expression']),
        ({"Expression": "f * k"}, [".Expression: f -> f: a function can't need itself"]),
        ({"Samples": "Sgnal"}, ['.Samples: no sample "Sgnal"; did you mean "Signal"?']),
        ({"Regions": "CR"}, [': "f" acts on nothing: none of its samples is in any of its regions']),
        ({"Exclude": [{"Regions": "Signal region"}]}, [
            ': "f" acts on nothing: none of its samples is in any of its regions']),
        ({"Name": "mu"}, ['.Name: "mu" is a NormFactor; give it another name']),
        ({"Name": "staterror_CR"}, [': the name "staterror_CR" belongs to the statistical uncertainties of a region']),
        ({"Parameters": [K, {"Name": "mu"}]}, [
            '.Parameters[1].Name: "mu" is a NormFactor; leave it out here, or give it another name']),
        ({"Parameters": [K, {"Name": "Lumi"}]}, [
            '.Parameters[1].Name: "Lumi" is a parameter of a systematic; leave it out here, or give it another name']),
        ({"Parameters": [K, K]}, [
            '.Parameters[1].Name: "k" is a parameter of the function "f" already; leave it out here, or give it '
            "another name"]),
        ({"Parameters": [K, {"Name": "kk"}]}, ['.Parameters[1].Name: "kk" has no effect: no Expression needs it']),
        ({"Parameters": [K | {"Nominal": 11}]}, [
            ".Parameters[0].Nominal: 11 lies outside the default Bounds [0, 10]"]),
        ({"Parameters": [K | {"Nominal": 3, "Bounds": [0, 2]}]}, [
            ".Parameters[0].Nominal: 3 lies outside the Bounds [0, 2]"]),
        ({"Parameters": [K | {"Bounds": [2, 3]}]}, [
            ".Parameters[0].Bounds: leave out 1, where the parameter starts; give Nominal"]),
        ({"Parametres": []}, ['.Parametres: unknown key "Parametres"; did you mean "Parameters"?']),
    ],
)  # fmt: skip
def test_mistakes(histograms: dict[str, Any], problems: Find, changes: Any, mistakes: list[str]) -> None:
    histograms["Functions"] = [function() | changes]
    assert problems(histograms) == [f"Functions[0]{mistake}" for mistake in mistakes]


def test_what_a_function_without_samples_does(histograms: dict[str, Any], problems: Find) -> None:
    alone = {"Name": "f", "Expression": "k", "Parameters": [K]}
    histograms["Functions"] = [alone]
    advice = 'give the Samples that it scales ("*" for all), or the name of a systematic\'s parameter that it steers'
    assert problems(histograms) == [f'Functions[0]: "f" acts on nothing: {advice}']
    histograms["Functions"] = [alone | {"Name": "scal"}]
    assert problems(histograms) == [f'Functions[0]: "scal" acts on nothing: {advice}; did you mean "scale"?']
    histograms["Functions"] = [alone | {"Name": "Scale"}]
    why = 'the systematic "Scale" has the ModifierName "scale"'
    assert problems(histograms) == [f'Functions[0]: "Scale" acts on nothing: {why}']
    histograms["Functions"] = [alone, {"Name": "g", "Expression": "f^2", "Samples": "Signal"}]
    assert problems(histograms) == []
    histograms["Functions"][0]["Exclude"] = [{"Regions": "CR"}]
    assert problems(histograms) == ["Functions[0].Exclude: has no effect without Samples or Regions"]
    histograms["Functions"] = [alone | {"Regions": "*"}]
    config = load_config(histograms)
    assert config.functions[0].scales


def test_a_function_in_the_place_of_a_systematics_parameter(histograms: dict[str, Any], problems: Find) -> None:
    steering = {"Name": "scale", "Expression": "(b - 1) / 0.3", "Parameters": [{"Name": "b"}]}
    histograms["Functions"] = [steering]
    assert problems(histograms) == []
    histograms["Functions"] = [steering | {"Samples": "ttbar", "Exclude": [{"Regions": "CR"}]}]
    why = 'has no place here: it steers the systematic that has the parameter "scale", and acts where that does'
    assert problems(histograms) == [f"Functions[0].Samples: {why}", f"Functions[0].Exclude: {why}"]
    histograms["Functions"] = [steering]
    histograms["General"]["Fixed"] = [{"Name": "scale", "Value": 0}]
    hint = '"scale" is a function, name the parameters that it needs'
    assert problems(histograms) == [f'General.Fixed[0].Name: no parameter or systematic "scale"; {hint}']
    histograms["General"]["Fixed"] = [{"Name": "b", "Value": 12}]
    assert problems(histograms) == ['General.Fixed[0].Value: 12 lies outside the Bounds [0, 10] of "b"']
    histograms["General"]["Fixed"] = [{"Name": "b", "Value": 2}]
    histograms["General"]["POI"] = "scale"
    assert problems(histograms) == [f'General.POI: no parameter "scale"; {hint}']
    histograms["General"]["POI"] = "b"
    assert problems(histograms) == []


def test_parts_of_a_systematic_are_steered_one_by_one(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][1] |= {"Decorrelate": "region", "Samples": "ttbar"}
    del histograms["Systematics"][1]["Smoothing"]
    one = {"Expression": "b", "Parameters": [{"Name": "b"}]}
    histograms["Functions"] = [{"Name": "scale_CR"} | one]
    assert problems(histograms) == []
    histograms["Functions"] = [{"Name": "scale"} | one]
    (problem,) = problems(histograms)
    assert 'is decorrelated and has the parameters "scale_Signal-region", "scale_CR"' in problem
    histograms["Systematics"][1]["Decorrelate"] = "bin"
    histograms["Functions"] = [{"Name": "scale_CR"} | one]
    why = '"scale_CR" is one parameter for each bin; a function steers single ones'
    assert problems(histograms) == [f"Functions[0].Name: {why}"]
    histograms["Functions"] = [{"Name": "scale_CR_bin_0", "Samples": "*"} | one]
    (problem,) = problems(histograms)
    assert "is the parameter of one bin of a systematic" in problem


def test_functions_that_need_each_other(histograms: dict[str, Any], problems: Find) -> None:
    def of(name: str, needs: str) -> dict[str, Any]:
        return {"Name": name, "Expression": f"{needs} + mu", "Samples": "Signal"}

    histograms["Functions"] = [of("f", "g"), of("g", "h"), of("h", "f"), of("i", "f")]
    assert problems(histograms) == ["Functions[0].Expression: f -> g -> h -> f: a function can't need itself"]
    histograms["Functions"][1]["Expression"] = "mu^2"
    config = load_config(histograms)
    assert needing(config.functions, ("mu",)) == {"f", "g", "h", "i"}
    assert [block.name for block in scaling(config.norm_factors, config.functions, ("mu",))] == [
        "mu",
        "f",
        "g",
        "h",
        "i",
    ]
    assert list(scaling(config.norm_factors, config.functions, ("Lumi",))) == []


def test_parameters_for_each_bin_are_no_numbers(histograms: dict[str, Any], problems: Find) -> None:
    histograms["ShapeFactors"] = [{"Name": "free", "Samples": "ttbar", "Regions": "CR"}]
    histograms["Functions"] = [function("free * k")]
    why = '"free" is one parameter for each bin; a function needs single ones'
    assert problems(histograms) == [f"Functions[0].Expression: {why}"]


def test_misspelled_blocks_are_not_lost(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Function"] = [function()]
    assert problems(histograms) == ['Function: unknown key, though it holds functions; did you mean "Functions"?']
    histograms["Function"] = [{"Name": "anything"}]
    assert problems(histograms) == []  # the user's own business


def test_lines(histograms: dict[str, Any], tmp_path: Any) -> None:
    histograms["Functions"] = [function(), function("k +", Name="g", Parameters=[{"Name": "l"}])]
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(histograms, sort_keys=False))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if text.endswith("k +"))
    assert caught.value.problems[0].startswith(f"{path}:{line}  Functions[1].Expression: the end found")


def test_cabinetry_has_none(histograms: dict[str, Any]) -> None:
    histograms["Functions"] = [function(Samples="*")]
    histograms["Samples"][2]["SamplePath"] = "tt"
    assert beyond_cabinetry(histograms) == [("config  Functions", "cabinetry has no such key")]
