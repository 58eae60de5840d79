"""A description that is understood becomes a workspace: measurements, functions, data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wilks._types import JSONDict
from wilks.errors import WorkspaceError, listed
from wilks.formats.histfactory_xml.channels import Histograms, Made, make_channels
from wilks.formats.histfactory_xml.expected import at_start, needs_clip
from wilks.formats.histfactory_xml.functions import as_said_here, functions_in_use, terms_of
from wilks.formats.histfactory_xml.names import names_of
from wilks.formats.histfactory_xml.records import (
    Combination,
    ConstraintTerm,
    Function,
    HistoSys,
    Measurement,
    NormFactor,
    OverallSys,
)
from wilks.formats.histfactory_xml.settings import MeasurementSettings
from wilks.formats.notes import Note, Reading
from wilks.workspace.extensions import PYHF, WILKS, extensions
from wilks.workspace.pyhf_json import load_workspace
from wilks.workspace.workspace import Workspace


class Described:
    """A description that is understood, on its way to a workspace."""

    def __init__(self, found: Combination, chosen: Measurement, with_others: bool, notes: list[Note]) -> None:
        self.found, self.chosen, self.with_others, self.notes = found, chosen, with_others, notes
        self.problems: list[str] = []
        by_theory = {sample.by_theory for channel in found.channels for sample in channel.samples}
        idle = by_theory == {False} and self._lumi_is_idle(self._terms(chosen))
        self.names = names_of(found, notes, without_lumi=idle)

    def reading(self, histograms: Histograms) -> Reading:
        terms = self._terms(self.chosen)
        functions, effects = self._effects(terms)
        made = make_channels(
            self.found.channels,
            histograms,
            self.names,
            effects,
            idle_lumi=self._lumi_is_idle(terms),
            inverse_lumi=self._inverse_lumi(),
        )
        self.notes += made.notes
        self.problems += made.problems
        used, said = self._functions(made, functions)
        scalars = self._scalars(made, said)
        measurements: list[JSONDict] = []
        for one in self._alike(terms):
            settings = MeasurementSettings(one, self.names, made.gammas, self._terms(one), scalars, self.notes)
            measurements.append({"name": one.name, "config": settings.config(self.found, used)})
        if needs_clip(made.channels):
            for made_measurement in measurements:
                made_measurement["config"]["clip"] = True
            text = "yields that HistoSys would bring below 0 are 0, as in ROOT"
            self.notes.append(Note(self.chosen.where, text, "read as"))
        if self.problems:
            raise WorkspaceError(self.problems)
        document: JSONDict = {
            "channels": made.channels,
            "observations": self._observations(made, measurements[0]["config"], said),
            "measurements": measurements,
            "version": PYHF,
        }
        if said:
            document["functions"] = said
        if further := self._data_sets(made):
            document["data_sets"] = further
        document["version"] = WILKS if any(extensions(document)) else PYHF
        return Reading(Workspace(load_workspace(document).document, made.axes), tuple(self.notes))

    def _observations(self, made: Made, config: JSONDict, functions: list[JSONDict]) -> list[JSONDict]:
        """Return the observed counts; where a channel has none, those of all are what is expected at the start."""
        lacking = [channel["name"] for channel in made.channels if channel["name"] not in made.observed]
        if lacking and made.observed:
            where = next(channel.where for channel in self.found.channels if channel.name == lacking[0])
            raise WorkspaceError(
                f"{where}: no <Data> in channel {listed(lacking)}, but in {listed(made.observed)}; in all, or in none"
            )
        counts = at_start(made.channels, config, functions) if lacking else made.observed
        if lacking:
            text = f'no <Data>: what measurement "{self.chosen.name}" expects where it starts is taken, as in ROOT'
            self.notes.append(Note(self.found.channels[0].where, text, "read as"))
        return [{"name": channel["name"], "data": counts[channel["name"]]} for channel in made.channels]

    def _systematics(self, kind: type) -> set[str]:
        return {
            modifier.name
            for channel in self.found.channels
            for sample in channel.samples
            for modifier in sample.modifiers
            if isinstance(modifier, OverallSys | HistoSys) and isinstance(modifier, kind)
        }

    def _terms(self, measurement: Measurement) -> dict[str, ConstraintTerm]:
        return terms_of(measurement, self._systematics(OverallSys), self._systematics(HistoSys))

    def _alike(self, terms: dict[str, ConstraintTerm], *, told: bool = False) -> Iterator[Measurement]:
        """Yield the chosen measurement and those that a workspace can hold beside it, with a note unless `told`."""
        yield self.chosen
        for other in self.found.measurements if self.with_others else ():
            if other is self.chosen:
                continue
            if _structure(self._terms(other)) == _structure(terms):
                yield other
            elif not told:
                text = f'measurement "{other.name}" has ConstraintTerms that change the model; read it by its name'
                self.notes.append(Note(other.where, text, "lost"))

    def _lumi_is_idle(self, terms: dict[str, ConstraintTerm]) -> bool:
        """Return whether the luminosity is 1 in all measurements that are read, constant, and nothing else uses it."""
        return all(
            (one.lumi, one.lumi_relative_error) == (1.0, 0.0)
            and not any(setting.value is not None and "Lumi" in setting.names for setting in one.settings)
            and "Lumi" not in one.pois
            for one in self._alike(terms, told=True)
        ) and not any(name == "Lumi" for function in self.found.functions for name, _ in function.dependents)

    def _inverse_lumi(self) -> frozenset[str]:
        """Return the names of functions that are 1/Lumi, which this package writes."""
        return frozenset(
            function.name
            for function in self.found.functions
            if re.sub(r"\s", "", function.expression) == "1/Lumi"
            and [name for name, _ in function.dependents] == ["Lumi"]
        )

    def _effects(self, terms: dict[str, ConstraintTerm]) -> tuple[list[JSONDict], dict[str, str | None]]:
        """Return the functions that ConstraintTerms stand for, and what steers their systematics (None: dropped)."""
        functions: list[JSONDict] = []
        effects: dict[str, str | None] = {}
        for name, term in terms.items():
            here = self.names.alphas[name]
            function = f"alpha_{name}"
            if term.kind == "NoConstraint":
                text = (
                    f'OverallSys "{name}" is dropped by NoConstraint, as in ROOT; free would be the constraint "none"'
                )
                self.notes.append(Note(term.where, text, "read as"))
                effects[name] = None
            elif term.kind == "Gamma":
                functions.append(
                    {"name": function, "expression": f"(@0 - 1) / {term.relative!r}", "parameters": [f"beta_{name}"]}
                )
                effects[name] = function
            elif term.kind == "LogNormal":
                expression = f"({1.0 + term.relative!r} ^ @0 - 1) / {term.relative!r}"
                functions.append({"name": function, "expression": expression, "parameters": [here]})
                effects[name] = function
        return functions, effects

    def _functions(self, made: Made, more: list[JSONDict]) -> tuple[list[Function], list[JSONDict]]:
        """Return the description's functions that act, and all functions as a workspace says them."""
        inverse = self._inverse_lumi()
        factors = {
            modifier.name
            for channel in self.found.channels
            for sample in channel.samples
            for modifier in sample.modifiers
            if isinstance(modifier, NormFactor) and modifier.name not in inverse
        }
        used = functions_in_use(self.found.functions, factors)
        for function in self.found.functions:
            if function not in used and function.name not in inverse:
                text = f'function "{function.name}" is left out: no NormFactor has its name'
                self.notes.append(Note(function.where, text, "read as"))
        said: list[JSONDict | None] = []
        declared: set[str] = set()
        for function in self.found.functions:
            declared.update(name for name, range_ in function.dependents if range_ is not None)
            if function in used:
                said.append(as_said_here(function, self.names, declared, self.problems))
            declared.add(function.name)
        return used, [one for one in said if one is not None] + more

    def _scalars(self, made: Made, functions: list[JSONDict]) -> set[str]:
        """Return the scalar parameters of the model: those of modifiers that no function steers, and of functions."""
        steered = {function["name"] for function in functions}
        per_bin = ("staterror", "shapesys", "shapefactor")
        found = {
            modifier["name"]
            for channel in made.channels
            for sample in channel["samples"]
            for modifier in sample["modifiers"]
            if modifier["type"] not in per_bin
        }
        for function in functions:
            found.update(function.get("parameters", ()))
        for described in self.found.functions:
            if self.names.factors.get(described.name) in steered:
                found.update(here[0] for name, _ in described.dependents if (here := self.names.of_root(name)))
        return found - steered

    def _data_sets(self, made: Made) -> list[JSONDict]:
        further: list[JSONDict] = []
        for name, counts in made.further.items():
            if lacking := [c["name"] for c in made.channels if c["name"] not in counts]:
                text = f'data set "{name}" is left out: channel {listed(lacking)} has none of this name'
                self.notes.append(Note(self.found.channels[0].where, text, "lost"))
                continue
            observations = [{"name": c["name"], "data": counts[c["name"]]} for c in made.channels]
            further.append({"name": name, "observations": observations})
        return further


def _structure(terms: dict[str, ConstraintTerm]) -> dict[str, tuple[str, float]]:
    """Return what of ConstraintTerms changes modifiers or functions: a Uniform changes a setting only."""
    return {name: (term.kind, term.relative) for name, term in terms.items() if term.kind != "Uniform"}
