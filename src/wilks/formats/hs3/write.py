"""A workspace as an HS3 file, in the dialect that ROOT 6.40 and pyhs3 read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from wilks._files import write_atomically
from wilks.errors import WorkspaceError
from wilks.formats.hs3.clipping import clipped_by_root
from wilks.formats.hs3.distributions import axis_out, channel_out
from wilks.formats.hs3.functions_out import correlated_out, functions_out
from wilks.formats.hs3.points import Measured, Told, default_domain, domains, global_observable, measured, point
from wilks.formats.hs3.spelling import ALPHA, Spelling, spelling_of
from wilks.formats.hs3.terms import FLAT
from wilks.formats.notes import Note, Writing
from wilks.workspace.spec import Document, Measurement, Observation, StatError
from wilks.workspace.validate import content_mistakes
from wilks.workspace.workspace import Workspace

_DATA, _PDF = "obsData", "simPdf"


def write(workspace: Workspace, path: str | Path) -> Writing:
    """Write a workspace as HS3 0.2 and return the file's path, with notes on what others read differently.

    Every measurement is an analysis with a parameter point and domains of its own; further data sets are data and
    likelihoods. What only the spelling of the workspace says (settings that equal the defaults, titles of axes, groups)
    is kept under `misc.wilks`. Raises WorkspaceError where the workspace has mistakes, or is a model that HS3 can't say
    (`morphing`, staterrors with the effect "added"); nothing is written then.

    >>> import wilks
    >>> from wilks.formats.hs3.write import write
    >>> written = write(wilks.examples.measurement(), "model.hs3.json")
    >>> [file.name for file in written.files], len(written.notes)
    (['model.hs3.json'], 0)
    """
    if mistakes := [*content_mistakes(workspace.document), *_unsayable(workspace.document)]:
        raise WorkspaceError([f"{path}: {mistake}" for mistake in mistakes])
    content, notes = to_hs3(workspace)
    write_atomically(path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    return Writing((Path(path),), notes)


def _unsayable(document: Document) -> Iterator[str]:
    """Yield a sentence for everything without which there would be another model, and that HS3 has no words for."""
    for i, channel in enumerate(document.channels):
        for j, sample in enumerate(channel.samples):
            at = f"channels[{i}].samples[{j}]"
            if sample.morphing is not None:
                yield f"{at}.morphing: HS3 can't say how yields are morphed"
            for k, modifier in enumerate(sample.modifiers):
                if isinstance(modifier, StatError) and modifier.effect == "added":
                    yield f"{at}.modifiers[{k}].effect: HS3 can't say statistical uncertainties that are added"


def to_hs3(workspace: Workspace) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """Return a workspace as plain HS3 data, with notes on what others read differently."""
    file = _File(workspace)
    file.fill()
    return file.content(), tuple(file.notes)


@dataclass
class _File:
    """An HS3 file while it grows."""

    workspace: Workspace
    notes: list[Note] = field(default_factory=list)
    distributions: list[dict[str, Any]] = field(default_factory=list)
    functions: list[dict[str, Any]] = field(default_factory=list)
    constants: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def document(self) -> Document:
        """The document that is written."""
        return self.workspace.document

    def tell(self, place: str, text: str, kind: str) -> None:
        """Add a note."""
        self.notes.append(Note(place, text, kind))  # type: ignore[arg-type]

    def fill(self) -> None:
        """Make distributions, and what they need."""
        self.spelling: Spelling = spelling_of(self.document)
        self.measured: list[Measured] = [measured(one, self.spelling) for one in self.document.measurements]
        self.constraints: dict[str, str] = {}
        self.functions += functions_out(self.document, self.spelling)
        terms = [self._constraint(name) for name in self._constrained()]
        terms += self._correlated()
        terms = [term for term in terms if term["name"] in self.constraints.values()]
        for channel in self.document.channels:
            axis = self.workspace.axes.get(channel.name)
            self.distributions.append(channel_out(channel, axis, self.spelling, self.constraints, self.tell))
        self.distributions += terms

    def _constrained(self) -> list[str]:
        """Return the single parameters that need a distribution: all that have a constraint, or must not have any."""
        kinds = {written: kind for kind, written in self.spelling.scalars.values()}
        found = []
        for name, told in self.measured[0].parameters.items():
            if name in kinds and (told.kind != "none" or kinds[name] == ALPHA):
                found.append(name)
                self.constraints[name] = "lumiConstraint" if name == "Lumi" else f"{name}Constraint"
        return found

    def _constraint(self, name: str) -> dict[str, Any]:
        """Return the distribution that constrains a parameter; what differs between measurements is a constant."""
        told = [one.parameters[name] for one in self.measured]
        observed = global_observable(name)
        entry: dict[str, Any] = {"name": self.constraints[name]}
        if told[0].kind == "poisson":
            rate, mean = f"{name}_tau", f"{name}_poisMean"
            self.constants[rate] = [one.width for one in told]
            self.functions.append({"name": mean, "type": "product", "factors": [name, rate]})
            return {**entry, "type": "poisson_dist", "x": observed, "mean": mean, "integer": False}
        if told[0].kind == "none":
            text = f"without constraint; written with a normal one of width {FLAT:g}, which says nothing"
            self.tell(f'parameter "{name}"', text, "read as")
            for measurement, one in zip(self.measured, told, strict=True):
                flat = Told(one.value, one.bounds, one.fixed, "normal", 0.0, FLAT)
                measurement.parameters[name] = flat if one.kind == "none" else one
            told = [one.parameters[name] for one in self.measured]
        sigma: Any = told[0].width
        if any(one.width != sigma for one in told):
            sigma = f"{name}_sigma"
            self.constants[sigma] = [one.width for one in told]
        return {**entry, "type": "gaussian_dist", "x": name, "mean": observed, "sigma": sigma}

    def _correlated(self) -> list[dict[str, Any]]:
        """Return distributions of several parameters, in place of those of each, for correlated constraints."""
        told = [msgspec.to_builtins(one.config.correlations) for one in self.document.measurements]
        if any(one != told[0] for one in told):
            text = "correlations between constraints differ; those of the first measurement are written"
            self.tell("measurements", text, "approximate")
        found = []
        for i, one in enumerate(self.document.measurements[0].config.correlations or ()):
            names = [self.spelling.of(name) for name in one.parameters]
            title = f"correlated_{i}"
            self.constraints |= dict.fromkeys(names, title)
            found.append(correlated_out(title, names, one.matrix, self.measured[0]))
        return found

    def content(self) -> dict[str, Any]:
        """Return the whole file."""
        axes = [axis_out(c, self.workspace.axes.get(c.name), self.spelling) for c in self.document.channels]
        sets = {_DATA: self.document.observations}
        sets |= {self.spelling.data_sets[one.name]: one.observations for one in self.document.data_sets or ()}
        names = list(self.spelling.channels.values())
        by_name = dict(zip(names, axes, strict=True))
        data = [self._data(name, one, by_name) for name, observations in sets.items() for one in observations]
        auxiliary = self._auxiliary()
        likelihoods = [_likelihood(name, names) | auxiliary for name in sets]
        points, all_domains, analyses = [], [default_domain(self.measured[0], axes)], []
        for i, found in enumerate(self.measured):
            constants = {name: values[i] for name, values in self.constants.items()}
            title = "default_values" if i == 0 else found.name
            points.append(point(title, found, constants))
            own = domains(found.name, found)
            all_domains += own
            for data_set in sets if i == 0 else (_DATA,):
                name = found.name if data_set == _DATA else f"{found.name}_{data_set}"
                analyses.append(_analysis(name, data_set, found, title, [one["name"] for one in own]))
        entry: dict[str, Any] = {
            "metadata": {"hs3_version": "0.2", "packages": [{"name": "wilks", "version": _version()}]},
            "distributions": self.distributions,
            "data": data,
            "likelihoods": likelihoods,
            "analyses": analyses,
            "domains": all_domains,
            "parameter_points": points,
            "misc": {"ROOT_internal": _root(names, list(sets), analyses), "wilks": self._remembered()},
        }
        if self.functions:
            entry["functions"] = self.functions
        return entry

    def _auxiliary(self) -> dict[str, Any]:
        """Return the constraints that no modifier names: those of parameters that only functions need."""
        samples = [sample for one in self.distributions for sample in one.get("samples", ())]
        named = {modifier.get("constraint_name") for sample in samples for modifier in sample["modifiers"]}
        found = [name for name in dict.fromkeys(self.constraints.values()) if name not in named]
        if found:
            text = "stand in aux_distributions, as only functions need their parameters; ROOT 6.40 leaves them out"
            self.tell(f"constraints {', '.join(found)}", text, "approximate")
        return {"aux_distributions": found} if found else {}

    def _data(self, data_set: str, observation: Observation, axes: dict[str, dict[str, Any]]) -> dict[str, Any]:
        channel = self.spelling.channels[observation.name]
        axis, contents = axes[channel], observation.data
        return {"name": f"{data_set}_{channel}", "type": "binned", "axes": [axis], "contents": contents}

    def _remembered(self) -> dict[str, Any]:
        """Return how the workspace is spelled, where that changes nothing about the model."""
        found: dict[str, Any] = {
            "settings": {one.name: _spelled(one) for one in self.document.measurements},
            "unused": {one.name: self._unused(one) for one in self.document.measurements},
            "axes": {channel.name: self._axis(channel.name) for channel in self.document.channels},
        }
        order = [one.name for one in self.document.observations]
        if order != [channel.name for channel in self.document.channels]:
            found["observations"] = order
        if changed := self.spelling.changed:
            found["names"] = changed
        found |= self._beyond()
        if self.document.groups:
            found["groups"] = msgspec.to_builtins(self.document.groups)
            self.tell("groups", "groups of parameters can't be said in HS3; only wilks reads them back", "lost")
        return found

    def _beyond(self) -> dict[str, Any]:
        """Return what HS3 has no words for, and tell of it."""
        found: dict[str, Any] = {}
        measurements = self.document.measurements
        if clipped_by_root(self.document):
            text = "variations can bring yields below 0; ROOT sets them to 0, the workspace doesn't"
            self.tell("channels", text, "approximate")
        known = {*self.spelling.scalars, *self.spelling.bins, *self.spelling.functions}
        if unknown := {m.name: list(m.config.of_interest) for m in measurements if {*m.config.of_interest} - known}:
            found["unknown_pois"] = unknown
        if pois := {m.name: True for m in measurements if m.config.pois is not None}:
            found["pois"] = pois
        if correlations := {
            m.name: msgspec.to_builtins(m.config.correlations) for m in measurements if m.config.correlations
        }:
            found["correlations"] = correlations
        if clip := {m.name: m.config.clip for m in measurements if m.config.clip is not None}:
            found["clip"] = clip
        if self.document.functions:
            found["functions"] = list(self.spelling.functions.values())
            found["expressions"] = {
                self.spelling.functions[one.name]: msgspec.to_builtins(one) for one in self.document.functions
            }
            for one in self.document.functions:
                if one.penalty:
                    text = "HS3's likelihood has no such term; only wilks reads it"
                    self.tell(f'function "{one.name}"', text, "lost")
        for name, bins in self.spelling.bins.items():
            if bins.given and bins.kind is StatError:
                text = "widths in the settings can't be said for a staterror; those from yields are written"
                self.tell(f'parameter "{name}"', text, "lost")
        if self.document.masks:
            found["masks"] = msgspec.to_builtins(self.document.masks)
            self.tell("masks", "HS3 can't leave bins out; only wilks reads the masks, others fit all bins", "lost")
        for m in measurements:
            for entry in m.config.parameters:
                if entry.lower_sigmas is not None:
                    found.setdefault("lower_sigmas", {}).setdefault(m.name, {})[entry.name] = entry.lower_sigmas
                    text = "HS3 has one width of a normal constraint; others take the upper one for both sides"
                    self.tell(f'parameter "{entry.name}"', text, "lost")
        return found

    def _unused(self, measurement: Measurement) -> list[dict[str, Any]]:
        """Return settings of parameters that the model doesn't have, as those of a signal that is patched in."""
        used = {*self.spelling.scalars, *self.spelling.bins, *self.measured[0].parameters}
        return [msgspec.to_builtins(entry) for entry in measurement.config.parameters if entry.name not in used]

    def _axis(self, channel: str) -> dict[str, Any] | None:
        axis = self.workspace.axes.get(channel)
        if axis is None:
            return None
        found: dict[str, Any] = {"label": axis.label, "unit": axis.unit}
        return found | ({"bin_labels": list(axis.bin_labels)} if axis.bin_labels else {})


