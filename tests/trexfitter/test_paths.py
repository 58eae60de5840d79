"""Paths are composed as TRExFitter does, and said in few words that give the same paths back."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.trexfitter.small import HISTOGRAMS, NTUPLES

from wilks.errors import ConfigError
from wilks.trexfitter.importing import Imported, import_trex, load_trex


def inputs(document: dict[str, Any]) -> dict[tuple[str, str, str], list[str]]:
    """Return the paths of a steering file by region, sample and side, filled in by hand."""
    general, found = document["General"], {}
    for region, sample in itertools.product(document["Regions"], document["Samples"]):
        name = region["Name"]
        if name not in sample.get("Regions", [name]):
            continue
        nominal = {"SamplePath": sample.get("SamplePath"), "RegionPath": region.get("RegionPath", "")}
        nominal["VariationPath"] = general.get("VariationPath", "")
        for block in sample.get("Overrides", []):
            nominal |= block if name in block.get("Regions", [name]) else {}
        found[name, sample["Name"], "nominal"] = filled(general["InputPath"], nominal)
        for systematic in [] if sample.get("Data") else document.get("Systematics", []):
            affected = sample["Name"] in systematic.get("Samples", [sample["Name"]])
            if not affected or name not in systematic.get("Regions", [name]):
                continue
            for side in ("Up", "Down"):
                said = dict(systematic[side])
                for block in said.pop("Overrides", []):
                    ours = name in block.get("Regions", [name]) and sample["Name"] in block.get(
                        "Samples", [sample["Name"]]
                    )
                    said |= block if ours else {}
                if "Normalization" not in said and not said.get("Symmetrize"):
                    found[name, sample["Name"], side] = filled(general["InputPath"], nominal | said)
    return found


def filled(path: str, values: dict[str, Any]) -> list[str]:
    several = values["SamplePath"]
    names = several if isinstance(several, list) else [several]
    rest = path.replace("{RegionPath}", values["RegionPath"]).replace("{VariationPath}", values["VariationPath"])
    return [rest.replace("{SamplePath}", name) for name in names]


def test_files_of_samples_and_names_of_regions(importing: Callable[..., Imported]) -> None:
    syst = 'Systematic: "JES"\n  Type: HISTO\n  HistoNameSufUp: "_up"\n  HistoNameSufDown: "_down"\n  Samples: ttbar\n'
    document = dict(importing(syst).document)
    assert document["General"]["InputPath"] == "in/{SamplePath}.root:{RegionPath}{VariationPath}"
    assert document["Systematics"][0]["Up"] == {"VariationPath": "_up"}
    found = inputs(document)
    assert found["CR", "ttbar", "Down"] == ["in/tt.root:ht_down"]
    assert found["SR", "signal", "nominal"] == ["in/sig.root:mass"]
    assert ("SR", "signal", "Up") not in found


def test_the_most_special_block_counts_and_suffixes_are_joined(importing: Callable[..., Imported]) -> None:
    change = {
        'HistoName: "mass"': 'HistoName: "mass"\n  HistoPath: "sr"\n  HistoFileSuff: "_r"',
        'HistoFile: "tt"': 'HistoFile: "tt"\n  HistoFileSuff: "_s"\n  HistoNameSuffs: "_a","_b"\n  HistoName: own',
    }
    syst = 'Systematic: "x"\n  HistoFileSufUp: "_u"\n  HistoPathDown: "elsewhere"\n  Samples: ttbar,signal\n'
    found = inputs(dict(importing(syst, change=change).document))
    assert found["SR", "ttbar", "nominal"] == ["sr/tt_r_s.root:own_a", "sr/tt_r_s.root:own_b"]
    assert found["CR", "ttbar", "nominal"] == ["in/tt_s.root:own_a", "in/tt_s.root:own_b"]
    assert found["SR", "ttbar", "Up"] == ["sr/tt_r_s_u.root:own_a", "sr/tt_r_s_u.root:own_b"]
    assert found["CR", "signal", "Up"] == ["in/sig_u.root:ht"]
    assert found["SR", "ttbar", "Down"] == ["elsewhere/tt_r_s.root:own_a", "elsewhere/tt_r_s.root:own_b"]


def test_lists_are_multiplied(importing: Callable[..., Imported]) -> None:
    change = {'NtuplePaths: "in"': "NtuplePaths: a,b", 'NtupleFile: "tt"': "NtupleFiles: t1,t2"}
    found = inputs(dict(importing(kind=NTUPLES, change=change).document))
    assert found["SR", "ttbar", "nominal"] == ["a/t1.root", "a/t2.root", "b/t1.root", "b/t2.root"]


def test_path_suffixes_of_regions_are_region_paths(importing: Callable[..., Imported]) -> None:
    region = 'Region: "CR"\n  Type: CONTROL\n  Variable: "ht",2,0,1\n  NtuplePathSuff: "/cr"\n'
    syst = 'Systematic: "rad"\n  NtupleFileSufUp: "_hi"\n  NtupleFilesDown: low1,low2\n  Samples: ttbar\n'
    found = importing(region, syst, kind=NTUPLES, change={'Selection: "njets>4"': 'NtuplePathSuff: "/sr"'}).document
    assert found["General"]["InputPath"] == "in/{RegionPath}/{SamplePath}.root"
    assert [region["RegionPath"] for region in found["Regions"]] == ["sr", "cr"]
    assert found["Systematics"][0]["Up"] == {"SamplePath": "tt_hi"}
    assert inputs(dict(found))["CR", "ttbar", "Down"] == ["in/cr/low1.root", "in/cr/low2.root"]


def test_trees_differ_by_region_and_side(importing: Callable[..., Imported]) -> None:
    region = 'Region: "CR"\n  Type: CONTROL\n  Variable: "ht",2,0,1\n  NtupleNameSuff: "_cr"\n'
    syst = 'Systematic: "JER"\n  NtupleNameUp: "jer"\n  Symmetrisation: ONESIDED\n  Samples: ttbar\n'
    found = importing(region, syst, kind=NTUPLES).document
    ttbar = found["Samples"][1]
    assert (ttbar["Tree"], ttbar["Overrides"][0]) == ("nominal", {"Regions": ["CR"], "Tree": "nominal_cr"})
    up = found["Systematics"][0]["Up"]["Overrides"]
    assert up == [{"Regions": ["SR"], "Tree": "jer"}, {"Regions": ["CR"], "Tree": "jer_cr"}]
    assert found["Systematics"][0]["Down"] == {"Symmetrize": True}


def test_folders_inside_files_are_variation_paths(importing: Callable[..., Imported]) -> None:
    change = {'HistoName: "mass"': "HistoName: NOSYS/a/mass", 'HistoName: "ht"': "HistoName: NOSYS/a/ht"}
    syst = (
        'Systematic: "JES"\n  HistoFolderNameUp: jes_up\n  HistoFolderNameDown: jes_down\n  Symmetrisation: TWOSIDED\n'
    )
    document = dict(importing(syst, change=change).document)
    assert document["General"]["VariationPath"] == "NOSYS"
    assert document["General"]["InputPath"] == "in/{SamplePath}.root:{VariationPath}/a/{RegionPath}"
    assert inputs(document)["CR", "ttbar", "Up"] == ["in/tt.root:jes_up/a/ht"]


def test_histograms_of_samples_are_added(importing: Callable[..., Imported]) -> None:
    ghost = 'Sample: "offset"\n  Type: GHOST\n  HistoFile: "off"\n'
    syst = 'Systematic: "JES"\n  HistoNameSufUp: "_up"\n  Symmetrisation: ONESIDED\n  Samples: signal\n'
    found = inputs(
        dict(importing(ghost, syst, change={'HistoFile: "sig"': 'HistoFile: "sig"\n  AddSample: offset'}).document)
    )
    assert found["SR", "signal", "nominal"] == ["in/sig.root:mass", "in/off.root:mass"]
    assert found["SR", "signal", "Up"] == ["in/sig.root:mass_up", "in/off.root:mass"]


def test_scales_of_inputs_are_sources(importing: Callable[..., Imported]) -> None:
    change = {'NtupleFile: "tt"': "NtupleFiles: a,d\n  LumiScales: 36.1,43.6"}
    ttbar = importing(kind=NTUPLES, change=change).document["Samples"][1]
    assert ttbar["Sources"] == [
        {"SamplePath": "a", "Scale": 36.1},
        {"SamplePath": "d", "Scale": 43.6},
    ]


def test_every_file_that_is_not_there_with_the_settings_that_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "sgi.root").touch()
    (tmp_path / "in" / "data.root").touch()
    (tmp_path / "c.config").write_text(HISTOGRAMS)
    assert import_trex("c.config").absent == [
        'no input file "in/tt.root", made of HistoPath: in (line 4), HistoFile: tt (line 20)',
        'no input file "in/sig.root", made of HistoPath: in (line 4), HistoFile: sig (line 24); '
        'did you mean "sgi.root"?',
    ]
    with pytest.raises(ConfigError) as error:
        load_trex("c.config")
    assert len(error.value.problems) == 2


def test_a_missing_part_is_a_mistake(importing: Callable[..., Imported]) -> None:
    with pytest.raises(ConfigError, match='nothing says HistoName or HistoNames for it in the region "CR"'):
        importing(change={'HistoName: "ht"': "Label: x"})
