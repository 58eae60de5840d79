"""A model as bytes that the engine of pages reads: its arrays and names, compressed."""

from __future__ import annotations

import gzip
import json
import struct
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks._version import __version__
from wilks.model.model import Model

FORMAT = 1
_TYPES = {np.dtype(np.float64): "f8", np.dtype(np.int32): "i4", np.dtype(np.uint8): "u1"}
_INTERPOLATED = {"histosys", "normsys"}


def export_model(model: Model) -> bytes:
    """Return a model with its data as bytes, for `Model.read` of the engine in pages (web/src/engine).

    They are compressed with gzip. Inside: the length of a header (4 bytes, little-endian), the header as JSON, then the
    arrays that it lists, each with name, type ("f8", "i4", "u1") and length. Of floating-point numbers first all first
    bytes, then all second ones, and so on: that compresses well. The same model gives the same bytes.

    >>> import gzip, wilks
    >>> from wilks.model.export import export_model
    >>> exported = export_model(wilks.compile_model(wilks.examples.measurement()))
    >>> b'"poi":"mu"' in gzip.decompress(exported)
    True
    """
    state = model.engine.__getstate__()
    arrays = {name: np.asarray(value) for name, value in state.items() if isinstance(value, np.ndarray)}
    arrays |= _parameters(model)
    lower, upper = model.bounds
    arrays |= {"lower": lower, "upper": upper, "observed": np.concatenate([model.observed_main, model.auxiliary])}
    channels = {name: i for i, name in enumerate(model.channel_names)}
    header = {
        "format": FORMAT,
        "version": __version__,
        "names": model.parameter_names,
        "poi": model.poi,
        "channels": model.channel_names,
        "blocks": [[channels[block.channel], block.sample] for block in model.blocks],
        "yields": int(state["yields"]),
        "measurement": model.measurement,
        "workspace_digest": model.workspace_digest,
        "settings": dict(model.settings),
        "arrays": [[name, _TYPES[array.dtype], int(array.size)] for name, array in arrays.items()],
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    parts = [struct.pack("<I", len(text)), text, *map(_bytes, arrays.values())]
    return gzip.compress(b"".join(parts), compresslevel=6, mtime=0)


def _parameters(model: Model) -> dict[str, np.ndarray[Any, Any]]:
    """Return what is known of each parameter, shape (n_parameters,)."""
    curved = [bool(_INTERPOLATED.intersection(types)) for types in model.modifier_types]
    marks = {
        "fixed": model.fixed,
        "unconstrained": model.unconstrained,
        "idle": model.idle,
        "mirrors": model.even,
        "curved": np.array(curved, np.bool_),
    }
    numbers: dict[str, FloatArray] = {
        "initial": model.initial,
        "nominal": model.nominal,
        "sigma": model.prefit_uncertainties,
    }
    return {**numbers, **{name: mark.astype(np.uint8) for name, mark in marks.items()}}


def _bytes(array: np.ndarray[Any, Any]) -> bytes:
    """Return the bytes of an array, little-endian; those of floating-point numbers sorted by significance."""
    values = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    if values.dtype.kind != "f":
        return values.tobytes()
    return values.view(np.uint8).reshape(-1, values.itemsize).T.tobytes()
