"""What Combine's options say of parameters and channels: starts, ranges, what is held, what is of interest, masks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from wilks.errors import InputError, listed, nearest
from wilks.workspace.spec import HistoSys, NormSys

if TYPE_CHECKING:
    from wilks.model.model import Model
    from wilks.workspace.workspace import Workspace

_Value = TypeVar("_Value")
_ALL = "allConstrainedNuisances"
_REGEX = re.compile(r"(rgx|var)\{(.*)\}")
# What the reader of cards calls functions of one parameter: of unif, dFD, gmM, shapeU.
_OF_CARD = re.compile(r"_(times|scaled)_.*|_(walls|density)(_\d+)?")
_BIN = re.compile(r"prop_bin(.+)\[(\d+)\]")


@dataclass
class Changes:
    """Starts and ranges by name, names that are held, groups that are held, and so on; names may be `rgx{PATTERN}`.

    `low` and `high` are ends of the range of the first parameter of interest; `alone` says that other parameters of
    interest than `pois` are held. `mass` is a value of MH.
    """

    starts: dict[str, float] = field(default_factory=dict)
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    frozen: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    pois: list[str] = field(default_factory=list)
    alone: bool = False
    masked: list[str] = field(default_factory=list)
    low: float | None = None
    high: float | None = None
    mass: float | None = None

    def __bool__(self) -> bool:
        ends = self.low is not None or self.high is not None
        return ends or any((self.starts, self.ranges, self.frozen, self.groups, self.pois, self.masked))

    @classmethod
    def said(cls, given: Mapping[str, Sequence[str]], problems: list[str]) -> Changes:
        """Return what options say, `given` by name; mistakes are added to `problems`."""
        found = cls()
        for text in given.get("--setParameters", ()):
            _starts(found, text, problems)
        for text in given.get("--setParameterRanges", ()):
            _ranges(found, text, problems)
        for name, end in (("--rMin", "low"), ("--rMax", "high")):
            if name in given:
                setattr(found, end, number(name, given[name][-1], problems))
        for text in given.get("--freezeParameters", ()):
            found.frozen += _parts(text)
        for text in given.get("--freezeNuisanceGroups", ()):
            found.groups += _parts(text)
        if given.get("--systematics", ["1"])[-1] in ("0", "false"):
            found.frozen.append(_ALL)
        found.pois = [one for text in given.get("--redefineSignalPOIs", ()) for one in _parts(text)]
        if chosen := list(given.get("--parameters", ())):
            found.pois = [*chosen, *(one for one in found.pois if one not in chosen)]
            found.alone = given.get("--floatOtherPOIs", ["0"])[-1] in ("0", "false")
        elif "--floatOtherPOIs" in given and not found.pois:
            problems.append("--floatOtherPOIs: is about parameters of interest beside those of -P; give -P NAME")
        if "MH" in found.frozen and found.mass is not None:
            found.frozen.remove("MH")
        return found

    def of(self, workspace: Workspace) -> Workspace:
        """Return the workspace with the changes; `starts` and `ranges` are by name from then on.

        Raises InputError with every name that is not known.
        """
        from wilks.model.changed import with_settings
        from wilks.model.compile import compile_model

        model = compile_model(workspace, masks=False)
        names = _Names(model, workspace)
        if "MH" not in model.parameter_names:
            self.starts.pop("MH", None)
        ranges = names.mapped("--setParameterRanges", self.ranges)
        if (self.low is not None or self.high is not None) and (poi := self._poi(model, names)) is not None:
            lower, upper = (float(bound[model.index(poi)]) for bound in model.bounds)
            ends = (lower if self.low is None else self.low, upper if self.high is None else self.high)
            if ends[0] >= ends[1]:
                names.problems.append(f"--rMin, --rMax: {ends[0]:g} is not below {ends[1]:g}")
            ranges[poi] = ends
        self.ranges = ranges
        starts = self.starts = names.mapped("--setParameters", self.starts)
        pois = [name for text in self.pois for name in names.found("--redefineSignalPOIs, -P", text)]
        frozen = [name for text in self.frozen if text != "MH" for name in names.frozen("--freezeParameters", text)]
        frozen += [name for text in self.groups for name in names.group(text)]
        if self.alone:
            frozen += [name for name in model.pois if name not in pois]
        if names.problems:
            raise InputError(names.problems)
        return with_settings(workspace, starts=starts, ranges=ranges, frozen=frozen, pois=pois, masked=self.masked)

    def _poi(self, model: Model, names: _Names) -> str | None:
        poi = self.pois[0] if self.pois else model.poi
        if poi is None:
            names.problems.append("--rMin, --rMax: the model has no parameter of interest")
        return poi if poi in model.parameter_names else None


class _Names:
    """The names of a model's parameters, and the mistakes in names that were given."""

    def __init__(self, model: Model, workspace: Workspace) -> None:
        self.model, self.workspace = model, workspace
        self.combines = {name: _combines(name, model.channel_names) for name in model.parameter_names}
        self.nuisances = _nuisances(model, workspace)
        self.problems: list[str] = []

    def frozen(self, option: str, text: str) -> list[str]:
        """Return the parameters that are held: `rgx{PATTERN}` is for nuisance parameters, `var{PATTERN}` for all."""
        if text == _ALL:
            return list(self.nuisances)
        return self.found(option, text, self.nuisances if text.startswith("rgx{") else self.model.parameter_names)

    def found(self, option: str, text: str, among: Sequence[str] = ()) -> list[str]:
        """Return the parameters that are meant: by name, or `rgx{PATTERN}` among some, or all."""
        every: Sequence[str] = self.model.parameter_names
        match = _REGEX.fullmatch(text)
        if match is not None:
            every = among or every
            try:
                pattern = re.compile(match[2])
            except re.error as error:
                self.problems.append(f'{option}: "{match[2]}" is no regular expression ({error})')
                return []
            found = [name for name in every if pattern.fullmatch(name) or pattern.fullmatch(self.combines[name])]
        else:
            found = [name for name in every if text in (name, name.partition("[")[0], self.combines[name])]
        if not found:
            self.problems.append(f'{option}: no parameter "{text}" in the model{nearest(text, every)}')
        return found

    def mapped(self, option: str, given: Mapping[str, _Value]) -> dict[str, _Value]:
        """Return values by parameter."""
        return {name: value for text, value in given.items() for name in self.found(option, text)}

    def group(self, text: str) -> list[str]:
        """Return the parameters of a group, with ^ before its name all nuisance parameters but them."""
        groups = {one.name: one.parameters for one in self.workspace.document.groups or ()}
        name = text.removeprefix("^")
        if name not in groups:
            known = f"there are {listed(groups)}" if groups else "the workspace has none"
            self.problems.append(f'--freezeNuisanceGroups: no group "{name}", {known}{nearest(name, groups)}')
            return []
        members = set(groups[name])
        inside = [each for each in self.model.parameter_names if members & {each, each.partition("[")[0]}]
        return inside if name == text else [each for each in self.nuisances if each not in inside]


