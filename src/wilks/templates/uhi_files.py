"""Histogram files of the UHI serialization schema, JSON or HDF5: what boost-histogram and hist write with `uhi.io`.

The schema, version 1: https://uhi.readthedocs.io/en/latest/serialization.html
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from wilks._reading import parse_json, read_file
from wilks._types import FloatArray
from wilks.errors import TemplateError, listed
from wilks.histogram import Axis, Histogram, closed
from wilks.templates.files import UnreadableError, first_line, require_file

_VERSION = 1
_MOST_BINS = 1_000_000
_PARTS = 1000
# Groups and data sets of one histogram in an HDF5 file.
_COUNTS = ("int", "double", "weighted")
# Axes without numbers, and what their categories are.
_CATEGORIES: dict[Any, type] = {"category_str": str, "category_int": int}


@contextmanager
def opened_uhi(path: str) -> Iterator[Mapping[str, Callable[[], Any]]]:
    """Open a UHI file, local or remote: what reads each of its histograms, as it is written there, by name.

    A name has slashes where groups (HDF5) or blocks (JSON) are inside each other; it is empty where the file holds one
    histogram and nothing else. Raises TemplateError if the file isn't there, UnreadableError if it can't be read.
    """
    require_file(path)
    if path.lower().endswith(".json"):
        yield _json_entries(path)
        return
    try:
        import h5py
    except ImportError:
        raise TemplateError(f"{path}: HDF5 files are read with h5py; install wilks[hdf5]") from None
    with ExitStack() as stack:
        try:
            file = stack.enter_context(h5py.File(io.BytesIO(_content(path)) if "://" in path else path, "r"))
            entries = dict(_hdf5_entries(file, ""))
        except (
            Exception
        ) as error:  # h5py and fsspec each have their own; groups too deep inside each other are a RecursionError
            raise UnreadableError(f"{path}: can't be read as an HDF5 file ({first_line(error)})") from error
        yield entries


def histogram_of(written: Any) -> Histogram:
    """Return what the schema calls a histogram as one; raises TemplateError without saying where.

    Contents without variances (storage int or double) are unweighted counts: the variance is the absolute content.
    """
    if not isinstance(written, Mapping) or "uhi_schema" not in written:
        raise TemplateError('is no histogram of the UHI schema: it lacks "uhi_schema"')
    if written["uhi_schema"] != _VERSION:
        version = written["uhi_schema"]
        raise TemplateError(f"is written in version {version!r} of the UHI schema; version {_VERSION} can be read")
    axes, storage = _entry(written, "axes"), _entry(written, "storage")
    if not isinstance(axes, (list, tuple)) or len(axes) != 1:
        count = len(axes) if isinstance(axes, (list, tuple)) else "no list of"
        raise TemplateError(f"has {count} axes; only one-dimensional histograms can be templates")
    kind = _entry(storage, "type")
    if kind not in _COUNTS:
        raise TemplateError(f'has the storage "{kind}"; templates are counts, of {listed(_COUNTS)}')
    if len(storage) == 1:
        raise TemplateError("was written without its contents")
    return _histogram(axes[0], storage, written.get("metadata") or {})


def _histogram(axis: Any, storage: Any, metadata: Any) -> Histogram:
    kind = _entry(axis, "type")
    labels = _categories(axis) if isinstance(kind, str) and kind in _CATEGORIES else ()
    edges, flow = (np.arange(len(labels) + 1.0), (False, bool(axis.get("flow")))) if labels else _edges(axis, kind)
    size = edges.size - 1 + sum(flow)
    values = _numbers(storage, "values", size)
    variances = _numbers(storage, "variances", size) if storage["type"] == "weighted" else np.abs(values)
    inside = slice(int(flow[0]), size - int(flow[1]))
    return Histogram(
        Axis(closed(edges), label=_text(axis.get("metadata"), "label", "metadata"), bin_labels=labels),
        values[inside],
        variances[inside],
        underflow=float(values[0]) if flow[0] else 0.0,
        # What a circular axis keeps apart is no number.
        overflow=float(values[-1]) if flow[1] and not axis.get("circular") else 0.0,
        outside_sumw2=(
            float(variances[0]) if flow[0] else 0.0,
            float(variances[-1]) if flow[1] and not axis.get("circular") else 0.0,
        ),
        title=_text(metadata, "title", "name"),
    )


def _categories(axis: Any) -> tuple[str, ...]:
    """Return the labels of bins that are categories, whole numbers written out."""
    found = _entry(axis, "categories")
    values = found.tolist() if isinstance(found, np.ndarray) else found
    values = list(values) if isinstance(values, list | tuple) else []
    values = [value.decode(errors="replace") if isinstance(value, bytes) else value for value in values]
    wanted = _CATEGORIES[axis["type"]]
    sound = all(type(value) is wanted and value != "" for value in values) and len(set(values)) == len(values)
    if not (values and sound):
        raise TemplateError(f'has "categories" that are no different {"texts" if wanted is str else "integers"}')
    return tuple(map(str, values))


def _edges(axis: Any, kind: Any) -> tuple[FloatArray, tuple[bool, bool]]:
    """Return bin edges, and whether there is a bin below and above them."""
    if kind == "boolean":
        return np.arange(3.0), (False, False)
    if kind == "variable":
        edges = _array(_entry(axis, "edges"), "edges")
    elif kind == "regular":
        lower, upper, bins = (_array(_entry(axis, key), key) for key in ("lower", "upper", "bins"))
        numbers = not (lower.ndim or upper.ndim or bins.ndim) and math.isfinite(float(upper) - float(lower))
        if not (numbers and 0 < bins <= _MOST_BINS):
            raise TemplateError('has an axis whose "lower", "upper" and "bins" aren\'t numbers that make bins')
        edges = np.linspace(lower, upper, int(bins) + 1)
    else:
        known = listed(("regular", "variable", "boolean", *_CATEGORIES))
        raise TemplateError(f'has an axis of type "{kind}"; templates need one of {known}')
    return edges, (bool(axis.get("underflow")), bool(axis.get("overflow")))


def _numbers(storage: Any, key: str, size: int) -> FloatArray:
    """Return the contents of all bins, shape (size,); of a sparse storage those that aren't there are 0."""
    found = _array(_entry(storage, key), key)
    if "index" in storage:
        index = _array(storage["index"], "index")
        sound = index.ndim == 2 and len(index) == 1 and index[0].shape == found.shape
        if not sound or not np.isin(index, np.arange(size)).all():
            raise TemplateError('has an "index" that doesn\'t fit its bins')
        dense = np.zeros(size)
        dense[index[0].astype(np.int64)] = found
        found = dense
    if found.shape != (size,):
        raise TemplateError(f'has {found.size} "{key}" where axis and flow have {size} bins')
    return found


