from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.figures.names import labels
from wilks.figures.style import label


def test_names_that_differ_in_the_middle_stay_different() -> None:
    names = [f"A rather long sample name number {k} (2016-2018)" for k in range(28)]
    texts = labels(names, 34)
    assert len(set(texts.values())) == 28
    assert all(len(text) <= 34 for text in texts.values())
    assert all(f"…{k}…" in texts[name] for k, name in enumerate(names))
    assert len({label(name, 34) for name in names}) == 1


def test_numbers_are_not_cut() -> None:
    short = labels(["x" * 30 + "_101_" + "y" * 30, "x" * 30 + "_102_" + "y" * 30], 24)
    assert [text.strip("xy") for text in short.values()] == ["…101…", "…102…"]


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
    assert all(first != second for first, second in pairwise(sorted(texts.values())))
