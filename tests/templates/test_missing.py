from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
import yaml

from wilks import build_templates, load_config
from wilks.config.schema import Config
from wilks.errors import TemplateError
from wilks.templates.missing import Setting, Source, missing_histograms
from wilks.templates.readers import Reading

CONTENTS = ["SR/a", "SR/b", "CR/a", "CR/b"]


def source(config: Config, region: str, sample: str) -> Source:
    whole = Setting("General.InputPath", "", config.general.input_path)
    parts = (Setting(f"R {region}", "RegionPath", region), Setting(f"S {sample}", "SamplePath", sample))
    return Source("in.root", "/data/in.root", f"{region}/{sample}", (whole, *parts))


@pytest.fixture
def config() -> Config:
    text = """
    General: {Measurement: m, InputPath: "in.root:{RegionPath}/{SamplePath}", HistogramFolder: h}
    Regions: [{Name: SR, RegionPath: SR}]
    Samples: [{Name: Data, SamplePath: d, Data: True}, {Name: a, SamplePath: a}]
    NormFactors: [{Name: mu}]
    """
    return load_config(yaml.safe_load(text))


def sentences(config: Config, names: list[str]) -> list[str]:
    """Return what is said of histograms (region/sample) of which only `CONTENTS` exist, without the last sentence."""
    missing = [name for name in names if name not in CONTENTS]
    reading = Reading(missing={"/data/in.root": missing}, contents={"/data/in.root": CONTENTS})
    *said, contents = missing_histograms(config, [source(config, *name.split("/")) for name in names], reading)
    assert contents.startswith("/data/in.root contains 4 objects")
    return said


def test_the_setting_that_explains_most_comes_first_and_no_other_repeats_it(config: Config) -> None:
    names = ["SR/a", "SR/bb", "CR/a", "CR/bb", "VR/a", "VR/bb", "VR/b", "VR/c"]
    assert sentences(config, names) == [
        'R VR "VR": none of its 4 histograms is in /data/in.root; first: VR/a',
        'S bb "bb": none of its 3 histograms is in /data/in.root; first: SR/bb; did you mean "b"?',
    ]


def test_a_setting_with_some_histograms_is_not_to_blame(config: Config) -> None:
    assert sentences(config, ["SR/a", "SR/bbb", "CR/a", "CR/aaa"]) == [
        '/data/in.root: no object "SR/bbb"; did you mean "SR/b"?',
        '/data/in.root: no object "CR/aaa"; did you mean "CR/a"?',
    ]


def test_nothing_at_all_is_the_input_path(config: Config) -> None:
    (sentence,) = sentences(config, ["SR_/a", "SR_/b", "CR_/a", "CR_/b"])
    assert sentence.startswith('General.InputPath "in.root:{RegionPath}/{SamplePath}": none of its 4 histograms is in')
    assert sentence.endswith('first: SR_/a; did you mean "SR/a"?')


def test_a_sample_of_the_lesson(shared_data: Path) -> None:
    document = yaml.safe_load((shared_data / "ttbar-lesson" / "cabinetry_config.yml").read_text())
    file = shared_data / "ttbar-lesson" / "histograms.root"
    document["General"]["InputPath"] = f"{file}:{document['General']['InputPath'].partition(':')[2]}"
    (sample,) = (sample for sample in document["Samples"] if sample["Name"] == "tW")
    sample["SamplePath"] += "W"
    with pytest.raises(TemplateError) as caught:
        build_templates(load_config(document))
    first, contents = caught.value.problems
    assert first.startswith(f'Samples "tW".SamplePath "{sample["SamplePath"]}": none of its 22 histograms is in {file}')
    assert first.endswith(f'did you mean "{sample["SamplePath"][:-1]}"?')
    assert "contains 146 objects" in contents


