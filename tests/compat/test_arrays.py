"""Array libraries other than NumPy: numbers are served in their arrays, what is part of a graph is left to pyhf."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pyhf
import pytest
from pyhf.tensor.numpy_backend import numpy_backend
from tests.compat.models import both, counting

from wilks.compat._pyhf import backends
from wilks.compat.ledger import LEDGER

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")


class Array(np.ndarray):
    """An array of the library."""


class Traced:
    """What stands for numbers inside a graph."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("no number yet")


class Library:
    """An array library under the name of one that pyhf knows; it computes as NumPy does."""

    precision = "64b"
    default_do_grad = True

    def __init__(self, name: str) -> None:
        self.name, self.numpy = name, numpy_backend()

    def astensor(self, values: Any, dtype: str = "float") -> Any:
        return np.asarray(self.numpy.astensor(values, dtype)).view(Array)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.numpy, name)


@pytest.fixture
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Library:
    chosen = Library(request.param)
    state = sys.modules["pyhf.tensor.manager"].this.state
    monkeypatch.setitem(state, "current", (chosen, pyhf.get_backend()[1]))
    monkeypatch.setattr(backends, "_told", set())
    return chosen


def models() -> tuple[Any, Any, list[float]]:
    served, own = both(counting([12.0, 11.0], [50.0, 52.0], [3.0, 7.0]))
    return served, own, [61.0, 58.0, *own.config.auxdata]


@pytest.mark.parametrize("library", ["jax", "pytorch"], indirect=True)
def test_numbers_are_served_in_arrays_of_the_library(library: Library) -> None:
    served, own, data = models()
    pars = library.astensor([0.7, 1.02, 0.9])
    evaluations = {
        "logpdf": lambda model: model.logpdf(pars, library.astensor(data)),
        "expected_data": lambda model: model.expected_data(pars),
        "expected_auxdata": lambda model: model.expected_auxdata(pars),
        "expected_actualdata": lambda model: model.expected_actualdata(pars),
    }
    for name, evaluate in evaluations.items():
        ours, theirs = evaluate(served), evaluate(own)
        assert isinstance(ours, Array), name
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert LEDGER.served["evaluation"] == len(evaluations)
    assert not LEDGER.original


@pytest.mark.parametrize("library", ["jax", "pytorch", "tensorflow"], indirect=True)
@pytest.mark.parametrize("part", ["parameters", "data"])
def test_what_is_part_of_a_graph_is_evaluated_by_pyhf(
    library: Library, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, _, data = models()
    monkeypatch.setattr(pyhf.pdf.Model, "logpdf", lambda self, pars, data: (pars, data))
    asked: tuple[Any, Any] = (Traced(), data) if part == "parameters" else ([0.7, 1.02, 0.9], Traced())
    assert served.logpdf(*asked) == asked
    assert LEDGER.reasons == {("evaluation", f"logpdf: inside a graph of {library.name}"): 1}


@pytest.mark.parametrize("library", ["tensorflow"], indirect=True)
def test_arrays_that_hide_that_they_are_watched_are_left_to_pyhf(library: Library) -> None:
    served, own, _ = models()
    pars = library.astensor([0.7, 1.02, 0.9])
    np.testing.assert_allclose(served.expected_data(pars), own.expected_data(pars), rtol=1e-12)
    assert not LEDGER.served["evaluation"]
    assert LEDGER.original["evaluation"]


@pytest.mark.parametrize("library", ["jax", "tensorflow"], indirect=True)
def test_fits_give_arrays_of_the_library_and_one_warning(library: Library) -> None:
    served, own, data = models()
    with pytest.warns(UserWarning, match=f"{library.name} evaluates inside its graphs"):
        pars, value = pyhf.infer.mle.fit(library.astensor(data), served, return_fitted_val=True)
    assert isinstance(pars, Array)
    assert isinstance(value, Array)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        conditional = pyhf.infer.mle.fixed_poi_fit(1.0, library.astensor(data), served)
    assert isinstance(conditional, Array)
    pyhf.set_backend("numpy")
    np.testing.assert_allclose(pars, pyhf.infer.mle.fit(data, own), atol=1e-3)


def test_reasons_are_told_apart() -> None:
    served, own, data = models()
    two = np.ones((2, own.config.npars))
    with pytest.raises(Exception, match=r".*") as theirs:
        own.logpdf(two, data)
    with pytest.raises(theirs.type):
        served.logpdf(two, data)
    assert LEDGER.reasons["evaluation", "logpdf: unusual parameters or data"] == 1
    LEDGER.clear()
    with np.errstate(invalid="ignore", divide="ignore"):
        served.logpdf([-10.0, 1.0, 1.0], data)
    assert LEDGER.reasons["evaluation", "logpdf: no finite number"] == 1
