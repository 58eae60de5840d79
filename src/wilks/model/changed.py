"""A workspace whose measurements start, bound and hold parameters in other ways."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks.errors import ModelError, nearest
from wilks.model.compile import compile_model
from wilks.model.parameters import ParameterSet
from wilks.workspace.extensions import PYHF, WILKS, extensions
from wilks.workspace.pyhf_json import load_workspace
from wilks.workspace.workspace import Workspace


def with_settings(
    workspace: Workspace,
    *,
    starts: Mapping[str, float] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    frozen: Collection[str] = (),
    pois: Sequence[str] = (),
    masked: Collection[str] = (),
) -> Workspace:
    """Return the workspace with other initial values, bounds, constant parameters, parameters of interest, masks.

    Parameters are named as the model names them (`x`, `x[3]`); all measurements are changed. An initial value that lies
    outside of its new bounds becomes the nearest of them. `masked` are channels that the likelihood leaves out. Raises
    ModelError with every name that doesn't exist and every value outside of the bounds.

    >>> import wilks
    >>> changed = with_settings(wilks.examples.measurement(), starts={"mu": 2}, frozen=["Luminosity"])
    >>> model = wilks.compile_model(changed)
    >>> float(model.initial[model.index("mu")]), bool(model.fixed[model.index("Luminosity")])
    (2.0, True)
    """
    starts, ranges = starts or {}, ranges or {}
    document: JSONDict = workspace.spec
    problems: list[str] = []
    channels = workspace.channel_names
    for i, measurement in enumerate(document["measurements"]):
        model = compile_model(workspace, measurement=i, masks=False)
        every = {name: (s, k) for s in model.parameter_sets for k, name in enumerate(s.names)}
        asked = dict.fromkeys((*starts, *ranges, *frozen, *pois))
        if unknown := [name for name in asked if name not in every]:
            problems += [f'no parameter "{name}" in the model{nearest(name, every)}' for name in unknown]
            continue
        config = measurement["config"]
        for name in dict.fromkeys(every[one][0].name for one in (*starts, *ranges, *frozen)):
            of_set = next(s for s in model.parameter_sets if s.name == name)
            _change(config, of_set, starts, ranges, frozen, problems)
        if pois:
            config["poi"] = pois[0]
            config.pop("pois", None)
            if len(pois) > 1:
                config["pois"] = list(pois)
    problems += [f'no channel "{name}" to mask{nearest(name, channels)}' for name in masked if name not in channels]
    if masked and not set(channels) - set(masked):
        problems.append("all channels are masked: there is nothing to fit")
    if problems:
        raise ModelError(list(dict.fromkeys(problems)))
    if masked:
        others = [mask for mask in document.get("masks", ()) if mask["channel"] not in masked]
        document["masks"] = [*others, *({"channel": name} for name in masked)]
    if document["version"] in (PYHF, WILKS):
        document["version"] = WILKS if any(extensions(document)) else PYHF
    return Workspace(load_workspace(document).document, workspace.axes)


def _change(
    config: JSONDict,
    of: ParameterSet,
    starts: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]],
    frozen: Collection[str],
    problems: list[str],
) -> None:
    """Change the settings of one parameter set in a measurement's `config`."""
    entries = config.setdefault("parameters", [])
    entry = next((one for one in entries if one["name"] == of.name), None)
    if entry is None:
        entry = {"name": of.name}
        entries.append(entry)
    inits, lower, upper = of.inits.copy(), of.lower.copy(), of.upper.copy()
    for k, name in enumerate(of.names):
        if name in ranges:
            lower[k], upper[k] = ranges[name]
            inits[k] = np.clip(inits[k], lower[k], upper[k])
        if name in starts:
            inits[k] = starts[name]
            if not lower[k] <= inits[k] <= upper[k]:
                problems.append(f'"{name}" = {inits[k]:g} lies outside its bounds, {lower[k]:g} to {upper[k]:g}')
    if not _same(inits, of.inits):
        entry["inits"] = inits.tolist()
    if any(name in ranges for name in of.names):
        entry["bounds"] = np.stack([lower, upper], axis=1).tolist()
    if any(name in frozen for name in of.names):
        held: Any = [bool(fixed) or name in frozen for fixed, name in zip(of.fixed, of.names, strict=True)]
        entry["fixed"] = True if all(held) else held


def _same(one: FloatArray, other: FloatArray) -> bool:
    return bool(np.array_equal(one, other))
