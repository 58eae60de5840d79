"""What expressions give, against Python's own arithmetic, event by event."""

from __future__ import annotations

import math
from typing import Any

import awkward as ak
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wilks.templates.evaluation import evaluate, is_list, per_entry
from wilks.templates.expression_text import ExpressionError
from wilks.templates.expressions import parse, with_root_divisions
from wilks.templates.whole_numbers import type_of

COLUMNS: dict[str, Any] = {
    "a": np.array([1.5, -2.0, 3.0, 0.0]),
    "f": np.array([0.1, 0.2, 0.3, 0.4], dtype=np.float32),
    "n": np.array([1, 0, 2, 5], dtype=np.uint32),
    "i": np.array([2_000_000_000, 1, -3, 4], dtype=np.int32),
    "flag": np.array([True, False, True, False]),
    "jet": ak.Array([[30.0, 20.0], [], [50.0], [10.0, 60.0, 5.0]]),
    "eta": ak.Array([[1, -3], [], [2], [0, 1, 4]]),
    "other": ak.Array([[1.0], [2.0], [3.0], [4.0]]),
    "three": ak.Array(ak.to_layout(np.arange(12.0).reshape(4, 3)).to_RegularArray()),
    "nested": ak.Array([[[1.0, 2.0]], [], [[], [3.0]], [[4.0, 4.0], [5.0]]]),
    "big": np.array([2**64 - 1, 2**63 + 2, 7, 2], dtype=np.uint64),
    "edge": np.array([-(2**63), 2**63 - 1, 0, 2]),
    "large": ak.Array([[2**62, 2**62], [], [2**62], [-(2**62), -(2**62), 0]]),
    "tiny": ak.values_astype(ak.Array([[200, 100], [], [255], [1, 1, 1]]), np.uint8),
    "text": ak.Array(["a", "b", "c", "d"]),
}


