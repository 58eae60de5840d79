"""TRExFitter's own example, FitExampleNtuple, said in a steering file: its edges, yields, pruning and fit.

Expected are the numbers that TRExFitter 4.11 prints (its folder test: reference and logs).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import wilks
from wilks.templates.store import Templates

WEIGHT = "weight_normalise*weight_pileup*weight_mc*weight_leptonSF*weight_bTagSF_MV2c10_Continuous*weight_jvt*11000"
DATA = "((weight_normalise<10e-8) && (weight_mc>=1355.5)) || ((weight_normalise>10e-8) && (HT_all>1500000))"
FLAVOURS = {"ttlight": 0, "ttc": -1, "ttb": 1}
TWO = {"Symmetrization": {"Method": "TWOSIDED", "NormalizeFirst": False, "BeforeSmoothing": True, "Clip": True}}
ONE = {"Symmetrization": {"Method": "ONESIDED", "NormalizeFirst": False, "Clip": True}}
SHAPE = {"Type": "NormPlusShape", "Smoothing": {"Algorithm": "TREXFITTER"}}


def steering(folder: Path) -> dict[str, Any]:
    simulated = [
        {"Name": name, "SamplePath": "tt_PP8", "Weight": WEIGHT, "MinimumYield": 1e-6}
        | {"Overrides": [{"Filter": f"({{Filter}}) && HF_SimpleClassification=={flavour}"}]}
        for name, flavour in FLAVOURS.items()
    ]
    samples = [
        {"Name": "data", "Data": True, "SamplePath": ["tt_aMCNloP8", "ttH_PP8"]}
        | {"Overrides": [{"Filter": f"({{Filter}}) && ({DATA})"}]},
        *simulated,
        {"Name": "ttH", "SamplePath": "ttH_PP8", "Weight": WEIGHT, "Scale": 50, "DisableStaterror": True},
    ]
    weights = [
        {"Name": name, **SHAPE, **TWO}
        | {side: {"Weight": f"{{Weight}}*({w}_{side.upper()}/{w})"} for side in ("Up", "Down")}
        for name, w in (("PRW", "weight_pileup"), ("JVT", "weight_jvt"))
    ]
    generators = [
        {"Name": f"{name}_Gen", "Samples": name, **SHAPE, **ONE}
        | {"Up": {"SamplePath": "tt_aMCNloP8", "Weight": "{Weight}*0.5"}, "Down": {"Symmetrize": True}}
        for name in FLAVOURS
    ]
    lumi = {"Name": "lumi", "Type": "Normalization", "Up": {"Normalization": 0.02}, "Down": {"Symmetrize": True}}
    automatic = {"Method": "TransfoD", "Signal": 3, "Background": 3}
    return {
        "General": {
            "Measurement": "FitExampleNtuple",
            "POI": "mu",
            "InputPath": f"{folder}/{{SamplePath}}.root",
            "HistogramFolder": "h",
            "Divisions": "ROOT",
            "Staterror": {"Threshold": 0.01, "Constraint": "Poisson"},
            "Pruning": {"Norm": 0.005, "Shape": 0.005, "Large": 0.99, "RemoveLarge": True},
        },
        "Regions": [
            {"Name": "CR", "Variable": "HT_all/1e3", "Filter": "nJets==5", "OutsideBinning": "merge"}
            | {"Binning": {"Bins": 6, "From": 200, "To": 800}},
            {"Name": "SR", "Variable": "TTHClassBDTOutput_2017paper", "Filter": "nJets>=6", "OutsideBinning": "merge"}
            | {"Binning": {"Bins": 10000, "From": -1, "To": 1}, "AutoBinning": automatic},
        ],
        "Samples": [{"Tree": "nominal_Loose"} | sample for sample in samples],
        "NormFactors": [
            {"Name": "mu", "Samples": "ttH", "Nominal": 1, "Bounds": [-10, 20]},
            {"Name": "tt_norm", "Samples": list(FLAVOURS), "Nominal": 1, "Bounds": [0, 5]},
        ],
        "Systematics": [lumi, *weights, *generators],
    }


@pytest.fixture(scope="module")
def made(shared_data: Path) -> tuple[wilks.Config, Templates]:
    config = wilks.load_config(steering(shared_data / "trexfitter" / "inputs" / "Ntuple"))
    return config, wilks.process_templates(wilks.build_templates(config, workers=1), config)


def test_edges_and_yields(made: tuple[wilks.Config, Templates]) -> None:
    expected = {
        "CR": {"ttlight": 461.591, "ttc": 151.569, "ttb": 245.005, "ttH": 22.3254, "data": 963},
        "SR": {"ttlight": 287.744, "ttc": 173.678, "ttb": 378.944, "ttH": 121.679, "data": 1042},
    }
    _, templates = made
    for region, yields in expected.items():
        found = {name: histogram.integral for name in yields if (histogram := templates.nominal(region, name))}
        assert found == pytest.approx(yields, rel=3e-6)
    signal = templates.nominal("SR", "ttH")
    assert signal is not None
    assert signal.axis.edges.tolist() == pytest.approx([-1, -0.279, -0.1006, 0.0552, 0.21, 0.3908, 1], abs=1e-9)


def test_pruning(made: tuple[wilks.Config, Templates]) -> None:
    """What TRExFitter calls norm only, shape only, kept and dropped."""
    expected = {
        "norm dropped": "CR ttlight PRW, CR ttc PRW",
        "kept": "CR ttlight JVT, CR ttlight ttlight_Gen, CR ttc ttc_Gen, CR ttb PRW, CR ttH PRW, "
        "SR ttlight ttlight_Gen, SR ttc ttc_Gen, SR ttb ttb_Gen",
        "shape dropped": "CR ttc JVT, CR ttb JVT, CR ttb ttb_Gen, SR ttlight JVT, SR ttc JVT, SR ttb JVT, SR ttH JVT",
        "dropped": "CR ttH JVT, SR ttlight PRW, SR ttc PRW, SR ttb PRW, SR ttH PRW",
    }
    found: dict[str, set[str]] = {}
    for effect in made[1].effects:
        if effect.systematic != "lumi":
            found.setdefault(effect.status, set()).add(f"{effect.region} {effect.sample} {effect.systematic}")
    assert found == {status: set(names.split(", ")) for status, names in expected.items()}
    norms = {
        ("CR", "ttlight", "JVT"): 0.0112701,
        ("CR", "ttb", "PRW"): -0.0206984,
        ("SR", "ttb", "ttb_Gen"): -0.0128519,
    }
    for key, norm in norms.items():
        effect = made[1].effect(*key)
        assert effect is not None
        assert effect.norm == pytest.approx((norm, -norm), rel=1e-4)


def test_fit(made: tuple[wilks.Config, Templates]) -> None:
    """To a thousandth of the uncertainties; those of TRExFitter are HESSE's of an approximation."""
    config, templates = made
    result = wilks.fit(wilks.compile_model(wilks.build_workspace(templates, config)))
    expected = {
        "mu": (0.610568, 0.468),
        "tt_norm": (1.07363, 0.0845),
        "ttlight_Gen": (0.886781, 0.606996),
        "ttc_Gen": (0.26141, 0.882521),
        "ttb_Gen": (-0.453946, 0.8572),
        "JVT": (0.0865478, 0.990122),
        "PRW": (0.0118343, 0.991714),
        "lumi": (0.00136167, 0.993334),
        "staterror_CR[0]": (1.03191, 0.0466885),
        "staterror_CR[2]": (0.976016, 0.0315611),
        "staterror_CR[4]": (0.954135, 0.0656932),
        "staterror_SR[2]": (1.01751, 0.0403073),
        "staterror_SR[4]": (0.986008, 0.04592),
    }
    values = dict(zip(result.names, zip(result.values, result.uncertainties, strict=True), strict=True))
    for name, (value, uncertainty) in expected.items():
        assert abs(values[name][0] - value) < 0.0015 * uncertainty, name
        assert values[name][1] == pytest.approx(uncertainty, rel=0.01), name
