"""HS3 as different programs and versions write it: what the same words, or none, mean in each."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.formats.hs3.files import model

import wilks
from wilks.formats.hs3.read import read, read_with_names
from wilks.formats.notes import Reading
from wilks.workspace.spec import ParameterSettings

SAMPLE, SIGNAL = 0, 1


def reading(file: dict[str, Any], **options: Any) -> Reading:
    return read(json.dumps(file).encode(), **options)


def modifiers(file: dict[str, Any], sample: int = SAMPLE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = file["distributions"][0]["samples"][sample]["modifiers"]
    return found


def settings(found: Reading) -> dict[str, ParameterSettings]:
    config = found.workspace.document.measurements[0].config
    return {entry.name: entry for entry in config.parameters}


def penalty(found: Reading, **values: float) -> float:
    """Return by how much nll grows between the start and a point, without the main bins."""
    compiled = wilks.compile_model(found.workspace)
    theta = compiled.initial.copy()
    for name, value in values.items():
        theta[compiled.parameter_names.index(name.replace("__", "[").replace("_b", "]"))] = value

    def terms(point: np.ndarray) -> float:
        rates = compiled.expected(point)
        main = sum(r - n * math.log(r) for r, n in zip(rates, compiled.observed_main, strict=True))
        return float(compiled.nll(point)) - main

    return terms(theta) - terms(compiled.initial)


def older() -> dict[str, Any]:
    """Return the model as ROOT 6.28 to 6.32 wrote it."""
    file = model()
    file["metadata"] = {"hs3_version": "0.1.90"}
    file["distributions"] = file["distributions"][:1]
    channel = file["distributions"][0]
    channel["axes"] = [{"name": "obs_x_SR", "bounds": [0.0, 0.5, 2.0]}]
    file["data"][0]["axes"] = channel["axes"]
    channel["staterror"] = {"relThreshold": 0.045, "constraint": "Gauss"}
    channel["samples"][0]["modifiers"] = [
        {"name": "jes", "type": "normsys", "constraint": "Gauss", "data": {"lo": 0.9, "hi": 1.1}},
        {"name": "mcstat", "type": "staterror"},
        {"name": "u", "type": "shapesys", "constraint": "Poisson", "data": {"vals": [25.0, 16.0]}},
    ]
    del channel["samples"][1]["modifiers"][0]["parameter"]
    file["analyses"][0] = {
        "name": "fit",
        "likelihood": "all",
        "parameters_of_interest": ["mu"],
        "domain": "default_domain",
    }
    return file


def test_older_root() -> None:
    """No parameters' names; numbers of Poisson shapesys are events; the channel's struct is about its staterror."""
    found, names = read_with_names(json.dumps(older()).encode())
    assert names["alpha_jes"] == ("jes", 0)
    assert names["gamma_u_bin_1"] == ("u", 1)
    assert names["gamma_stat_SR_bin_0"] == ("mcstat", 0)
    assert found.workspace.axis("SR").edges.tolist() == [0.0, 0.5, 2.0]
    stat = next(m for m in found.workspace.document.channels[0].samples[0].modifiers if m.name == "mcstat")
    assert (stat.constraint, stat.threshold, stat.data) == (None, 0.045, [2.0, 3.0])  # type: ignore[union-attr]
    compiled = wilks.compile_model(found.workspace)
    by_name = {s.name: s for s in compiled.parameter_sets}
    assert by_name["u"].tau is not None
    np.testing.assert_allclose(by_name["u"].tau, [25.0, 16.0], rtol=1e-14)
    assert by_name["mcstat"].fixed.tolist() == [True, False]
    assert compiled.bounds[1][compiled.parameter_names.index("mu")] == 5.0


def test_numbers_of_a_shapesys_mean_what_is_asked() -> None:
    file = older()
    file["metadata"]["hs3_version"] = "0.2"
    modifiers(file)[2]["data"]["vals"] = [0.2, 4.0]
    taus = {}
    for meaning in ("relative", "absolute", "tau"):
        compiled = wilks.compile_model(reading(file, shapesys=meaning).workspace)
        taus[meaning] = next(s for s in compiled.parameter_sets if s.name == "u").auxdata.tolist()
    assert taus["relative"] == pytest.approx([25.0, 1 / 16])
    assert taus["absolute"] == pytest.approx([(50 / 0.2) ** 2, 15.0**2])
    assert taus["tau"] == pytest.approx([0.2, 4.0])
    notes = [str(note) for note in reading(file).notes]
    assert any("relative uncertainties above 1; are they absolute?" in note for note in notes)


def test_constraints_by_the_name_of_a_distribution_or_of_several() -> None:
    """As ROOT writes them after 6.40: widths stand in distributions, null is none, open sides are null."""
    file = model()
    jes, _, stat = modifiers(file)
    jes["constraint"] = jes.pop("constraint_name")
    del stat["constraint_type"]
    stat["constraints"] = ["stat_0", "stat_1"]
    gammas = stat["parameters"]
    file["distributions"] += [
        {"name": f"stat_{b}", "type": "gaussian_dist", "x": f"nom_{g}", "mean": g, "sigma": s}
        for b, (g, s) in enumerate(zip(gammas, (0.05, 0.04), strict=True))
    ]
    shape = ["free_0", "free_1"]
    modifiers(file, SIGNAL).append(
        {"name": "free", "type": "shapesys", "parameters": shape, "constraints": [None, None]}
    )
    file["parameter_points"][0]["parameters"] += [{"name": f"nom_{g}", "value": 1.0, "const": True} for g in gammas]
    file["domains"][0]["axes"].append({"name": "free_0", "min": None, "max": 7.0})
    found = reading(file)
    assert penalty(found, staterror_SR__0_b=1.1) == pytest.approx(0.5 * (0.1 / 0.05) ** 2)
    assert penalty(found, staterror_SR__1_b=0.9) == pytest.approx(0.5 * (0.1 / 0.04) ** 2)
    assert penalty(found, free__0_b=2.0) == pytest.approx(0.0, abs=1e-12)
    assert settings(found)["free"].bounds == [[-1e10, 7.0], [0.0, 10.0]]


def test_constants_of_published_files() -> None:
    file = model()
    modifiers(file, SIGNAL).append(
        {"name": "shapefactor", "type": "shapesys", "constraint": "Const", "data": {"vals": [0, 0]}}
    )
    held = wilks.compile_model(reading(file).workspace)
    assert [n for n, f in zip(held.parameter_names, held.fixed, strict=True) if f] == [
        "shapefactor[0]",
        "shapefactor[1]",
    ]
    point = file["parameter_points"][0]["parameters"]
    point += [{"name": f"gamma_shapefactor_bin_{b}", "value": 1.0, "const": False} for b in (0, 1)]
    assert not wilks.compile_model(reading(file).workspace).fixed.any()


def product(file: dict[str, Any]) -> None:
    """Put channel and constraint into a product of distributions."""
    del modifiers(file)[0]["constraint_name"]
    file["distributions"][1]["sigma"] = 0.5
    file["distributions"].append(
        {"name": "both", "type": "product_dist", "factors": ["model_SR", "alpha_jesConstraint"]}
    )
    file["likelihoods"][0]["distributions"] = ["both"]


def auxiliary(file: dict[str, Any]) -> None:
    """Put the constraint beside the channels."""
    del modifiers(file)[0]["constraint_name"]
    file["distributions"][1]["sigma"] = 0.5
    file["likelihoods"][0]["aux_distributions"] = ["alpha_jesConstraint"]


def with_number(file: dict[str, Any]) -> None:
    """Give the observed value of a constraint in the likelihood."""
    del modifiers(file)[0]["constraint_name"]
    file["distributions"][1] |= {"x": "somewhere", "mean": "alpha_jes", "sigma": 0.5}
    file["likelihoods"][0] |= {"distributions": ["model_SR", "alpha_jesConstraint"], "data": ["obsData_SR", 0.0]}


@pytest.mark.parametrize("change", [product, auxiliary, with_number])
def test_constraints_that_stand_in_the_likelihood(change: Callable[[dict[str, Any]], None]) -> None:
    file = model()
    change(file)
    found = reading(file)
    assert penalty(found, jes=0.7) == pytest.approx(0.5 * (0.7 / 0.5) ** 2)
    assert settings(found)["jes"].sigmas == [0.5]


def factor(file: dict[str, Any], term: dict[str, Any], **values: float) -> Reading:
    """Constrain mu by a distribution."""
    modifiers(file, SIGNAL)[0]["constraint_name"] = "term"
    file["distributions"].append({"name": "term", **term})
    file["parameter_points"][0]["parameters"] += [{"name": n, "value": v, "const": True} for n, v in values.items()]
    return reading(file)


def test_kinds_of_constraints() -> None:
    mu = 1.3
    normal = factor(model(), {"type": "gaussian_dist", "x": "mu", "mean": 1.1, "sigma": "width"}, width=0.2)
    assert penalty(normal, mu=mu) == pytest.approx((0.5 * (0.2 / 0.2) ** 2) - 0.0)
    assert settings(normal)["mu"].inits is None
    file = model()
    file["functions"] = [{"name": "mean", "type": "product", "factors": ["mu", "tau"]}]
    count = factor(file, {"type": "poisson_dist", "x": "nom_mu", "mean": "mean"}, nom_mu=30, tau=25.0)
    assert settings(count)["mu"].factors == [25.0]
    start = 30 / 25
    assert penalty(count, mu=mu) == pytest.approx(25 * (mu - start) - 30 * math.log(mu / start))
    gamma = factor(model(), {"type": "gamma_dist", "x": "mu", "gamma": 31.0, "beta": 0.04, "mu": 0.0})
    assert penalty(gamma, mu=mu) == pytest.approx(penalty(count, mu=mu))
    flat = factor(model(), {"type": "uniform_dist", "x": "mu", "min": 0.2, "max": 4.0})
    assert penalty(flat, mu=mu) == pytest.approx(0.0, abs=1e-12)


def test_correlated_constraints() -> None:
    file = model()
    file["distributions"][1] = {
        "name": "both",
        "type": "multivariate_normal_dist",
        "x": ["alpha_jes", "alpha_shape"],
        "mean": [0.0, 0.0],
        "covariances": [[1.0, 0.6], [0.6, 4.0]],
    }
    for modifier in modifiers(file)[:2]:
        modifier["constraint_name"] = "both"
    found = reading(file)
    point = np.array([0.4, -0.9])
    wanted = 0.5 * point @ np.linalg.inv(np.array([[1.0, 0.6], [0.6, 4.0]])) @ point
    assert penalty(found, jes=0.4, shape=-0.9) == pytest.approx(wanted)


def test_functions_products_and_interpolations() -> None:
    file = model()
    file["functions"] = [
        {"name": "scale", "type": "product", "factors": ["mu", "mu", "curve", "vary"]},
        {"name": "curve", "type": "generic_function", "expression": "TMath::Exp(0.1*k) - 2/pow(k, 2) + both"},
        {"name": "both", "type": "sum", "summands": ["mu", "k", 0.5]},
        {
            "name": "vary",
            "type": "interpolation0d",
            "nom": 1.0,
            "vars": ["alpha_jes", "alpha_new"],
            "low": [0.8, 0.95],
            "high": [1.3, 1.1],
            "interpolationCodes": [0, 1],
        },
    ]
    modifiers(file, SIGNAL)[0] |= {"name": "scale", "parameter": "scale"}
    file["parameter_points"][0]["parameters"].append({"name": "k", "value": 2.0})
    compiled = wilks.compile_model(reading(file).workspace)
    values = {"mu": 1.2, "k": 2.5, "jes": 0.5, "new": -0.4}
    theta = compiled.initial.copy()
    for name, value in values.items():
        theta[compiled.parameter_names.index(name)] = value
    factor = 1.2**2 * (math.exp(0.25) - 2 / 2.5**2 + 1.2 + 2.5 + 0.5) * (1 + 0.3 * 0.5) * 0.95**0.4
    blocks = compiled.engine.block_rates(theta)
    assert blocks[-2:] == pytest.approx([5 * factor, 10 * factor])


def test_two_axes() -> None:
    """Yields run with the last axis fastest, parameters of bins with the first."""
    file = model()
    axes = [{"name": "x", "min": 0, "max": 2, "nbins": 2}, {"name": "y", "min": 0, "max": 3, "nbins": 3}]
    channel = file["distributions"][0]
    channel["axes"] = file["data"][0]["axes"] = axes
    del channel["samples"][0]
    channel["samples"][0]["data"]["contents"] = [11, 12, 13, 21, 22, 23]
    file["data"][0]["contents"] = [1, 2, 3, 4, 5, 6]
    names = [f"gamma_u_bin_{i}_{j}" for j in range(3) for i in range(2)]
    modifiers(file)[0:] = [
        {"name": "mu", "type": "normfactor"},
        {
            "name": "u",
            "type": "shapesys",
            "constraint_type": "Gauss",
            "parameters": names,
            "data": {"vals": [0.11, 0.21, 0.12, 0.22, 0.13, 0.23]},
        },
    ]
    found, components = read_with_names(json.dumps(file).encode())
    sample = found.workspace.document.channels[0].samples[0]
    assert sample.data == [11, 21, 12, 22, 13, 23]
    assert found.workspace.document.observations[0].data == [1, 4, 2, 5, 3, 6]
    assert sample.modifiers[1].data == pytest.approx([n * n / 100 for n in sample.data])  # type: ignore[union-attr]
    assert [components[name] for name in names] == [("u", i) for i in range(6)]


def test_events_are_counted_in_the_bins_of_the_channel(tmp_path: Path) -> None:
    file = model()
    file["data"][0] |= {"type": "unbinned", "entries": [[0.5], [0.2], [1.5]], "weights": [2.0, 1.5, 4.0]}
    del file["data"][0]["contents"]
    assert reading(file).workspace.document.observations[0].data == [3.5, 4.0]
    file["data"][0]["entries"][1] = [2.5]
    with pytest.raises(wilks.errors.WorkspaceError, match=r"data\[0\]\.entries\[1\]: \[2\.5\] lies outside the bins"):
        reading(file)


def several() -> dict[str, Any]:
    """Return a file with two data sets, and an analysis of another channel."""
    file = model()
    other = copy.deepcopy(file["distributions"][0]) | {"name": "model_CR"}
    other["samples"][0]["modifiers"] = []
    file["distributions"].append(other)
    for name, counts in (("asimovData_SR", [55.0, 70.0]), ("obsData_CR", [50.0, 60.0])):
        file["data"].append(file["data"][0] | {"name": name, "contents": counts})
    file["likelihoods"] += [
        {"name": "asimov", "distributions": ["model_SR"], "data": ["asimovData_SR"]},
        {"name": "control", "distributions": ["model_CR"], "data": ["obsData_CR"]},
    ]
    analyses = [{"name": n, "likelihood": n, "parameters_of_interest": ["mu"]} for n in ("asimov", "control")]
    file["analyses"] = [analyses[0], *file["analyses"], analyses[1]]
    return file


def test_several_analyses_and_data_sets() -> None:
    found = reading(several())
    document = found.workspace.document
    assert found.workspace.measurement_names == ("fit",)
    assert document.observations[0].data == [57.0, 71.0]
    assert found.workspace.data_set_names == ("asimovData",)
    assert {(note.kind, str(note)) for note in found.notes if note.place in ("data", "analyses")} == {
        ("read as", 'data: "obsData" is fitted; further data sets: "asimovData"'),
        ("lost", 'analyses: "control": other channels; name one to read it'),
    }
    control = reading(several(), analysis="control").workspace
    assert control.channel_names == ("CR",)
    turned = reading(several(), data="asimovData").workspace
    assert turned.document.observations[0].data == [55.0, 70.0]
    assert turned.data_set_names == ("obsData",)


def test_names_of_samples_and_ranges_that_are_missing() -> None:
    file = model()
    del file["distributions"][0]["samples"][1]["name"]
    file["parameter_points"][0]["parameters"].append({"name": "mu", "value": 12.0})
    found = reading(file)
    assert [sample.name for sample in found.workspace.document.channels[0].samples] == ["bkg", "sample_1"]
    assert settings(found)["mu"].inits == [5.0]
    assert any('"mu" is 12, outside its range [0.0, 5.0]; it starts at 5, as in ROOT' in str(n) for n in found.notes)


def test_torn_formulas_of_root_are_told() -> None:
    file = model()
    file["metadata"]["packages"] = [{"name": "ROOT", "version": "6.40.00"}]
    file["functions"] = [{"name": "f_part0", "type": "generic_function", "expression": "0.7+0.4"}]
    modifiers(file, SIGNAL).append({"name": "f_part0", "type": "custom"})
    notes = [note for note in reading(file).notes if note.kind == "approximate"]
    assert [str(note) for note in notes] == [
        "functions[0]: ROOT up to 6.40 takes formulas apart at every *, in sums too: compare with the original"
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("functions/meas", 'functions[3].expression: "x[1]" found'),
        ("hs3jl_test_gg/test_gg_binned_exp", 'distributions[0].type: "exponential_dist" is no binned channel'),
        ("hs3jl_test_gg/test_gg_binned_gauss", 'distributions[0].type: "gaussian_dist" is no binned channel'),
        ("hs3jl_test_gg/test_gg_binned_lognormal", 'distributions[0].type: "lognormal_dist" is no binned channel'),
        ("hs3jl_test_gg/test_gg_binned_uniform", 'distributions[0].type: "uniform_dist" is no binned channel'),
    ],
)
def test_public_files_that_are_no_models_of_bins(name: str, sentence: str, shared_data: Path) -> None:
    with pytest.raises(wilks.errors.WorkspaceError) as caught:
        read(shared_data / "hs3" / f"{name}.json")
    assert any(sentence in problem for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("histfactory_hl", 6), ("rf515_hfJSON", 6), ("rf515_hfJSON_3", 7)],
)
def test_public_files_without_numbers(name: str, parameters: int, shared_data: Path) -> None:
    found = read(shared_data / "hs3" / "hs3jl_rf515" / f"{name}.json")
    compiled = wilks.compile_model(found.workspace)
    assert compiled.n_parameters == parameters
    assert wilks.fit(compiled).converged
    assert compiled.pois == ("mu",)


def test_two_programs_say_the_same_of_one_model(shared_data: Path) -> None:
    """The HS3 file of HS3.jl's example and ROOT's tutorial are one model under other names."""
    one, other = (
        wilks.compile_model(read(shared_data / "hs3" / name).workspace)
        for name in ("hs3jl_rf515/histfactory_hl.json", "root_rf515/rf515_hfJSON.json")
    )
    assert wilks.fit(one).twice_nll == pytest.approx(wilks.fit(other).twice_nll, abs=1e-4)


@pytest.mark.parametrize(
    ("packages", "factor"), [([{"name": "ROOT", "version": "6.40.00"}], 1.2), ([], 0.5 + 1.5 * 1.2)]
)
def test_whole_numbers_in_formulas_of_root_are_divided_as_in_cpp(packages: list[Any], factor: float) -> None:
    file = model()
    file["metadata"]["packages"] = packages
    file["functions"] = [{"name": "scale", "type": "generic_function", "expression": "1/2 + 3/2*mu"}]
    modifiers(file, SIGNAL)[0] |= {"name": "scale", "parameter": "scale"}
    found = reading(file)
    compiled = wilks.compile_model(found.workspace)
    theta = compiled.initial.copy()
    theta[compiled.parameter_names.index("mu")] = 1.2
    assert compiled.engine.block_rates(theta)[-2:] == pytest.approx([5 * factor, 10 * factor])
    assert bool(packages) == any("divided as in ROOT" in str(note) for note in found.notes)
