"""The kinds of lines after the rates."""

from __future__ import annotations

ARGUMENTS = {"lnN": 0, "lnU": 0, "gmM": 0, "trG": 0, "gmN": 1, "unif": 2, "dFD": 1, "dFD2": 1}
"""Kinds of rows that are no shapes, and the numbers between the kind and the columns."""
SHAPES = ("shape", "shapeN", "shapeU", "shape2", "shapeN2", "shape2a", "shape2N", "shapeN2a")
_OTHERS = ("param", "flatParam", "rateParam", "extArg", "constr", "discrete", "edit", "group", "autoMCStats")
KINDS = (*ARGUMENTS, "shape", "shape?", "shapeN", "shapeN?", "shapeU", *_OTHERS)