@pytest.fixture
def analysis(tmp_path: Path) -> dict[str, Any]:
    with uproot.recreate(tmp_path / "in.root") as file:
        for name in ("data", "sig", "bkg", "bkg_jes"):
            file[name] = np.array([1.0, 2.0]), np.array([0.0, 1.0, 2.0])
    shape = {"Type": "NormPlusShape", "Samples": "Bkg", "Down": {"Symmetrize": True}}
    return {
        "General": {"Measurement": "m", "InputPath": f"{tmp_path}/in.root:{{SamplePath}}", "HistogramFolder": "h"},
        "Regions": [{"Name": "SR"}],
        "Samples": [
            {"Name": "Data", "SamplePath": "data", "Data": True},
            {"Name": "Signal", "SamplePath": "sig"},
            {"Name": "Bkg", "SamplePath": "bkg"},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "Signal"}],
        "Systematics": [
            {"Name": "JES 1", "Up": {"SamplePath": "bkg_jes1"}} | shape,
            shape | {"Name": "JES 2", "Down": {"SamplePath": "zzz"}, "Up": {"Symmetrize": True}},
        ],
    }


def said(document: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(TemplateError) as caught:
        build_templates(load_config(document))
    return caught.value.problems


def test_each_missing_histogram_is_wanted_by_somebody(analysis: dict[str, Any], tmp_path: Path) -> None:
    first, second, contents = said(analysis)
    bkg = 'Wanted for sample "Bkg" in region "SR"'
    assert first == (f'{tmp_path}/in.root: no object "bkg_jes1"; did you mean "bkg_jes"? {bkg} (systematic "JES 1" Up)')
    assert second == f'{tmp_path}/in.root: no object "zzz". {bkg} (systematic "JES 2" Down)'
    assert contents.startswith(f"{tmp_path}/in.root contains 4 objects")


def test_a_path_that_many_templates_share(analysis: dict[str, Any], tmp_path: Path) -> None:
    analysis["Regions"] = [{"Name": f"R{number}"} for number in range(10)]
    analysis["Samples"][1]["SamplePath"] = "sgi"
    analysis["Systematics"] = []
    first, contents = said(analysis)
    eight = ", ".join(f'sample "Signal" in region "R{number}" (nominal)' for number in range(8))
    assert first == f'{tmp_path}/in.root: no object "sgi"; did you mean "sig"? Wanted for {eight} and 2 more'
    assert "contains 4 objects" in contents


def test_a_setting_says_for_which_templates_it_is_wrong(analysis: dict[str, Any], tmp_path: Path) -> None:
    analysis["General"]["InputPath"] = f"{tmp_path}/in.root:{{SamplePath}}{{VariationPath}}"
    analysis["Systematics"] = [
        {"Name": "JER", "Type": "NormPlusShape", "Up": {"VariationPath": "_jer"}, "Down": {"Symmetrize": True}}
    ]
    setting, contents = said(analysis)
    assert setting.startswith('Systematics "JER".Up.VariationPath "_jer": none of its 2 histograms is in')
    users = ", ".join(f'sample "{name}" in region "SR" (systematic "JER" Up)' for name in ("Signal", "Bkg"))
    assert contents.startswith(f"{users} is not in {tmp_path}/in.root; ")


def test_files_and_objects_that_cannot_be_read(analysis: dict[str, Any], tmp_path: Path) -> None:
    analysis["Systematics"] = []
    with uproot.update(tmp_path / "in.root") as file:
        file["flat"] = np.histogram2d([0.5], [0.5], bins=2)
    analysis["Samples"][1]["SamplePath"] = "flat"
    (problem,) = said(analysis)
    assert "flat: is a TH2D; only one-dimensional histograms (" in problem
    assert problem.endswith(' can be templates. Wanted for sample "Signal" in region "SR" (nominal)')
    analysis["General"]["InputPath"] = f"{tmp_path}/{{SamplePath}}.root:data"
    problems = said(analysis)
    assert [problem.partition(". Wanted for ")[2] for problem in problems] == [
        f'sample "{name}" in region "SR" (nominal)' for name in ("Data", "Signal", "Bkg")
    ]
