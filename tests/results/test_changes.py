"""Differences between fits, and the table of them."""

from dataclasses import replace

import numpy as np
import pytest
from tests.figures.records import make_fit

import wilks
from wilks.errors import InputError
from wilks.results.changes import changes, largest


def test_changes_are_in_prefit_uncertainties_or_in_those_of_the_first_fit() -> None:
    first = make_fit(staterrors=0)
    wide = np.where(np.array(first.constraints) == "none", 0.0, 2.0)
    first = replace(first, prefit_uncertainties=wide)
    other = replace(first, values=first.values + 0.5, uncertainties=10 * first.uncertainties)
    found = changes({"a": first, "b": other, "c": first}, ["Luminosity", "ttbar_norm"])
    assert found["Luminosity"] == pytest.approx((0.25, 0.0))
    assert found["ttbar_norm"] == pytest.approx((0.5 / first["ttbar_norm"].uncertainty, 0.0))


def test_there_is_no_change_of_what_is_held_or_missing() -> None:
    first = make_fit(staterrors=0)
    held = replace(first, fixed=np.array([name == "Pile-up" for name in first.names]))
    fewer = make_fit(names=("Luminosity",), staterrors=0)
    found = changes({"a": first, "b": held, "c": fewer}, ["Pile-up", "Luminosity"])
    assert np.isnan(found["Pile-up"]).all()
    assert np.isfinite(found["Luminosity"]).all()
    assert largest(found["Pile-up"]) == 0


def test_the_table_begins_with_what_changes_most() -> None:
    first = make_fit()
    values = first.values.copy()
    values[first.index("b-tag NP 3")] -= 1.25
    values[first.index("Luminosity")] += 0.5
    table = wilks.tables.changes({"s+b": first, "b-only": replace(first, values=values)}, rows=3)
    assert table.header == ("parameter", "s+b", "b-only", "change in b-only")
    assert [(row[0], row[-1]) for row in table.rows[:2]] == [("b-tag NP 3", "-1.25"), ("Luminosity", "+0.50")]
    assert table.title == "Changes from s+b, in pre-fit uncertainties: the 3 largest of 13"
    assert not any("staterror" in row[0] for row in table.rows)
    with pytest.raises(InputError, match="between two fits"):
        wilks.tables.changes({"a": first})
