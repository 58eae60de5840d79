"""Workspaces of every format in every command, and `wilks convert`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.cli.test_every_command import COMMANDS
from tests.formats.descriptions import describe
from tests.formats.features import FEATURES

import wilks
from wilks.cli import main

TAKE_WORKSPACES = [
    *COMMANDS,
    ("data-mc",),
    ("modifiers",),
    ("digest",),
    ("prune", "-t", "staterror"),
    ("sort",),
    ("rename", "-m", "mu", "nu"),
    ("split",),
    ("with-data", "--asimov"),
    ("variations",),
    ("report",),
    ("explore", "--no-open"),
    ("contour", "-p", "mu", "-p", "mu"),
]
SUFFIXES = {"hs3": ".hs3.json", "histfactory-xml": ".xml"}


@pytest.fixture
def files(call: Call) -> dict[str, Path]:
    """Return the same workspace in three formats, under names that tell nothing."""
    wilks.load_workspace(FEATURES["normfactor, normsys, histosys"]).save("plain.json")
    for format, suffix in SUFFIXES.items():
        assert call("convert", "plain.json", f"{format}{suffix}", "--to", format).exit_code == 0
        Path(f"{format}{suffix}").rename(format)
    return {"wilks": Path("plain.json"), **{format: Path(format) for format in SUFFIXES}}


@pytest.mark.parametrize("format", SUFFIXES)
def test_commands_answer_the_same_whatever_the_format(call: Call, files: dict[str, Path], format: str) -> None:
    for command, *options in (("fit",), ("limit",), ("ranking",), ("yields",)):
        answers = [call(command, files[one], *options) for one in ("wilks", format)]
        assert [answer.exit_code for answer in answers] == [0, 0]
        assert answers[0].stdout == answers[1].stdout
    piped = call("fit", "-", input=files[format].read_bytes())
    assert (piped.exit_code, piped.stdout) == (0, call("fit", files["wilks"]).stdout)


@pytest.mark.parametrize("format", SUFFIXES)
@pytest.mark.parametrize("command", TAKE_WORKSPACES, ids=lambda command: command[0])
def test_no_command_refuses_a_format(call: Call, files: dict[str, Path], command: tuple[str, ...], format: str) -> None:
    output = {"split": "folder", "data-mc": "folder", "variations": "folder", "modifiers": "m.pdf", "report": "r.html"}
    output |= {"explore": "e.html", "digest": ""}
    name, *options = command
    target = output.get(name, "out.json")
    codes = []
    for one in ("wilks", format):
        result = call(name, files[one], *options, *(("-o", target) if target else ()))
        codes.append(result.exit_code)
        assert "not a workspace" not in result.stderr
        assert "not JSON" not in result.stderr
    assert codes[0] == codes[1]


def test_every_command_with_a_workspace_is_tried() -> None:
    takes = {name for name, command in main.commands.items() for p in command.params if p.metavar == "WORKSPACE"}
    others = {
        "combine",
        "convert",
        "correlate",
        "decorrelate",
        "diff",
        "explore",
        "grid",
        "sample",
    }  # the last needs an extra
    assert takes - {command[0] for command in TAKE_WORKSPACES} - others == set()


def test_two_workspaces_of_two_formats(call: Call, files: dict[str, Path]) -> None:
    same = call("diff", files["wilks"], files["hs3"], "--exit-code")
    assert same.exit_code == 0, same.stdout
    joined = ("--rename-channels", "SR=other", "--join", "left outer", "-o", "both.json")
    both = call("combine", files["hs3"], files["histfactory-xml"], *joined)
    assert both.exit_code == 0, both.stderr
    assert wilks.load_workspace("both.json").channel_names == ("SR", "other")
    grid = call("grid", files["hs3"], files["histfactory-xml"])
    assert grid.exit_code == 0
    counts = call("with-data", files["wilks"], files["hs3"], "-o", "data.hs3.json")
    assert counts.exit_code == 0
    assert wilks.load_workspace("data.hs3.json") == wilks.load_workspace(files["hs3"])


def test_notes_stand_on_standard_error_the_first_of_many(call: Call) -> None:
    top = describe(Path("."), settings='<ConstraintTerm Type="Gamma" RelativeUncertainty="0.3">no</ConstraintTerm>')
    many = "".join(f'<Asimov Name="a{i}"/>' for i in range(9))
    top.write_text(top.read_text().replace("</Measurement>", f"{many}</Measurement>"))
    fitted = call("fit", top)
    listed = call("inspect", top)
    assert fitted.exit_code == listed.exit_code == 0
    short, full = fitted.stderr.splitlines(), listed.stderr.splitlines()
    assert len(full) > 5 == len(short)
    assert short[:4] == full[:4]
    assert short[4].startswith(f"wilks: {len(full) - 4} more notes on how it was read")
    assert '"wilks inspect" lists all' in short[4]


def test_convert_by_name_folder_and_option(call: Call, files: dict[str, Path]) -> None:
    for target, options, names in (
        ("a.hs3.json", (), ["a.hs3.json"]),
        ("b.json", (), ["b.json"]),
        ("c.pyhf.json", (), ["c.pyhf.json"]),
        ("new/", (), ["new/plain.xml", "new/plain_SR.xml", "new/plain.root", "new/HistFactorySchema.dtd"]),
        ("other/", ("--to", "hs3"), ["other/plain.hs3.json"]),
        ("d.txt", ("--to", "histfactory-xml"), None),
    ):
        result = call("convert", files["wilks"], target, *options)
        if names is None:
            assert result.exit_code == 2
            assert "ends in .xml" in result.stderr
            assert not Path(target).exists()
            continue
        assert result.exit_code == 0, result.stderr
        assert sorted(line.removeprefix("wrote ") for line in result.stdout.splitlines()) == sorted(names)
        assert all(Path(name).is_file() for name in names)
    printed = call("convert", files["hs3"], "-")
    assert wilks.load_workspace(printed.stdout.encode()) == wilks.load_workspace(files["wilks"])
    printed = call("convert", "-", "-", "--to", "hs3", input=files["wilks"].read_bytes())
    assert wilks.load_workspace(printed.stdout.encode()) == wilks.load_workspace(files["wilks"])
    refused = call("convert", files["wilks"], "-", "--to", "histfactory-xml")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "several files" in refused.stderr


def test_losses_are_told_written_down_and_refused(call: Call) -> None:
    wilks.load_workspace(FEATURES["groups of parameters"]).save("groups.json")
    result = call("convert", "groups.json", "g.pyhf.json", "--notes", "notes.json")
    assert result.exit_code == 0
    assert result.stderr == "wilks: lost: groups: pyhf has no groups of parameters; left out\n"
    assert json.loads(Path("notes.json").read_text()) == {
        "read": [],
        "written": [{"kind": "lost", "place": "groups", "text": "pyhf has no groups of parameters; left out"}],
    }
    before = sorted(Path.cwd().iterdir())
    for target in ("s.pyhf.json", "-"):
        strict = call("convert", "groups.json", target, "--to", "pyhf", "--strict", "--notes", "strict.json")
        assert (strict.exit_code, strict.stdout) == (2, "")
        assert "lost: groups: pyhf has no groups" in strict.stderr
    assert sorted(Path.cwd().iterdir()) == before
    assert call("convert", "groups.json", "exact.json", "--strict").exit_code == 0


def test_what_pyhf_cant_say_is_listed_and_nothing_is_written(call: Call) -> None:
    wilks.load_workspace(FEATURES["correlated constraints"]).save("c.json")
    result = call("convert", "c.json", "plain.pyhf.json")
    assert result.exit_code == 2
    assert result.stderr == (
        "wilks: plain.pyhf.json: pyhf can't say correlated constraints: measurements[0].config.correlations\n"
    )
    assert [path.name for path in Path.cwd().iterdir()] == ["c.json"]


def test_files_that_are_read_or_may_be_input_stay(call: Call, files: dict[str, Path]) -> None:
    before = files["wilks"].read_bytes()
    assert "is the file that is read" in call("convert", "plain.json", "./plain.json").stderr
    assert "is the file that is read" in call("convert", "plain.json", ".", "--to", "wilks").stderr
    assert files["wilks"].read_bytes() == before
    Path("h.root").write_bytes(b"root of somebody")
    assert call("convert", "plain.json", "h.xml").exit_code == 2
    assert Path("h.root").read_bytes() == b"root of somebody"
    assert not Path("h.xml").exists()


def test_options_of_reading(call: Call) -> None:
    Path("files").mkdir()
    top = describe(Path("files"))
    moved = top.rename("top.xml")
    assert "no channel file" in call("inspect", moved).stderr
    assert call("inspect", moved, "--read", "base=files").exit_code == 0
    assert call("convert", moved, "w.json", "--read", "base=files", "--read", "as_pyhf").exit_code == 0
    wrong = call("convert", moved, "v.json", "--read", "bass=files")
    assert wrong.exit_code == 2
    assert 'without an option "bass"' in wrong.stderr
    assert 'option "base" needs a value' in call("convert", moved, "v.json", "--read", "base").stderr
    assert "takes no value" in call("inspect", moved, "--read", "as_pyhf=no").stderr
    assert not Path("v.json").exists()


def test_workspaces_are_written_as_their_names_say(call: Call, files: dict[str, Path], config: Path) -> None:
    assert call("sort", files["hs3"], "-o", "sorted.xml").exit_code == 0
    assert Path("sorted.xml").read_bytes().lstrip().startswith(b"<")
    made = call("workspace", config, "-o", "w.json", "--format", "hs3", "--format", "histfactory-xml")
    assert made.exit_code == 0, made.stderr
    loaded = wilks.load_workspace("w.json")
    assert wilks.load_workspace("w.hs3.json") == loaded
    assert wilks.load_workspace("w.xml").channel_names
    assert "--format writes a file beside" in call("workspace", config, "--format", "hs3").stderr
    assert call("workspace", config, "-o", "direct.hs3.json").exit_code == 0
    assert wilks.load_workspace("direct.hs3.json").digest == loaded.digest


def test_a_run_writes_further_formats_and_the_next_one_takes_them_away(call: Call, config: Path) -> None:
    quick = ("-o", "out", "--only", "pulls", "--figures", "none")
    result = call("run", config, *quick, "--format", "hs3", "--format", "histfactory-xml")
    assert result.exit_code == 0, result.stderr
    assert wilks.load_workspace("out/workspace.hs3.json").digest == wilks.load_workspace("out/workspace.json").digest
    assert "wrote out/workspace.xml" in result.stdout
    assert call("run", config, *quick).exit_code == 0
    assert not [path for path in Path("out").rglob("workspace*") if path.suffix in (".xml", ".root")]
    assert not Path("out/workspace.hs3.json").exists()
