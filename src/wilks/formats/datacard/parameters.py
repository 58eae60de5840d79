"""Parameters of a card: starts, ranges and constraints, as settings of a workspace; and formulas of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from wilks._types import JSONDict
from wilks.errors import listed, nearest
from wilks.formats.datacard.factors import in_words_here
from wilks.formats.datacard.pois import Interest
from wilks.formats.datacard.records import Block, Card, Constr, RateParam, Row
from wilks.formats.datacard.steering import Steering
from wilks.formats.datacard.text import Problems
from wilks.formats.root_formulas import as_root_divides
from wilks.workspace.expressions import ExpressionError, parse_expression

WIDE = 40.0
"""End of the range of parameters that Combine's fits leave unbounded, in standard deviations."""
FREE = 1000.0
"""End of the range of a rateParam without one, in units of its start (at least 1)."""
_TINY = 1e-12


@dataclass
class Parameters:
    """Settings by name, with the kind of each for messages."""

    card: Card
    interest: Interest
    problems: Problems
    mass: float | None
    rounding: bool
    settings: dict[str, JSONDict] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    own: dict[str, JSONDict] = field(default_factory=dict)
    """The settings that the card itself gives."""
    densities: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Constraints that no setting says, by parameter: a name, and the negative logarithm of the density at @0."""

    def collect(self) -> None:
        """Gather the settings of all parameters of the card."""
        for name, (start, low, high) in self.interest.parameters.items():
            self._set(name, "POI", inits=[start], bounds=[[low, high]], constraint="none")
        for name, (start, low, high) in self.interest.free.items():
            self._set(name, "parameter of a map", inits=[start], bounds=[[low, high]], constraint="none")
        for row in self.card.rows:
            self._of_row(row)
        self._of_params()
        self._renamed()
        if self.mass is not None and "MH" not in self.settings and "MH" not in self.card.arguments:
            self._set("MH", "mass", inits=[self.mass], bounds=[[0.0, 2.0 * abs(self.mass) + 1.0]], constraint="none")
            self.settings["MH"]["fixed"] = True
        for argument in self.card.arguments.values():
            if argument.name not in self.settings:
                self._free(argument.name, "extArg", argument.value, argument.bounds)
                if argument.constant:
                    self.settings[argument.name]["fixed"] = True
        for rate in self._rates():
            if not rate.formula and rate.name not in self.settings:
                self._free(rate.name, "rateParam", rate.value, rate.bounds)
        self._several()
        for name in self.card.frozen:
            if name in self.settings:
                self.settings[name]["fixed"] = True

    def _renamed(self) -> None:
        """Give rateParams the new names of params that an edit renamed."""
        new = self.card.renamed
        self.card.rates = [
            replace(
                rate,
                name=new.get(rate.name, rate.name),
                arguments=tuple(new.get(name, name) for name in rate.arguments),
            )
            for rate in (self.card.rates if new else ())
        ] or self.card.rates

    def _rates(self) -> list[RateParam]:
        """Return the rateParams as Combine goes through them: those of the process that has the first of all, ..."""
        first: dict[Block, int] = {}
        for i, rate in enumerate(self.card.rates):
            first.setdefault(rate.block, i)
        return sorted(self.card.rates, key=lambda rate: first[rate.block])

    def _several(self) -> None:
        """Remark where lines of one rateParam differ: one with a value counts, and the first of these."""
        said: dict[str, RateParam] = {}
        for rate in sorted(self._rates(), key=lambda rate: bool(rate.formula)):
            first = said.setdefault(rate.name, rate)
            if (rate.value, rate.bounds, rate.formula, rate.arguments) != (
                first.value,
                first.bounds,
                first.formula,
                first.arguments,
            ):
                text = f'rateParam "{rate.name}" says something else at {first.where}, which counts, as in Combine'
                self.problems.remark(rate.where, text)
            elif (kind := self.kinds.get(rate.name, "rateParam")) != "rateParam" and rate is first:
                what = "param" if kind == "param" else f"{kind}, a parameter of this name,"
                text = f'"{rate.name}" starts where its {what} says, and has its range, as in Combine'
                self.problems.remark(rate.where, text)

    def _set(self, name: str, kind: str, **settings: object) -> None:
        self.settings[name] = {"name": name, **settings}
        self.kinds[name] = kind

    def _free(self, name: str, kind: str, value: float, bounds: tuple[float, float] | None) -> None:
        reach = FREE * max(1.0, abs(value))
        low, high = bounds or (-reach, reach)
        self._set(name, kind, inits=[value], bounds=[[low, high]], constraint="none")

    def _of_row(self, row: Row) -> None:
        kind = row.kind.rstrip("?*")
        kind = "lnU" if kind == "shapeU" else "lnN" if row.is_shape else kind
        args = row.args
        if kind == "gmM":
            args = (self._width(row),)
        known = self.kinds.get(row.name)
        said = f"{kind} {' '.join(f'{value:g}' for value in args)}".strip()
        if known is not None and known != said:
            text = f'"{row.name}" is {said} here and {known} elsewhere; one name is one parameter'
            self.problems.add(row.where, text)
            return
        match kind:
            case "lnN":
                self._normal(row.name, said, -WIDE, WIDE)
            case "trG":
                self._normal(row.name, said, *positive_range(_slopes(row)))
            case "lnU":
                self._set(row.name, said, inits=[0.0], bounds=[[-1.0, 1.0]], constraint="none")
            case "unif":
                middle = 0.5 * (args[0] + args[1])
                self._set(row.name, said, inits=[middle], bounds=[[args[0], args[1]]], constraint="none")
            case "gmN":
                self._count(row.name, said, args[0])
            case "gmM":
                self._gamma(row, said, args[0])
            case _:
                self._soft_box(row, said, args[0])

    def _normal(self, name: str, kind: str, low: float, high: float) -> None:
        self._set(name, kind, inits=[0.0], bounds=[[low, high]], constraint="normal", auxdata=[0.0], sigmas=[1.0])

    def _soft_box(self, row: Row, kind: str, steepness: float) -> None:
        """Add a parameter between -1 and 1 with soft walls (dFD), which fall off exponentially."""
        if steepness <= 0:
            self.problems.add(row.where, f'"{row.name}": {kind} found, walls need a steepness above 0')
            return
        low, high = positive_range(_slopes(row), 1.0 + 8.0 / steepness)
        self._set(row.name, kind, inits=[0.0], bounds=[[low, high]], constraint="none")
        walls = f"log(1 + exp({steepness!r} * (@0 - 1))) + log(1 + exp(-{steepness!r} * (@0 + 1)))"
        self.densities[row.name] = f"{row.name}_walls", walls

    def _count(self, name: str, kind: str, count: float) -> None:
        low, high = count_range(count)
        self._set(
            name,
            kind,
            inits=[count],
            bounds=[[low, high]],
            constraint="poisson",
            auxdata=[count],
            factors=[1.0],
        )

    def _width(self, row: Row) -> float:
        values = {value for value in row.entries.values() if value != 0}
        if len(values) != 1 or any(isinstance(value, tuple) for value in values):
            self.problems.add(
                row.where, f'"{row.name}": gmM has one width for all columns, found {sorted(map(str, values))}'
            )
        first = next(iter(values), 1.0)
        return first if isinstance(first, float) else 1.0

    def _gamma(self, row: Row, kind: str, width: float) -> None:
        rate = 1.0 / width**2
        bounds = [[*gamma_range(width)]]
        if width > 1:  # no counting experiment: the density rises towards 0
            self._set(row.name, kind, inits=[1.0], bounds=bounds, constraint="none")
            self.densities[row.name] = f"{row.name}_density", f"{rate!r} * @0 - {rate - 1.0!r} * log(@0)"
            return
        self._set(
            row.name, kind, inits=[1.0], bounds=bounds, constraint="poisson", auxdata=[rate - 1.0], factors=[rate]
        )

    def _of_params(self) -> None:
        for param in self.card.params.values():
            mean, lower, upper = param.mean, param.lower, param.upper
            low, high = param.bounds or (mean - 4.0 * lower, mean + 4.0 * upper)
            if self.rounding and param.bounds is None:
                low, high = float(f"{low:g}"), float(f"{high:g}")
            known = self.kinds.get(param.name)
            if known is not None and not (known == "lnN" and (mean, lower, upper) == (0.0, 1.0, 1.0)):
                text = f'param "{param.name}" is {known} elsewhere; one name is one parameter'
                self.problems.add(param.where, text)
                continue
            if not low <= mean <= high:
                self.problems.add(param.where, f'"{param.name}" starts at {mean:g}, outside of {low:g} to {high:g}')
                continue
            widths = {"sigmas": [upper]} | ({"lower_sigmas": [lower]} if lower != upper else {})
            bounds = [[-WIDE, WIDE]] if known is not None and param.bounds is None else [[low, high]]
            self._set(param.name, "param", inits=[mean], bounds=bounds, constraint="normal", auxdata=[mean], **widths)

    def formulas(self, steering: Steering) -> None:
        """Add the formulas of rateParams that are no parameters."""
        found = {rate.name: rate for rate in reversed(self._rates()) if rate.formula and rate.name not in self.settings}
        for name, said in self.interest.formulas.items():
            if name in self.settings or name in found:
                kind = self.kinds.get(name, "rateParam")
                self.problems.add(said.where, f'"{name}" is a {kind} already; the formula needs another name')
            found.setdefault(name, said)
        for name, (density, expression) in self.densities.items():
            steering.penalty(density, expression, [name])
        for constr in self.card.constraints.values():
            self._constrain(constr, {*self.settings, *found}, steering)
        self._cycles(found)
        for rate in reversed(found.values()):
            read = self._expression(rate, {*self.settings, *found})
            if read is not None:
                steering.formula(rate.name, read, rate.arguments)

    def _expression(self, of: RateParam | Constr, names: set[str]) -> str | None:
        """Return a formula with ROOT's meaning, in the words used here; None, and a mistake, where it has none."""
        expression, formula = in_words_here(of.formula), f'formula of "{of.name}"'
        for name in (name for name in of.arguments if name not in names):
            what = "; the mass needs -m (mass=...)" if name == "MH" else nearest(name, names)
            self.problems.add(of.where, f'{formula}: no parameter or formula "{name}"{what}')
        try:
            used = parse_expression(expression, of.arguments).names
            divided = as_root_divides(expression, of.arguments)
        except (ExpressionError, ZeroDivisionError) as error:
            what = str(error) if isinstance(error, ExpressionError) else "a whole number is divided by 0"
            self.problems.add(of.where, f"{formula}: {what}")
            return None
        if divided is not None:
            text = f'whole numbers are divided as in ROOT (1/2 is 0, 1./2 a half): read as "{divided}"'
            self.problems.remark(of.where, f"{formula}: {text}")
        unknown = [name for name in used if name not in of.arguments]
        if unknown:
            text = f'{formula}: "{unknown[0]}" is not in its list of arguments'
            self.problems.add(of.where, f"{text}{nearest(unknown[0], of.arguments)}")
        return (divided or expression).replace(" ", "")

    def _constrain(self, constr: Constr, names: set[str], steering: Steering) -> None:
        """Add the normal constraint of a formula."""
        expression = self._expression(constr, names)
        width, arguments = constr.width, list(constr.arguments)
        if isinstance(width, str):
            if width not in names:
                text = f'width of "{constr.name}": no parameter or formula "{width}"{nearest(width, names)}'
                self.problems.add(constr.where, text)
            arguments += [width] if width not in arguments else []
            width = f"@{arguments.index(width)}"
        if expression is not None:
            steering.penalty(constr.name, f"0.5 * (({expression}) / {width}) ^ 2", arguments)

    def _cycles(self, formulas: Mapping[str, RateParam]) -> None:
        """Tell which formulas need themselves, or one that does."""
        left = dict(formulas)
        while ready := [name for name, rate in left.items() if not set(rate.arguments) & set(left)]:
            for name in ready:
                del left[name]
        for name, rate in left.items():
            needed = [argument for argument in rate.arguments if argument in left]
            text = f'formula of "{name}" needs itself, by way of {listed(needed)}'
            self.problems.add(rate.where, text if needed != [name] else f'formula of "{name}" needs itself')

    def adjust(
        self, ranges: Mapping[str, tuple[float, float]], starts: Mapping[str, float], freeze: Mapping[str, None]
    ) -> None:
        """Apply what the caller says of parameters: ranges, starts, and which are constant; `own` stays as it was."""
        self.own = {name: dict(setting) for name, setting in self.settings.items()}
        for name in (*ranges, *starts, *freeze):
            if name not in self.settings:
                self.problems.add("parameters", f'no parameter "{name}"{nearest(name, self.settings)}')
        for name, (low, high) in ranges.items():
            if name in self.settings and low <= high and math.isfinite(low) and math.isfinite(high):
                setting = self.settings[name]
                setting["bounds"] = [[low, high]]
                setting["inits"] = [min(max(setting["inits"][0], low), high)]
            elif name in self.settings:
                self.problems.add("parameters", f'range of "{name}" from {low:g} to {high:g}, low and high needed')
        for name, value in starts.items():
            if name in self.settings:
                low, high = self.settings[name]["bounds"][0]
                if not low <= value <= high:
                    self.problems.add(
                        "parameters", f'"{name}" can\'t start at {value:g}: its range is {low:g} to {high:g}'
                    )
                self.settings[name]["inits"] = [value]
        for name in freeze:
            if name in self.settings:
                self.settings[name]["fixed"] = True


