from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wilks import load_config
from wilks.config.cabinetry import beyond_cabinetry
from wilks.config.schema import Pruning, Symmetrization

Find = Callable[[Any], list[str]]


def test_new_keys(histograms: dict[str, Any]) -> None:
    histograms["General"]["Pruning"] = {"Norm": 0.005, "Shape": 0.01, "Reference": "background", "Large": 0.5}
    histograms["Regions"][0] |= {"Rebin": [0, 20], "DropBins": [1, 0]}
    histograms["Regions"][1] |= {"Rebin": 2, "DropBins": 3}
    histograms["Systematics"][1]["Symmetrization"] = {"Method": "ONESIDED", "NormalizeFirst": False}
    histograms["Systematics"][1]["Smoothing"] = {"Algorithm": "KERNEL", "Bandwidth": 2, "Reference": "ttbar"}
    config = load_config(histograms)
    assert config.general.pruning == Pruning(norm=0.005, shape=0.01, reference="background", large=0.5)
    assert [(region.rebin, region.drop_bins) for region in config.regions] == [((0, 20), (0, 1)), (2, (3,))]
    assert config.systematics[1].symmetrization == Symmetrization(method="ONESIDED", normalize_first=False)
    smoothing = config.systematics[1].smoothing
    assert smoothing is not None
    assert (smoothing.algorithm, smoothing.bandwidth, smoothing.reference) == ("KERNEL", 2, "ttbar")


@pytest.mark.parametrize(
    ("pruning", "sentence"),
    [
        (
            {"Norm": 5},
            "General.Pruning.Norm: must be a fraction from 0 up to 1 (0.01 is one percent), found the number 5",
        ),
        (
            {"Norm": "1e-3"},
            'General.Pruning.Norm: must be a number, found the text "1e-3"; write 0.001, without quotes',
        ),
        ({"Norn": 0.1}, 'General.Pruning.Norn: unknown key "Norn"; did you mean "Norm"?'),
        ({"Large": 0}, "General.Pruning.Large: must be above 0, found the number 0"),
        ({"Norm": 0}, "General.Pruning: has no effect: give Norm, Shape or Large above 0"),
        (
            {"Norm": 0.1, "Reference": "backgrund"},
            'General.Pruning.Reference: must be one of "sample", "background", "total", found the text "backgrund"; '
            'did you mean "background"?',
        ),
        (0.01, "General.Pruning: must be a block of keys, found the number 0.01"),
    ],
)
def test_pruning(histograms: dict[str, Any], problems: Find, pruning: Any, sentence: str) -> None:
    histograms["General"]["Pruning"] = pruning
    assert problems(histograms) == [sentence]


@pytest.mark.parametrize(("poi", "found"), [("scale", '"scale" is none'), ("", "there is none")])
def test_background_needs_a_signal(histograms: dict[str, Any], problems: Find, poi: str, found: str) -> None:
    histograms["General"] |= {"POI": poi, "Pruning": {"Norm": 0.1, "Reference": "background"}}
    assert problems(histograms) == [
        f"General.Pruning.Reference: background is what the POI does not scale, which must be a NormFactor; {found}"
    ]


@pytest.mark.parametrize(
    ("region", "sentence"),
    [
        ({"Rebin": 0}, "Rebin: must be a number of bins to merge (2, 3, ...) or a list of edges, found the number 0"),
        ({"Rebin": [2, 1]}, "Rebin: bin edges must increase, found 1 after 2"),
        ({"Rebin": [0, 3]}, "Rebin: 3 is no edge of Binning; there are 0, 1, 2"),
        ({"Rebin": 3}, "Rebin: 2 bins can't be merged in groups of 3"),
        ({"DropBins": [-1]}, "DropBins: must be bin numbers, counted from 0, found the number -1"),
        ({"DropBins": 2}, "DropBins: there is no bin 2; they are counted from 0 to 1"),
        ({"Rebin": 2, "DropBins": 1}, "DropBins: there is no bin 1; they are counted from 0 to 0"),
        ({"DropBins": [0, 1]}, "DropBins: drops all bins of the region"),
    ],
)
def test_rebinning(ntuples: dict[str, Any], problems: Find, region: dict[str, Any], sentence: str) -> None:
    ntuples["Regions"][0] |= region
    assert problems(ntuples) == [f"Regions[0].{sentence}"]


@pytest.mark.parametrize(
    ("index", "method", "sentence"),
    [
        (0, "ONESIDED", 'has no effect in a systematic of Type "Normalization"; write Symmetrize: True on a side'),
        (1, "TWOSIDED", "TWOSIDED needs both sides; Symmetrize: True on a side is ONESIDED"),
    ],
)
def test_symmetrization(histograms: dict[str, Any], problems: Find, index: int, method: str, sentence: str) -> None:
    histograms["Systematics"][index]["Symmetrization"] = {"Method": method}
    assert problems(histograms) == [f"Systematics[{index}].Symmetrization: {sentence}"]


