"""Datacards that are written: what the reader made of a card is read again to the last bit, the rest is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import uproot
from tests.formats.datacard.cards import CONTENTS, COUNTING, SHAPES, shape_card
from tests.formats.datacard.test_datacard_numbers import CARDS
from tests.formats.features import workspace_with

import wilks
from wilks.errors import WorkspaceError
from wilks.formats.datacard.read import read
from wilks.formats.datacard.write import Described, write
from wilks.workspace.workspace import Workspace

FOLDERS = {card.split("/")[0]: card for card in CARDS if "#" not in card}
MANY_HISTOGRAMS = ("ww-2016-sr0j", "tzq-brunel", "hww-summer11-shape")
REAL = [card for folder, card in FOLDERS.items() if folder not in MANY_HISTOGRAMS]
TOGETHER = ["signal_region", "dimuon_control_region", "singlemuon_control_region"]
FREE = {"allow_no_signal": True, "allow_no_background": True}


def again(workspace: Workspace, folder: Path) -> Workspace:
    """Return a workspace that was written as a card and read, with the maps that its notes give."""
    writing = write(workspace, folder / "written" / "card.txt")
    notes = " ".join(str(note) for note in writing.notes)
    return read(folder / "written" / "card.txt", maps=re.findall(r"--PO 'map=([^']*)'", notes), **FREE).workspace


def differences(one: Any, other: Any, at: str = "") -> list[str]:
    """Return the places where plain data differ, in the least bit or in their order."""
    if type(one) is not type(other):
        return [f"{at}: {one!r:.40} and {other!r:.40}"]
    if isinstance(one, dict):
        if list(one) != list(other):
            return [f"{at}: keys {list(one)} and {list(other)}"]
        return [found for key in one for found in differences(one[key], other[key], f"{at}.{key}")]
    if isinstance(one, list):
        if len(one) != len(other):
            return [f"{at}: {len(one)} and {len(other)} entries"]
        pairs = zip(one, other, strict=True)
        return [found for i, pair in enumerate(pairs) for found in differences(*pair, f"{at}[{i}]")]
    return [] if one == other else [f"{at}: {one!r} and {other!r}"]


def changes(workspace: Workspace, folder: Path) -> list[str]:
    (folder / "written").mkdir(exist_ok=True)
    found = again(workspace, folder)
    for channel, axis in workspace.axes.items():
        assert found.axes[channel] == axis
    return differences(*(msgspec.to_builtins(one.document) for one in (workspace, found)))


@pytest.mark.parametrize("card", REAL)
def test_cards_of_other_people_are_the_same_to_the_last_bit(card: str, shared_data: Path, tmp_path: Path) -> None:
    said = json.loads((shared_data / "combine" / "numbers.json").read_text())[card]
    assert changes(read(shared_data / "combine" / card, mass=said["mass"] or None).workspace, tmp_path) == []


def test_cards_with_several_parameters_of_interest_and_several_cards(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "combine"
    one = read(folder / "toy-hgg-125" / "toy-hgg-125.txt", mass=125, modes=["ggH", "qqH"]).workspace
    assert len(one.document.measurements[0].config.of_interest) == 2
    assert changes(one, tmp_path) == []
    cards = [f"{name}={folder / 'rate-params' / name}.txt" for name in TOGETHER]
    assert changes(read(cards).workspace, tmp_path) == []


SECOND = SHAPES.replace("bin a\nobservation -1\nbin a a\n", "bin a c\nobservation -1 7\nbin a a c c\n")
SECOND = SECOND.replace("process S B\nprocess 0 1\nrate -1 -1\n", "process S B S B\nprocess 0 1 0 1\nrate -1 -1 2 5\n")
SECOND = SECOND.replace("bin a c", "shapes * c FAKE\nbin a c")

# Rows after the rates of a card with two columns, and of one with histograms.
NUMBERS = {
    "two numbers": "x lnN 0.93/1.17 1.3\n",
    "flat": "x lnU 1.4 0.8\ny unif -0.5 1.5 - 0.3\n",
    "counts": "x gmN 11 - 0.5\n",
    "a count of nothing": "x gmN 0 1.2 -\n",
    "a gamma": "x gmM - 0.3\n",
    "a wide gamma": "x gmM - 1.3\ny gmM 1.5 1.5\n",
    "soft walls": "x dFD 7.5 -0.3 0.2\ny dFD2 1e-3 - 0.1\nnuisance edit freeze y\nall group = x y\n",
    "constraints of formulas": (
        "k rateParam a B 1 [0,5]\nf rateParam a S @0^2 k\nw extArg 0.5 [0.1,2]\nx lnN 1.2 -\n"
        "c constr (f-k)*r {k,f,r} 0.3\nd constr 1/2*k+@1-2.5 {k,x} w\ne constr @0-@1 {k,w} w\nk constr r-mu 2.\n"
        "mu extArg 1 [0,3]\n"
    ),
    "truncated": "x trG 0.25 -0.4\n",
    "constrained factors": "x param 1 0.1\nx rateParam a B 1\ny param 2 -0.1/+0.3 [1,4]\ny rateParam a S 2\n",
    "formulas": "k rateParam a B 1.5 [0,3]\nf rateParam a S (@0*@1+1.)/2 k,x\ng rateParam a B @0/3 f\nx lnN - 1.1\n",
    "a constant": "e extArg 0.3 [const]\nf rateParam a B 1.+@0 e\nh extArg 2 [1,3]\ng rateParam a S @0^2 h\n",
    "frozen and grouped": "x lnN 1.1 -\ny lnN - 1.2\nnuisance edit freeze x\nall group = x y\n",
    "its own factor too": "x lnN 1.1 -\nx rateParam a B 1\n",
    "a range": "x lnN 1.1 1.2\nx param 0 1 [-2,3]\n",
}
HISTOGRAMS = {
    "a shape": "jes shape 1 1\n",
    "another smooth zone": "jes shape 2 0.5\n",
    "the same scale": "jes shape 0.5 0.5\n",
    "logarithms": "jes shapeN 1 0.25\n",
    "flat": "jes shapeU 1 1\n",
    "a shape here, a number there": "jes shape? 1 1.2/0.9\n",
    "terms for bins": "jes shape 1 1\na autoMCStats 0\n",
    "terms for processes": "jes shape 1 1\na autoMCStats 24 1\n",
    "terms for some": "jes shape 1 -\na autoMCStats 12\n",
    "as they are": "jes shape 1 1\na autoMCStats 0 0 2\n",
    "logarithms with terms": "jes shapeN 1 1\na autoMCStats 0\n",
    "counts": "x gmN 60 - 1\njes shape 1 1\n",
    "counts with terms": "x gmN 60 - 1\na autoMCStats 0\n",
}


@pytest.mark.parametrize("what", NUMBERS)
def test_each_kind_of_row_without_histograms(what: str, tmp_path: Path) -> None:
    reading = read((COUNTING + NUMBERS[what]).encode())
    assert len(reading.workspace.document.measurements[0].config.parameters) > 1
    assert changes(reading.workspace, tmp_path) == []


@pytest.mark.parametrize("what", HISTOGRAMS)
def test_each_kind_of_row_with_histograms(what: str, tmp_path: Path) -> None:
    contents = {**CONTENTS}
    if "there" in what:
        contents = {name: values for name, values in contents.items() if not name.startswith("B_")}
    reading = read(shape_card(tmp_path, HISTOGRAMS[what], contents))
    assert len(reading.workspace.document.measurements[0].config.parameters) > 1
    assert changes(reading.workspace, tmp_path) == []


def test_empty_and_negative_bins_and_channels_without_histograms(tmp_path: Path) -> None:
    contents = {**CONTENTS, "B": [30.0, 0.0, 30.3], "S": [1.7, -0.3, 4.1], "B_jesUp": [28.0, 0.0, 34.0]}
    for rows in ("jes shape - 1 - -\n", "jes shape 1 - 1 1\n"):
        workspace = read(shape_card(tmp_path, rows, contents, SECOND)).workspace
        assert workspace.channel_names == ("a", "c")
        assert changes(workspace, tmp_path) == []


def test_histograms_have_the_norms_and_errors_that_combine_reads(tmp_path: Path) -> None:
    """Their sums over that of the nominal one are Combine's norms, the roots of Sumw2 its errors."""
    nominal, high, low = np.array([40.0, 38.0, 20.0]), np.array([44.0, 36.0, 18.0]), np.array([37.0, 38.0, 23.0])
    modifiers = [
        {"type": "normsys", "name": "jes", "data": {"lo": 0.9, "hi": 1.15}, "interpolation": "combine"},
        {"type": "histosys", "name": "jes", "data": {"lo_data": low.tolist(), "hi_data": high.tolist()}},
        {"type": "staterror", "name": "prop_binSR", "data": [2.0, 3.0, 1.5], "effect": "added"},
    ]
    bkg = {"name": "bkg", "data": nominal.tolist(), "modifiers": modifiers, "morphing": {"floor": 1e-9}}
    sig = {"name": "sig", "data": [4.0, 9.0, 3.0], "modifiers": [{"type": "normfactor", "name": "r", "data": None}]}
    settings = [{"name": "r", "bounds": [[0, 20]]}]
    workspace = wilks.load_workspace(
        {
            "channels": [{"name": "SR", "samples": [sig, bkg]}],
            "observations": [{"name": "SR", "data": [57, 61, 30]}],
            "measurements": [{"name": "combine", "config": {"poi": "r", "parameters": settings}}],
            "version": "wilks-1",
        }
    )
    writing = wilks.save_workspace(workspace, tmp_path / "card.txt")
    assert [file.name for file in writing.files] == ["card.root", "card.txt"]
    with uproot.open(tmp_path / "card.root") as file:
        up, down, middle = (file[f"SR/{name}"] for name in ("bkg_jesUp", "bkg_jesDown", "bkg"))
        np.testing.assert_allclose(up.values(), 1.15 * high, rtol=1e-13)
        np.testing.assert_allclose(down.values(), 0.9 * low, rtol=1e-13)
        np.testing.assert_array_equal(middle.values(), nominal)
        np.testing.assert_array_equal(middle.errors(), [2.0, 3.0, 1.5])
    lines = [line.split() for line in (tmp_path / "card.txt").read_text().splitlines()]
    assert ["process", "0", "1"] in lines
    assert ["jes", "shape", "-", "1"] in lines
    assert ["SR", "autoMCStats", "0"] in lines


