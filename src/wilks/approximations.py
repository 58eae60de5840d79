"""`approximate`: the nearest plain pyhf workspace, with what is different in it and by how much."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks.errors import WilksError
from wilks.fitting.mle import fit
from wilks.formats.approximate import Approximate, approximate_for, of_kinds
from wilks.formats.notes import Note
from wilks.infer.intervals import intervals
from wilks.model.compile import compile_model
from wilks.model.model import Model
from wilks.model.parameters import ParameterSet
from wilks.table import Table
from wilks.workspace.workspace import Workspace

_STEPS = np.round(np.linspace(-2.0, 2.0, 33), 10)


@dataclass(frozen=True)
class Difference:
    """One approximation: its kind, the parameter that carries it ("" for none), what is done in words.

    `effect` is the largest relative change of the yield of a bin while the parameter moves by up to two standard
    deviations, `where` that bin and the parameter's value; NaN where there is nothing to move.
    """

    kind: str
    name: str
    text: str
    effect: float
    where: str

    @property
    def note(self) -> Note:
        """The approximation as a note on a conversion."""
        size = f" (a bin's yield changes by {self.effect:.2g} at most within 2 sigma: {self.where})"
        place = f'parameter "{self.name}"' if self.name else "workspace"
        return Note(place, self.text + (size if self.effect == self.effect else ""), "approximate")


@dataclass(frozen=True)
class Shift:
    """A fitted parameter of interest: exact value and uncertainty, and those of approximations of a kind ("" of all).

    `shift` is in units of the exact uncertainty.
    """

    kind: str
    name: str
    value: float
    uncertainty: float
    approximate_value: float
    approximate_uncertainty: float

    @property
    def shift(self) -> float:
        """(approximate - exact) / exact uncertainty."""
        return (self.approximate_value - self.value) / self.uncertainty

    @property
    def note(self) -> Note:
        """The shift as a note on a conversion."""
        what = f"approximations of kind {self.kind}" if self.kind else "all approximations"
        ratio = self.approximate_uncertainty / self.uncertainty
        moved = (
            f"its fitted value moves by {self.shift:+.3f} of its uncertainty, which becomes {ratio:.3f} times as large"
        )
        return Note(f'parameter "{self.name}"', f"by {what} {moved}", "approximate")


@dataclass(frozen=True)
class Approximation:
    """A plain pyhf workspace that is near to another one: `differences`, `shifts` of the fit, other `notes`."""

    workspace: Workspace
    differences: tuple[Difference, ...]
    shifts: tuple[Shift, ...]
    notes: tuple[Note, ...]

    @property
    def told(self) -> tuple[Note, ...]:
        """All of it as notes on a conversion."""
        return (*(one.note for one in self.differences), *(one.note for one in self.shifts), *self.notes)

    def record(self) -> JSONDict:
        """Return all of it as plain data, for a JSON file; numbers that don't exist are null."""
        shifts = [{**asdict(one), "kind": one.kind or "all", "shift": one.shift} for one in self.shifts]
        found = {"differences": [asdict(one) for one in self.differences], "shifts": shifts}
        return {
            key: [{k: None if v != v else v for k, v in one.items()} for one in rows] for key, rows in found.items()
        }

    def tables(self) -> tuple[Table, ...]:
        """Return two tables: what differs, and what that does to the fitted parameters of interest."""
        what = Table(
            "Approximations",
            ("parameter", "kind", "largest effect on a bin", "where"),
            tuple((one.name or "-", one.kind, _percent(one.effect), one.where) for one in self.differences),
            "llrl",
        )
        fits = Table(
            "What they do to the fit",
            ("parameter", "approximations", "exact", "approximate", "shift / sigma", "ratio of sigmas"),
            tuple(
                (
                    one.name,
                    one.kind or "all",
                    f"{one.value:.4g} ± {one.uncertainty:.3g}",
                    f"{one.approximate_value:.4g} ± {one.approximate_uncertainty:.3g}",
                    f"{one.shift:+.3f}",
                    f"{one.approximate_uncertainty / one.uncertainty:.3f}",
                )
                for one in self.shifts
            ),
            "llrrrr",
        )
        return what, fits


def _percent(value: float) -> str:
    return "-" if value != value else f"{100 * value:.2g} %"


def approximate(workspace: Workspace, *, format: str = "pyhf") -> Approximation:
    """Return the nearest workspace that a format can say, with every difference and how large it is.

    `format` is "pyhf" (a plain document) or "datacard". Systematics keep what they do at -1 and +1 standard deviations.
    Measured are the largest change of a bin's yield
    while a parameter moves by two standard deviations, others staying where they are, and how far the fitted parameters
    of interest move, by each kind of approximation and by all, in units of their uncertainties: data are those of the
    workspace; a note says where the exact fit fails. Raises WorkspaceError with everything for which there is no
    approximation.

    >>> import wilks
    >>> spec = wilks.examples.measurement().spec
    >>> for modifier in spec["channels"][0]["samples"][0]["modifiers"]:
    ...     if modifier["type"] == "normsys":
    ...         modifier["interpolation"] = "code1"
    >>> found = wilks.approximate(wilks.load_workspace({**spec, "version": "wilks-1"}))
    >>> found.differences[0].kind, max(abs(one.shift) for one in found.shifts) < 0.01
    ('interpolation', True)
    """
    found = approximate_for(workspace, format)
    exact, near = compile_model(workspace), compile_model(found.workspace)
    points = _Points(exact), _Points(near)
    effects = {name: _effect(*points, name) for name in dict.fromkeys(one.name for one in found.replaced)}
    differences = tuple(
        Difference(
            ", ".join(dict.fromkeys(one.kind for one in found.replaced if one.name == name)),
            name,
            "; ".join(one.text for one in found.replaced if one.name == name),
            *effect,
        )
        for name, effect in effects.items()
    )
    shifts = tuple(_shifts(workspace, exact, near, found, format)) if found.replaced else ()
    notes = found.notes
    if found.replaced and exact.pois and not shifts:
        notes += (Note("fit", "the exact fit fails: what approximations do to it can't be measured", "approximate"),)
    return Approximation(found.workspace, differences, shifts, notes)


