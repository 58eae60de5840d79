from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.figures.records import make_prediction

from wilks import load_result, tables


def test_printed_on_one_line() -> None:
    prediction = make_prediction()
    assert repr(prediction) == "<Prediction: post-fit, 2 channels, 5 samples, 22 bins>"
    assert repr(prediction["4j1b CR"]) == '<ChannelPrediction: "4j1b CR", 5 samples, 11 bins>'


def test_unknown_channel_names_the_nearest() -> None:
    with pytest.raises(KeyError, match='no channel "4j1b-CR" in this prediction; did you mean "4j1b CR"'):
        make_prediction()["4j1b-CR"]


def test_blinded_bins_have_no_data(tmp_path: Path) -> None:
    prediction = make_prediction()
    blinded = prediction.blinded({"4j2b SR": (3, 4), "elsewhere": (0,)})
    assert np.flatnonzero(np.isnan(blinded["4j2b SR"].data)).tolist() == [3, 4]
    assert not np.isnan(blinded["4j1b CR"].data).any()
    assert not np.isnan(prediction["4j2b SR"].data).any()
    blinded.save(tmp_path / "p.json")
    np.testing.assert_array_equal(load_result(tmp_path / "p.json")["4j2b SR"].data, blinded["4j2b SR"].data)
    table = tables.yields(blinded)
    assert table.rows[-1][0] == "data"
    assert [cell == "blinded" for cell in table.rows[-1]] == [False, False, True]
    cells = [row[-1] for row in tables.yields(blinded, per_bin=True, channels=["4j2b SR"]).rows]
    assert [i for i, cell in enumerate(cells) if cell == "blinded"] == [3, 4]
    with pytest.raises(IndexError):
        prediction.blinded({"4j2b SR": (99,)})