def _spelled(measurement: Measurement) -> dict[str, list[str]]:
    """Return which settings are written out, by parameter."""
    keys = ("inits", "bounds", "auxdata", "factors", "sigmas", "fixed", "constraint")
    found = {}
    for entry in measurement.config.parameters:
        said = [key for key in keys if getattr(entry, key) is not None]
        found[entry.name] = said + ["fixed[]"] * isinstance(entry.fixed, list)
    return found


def _likelihood(data_set: str, channels: list[str]) -> dict[str, Any]:
    return {
        "name": f"{_PDF}_{data_set}",
        "distributions": [f"model_{channel}" for channel in channels],
        "data": [f"{data_set}_{channel}" for channel in channels],
    }


def _analysis(name: str, data_set: str, found: Measured, start: str, own: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "likelihood": f"{_PDF}_{data_set}",
        "parameters_of_interest": list(found.pois),
        "domains": own,
        "init": start,
    }


def _root(channels: list[str], sets: list[str], analyses: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what ROOT needs to put channels and data together."""
    index = {"index_cat": "channelCat", "indices": list(range(len(channels))), "labels": channels}
    pdf = {"distributions": [f"model_{channel}" for channel in channels], **index}
    configs = {
        one["name"]: {"mcName": "ModelConfig" + (f"_{one['name']}" if i else ""), "pdfName": _PDF}
        for i, one in enumerate(analyses)
    }
    return {
        "ModelConfigs": configs,
        "combined_datasets": dict.fromkeys(sets, index),
        "combined_distributions": {_PDF: pdf},
    }


def _version() -> str:
    from wilks._version import __version__

    return str(__version__)
