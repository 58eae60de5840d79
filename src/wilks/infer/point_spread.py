"""Toys of points that are tested, made by the workers of an executor before they are needed."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from wilks._types import FloatArray
from wilks.fitting.many import Progress
from wilks.infer.point_tests import FIRST, Tester
from wilks.infer.toy_p_values import Sample
from wilks.infer.toy_tests import TESTED, Counter, pieces
from wilks.results.feldman_cousins import UNDECIDED

if TYPE_CHECKING:
    from wilks.elsewhere.pieces import PieceFolder
    from wilks.elsewhere.pool import Pool

# Seconds of work on this machine that are left to others.
_WORTH = 0.3


def prepare(tester: Tester, points: Sequence[tuple[FloatArray, float]]) -> None:
    """Have the workers of the tester's executor make the toys that it will need to examine points: conditional fits,
    each with its observed statistic.

    All points are looked at with so many toys, then those that are left with more. What a later look would need is made
    too where workers have nothing else to do.
    """
    pool, running = tester.study.running.pool, tester.study.running
    if pool is None:
        return
    kind, here = f"toys of {tester.study.model.workspace_digest}", min(running.threads or os.cpu_count() or 1, FIRST)
    open_ = [(theta, q) for theta, q in points if np.isfinite(q)]
    while open_ := [(theta, q) for theta, q in open_ if not _decided(tester, theta, q)]:
        looks, pace = _looks(tester, [theta for theta, _ in open_]), pool.pace(kind)
        if pace is None or pace * sum(look.toys for look in looks) / here < _WORTH:
            looks, begun = looks[: 1 if pace is None else None], time.perf_counter()
            for look in looks:
                look.keep(tester, tester.made(look.theta, (look.first, look.end), TESTED))
            pool.set_pace(kind, (time.perf_counter() - begun) * here / sum(look.toys for look in looks))
        else:
            _spread(tester, pool, _looks(tester, [theta for theta, _ in open_], pool.workers))
        if tester.counter.stopped:
            return


@dataclass(frozen=True, eq=False)
class _Look:
    """Toys at a point, from number `first` to before `end`."""

    theta: FloatArray
    first: int
    end: int

    @property
    def toys(self) -> int:
        """How many they are."""
        return self.end - self.first

    def keep(self, tester: Tester, sample: Sample) -> None:
        """Keep what they are."""
        tester.known.setdefault(self.theta.tobytes(), []).append(sample)


@dataclass(frozen=True, eq=False)
class _Piece:
    """The job of making a piece of the toys of a look."""

    tester: Tester

    def __call__(self, item: _Look, threads: int | None, progress: Progress | None) -> Sample:
        study = self.tester.study
        here = replace(study, running=replace(study.running, threads=threads, progress=progress))
        tester = replace(self.tester, study=here, counter=Counter(progress))
        return tester.made(item.theta, (item.first, item.end), TESTED)


def _decided(tester: Tester, theta: FloatArray, q: float) -> bool:
    """Return whether the toys that there are decide about a point, or are all."""
    found, sizes = tester.known.get(theta.tobytes(), []), tester.rule.looks()
    verdicts = (tester.looked(found[: i + 1], size, q)[1] for i, size in enumerate(sizes[: len(found)]))
    return len(found) == len(sizes) or any(verdict != UNDECIDED for verdict in verdicts)


def _looks(tester: Tester, at: Sequence[FloatArray], workers: int = 0) -> list[_Look]:
    """Return the next looks at points, and those after them while there are fewer pieces than workers."""
    sizes, found = [0, *tester.rule.looks()], list[_Look]()
    distinct = {theta.tobytes(): theta for theta in at}
    for ahead in range(len(sizes)):
        for key, theta in distinct.items():
            look = len(tester.known.get(key, [])) + ahead
            if look + 1 < len(sizes):
                found.append(_Look(theta, sizes[look], sizes[look + 1]))
        if sum(len(list(pieces(look.toys, tester.study))) for look in found) >= workers:
            break
    return found


def _spread(tester: Tester, pool: Pool | PieceFolder, looks: Sequence[_Look]) -> None:
    """Have looks made elsewhere, and keep them; after Ctrl-C the last one at a point is cut short."""
    study, counter = tester.study, tester.counter
    cut = [list(pieces(look.toys, study)) for look in looks]
    items = [
        _Look(look.theta, look.first + first, look.first + first + size)
        for look, parts in zip(looks, cut, strict=True)
        for first, size in parts
    ]
    job = _Piece(replace(tester, study=study.sendable(), counter=Counter(None), known={}))
    found, going_on = dict[int, Sample](), lambda: counter.wait(0, 0)
    for place, sample in pool.each(job, items, shared=[study.model], threads=study.running.threads, going_on=going_on):
        counter.done += 2 * sample.done
        found[place] = sample
    place, ended = 0, set[bytes]()
    for look, parts in zip(looks, cut, strict=True):
        whole = list[Sample]()
        for number, (_, size) in enumerate(parts):
            sample = found.get(place + number, Sample(np.empty(0), 0))
            whole.append(sample)
            if sample.done < size:
                break
        place += len(parts)
        if look.theta.tobytes() not in ended:
            look.keep(tester, Sample.of(whole, look.toys))
        if sum(sample.done for sample in whole) < look.toys:
            ended.add(look.theta.tobytes())