def test_one_sided_needs_one_side(ntuples: dict[str, Any], problems: Find) -> None:
    ntuples["Systematics"][0]["Symmetrization"] = {"Method": "ONESIDED"}
    assert problems(ntuples) == [
        "Systematics[0].Symmetrization: ONESIDED needs a side with Symmetrize: True, which mirrors the other"
    ]
    ntuples["Systematics"][0]["Symmetrization"] = {"Method": "TWOSIDE"}
    (problem,) = problems(ntuples)
    assert problem.endswith('found the text "TWOSIDE"; did you mean "TWOSIDED"?')


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"Bandwidth": 2}, 'Bandwidth: has no effect with "353QH, twice"; it is for KERNEL'),
        (
            {"Algorithm": "KERNEL", "Tolerance": 0.1},
            'Tolerance: has no effect with "KERNEL"; it is for MAXVARIATION and TREXFITTER',
        ),
        ({"Algorithm": "MAXVARIATION", "Turns": 3}, 'Turns: has no effect with "MAXVARIATION"; it is for TREXFITTER'),
        ({"Algorithm": "KERNEL", "Bandwidth": -1}, "Bandwidth: must be above 0, found the number -1"),
        ({"Reference": "tbar"}, 'Reference: no simulated sample "tbar"; did you mean "ttbar"?'),
        ({"Reference": "Data"}, 'Reference: no simulated sample "Data"; allowed: "Signal", "ttbar"'),
        ({"Reference": "Signal"}, 'Reference: "Scale" does not act on "Signal", only on "ttbar"'),
    ],
)
def test_smoothing(histograms: dict[str, Any], problems: Find, options: dict[str, Any], sentence: str) -> None:
    histograms["Systematics"][1]["Smoothing"] |= options
    assert problems(histograms) == [f"Systematics[1].Smoothing.{sentence}"]


def test_the_reference_is_in_all_regions_that_are_smoothed(histograms: dict[str, Any], problems: Find) -> None:
    systematic = histograms["Systematics"][1]
    systematic["Samples"] = ["Signal", "ttbar"]
    systematic["Smoothing"] = {"Algorithm": "353QH, twice", "Reference": "Signal"}
    assert problems(histograms) == [
        'Systematics[1].Smoothing.Reference: "Signal" is not in "CR", which would be smoothed; restrict Regions'
    ]
    systematic["Smoothing"]["Regions"] = "Signal region"
    assert problems(histograms) == []


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (
            {"Method": "TWOSIDED", "Sign": "positive"},
            "Symmetrization.Sign: has no effect with TWOSIDED; it is for ABSMEAN and MAXIMUM",
        ),
        (
            {"Method": "MAXIMUM", "Sign": "largest"},
            'Symmetrization.Sign: must be one of "up", "positive", "larger", found the text "largest"; did you mean '
            '"larger"?',
        ),
        (
            {"Method": "TWOSIDED", "Clip": True},
            "Symmetrization.Clip: is for varied histograms as they are: write NormalizeFirst: False",
        ),
        (
            {"Method": "TWOSIDED", "BeforeSmoothing": True},
            "Symmetrization.BeforeSmoothing: has no effect without Smoothing",
        ),
    ],
)
def test_options_of_symmetrization(ntuples: dict[str, Any], problems: Find, how: dict[str, Any], sentence: str) -> None:
    ntuples["Systematics"][0]["Symmetrization"] = how
    assert problems(ntuples) == [f"Systematics[0].{sentence}"]


def test_what_is_not_symmetrized_before_it_is_smoothed(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][1]["Symmetrization"] = {"Method": "ONESIDED", "BeforeSmoothing": True}
    text = "the image of a side is that of the smoothed one; it is for methods that need both sides"
    assert problems(histograms) == [f"Systematics[1].Symmetrization.BeforeSmoothing: {text}"]
    systematic = histograms["Systematics"][1]
    systematic |= {"Variations": [systematic.pop("Up"), {"VariationPath": "_down"}], "Combine": "ENVELOPE"}
    systematic.pop("Down")
    systematic["Symmetrization"]["Method"] = "TWOSIDED"
    text = "has no place beside Variations, which are smoothed before they are combined"
    assert problems(histograms) == [f"Systematics[1].Symmetrization.BeforeSmoothing: {text}"]


