"""Every operation follows all that refers to names: functions, correlations, masks, data sets, groups, POIs."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.workspace.wide import POINT, nll, wide

import wilks
from wilks.errors import WorkspaceError
from wilks.workspace.references import all_names, parameter_names, steering_parameters
from wilks.workspace.workspace import Workspace


def config(workspace: Workspace) -> dict[str, Any]:
    found: dict[str, Any] = workspace.spec["measurements"][0]["config"]
    return found


def functions(workspace: Workspace) -> dict[str, tuple[str, list[str] | None]]:
    return {f.name: (f.expression, f.parameters) for f in workspace.document.functions or ()}


def test_the_workspace_is_what_it_says() -> None:
    model = wilks.compile_model(wide())
    assert set(model.parameter_names) == set(POINT) == set(parameter_names(wide().document))
    assert set(all_names(wide().document)) == {*POINT, "kt2", "yield", "theory", "helper"}
    assert steering_parameters(wide().document)["theory"] == ["g"]
    assert model.pois == ("kt", "rate")


# Renaming


def test_a_parameter_has_its_new_name_everywhere() -> None:
    new = wilks.rename(wide(), modifiers={"kt": "kappa_top", "j*": "ATLAS_j*", "g": "gamma"})
    assert functions(new)["kt2"] == ("kappa_top * kappa_top", None)
    assert functions(new)["helper"] == ("log(gamma)", None)
    assert (config(new)["poi"], config(new)["pois"]) == ("kappa_top", ["kappa_top", "rate"])
    assert [s["name"] for s in config(new)["parameters"]] == ["kappa_top", "b norm", "tails", "gamma"]
    assert config(new)["correlations"][0]["parameters"] == ["ATLAS_jes", "ATLAS_jer", "only CR"]
    assert new.spec["groups"] == [
        {"name": "jets", "parameters": ["ATLAS_jes", "ATLAS_jer"]},
        {"name": "theory", "parameters": ["theory", "gamma"]},
    ]
    moved = {"kt": "kappa_top", "jes": "ATLAS_jes", "jer": "ATLAS_jer", "g": "gamma"}
    assert nll(new, {moved.get(name, name): value for name, value in POINT.items()}) == pytest.approx(
        nll(wide()), rel=1e-13
    )


def test_a_function_has_its_new_name_at_modifiers_and_in_other_functions() -> None:
    new = wilks.rename(wide(), modifiers={"kt2": "squared", "helper": "logarithm"})
    assert functions(new)["squared"] == ("kt * kt", None)
    assert functions(new)["theory"] == ("exp(logarithm) - 1", None)
    assert "kt2" not in all_names(new.document)
    assert nll(new) == nll(wide())


def test_names_that_no_expression_can_have_are_listed_as_its_parameters() -> None:
    new = wilks.rename(wide(), modifiers={"kt": "k top", "b norm": "b/norm", "rate": "a rate"})
    assert functions(new)["kt2"] == ("@0 * @0", ["k top"])
    assert functions(new)["yield"] == ("@0 * @1", ["b/norm", "a rate"])
    values = {{"kt": "k top", "b norm": "b/norm", "rate": "a rate"}.get(k, k): v for k, v in POINT.items()}
    assert nll(new, values) == nll(wide())
    back = wilks.rename(new, modifiers={"k top": "kt", "b/norm": "b norm", "a rate": "rate"})
    assert nll(back) == nll(wide())


def test_names_of_functions_such_as_exp_are_told_from_calls() -> None:
    new = wilks.rename(wide(), modifiers={"helper": "exp"})
    assert functions(new)["theory"] == ("exp(exp) - 1", None)
    assert functions(wilks.rename(new, modifiers={"exp": "helper"})) == functions(wide())


@pytest.mark.parametrize(
    ("what", "there", "back"),
    [
        ("modifiers", {"kt": "kappa", "kt2": "kappa2"}, {"kappa": "kt", "kappa2": "kt2"}),
        ("modifiers", {"b norm": "b", "only CR": "c"}, {"b": "b norm", "c": "only CR"}),
        ("modifiers", {"*": "CMS_*"}, {"CMS_*": "*"}),
        ("channels", {"SR": "signal region"}, {"signal region": "SR"}),
        ("samples", {"signal": "ttH"}, {"ttH": "signal"}),
        ("measurements", {"fit": "other"}, {"other": "fit"}),
    ],
)
def test_there_and_back_is_the_same_document(what: str, there: dict[str, str], back: dict[str, str]) -> None:
    renamed = wilks.rename(wide(), **{what: there})
    assert renamed.digest != wide().digest
    assert wilks.rename(renamed, **{what: back}).digest == wide().digest


def test_channels_are_renamed_in_masks_and_data_sets() -> None:
    new = wilks.rename(wide(), channels={"SR": "A"})
    assert new.spec["masks"] == [{"channel": "A", "bins": [2]}]
    assert [o["name"] for o in new.spec["data_sets"][0]["observations"]] == ["CR", "A"]
    assert nll(new) == pytest.approx(nll(wide()), rel=1e-13)


NAMES = ["a", "b1", "x", "exp", "min", "k.t", "é", "a b", "1x", "@0", "x[0]", "(", "_", "*q", "mu-1", "min(", "e5"]


@pytest.mark.parametrize("seed", range(20))
def test_any_names_leave_the_likelihood(seed: int) -> None:
    rng = random.Random(seed)
    names = all_names(wide().document)
    chosen = rng.sample(names, rng.randint(1, len(names)))
    changes = dict(zip(chosen, rng.sample(NAMES, len(chosen)), strict=True))
    new = wilks.rename(wide(), modifiers=changes)
    values = {changes.get(name, name): value for name, value in POINT.items()}
    assert nll(new, values) == pytest.approx(nll(wide()), rel=1e-13)
    assert nll(wilks.sort(new), values) == pytest.approx(nll(wide()), rel=1e-13)
    assert nll(wilks.rename(new, modifiers={new: old for old, new in changes.items()})) == pytest.approx(
        nll(wide()), rel=1e-13
    )
    assert wilks.load_workspace(new.spec).digest == new.digest


@pytest.mark.parametrize("new", ["kt", "helper", "kt2", "b norm"])
def test_two_names_never_become_one(new: str) -> None:
    with pytest.raises(WorkspaceError, match="would have one name"):
        wilks.rename(wide(), modifiers={"tails": new})


# Leaving out


def test_functions_go_with_their_modifiers_and_their_parameters_with_them() -> None:
    left = wilks.prune(wide(), modifiers="theory")
    assert set(functions(left)) == {"kt2", "yield"}
    assert [s["name"] for s in config(left)["parameters"]] == ["kt", "b norm", "tails"]
    assert left.spec["groups"] == [{"name": "jets", "parameters": ["jes", "jer"]}]
    assert set(parameter_names(left.document)) == set(POINT) - {"g"}


def test_functions_that_nothing_used_before_stay() -> None:
    idle = [*wide().spec["functions"], {"name": "idle", "expression": "2 * helper"}]
    left = wilks.prune(wide(functions=idle), modifiers="theory")
    assert set(functions(left)) == {"kt2", "yield", "idle", "helper"}
    assert "g" in parameter_names(left.document)


def test_correlations_lose_rows_and_columns() -> None:
    left = wilks.prune(wide(), modifiers="jer")
    assert config(left)["correlations"] == [{"parameters": ["jes", "only CR"], "matrix": [[1, 0.1], [0.1, 1]]}]
    assert "correlations" not in config(wilks.prune(wide(), modifiers=["jer", "jes"]))


def test_a_parameter_of_interest_goes_with_its_function() -> None:
    left = wilks.prune(wide(), modifiers="kt2")
    assert config(left)["poi"] == "rate"
    assert "pois" not in config(left)


def test_channels_go_with_their_masks_and_data() -> None:
    left = wilks.prune(wide(), channels="SR")
    assert "masks" not in left.spec
    assert left.spec["data_sets"] == [{"name": "other", "observations": [{"name": "CR", "data": [99, 70]}]}]
    assert set(functions(left)) == {"kt2", "yield"}


def test_data_sets_can_be_left_out() -> None:
    left = wilks.prune(wide(), data_sets="oth*")
    assert "data_sets" not in left.spec
    with pytest.raises(WorkspaceError, match=r'no data set "othr".*did you mean "other"'):
        wilks.prune(wide(), data_sets="othr")


def test_what_pyhf_can_say_again_is_its_document() -> None:
    left = wilks.prune(_plain(groups=[{"name": "jets", "parameters": ["jes"]}]), modifiers="jes")
    assert left.spec["version"] == "1.0.0"


def _plain(**changes: Any) -> Workspace:
    """Return the workspace with nothing but what pyhf can say, and changes."""
    spec = wide(data_sets=None, functions=None, masks=None, groups=None).spec
    spec["channels"][0]["samples"][0]["modifiers"][1].pop("interpolation")
    spec["channels"][1]["samples"][0]["modifiers"][1].pop("interpolation")
    spec["measurements"] = [{"name": "fit", "config": {"poi": "kt2", "parameters": []}}]
    return wilks.load_workspace(spec | changes | {"version": "wilks-1" if changes else "1.0.0"})


# Order and parts


def test_sorting_leaves_the_model() -> None:
    ordered = wilks.sort(wide())
    spec = ordered.spec
    assert [f["name"] for f in spec["functions"]] == ["helper", "kt2", "theory", "yield"]
    assert config(ordered)["correlations"] == [
        {"parameters": ["jer", "jes", "only CR"], "matrix": [[1, 0.3, 0], [0.3, 1, 0.1], [0, 0.1, 1]]}
    ]
    assert config(ordered)["pois"] == ["kt", "rate"]
    assert spec["groups"][0] == {"name": "jets", "parameters": ["jer", "jes"]}
    assert nll(ordered) == pytest.approx(nll(wide()), rel=1e-13)


def test_other_orders_have_one_digest_when_sorted() -> None:
    spec = wide().spec
    for key in ("channels", "observations", "functions", "groups", "masks"):
        spec[key].reverse()
    spec["data_sets"][0]["observations"].reverse()
    spec["groups"][0]["parameters"].reverse()
    correlation = spec["measurements"][0]["config"]["correlations"][0]
    correlation["parameters"].reverse()
    correlation["matrix"] = [row[::-1] for row in correlation["matrix"][::-1]]
    other = wilks.load_workspace(spec)
    assert other.digest != wide().digest
    assert wilks.sort(other).digest == wilks.sort(wide()).digest


def test_parts_have_what_they_need_and_make_the_whole() -> None:
    parts = wilks.split(wide())
    assert set(functions(parts["CR"])) == {"kt2", "yield"}
    assert "masks" not in parts["CR"].spec
    whole = wilks.combine(parts["SR"], parts["CR"], join="outer")
    assert nll(whole) == pytest.approx(nll(wide()), rel=1e-13)
    assert wilks.sort(whole).digest == wilks.sort(wide()).digest


# Putting together


def test_combined_workspaces_have_what_both_say() -> None:
    other = wilks.rename(wide(), channels={"*": "*'"}, modifiers={"*": "*_B"}, measurements={"fit": "fit B"})
    both = wilks.combine(wide(data_sets=None), wilks.prune(other, data_sets="other"))
    assert {*functions(both)} == {*functions(wide()), *functions(other)}
    assert both.spec["masks"] == [{"channel": "SR", "bins": [2]}, {"channel": "SR'", "bins": [2]}]
    assert both.spec["groups"][0] == {"name": "jets", "parameters": ["jes", "jer", "jes_B", "jer_B"]}
    assert both.spec["version"] == "wilks-1"


def test_data_sets_of_one_name_have_the_channels_of_both() -> None:
    other = wilks.rename(wide(), channels={"*": "*'"}, modifiers={"*": "*_B"}, measurements={"fit": "fit B"})
    both = wilks.combine(wide(), other)
    assert [o["name"] for o in both.spec["data_sets"][0]["observations"]] == ["CR", "SR", "CR'", "SR'"]
    with pytest.raises(WorkspaceError, match=r'data set "other" is in one workspace only.*"CR\'", "SR\'".*prune it'):
        wilks.combine(wide(), wilks.prune(other, data_sets="*"))


def test_functions_are_told_apart_by_other_names() -> None:
    other = wilks.rename(wide(), channels={"*": "*'"}, measurements={"fit": "fit B"})
    both = wilks.combine(wide(), other, rename_modifiers={"*": "*_B", "kt": "kt"})
    assert functions(both)["kt2_B"] == ("kt * kt", None)
    assert functions(both)["yield_B"] == ("@0 * rate_B", ["b norm_B"])


def test_a_name_is_a_function_in_both_or_in_none() -> None:
    other = wilks.rename(wide(), channels={"*": "*'"}, measurements={"fit": "fit B"})
    with pytest.raises(WorkspaceError, match='"kt2" is a function in one workspace and a parameter in the other'):
        wilks.combine(_plain(), wilks.prune(other, data_sets="*"))
    changed = [{**f, "expression": "kt ^ 3"} if f["name"] == "kt2" else f for f in other.spec["functions"]]
    different = wilks.load_workspace({**other.spec, "functions": changed})
    with pytest.raises(WorkspaceError, match='function "kt2" is in both workspaces, and differs'):
        wilks.combine(wide(), different)


def test_a_document_of_pyhf_goes_with_one_that_says_more() -> None:
    other = wilks.rename(_plain(), channels={"*": "*'"}, modifiers={"*": "*_B"}, measurements={"fit": "fit B"})
    both = wilks.combine(wide(data_sets=None), other)
    assert both.spec["version"] == "wilks-1"
    assert both.spec["functions"] == wide().spec["functions"]


def test_masks_of_one_channel_must_agree() -> None:
    with pytest.raises(WorkspaceError, match='channel "SR" has other masks in the two workspaces'):
        wilks.combine(wide(), wide(masks=[{"channel": "SR"}]), join="outer")
    assert wilks.combine(wide(), wide(masks=None), join="left outer").spec["masks"] == wide().spec["masks"]
    assert "masks" not in wilks.combine(wide(), wide(masks=None), join="right outer").spec


def test_correlations_must_agree() -> None:
    spec = wide().spec
    spec["measurements"][0]["config"]["correlations"] = [{"parameters": ["jes", "jer"], "matrix": [[1, 0.5], [0.5, 1]]}]
    with pytest.raises(WorkspaceError, match=r"the correlations of .* are in both workspaces, and differ"):
        wilks.combine(wide(), wilks.load_workspace(spec), join="outer")
    spec["measurements"][0]["config"]["correlations"] = [{"parameters": ["jer", "jes"], "matrix": [[1, 0.3], [0.3, 1]]}]
    assert (
        wilks.combine(wilks.load_workspace(spec), wide(), join="outer").spec["measurements"]
        == (wide().spec["measurements"])
    )


def test_clipping_must_agree() -> None:
    spec = wide().spec
    spec["measurements"][0]["config"].pop("clip")
    with pytest.raises(WorkspaceError, match='"clip" differs'):
        wilks.combine(wide(), wilks.load_workspace(spec), join="outer")


# One parameter and several


def test_a_parameter_becomes_several_in_groups_and_of_interest() -> None:
    spec = wide().spec
    spec["measurements"][0]["config"]["pois"] = ["kt", "tails"]
    spec["groups"][0]["parameters"] = ["jes", "tails"]
    several = wilks.decorrelate(wilks.load_workspace(spec), "tails")
    assert config(several)["pois"] == ["kt", "tails_SR", "tails_CR"]
    assert several.spec["groups"][0]["parameters"] == ["jes", "tails_SR", "tails_CR"]
    assert [s for s in config(several)["parameters"] if s["name"] == "tails_CR"] == [
        {"name": "tails_CR", "sigmas": [0.5], "lower_sigmas": [1.5]}
    ]
    back = wilks.correlate(several, "tails_*", "tails")
    assert back.digest == wilks.load_workspace(spec).digest


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("kt2", '"kt2" is a function'),
        ("kt", '"kt" is needed by the function "kt2", which has one value everywhere'),
        ("jes", '"jes" is in a correlation of measurement "fit"'),
        ("j*", '"jer" is in a correlation of measurement "fit"'),
    ],
)
def test_what_can_not_become_several(name: str, why: str) -> None:
    with pytest.raises(WorkspaceError, match=why):
        wilks.decorrelate(wide(), name)


def test_parameters_of_functions_become_one() -> None:
    spec = wide().spec
    spec["functions"][1]["expression"] = "@0 * rate * rate2"
    one = wilks.correlate(wilks.load_workspace(spec), ["rate", "rate2"], "rate")
    assert functions(one)["yield"] == ("@0 * rate * rate", ["b norm"])
    assert config(one)["pois"] == ["kt", "rate"]


@pytest.mark.parametrize(
    ("names", "why"),
    [(["kt2", "yield"], '"kt2" is a function'), (["jes", "tails"], '"jes" is in a correlation of measurement "fit"')],
)
def test_what_can_not_become_one(names: list[str], why: str) -> None:
    with pytest.raises(WorkspaceError, match=why):
        wilks.correlate(wide(), names, "one")


def test_bins_with_much_signal_are_found_through_functions() -> None:
    assert wilks.signal_bins(wide(), above=0.1) == {"SR": (0, 1, 2), "CR": (0, 1)}
