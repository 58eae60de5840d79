"""What a HEPData submission is made of: tables of columns, each with header, qualifiers and uncertainties."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from wilks._types import FloatArray
from wilks.axis import Axis
from wilks.tlatex import mathtext

# A cell: a number, a text, or a bin from low to high.
Cell: TypeAlias = float | int | str | tuple[float, float]

# Significant digits: of what is read, and of matrices, whose inverse must still make sense.
DIGITS, MATRIX_DIGITS = 7, 12
# HEPData takes no longer names.
LONGEST_NAME = 64


@dataclass(frozen=True)
class Qualifier:
    """What holds for a whole column: "SQRT(S)" is 13 TeV, "CHANNEL" is "SR"."""

    name: str
    value: str | float
    units: str = ""


@dataclass(frozen=True, eq=False)
class Error:
    """One uncertainty of all values of a column: shifts upwards and downwards, both with their sign; NaN for none."""

    label: str
    plus: FloatArray
    minus: FloatArray

    @classmethod
    def symmetric(cls, label: str, size: FloatArray) -> Error:
        """Return an uncertainty of the same size on both sides."""
        return cls(label, np.asarray(size), 0.0 - np.asarray(size))


@dataclass(frozen=True, eq=False)
class Column:
    """One variable of a table: `values` are numbers, texts or (low, high) bins; `digits` are significant ones."""

    name: str
    values: Sequence[Cell]
    units: str = ""
    errors: tuple[Error, ...] = ()
    qualifiers: tuple[Qualifier, ...] = ()
    digits: int = DIGITS


@dataclass(frozen=True, eq=False)
class DataTable:
    """One table of a submission. `figures` are the stems of figure files that show the same."""

    name: str
    description: str
    independent: tuple[Column, ...]
    dependent: tuple[Column, ...]
    figures: tuple[str, ...] = ()
    observables: tuple[str, ...] = ()

    def qualified(self, qualifiers: Sequence[Qualifier]) -> DataTable:
        """Return the table with more qualifiers for each dependent variable."""
        dependent = tuple(replace(column, qualifiers=(*column.qualifiers, *qualifiers)) for column in self.dependent)
        return replace(self, dependent=dependent)


@dataclass(frozen=True, eq=False)
class Resource:
    """A file that goes with the submission, or with a table; `type` is "HistFactory" for a pyhf workspace."""

    name: str
    content: bytes = field(repr=False)
    description: str
    type: str = ""


def bins_of(axis: Axis) -> Column:
    """Return the bins of an axis: ranges with variable and unit, labels, or numbers from 1 where nothing is known.

    >>> import wilks
    >>> column = bins_of(wilks.Axis([0, 20, 50], "H_{T} [GeV]"))
    >>> column.name, column.units, column.values
    ('H$_{\\\\text{T}}$', 'GeV', [(0.0, 20.0), (20.0, 50.0)])
    """
    name = titled(re.sub(r"\s*\[[^\[\]]*\]\s*$", "", axis.label)) or "Bin"
    if axis.is_categorical:
        return Column(name, [titled(text) for text in axis.bin_labels])
    if not axis.unit and axis.label in ("", "bin") and np.array_equal(axis.edges, np.arange(len(axis) + 1)):
        return Column("Bin", list(range(1, len(axis) + 1)))
    return Column(name, [axis.interval(i) for i in range(len(axis))], axis.unit)


def titled(text: str) -> str:
    """Return a name as HEPData shows it: ROOT's markup as formulas."""
    return mathtext(text)


def column(name: str, values: FloatArray, units: str = "", *errors: Error, digits: int = DIGITS) -> Column:
    """Return a column of numbers."""
    return Column(name, np.asarray(values, dtype=float).tolist(), units, errors, digits=digits)