def _nuisances(model: Model, workspace: Workspace) -> list[str]:
    """Return what Combine calls nuisance parameters: with a constraint, flat ones of a card (lnU, unif) among them.

    Free factors, and arguments of formulas, are none.
    """
    document = workspace.document
    samples = [sample for channel in document.channels for sample in channel.samples]
    acting = {m.name for sample in samples for m in sample.modifiers if isinstance(m, NormSys | HistoSys)}
    for function in document.functions or ():
        own = function.parameters[0] if function.parameters is not None and len(function.parameters) == 1 else None
        if own is not None and _OF_CARD.fullmatch(function.name.removeprefix(own)):
            acting.add(own)
    kinds = zip(model.parameter_names, model.constraints, strict=True)
    return [name for name, kind in kinds if (kind != "none" or name in acting) and name not in model.pois]


def _combines(name: str, channels: Sequence[str]) -> str:
    """Return Combine's name of the parameter of a bin, prop_binSR_bin3_top for prop_binSR_top[3]; others stay."""
    match = _BIN.fullmatch(name)
    for channel in channels if match is not None else ():
        if match is not None and (match[1] == channel or match[1].startswith(f"{channel}_")):
            rest = match[1].removeprefix(channel).removesuffix("_count")
            return f"prop_bin{channel}_bin{match[2]}{rest}"
    return name


def number(option: str, text: str, problems: list[str], *, whole: bool = False) -> float | None:
    """Return a number of an option; what is none is added to `problems`."""
    try:
        found = float(int(text)) if whole else float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        problems.append(f"{option} {text}: a {'whole ' if whole else ''}number needed")
        return None
    return found


def _parts(text: str) -> list[str]:
    """Return what commas divide, where they stand in no braces."""
    return [part.strip() for part in re.split(r",(?![^{}]*\})", text) if part.strip()]


def _starts(found: Changes, text: str, problems: list[str]) -> None:
    for part in _parts(text):
        name, equals, value = part.rpartition("=")
        if not equals:
            problems.append(f'--setParameters: "{part}" is not NAME=VALUE')
            continue
        parsed = number(f"--setParameters {name}", value, problems)
        if parsed is None:
            continue
        if name == "MH":
            found.mass = parsed
        elif name.startswith("mask_"):
            found.masked += [name.removeprefix("mask_")] if parsed != 0 else []
        else:
            found.starts[name] = parsed


def _ranges(found: Changes, text: str, problems: list[str]) -> None:
    for part in filter(None, re.split(r":(?![^{}]*\})", text)):
        name, equals, value = part.rpartition("=")
        ends = value.split(",")
        if not equals or len(ends) != 2:
            problems.append(f'--setParameterRanges: "{part}" is not NAME=LOW,HIGH')
            continue
        low, high = (number(f"--setParameterRanges {name}", end, problems) for end in ends)
        if low is None or high is None:
            continue
        if low >= high:
            problems.append(f"--setParameterRanges: {name}={low:g},{high:g}: the first is not below the second")
        found.ranges[name] = (low, high)
