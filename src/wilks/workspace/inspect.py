"""What is in a workspace, at a glance: the facts and the layout of `pyhf inspect`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from wilks.table import Table, number
from wilks.workspace.beyond import extension_words, function_words
from wilks.workspace.gammas import Gammas, contradictions, shapesys_gammas, staterror_gammas, uses_per_bin
from wilks.workspace.references import parameter_names, steering_parameters
from wilks.workspace.spec import (
    HistoSys,
    Modifier,
    NormFactor,
    NormSys,
    Number,
    ParameterSettings,
    ShapeFactor,
    ShapeSys,
    StatError,
)
from wilks.workspace.workspace import Workspace

# What a staterror or shapesys may say beyond pyhf's format.
_BEYOND = ("constraint", "threshold", "shared", "effect")


@dataclass(frozen=True)
class ParameterSummary:
    """A parameter (set): its name, how it is constrained, and the types of the modifiers that it steers, sorted.

    `constraint` is pyhf's word where that says all; what pyhf can't say is shown as it is, by the first measurement:
    "normal (0 ± 100)", "poisson (tau 124.3)", "free". `size` is how many parameters of a fit it stands for: one for
    each bin where a modifier acts bin by bin.
    """

    name: str
    constraint: str
    modifiers: tuple[str, ...]
    size: int = 1


@dataclass(frozen=True)
class MeasurementSummary:
    """A measurement: its name, parameter of interest ("" for none) and the parameters that it has settings for.

    `pois` are all parameters of interest, usually one.
    """

    name: str
    poi: str
    parameters: tuple[str, ...]
    pois: tuple[str, ...] = ()


@dataclass(frozen=True)
class FunctionSummary:
    """A function: its name and expression, the parameters that it needs, also by way of others, and what it steers.

    `steers` are the types of the modifiers that have its name, sorted, "nll" where its value is added to the negative
    log-likelihood; none where only other functions need it.
    """

    name: str
    expression: str
    parameters: tuple[str, ...]
    steers: tuple[str, ...]


@dataclass(frozen=True)
class WorkspaceSummary:
    """What `inspect` found. Names are sorted; the first measurement is the default. `str()` gives the summary.

    `channels` maps channel names to numbers of bins; `modifiers` has (name, type) of all modifiers, each once.
    `n_parameters` is the number of parameters of a fit: names that steer a parameter for each bin count with all.
    `functions` are those of the document, and `more` what else pyhf's format can't say, in sentences by kind (data
    sets, groups, correlations, masks, clipping, interpolations); both are empty for pyhf's documents.
    """

    channels: dict[str, int]
    samples: tuple[str, ...]
    parameters: tuple[ParameterSummary, ...]
    modifiers: tuple[tuple[str, str], ...]
    measurements: tuple[MeasurementSummary, ...]
    n_parameters: int = 0
    functions: tuple[FunctionSummary, ...] = ()
    more: tuple[tuple[str, str], ...] = ()

    @property
    def count(self) -> str:
        """The number of parameters of a fit, as a sentence."""
        names = len(self.parameters)
        more = "" if names == self.n_parameters else f" under {names} names: some have one for each bin"
        return f"A fit has {self.n_parameters} parameter{'' if self.n_parameters == 1 else 's'}{more}."

    def tables(self) -> tuple[Table, ...]:
        """Return channels, samples, parameters and measurements as tables; the parameter of interest comes first."""
        pois = self.measurements[0].pois if self.measurements else ()
        ordered = sorted(
            self.parameters, key=lambda p: (p.name not in pois, {"staterror", "shapesys"} & {*p.modifiers} != set())
        )
        parameters = tuple(
            (p.name, str(p.size), p.constraint, ", ".join(p.modifiers), "POI" if p.name in pois else "")
            for p in ordered
        )
        measurements = tuple(
            (m.name, "default" if i == 0 else "", ", ".join(m.pois) or "none", ", ".join(m.parameters))
            for i, m in enumerate(self.measurements)
        )
        found = (
            Table("Channels", ("channel", "bins"), tuple((name, str(bins)) for name, bins in self.channels.items())),
            Table("Samples", ("sample",), tuple((name,) for name in self.samples)),
            Table("Parameters", ("parameter", "number", "constraint", "modifiers", "remark"), parameters, "lrlll"),
            Table("Measurements", ("measurement", "", "POI", "settings of"), measurements, "llll"),
        )
        functions = tuple((f.name, f.expression, ", ".join(f.parameters), ", ".join(f.steers)) for f in self.functions)
        header = "function", "expression", "parameters", "steers"
        return (
            *found,
            *[Table("Functions", header, functions, "llll")] * bool(functions),
            *[
                Table(
                    "More",
                    (
                        "what",
                        "",
                    ),
                    self.more,
                    "ll",
                )
            ]
            * bool(self.more),
        )

    def __repr__(self) -> str:
        bins = sum(self.channels.values())
        sizes = f"{len(self.channels)} channels, {bins} bins, {len(self.samples)} samples"
        return f"<WorkspaceSummary: {sizes}, {self.n_parameters} parameters>"

    def _repr_html_(self) -> str:
        channels, samples, parameters, measurements, *more = self.tables()
        gammas = [row for row in parameters.rows if row[3] == "staterror"]
        shown = replace(parameters, rows=tuple(row for row in parameters.rows if row not in gammas))
        rest = replace(parameters, title="", rows=tuple(gammas))
        closed = f"<details><summary>{len(gammas)} names of staterrors</summary>\n{rest.html()}\n</details>"
        parts = [channels.html(), samples.html(), shown.html(), *[closed] * bool(gammas), measurements.html()]
        parts += [table.html() for table in more]
        return "\n".join([f"<p>{self.count}</p>", *parts])

    def __str__(self) -> str:
        names = [
            *self.channels,
            *self.samples,
            *(p.name for p in self.parameters),
            *(m.name for m in self.measurements),
            *(f.name for f in self.functions),
            *(what for what, _ in self.more),
        ]
        width = max(map(len, names))
        counts = {
            "channels": len(self.channels),
            "samples": len(self.samples),
            "parameters": len(self.parameters),
            "modifiers": len({name for name, _ in self.modifiers}),
        }
        measurements = [
            ("(*) " * (i == 0) + m.name, ",".join(m.pois), ",".join(m.parameters) or "(none)")
            for i, m in enumerate(self.measurements)
        ]
        parameters = [(p.name, p.constraint, ",".join(p.modifiers)) for p in self.parameters]
        rule = "-" * 10
        constraints = max(22, *(len(p.constraint) for p in self.parameters)) if self.parameters else 22
        lines = [
            *_rows(f"{{:>{width + 7}}}", [("     Summary     ",), ("-" * 18,)]),
            *_rows(f"{{:>{width}}}  {{}}", counts.items()),
            "",
            *_rows(f"{{:>{width}}}  {{:^5}}", [("channels", "nbins"), (rule, "-----"), *self.channels.items()]),
            "",
            *_rows(f"{{:>{width}}}", [("samples",), (rule,), *((name,) for name in self.samples)]),
            "",
            *_rows(
                f"{{:>{width}}}  {{:<{constraints}}}  {{}}",
                [("parameters", "constraint", "modifiers"), (rule, rule, rule), *parameters],
            ),
            "",
            *_rows(
                f"{{:>{width}}}  {{:^22}}  {{}}",
                [("measurement", "poi", "parameters"), (rule, rule, rule), *measurements],
            ),
        ]
        if self.functions:
            functions = [(f.name, f.expression, ",".join(f.steers) or "(other functions)") for f in self.functions]
            header = [("functions", "expression", "steers"), (rule, rule, rule)]
            expressions = max(22, *(len(f.expression) for f in self.functions))
            lines += ["", *_rows(f"{{:>{width}}}  {{:<{expressions}}}  {{}}", [*header, *functions])]
        if self.more:
            lines += ["", *_rows(f"{{:>{width}}}  {{}}", [("more", ""), (rule, ""), *self.more])]
        return "\n".join(lines)


def inspect(workspace: Workspace) -> WorkspaceSummary:
    """Return channels with their bins, samples, parameters with constraint and modifiers, and measurements.

    print(wilks.inspect(wilks.load_workspace("workspace.json")))

    >>> import wilks
    >>> summary = wilks.inspect(wilks.examples.measurement())
    >>> summary.channels
    {'electrons': 5, 'muons': 5}
    >>> print(str(summary).splitlines()[0])
                  Summary
    """
    document = workspace.document
    samples = [sample for channel in document.channels for sample in channel.samples]
    kinds: dict[str, set[type[Modifier]]] = {}
    for sample in samples:
        for modifier in sample.modifiers:
            kinds.setdefault(modifier.name, set()).add(type(modifier))
    types = {name: tuple(sorted(_tag(kind) for kind in found)) for name, found in sorted(kinds.items())}
    steering = steering_parameters(document)
    names = sorted(parameter_names(document))
    needed = {name for needs in steering.values() for name in needs}
    acting = {name: (*types.get(name, ()), *["function"] * (name in needed)) for name in names}
    sizes = _sizes(workspace)
    settings = {entry.name: entry for entry in document.measurements[0].config.parameters}
    given = {name: words for name in names if (words := _given(kinds.get(name, set()), settings.get(name)))}
    given |= _gammas(workspace)
    parameters = tuple(
        ParameterSummary(name, given.get(name) or _constraint(kinds.get(name, set())), acting[name], sizes.get(name, 1))
        for name in names
    )
    return WorkspaceSummary(
        channels={
            channel.name: len(channel.samples[0].data) for channel in sorted(document.channels, key=attrgetter("name"))
        },
        samples=tuple(sorted({sample.name for sample in samples})),
        parameters=parameters,
        modifiers=tuple((name, kind) for name, found in types.items() for kind in found),
        measurements=tuple(
            MeasurementSummary(
                m.name, m.config.poi, tuple(settings.name for settings in m.config.parameters), m.config.of_interest
            )
            for m in document.measurements
        ),
        n_parameters=sum(parameter.size for parameter in parameters),
        functions=tuple(
            FunctionSummary(
                f.name, function_words(f), tuple(steering[f.name]), types.get(f.name, ("nll",) if f.penalty else ())
            )
            for f in document.functions or ()
        ),
        more=tuple(extension_words(document)),
    )


def _sizes(workspace: Workspace) -> dict[str, int]:
    """Return how many parameters each name stands for: the bins of its channels where it acts bin by bin, else one.

    A staterror of several channels has a parameter for each bin of each; a shapefactor of several has the same in all.
    """
    bins: dict[str, dict[str, int]] = {}
    shared: set[str] = set()
    for channel in workspace.document.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                if isinstance(modifier, ShapeFactor | ShapeSys | StatError):
                    bins.setdefault(modifier.name, {})[channel.name] = len(sample.data)
                    shared |= set() if isinstance(modifier, StatError) else {modifier.name}
    return {name: max(sizes.values()) if name in shared else sum(sizes.values()) for name, sizes in bins.items()}


def _rows(layout: str, rows: Iterable[tuple[object, ...]]) -> list[str]:
    return [layout.format(*row).rstrip() for row in rows]


def _tag(kind: type[Modifier]) -> str:
    return str(kind.__struct_config__.tag)


def _constraint(kinds: set[type[Modifier]]) -> str:
    """Return how a parameter that steers modifiers of these types is constrained, in pyhf's words."""
    if kinds <= {NormFactor, ShapeFactor}:
        return "unconstrained"
    return "constrained_by_poisson" if kinds == {ShapeSys} else "constrained_by_normal"


