"""Models against the numbers that ROOT gave for them: names of parameters, points, fits."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.model.model import Model

CONSTANTS = re.compile(r"(kappa|tau|theta|nom)_")  # of ROOT's workspace, that are no parameters


class RootNames:
    """Where ROOT's parameters are in a model."""

    def __init__(self, model: Model, numbers: dict[str, Any]) -> None:
        self.model = model
        self.rows = {}  # bins in x of each channel with two dimensions
        for channel, known in numbers["channels"].items():
            if len(known["axes"]) > 1:
                self.rows[channel] = len(next(iter(known["axes"].values()))) - 1

    def index(self, name: str) -> int | None:
        """Return the place of a parameter; None of a constant, and of what the model doesn't have."""
        here = self._here(name)
        known = self.model.parameter_names
        return known.index(here) if here in known else None

    def _here(self, name: str) -> str:
        if name == "Lumi":
            return "lumi"
        if not name.startswith("gamma_"):
            return name.removeprefix("alpha_")
        stem, _, bins = name.removeprefix("gamma_").rpartition("_bin_")
        place = [int(b) for b in bins.split("_")]
        channel = stem.removeprefix("stat_")
        stem = f"staterror_{channel}" if stem.startswith("stat_") else stem
        rows = self.rows.get(channel, next(iter(self.rows.values()), 0))
        return f"{stem}[{place[0] + (rows * place[1] if len(place) > 1 else 0)}]"

    def at(self, values: dict[str, float]) -> np.ndarray:
        """Return the parameters of a point."""
        theta = self.model.initial.copy()
        for name, value in values.items():
            index = self.index(name)
            assert index is not None or CONSTANTS.match(name), name
            if index is not None:
                theta[index] = value
        return theta


def check_points(model: Model, numbers: dict[str, Any], *, differences: dict[int, float] | None = None) -> None:
    """Expected counts agree to 1e-12, differences of 2NLL to 1e-9 (`differences` replace ROOT's, by point)."""
    names = RootNames(model, numbers)
    start = names.at(numbers["points"][0]["parameters"])
    for i, point in enumerate(numbers["points"]):
        theta = names.at(point["parameters"])
        rates = model.expected(theta)
        for channel, bins in model.channel_slices.items():
            np.testing.assert_allclose(rates[bins], point["expected"][channel], rtol=1e-12, atol=1e-300)
        wanted = (differences or {}).get(i, point["plain_twice_nll_minus_init"])
        if wanted is None:
            continue
        difference = 2 * (model.nll(theta) - model.nll(start))
        assert difference == pytest.approx(wanted, rel=1e-11, abs=1e-9), (i, point.get("twice_nll_minus_init"))


def check_parameters(model: Model, numbers: dict[str, Any]) -> None:
    """Starts, ranges and which are constant are ROOT's."""
    names = RootNames(model, numbers)
    seen = set()
    for parameter in numbers["parameters"]:
        index = names.index(parameter["name"])
        if index is None:
            assert CONSTANTS.match(parameter["name"]), parameter["name"]
            continue
        seen.add(index)
        assert model.initial[index] == pytest.approx(parameter["init"], rel=1e-12), parameter
        assert bool(model.fixed[index]) == parameter["constant"], parameter
        lower, upper = (bounds[index] for bounds in model.bounds)
        if not parameter["constant"]:
            assert (lower, upper) == (pytest.approx(parameter["min"]), pytest.approx(parameter["max"], rel=1e-7)), (
                parameter
            )
    assert seen == set(range(model.n_parameters))


def check_fit(model: Model, fit: dict[str, Any], start: np.ndarray | None, names: RootNames) -> None:
    """Values agree to 1e-3 of their errors, those to 1e-4; 2NLL is not above ROOT's."""
    found = wilks.fit(model)
    assert found.converged, found.status
    if start is not None and fit.get("twice_nll_minus_init") is not None:
        difference = 2 * (model.nll(found.values) - model.nll(start))
        assert difference == pytest.approx(fit["twice_nll_minus_init"], abs=1e-6)
    for name, value in fit["values"].items():
        index, error = names.index(name), fit["errors_curvature"].get(name)
        if index is None or error is None:
            continue
        assert abs(found.values[index] - value) < 1e-3 * error, name
        assert found.uncertainties[index] == pytest.approx(error, rel=1e-4), name
