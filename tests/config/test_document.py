from __future__ import annotations

import datetime
import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wilks.config.document import read_document
from wilks.errors import ConfigError


def parse(text: str) -> Any:
    return read_document(io.StringIO(text)).data


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return list(caught.value.problems)


YAML_1_1 = """
anchors:
  base: &base {Type: Normalization, Up: &up {Normalization: 0.1}, Samples: [a, b]}
  other: &other {Regions: x, Type: Other}
merged:
  - {Name: one, <<: *base}
  - {<<: [*base, *other], Name: two, Samples: c}
  - *up
values: [yes, No, on, off, 0o17, 017, 0x1F, 1_000, 1e-3, 1.0e-3, 1:30, .inf, ~, null, '', 2024-01-31, "1.5", 1.5, -.5]
text: >
  folded
  text
"""


def test_anchors_merges_and_words() -> None:
    base = {"Type": "Normalization", "Up": {"Normalization": 0.1}, "Samples": ["a", "b"]}
    data = parse(YAML_1_1)
    assert data["anchors"] == {"base": base, "other": {"Regions": "x", "Type": "Other"}}
    assert data["merged"] == [
        {"Name": "one", **base},
        {**base, "Regions": "x", "Name": "two", "Samples": "c"},
        {"Normalization": 0.1},
    ]
    assert data["values"][:10] == [True, False, True, False, "0o17", 15, 31, 1000, "1e-3", 0.001]
    assert data["values"][10:] == [90, float("inf"), None, None, "", datetime.date(2024, 1, 31), "1.5", 1.5, "-.5"]
    assert data["text"] == "folded text\n"


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_like, st.booleans())
def test_any_data_survive(data: Any, flow: bool) -> None:
    assert parse(yaml.safe_dump(data, default_flow_style=flow)) == data


@given(st.text() | st.text(alphabet="{}[]:,-&*!<>'\"#|?\n ab1~", max_size=40))
def test_any_text_is_data_or_a_config_error(text: str) -> None:
    try:
        data = parse(text)
    except ConfigError:
        return
    assert repr(data) == repr(yaml.safe_load(text))


def test_place_of_keys_including_merged_and_overridden_ones() -> None:
    document = read_document(io.StringIO(YAML_1_1))
    assert document.line(("merged", 0, "Type")) == 3  # where the anchor has it
    assert document.line(("merged", 1, "Samples")) == 7  # where the merged value is overridden
    assert document.line(("merged", 1, "Type")) == 3  # the first of several merged blocks counts
    assert document.line(("merged", 1, "Regions")) == 4
    assert document.line(("merged", 0, "nowhere", "at all")) == 6  # the deepest part that exists
    assert document.place(("merged", 1, "Samples")) == "<stream>:7  merged[1].Samples"
    assert document.written(("values", 0)) == "yes"
    assert document.written(("values",)) is None


def test_repeated_keys() -> None:
    assert problems("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n'a': 4\n") == [
        '<stream>:6  YAML: key "a" is written twice in one block (also line 1)',
        '<stream>:5  YAML: key "c" is written twice in one block (also line 3)',
    ]


def test_a_key_may_override_a_merged_one() -> None:
    assert parse("x: &x {a: 1}\ny: {<<: *x, a: 2}")["y"] == {"a": 2}


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: [1, 2\nb: 3\n", "<stream>:2:2", "flow sequence that starts in line 1"),
        ("a:\n\tb: 1\n", "<stream>:2:1", "not tabs"),
        ("a: *nobody\n", "<stream>:1:4", "undefined alias"),
        ("a: 1\n---\nb: 2\n", "<stream>:2:1", "document"),
        ("a: !python/object:os.system x\n", "<stream>:1:4", "constructor"),
        ("a: 1\nb: 2024-13-45\n", "<stream>:2:4", "as timestamp; put text in quotes"),
        ("a: !!int x\n", "<stream>:1:4", "as int"),
        ("? [1]\n: 2\n", "<stream>:1:3", "unhashable"),
        ("a: &a [*a]\n", "<stream>:1", "alias to itself"),
        ("a: 1\nb: \x07\n", "<stream>:2", "special characters"),
    ],
)
def test_yaml_mistakes_have_a_place(text: str, place: str, words: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(place + "  ")
    assert words in problem


def test_deep_nesting() -> None:
    assert "nested too deeply" in problems("[" * 2000)[0]


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_bytes("Ω: 1\n".encode())
    document = read_document(path)
    assert document.data == {"Ω": 1}
    assert document.source == path
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(ConfigError, match=r"config.yml:2  not YAML text"):
        read_document(str(path))
    with pytest.raises(ConfigError, match=r'confg.yml: no such steering file; did you mean "config.yml"\?'):
        read_document(tmp_path / "confg.yml")
    with pytest.raises(ConfigError, match="no such steering file"):
        read_document(tmp_path / "nowhere" / "config.yml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_document(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_document("nul\0byte")


def test_open_file_is_named_in_messages(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text("a: 1\n")
    with path.open() as file:
        document = read_document(file)
    assert document.place(("a",)) == f"{path}:1  a"
    assert document.source is None
    with pytest.raises(ConfigError, match="cannot be read"):
        read_document(file)  # closed by now


@pytest.mark.parametrize("form", ["file", "dictionary"])
def test_text_that_no_file_can_hold_is_a_mistake(form: str, tmp_path: Path) -> None:
    """YAML's escapes can write half of a surrogate pair, and Python's texts can hold it."""
    path = tmp_path / "config.yml"
    path.write_text('General: {Measurement: "a\\ud800"}\nRegions:\n- {Name: fine, "k\\udfff": 1}\n')
    data = {"General": {"Measurement": "a\ud800"}, "Regions": [{"Name": "fine", "k\udfff": 1}]}
    with pytest.raises(ConfigError) as caught:
        read_document(path if form == "file" else data)
    first, second = caught.value.problems
    assert first.startswith((f"{path}:1  General.Measurement: ", "config  General.Measurement: "))
    assert "'a\\ud800' holds half of a surrogate pair" in first
    assert "'k\\udfff' holds" in second
    assert "Regions[0]" in second


def test_what_aliases_share_is_looked_at_once() -> None:
    """Nine times nine lists of each other: half a billion texts, were each looked at."""
    levels = "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghij"))
    assert read_document(io.StringIO(f"a: &a [{', '.join('x' * 9)}]\n{levels}")).data["a"] == ["x"] * 9


@pytest.mark.parametrize("number", ["1" * 5000, "0x" + "f" * 5000, "1:20:" * 1000 + "20", "1:" * 3000 + "20.5"])
def test_endless_numbers_are_mistakes(number: str) -> None:
    with pytest.raises(ConfigError, match=r"<stream>:1:4 .*cannot read") as caught:
        read_document(io.StringIO(f"a: {number}\n"))
    assert len(str(caught.value)) < 200


def test_lines_are_those_of_the_keys_that_count() -> None:
    document = read_document(io.StringIO("a: &a {x: 1,\n  y: 2}\nb:\n  <<: *a\n  x: 3\n"))
    assert [document.line(("b", key)) for key in ("x", "y", "z")] == [5, 2, 3]
