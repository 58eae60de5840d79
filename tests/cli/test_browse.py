"""`wilks browse`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import uproot
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


@pytest.fixture
def tree_file(tmp_path: Path) -> Path:
    path = tmp_path / "tree.root"
    with uproot.recreate(path) as file:
        file.mktree("events", {"pt": np.float64, "n": np.int32})
        file["events"].extend({"pt": np.linspace(1e3, 199e3, 100), "n": np.arange(100, dtype=np.int32) % 5})
        file["plane"] = np.histogram2d(np.linspace(0, 1, 9), np.linspace(0, 1, 9), bins=(4, 6))
    return path


def test_expressions_over_a_tree(call: Call, tree_file: Path) -> None:
    result = call("browse", tree_file, "events", "pt/1000", "--where", "n>2", "--weight", "2.0", "--bins", "40,0,200")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "pt/1000  where n>2 weight 2.0"
    assert result.stdout.splitlines()[-1].split()[:3] == ["pt/1000", "40", "80"]
    assert "std dev" in call("browse", tree_file, "events/n").stdout
    piped = call("browse", "-", "events", "pt", input=tree_file.read_bytes())
    assert piped.stdout == call("browse", tree_file, "events", "pt").stdout


def test_logarithmic(call: Call, tree_file: Path) -> None:
    assert "1e1 ┤" in call("browse", tree_file, "events/n", "--log").stdout
    assert "log10 of contents" in call("browse", tree_file, "plane", "--log").stdout
    assert call("browse", tree_file, "plane", "--log", "-o", "page.html").stdout.endswith("#plane&!log\n")
    assert call("browse", tree_file, "--log").stderr == "wilks: --log: name what to draw\n"
    linear, log = (call("browse", tree_file, "events/n", *more, "-o", "h.svg") for more in ([], ["--log"]))
    assert linear.exit_code == log.exit_code == 0


@pytest.mark.parametrize("output", ["h.png", "h.svg", "page.html"])
def test_pictures_of_trees_and_planes(call: Call, tree_file: Path, output: str) -> None:
    for names in (["events", "pt/1000", "--where", "n > 2"], ["plane"], ["plane", "--project", "x"], ["events/pt:n"]):
        result = call("browse", tree_file, *names, "-o", output)
        assert (result.exit_code, result.stdout.splitlines()[0]) == (0, f"wrote {output}")
        assert Path(output).stat().st_size > 1000
    if output == "page.html":
        assert result.stdout.endswith("page.html#drawn/pt%3An\n")
        projected = call("browse", tree_file, "plane", "--project", "x", "-o", output)
        assert projected.stdout.endswith("page.html#plane&!view=x\n")


@pytest.mark.parametrize("output", [[], ["-o", "h.png"], ["-o", "page.html"]])
def test_mistakes_about_trees_are_sentences(call: Call, tree_file: Path, output: list[str]) -> None:
    result = call("browse", tree_file, "events", "ptt", "--where", "m > 2", *output)
    assert result.exit_code == 2
    assert 'tree "events": no branch "ptt"; did you mean "pt"?' in result.stderr
    assert '--where: no branch "m"' in result.stderr
    assert call("browse", tree_file, "--where", "n > 2", *output).stderr == "wilks: --where: name what to draw\n"
    assert 'found "x"' in call("browse", tree_file, "events", "pt", "--bins", "x", *output).stderr
    assert sorted(path.name for path in Path.cwd().iterdir()) in ([], ["tree.root"])


def test_a_plane_is_drawn_alone_in_a_figure(call: Call, tree_file: Path) -> None:
    result = call("browse", tree_file, "plane", "events/n", "-o", "h.png")
    assert result.stderr == "wilks: a histogram of two axes is drawn alone, found 2 objects\n"
