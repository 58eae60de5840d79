"""Rules about parameters: settings, the parameter of interest, free factors that the data can't separate."""

from __future__ import annotations

from collections.abc import Iterator

from wilks.checks.cases import parameter_case
from wilks.checks.thresholds import Thresholds
from wilks.checks.view import FREE, View
from wilks.checks.wording import some
from wilks.errors import nearest
from wilks.results.findings import Finding, Severity

# Names less alike than this are not each other's misspelling.
_ALIKE = 0.75


def _finding(rule: str, severity: Severity, name: str, message: str, advice: str) -> Finding:
    return Finding(rule, severity, f'parameter "{name}"', message, advice, parameter_case(name))


def unknown_setting(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A measurement sets a parameter that no modifier uses, or a group has it; it would be ignored silently."""
    named: dict[str, list[str]] = {}
    groups: dict[str, list[str]] = {}
    for measurement in view.measurements:
        for entry in measurement.config.parameters:
            # A missing parameter of interest has its own rule; "lumi" is written by converters whether used or not.
            if entry.name not in view.parameters and entry.name not in ("lumi", *measurement.config.of_interest):
                named.setdefault(entry.name, []).append(measurement.name)
    for group in view.workspace.document.groups or ():
        for name in group.parameters:
            if name not in view.parameters:
                groups.setdefault(name, []).append(group.name)
    functions = {function.name for function in view.workspace.document.functions or ()}
    for name in functions.intersection(named):
        yield _finding(
            "unknown-setting",
            Severity.WARNING,
            name,
            f"Measurement {some(named.pop(name))} sets it, but it is a function.",
            "Remove the setting, or set the parameters that the function needs: it has no effect.",
        )
    alike = {name: nearest(name, view.parameters, cutoff=_ALIKE) for name in named}
    for name in (name for name in named if alike[name]):
        yield _finding(
            "unknown-setting",
            Severity.WARNING,
            name,
            f"Measurement {some(named[name])} sets it, but no modifier has this name{alike[name]}",
            "Correct the name or remove the setting: it has no effect.",
        )
    if others := [name for name in named if not alike[name]]:
        measurements = list(dict.fromkeys(m for name in others for m in named[name]))
        yield Finding(
            "unknown-setting",
            Severity.WARNING,
            f'{"parameter" if len(others) == 1 else "parameters"} "{some(others, 6)}"',
            f"Measurement {some(measurements)} sets {'it' if len(others) == 1 else 'them'}, but no modifier has "
            f"{'this name' if len(others) == 1 else 'these names'}.",
            "Correct the name or remove the setting: it has no effect.",
            tuple(case for name in others for case in parameter_case(name)),
        )
    for name, labels in groups.items():
        yield _finding(
            "unknown-setting",
            Severity.WARNING,
            name,
            f"Group {some(labels)} has it, but "
            + (
                "it is a function."
                if name in functions
                else f"no modifier has this name{nearest(name, view.parameters) or '.'}"
            ),
            "Correct the name or remove it from the group; of a function the parameters are named.",
        )


def missing_poi(view: View, limits: Thresholds) -> Iterator[Finding]:
    """The parameter of interest does not exist."""
    free = [name for name, use in view.parameters.items() if use.kinds.intersection(FREE)]
    for measurement in view.measurements:
        for poi in (name for name in measurement.config.of_interest if name not in view.parameters):
            yield _finding(
                "missing-poi",
                Severity.ERROR,
                poi,
                f"It is the parameter of interest of measurement {measurement.name}, but no modifier has this name"
                + (nearest(poi, free, cutoff=_ALIKE) or "."),
                "Correct the name, add the signal (a background-only workspace needs its patch), or choose another.",
            )


def fixed_poi(view: View, limits: Thresholds) -> Iterator[Finding]:
    """The parameter of interest is held constant."""
    if view.poi in view.parameters and view.is_fixed(view.poi):
        yield _finding(
            "fixed-poi",
            Severity.WARNING,
            view.poi,
            "It is the parameter of interest, and the measurement holds it constant.",
            "Remove it from Fixed unless you mean a fit without it.",
        )


def constrained_poi(view: View, limits: Thresholds) -> Iterator[Finding]:
    """The parameter of interest is a nuisance parameter with a constraint."""
    if view.poi in view.parameters and not view.is_free(view.poi):
        yield _finding(
            "constrained-poi",
            Severity.NOTE,
            view.poi,
            "It is the parameter of interest, and it has a constraint of its own.",
            "Limits and significances are meant for free parameters, such as a signal strength.",
        )
