"""What a run tells, on a terminal and elsewhere."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from wilks import Histogram
from wilks.cli.progress import narrator
from wilks.pipeline import Event, Stage
from wilks.templates.store import EventsRead, TemplateKey, Templates


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _events(read: EventsRead | None = None) -> list[Event]:
    histogram = Histogram.from_arrays([0, 1], [1], [1])
    made = Templates({TemplateKey("r", name): histogram for name in "ab"}, events=read)
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


def test_what_was_read_from_ntuples_and_what_is_not_in_the_histograms(capsys: pytest.CaptureFixture[str]) -> None:
    with narrator() as observe:
        observe(_events(EventsRead(2, 1000, 2_500_000, tuple(f"note {i}" for i in range(8))))[1])
    first, *notes = capsys.readouterr().out.splitlines()
    assert first.startswith("templates  2 histograms from 1000 entries of 2 files, 2.5 MB read -> ")
    assert notes == [*(f"  note {i}" for i in range(6)), "  ... and 2 more"]