class _Points:
    """A model, where its parameters are centred, and where in that vector each set of parameters is."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.centre = np.concatenate([one.nominal for one in model.parameter_sets])
        ends = list(itertools.accumulate(len(one) for one in model.parameter_sets))
        self.places = {
            one.name: (slice(end - len(one), end), one) for end, one in zip(ends, model.parameter_sets, strict=True)
        }

    def rates(self, name: str, step: float, channels: Sequence[str]) -> FloatArray:
        """Return the expected yields of channels where a parameter is some standard deviations from its centre."""
        theta = self.centre.copy()
        place, one = self.places[name]
        theta[place] = _moved(one, step)
        found = self.model.expected(theta)
        return np.concatenate([found[self.model.channel_slices[channel]] for channel in channels])


def _effect(exact: _Points, near: _Points, name: str) -> tuple[float, str]:
    """Return the largest relative change of a bin while a parameter moves, and where that is."""
    if name not in exact.places or name not in near.places:
        return float("nan"), "-"
    channels = near.model.channel_names
    bins = [(c, i) for c in channels for i in range(_size(near.model, c))]
    most, where = 0.0, "-"
    for step in _STEPS.tolist():
        before, after = (points.rates(name, step, channels) for points in (exact, near))
        change = np.abs(np.divide(after, before, out=np.ones_like(after), where=before > 0) - 1.0)
        worst = int(np.argmax(change))
        if change[worst] > most:
            channel, i = bins[worst]
            most, where = float(change[worst]), f'"{channel}", bin {i}, at {step:+.3g} sigma'
    return most, where


def _size(model: Model, channel: str) -> int:
    bins = model.channel_slices[channel]
    return int(bins.stop - bins.start)


def _moved(one: ParameterSet, step: float) -> FloatArray:
    """Return values of a parameter set that lie some standard deviations from its centre."""
    if one.constraint == "normal":
        return one.nominal + step * (one.scale if step > 0 else one.scale_below)
    if one.constraint == "poisson":
        return one.nominal * np.maximum(_counts(one.auxdata, step) / np.maximum(one.auxdata, 1e-300), 1e-9)
    return one.nominal


def _counts(counts: FloatArray, step: float) -> FloatArray:
    """Return means for which 2NLL of counts is higher by the square of a number of standard deviations."""
    inside, outside = counts.copy(), counts * 1e-6 if step < 0 else counts + 6.0 * np.sqrt(counts) + 6.0
    for _ in range(60):
        middle = 0.5 * (inside + outside)
        with np.errstate(divide="ignore", invalid="ignore"):
            near = 2.0 * (middle - counts - counts * np.log(middle / counts)) < step**2
        inside, outside = np.where(near, middle, inside), np.where(near, outside, middle)
    return inside


def _shifts(workspace: Workspace, exact: Model, near: Model, found: Approximate, target: str) -> Iterator[Shift]:
    before = _fitted(exact)
    if before is None:
        return
    there = list(dict.fromkeys(one.kind for one in found.replaced))
    models = {} if len(there) < 2 else {kind: _of_kind(workspace, kind, target) for kind in there}
    for kind, model in {**models, "" if len(there) > 1 else there[0]: near}.items():
        after = None if model is None else _fitted(model)
        for name, (value, uncertainty) in before.items():
            near_value, near_uncertainty = (np.nan, np.nan) if after is None else after[name]
            yield Shift(kind, name, value, uncertainty, near_value, near_uncertainty)


def _of_kind(workspace: Workspace, kind: str, target: str) -> Model | None:
    """Return the model with approximations of one kind; None where they need others."""
    try:
        return compile_model(of_kinds(workspace, (kind,), target).workspace)
    except WilksError:
        return None


def _fitted(model: Model) -> dict[str, tuple[float, float]] | None:
    """Return values and uncertainties of the parameters of interest, None where the fit fails."""
    result = fit(model)
    if not result.converged:
        return None
    found = {}
    for name in model.pois:
        value, uncertainty = (float(each[model.index(name)]) for each in (result.values, result.uncertainties))
        if not uncertainty > 0:
            ends = intervals(model, parameters=[name], result=result)[name]
            uncertainty = max(abs(ends.upper - value), abs(value - ends.lower))
        found[name] = value, uncertainty
    return found
