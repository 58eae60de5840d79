from __future__ import annotations

import pytest
from tests.figures.records import make_prediction


def test_printed_on_one_line() -> None:
    prediction = make_prediction()
    assert repr(prediction) == "<Prediction: post-fit, 2 channels, 5 samples, 22 bins>"
    assert repr(prediction["4j1b CR"]) == '<ChannelPrediction: "4j1b CR", 5 samples, 11 bins>'


def test_unknown_channel_names_the_nearest() -> None:
    with pytest.raises(KeyError, match='no channel "4j1b-CR" in this prediction; did you mean "4j1b CR"'):
        make_prediction()["4j1b-CR"]
