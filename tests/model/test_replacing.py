"""Workspaces with other data."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from tests.workspace.documents import EXAMPLE

import wilks
from wilks.errors import InputError, KindError

SEARCH = wilks.examples.search()


def test_asimov_data_are_fitted_as_such() -> None:
    model = wilks.compile_model(SEARCH)
    data = wilks.asimov(model, values={"mu": 2.0})
    replaced = wilks.compile_model(wilks.with_data(SEARCH, data))
    np.testing.assert_array_equal(replaced.observed(), data.values)
    assert wilks.fit(replaced)["mu"].value == pytest.approx(2.0, abs=1e-4)


def test_counts_by_channel_and_of_another_workspace() -> None:
    workspace = wilks.load_workspace(copy.deepcopy(EXAMPLE))
    one = wilks.with_data(workspace, {"CR": np.array([7])})
    assert [o["data"] for o in one.spec["observations"]] == [[54, 71], [7]]
    assert wilks.with_data(workspace, one) == one
    assert wilks.with_data(one, workspace) == workspace
    assert workspace.spec == EXAMPLE


def test_counts_in_masked_bins_stay() -> None:
    spec = SEARCH.spec
    masks = [{"channel": "SR 2b", "bins": [5]}, {"channel": "CR top"}]
    masked = wilks.load_workspace({**spec, "masks": masks, "version": "wilks-1"})
    before, after = (
        {o["name"]: o["data"] for o in workspace.spec["observations"]}
        for workspace in (masked, wilks.with_data(masked, wilks.asimov(wilks.compile_model(masked))))
    )
    assert after["SR 2b"][5] == before["SR 2b"][5] != 0
    assert after["SR 2b"][0] != before["SR 2b"][0]
    assert after["CR top"] == before["CR top"]
    whole = wilks.with_data(masked, wilks.asimov(wilks.compile_model(masked, masks=False)))
    assert whole.spec["observations"][0]["data"][5] != before["SR 2b"][5]


def test_auxiliary_data_that_moved_are_refused() -> None:
    model = wilks.compile_model(SEARCH)
    with pytest.raises(InputError, match="the auxiliary data are not those of the workspace"):
        wilks.with_data(SEARCH, wilks.asimov(model, values={"b-tagging": 0.5}))


@pytest.mark.parametrize(
    ("data", "sentences"),
    [
        ({"SRR": [1], "CR": [1, 2]}, ['no channel "SRR"', '2 numbers for channel "CR", which has 1 bins']),
        ({"CR": "7"}, ['channel "CR" needs a list of numbers']),
        ({"CR": [True]}, ['channel "CR" needs a list of numbers']),
        ({"CR": [float("nan")]}, ["a finite number needed"]),
    ],
)
def test_everything_that_is_wrong_is_said(data: Any, sentences: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        wilks.with_data(wilks.load_workspace(copy.deepcopy(EXAMPLE)), data)
    assert len(caught.value.problems) == len(sentences)
    for sentence in sentences:
        assert sentence in str(caught.value)


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(KindError, match="counts by channel"):
        wilks.with_data(SEARCH, np.ones(3))  # type: ignore[arg-type]
