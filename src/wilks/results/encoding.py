"""Results as JSON text, and into a file: what every record can do, so this knows the records by name alone.

A file has `kind` ("fit", "scan", "limit", ...), `format` (the version of this layout) and the record's fields.
Numbers keep every bit; NaN is null, infinities are the strings "inf" and "-inf". `wilks.results.io` reads them.
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from wilks._files import write_atomically
from wilks.errors import ResultError, listed

FORMAT = 1
# What is written of findings for other programs; it is all in the findings themselves.
BY_RULE = "by_rule"
# Kinds of results, each with its record; a record checks its shapes when it is made (ValueError).
KINDS = {
    "fit": "wilks.results.fit.FitResult",
    "prediction": "wilks.results.prediction.Prediction",
    "findings": "wilks.results.findings.Findings",
    "intervals": "wilks.results.intervals.IntervalResult",
    "scan": "wilks.results.scan.ScanResult",
    "contour": "wilks.results.scan.ContourResult",
    "hypotest": "wilks.results.hypotest.HypothesisTest",
    "limit": "wilks.results.hypotest.LimitResult",
    "significance": "wilks.results.hypotest.SignificanceResult",
    "grid": "wilks.results.grid.GridResult",
    "ranking": "wilks.results.ranking.RankingResult",
    "breakdown": "wilks.results.ranking.BreakdownResult",
    "gof": "wilks.results.goodness.GoodnessOfFit",
    "compatibility": "wilks.results.goodness.Compatibility",
    "toys": "wilks.results.toys.ToysResult",
    "global_significance": "wilks.results.look_elsewhere.GlobalSignificance",
    "coverage": "wilks.results.coverage.CoverageResult",
    "feldman_cousins": "wilks.results.feldman_cousins.FeldmanCousinsResult",
    "posterior": "wilks.results.posterior.PosteriorResult",
}


def save_result(result: Any, path: str | Path) -> None:
    """Write a result as JSON; the file appears whole or not at all. Raises ResultError where it can't be written."""
    content = encode_result(result)
    try:
        write_atomically(path, content)
    except OSError as error:
        raise ResultError(f"{path}: the result can't be written: {error.strerror or error}") from None


def encode_result(result: Any) -> bytes:
    """Return a result as JSON text, UTF-8."""
    import msgspec

    record = f"{type(result).__module__}.{type(result).__qualname__}"
    kind = next((name for name, known in KINDS.items() if known == record), None)
    if kind is None:
        raise ResultError(f"only results can be saved ({listed(KINDS)}), found {type(result).__name__}")
    document = {"kind": kind, "format": FORMAT, **_plain(result)}
    if kind == "findings":
        document[BY_RULE] = _plain(result.by_rule())
    return msgspec.json.format(msgspec.json.encode(document), indent=0) + b"\n"


def in_json(field: Any) -> bool:
    """Return whether a field of a record is written: it is one that makes the record, and not said to lie elsewhere."""
    return bool(field.init and field.metadata.get("json", True))


def _plain(value: Any) -> Any:
    """Return a value as what JSON knows."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if in_json(field)}
    if hasattr(value, "tolist"):  # arrays and numbers of NumPy, which is not imported for their sake
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)
