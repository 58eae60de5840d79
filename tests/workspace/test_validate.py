from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from tests.workspace.documents import EXAMPLE, changed_documents, workspaces

from wilks.workspace.spec import Document
from wilks.workspace.validate import content_mistakes, structure_mistakes

Change = Callable[[dict[str, Any]], Any]


def changed(change: Change) -> dict[str, Any]:
    document = copy.deepcopy(EXAMPLE)
    change(document)
    return document


def sample(document: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return document["channels"][0]["samples"][index]


def modifier(document: dict[str, Any], index: int, of: int = 0) -> dict[str, Any]:
    return sample(document, of)["modifiers"][index]


def parameter(document: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return document["measurements"][0]["config"]["parameters"][index]


STRUCTURE: list[tuple[Change, str]] = [
    (lambda d: d.pop("version"), '"version" is missing'),
    (
        lambda d: d.update(measurments=d.pop("measurements")),
        'unknown key "measurments"; allowed are "channels", "observations", "measurements", "version", '
        '"data_sets", "groups", "functions", "masks"; '
        'did you mean "measurements"?',
    ),
    (lambda d: d.update(channels={}), "channels: an object found, a list needed"),
    (lambda d: d["channels"].append(7), "channels[2]: 7 found, an object needed"),
    (lambda d: sample(d).update(name=None), "channels[0].samples[0].name: null found, a text needed"),
    (
        lambda d: sample(d).update(data=[True, "5"]),
        "channels[0].samples[0].data[0]: true found, a number needed (and 1 more in this list)",
    ),
    (
        lambda d: modifier(d, 0).pop("type"),
        'channels[0].samples[0].modifiers[0]: "type" is missing; allowed are "histosys", "normsys", "normfactor", '
        '"shapefactor", "shapesys", "staterror", "lumi"',
    ),
    (lambda d: modifier(d, 0).update(data=[1]), "channels[0].samples[0].modifiers[0].data: [1] found, null needed"),
    (lambda d: modifier(d, 0).pop("data"), 'channels[0].samples[0].modifiers[0]: "data" is missing'),
    (
        lambda d: modifier(d, 2)["data"].update(high=modifier(d, 2)["data"].pop("hi")),
        'channels[0].samples[0].modifiers[2].data: unknown key "high"; allowed are "lo", "hi"; did you mean "hi"?',
    ),
    (
        lambda d: modifier(d, 2)["data"].update(lo="0.9"),
        'channels[0].samples[0].modifiers[2].data.lo: "0.9" found, a number needed',
    ),
    (
        lambda d: parameter(d).update(fixed=[1]),
        "measurements[0].config.parameters[0].fixed[0]: 1 found, true or false needed",
    ),
    (lambda d: parameter(d).update(inits=1), "measurements[0].config.parameters[0].inits: 1 found, a list needed"),
    (
        lambda d: parameter(d).update(bounds=[0, 10]),
        "measurements[0].config.parameters[0].bounds[0]: 0 found, a list needed",
    ),
    (lambda d: d["measurements"][0]["config"].pop("poi"), 'measurements[0].config: "poi" is missing'),
    (lambda d: d.update(version=1.0), "version: 1.0 found, a text needed"),
    (lambda d: d.update(version="\ud800"), 'version: "\ud800" found, a text needed'),
]
CONTENT: list[tuple[Change, str]] = [
    (lambda d: d.update(version="2.0.0"), 'version: "2.0.0" found, only "1.0.0" and "wilks-1" are known'),
    (lambda d: d.update(measurements=[]), "measurements: empty, at least one needed"),
    (lambda d: d["channels"][1].update(samples=[]), "channels[1].samples: empty, at least one needed"),
    (lambda d: d["channels"].append(d["channels"][1]), 'channels: "CR" occurs more than once'),
    (lambda d: d["observations"].append(d["observations"][1]), 'observations: "CR" occurs more than once'),
    (lambda d: sample(d, 1).update(name="signal"), 'channels[0].samples: "signal" occurs more than once'),
    (lambda d: d["measurements"].append(d["measurements"][0]), 'measurements: "main" occurs more than once'),
    (
        lambda d: sample(d)["modifiers"].append(modifier(d, 2)),
        'channels[0].samples[0].modifiers: normsys "JES" occurs more than once',
    ),
    (
        lambda d: parameter(d, 1).update(name="mu"),
        'measurements[0].config.parameters: "mu" occurs more than once',
    ),
    (lambda d: d["observations"].pop(0), 'observations: none for channel "SR"'),
    (lambda d: d["observations"][0].update(name="SRR"), 'observations: none for channel "SR"; did you mean "SRR"?'),
    (
        lambda d: d["observations"][0].update(data=[1, 2, 3]),
        'observations: 3 bins for channel "SR", which has 2',
    ),
    (
        lambda d: d["observations"][1].update(data=[]),
        "observations[1].data: empty, at least one number needed",
    ),
    (
        lambda d: sample(d, 1).update(data=[1.0], modifiers=[]),
        'channels[0].samples[1].data: 1 bin, but channel "SR" has 2',
    ),
    (
        lambda d: modifier(d, 3)["data"].update(hi_data=[1.0]),
        'channels[0].samples[0].modifiers[3].data.hi_data: 1 bin, but sample "signal" has 2',
    ),
    (
        lambda d: modifier(d, 1, of=1).update(data=[1, 2, 3]),
        'channels[0].samples[1].modifiers[1].data: 3 bins, but sample "background" has 2',
    ),
    (
        lambda d: modifier(d, 2, of=1).update(data=[]),
        "channels[0].samples[1].modifiers[2].data: empty, at least one number needed",
    ),
    (
        lambda d: modifier(d, 1).update(name="luminosity"),
        'channels[0].samples[0].modifiers[1].name: "luminosity" found, a modifier of type lumi must be named "lumi"',
    ),
    (
        lambda d: modifier(d, 2)["data"].update(hi=math.inf),
        "channels[0].samples[0].modifiers[2].data.hi: Infinity found, a finite number needed",
    ),
    (
        lambda d: sample(d).update(data=[1.0, math.nan]),
        "channels[0].samples[0].data[1]: NaN found, a finite number needed",
    ),
    (
        lambda d: sample(d).update(data=[1.0, 10**400]),
        f"channels[0].samples[0].data[1]: 1{'0' * 56}... found, a finite number needed",
    ),
    (
        lambda d: parameter(d).update(bounds=[[0, 1, 2]]),
        "measurements[0].config.parameters[0].bounds[0]: [0, 1, 2] found, a pair [low, high] with low <= high needed",
    ),
    (
        lambda d: parameter(d).update(bounds=[[1, 0]]),
        "measurements[0].config.parameters[0].bounds[0]: [1, 0] found, a pair [low, high] with low <= high needed",
    ),
    (
        lambda d: parameter(d).update(inits=[]),
        "measurements[0].config.parameters[0].inits: empty, at least one number needed",
    ),
    (
        lambda d: parameter(d).update(bounds=[]),
        "measurements[0].config.parameters[0].bounds: empty, at least one pair [low, high] needed",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), STRUCTURE)
def test_every_mistake_of_form_has_its_sentence(change: Change, sentence: str) -> None:
    assert sentence in structure_mistakes(changed(change))


@pytest.mark.parametrize(("change", "sentence"), CONTENT)
def test_every_mistake_of_content_has_its_sentence_and_only_that(change: Change, sentence: str) -> None:
    document = changed(change)
    assert structure_mistakes(document) == []
    assert content_mistakes(document) == [sentence]


def test_several_mistakes_are_all_found() -> None:
    def change(document: dict[str, Any]) -> None:
        document["version"] = "2"
        sample(document)["data"] = [1.0, math.nan]
        modifier(document, 2)["data"]["lo"] = math.nan
        document["observations"].pop(1)

    assert len(content_mistakes(changed(change))) == 4


@given(workspaces())
def test_valid_documents_have_no_mistakes(document: dict[str, Any]) -> None:
    assert structure_mistakes(document) == []
    assert content_mistakes(document) == []
    assert content_mistakes(msgspec.convert(document, Document)) == []


@settings(max_examples=300, deadline=None)
@given(changed_documents())
def test_form_agrees_with_the_typed_decoder_and_content_with_plain_data(document: Any) -> None:
    mistakes = structure_mistakes(document)
    try:
        typed = msgspec.convert(document, Document)
    except msgspec.ValidationError:
        assert mistakes
        content_mistakes(document)  # whatever is left of it
    else:
        assert not mistakes
        assert content_mistakes(typed) == content_mistakes(document)
