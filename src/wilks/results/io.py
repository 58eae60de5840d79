"""Results to JSON and back.

A file has `kind` ("fit", "prediction" or "findings"), `format` (the version of this layout) and the record's fields.
Numbers keep every bit; NaN is null, infinities are the strings "inf" and "-inf".
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from wilks._files import write_atomically
from wilks._types import JSONDict
from wilks.errors import ResultError, listed
from wilks.results.findings import Findings
from wilks.results.fit import FitResult
from wilks.results.prediction import ChannelPrediction, Prediction

FORMAT = 1
_KINDS: dict[str, type[Any]] = {"fit": FitResult, "prediction": Prediction, "findings": Findings}


def save_result(result: FitResult | Prediction | Findings, path: str | Path) -> None:
    """Write a result as JSON; the file appears whole or not at all. Raises ResultError where it can't be written."""
    content = encode_result(result)
    try:
        write_atomically(path, content)
    except OSError as error:
        raise ResultError(f"{path}: the result can't be written: {error.strerror or error}") from None


def load_result(source: str | Path | IO[bytes]) -> FitResult | Prediction | Findings:
    """Return the result saved in a file (or in an open binary file).

    Raises ResultError where the file is missing, is not JSON, is not a result, or comes from a later format.
    """
    if isinstance(source, str | Path):
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            raise ResultError(f"{source}: the result can't be read: {error.strerror or error}") from None
        return decode_result(content, str(source))
    return decode_result(source.read(), str(getattr(source, "name", "input")))


def encode_result(result: FitResult | Prediction | Findings) -> bytes:
    """Return a result as JSON text, UTF-8."""
    import msgspec

    kind = next((name for name, record in _KINDS.items() if isinstance(result, record)), None)
    if kind is None:
        raise ResultError(f"only fits, predictions and findings can be saved, found {type(result).__name__}")
    document = {"kind": kind, "format": FORMAT, **_plain(result)}
    return msgspec.json.format(msgspec.json.encode(document), indent=0) + b"\n"


def decode_result(content: bytes | str, where: str = "input") -> FitResult | Prediction | Findings:
    """Return the result in JSON text; `where` names it in errors. Raises ResultError."""
    import msgspec

    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultError(f"{where}: not a result: the file is not valid JSON ({error})") from None
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ResultError(f'{where}: not a result: "kind" must be one of {listed(_KINDS)}, found {kind!r}')
    version = document.get("format")
    if version != FORMAT:
        raise ResultError(f'{where}: "format" is {version!r}, this version of wilks reads {FORMAT}')
    body = {key: value for key, value in document.items() if key not in ("kind", "format")}
    record = _KINDS[kind]
    unknown = set(body) - {field.name for field in fields(record)}
    if unknown:
        raise ResultError(f"{where}: not a result: unknown entries {listed(sorted(unknown))}")
    try:
        result = msgspec.convert(_with_numbers(body, record), record, dec_hook=_array)
        problem = _shape_problem(result)
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        problem = str(error)
    if problem:
        raise ResultError(f"{where}: the {kind} result is damaged: {problem}")
    return result  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    """Return a value as what JSON knows."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.init}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def _with_numbers(body: JSONDict, record: type[Any]) -> JSONDict:
    """Return the entries of a record with its scalar floats as floats; channels of a prediction likewise."""
    floats = {field.name for field in fields(record) if field.type == "float"}
    out = {key: _number(value) if key in floats else value for key, value in body.items()}
    if record is Prediction and isinstance(out.get("channels"), list):
        out["channels"] = [
            _with_numbers(item, ChannelPrediction) if isinstance(item, dict) else item for item in out["channels"]
        ]
    return out


def _number(value: Any) -> Any:
    return math.nan if value is None else float(value) if value in ("inf", "-inf") else value


def _array(kind: Any, value: Any) -> Any:
    """Decode an array for msgspec: nested lists of numbers (null is NaN), or of booleans."""
    if "bool" in str(kind):
        if not all(isinstance(item, bool) for item in value):
            raise ValueError("expected a list of true and false")
        array = np.array(value, dtype=np.bool_)
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
        n = len(result.names)
        vectors = ("values", "uncertainties", "fixed", "at_bound", "prefit_values", "prefit_uncertainties")
        expected = {name: (getattr(result, name), (n,)) for name in vectors}
        expected["covariance"] = (result.covariance, (n, n))
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
