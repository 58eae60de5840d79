"""The syntax of expressions: what means the same, and where a mistake is."""

from __future__ import annotations

import pytest

from wilks.templates.expression_text import ExpressionError, pointed
from wilks.templates.expressions import parse


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a > 1 && b < 2", "(a > 1) and (b < 2)"),
        ("a>1||!b", "a > 1 or !b"),
        ("1 < a < 2", "1 < a && a < 2"),
        ("TMath::Abs(a)", "abs(a)"),
        ("std::sqrt(a)", "sqrt(a)"),
        ("TMath::Power(a, 2)", "a**2"),
        ("Sum$(jet)", "sum(jet)"),
        ("jet[:, 0]", "jet[0]"),
        ("fabs(a)", "abs(a)"),
        ("get('a')", "a"),
        ("a > 1 &&\n  b", "a > 1 && b"),
        ("a if c else b", "where(c, a, b)"),
        ("logical_and(a, b)", "a && b"),
        ("a*TMath::Pi()", "a*3.141592653589793"),
        ("a*1" + 25 * "0", "a*1e25"),
    ],
)
def test_several_ways_to_write_the_same(one: str, other: str) -> None:
    assert parse(one) == parse(other)


def test_names_stay_as_they_are_written() -> None:
    """Python takes the micro sign for a Greek letter, and letters of double width for those of single width."""
    for name in ("\u00b5", "\uff41", "ﬁt", "Ⅳ.\u00b5"):
        assert parse(f"2*{name} > 1").branches == (name,)
    with pytest.raises(ExpressionError, match="no function"):
        parse("\uff53qrt(a)")
    assert parse("get('#1 (a')*b").branches == ("#1 (a", "b")


@pytest.mark.parametrize("text", [" && ".join(["a>1"] * 5000), "max(" + "a, " * 4999 + "b)"])
def test_long_expressions_are_read_once(text: str) -> None:
    """Where the place of each operation was searched from the start these took seconds."""
    assert len(parse(text).args) == 5000


def test_a_long_text_without_operators_is_one_mistake() -> None:
    with pytest.raises(ExpressionError, match="not an expression") as caught:
        parse("a " * 5000)
    assert caught.value.column == 2


def test_not_binds_as_in_c() -> None:
    assert parse("!a == b") == parse("(!a) == b")
    assert parse("!a == b") != parse("not a == b")
    assert parse("!a") != parse("~a")
    assert parse("a != b").op == "!="


def test_branches_are_found_each_once() -> None:
    assert parse("Jet.pt[0] > 30 && abs(get('eta-1')) < 2.5 && Jet.pt[1] > 20").branches == ("Jet.pt", "eta-1")
    assert parse("sqrt(sqrt)").branches == ("sqrt",)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("a > > 1", 4, "not an expression"),
        ("a = 1", 2, "for a comparison write =="),
        ("a ^ 2", 2, r"for a power write \*\*"),
        ("a && b ^ 2", 7, r"for a power write \*\*"),
        ("a ? 1", 2, "there is no : for this"),
        ("a ? b ? 1 : 2", 2, "there is no : for this"),
        ("a ? 1 : 2 : 3", 10, "there is no [?] for this"),
        ("a & b > 1 ? 1 : 2", 2, "in brackets"),
        ("where(a & b > 1, 2, 3)", 8, "in brackets"),
        ("1if a", 0, "not an expression"),
        ("c * (a & b > 1)", 7, "in brackets"),
        ("(a ? b : c", 0, "brackets"),
        ("a @ b", 2, "operator is not known"),
        ("@a + 1", 0, "not an expression"),
        ("a + sqr(b)", 4, 'no function "sqr"; did you mean "sqrt"'),
        ("x && sqrt(a, b)", 5, 'the function "sqrt" takes 1 value, found 2'),
        ("a > 1 & b < 2", 6, "in brackets"),
        ("trigger & a > 1", 8, "in brackets"),
        ("(a", 0, "brackets"),
        ("a)", 1, "brackets"),
        ("", 0, "empty"),
        ("a; b", 1, "not an expression"),
        ("a is b", 2, "comparison is not known"),
        ("a > 1 b < 2", 6, "not an expression"),
        ("c && sqrt(a b)", 12, "not an expression"),
        ("a\n+ b c", 6, "not an expression"),
        ("a > 1 AND b", 6, "write and in small letters"),
        ("a[1" + 30 * "0" + "]", 2, "no list is that long"),
        ("1" + 400 * "0", 0, "too large"),
        ("'text'", 0, "text can't be used"),
        ("jet[1:2]", 0, "one element"),
        ("[a, b]", 0, "a list can't be used"),
        ("é + [a]", 4, "a list can't be used"),
        ("f" * 10_000 + "(" * 10_000, 0, "expression"),
        ("a > 5 # && b > 2", 6, "would be lost"),
        ("a > 5\n# && b > 2\n&& c", 6, "would be lost"),
        ("a > 5 \\", 6, "backslash"),
        ("a \\\n+ b", 2, "backslash"),
        ("get('a\\' # ')", 4, "backslash"),
        ("get('a\\b')", 4, "backslash"),
        ("get(a\\b)", 5, "backslash"),
        ('get("""a""")', 4, "single quotes"),
        ("a) + (b", 1, "brackets"),
        ("abs)(b", 3, "brackets"),
        ("a\ud800 > 1", 1, "surrogate"),
        ("a" + "+a" * 400, 101, "more than 300 operations"),
    ],
)
def test_mistakes_have_a_place(text: str, column: int, words: str) -> None:
    with pytest.raises(ExpressionError, match=words) as caught:
        parse(text)
    if len(text) < 100:
        assert caught.value.column == column


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "(lambda: 1)()",
        "().__class__.__bases__",
        "[x for x in a]",
        "open('/etc/passwd')",
        "eval('1')",
        "a.__class__()",
        "(b := 1)",
        "f'{a}'",
        "sqrt(*a)",
        "sqrt(a, where=b)",
        "get('a', 'b')",
        "print(a)",
        "exec",
        "-" * 3000 + "a",
    ],
)
def test_nothing_else_is_run(text: str) -> None:
    """What parses is at most the name of a branch, which no tree has."""
    try:
        node = parse(text)
    except ExpressionError:
        return
    assert node.op == "branch" or text.startswith("-")


def test_flags_with_masks_are_python() -> None:
    assert parse("flags & 4 == 4") == parse("(flags & 4) == 4")
    assert parse("(a > 1) & (b < 2)").op == "&"


def test_the_caret_points() -> None:
    assert pointed("abc > 1", ExpressionError("wrong", 4)) == "wrong\n    abc > 1\n        ^"