def _array(value: Any, key: str) -> FloatArray:
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "biuf":
        raise TemplateError(f'has no numbers as "{key}"')
    return array.astype(np.float64)


def _entry(block: Any, key: str) -> Any:
    if not isinstance(block, Mapping) or key not in block:
        raise TemplateError(f'is no histogram of the UHI schema: it lacks "{key}"')
    return block[key]


def _text(metadata: Any, *keys: str) -> str:
    """Return the first of these entries that is text."""
    found = metadata if isinstance(metadata, Mapping) else {}
    return next((found[key] for key in keys if isinstance(found.get(key), str) and found[key]), "")


def _content(path: str) -> bytes:
    if "://" not in path:
        return read_file(path)
    import fsspec

    with fsspec.open(path, "rb") as stream:
        content: bytes = stream.read()
    return content


def _json_entries(path: str) -> dict[str, Callable[[], Any]]:
    try:
        data = parse_json(_content(path))
    except Exception as error:  # not JSON, not text, or whatever fsspec raises
        raise UnreadableError(f"{path}: can't be read as a JSON file ({first_line(error)})") from error
    return {name: lambda entry=entry: entry for name, entry in _flat(data, "")}  # type: ignore[misc]


def _flat(data: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield each histogram with its name; what is no block of others counts as one, and is refused when it is read."""
    if not isinstance(data, Mapping) or "uhi_schema" in data:
        yield name, data
        return
    for key, entry in data.items():
        yield from _flat(entry, f"{name}/{key}" if name else key)


def _hdf5_entries(
    group: Any, name: str, above: frozenset[int] = frozenset()
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield each histogram in a group; what is inside of one isn't looked at, nor is anything behind a link.

    `above` are the places of the groups that it is in: a group can be inside itself.
    """
    if "uhi_schema" in group.attrs:
        yield name, lambda: _hdf5_histogram(group)
        return
    import h5py

    here = h5py.h5o.get_info(group.id).addr
    for key in group if here not in above else ():
        linked = group.get(key, getclass=True, getlink=True) is not h5py.HardLink
        if not linked and group.get(key, getclass=True) is h5py.Group:
            yield from _hdf5_entries(group[key], f"{name}/{key}" if name else key, above | {here})


def _hdf5_histogram(group: Any) -> Any:
    from uhi.io import hdf5

    try:
        version = group.attrs["uhi_schema"]
        if np.ndim(version) or version != _VERSION:
            return {"uhi_schema": version.tolist() if isinstance(version, np.generic | np.ndarray) else version}
        problem = _foreign_part(group)
        if not problem:
            return hdf5.read(group)
    except Exception as error:  # an incomplete or damaged group leads to any
        raise TemplateError(f"can't be read ({first_line(error)})") from error
    raise TemplateError(problem)


def _foreign_part(group: Any) -> str:
    """Return what a histogram in an HDF5 file can't have, or an empty string; no content is read for that.

    Its numbers lie in the file itself, and there are not many: a file can promise any number of them, and point to
    other files, pipes and devices.
    """
    import h5py

    left, seen = [group], 0
    while left:
        block = left.pop()
        for key in block:
            seen += 1
            if block.get(key, getclass=True, getlink=True) is not h5py.HardLink:
                return f'has a link as "{key}", not the thing itself'
            part = block[key]
            if isinstance(part, h5py.Group):
                left.append(part)
            elif isinstance(part, h5py.Dataset):
                if part.external or part.is_virtual:
                    return f'has "{key}" in another file'
                if part.shape is None or part.size > _MOST_BINS + 2:
                    return f'has {"no" if part.shape is None else part.size} numbers as "{key}"'
            if seen > _PARTS:
                return f"has more than {_PARTS} parts"
    return ""
