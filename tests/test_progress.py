"""Bars, and lines where there is nobody to see a bar."""

from __future__ import annotations

import io

import pytest

from wilks.errors import KindError
from wilks.progress import Bar, clock_time, shown


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_appears_after_a_second_and_is_taken_away() -> None:
    now, terminal = [0.0], _Terminal()
    bar = Bar("limit", terminal, clock=lambda: now[0])
    assert bar(0, 100)
    assert terminal.getvalue() == ""
    now[0] = 2.0
    assert bar(25, 100)
    assert terminal.getvalue() == f"\rlimit [{'#' * 7}{'.' * 23}] 25 of 100, 0:00:06 left"
    now[0] = 2.01
    bar(26, 100)
    assert "26 of 100" not in terminal.getvalue()
    bar.end()
    assert terminal.getvalue().endswith(f"\r{' ' * 62}\r")


def test_a_log_file_gets_a_line_now_and_then() -> None:
    now, log = [0.0], io.StringIO()
    bar = Bar("toys", log, clock=lambda: now[0])
    for second in range(25):
        now[0] = float(second)
        bar(second, 100)
    bar.end()
    told = ((1, "1:39"), (11, "1:29"), (21, "1:19"))
    assert log.getvalue().splitlines() == [f"toys: {n} of 100, 0:0{left} left" for n, left in told]


def test_who_is_told_is_who_was_asked_for() -> None:
    told = lambda done, total: True  # noqa: E731
    for asked, found in ((None, None), (False, None), (told, told)):
        with shown(asked, "limit") as who:
            assert who is found
    with shown(True, "limit") as who:
        assert isinstance(who, Bar)
    with pytest.raises(KindError, match="progress is True, False or a function"), shown(3, "limit"):  # type: ignore[arg-type]
        pass


def test_times_read_like_a_clock() -> None:
    assert [clock_time(seconds) for seconds in (0.4, 61, 3725)] == ["0:00:00", "0:01:01", "1:02:05"]
