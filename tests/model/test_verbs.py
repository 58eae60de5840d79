from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.errors import InputError, KindError
from wilks.model.model import Model
from wilks.workspace.workspace import Workspace

# Every verb that asks something of a model, and what a call of it that can be meant has.
VERBS: dict[str, dict[str, Any]] = {
    "asimov": {},
    "breakdown": {},
    "chi_square": {},
    "compatibility": {"workspace": None},
    "contour": {"parameters": ("mu", "jes")},
    "coverage": {"values": [1.0]},
    "feldman_cousins": {},
    "fit": {},
    "fit_many": {},
    "goodness_of_fit": {},
    "hypotest": {},
    "intervals": {},
    "limit": {},
    "posterior_result": {"chains": np.zeros((10, 2))},
    "predict": {},
    "ranking": {},
    "sample": {},
    "scan": {},
    "significance": {},
    "toy_data": {"seed": 1, "count": 1},
    "toys": {"seed": 1, "count": 1},
}


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    signal = {"name": "s", "data": [5.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]}
    jes = {"name": "jes", "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}}
    document = {
        "channels": [{"name": "SR", "samples": [signal, {"name": "b", "data": [50.0], "modifiers": [jes]}]}],
        "observations": [{"name": "SR", "data": [51.0]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    return wilks.load_workspace(document)


@pytest.fixture(scope="module")
def model(workspace: Workspace) -> Model:
    return wilks.compile_model(workspace)


def test_the_list_has_all_verbs() -> None:
    verbs = {name: getattr(wilks, name) for name in wilks.__all__ if inspect.isfunction(getattr(wilks, name))}
    of_a_model = {name for name, verb in verbs.items() if next(iter(inspect.signature(verb).parameters)) == "model"}
    assert of_a_model - {"mixed", "fit_result"} == set(VERBS)  # these ask nothing of a model


@pytest.mark.parametrize("name", VERBS)
def test_what_is_no_model_is_told_how_to_become_one(name: str, workspace: Workspace) -> None:
    for found in (workspace, "workspace.json", Path("workspace.json"), workspace.spec, None):
        with pytest.raises(KindError, match=f"{name} needs a Model, found a .*compile_model"):
            getattr(wilks, name)(found, **VERBS[name])


@pytest.mark.parametrize("name", VERBS)
def test_a_number_is_no_second_argument(name: str, model: Model) -> None:
    if name == "fit_many":
        return
    with pytest.raises(KindError, match=rf"found .*; write|wilks\.{name}\(model"):
        getattr(wilks, name)(model, 1.0, **VERBS[name])


@pytest.mark.parametrize("name", VERBS)
def test_wrong_names_and_too_many_values_are_told(name: str, model: Model) -> None:
    verb = getattr(wilks, name)
    with pytest.raises(KindError, match=rf'no option "colour".*wilks\.{name}\(model'):
        verb(model, colour=1, **VERBS[name])
    with pytest.raises(KindError, match=r"are given without a name, found 3"):
        verb(model, None, 1.0, **VERBS[name])


def test_what_to_write_is_said(model: Model) -> None:
    with pytest.raises(KindError, match=r'needed is "parameters"; write wilks\.contour\(model, parameters='):
        wilks.contour(model)  # type: ignore[call-arg]
    with pytest.raises(KindError, match=r"wilks\.hypotest\(model, value=1\.0\)"):
        wilks.hypotest(model, 1.0)  # type: ignore[arg-type]
    with pytest.raises(KindError, match=r'no option "levle"; did you mean "level"; write'):
        wilks.limit(model, levle=0.9)  # type: ignore[call-arg]
    with pytest.raises(KindError, match="a fit that is at hand is result="):
        wilks.limit(model, wilks.fit(model))  # type: ignore[arg-type]


def test_it_is_a_mistake_of_input_and_of_type(model: Model) -> None:
    with pytest.raises(TypeError):
        wilks.contour(model)  # type: ignore[call-arg]
    with pytest.raises(InputError):
        wilks.contour(model)  # type: ignore[call-arg]


def test_signatures_are_kept(model: Model) -> None:
    assert list(inspect.signature(wilks.limit).parameters)[:3] == ["model", "data", "level"]
    assert np.isfinite(wilks.limit(model=model, data=None).observed)
