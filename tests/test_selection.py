"""Names by pattern, against regular expressions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.selection import fitting, matching, natural


@given(st.text("ab*?[\n", max_size=8), st.text("ab[\n", max_size=10))
def test_a_pattern_means_what_the_regular_expression_means(pattern: str, name: str) -> None:
    wild = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert fitting(pattern)(name) is (re.fullmatch(wild, name, re.DOTALL) is not None)


@pytest.mark.parametrize("pattern", ["*a" * 12 + "b", "*a*?" * 500 + "b", "*?" * 2000 + "b", "*" * 4000 + "b"])
def test_time_does_not_grow_with_the_ways_to_fit(pattern: str) -> None:
    """The regular expression of the first tries 10^9 ways, those of the others never end."""
    assert not fitting(pattern)("a" * 4000)
    assert matching(["a" * 4000, "b" * 4000 + "a" * 4000 + "b"], pattern) == [1]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["bin 1", "bin 10", "bin 2"], ["bin 1", "bin 2", "bin 10"]),
        (["a1b10", "a1b2", "a10b1", "a2b1"], ["a1b2", "a1b10", "a2b1", "a10b1"]),
        (["SR", "CR 10", "CR 9"], ["SR", "CR 9", "CR 10"]),
        (["bin 10", "CR", "bin 2"], ["bin 10", "CR", "bin 2"]),  # somebody's own order
        (["x" + "1" * 5000, "x2"], ["x2", "x" + "1" * 5000]),
        ([], []),
    ],
)
def test_two_comes_before_ten(names: list[str], expected: list[str]) -> None:
    assert natural(names) == expected


@given(st.lists(st.text("ab019 ", max_size=6), unique=True))
def test_a_natural_order_loses_nothing_and_stays(names: list[str]) -> None:
    once = natural(sorted(names))
    assert sorted(once) == sorted(names)
    assert [name for name in once if not any(c.isdigit() for c in name)] == sorted(
        name for name in names if not any(c.isdigit() for c in name)
    )
