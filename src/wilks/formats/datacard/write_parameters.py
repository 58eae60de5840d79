"""Parameters of a workspace as rows and lines of a card."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wilks.formats.datacard.parameters import FREE, WIDE, count_range, gamma_range, positive_range
from wilks.formats.datacard.write_functions import Functions
from wilks.formats.histfactory_xml.write_channels import Told
from wilks.workspace.spec import Document, HistoSys, Lumi, NormFactor, NormSys, ParameterSettings

_PYHF = 5.0


@dataclass(frozen=True)
class Known:
    """A scalar parameter: start, range (`own`: given by the settings), constraint, and the types that act by it."""

    name: str
    start: float
    low: float
    high: float
    own: bool
    constraint: str
    centre: float
    width: float
    lower_width: float
    fixed: bool
    types: frozenset[type]

    @property
    def acts(self) -> bool:
        """Whether it is the parameter of a systematic."""
        return bool(self.types & {NormSys, HistoSys})

    @property
    def standard(self) -> bool:
        """Whether its constraint is normal, with centre 0 and width 1."""
        return (self.constraint, self.centre, self.width, self.lower_width) == ("normal", 0.0, 1.0, 1.0)


def known_parameters(document: Document, functions: Functions) -> dict[str, Known]:
    """Return the scalar parameters of a document, in the order of its settings; others by their first use."""
    types: dict[str, set[type]] = {name: set() for name in functions.parameters()}
    steered = {**{name: p for name, (p, _) in functions.scaled.items()}}
    own = {*functions.linear, *functions.same, *functions.formulas}
    for channel in document.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                if isinstance(modifier, HistoSys | NormSys | NormFactor | Lumi) and modifier.name not in own:
                    types.setdefault(steered.get(modifier.name, modifier.name), set()).add(type(modifier))
    settings = {one.name: one for one in document.measurements[0].config.parameters}
    ordered = [*(name for name in settings if name in types), *(name for name in types if name not in settings)]
    return {name: _known(name, settings.get(name), types[name]) for name in ordered}


def _known(name: str, said: ParameterSettings | None, types: set[type]) -> Known:
    acts = bool(types & {NormSys, HistoSys})
    constraint = (said.constraint if said else None) or ("normal" if acts or Lumi in types else "none")

    def given(key: str, default: float) -> float:
        values: Any = getattr(said, key, None)
        return default if values is None else float(values[0])

    width = given("factors" if constraint == "poisson" else "sigmas", 1.0)
    centre = given("auxdata", width if constraint == "poisson" else 0.0)
    lower = given("lower_sigmas", width)
    usual = (0.0, -_PYHF, _PYHF) if acts else (1.0, 0.0, 10.0)
    if said is not None and said.constraint not in (None, "none") and not acts:
        usual = (centre / width if constraint == "poisson" else centre, 0.0, 10.0)
    bounds = said.bounds[0] if said is not None and said.bounds is not None else usual[1:]
    fixed = said is not None and (said.fixed is True or (isinstance(said.fixed, list) and all(said.fixed)))
    own = said is not None and said.bounds is not None
    return Known(
        name,
        given("inits", usual[0]),
        float(bounds[0]),
        float(bounds[1]),
        own,
        constraint,
        centre,
        width,
        lower,
        fixed,
        frozenset(types),
    )


@dataclass
class ParameterLines:
    """Decides what parameters are in a card.

    `kinds` are "lnN" (a systematic), "lnU", "gmN", "gmM", "trG", "unif", "dFD", "rate" (a rateParam) or "other" (param
    or extArg), `args` what stands between kind and columns of a row, `lines` those of param and extArg, `values` what
    rateParams have after their blocks.
    """

    known: Mapping[str, Known]
    functions: Functions
    called: Mapping[str, str]
    pois: tuple[str, ...]
    told: Told

    def __post_init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.args: dict[str, str] = {}
        self.lines: list[str] = []
        self.values: dict[str, str] = {}
        self.frozen: list[str] = []
        self.without_range: list[str] = []
        for one in self.known.values():
            if one.name in self.pois and one.types == {NormFactor}:
                continue
            match one.constraint:
                case _ if one.name in self.functions.penalties:
                    self._held(one)
                case "poisson":
                    self._count(one)
                case "normal":
                    self._normal(one)
                case _:
                    self._free(one)
            if one.fixed:
                self.frozen.append(one.name)
        if self.without_range:
            text = f"the ranges of {len(self.without_range)} systematics (from -5 to 5) are not written: fits of "
            self.told.lost("parameters", f"{text}Combine have none for lnN and shape")

    def _refuse(self, one: Known, text: str) -> None:
        self.told.problems.append(f'parameter "{one.name}": {text}')

    def _slopes(self, one: Known) -> list[float]:
        return [slope for parameter, slope in self.functions.linear.values() if parameter == one.name]

    def _as_formulas(self, one: Known) -> None:
        """Take linear functions of a parameter for formulas."""
        for name, (parameter, slope) in list(self.functions.linear.items()):
            if parameter == one.name:
                del self.functions.linear[name]
                self.functions.add_linear(name, parameter, slope)

    def _normal(self, one: Known) -> None:
        slopes = self._slopes(one)
        if one.acts:
            self._as_formulas(one)
            if not one.standard:
                text = f"the constraint of a systematic has centre 0 and width 1 in a card, not {one.centre:g} and "
                self._refuse(one, f"{text}{one.width:g}")
            if one.start != 0 and one.fixed:
                self._refuse(one, f"is fixed at {one.start:g}; a systematic of a card is fixed at 0")
            elif one.start != 0:
                self.told.lost(f'parameter "{one.name}"', f"starts at 0, not at {one.start:g}")
            self.kinds[one.name] = "lnN"
            if not one.own:
                self.without_range.append(one.name)
            elif (one.low, one.high) != (-WIDE, WIDE):
                self.lines.append(f"{self.called[one.name]} param 0 1 {_range(one)}")
        elif slopes and one.standard and one.start == 0 and positive_range(slopes) == (one.low, one.high):
            self.kinds[one.name] = "trG"
        elif one.fixed and one.start != one.centre:
            self._free(one)
        else:
            self._as_formulas(one)
            self._param(one)

    def _param(self, one: Known) -> None:
        usual = one.centre - 4.0 * one.lower_width, one.centre + 4.0 * one.width
        widths = repr(one.width) if one.width == one.lower_width else f"-{one.lower_width!r}/+{one.width!r}"
        tail = "" if usual == (one.low, one.high) else f" {_range(one)}"
        self.lines.append(f"{self.called[one.name]} param {one.centre!r} {widths}{tail}")
        if not one.low <= one.centre <= one.high:
            self._refuse(one, f"its constraint is at {one.centre:g}, outside of its range {one.low:g} to {one.high:g}")
        if one.start != one.centre:
            text = f"starts at the centre of its constraint ({one.centre:g}), not at {one.start:g}"
            self.told.lost(f'parameter "{one.name}"', text)
        self._rate(one, one.centre)

    def _rate(self, one: Known, start: float) -> None:
        self.kinds[one.name] = "rate" if one.types else "other"
        reach = FREE * max(1.0, abs(start))
        self.values[one.name] = repr(start) + ("" if (-reach, reach) == (one.low, one.high) else f" {_range(one)}")

    def _free(self, one: Known) -> None:
        if one.acts:
            self._as_formulas(one)
            self.kinds[one.name] = "lnU"
            if (one.start, one.low, one.high) != (0.0, -1.0, 1.0):
                text = f"without a constraint it starts at 0 and has the range -1 to 1 in a card, not {one.start:g}"
                self._refuse(one, f"{text}, {one.low:g} to {one.high:g}")
            return
        if self._slopes(one) and not one.types and one.start == 0.5 * (one.low + one.high):
            self.kinds[one.name], self.args[one.name] = "unif", f"{one.low!r} {one.high!r}"
            return
        self._as_formulas(one)
        self._rate(one, one.start)
        if not one.types:
            value = self.values[one.name]
            if one.fixed and "[" not in value:
                value += " [const]"
            self.lines.append(f"{self.called[one.name]} extArg {value}")

    def _held(self, one: Known) -> None:
        """Write dFD, or a gmM that is no counting experiment."""
        penalties = self.functions.penalties
        if one.name in penalties.walls:
            steep, slopes = penalties.walls[one.name], self._slopes(one)
            kind, args, what = "dFD", repr(steep), "acts by factors 1 + c x only"
            usual, right = (0.0, *positive_range(slopes, 1.0 + 8.0 / steep)), bool(slopes) and not one.types
        else:
            width = width_of(penalties.densities[one.name])
            kind, args, what = "gmM", repr(width), "multiplies processes by itself only"
            usual, right = (1.0, *gamma_range(width)), one.types == {NormFactor}
        self.kinds[one.name], self.args[one.name] = kind, args
        if not right or one.constraint != "none":
            self._refuse(one, f"what holds it is that of a {kind}, which {what}, without a further constraint")
        elif (one.start, one.low, one.high) != usual:
            text = f"as a {kind} it starts at {usual[0]:g}, from {usual[1]:.4g} to {usual[2]:.4g}, not at "
            self._refuse(one, f"{text}{one.start:g}, from {one.low:g} to {one.high:g}")

    def _count(self, one: Known) -> None:
        self._as_formulas(one)
        count, factor = one.centre, one.width
        if factor == 1.0 and count.is_integer():
            self.kinds[one.name], self.args[one.name] = "gmN", f"{count:.0f}"
            usual = count, *count_range(count)
        elif abs(factor - 1.0 - count) < 1e-12 * factor:
            width = width_of(factor)
            self.kinds[one.name], self.args[one.name] = "gmM", repr(width)
            usual = 1.0, *gamma_range(width)
        else:
            text = f"{count:g} events where {factor:g} times it are expected; a card has gmN (whole numbers, times 1) "
            self._refuse(one, f"{text}and gmM (one event less than the factor)")
            return
        if one.types != frozenset((NormFactor,)):
            self._refuse(one, f"is a {self.kinds[one.name]} that multiplies no process by itself")
        if (one.start, one.low, one.high) != usual:
            text = f"starts at {usual[0]:g}, from {usual[1]:.4g} to {usual[2]:.4g}, not at {one.start:g}, from "
            self.told.lost(f'parameter "{one.name}"', f"{text}{one.low:g} to {one.high:g}")
            if one.fixed:
                self._refuse(one, f"is fixed at {one.start:g}; in a card it is fixed at {usual[0]:g}")


def _range(one: Known) -> str:
    return f"[{one.low!r},{one.high!r}]"


def width_of(rate: float) -> float:
    """Return the width whose inverse square is a number, to the last bit if there is one."""
    width = 1.0 / math.sqrt(rate)
    low = high = width
    for _ in range(8):
        for one in (low, high):
            if 1.0 / one**2 == rate:
                return one
        low, high = math.nextafter(low, 0.0), math.nextafter(high, math.inf)
    return width
