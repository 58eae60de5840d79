"""`fit_every`: many fits, none of which is given up before everything that `fit` tries has been tried."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.fitting.ladder import Answer, Ladder, final
from wilks.fitting.many import Progress, fit_problems
from wilks.fitting.problem import FitOptions, Problem
from wilks.fitting.status import BRIEF, Status, describe
from wilks.model.model import Model
from wilks.results.many import INTERRUPTED, ManyFits

_CODES = {text: code for code, text in BRIEF.items()}
_SECONDS = 0.1  # between two questions whether to stop


@dataclass(frozen=True, eq=False)
class _Row:
    """One fit; by default one that was not made."""

    values: FloatArray
    uncertainties: FloatArray
    twice_nll: float = np.nan
    edm: float = np.nan
    converged: bool = False
    iterations: int = 0
    status: str = INTERRUPTED


def fit_every(
    model: Model,
    values: FloatArray,
    problem: Problem,
    *,
    options: FitOptions = FitOptions(),
    uncertainties: bool = False,
    sentences: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    starts: int = 1,
    anchor: FloatArray | None = None,
) -> ManyFits:
    """Return the fits of `fit_problems`; those that end without a minimum climb the ladder of `fit`, in threads.

    With `sentences` the statuses of these are those of `fit`, which name places. Where `progress` says to stop, those
    that have not climbed yet are interrupted: what they would have found is not known.
    """
    many = fit_problems(
        model,
        values,
        problem,
        options=options,
        uncertainties=uncertainties,
        threads=threads,
        progress=progress,
        starts=starts,
        anchor=anchor,
    )
    lost = (~many.minimised).nonzero()[0].tolist()
    failed = [row for row in lost if many.statuses[row] != INTERRUPTED]
    if not failed:
        return many

    def climb(row: int) -> _Row:
        ladder = Ladder(model, model.dataset(_of(values, row)), _posed(problem, row), options)
        return _climb(ladder, _first(many, row), sentences)

    unknown = np.full(model.n_parameters, np.nan)
    rows = dict.fromkeys(failed, _Row(unknown, unknown))
    if INTERRUPTED not in many.statuses:
        rows |= _in_threads(climb, failed, threads or os.cpu_count() or 1, progress, len(many))
    return _with(many, rows)


def _first(many: ManyFits, row: int) -> Answer:
    """Return a fit that failed as the first answer of a ladder, as far as it is known."""
    known = {"theta": many.values[row], "nll": 0.5 * many.twice_nll[row], "edm": many.edm[row]}
    return Answer(
        {**known, "status": _CODES[many.statuses[row]], "iterations": int(many.iterations[row]), "evaluations": 0}
    )


def _climb(ladder: Ladder, first: Answer, sentences: bool) -> _Row:
    """Return the best answer of the ladder."""
    answer = first if final(first, ladder.options) else ladder.climb(first, likelihood=True)
    code, held = Status(answer.raw["status"]), ladder.problem.held
    sigma = np.full(held.size, np.nan)
    if code == Status.CONVERGED and "covariance" in answer.raw:
        free = answer.raw["at_bound"] == 0
        sigma[free] = np.sqrt(np.diag(answer.raw["covariance"])[free])
    if sentences and "bad_bin" not in answer.raw:
        answer = ladder.first()  # the same once more, for all that can be said of it
    return _Row(
        values=answer.raw["theta"],
        uncertainties=np.where(held, 0.0, sigma),
        twice_nll=2.0 * answer.raw["nll"],
        edm=answer.raw["edm"],
        converged=code == Status.CONVERGED,
        iterations=answer.raw["iterations"],
        status=describe(ladder.model, ladder.dataset, answer.raw)[1] if sentences else BRIEF[code],
    )


def _in_threads(
    climb: Callable[[int], _Row], rows: list[int], threads: int, progress: Progress | None, total: int
) -> dict[int, _Row]:
    """Return what each row finds. `progress` is asked in the calling thread; once it says stop, no other row begins."""
    from concurrent.futures import ThreadPoolExecutor, wait

    def go_on() -> bool:
        return progress is None or progress(total, total) is not False

    if not go_on():
        return {}
    pool = ThreadPoolExecutor(threads)
    futures = {row: pool.submit(climb, row) for row in rows}
    try:
        left = set(futures.values())
        while left:
            left = wait(left, timeout=_SECONDS).not_done
            if left and not go_on():
                break
    finally:
        pool.shutdown(cancel_futures=True)
    return {row: future.result() for row, future in futures.items() if not future.cancelled()}


def _of(values: FloatArray, row: int) -> FloatArray:
    """Return what belongs to a fit: its row, or what all have in common."""
    found: FloatArray = values if values.ndim == 1 else values[row if len(values) > 1 else 0]
    return found


def _posed(problem: Problem, row: int) -> Problem:
    held = problem.held if problem.held.ndim == 1 else problem.held[row if len(problem.held) > 1 else 0]
    return Problem(_of(problem.start, row), _of(problem.lower, row), _of(problem.upper, row), held)


def _with(many: ManyFits, rows: dict[int, _Row]) -> ManyFits:
    """Return the fits with some rows replaced."""
    chosen = np.array(list(rows))
    names = ("values", "uncertainties", "twice_nll", "edm", "converged", "iterations")
    arrays: dict[str, Any] = {name: np.array([getattr(row, name) for row in rows.values()]) for name in names}
    if many.uncertainties is None:
        arrays["uncertainties"] = None
    statuses = tuple(row.status for row in rows.values())
    return many.with_rows(chosen, replace(many.rows(chosen), statuses=statuses, **arrays))
