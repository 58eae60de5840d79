"""Questions with toys in parts: the bits of one run, whatever is killed, twice, missing or of another question."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import wilks
import wilks.infer.toy_tests as toy_tests
from wilks.cli import main
from wilks.elsewhere import piece_questions, pieces
from wilks.elsewhere.piece_merge import merge_pieces
from wilks.elsewhere.pieces import PartDone, PieceFolder
from wilks.errors import ModelError, ResultError
from wilks.model.model import Model
from wilks.results.encoding import encode_result


def _channel(name: str, signal: float, background: float, up: float) -> dict[str, Any]:
    varied = {"name": "rate", "type": "normsys", "data": {"hi": up, "lo": 1 / up}}
    samples = [
        {"name": "signal", "data": [signal], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
        {"name": "background", "data": [background], "modifiers": [varied]},
    ]
    return {"name": name, "samples": samples}


WORKSPACE = wilks.load_workspace(
    {
        "channels": [_channel("a", 5.0, 10.0, 1.1), _channel("b", 3.0, 20.0, 1.2)],
        "observations": [{"name": "a", "data": [14.0]}, {"name": "b", "data": [21.0]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
)


@pytest.fixture(scope="module")
def model() -> Model:
    return wilks.compile_model(WORKSPACE)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pieces small: of 64 toys of a test, of 100 others."""
    monkeypatch.setattr(toy_tests, "BATCH", 1)
    monkeypatch.setattr("wilks.infer.toys._AT_A_TIME", 1)
    monkeypatch.setattr("wilks.infer.goodness_of_fit._AT_A_TIME", 1)
    monkeypatch.setattr("wilks.infer.compatibility._AT_A_TIME", 1)


ASKED: dict[str, Callable[..., Any]] = {
    "toys": lambda m, **how: wilks.toys(m, count=350, seed=3, profile="mu", **how),
    "limit": lambda m, **how: wilks.limit(m, calculator="toys", toys=64, **how),
    "test": lambda m, **how: wilks.hypotest(m, value=[0.5, 1.0], calculator="toys", toys=128, **how),
    "significance": lambda m, **how: wilks.significance(m, toys=300, **how),
    "goodness of fit": lambda m, **how: wilks.goodness_of_fit(m, toys=350, **how),
    "coverage": lambda m, **how: wilks.coverage(
        m, values=[0.5, 1.0], methods=["profile", "feldman-cousins"], toys=35, inner_toys=100, **how
    ),
    "Feldman-Cousins": lambda m, **how: wilks.feldman_cousins(m, toys=200, precision=0.1, **how),
    "look-elsewhere": lambda m, **how: wilks.global_significance({"1": WORKSPACE, "2": WORKSPACE}, toys=150, **how),
    "compatibility": lambda m, **how: wilks.compatibility(m, workspace=WORKSPACE, toys=350, **how),
}


@pytest.mark.parametrize("name", ASKED)
def test_parts_have_the_bits_of_a_single_run(name: str, model: Model, tmp_path: Path) -> None:
    ask, single = ASKED[name], encode_result(ASKED[name](model))
    for i in (1, 2, 3):
        with pytest.raises(PartDone):
            ask(model, executor=PieceFolder(tmp_path / f"{i}", part=(i, 3)))
    merged = merge_pieces([tmp_path / f"{i}" for i in (3, 1, 2)], folder=tmp_path / "all")
    assert (merged.missing, merged.notes) == (0, ())
    whole = PieceFolder(tmp_path / "all")
    assert encode_result(ask(model, executor=whole)) == single
    assert whole.found == merged.count
    # Points of these depend on the answers before.
    assert (whole.made > 0) == (name in ("limit", "Feldman-Cousins"))


def test_parts_make_one_round_after_the_other(model: Model, tmp_path: Path) -> None:
    ask, rounds = ASKED["limit"], 0
    while True:
        rounds, ends = rounds + 1, []
        for i in (2, 1):
            try:
                ends.append(ask(model, executor=PieceFolder(tmp_path / "a", part=(i, 2))))
            except PartDone:
                continue
        if len(ends) == 2:
            break
    assert rounds > 2
    assert {encode_result(each) for each in ends} == {encode_result(ask(model))}


