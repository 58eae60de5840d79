"""What templates were made of, what was done to them, and what is left of every systematic: plain records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from wilks._types import JSONDict


@dataclass(frozen=True)
class Part:
    """Input that a template is the sum of: a histogram of a file, or the events of a tree in some files.

    `path` is where the histogram or tree is inside the files. `variable`, `filter` and `weight` are the expressions
    evaluated on a tree. `scale` is what yields are multiplied by, None for 1.
    """

    files: tuple[str, ...]
    path: str
    variable: str | None = None
    filter: str | None = None
    weight: str | None = None
    scale: float | None = None


@dataclass(frozen=True)
class Origin:
    """Where a template comes from: "ntuples" or "histograms" with their parts, a "function", or "handed in".

    `function` is the name of the user's function; `fingerprint` is the same as long as the template would come out the
    same, and empty where nobody can tell.
    """

    kind: Literal["ntuples", "histograms", "function", "handed in"]
    parts: tuple[Part, ...] = ()
    function: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class Step:
    """One thing that was done to a template, with its numbers (text, numbers, or lists of them)."""

    name: str
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        words = ", ".join(f"{key.replace('_', ' ')} {_short(value)}" for key, value in self.numbers.items())
        return f"{self.name} ({words})" if words else self.name


@dataclass(frozen=True)
class Effect:
    """What one systematic does to one sample in one region, and which parts of it enter the workspace.

    `norm` is the relative change of the yield, up and down. `shape` is the largest relative change of a bin once both
    yields are equal, up and down, with its sign; None where there is no shape. Both are relative to the sample itself;
    `judged` has the largest size of norm and shape relative to the reference that pruning looks at. `keep_norm` and
    `keep_shape` say what is left after pruning. `flags` names what is odd: "large norm", "large shape", "same side".
    """

    region: str
    sample: str
    systematic: str
    norm: tuple[float, float]
    shape: tuple[float, float] | None
    judged: tuple[float, float]
    keep_norm: bool = True
    keep_shape: bool = True
    flags: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """ "kept", "norm dropped", "shape dropped" or "dropped"."""
        shape_left = self.keep_shape and self.shape is not None
        if not self.keep_norm:
            return "norm dropped" if shape_left else "dropped"
        return "kept" if shape_left or self.shape is None else "shape dropped"


def effect_of(row: JSONDict) -> Effect:
    """Return the effect that `asdict` made into a dictionary, after a way through JSON."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Effect(**values)


def json_of(record: Step | Effect) -> JSONDict:
    """Return a record as JSON data."""
    return asdict(record) if isinstance(record, Effect) else {"name": record.name, **record.numbers}


def packed(origin: Origin, file_lists: dict[tuple[str, ...], int]) -> JSONDict:
    """Return an origin as JSON data with numbers in place of lists of files, which thousands of templates share.

    Lists that are new get the next number in `file_lists`.
    """
    row: JSONDict = {"from": origin.kind}
    row |= {key: value for key in ("function", "fingerprint") if (value := getattr(origin, key))}
    parts = []
    for part in origin.parts:
        said = {key: value for key in _SAID if (value := getattr(part, key)) is not None}
        parts.append({"files": file_lists.setdefault(part.files, len(file_lists)), "path": part.path} | said)
    return row | ({"parts": parts} if parts else {})


def unpacked(row: JSONDict, file_lists: Sequence[Sequence[str]]) -> Origin:
    """Return the origin that `packed` made into JSON data."""
    parts = [Part(**part | {"files": tuple(file_lists[part["files"]])}) for part in row.get("parts", ())]
    return Origin(row["from"], tuple(parts), row.get("function", ""), row.get("fingerprint", ""))


_SAID = ("variable", "filter", "weight", "scale")


def readable(value: Any) -> Any:
    """Return JSON data in which numbers that JSON lacks are text ("inf", "-inf") or null (NaN)."""
    if isinstance(value, Mapping):
        return {key: readable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_short(entry) for entry in value) + "]"
    return str(value)
