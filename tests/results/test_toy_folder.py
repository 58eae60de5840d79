"""Toys on disk, piece by piece."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wilks._files import partial
from wilks.errors import ResultError
from wilks.results.toy_folder import ToyFolder, Toys

MANIFEST: dict[str, Any] = {"seed": 1, "names": ["mu", "jes"], "rows": 3}


def piece(first: int = 0) -> Toys:
    values = np.arange(6.0).reshape(3, 2) + first
    statuses = ("converged", "the likelihood is flat", "converged")
    return Toys(first, values, 0.1 * values, np.array([1.0, np.nan, 3.0]), np.ones(3), statuses, np.empty((3, 0)))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    folder = ToyFolder(tmp_path / "toys")
    folder.prepare(MANIFEST)
    folder.prepare(MANIFEST)
    assert folder.read(0) is None
    for i in range(2):
        folder.write(i, piece(3 * i))
    again = list(folder)
    assert [toys.first for toys in again] == [0, 3]
    np.testing.assert_array_equal(again[1].values, piece(3).values)
    np.testing.assert_array_equal(again[1].twice_nll, piece(3).twice_nll)
    assert again[0].statuses == piece().statuses
    np.testing.assert_array_equal(again[0].converged, [True, False, True])
    np.testing.assert_array_equal(folder["jes"], [1, 3, 5, 4, 6, 8])
    assert len(again[0].upto(2)) == 2
    assert again[0].upto(2).statuses == piece().statuses[:2]
    assert folder.manifest["seed"] == 1
    with pytest.raises(KeyError, match='no parameter "nu"'):
        folder["nu"]


def test_what_is_wrong_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="can't be read"):
        ToyFolder(tmp_path / "none").manifest  # noqa: B018
    folder = ToyFolder(tmp_path / "toys")
    folder.prepare(MANIFEST)
    with pytest.raises(ResultError, match='another "seed", "names"'):
        folder.prepare({**MANIFEST, "seed": 2, "names": ["mu"]})
    folder.write(0, piece())
    with pytest.raises(ResultError, match="of another model"):
        folder.read(0, 7)
    for content in (b"", b"PK", (tmp_path / "toys" / "toys-00000000.npz").read_bytes()[:-30]):
        (tmp_path / "toys" / "toys-00000000.npz").write_bytes(content)
        with pytest.raises(ResultError, match="damaged; delete it"):
            folder.read(0)
    for content in ('{"format": 9, "rows": 1}', "[]", "no", '{"rows": 1}'):
        (tmp_path / "toys" / "manifest.json").write_text(content)
        with pytest.raises(ResultError, match=r"reads format 1|damaged one"):
            folder.prepare(MANIFEST)
    (tmp_path / "file").write_text("x")
    for target in ("file", "."):
        with pytest.raises(ResultError, match="is not a folder of toys"):
            ToyFolder(tmp_path / target).prepare(MANIFEST)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("values", np.ones((2, 2))),
        ("values", np.ones((3, 2), dtype=complex)),
        ("edm", np.array(["a", "b", "c"])),
        ("twice_nll", np.ones((3, 1))),
        ("profile", np.empty((2, 0))),
        ("status", np.array([0, 1], np.uint8)),
        ("status", np.array([0.5, 1, 0])),
    ],
)
def test_a_piece_is_checked_whole(name: str, array: np.ndarray, tmp_path: Path) -> None:
    folder = ToyFolder(tmp_path)
    folder.write(0, piece())
    path = tmp_path / "toys-00000000.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **{**arrays, name: array})
    with pytest.raises(ResultError, match="damaged; delete it"):
        folder.read(0)


def test_a_run_that_was_killed_before_it_began_can_begin(tmp_path: Path) -> None:
    partial(tmp_path / "manifest.json").write_bytes(b"{")
    ToyFolder(tmp_path).prepare(MANIFEST)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]
