"""What differs beyond pyhf's format, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.workspace.wide import wide

import wilks


def _config(spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = spec["measurements"][0]["config"]
    return found


def _modifier(spec: dict[str, Any], channel: int, place: int) -> dict[str, Any]:
    found: dict[str, Any] = spec["channels"][channel]["samples"][0]["modifiers"][place]
    return found


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (
            lambda d: d["functions"][0].update(expression="kt ^ 3"),
            ['function "kt2" is kt * kt in A, kt ^ 3 in B'],
        ),
        (
            lambda d: d["functions"][1].update(expression="x[1]*@0", parameters=["rate", "b norm"]),
            [
                'function "yield" is written as @0 * rate (@0 is "b norm") and x[1]*@0 (@0 is "rate", @1 is "b norm"), '
                "and is the same",
            ],
        ),
        (lambda d: d["functions"].append({"name": "new", "expression": "2"}), ['function "new" is in B only: 2']),
        (
            lambda d: d["masks"][0].update(bins=[0, 1]),
            ['masks of "SR" leave out bin 2 in A only and bins 0, 1 in B only'],
        ),
        (lambda d: d.pop("masks"), ['masks of "SR" leave out bin 2 in A only']),
        (lambda d: d["masks"].append({"channel": "CR"}), ['masks of "CR" leave out bins 0, 1 in B only']),
        (lambda d: _config(d).pop("clip"), ['measurement "fit": yields below 0 are clipped in A only']),
        (
            lambda d: _config(d)["correlations"][0].update(matrix=[[1, 0.4, 0.1], [0.4, 1, 0], [0.1, 0, 1]]),
            ['measurement "fit": the correlation of "jer" and "jes" is 0.3 in A, 0.4 in B'],
        ),
        (
            lambda d: _config(d).pop("correlations"),
            ['the correlation of "jer" and "jes" is 0.3 in A, 0 in B, the largest of 2 differences'],
        ),
        (
            lambda d: _config(d).update(pois=["kt"]),
            ['measurement "fit": further parameters of interest are "rate" in A, none in B'],
        ),
        (
            lambda d: _config(d)["parameters"][2].update(lower_sigmas=[2.5]),
            ['measurement "fit": lower_sigmas of "tails": [1.5] in A, [2.5] in B'],
        ),
        (
            lambda d: [_modifier(d, 0, 1).pop("interpolation"), _modifier(d, 1, 1).pop("interpolation")],
            ['interpolation of "jes" on "signal" in "SR" and 1 more: code1 in A, the default in B'],
        ),
        (
            lambda d: d["groups"][0].update(parameters=["jes", "tails"]),
            ['group "jets" has "jer" in A only and "tails" in B only'],
        ),
        (lambda d: d["groups"].pop(0), ['group "jets" is in A only: "jes", "jer"']),
        (lambda d: d.pop("data_sets"), ['data set "other" is in A only']),
        (
            lambda d: d["data_sets"][0]["observations"][0].update(data=[99, 77]),
            ['data set "other" differ in channel "CR", most in CR[1], 70 to 77 (+10 %)'],
        ),
        (lambda d: d["functions"].reverse(), ["the order of functions differs; the model is the same"]),
        (lambda d: d["groups"].reverse(), ["the order of groups differs; the model is the same"]),
    ],
)
def test_each_difference_is_one_sentence(change: Callable[[dict[str, Any]], Any], sentences: list[str]) -> None:
    spec = wide().spec
    change(spec)
    other = wilks.load_workspace(spec)
    found = wilks.diff(wide(), other)
    assert len(found) == len(sentences) == len(wilks.diff(other, wide()))
    for difference, sentence in zip(found, sentences, strict=True):
        assert sentence in str(difference)


def test_what_is_written_otherwise_is_the_same() -> None:
    spec = wide().spec
    spec["functions"][0]["expression"] = "kt*(kt)"
    (found,) = wilks.diff(wide(), wilks.load_workspace(spec))
    assert found.size == 0.0
    assert str(found) == 'function "kt2" is written as kt * kt and kt*(kt), and is the same'


def test_a_version_alone_is_the_same_model() -> None:
    spec = wilks.examples.measurement().spec
    (found,) = wilks.diff(wilks.load_workspace(spec), wilks.load_workspace({**spec, "version": "wilks-1"}))
    assert (found.size, "the model is the same" in str(found)) == (0.0, True)


def test_other_names_are_recognised_where_functions_need_them() -> None:
    other = wilks.rename(wide(), modifiers={"kt2": "kappa2", "tails": "heavy tails"})
    assert sorted(d.kind for d in wilks.diff(wide(), other)) == ["name", "name"]
