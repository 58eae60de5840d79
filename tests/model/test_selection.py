"""Parameters by name or pattern."""

from __future__ import annotations

import pytest

from wilks.model.selection import matching

NAMES = ["mu", "b-tag NP 1", "b-tag NP 2", "stat[0]", "stat[10]", "a*"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("mu", [0]),
        ("b-tag*", [1, 2]),
        ("b-tag NP ?", [1, 2]),
        ("stat[0]", [3]),
        ("stat[?]", [3]),
        ("stat[*]", [3, 4]),
        ("a*", [5]),  # an exact name wins
        ("*", [0, 1, 2, 3, 4, 5]),
        ("m", []),
        ("stat[01]", []),  # brackets are not special
    ],
)
def test_matching(pattern: str, found: list[int]) -> None:
    assert matching(NAMES, pattern) == found