def test_a_part_can_go_on_to_the_answer_with_what_others_left(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = ASKED["limit"]
    with pytest.raises(PartDone, match=r"part 2 of 3 is done: 2 pieces made; the answer needs 5 more"):
        ask(model, executor=PieceFolder(tmp_path / "a", part=(2, 3)))
    monkeypatch.setattr(pieces, "_PATIENCE", 0.01)  # nobody else is at it
    kept = PieceFolder(tmp_path / "a", part=(3, 3), finish=True)
    assert encode_result(ask(model, executor=kept)) == encode_result(ask(model))
    assert kept.found == 2
    assert kept.made == kept.asked - 2 == len(list((tmp_path / "a").glob("piece-*"))) - 2


def test_what_is_done_by_ctrl_c_is_kept(model: Model, tmp_path: Path) -> None:
    for part, stops in (((1, 2), True), (None, False)):
        kept = PieceFolder(tmp_path / str(stops), part=part)
        with pytest.raises(PartDone, match=r"^part 1 of 2 was stopped: \d pieces made$") if stops else nullcontext():
            found = ASKED["test"](model, executor=kept, progress=lambda done, total, kept=kept: kept.made < 2)
            assert set(found.statuses) == {"interrupted"}
        assert len(list(kept.path.glob("piece-*"))) == kept.made == 2
    kept = PieceFolder(tmp_path / "False")
    assert encode_result(ASKED["test"](model, executor=kept)) == encode_result(ASKED["test"](model))
    assert (kept.found, kept.made) == (2, 4)


def test_jobs_share_a_folder(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_BETWEEN", 0.001)
    kept = [PieceFolder(tmp_path / "a", part=(i, 2), finish=True) for i in (1, 2)]
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda each: ASKED["test"](model, executor=each, threads=1), kept))
    assert {encode_result(each) for each in found} == {encode_result(ASKED["test"](model))}
    assert len(list((tmp_path / "a").glob("piece-*"))) == kept[0].asked == kept[1].asked
    assert [each.made for each in kept] == [3, 3]  # each waits for the other, and makes nothing again
    assert merge_pieces([tmp_path / "a"]).notes == ()


def test_workers_make_what_is_missing(model: Model, tmp_path: Path) -> None:
    with suppress(PartDone):
        ASKED["test"](model, executor=PieceFolder(tmp_path / "a", part=(1, 2)))
    with ThreadPoolExecutor(2) as executor:
        kept = PieceFolder(tmp_path / "a", workers=executor)
        found = ASKED["test"](model, executor=kept)
    assert encode_result(found) == encode_result(ASKED["test"](model))
    assert kept.found == kept.made == 3
    assert kept.pool is not None
    assert kept.pool.counts.done > 0


def test_merging_is_associative(model: Model, tmp_path: Path) -> None:
    for i in (1, 2, 3):
        with suppress(PartDone):
            ASKED["test"](model, executor=PieceFolder(tmp_path / f"{i}", part=(i, 3)))
    contents = []
    for k, (a, b, c) in enumerate(itertools.permutations([tmp_path / f"{i}" for i in (1, 2, 3)])):
        merge_pieces([a, b], folder=tmp_path / f"{k}-first")
        assert merge_pieces([c, tmp_path / f"{k}-first", a], folder=tmp_path / f"{k}").count == 6
        contents.append({path.name: path.read_bytes() for path in (tmp_path / f"{k}").iterdir()})
    assert all(each == contents[0] for each in contents)


