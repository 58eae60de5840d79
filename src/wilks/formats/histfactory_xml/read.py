"""HistFactory descriptions (XML with ROOT files) are read as ROOT reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wilks._reading import read_file
from wilks._types import JSONDict
from wilks.errors import WorkspaceError, listed, nearest, nearest_file
from wilks.formats.histfactory_xml.channels import Made, look_up, make_channels
from wilks.formats.histfactory_xml.folders import read_channels
from wilks.formats.histfactory_xml.functions import as_said_here, functions_in_use, terms_of
from wilks.formats.histfactory_xml.grammar import Checked
from wilks.formats.histfactory_xml.names import Names, names_of
from wilks.formats.histfactory_xml.parse import combination
from wilks.formats.histfactory_xml.records import (
    Combination,
    ConstraintTerm,
    Function,
    Measurement,
    NormFactor,
    OverallSys,
)
from wilks.formats.histfactory_xml.settings import MeasurementSettings
from wilks.formats.notes import Note, Reading
from wilks.formats.root_files import RootFiles
from wilks.formats.xml_tree import parse_xml
from wilks.workspace.extensions import PYHF, WILKS, extensions
from wilks.workspace.pyhf_json import load_workspace
from wilks.workspace.workspace import Workspace


def read(
    source: str | Path | bytes,
    *,
    base: str | Path | None = None,
    measurement: str | None = None,
    as_pyhf: bool = False,
) -> Reading:
    """Return the workspace of a HistFactory description, its top file given as a path or as bytes.

    `base` is the folder from which paths in it are meant; without it the first of the top file's folder, three around it
    and the current one in which all files are. `measurement` names the measurement to read; without it the first, with
    all others that have the same modifiers. `as_pyhf` reads files that were made for pyhf's reading, as pyhf does.

    Numbers are ROOT's (6.40): the luminosity multiplies every sample, statistical uncertainties have Poisson constraints
    and a threshold of 5 % unless told otherwise, ShapeSys are normal. Raises one WorkspaceError with every mistake.
    """
    name = str(source) if isinstance(source, str | Path) else "description"
    top = Path(source) if isinstance(source, str | Path) else None
    content = _content(top) if top is not None else bytes(source)  # type: ignore[arg-type]
    root = parse_xml(content, name)
    if root.tag != "Combination":
        what = (
            "this is the file of one channel; read the top file that names it"
            if root.tag == "Channel"
            else "a top file begins with <Combination>"
        )
        raise WorkspaceError(f"{name}:{root.line}: <{root.tag}> found; {what}")
    checked = Checked(name)
    found = combination(root, checked)
    notes: list[Note] = []
    problems = checked.problems
    found, folder = read_channels(top, found, base, notes, problems)
    chosen = _chosen(found, measurement, name, problems)
    if as_pyhf:
        from wilks.formats.histfactory_xml.as_pyhf import read_as_pyhf

        return read_as_pyhf(found, folder, measurement, notes, problems)
    with RootFiles() as files:
        histograms = look_up(found.channels, folder, files)
        problems += files.problems()
        notes += [Note(*remark.split(": ", 1), "read as") for remark in files.remarks]
    if problems or chosen is None:
        raise WorkspaceError(problems)
    return _Read(found, chosen, measurement is None, notes).reading(histograms)


def _content(top: Path) -> bytes:
    try:
        return read_file(top)
    except FileNotFoundError:
        names = [entry.name for entry in top.parent.iterdir()] if top.parent.is_dir() else []
        raise WorkspaceError(f"{top}: no such file{nearest_file(top.name, names)}") from None
    except IsADirectoryError:
        raise WorkspaceError(f"{top}: is a folder, not a file") from None
    except OSError as error:
        raise WorkspaceError(f"{top}: can't be read ({error.strerror})") from None


def _chosen(found: Combination, wanted: str | None, name: str, problems: list[str]) -> Measurement | None:
    names = [measurement.name for measurement in found.measurements]
    if wanted is None:
        return found.measurements[0] if names else None
    if wanted not in names:
        problems.append(f'{name}: no measurement "{wanted}"; there are {listed(names)}{nearest(wanted, names)}')
        return None
    return found.measurements[names.index(wanted)]


class _Read:
    """A description that is understood, on its way to a workspace."""

    def __init__(self, found: Combination, chosen: Measurement, with_others: bool, notes: list[Note]) -> None:
        self.found, self.chosen, self.with_others, self.notes = found, chosen, with_others, notes
        self.problems: list[str] = []
        self.names = names_of(found, notes)

    def reading(self, histograms: object) -> Reading:
        terms = terms_of(self.chosen, self._overall())
        functions, effects = self._effects(terms)
        made = make_channels(self.found.channels, histograms, self.names, effects)  # type: ignore[arg-type]
        self.notes += made.notes
        self.problems += made.problems
        used, said = self._functions(made, functions)
        scalars = self._scalars(made, said)
        measurements = [
            {
                "name": one.name,
                "config": MeasurementSettings(
                    one, self.names, made.gammas, terms_of(one, self._overall()), scalars, self.notes
                ).config(self.found, used),
            }
            for one in self._alike(terms)
        ]
        if self.problems:
            raise WorkspaceError(self.problems)
        document: JSONDict = {
            "channels": made.channels,
            "observations": [{"name": c["name"], "data": made.observed[c["name"]]} for c in made.channels],
            "measurements": measurements,
            "version": PYHF,
        }
        if said:
            document["functions"] = said
        if further := self._data_sets(made):
            document["data_sets"] = further
        document["version"] = WILKS if any(extensions(document)) else PYHF
        return Reading(Workspace(load_workspace(document).document, made.axes), tuple(self.notes))

    def _overall(self) -> dict[str, str]:
        return {
            modifier.name: modifier.where
            for channel in self.found.channels
            for sample in channel.samples
            for modifier in sample.modifiers
            if isinstance(modifier, OverallSys)
        }

    def _alike(self, terms: dict[str, ConstraintTerm]) -> Iterator[Measurement]:
        """Yield the chosen measurement and those that a workspace can hold beside it."""
        yield self.chosen
        for other in self.found.measurements if self.with_others else ():
            if other is self.chosen:
                continue
            if _structure(terms_of(other, self._overall())) == _structure(terms):
                yield other
            else:
                text = f'measurement "{other.name}" has ConstraintTerms that change the model; read it by its name'
                self.notes.append(Note(other.where, text, "lost"))

    def _effects(self, terms: dict[str, ConstraintTerm]) -> tuple[list[JSONDict], dict[str, str | None]]:
        """Return the functions that ConstraintTerms stand for, and what steers their systematics (None: dropped)."""
        functions: list[JSONDict] = []
        effects: dict[str, str | None] = {}
        for name, term in terms.items():
            here = self.names.alphas[name]
            function = f"alpha_{name}"
            if term.kind == "NoConstraint":
                text = f'OverallSys "{name}" is dropped, as ROOT does with NoConstraint; a free one has the constraint "none"'
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
        factors = {
            modifier.name
            for channel in self.found.channels
            for sample in channel.samples
            for modifier in sample.modifiers
            if isinstance(modifier, NormFactor)
        }
        used = functions_in_use(self.found.functions, factors)
        for function in self.found.functions:
            if function not in used:
                text = f'function "{function.name}" is left out: no NormFactor has its name'
                self.notes.append(Note(function.where, text, "read as"))
        said = [as_said_here(function, self.names, self.problems) for function in used]
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
        for function in self.found.functions:
            if self.names.factors.get(function.name) in steered:
                found.update(here[0] for name, _ in function.dependents if (here := self.names.of_root(name)))
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
