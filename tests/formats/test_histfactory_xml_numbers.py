"""Every HistFactory model of the collection, read from its XML and ROOT files, against the numbers of ROOT."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.formats.root_numbers import RootNames, check_fit, check_parameters, check_points

import wilks
from wilks.formats.histfactory_xml.read import read

SEVERAL = {
    "constraint_terms": ["gaussian", "gamma", "gamma_half", "lognormal", "uniform", "noconstraint", "gamma_both"],
    "normalize_by_theory": ["floating", "fixed", "ten_percent"],
    "root_example": ["GaussExample", "GammaExample", "LogNormExample", "ConstExample"],
    "settings": ["set", "binrange"],
    "shapefactor_initial": ["mu_fixed", "bins_fixed"],
}
ONE = {
    "everything": "meas",
    "functions": "meas",
    "ghl3_numbercounting": "GaussExample",
    "ghl3_paramhistfunc2d": "ParamHistFunc2D",
    "ghl3_params": "GaussExample",
    "ghl3_ultimate": "MeasurementA",
    "histofactor": "meas",
    "interpolation": "meas",
    "nextstat_histfactory": "NominalMeasurement",
    "no_data": "meas",
    "pyhf_coupledhistosys": "GaussExample",
    "pyhf_coupledoverall": "GaussExample",
    "pyhf_multibin": "GaussExample",
    "pyhf_multibin_p0": "GaussExample",
    "pyhf_multichannel": "GaussExample",
    "pyhf_overallsys": "GaussExample",
    "pyhf_shared_nuispar": "GaussExample",
    "pyhf_xmlimport2": "GaussExample",
    "pyhf_xmlimport3": "GaussExample",
    "pyhf_xmlimport4": "GaussExample",
    "root_datadriven": "GaussExample",
    "root_expression": "GaussExample",
    "root_shapesys": "GaussExample",
    "root_shapesys2d": "GaussExample",
    "shapefactor": "meas",
    "shapesys": "meas",
    "staterror_default": "meas",
    "staterror_gaussian": "meas",
    "staterror_poisson": "meas",
    "two_dimensional": "meas",
}
ALL = [(folder, name) for folder, names in SEVERAL.items() for name in names] + list(ONE.items())


def test_all_measurements_of_the_collection_are_here(shared_data: Path) -> None:
    found = {
        (folder.parent.name, name)
        for folder in (shared_data / "histfactory-xml").glob("*/numbers.json")
        for name in json.loads(folder.read_text())["measurements"]
    }
    assert found - set(ALL) == {("settings", "asimov")}  # of which ROOT makes nothing
    assert len(ALL) == 48


@pytest.fixture
def numbers(request: pytest.FixtureRequest, shared_data: Path) -> dict[str, Any]:
    """Return ROOT's numbers of a measurement."""
    folder, name = request.param
    found: dict[str, Any] = json.loads((shared_data / "histfactory-xml" / folder / "numbers.json").read_text())
    return {"folder": shared_data / "histfactory-xml" / folder, "name": name, "top": found["combination"], **found}


@pytest.mark.parametrize("numbers", ALL, indirect=True, ids="/".join)
def test_numbers_are_those_of_root(numbers: dict[str, Any]) -> None:
    expected = numbers["measurements"][numbers["name"]]
    workspace = read(numbers["folder"] / numbers["top"], measurement=numbers["name"]).workspace
    model = wilks.compile_model(workspace)
    names = RootNames(model, expected)
    assert list(model.pois) == [name for name in expected["pois"] if names.index(name) is not None]
    observed = np.concatenate([expected["channels"][channel]["observed"] for channel in model.channel_names])
    np.testing.assert_allclose(model.observed_main, observed, rtol=1e-12)
    check_parameters(model, expected)
    check_points(model, expected)
    check_fit(model, expected)
