"""Small workspaces, each with one thing that a workspace can say, and what becomes of it in a format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import wilks
from wilks.errors import WorkspaceError
from wilks.histogram import Axis
from wilks.workspace.extensions import PYHF, WILKS, extensions
from wilks.workspace.workspace import Workspace

Spec = dict[str, Any]
DATA = {"sig": [4.0, 9.0, 3.0], "bkg": [40.0, 38.0, 20.0], "other": [12.0, 10.0, 9.0]}
OBSERVED = [57, 61, 30]


def modifier(name: str, kind: str, data: Any = None, **said: Any) -> Spec:
    return {"name": name, "type": kind, "data": data, **said}


MU = modifier("mu", "normfactor")
JES = modifier("jes", "normsys", {"lo": 0.9, "hi": 1.15})
SHAPE = modifier("tilt", "histosys", {"lo_data": [37.0, 36.0, 22.0], "hi_data": [44.0, 39.0, 19.0]})
MC = modifier("staterror_SR", "staterror", [2.0, 3.0, 1.5])
OTHER_MC = modifier("staterror_SR", "staterror", [0.7, 0.6, 0.8])
FREE = {"name": "jes", "constraint": "none", "bounds": [[-4, 4]]}


def spec(
    bkg: tuple[Spec, ...] = (),
    other: tuple[Spec, ...] = (),
    *,
    settings: tuple[Spec, ...] = (),
    cr: tuple[Spec, ...] | None = None,
    sample: Spec | None = None,
    top: Spec | None = None,
    **config: Any,
) -> Spec:
    """Return a document of a channel SR with three samples, and with `cr` one more, CR, of one sample."""
    samples: list[Spec] = [{"name": "sig", "data": DATA["sig"], "modifiers": [MU]}]
    samples.append({"name": "bkg", "data": DATA["bkg"], "modifiers": list(bkg), **(sample or {})})
    samples.append({"name": "other", "data": DATA["other"], "modifiers": list(other)})
    made: Spec = {
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": OBSERVED}],
        "measurements": [{"name": "meas", "config": {"poi": "mu", "parameters": list(settings), **config}}],
        "version": PYHF,
        **(top or {}),
    }
    if cr is not None:
        made["channels"].append({"name": "CR", "samples": [{"name": "bkg", "data": [80.0, 70.0], "modifiers": [*cr]}]})
        made["observations"].append({"name": "CR", "data": [85, 66]})
    if next(extensions(made), None) is not None:
        made["version"] = WILKS
    return made


def coded(one: Spec, code: str) -> Spec:
    return {**one, "interpolation": code}


def function(expression: str) -> Spec:
    return {"functions": [{"name": "k", "expression": expression}]}


K = modifier("k", "normfactor")
LUMI = modifier("lumi", "lumi")
LUMI_SETTINGS = {"name": "lumi", "inits": [1.0], "auxdata": [1.0], "sigmas": [0.02], "bounds": [[0.9, 1.1]]}
SETS = [{"name": "asimov", "observations": [{"name": "SR", "data": [56, 57, 32]}]}]
GAMMA = 1 / 0.4**2
MATRIX = [[1, 0.4], [0.4, 1]]

# What it is, in the words of the table.
FEATURES: dict[str, Spec] = {
    "normfactor, normsys, histosys": spec((JES, SHAPE)),
    "several channels, parameters in common": spec((JES,), cr=(JES, MU)),
    "shapefactor": spec(cr=(modifier("free_shape", "shapefactor"),)),
    "luminosity on all samples": spec((LUMI,), (LUMI,), settings=(LUMI_SETTINGS,), sample={}) | {},
    "luminosity on some samples": spec((LUMI,), settings=(LUMI_SETTINGS,)),
    "staterror, normal": spec((MC,), (OTHER_MC,)),
    "staterror, Poisson": spec((MC | {"constraint": "poisson"},), (OTHER_MC | {"constraint": "poisson"},)),
    "staterror with a threshold": spec((MC | {"threshold": 0.06},), (OTHER_MC | {"threshold": 0.06},)),
    "staterror on some samples": spec((MC,)),
    "statistical terms that are added": spec((MC | {"effect": "added"},), (OTHER_MC | {"effect": "added"},)),
    "shapesys, Poisson": spec((modifier("unc", "shapesys", [4.0, 3.0, 2.5]),)),
    "shapesys, normal": spec((modifier("unc", "shapesys", [4.0, 3.0, 2.5], constraint="normal"),)),
    "shapesys that samples share": spec(
        (modifier("unc", "shapesys", [4.0, 3.8, 2.0], shared=True),),
        (modifier("unc", "shapesys", [1.2, 1.0, 0.9], shared=True),),
    ),
    **{f"normsys, {code}": spec((coded(JES, code),)) for code in ("code0", "code1", "code2", "code5", "combine")},
    **{f"histosys, {code}": spec((coded(SHAPE, code),)) for code in ("code0", "code1", "code2", "code5")},
    "yields that are morphed in logarithms": spec((SHAPE,), sample={"morphing": {"logarithms": True}}),
    "negative yields cut (clip)": spec((SHAPE,), clip=True),
    "start, bounds, fixed": spec(
        (JES, K), settings=({"name": "k", "inits": [1.2], "bounds": [[0.5, 2.0]]}, {"name": "jes", "fixed": True})
    ),
    "bins fixed one by one": spec(
        (MC,), (OTHER_MC,), settings=({"name": "staterror_SR", "fixed": [True, False, False]},)
    ),
    "systematic without constraint": spec((JES, SHAPE), settings=(FREE,)),
    "factor with a normal constraint": spec(
        (K,), settings=({"name": "k", "constraint": "normal", "auxdata": [1.1], "sigmas": [0.07]},)
    ),
    "factor with a Poisson constraint": spec(
        (K,), settings=({"name": "k", "constraint": "poisson", "auxdata": [31], "factors": [25.0]},)
    ),
    "constraint of two widths": spec(
        (K,),
        settings=({"name": "k", "constraint": "normal", "auxdata": [1.0], "sigmas": [0.1], "lower_sigmas": [0.2]},),
    ),
    "correlated constraints": spec((JES, SHAPE), correlations=[{"parameters": ["jes", "tilt"], "matrix": MATRIX}]),
    "function that is a factor": spec((K,), top=function("mu * mu + 0.2 * c")),
    "function that steers a systematic": spec((modifier("k", "normsys", JES["data"]),), top=function("(c - 1) / 0.3")),
    "Gamma constraint of a systematic": spec(
        (modifier("alpha_jes", "normsys", JES["data"]),),
        settings=({"name": "beta_jes", "constraint": "poisson", "auxdata": [GAMMA], "factors": [GAMMA]},),
        top={"functions": [{"name": "alpha_jes", "expression": "(@0 - 1) / 0.4", "parameters": ["beta_jes"]}]},
    ),
    "penalty that is added to the likelihood": spec(
        (K,), top={"functions": [{"name": "soft", "expression": "0.5 * ((k - 1.1) / 0.07) ^ 2", "penalty": True}]}
    ),
    "several parameters of interest": spec((K,), pois=["mu", "k"]),
    "several measurements": spec((JES, K)),
    "further data sets": spec((JES,), top={"data_sets": SETS}),
    "groups of parameters": spec((JES, SHAPE), top={"groups": [{"name": "all", "parameters": ["jes", "tilt"]}]}),
    "masks": spec((JES,), top={"masks": [{"channel": "SR", "bins": [1]}]}),
    "axes with labels and units": spec((JES,)),
}
second = FEATURES["several measurements"]["measurements"]
second.append({"name": "second", "config": {"poi": "k", "parameters": [{"name": "jes", "fixed": True}]}})
FEATURES["luminosity on all samples"]["channels"][0]["samples"][0]["modifiers"] = [MU, LUMI]


def for_cards(said: Spec) -> Spec:
    """Return a document as cards have it but for its one thing: Combine's interpolation, "r", no ranges."""
    made: Spec = json.loads(
        json.dumps(said).replace('"mu"', '"r"').replace("mu * mu", "r * r").replace('"meas"', '"combine"')
    )
    for channel in made["channels"]:
        for sample in channel["samples"]:
            for one in sample["modifiers"]:
                if one["data"] == JES["data"] and "interpolation" not in one:
                    one["interpolation"] = "combine"
            if channel["name"] == "CR":
                sample["modifiers"] = [one for one in sample["modifiers"] if one["name"] != "r"]
    for measurement in made["measurements"]:
        settings = {one["name"]: one for one in measurement["config"]["parameters"]}
        for name, bounds in (("r", [0.0, 20.0]), ("jes", [-40.0, 40.0]), ("tilt", [-40.0, 40.0])):
            settings.setdefault(name, {"name": name}).setdefault("bounds", [bounds])
        used = {one["name"] for c in made["channels"] for s in c["samples"] for one in s["modifiers"]}
        measurement["config"]["parameters"] = [one for name, one in settings.items() if name in used]
    made["version"] = WILKS if any(extensions(made)) else PYHF
    return made


