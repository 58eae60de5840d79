"""Combinations against pyhf's four joins, and the likelihoods of the two parts."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pyhf
import pytest
from tests.workspace.documents import EXAMPLE

import wilks
from wilks.errors import WorkspaceError
from wilks.histogram import Axis
from wilks.workspace.combine import JOINS, shared_modifiers, with_rest_of
from wilks.workspace.combined_settings import lacking_settings
from wilks.workspace.workspace import Workspace

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it


def changed(change: Callable[[dict[str, Any]], Any] = lambda d: None) -> dict[str, Any]:
    document = copy.deepcopy(EXAMPLE)
    change(document)
    return document


def other_channels(document: dict[str, Any]) -> None:
    for item in (*document["channels"], *document["observations"]):
        item["name"] += "2"


def other_names(document: dict[str, Any]) -> None:
    other_channels(document)
    document["measurements"][0]["name"] = "other"


def one_more_sample(document: dict[str, Any]) -> None:
    document["channels"][0]["samples"].insert(0, {"name": "more", "data": [1.0, 2.0], "modifiers": []})
    document["channels"][0]["samples"][1]["data"][0] = 7.0


VARIANTS: dict[str, dict[str, Any]] = {
    "itself": changed(),
    "other channels": changed(other_channels),
    "nothing in common": changed(other_names),
    "one more sample": changed(one_more_sample),
    "other data": changed(lambda d: d["observations"][0].update(data=[1, 2])),
    "other POI": changed(lambda d: d["measurements"][0]["config"].update(poi="JES")),
    "other settings": changed(lambda d: d["measurements"][0]["config"]["parameters"][0].update(inits=[2.0])),
    "more settings": changed(lambda d: d["measurements"][0]["config"]["parameters"].append({"name": "free"})),
    "fewer channels": changed(lambda d: (d["channels"].pop(), d["observations"].pop())),
    "two measurements": changed(
        lambda d: d["measurements"].insert(0, {"name": "b", "config": {"poi": "mu", "parameters": []}})
    ),
}


PAIRS = [*itertools.product(["itself"], VARIANTS), *itertools.product([*VARIANTS][1:], ["itself"])]
PAIRS += [("one more sample", "other data"), ("two measurements", "nothing in common")]


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_every_join_is_pyhfs(left: str, right: str) -> None:
    """The same document, or refused by both."""
    refused = 0
    for join, merge in itertools.product(JOINS, (False, True)):
        a, b = copy.deepcopy(VARIANTS[left]), copy.deepcopy(VARIANTS[right])
        try:
            theirs = dict(pyhf.Workspace.combine(pyhf.Workspace(a), pyhf.Workspace(b), join, merge_channels=merge))
        except (pyhf.exceptions.InvalidWorkspaceOperation, ValueError):
            theirs = None
            refused += 1
        try:
            ours = wilks.combine(wilks.load_workspace(a), wilks.load_workspace(b), join=join, merge_channels=merge).spec
        except WorkspaceError:
            ours = None
        assert ours == theirs, (join, merge)
    assert refused >= 1  # merging with "none"


def test_the_likelihood_is_the_product_with_shared_constraints_once() -> None:
    right = changed(other_names)
    a, b = wilks.load_workspace(changed()), wilks.load_workspace(right)
    both = wilks.combine(a, b, rename_modifiers={"stat": "stat2", "uncorrelated": "uncorrelated2", "JES": "JES2"})
    assert shared_modifiers(a, b) == ["mu", "lumi", "JES", "free", "uncorrelated", "stat"]
    model = wilks.compile_model(both)
    parts = [wilks.compile_model(a), wilks.compile_model(wilks.load_workspace(right))]
    rng = np.random.default_rng(3)
    theta = model.initial + rng.normal(0, 0.05, model.n_parameters)
    values = dict(zip(model.parameter_names, theta, strict=True))
    total = 0.0
    for part, end in zip(parts, ("", "2"), strict=True):
        own = [values[_renamed(name, end)] for name in part.parameter_names]
        total += part.nll(own, part.observed())
    lumi = 0.5 * ((values["lumi"] - 1.0) / 0.02) ** 2 + np.log(0.02 * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(model.nll(theta, model.observed()), total - lumi, rtol=1e-12)


def _renamed(name: str, end: str) -> str:
    stem, bracket, rest = name.partition("[")
    return f"{stem}{end if stem in ('stat', 'uncorrelated', 'JES') else ''}{bracket}{rest}"


def test_renaming_is_for_what_is_in_both() -> None:
    a, b = wilks.load_workspace(changed()), wilks.load_workspace(changed())
    both = wilks.combine(a, b, join="outer", rename_channels={"S*": "S*_b"}, rename_modifiers={"*": "*_b", "mu": "mu"})
    assert both.channel_names == ("SR", "CR", "SR_b")
    names = {p.name for p in wilks.inspect(both).parameters}
    assert names == {"mu", "lumi", "JES", "free", "uncorrelated", "stat"} | {
        "JES_b",
        "free_b",
        "uncorrelated_b",
        "stat_b",
    }
    fewer = wilks.load_workspace(VARIANTS["other channels"])
    assert wilks.combine(a, fewer, join="outer", rename_channels={"*": "*_b"}).channel_names == (
        "SR",
        "CR",
        "SR2",
        "CR2",
    )


@pytest.mark.parametrize(
    ("options", "sentences"),
    [
        ({"join": "outter"}, ['no join "outter"', 'did you mean "outer"']),
        ({"merge_channels": True}, ["channels are merged with"]),
        ({}, ['channel "SR" is in both', 'data of channel "CR" is in both', 'measurement "main" is in both']),
        ({"rename_channels": {"XR": "YR"}, "rename_modifiers": {"J?": "K"}}, ['no channel "XR"', 'no modifier "J?"']),
        ({"rename_modifiers": {"lumi": "lumi2"}}, ["can't be renamed"]),
        ({"rename_modifiers": {"JES": "mu"}}, ['"mu"', "correlate"]),
    ],
)
def test_everything_that_is_wrong_is_said(options: dict[str, Any], sentences: list[str]) -> None:
    workspace = wilks.load_workspace(changed())
    with pytest.raises(WorkspaceError) as caught:
        wilks.combine(workspace, workspace, **options)
    for sentence in sentences:
        assert sentence in str(caught.value)


def test_no_poi_goes_with_any() -> None:
    free = wilks.load_workspace(changed(lambda d: d["measurements"][0]["config"].update(poi="")))
    mine = wilks.load_workspace(changed())
    for pair in ((free, mine), (mine, free)):
        assert wilks.combine(*pair, join="outer").document.measurements[0].config.poi == "mu"


def test_parts_make_the_whole_again() -> None:
    whole = wilks.examples.search()
    parts = list(wilks.split(whole).values())
    both = wilks.combine(wilks.combine(parts[0], parts[1], join="outer"), parts[2], join="outer")
    assert wilks.sort(both) == wilks.sort(whole)


def test_axes_come_along_and_must_agree() -> None:
    plain = wilks.load_workspace(changed())
    one, other = (Workspace(plain.document, {"CR": Axis([0.0, x])}) for x in (1.0, 2.0))
    assert wilks.combine(plain, one, join="outer").axis("CR").edges[1] == 1.0
    assert wilks.combine(one, other, join="right outer").axis("CR").edges[1] == 2.0
    with pytest.raises(WorkspaceError, match='"CR" has other bin edges'):
        wilks.combine(one, other, join="outer")


def test_bins_that_differ_are_not_merged() -> None:
    def shorter(document: dict[str, Any]) -> None:
        document["channels"][1]["samples"] = [{"name": "new", "data": [1.0, 2.0], "modifiers": []}]
        document["observations"][1]["data"] = [1.0, 2.0]

    with pytest.raises(WorkspaceError, match="the new workspace can't be"):
        wilks.combine(
            wilks.load_workspace(changed()),
            wilks.load_workspace(changed(shorter)),
            join="left outer",
            merge_channels=True,
        )


class Extended(msgspec.Struct, frozen=True):
    name: str
    groups: list[str] | None = None
    constraint: str | None = None


def test_fields_that_it_knows_nothing_of_survive() -> None:
    """Documents may say more one day: nothing that the second workspace says is dropped in silence."""
    problems: list[str] = []
    both = with_rest_of(Extended("a", ["x"]), Extended("b", ["x", "y"], "normal"), {"name"}, "it", problems)
    assert (both, problems) == (Extended("a", ["x", "y"], "normal"), [])
    with_rest_of(Extended("a", None, "poisson"), Extended("b", None, "normal"), {"name"}, "it", problems)
    assert problems == ['it: "constraint" differs']


def test_settings_that_a_measurement_lacks() -> None:
    both = wilks.combine(wilks.load_workspace(changed()), wilks.examples.search())
    assert lacking_settings(both)["main"] == ["zjets_norm", "top_norm"]
