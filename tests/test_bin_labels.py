"""Labels of bins, and bins found by them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks import bin_labels

TEXTS = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=8, unique=True)


@given(TEXTS, st.randoms(use_true_random=False))
def test_every_order_of_the_same_labels_is_found(labels: list[str], rng: random.Random) -> None:
    wanted = list(labels)
    rng.shuffle(wanted)
    places = bin_labels.order(labels, wanted)
    assert places is not None
    assert [labels[place] for place in places] == wanted


@given(TEXTS, st.integers(0, 7), st.text(min_size=1, max_size=5))
def test_any_other_set_of_labels_is_none(labels: list[str], where: int, other: str) -> None:
    changed = list(labels)
    changed[where % len(labels)] = other
    assert (bin_labels.order(labels, changed) is None) == (set(changed) != set(labels))
    assert bin_labels.order(labels, labels[:-1]) is None
    assert bin_labels.order(labels[:-1], labels) is None


@pytest.mark.parametrize(
    ("own", "wanted", "agree"),
    [
        (("ee", ""), ("ee", ""), True),
        (("ee", ""), ("", ""), True),  # a remark on one of two axes of numbers
        (("", ">= 6"), ("4", ""), True),
        (("ee", "", ""), ("", "ee", ""), False),
        (("ee", "mm", ""), ("mm", "ee", ""), False),
        (("0", "1", "0", "1"), ("0", "1", "0", "1"), True),  # of two variables behind each other
        (("0", "1", "0", "1"), ("1", "0", "1", "0"), False),
        (("0", "1", "0", "1"), ("", "", "", ""), True),
        (("ee", "mm"), ("", ""), False),  # labels alone would say which bin is which
        (("ee", "mm"), ("ee", ""), False),
    ],
)
def test_bins_that_labels_do_not_identify_keep_their_place(
    own: tuple[str, ...], wanted: tuple[str, ...], agree: bool
) -> None:
    for one, other in ((own, wanted), (wanted, own)):
        assert bin_labels.order(one, other) == (list(range(len(own))) if agree else None)


def test_both_lists_are_told_with_what_only_one_has() -> None:
    assert bin_labels.mismatch(("ee", "x", ""), ("ee", "y")) == (
        'labels "ee", "x", (none) and labels "ee", "y"; only one has "x", "y"'
    )
    assert bin_labels.mismatch(("ee", "mm"), ()) == 'labels "ee", "mm" and no labels'
    assert bin_labels.mismatch(("ee", "mm"), ("mm", "ee")) == 'labels "ee", "mm" and labels "mm", "ee"'
    many = [str(i) for i in range(50)]
    assert '"39" and 10 more' in bin_labels.mismatch(many, ("a",))


def test_places_are_written_with_their_labels() -> None:
    labels = ("ee", "em", "", "tt")
    assert bin_labels.places([3], labels) == 'bin 3 "tt" (from 0)'
    assert bin_labels.places([0, 2], labels) == 'bins 0 "ee", 2 (from 0)'
    assert bin_labels.places(range(9)) == "bins 0, 1, 2, 3, 4, 5 and 3 more (from 0)"
