"""HistFactory models that ROOT made and pyhf can't say, as documents, against the numbers of ROOT.

The histograms are read by uproot, the XML by the few lines below, which know no more than these models need.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

import wilks

SINGLE = {"staterror_default"}  # relative errors of a TH1F are a TH1F in ROOT: single precision
MODELS = [
    ("staterror_poisson", "meas"),
    ("staterror_default", "meas"),
    ("staterror_gaussian", "meas"),
    ("shapesys", "meas"),
    ("everything", "meas"),
    ("constraint_terms", "gaussian"),
    ("constraint_terms", "uniform"),
    ("shapefactor_initial", "mu_fixed"),
    ("shapefactor_initial", "bins_fixed"),
    ("settings", "set"),
    ("pyhf_xmlimport3", "GaussExample"),
    ("root_shapesys", "GaussExample"),
]


def histogram(element: ET.Element, defaults: dict[str, str], folder: Path, name: str = "HistoName") -> Any:
    """Return contents and errors of the histogram that an element names."""
    path = element.get(name.replace("Name", "Path"), defaults.get("HistoPath", "")).strip("/")
    file = element.get("InputFile", defaults.get("InputFile"))
    found = uproot.open(next(folder.rglob(Path(file or "").name)))[f"{path}/{element.get(name)}".strip("/")]
    return found.values().astype(float), found.errors().astype(float)


def modifier(element: ET.Element, nominal: Any, errors: Any, defaults: dict[str, Any], folder: Path) -> list[Any]:
    """Return what an element of a sample says, as modifiers."""
    name, kind = element.get("Name"), element.tag

    def read(key: str = "HistoName") -> Any:
        return histogram(element, defaults, folder, key)[0]

    match kind:
        case "NormFactor":
            return [{"name": name, "type": "normfactor", "data": None}]
        case "OverallSys":
            factors = {"lo": float(element.get("Low", 0)), "hi": float(element.get("High", 0))}
            return [{"name": name, "type": "normsys", "data": factors}]
        case "HistoSys":
            sides = {"lo_data": read("HistoNameLow").tolist(), "hi_data": read("HistoNameHigh").tolist()}
            return [{"name": name, "type": "histosys", "data": sides}]
        case "ShapeFactor":
            return [{"name": name, "type": "shapefactor", "data": None}]
        case "ShapeSys":
            gauss = not element.get("ConstraintType", "Gaussian").startswith("Pois")
            said = {"constraint": "normal"} if gauss else {}
            if (nominal == 0).any():  # a gamma without effect has its constraint all the same
                defaults["widths"][name] = {"sigmas": read().tolist()}
            return [{"name": name, "type": "shapesys", "data": (read() * nominal).tolist(), **said}]
        case "StatError" if element.get("Activate") == "True":
            absolute = read() * nominal if element.get("HistoName") else errors
            said = {k: defaults[k] for k in ("constraint", "threshold")}
            return [{"name": f"stat_{defaults['Name']}", "type": "staterror", "data": absolute.tolist(), **said}]
    return []


def channel(path: Path, folder: Path, widths: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a channel and its observation; `widths` gets those that yields don't give."""
    root = ET.parse(path).getroot()
    config = root.find("StatErrorConfig")
    config = ET.Element("StatErrorConfig") if config is None else config
    poisson = config.get("ConstraintType", "Poisson").startswith("Pois")
    defaults: dict[str, Any] = {
        **root.attrib,
        "widths": widths,
        "constraint": "poisson" if poisson else "normal",
        "threshold": float(config.get("RelErrorThreshold", 0.05)),
    }
    samples = []
    for element in root.findall("Sample"):
        own = {**defaults, **{k: v for k, v in element.attrib.items() if k != "Name"}}
        nominal, errors = histogram(element, own, folder)
        found = [m for child in element for m in modifier(child, nominal, errors, own, folder)]
        lumi = {"name": "lumi", "type": "lumi", "data": None}
        samples.append({"name": element.get("Name"), "data": nominal.tolist(), "modifiers": [lumi, *found]})
    data = root.find("Data")
    assert data is not None
    observed = histogram(data, defaults, folder)[0].tolist()
    return {"name": root.get("Name"), "samples": samples}, {"name": root.get("Name"), "data": observed}


