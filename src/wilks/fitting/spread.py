"""`fit_spread`: many fits from starts of their own, in chunks that other workers make, with the bits of one call.

What the engine shares among the fits of one call (the Hessian at an anchor, the paths from a common start) depends on
these properties of all of them: the first problem, which parameters all hold, and whether they have a start in common.
A chunk therefore takes a few more problems with it, so that it has them too; see `witnesses`.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace

import numpy as np

from wilks._types import BoolArray, FloatArray, Positions
from wilks.elsewhere.pool import Pool
from wilks.fitting.every import fit_every
from wilks.fitting.many import Progress, undone
from wilks.fitting.problem import FitOptions, Problem
from wilks.model.model import Model
from wilks.results.many import ManyFits

# Problems in a chunk at least: the engine takes a path for twelve or more. Seconds of work that are left to others.
_LEAST, _WORTH = 16, 1.0


def fit_spread(
    pool: Pool,
    model: Model,
    values: FloatArray,
    problem: Problem,
    *,
    options: FitOptions,
    threads: int | None,
    progress: Progress | None,
    starts: int,
    anchor: FloatArray | None,
) -> ManyFits:
    """Return what `fit_every` does with `sentences`: made by a pool where that is worth it, the rest here.

    Starts and held parameters have one row for each fit.
    """
    job = _Fits(model, options, starts, anchor, values if values.ndim == 1 else None, problem)
    chunks = _Chunks(values, problem, starts, witnesses(problem, starts) if anchor is not None else [0])
    if chunks.problems < 2 * _LEAST:
        return job(chunks.of(np.arange(chunks.problems), alone=True), threads, progress)
    many = undone(model, len(problem.start))
    kind, here, first = "fits" + model.workspace_digest, min(threads or os.cpu_count() or 1, _LEAST), 0
    total, done = len(many), 0

    def told(more: int = 0) -> bool:
        return progress is None or progress(done + more, total) is not False

    pace = pool.pace(kind)
    if pace is None:
        begun = time.perf_counter()
        first = _LEAST
        many = _with(many, chunks, job, np.arange(first), threads, lambda made, _: told(made))
        pace = (time.perf_counter() - begun) * here / _LEAST
        pool.set_pace(kind, pace)
        done = first * starts
    left = np.arange(first, chunks.problems)
    if pace * left.size / here < _WORTH:
        return _with(many, chunks, job, left, threads, lambda made, _: told(made))
    size = int(min(pool.seconds / max(pace, 1e-9), -(-left.size // (2 * max(pool.workers, 1)))))
    parts = np.array_split(left, max(left.size // max(size, _LEAST), 1))
    items = [chunks.of(part) for part in parts]
    sendable = replace(job, problem=replace(problem, start=problem.start[:0], held=problem.held[:0]))
    for place, found in pool.each(sendable, items, shared=[model], threads=threads, going_on=told, most=1):
        many = many.with_rows(chunks.rows(parts[place]), found)
        done += parts[place].size * starts
    return many


def witnesses(problem: Problem, starts: int) -> list[int]:
    """Return the problems that a chunk takes with it, the first one first.

    They hold no parameter all together but those that all problems hold, and where the problems have no start in
    common, they have none either.
    """
    fits, n = problem.start.shape
    free: BoolArray = ~np.broadcast_to(problem.held, (fits, n)).reshape(starts, fits // starts, n)
    somewhere: BoolArray = np.logical_or.reduce(free, axis=0)
    chosen, missing = [0], np.logical_or.reduce(somewhere, axis=0) & ~somewhere[0]
    while missing.any():
        best = int((somewhere & missing).sum(axis=1).argmax())
        chosen.append(best)
        missing &= ~somewhere[best]
    for start, moves in zip(problem.start.reshape(free.shape)[1:], free[1:], strict=True):
        low, high = np.where(moves, start, np.inf), np.where(moves, start, -np.inf)
        apart = low.min(axis=0) < high.max(axis=0)
        if apart.any():
            column = int(apart.argmax())
            chosen += [int(low[:, column].argmin()), int(high[:, column].argmax())]
    return list(dict.fromkeys(chosen))


@dataclass(frozen=True, eq=False)
class _Chunk:
    """Some fits: data (None: those of all), starts, held parameters, and which of the fits are asked for."""

    values: FloatArray | None
    start: FloatArray
    held: BoolArray
    wanted: Positions


@dataclass(frozen=True, eq=False)
class _Chunks:
    """All fits of a call, of which chunks are taken by their problems."""

    values: FloatArray
    problem: Problem
    starts: int
    witnesses: list[int]

    @property
    def problems(self) -> int:
        """How many problems there are; each has so many starts."""
        return len(self.problem.start) // self.starts

    def rows(self, chosen: Positions) -> Positions:
        """Return the fits of some problems: from the first start of each, then from the next."""
        rows: Positions = (np.arange(self.starts)[:, None] * self.problems + chosen).reshape(-1)
        return rows

    def of(self, chosen: Positions, *, alone: bool = False) -> _Chunk:
        """Return the fits of some problems, with their witnesses unless they stand for themselves."""
        more = np.array([] if alone else self.witnesses, np.intp)
        together = np.concatenate([more, chosen[~np.isin(chosen, more)]])
        rows, place = self.rows(together), np.empty(self.problems, np.intp)
        place[together] = np.arange(together.size)
        wanted = (np.arange(self.starts)[:, None] * together.size + place[chosen]).reshape(-1)
        held = np.broadcast_to(self.problem.held, self.problem.start.shape)
        data = None if self.values.ndim == 1 else self.values[rows]
        return _Chunk(data, self.problem.start[rows], held[rows], wanted)


@dataclass(frozen=True, eq=False)
class _Fits:
    """The job of making the fits of a chunk."""

    model: Model
    options: FitOptions
    starts: int
    anchor: FloatArray | None
    values: FloatArray | None
    problem: Problem

    def __call__(self, chunk: _Chunk, threads: int | None, progress: Progress | None) -> ManyFits:
        """Return the fits that are asked for."""
        data = chunk.values if self.values is None else self.values
        assert data is not None
        many = fit_every(
            self.model,
            data,
            replace(self.problem, start=chunk.start, held=chunk.held),
            options=self.options,
            sentences=True,
            threads=threads,
            progress=progress,
            starts=self.starts,
            anchor=self.anchor,
        )
        return many.rows(chunk.wanted)


def _with(
    many: ManyFits, chunks: _Chunks, job: _Fits, chosen: Positions, threads: int | None, progress: Progress
) -> ManyFits:
    """Return the fits with those of some problems, made here."""
    return many.with_rows(chunks.rows(chosen), job(chunks.of(chosen), threads, progress))
