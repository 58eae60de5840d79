"""Workspaces as HistFactory XML: read back bit for bit, and what is lost."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.formats.test_histfactory_xml_numbers import ALL
from tests.fuzz.descriptions import document

import wilks
from wilks.errors import WorkspaceError
from wilks.formats.histfactory_xml.read import read
from wilks.formats.histfactory_xml.write import write
from wilks.workspace.workspace import Workspace


def lost(workspace: Workspace, path: Path) -> list[str]:
    return [str(note) for note in write(workspace, path / "top.xml").notes if note.kind != "read as"]


def same_bits(one: Workspace, other: Workspace) -> None:
    """Counts and likelihoods are the same, bit for bit, at the start and at random points."""
    a, b = wilks.compile_model(one), wilks.compile_model(other)
    assert sorted(a.parameter_names) == sorted(b.parameter_names)
    order = [a.parameter_names.index(name) for name in b.parameter_names]
    rng = np.random.default_rng(2)
    for width in (0.0, 0.1, 0.1):
        theta = a.initial + width * rng.normal(size=a.n_parameters)
        np.testing.assert_array_equal(a.expected(theta), b.expected(theta[order]))
        assert a.nll(theta) == b.nll(theta[order])


@pytest.mark.parametrize("model", ALL, ids="/".join)
def test_models_of_root_come_back_as_they_were(model: tuple[str, str], shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "histfactory-xml" / model[0]
    top = folder / json.loads((folder / "numbers.json").read_text())["combination"]
    workspace = read(top, measurement=model[1]).workspace
    assert lost(workspace, tmp_path) == []
    assert read(tmp_path / "top.xml").workspace.document == workspace.document


def test_everything_that_xml_can_say_comes_back_bit_for_bit(tmp_path: Path) -> None:
    workspace = wilks.load_workspace(document())
    write(workspace, tmp_path / "top.xml")
    back = read(tmp_path / "top.xml").workspace
    same_bits(workspace, back)
    assert back.data_set_names == ("other",)
    assert back.measurement_names == ("one", "two")
    functions = {function.name: function for function in back.document.functions or ()}
    assert functions["scale"].expression == "0.5 + k * mu / 2"
    channel = back.document.channels[0]
    for ours, theirs in zip(workspace.document.channels[0].samples, channel.samples, strict=True):
        assert (theirs.name, theirs.data) == (ours.name, ours.data)
        assert sorted(map(repr, theirs.modifiers)) == sorted(map(repr, ours.modifiers))


def test_a_pyhf_workspace_comes_back_with_edges(tmp_path: Path) -> None:
    workspace = wilks.examples.measurement()
    notes = lost(workspace, tmp_path)
    back = read(tmp_path / "top.xml").workspace
    assert all("is called" in note or "own ranges" in note for note in notes)
    for name in workspace.channel_names:
        np.testing.assert_array_equal(back.axis(name).edges, workspace.axis(name).edges)
    a, b = wilks.compile_model(workspace), wilks.compile_model(back)
    np.testing.assert_array_equal(np.sort(a.expected(a.initial)), np.sort(b.expected(b.initial)))
    assert wilks.fit(b).twice_nll == pytest.approx(wilks.fit(a).twice_nll, abs=1e-9)


def test_the_model_of_the_lesson_comes_back(shared_data: Path, tmp_path: Path) -> None:
    workspace = wilks.load_workspace(shared_data / "ttbar-lesson" / "workspace_repaired.json")
    write(workspace, tmp_path / "top.xml")
    a, b = wilks.compile_model(workspace), wilks.compile_model(read(tmp_path / "top.xml").workspace)
    renamed = {
        re.sub(r"[^A-Za-z0-9_]", "_", name.partition("[")[0]): name.partition("[")[0] for name in a.parameter_names
    }
    order = []
    for name in b.parameter_names:
        stem, bracket, rest = name.partition("[")
        stem = stem.replace("staterror__", "staterror_")
        order.append(a.parameter_names.index(f"{renamed[stem]}{bracket}{rest}"))
    theta = a.initial + 0.01 * np.random.default_rng(3).normal(size=a.n_parameters)
    # Samples are summed in the order of their names, some of which ROOT can't hold.
    np.testing.assert_allclose(a.expected(theta), b.expected(theta[order]), rtol=1e-15)
    assert a.nll(theta) == pytest.approx(b.nll(theta[order]), rel=1e-14)
    assert wilks.fit(b).values == pytest.approx(wilks.fit(a).values[order], abs=1e-7)


def test_files_and_where_paths_begin(tmp_path: Path) -> None:
    written = write(wilks.load_workspace(document()), tmp_path / "new" / "model.xml")
    names = [file.name for file in written.files]
    assert names == ["model.root", "HistFactorySchema.dtd", "model_SR.xml", "model_CR.xml", "model.xml"]
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == sorted(names)
    text = (tmp_path / "new" / "model_SR.xml").read_text()
    assert str(tmp_path) not in text
    assert text.startswith("<!DOCTYPE Channel SYSTEM 'HistFactorySchema.dtd'>")
    assert any("run hist2workspace there" in note.text for note in written.notes)


def plain(**changes: Any) -> dict[str, Any]:
    """Return a small pyhf document: a signal and a background with a systematic."""
    modifiers = [{"name": "xs", "type": "normsys", "data": {"lo": 0.9, "hi": 1.2}}]
    samples = [
        {"name": "sig", "data": [5.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
        {"name": "bkg", "data": [50.0], "modifiers": modifiers},
    ]
    config = {"poi": "mu", "parameters": changes.pop("parameters", [])} | changes.pop("config", {})
    return {
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": [52]}],
        "measurements": [{"name": "m", "config": config}],
        "version": "wilks-1",
        **changes,
    }


def with_modifier(**modifier: Any) -> dict[str, Any]:
    made = plain()
    made["channels"][0]["samples"][1]["modifiers"].append(modifier)
    return made


def test_whole_numbers_are_not_divided_as_root_would(tmp_path: Path) -> None:
    made = plain(functions=[{"name": "mu", "expression": "min(k, 7) * 1/2 + 3/2"}], config={"poi": "k"})
    write(wilks.load_workspace(made), tmp_path / "top.xml")
    assert 'Expression="min(k, 7.0) * 1.0/2.0 + 3.0/2.0"' in (tmp_path / "top.xml").read_text()


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (plain(parameters=[{"name": "xs", "constraint": "none"}]), "it is free, which XML can't say"),
        (plain(parameters=[{"name": "xs", "sigmas": [2.0]}]), "width 1, not 2"),
        (plain(parameters=[{"name": "xs", "auxdata": [0.5]}]), "centred at 0, not at 0.5"),
        (plain(parameters=[{"name": "xs", "bounds": [[-2, 2]]}]), "ROOT's, -5 to 5"),
        (plain(parameters=[{"name": "xs", "sigmas": [1.0], "lower_sigmas": [2.0]}]), "as wide below"),
        (plain(parameters=[{"name": "mu", "constraint": "normal", "auxdata": [1], "sigmas": [0.1]}]), "it is free"),
        (plain(config={"poi": ""}), 'ROOT needs one, "mu" is written'),
        (plain(groups=[{"name": "g", "parameters": ["xs"]}]), "groups of parameters are not written"),
        (plain(masks=[{"channel": "SR"}]), "masks: all bins count in ROOT"),
        (
            with_modifier(name="y", type="normsys", data={"lo": 0.5, "hi": 1.5}, interpolation="code1"),
            "code4, which differs, by",
        ),
        (
            with_modifier(name="y", type="histosys", data={"lo_data": [40], "hi_data": [70]}, interpolation="code0"),
            "code4p",
        ),
        (
            with_modifier(name="y", type="histosys", data={"lo_data": [30], "hi_data": [70]}),
            "below 0, where ROOT takes 0",
        ),
        (with_modifier(name="y z", type="normfactor", data=None), 'is called "y_z"'),
        (with_modifier(name="stat", type="staterror", data=[1.0]), 'is called "staterror_SR"'),
    ],
)
def test_what_is_lost_is_told(made: dict[str, Any], told: str, tmp_path: Path) -> None:
    notes = lost(wilks.load_workspace(made), tmp_path)
    assert any(told in note for note in notes), notes
    wilks.compile_model(read(tmp_path / "top.xml").workspace)


def test_a_plain_workspace_loses_nothing(tmp_path: Path) -> None:
    workspace = wilks.load_workspace({**plain(), "version": "1.0.0"})
    assert lost(workspace, tmp_path) == []
    back = read(tmp_path / "top.xml").workspace
    assert back.document.channels == workspace.document.channels
    assert back.document.version == "1.0.0"


@pytest.mark.parametrize("const", ["", '<ParamSetting Const="True">Lumi</ParamSetting>'])
def test_a_systematic_that_has_the_name_of_the_luminosity_is_free_to_move(const: str, tmp_path: Path) -> None:
    workspace = wilks.load_workspace(json.loads(json.dumps(plain(version="1.0.0")).replace('"xs"', '"lumi"')))
    write(workspace, tmp_path / "top.xml")
    text = (tmp_path / "top.xml").read_text()
    (tmp_path / "top.xml").write_text(text.replace("</Measurement>", f"{const}</Measurement>"))
    back = wilks.compile_model(read(tmp_path / "top.xml").workspace)
    assert not back.fixed.any()
    fitted = [wilks.fit(model, fixed={"mu": 1}) for model in (wilks.compile_model(workspace), back)]
    assert fitted[1]["lumi"].value == pytest.approx(fitted[0]["lumi"].value, rel=1e-9)
    assert fitted[1].twice_nll == pytest.approx(fitted[0].twice_nll, rel=1e-12)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (with_modifier(name="y", type="normsys", data={"lo": -0.1, "hi": 1.5}), "ROOT crashes"),
        (
            plain(functions=[{"name": "xs", "expression": "2 * t"}]),
            "a function steers this normsys; XML can say so of factors only",
        ),
    ],
)
def test_what_cant_be_written_is_refused_and_nothing_is_there(made: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=told):
        write(wilks.load_workspace(made), tmp_path / "top.xml")
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_the_top_file(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"ends in \.xml"):
        write(wilks.load_workspace(plain()), tmp_path / "model.json")


def test_pyhf_reads_what_is_written(tmp_path: Path) -> None:
    from pyhf import readxml

    made = with_modifier(name="staterror_SR", type="staterror", data=[2.0])
    made["channels"][0]["samples"][1]["modifiers"].append({"name": "dd", "type": "shapesys", "data": [3.3]})
    made["channels"][0]["samples"][1]["modifiers"].append(
        {"name": "jes", "type": "histosys", "data": {"lo_data": [48.0], "hi_data": [53.0]}}
    )
    workspace = wilks.load_workspace({**made, "version": "1.0.0"})
    write(workspace, tmp_path / "top.xml")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = readxml.parse(tmp_path / "top.xml", tmp_path)
    back = wilks.load_workspace({**theirs, "measurements": workspace.spec["measurements"]})
    assert [s.data for s in back.document.channels[0].samples] == [[5.0], [50.0]]
    mine = {m.name: m for m in workspace.document.channels[0].samples[1].modifiers}
    for modifier in back.document.channels[0].samples[1].modifiers:
        if modifier.name == "dd":  # relative uncertainties times yields
            assert modifier.data == pytest.approx([3.3], rel=1e-15)
        else:
            assert modifier == mine[modifier.name]


def test_a_measurement_without_a_name_gets_one(tmp_path: Path) -> None:
    made = plain(version="1.0.0")
    made["measurements"][0]["name"] = ""
    assert any("there is none; ROOT needs one" in note for note in lost(wilks.load_workspace(made), tmp_path))
    assert read(tmp_path / "top.xml").workspace.measurement_names == ("measurement",)
