from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wilks.config.load import load_config
from wilks.config.paths import files_like, resolve_input
from wilks.config.schema import Config
from wilks.errors import ConfigError


@pytest.fixture
def config(tmp_path: Path, histograms: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Config:
    """Return a configuration whose steering file lies in `analysis/`, with `elsewhere/` the current folder."""
    for folder in ("analysis/inputs", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    return load_config(histograms).model_copy(update={"source": tmp_path / "analysis" / "config.yml"})


def test_beside_the_steering_file_first(config: Config, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "in.root").touch()
    assert resolve_input(config, "in.root") == str(tmp_path / "elsewhere" / "in.root")
    (tmp_path / "analysis" / "in.root").touch()
    assert resolve_input(config, "in.root") == str(tmp_path / "analysis" / "in.root")
    assert resolve_input(config.model_copy(update={"source": None}), "in.root") == str(
        tmp_path / "elsewhere" / "in.root"
    )
    absolute = str(tmp_path / "elsewhere" / "in.root")
    assert resolve_input(config, absolute) == absolute


def test_both_places_are_named(config: Config, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "input_2024.root").touch()
    with pytest.raises(ConfigError) as caught:
        resolve_input(config, "inptu_2024.root")
    places = [str(tmp_path / folder / "inptu_2024.root") for folder in ("analysis", "elsewhere")]
    hint = '; did you mean "input_2024.root"?'
    assert str(caught.value) == f'no input file "inptu_2024.root"{hint}; looked for {places[0]} and {places[1]}'
    with pytest.raises(ConfigError, match="no/such/folder"):
        resolve_input(config, "no/such/folder/in.root")


@pytest.mark.parametrize("url", ["root://host:1094//store/in.root", "https://host/in*.root", "s3://bucket/in.root"])
def test_urls_stay_as_they_are(config: Config, url: str) -> None:
    assert resolve_input(config, url) == url


def test_wildcards_stay_but_find_their_folder(config: Config, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "b1.root").touch()
    (tmp_path / "analysis" / "inputs" / "a1.root").touch()
    assert resolve_input(config, "inputs/a*.root") == str(tmp_path / "analysis" / "inputs" / "a*.root")
    assert resolve_input(config, "b?.root") == str(tmp_path / "elsewhere" / "b?.root")
    with pytest.raises(ConfigError, match=r'no input file "c\*.root"; looked for .*analysis.* and .*elsewhere'):
        resolve_input(config, "c*.root")


def test_no_wildcards_in_folder_names(config: Config, tmp_path: Path) -> None:
    odd = tmp_path / "run[1]"
    odd.mkdir()
    (odd / "a1.root").touch()
    moved = config.model_copy(update={"source": odd / "config.yml"})
    assert resolve_input(moved, "a1.root") == str(odd / "a1.root")


def test_folders_of_any_depth_are_searched_once(tmp_path: Path) -> None:
    """Ten times `**/` would find a file in ten folders ninety thousand times."""
    deep = tmp_path.joinpath(*"abcdefghij")
    deep.mkdir(parents=True)
    for file in (deep / "x.root", tmp_path / "x.root", deep / "a**b"):
        file.touch()
    expected = sorted(map(str, (deep / "x.root", tmp_path / "x.root")))
    assert files_like(f"{tmp_path}/{'**/' * 10}x.root") == expected
    assert files_like(f"{tmp_path}/**//**/x.root") == expected
    assert files_like(f"{deep}/a**b") == [f"{deep}/a**b"]
    assert files_like(f"{tmp_path}/*.root") == [f"{tmp_path}/x.root"]