def test_what_a_card_cannot_say_is_refused_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as refused:
        wilks.save_workspace(wilks.examples.search(), tmp_path / "new" / "card.txt")
    problems = refused.value.problems
    assert any("interpolation code4 has no row" in problem for problem in problems)
    assert any("staterror" in problem and "autoMCStats adds" in problem for problem in problems)
    assert all(problem.startswith(f'{tmp_path / "new" / "card.txt"}: channel "') for problem in problems)
    assert not list((tmp_path / "new").iterdir())


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("k^2", 'penalty "p": what it adds to the likelihood has no row; those of a card are constr'),
        ("0.5 * ((k) / 0) ^ 2", 'penalty "p": what it adds to the likelihood has no row'),
        ("log(1 + exp(4.0 * (@0 - 1))) + log(1 + exp(-4.0 * (@0 + 1)))", '"k": what holds it is that of a dFD'),
        ("0.25 * @0 - -0.75 * log(@0)", '"k": as a gmM it starts at 1, from 0.01 to 11, not at 1, from 0 to 10'),
    ],
)
def test_what_is_added_to_the_likelihood_is_said_or_refused_by_name(expression: str, told: str, tmp_path: Path) -> None:
    penalty = {"name": "p", "expression": expression, "parameters": ["k"], "penalty": True}
    said = {**workspace_with("penalty that is added to the likelihood", "datacard").spec, "functions": [penalty]}
    with pytest.raises(WorkspaceError, match=re.escape(told)):
        write(wilks.load_workspace(said), tmp_path / "card.txt")


