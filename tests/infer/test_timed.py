"""`threads` and `progress` of every verb that takes time."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.infer.counting import model, modifier, workspace

import wilks
from wilks.errors import ModelError
from wilks.infer.study import Running
from wilks.progress import Bar
from wilks.results.origin import Saved

SEARCH = {"SR": ([5.0, 3.0], [50.0, 20.0], [53.0, 26.0]), "CR": ([0.0], [100.0], [103.0])}
JES = {"background": [modifier("jes", "normsys", {"hi": 1.1, "lo": 0.9})]}
VERBS: dict[str, Callable[..., Any]] = {
    "breakdown": lambda **how: wilks.breakdown(model(SEARCH, **JES), profile=True, **how),
    "compatibility": lambda **how: wilks.compatibility(
        model(SEARCH, **JES), workspace=workspace(SEARCH, **JES), groups={"a": "SR", "b": "CR"}, toys=20, **how
    ),
    "contour": lambda **how: wilks.contour(model(SEARCH, **JES), parameters=("mu", "jes"), points=5, **how),
    "coverage": lambda **how: wilks.coverage(model(SEARCH, **JES), values=[1.0], toys=20, **how),
    "feldman_cousins": lambda **how: wilks.feldman_cousins(model(SEARCH, **JES), toys=20, precision=0.5, **how),
    "fit_many": lambda **how: wilks.fit_many(model(SEARCH, **JES), fixed={"mu": np.linspace(0, 1, 5)}, **how),
    "global_significance": lambda **how: wilks.global_significance(
        {"a": workspace(SEARCH, **JES), "b": workspace(SEARCH, **JES)}, toys=20, **how
    ),
    "goodness_of_fit": lambda **how: wilks.goodness_of_fit(model(SEARCH, **JES), toys=20, **how),
    "grid": lambda **how: wilks.grid({"a": workspace(SEARCH, **JES), "b": workspace(SEARCH, **JES)}, **how),
    "hypotest": lambda **how: wilks.hypotest(model(SEARCH, **JES), calculator="toys", toys=20, **how),
    "intervals": lambda **how: wilks.intervals(model(SEARCH, **JES), **how),
    "limit": lambda **how: wilks.limit(model(SEARCH, **JES), **how),
    "ranking": lambda **how: wilks.ranking(model(SEARCH, **JES), **how),
    "scan": lambda **how: wilks.scan(model(SEARCH, **JES), points=5, **how),
    "significance": lambda **how: wilks.significance(model(SEARCH, **JES), toys=20, **how),
    "toys": lambda **how: wilks.toys(model(SEARCH, **JES), count=20, seed=1, **how),
}


def test_the_list_has_all_verbs() -> None:
    verbs = {name: getattr(wilks, name) for name in wilks.__all__ if inspect.isfunction(getattr(wilks, name))}
    options = {name: set(inspect.signature(verb).parameters) for name, verb in verbs.items()}
    assert {"threads", "progress", "running"} <= options.pop("sample")  # needs an extra: tests/extras
    assert {name for name, names in options.items() if {"threads", "progress"} <= names} == set(VERBS)
    assert {name for name, names in options.items() if "running" in names} == set(VERBS) - {"fit_many"}


@pytest.mark.parametrize("name", VERBS)
def test_keywords_do_what_running_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    result = VERBS[name](threads=1, progress=lambda done, total: told.append((done, total)))
    assert told != []
    assert all(0 <= done <= total for done, total in told)
    if isinstance(result, Saved):
        assert str(VERBS[name](running=Running(threads=2))) == str(result)
    drawn: list[str] = []
    monkeypatch.setattr(Bar, "__call__", lambda self, done, total: drawn.append(self.what) or True)
    VERBS[name](progress=True)
    assert set(drawn) == {"fits" if name == "fit_many" else name}


@pytest.mark.parametrize("name", VERBS)
def test_wrong_threads_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match="at least one thread is needed, found threads=0"):
        VERBS[name](threads=0)
