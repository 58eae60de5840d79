"""Tables (data frames) in place of histograms: an index, and columns of sums of weights and of their squares."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wilks._reading import read_file
from wilks._types import FloatArray
from wilks.errors import listed, nearest

SUFFIXES = (".csv", ".json", ".parquet", ".html", ".pkl", ".xlsx", ".h5")
"""Ends of the names of files that Combine takes for tables."""


@dataclass(frozen=True)
class _Table:
    """Names of the columns of the index, rows by index, and the columns of numbers."""

    rows: dict[tuple[str, ...], list[int]]
    index: int
    columns: dict[str, list[Any]]
    numbers: tuple[bool, ...] = ()
    """Which columns of the index are numbers: 125 and 125.0 are the same there."""

    def rows_of(self, labels: tuple[str, ...]) -> list[int] | None:
        """Return the rows of some labels, None where there are none."""
        known = tuple(_label(*pair) for pair in zip(labels, self.numbers, strict=False))
        return self.rows.get(known) if len(labels) <= self.index else None


@dataclass
class Tables:
    """Tables by path, each read once; `problems` has what is wrong with them."""

    problems: dict[str, None] = field(default_factory=dict)
    known: dict[Path, _Table | None] = field(default_factory=dict)

    def has(self, path: Path, name: str) -> bool:
        """Return whether a table has rows of an index `A:B:C`."""
        table = self._table(path, "")
        return table is not None and table.rows_of(self._key(name)[0]) is not None

    def columns(self, path: Path, name: str, where: str) -> tuple[FloatArray, FloatArray] | None:
        """Return contents and squared errors of the bins of an index, `A:B:C` or `A:B:C,VALUE:VARIANCE`."""
        table = self._table(path, where)
        if table is None:
            return None
        key, columns = self._key(name)
        rows = table.rows_of(key)
        if rows is None:
            written = [":".join(key) for key in table.rows]
            hint = nearest(":".join(key), written)
            self._add(f'{where}: {path} has no rows "{":".join(key)}"; it has {listed(written)}{hint}')
            return None
        for column in columns:
            if column not in table.columns:
                self._add(f'{where}: {path} has no column "{column}"; it has {listed(table.columns)}')
                return None
        values, squares = (self._numbers(path, where, column, table.columns[column], rows) for column in columns)
        if values is None or squares is None:
            return None
        if (squares < 0).any():
            self._add(f'{where}: {path} has a number below 0 in column "{columns[1]}", squares needed')
            return None
        return values, squares

    def _numbers(self, path: Path, where: str, column: str, cells: list[Any], rows: list[int]) -> FloatArray | None:
        found = []
        for row in rows:
            try:
                value = float(cells[row])
            except (TypeError, ValueError):
                value = np.nan
            if not np.isfinite(value):
                self._add(f'{where}: {path}, row {row + 1}: {cells[row]!r} in column "{column}", a number needed')
                return None
            found.append(value)
        return np.asarray(found)

    def _key(self, name: str) -> tuple[tuple[str, ...], tuple[str, str]]:
        index, _, columns = name.partition(",")
        labels = tuple(index.split(":"))
        value, _, square = (columns or "sum_w:sum_ww").partition(":")
        return (*labels, "nominal") if len(labels) < 3 else labels, (value, square)

    def _add(self, sentence: str) -> None:
        self.problems[sentence] = None

    def _table(self, path: Path, where: str) -> _Table | None:
        if path not in self.known:
            self.known[path] = None
            try:
                header, rows = _cells(path)
                self.known[path] = _indexed(header, rows)
            except FileNotFoundError:
                self._add(f"{where}: {path}: no such file")
            except IsADirectoryError:
                self._add(f"{where}: {path}: is a folder, not a file")
            except OSError as error:
                self._add(f"{where}: {path}: can't be read ({error.strerror})")
            except ValueError as error:
                self._add(f"{where}: {path}: {error}")
        return self.known[path]


def _cells(path: Path) -> tuple[list[str], list[list[Any]]]:
    """Return the names of columns and the rows. Raises OSError and ValueError."""
    if path.suffix == ".csv":
        try:
            rows = [row for row in csv.reader(io.StringIO(read_file(path).decode("utf-8-sig"))) if row]
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f"is no table of comma-separated values ({error})") from None
        return (rows[0], list(rows[1:])) if rows else ([], [])
    if path.suffix == ".json":
        return _of_json(read_file(path))
    if path.suffix == ".parquet":
        import awkward

        try:
            table = awkward.from_parquet(path)
        except ImportError:
            raise ValueError("needs the package pyarrow; csv and json can be read without") from None
        except Exception as error:  # whatever the first unreadable byte leads to
            raise ValueError(f"can't be read as parquet ({type(error).__name__})") from None
        names = list(table.fields)
        return names, [[row[name] for name in names] for row in table.to_list()]
    raise ValueError(f"tables of this kind can't be read; allowed are {listed(('.csv', '.json', '.parquet'))}")


def _of_json(content: bytes) -> tuple[list[str], list[list[Any]]]:
    """Return the table of `{column: {row: value}}`, or of a list of rows."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("is no JSON text") from None
    if isinstance(found, list) and found and all(isinstance(row, dict) for row in found):
        names = list(found[0])
        return names, [[row.get(name) for name in names] for row in found]
    if isinstance(found, dict) and found and all(isinstance(column, dict) for column in found.values()):
        names = list(found)
        return names, [[found[name].get(row) for name in names] for row in found[names[0]]]
    raise ValueError("is no table: {column: {row: value}}, or a list of rows {column: value}, needed")


def _indexed(header: list[str], rows: list[list[Any]]) -> _Table:
    if len(header) < 3:
        raise ValueError(f"has {len(header)} columns, at least one of the index and two of numbers needed")
    names = [str(name).strip() for name in header]
    wrong = [i for i, row in enumerate(rows) if len(row) != len(names)]
    if wrong:
        raise ValueError(f"row {wrong[0] + 1} has {len(rows[wrong[0]])} columns, {len(names)} needed")
    index = len(names) - 2
    found: dict[tuple[str, ...], list[int]] = {}
    numbers = tuple(all(_is_number(str(row[j])) for row in rows) for j in range(index))
    for i, row in enumerate(rows):
        labels = tuple(_label(str(cell), number) for cell, number in zip(row[:index], numbers, strict=True))
        for size in range(1, index + 1):
            found.setdefault(labels[:size], []).append(i)
    return _Table(found, index, {name: [row[j] for row in rows] for j, name in enumerate(names)}, numbers)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", text) is not None


def _label(text: str, number: bool) -> str:
    """Return a label as it is known, a number of a column of numbers without what makes no difference."""
    return f"{float(text):.15g}" if number and _is_number(text) else text
