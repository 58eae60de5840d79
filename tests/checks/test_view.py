"""The numbers that rules work on, against a few lines of arithmetic."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from wilks.checks.view import View
from wilks.workspace.spec import Document
from wilks.workspace.workspace import Workspace


def test_effects_of_one_row(good: dict[str, Any]) -> None:
    view = View(Workspace(msgspec.convert(good, Document)))
    effects = view.effects
    row = next(r for r in effects.rows["jet energy scale"] if view.blocks[effects.block[r]].name == "SR / top")
    # Nominal 300, 200, 100; up 288, 204, 105; down 312, 197, 94; all samples of SR: 420, 340, 230.
    assert effects.up[row] == pytest.approx(597 / 600 - 1)
    assert effects.down[row] == pytest.approx(603 / 600 - 1)
    assert effects.size[row] == pytest.approx(12 / 300)
    assert effects.apart[row] == pytest.approx(24 / 300)
    assert effects.shift[row] == pytest.approx(np.sqrt(12**2 / 420 + 4**2 / 340 + 6**2 / 230))
    assert effects.shape_size[row] == pytest.approx(1 - 94 / 100 * 600 / 603)
    assert effects.negative[row] < 0
    assert effects.has_shape[row]
    assert effects.finite[row]


def test_parameters_know_their_blocks(good: dict[str, Any]) -> None:
    view = View(Workspace(msgspec.convert(good, Document)))
    assert {name: len(use.blocks) for name, use in view.parameters.items()} == {
        "luminosity": 6,
        "jet energy scale": 6,
        "staterror": 6,
        "mu": 2,
        "mu_top": 2,
    }
    assert view.total["SR"].tolist() == [420.0, 340.0, 230.0]
