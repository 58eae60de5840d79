"""Names by pattern, against regular expressions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.selection import fitting, matching


@given(st.text("ab*?[\n", max_size=8), st.text("ab[\n", max_size=10))
def test_a_pattern_means_what_the_regular_expression_means(pattern: str, name: str) -> None:
    wild = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert fitting(pattern)(name) is (re.fullmatch(wild, name, re.DOTALL) is not None)


@pytest.mark.parametrize("pattern", ["*a" * 12 + "b", "*a*?" * 500 + "b", "*?" * 2000 + "b", "*" * 4000 + "b"])
def test_time_does_not_grow_with_the_ways_to_fit(pattern: str) -> None:
    """The regular expression of the first tries 10^9 ways, those of the others never end."""
    assert not fitting(pattern)("a" * 4000)
    assert matching(["a" * 4000, "b" * 4000 + "a" * 4000 + "b"], pattern) == [1]
