"""Records of tests, limits and significances: shapes, texts, files."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wilks import load_result
from wilks.errors import ResultError
from wilks.results.hypotest import HypothesisTest, LimitResult, PValues, SignificanceResult, ToyCounts, power
from wilks.results.origin import Origin

ORIGIN = Origin("m", "observed", "0" * 64, "0.1.0", {"level": 0.95})


def p_values(cls: np.ndarray) -> PValues:
    return PValues(cls / 2, np.full(cls.shape, 0.5), cls, np.log10(cls / 2), np.log10(cls))


def make_test(n: int = 3, statistic: str = "q~", toys: int = 0) -> HypothesisTest:
    counts = None
    if toys:
        each = np.full(n, 0.01)
        samples = np.linspace(0, 5, n * toys).reshape(n, toys)
        counts = ToyCounts(
            "7",
            np.full(n, float(toys)),
            np.arange(n, dtype=float),
            np.zeros(n),
            each,
            2 * each,
            np.full((n, 5), 0.02),
            samples,
            samples,
        )
    return HypothesisTest(
        poi="mu",
        values=np.linspace(0.5, 2, n),
        statistic=statistic,
        calculator="toys" if toys else "asymptotic",
        base="" if toys else "clipped_normal",
        alternative=0.0,
        best_value=0.3,
        test_statistic=np.linspace(1, 4, n),
        asimov_statistic=np.linspace(1, 5, n),
        observed=p_values(np.linspace(0.9, 0.01, n)),
        expected=p_values(np.tile(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), (n, 1))),
        statuses=("converged",) * (n - 1) + ("no minimum",),
        origin=ORIGIN,
        counts=counts,
    )


def make_limit(**changes: Any) -> LimitResult:
    nothing = np.full(5, np.nan)
    result = LimitResult(
        "mu", 0.9, np.nan, np.arange(1.0, 6), np.nan, nothing, ("lost",) + ("converged",) * 5, make_test(), ORIGIN
    )
    return replace(result, **changes)


def make_significance(**changes: Any) -> SignificanceResult:
    two = np.array([1.0, 2.0])
    result = SignificanceResult(
        "mu", 1.2, 2025.0, 45.0, 0.0, -442.03, two, two, two / 10, -two, "converged", ("converged", "lost"), ORIGIN
    )
    return replace(result, **changes)


@pytest.mark.parametrize("record", [make_test(), make_test(toys=4), make_limit(), make_significance()])
def test_files_keep_everything(tmp_path: Path, record: Any) -> None:
    record.save(tmp_path / "result.json")
    again = load_result(tmp_path / "result.json")
    assert type(again) is type(record)
    assert str(again) == str(record)
    for field in fields(record):
        kept, was = getattr(again, field.name), getattr(record, field.name)
        if isinstance(was, np.ndarray):
            np.testing.assert_array_equal(kept, was)
        elif isinstance(was, str | float | int | tuple):
            np.testing.assert_equal(kept, was)


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (make_test, {"test_statistic": np.zeros(2)}),
        (make_test, {"statuses": ("converged",)}),
        (make_test, {"expected": p_values(np.full((3, 4), 0.1))}),
        (make_limit, {"expected": np.zeros(4)}),
        (make_limit, {"statuses": ("converged",)}),
        (make_significance, {"expected_p_value": np.zeros(1)}),
        (make_significance, {"expected_statuses": ()}),
    ],
)
def test_shapes_must_agree(make: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        replace(make(), **changes)


def test_p_values_have_one_shape() -> None:
    with pytest.raises(ValueError, match="one shape"):
        PValues(np.zeros(2), np.zeros(2), np.zeros(3), np.zeros(2), np.zeros(2))


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    make_limit().save(tmp_path / "limit.json")
    text = (tmp_path / "limit.json").read_text().replace('"lost",', "")
    (tmp_path / "limit.json").write_text(text)
    with pytest.raises(ResultError, match=r"the limit result is damaged: 6 statuses needed, found 5"):
        load_result(tmp_path / "limit.json")


def test_texts_of_a_test() -> None:
    text = str(make_test())
    assert "q~ (asymptotic, clipped_normal)" in text
    assert "mu = 2: no minimum" in text
    assert [line.split()[:1] for line in text.splitlines() if line.startswith(("0.5", "1.25", "2 "))] == [
        ["0.5"],
        ["1.25"],
        ["2"],
    ]
    assert make_test(statistic="q0").table().header[2] == "p0"
    assert make_test(statistic="t").table().header[2] == "CLs+b"
    assert make_test().table().header[2:5] == ("CLs+b", "CLb", "CLs")
    assert repr(make_test(1)) == "<HypothesisTest: mu = 0.5, q~, asymptotic, CLs = 0.9>"
    toys = make_test(toys=4)
    assert toys.table().header[5] == "toy error"
    assert "4 of each hypothesis, seed 7" in str(toys)
    assert "toys without fit: 3" in str(toys)
    assert not toys.converged


def test_texts_of_a_limit() -> None:
    result = make_limit()
    assert "Upper limits on mu at 90% CL" in str(result)
    assert "observed: lost" in str(result)
    assert repr(result) == "<LimitResult: mu at 90% CL, observed n/a, expected 3>"
    assert "<table" in result._repr_html_()
    toys = make_limit(curve=make_test(toys=4), expected_errors=np.full(5, 0.5))
    assert toys.table().header == ("limit", "mu <", "toy error")


def test_texts_of_a_significance() -> None:
    text = str(make_significance(toys=100, failures=2, toy_p_value=3 / 98, toy_error=0.02))
    assert "9.33e-443" in text
    assert "(3 of 98)" in text
    assert "with the 2 toys without a fit p0 lies between 0.03 and 0.05" in text
    assert "expected for 2: lost" in text
    assert not make_significance().converged


@pytest.mark.parametrize(
    ("p", "log10", "text"),
    [(0.25, -0.602, "0.25"), (0.0, -349.437, "3.66e-350"), (np.nan, np.nan, "n/a"), (0.0, -np.inf, "0")],
)
def test_small_p_values_are_written_from_their_logarithm(p: float, log10: float, text: str) -> None:
    assert power(p, log10) == text
