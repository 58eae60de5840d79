"""Plain pyhf documents: what of a wilks document pyhf can say too is said in pyhf's words, the rest is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from wilks.errors import WorkspaceError, listed
from wilks.formats.notes import Note, Writing
from wilks.workspace.extensions import PYHF, extensions
from wilks.workspace.gammas import Use, staterror_gammas, uses_per_bin
from wilks.workspace.saving import axes_path
from wilks.workspace.spec import (
    Correlation,
    Document,
    HistoSys,
    MeasurementConfig,
    Modifier,
    NormSys,
    ParameterSettings,
    ShapeSys,
    StatError,
)
from wilks.workspace.workspace import Workspace

_SHOWN = 3  # places of one kind of thing

# What pyhf takes without being told.
_DEFAULTS: dict[type, dict[str, tuple[Any, ...]]] = {
    NormSys: {"interpolation": ("code4", "code5")},
    HistoSys: {"interpolation": ("code4p",)},
    StatError: {"constraint": ("normal",), "effect": ("factor",)},
    ShapeSys: {"constraint": ("poisson",), "shared": (False,)},
}


def write(workspace: Workspace, path: Path) -> Writing:
    """Write a plain pyhf document; further data sets, groups and parameters of interest are left out, with notes.

    Raises WorkspaceError with everything in the likelihood that pyhf can't say; nothing is written then.
    """
    document, notes = plain(workspace.document)
    if found := beyond(document):
        raise WorkspaceError([f"{path}: pyhf can't say {one}" for one in found])
    Workspace(document, workspace.axes).save(path)
    return Writing((path, axes_path(path)) if workspace.axes else (path,), notes)


def required(workspace: Workspace, name: str) -> Workspace:
    """Return a workspace that is a plain pyhf document. Raises WorkspaceError where it is not."""
    if found := beyond(workspace.document):
        raise WorkspaceError([f'{name}: not of the format "pyhf", which can\'t say {one}' for one in found])
    return workspace


def beyond(document: Document) -> list[str]:
    """Return what a document says that pyhf can't: a phrase for each kind of thing, with the places of the first."""
    places: dict[str, list[str]] = {}
    for place in extensions(document):
        places.setdefault(_what(document, place), []).append(place)
    return [
        f"{what}: {', '.join(found[:_SHOWN])}{f' and {len(found) - _SHOWN} more' if len(found) > _SHOWN else ''}"
        for what, found in places.items()
    ]


def _what(document: Document, place: str) -> str:
    """Return what stands at a place, in words."""
    numbers, key = [int(n) for n in re.findall(r"\d+", place)], place.rpartition(".")[2]
    if place.startswith("channels"):
        sample = document.channels[numbers[0]].samples[numbers[1]]
        if key == "morphing":
            return "how yields are morphed"
        modifier = sample.modifiers[numbers[2]]
        return f"the {key} {getattr(modifier, key)!s} of a {modifier.__struct_config__.tag}"
    words = {
        "constraint": "the constraint of a parameter in its settings",
        "lower_sigmas": "two widths of a constraint",
        "fixed": "that some bins of a parameter are fixed",
        "correlations": "correlated constraints",
        "clip": "that negative yields are cut",
        "functions": _functions(document),
        "masks": "bins that are masked",
    }
    return words[key]


def _functions(document: Document) -> str:
    functions = document.functions or ()
    names = [one.name for one in functions if one.penalty]
    said = ["functions of parameters"] if len(names) < len(functions) else []
    said += [f"penalties, which are added to the likelihood ({listed(names, _SHOWN)})"] if names else []
    return " and ".join(said)


def plain(document: Document) -> tuple[Document, tuple[Note, ...]]:
    """Return a document in pyhf's words as far as that changes no likelihood, and notes on what was left out."""
    notes = [
        Note(key, f"pyhf has no {what}; left out", "lost")
        for key, what in (("data_sets", "further data sets"), ("groups", "groups of parameters"))
        if getattr(document, key)
    ]
    idle = _idle_thresholds(document)
    scalars = {m.name for c in document.channels for s in c.samples for m in s.modifiers if _standard(m)}
    measurements = []
    for i, measurement in enumerate(document.measurements):
        config = measurement.config
        if len(config.of_interest) > 1:
            text = f'pyhf has one parameter of interest: "{config.poi}" is kept'
            notes.append(Note(f"measurements[{i}].config.pois", text, "lost"))
        measurements.append(msgspec.structs.replace(measurement, config=_config(config, scalars)))
    changed = msgspec.structs.replace(
        document,
        channels=[
            msgspec.structs.replace(
                channel,
                samples=[
                    msgspec.structs.replace(sample, modifiers=[_modifier(m, idle) for m in sample.modifiers])
                    for sample in channel.samples
                ],
            )
            for channel in document.channels
        ],
        measurements=measurements,
        data_sets=None,
        groups=None,
        functions=document.functions or None,
        masks=document.masks or None,
    )
    if next(extensions(changed), None) is None:
        changed = msgspec.structs.replace(changed, version=PYHF)
    return changed, tuple(notes)


def _standard(modifier: Modifier) -> bool:
    """Return whether pyhf gives the parameter of a modifier a normal constraint of centre 0 and width 1."""
    return isinstance(modifier, NormSys | HistoSys)


def _idle_thresholds(document: Document) -> set[str]:
    """Return the staterrors whose threshold no bin lies below: without it the model is the same."""
    found = set()
    for (kind, name), uses in uses_per_bin(document.channels).items():
        if kind is not StatError:
            continue
        without: list[Use] = [
            (c, s, msgspec.structs.replace(m, threshold=None)) for c, s, m in uses if isinstance(m, StatError)
        ]
        if (staterror_gammas(uses).constant == staterror_gammas(without).constant).all():
            found.add(name)
    return found


def _modifier(modifier: Modifier, idle: set[str]) -> Modifier:
    usual = {key: None for key, values in _DEFAULTS.get(type(modifier), {}).items() if getattr(modifier, key) in values}
    if isinstance(modifier, StatError) and modifier.name in idle:
        usual["threshold"] = None
    return msgspec.structs.replace(modifier, **usual)


def _config(config: MeasurementConfig, standard: set[str]) -> MeasurementConfig:
    kept = [one for one in config.correlations or () if not _uncorrelated(one)]
    return msgspec.structs.replace(
        config,
        parameters=[_settings(one, standard) for one in config.parameters],
        pois=None,
        correlations=kept or None,
        clip=config.clip or None,
    )


def _uncorrelated(one: Correlation) -> bool:
    return all(value == (i == j) for i, row in enumerate(one.matrix) for j, value in enumerate(row))


def _settings(one: ParameterSettings, standard: set[str]) -> ParameterSettings:
    changes: dict[str, Any] = {}
    if one.lower_sigmas is not None and one.lower_sigmas == one.sigmas:
        changes["lower_sigmas"] = None
    if isinstance(one.fixed, list) and len(set(one.fixed)) == 1:
        changes["fixed"] = one.fixed[0]
    usual = one.auxdata in (None, [0]) and one.sigmas in (None, [1]) and one.lower_sigmas in (None, [1])
    if one.constraint == "normal" and one.name in standard and usual:
        changes |= {"constraint": None, "lower_sigmas": None}
    return msgspec.structs.replace(one, **changes)
