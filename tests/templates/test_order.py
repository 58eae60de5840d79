from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wilks.templates.order import systematics_in_order
from wilks.templates.record import Effect


def effects(*lists: list[str]) -> list[Effect]:
    return [
        Effect("SR", f"sample {i}", name, (0.0, 0.0), None, (0.0, 0.0))
        for i, names in enumerate(lists)
        for name in names
    ]


@given(st.lists(st.sets(st.sampled_from("abcdefgh")), max_size=6))
def test_every_list_is_in_the_order(subsets: list[set[str]]) -> None:
    lists = [sorted(subset) for subset in subsets]
    order = systematics_in_order(effects(*lists))
    assert sorted(order) == sorted(set().union(*lists))
    for names in lists:
        assert sorted(names, key=order.index) == names


def test_first_appearance_decides_what_is_open() -> None:
    assert systematics_in_order(effects(["b", "c"], ["a", "c"])) == ("b", "a", "c")


def test_contradictions_do_no_harm() -> None:
    assert systematics_in_order(effects(["a", "b"], ["b", "a"])) == ("a", "b")
    assert systematics_in_order([]) == ()
