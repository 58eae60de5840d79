"""Names of ROOT's parameters, and how they are called here: alpha_x is x, gamma_stat_SR_bin_3 a component."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from wilks.formats.histfactory_xml.records import (
    Combination,
    HistoSys,
    NormFactor,
    OverallSys,
    ShapeFactor,
    ShapeSys,
    StatError,
)
from wilks.formats.notes import Note

LUMI = "lumi"
_GAMMA = re.compile(r"gamma_(?P<stem>.+?)_bin_(?P<bins>\d+(?:_\d+){0,2})")


@dataclass
class Names:
    """What ROOT's parameters are called here, by what they steer: keys are the names in the description.

    `luminosity` says whether some sample carries it; if none does, something else may have its name.
    """

    factors: dict[str, str] = field(default_factory=dict)
    alphas: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    statistical: dict[str, str] = field(default_factory=dict)
    luminosity: bool = True

    def of_root(self, name: str) -> tuple[str, tuple[int, ...] | None] | None:
        """Return the name here and the bin (None of a scalar) of ROOT's parameter `name`; None if unknown."""
        if name == "Lumi":
            return (LUMI, None) if self.luminosity else None
        if name in self.factors:
            return self.factors[name], None
        if name.startswith("alpha_") and (stem := name.removeprefix("alpha_")) in self.alphas:
            return self.alphas[stem], None
        match = _GAMMA.fullmatch(name)
        if match is None:
            return None
        bins = tuple(int(part) for part in match["bins"].split("_"))
        stem = match["stem"]
        if stem in self.shapes:
            return self.shapes[stem], bins
        channel = stem.removeprefix("stat_")
        if channel != stem and channel in self.statistical:
            return self.statistical[channel], bins
        return None

    def all_of_root(self) -> list[str]:
        """Return the names of scalar parameters as ROOT has them, to find the nearest."""
        return ["Lumi", *self.factors, *(f"alpha_{name}" for name in self.alphas)]


def names_of(found: Combination, notes: list[Note], *, without_lumi: bool) -> Names:
    """Return the names of everything in a description; where two of ROOT's would be one here, a note tells.

    `without_lumi` says that no sample carries the luminosity, whose name is then free.
    """
    kinds: dict[str, dict[str, str]] = {"factors": {}, "alphas": {}, "shapes": {}, "statistical": {}}
    for function in found.functions:
        for name in (function.name, *(name for name, _ in function.dependents)):
            if name != "Lumi" and not _GAMMA.fullmatch(name) and not name.startswith("alpha_"):
                kinds["factors"].setdefault(name, function.where)
    for channel in found.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                match modifier:
                    case NormFactor():
                        kinds["factors"].setdefault(modifier.name, modifier.where)
                    case OverallSys() | HistoSys():
                        kinds["alphas"].setdefault(modifier.name, modifier.where)
                    case ShapeSys() | ShapeFactor():
                        kinds["shapes"].setdefault(modifier.name, modifier.where)
                    case StatError():
                        kinds["statistical"].setdefault(channel.name, channel.where)
    taken: set[str] = set() if without_lumi else {LUMI}
    made = Names(luminosity=not without_lumi)
    patterns = {"factors": "{}", "alphas": "{}", "shapes": "{}", "statistical": "staterror_{}"}
    others = {"factors": "{}_factor", "alphas": "alpha_{}", "shapes": "gamma_{}", "statistical": "gamma_stat_{}"}
    for kind, wanted in kinds.items():
        for name, where in wanted.items():
            new = patterns[kind].format(name)
            if new in taken:
                new = _free(others[kind].format(name), taken)
                notes.append(Note(where, f'"{name}" is called "{new}": another parameter has its name', "read as"))
            taken.add(new)
            getattr(made, kind)[name] = new
    return made


def _free(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name
