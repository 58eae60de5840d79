import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.figures.names import labels
from wilks.figures.style import label


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a rather long name of a sample (2016-2018)", ["a rather long name", "of a sample", "(2016-2018)"]),
        ("JET_EtaIntercalibration_NonClosure_posEta", ["JET_EtaIntercali", "bration_NonClosure_", "posEta"]),
        ("x" * 40, ["x" * 14, "x" * 14, "x" * 12]),
        (r"shape of $t\bar{t}$ in the tails", [r"shape of $t\bar{t}$ in", "the tails"]),
    ],
)
def test_long_names_are_broken_into_lines_and_nothing_is_lost(name: str, lines: list[str]) -> None:
    text = labels([name], 18)[name]
    assert "".join(text.split()) == "".join(name.split())
    assert all(len(re.sub(r"\$[^$]*\$", "x", line)) <= 18 for line in text.split("\n"))
    assert len(text.split("\n")) == len(lines)


def test_short_names_are_drawn_as_they_are() -> None:
    names = ["ttbar", "W+jets", r"$\mu$", "5 $", "JES up"]
    assert labels(names) == {name: label(name) for name in names}


@pytest.mark.parametrize(
    "names",
    [
        ["a b", "a  b", " a b"],
        ["#mu", r"$\mu$"],
        ["x" * 60 + "a" + "y" * 60 + "b" + "z" * 60, "x" * 60 + "a" + "y" * 60 + "c" + "z" * 60],
        ["a b (1)", "a b", "a  b"],
    ],
)
def test_two_names_never_look_alike(names: list[str]) -> None:
    assert len(set(labels(names, 30).values())) == len(names)


@given(st.lists(st.text("ab1 $é", max_size=40), unique=True, max_size=12), st.integers(20, 48))
def test_any_names_are_told_apart(names: list[str], limit: int) -> None:
    texts = labels(names, limit)
    assert list(texts) == names
    assert all("…" not in text for text in texts.values())
    assert all(first != second for first, second in pairwise(sorted(texts.values())))
