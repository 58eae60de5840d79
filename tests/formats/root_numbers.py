"""Models against the numbers that ROOT gave for them: names of parameters, points, fits."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.fitting.problem import FitOptions
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


def by_formula(numbers: dict[str, Any], point: dict[str, Any]) -> float:
    """Return 2NLL minus its value at the start: ROOT's main part, and the constraints by the plain formulas.

    ROOT integrates a Gamma constraint over the range of its global observable, and clamps that to 10.
    """
    values = point["parameters"]

    def terms(at: dict[str, float]) -> float:
        total = 0.0
        for term in numbers["constraints"]:
            if term["type"] == "Gaussian":
                parameter = next(term[key] for key in ("x", "mean") if not term[key].startswith("nom"))
                total += ((at[parameter] - term["mean_value"]) / term["sigma"]) ** 2
            elif term["type"] == "Poisson":
                rate = at[term["pdf"].removesuffix("_constraint")]
                total += 2 * term["n_value"] * (rate - np.log(rate))
            else:
                beta = term["pdf"].removesuffix("Constraint")
                tau = 1 / term["servers"][beta.replace("beta", "theta", 1)]
                total += 2 * tau * (at[beta] - np.log(at[beta]))
        return total

    return float(point["main_minus_init"] + terms(values) - terms(numbers["points"][0]["parameters"]))


def check_points(model: Model, numbers: dict[str, Any]) -> None:
    """Expected counts agree to 1e-12, differences of 2NLL to 1e-9."""
    has_gamma = any(term["type"] == "Gamma" for term in numbers["constraints"])
    names = RootNames(model, numbers)
    start = names.at(numbers["points"][0]["parameters"])
    for point in numbers["points"]:
        theta = names.at(point["parameters"])
        rates = model.expected(theta)
        for channel, bins in model.channel_slices.items():
            np.testing.assert_allclose(rates[bins], point["expected"][channel], rtol=1e-12, atol=1e-300)
        wanted = by_formula(numbers, point) if has_gamma else point["plain_twice_nll_minus_init"]
        difference = 2 * (model.nll(theta) - model.nll(start))
        assert difference == pytest.approx(wanted, rel=1e-11, abs=1e-9)


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


def check_fit(model: Model, numbers: dict[str, Any]) -> None:
    """Values agree to 1e-3 of their errors, those to 1e-4, 2NLL to 1e-6.

    Where ROOT stopped in a minimum that isn't the lowest, a fit that begins there agrees.
    """
    names, fit = RootNames(model, numbers), numbers["plain_fit"]
    start = names.at(numbers["points"][0]["parameters"])
    if "textbook_gamma" in numbers:  # what the formula gives, where ROOT integrates the constraint in another way
        book = numbers["textbook_gamma"]
        fit = {
            "twice_nll_minus_init": book["twice_nll_minus_init"],
            "values": dict(zip(book["parameters"], book["values"], strict=True)),
            "errors_curvature": dict(zip(book["parameters"], book["errors_curvature"], strict=True)),
        }
    # ROOT's numerical integral of a Gamma constraint is uneven: 6e-4 of the width, some 1e-6 of 2NLL.
    rough = any(term["type"] == "Gamma" for term in numbers["constraints"]) and "textbook_gamma" not in numbers
    found = wilks.fit(model)
    assert found.converged, found.status
    difference = 2 * (model.nll(found.values) - model.nll(start))
    if difference < fit["twice_nll_minus_init"] - 1e-6:
        found = wilks.fit(model, start=names.at(fit["values"]), options=FitOptions(search="none"))
        difference = 2 * (model.nll(found.values) - model.nll(start))
    assert difference == pytest.approx(fit["twice_nll_minus_init"], abs=1e-5 if rough else 1e-6)
    for name, value in fit["values"].items():
        index, error = names.index(name), fit["errors_curvature"].get(name)
        if index is None or error is None:
            continue
        assert abs(found.values[index] - value) < 1e-3 * error, name
        relative = 1e-3 if rough and name.startswith("beta_") else 1e-4
        assert found.uncertainties[index] == pytest.approx(error, rel=relative), name