def value(text: str) -> Any:
    with np.errstate(all="ignore"):
        return evaluate(parse(text), COLUMNS, {}, frozenset())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n - 2", [-1, -2, 0, 3]),  # unsigned numbers don't wrap around
        ("i * 4", [8_000_000_000, 4, -12, 16]),
        ("flag + flag", [2, 0, 2, 0]),
        ("-flag", [-1, 0, -1, 0]),
        ("n / 2", [0.5, 0.0, 1.0, 2.5]),
        ("i % 2", [0, 1, 1, 0]),
        ("!n", [False, True, False, False]),
        ("!n == 1", [False, True, False, False]),
        ("not n == 1", [False, True, True, True]),
        ("n && flag", [True, False, True, False]),
        ("(n & 1) == 1", [True, False, False, True]),
        ("(a > 1) | ~flag", [True, True, True, True]),
        ("0 < a <= 1.5", [True, False, False, False]),
        ("where(flag, a, 7)", [1.5, 7, 3.0, 7]),
        ("max(a, 1, n)", [1.5, 1, 3, 5]),
        ("min(a, 1)", [1, -2, 1, 0]),
        ("jet[0]", [30.0, None, 50.0, 10.0]),
        ("jet[-1]", [30.0 - 10.0, None, 50.0, 5.0]),
        ("jet[:, 1]", [20.0, None, None, 60.0]),
        ("n == 0 || jet[0] > 20", [True, True, True, False]),
        ("flag && jet[0] > 20", [True, False, True, False]),
        ("!(jet[0] > 20)", [False, None, False, True]),
        ("jet[0] + a", [31.5, None, 53.0, 10.0]),
        ("where(jet[0] > 20, 1, 2)", [1, None, 1, 2]),
        ("count(jet)", [2, 0, 1, 3]),
        ("Length$(jet)", [2, 0, 1, 3]),
        ("sum(jet > 15)", [2, 0, 1, 1]),
        ("Sum$(jet*(abs(eta) < 2))", [30.0, 0.0, 0.0, 70.0]),
        ("max(jet)", [30.0, None, 50.0, 60.0]),
        ("any(jet > 55)", [False, False, False, True]),
        ("all(jet > 15)", [True, True, True, False]),
        ("jet[eta > 0][0]", [30.0, None, 50.0, 60.0]),
        ("count(jet[jet > 15 && abs(eta) < 2])", [1, 0, 0, 1]),
        ("three[1]", [1.0, 4.0, 7.0, 10.0]),
        ("sum(three)", [3.0, 12.0, 21.0, 30.0]),
        ("jet[0] * other[0]", [30.0, None, 150.0, 40.0]),
        ("nested[0][1]", [2.0, None, None, 4.0]),
        ("nested[1][0]", [None, None, 3.0, 5.0]),
        ("nested[-2][0]", [None, None, None, 4.0]),
        ("big % 3", [0, 1, 1, 2]),  # 2**64-1 is a multiple of 3
        ("big // 2**62", [3, 2, 0, 0]),
        ("2 * 3 + 1", 7),
        ("10**20", 1e20),  # more than 64 bits have
        ("i ** 4", [1.6e37, 1, 81, 256]),
        ("n ** n ** n", [1, 0, 16, math.inf]),
        ("i * 9223372036854775807", [2e9 * 2.0**63, 2.0**63, -3 * 2.0**63, 4 * 2.0**63]),
        ("i * i", [4 * 10**18, 1, 9, 16]),
        ("i * i * i", [8e27, 1, -27, 64]),
        ("edge - 1", [-(2.0**63), 2.0**63, -1, 1]),
        ("-edge", [2.0**63, -(2.0**63), 0, -2]),
        ("abs(edge)", [2.0**63, 2.0**63, 0, 2]),
        ("edge // (flag - 2)", [2.0**63, -(2.0**62), 0, -1]),
        ("i % n > 0", [False, False, True, True]),
        ("i // n", [2_000_000_000, math.inf, -2, 0]),
        ("isnan(i % n)", [False, True, False, False]),
        ("isnan(i % 0)", [True] * 4),
        ("n != 0 && i % n == 0", [True, False, False, False]),
        ("big + 1", [2.0**64, 2.0**63, 8, 3]),
        ("big - 1 > 0", [True] * 4),
        ("max(big, 3)", [2.0**64, 2.0**63, 7, 3]),
        ("(big & 1) == 1", [True, False, True, False]),
        ("(big & 9223372036854775808) != 0", [True, True, False, False]),
        ("big > -1", [True] * 4),
        ("sum(large)", [2.0**63, 0, 2**62, -(2.0**63)]),
        ("sum(large // 4)", [2**61, 0, 2**60, -(2**61)]),
        ("sum(tiny)", [300, 0, 255, 3]),
        ("tiny[0] * tiny[0] * tiny[0]", [8_000_000, None, 255**3, 1]),
        ("sum(tiny < 300)", [2, 0, 1, 3]),
        ("where(flag, tiny[0], 300)", [200, 300, 255, 300]),
        ("where(flag, n, 5000000000)", [1, 5_000_000_000, 2, 5_000_000_000]),
        ("9**9**9", math.inf),
        ("2**62 + 1", 4611686018427387905),
        ("-7 // 2", -4),
        ("2**-1", 0.5),
        ("1 // 0", math.inf),
        ("n * 18446744073709551615", [2.0**64, 0.0, 2.0**65, 5 * 2.0**64]),
        ("big == 18446744073709551615", [True, False, False, False]),
        ("true", 1),
        ("flag ? a : 7", [1.5, 7, 3.0, 7]),
        ("a > 1 ? 10 : a < 0 ? -1 : 0", [10, -1, 10, 0]),
        ("flag ? a > 2 ? 1 : 2 : 3", [2, 3, 1, 3]),
        ("!flag ? -1 : !n ? 0 : 1", [1, -1, 1, -1]),
        ("max(flag ? 1 : 2, 0) + (n == 2 ? jet[0] : 6)", [7, 8, 51, 8]),
        ("jet[flag ? 0 : 1] + jet[:, 0]", [60.0, None, 100.0, 70.0]),
        ("(text == 'a?' ? 1 : 2)", [2, 2, 2, 2]),
        ("jet.size() == @jet.size()", [True] * 4),
        ("@nested.size()", [1, 0, 2, 2]),
        ("sum(nested.size())", [2, 0, 1, 3]),
        ("jet[n]", [20.0, None, None, None]),
        ("jet[n - 2]", [None, None, 50.0, None]),  # negative numbers don't count from the end
        ("Alt$(jet[1], -1)", [20.0, -1, -1, 60.0]),
    ],
)
def test_values(text: str, expected: Any) -> None:
    found = value(text)
    assert (ak.to_list(found) if hasattr(found, "__len__") else found) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a / n", [1.5, 0.0, 1.5, 0.0]),
        ("n / 0", 0.0),
        ("7 / (0 * 2)", 0.0),
        ("(a / n) / (n / a)", [2.25, 0.0, 2.25, 0.0]),
        ("jet / eta", [[30.0, -20.0 / 3], [], [25.0], [0.0, 60.0, 1.25]]),
        ("jet[0] / a", [20.0, None, 50.0 / 3, 0.0]),
        ("-7 % 3", -1),
        ("i % 2", [0, 1, -1, 0]),
        ("a % 2", [1, 0, 1, 0]),  # of whole numbers: -2.0 is -2, 1.5 is 1
        ("isnan(i % n)", [False, True, False, False]),
        ("i // n > 0", [True, True, False, False]),  # not an operator of ROOT's
    ],
)
def test_divisions_of_root(text: str, expected: Any) -> None:
    with np.errstate(all="ignore"):
        found = evaluate(with_root_divisions(parse(text)), COLUMNS, {}, frozenset())
    assert (ak.to_list(found) if hasattr(found, "__len__") else found) == expected


