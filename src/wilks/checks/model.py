"""Rules about the model that a workspace makes: whether there is one, and what its data can't determine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from wilks.checks.cases import parameter_case
from wilks.checks.thresholds import Thresholds
from wilks.checks.view import View
from wilks.checks.wording import counted, some
from wilks.results.findings import Finding, Severity


def refused_model(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A fit would refuse the workspace: it contradicts itself, or lacks something."""
    found: dict[str, list[str]] = {}
    for measurement, problems in view.refusals.items():
        for problem in problems:
            found.setdefault(problem, []).append(measurement)
    for problem, measurements in found.items():
        named = next((name for name in re.findall(r'"([^"]*)"', problem) if name in view.parameters), None)
        text = problem.removeprefix(f'parameter "{named}": ')
        of = f" Measurement {some(measurements)}." if len(view.measurements) > len(measurements) else ""
        yield Finding(
            "refused-model",
            Severity.ERROR,
            "workspace" if named is None else f'parameter "{named}"',
            f"{text[0].upper()}{text[1:]}.{of}",
            "No model can be made of it, so every command refuses it.",
            () if named is None else parameter_case(named),
        )


def idle_poi(view: View, limits: Thresholds) -> Iterator[Finding]:
    """No rate depends on the parameter of interest."""
    model = view.model
    if model is None or model.poi is None or model.poi in view.hidden_by_masks:
        return
    if model.idle[model.index(model.poi)]:
        yield Finding(
            "idle-poi",
            Severity.ERROR,
            f'parameter "{model.poi}"',
            f"It is the parameter of interest, and {_why(view, model.poi)}.",
            "Check the signal sample's path and selection: there are no limits and no intervals of it.",
            parameter_case(model.poi),
        )


def idle_factor(view: View, limits: Thresholds) -> Iterator[Finding]:
    """No rate depends on a free factor, or on some of its components: nothing determines it."""
    model = view.model
    if model is None:
        return
    first = 0
    for s in model.parameter_sets:
        here = model.idle[first : first + len(s)] & ~np.isin(s.names, view.hidden_by_masks)
        first += len(s)
        if not here.any() or s.name == model.poi:
            continue
        names = [s.names[i] for i in np.flatnonzero(here)]
        whole = bool(here.all())
        why = _why(view, s.name) if whole else f"nothing is predicted where {some(names, 6)} {_acts(names)}"
        held = f'fixed={{"{names[0]}": {s.inits[np.flatnonzero(here)[0]]:g}}}'
        yield Finding(
            "idle-factor",
            Severity.WARNING,
            f'parameter "{s.name if whole else ", ".join(names[:6])}"',
            f"It is free, and {why}.",
            f"Remove it or fix it ({held}): nothing determines its value, so fits hold it.",
            parameter_case(names if not whole else s.name),
        )


def _acts(names: list[str]) -> str:
    return "acts" if len(names) == 1 else "act"


def _why(view: View, name: str) -> str:
    """Return why no rate depends on a parameter."""
    use = view.parameters[name]
    if not any(view.blocks[index].nominal.any() for index in use.blocks):
        return f"the {counted(len(use.blocks), 'sample')} that it acts on {_predict(len(use.blocks))} nothing"
    if name in view.effects.rows and not view.effects.size[view.effects.rows[name]].any():
        return "its variations are nominal everywhere"
    return "no rate depends on it: another factor that is held at 0 removes what it acts on"


def _predict(count: int) -> str:
    return "predicts" if count == 1 else "predict"


def inseparable_factors(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Free factors that the data can't tell apart, whatever they are: the Fisher matrix has no effect along a
    combination of them."""
    from wilks.fitting.effects import inseparable

    model = view.model
    if model is None:
        return
    for group, count in inseparable(model):
        names = [model.parameter_names[i] for i in group]
        blocks = {tuple(view.acting(_set(view, name))) for name in names}
        if len(blocks) == 1 and len(group) == count + 1:
            places = some([view.blocks[index].name for index in next(iter(blocks))])
            message = f"They are free and always act together (in {places}): the data determine only their product."
        else:
            combinations = "a combination" if count == 1 else f"{count} combinations"
            message = f"They are free, and {combinations} of them changes no rate: the data can't tell them apart."
        yield Finding(
            "inseparable-factors",
            Severity.ERROR,
            f'parameters "{", ".join(names)}"',
            message,
            f"Fix {'one' if count == 1 else count} of them, or let them act on different samples, bins or regions.",
            parameter_case(names),
        )


def _set(view: View, name: str) -> str:
    """Return the name of the parameter that a component belongs to."""
    return name if name in view.parameters else name.rpartition("[")[0]
