"""Commands take Combine's datacards."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.formats.datacard.cards import shape_card

import wilks
from wilks.cli import main
from wilks.errors import WorkspaceError

CARD = """imax 1
jmax 1
kmax *
bin {name}
observation {count}
bin {name} {name}
process sig bkg
process 0 1
rate 2 5.5
lumi lnN 1.03 1.03
bnorm lnN - 0.8/1.3
"""


@pytest.fixture
def cards(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text(CARD.format(name="SR", count=9))
    second.write_text(CARD.format(name="SR", count=7))
    return first, second


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_a_card_is_fitted_with_combines_range_of_r(cards: tuple[Path, Path], tmp_path: Path) -> None:
    run("fit", str(cards[0]), "-o", str(tmp_path / "fit.json"))
    fit = wilks.load_result(tmp_path / "fit.json")
    assert fit.poi == "r"
    assert fit["r"].value == pytest.approx(1.75, abs=0.02)


def test_several_cards_are_one_model(cards: tuple[Path, Path], tmp_path: Path) -> None:
    run("fit", f"one={cards[0]},two={cards[1]}", "-o", str(tmp_path / "fit.json"))
    both = wilks.load_workspace(f"one={cards[0]},two={cards[1]}")
    assert both.channel_names == ("one", "two")
    fit = wilks.fit(wilks.compile_model(both))
    assert json.loads((tmp_path / "fit.json").read_text())["twice_nll"] == fit.twice_nll
    assert run("limit", f"one={cards[0]},two={cards[1]}")


def test_a_card_is_converted_and_read_back(cards: tuple[Path, Path], tmp_path: Path) -> None:
    run("convert", str(cards[0]), str(tmp_path / "w.json"), "--read", "mass=125")
    assert wilks.load_workspace(tmp_path / "w.json").digest == wilks.load_workspace(cards[0]).digest


def test_what_is_wrong_is_said_with_its_line(cards: tuple[Path, Path], tmp_path: Path) -> None:
    cards[0].write_text(CARD.format(name="SR", count=9).replace("lumi lnN", "lumi lnM"))
    result = CliRunner().invoke(main, ["fit", str(cards[0])])
    assert result.exit_code == 2
    assert f"{cards[0]}:10" in result.output
    with pytest.raises(WorkspaceError, match='option "mass" needs a number'):
        wilks.load_workspace(cards[1], mass="heavy")


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("limit CARD --combine-root ROOT", "--combine-root"),
        ("fit CARD -o ROOT", "-o"),
        ("ranking CARD --impacts-json ROOT", "--impacts-json"),
        ("export fit-diagnostics CARD -o ROOT", "-o"),
        ("prune CARD -m jes -o ROOT", "-o"),
        ("convert CARD XML", None),
    ],
)
def test_the_histograms_of_a_card_are_never_replaced(tmp_path: Path, command: str, option: str | None) -> None:
    card, root = shape_card(tmp_path, "jes shape 1 1\n"), tmp_path / "shapes.root"
    before = root.read_bytes()
    places = {"CARD": str(card), "ROOT": str(root), "XML": str(root.with_suffix(".xml"))}
    result = CliRunner().invoke(main, [places.get(word, word) for word in command.split()])
    assert result.exit_code == 2, result.output
    told = f"{option} {root}: is a file that is read" if option else f"beside it goes {root}, which is read"
    assert told in result.output
    assert root.read_bytes() == before


def test_the_files_of_a_description_are_never_replaced(tmp_path: Path) -> None:
    wilks.save_workspace(wilks.examples.measurement(), tmp_path / "model.xml")
    read = wilks.read_workspace(tmp_path / "model.xml").files
    assert {path.name for path in read} == {"model.root", "model_electrons.xml", "model_muons.xml"}
    for path in read:
        result = CliRunner().invoke(main, ["fit", str(tmp_path / "model.xml"), "-o", str(path)])
        assert (result.exit_code, "is a file that is read" in result.output) == (2, True)


def test_packed_files_are_unpacked(cards: tuple[Path, Path], tmp_path: Path) -> None:
    packed = tmp_path / "a.txt.gz"
    packed.write_bytes(gzip.compress(cards[0].read_bytes()))
    for given in ([str(packed)], [f"x={packed}", f"y={cards[1]}"]):
        plain = [one.replace(".gz", "") for one in given]
        assert run("fit", *given) == run("fit", *plain)
    for content, told in ((packed.read_bytes()[:-12], "it is cut off"), (b"nothing", "incorrect header check")):
        packed.write_bytes(content)
        result = CliRunner().invoke(main, ["fit", str(packed)])
        assert (result.exit_code, told in result.output) == (2, True), result.output
