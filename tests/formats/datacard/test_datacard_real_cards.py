"""Cards of other people without numbers of their own: read together, as tables, from other folders; or refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks.errors import WorkspaceError
from wilks.formats.datacard import recognise
from wilks.formats.datacard.read import read


@pytest.fixture
def combine(shared_data: Path) -> Path:
    """Return the folder with datacards."""
    return shared_data / "combine"


def test_all_cards_are_recognised_and_nothing_else(combine: Path) -> None:
    texts = sorted(combine.rglob("*.txt"))
    assert [p.name for p in texts if recognise(p.read_bytes()) != (p.name != "SOURCE.txt")] == []
    assert not any(recognise(p.read_bytes()) for p in combine.rglob("*.json"))
    assert not any(recognise(p.read_bytes()) for p in combine.rglob("*.root"))


def test_parts_together_are_the_card_that_combine_made_of_them(combine: Path) -> None:
    """combineCards prints its numbers with ten digits."""
    folder = combine / "htt-summer11"
    parts = ["htt_em=htt_em_cmb.txt", "htt_et_0=htt_et_0.txt", "htt_et_1=htt_et_1.txt"]
    parts += ["htt_mt_0=htt_mt_0.txt", "htt_mt_1=htt_mt_1.txt"]
    labelled = {part.split("=")[0]: folder / part.split("=")[1] for part in parts}
    models = [wilks.compile_model(read(source).workspace) for source in (labelled, folder / "comb_htt.txt")]
    assert models[0].channel_names == models[1].channel_names
    assert models[0].parameter_names == models[1].parameter_names
    theta = np.concatenate([s.inits for s in models[0].parameter_sets])
    theta += 0.3 * np.concatenate([s.width for s in models[0].parameter_sets])
    np.testing.assert_allclose(models[0].expected(theta), models[1].expected(theta), rtol=1e-3, atol=1e-4)
    assert wilks.fit(models[0]).twice_nll == pytest.approx(wilks.fit(models[1]).twice_nll, abs=1e-3)


def test_regions_that_share_rate_parameters(combine: Path) -> None:
    names = {"signal": "signal_region", "dimuon": "dimuon_control_region", "singlemuon": "singlemuon_control_region"}
    reading = read({label: combine / "rate-params" / f"{name}.txt" for label, name in names.items()})
    model = wilks.compile_model(reading.workspace)
    assert set(model.parameter_names) == {"r", "z_norm", "w_norm", "muonEfficiency", "QCDscale", "lumi"}
    result = wilks.fit(model)
    assert result.converged
    with pytest.raises(WorkspaceError, match="no signal"):
        read(combine / "rate-params" / "dimuon_control_region.txt")


def test_a_table_says_what_the_histograms_say(combine: Path) -> None:
    folder = combine / "simple-shapes"
    models = [
        wilks.compile_model(read(folder / f"simple-shapes-{kind}.txt", combine_rounding=True).workspace)
        for kind in ("TH1", "df")
    ]
    results = [wilks.fit(model) for model in models]
    assert results[0]["r"].value == pytest.approx(results[1]["r"].value, abs=1e-6)
    assert results[0].twice_nll == pytest.approx(results[1].twice_nll, abs=1e-6)


def test_files_beside_the_folder_of_the_card(combine: Path, tmp_path: Path) -> None:
    for path in (combine / "htt-em-mt-8TeV").iterdir():
        to = tmp_path / ("common" if path.suffix == ".root" else "125") / path.name
        to.parent.mkdir(exist_ok=True)
        shutil.copy(path, to)
    cards = [f"em={tmp_path}/125/htt_em_1_8TeV.txt", f"mt={tmp_path}/125/htt_mt_3_8TeV.txt"]
    model = wilks.compile_model(read(cards, mass=125).workspace)
    assert model.channel_names == ("em", "mt")
    assert wilks.fit(model).converged


def test_edits_and_three_bins(combine: Path) -> None:
    folder = combine / "benchmarks-counting"
    document = read(folder / "test-edit.txt").workspace.document
    signal, background = document.channels[0].samples
    assert [m.name for m in signal.modifiers if m.name != "r"] == ["dS_times_0.182322"]
    assert [m.name for m in background.modifiers] == ["dB"]
    three = wilks.compile_model(read(folder / "twoSignals-3bin-bigBSyst.txt").workspace)
    assert three.channel_names == ("Alt", "Ctrl", "Def")
    assert wilks.fit(three).converged


def test_groups_of_cards(combine: Path) -> None:
    document = read(combine / "groups" / "groupnuisA.txt").workspace.document
    groups = {group.name: group.parameters for group in document.groups or ()}
    assert groups["theo"] == ["theo_bkgww", "theo_ggH"]
    assert groups["equals"] == ["lumi", "MCstatww"]


def test_objects_of_roofit_are_refused_by_name(combine: Path) -> None:
    with pytest.raises(WorkspaceError) as error:
        read(combine / "abcd-parametric" / "combined_mPhi_1500_2018.txt", mass=1500)
    found = error.value.problems
    assert all("is an object of a RooWorkspace (or tree), which needs RooFit" in one for one in found)
    assert any('(process "Bkg" of "ch1"): "wspace:bkg_B"' in one for one in found)


def test_variations_by_hand_on_counts_are_refused(combine: Path) -> None:
    with pytest.raises(WorkspaceError) as error:
        read(combine / "simple-10bins-shapeN" / "simple-10bins.txt")
    assert 'simple-10bins.txt:13:14: "2.08034464e-07/6325.76" found, shapeN takes one number' in error.value.problems[0]


@pytest.mark.parametrize(
    ("card", "wanted"),
    [
        ("stat-routines/datacard.txt", (0.260, -1.004, 1.265)),
        ("toy-hgg-125/toy-hgg-125.txt", (0.882, -0.749, 0.795)),
        ("large-yields/templ_datacard_largeYields.txt", (0.975, -0.083, 0.091)),
        ("htt-tt-8TeV/htt_multiple_regions.txt", (0.943, -0.790, 0.917)),
    ],
)
def test_what_combine_prints(combine: Path, card: str, wanted: tuple[float, float, float]) -> None:
    """Published outputs, of fits that end up to a few thousandths above the minimum."""
    options: dict[str, object] = {"ranges": {"r": (-10, 10)}}
    if card.startswith("toy"):
        options = {"modes": ["ggH", "qqH"]}
    if card.startswith("htt"):
        options |= {"mass": 125, "masks": ["htt_tt_2_8TeV"]}
    model = wilks.compile_model(read(combine / card, **options).workspace)  # type: ignore[arg-type]
    (found,) = (wilks.intervals(model)[name] for name in [model.poi])
    for mine, theirs in zip((found.value, -found.down, found.up), wanted, strict=True):
        assert mine == pytest.approx(theirs, abs=4e-3)


def test_combine_itself_at_the_same_points(combine: Path) -> None:
    """2NLL differences of text2workspace and RooFit's NLL; the points are those of the other numbers."""
    theirs = json.loads((combine / "real_combine.json").read_text())
    numbers = json.loads((combine / "numbers.json").read_text())
    compared = 0
    for card, said in theirs.items():
        if "#" in card or numbers[card]["model"] != "default r" or numbers[card]["points"][0]["beta"]:
            continue
        if any(kind == "pois" for kind in numbers[card]["kinds"].values()) and "htt" in card:
            continue
        model = wilks.compile_model(
            read(combine / card, combine_rounding=True, mass=numbers[card]["mass"] or None).workspace
        )
        if "prop_bin" in " ".join(model.parameter_names):
            continue
        start = np.concatenate([s.inits for s in model.parameter_sets])
        values = []
        for point in numbers[card]["points"]:
            theta = start.copy()
            for name, value in point["pars"].items():
                theta[model.parameter_names.index(name)] = value
            values.append(2.0 * float(model.nll(theta)))
        rises = [value - values[0] for value in values[1:]]
        for mine, (combine_, _) in zip(rises, said["dnll2"], strict=True):
            assert mine == pytest.approx(combine_, abs=6e-4 if "histosys" in card else 5e-6, rel=1e-7), card
        compared += 1
    assert compared >= 25
