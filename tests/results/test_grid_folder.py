"""Answers of a grid on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.infer.searches import one_channel

import wilks
from wilks.errors import ResultError
from wilks.results.grid_folder import GridFolder, file_name

ASKED: dict[str, Any] = {"level": 0.95, "bounds": {"mu": [0.0, "inf"]}}


@pytest.mark.parametrize(("name", "file"), [("m = -1, k = 2.5", "m--1-k-2.5"), ("a/b", "a-b"), ("S_300", "S_300")])
def test_names_of_files(name: str, file: str) -> None:
    assert file_name(name) == file


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    answer = wilks.limit(wilks.compile_model(wilks.load_workspace(one_channel([10.0], [50.0], [53.0], []))))
    digest, folder = answer.origin.workspace_digest, GridFolder(tmp_path / "points")
    assert folder.answer("a", digest, ASKED) is None
    folder.check({"a": ASKED}, other_data=False)
    folder.save("a", answer, ASKED)
    found = folder.answer("a", digest, ASKED)
    assert found is not None
    assert found.observed == answer.observed
    assert folder.answer("a", "another", ASKED) is None
    folder.check({"a": ASKED, "b": ASKED}, other_data=False)
    for asked, other_data, different in (
        (ASKED | {"level": 0.9}, False, "level"),
        ({"level": 0.95}, False, "bounds"),
        (ASKED, True, "data"),
    ):
        with pytest.raises(ResultError, match=f'another "{different}"; choose another folder'):
            folder.check({"a": asked}, other_data=other_data)
    with pytest.raises(ResultError, match='another "data"'):
        folder.answer("a", digest, ASKED | {"data": {"label": "Asimov"}})
