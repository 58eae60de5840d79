"""Results to JSON and back: `wilks.results.encoding` writes what is read here, into the record that each kind has."""

from __future__ import annotations

import math
from dataclasses import MISSING, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import IO, Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from wilks._reading import read_file
from wilks.errors import ResultError, listed
from wilks.results.checking import require_distinct, require_known
from wilks.results.encoding import BY_RULE, FORMAT, KINDS, encode_result, in_json, save_result
from wilks.results.fit import FitResult
from wilks.results.prediction import Prediction

__all__ = ["FORMAT", "KINDS", "decode_result", "encode_result", "load_result", "save_result"]

# Whole numbers have 64 bits, with a sign or without.
_LARGEST = 1 << 63


def load_result(source: str | Path | IO[bytes]) -> Any:
    """Return the result saved in a file (or in an open binary file), of the class it had: one of `KINDS`.

    Raises ResultError where the file is missing, is not JSON, is not a result, or comes from a later format.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> wilks.limit(model).save("limit.json")
    >>> type(wilks.load_result("limit.json")).__name__
    'LimitResult'
    """
    if isinstance(source, str | Path):
        try:
            content = read_file(source)
        except OSError as error:
            raise ResultError(f"{source}: the result can't be read: {error.strerror or error}") from None
        name = str(source)
    else:
        content, name = source.read(), str(getattr(source, "name", "input"))
    result = decode_result(content, name)
    return result.beside(name) if hasattr(result, "beside") else result


def decode_result(content: bytes | str, where: str = "input") -> Any:
    """Return the result in JSON text; `where` names it in errors. Raises ResultError."""
    import msgspec

    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ResultError(f"{where}: not a result: the file is not valid JSON ({error})") from None
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise ResultError(f'{where}: not a result: "kind" must be one of {listed(KINDS)}, found {kind!r}')
    version = document.get("format")
    if version != FORMAT:
        raise ResultError(f'{where}: "format" is {version!r}, this version of wilks reads {FORMAT}')
    body = {key: value for key, value in document.items() if key not in ("kind", "format", BY_RULE)}
    module, _, name = KINDS[kind].rpartition(".")
    record = getattr(import_module(module), name)
    try:
        result = _restored(record, body)
        problem = _shape_problem(result)
    except (ValueError, TypeError) as error:
        problem = str(error)
    if problem:
        raise ResultError(f"{where}: the {kind} result is damaged: {problem}")
    return result


def _restored(kind: Any, value: Any) -> Any:
    """Return a value from JSON as the annotated type wants it: records, arrays, floats that JSON can't say."""
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise ValueError(f"expected a {kind.__name__}, found {value!r}")
        hints = get_type_hints(kind)
        known = {field.name for field in fields(kind) if in_json(field)}
        missing = [f.name for f in fields(kind) if in_json(f) and f.name not in value and _required(f)]
        if missing or set(value) - known:
            unknown = f"unknown entries {listed(sorted(set(value) - known))}"
            raise ValueError(f"no {listed(missing)} in a {kind.__name__}" if missing else unknown)
        return kind(**{name: _field(name, hints[name], item) for name, item in value.items()})
    if _is_array(kind):
        return _array(kind, value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        if value is None and NoneType in arguments:
            return None
        return _restored(next(a for a in arguments if a is not NoneType), value)
    if origin is tuple and isinstance(value, list):
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
        if len(kinds) != len(value):
            raise ValueError(f"expected {len(kinds)} entries, found {len(value)}")
        return tuple(_restored(each, item) for each, item in zip(kinds, value, strict=True))
    if origin is dict and isinstance(value, dict):
        return {key: _restored(arguments[1], item) for key, item in value.items()}
    import msgspec

    if kind is int and isinstance(value, int) and not -_LARGEST <= value < 2 * _LARGEST:
        raise ValueError("whole numbers have 64 bits at most")
    try:
        return msgspec.convert(_number(value) if kind is float else value, kind)
    except msgspec.ValidationError as error:  # older ones are no ValueError, and the field's name belongs before it
        raise ValueError(str(error)) from None


def _field(name: str, kind: Any, value: Any) -> Any:
    """Return the restored value of a field; ValueError with its name where it can't be."""
    try:
        return _restored(kind, value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: {error}") from None


def _required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _is_array(kind: Any) -> bool:
    return getattr(get_origin(kind), "__name__", "") == "ndarray"


def _number(value: Any) -> Any:
    """Return a number from JSON as a float; what is none stays."""
    if value is None:
        return math.nan
    try:
        return float(value) if value in ("inf", "-inf") or type(value) is int else value
    except OverflowError:
        raise ValueError(f"a number is beyond 1e308: it has {len(format(abs(value), 'x')) * 6 // 5} digits") from None


def _array(kind: Any, value: Any) -> Any:
    """Return an array from nested lists of numbers (null is NaN), or of booleans."""
    if not isinstance(value, list):
        raise ValueError(f"expected a list, found {value!r}")
    if "bool" in str(kind):
        array = np.array(value)
        if array.size and array.dtype != np.bool_:
            raise ValueError("expected a list of true and false")
        array = array.astype(np.bool_)
    else:
        array = np.array(_numbers(value), dtype=np.float64)
    array.setflags(write=False)
    return array


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    value = _number(value)
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        raise ValueError(f"expected a number, found {value!r}")
    return value


def _shape_problem(result: Any) -> str:
    """Return what does not fit together, or an empty string."""
    expected: dict[str, tuple[Any, tuple[int, ...]]] = {}
    if isinstance(result, FitResult):
        require_distinct("names", result.names)
        require_known("the parameter of interest", result.poi, result.names)
        for name, _ in result.mirrored:
            require_known("the parameter of another minimum,", name, result.names)
        n = len(result.names)
        vectors = ("values", "uncertainties", "fixed", "at_bound", "prefit_values", "prefit_uncertainties")
        expected = {name: (getattr(result, name), (n,)) for name in vectors}
        expected["covariance"] = (result.covariance, (n, n))
        expected |= {f"minima[{i}].values": (minimum.values, (n,)) for i, minimum in enumerate(result.minima)}
        expected["idle"] = (result.idle, (n,))
        expected["flat"] = (result.flat, (len(result.flat), n))
        expected["constraints"] = (np.empty(len(result.constraints)), (n,))
        expected["modifier_types"] = (np.empty(len(result.modifier_types)), (n,))
    if isinstance(result, Prediction):
        for channel in result.channels:
            samples, bins = len(channel.samples), len(channel.axis)
            expected |= {
                f"{channel.name}.yields": (channel.yields, (samples, bins)),
                f"{channel.name}.uncertainties": (channel.uncertainties, (samples, bins)),
                f"{channel.name}.total_uncertainty": (channel.total_uncertainty, (bins,)),
                f"{channel.name}.sample_sums_uncertainty": (channel.sample_sums_uncertainty, (samples,)),
                f"{channel.name}.data": (channel.data, (bins,)),
            }
    for name, (array, shape) in expected.items():
        if array.shape != shape:
            return f"{name} has shape {array.shape}, expected {shape}"
    return ""
