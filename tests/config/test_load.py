from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wilks.config.load import load_config
from wilks.config.schema import Config
from wilks.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "regions", "samples", "systematics"),
    [
        ("ttbar-lesson/cabinetry_config.yml", 2, 6, 11),
        ("cabinetry-example/config_histograms.yml", 1, 3, 3),
        ("cabinetry-example/config_ntuples.yml", 1, 3, 3),
        ("likelihoods/agc-cms-ttbar/cabinetry_config.yml", 2, 6, 11),
        ("likelihoods/agc-cms-ttbar/cabinetry_config_ml.yml", 20, 6, 11),
    ],
)
def test_real_files_load(shared_data: Path, name: str, regions: int, samples: int, systematics: int) -> None:
    config = load_config(shared_data / name)
    assert (len(config.regions), len(config.samples), len(config.systematics)) == (regions, samples, systematics)
    assert config.source == (shared_data / name).absolute()
    written = yaml.safe_load((shared_data / name).read_text())
    dumped = config.model_dump(by_alias=True, exclude_unset=True, mode="json")
    assert _lists(dumped) == _lists(written)


def _lists(value: Any) -> Any:
    """Return data with `Samples: x` written as `Samples: [x]`, as the keys that name things may be either."""
    if isinstance(value, list):
        return [_lists(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {"Samples", "Regions", "SamplePath"}
    return {key: [item] if key in named and isinstance(item, str) else _lists(item) for key, item in value.items()}


def test_path_stream_and_dictionary_give_the_same(tmp_path: Path, histograms: dict[str, Any]) -> None:
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(histograms))
    from_path = load_config(str(path))
    assert from_path.source == path
    with path.open() as stream:
        from_stream = load_config(stream)
    before = copy.deepcopy(histograms)
    from_dictionary = load_config(histograms)
    assert histograms == before
    assert from_stream == from_dictionary
    assert from_stream.source is from_dictionary.source is None
    assert from_path.model_copy(update={"source": None}) == from_stream


def test_relative_path_becomes_absolute(
    tmp_path: Path, histograms: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yml").write_text(yaml.safe_dump(histograms))
    monkeypatch.chdir(tmp_path)
    assert load_config("config.yml").source == tmp_path / "config.yml"


def test_top_level_is_open_to_the_user(histograms: dict[str, Any]) -> None:
    expected = load_config(histograms)
    extra = {"_anchors": [1, {"a": None}], "Source": "mine", "source": "mine", "general": 1, 2024: "year", True: "on"}
    config = load_config(histograms | extra)
    assert config.source is None
    assert config.general == expected.general
    assert (config.model_extra or {})["_anchors"] == [1, {"a": None}]


def test_anchors_and_merge_keys(histograms: dict[str, Any]) -> None:
    text = """
defaults: &defaults {Type: NormPlusShape, Samples: ttbar, Down: {Symmetrize: True}}
General: {Measurement: m, InputPath: "in.root:{SamplePath}{VariationPath}", HistogramFolder: h}
Regions: [{Name: SR}]
Samples: [{Name: Data, SamplePath: d, Data: yes}, {Name: ttbar, SamplePath: tt}]
NormFactors: [{Name: mu}]
Systematics:
  - {Name: A, Up: {VariationPath: a}, <<: *defaults}
  - {<<: *defaults, Name: B, Up: {VariationPath: b}, Down: {VariationPath: c}}
"""
    first, second = load_config(io.StringIO(text)).systematics
    assert first.down.symmetrize
    assert not second.down.symmetrize
    assert first.samples == second.samples == ("ttbar",)


BROKEN = """\
General:
  Measurement: 2024
  POI: "sig_norm"
  HistogramFolder: "histograms/"
  InputPath: "in.root:{RegionPath}/{SamplPath}/{VariationPath}"
  Fixed:
    - Name: "Lumi"
      Value: 1
Regions:
  - Name: SR 1
    RegionPath: sr
    Binning: [100, 200, 150]
  - Name: SR-1
Samples:
  - Name: Data
    Data: True
    Regions: [SR 1]
    SamplePath: [a]
  - {Name: ttbar, Weight: 1.5, SamplePth: b}
  - {Name: W, SamplePath: [], Data: on}
NormFactors:
  - Name: Signal_norm
    Bounds: [10, 0]
    Samples: ttbr
Systematics:
  - Name: A
    Type: NormPlusShape
    Up: {Symmetrize: True}
    Down: {Symmetrize: True}
  - Name: A
    Type: Normalization
    Up: {Normalization: 0.1}
    Down: {}
    Samples: [Data]
"""


def test_all_mistakes_at_once_with_lines(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(BROKEN)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert [problem.removeprefix(str(path)).split(": ")[0] for problem in caught.value.problems] == [
        ":2  General.Measurement",
        ":3  General.POI",
        ":5  General.InputPath",
        ":7  General.Fixed[0].Name",
        ":12  Regions[0].Binning",
        ":13  Regions[1].Name",
        ":13  Regions[1]",
        ":14  Samples",
        ":17  Samples[0].Regions",
        ":19  Samples[1].SamplePth",
        ":19  Samples[1].Weight",
        ":20  Samples[2].SamplePath",
        ":23  NormFactors[0].Bounds",
        ":24  NormFactors[0].Samples",
        ":26  Systematics[0]",
        ":30  Systematics[1].Name",
        ":33  Systematics[1].Down",
        ":34  Systematics[1].Samples",
    ]


def test_wording(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(BROKEN)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert f'{path}:24  NormFactors[0].Samples: no sample "ttbr"; did you mean "ttbar"?' in caught.value.problems
    assert str(caught.value) == "\n".join(caught.value.problems)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(*path, key), *_places(value[key], (*path, key))]]


VALUES = st.sampled_from(
    [None, True, False, 0, -1, 1.5, float("nan"), float("inf"), 10**400, "", "x", "1e-3", [], {}, [[]], [None], [{}],
     {"Name": "x"}, {"Name": ["x"]}, {1: 2}, ["x", 1], "{RegionPath}", b"x", {"x"}, object()]
)  # fmt: skip


@given(st.data())
def test_broken_configurations_load_or_give_a_config_error(data: st.DataObject) -> None:
    from tests.config.conftest import HISTOGRAMS, NTUPLES

    config = copy.deepcopy(data.draw(st.sampled_from([HISTOGRAMS, NTUPLES])))
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(_places(config) or [("General",)]))
        target = config
        for key in path[:-1]:
            target = target[key]
        action = data.draw(st.sampled_from(["delete", "misspell", "replace", "copy"]))
        if action == "replace" or path[-1] not in (target if isinstance(target, dict) else range(len(target))):
            target[path[-1]] = copy.deepcopy(data.draw(VALUES))
        elif action == "copy" and isinstance(target, list):
            target.append(copy.deepcopy(target[path[-1]]))
        else:
            value = target.pop(path[-1])
            if action == "misspell" and isinstance(target, dict):
                target[data.draw(st.sampled_from([str(path[-1])[:-1], str(path[-1]).lower(), 7]))] = value
    problems: tuple[str, ...] = ()
    try:
        assert isinstance(load_config(config), Config)
    except ConfigError as error:
        problems = error.problems or ("an error without a sentence",)
    assert all(": " in problem and "\n" not in problem for problem in problems)


@given(st.integers(0, len(BROKEN) - 1), st.sampled_from(" :-[]{}&*!#'\"\t\nx"))
def test_broken_text_loads_or_gives_a_config_error(position: int, character: str) -> None:
    with pytest.raises(ConfigError):
        load_config(io.StringIO(BROKEN[:position] + character + BROKEN[position + 1 :]))
