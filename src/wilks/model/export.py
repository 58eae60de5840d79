"""A model as bytes that the engine of pages reads: its arrays and names, compressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wilks._container import container, differences
from wilks._types import FloatArray
from wilks._version import __version__
from wilks.errors import ModelError
from wilks.model.model import Model
from wilks.workspace.packing import PackedWorkspace

FORMAT = 1


def export_model(model: Model, workspace: PackedWorkspace | None = None) -> bytes:
    """Return a model with its data as bytes, for `Model.read` of the engine in pages (web/src/engine).

    They are a compressed container of arrays. Where the page has the packed `workspace` too, templates are only what
    they differ by from those that it gives: nothing, as a rule. The same model gives the same bytes.

    >>> import gzip, wilks
    >>> from wilks.model.export import export_model
    >>> exported = export_model(wilks.compile_model(wilks.examples.measurement()))
    >>> b'"poi":"mu"' in gzip.decompress(exported)
    True

    Raises ModelError for models with what pages don't know.
    """
    state = model.engine.__getstate__()
    if problems := _beyond_pages(state):
        raise ModelError(problems)
    arrays = {name: np.asarray(value) for name, value in state.items() if isinstance(value, np.ndarray)}
    of_engine = [*arrays]
    arrays |= _parameters(model)
    lower, upper = model.bounds
    arrays |= {"lower": lower, "upper": upper, "observed": np.concatenate([model.observed_main, model.auxiliary])}
    if workspace is not None:
        arrays |= _predictable(model, arrays, workspace)
    channels = {name: i for i, name in enumerate(model.channel_names)}
    header = {
        "format": FORMAT,
        "version": __version__,
        "names": model.parameter_names,
        "poi": model.poi,
        "channels": model.channel_names,
        "blocks": [[channels[block.channel], block.sample] for block in model.blocks],
        "yields": int(state["yields"]),
        "engine": of_engine,
        "measurement": model.measurement,
        "workspace_digest": model.workspace_digest,
        "settings": dict(model.settings),
    }
    return container(header, arrays)


def _beyond_pages(state: Mapping[str, Any]) -> list[str]:
    """Return what a model has that the toys and changed models of a page don't know."""
    return [
        f"{what} can't be asked in a page"
        for what, found in (
            ("correlated constraints", state["coupling"].size),
            ("constraints of two widths", state["constraint_lower"].size),
            ("clipped or normalised yields", state["block_form"].size),
            ("statistical uncertainties that are added", state["error_start"].size),
            ("histosys of code1 or code5", np.isin(state["shape_code"], (1, 5)).any()),
        )
        if found
    ]


def _predictable(
    model: Model, arrays: dict[str, np.ndarray[Any, Any]], workspace: PackedWorkspace
) -> dict[str, np.ndarray[Any, Any]]:
    """Return templates as what they differ by from those of a workspace, and where that has them (-1: nowhere)."""
    starts = arrays["shape_start"]
    names = dict(enumerate(model.parameter_names))
    blocks = [workspace.places.get((block.channel, block.sample, ""), -1) for block in model.blocks]
    shapes = [
        workspace.places.get((block.channel, block.sample, names.get(int(p), "")), -1) if blocks[k] >= 0 else -1
        for k, block in enumerate(model.blocks)
        for p in arrays["shape_parameter"][starts[k] : starts[k + 1]]
    ]
    places = {"block_place": np.array(blocks, np.int32), "shape_place": np.array(shapes, np.int32)}
    predicted = _templates({**arrays, **places}, workspace.values)
    return {**places, "templates": differences(arrays["templates"], predicted)}


def _templates(arrays: dict[str, np.ndarray[Any, Any]], values: FloatArray) -> FloatArray:
    """Return the templates of a workspace as the engine has them: nominal, half the difference, what is even."""
    found = np.zeros(arrays["templates"].size)
    at = 0
    for k, place in enumerate(arrays["block_place"]):
        bins = int(arrays["channel_bins"][arrays["block_channel"][k]])
        stride = 4 * -(-bins // 4)
        some = slice(arrays["shape_start"][k], arrays["shape_start"][k + 1])
        lows, even = arrays["shape_place"][some], arrays["even"][some].astype(np.int64)
        rows = at + stride * (1 + np.cumsum(1 + even) - (1 + even))
        at += stride * int(1 + (1 + even).sum())
        if place < 0:
            continue
        inside = np.arange(bins)
        nominal = values[place + inside]
        found[at - stride * int(1 + (1 + even).sum()) + inside] = nominal
        known = lows >= 0
        low = values[lows[known, None] + inside]
        high = values[lows[known, None] + bins + inside]
        found[rows[known, None] + inside] = 0.5 * (high - low)
        both = even[known] == 1
        found[rows[known][both, None] + stride + inside] = ((high - nominal) - (nominal - low))[both] / 16.0
    return found


def _parameters(model: Model) -> dict[str, np.ndarray[Any, Any]]:
    """Return what is known of each parameter, shape (n_parameters,)."""
    marks = {
        "fixed": model.fixed,
        "unconstrained": model.unconstrained,
        "idle": model.idle,
        "mirrors": model.even,
        "curved": model.interpolated,
    }
    numbers: dict[str, FloatArray] = {
        "initial": model.initial,
        "nominal": model.nominal,
        "sigma": model.prefit_uncertainties,
    }
    return {**numbers, **{name: mark.astype(np.uint8) for name, mark in marks.items()}}
