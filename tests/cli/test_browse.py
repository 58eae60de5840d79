"""`wilks browse`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Call


@pytest.fixture
def root_file(config: Path) -> Path:
    return config.parent / "input" / "histograms.root"


def test_listing(call: Call, root_file: Path) -> None:
    result = call("browse", root_file)
    assert result.exit_code == 0
    assert sum("TH1D" in line for line in result.stdout.splitlines()[1:]) == 6
    piped = call("browse", "-", input=root_file.read_bytes())
    assert piped.stdout.splitlines()[1:] == result.stdout.splitlines()[1:]


def test_named_histograms_are_drawn_here(call: Call, root_file: Path) -> None:
    result = call("browse", root_file, "SR/data", "SR/background")
    assert result.exit_code == 0
    assert "SR/data" in result.stdout
    assert "SR/background" in result.stdout
    assert "\x1b" not in result.stdout


def test_figure_of_named_histograms(call: Call, root_file: Path) -> None:
    assert call("browse", root_file, "SR/data", "SR/background", "-o", "h.pdf").stdout == "wrote h.pdf\n"
    assert Path("h.pdf").read_bytes().startswith(b"%PDF")
    result = call("browse", root_file, "--output", "h.png")
    assert result.exit_code == 2
    assert "name what to draw" in result.stderr


def test_page_says_how_it_opens_with_the_named_histograms(call: Call, root_file: Path) -> None:
    assert call("browse", root_file, "-o", "page.html").stdout == "wrote page.html\n"
    assert Path("page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    result = call("browse", root_file, "SR/data", "CR/data", "-o", "page.html")
    assert result.stdout.endswith("page.html#SR/data&CR/data\n")


@pytest.mark.parametrize("output", [[], ["-o", "h.png"], ["-o", "page.html"]])
@pytest.mark.parametrize("given", [b"", b"abc", b"root"])
def test_no_root_file_from_standard_input(call: Call, given: bytes, output: list[str]) -> None:
    result = call("browse", "-", "x", *output, input=given)
    assert result.exit_code == 2
    assert result.stderr.startswith("wilks: <stdin>: ")
    assert result.stderr.count("\n") == 1
    assert "stdin.root" not in result.stderr
    if not given:
        assert result.stderr == "wilks: <stdin>: empty, not a ROOT file\n"


def test_messages_and_listing_name_standard_input(call: Call, root_file: Path) -> None:
    content = root_file.read_bytes()
    assert call("browse", "-", input=content).stdout.startswith("<stdin>: 6 objects")
    assert call("browse", "-", "SR/dat", input=content).stderr.startswith('wilks: <stdin>: no object "SR/dat"')


@pytest.mark.parametrize("output", [[], ["-o", "h.png"], ["-o", "page.html"]])
def test_unknown_names_are_sentences(call: Call, root_file: Path, output: list[str]) -> None:
    result = call("browse", root_file, "SR/dat", "CR/signl", *output)
    assert result.exit_code == 2
    assert [line.startswith("wilks: ") for line in result.stderr.splitlines()] == [True, True]
    assert 'did you mean "SR/data"?' in result.stderr
    assert not list(Path.cwd().iterdir())
