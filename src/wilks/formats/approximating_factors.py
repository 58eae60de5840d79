"""Functions and factors with constraints as plain pyhf has them: normsys, and factors that are free."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from wilks._types import JSONDict
from wilks.formats.approximating import Approximator, floats, norm_at, yields_at
from wilks.workspace.evaluation import evaluated
from wilks.workspace.expressions import parse_expression

_ZERO = 1e-9
_FACTORS = ("normfactor", "lumi")


@dataclass(frozen=True)
class Point:
    """A constrained parameter: its centre, and where it is one standard deviation below and above."""

    centre: float
    low: float
    high: float


def approximate_factors(made: Approximator, *, functions: bool, constraints: bool) -> None:
    """Replace functions by what they do at -1 and +1 standard deviations, and factors with a constraint by normsys."""
    work = _Factors(made)
    if functions and made.document.get("functions"):
        work.functions()
    if constraints:
        work.constraints()


class _Factors:
    """Values of parameters and functions of a document."""

    def __init__(self, made: Approximator) -> None:
        self.made = made
        self.said: dict[str, JSONDict] = {}
        self.factors: dict[str, JSONDict] = {}
        for config in reversed(made.configs()):
            self.said |= {one["name"]: one for one in config["parameters"]}
        self.types: dict[str, set[str]] = {}
        for _, _, modifier in made.modifiers():
            self.types.setdefault(modifier["name"], set()).add(modifier["type"])
        self.expressions = {
            one["name"]: parse_expression(one["expression"], one.get("parameters"))
            for one in made.document.get("functions") or ()
        }

    def point(self, name: str) -> Point | None:
        """Return where a constrained parameter is, None for a free one."""
        one = self.said.get(name, {})
        acts = self.types.get(name, set()) & {"normsys", "histosys"}
        kind = one.get("constraint") or ("normal" if acts or "lumi" in self.types.get(name, ()) else "none")
        if kind == "none":
            return None
        if kind == "poisson":
            return _counted(float((one.get("auxdata") or one["factors"])[0]), float(one["factors"][0]))
        centre, width = float(one.get("auxdata", [0.0])[0]), float(one.get("sigmas", [1.0])[0])
        return Point(centre, centre - float(one.get("lower_sigmas", [width])[0]), centre + width)

    def fixed(self, name: str) -> float | None:
        """Return the value of a parameter that is fixed."""
        one = self.said.get(name, {})
        point = self.point(name)
        return (
            float(one.get("inits", [1.0 if point is None else point.centre])[0]) if one.get("fixed") is True else None
        )

    def parameters_of(self, name: str) -> list[str]:
        """Return the parameters that a function needs, those of functions in it too."""
        found: list[str] = []
        for one in self.expressions[name].names:
            found += self.parameters_of(one) if one in self.expressions else [one]
        return list(dict.fromkeys(found))

    def value(self, name: str, values: Mapping[str, float]) -> float:
        """Return the value of a function."""
        expression = self.expressions[name]
        there = {one: self.value(one, values) if one in self.expressions else values[one] for one in expression.names}
        return float(evaluated(expression, there))

    def functions(self) -> None:
        """Replace all functions."""
        for channel, sample, modifier in self.made.modifiers():
            name = modifier["name"]
            if name not in self.expressions:
                continue
            where = f'function "{name}" ({modifier["type"]} of "{sample["name"]}" in "{channel["name"]}")'
            text = self._function(sample, modifier)
            if text is not None:
                self.made.problems.append(f"no approximation for {where}: {text}")
        for one in self.made.document.pop("functions", None) or ():
            if one.get("penalty"):
                text = "it adds to the likelihood what no constraint of a parameter does"
                self.made.problems.append(f'no approximation for penalty "{one["name"]}": {text}')
        for name, said in self.factors.items():
            self.made.drop_settings(name)
            for config in self.made.configs():
                config["parameters"].append({"name": name, **said})
        used = {m["name"] for _, _, m in self.made.modifiers()}
        for name in list(self.said):
            if name not in used:
                self.made.drop_settings(name)

    def _function(self, sample: JSONDict, modifier: JSONDict) -> str | None:
        """Replace what steers a modifier; return why it can't be."""
        name = modifier["name"]
        needed = self.parameters_of(name)
        constants = {one: value for one in needed if (value := self.fixed(one)) is not None}
        points = {one: point for one in needed if one not in constants and (point := self.point(one)) is not None}
        free = [one for one in needed if one not in constants and one not in points]
        centre = constants | {one: point.centre for one, point in points.items()}
        if free:
            return self._factor_itself(sample, modifier, free, centre) and self._product(sample, modifier, free, centre)
        sample["modifiers"].remove(modifier)
        base = self.value(name, centre)
        if modifier["type"] == "normfactor":
            return self._factor(sample, name, points, centre, base)
        if len(points) != 1 or abs(base) > _ZERO:
            return "it steers a systematic, and isn't 0 at the centre of one constrained parameter"
        ((parameter, point),) = points.items()
        low, high = (self.value(name, centre | {parameter: end}) for end in (point.low, point.high))
        data, logs = modifier["data"], bool((sample.get("morphing") or {}).get("logarithms"))
        if modifier["type"] == "normsys":
            numbers = [norm_at(x, data["lo"], data["hi"], modifier.get("interpolation")) for x in (low, high)]
            _put_norm(sample, parameter, *numbers)
        else:
            nominal = floats(sample["data"])
            sides = [yields_at(x, nominal, floats(data["lo_data"]), floats(data["hi_data"]), logs) for x in (low, high)]
            _put_shape(sample, parameter, nominal, *sides)
        text = "a function of it that steers systematics becomes its value at -1 and +1 standard deviations"
        text += f" ({low:g}, {high:g})"
        self.made.replace("functions", parameter, text)
        self._standard(parameter, point)
        return None

    def _factor(
        self, sample: JSONDict, name: str, points: Mapping[str, Point], centre: Mapping[str, float], base: float
    ) -> str | None:
        if not base > 0:
            return f"its value at the centre of its parameters is {base:g}, one above 0 needed"
        numbers = {
            parameter: [self.value(name, {**centre, parameter: end}) / base for end in (point.low, point.high)]
            for parameter, point in points.items()
        }
        for parameter, (low, high) in numbers.items():
            if not (low > 0 and high > 0):
                return f'it is not above 0 one standard deviation of "{parameter}" from its centre'
        _scale(sample, base)
        for parameter, (low, high) in numbers.items():
            _put_norm(sample, parameter, low, high)
            self.made.replace("functions", parameter, "a factor that is a function of it becomes a normsys")
            self._standard(parameter, points[parameter])
        if not numbers:
            self.made.exact(f'function "{name}"', f"is the constant {base:g}, and in the yields")
        return None

    def _factor_itself(
        self, sample: JSONDict, modifier: JSONDict, free: list[str], others: Mapping[str, float]
    ) -> str | None:
        """Make a function of a free parameter that does nothing else a free factor, exactly; else say why not."""
        name, parameter = modifier["name"], free[0]
        users = [one for one in self.expressions if parameter in self.parameters_of(one)]
        varied = [one for one in self.parameters_of(name) if self.fixed(one) is None]
        if modifier["type"] != "normfactor" or varied != [parameter] or users != [name] or parameter in self.types:
            return "it is not the only thing that its one parameter does"
        said = self.said.get(parameter, {})
        low, high = (said.get("bounds") or [[0.0, 10.0]])[0]
        points = [low + (high - low) * i / 20 for i in range(21)]
        values = [self.value(name, {**others, parameter: x}) for x in points]
        steps = [after - before for before, after in pairwise(values)]
        if not (all(step > 0 for step in steps) or all(step < 0 for step in steps)) or not min(values) >= 0:
            return "it doesn't rise or fall all the way"
        sample["modifiers"][sample["modifiers"].index(modifier)] = {
            "type": "normfactor",
            "name": parameter,
            "data": None,
        }
        start = self.value(name, {**others, parameter: float(said.get("inits", [1.0])[0])})
        self.factors[parameter] = {"inits": [start], "bounds": [sorted((values[0], values[-1]))]}
        self.made.exact(
            f'parameter "{parameter}"', f'is the factor itself, "{name}", of which it is the only parameter'
        )
        return None

    def _product(
        self, sample: JSONDict, modifier: JSONDict, free: list[str], others: Mapping[str, float]
    ) -> str | None:
        """Write a product of free factors as several of them, which is exact."""
        name = modifier["name"]
        there = {m["name"] for m in sample["modifiers"] if m["type"] == "normfactor"}
        expression = self.expressions[name]
        simple = all(step.operation in ("name", "*", "number") for step in expression.steps)
        used = [step.name for step in expression.steps if step.operation == "name"]
        if modifier["type"] != "normfactor" or not simple or len(set(used)) < len(used) or set(used) & there or others:
            return f'it is no product of different factors, and "{free[0]}" has no constraint'
        at = sample["modifiers"].index(modifier)
        sample["modifiers"][at : at + 1] = [{"type": "normfactor", "name": one, "data": None} for one in used]
        _scale(sample, math.prod(step.number for step in expression.steps if step.operation == "number"))
        self.made.exact(f'function "{name}"', "is a product, and its factors are written one by one")
        return None

    def constraints(self) -> None:
        """Replace constraints that plain pyhf doesn't have."""
        for name, one in self.said.items():
            types = self.types.get(name, set())
            if not types or name in self.expressions:
                continue
            if self.fixed(name) is not None and types <= {"normfactor"} and one.get("constraint") not in (None, "none"):
                value = self.fixed(name)
                self.made.drop_settings(name, "constraint", "auxdata", "sigmas", "lower_sigmas", "factors", "inits")
                for setting in self.made.settings(name):
                    setting["inits"] = [value]
                self.made.exact(f'parameter "{name}"', "is fixed, and has no constraint")
                continue
            point = self.point(name)
            if types & {"normsys", "histosys"}:
                self._systematic(name, point)
            elif types <= {"normfactor"} and point is not None:
                self._normfactor(name, point)
            elif point is None:
                self.made.drop_settings(name, "constraint")

    def _systematic(self, name: str, point: Point | None) -> None:
        """Give a systematic the constraint that pyhf gives it."""
        if point is None:
            return self._free(name)
        if (point.centre, point.low, point.high) == (0.0, -1.0, 1.0):
            return None
        if point.centre != 0.0:
            self.made.problems.append(f'no approximation for the constraint of "{name}", whose centre is not 0')
            return None
        for _, sample, modifier in self.made.modifiers():
            if modifier["name"] == name and modifier["type"] in ("normsys", "histosys"):
                sample["modifiers"].remove(modifier)
                data, nominal = modifier["data"], floats(sample["data"])
                if modifier["type"] == "normsys":
                    code = modifier.get("interpolation")
                    _put_norm(
                        sample, name, *(norm_at(x, data["lo"], data["hi"], code) for x in (point.low, point.high))
                    )
                else:
                    logs = bool((sample.get("morphing") or {}).get("logarithms"))
                    low, high = floats(data["lo_data"]), floats(data["hi_data"])
                    _put_shape(
                        sample,
                        name,
                        nominal,
                        *(yields_at(x, nominal, low, high, logs) for x in (point.low, point.high)),
                    )
        text = "widths of its constraint that are not 1 go into its variations at -1 and +1 standard deviations"
        self.made.replace("constraints", name, text)
        self._standard(name, point)
        return None

    def _free(self, name: str) -> None:
        """A systematic that is free is a factor, if it does the same everywhere."""
        uses = [(s, m) for _, s, m in self.made.modifiers() if m["name"] == name]
        kinds = {(m["type"], str(m["data"]), m.get("interpolation")) for _, m in uses}
        low, high = ((self.said[name].get("bounds") or [[-5.0, 5.0]])[0]) if name in self.said else (-5.0, 5.0)
        start = float(self.said[name].get("inits", [0.0])[0])
        if len(kinds) > 1 or uses[0][1]["type"] != "normsys":
            self.made.problems.append(
                f'no approximation for "{name}", a systematic without constraint that does different things'
            )
            return
        data, code = uses[0][1]["data"], uses[0][1].get("interpolation")
        values = [norm_at(x, data["lo"], data["hi"], code) for x in (start, low, high)]
        if not min(values) > 0 or not (values[0] - values[1]) * (values[2] - values[0]) >= 0:
            self.made.problems.append(f'no approximation for "{name}": its factors don\'t rise or fall all the way')
            return
        for _, modifier in uses:
            modifier.pop("interpolation", None)
            modifier |= {"type": "normfactor", "data": None}
        self.made.drop_settings(name, "constraint")
        for one in self.made.settings(name):
            one |= {"inits": [values[0]], "bounds": [sorted(values[1:])]}
        self.made.exact(
            f'parameter "{name}"', "is the factor itself, not the power of one: a systematic without constraint"
        )

    def _normfactor(self, name: str, point: Point) -> None:
        uses = [(c, s, m) for c, s, m in self.made.modifiers() if m["name"] == name]
        one = self.said[name]
        if one.get("constraint") == "poisson" and len(uses) == 1 and len(uses[0][1]["data"]) == 1 and point.centre > 0:
            return self._count(name, uses[0][1], uses[0][2], point.centre, float(one["factors"][0]))
        if not (point.centre > 0 and point.low > 0):
            text = "a factor one standard deviation below it is not above 0"
            self.made.problems.append(
                f'no approximation for the constraint of "{name}", centre {point.centre:g}: {text}'
            )
            return None
        low, high = point.low / point.centre, point.high / point.centre
        for _, sample, modifier in uses:
            sample["modifiers"].remove(modifier)
            _scale(sample, point.centre)
            _put_norm(sample, name, low, high)
        kind = "Poisson" if one.get("constraint") == "poisson" else "normal"
        self.made.replace(
            "constraints", name, f"a factor with a {kind} constraint becomes a normsys ({low:.4g}, {high:.4g})"
        )
        self._standard(name, point)
        return None

    def _count(self, name: str, sample: JSONDict, modifier: JSONDict, centre: float, rate: float) -> None:
        """Write a factor with a Poisson constraint on one bin as a shapesys, which is exact."""
        _scale(sample, centre)
        modifier |= {"type": "shapesys", "data": [float(sample["data"][0]) / math.sqrt(centre * rate)]}
        self.made.drop_settings(name)
        self.made.exact(f'parameter "{name}"', "is a shapesys of one bin, in units of its centre")

    def _standard(self, name: str, point: Point) -> None:
        """Say of a parameter that it is a standard normal one now."""
        for one in self.made.settings(name):
            bounds = one.get("bounds")
            for key in ("constraint", "auxdata", "sigmas", "lower_sigmas", "factors", "inits", "bounds"):
                one.pop(key, None)
            if bounds is not None:
                below, above = point.centre - point.low, point.high - point.centre
                low, high = ((end - point.centre) / (below if end < point.centre else above) for end in bounds[0])
                one["bounds"] = [[min(low, -5.0) if low > -5 else low, max(high, 5.0) if high < 5 else high]]
        self.made.drop_settings(name, "constraint")
        self.said[name] = {"name": name}
        self.types.setdefault(name, set()).add("normsys")


