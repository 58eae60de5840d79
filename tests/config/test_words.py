from __future__ import annotations

import datetime

import numpy as np
import pytest
import yaml

from wilks.config.words import described, number_hint, shortened


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "true"),
        (3, "the number 3"),
        (np.float64(1.5), "the number 1.5"),
        ("a\n b", 'the text "a b"'),
        (None, "nothing"),
        ([], "an empty list"),
        ([1], "a list with 1 entry"),
        ((1, 2), "a list with 2 entries"),
        ({"a": 1}, "a block of keys"),
        (datetime.date(2024, 1, 31), "the date 2024-01-31"),
        (b"x", "a bytes"),
    ],
)
def test_described(value: object, words: str) -> None:
    assert described(value) == words


def test_huge_integer() -> None:
    assert described(10**5000) == "the number of thousands of digits"


def test_shortened() -> None:
    assert shortened("x" * 100) == "x" * 57 + "..."
    assert shortened("x" * 60) == "x" * 60


@pytest.mark.parametrize("text", ["1e-3", "1e-10", "1E5", "2e+30", "1.5e-10", " 3 "])
def test_number_hint_is_a_number_in_yaml(text: str) -> None:
    advice = number_hint(text).removeprefix("; write ").removesuffix(", without quotes")
    assert yaml.safe_load(advice) == float(text)


@pytest.mark.parametrize("value", ["abc", "nan", "inf", "", True, None])
def test_no_number_hint(value: object) -> None:
    assert number_hint(value) == ""
