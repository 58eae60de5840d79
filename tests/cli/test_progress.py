"""What a run tells, on a terminal and elsewhere."""

from __future__ import annotations

import io
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from wilks import Histogram
from wilks.cli.progress import Pace, amount, duration, narrator, reading_progress
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
    with narrator() as tell:
        tell.observe(_events()[0])
        assert capsys.readouterr().out == ""
        tell.observe(_events()[1])
        assert capsys.readouterr().out == _line()


def test_a_terminal_has_the_same_lines_above_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with narrator() as tell:
        for event in _events():
            tell.observe(event)
    written = terminal.getvalue()
    assert _line() in written
    assert "\x1b[" in written


def test_what_was_read_from_ntuples_and_what_is_not_in_the_histograms(capsys: pytest.CaptureFixture[str]) -> None:
    with narrator() as tell:
        tell.observe(_events(EventsRead(2, 1000, 2_500_000, tuple(f"note {i}" for i in range(8))))[1])
    first, *notes = capsys.readouterr().out.splitlines()
    assert first.startswith("templates  2 histograms from 1000 entries of 2 files, 2.5 MB read -> ")
    assert notes == [*(f"  note {i}" for i in range(6)), "  ... and 2 more"]


def test_templates_from_before(capsys: pytest.CaptureFixture[str]) -> None:
    event = _events(EventsRead(0, 0, 0))[1]
    with narrator() as tell:
        tell.observe(replace(event, product=replace(event.product, reused=tuple(event.product))))
    assert capsys.readouterr().out.startswith(
        "templates  2 histograms, 2 of them from before, from 0 entries of 0 files"
    )


def test_pace() -> None:
    now = 100.0
    pace = Pace(lambda: now)
    assert pace.told(0, 0) == ""
    assert pace.told(0, 10_000_000) == "0 of 10.0M"
    now += 4.0
    assert pace.told(2_000_000, 10_000_000) == "2.00M of 10.0M, 500k/s, 16 s left"
    now += 4.0
    assert pace.told(2_000_000, 10_000_000) == "2.00M of 10.0M, 250k/s, 32 s left"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00k"),
        (9_996, "10.0k"),
        (99_960, "100k"),
        (999_499, "999k"),
        (999_600, "1.00M"),
        (12_345_678, "12.3M"),
        (4_560_000_000, "4.56G"),
        (7e12, "7.00T"),
    ],
)
def test_amounts(number: float, text: str) -> None:
    assert amount(number) == text


def test_durations() -> None:
    assert [duration(t) for t in (0.2, 59.4, 59.6, 125, 7265)] == ["0 s", "59 s", "1 min 0 s", "2 min 5 s", "2 h 1 min"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_bar_of_entries(monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, stream, terminal)
    monkeypatch.setattr("wilks.cli.progress._AFTER", -1.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    if stream == "stdout":
        with narrator() as tell:
            assert all(tell.progress(done, 4000) for done in (0, 1000, 2000))
            while "2.00k of 4.00k, " not in terminal.getvalue():
                time.sleep(0.01)  # the bar is drawn ten times a second
            tell.observe(_events()[1])
    else:
        with reading_progress() as progress:
            assert all(progress(done, 4000) for done in (0, 1000, 2000))
    assert "2.00k of 4.00k, " in terminal.getvalue()
    assert " left" in terminal.getvalue()


def test_no_bar_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with reading_progress() as progress:
        assert progress(1, 2)
    assert capsys.readouterr() == ("", "")
