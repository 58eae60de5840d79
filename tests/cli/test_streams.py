"""Files, standard input and output."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Call

import wilks
from wilks.cli.streams import check_target, figure_target, put
from wilks.errors import InputError


@pytest.mark.parametrize(
    ("output", "stem", "formats"),
    [
        ("a/pulls", "a/pulls", ("pdf", "png")),
        ("pulls.svg", "pulls", ("svg",)),
        ("v1.2/pulls", "v1.2/pulls", ("pdf", "png")),
        ("v1.2.pdf", "v1.2", ("pdf",)),
    ],
)
def test_formats_of_a_figure(output: str, stem: str, formats: tuple[str, ...]) -> None:
    assert figure_target(output) == (Path(stem), formats)


@pytest.mark.parametrize("command", ["run", "templates", "pulls", "data-mc", "browse"])
def test_commands_that_cannot_print_say_so(call: Call, command: str) -> None:
    result = call(command, "any", "-o", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f'wilks: -o -: "wilks {command}" writes ')
    assert ": name a " in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize("command", ["inspect", "yields"])
def test_text_for_standard_output_is_printed(call: Call, workspace: Path, command: str) -> None:
    assert call(command, workspace, "-o", "-").stdout == call(command, workspace).stdout
    assert not list(Path.cwd().iterdir())


def test_text_is_printed_or_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put("µ", None)
    put("µ", "-")
    assert capsys.readouterr().out == "µ\nµ\n"
    path = tmp_path / "new" / "file"
    put("µ", str(path))
    assert path.read_text(encoding="utf-8") == "µ\n"
    assert capsys.readouterr().out == f"wrote {path}\n"
    with pytest.raises(InputError, match="can't be written"):
        put("µ", str(path / "below"))


@pytest.mark.parametrize("command", ["fit", "limit", "toys", "ranking"])
@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (".", "it is a folder; name a file"),
        ("file/result.json", "/file is a file"),
        ("file/new/result.json", "/file is a file"),
        ("/dev/null", "it is no file; - is standard output"),
    ],
)
def test_a_result_that_can_not_be_written_is_not_made(
    call: Call, workspace: Path, command: str, output: str, reason: str
) -> None:
    Path("file").write_text("")
    result = call(command, workspace, "-o", output)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"wilks: {output}: can't be written: ")
    assert result.stderr.endswith(f"{reason}\n")


def test_folders_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(InputError, match="no permission to write to "):
        check_target(str(tmp_path / "new" / "result.json"), file=True)
    monkeypatch.undo()
    check_target(str(tmp_path / "new" / "result.json"), file=True)
    check_target(str(tmp_path), file=False)


@pytest.mark.parametrize("command", [["fit"], ["inspect"], ["limit"], ["scan"], ["fit", "--fix", "nobody=1"]])
def test_names_do_not_steer_the_terminal(call: Call, command: list[str], workspace: Path) -> None:
    text = workspace.read_text().replace("Signal", "S\\u001b[2J\\u009b")
    poi = wilks.load_workspace(workspace).document.measurements[0].config.poi
    Path("named.json").write_text(text.replace(f'"{poi}"', '"m\\u001b]0;title\\u0007"'))
    result = call(command[0], "named.json", *command[1:])
    assert not set(result.stdout + result.stderr) & {"\x1b", "\x07", "\x9b"}
    assert "\\x1b" in result.stdout + result.stderr
