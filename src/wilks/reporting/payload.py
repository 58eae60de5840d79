"""What the page is made of, as JSON: the results as their files have them, and what is large packed into bytes."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

import msgspec
import numpy as np

from wilks import __version__
from wilks._types import FloatArray, JSONDict
from wilks.figures.numbers import logarithmic
from wilks.figures.style import axis_title
from wilks.reporting.commands import commands
from wilks.reporting.contents import Contents
from wilks.reporting.labels import formatted, plain, runs
from wilks.reporting.variations import packed_variations
from wilks.results.findings import Findings
from wilks.results.fit import FitResult
from wilks.results.io import encode_result
from wilks.results.prediction import Prediction
from wilks.table import Table
from wilks.templates.order import systematics_in_order
from wilks.templates.record import Effect, json_of
from wilks.templates.store import Templates
from wilks.workspace.saving import encoded_axes
from wilks.workspace.workspace import Workspace


def payload(contents: Contents) -> JSONDict:
    """Return what the page shows, ready for `json.dumps`."""
    workspace = contents.workspace
    others = [
        _question(file, result)
        for file, result in contents.results.items()
        if not isinstance(result, FitResult | Prediction | Findings)
    ]
    return {
        "version": __version__,
        "title": contents.title,
        "digest": workspace.digest,
        "notes": list(contents.notes),
        "channels": [_channel(workspace, name) for name in workspace.channel_names],
        "acts": _acts(workspace),
        "fits": [_fit(file, one) for file, one in contents.results.items() if isinstance(one, FitResult)],
        "prefit": _prediction(contents.prediction("pre-fit")),
        "postfit": _prediction(contents.prediction("post-fit")),
        "findings": plain_json(contents.findings)["items"],
        "results": others,
        "processed": bool(contents.templates and contents.templates.effects),
        "steering": contents.steering,
        "commands": commands(contents),
        "titles": _titles(contents),
    }


def bulk(contents: Contents) -> dict[str, str]:
    """Return what the page unpacks when it is needed, by name: compressed bytes as base64."""
    packed = {"workspace": msgspec.json.encode(contents.workspace.document)}
    if contents.fit is not None and contents.fit.covariance_usable:
        packed["correlation"] = _correlation(contents.fit.covariance).tobytes()
    if contents.templates is not None:
        packed["record"] = json.dumps(contents.templates.record()).encode()
        if contents.templates.effects:
            packed["effects"] = json.dumps([json_of(effect) for effect in _in_order(contents.templates)]).encode()
            packed["variations"] = packed_variations(contents.templates)
    if contents.workspace.axes:
        packed["axes"] = encoded_axes(contents.workspace.axes, contents.workspace.digest)
    found = {name: _base64(gzip.compress(data, 9, mtime=0)) for name, data in packed.items()}
    if contents.model:
        engine = (resources.files("wilks.reporting") / "assets" / "engine.wasm").read_bytes()
        found |= {"engine": _base64(gzip.compress(engine, 9, mtime=0)), "model": _base64(contents.model)}
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def plain_json(result: Any) -> JSONDict:
    """Return a result as the JSON data of its file."""
    document: JSONDict = json.loads(encode_result(result))
    return document


def _fit(file: str, fit: FitResult) -> JSONDict:
    record = plain_json(fit)
    for name in ("covariance", "minima", "flat"):
        record.pop(name, None)
    return {"file": file, **record}


def _prediction(prediction: Prediction | None) -> JSONDict | None:
    if prediction is None:
        return None
    record = plain_json(prediction)
    for channel in record["channels"]:
        channel.pop("axis")
    return record


def _question(file: str, result: Any) -> JSONDict:
    return {"file": file, **plain_json(result), "tables": [_table(one) for one in result.tables()]}


def _table(table: Table) -> JSONDict:
    return {"title": table.title, "header": list(table.header), "align": table.alignment, "rows": _rows(table.rows)}


def _rows(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in rows]


def _channel(workspace: Workspace, name: str) -> JSONDict:
    axis = workspace.axis(name)
    known = name in workspace.axes
    return {
        "name": name,
        "label": plain(axis_title(axis, name)) if known else "bin",
        "unit": axis.unit if known else "",
        "edges": axis.edges.tolist(),
        "binLabels": [plain(text) for text in axis.bin_labels],
        "numbered": not known,
        "logX": known and not axis.is_categorical and logarithmic(axis.edges),
    }


def _titles(contents: Contents) -> dict[str, list[tuple[str, int]]]:
    """Return the runs of all names and labels in which a part is raised, lowered or a symbol."""
    document = contents.workspace.document
    names = [name for channel in document.channels for name in (channel.name, *(one.name for one in channel.samples))]
    names += [modifier.name for channel in document.channels for one in channel.samples for modifier in one.modifiers]
    names += [effect.systematic for effect in (contents.templates.effects if contents.templates else ())]
    titles = formatted(names)
    labels = [axis_title(axis, name) for name, axis in contents.workspace.axes.items()]
    titles |= {plain(label): list(runs(label)) for label in labels}
    return titles


def _in_order(templates: Templates) -> list[Effect]:
    """Return the effects in the order of the figures' systematics."""
    place = {name: i for i, name in enumerate(systematics_in_order(templates.effects))}
    return sorted(templates.effects, key=lambda effect: place[effect.systematic])


def _acts(workspace: Workspace) -> dict[str, list[list[str]]]:
    """Return where each parameter acts: channel, sample and type of every modifier of its name."""
    found: dict[str, list[list[str]]] = {}
    for channel in workspace.document.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                kind = type(modifier).__struct_config__.tag
                found.setdefault(modifier.name, []).append([channel.name, sample.name, str(kind)])
    return found


def _correlation(covariance: FloatArray) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the correlations above the diagonal, row by row; NaN where a parameter has no variance."""
    deviations = np.sqrt(np.where(np.diag(covariance) > 0, np.diag(covariance), np.nan))
    rows, columns = np.triu_indices(len(covariance), 1)
    found = covariance[rows, columns] / (deviations[rows] * deviations[columns])
    rounded: np.ndarray[Any, np.dtype[np.float32]] = np.clip(found, -1, 1).astype("<f4")
    return rounded