def test_quotients_of_root_have_the_precision_of_the_branch() -> None:
    for text in ("f / n", "f / 2", "f / f"):
        with np.errstate(all="ignore"):
            found = evaluate(with_root_divisions(parse(text)), COLUMNS, {}, frozenset())
        assert found.dtype == value(text).dtype


def test_negative_powers() -> None:
    """IEEE 754 rounds quotients, not powers: the last bit of these depends on NumPy and on the processor."""
    np.testing.assert_array_almost_equal_nulp(ak.to_numpy(value("(n + 1) ** -1")), 1.0 / (COLUMNS["n"] + 1.0), nulp=1)
    assert ak.to_list(value("n ** -1"))[1] == math.inf


def test_precision_is_that_of_the_branch() -> None:
    np.testing.assert_array_equal(value("0.7*f"), np.float32(0.7) * COLUMNS["f"])
    assert value("0.7*f").dtype == value("f*-1").dtype == value("f*(1/3)").dtype == np.float32


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("a && jet[0:1]", 5, "one element"),
        ("1 + a[0]", 4, "not a list"),
        ("sum(a)", 0, "elements of a list"),
        ("a & flag", 2, "conditions or whole numbers"),
        ("~n", 0, "write !x"),
        ("a + three[3]", 4, "there are 3 elements, and no number 3"),
        ("three[-4]", 0, "there are 3 elements"),
        ("n ** (n - 3)", 2, "can't have negative powers"),
        ("jet * jet[0][0]", 6, "not a list"),
        ("jet[eta]", 0, "a condition on lists"),
        ("jet + other", 4, "different lengths"),
        ("text + 1", 5, "not numbers"),
        ("text > 1", 5, "types"),
        ("sqrt(text)", 0, "not numbers"),
    ],
)
def test_types_that_do_not_fit(text: str, column: int, words: str) -> None:
    with pytest.raises(ExpressionError, match=words) as caught:
        value(text)
    assert caught.value.column == column


def test_one_number_per_entry() -> None:
    values, present = per_entry(value("jet[0]"), 4)
    assert present is not None
    assert present.tolist() == [True, False, True, True]
    assert values[present].tolist() == [30.0, 50.0, 10.0]
    assert per_entry(3, 2)[0].tolist() == [3, 3]
    assert is_list(value("jet + 1"))
    assert not is_list(value("jet[0]"))
    assert type_of(COLUMNS["text"]) is None


def test_shared_parts_are_computed_once() -> None:
    node = parse("abs(a)")
    memo: dict[int, Any] = {id(node): "kept"}
    assert evaluate(node, COLUMNS, memo, frozenset({id(node)})) == "kept"
    memo = {}
    evaluate(node, COLUMNS, memo, frozenset({id(node)}))
    assert list(memo) == [id(node)]


NAMES = st.sampled_from(["x", "y", "z"])
NUMBERS = st.one_of(NAMES, st.integers(1, 9).map(str), st.floats(0.5, 9.0, width=32).map(repr))
ARITHMETIC = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(" ".join),
        inner.map(lambda text: f"abs({text})"),
        inner.map(lambda text: f"-{text}"),
        st.tuples(inner, inner).map(lambda t: f"min({t[0]}, {t[1]})"),
    ),
    max_leaves=8,
)
COMPARISONS = st.tuples(ARITHMETIC, st.sampled_from(["<", ">=", "==", "!="]), ARITHMETIC).map(" ".join)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(ARITHMETIC, CONDITIONS))
def test_agrees_with_python_event_by_event(text: str) -> None:
    columns = {name: np.linspace(low, 3.0, 5) for name, low in (("x", -2.7), ("y", 0.3), ("z", 1.1))}
    translated = text.replace(" and ", " && ").replace(" or ", " || ").replace("not (", "!(")
    with np.errstate(all="ignore"):
        found = np.broadcast_to(evaluate(parse(translated), columns, {}, frozenset()), 5)
    for i in range(5):
        try:
            expected = eval(
                text, {"abs": abs, "min": min}, {name: float(column[i]) for name, column in columns.items()}
            )
        except ZeroDivisionError:
            continue
        assert found[i] == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)
