"""Cards of other people, against the numbers of an independent likelihood that agrees with Combine's own.

`numbers.json` has yields of each bin and process and 2NLL at four points, and the fit, of each card. Its numbers are
rounded where Combine rounds.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.formats.datacard.read import read

CARDS = [
    "counting-realistic/realistic-counting-experiment.txt",
    "counting-multichannel/realistic-multi-channel.txt",
    "counting-multichannel/simple-multi-channel.txt",
    "counting-multichannel/simple-counting-experiment.txt",
    "cat23001-counting/datacard-1-counting-experiment.txt",
    "cat23001-counting/default-physics-model-datacard.txt",
    "cat23001-template/datacard-2-template-analysis.txt",
    "cat23001-abcd/datacard-4-abcd.txt",
    "cat23001-multisignal/datacard-5-multi-signal.txt",
    "cat23001-multisignal/datacard-5-multi-signal.txt#floatingXSHiggs",
    "toy-hgg-125/toy-hgg-125.txt#floatingXSHiggs",
    "stat-routines/datacard.txt",
    "stat-routines/datacard_obs12.txt",
    "stat-routines/datacard_lowbackground.txt",
    "stat-routines/datacard_underfluctuation.txt",
    "simple-shapes/simple-shapes-TH1.txt",
    "benchmarks-counting/counting-B5p5-Obs20-Syst1040B.txt",
    "benchmarks-counting/counting-B5p5-Obs6-Syst4010B.txt",
    "benchmarks-counting/counting-S1-Sideband1-alpha0p3-Obs2.txt",
    "benchmarks-counting/counting-Sideband11-alpha0p5-Obs20.txt",
    "benchmarks-counting/counting-B5p5-Obs6-Syst30B-gmM.txt",
    "benchmarks-counting/counting-B5p5-Obs6-Syst30C.txt",
    "groups/groupnuisA.txt",
    "hww-6bins/hww-shapeSimple-6bins.txt",
    "hww-6bins/hww-shapeExpanded-6bins.txt",
    "combine2pyhf-one-two-bin/one-bin-stat-bbl.txt",
    "combine2pyhf-one-two-bin/one-bin-stat-full.txt",
    "combine2pyhf-one-two-bin/one-bin-sys-histosys-corr.txt",
    "combine2pyhf-one-two-bin/one-bin-sys-histosys-uncorr.txt",
    "combine2pyhf-one-two-bin/one-bin-sys-normsys-corr.txt",
    "combine2pyhf-one-two-bin/one-bin-sys-normsys-uncorr.txt",
    "combine2pyhf-one-two-bin/two-bin-sys-normfactor.txt",
    "combine2pyhf-multi-bin/multi-bin-stat-bbl.txt",
    "combine2pyhf-multi-bin/multi-bin-stat-full.txt",
    "combine2pyhf-multi-bin/multi-bin-sys-histosys-corr.txt",
    "combine2pyhf-multi-bin/multi-bin-sys-histosys-uncorr.txt",
    "combine2pyhf-multi-bin/multi-bin-sys-normsys-corr.txt",
    "combine2pyhf-multi-bin/multi-bin-sys-normsys-uncorr.txt",
    "large-yields/templ_datacard_largeYields.txt",
    "hww-summer11-shape/comb_hww.txt",
    "htt-summer11/comb_htt.txt",
    "htt-tt-8TeV/htt_multiple_regions.txt",
    "htt-tt-8TeV/htt_multiple_regions.txt#mask_htt_tt_2_8TeV",
    "hww-counting-170/comb_hww_cnt.txt",
    "hww-hcg-gmN/cms-hww012j-mh140.txt",
    "tzq-brunel/datacard_ee.txt",
    "ww-2016-sr0j/datacard.txt",
    "synthetic-all/all_a.txt",
    "synthetic-all/all_b.txt",
    "synthetic-all/all_c.txt",
]
FITTED = [card for card in CARDS if card.split("/")[0] not in ("tzq-brunel", "ww-2016-sr0j", "synthetic-all")]
RANGES = {"r_ggH": 4, "r_qqH": 10}
BEFORE_THE_CLIP = ("htt-summer11", "htt-tt-8TeV")  # their fits, not their points, are without it: 1e-4 in 2NLL

ON_A_KINK = "htt-tt-8TeV/htt_multiple_regions.txt"  # fits with r above 1.6 end where bins of histograms are cut


@pytest.fixture(scope="module")
def numbers(shared_data: Path) -> dict[str, Any]:
    """Return all numbers by card."""
    found: dict[str, Any] = json.loads((shared_data / "combine" / "numbers.json").read_text())
    return found


def _model(shared_data: Path, card: str, said: dict[str, Any]) -> wilks.Model:
    described = said["model"]["map"] if isinstance(said["model"], dict) else []
    reading = read(
        shared_data / "combine" / card.partition("#")[0],
        mass=said["mass"] or None,
        maps=[f"{pattern}:{name}[1,0,{RANGES[name]}]" for pattern, name in described],
        ranges={name: (low, high) for name, (low, high) in said["poi_bounds"].items()},
        masks=said["masked"],
        combine_rounding=True,
    )
    return wilks.compile_model(reading.workspace)


def _point(model: wilks.Model, point: dict[str, Any]) -> tuple[np.ndarray, float]:
    """Return the parameters of a point, and what those that a masked channel had add to 2NLL."""
    theta = np.concatenate([s.inits for s in model.parameter_sets])
    places = {name: i for i, name in enumerate(model.parameter_names)}
    scales = {s.name: s.scale for s in model.parameter_sets}
    fixed = np.concatenate([s.fixed for s in model.parameter_sets])
    absent = 0.0
    for name, value in {**point["pars"], **point["beta"]}.items():
        match = re.fullmatch(r"(prop_bin.*)_bin(\d+)(_.*)?", name)
        if match is None:
            if name in places:
                theta[places[name]] = value
            else:
                absent += value**2
            continue
        base, component = match[1] + (match[3] or ""), int(match[2])
        count = f"{base}_count[{component}]"
        if count in places and not fixed[places[count]]:
            theta[places[count]] = value / scales[f"{base}_count"][component]
        else:
            theta[places[f"{base}[{component}]"]] = value
    return theta, absent


@pytest.mark.parametrize("card", CARDS)
def test_yields_and_likelihood_are_those_of_combine(shared_data: Path, numbers: dict[str, Any], card: str) -> None:
    said = numbers[card]
    model = _model(shared_data, card, said)
    found, wanted = [], []
    for point in said["points"]:
        theta, absent = _point(model, point)
        found.append(2.0 * float(model.nll(theta)) + absent)
        wanted.append(point["nll2"])
        _compare_yields(model, theta, point["expected"])
    differences, theirs = np.diff(found), np.diff(wanted)
    assert np.all(np.abs(differences - theirs) <= np.maximum(1e-6, 1e-8 * np.abs(theirs)))


def _compare_yields(model: wilks.Model, theta: np.ndarray, expected: dict[str, Any]) -> None:
    rates = model.expected(theta)
    without = theta.copy()  # numbers of processes are without statistical uncertainties, those of channels with
    for s, start in zip(model.parameter_sets, np.cumsum([0, *map(len, model.parameter_sets)]), strict=False):
        if s.types in (("staterror",), ("shapesys",)):
            without[start : start + len(s)] = 0.0 if s.types == ("staterror",) else 1.0
    by_process = model.expected_by_sample(without)
    for channel, processes in expected.items():
        if channel not in model.channel_names:
            continue
        bins = model.channel_slices[channel]
        for process, yields in processes.items():
            if process == "TOTAL":
                np.testing.assert_allclose(rates[bins], yields, rtol=1e-9, atol=1e-14)
            elif process in model.sample_names:
                row = by_process[model.sample_names.index(process)]
                np.testing.assert_allclose(row[bins], yields, rtol=1e-9, atol=1e-14)
            else:
                assert not np.any(yields)


@pytest.mark.parametrize("card", FITTED)
def test_fits_are_those_of_combine(shared_data: Path, numbers: dict[str, Any], card: str) -> None:
    said = numbers[card]
    model = _model(shared_data, card, said)
    result = wilks.fit(model)
    assert result.converged
    theta, absent = _point(model, said["points"][0])
    reached = result.twice_nll - 2.0 * float(model.nll(theta)) - absent
    slack = 2e-4 if card.startswith(BEFORE_THE_CLIP) else 1e-6
    assert reached <= said["nll2_min_minus_point0"] + slack
    values = dict(zip(model.parameter_names, result.values, strict=True))
    for name, (value, error) in said["fitted"].items():
        if name in values and error > 0:
            assert abs(values[name] - value) <= 1e-3 * error + 1e-9, name
    found = wilks.intervals(model, parameters=list(said["fit"]), result=result)
    for name, fit in said["fit"].items():
        for end, distance in zip((found[name].lower, found[name].upper), fit["minos_1sigma"], strict=True):
            if card == ON_A_KINK and np.isnan(end):
                rise = wilks.fit(model, fixed={name: fit["value"] + distance}).twice_nll - result.twice_nll
                assert abs(rise - 1.0) <= 1e-3
            else:
                assert abs(end - fit["value"] - distance) <= 1e-3 * fit["hesse"], name
