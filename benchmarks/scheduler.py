"""How much a thousand workers ask of the process that hands out the work: time, messages and bytes per second.

    python benchmarks/scheduler.py [--workers 1000] [--seconds 20]

Workers are stubs: each takes three seconds to answer with what a real worker once made, so that all this measures is
the process that asks. A second part measures two real processes beside one, as processor time: what is spent beside the
fits.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import multiprocessing
import pickle
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import wilks
from wilks.elsewhere.pool import SECONDS, Pool
from wilks.elsewhere.shipping import Answer, do, packed
from wilks.fitting.problem import pose
from wilks.infer.study import Running
from wilks.infer.toys import Ensemble, PieceOfToys
from wilks.results.toy_folder import Piece


class Stubs(Executor):
    """Workers that answer after some seconds with what one of them made once."""

    def __init__(self, workers: int, seconds: float) -> None:
        self._max_workers, self.seconds = workers, seconds
        self.names = itertools.cycle([f"worker-{i}" for i in range(workers)])
        self.made: Answer | None = None
        self.messages = self.sent = self.received = 0
        self.busy: list[tuple[float, int, Future[Any], str]] = []
        self.free = [0.0] * workers
        self.new = threading.Condition()
        threading.Thread(target=self._answer, daemon=True).start()

    def submit(self, function: Any, /, *args: Any, **keywords: Any) -> Future[Any]:
        """Queue a task with the worker that is free first."""
        future: Future[Any] = Future()
        if self.made is None:
            answer = do(*args)
            self.made = replace(answer, seconds=self.seconds)
        self.messages += 1
        self.sent += sum(len(content) for content in args[2:] if content is not None) + len(args[1])
        at = max(heapq.heappop(self.free), time.monotonic()) + self.seconds
        heapq.heappush(self.free, at)
        with self.new:
            heapq.heappush(self.busy, (at, self.messages, future, next(self.names)))
            self.new.notify()
        return future

    def _answer(self) -> None:
        size = 0
        while True:
            with self.new:
                while not self.busy or self.busy[0][0] > time.monotonic():
                    self.new.wait(self.busy[0][0] - time.monotonic() if self.busy else None)
                _, _, future, name = heapq.heappop(self.busy)
            assert self.made is not None
            size = size or len(pickle.dumps(self.made))
            self.received += size
            if future.set_running_or_notify_cancel():
                future.set_result(replace(self.made, worker=name))


def ask(name: str, model: wilks.model.model.Model, job: Any, item: Any, workers: int, seconds: float) -> None:
    """Print what a run of some seconds asks of this process."""
    stubs = Stubs(workers, SECONDS)
    pool = Pool(stubs)
    begun, used, done, first = time.monotonic(), time.process_time(), 0, 0

    def going_on() -> bool:
        return time.monotonic() - begun < seconds

    items = [item] * int(2 * workers * (seconds / SECONDS + 2))
    for _ in pool.each(job, items, shared=[model], most=1, going_on=going_on):
        first = first or stubs.sent
        done += 1
    wall, used = time.monotonic() - begun, time.process_time() - used
    print(
        f"{name}: {done / wall:.0f} tasks/s of {workers} workers, this process {100 * used / wall:.0f} % busy, "
        f"{1e6 * used / max(done, 1):.0f} us a task; sent {first / 1e6:.1f} MB at first (model "
        f"{len(packed(model).content) / 1e6:.2f} MB), then {(stubs.sent - first) / wall / 1e6:.3f} MB/s; received "
        f"{stubs.received / wall / 1e6:.2f} MB/s"
    )


def two_processes(model: wilks.model.model.Model, count: int) -> None:
    """Print processor time of one process, and of two that share its work with the one that asks."""
    import resource

    begun = time.process_time()
    one = wilks.toys(model, count=count, seed=1, threads=1)
    alone = time.process_time() - begun
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        pool = Pool(executor)
        wilks.toys(model, count=10, seed=1, executor=pool)  # processes start, and import
        begun, wall = time.process_time(), time.monotonic()
        two = wilks.toys(model, count=count, seed=1, executor=pool)
        asking, wall = time.process_time() - begun, time.monotonic() - wall
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert two.statuses == one.statuses
    print(
        f"{count} toys: {alone:.2f} s of one process; two processes {wall:.2f} s by the clock, the one that asks "
        f"{asking:.3f} s ({100 * asking / alone:.2f} %), both children {children.ru_utime + children.ru_stime:.2f} s "
        "with their start"
    )


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--workspace", help="a workspace; default: the packaged search")
    options = parser.parse_args()
    workspace = wilks.load_workspace(options.workspace) if options.workspace else wilks.examples.search()
    model = wilks.compile_model(workspace)
    problem = pose(model, None, None, None)
    ensemble = Ensemble(model, model.prefit_values, problem, 1, 0, (), Running())
    ask("summaries of toys", model, PieceOfToys(ensemble, 0, False), Piece(0, 0, 100), options.workers, options.seconds)
    size = min(ensemble.rows, 2000)
    ask("whole toys", model, PieceOfToys(ensemble, 0, True), Piece(0, 0, size), options.workers, options.seconds)
    two_processes(model, options.count)


if __name__ == "__main__":
    main()
