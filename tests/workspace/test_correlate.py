"""Several parameters made one: the inverse of decorrelation, and what can't be one."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.workspace.documents import EXAMPLE

import wilks
from wilks.errors import WorkspaceError

SEARCH = wilks.examples.search()


@pytest.mark.parametrize("by", ["channel", "sample"])
@pytest.mark.parametrize("name", ["b-tagging", "Jet energy scale", "Luminosity", "top_norm", "mu", "staterror_SR-1b"])
def test_it_is_the_inverse_of_decorrelation(name: str, by: str) -> None:
    try:
        made = wilks.decorrelate(SEARCH, name, by=by)
    except WorkspaceError:
        assert (name, by) in {("mu", "sample"), ("top_norm", "sample"), ("staterror_SR-1b", "channel")}
        return
    assert made != SEARCH
    assert wilks.correlate(made, f"{name}_*", name) == SEARCH


def test_a_parameter_of_interest_stays_one() -> None:
    parts = wilks.decorrelate(SEARCH, "mu")
    one = wilks.correlate(parts, ["mu_SR 1b", "mu_SR 2b"], "strength")
    assert one.document.measurements[0].config.poi == "strength"


def workspace(*more: tuple[str, str, Any], settings: list[dict[str, Any]] | None = None) -> Any:
    document = copy.deepcopy(EXAMPLE)
    document["channels"][1]["samples"][0]["modifiers"] = [{"name": n, "type": t, "data": d} for n, t, d in more]
    document["measurements"][0]["config"]["parameters"] += settings or []
    return wilks.load_workspace(document)


SYS = {"lo": 0.9, "hi": 1.1}


@pytest.mark.parametrize(
    ("found", "parameters", "name", "sentences"),
    [
        (workspace(), "nothing*", "x", ['no parameter "nothing*"']),
        (workspace(), "free", "x", ['at least two parameters are needed, found "free"']),
        (workspace(), ["mu", "free"], "", ["needs a name", 'normfactor ("mu") and shapefactor ("free")']),
        (workspace(("a", "normsys", SYS), ("b", "normsys", SYS)), ["a", "b"], "c", ['has the normsys "a" and "b"']),
        (workspace(("a", "normsys", SYS)), ["a", "JES"], "stat", ["name of another parameter", '"a" has none']),
        (workspace(("u", "shapesys", [3.0])), ["u", "uncorrelated"], "u", ['"u" is of type shapesys']),
        (
            workspace(("a", "normsys", SYS), settings=[{"name": "a", "fixed": False}]),
            ["a", "JES"],
            "JES",
            ['those of "JES", "a" differ'],
        ),
    ],
)
def test_everything_that_is_wrong_is_said(found: Any, parameters: Any, name: str, sentences: list[str]) -> None:
    with pytest.raises(WorkspaceError) as caught:
        wilks.correlate(found, parameters, name)
    for sentence in sentences:
        assert sentence in str(caught.value)


def test_staterrors_of_several_channels_are_one_as_the_format_has_it() -> None:
    separate = workspace(("more", "staterror", [4.0]))
    one = wilks.correlate(separate, ["stat", "more"], "stat")
    model = wilks.compile_model(one)
    assert [n for n in model.parameter_names if n.startswith("stat")] == ["stat[0]", "stat[1]", "stat[2]"]
    partly = workspace(("more", "staterror", [4.0]), settings=[{"name": "stat", "inits": [1.0, 1.1]}])
    with pytest.raises(WorkspaceError, match='"more" has none'):
        wilks.correlate(partly, ["stat", "more"], "stat")
