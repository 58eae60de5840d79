"""Results of work that is done in threads, in processes and by executors, also where some of them die."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from tests.local_cluster import local_cluster
from tests.templates import events

import wilks
from wilks.errors import TemplateError
from wilks.templates import trees
from wilks.templates.filling import Tally, Task, fill
from wilks.templates.looking import Look, Question, look
from wilks.templates.workers import Processes, Workers, _children_never_interrupted, mapping, processors


def square(number: int) -> int:
    return number * number


def die(number: int) -> int:
    """Kill the process that works on 3."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def _die_once() -> None:
    """Kill this process if it is the first to take away the file that is there for it."""
    try:
        os.remove(os.environ["WILKS_TEST_DEATH"])
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(number: int) -> int:
    if number == 3:
        _die_once()
    return number * number


def fill_or_die(task: Task) -> Tally:
    if task.start > 0:
        _die_once()
    return fill(task)


def look_in_pieces(question: Question) -> Look:
    """Look from a process whose files consist of several pieces of work."""
    trees._SPAN = 700
    return look(question)


def look_or_die(question: Question) -> Look:
    if question.file.endswith("data.root"):
        _die_once()
    return look_in_pieces(question)


@pytest.fixture
def death(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that is gone once a process has died."""
    path = tmp_path / "death"
    path.touch()
    monkeypatch.setenv("WILKS_TEST_DEATH", str(path))
    return path


def nothing() -> None:
    pass


def mapped(workers: Workers, function: Any, numbers: range) -> tuple[list[int], list[str]]:
    notes: list[str] = []
    with mapping(workers, notes) as run:
        return list(run(function, numbers, nothing)), notes


@pytest.mark.parametrize("workers", [None, 1, 4, Processes(2)])
def test_results_come_in_order(workers: Workers) -> None:
    assert mapped(workers, square, range(20)) == ([number**2 for number in range(20)], [])


def test_one_process_dies(death: Path) -> None:
    found, notes = mapped(Processes(2), die_once, range(8))
    assert not death.exists()
    assert found == [number**2 for number in range(8)]
    assert notes == ["a process died once, and what it was doing was done again"]


def test_a_process_dies_each_time() -> None:
    with pytest.raises(TemplateError, match="died 4 times, the last time over 3; if memory is short, use fewer work"):
        mapped(Processes(4), die, range(8))


class Breaking(Executor):
    """An executor that does so much, fails the next one, and then takes no more."""

    def __init__(self, work: int) -> None:
        self.work = work

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.work -= 1
        if self.work < -1:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if self.work < 0:
            future.set_exception(OSError("the line is dead"))
        else:
            future.set_result(function(*args, **kwargs))
        return future


def test_an_executor_breaks() -> None:
    found, notes = mapped(Breaking(3), square, range(8))
    assert found == [number**2 for number in range(8)]
    assert notes == [
        "5 of 8 pieces of work got lost and were done again here (RuntimeError: cannot schedule new futures after "
        "shutdown)"
    ]


def test_an_executor_of_processes_breaks(death: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found, (note,) = mapped(pool, die_once, range(8))
    assert found == [number**2 for number in range(8)]
    assert "pieces of work got lost and were done again here (BrokenProcessPool: " in note


def test_a_mistake_of_ours_is_no_loss() -> None:
    with pytest.raises(ZeroDivisionError):
        mapped(2, lambda number: 1 // number, range(3))


def test_a_package_that_is_lacking() -> None:
    class Elsewhere(Breaking):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(ModuleNotFoundError("No module named 'wilks'"))
            return future

    with pytest.raises(TemplateError, match="lacks a package"):
        mapped(Elsewhere(0), square, range(3))


def test_somebody_wants_to_stop() -> None:
    """While the first piece of work takes its time; what is not begun then is not done."""
    release, done = threading.Event(), []

    def work(number: int) -> int:
        release.wait()
        done.append(number)
        return number

    def stop() -> None:
        release.set()
        raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        mapping(2, []) as run,
        closing(_iterator(run(work, range(50), stop))) as found,
    ):
        next(found)
    assert len(done) < 50


def test_processes_that_are_starting_are_not_interrupted() -> None:
    """In the thread that starts them, the signal waits; and they inherit that it is held back."""
    seen: list[bool] = []

    def start() -> None:
        with _children_never_interrupted():
            signal.raise_signal(signal.SIGINT)
            seen.append(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    with pytest.raises(KeyboardInterrupt):
        start()
    assert seen == [True]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _iterator(found: Iterator[int]) -> Any:
    return found


def test_numbers_of_workers() -> None:
    assert processors() >= 1
    for wrong in (lambda: Processes(0), lambda: mapping(0, []).__enter__()):
        with pytest.raises(ValueError, match="workers must be at least 1, found 0"):
            wrong()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> wilks.config.schema.Config:
    """Return a small analysis of two files, each in several pieces."""
    monkeypatch.setattr("wilks.templates.trees._SPAN", 700)
    monkeypatch.setattr("wilks.templates.ntuples.look", look_in_pieces)
    for seed, name in enumerate(("data", "mc")):
        events.write_tree(tmp_path / f"{name}.root", {"events": events.columns(seed, 3000)})
    return wilks.load_config(
        {
            "General": {"Measurement": "m", "InputPath": f"{tmp_path}/{{SamplePath}}.root", "HistogramFolder": "h"},
            "Regions": [{"Name": "r", "Variable": "pt", "Binning": events.EDGES}],
            "Samples": [
                {"Name": "Data", "Tree": "events", "SamplePath": "data", "Data": True},
                {"Name": "MC", "Tree": "events", "SamplePath": "mc", "Weight": "weight"},
            ],
            "NormFactors": [{"Name": "mu", "Samples": "MC"}],
        }
    )


@pytest.mark.parametrize("what", ["fill", "look"])
def test_a_killed_process_changes_no_bit(
    config: wilks.config.schema.Config, death: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = wilks.build_templates(config, workers=1)
    monkeypatch.setattr(f"wilks.templates.ntuples.{what}", {"fill": fill_or_die, "look": look_or_die}[what])
    with_a_death = wilks.build_templates(config, workers=wilks.Processes(2))
    assert not death.exists()
    assert dict(serial) == dict(with_a_death)
    assert serial.events is not None
    assert with_a_death.events is not None
    assert with_a_death.events.entries == serial.events.entries
    assert "a process died once, and what it was doing was done again" in with_a_death.events.notes


def test_a_worker_of_a_cluster_is_killed(
    config: wilks.config.schema.Config, death: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    serial = wilks.build_templates(config, workers=1)
    monkeypatch.setattr("wilks.templates.ntuples.fill", fill_or_die)
    with (
        local_cluster(processes=True) as cluster,
        distributed.Client(cluster) as client,
    ):
        found = wilks.build_templates(config, workers=client)
    assert not death.exists()
    assert dict(serial) == dict(found)
