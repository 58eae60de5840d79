"""Records of goodness of fit and compatibility: round trip, text, and what they refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.results.goodness_records import make_compatibility, make_goodness
from tests.results.test_io import equal

from wilks import load_result
from wilks.errors import ResultError


@pytest.mark.parametrize(
    "record", [make_goodness(), make_goodness(500), make_goodness(0, ndof=-1), make_compatibility()]
)
def test_round_trip_is_exact(record: Any, tmp_path: Path) -> None:
    record.save(tmp_path / "result.json")
    assert equal(load_result(tmp_path / "result.json"), record)


def test_text_has_what_was_found() -> None:
    text = str(make_goodness(1000))
    assert "24.300000 / 21 degrees of freedom" in text
    assert "0.2789 (asymptotic)" in text
    assert "(990 toys, seed 7)" in text
    assert "10 of 1000 without a statistic; 10 no step improves the likelihood any more" in text
    assert "constraint terms" in text
    assert "no degree of freedom is left" in str(make_goodness(ndof=0))
    assert "NOT CONVERGED: flat" in str(replace(make_goodness(), converged=False, status="flat"))
    assert repr(make_goodness()) == "<GoodnessOfFit: saturated, 24.3 / 21, p = 0.2789>"
    text = str(make_compatibility())
    assert "SR1, CR1" in text
    assert "0.98" in text
    assert "3 groups" in repr(make_compatibility())
    assert "NOT CONVERGED: flat" in str(replace(make_compatibility(), converged=False, status="flat"))


def test_error_of_a_fraction_of_toys() -> None:
    result = make_goodness(1000)
    p = result.toys_p_value
    large = (result.usable_toys >= 24.3).sum()
    assert result.toys_p_range == pytest.approx((large / 1000, (large + 10) / 1000))
    assert result.toys_p_range[0] < p < result.toys_p_range[1]
    farther = max(p - result.toys_p_range[0], result.toys_p_range[1] - p)
    assert result.toys_p_uncertainty == pytest.approx(np.sqrt(p * (1 - p) / 990 + farther**2))
    assert "with the 10 toys without a fit the p-value lies between" in str(result)
    assert np.isnan(make_goodness().toys_p_range[0])
    none = replace(result, toys_p_value=0.0, toys_p_range=(0.0, 0.0))
    assert none.toys_p_uncertainty == pytest.approx(1 / 990, rel=1e-3)


def test_toys_that_were_not_made_are_no_failures() -> None:
    statuses = {"converged": 990, "interrupted": 7, "no step improves the likelihood any more": 3}
    result = replace(make_goodness(1000), statuses=statuses, toys_p_range=(np.nan, np.nan))
    large = (result.usable_toys >= 24.3).sum()
    assert result.lost_toys == 3
    assert result.toys_p_range == pytest.approx((large / 993, (large + 3) / 993))
    unmade = replace(result, statuses={"converged": 990, "interrupted": 10}, toys_p_range=(np.nan, np.nan))
    assert unmade.toys_p_range == pytest.approx((large / 990, large / 990))
    assert "without a fit" not in str(unmade)


def test_old_files_have_no_ranges(tmp_path: Path) -> None:
    path, record = tmp_path / "gof.json", make_goodness(500)
    record.save(path)
    document = json.loads(path.read_text())
    del document["toys_p_range"]
    for channel in document["channels"]:
        del channel["p_range"]
    path.write_text(json.dumps(document))
    assert load_result(path).toys_p_range == record.toys_p_range


def test_a_channel_s_p_value_is_an_interval_too() -> None:
    channel = replace(make_goodness(500).channels[0], p_range=(0.205, 0.215))
    table = replace(make_goodness(500), channels=(channel,)).table()
    assert "0.21 (0.205 to 0.215)" in table.text()


def test_nothing_usable_gives_no_error() -> None:
    assert np.isnan(make_goodness().toys_p_uncertainty)


def test_what_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one statistic and one status"):
        replace(make_goodness(500), toys=np.ones(3))
    with pytest.raises(ValueError, match="one value for each group"):
        replace(make_compatibility(), values=np.ones(2))
    path = tmp_path / "c.json"
    make_compatibility().save(path)
    path.write_text(path.read_text().replace('"groups": ["region 0", ', '"groups": ['))
    with pytest.raises(ResultError, match="damaged"):
        load_result(path)
