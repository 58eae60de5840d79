"""Toys in parts: what is merged is the run as if it had been one; what is missing, twice or different is named."""

from __future__ import annotations

import errno
import itertools
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import wilks
import wilks.infer.toys as toys_module
from wilks.cli import main
from wilks.errors import ModelError, ResultError
from wilks.results.encoding import encode_result
from wilks.results.toy_folder import ToyFolder, pieces
from wilks.results.toy_merge import merge_toys

COUNT = 650


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder with a workspace, the result of a single run, and the folders of three parts."""
    folder = tmp_path_factory.mktemp("parts")
    wilks.examples.search().save(folder / "workspace.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toys_module, "_AT_A_TIME", 1)  # pieces of 100 toys
        assert run(folder, "toys", "--count", COUNT, "-o", folder / "single.json").exit_code == 0
        for i in (1, 2, 3):
            assert part(folder, f"{i}/3", f"part-{i}").exit_code == 0
        yield folder


def run(folder: Path, command: str, *options: object) -> Result:
    asked = [str(folder / "workspace.json")] if command == "toys" else []
    return CliRunner().invoke(main, [command, *asked, *map(str, options)])


def part(folder: Path, which: str, into: str, *more: object) -> Result:
    return run(folder, "toys", "--count", COUNT, "--part", which, "--folder", folder / into, *more)


def folders(made: Path, *numbers: int) -> list[Path]:
    return [made / f"part-{i}" for i in numbers]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}


def test_merged_parts_are_the_single_run(made: Path, tmp_path: Path) -> None:
    found = run(made, "merge", *folders(made, 2, 3, 1), "-o", tmp_path / "all", "-o", tmp_path / "all.json")
    assert (found.exit_code, found.stderr) == (0, "")
    single = wilks.load_result(made / "single.json")
    merged = wilks.load_result(tmp_path / "all.json")
    assert encode_result(replace(merged, folder="")) == encode_result(single)
    assert run(made, "merge", *folders(made, 1, 2, 3), "-o", "-").stdout == (made / "single.json").read_text()
    # The folder is one that a single run goes on with, and that can be merged again.
    again = run(made, "toys", "--count", COUNT, "--folder", tmp_path / "all", "-o", "-")
    assert replace(wilks.load_result(made / "single.json"), folder=str(tmp_path / "all")).done == COUNT
    assert again.stdout == encode_result(replace(single, folder=str(tmp_path / "all"))).decode()
    assert ToyFolder(tmp_path / "all")["mu"].shape == (COUNT,)


def test_merging_is_associative_and_takes_any_order(made: Path, tmp_path: Path) -> None:
    results, kept = [], []
    for k, (a, b, c) in enumerate(itertools.permutations(folders(made, 1, 2, 3))):
        merge_toys([a, b], folder=tmp_path / f"{k}-first")
        results.append(merge_toys([tmp_path / f"{k}-first", c], folder=tmp_path / f"{k}").result)
        kept.append(contents(tmp_path / f"{k}"))
    assert len({encode_result(replace(result, folder="")) for result in results}) == 1
    assert all(each == kept[0] for each in kept)


def test_what_is_missing_is_named_with_its_part(made: Path, tmp_path: Path) -> None:
    found = run(made, "merge", *folders(made, 1, 3), "-o", tmp_path / "some.json")
    assert found.exit_code == 1
    assert found.stderr.splitlines() == [
        "of 650 toys these are missing: 100 to 199, 400 to 499",
        "of 3 parts these were never begun: 2",
    ]
    assert wilks.load_result(tmp_path / "some.json").done == 450
    shutil.copytree(made / "part-2", tmp_path / "two")
    (tmp_path / "two" / "toys-00000004.npz").unlink()  # as if it had been killed
    found = run(made, "merge", *folders(made, 1, 3), tmp_path / "two")
    assert found.stderr.splitlines() == [
        "of 650 toys these are missing: 400 to 499",
        "of 3 parts these are not finished: 2",
    ]


def test_what_is_there_twice_counts_once(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "part-2", tmp_path / "two")
    merged = merge_toys([*folders(made, 1, 2, 3), tmp_path / "two"])
    assert merged.notes == ("2 pieces are in several folders, and counted once",)
    assert encode_result(merged.result) == (made / "single.json").read_bytes()


def test_toys_that_differ_are_refused(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "part-2", tmp_path / "two")
    store = ToyFolder(tmp_path / "two")
    toys = store.read(1)
    assert toys is not None
    store.write(1, replace(toys, edm=np.nextafter(toys.edm, 1.0)))
    with pytest.raises(ResultError, match=r"toys 100 to 199 differ in .*part-2 and .*two"):
        merge_toys([*folders(made, 1, 2, 3), tmp_path / "two"])


def test_folders_of_other_questions_are_all_named(made: Path, tmp_path: Path) -> None:
    assert part(made, "2/3", str(tmp_path / "seed"), "--seed", 5).exit_code == 0
    assert part(made, "2/3", str(tmp_path / "mu"), "--set", "mu=0.5").exit_code == 0
    found = run(made, "merge", *folders(made, 1), tmp_path / "seed", tmp_path / "mu", tmp_path / "none")
    assert found.exit_code == 2
    lines = found.stderr.splitlines()
    assert len(lines) == 3
    assert "none/manifest.json: can't be read" in lines[0]
    assert 'seed: holds toys with another "seed" than' in lines[1]
    assert 'mu: holds toys with another "start", "truth" than' in lines[2]


def test_parts_fill_one_folder(made: Path, tmp_path: Path) -> None:
    for which in ("2/3", "3/3", "1/3", "2/3"):
        assert part(made, which, str(tmp_path / "all")).exit_code == 0
    merged = merge_toys([tmp_path / "all"])
    assert merged.missing == ()
    assert encode_result(merged.result) == (made / "single.json").read_bytes()


def test_a_full_disk_is_a_sentence_and_the_same_command_goes_on(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, written = ToyFolder._write, []

    def full(self: ToyFolder, name: str, content: bytes) -> None:
        written.append(name)
        if len(written) > 2:
            raise ResultError(f"{self.path / name}: can't be written: {errno.ENOSPC}")
        honest(self, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(ToyFolder, "_write", full)
        broken = part(made, "1/3", str(tmp_path / "one"))
    assert broken.exit_code == 2
    assert len(broken.stderr.splitlines()) == 1
    before = contents(tmp_path / "one")
    assert part(made, "1/3", str(tmp_path / "one")).exit_code == 0
    assert before.items() < contents(tmp_path / "one").items()
    assert contents(tmp_path / "one") == contents(made / "part-1")


def test_jobs_that_begin_at_once_agree_on_the_question(tmp_path: Path) -> None:
    def begin(seed: int) -> str:
        try:
            ToyFolder(tmp_path / "toys").prepare({"seed": seed, "rows": 100})
        except ResultError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(16) as executor:
        answers = list(executor.map(begin, [1, 2] * 40))
    first = ToyFolder(tmp_path / "toys").manifest["seed"]
    assert answers[first - 1 :: 2] == [""] * 40
    assert all('holds toys with another "seed"' in answer for answer in answers[2 - first :: 2])
    assert [path.name for path in (tmp_path / "toys").iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("which", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/3/5"])
def test_parts_that_are_none(made: Path, which: str, tmp_path: Path) -> None:
    found = part(made, which, str(tmp_path / "toys"))
    assert found.exit_code == 2
    assert f'--part: "{which}" is not I/N with I from 1 to N, such as 3/100' in found.stderr


def test_a_part_needs_a_folder_and_something_to_do(made: Path, tmp_path: Path) -> None:
    assert "name one with --folder" in run(made, "toys", "--part", "1/3").stderr
    found = part(made, "8/8", str(tmp_path / "toys"))
    assert found.exit_code == 2
    assert (
        "part 8 of 8 has nothing to do: 650 toys of this model are 7 pieces of 100; use 7 parts at most" in found.stderr
    )
    assert not (tmp_path / "toys").exists()
    model = wilks.compile_model(wilks.examples.search())
    with pytest.raises(ModelError, match="name one"):
        wilks.toys(model, count=10, seed=1, part=(1, 2))


def test_parts_share_all_pieces() -> None:
    parts: list[Any] = [pieces(1234, 100, (i, 5)) for i in range(1, 6)]
    assert sorted((p for each in parts for p in each), key=lambda p: p.number) == pieces(1234, 100)
