"""Tables as HEPData's YAML, a line for each value, and as CSV."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wilks.errors import printable
from wilks.export.hepdata.records import Cell, Column, DataTable, Error

_NUMBER = r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"^({_NUMBER}\s*)-(\s*{_NUMBER})$")
# Control characters, and what YAML takes for the end of a line.
_UNPRINTED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# HEPData's sign for a value that there is not.
NONE = "-"


def data_yaml(table: DataTable) -> str:
    """Return a table as the content of a HEPData data file."""
    lines = ["independent_variables:"]
    for column in table.independent:
        lines += _header(column)
        lines += [f"  - {cell}" for cell in _cells(replace(column, values=[_no_range(c) for c in column.values]))]
    lines.append("dependent_variables:")
    for column in table.dependent:
        lines += _header(column)
        lines += [f"  - {cell}" for cell in _measured(column)]
    return "\n".join(lines) + "\n"


def yaml_number(value: float, digits: int) -> str:
    """Return a number that YAML reads as one: `1e-05` would be text, `1.0e-05` is not.

    >>> yaml_number(0.00001, 6), yaml_number(12.0, 6), yaml_number(float("nan"), 6)
    ('1.0e-05', '12', '"-"')
    """
    if not math.isfinite(value):
        return yaml_text(NONE if math.isnan(value) else "inf" if value > 0 else "-inf")
    text = f"{value:.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    if e and "." not in mantissa:
        text = f"{mantissa}.0e{exponent}"
    return "0" if text == "-0" else text


def yaml_text(text: str) -> str:
    """Return a text in quotation marks, which mean in YAML what they mean in JSON, but for what YAML does not print."""
    quoted = json.dumps(printable(text), ensure_ascii=False)
    return _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def yaml_lines(value: Any, indent: str = "") -> Iterator[str]:
    """Yield a mapping or list in block style, line by line; texts in quotation marks."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, Mapping | list | tuple) and item:
                yield f"{indent}{key}:"
                yield from yaml_lines(item, indent + ("  " if isinstance(item, Mapping) else ""))
            else:
                yield f"{indent}{key}: {_scalar(item)}"
    else:
        for item in value:
            if isinstance(item, Mapping):
                first, *rest = yaml_lines(item, indent + "  ")
                yield f"{indent}- {first.strip()}"
                yield from rest
            else:
                yield f"{indent}- {_scalar(item)}"


def data_csv(table: DataTable) -> str:
    """Return a table as CSV: bins in two columns, uncertainties in columns of their own, all digits."""
    columns: list[tuple[str, Sequence[Any]]] = []
    for column in (*table.independent, *table.dependent):
        title = f"{column.name} [{column.units}]" if column.units else column.name
        if any(isinstance(cell, tuple) for cell in column.values):
            columns += [
                (f"{title} {end}", [_end(c, i) for c in column.values]) for i, end in enumerate(("low", "high"))
            ]
        else:
            columns.append((title, [_plain(cell) for cell in column.values]))
        for error in column.errors:
            label = f"{title} {error.label}".rstrip()
            columns += [(f"{label} +", error.plus.tolist()), (f"{label} -", error.minus.tolist())]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([title for title, _ in columns])
    writer.writerows(zip(*([_csv(cell) for cell in cells] for _, cells in columns), strict=True))
    return text.getvalue()


def _csv(cell: Any) -> Any:
    return "" if isinstance(cell, float) and math.isnan(cell) else cell


def _end(cell: Cell, i: int) -> Any:
    return cell[i] if isinstance(cell, tuple) else cell


def _plain(cell: Cell) -> Any:
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15 else cell


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return yaml_text(value)
    if isinstance(value, Mapping | list | tuple):
        return "[]"
    return yaml_number(float(value), 12)


def _header(column: Column) -> list[str]:
    units = f", units: {yaml_text(column.units)}" if column.units else ""
    lines = [f"- header: {{name: {yaml_text(column.name)}{units}}}"]
    if column.qualifiers:
        lines.append("  qualifiers:")
        for each in column.qualifiers:
            value = yaml_text(each.value) if isinstance(each.value, str) else yaml_number(each.value, 12)
            units = f", units: {yaml_text(each.units)}" if each.units else ""
            lines.append(f"  - {{name: {yaml_text(each.name)}, value: {value}{units}}}")
    # An empty list must say so.
    return [*lines, "  values:" if len(column.values) else "  values: []"]


def _no_range(cell: Cell) -> Cell:
    """Return a text that looks like a range, "2-3", with a dash in place of the hyphen: HEPData refuses such texts."""
    return _RANGE.sub(r"\1–\2", cell) if isinstance(cell, str) else cell


def _cells(column: Column) -> Iterator[str]:
    for cell in column.values:
        if isinstance(cell, tuple):
            low, high = (yaml_number(edge, MOST_DIGITS) for edge in cell)
            yield f"{{low: {low}, high: {high}}}"
        else:
            yield f"{{value: {_cell(cell, column.digits)}}}"


# Edges of bins are written as they are.
MOST_DIGITS = 15


def _cell(cell: float | int | str, digits: int) -> str:
    if isinstance(cell, str):
        return yaml_text(cell)
    return str(cell) if isinstance(cell, int) else yaml_number(cell, digits)


def _measured(column: Column) -> Iterator[str]:
    if not column.errors:
        yield from _cells(column)
        return
    sides = [_sides(error, column.digits) for error in column.errors]
    for i, cell in enumerate(_cells(column)):
        found = [side[i] for side in sides if side[i]]
        yield f"{cell[:-1]}, errors: [{', '.join(found)}]}}" if found else cell


def _sides(error: Error, digits: int) -> list[str]:
    """Return the uncertainty of every value, "" where there is none; HEPData refuses those that are 0."""
    label = f", label: {yaml_text(error.label)}" if error.label else ""
    texts = []
    for plus, minus in zip(np.asarray(error.plus).tolist(), np.asarray(error.minus).tolist(), strict=True):
        if all(math.isnan(side) or side == 0 for side in (plus, minus)):
            texts.append("")
        elif plus == -minus:
            texts.append(f"{{symerror: {yaml_number(plus, digits)}{label}}}")
        else:
            up, down = ('""' if math.isnan(side) else yaml_number(side, digits) for side in (plus, minus))
            texts.append(f"{{asymerror: {{plus: {up}, minus: {down}}}{label}}}")
    return texts
