"""Public configurations: each becomes a sound steering file, or is refused with everything that is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from wilks.config.load import load_config
from wilks.errors import ConfigError
from wilks.trexfitter.importing import import_trex, read_blocks
from wilks.trexfitter.keys import Kind
from wilks.trexfitter.multifit import import_any

# By folder: regions, samples, systematics and functions of the steering file, and how many settings can't be said.
SOUND = {
    "fastframes-inclusive": (17, 10, 111, 0, 0),
    "fcc-dijet": (1, 3, 1, 0, 0),
    "hzz-graviton": (2, 9, 0, 0, 0),
    "low-mass-zprime": (2, 3, 1, 0, 0),
    "minimal-example": (1, 3, 1, 0, 0),
    "trex-data-driven": (2, 4, 0, 0, 0),
    "trex-fit-example": (2, 4, 3, 0, 0),
    "trex-fit-example-expression": (1, 4, 0, 1, 0),
    "trex-fit-example-ntuple": (2, 5, 6, 0, 0),
    "trex-fit-example-statonly": (2, 4, 0, 0, 0),
    "trex-interference": (1, 6, 1, 2, 0),
    "trex-ntuple-2016": (9, 7, 0, 0, 3),
    "trex-top-ws": (3, 4, 22, 0, 0),
    "trex-tth2015": (3, 6, 18, 0, 0),
    "trex-tth2015-dilep": (1, 4, 48, 0, 0),
    "vbs-semileptonic": (5, 7, 0, 1, 0),
}
REFUSED = {
    "eft-ttwj": "effective field theory is not among what wilks does",
    "servicex-example": 'Region "WP_1b_60": the name is taken by the block of line 61',
    "trex-morphing": "morphing is not among what wilks does",
    "trex-multifit": 'Fit "CR".ConfigFile: no file "config/myTopWS_CR.config"',
    "trex-unfolding": "unfolding is not among what wilks does",
    "ttz-3l": "unfolding is not among what wilks does",
    "vvv-three-leptons": "XXX_WtZ_XS_UP: this placeholder has no replacement",
}


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Iterator[Path]:
    return shared_data / "trexfitter"


def config_of(folder: Path, name: str) -> Path:
    (found,) = (folder / name).glob("*.config")
    return found


def test_all_are_listed(folder: Path) -> None:
    assert {path.parent.name for path in folder.glob("*/*.config")} == {*SOUND, *REFUSED}


@pytest.mark.parametrize("name", SOUND)
def test_sound(folder: Path, name: str) -> None:
    found = import_trex(config_of(folder, name))
    config = load_config(found.document)
    sizes = (len(config.regions), len(config.samples), len(config.systematics), len(config.functions))
    assert (*sizes, len(found.cannot)) == SOUND[name]
    assert yaml.safe_load(found.text) == found.document
    blocks = read_blocks(found.path).blocks
    assert sum(found.notes.counts().values()) == sum(len(block.settings) for block in blocks)
    for kind in (Kind.APPROXIMATE, Kind.NONE):
        assert all(note.line > 0 and note.text for note in found.notes.of(kind))


@pytest.mark.parametrize("name", REFUSED)
def test_refused(folder: Path, name: str) -> None:
    config = config_of(folder, name)
    assert read_blocks(config).blocks
    with pytest.raises(ConfigError) as error:
        import_any(config)
    assert REFUSED[name] in str(error.value)


def test_with_its_replacements_a_large_one_is_sound(folder: Path, tmp_path: Path) -> None:
    config = config_of(folder, "vvv-three-leptons")
    names = {problem.split("  ")[1].split(":")[0] for problem in read_blocks(config).mistakes}
    values = tmp_path / "values.txt"
    values.write_text("".join(f"{name}: {0.1 if name.endswith('UP') else -0.1}\n" for name in sorted(names)))
    found = import_trex(config, [values])
    assert len(load_config(found.document).samples) == 15
    assert [(note.key, note.text[:31]) for note in found.notes.of(Kind.NONE)] == [
        ("NtupleFiles", '"MC16d/345705" stands twice, an'),
    ]
    # StatOnly: TRUE, so its systematics are in no model; without that line they are all there.
    text = config.read_text().replace("  StatOnly: TRUE\n", "")
    whole = tmp_path / "whole.config"
    whole.write_text(text)
    assert len(load_config(import_trex(whole, [values]).document).systematics) > 10
