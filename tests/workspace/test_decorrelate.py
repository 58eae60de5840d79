"""One parameter made several: the same rates and likelihood at equal values, never a worse fit of free ones."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from tests.workspace.documents import EXAMPLE

import wilks
from wilks.errors import WorkspaceError
from wilks.model.model import Model
from wilks.workspace.workspace import Workspace

SEARCH = wilks.examples.search()


def at_equal_values(model: Model, heirs: dict[str, str], values: dict[str, float]) -> np.ndarray[Any, Any]:
    """Return a parameter vector in which the heirs have the values of what they were."""
    return np.array([values[heirs.get(name, name)] for name in model.parameter_names])


def _constraints(model: Model, theta: np.ndarray[Any, Any]) -> float:
    """Return the constraints of systematics, normal with width 1, of a parameter vector."""
    kinds = {p.name: p.modifiers for p in wilks.inspect(SEARCH).parameters}
    systematics = [name for name in kinds if {*kinds[name]} <= {"normsys", "histosys"}]
    alphas = [
        v
        for name, v in zip(model.parameter_names, theta, strict=True)
        if any(name == each or name.startswith(f"{each}_") for each in systematics)
    ]
    return sum(0.5 * alpha**2 + 0.5 * np.log(2 * np.pi) for alpha in alphas)


@pytest.mark.parametrize(
    ("parameters", "options"),
    [
        ("b-tagging", {}),
        (["Jet energy scale", "b-tagging"], {"by": "sample"}),
        ("Luminosity", {"groups": {"SR": "SR*", "CR": "CR*"}}),
        ("Luminosity", {"groups": {"2b": "SR 2b"}}),
        ("* modelling", {"by": "channel"}),
        ("top_norm", {}),
    ],
)
def test_rates_and_likelihood_stay_at_equal_values(parameters: Any, options: dict[str, Any]) -> None:
    made = wilks.decorrelate(SEARCH, parameters, **options)
    one, other = wilks.compile_model(SEARCH), wilks.compile_model(made)
    new = [name for name in other.parameter_names if name not in one.parameter_names]
    heirs = {name: max((old for old in one.parameter_names if name.startswith(f"{old}_")), key=len) for name in new}
    assert len(new) >= 1
    rng = np.random.default_rng(1)
    values = dict(zip(one.parameter_names, one.initial + rng.normal(0, 0.3, one.n_parameters), strict=True))
    theta = at_equal_values(other, heirs, values)
    np.testing.assert_array_equal(other.expected(theta), one.expected(np.array(list(values.values()))))
    # At equal values each new constraint says the same of a parameter once more, and has its constant.
    extra = _constraints(other, theta) - _constraints(one, np.array(list(values.values())))
    np.testing.assert_allclose(other.nll(theta), one.nll(np.array(list(values.values()))) + extra, rtol=1e-12)
    assert made.axes == SEARCH.axes


@pytest.mark.parametrize("name", ["top_norm", "zjets_norm", "mu"])
def test_fits_with_more_free_parameters_are_not_worse(name: str) -> None:
    made = wilks.decorrelate(SEARCH, name)
    before, after = wilks.fit(wilks.compile_model(SEARCH)), wilks.fit(wilks.compile_model(made))
    assert after.converged
    assert after.twice_nll <= before.twice_nll + 1e-6
    together = {n: before[name].value for n in after.names if n.startswith(f"{name}_")}
    assert wilks.fit(wilks.compile_model(made), fixed=together).twice_nll == pytest.approx(before.twice_nll, abs=1e-6)


def test_settings_are_inherited() -> None:
    made = wilks.decorrelate(SEARCH, "top_norm", groups={"CR": "CR*"})
    ours = {s.name: s for s in made.document.measurements[0].config.parameters}
    theirs = {s.name: s for s in SEARCH.document.measurements[0].config.parameters}
    assert ours["top_norm"] == theirs["top_norm"]
    assert ours["top_norm_CR"].bounds == theirs["top_norm"].bounds
    assert [*ours] == ["mu", "zjets_norm", "top_norm", "top_norm_CR"] or set(ours) == {*theirs, "top_norm_CR"}
    gone = wilks.decorrelate(SEARCH, "mu")
    config = gone.document.measurements[0].config
    assert config.poi == "mu_SR 2b"
    assert "mu" not in {s.name for s in config.parameters}


def stat_in_two_channels() -> dict[str, Any]:
    document = copy.deepcopy(EXAMPLE)
    background = document["channels"][1]["samples"][0]
    background["modifiers"] = [{"name": "stat", "type": "staterror", "data": [4.0]}]
    document["measurements"][0]["config"]["parameters"].append({"name": "stat", "inits": [0.9, 1.0, 1.1]})
    return document


def test_components_of_staterrors_go_to_their_channels() -> None:
    before = wilks.load_workspace(stat_in_two_channels())
    made = wilks.decorrelate(before, "stat")
    settings = {s.name: s.inits for s in made.document.measurements[0].config.parameters if "stat" in s.name}
    assert settings == {"stat_CR": [0.9], "stat_SR": [1.0, 1.1]}
    one, other = wilks.compile_model(before), wilks.compile_model(made)
    np.testing.assert_allclose(one.nll(one.initial), other.nll(other.initial), rtol=1e-13)
    assert wilks.correlate(made, ["stat_*"], "stat") == before


@pytest.mark.parametrize(
    ("parameters", "options", "sentences"),
    [
        ("b-taging", {}, ['no parameter "b-taging"', "did you mean"]),
        ("staterror_SR-1b", {}, ['would not become several parameters: it acts in channel "SR 1b"']),
        ("b-tagging", {"by": "bin"}, ['by "bin" found']),
        ("b-tagging", {"groups": {"a": "SR*", "b": "SR 1b"}}, ['channel "SR 1b" is in the groups "a" and "b"']),
        ("b-tagging", {"groups": {"a": "XR"}}, ['no channel "XR"']),
    ],
)
def test_everything_that_is_wrong_is_said(parameters: Any, options: dict[str, Any], sentences: list[str]) -> None:
    with pytest.raises(WorkspaceError) as caught:
        wilks.decorrelate(SEARCH, parameters, **options)
    for sentence in sentences:
        assert sentence in str(caught.value)


def test_names_that_are_taken_and_lumi() -> None:
    document = copy.deepcopy(EXAMPLE)
    for name in ("lumi", "JES"):
        kinds = {"lumi": ("lumi", None), "JES": ("normsys", {"lo": 0.9, "hi": 1.1})}
        document["channels"][1]["samples"][0]["modifiers"].append(
            {"name": name, "type": kinds[name][0], "data": kinds[name][1]}
        )
    document["channels"][1]["samples"][0]["modifiers"].append(
        {"name": "JES_CR", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}}
    )
    workspace = wilks.load_workspace(document)
    with pytest.raises(WorkspaceError, match='"JES_CR" is already the name'):
        wilks.decorrelate(workspace, "JES")
    with pytest.raises(WorkspaceError, match="the format knows one only"):
        wilks.decorrelate(workspace, "lumi")
    assert isinstance(wilks.decorrelate(workspace, "*", groups={"second": "CR"}), Workspace)