def _slopes(row: Row) -> list[float]:
    return [value for value in row.entries.values() if not isinstance(value, tuple)]


def positive_range(slopes: Iterable[float], reach: float = 7.0) -> tuple[float, float]:
    """Return the range, within `reach` of 0, where factors 1 + slope * x are positive (7 for a truncated normal)."""
    low, high = -reach, reach
    for slope in slopes:
        if slope > 0:
            low = max(low, -1.0 / slope)
        elif slope < 0:
            high = min(high, -1.0 / slope)
    return low, high


def gamma_range(width: float) -> tuple[float, float]:
    """Return the range of a gmM of a width."""
    return max(0.01, 1.0 - 5.0 * width), 1.0 + 5.0 * width


def count_range(count: float) -> tuple[float, float]:
    """Return the means for which Combine thinks `count` events possible: with a probability above 1e-12.

    >>> low, high = count_range(4)
    >>> round(low, 4), round(high, 2)
    (0.002, 44.58)
    """
    low, high = count + 1.0 if count else 0.0, count + 1.0
    while low > 0 and _poisson(count, low) > _TINY:
        low *= 0.8
    while _poisson(count, high) > _TINY:
        high *= 1.2
    return low, high


def _poisson(count: float, mean: float) -> float:
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1.0)) if mean > 0 else float(count == 0)
