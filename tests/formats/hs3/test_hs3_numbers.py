"""HS3 files that ROOT and others wrote, read as workspaces, against ROOT's numbers of the same models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.formats.hs3.read import read_with_names

FILES = [
    ("constraint_terms", "gaussian"),
    ("constraint_terms", "noconstraint"),
    ("constraint_terms", "uniform"),
    ("everything", "meas"),
    ("everything", "meas_channel_staterror"),
    ("ghl3_numbercounting", "GaussExample"),
    ("ghl3_paramhistfunc2d", "ParamHistFunc2D"),
    ("ghl3_params", "GaussExample"),
    ("histofactor", "meas"),
    ("interpolation", "meas"),
    ("nextstat_histfactory", "NominalMeasurement"),
    ("no_data", "meas"),
    ("normalize_by_theory", "fixed"),
    ("normalize_by_theory", "floating"),
    ("normalize_by_theory", "ten_percent"),
    ("pyhf_coupledhistosys", "GaussExample"),
    ("pyhf_coupledoverall", "GaussExample"),
    ("pyhf_multibin", "GaussExample"),
    ("pyhf_multibin_p0", "GaussExample"),
    ("pyhf_multichannel", "GaussExample"),
    ("pyhf_overallsys", "GaussExample"),
    ("pyhf_shared_nuispar", "GaussExample"),
    ("pyhf_xmlimport2", "GaussExample"),
    ("pyhf_xmlimport3", "GaussExample"),
    ("pyhf_xmlimport4", "GaussExample"),
    ("pyhs3bench_simplemodels", "simplemodel_correlated-background_hs3"),
    ("pyhs3bench_simplemodels", "simplemodel_uncorrelated-background_hs3"),
    ("root_datadriven", "GaussExample"),
    ("root_datadriven", "GaussExample_channel_staterror"),
    ("root_example", "ConstExample"),
    ("root_example", "GaussExample"),
    ("root_expression", "GaussExample"),
    ("root_rf515", "rf515_hfJSON"),
    ("root_shapesys", "GaussExample"),
    ("root_shapesys2d", "GaussExample"),
    ("settings", "binrange"),
    ("settings", "set"),
    ("shapefactor", "meas"),
    ("shapefactor_initial", "bins_fixed"),
    ("shapefactor_initial", "mu_fixed"),
    ("shapesys", "meas"),
    ("staterror_default", "meas"),
    ("staterror_gaussian", "meas"),
    ("staterror_gaussian", "meas_channel_staterror"),
    ("staterror_poisson", "meas"),
    ("two_dimensional", "meas"),
    ("two_dimensional", "meas_channel_staterror"),
]
OWN_RUN = {"pyhs3bench_simplemodels", "root_rf515"}
# ROOT read these files itself: no numbers with wide ranges, and constraint terms normalised over their ranges.


@pytest.mark.parametrize(("folder", "stem"), FILES)
def test_numbers_are_those_of_root(folder: str, stem: str, shared_data: Path) -> None:
    path = shared_data / "hs3" / folder / f"{stem}.json"
    numbers = json.loads((path.parent / "numbers.json").read_text())[path.name]
    reading, names = read_with_names(path)
    model = wilks.compile_model(reading.workspace)
    positions: dict[str, int] = {}
    for name, (parameter, component) in names.items():
        one = parameter if parameter in model.parameter_names else f"{parameter}[{component}]"
        positions[name] = model.parameter_names.index(one)
    assert sorted(positions.values()) == list(range(model.n_parameters))
    assert set(model.pois) == {reading_name(names, poi) for poi in numbers["pois"]}

    settings = {p["name"]: p for p in numbers["parameters"]}
    for name, position in positions.items():
        said = settings[name]
        assert model.initial[position] == said["init"]
        assert model.fixed[position] == said["constant"], name
        if not said["constant"] and folder not in OWN_RUN:
            assert model.bounds[0][position] == said["min"]
            assert model.bounds[1][position] == said["max"]

    def at(values: dict[str, float]) -> Any:
        theta = model.initial.copy()
        for name, value in values.items():
            if name in positions:
                theta[positions[name]] = value
        return theta

    regions = {region.removeprefix("model_"): region for region in numbers["channels"]}
    assert set(regions) == set(model.channel_names)
    start = at(numbers["points"][0]["parameters"])
    key = "twice_nll_minus_init" if folder in OWN_RUN else "plain_twice_nll_minus_init"
    for region, bins in model.channel_slices.items():
        observed = numbers["channels"][regions[region]]["observed"]
        np.testing.assert_allclose(model.observed_main[bins], observed, rtol=1e-12)
    for point in numbers["points"]:
        theta = at(point["parameters"])
        rates = model.expected(theta)
        for region, bins in model.channel_slices.items():
            np.testing.assert_allclose(rates[bins], point["expected"][regions[region]], rtol=1e-12)
        difference = 2 * (model.nll(theta) - model.nll(start))
        assert difference == pytest.approx(point[key], rel=1e-11, abs=1e-9)

    root_fit = numbers["fit" if folder in OWN_RUN else "plain_fit"]
    fit = wilks.fit(model)
    assert fit.converged
    height = root_fit["twice_nll_minus_init"]
    if 2 * (model.nll(fit.values) - model.nll(start)) < height - 1e-3:
        # ROOT stayed in a minimum that lies higher: there is no other way down from it.
        there = at(root_fit["values"])
        free = ~model.fixed
        gradient, hessian = model.gradient(there)[free], model.hessian(there)[np.ix_(free, free)]
        assert 0.5 * gradient @ np.linalg.solve(hessian, gradient) < 1e-9
        assert 2 * (model.nll(there) - model.nll(start)) == pytest.approx(height, abs=1e-6)
        return
    assert 2 * (model.nll(fit.values) - model.nll(start)) == pytest.approx(height, abs=1e-6)
    for name, value in root_fit["values"].items():
        error = root_fit.get("errors_curvature", {}).get(name) or root_fit.get("errors_hesse", {}).get(name)
        if error:
            assert abs(fit.values[positions[name]] - value) < 1e-3 * error
        if error and "errors_curvature" in root_fit:
            assert fit.uncertainties[positions[name]] == pytest.approx(error, rel=1e-4)


def reading_name(names: dict[str, tuple[str, int]], poi: str) -> str:
    """Return the workspace's name of a parameter of the file."""
    return names[poi][0]
