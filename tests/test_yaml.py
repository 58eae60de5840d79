from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wilks._yaml import read_yaml
from wilks.errors import InputError


def parse(text: str) -> Any:
    return read_yaml(text, "text")[1]


def problems(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse(text)
    return list(caught.value.problems)


def line_of(text: str, *keys: str) -> int:
    """Return the line of the key that counts."""
    node: Any = read_yaml(text, "text")[0]
    mark = node.start_mark
    for key in keys:
        mark, node = next((name.start_mark, value) for name, value in reversed(node.value) if name.value == key)
    return int(mark.line) + 1


BLOCKS = """\
a: &a {x: a, y: a}
b: &b
  x: b
  z: b
c: &c {z: c, w: c}
"""
MERGES = {
    "y: {<<: *a, x: own}": ({"x": "own", "y": "a"}, {"x": 6, "y": 1}),
    "y: {x: own, <<: *a}": ({"x": "own", "y": "a"}, {"x": 6, "y": 1}),
    "y: {<<: [*a, *b]}": ({"x": "a", "y": "a", "z": "b"}, {"x": 1, "z": 4}),
    "y: {<<: [*b, *a]}": ({"x": "b", "y": "a", "z": "b"}, {"x": 3, "y": 1}),
    "y: {<<: [*a, *b, *c]}": ({"x": "a", "y": "a", "z": "b", "w": "c"}, {"x": 1, "z": 4, "w": 5}),
    "y: {<<: [*c, *b, *a]}": ({"x": "b", "y": "a", "z": "c", "w": "c"}, {"x": 3, "z": 5}),
    "y: {<<: [*a, *b], z: own, <<: []}": ({"x": "a", "y": "a", "z": "own"}, {"z": 6}),
    # A second merge key wins over the first, as with every version of PyYAML.
    "y: {<<: *a, <<: *b}": ({"x": "b", "y": "a", "z": "b"}, {"x": 3, "y": 1}),
    "y: {<<: *b, x: own, <<: *a}": ({"x": "own", "y": "a", "z": "b"}, {"x": 6, "y": 1}),
    "y: {<<: [*a, *b], <<: [*c, *b]}": ({"x": "b", "y": "a", "z": "c", "w": "c"}, {"x": 3, "z": 5}),
    # Blocks that are written in place, and merges within merges.
    "y: {<<: {x: 1, <<: *a}}": ({"x": 1, "y": "a"}, {"x": 6, "y": 1}),
    "d: &d {<<: [*a, *b], w: d}\ny: {<<: [*c, *d]}": ({"x": "a", "y": "a", "z": "c", "w": "c"}, {"w": 5, "x": 1}),
    "d: &d {<<: [*a, *b], w: d}\ny: {<<: [*d, *c]}": ({"x": "a", "y": "a", "z": "b", "w": "d"}, {"w": 6, "z": 4}),
    "d: &d {<<: *a}\ne: &e {<<: *d, x: e}\ny: {<<: [*e, *b]}": ({"x": "e", "y": "a", "z": "b"}, {"x": 7, "y": 1}),
    "y: {n: &n {<<: [*a, *b]}, <<: *n}": ({"n": {"x": "a", "y": "a", "z": "b"}, "x": "a", "y": "a", "z": "b"}, {}),
    "y: [{<<: [*a, *b]}]": ([{"x": "a", "y": "a", "z": "b"}], {}),
    'y: {"<<": *a}': ({"<<": {"x": "a", "y": "a"}}, {}),
}


@pytest.mark.parametrize("text", MERGES)
def test_merge_keys_mean_what_the_specification_says(text: str) -> None:
    data, lines = MERGES[text]
    assert parse(BLOCKS + text)["y"] == data
    assert {key: line_of(BLOCKS + text, "y", key) for key in lines} == lines


blocks = st.dictionaries(st.sampled_from("pqrst"), st.integers(0, 9), max_size=4)


@given(st.lists(blocks, min_size=1, max_size=4), blocks, st.data())
def test_merges_of_merges(named: list[dict[str, int]], own: dict[str, int], data: st.DataObject) -> None:
    """Every block merges some of those before it; what is right is put together with dictionaries."""
    expected: list[dict[str, int]] = []
    text = ""
    for i, block in enumerate([*named, own]):
        merged = data.draw(st.lists(st.integers(0, i - 1), max_size=3)) if i else []
        first_wins = {key: value for j in reversed(merged) for key, value in expected[j].items()}
        expected.append({**first_wins, **block})
        keys = [f"<<: [{', '.join(f'*n{j}' for j in merged)}]", *(f"{key}: {value}" for key, value in block.items())]
        text += f"b{i}: &n{i} {{{', '.join(data.draw(st.permutations(keys)))}}}\n"
    assert parse(text) == {f"b{i}": block for i, block in enumerate(expected)}


def test_merges_of_merges_do_not_grow() -> None:
    """Ten pairs each time ten: 10^20 pairs if all were kept."""
    lines = ["n0: &n0 {a: 1, b: 2}"]
    lines += [f"n{i}: &n{i} {{<<: [{', '.join([f'*n{i - 1}'] * 10)}], c{i}: {i}}}" for i in range(1, 21)]
    assert parse("\n".join(lines))["n20"] == {"a": 1, "b": 2, **{f"c{i}": i for i in range(1, 21)}}


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("<<: 3", 1, "value"),
        ("x:\n  <<:", 2, "value"),
        ("x: {<<: [{a: 1},\n 3]}", 2, "value"),
        ("<<:\n  - {a: 1}\n  - [{b: 2}]", 3, "list"),
    ],
)
def test_what_can_not_be_merged(text: str, line: int, found: str) -> None:
    sentence = f'"<<" takes a block or a list of blocks, as in <<: *name, found a {found}'
    assert problems(text) == [f"text:{line}  YAML: {sentence}"]


