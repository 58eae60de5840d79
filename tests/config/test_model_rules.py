from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wilks.config.load import load_config
from wilks.config.model_rules import number_of_bins
from wilks.config.parameters import fixed_values
from wilks.config.schema import Region

Find = Callable[[Any], list[str]]


@pytest.mark.parametrize(
    ("staterror", "where", "sentence"),
    [
        ({}, "", "has no effect: give Threshold, PerSample, Constraint or PoissonBelow"),
        ({"Constraint": "Gaussian"}, "", "has no effect: give Threshold, PerSample, Constraint or PoissonBelow"),
        (
            {"Constraint": "poisson"},
            ".Constraint",
            'must be one of "Gaussian", "Poisson", found the text "poisson"; did you mean "Poisson"?',
        ),
        (
            {"PoissonBelow": 10, "PerSample": True},
            ".PoissonBelow",
            "can't be combined with PerSample: the effective entries of a bin decide which parameters it gets",
        ),
        (
            {"PoissonBelow": 10, "Constraint": "Poisson"},
            ".PoissonBelow",
            "can't be combined with Constraint: Poisson: the effective entries of a bin decide which parameters it "
            "gets",
        ),
        ({"PoissonBelow": 0}, ".PoissonBelow", "must be above 0, found the number 0"),
        ({"Threshold": 5}, ".Threshold", "must be a fraction from 0 up to 1 (0.01 is one percent), found the number 5"),
        ({"Treshold": 0.05}, ".Treshold", 'unknown key "Treshold"; did you mean "Threshold"?'),
    ],
)
def test_options_of_statistical_uncertainties(
    histograms: dict[str, Any], problems: Find, staterror: dict[str, Any], where: str, sentence: str
) -> None:
    histograms["General"]["Staterror"] = staterror
    assert f"General.Staterror{where}: {sentence}" in problems(histograms)
    # On a region an empty block would be the default, which holds anyway.
    histograms["General"].pop("Staterror")
    histograms["Regions"][0]["Staterror"] = staterror
    expected = sentence if where else "has no effect: the same holds for all regions"
    assert f"Regions[0].Staterror{where}: {expected}" in problems(histograms)