def ours(name: str) -> tuple[str, int]:
    """Return the set and the component of a parameter of ROOT."""
    if name.startswith("gamma_"):
        stem, _, b = name.removeprefix("gamma_").rpartition("_bin_")
        return stem, int(b)
    return "lumi" if name == "Lumi" else name.removeprefix("alpha_"), 0


def document(folder: Path, numbers: dict[str, Any], chosen: str) -> dict[str, Any]:
    """Return a measurement as a document; starts, bounds and constants are what ROOT made of the settings."""
    top = folder / numbers["combination"]
    root = ET.parse(top).getroot()
    inputs = [next(folder.rglob(Path((one.text or "").strip()).name)) for one in root.findall("Input")]
    widths: dict[str, Any] = {}
    channels, observations = zip(*(channel(path, folder, widths) for path in inputs), strict=True)
    measurement = next(m for m in root.findall("Measurement") if m.get("Name") == chosen)
    lumi = float(measurement.get("Lumi", 1))
    known = {m["name"] for c in channels for s in c["samples"] for m in s["modifiers"]}
    settings: dict[str, dict[str, Any]] = {}
    for parameter in numbers["measurements"][chosen]["parameters"]:
        name, _ = ours(parameter["name"])
        if name in known:
            entry = settings.setdefault(name, {"name": name, "inits": [], "bounds": [], "fixed": []})
            entry["inits"].append(parameter["init"])
            entry["bounds"].append([parameter["min"], parameter["max"]])
            entry["fixed"].append(parameter["constant"])
    settings["lumi"] |= {"auxdata": [lumi], "sigmas": [lumi * float(measurement.get("LumiRelErr", 0.1))]}
    for name, width in widths.items():
        settings[name] |= width
    for term in measurement.findall("ConstraintTerm"):
        if term.get("Type") == "Uniform":
            settings[(term.text or "").strip()]["sigmas"] = [100.0]
    pois = (measurement.findtext("POI") or "").split()
    config = {"poi": pois[0], "pois": pois, "parameters": list(settings.values())}
    return {
        "channels": list(channels),
        "observations": list(observations),
        "measurements": [{"name": chosen, "config": config}],
        "version": "wilks-1",
    }


@pytest.mark.parametrize(("name", "chosen"), MODELS)
def test_numbers_are_those_of_root(name: str, chosen: str, shared_data: Path) -> None:
    folder = shared_data / "histfactory-xml" / name
    numbers = json.loads((folder / "numbers.json").read_text())
    expected = numbers["measurements"][chosen]
    model = wilks.compile_model(wilks.load_workspace(document(folder, numbers, chosen)))

    assert model.pois == tuple(expected["pois"])

    def position(root_name: str) -> int:
        stem, component = ours(root_name)
        return model.parameter_names.index(stem if stem in model.parameter_names else f"{stem}[{component}]")

    def at(values: dict[str, float]) -> np.ndarray:
        theta = model.initial.copy()
        for parameter, value in values.items():
            theta[position(parameter)] = value
        return theta

    start = at(expected["points"][0]["parameters"])
    for point in expected["points"]:
        theta = at(point["parameters"])
        rates = model.expected(theta)
        for region, bins in model.channel_slices.items():
            np.testing.assert_allclose(rates[bins], point["expected"][region], rtol=1e-12)
        difference = 2 * (model.nll(theta) - model.nll(start))
        assert difference == pytest.approx(
            point["plain_twice_nll_minus_init"], rel=1e-11, abs=1e-6 if name in SINGLE else 1e-9
        )

    known = {
        n.removeprefix("nom_"): value
        for n, value in expected["global_observables"].items()
        if n.startswith("nom_gamma")
    }
    constrained = [n for n, free in zip(model.parameter_names, model.unconstrained, strict=True) if not free]
    for parameter, value in known.items():
        assert model.auxiliary[constrained.index(model.parameter_names[position(parameter)])] == pytest.approx(value)

    fit, root_fit = wilks.fit(model), expected["plain_fit"]
    assert fit.converged
    assert 2 * (model.nll(fit.values) - model.nll(start)) == pytest.approx(root_fit["twice_nll_minus_init"], abs=1e-6)
    for parameter, value in root_fit["values"].items():
        found, error = fit.values[position(parameter)], root_fit["errors_curvature"][parameter]
        if error is not None:
            assert abs(found - value) < 1e-3 * error
            assert fit.uncertainties[position(parameter)] == pytest.approx(error, rel=1e-4)