def test_a_full_disk_is_a_sentence_and_the_rest_is_kept(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, written = piece_questions.write_atomically, []

    def full(path: Path, content: bytes) -> None:
        if len(written) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written.append(path)
        honest(path, content)

    monkeypatch.setattr(piece_questions, "write_atomically", full)
    with pytest.raises(ResultError, match=r"^\S*piece-\w+\.npz: can't be written: No space left on device$"):
        ASKED["test"](model, executor=PieceFolder(tmp_path / "a"))
    monkeypatch.undo()
    monkeypatch.setattr(toy_tests, "BATCH", 1)
    kept = PieceFolder(tmp_path / "a")
    assert encode_result(ASKED["test"](model, executor=kept)) == encode_result(ASKED["test"](model))
    assert (kept.found, kept.made) == (3, 3)


def test_other_folders_are_refused_and_named(model: Model, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    wilks.significance(model, toys=128, executor=PieceFolder(folder))

    def refused(match: str, verb: Callable[..., Any] = wilks.significance, **other: Any) -> None:
        with pytest.raises(ResultError, match=match):
            verb(**{"model": model, "toys": 100, "executor": PieceFolder(folder), **other})

    refused('^.*a: holds pieces of a question with another "seed"; choose another folder$', seed=2)
    refused('another "kind of question"', wilks.goodness_of_fit)
    refused('another "best fit', result=replace(wilks.fit(model), status="another one"))
    refused('another "data set"', data=wilks.asimov(model))
    refused('another "parameters held, bounds or start"', fixed={model.parameter_names[-1]: 1.0})
    refused('another "workspace or measurement"', model=wilks.compile_model(WORKSPACE, normsys="code1"))
    wilks.significance(model, toys=300, executor=PieceFolder(folder))  # more of the same
    (piece,) = list(folder.glob("piece-*"))[:1]
    piece.write_bytes(piece.read_bytes()[:-9])
    refused("this piece is damaged; delete it to have it made again", toys=300)
    with pytest.raises(ResultError, match="this piece is damaged"):
        merge_pieces([folder], folder=tmp_path / "b")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "thesis.tex").write_text("")
    refused("exists, and is not a folder of pieces", executor=PieceFolder(tmp_path / "c"))
    with pytest.raises(ModelError, match="found 4 of 3"):
        PieceFolder(folder, part=(4, 3))
    with pytest.raises(ModelError, match="finish: is for a part"):
        PieceFolder(folder, finish=True)


def test_what_can_not_be_merged_is_named(model: Model, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        wilks.significance(model, toys=100, seed=seed, executor=PieceFolder(tmp_path / name))
    (piece,) = list((tmp_path / "b").glob("piece-*"))[:1]
    piece.write_bytes((next((tmp_path / "c").glob("piece-*"))).read_bytes())
    with pytest.raises(ResultError, match=rf"^{piece.name} differs in .*a and .*b$"):
        merge_pieces([tmp_path / "a", tmp_path / "b"])
    with pytest.raises(ResultError) as caught:
        merge_pieces([tmp_path / name for name in "acd"])
    assert "d/pieces.json: can't be read" in caught.value.problems[0]
    assert 'c: holds pieces of a question with another "seed" than' in caught.value.problems[1]


def call(*options: object) -> Result:
    return CliRunner().invoke(main, [str(option) for option in options])


def test_the_command_line(tmp_path: Path) -> None:
    WORKSPACE.save(tmp_path / "ws.json")
    asked = ("hypotest", tmp_path / "ws.json", "--toys", 200, "--value", 0.5)
    for i in (1, 3):
        done = call(*asked, "--part", f"{i}/3", "--folder", tmp_path / f"{i}", "-o", tmp_path / "no.json")
        assert (done.exit_code, done.stdout) == (0, "")
        assert done.stderr == (
            f"part {i} of 3 is done: {3 if i == 1 else 2} pieces made; the answer needs {5 if i == 1 else 6} "
            "more of other parts; when they are there, the same command goes on, with --part or without\n"
        )
    assert not (tmp_path / "no.json").exists()
    merged = call("merge", tmp_path / "1", tmp_path / "3", "-o", tmp_path / "all")
    assert (merged.exit_code, merged.stdout) == (1, f"5 pieces in {tmp_path / 'all'}\n")
    assert merged.stderr.splitlines() == ["of 8 pieces 3 are missing", "of 3 parts these were never begun: 2"]
    assert call(*asked, "--folder", tmp_path / "all", "-o", "-").stdout == call(*asked, "-o", "-").stdout
    assert call("merge", tmp_path / "all").exit_code == 0
    for options, sentence in (
        (("--part", "1/3"), "--part: what a part makes is kept in a folder; name one with --folder"),
        (("--finish", "--folder", "x"), "--finish is for a part"),
        (("--toys", 0, "--folder", "x"), "--folder keeps toys; say how many with --toys N"),
        (("--part", "4/3", "--folder", "x"), '--part: "4/3" is not I/N with I from 1 to N'),
    ):
        found = call(*asked, *options)
        assert (found.exit_code, sentence in found.stderr) == (2, True), found.stderr
    found = call("merge", tmp_path / "all", "-o", tmp_path / "all.json")
    assert "pieces have no result of their own" in found.stderr


def test_a_killed_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    WORKSPACE.save(tmp_path / "ws.json")
    asked = ["significance", "ws.json", "--toys", "900000", "--threads", "1", "--folder", "kept"]
    process = subprocess.Popen([sys.executable, "-m", "wilks", *asked], cwd=tmp_path)
    until = time.monotonic() + 60
    while not (made := len(list(tmp_path.glob("kept/piece-*")))) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert made
    kept = PieceFolder(tmp_path / "kept")
    wilks.significance(wilks.compile_model(WORKSPACE), toys=3000, executor=kept)
    assert kept.found
