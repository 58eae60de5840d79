"""What the page is made of, as JSON: the results as their files have them, and what is large packed into bytes."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks._version import __version__
from wilks.figures.numbers import logarithmic
from wilks.figures.style import axis_title
from wilks.reporting.commands import commands
from wilks.reporting.contents import Contents
from wilks.reporting.labels import formatted, plain, runs
from wilks.reporting.records import record_of
from wilks.reporting.variations import packed_variations
from wilks.results.findings import Findings, Severity
from wilks.results.fit import FitResult
from wilks.results.goodness import Compatibility, GoodnessOfFit
from wilks.results.prediction import Prediction
from wilks.table import Table
from wilks.templates.order import systematics_in_order
from wilks.templates.record import Effect, json_of
from wilks.templates.store import Templates
from wilks.workspace.packing import pack_workspace
from wilks.workspace.references import all_names, steering_parameters
from wilks.workspace.saving import encoded_axes
from wilks.workspace.workspace import Workspace

# Rules about fits, rankings and toys.
_AFTER = {
    *("failed-fit", "flat-direction", "mirrored-minimum", "at-bound", "pulled", "over-constrained", "other-minima"),
    *("under-constrained", "strongly-correlated", "failed-impact", "one-sided-impact", "cut-by-bound", "lost-toys"),
}
# Statistics of toys are counted in so many bins.
_BINS = 40


def payload(contents: Contents) -> JSONDict:
    """Return what the page shows, ready for `json.dumps`."""
    hidden = list(contents.hidden)
    contents = contents.unblinded_part()
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
        "hidden": hidden,
        "channels": [_channel(workspace, name) for name in workspace.channel_names],
        "acts": _indexed(_acts(workspace)),
        "fits": [
            {"file": file, **record_of(one)} for file, one in contents.results.items() if isinstance(one, FitResult)
        ],
        "prefit": _prediction(contents.prediction("pre-fit")),
        "postfit": _prediction(contents.prediction("post-fit")),
        "findings": _findings(contents),
        "checked": [_checked(file, one) for file, one in contents.results.items() if isinstance(one, Findings)],
        "results": others,
        "processed": bool(contents.templates and contents.templates.effects),
        "steering": contents.steering,
        "commands": commands(contents),
        "titles": _titles(contents),
    }


def bulk(contents: Contents) -> dict[str, str]:
    """Return what the page unpacks when it is needed, by name: compressed bytes as base64.

    A blinded page has no workspace: whoever has model and data can fit them.
    """
    hidden, contents = contents.hidden, contents.unblinded_part()
    packed: dict[str, bytes] = {}
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
    if not hidden:
        workspace = contents.packed or pack_workspace(contents.workspace)
        found |= {"workspace": _base64(workspace.text), "numbers": _base64(workspace.numbers)}
    if contents.model:
        assets = resources.files("wilks.reporting") / "assets"
        for name, file in (("engine", "engine.wasm"), ("licences", "LICENSES.txt")):
            found[name] = _base64(gzip.compress((assets / file).read_bytes(), 9, mtime=0))
        found["model"] = _base64(contents.model)
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _checked(file: str, findings: Findings) -> JSONDict:
    """Return whether the findings in a file are about results, rather than about what goes into a fit."""
    after = any(one.rule in _AFTER for one in findings) or re.search("fit|after|result", file) is not None
    return {"file": file, "after": after}


def _findings(contents: Contents) -> list[JSONDict]:
    """Return every finding once, with the file that it is from."""
    found: dict[str, JSONDict] = {}
    for file, one in contents.results.items():
        if isinstance(one, Findings):
            for item in record_of(one)["items"]:
                found.setdefault(json.dumps(item), {"file": file, **item})
    order = [str(severity) for severity in Severity]
    return sorted(found.values(), key=lambda item: order.index(item["severity"]))


def _prediction(prediction: Prediction | None) -> JSONDict | None:
    if prediction is None:
        return None
    record = record_of(prediction)
    for channel in record["channels"]:
        channel.pop("axis")
    return record


def _question(file: str, result: Any) -> JSONDict:
    record = record_of(result)
    for test in (record, record.get("curve")):
        if isinstance(test, dict):
            _without_toys(test)
    if isinstance(result, GoodnessOfFit | Compatibility):
        record["toys"] = _histogram(result.usable_toys, result.statistic)
    return {"file": file, **record, "tables": [_table(one) for one in result.tables()]}


def _without_toys(test: JSONDict) -> None:
    """Leave out what is large, and not drawn: the fits behind a test, and the statistic and weights of every toy."""
    test.pop("fits", None)
    if isinstance(test.get("counts"), dict):
        test["counts"].pop("multiplicities", None)
        for record in (test["counts"], test["counts"].get("weights") or {}):
            for name in ("tested", "alternative"):
                record.pop(name, None)


def _histogram(toys: FloatArray, observed: float) -> JSONDict | None:
    """Return how often the statistics of toys fall into equal bins, from 0 to beyond the observed one."""
    if not toys.size:
        return None
    top = float(max(toys.max(), observed if np.isfinite(observed) else 0.0)) or 1.0
    counts, edges = np.histogram(toys, bins=_BINS, range=(min(0.0, float(toys.min())), 1.05 * top))
    return {"edges": edges.tolist(), "counts": counts.tolist(), "count": int(toys.size)}


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
    names += all_names(document)
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
    """Return where each parameter or function acts: channel, sample and type of every modifier that it steers."""
    steering = steering_parameters(workspace.document)
    found: dict[str, list[list[str]]] = {}
    for channel in workspace.document.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                kind = type(modifier).__struct_config__.tag
                for name in (modifier.name, *steering.get(modifier.name, ())):
                    found.setdefault(name, []).append([channel.name, sample.name, str(kind)])
    return found


def _indexed(acts: dict[str, list[list[str]]]) -> JSONDict:
    """Return where parameters act in few words: names once, and once what several parameters have in common."""
    names: dict[str, int] = {}
    sets: dict[tuple[int, ...], int] = {}
    of = {}
    for parameter, places in acts.items():
        there = tuple(names.setdefault(name, len(names)) for place in places for name in place)
        of[parameter] = sets.setdefault(there, len(sets))
    return {"names": list(names), "sets": [list(one) for one in sets], "of": of}


def _correlation(covariance: FloatArray) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the correlations above the diagonal, row by row; NaN where a parameter has no variance."""
    deviations = np.sqrt(np.where(np.diag(covariance) > 0, np.diag(covariance), np.nan))
    rows, columns = np.triu_indices(len(covariance), 1)
    found = covariance[rows, columns] / (deviations[rows] * deviations[columns])
    rounded: np.ndarray[Any, np.dtype[np.float32]] = np.clip(found, -1, 1).astype("<f4")
    return rounded
