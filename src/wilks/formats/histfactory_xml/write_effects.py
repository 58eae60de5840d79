"""What steers modifiers, and how they interpolate: which of it ROOT's HistFactory knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.formats.histfactory_xml.expected import factor, shift
from wilks.formats.notes import Note
from wilks.workspace.spec import HistoSys, NormSys

_NUMBER = r"(\d[\d.eE+-]*)"
_GAMMA = re.compile(rf"\(@0 - 1\) / {_NUMBER}")
_LOG_NORMAL = re.compile(rf"\({_NUMBER} \^ @0 - 1\) / {_NUMBER}")
_INSIDE = np.linspace(-1.0, 1.0, 41)


def _code0(a: float, low: float, high: float) -> float:
    return 1.0 + (a * (high - 1.0) if a > 0 else a * (1.0 - low))


def _code1(a: float, low: float, high: float) -> float:
    return float(high**a if a > 0 else low**-a)


def _code2(a: float, low: float, high: float) -> float:
    return 1.0 + 0.5 * (high + low - 2.0) * a * a + 0.5 * (high - low) * a


_FACTORS: dict[str, Callable[[float, float, float], float]] = {"code0": _code0, "code1": _code1, "code2": _code2}


class Effects:
    """Functions that stand for ConstraintTerms, by their name; the notes on interpolations go to `notes`.

    `terms` has, by the name of a function, the systematic, the kind of ConstraintTerm, the relative uncertainty and the
    parameter.
    """

    def __init__(self, functions: Mapping[str, tuple[str, list[str]]], notes: list[Note], problems: list[str]) -> None:
        self.terms: dict[str, tuple[str, str, float, str]] = {}
        self.functions, self.notes, self.problems = functions, notes, problems
        for name, (expression, parameters) in functions.items():
            if name.startswith("alpha_") and len(parameters) == 1:
                self._recognise(name, expression, parameters[0])

    def _recognise(self, name: str, expression: str, parameter: str) -> None:
        systematic = name.removeprefix("alpha_")
        if (match := _GAMMA.fullmatch(expression)) and parameter == f"beta_{systematic}":
            self.terms[name] = systematic, "Gamma", float(match[1]), parameter
        elif (match := _LOG_NORMAL.fullmatch(expression)) and parameter == systematic:
            relative = float(match[2])
            if float(match[1]) == 1.0 + relative:
                self.terms[name] = systematic, "LogNormal", relative, parameter

    def systematic(self, name: str, written: str) -> str:
        """Return what the OverallSys of a normsys is called."""
        return self.terms[name][0] if name in self.terms else written

    def normsys(self, modifier: NormSys, place: str) -> None:
        """Note what of a normsys can't be said."""
        low, high = float(modifier.data.lo), float(modifier.data.hi)
        if low < 0 or high < 0:
            self.problems.append(f"{place}: factors {low:g} and {high:g}; with negative ones ROOT crashes")
        if modifier.name in self.functions and modifier.name not in self.terms:
            self.problems.append(f"{place}: a function steers this normsys; XML can say so of factors only")
        code = modifier.interpolation
        if code in (None, "code4", "code5"):
            return
        size = ""
        if code in _FACTORS and low > 0 and high > 0:
            exact = _FACTORS[code]
            most = max(abs(factor(a, low, high) / exact(a, low, high) - 1.0) for a in _INSIDE.tolist())
            size = f", by {most:.2g} of the factor at most between -1 and +1"
        self.notes.append(Note(place, f"its interpolation {code} becomes code4, which differs{size}", "approximate"))

    def histosys(self, modifier: HistoSys, nominal: FloatArray, place: str) -> None:
        """Note what of a histosys can't be said."""
        if modifier.name in self.functions:
            self.problems.append(f"{place}: a function steers this histosys; XML can say so of factors only")
        code = modifier.interpolation
        if code in (None, "code4p"):
            return
        low, high = (np.asarray(one, np.float64) for one in (modifier.data.lo_data, modifier.data.hi_data))
        size = ""
        if code in ("code0", "code2"):
            most = float(np.abs(shift(_INSIDE, nominal, low, high) - _shifts(str(code), nominal, low, high)).max())
            size = f", by {most:.3g} events in a bin at most between -1 and +1"
        self.notes.append(Note(place, f"its interpolation {code} becomes code4p, which differs{size}", "approximate"))


def _shifts(code: str, nominal: FloatArray, low: FloatArray, high: FloatArray) -> Any:
    a = _INSIDE[:, np.newaxis]
    up, down = high - nominal, nominal - low
    if code == "code0":
        return np.where(a > 0, a * up, a * down)
    return 0.5 * (up - down) * a * a + 0.5 * (up + down) * a
