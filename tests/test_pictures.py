"""Figures drawn in processes are the files that one process writes, and are there without processes, too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.figures.records import make_prediction

import wilks
from wilks import pages, pictures
from wilks.errors import InputError
from wilks.results.prediction import Prediction

CHANNELS = 4


@pytest.fixture(autouse=True)
def two_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wilks.pictures._WORTH", 2)


def _prediction() -> Prediction:
    one = make_prediction()
    channels = tuple(replace(one.channels[0], name=f"channel {i}") for i in range(CHANNELS))
    return replace(one, channels=channels)


def _drawn(folder: Path, told: Any = lambda done, total: None, **options: Any) -> list[Path]:
    prediction = _prediction()
    chosen = pages.data_mc_pictures(prediction, prediction.channel_names, log=True)
    return [file for files in pictures.save_pictures(chosen, folder, ("svg",), told=told, **options) for file in files]


def test_processes_write_the_same_files(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    here, there = _drawn(tmp_path / "one"), _drawn(tmp_path / "two", lambda *now: told.append(now), processes=2)
    assert [file.name for file in there] == [file.name for file in here]
    assert len(here) == CHANNELS
    assert [file.read_bytes() for file in there] == [file.read_bytes() for file in here]
    assert told == [(i, CHANNELS) for i in range(1, CHANNELS + 1)]


def test_without_processes_it_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*arguments: Any, **options: Any) -> Any:
        raise OSError("no semaphores")

    monkeypatch.setattr("wilks.templates.workers.ProcessPoolExecutor", none)
    assert len(_drawn(tmp_path, processes=4)) == CHANNELS


def test_few_figures_start_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wilks.templates.workers.mapping", None)
    prediction = _prediction()
    few = pages.data_mc_pictures(prediction, prediction.channel_names[:3])
    assert len(list(pictures.save_pictures(few, tmp_path, ("svg",), processes=8))) == 3


def test_a_mistake_in_a_process_is_one_here(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be written"):
        _drawn(tmp_path / "file", processes=2)


def test_pages_of_impacts_are_named_and_complete() -> None:
    ranking = wilks.ranking(wilks.compile_model(wilks.examples.measurement()))
    few = pages.impacts_pictures(ranking, "impacts", rows=len(ranking))
    assert [page.name for page in few] == ["impacts"]
    many = pages.impacts_pictures(ranking, "impacts", rows=5)
    assert [page.name for page in many] == [f"impacts_{i + 1}" for i in range(-(-len(ranking) // 5))]
    assert many[1].options["page"] == 2
