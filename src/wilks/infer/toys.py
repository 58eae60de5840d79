"""`toys`: ensembles of fits to random data, for bias, pulls and coverage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks._version import __version__
from wilks.elsewhere.ordered import in_order
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError
from wilks.fitting.many import Progress
from wilks.fitting.problem import Problem, pose
from wilks.infer.runs import Run
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
from wilks.results.toy_folder import Piece, ToyFolder, Toys, pieces
from wilks.results.toy_tally import Tally
from wilks.results.toys import ToysResult

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
    part: tuple[int, int] | None = None,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
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
    `part` (3, 100) is the third of a hundred calls that share these toys, each with the same `folder` or with one of
    its own: `wilks.results.toy_merge.merge_toys` joins them.
    Raises ModelError for wrong names and numbers, ResultError for a folder of another run or a damaged one.

    `poi`, `bounds`, `executor` and `running` are as for `intervals`.

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
    if part is not None and store is None:
        raise ModelError("part: what a part makes is kept in a folder; name one")
    wanted = pieces(int(count), ensemble.rows, part)
    tally = Tally(ensemble.truth, len(ensemble.profiled))
    label = asimov(model, result, values=values).label.replace("Asimov", "toys", 1)
    whole = ToysResult(
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
        **tally.summary(ensemble.problem.held),
    )
    if store is not None:
        store.prepare(ensemble.manifest(), whole)
        if part is not None:
            store.note(int(count), part)
    for piece in tallies(ensemble, wanted, store, running):
        tally.join(piece)
    return replace(
        whole,
        count=sum(piece.size for piece in wanted),
        origin=whole.origin if part is None else whole.origin.also(part=list(part)),
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


def tallies(ensemble: Ensemble, wanted: Sequence[Piece], store: ToyFolder | None, running: Running) -> Iterator[Tally]:
    """Yield what there is to say of toys in order, piece by piece: read where they are stored, else made (and stored).

    Ends early where it is interrupted: before the first toy that was not fitted. What other workers have made by then
    is stored all the same.
    """
    run = Run(running.progress, sum(piece.size for piece in wanted))
    yield from (_here if running.pool is None else _elsewhere)(ensemble, wanted, store, running, run)


def _here(
    ensemble: Ensemble, wanted: Sequence[Piece], store: ToyFolder | None, running: Running, run: Run
) -> Iterator[Tally]:
    job, done = PieceOfToys(ensemble, len(ensemble.profiled), True), 0
    for piece in wanted:
        found = _stored(ensemble, store, piece)
        if found is None:
            found = job(piece, running.threads, run.part(done))
            if INTERRUPTED in found.statuses:
                yield job.tally(found.upto(made(found.statuses)))
                return
            if store is not None:
                store.write(piece.number, found)
        yield job.tally(found.upto(piece.size))
        done += piece.size
        if run.stopped:
            return


def _elsewhere(
    ensemble: Ensemble, wanted: Sequence[Piece], store: ToyFolder | None, running: Running, run: Run
) -> Iterator[Tally]:
    pool = running.pool
    assert pool is not None
    alone = replace(ensemble, running=Running(options=running.options))
    job = PieceOfToys(alone, len(ensemble.profiled), store is not None)
    missing = [piece for piece in wanted if _stored(ensemble, store, piece) is None]
    done = run.total - sum(piece.size for piece in missing)

    def arriving() -> Iterator[tuple[int, Tally]]:
        nonlocal done
        found = pool.each(
            job, missing, shared=[ensemble.model], threads=running.threads, going_on=lambda: run.told(done)
        )
        for place, toys in found:
            if INTERRUPTED in toys.statuses:
                return
            if store is not None:
                store.write(missing[place].number, toys)
            done += missing[place].size
            yield place, (toys if isinstance(toys, Tally) else job.tally(toys))

    made_there, there = in_order(arriving()), {piece.number for piece in missing}
    for piece in wanted:
        stored = None if piece.number in there else _stored(ensemble, store, piece)
        tally = next(made_there, None) if stored is None else job.tally(stored.upto(piece.size))
        if tally is None:
            break
        yield tally
    # What comes after a piece that is missing is stored, too.
    for _ in made_there:
        pass


def _stored(ensemble: Ensemble, store: ToyFolder | None, piece: Piece) -> Toys | None:
    """Return a piece that is in the folder, None where it is not, or is shorter."""
    found = None if store is None else store.read(piece.number, ensemble.model.n_parameters)
    return None if found is None or len(found) < piece.size else found


@dataclass(frozen=True, eq=False)
class PieceOfToys:
    """The job of making a piece: the toys with their fits if they are wanted `whole`, else what there is to say."""

    ensemble: Ensemble
    profiled: int
    whole: bool

    def __call__(self, piece: Piece, threads: int | None, progress: Progress | None) -> Any:
        """Return the toys of a piece, or their tally."""
        running = replace(self.ensemble.running, threads=threads, progress=progress)
        toys = _fitted(replace(self.ensemble, running=running), piece.first, piece.size, progress or _untold)
        return toys if self.whole else self.tally(toys)

    def tally(self, toys: Toys) -> Tally:
        """Return what there is to say of toys."""
        return Tally.of(self.ensemble.truth, self.profiled, toys)


def _untold(done: int, total: int) -> bool:
    return True


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