WORDS: dict[str, Any] = {
    **dict.fromkeys(["yes", "Yes", "YES", "true", "True", "on", "ON"], True),
    **dict.fromkeys(["no", "No", "false", "FALSE", "off", "Off"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **{word: word for word in ["y", "n", "yES", "nULL", "1e3", "1.0e3", "-.5", "+.5e+1", "0o17", "1__x", "1_000.5.5"]},
    **{word: word for word in ["0x", "08", "1:75", "01:30", ".", "-.nan", ".iNf", "1,5", "2024-1-3", "12-31", "1e-3"]},
    "0": 0,
    "-0": 0,
    "+7": 7,
    "1_000": 1000,
    "1__0": 10,
    "017": 15,
    "-017": -15,
    "0x1F": 31,
    "0b1_01": 5,
    "1:30": 90,
    "-1:30": -90,
    "190:20:30": 685230,
    "1:30.5": 90.5,
    "0:0.5": 0.5,
    "1:2:3.5": 3723.5,
    "1.5": 1.5,
    "1.": 1.0,
    ".5": 0.5,
    "-1.5e+3": -1500.0,
    "1.0e-3": 1e-3,
    ".5E-1": 0.05,
    "1_0.2_5": 10.25,
    ".inf": math.inf,
    "-.Inf": -math.inf,
    "+.INF": math.inf,
    "2024-01-31": datetime.date(2024, 1, 31),
    "2024-1-31 1:02:03": datetime.datetime(2024, 1, 31, 1, 2, 3),
    "2024-01-31t01:02:03.5": datetime.datetime(2024, 1, 31, 1, 2, 3, 500000),
}


@pytest.mark.parametrize("word", WORDS)
def test_words_without_quotes(word: str) -> None:
    (found,) = parse(f"- {word}")
    assert (type(found), found) == (type(WORDS[word]), WORDS[word])
    assert parse(f'- "{word}"') == [word]


def test_not_a_number() -> None:
    assert [math.isnan(number) for number in parse("[.nan, .NaN, .NAN]")] == [True, True, True]


@given(st.text("0123456789+-._:eExbinfaTZ ", max_size=9))
def test_words_are_what_they_are_for_cabinetry(word: str) -> None:
    """Where this fails with a new PyYAML, steering files mean something else for cabinetry."""
    text = f"- {word}"
    try:
        expected = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        assert problems(text) != []
    else:
        assert repr(parse(text)) == repr(expected)


def test_the_loader_of_others_stays_as_it_was() -> None:
    parse("a: 1")
    assert yaml.safe_load("a: 1_0") == {"a": 10}
    assert yaml.SafeLoader.yaml_implicit_resolvers is not read_yaml.__globals__["_Loader"].yaml_implicit_resolvers