def workspace_with(feature: str, format: str = "wilks") -> Workspace:
    """Return the workspace that has one thing."""
    cards = format == "datacard" and feature != "normfactor, normsys, histosys"
    loaded = wilks.load_workspace(for_cards(FEATURES[feature]) if cards else FEATURES[feature])
    if feature != "axes with labels and units":
        return loaded
    return Workspace(loaded.document, {"SR": Axis(np.array([50.0, 100.0, 200.0, 400.0]), "$p_T$", "GeV")})


def beside_likelihood(found: Workspace) -> dict[str, Any]:
    """Return what a workspace says that is not in its likelihood."""
    document = found.document
    return {
        "data sets": {one.name: [o.data for o in one.observations] for one in document.data_sets or ()},
        "groups": {one.name: list(one.parameters) for one in document.groups or ()},
        "measurements": {one.name: one.config.of_interest for one in document.measurements},
        "axes": {name: (axis.edges.tolist(), axis.label, axis.unit) for name, axis in found.axes.items()},
    }


def difference(one: Workspace, other: Workspace) -> str:
    """Return what of a workspace another lacks: "nothing", "ranges" (of parameters), or "something"."""
    had, has = beside_likelihood(one), beside_likelihood(other)
    if any(had[key] and had[key] != has[key] for key in had):
        return "something"
    found = [_of_models(one, other, name) for name in one.measurement_names]
    return next((worst for worst in ("something", "ranges") if worst in found), "nothing")