def test_a_region_without_statistical_uncertainties(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Regions"][1]["Staterror"] = {"Threshold": 0.05}  # there is only ttbar, with DisableStaterror
    assert problems(histograms) == [
        "Regions[1].Staterror: has no effect: all samples of the region have DisableStaterror: True"
    ]


@pytest.mark.parametrize(
    ("staterror", "mistakes"),
    [({"Threshold": 0.05}, 0), ({"PerSample": True}, 0), ({"PoissonBelow": 10}, 1)],
)
def test_names_of_samples_that_look_like_regions(
    histograms: dict[str, Any], problems: Find, staterror: Any, mistakes: int
) -> None:
    histograms["General"]["Staterror"] = staterror
    histograms["Regions"] += [{"Name": "CR_Signal", "RegionPath": "x"}]
    histograms["Samples"][1]["Regions"] = ["CR", "CR_Signal"]
    histograms["Regions"].pop(0)
    found = problems(histograms)
    # CR and Signal make staterror_CR_Signal, the name of the shared ones of the other region.
    expected = 'would be made twice, in "CR" and "CR_Signal"; rename a region or a sample'
    assert len([text for text in found if expected in text]) == mistakes


def test_statistical_uncertainties_that_can_be_fixed(histograms: dict[str, Any], problems: Find) -> None:
    histograms["General"]["Staterror"] = {"PerSample": True}
    histograms["General"]["Fixed"] = [{"Name": "staterror_Signal-region_Signal", "Value": 1}]
    assert fixed_values(load_config(histograms)) == {"staterror_Signal-region_Signal": 1}
    histograms["General"]["Fixed"] = [{"Name": "staterror_Signal-region", "Value": 1}]
    assert fixed_values(load_config(histograms)) == {"staterror_Signal-region_Signal": 1}
    histograms["General"]["Fixed"] = [{"Name": "staterror_CR", "Value": 1}]
    (problem,) = problems(histograms)
    assert problem.startswith('General.Fixed[0].Name: no parameter or systematic "staterror_CR"')


def scale(histograms: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the steering file with changes to its systematic with templates, without what was left out (None)."""
    systematic = histograms["Systematics"][1] | {"Smoothing": None, "ModifierName": None} | changes
    histograms["Systematics"][1] = {key: value for key, value in systematic.items() if value is not None}
    return histograms


UP = {"VariationPath": "_up"}
DOWN = {"VariationPath": "_down"}
MIRROR = {"Symmetrize": True}
SMOOTH = {"Algorithm": "KERNEL"}


@pytest.mark.parametrize(
    ("changes", "mistakes"),
    [
        ({"Type": "ShapeOnly"}, []),
        ({"Type": "NormOnly", "Down": DOWN}, []),
        ({"Type": "ShapeSys"}, []),
        ({"Type": "ShapeSys", "Up": {"Normalization": 0.1}}, []),
        ({"Type": "ShapeSys", "Smoothing": SMOOTH}, []),
        ({"Type": "NormPlusShape", "Decorrelate": "bin"}, []),
        ({"Type": "ShapeOnly", "Decorrelate": ["bin", "sample"]}, []),
        ({"Type": "NormPlusShape", "KeepYield": {}}, []),
        ({"Type": "NormOnly", "KeepYield": {"Samples": "ttbar", "Regions": ["CR"]}}, []),
        (
            {"Type": "ShapeSys", "Down": DOWN},
            [
                'Systematics[1]: Type "ShapeSys" has one size, given under Up (a varied histogram, or Normalization); '
                "Down is its mirror image: write Down: {Symmetrize: True}"
            ],
        ),
        (
            {"Type": "ShapeSys", "Up": {"Normalization": -0.1}},
            [
                "Systematics[1].Up.Normalization: must be above 0: it is the size of the uncertainty "
                "(0.05 means 5 % of each bin)"
            ],
        ),
        (
            {"Type": "ShapeSys", "Up": {"Normalization": 0.1} | UP},
            [
                'Systematics[1].Up.Normalization: has no place beside "VariationPath": the size is a '
                "histogram's or a fraction"
            ],
        ),
        (
            {"Type": "ShapeSys", "Up": {"VariationPath": ""}},
            ["Systematics[1]: has no effect: VariationPath is the nominal one"],
        ),
        (
            {"Type": "ShapeOnly", "Up": UP | {"Normalization": 0.1}},
            [
                'Systematics[1].Up.Normalization: has no effect in a systematic of Type "ShapeOnly"; is it '
                '"Normalization"?'
            ],
        ),
        (
            {"Type": "ShapeSys", "Decorrelate": "region"},
            [
                'Systematics[1].Decorrelate: has no effect in a systematic of Type "ShapeSys": every bin has its own '
                "parameter"
            ],
        ),
        (
            {"Type": "NormOnly", "Decorrelate": "bin"},
            [
                'Systematics[1].Decorrelate: "bin" has no effect in a systematic of Type "NormOnly", which keeps '
                "the shape"
            ],
        ),
        (
            {"Type": "NormOnly", "Smoothing": SMOOTH},
            ['Systematics[1].Smoothing: has no effect in a systematic of Type "NormOnly": smoothing keeps the yield'],
        ),
        (
            {"Type": "ShapeSys", "Up": {"Normalization": 0.1}, "Smoothing": SMOOTH},
            ["Systematics[1].Smoothing: has no effect: Up has a Normalization, and no histogram"],
        ),
        (
            {"Type": "ShapeSys", "Symmetrization": {"Method": "ONESIDED"}},
            ['Systematics[1].Symmetrization: has no effect in a systematic of Type "ShapeSys", which has one size'],
        ),
        (
            {"Type": "ShapeOnly", "KeepYield": {}},
            ['Systematics[1].KeepYield: has no effect in a systematic of Type "ShapeOnly", which keeps every yield'],
        ),
        (
            {"KeepYield": {"Samples": ["ttbar", "Signal"]}},
            ['Systematics[1].KeepYield.Samples: not affected by the systematic: "Signal"'],
        ),
        (
            {"KeepYield": {"Samples": "ttbr"}},
            ['Systematics[1].KeepYield.Samples: no sample "ttbr"; did you mean "ttbar"?'],
        ),
        (
            {"KeepYield": {"Regions": "CR", "Inclusive": True}},
            ["Systematics[1].KeepYield.Inclusive: has no effect in one region"],
        ),
        (
            {"KeepYield": {"Inclusive": True}, "Decorrelate": "region"},
            ["Systematics[1].KeepYield.Inclusive: has no effect for parameters that act in one region"],
        ),
        (
            {"KeepYield": {}, "Decorrelate": "bin"},
            [
                'Systematics[1].KeepYield: has no place beside Decorrelate: "bin"; the parameter of one bin changes '
                "the yield"
            ],
        ),
    ],
)
def test_types_of_systematics(
    histograms: dict[str, Any], problems: Find, changes: dict[str, Any], mistakes: list[str]
) -> None:
    assert problems(scale(histograms, **changes)) == mistakes


def test_a_normalisation_has_no_bins(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][0]["Decorrelate"] = "bin"
    assert problems(histograms) == [
        'Systematics[0].Decorrelate: "bin" needs varied histograms, which Type "Normalization" has not; is it '
        '"ShapeSys"?'
    ]
    histograms["Systematics"][0].pop("Decorrelate")
    histograms["Systematics"][0]["KeepYield"] = {}
    assert problems(histograms) == [
        'Systematics[0].KeepYield: has no effect in a systematic of Type "Normalization", which has no varied yields'
    ]


@pytest.mark.parametrize(
    ("changes", "poi"),
    [({"Decorrelate": "bin"}, "Scale_CR"), ({"Type": "ShapeSys"}, "Scale_CR_ttbar"), ({}, "shape")],
)
def test_the_poi_is_one_parameter(histograms: dict[str, Any], problems: Find, changes: Any, poi: str) -> None:
    histograms["General"]["POI"] = poi
    histograms["ShapeFactors"] = [{"Name": "shape", "Samples": "ttbar"}]
    assert problems(scale(histograms, **changes)) == [
        f'General.POI: "{poi}" is one parameter for each bin; the POI is a single parameter'
    ]


def test_the_poi_is_no_set_of_bins_of_a_source(histograms: dict[str, Any], problems: Find) -> None:
    sources = [{"Name": "A", "SamplePath": "a"}, {"Name": "B", "SamplePath": "b"}]
    histograms["Samples"][1] |= {"Sources": sources}
    del histograms["Samples"][1]["SamplePath"]
    histograms["General"]["POI"] = "Scale_B_Signal-region"
    assert problems(scale(histograms, Samples=histograms["Samples"][1]["Name"], Decorrelate=["source", "bin"])) == [
        'General.POI: "Scale_B_Signal-region" is one parameter for each bin; the POI is a single parameter'
    ]


def test_parameters_of_a_shapesys_have_no_other_use(histograms: dict[str, Any], problems: Find) -> None:
    scale(histograms, Type="ShapeSys")
    other = {"Type": "Normalization", "Up": {"Normalization": 0.1}, "Down": {"Symmetrize": True}}
    histograms["Systematics"] += [other | {"Name": "Scale_CR_ttbar", "Regions": "Signal region"}]
    assert problems(histograms) == [
        'Systematics[2]: the parameters "Scale_CR_ttbar" of Type "ShapeSys" are also made by "Scale"; '
        "the format has them for one sample in one region"
    ]


@pytest.mark.parametrize(
    ("factor", "mistake"),
    [
        ({"Name": "mu"}, 'ShapeFactors[0].Name: "mu" is a NormFactor; give it another name'),
        ({"Name": "scale"}, 'Systematics[1]: the parameter "scale" is a ShapeFactor; give it another name'),
        (
            {"Name": "staterror_Signal-region"},
            'ShapeFactors[0]: the name "staterror_Signal-region" belongs to the statistical uncertainties of a region',
        ),
        ({"Name": "f", "Samples": "ttbr"}, 'ShapeFactors[0].Samples: no sample "ttbr"; did you mean "ttbar"?'),
        ({"Name": "f", "Nominal": 7, "Bounds": [0, 5]}, "ShapeFactors[0].Nominal: 7 lies outside the Bounds [0, 5]"),
        (
            {"Name": "f", "Samples": "Signal", "Regions": "CR"},
            'ShapeFactors[0]: "f" acts on nothing: none of its samples is in any of its regions',
        ),
    ],
)
def test_factors_of_bins(histograms: dict[str, Any], problems: Find, factor: dict[str, Any], mistake: str) -> None:
    histograms["ShapeFactors"] = [factor]
    assert problems(histograms) == [mistake]


def test_misspelled_factors_are_not_lost(histograms: dict[str, Any], problems: Find) -> None:
    histograms["ShapeFactor"] = [{"Name": "f"}]
    assert problems(histograms) == ['ShapeFactor: unknown key, though it holds factors; did you mean "ShapeFactors"?']


def test_factors_of_bins_can_be_fixed(histograms: dict[str, Any], problems: Find) -> None:
    histograms["ShapeFactors"] = [{"Name": "f", "Bounds": [0, 5]}]
    histograms["General"]["Fixed"] = [{"Name": "f", "Value": 1}]
    assert fixed_values(load_config(histograms)) == {"f": 1}
    histograms["General"]["Fixed"] = [{"Name": "f", "Value": 6}]
    assert problems(histograms) == ['General.Fixed[0].Value: 6 lies outside the Bounds [0, 5] of "f"']


def test_bins_that_are_known_from_the_steering_file(ntuples: dict[str, Any], problems: Find) -> None:
    ntuples["Regions"] += [{"Name": "CR", "Variable": "m", "Binning": [0, 1, 2, 3, 4], "Rebin": 2, "DropBins": 0}]
    ntuples["ShapeFactors"] = [{"Name": "f"}]
    assert problems(ntuples) == [
        'ShapeFactors[0]: needs regions with the same number of bins: "SR" has 2, "CR" has 1; restrict Regions'
    ]
    ntuples.pop("ShapeFactors")
    ntuples["Systematics"][0] |= {"Type": "ShapeOnly", "Regions": "CR"}
    assert problems(ntuples) == ['Systematics[0].Type: "ShapeOnly" has no effect in regions with one bin']


def test_number_of_bins() -> None:
    region = Region(name="R", binning=(0, 1, 2, 3, 4))
    assert number_of_bins(region) == 4
    assert number_of_bins(Region(name="R", binning=region.binning, rebin=(0, 2, 3), drop_bins=(1,))) == 1
    assert number_of_bins(Region(name="R")) is None
