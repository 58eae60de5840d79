from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from wilks.config.cabinetry import KEYS, beyond_cabinetry
from wilks.config.load import config_json_schema
from wilks.errors import ConfigError


@pytest.mark.parametrize(
    "name",
    [
        "ttbar-lesson/cabinetry_config.yml",
        "cabinetry-example/config_histograms.yml",
        "cabinetry-example/config_ntuples.yml",
        "likelihoods/agc-cms-ttbar/cabinetry_config.yml",
    ],
)
def test_files_of_cabinetry_are_its_own(shared_data: Path, name: str) -> None:
    assert beyond_cabinetry(shared_data / name) == []


def test_everything_of_ours_is_named_with_its_line(histograms: dict[str, Any], tmp_path: Path) -> None:
    histograms["General"]["Pruning"] = {"Norm": 0.01}
    histograms["Regions"][0]["Rebin"] = 2
    histograms["Samples"][2]["SamplePath"] = "tt"
    histograms["Systematics"][0]["Down"] = {"Symmetrize": True}
    histograms["Systematics"][1]["Smoothing"] |= {"Algorithm": "KERNEL", "Bandwidth": 1}
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(histograms, sort_keys=False))
    lines = path.read_text().splitlines()
    found = beyond_cabinetry(path)
    assert [(place.split("  ")[1], text) for place, text in found] == [
        ("General.Pruning", "cabinetry has no such key"),
        ("Regions[0].Rebin", "cabinetry has no such key"),
        ("Systematics[0].Down.Symmetrize", "cabinetry mirrors varied histograms only, not a Normalization"),
        ("Systematics[1].Smoothing.Algorithm", 'cabinetry knows "353QH, twice" only, not "KERNEL"'),
        ("Systematics[1].Smoothing.Bandwidth", "cabinetry has no such key"),
    ]
    for place, _ in found:
        number, key = place.removeprefix(f"{path}:").split("  ")
        assert key.split(".")[-1] in lines[int(number) - 1]


def test_sums_of_histograms_are_ours(histograms: dict[str, Any]) -> None:
    assert beyond_cabinetry(histograms) == [
        ("config  Samples[2].SamplePath", "cabinetry sums several paths of ntuples only, not of histograms")
    ]


def test_mistakes_come_first(histograms: dict[str, Any]) -> None:
    histograms["General"]["Prunin"] = {}
    with pytest.raises(ConfigError, match='unknown key "Prunin"'):
        beyond_cabinetry(histograms)


def test_all_keys_of_cabinetry_exist() -> None:
    definitions = config_json_schema()["$defs"]
    for kind, keys in KEYS.items():
        assert keys <= set(definitions[kind]["properties"])
