"""A document while approximations are made in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks.formats.histfactory_xml.expected import factor, shift
from wilks.formats.notes import Note


@dataclass
class Approximator:
    """A document as plain data, what was replaced (kind, name, sentence; each once), and what can't be."""

    document: JSONDict
    replaced: dict[tuple[str, str, str], None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def replace(self, kind: str, name: str, text: str) -> None:
        """Note what was replaced."""
        self.replaced[kind, name, text] = None

    def exact(self, place: str, text: str) -> None:
        """Note what is exact, but said in another way."""
        note = Note(place, text, "read as")
        if note not in self.notes:
            self.notes.append(note)

    def samples(self) -> Iterator[tuple[JSONDict, JSONDict]]:
        """Yield all samples, with their channels."""
        for channel in self.document["channels"]:
            for sample in channel["samples"]:
                yield channel, sample

    def modifiers(self) -> Iterator[tuple[JSONDict, JSONDict, JSONDict]]:
        """Yield all modifiers, with channel and sample."""
        for channel, sample in self.samples():
            for modifier in list(sample["modifiers"]):
                yield channel, sample, modifier

    def settings(self, name: str) -> list[JSONDict]:
        """Return what the measurements say of a parameter."""
        return [one for config in self.configs() for one in config["parameters"] if one["name"] == name]

    def configs(self) -> list[JSONDict]:
        """Return what the measurements say."""
        return [measurement["config"] for measurement in self.document["measurements"]]

    def drop_settings(self, name: str, *keys: str) -> None:
        """Take away what is said of a parameter, or only some of it."""
        for config in self.configs():
            for one in config["parameters"]:
                if one["name"] == name:
                    for key in keys or [key for key in one if key != "name"]:
                        one.pop(key, None)
            config["parameters"] = [one for one in config["parameters"] if len(one) > 1]


def norm_at(alpha: float, low: float, high: float, code: str | None) -> float:
    """Return the factor of a normsys, by any of its interpolations."""
    if code in (None, "code4", "code5"):
        return factor(alpha, low, high)
    if code == "code0":
        return 1.0 + (alpha * (high - 1.0) if alpha > 0 else alpha * (1.0 - low))
    if code == "code1":
        return float(high**alpha if alpha > 0 else low**-alpha)
    if code == "code2":
        half, curved = 0.5 * (high - low), 0.5 * (high + low) - 1.0
        if abs(alpha) > 1:
            slope = half + (2.0 if alpha > 0 else -2.0) * curved
            return (high if alpha > 0 else low) + slope * (alpha - (1.0 if alpha > 0 else -1.0))
        return 1.0 + curved * alpha**2 + half * alpha
    t = 2.0 * alpha
    smooth = (15.0 * t - 10.0 * t**3 + 3.0 * t**5) / 8.0 if abs(t) < 1 else float(np.sign(t))
    down, up = -np.log(low), np.log(high)
    return float(np.exp(alpha * (0.5 * (up + down) + 0.5 * smooth * (up - down))))


def yields_at(alpha: float, nominal: FloatArray, low: FloatArray, high: FloatArray, logarithms: bool) -> FloatArray:
    """Return yields of a histosys alone; beyond one standard deviation on the straight line through the side."""
    if not logarithms:
        found: FloatArray = nominal + shift(alpha, nominal, low, high)
        return found
    possible = (nominal > 0) & (low > 0) & (high > 0)
    ones = np.ones_like(nominal)
    logs = [np.log(np.divide(side, nominal, out=ones.copy(), where=possible)) for side in (low, high)]
    return np.asarray(nominal * np.exp(shift(alpha, np.zeros_like(nominal), *logs)), np.float64)


def floats(values: Any) -> FloatArray:
    """Return numbers as an array."""
    return np.asarray(values, np.float64)