def test_a_parameter_of_interest_of_another_name_in_a_constraint(tmp_path: Path) -> None:
    """It is called "r" in the card, in formulas too."""
    said = workspace_with("penalty that is added to the likelihood").spec
    said["functions"][0]["expression"] = "0.5 * ((k - mu) / 0.5) ^ 2"
    before = wilks.compile_model(wilks.load_workspace(said))
    write(wilks.load_workspace(said), tmp_path / "card.txt")
    after = wilks.compile_model(wilks.load_workspace(tmp_path / "card.txt"))
    assert after.parameter_names == ("k", "r")
    assert before.parameter_names == ("k", "mu")
    points = [np.array([1.1, 0.6]), np.array([0.9, 1.7])]
    one, other = (model.nll(points[0]) - model.nll(points[1]) for model in (before, after))
    assert one == pytest.approx(other, abs=1e-12)


def test_names_and_interest_are_those_of_cards_and_notes_tell(tmp_path: Path) -> None:
    spec = json.loads(json.dumps(workspace_with("normsys, combine").spec).replace('"jes"', '"1 jes # %"'))
    writing = wilks.save_workspace(wilks.load_workspace(spec), tmp_path / "card.txt")
    told = [str(note) for note in writing.notes if note.kind == "lost"]
    assert any('"1 jes # %": is called "_1_jes____" in the card' in one for one in told)
    assert any('"mu": is called "r"' in one for one in told)
    assert any("--setParameterRanges r=0,10" in one for one in told)
    model = wilks.compile_model(wilks.load_workspace(tmp_path / "card.txt"))
    assert model.parameter_names == ("r", "_1_jes____")


def test_a_card_that_would_say_something_else_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wilks.formats.datacard import write_channels

    monkeypatch.setattr(write_channels, "varied_contents", lambda yields, *_: yields * 1.01)
    workspace = read(shape_card(tmp_path, HISTOGRAMS["a shape"])).workspace
    with pytest.raises(WorkspaceError, match=r"would say something else of .*jes"):
        write(workspace, tmp_path / "other.txt")
    assert not (tmp_path / "other.txt").exists()


def test_a_masked_channel_is_left_out(tmp_path: Path) -> None:
    path = shape_card(tmp_path, "jes shape 1 1 - -\n", card=SECOND)
    masked = read(path, masks=["c"]).workspace
    assert Described(masked, "card.root").sheet.observed.keys() == {"a"}
    models = [wilks.compile_model(one) for one in (masked, again(masked, tmp_path))]
    fits = [wilks.fit(model) for model in models]
    assert fits[0].values == pytest.approx(fits[1].values, abs=1e-6)