def test_ghosts_and_references(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Samples"].append({"Name": "Fast", "SamplePath": "f", "Ghost": True, "Regions": "CR"})
    scale = histograms["Systematics"][1]
    scale["ReferenceSample"] = "Fats"
    assert problems(histograms) == ['Systematics[1].ReferenceSample: no simulated sample "Fats"; did you mean "Fast"?']
    scale["ReferenceSample"] = "Fast"
    assert problems(histograms) == [
        'Systematics[1].ReferenceSample: "Fast" is not in "Signal region", where the systematic acts'
    ]
    scale["Regions"] = "CR"
    assert problems(histograms) == []
    scale["ReferenceSample"] = "ttbar"
    assert problems(histograms) == [
        'Systematics[1].ReferenceSample: "ttbar" itself is all that is varied: the ratio to it changes nothing'
    ]
    scale |= {"ReferenceSample": "Fast", "Samples": ["ttbar", "Fast"]}
    histograms["Systematics"][0]["ReferenceSample"] = "Fast"
    histograms["Samples"][0]["Ghost"] = True
    histograms["General"]["Pruning"] = {"Norm": 0.1, "RemoveLarge": True}
    assert sorted(problems(histograms)) == [
        "General.Pruning.RemoveLarge: needs Large, the size above which effects are left out",
        "Samples[0].Ghost: data can't be a ghost: the model needs them",
        "Systematics[0].ReferenceSample: has no effect without varied histograms",
        'Systematics[1].Samples: "Fast" is a ghost; this acts on samples of the model only',
    ]


def test_pruning_that_is_disabled(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][0]["DisablePruning"] = True
    assert problems(histograms) == ["Systematics[0].DisablePruning: has no effect without General.Pruning"]
    histograms["General"]["Pruning"] = {"Norm": 0.1}
    assert problems(histograms) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"Rebin": [0, 2]}, "has no place beside Rebin: one of both says which bins are merged"),
        (
            {"AutoBinning": {"Method": "TransfoD", "Signal": 0, "Background": 0}},
            "Signal and Background are both 0; at least one is the number of bins it is worth",
        ),
        (
            {"AutoBinning": {"Method": "TransfoD", "Signal": 3, "Background": 3}},
            "needs Samples, the signal: there is no POI that scales some",
        ),
    ],
)
def test_automatic_bins(ntuples: dict[str, Any], problems: Find, changes: dict[str, Any], sentence: str) -> None:
    how = {"Method": "TransfoD", "Signal": 3, "Background": 3, "Samples": "Signal"}
    ntuples["Regions"][0] |= {"AutoBinning": how, "DropBins": 3}
    assert problems(ntuples) == []
    ntuples["Regions"][0] |= changes
    if "Rebin" not in changes:
        ntuples["Regions"][0]["AutoBinning"] |= {} if "Background" in sentence else {"Signal": 3}
        if "both 0" in sentence:
            ntuples["Regions"][0]["AutoBinning"]["Samples"] = "Signal"
    assert problems(ntuples) == [f"Regions[0].AutoBinning: {sentence}"]
    ntuples["Regions"][0] = {"Name": "SR", "Variable": "m", "Binning": [0, 1, 2]}
    ntuples["Regions"][0]["AutoBinning"] = how | {"Samples": "Sgnal"}
    assert problems(ntuples) == ['Regions[0].AutoBinning.Samples: no sample "Sgnal"; did you mean "Signal"?']


@pytest.mark.parametrize(
    ("binning", "sentence"),
    [
        ({"Bins": 4, "From": 0}, 'missing key "To"; equal bins have Bins, From and To'),
        ({"Bins": 4, "From": 0, "Too": 1}, 'unknown key "Too"; did you mean "To"?; equal bins have Bins, From and To'),
        ({"Bins": 4, "From": 1, "To": 1}, "bin edges must increase, found From 1 and To 1"),
        ({"Bins": 0, "From": 0, "To": 1}, "must be a whole number above 0, found the number 0"),
    ],
)
def test_equal_bins(ntuples: dict[str, Any], problems: Find, binning: dict[str, Any], sentence: str) -> None:
    ntuples["Regions"][0]["Binning"] = {"Bins": 4, "From": 0, "To": 2}
    assert load_config(ntuples).regions[0].binning == (0, 0.5, 1.0, 1.5, 2)
    assert ("config  Regions[0].Binning", "cabinetry needs a list of bin edges") in beyond_cabinetry(ntuples)
    ntuples["Regions"][0]["Binning"] = binning
    assert problems(ntuples) == [f"Regions[0].Binning: {sentence}"]


def test_data_are_neither_raised_nor_smoothed(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Samples"][2] |= {"Smooth": True, "MinimumYield": 1e-6}
    assert problems(histograms) == []
    histograms["Samples"][0] |= {"Smooth": True, "MinimumYield": 1e-6}
    text = "is for simulated samples: data stay as they were observed"
    assert problems(histograms) == [f"Samples[0].MinimumYield: {text}", f"Samples[0].Smooth: {text}"]


def test_differences_that_are_scaled_are_given(histograms: dict[str, Any], problems: Find) -> None:
    del histograms["General"]["Fixed"]
    histograms["Systematics"] = [
        {"Name": "a", "Type": "NormPlusShape", "Up": {"VariationPath": "_up"}, "Down": {"Symmetrize": True}},
        {"Name": "b", "Type": "Normalization", "Up": {"Normalization": 0.1}, "Down": {"Normalization": -0.1}},
    ]
    histograms["Systematics"][0]["Up"]["ScaleDifference"] = 2
    assert problems(histograms) == []
    for systematic in histograms["Systematics"]:
        systematic["Down"]["ScaleDifference"] = 2
    assert problems(histograms) == [
        'Systematics[1].Down.ScaleDifference: has no effect in a systematic of Type "Normalization"; is it '
        '"NormPlusShape"?',
        "Systematics[0].Down.ScaleDifference: has no effect beside Symmetrize: True: give the other's",
    ]
