"""What is in a workspace, at a glance: the facts and the layout of `pyhf inspect`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from wilks.workspace.spec import Modifier, NormFactor, ShapeFactor, ShapeSys
from wilks.workspace.workspace import Workspace


@dataclass(frozen=True)
class ParameterSummary:
    """A parameter (set): its name, how it is constrained, and the types of the modifiers that it steers, sorted."""

    name: str
    constraint: str
    modifiers: tuple[str, ...]


@dataclass(frozen=True)
class MeasurementSummary:
    """A measurement: its name, parameter of interest ("" for none) and the parameters that it has settings for."""

    name: str
    poi: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class WorkspaceSummary:
    """What `inspect` found. Names are sorted; the first measurement is the default. `str()` gives the summary.

    `channels` maps channel names to numbers of bins; `modifiers` has (name, type) of all modifiers, each once.
    """

    channels: dict[str, int]
    samples: tuple[str, ...]
    parameters: tuple[ParameterSummary, ...]
    modifiers: tuple[tuple[str, str], ...]
    measurements: tuple[MeasurementSummary, ...]

    def __str__(self) -> str:
        names = [
            *self.channels,
            *self.samples,
            *(p.name for p in self.parameters),
            *(m.name for m in self.measurements),
        ]
        width = max(map(len, names))
        counts = {
            "channels": len(self.channels),
            "samples": len(self.samples),
            "parameters": len(self.parameters),
            "modifiers": len({name for name, _ in self.modifiers}),
        }
        measurements = [
            ("(*) " * (i == 0) + m.name, m.poi, ",".join(m.parameters) or "(none)")
            for i, m in enumerate(self.measurements)
        ]
        parameters = [(p.name, p.constraint, ",".join(p.modifiers)) for p in self.parameters]
        rule = "-" * 10
        lines = [
            *_rows(f"{{:>{width + 7}}}", [("     Summary     ",), ("-" * 18,)]),
            *_rows(f"{{:>{width}}}  {{}}", counts.items()),
            "",
            *_rows(f"{{:>{width}}}  {{:^5}}", [("channels", "nbins"), (rule, "-----"), *self.channels.items()]),
            "",
            *_rows(f"{{:>{width}}}", [("samples",), (rule,), *((name,) for name in self.samples)]),
            "",
            *_rows(
                f"{{:>{width}}}  {{:<22}}  {{}}",
                [("parameters", "constraint", "modifiers"), (rule, rule, rule), *parameters],
            ),
            "",
            *_rows(
                f"{{:>{width}}}  {{:^22}}  {{}}",
                [("measurement", "poi", "parameters"), (rule, rule, rule), *measurements],
            ),
        ]
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
    return WorkspaceSummary(
        channels={
            channel.name: len(channel.samples[0].data) for channel in sorted(document.channels, key=attrgetter("name"))
        },
        samples=tuple(sorted({sample.name for sample in samples})),
        parameters=tuple(ParameterSummary(name, _constraint(kinds[name]), types[name]) for name in types),
        modifiers=tuple((name, kind) for name, found in types.items() for kind in found),
        measurements=tuple(
            MeasurementSummary(m.name, m.config.poi, tuple(settings.name for settings in m.config.parameters))
            for m in document.measurements
        ),
    )


def _rows(layout: str, rows: Iterable[tuple[object, ...]]) -> list[str]:
    return [layout.format(*row).rstrip() for row in rows]


def _tag(kind: type[Modifier]) -> str:
    return str(kind.__struct_config__.tag)


def _constraint(kinds: set[type[Modifier]]) -> str:
    """Return how a parameter that steers modifiers of these types is constrained, in pyhf's words."""
    if kinds <= {NormFactor, ShapeFactor}:
        return "unconstrained"
    return "constrained_by_poisson" if kinds == {ShapeSys} else "constrained_by_normal"
