"""Files, standard input and output."""

from __future__ import annotations

from pathlib import Path

import pytest

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
