"""`compatibility`: do the channels agree on the parameter of interest?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wilks._types import FloatArray, Positions
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError, WorkspaceError, nearest
from wilks.fitting.many import Progress
from wilks.fitting.mle import fit_problem
from wilks.fitting.problem import Problem
from wilks.infer.goodness_of_fit import check_toys
from wilks.infer.runs import Run
from wilks.infer.study import BETTER, Running, Study, study
from wilks.infer.timed import timed
from wilks.infer.toy_fits import endings, fit_toys, helped, made, moved
from wilks.model.compile import compile_model
from wilks.model.datasets import Data, toy_data
from wilks.model.model import ArrayLike, Model
from wilks.model.selection import matching
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.goodness import Compatibility, as_large
from wilks.results.many import CONVERGED, INTERRUPTED, ManyFits
from wilks.results.toy_folder import Piece
from wilks.workspace.edit import rename_normfactor
from wilks.workspace.references import needing
from wilks.workspace.workspace import Workspace

ABOVE = "the fit with several parameters lies above that with one"
# Numbers of toy data and fitted values held in memory at a time.
_AT_A_TIME = 4_000_000


@verb("compatibility(model, workspace=workspace)")
@timed
def compatibility(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    workspace: Workspace,
    groups: Mapping[str, str | Sequence[str]] | None = None,
    toys: int = 0,
    seed: int = 1,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> Compatibility:
    """Return 2NLL with one parameter of interest minus 2NLL with one for each channel, its p-value, and all values.

    `workspace` is what the model was compiled from: the normfactor that is the parameter of interest is renamed in it,
    channel by channel, or for each of `groups`, {name: channels (names or patterns)}, which must hold every channel
    that it acts on. All other parameters stay common, with all correlations. The p-value is that of a chi-square
    distribution with one degree of freedom less than there are groups; it does not hold for values at their bounds
    (`bounds` of the parameter of interest are those of each of its parts). With `toys` > 0 there is one from toys too,
    drawn at the fit with one parameter from `seed` and fitted both ways. Raises ModelError as `study`, for groups that
    leave channels out or overlap, and where less than two are left.

    `data`, `poi`, `fixed`, `bounds`, `result`, `executor` and `running` are as for `intervals`.

    >>> import wilks
    >>> workspace = wilks.examples.measurement()
    >>> model = wilks.compile_model(workspace)
    >>> found = wilks.compatibility(model, workspace=workspace)
    >>> found.groups, found.values.shape
    (('electrons', 'muons'), (2,))
    >>> print(f"p = {found.p_value:.2f}")
    p = 0.24
    """
    from scipy.special import chdtrc

    check_toys(toys, seed)
    asked = study(model, data, poi=poi, fixed=fixed, bounds=bounds, result=result, running=running)
    name = model.parameter_names[asked.poi]
    members = _members(model, workspace, name, groups)
    names = {label: _new_name(f"{name}_{label}", model) for label in members}
    split = _split(model, workspace, name, {c: names[label] for label, channels in members.items() for c in channels})
    parts = _Parts.of(asked, split, list(names.values()))
    together, apart = _fits(asked, parts)
    chosen = [split.index(each) for each in names.values()]
    # Rounding may leave a little less than nothing, where all groups agree.
    statistic = max(together.twice_nll - apart.twice_nll, 0.0)
    ndof = int((~apart.idle[chosen]).sum()) - 1
    failed = [fit.status for fit in (together, apart) if not fit.converged]
    channels = {label: list(each) for label, each in members.items()}
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
        ndof=ndof,
        p_value=float(chdtrc(ndof, statistic)) if ndof > 0 else np.nan,
        converged=not failed,
        status="; ".join(failed) or "converged",
        origin=asked.origin(poi=name, groups=channels, toys=int(toys), seed=int(seed)),
        seed=int(seed),
        **_from_toys(asked, parts, int(toys), seed, statistic),
    )


def _members(
    model: Model, workspace: Workspace, name: str, groups: Mapping[str, str | Sequence[str]] | None
) -> dict[str, tuple[str, ...]]:
    """Return the channels of each group: those on which the parameter acts."""
    if not isinstance(workspace, Workspace) or workspace.digest != model.workspace_digest:
        raise ModelError("the workspace is not the one that the model was compiled from")
    if function := needing(workspace.document, {name}).get(name):
        raise ModelError(f'"{name}" is needed by the function "{function}", which has one value in all channels')
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


@dataclass(frozen=True, eq=False)
class _Parts:
    """The model with several parameters: how it is fitted, and which of the parameters of the other each of its is."""

    model: Model
    problem: Problem
    source: Positions

    @classmethod
    def of(cls, asked: Study, split: Model, names: list[str]) -> _Parts:
        """Return what belongs to a model in which the parameter of interest has several `names`."""
        problem = asked.problem
        where = {name: i for i, name in enumerate(asked.model.parameter_names)} | dict.fromkeys(names, asked.poi)
        source = np.array([where[name] for name in split.parameter_names])
        sides = (problem.start, problem.lower, problem.upper, problem.held)
        start, lower, upper, held = (side[source] for side in sides)
        idle = split.idle & ~(held & ~problem.idle[source])
        return cls(split, Problem(start, lower, upper, held | idle, idle), source)

    def starting(self, values: FloatArray) -> Problem:
        """Return the problem with starts where the fits with one parameter end, shape (..., n_parameters)."""
        return replace(self.problem, start=np.ascontiguousarray(values[..., self.source]))

    def apart(self, one: ManyFits) -> ManyFits:
        """Return the points of fits with one parameter as points with several, all equal."""
        return replace(one, names=self.model.parameter_names, values=one.values[:, self.source])

    def joined(self, several: ManyFits, model: Model, poi: int, data: FloatArray) -> ManyFits:
        """Return the points of fits with several parameters as points of `model` with their mean, and 2NLL there."""
        where = [np.flatnonzero(self.source == i) for i in range(model.n_parameters)]
        theta = np.stack([several.values[:, columns].mean(axis=1) for columns in where], axis=1)
        return moved(model, data, replace(several, names=model.parameter_names, values=theta), poi, theta[:, poi])


def _fits(asked: Study, parts: _Parts) -> tuple[FitResult, FitResult]:
    """Return the fit with one parameter and that with several, which starts at the first and lies below it."""
    together, label = asked.best, asked.data.label
    dataset, problem = parts.model.dataset(asked.data.values), parts.starting(together.values)
    apart = fit_problem(parts.model, dataset, problem, label=label, options=asked.running.options)
    # With equal values in all groups the larger model is the smaller one: it can't lie above it.
    if apart.twice_nll > together.twice_nll + BETTER:
        apart = replace(apart, converged=False, status=ABOVE)
    return together, apart


def _from_toys(asked: Study, parts: _Parts, count: int, seed: int, statistic: float) -> dict[str, Any]:
    """Return the fields of a Compatibility that come from toys."""
    sample, statuses = _toys(asked, parts, count, seed)
    usable = sample[np.isfinite(sample)]
    p_value = float(np.mean(as_large(usable, statistic))) if usable.size else np.nan
    return {"toys": sample, "toys_p_value": p_value, "statuses": dict(sorted(statuses.items()))}


def _toys(asked: Study, parts: _Parts, count: int, seed: int) -> tuple[FloatArray, Counter[str]]:
    """Return the statistic of toys at the fit with one parameter, shape (toys,), NaN without a fit; and statuses."""
    model = asked.model
    statuses: Counter[str] = Counter()
    sample = np.full(count, np.nan)
    rows = max(_AT_A_TIME // (model.observed_main.size + model.auxiliary.size + 2 * model.n_parameters), 100)
    run = Run(asked.running.progress, 2 * count)
    job = _Toys(asked.sendable(), parts, seed)
    for piece, (found, how) in run.pieces(job, count, rows, asked.running, [model, parts.model]):
        statuses.update(how)
        sample[piece.first : piece.first + found.size] = found
    statuses.update([INTERRUPTED] * (count - sum(statuses.values())))
    return sample, +statuses


@dataclass(frozen=True, eq=False)
class _Toys:
    """The job of making a piece of the toys at the fit with one parameter, and of fitting them both ways."""

    asked: Study
    parts: _Parts
    seed: int

    def __call__(self, piece: Piece, threads: int | None, progress: Progress | None) -> tuple[FloatArray, Counter[str]]:
        """Return the statistic of the toys, up to the first that was not made, and how they ended."""
        asked, parts, size = self.asked, self.parts, piece.size
        model, best = asked.model, asked.best
        tell: Progress = progress or (lambda done, total: True)

        def running(first: int, counts: bool = True) -> Running:
            told: Progress = lambda done, total: tell(first + done * counts, 2 * size)  # noqa: E731
            return replace(asked.running, threads=threads, progress=told)

        data = toy_data(model, values=best.values, seed=self.seed, count=size, first=piece.first)
        one = fit_toys(model, data, replace(asked.problem, start=best.values), running(0))
        several = fit_toys(parts.model, data, parts.starting(best.values), running(size))
        few = running(2 * size, counts=False)
        one = helped(model, data, one, parts.joined(several, model, asked.poi, data), asked.problem, few)
        several = helped(parts.model, data, several, parts.apart(one), parts.problem, few)
        # With equal values in all groups the larger model is the smaller one: it can't lie above it.
        below = several.twice_nll <= one.twice_nll + BETTER
        good = one.minimised & several.minimised & below
        both = zip(endings(one), endings(several), strict=True)
        how = tuple(
            ABOVE if a == b == CONVERGED and not fine else b if a == CONVERGED or b == INTERRUPTED else a
            for fine, (a, b) in zip(below, both, strict=True)
        )
        done = made(how)
        found = np.where(good, np.maximum(one.twice_nll - several.twice_nll, 0.0), np.nan)
        return found[:done], Counter(how[:done])
