"""Progress on standard error, and Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Call

import wilks
from wilks.cli.waiting import Lines, shown_progress

WILKS = [sys.executable, "-m", "wilks"]


def test_lines_for_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([100.0, 100.5, 101.0, 102.0, 111.0, 112.0, 3821.0])
    lines = Lines("toys", lambda: next(times))
    for done in (1, 0, 5, 40, 41, 50):
        assert lines(done, 100)
    assert capsys.readouterr().err.splitlines() == [
        "toys: 0 of 100",
        "toys: 40 of 100, 0:00:16 left",
        "toys: 50 of 100, 1:02:01 left",
    ]


def test_lines_say_what_else_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 2.0, 20.0])
    told = iter(["2 workers, 0 pieces done", "3 workers, 5 pieces done, 1 tried again"])
    lines = Lines("toys", lambda: next(times), lambda: next(told))
    assert lines(0, 100)
    assert lines(50, 100)
    assert capsys.readouterr().err.splitlines() == [
        "toys: 0 of 100; 2 workers, 0 pieces done",
        "toys: 50 of 100, 0:00:20 left; 3 workers, 5 pieces done, 1 tried again",
    ]


def test_ctrl_c_is_told_once_and_the_handler_comes_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with shown_progress("fits") as tell:
        assert tell(1, 2)
        signal.raise_signal(signal.SIGINT)
        assert not tell(1, 2)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def _start(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*WILKS, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )


def test_toys_after_ctrl_c_are_kept_and_gone_on_with(workspace: Path, tmp_path: Path) -> None:
    count, folder = 400_000, tmp_path / "toys"
    words = ("toys", workspace, "--count", count, "--seed", 3, "--folder", folder)
    process = _start(*words, "-o", tmp_path / "part.json", "--progress")
    while process.poll() is None and not (folder / "toys-00000001.npz").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate()
    assert process.returncode == 130
    assert stderr.endswith("wilks: interrupted\n")
    assert "(interrupted)" in stdout
    part = wilks.load_result(tmp_path / "part.json")
    assert 0 < part.done < count
    pieces = len(list(folder.glob("toys-*")))
    assert pieces >= 2
    rows = np.load(folder / "toys-00000000.npz")["values"].shape[0]
    more = rows * pieces + 17
    process = _start("toys", workspace, "--count", more, "--seed", 3, "--folder", folder, "--threads", 1)
    process.communicate()
    assert process.returncode == 0
    model = wilks.compile_model(wilks.load_workspace(workspace))
    wilks.toys(model, count=more, seed=3, folder=tmp_path / "whole")
    for name in ("toys-00000000.npz", f"toys-{pieces:08d}.npz"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.parametrize(("command", "what"), [("hypotest", "hypothesis test"), ("limit", "limit")])
def test_tests_with_toys_keep_what_is_done(workspace: Path, tmp_path: Path, command: str, what: str) -> None:
    output = tmp_path / "part.json"
    process = _start(command, workspace, "--toys", 3_000_000, "--progress", "-o", output)
    assert process.stderr is not None
    done = 0
    while done < 30_000:  # some toys of each hypothesis
        told = re.fullmatch(rf"{what}: (\d+) of \d+(, \d+:\d\d:\d\d left)?\n", process.stderr.readline())
        assert told is not None
        done = int(told[1])
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate()
    assert process.returncode == 130
    assert stderr.endswith("wilks: interrupted\n")
    assert "toys not made" in stdout
    assert "toys without fit" not in stdout
    part = wilks.load_result(output)
    counts = part.counts if command == "hypotest" else part.curve.counts
    assert (counts.failures == 0).all()
    assert (counts.interrupted < 6_000_000).all()
    if command == "hypotest":
        assert part.statuses == ("interrupted",)
        assert 0 < part.observed.cls[0] < 1
    else:
        expected = wilks.limit(wilks.compile_model(wilks.load_workspace(workspace)))
        assert part.asymptotic.tolist() == pytest.approx([expected.observed, *expected.expected])


EAGER = "import wilks.cli.waiting as w; w._FIRST = 0.0; from wilks.cli import main; main(prog_name='wilks')"


def test_silent_where_there_is_no_terminal(workspace: Path) -> None:
    words = [sys.executable, "-c", EAGER, "toys", str(workspace), "--count", "3000"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stderr == ""
    told = subprocess.run([*words, "--progress"], capture_output=True, text=True, check=True).stderr
    assert re.fullmatch(r"toys: \d+ of 3000(, 0:00:\d\d left)?\n", told)


@pytest.mark.parametrize("option", [[], ["--no-progress"]])
def test_a_bar_on_a_terminal(workspace: Path, option: list[str]) -> None:
    reading, writing = pty.openpty()
    words = [sys.executable, "-c", EAGER, "toys", str(workspace), "--count", "3000", *option]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=writing)
    os.close(writing)
    shown = b""
    with suppress(OSError):  # that is how a terminal ends
        while piece := os.read(reading, 65536):
            shown += piece
    os.close(reading)
    assert process.wait() == 0
    assert (b"/3000" in shown) == (not option)
    assert b"0/?" not in shown


def test_an_interrupted_command_has_the_exit_code_of_ctrl_c(
    call: Call, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wilks.infer.goodness_of_fit as module

    real = module.goodness_of_fit

    def interrupted(*arguments: object, **options: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setitem(wilks.__dict__, "goodness_of_fit", interrupted)
    result = call("gof", workspace, "--toys", "50", "-o", "gof.json")
    assert result.exit_code == 130
    assert result.stderr == "wilks: interrupted\n"
    assert wilks.load_result("gof.json").origin.dataset == "observed"
