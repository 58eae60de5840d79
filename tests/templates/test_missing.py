from __future__ import annotations

from pathlib import Path

import pytest
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
