"""`toys`: ensembles of fits to random data, for bias, pulls and coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks._version import __version__
from wilks.errors import ModelError
from wilks.fitting.many import Progress
from wilks.fitting.problem import Problem, pose
from wilks.infer.study import Running, origin_of
from wilks.infer.timed import timed
from wilks.infer.toy_fits import fit_toys, helped, made, moved
from wilks.model.datasets import asimov, parameters_at, toy_data
from wilks.model.model import ArrayLike, Model
from wilks.model.selection import matching
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.many import INTERRUPTED
from wilks.results.origin import Origin
from wilks.results.toy_folder import ToyFolder, Toys
from wilks.results.toys import CUTS, PULL_EDGES, ToysResult

# Numbers in one piece (data, values, uncertainties): 16 MB.
_AT_A_TIME = 2_000_000


@verb("toys(model, count=1000, seed=1)")
@timed
def toys(
    model: Model,
    result: FitResult | None = None,
    *,
    values: Mapping[str, float] | ArrayLike | None = None,
    count: int,
    seed: int,
    stream: int = 0,
    profile: str | Sequence[str] = (),
    folder: str | Path | None = None,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    threads: int | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> ToysResult:
    """Return what fits to `count` toys say about the fit: bias, pulls and coverage of every parameter, failures.

    The toys are made before the fit, or at a `result`, with `values` put in (as `asimov` does), auxiliary data too. Toy
    i of a `seed` (and `stream`, as for `toy_data`) is the same whatever `count` and the number of threads. The fits
    keep the parameters in `fixed` and start at the truth; one that fails is tried again from the model's initial
    values, and is counted. Coverage is that of value +- uncertainty; for the parameters in `profile` (names or
    patterns) also that of their profile likelihood intervals, which takes one more fit each.

    The result is a summary. With `folder`, every toy is kept there, piece by piece, in bounded memory; the same call
    goes on where an earlier one ended, and a larger `count` adds to it (`wilks.results.toy_folder.ToyFolder` reads it).
    Raises ModelError for wrong names and numbers, ResultError for a folder of another run or a damaged one.

    `poi`, `bounds` and `running` are as for `intervals`.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.toys(model, values={"mu": 1}, count=50, seed=1)
    >>> found.done, found.names[:2]
    (50, ('Jet energy scale', 'WZ modelling'))
    >>> found.coverage.shape == (model.n_parameters, 2)
    True
    """
    ensemble = _ensemble(model, result, values, seed, stream, profile, fixed, bounds, running)
    if not (isinstance(count, int | np.integer) and count >= 1):
        raise ModelError(f"count must be a whole number from 1 on, found {count!r}")
    name = model.poi if poi is None else poi
    if name is not None:
        model.index(name)
    store = None if folder is None else ToyFolder(folder)
    if store is not None:
        store.prepare(ensemble.manifest())
    tally = Tally(ensemble.truth, len(ensemble.profiled))
    for piece in pieces(ensemble, int(count), store, running):
        tally.add(piece)
    label = asimov(model, result, values=values).label.replace("Asimov", "toys", 1)
    return ToysResult(
        names=model.parameter_names,
        poi=name,
        truth=ensemble.truth,
        fixed=ensemble.problem.held,
        modifier_types=model.modifier_types,
        seed=int(seed),
        stream=int(stream),
        count=int(count),
        origin=ensemble.origin(label, int(count)).also(*(() if result is None else result.conditions)),
        profiled=tuple(model.parameter_names[i] for i in ensemble.profiled),
        folder="" if folder is None else str(folder),
        **tally.summary(ensemble.problem.held),
    )


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Which toys are made, and how they are fitted."""

    model: Model
    truth: FloatArray
    problem: Problem
    seed: int
    stream: int
    profiled: tuple[int, ...]
    running: Running

    @property
    def rows(self) -> int:
        """Toys in one piece: a property of the model, so that the pieces of all runs are the same."""
        size = self.model.observed_main.size + self.model.auxiliary.size + 2 * self.model.n_parameters
        return int(np.clip(_AT_A_TIME // size, 100, 100_000))

    def origin(self, label: str, count: int) -> Origin:
        """Return where the summary of `count` toys comes from; `label` says what they were made from."""
        own = {"seed": self.seed, "stream": self.stream, "count": count}
        return origin_of(self.model, label, self.problem, self.running.options, **own)

    def manifest(self) -> dict[str, Any]:
        """Return everything that the toys and their fits depend on."""
        return {
            "seed": self.seed,
            "stream": self.stream,
            "workspace_digest": self.model.workspace_digest,
            "measurement": self.model.measurement,
            "names": list(self.model.parameter_names),
            "truth": self.truth.tolist(),
            "start": self.problem.start.tolist(),
            "lower bounds": self.problem.lower.tolist(),
            "upper bounds": self.problem.upper.tolist(),
            "fixed": self.problem.held.tolist(),
            "profiled": list(self.profiled),
            "settings": {**self.model.settings, **self.running.options.settings},
            "rows": self.rows,
            "version": __version__,
        }


def _ensemble(
    model: Model,
    result: FitResult | None,
    values: Mapping[str, float] | ArrayLike | None,
    seed: int,
    stream: int,
    profile: str | Sequence[str],
    fixed: Mapping[str, float] | None,
    bounds: Mapping[str, tuple[float, float]] | None,
    running: Running,
) -> Ensemble:
    pose(model, None, fixed, bounds)  # a model, and what is wrong with it, before anything else
    truth = parameters_at(model, result, values=values)
    problem = pose(model, truth, fixed, bounds)
    start = np.where(problem.held, problem.start, np.clip(problem.start, problem.lower, problem.upper))
    patterns = [profile] if isinstance(profile, str) else list(profile)
    chosen = sorted({i for pattern in patterns for i in matching(model.parameter_names, pattern)})
    for pattern in patterns:
        if not matching(model.parameter_names, pattern):
            model.index(pattern)
    if held := [model.parameter_names[i] for i in chosen if problem.held[i]]:
        idle = problem.idle[model.index(held[0])]
        raise ModelError(f'profile: {"no rate depends on " if idle else ""}"{held[0]}"{"" if idle else " is fixed"}')
    toy_data(model, values=truth, seed=seed, count=1, stream=stream)  # raises where no toys can be made
    return Ensemble(model, truth, replace(problem, start=start), int(seed), int(stream), tuple(chosen), running)


def pieces(ensemble: Ensemble, count: int, store: ToyFolder | None, running: Running) -> Iterator[Toys]:
    """Yield the toys in order, piece by piece: read where they are stored, else made (and stored).

    Ends early where it is interrupted; the piece then yielded ends before the first toy that was not fitted, and is not
    stored.
    """
    rows, names = ensemble.rows, ensemble.model.n_parameters
    run = Run(running.progress, count)
    for piece, first in enumerate(range(0, count, rows)):
        size = min(rows, count - first)
        found = None if store is None else store.read(piece, names)
        if found is None or len(found) < size:
            found = _fitted(ensemble, first, size, run.part(first))
            if INTERRUPTED in found.statuses:
                yield found.upto(made(found.statuses))
                return
            if store is not None:
                store.write(piece, found)
        yield found.upto(size)
        if run.stopped:
            return


def _fitted(ensemble: Ensemble, first: int, size: int, progress: Progress) -> Toys:
    data = toy_data(
        ensemble.model, values=ensemble.truth, seed=ensemble.seed, count=size, first=first, stream=ensemble.stream
    )
    model, running = ensemble.model, replace(ensemble.running, progress=progress)
    few = replace(running, progress=lambda done, total: progress(size, size))
    fits = fit_toys(model, data, ensemble.problem, running, uncertainties=True)
    kept = []
    for i in ensemble.profiled:
        held, start = ensemble.problem.held.copy(), ensemble.problem.start.copy()
        held[i], start[i] = True, ensemble.truth[i]
        problem = replace(ensemble.problem, held=held, start=start)
        found = fit_toys(model, data, problem, running)
        found = helped(model, data, found, moved(model, data, fits, i, start[i]), problem, few)
        fits = helped(model, data, fits, found, ensemble.problem, few)
        kept.append(found)
    profile, statuses = np.empty((size, len(kept))), np.array(fits.statuses, object)
    for column, found in enumerate(kept):
        both = found.minimised & fits.minimised
        profile[:, column] = np.where(both, np.maximum(found.twice_nll - fits.twice_nll, 0.0), np.nan)
        statuses[[status == INTERRUPTED for status in found.statuses]] = INTERRUPTED
    assert fits.uncertainties is not None
    return Toys(first, fits.values, fits.uncertainties, fits.twice_nll, fits.edm, tuple(statuses), profile)


@dataclass
class Run:
    """A run of `total` fits in pieces: who is told about progress, and whether it was asked to stop."""

    progress: Progress | None
    total: int
    stopped: bool = False

    def part(self, first: int) -> Progress:
        """Return what is told about the piece that begins with fit `first`."""

        def tell(done: int, _: int) -> bool:
            if self.progress is not None and self.progress(first + done, self.total) is False:
                self.stopped = True
            return not self.stopped

        return tell

    def rest(self, done: int) -> Progress:
        """Return what is told about fits that don't count, when `done` others are made."""
        return lambda _, __: self.part(done)(0, 0)


@dataclass
class Tally:
    """Sums over toys, piece by piece; deviations from the truth, so that nothing cancels."""

    truth: FloatArray
    profiled: int
    statuses: Counter[str] = field(default_factory=Counter)
    converged: int = 0

    def __post_init__(self) -> None:
        n = self.truth.size
        self.usable = np.zeros(n)
        self.sums = np.zeros((4, n))
        self.covered = np.zeros((n, 2))
        self.pulls = np.zeros((n, PULL_EDGES.size - 1))
        self.profile_usable = np.zeros(self.profiled)
        self.profile_covered = np.zeros((self.profiled, 2))

    def add(self, toys: Toys) -> None:
        self.statuses.update(toys.statuses)
        converged = toys.converged
        self.converged += int(converged.sum())
        sigma = toys.uncertainties
        usable = converged[:, None] & (sigma > 0) & np.isfinite(sigma)
        shift = np.where(usable, toys.values - self.truth, 0.0)
        pull = shift / np.where(usable, sigma, 1.0)
        self.usable += usable.sum(axis=0)
        self.sums += [shift.sum(axis=0), (shift**2).sum(axis=0), pull.sum(axis=0), (pull**2).sum(axis=0)]
        distance = np.where(usable, np.abs(pull), np.inf)
        self.covered += np.stack([(distance <= cut).sum(axis=0) for cut in CUTS], axis=1)
        bins = PULL_EDGES.size - 1
        where = np.clip(np.searchsorted(PULL_EDGES, pull, side="right") - 1, 0, bins - 1)
        flat = (where + bins * np.arange(self.truth.size))[usable]
        self.pulls += np.bincount(flat, minlength=self.pulls.size).reshape(self.pulls.shape)
        known = np.isfinite(toys.profile)
        q = np.where(known, toys.profile, np.inf)
        self.profile_usable += known.sum(axis=0)
        self.profile_covered += np.stack([(q <= cut**2).sum(axis=0) for cut in CUTS], axis=1)

    def summary(self, held: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
        """Return the fields of a ToysResult that come from the sums."""
        with np.errstate(invalid="ignore", divide="ignore"):
            bias, squares, pull, pull_squares = self.sums / self.usable
            factor = np.where(self.usable > 1, self.usable / (self.usable - 1), np.nan)
            spread, width = (
                np.sqrt(np.maximum(total - mean**2, 0.0) * factor)
                for total, mean in ((squares, bias), (pull_squares, pull))
            )
        for array in (bias, spread, pull, width):
            array[held] = np.nan
        return {
            "done": sum(self.statuses.values()),
            "converged": self.converged,
            "statuses": dict(sorted(self.statuses.items())),
            "usable": self.usable,
            "bias": bias,
            "spread": spread,
            "pull_mean": pull,
            "pull_width": width,
            "covered": self.covered,
            "edges": PULL_EDGES,
            "pulls": self.pulls,
            "profile_usable": self.profile_usable,
            "profile_covered": self.profile_covered,
        }
