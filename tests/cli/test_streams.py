"""Files, standard input and output."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Call

from wilks.cli.streams import figure_target, put
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
