"""`compatibility`: do the channels agree on the parameter of interest?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from wilks.errors import ModelError, WorkspaceError, nearest
from wilks.fitting.mle import fit
from wilks.infer.study import BETTER, Running, Study, study
from wilks.model.compile import compile_model
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.selection import matching
from wilks.results.fit import FitResult
from wilks.results.goodness import Compatibility
from wilks.workspace.edit import rename_normfactor
from wilks.workspace.workspace import Workspace


def compatibility(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    workspace: Workspace,
    groups: Mapping[str, str | Sequence[str]] | None = None,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    running: Running = Running(),
) -> Compatibility:
    """Return 2NLL with one parameter of interest minus 2NLL with one for each channel, its p-value, and all values.

    `workspace` is what the model was compiled from: the normfactor that is the parameter of interest is renamed in it,
    channel by channel, or for each of `groups`, {name: channels (names or patterns)}, which must hold every channel
    that it acts on. All other parameters stay common, with all correlations. The p-value is that of a chi-square
    distribution with one degree of freedom less than there are groups; it does not hold for values at their bounds
    (`bounds` of the parameter of interest are those of each of its parts). Raises ModelError as `study`, for groups
    that leave channels out or overlap, and where less than two are left.

    >>> compatibility(model, workspace=workspace, groups={"electrons": "e*", "muons": "mu*"})  # doctest: +SKIP
    """
    from scipy.stats import chi2

    asked = study(model, data, poi=poi, fixed=fixed, bounds=bounds, result=result, running=running)
    name = model.parameter_names[asked.poi]
    members = _members(model, workspace, name, groups)
    names = {label: _new_name(f"{name}_{label}", model) for label in members}
    split = _split(model, workspace, name, {c: names[label] for label, channels in members.items() for c in channels})
    limits = asked.problem.lower[asked.poi], asked.problem.upper[asked.poi]
    together, apart = _fits(asked, split, dict.fromkeys(names.values(), limits))
    chosen = [split.index(each) for each in names.values()]
    statistic = together.twice_nll - apart.twice_nll
    failed = [fit.status for fit in (together, apart) if not fit.converged]
    return Compatibility(
        poi=name,
        value=float(together.values[asked.poi]),
        uncertainty=float(together.uncertainties[asked.poi]),
        groups=tuple(members),
        members=tuple(members.values()),
        values=apart.values[chosen],
        uncertainties=apart.uncertainties[chosen],
        covariance=apart.covariance[np.ix_(chosen, chosen)],
        statistic=statistic,
        ndof=len(members) - 1,
        p_value=float(chi2.sf(statistic, len(members) - 1)),
        converged=not failed,
        status="; ".join(failed) or "converged",
        origin=asked.origin(poi=name, groups={label: list(channels) for label, channels in members.items()}),
    )


def _members(
    model: Model, workspace: Workspace, name: str, groups: Mapping[str, str | Sequence[str]] | None
) -> dict[str, tuple[str, ...]]:
    """Return the channels of each group: those on which the parameter acts."""
    if not isinstance(workspace, Workspace) or workspace.digest != model.workspace_digest:
        raise ModelError("the workspace is not the one that the model was compiled from")
    acts = tuple(
        channel.name
        for channel in workspace.document.channels
        if any(modifier.name == name for sample in channel.samples for modifier in sample.modifiers)
    )
    problems = []
    members: dict[str, tuple[str, ...]] = {}
    for label, patterns in ({channel: channel for channel in acts} if groups is None else groups).items():
        found: set[str] = set()
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            positions = matching(model.channel_names, pattern)
            if not positions:
                problems.append(f'groups: no channel "{pattern}" in this model{nearest(pattern, model.channel_names)}')
            found |= {model.channel_names[i] for i in positions}
        members[label] = tuple(channel for channel in acts if channel in found)
    members = {label: channels for label, channels in members.items() if channels}
    for channel in acts:
        times = sum(channel in channels for channels in members.values())
        if times != 1 and not problems:
            problems.append(f'groups: channel "{channel}" must be in one group, found in {times}')
    if len(members) < 2 and not problems:
        problems.append(f'"{name}" acts on one group of channels only: there is nothing to compare')
    if problems:
        raise ModelError(problems)
    return members


def _new_name(name: str, model: Model) -> str:
    taken = {s.name for s in model.parameter_sets}
    while name in taken:
        name += "_"
    return name


def _split(model: Model, workspace: Workspace, name: str, by_channel: Mapping[str, str]) -> Model:
    try:
        renamed = rename_normfactor(workspace, name, by_channel)
    except WorkspaceError as error:
        raise ModelError(error.problems) from None
    return compile_model(
        renamed, measurement=model.measurement, poi=next(iter(by_channel.values())), **dict(model.settings)
    )


def _fits(asked: Study, split: Model, limits: Mapping[str, tuple[float, float]]) -> tuple[FitResult, FitResult]:
    """Return the fit with one parameter and that with several, which starts at the first and lies below it."""
    problem, together = asked.problem, asked.best
    where = {name: i for i, name in enumerate(asked.model.parameter_names)}
    source = np.array([where.get(name, asked.poi) for name in split.parameter_names])
    pairs = list(zip(split.parameter_names, source, strict=True))
    apart = fit(
        split,
        asked.data.values,
        start=together.values[source],
        fixed={name: float(problem.start[i]) for name, i in pairs if problem.held[i]},
        bounds={name: limits.get(name, (float(problem.lower[i]), float(problem.upper[i]))) for name, i in pairs},
        options=asked.running.options,
    )
    # With equal values in all groups the larger model is the smaller one: it can't lie above it.
    if apart.twice_nll > together.twice_nll + BETTER:
        apart = replace(apart, converged=False, status="the fit with several parameters lies above that with one")
    return together, apart