def _counted(count: float, rate: float) -> Point:
    """Return where a Poisson constraint is highest, and where it is one standard deviation lower (2NLL higher by 1)."""
    centre = count / rate
    if count == 0:
        return Point(0.0, 0.0, 0.5 / rate)

    def rise(mean: float) -> float:
        return 2.0 * (mean - count - count * math.log(mean / count)) - 1.0

    ends = []
    for inside, outside in ((count, count * 1e-6), (count, count + 5.0 * math.sqrt(count) + 5.0)):
        for _ in range(100):
            middle = 0.5 * (inside + outside)
            inside, outside = (middle, outside) if rise(middle) < 0 else (inside, middle)
        ends.append(inside / rate)
    return Point(centre, ends[0], ends[1])


def _scale(sample: JSONDict, by: float) -> None:
    """Multiply all yields of a sample."""
    if by == 1.0:
        return
    sample["data"] = (floats(sample["data"]) * by).tolist()
    for modifier in sample["modifiers"]:
        if modifier["type"] == "histosys":
            modifier["data"] = {key: (floats(side) * by).tolist() for key, side in modifier["data"].items()}
        elif modifier["type"] in ("staterror", "shapesys"):
            modifier["data"] = (floats(modifier["data"]) * by).tolist()
    if (sample.get("morphing") or {}).get("floor") is not None:
        sample["morphing"]["floor"] *= by


def _put_norm(sample: JSONDict, name: str, low: float, high: float) -> None:
    """Add a normsys, or multiply one that is there."""
    for modifier in sample["modifiers"]:
        if modifier["type"] == "normsys" and modifier["name"] == name:
            modifier["data"] = {"lo": modifier["data"]["lo"] * low, "hi": modifier["data"]["hi"] * high}
            return
    sample["modifiers"].append({"type": "normsys", "name": name, "data": {"lo": low, "hi": high}})


def _put_shape(sample: JSONDict, name: str, nominal: object, low: object, high: object) -> None:
    """Add a histosys, or its shifts to one that is there."""
    sides = dict(zip(("lo_data", "hi_data"), (floats(low), floats(high)), strict=True))
    for modifier in sample["modifiers"]:
        if modifier["type"] == "histosys" and modifier["name"] == name:
            before = modifier["data"]
            modifier["data"] = {
                key: (floats(before[key]) + side - floats(nominal)).tolist() for key, side in sides.items()
            }
            return
    data = {key: side.tolist() for key, side in sides.items()}
    sample["modifiers"].append({"type": "histosys", "name": name, "data": data})
