"""`global_significance`: how often chance gives a local significance as large as the largest one, anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from wilks._types import FloatArray, Positions
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError
from wilks.fitting.many import Progress
from wilks.infer.grid import Signals, number_of, points_of
from wilks.infer.grid_spread import Point
from wilks.infer.hypotest import toys_problems
from wilks.infer.likelihood_ratio import Profile, test_study
from wilks.infer.study import Running, Study
from wilks.infer.timed import timed
from wilks.infer.toy_p_values import SAME, Sample, error_of
from wilks.infer.toy_tests import TESTED, Counter, fitted, made_elsewhere, pieces, statistics
from wilks.model.compile import compile_model
from wilks.model.datasets import Data, toy_data
from wilks.model.model import ArrayLike, Model
from wilks.results.conditions import merged
from wilks.results.look_elsewhere import GlobalSignificance
from wilks.results.lost_toys import between, with_lost
from wilks.results.many import CONVERGED
from wilks.workspace.patchset import PatchSet
from wilks.workspace.workspace import Workspace

# Auxiliary data that only one signal has come from streams of their own.
_OWN = 1000
# Backgrounds of two signals are the same if their rates are, to this fraction of the statistical uncertainty.
_ALIKE = 1e-6


@dataclass(frozen=True, eq=False)
class Sought:
    """One signal: its study, and parameters without signal, of a fit or as toys are made with."""

    study: Study
    none: FloatArray


@dataclass(frozen=True, eq=False)
class Local(Sought):
    """One signal in the data: where it is, and its q0."""

    point: Point
    q0: float
    status: str


@timed
def global_significance(
    workspace: Workspace | Signals,
    points: PatchSet | Mapping[str, Sequence[float]] | None = None,
    *,
    data: Callable[[Model], Data | ArrayLike] | None = None,
    toys: int = 1000,
    threshold: float = 1.0,
    seed: int = 1,
    labels: Sequence[str] = (),
    verify: bool = True,
    measurement: str | None = None,
    poi: str | None = None,
    data_set: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> GlobalSignificance:
    """Return the local significances of many signals and the global one of the largest: the look-elsewhere effect.

    The signals are those of `grid` (`workspace`, `points`, `labels`, `verify`), on one background. `toys` toys without
    signal are made at the conditional fit of the first signal, auxiliary data too; all signals are searched for in the
    same ones. By toys, the global p-value is the fraction whose largest q0 is at least the largest observed one.

    By up-crossings, where the signals have one coordinate: q0 along it rises through `threshold` on average N times in
    a toy, and a maximum of at least q0 anywhere has the probability p_local + N exp((threshold - q0) / 2) at most,
    which is close where it is small. A few hundred toys are enough for any significance; the points must be closer to
    each other than the resolution.

    `running.progress` is told about fits; where it returns False, the toys made by then count. Points without an answer
    have a status, and are left out. Raises ModelError for what can't be asked, also where signals have different
    backgrounds or bins.

    `data`, `measurement`, `poi`, `data_set`, `seed`, `fixed`, `bounds` and `executor` are as for `grid`. E. Gross, O.
    Vitells, Eur. Phys. J. C 70 (2010) 525.

    >>> import wilks
    >>> found = wilks.global_significance(*wilks.examples.search_grid(), toys=50)
    >>> print(f"{found.local_significance:.2f} sigma at {found.names[found.where]}")
    3.08 sigma at X_600
    >>> found.toy_p_value < 0.1
    True
    """
    problems = toys_problems(toys, seed)
    if not (np.isfinite(threshold) and threshold > 0):
        problems.append(f"threshold: a positive q0 is needed, found {threshold!r}")
    if problems:
        raise ModelError(problems)
    named, listed_points = points_of(workspace, points, labels, verify, dict(fixed or {}))
    counter = Counter(running.progress)
    counter.announce(2 * toys * len(listed_points))
    quiet = replace(running, progress=counter.wait)
    asked: dict[str, Any] = {"measurement": measurement, "poi": poi, "data_set": data_set}
    every = [_local(point, data, asked, bounds, quiet) for point in listed_points]
    usable = [each for each in every if each.status == CONVERGED]
    if not usable:
        raise ModelError(f"no point has a local significance: {every[0].status}")
    usable = [_as_first(usable[0], each) for each in usable]
    _check_background(usable)
    q = _toys(usable, toys, seed, counter)
    first = usable[0].study
    coordinates = np.array([[number_of(v) for v in p.coordinates] for p in listed_points], np.float64)
    coordinates = coordinates.reshape(len(listed_points), len(named))
    order = _order(coordinates[[each.status == CONVERGED for each in every]])
    found = _summary(q, toys, max(each.q0 for each in usable), threshold, order)
    conditions = {each.point.name: each.study.conditions for each in usable}
    return GlobalSignificance(
        poi=first.model.parameter_names[first.poi],
        names=tuple(point.name for point in listed_points),
        labels=named,
        coordinates=coordinates,
        q0=np.array([each.q0 for each in every]),
        best_values=np.array([each.study.best.values[each.study.poi] for each in every]),
        statuses=tuple(each.status for each in every),
        toys=int(toys),
        seed=int(seed),
        threshold=float(threshold),
        origin=replace(
            first.origin(toys=toys, seed=seed, threshold=threshold),
            workspace_digest=workspace.digest if isinstance(workspace, Workspace) else "",
            conditions=merged(conditions),
        ),
        **found,
    )


def _local(
    point: Point,
    data: Callable[[Model], Data | ArrayLike] | None,
    asked: Mapping[str, Any],
    bounds: Mapping[str, tuple[float, float]] | None,
    running: Running,
) -> Local:
    """Return the fits to the data for one signal."""
    model = compile_model(point.workspace(), **asked)
    used = None if data is None else data(model)
    found = test_study("q0", bounds, model=model, data=used, fixed=point.fixed, running=running)
    profile = Profile.of(found).extended(np.zeros(1))
    (q0,), (status,) = profile.statistic(np.zeros(1), "q0")
    if profile.row(0.0)[1] != CONVERGED:
        q0, status = np.nan, profile.row(0.0)[1]
    return Local(profile.study, profile.row(0.0)[0], point, float(q0), status)


def _as_first(first: Local, each: Local) -> Local:
    """Return a signal with the parameters without signal that the first one has, as far as it has them."""
    names, known = each.study.model.parameter_names, first.study.model.parameter_names
    common = [i for i, name in enumerate(names) if name in known and not each.study.problem.held[i]]
    none = each.none.copy()
    none[common] = first.none[[known.index(names[i]) for i in common]]
    return replace(each, none=none)


def _check_background(every: Sequence[Local]) -> None:
    """Raise ModelError where signals are not searched for in the same bins, or on the same background."""
    first, problems = every[0], []
    model, rates = first.study.model, first.study.model.expected(first.none)
    for each in every[1:]:
        other = each.study.model
        if dict(other.channel_bins) != dict(model.channel_bins):
            problems.append(f'"{each.point.name}" has other channels or bins than "{first.point.name}"')
            continue
        theirs = other.expected(each.none)[_main(other, model)]
        off = np.abs(theirs - rates) / np.sqrt(np.maximum(rates, 1.0))
        worst = int(np.argmax(off))
        if not off[worst] <= _ALIKE:
            problems.append(
                f'"{each.point.name}" has another background than "{first.point.name}": without signal '
                f"{model.place(worst)} has {theirs[worst]:.6g} events, there {rates[worst]:.6g}; all signals share toys"
            )
    if problems:
        raise ModelError(problems)


def _main(model: Model, first: Model) -> Positions:
    """Return where the main bins of the first model, in its order, are in another one."""
    every = np.arange(model.observed_main.size)
    return np.concatenate([every[model.channel_slices[name]] for name in first.channel_slices])


def _toys(every: Sequence[Local], toys: int, seed: int, counter: Counter) -> FloatArray:
    """Return q0 of the toys that were made, shape (signals, toys), NaN where there is none."""
    work, done, found = _Toys(every[0], seed), 0, list[FloatArray]()
    wanted = [_Item(*piece, row, each) for piece in pieces(toys, every[0].study) for row, each in enumerate(every)]
    samples = work.samples(wanted, counter)
    while together := list(islice(samples, len(every))):
        missing = [Sample(np.full(together[0].q.size, np.nan), 0)] * (len(every) - len(together))
        found.append(np.stack([sample.q for sample in (*together, *missing)]))
        done += min(sample.done for sample in (*together, *missing))
        if counter.stopped:
            break
    return np.concatenate([np.empty((len(every), 0)), *found], axis=1)[:, :done]


@dataclass(frozen=True, eq=False)
class _Item:
    """Toys from number `start` on, so many of them, that a signal is searched for in; `row` says which one it is."""

    start: int
    count: int
    row: int
    signal: Sought


@dataclass(frozen=True, eq=False)
class _Toys:
    """The job of searching for signals in toys that are made for the first one of them."""

    first: Sought
    seed: int

    def samples(self, wanted: Sequence[_Item], counter: Counter) -> Iterator[Sample]:
        """Yield q0 of each item in order; ends early where it is stopped, the last sample may then be cut short."""
        running = self.first.study.running
        if running.pool is None:
            yield from (self.sample(item, counter) for item in wanted)
            return
        sent = {item.row: Sought(item.signal.study.sendable(), item.signal.none) for item in wanted}
        yield from made_elsewhere(
            counter,
            running,
            replace(self, first=sent[0]),
            wanted,
            shared=[each.study.model for each in sent.values()],
            fits=lambda item, sample: 2 * sample.done,
            made=lambda item: replace(item, signal=sent[item.row]),
        )

    def __call__(self, item: _Item, threads: int | None, progress: Progress | None) -> Sample:
        """Return q0 of the toys of an item."""
        running = Running(item.signal.study.running.options, threads, progress)
        signal = replace(item.signal, study=replace(item.signal.study, running=running))
        return self.sample(replace(item, signal=signal), Counter(progress))

    def sample(self, item: _Item, counter: Counter) -> Sample:
        """Return the same; the counter says how far it is."""
        first, each = self.first, item.signal
        where: dict[str, Any] = {"first": item.start, "count": item.count, "stream": TESTED}
        data = toy_data(first.study.model, values=first.none, seed=self.seed, **where)
        if item.row:
            data = _translated(first, each, data, (item.row, item.start), self.seed)
        toys = fitted(counter, each.study, each.none, data)
        return statistics(counter, each.study, toys, each.none, "q0")


def _translated(first: Sought, each: Sought, toys: FloatArray, place: tuple[int, int], seed: int) -> FloatArray:
    """Return toys of the first signal's model as data of another one: the same events, and the same pulls of auxiliary
    data by parameter; those that only this signal has are its own.
    """
    here, there = each.study.model, first.study.model
    (row, start), main = place, there.observed_main.size
    data = toy_data(here, values=each.none, seed=seed, first=start, count=len(toys), stream=_OWN + row)
    data[:, _main(here, there)] = toys[:, :main]
    known = {name: i for i, name in enumerate(_constrained(there))}
    both = [(j, known[n]) for j, n in enumerate(_constrained(here)) if n in known]
    ours, theirs = (np.array([pair[side] for pair in both], np.intp) for side in (0, 1))
    a, b = here.constraint_terms, there.constraint_terms
    same = (a.poisson[ours] == b.poisson[theirs]) & (~a.poisson[ours] | (a.scale[ours] == b.scale[theirs]))
    ours, theirs = ours[same], theirs[same]
    pulls = (toys[:, main + theirs] - there.expected_auxiliary(first.none)[theirs]) / b.scale[theirs]
    counts = a.poisson[ours]
    data[:, main + ours] = np.where(
        counts, toys[:, main + theirs], here.expected_auxiliary(each.none)[ours] + pulls * a.scale[ours]
    )
    return data


def _constrained(model: Model) -> list[str]:
    """Return the names of the parameters that auxiliary data belong to, in their order."""
    return [model.parameter_names[i] for i in model.constraint_terms.parameters]


def _order(coordinates: FloatArray) -> Positions | None:
    """Return the points in the order of their one coordinate; None where they have no order."""
    if coordinates.shape[1] != 1 or not np.isfinite(coordinates).all() or len(coordinates) < 2:
        return None
    order = np.argsort(coordinates[:, 0], kind="stable")
    return order if (np.diff(coordinates[order, 0]) > 0).all() else None


def _summary(q: FloatArray, toys: int, observed: float, threshold: float, order: Positions | None) -> dict[str, Any]:
    """Return the fields of a GlobalSignificance that come from toys; `q` has q0, shape (signals, toys made)."""
    good = np.isfinite(q).all(axis=0)
    largest = np.where(good, q.max(axis=0, initial=0.0), np.nan)
    used, lost = int(good.sum()), int((~good).sum())
    above = int((largest[good] >= observed - SAME * max(1.0, observed)).sum())
    ends = between(above, used, lost)
    p = above / used if used else np.nan
    rises, error, coarse = np.nan, np.nan, np.nan
    if order is not None and used > 1:
        counts = _rises(q[order][:, good], threshold)
        rises, error = float(counts.mean()), float(counts.std(ddof=1) / np.sqrt(used))
        coarse = float(_rises(q[order[::2]][:, good], threshold).mean())
    return {
        "failures": lost,
        "interrupted": toys - q.shape[1],
        "largest": np.concatenate([largest, np.full(toys - q.shape[1], np.nan)]),
        "toy_p_value": p,
        "toy_error": float(with_lost(error_of(p, used), p, ends)) if used else np.nan,
        "toy_p_range": (float(ends[0]), float(ends[1])),
        "crossings": rises,
        "crossings_error": error,
        "coarse": coarse,
    }


def _rises(q: FloatArray, threshold: float) -> FloatArray:
    """Return how often each toy rises through the threshold from one point to the next, shape (toys,)."""
    return np.asarray(((q[:-1] < threshold) & (q[1:] >= threshold)).sum(axis=0), np.float64)
