"""Every verb on models in which something is missing: an answer or one sentence, whatever is held."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.infer.searches import MU, Spec, modifier, workspace

import wilks
from wilks.errors import ModelError, ResultError
from wilks.model.model import Model
from wilks.workspace.workspace import Workspace

JES = modifier("jes", "normsys", {"lo": 0.93, "hi": 1.1})
K = modifier("k", "normfactor")
TWO: dict[str, list[float]] = {"SR": [57, 20]}


def channel(signal: list[float], background: list[float], *modifiers: Spec) -> Spec:
    return {"SR": {"s": (signal, [MU]), "b": (background, list(modifiers))}}


MODELS: dict[str, Spec] = {
    "one bin": workspace(channel([5.0], [50.0], JES), {"SR": [57]}),
    "no POI": workspace(channel([5.0, 3.0], [50.0, 20.0], JES), TWO, poi=""),
    "nothing constrained": workspace(channel([5.0, 3.0], [50.0, 20.0], K), TWO),
    "only the POI": workspace(channel([5.0, 3.0], [50.0, 20.0]), TWO),
    "nothing free": workspace(
        channel([5.0, 3.0], [50.0, 20.0], JES), TWO, [{"name": name, "fixed": True} for name in ("mu", "jes")]
    ),
    "only a nuisance parameter": workspace({"SR": {"b": ([50.0, 20.0], [JES])}}, TWO, poi=""),
    "all at bounds": workspace(
        channel([5.0, 10.0], [1.0, 1.0], K) | {"CR": {"b": ([1.0], [K])}}, {"SR": [14, 15], "CR": [14]}
    ),
    "POI at its bound": workspace(channel([5.0, 10.0], [10.0, 10.0], JES), {"SR": [4, 2]}),
    "idle POI": workspace(channel([0.0, 0.0], [10.0, 10.0], JES), {"SR": [4, 12]}),
    "nothing but an idle POI": workspace({"SR": {"s": ([0.0], [MU]), "b": ([10.0], [])}}, {"SR": [4]}),
    "idle factor": workspace({"SR": {**channel([5.0, 3.0], [50.0, 20.0], JES)["SR"], "none": ([0.0, 0.0], [K])}}, TWO),
    "flat": workspace({"SR": {**channel([5.0], [50.0], K)["SR"], "c": ([3.0], [JES])}}, {"SR": [57]}),
    "product": workspace({"SR": {"s": ([5.0, 3.0], [MU, K]), "b": ([50.0, 20.0], [JES])}}, TWO),
    "product at zero": workspace({"SR": {"s": ([5.0, 3.0], [MU, K]), "b": ([50.0, 20.0], [JES])}}, {"SR": [40, 12]}),
}

Verb = Callable[[Model, Workspace, dict[str, float]], Any]
VERBS: dict[str, Verb] = {
    "fit": lambda m, w, held: wilks.fit(m, fixed=held),
    "second opinion": lambda m, w, held: wilks.fit(m, fixed=held, minimizer="minuit"),
    "many fits": lambda m, w, held: wilks.fit_many(m, np.tile(m.observed(), (3, 1)), fixed=held, uncertainties=True),
    "prediction": lambda m, w, held: wilks.predict(m, wilks.fit(m, fixed=held)),
    "prediction by variations": lambda m, w, held: wilks.predict(m, wilks.fit(m, fixed=held), method="cabinetry"),
    "check": lambda m, w, held: wilks.check(wilks.fit(m, fixed=held)),
    "intervals": lambda m, w, held: wilks.intervals(m, fixed=held),
    "all intervals": lambda m, w, held: wilks.intervals(m, parameters="*", fixed=held),
    "scan": lambda m, w, held: wilks.scan(m, fixed=held, points=4, stat_only=True),
    "contour": lambda m, w, held: wilks.contour(m, parameters=m.parameter_names[:2], fixed=held, points=5),
    "ranking": lambda m, w, held: wilks.ranking(m, fixed=held),
    "profile ranking": lambda m, w, held: wilks.ranking(m, fixed=held, profile=True),
    "covariance ranking": lambda m, w, held: wilks.ranking(m, fixed=held, method="covariance"),
    "observables ranking": lambda m, w, held: wilks.ranking(m, fixed=held, method="global observables"),
    "breakdown": lambda m, w, held: wilks.breakdown(m, fixed=held),
    "profile breakdown": lambda m, w, held: wilks.breakdown(m, fixed=held, profile=True, method="sequential"),
    "observables breakdown": lambda m, w, held: wilks.breakdown(m, fixed=held, method="global observables"),
    "test": lambda m, w, held: wilks.hypotest(m, fixed=held),
    "test with toys": lambda m, w, held: wilks.hypotest(m, fixed=held, calculator="toys", toys=5),
    "limit": lambda m, w, held: wilks.limit(m, fixed=held),
    "significance": lambda m, w, held: wilks.significance(m, fixed=held, toys=5),
    "goodness of fit": lambda m, w, held: wilks.goodness_of_fit(m, fixed=held, toys=5),
    "chi-square": lambda m, w, held: wilks.chi_square(m, fixed=held),
    "compatibility": lambda m, w, held: wilks.compatibility(m, workspace=w, fixed=held, toys=5),
    "weighted toys": lambda m, w, held: wilks.significance(m, fixed=held, toys=20, importance=True),
    "weighted tests": lambda m, w, held: wilks.hypotest(
        m, value=[0.5, 3], calculator="toys", fixed=held, toys=60, importance=True
    ),
    "feldman-cousins": lambda m, w, held: wilks.feldman_cousins(m, fixed=held, toys=5, precision=0.5),
    "region": lambda m, w, held: wilks.feldman_cousins(
        m, parameters=m.parameter_names[:2], fixed=held, toys=5, points=5
    ),
    "coverage": lambda m, w, held: wilks.coverage(
        m, values=[1.0], methods=("wald", "profile", "feldman-cousins", "cls"), fixed=held, toys=3, inner_toys=100
    ),
    "global significance": lambda m, w, held: wilks.global_significance({1: w, 2: w}, fixed=held, toys=5),
    "toys": lambda m, w, held: wilks.toys(m, fixed=held, count=5, seed=1),
}


@cache
def compiled(name: str) -> tuple[Model, Workspace]:
    loaded = wilks.load_workspace(MODELS[name])
    return wilks.compile_model(loaded), loaded


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", MODELS)
def test_an_answer_or_a_sentence(name: str, verb: str, tmp_path: Path) -> None:
    model, loaded = compiled(name)
    names, values = model.parameter_names, dict(zip(model.parameter_names, model.initial.tolist(), strict=True))
    for held in ([], [names[0]], [names[-1]], list(names)):
        try:
            found = VERBS[verb](model, loaded, {each: values[each] for each in held})
        except (ModelError, ResultError):  # refused, in sentences
            continue
        assert str(found)
        assert repr(found)
        if hasattr(found, "save"):
            found.save(tmp_path / "result.json")
            assert str(wilks.load_result(tmp_path / "result.json")) == str(found)


@pytest.mark.parametrize("name", MODELS)
def test_with_everything_held_the_fit_is_the_likelihood_there(name: str) -> None:
    model, _ = compiled(name)
    values = dict(zip(model.parameter_names, model.initial.tolist(), strict=True))
    found = wilks.fit(model, fixed=values)
    assert found.converged
    assert found.twice_nll == pytest.approx(2 * model.nll(model.initial), rel=1e-12)
    assert not found.idle.any()


def test_the_only_row_is_at_its_bound() -> None:
    model, _ = compiled("all at bounds")
    ranked = wilks.ranking(model)
    assert ranked.names == ("k",)
    assert ranked.failures == {"k": "at a bound, no post-fit uncertainty"}
    assert "at a bound" in str(ranked)
