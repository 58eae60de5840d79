"""What a run tells, on a terminal and elsewhere."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from wilks.cli.progress import narrator
from wilks.pipeline import Event, Stage


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _events() -> list[Event]:
    made = {"a": 1, "b": 2}
    path = Path("out") / ("long" * 40) / "[red]templates:smile:.npz"
    return [Event(Stage.TEMPLATES), Event(Stage.TEMPLATES, made, (path, path, path))]


def _line() -> str:
    return f"templates  2 histograms -> {_events()[1].files[0]} and 2 more\n"


def test_a_line_when_a_stage_has_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with narrator() as observe:
        observe(_events()[0])
        assert capsys.readouterr().out == ""
        observe(_events()[1])
        assert capsys.readouterr().out == _line()


def test_a_terminal_has_the_same_lines_above_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with narrator() as observe:
        for event in _events():
            observe(event)
    written = terminal.getvalue()
    assert _line() in written
    assert "\x1b[" in written