def _given(kinds: set[type[Modifier]], settings: ParameterSettings | None) -> str:
    """Return the constraint that settings give in place of the modifiers' own, "" where they give none."""
    if settings is None:
        return ""
    widths = settings.sigmas is not None or settings.lower_sigmas is not None
    widened = bool(kinds) and kinds <= {HistoSys, NormSys} and widths
    kind = settings.constraint or ("normal" if widened else None)
    if kind == "poisson":
        return poisson_words(settings.factors or [], settings.auxdata)
    if kind == "normal":
        return normal_words(settings.auxdata or [0.0], settings.sigmas or [1.0], settings.lower_sigmas)
    return "free" if kind == "none" else ""


def _gammas(workspace: Workspace) -> dict[str, str]:
    """Return the constraints of staterrors and shapesys that say what pyhf's can't."""
    found = {}
    for (kind, name), uses in uses_per_bin(workspace.document.channels).items():
        said = any(getattr(use[2], key, None) for use in uses for key in _BEYOND)
        if kind is ShapeFactor or not said:
            continue
        with np.errstate(all="ignore"):
            if contradictions(uses):
                found[name] = "contradictory"
                continue
            gammas = staterror_gammas(uses) if kind is StatError else shapesys_gammas(uses)
        found[name] = _gamma_words(gammas)
    return found


