"""Rules about parameters: settings, the parameter of interest, free factors that the data can't separate."""

from __future__ import annotations

from collections.abc import Iterator

from wilks.checks.cases import parameter_case
from wilks.checks.thresholds import Thresholds
from wilks.checks.view import FREE, View
from wilks.checks.wording import counted, some
from wilks.errors import nearest
from wilks.results.findings import Finding, Severity


def _finding(rule: str, severity: Severity, name: str, message: str, advice: str) -> Finding:
    return Finding(rule, severity, f'parameter "{name}"', message, advice, parameter_case(name))


def unknown_setting(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A measurement sets a parameter that no modifier uses; it would be ignored silently."""
    named: dict[str, list[str]] = {}
    for measurement in view.measurements:
        for entry in measurement.config.parameters:
            # A missing parameter of interest has its own rule; "lumi" is written by converters whether used or not.
            if entry.name not in view.parameters and entry.name not in ("lumi", measurement.config.poi):
                named.setdefault(entry.name, []).append(measurement.name)
    for name, measurements in named.items():
        yield _finding(
            "unknown-setting",
            Severity.WARNING,
            name,
            f"Measurement {some(measurements)} sets it, but no modifier has this name"
            + (nearest(name, view.parameters) or "."),
            "Correct the name or remove the setting: it has no effect.",
        )


def missing_poi(view: View, limits: Thresholds) -> Iterator[Finding]:
    """The parameter of interest does not exist."""
    free = [name for name, use in view.parameters.items() if use.kinds.intersection(FREE)]
    for measurement in view.measurements:
        poi = measurement.config.poi
        if poi and poi not in view.parameters:
            yield _finding(
                "missing-poi",
                Severity.ERROR,
                poi,
                f"It is the parameter of interest of measurement {measurement.name}, but no modifier has this name"
                + (nearest(poi, free) or "."),
                "Correct the name, add the signal (a background-only workspace needs its patch), or choose another.",
            )


def idle_poi(view: View, limits: Thresholds) -> Iterator[Finding]:
    """The parameter of interest scales nothing but empty samples."""
    use = view.parameters.get(view.poi)
    if use is not None and not any(view.blocks[index].nominal.any() for index in use.blocks):
        yield _finding(
            "idle-poi",
            Severity.ERROR,
            view.poi,
            "It is the parameter of interest, and every sample that it acts on is empty.",
            "Check the signal sample's path and selection.",
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
    use = view.parameters.get(view.poi)
    if use is not None and not use.kinds.intersection(FREE):
        yield _finding(
            "constrained-poi",
            Severity.NOTE,
            view.poi,
            "It is the parameter of interest, and it has a constraint of its own.",
            "Limits and significances are meant for free parameters, such as a signal strength.",
        )


def inseparable_factors(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Free factors that act on exactly the same blocks: only their product is determined."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, use in view.parameters.items():
        acting = tuple(index for index in use.blocks if view.blocks[index].nominal.any())
        if acting and use.kinds.intersection(FREE) and not view.is_fixed(name):
            groups.setdefault(acting, []).append(name)
    for acting, names in groups.items():
        if len(names) > 1:
            yield Finding(
                "inseparable-factors",
                Severity.ERROR,
                f'parameters "{", ".join(names)}"',
                f"They are free and always act together (in {some([view.blocks[i].name for i in acting])}): "
                "the data determine only their product.",
                "Fix all but one of them, or let them act on different samples or regions.",
                parameter_case(names),
            )


def idle_factor(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A free factor acts on empty samples only: nothing determines it."""
    for name, use in view.parameters.items():
        free = use.kinds.intersection(FREE) and not view.is_fixed(name) and name != view.poi
        if free and not any(view.blocks[index].nominal.any() for index in use.blocks):
            yield _finding(
                "idle-factor",
                Severity.WARNING,
                name,
                f"It is free, and the {counted(len(use.blocks), 'sample')} that it scales predict nothing.",
                "Remove it or fix it: nothing determines its value.",
            )
