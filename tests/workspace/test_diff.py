"""What differs, in sentences: every kind of difference, its size worked out by hand, and none that is not there."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from tests.workspace import documents
from tests.workspace.documents import EXAMPLE

import wilks
from wilks.histogram import Axis
from wilks.workspace.differences import percent
from wilks.workspace.workspace import Workspace

PLAIN = wilks.load_workspace(copy.deepcopy(EXAMPLE))


def differences(change: Callable[[dict[str, Any]], Any]) -> list[str]:
    """Return the sentences about what a change does to the example; those of the other way round are as many."""
    document = copy.deepcopy(EXAMPLE)
    change(document)
    other = wilks.load_workspace(document)
    found = wilks.diff(PLAIN, other)
    assert len(wilks.diff(other, PLAIN)) == len(found)
    assert [d.size for d in found] == sorted((d.size for d in found), reverse=True)
    assert all(isinstance(row, tuple) and len(row) == 8 for row in found.table().rows)
    return [str(each) for each in found]


def modifiers(document: dict[str, Any], sample: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["channels"][0]["samples"][sample]["modifiers"]
    return found


def settings(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["measurements"][0]["config"]
    return found


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (
            lambda d: d["channels"][1]["samples"][0].update(data=[110.0]),
            ['yields of "background" differ in channel "CR", most in CR[0], 100 to 110 (+10 %); its sum'],
        ),
        (
            lambda d: d["observations"][0].update(data=[54, 70]),
            ['data differ in channel "SR", most in SR[1], 71 to 70 (-1.41 %); its sum is 125 and 124 (-0.8 %)'],
        ),
        (
            lambda d: d["channels"].pop() and d["observations"].pop(),
            ['channel "CR" is in A only (1 bin, 1 sample)'],
        ),
        (
            lambda d: d["channels"][0]["samples"][1].update(modifiers=[]),
            [
                '"free" (shapefactor) is in A only: free, on "background" in "SR"',
                '"uncorrelated" (shapesys) is in A only: up to 20 %, on "background" in "SR"',
                '"stat" (staterror) is in A only: up to 3.33 %, on "background" in "SR"',
            ],
        ),
        (
            lambda d: modifiers(d)[2]["data"].update(hi=1.2),
            # Bin 0 goes up by a fifth with the histosys, which the normsys multiplies: 1.2 * 1.1, and 1.2 * 1.2.
            ['the effect of "JES" on "signal" in SR[0] is +32 % in A, +44 % in B'],
        ),
        (
            lambda d: modifiers(d).pop(3),
            ['"JES" is histosys + normsys in A, normsys in B: on "signal" in "SR"'],
        ),
        (
            lambda d: d["channels"][1]["samples"][0]["modifiers"].append(
                {"name": "JES", "type": "normsys", "data": {"lo": 0.9, "hi": 1.15}}
            ),
            ['"JES" (normsys) acts in B only on "background" in "CR": up to 15 %'],
        ),
        (
            lambda d: settings(d).update(poi=""),
            ['measurement "main": the parameter of interest is "mu" in A, "none" in B'],
        ),
        (
            lambda d: settings(d)["parameters"][0].update(bounds=[[-5, 10]]),
            ['measurement "main": bounds of "mu": [[0, 10]] in A, [[-5, 10]] in B'],
        ),
        (
            lambda d: settings(d)["parameters"].pop(2),
            ['measurement "main": fixed of "JES": true in A, the default in B'],
        ),
        (
            lambda d: settings(d)["parameters"][1].update(sigmas=[0.03]),
            [
                'measurement "main": sigmas of "lumi": [0.02] in A, [0.03] in B',
                'the effect of "lumi" on "signal" in SR[0] is +2 % in A, +3 % in B',
            ],
        ),
        (
            lambda d: d["measurements"].insert(0, {"name": "other", "config": {"poi": "", "parameters": []}}),
            ['measurement "other" is in B only', 'the default measurement is "main" in A, "other" in B'],
        ),
        (lambda d: d["channels"].reverse(), ["the order of channels differs; the model is the same"]),
        (lambda d: settings(d)["parameters"].reverse(), ["the order of settings differs; the model is the same"]),
        (
            lambda d: d["channels"][1]["samples"][0].update(data=[100]),
            ["numbers are spelled differently (as 1 and 1.0), and digests differ"],
        ),
        (lambda d: None, []),
    ],
)
def test_sentences(change: Callable[[dict[str, Any]], Any], sentences: list[str]) -> None:
    found = differences(change)
    assert len(found) == len(sentences)
    for sentence, expected in zip(found, sentences, strict=True):
        assert sentence.startswith(expected)


def test_a_sample_in_one_only() -> None:
    found = wilks.diff(PLAIN, wilks.prune(PLAIN, samples="signal"), names=("old", "new"))
    assert str(found.of_kind("sample")[0]) == (
        'sample "signal" is in old only, in channel "SR", with up to 14.3 % of the total: SR[1]'
    )
    assert "mu" in str(found)


def test_another_name_alone_is_recognised() -> None:
    search = wilks.examples.search()
    renamed = wilks.rename(search, modifiers={"b-tagging": "FTAG", "mu": "strength"})
    assert sorted(map(str, wilks.diff(search, renamed))) == [
        '"b-tagging" in A is called "FTAG" in B, and is the same',
        '"mu" in A is called "strength" in B, and is the same',
    ]
    changed = wilks.prune(renamed, channels="CR*")
    assert '"b-tagging" (histosys, normsys) is in A only' in str(wilks.diff(search, changed))


def test_numbers_that_are_scaled_together_have_the_same_effects() -> None:
    def scaled(document: dict[str, Any]) -> None:
        sample = document["channels"][0]["samples"][0]
        sample["data"] = [3.3 * y for y in sample["data"]]
        sample["modifiers"][3]["data"] = {k: [3.3 * y for y in v] for k, v in sample["modifiers"][3]["data"].items()}

    assert [s[:18] for s in differences(scaled)] == ['yields of "signal"']


def test_axes() -> None:
    one, other = (Workspace(PLAIN.document, {"CR": Axis([0.0, x], label)}) for x, label in ((1.0, "a"), (2.0, "a")))
    assert str(wilks.diff(one, other)) == 'bin edges of "CR": [0.0, 1.0] in A, [0.0, 2.0] in B'
    assert str(wilks.diff(PLAIN, other)) == 'bin edges of "CR" are known in B only'
    labelled = Workspace(PLAIN.document, {"CR": Axis([0.0, 1.0], "b")})
    assert str(wilks.diff(one, labelled)) == 'the axis of "CR" has other labels: "a" and "b"'


def test_empty_bins() -> None:
    def filled(document: dict[str, Any]) -> None:
        document["channels"][1]["samples"][0]["data"] = [0.0]

    document = copy.deepcopy(EXAMPLE)
    filled(document)
    empty = wilks.load_workspace(document)
    assert "most in CR[0], 0 to 100; its sum is 0 and 100" in str(wilks.diff(empty, PLAIN))
    assert "100 to 0 (-100 %)" in str(wilks.diff(PLAIN, empty))


@given(documents.changed_documents())
def test_no_difference_is_told_for_the_same_alone(document: Any) -> None:
    try:
        other = wilks.load_workspace(document)
    except wilks.errors.WorkspaceError:
        return
    found = wilks.diff(PLAIN, other)
    assert (len(found) == 0) == (other.digest == PLAIN.digest)
    assert str(found)


@given(documents.workspaces())
def test_the_same_workspace_has_no_difference(document: dict[str, Any]) -> None:
    one, other = wilks.load_workspace(document), wilks.load_workspace(copy.deepcopy(document))
    assert str(wilks.diff(one, other)) == "no difference"


def test_fields_that_it_knows_nothing_of_are_compared() -> None:
    """Records may have more fields one day: none may differ in silence."""
    from wilks.workspace.diff_settings import other_fields

    class More(msgspec.Struct, frozen=True):
        name: str
        constraint: str | None = None

    found = list(other_fields("it", More("a"), More("a", "poisson"), {"name"}, ("A", "B")))
    assert str(found[0]) == 'it: constraint is the default in A, "poisson" in B'


def test_percent() -> None:
    assert percent(float("nan")) == "n/a"
    assert percent(-1.0) == "-100 %"


def test_a_modifier_without_a_name_is_compared() -> None:
    name = modifiers(copy.deepcopy(EXAMPLE))[0]["name"]
    document = copy.deepcopy(EXAMPLE)
    for channel in document["channels"]:
        for sample in channel["samples"]:
            for each in sample["modifiers"]:
                each["name"] = "" if each["name"] == name else each["name"]
    other = wilks.load_workspace(document)
    assert any(f'"{name}"' in str(found) for found in wilks.diff(other, PLAIN))
    assert any(f'"{name}"' in str(found) for found in wilks.diff(PLAIN, other))