def _gamma_words(gammas: Gammas) -> str:
    """Return the constraints of the components of a staterror or shapesys in words, and how many are constant."""
    if gammas.constraint == "added":
        return "normal (0 ± 1), added"
    free = ~gammas.constant
    values = (gammas.tau if gammas.constraint == "poisson" else gammas.sigma)[free].tolist()
    words = gammas.constraint
    if values:
        words = poisson_words(values) if gammas.constraint == "poisson" else normal_words([1], values)
    return words if free.all() else f"{words}, {free.size - len(values)} of {free.size} constant"


def normal_words(centres: Sequence[Number], sigmas: Sequence[Number], lower: Sequence[Number] | None = None) -> str:
    """Return a normal constraint in words: "normal (0 ± 100)"; several components with their range.

    Of one with another width below its centre: "normal (0 + 0.5 - 1.5)".
    """
    if lower is None:
        return f"normal ({_range(centres)} ± {_range(sigmas)})"
    return f"normal ({_range(centres)} + {_range(sigmas)} - {_range(lower)})"


def poisson_words(taus: Sequence[Number], counts: Sequence[Number] | None = None) -> str:
    """Return a Poisson constraint in words: "poisson (tau 124.3)", and the count where it isn't tau."""
    more = f", count {_range(counts)}" if counts is not None and [*counts] != [*taus] else ""
    return f"poisson (tau {_range(taus)}{more})"


def _range(values: Sequence[Number]) -> str:
    low, high = (number(float(side(values)), 4) for side in (min, max))
    return low if low == high else f"{low} to {high}"