def _of_models(one: Workspace, other: Workspace, measurement: str) -> str:
    """Return how two models differ: twice the negative logarithms of their likelihoods, up to a constant, at random
    points, where parameters start, which are fixed, and their bounds."""
    models = [wilks.compile_model(found, measurement=measurement) for found in (one, other)]
    if set(models[0].parameter_names) != set(models[1].parameter_names):
        return "something"
    order = [models[1].parameter_names.index(name) for name in models[0].parameter_names]
    rng = np.random.default_rng(11)
    start = models[0].initial
    values = np.empty((2, 7))
    for i in range(7):
        point = start + i * rng.normal(0, 0.1, start.size)
        moved = np.empty(start.size)
        moved[order] = point
        values[:, i] = 2 * models[0].nll(point), 2 * models[1].nll(moved)
    differences = values - values[:, :1]
    if not np.allclose(*differences, rtol=1e-9, atol=1e-8):
        return "something"
    if not all(np.array_equal(getattr(models[0], key), getattr(models[1], key)[order]) for key in ("initial", "fixed")):
        return "something"
    ranges = all(np.array_equal(a, b[order]) for a, b in zip(models[0].bounds, models[1].bounds, strict=True))
    return "nothing" if ranges else "ranges"


def outcome(feature: str, format: str, folder: Path) -> str:
    """Return what becomes of a feature that is written in a format and read again, as the table says it."""
    workspace = workspace_with(feature, format)
    path = folder / "out" / f"model{SUFFIX[format]}"
    try:
        written = wilks.save_workspace(workspace, path, format=format)
    except WorkspaceError:
        assert not path.parent.exists() or not list(path.parent.iterdir())
        return "refused"
    kinds = {note.kind for note in written.notes}
    told = next((kind for kind in ("lost", "approximate") if kind in kinds), "exact")
    changed = difference(workspace, wilks.load_workspace(path))
    if told == "exact":
        assert changed == "nothing", f"{feature} in {format}: something is lost, and nothing is told"
    elif changed == "ranges":
        return "exact but for ranges"
    return f"{told} for others" if told != "exact" and changed == "nothing" else told


SUFFIX = {"wilks": ".json", "pyhf": ".pyhf.json", "hs3": ".hs3.json", "histfactory-xml": ".xml", "datacard": ".txt"}
WHOLE = tuple(format for format in SUFFIX if format != "datacard")
"""Formats that say every plain pyhf document."""
