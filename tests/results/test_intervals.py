"""Intervals as text, and to JSON and back."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks.errors import ResultError
from wilks.results.intervals import AT_BOUND, CONVERGED, Interval, IntervalResult, percent
from wilks.results.origin import Origin

MISSING = "not reached: beyond -0.3 fits fail (a rate vanishes)"


def record() -> IntervalResult:
    return IntervalResult(
        names=("mu", "jes[0]"),
        values=np.array([1.0, 0.25]),
        uncertainties=np.array([np.nan, 0.5]),
        prefit_values=np.array([1.0, 0.0]),
        prefit_uncertainties=np.array([0.0, 1.0]),
        levels=(0.6827, 0.95),
        lower=np.array([[0.8, -0.25], [0.0, np.nan]]),
        upper=np.array([[1.3, 0.75], [1.7, 1.25]]),
        lower_status=((CONVERGED, CONVERGED), (AT_BOUND, MISSING)),
        upper_status=((CONVERGED, CONVERGED), (CONVERGED, CONVERGED)),
        twice_nll=12.5,
        notes=("a note",),
        origin=Origin("m", "observed", "0" * 64, "0.1.0", {"fixed": {}}),
    )


def test_the_parameter_of_interest_comes_first_and_is_marked(tmp_path: Path) -> None:
    swapped = replace(record(), poi="jes[0]")
    rows = swapped.table().rows
    assert [row[0] for row in rows] == ["jes[0]", "jes[0]", "mu", "mu"]
    assert [row[-1] for row in rows] == ["POI", f"POI; lower end: {MISSING}", "", "lower end at bound"]
    assert swapped.names == ("mu", "jes[0]")  # in the order that was asked for
    swapped.save(tmp_path / "intervals.json")
    assert wilks.load_result(tmp_path / "intervals.json").poi == "jes[0]"
    with pytest.raises(ValueError, match="parameter of interest"):
        replace(record(), poi="nu")


def test_results_of_before_have_no_parameter_of_interest(tmp_path: Path) -> None:
    record().save(tmp_path / "intervals.json")
    text = (tmp_path / "intervals.json").read_text(encoding="utf-8")
    (tmp_path / "old.json").write_text(re.sub(r',\s*"poi": null', "", text), encoding="utf-8")
    assert '"poi"' not in (tmp_path / "old.json").read_text(encoding="utf-8")
    assert wilks.load_result(tmp_path / "old.json").table().rows[0][0] == "mu"


def test_round_trip(tmp_path: Path) -> None:
    before = record()
    before.save(tmp_path / "intervals.json")
    after = wilks.load_result(tmp_path / "intervals.json")
    assert isinstance(after, IntervalResult)
    for name in ("values", "uncertainties", "prefit_values", "prefit_uncertainties", "lower", "upper"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    for name in ("names", "levels", "lower_status", "upper_status", "twice_nll", "notes", "origin"):
        assert getattr(after, name) == getattr(before, name)


def test_entries() -> None:
    result = record()
    assert len(result) == 2
    assert result["mu"] == Interval("mu", 0.6827, 1.0, 0.8, 1.3, CONVERGED, CONVERGED)
    assert (result["mu"].down, result["mu"].up) == pytest.approx((0.2, 0.3))
    assert result["mu", 0.95].lower_status == AT_BOUND
    assert [(interval.name, interval.level) for interval in result] == [
        ("mu", 0.6827),
        ("mu", 0.95),
        ("jes[0]", 0.6827),
        ("jes[0]", 0.95),
    ]
    lower, upper = result.symmetric(0.95)
    np.testing.assert_allclose([lower[1], upper[1]], [0.25 - 1.959964 * 0.5, 0.25 + 1.959964 * 0.5], rtol=1e-6)
    assert np.isnan([lower[0], upper[0]]).all()
    with pytest.raises(KeyError, match='no interval of "jes"'):
        result["jes"]
    with pytest.raises(KeyError, match=r"no intervals at level 0.9; there are 0.6827, 0.95"):
        result["mu", 0.9]


def test_what_counts_as_converged() -> None:
    result = record()
    assert not result.converged
    assert [interval.reliable for interval in result] == [True, True, True, False]
    whole = replace(result, lower_status=((CONVERGED, CONVERGED), (AT_BOUND, CONVERGED)))
    assert whole.converged


def test_text() -> None:
    lines = str(record()).splitlines()
    assert lines[2].split() == ["mu", "68.3", "%", "1.00", "+0.30", "-0.20", "[0.8,", "1.3]", "none"]
    assert lines[3].endswith("lower end at bound")
    assert lines[5].endswith(f"lower end: {MISSING}")
    assert lines[6] == "a note"
    assert "jes[0]" in record()._repr_html_()
    assert repr(record()) == "<IntervalResult: 2 parameters, at 68.3 %, 95 %, 1 FAILED>"
    assert percent(0.6827) == "68.3 %"
    assert str(record()["mu"]) == "1.00 +0.30 -0.20"
    assert str(record()["mu", 0.95]) == "1.00 +0.70 -1.00 (lower end at bound)"
    assert str(record()["jes[0]", 0.95]) == "0.2 +1.0 -?"
    zero = Interval("mu", 0.95, 0.0, 0.0, 1.2, AT_BOUND, CONVERGED)
    assert str(zero) == "0.0 +1.2 (lower end at bound)"
    assert Interval("mu", 0.95, 0.0, -1.0, 1.0, AT_BOUND, AT_BOUND).remark == "both ends at bound"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"values": np.zeros(3)}, "values has shape"),
        ({"lower": np.zeros((2, 3))}, "lower has shape"),
        ({"upper_status": ((CONVERGED,),)}, "upper_status needs 2 x 2 entries"),
    ],
)
def test_shapes_are_checked(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(record(), **change)  # type: ignore[arg-type]


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "intervals.json"
    record().save(path)
    path.write_text(path.read_text().replace('"twice_nll": 12.5', '"twice_nll": "twelve"'))
    with pytest.raises(ResultError, match="the intervals result is damaged: twice_nll"):
        wilks.load_result(path)
