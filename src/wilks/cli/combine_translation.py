"""What Combine's options of one call mean for the command that has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wilks.cli import combine_names as names
from wilks.cli.combine_asked import tell
from wilks.cli.combine_parameters import Changes, number
from wilks.errors import InputError, listed, nearest

if TYPE_CHECKING:
    from wilks.model.model import Model


@dataclass
class Asked:
    """What the options of a call say: how cards are read, what changes in a workspace, and what data are made with.

    `signal` is the parameter of interest of Asimov data or toys; None where it is not said.
    """

    reading: dict[str, Any] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    signal: float | None = None
    asimov: bool = False
    told: bool = False

    def made_with(self, model: Model, values: dict[str, float]) -> dict[str, float]:
        """Return the values that data are made with: those of --expectSignal and --setParameters before the others."""
        found = {name: self.changes.starts[name] for name in self.changes.starts if name in model.parameter_names}
        if self.signal is not None and model.poi is not None:
            found[model.poi] = self.signal
        elif self.asimov and model.poi is not None and len(model.pois) == 1 and model.poi not in found:
            found[model.poi] = 0.0
            if model.poi not in values and not self.told:
                self.told = True
                tell(f"-t -1: data of the background alone, {model.poi} = 0, as in Combine; --expectSignal sets it")
        return found | values


class Translation:
    """Combine's options of one call, `given` by name, and the `parameters` of the command, which they may change."""

    def __init__(self, command: str, given: dict[str, list[str]], parameters: dict[str, Any]) -> None:
        self.command, self.given, self.parameters = command, given, parameters
        self.problems: list[str] = []
        self.found = Asked()

    def asked(self) -> Asked:
        """Return what they say. Raises InputError with every mistake."""
        self._answers()
        self._method()
        self._cards()
        self.found.changes = Changes.said(self.given, self.problems)
        mass = self.found.changes.mass
        if mass is not None and self.found.reading.setdefault("mass", mass) != mass:
            self.found.changes.starts["MH"] = mass  # -m is what is read, MH what formulas have then
        self._data()
        self._numbers()
        if self.problems:
            raise InputError(self.problems)
        return self.found

    def _last(self, name: str) -> str | None:
        return self.given[name][-1] if name in self.given else None

    def _answers(self) -> None:
        always = names.ALWAYS.get(self.command, {})
        for name in self.given:
            if name in always:
                tell(f"{name}: changes nothing here, {always[name]}")
                continue
            if (why := (names.NOT_NEEDED | names.NOT_NEEDED_FLAGS).get(name)) is not None:
                tell(f"{name}: changes nothing here, {why}")
            if (other := (names.ELSEWHERE | names.ELSEWHERE_FLAGS).get(name)) is not None:
                self.problems.append(f"{name}: leave it out; {other}")

    def _method(self) -> None:
        for name, known in (("--method", names.COMMANDS), ("--algo", names.ALGORITHMS)):
            text = self._last(name)
            if text is None or (name == "--method" and text in ("MultiDimFit",) and "--algo" in self.given):
                continue
            if text in names.MISSING:
                self.problems.append(f"{_typed(name)} {text}: {names.MISSING[text]}")
            elif text not in known:
                self.problems.append(
                    f"{_typed(name)} {text}: not known; there are {listed(known)}{nearest(text, known)}"
                )
            elif self.command in _COMPUTE and self.command not in known[text]:
                self.problems.append(f'{_typed(name)} {text}: is "wilks {known[text][0]}", not "wilks {self.command}"')

    def _cards(self) -> None:
        reading = self.found.reading
        if (mass := self._last("--mass")) is not None:
            value = number("-m", mass, self.problems)
            reading |= {} if value is None else {"mass": value}
        for name, option in (("--ic", "include"), ("--xc", "exclude")):
            reading |= {option: self.given[name]} if name in self.given else {}
        for name, option, on in (
            ("--X-allow-no-signal", "allow_no_signal", True),
            ("--X-allow-no-background", "allow_no_background", True),
            ("--X-no-check-norm", "check_sums", False),
            ("--combine-rounding", "combine_rounding", True),
        ):
            reading |= {option: on} if name in self.given else {}
        if "--keyword-value" in self.given:
            reading["keywords"] = self.given["--keyword-value"]
        self._models()
        for text in self.given.get("--PO", []):
            kind, equals, rest = text.partition("=")
            if kind in ("map", "turnoff") and equals:
                reading.setdefault("maps", []).append(text)
            elif kind == "modes" and equals:
                reading["modes"] = rest.split(",")
            elif kind != "verbose":
                self.problems.append(f'--PO {text}: not known here; there are "map=", "turnoff=" and "modes="')

    def _models(self) -> None:
        """Take what text2workspace.py calls -P, a physics model, from what combine calls so, a parameter."""
        every = self.given.get("--parameters", [])
        models = [text for text in every if ":" in text]
        for text in models:
            name = text.rpartition(":")[2]
            if name not in names.MODELS:
                known = f'there are {listed(names.MODELS)}, and "--PO map="'
                self.problems.append(f"-P {text}: this physics model is not known here; {known}")
            options = [option.partition("=")[0] for option in self.given.get("--PO", [])]
            needed = names.NEEDED.get(name)
            if needed is not None and not set(needed) & set(options):
                self.problems.append(
                    f'-P {text}: says what is scaled by --PO; give "--PO {needed[0]}={_PO[needed[0]]}"'
                )
        if models:
            self.given["--parameters"] = [text for text in every if text not in models]

    def _data(self) -> None:
        count, signal = self._last("--toys"), self._last("--expectSignal")
        if signal is not None:
            self.found.signal = number("--expectSignal", signal, self.problems)
            if count in (None, "0"):
                self.problems.append("--expectSignal: is for data that are made; give -t -1 with it")
        if (run := self._last("--run")) is not None:
            self._run(run)
        if count is not None:
            self._toys(count)

    def _run(self, run: str) -> None:
        if self.command != "limit":
            self.problems.append('--run: is for "wilks limit"')
        elif run == "blind":
            self.parameters["asimov"] = True
            self.found.signal = 0.0 if self.found.signal is None else self.found.signal
        elif run in ("both", "observed", "expected"):
            tell(f"--run {run}: changes nothing here, observed and expected limits are printed together")
        else:
            self.problems.append(f'--run {run}: not known; there are "blind", "both", "observed", "expected"')

    def _toys(self, text: str) -> None:
        count = number("-t", text, self.problems, whole=True)
        if count is None or count == 0:
            return
        if count < -1:
            self.problems.append(f"-t {text}: -1 (Asimov data) or a number of toys needed")
        elif count > 0 and self.command in _RANDOM:
            self.parameters[_RANDOM[self.command]] = int(count)
        elif count > 0:
            self.problems.append(f'-t {text}: "wilks toys --count {text}" fits random data sets')
        elif "asimov" in self.parameters:
            self.parameters["asimov"] = self.found.asimov = True
        else:
            self.problems.append(f'-t -1: "wilks {self.command}" takes no Asimov data')

    def _numbers(self) -> None:
        for name, own, whole in (
            ("--seed", "seed", True),
            ("--toysH", "toys", True),
            ("--singlePoint", "tested", False),
            ("--cl", "level", False),
        ):
            text = self._last(name)
            if text is None or (value := number(_typed(name), text, self.problems, whole=whole)) is None:
                continue
            many = f"{own}s" if own == "level" and "levels" in self.parameters else own
            if many not in self.parameters:
                self.problems.append(f'{_typed(name)}: "wilks {self.command}" has no use for it{_HINT.get(name, "")}')
            elif whole and value < 0:
                self.problems.append(f"{_typed(name)} {text}: a number that is not below 0 needed")
            else:
                one = int(value) if whole else value
                self.parameters[many] = (one,) if many in ("tested", "levels") else one


_PO = {"map": ".*/SIGNAL:r[1,0,20]", "modes": "ggH,qqH,VH,ttH"}
_COMPUTE = frozenset(command for found in (*names.COMMANDS.values(), *names.ALGORITHMS.values()) for command in found)
_RANDOM = {"toys": "count", "gof": "toys", "compatibility": "toys"}
_HINT = {"--singlePoint": '; "wilks hypotest" tests a value', "--toysH": "; --toys of limit, hypotest and significance"}


def _typed(name: str) -> str:
    """Return how an option is usually typed."""
    short = {"--method": "-M", "--toys": "-t", "--seed": "-s", "--toysH": "-T", "--mass": "-m"}
    return short.get(name, name)
