"""Titles in place of names."""

from __future__ import annotations

import numpy as np
import pytest
from tests.infer.rankable import mixed_spec

import wilks
from wilks.errors import InputError
from wilks.figures import titled


def test_all_names_change_and_nothing_else() -> None:
    model = wilks.compile_model(wilks.load_workspace(mixed_spec()))
    result = wilks.ranking(model)
    name = result.names[0]
    changed = titled(result, {name: "first", str(model.poi): r"$\mu$"})
    assert changed.names == ("first", *result.names[1:])
    assert changed.pois == (r"$\mu$",)
    assert result.names[0] == name
    assert changed.origin == result.origin
    np.testing.assert_array_equal(changed.impacts, result.impacts)
    prediction = wilks.predict(model)
    sample = prediction.channels[0].samples[0]
    assert titled(prediction, {sample: "S"}).channels[0].samples[0] == "S"


def test_mistakes_are_told_together() -> None:
    result = wilks.fit(wilks.compile_model(wilks.load_workspace(mixed_spec())))
    first, second = result.names[:2]
    with pytest.raises(InputError) as caught:
        titled(result, {"nobody": "n", first: "same", second: "same"})
    unknown, twice = caught.value.problems
    assert unknown.startswith('titles: no "nobody" in this result')
    assert twice == 'titles: "same" would stand for several names'
