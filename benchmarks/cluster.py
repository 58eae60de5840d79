"""A dask cluster on this machine: workers that are killed, what dask costs beside plain processes, many workers.

    python benchmarks/cluster.py killed [--seconds 30] [--every 5]
    python benchmarks/cluster.py overhead [--seconds 10] [--repeat 3]
    python benchmarks/cluster.py many [--workers 100] [--seconds 20]

`killed` makes toys on two worker processes twice, once while one of them is killed every few seconds, and fails where
the two results differ. `overhead` makes the same toys in one process with one thread, in two plain processes and on
two workers of dask, in turn. `many` has a scheduler in a process of its own; its workers sleep for three seconds and
answer with what a real one made, so that all this measures is who hands out the work.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import os
import pickle
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dask as dask_package
import distributed
import psutil

import wilks
from wilks.elsewhere.pool import SECONDS, Pool
from wilks.elsewhere.shipping import Answer
from wilks.fitting.problem import pose
from wilks.infer.study import Running
from wilks.infer.toys import Ensemble, PieceOfToys
from wilks.model.model import Model
from wilks.results.encoding import encode_result
from wilks.results.toy_folder import Piece


def toys_of(model: Model, seconds: float) -> int:
    """Return how many toys take one thread so many seconds of processor time, about."""
    wilks.toys(model, count=200, seed=1, threads=1)
    begun = time.process_time()
    wilks.toys(model, count=4000, seed=1, threads=1)
    return int(4000 * seconds / (time.process_time() - begun))


def local_cluster() -> distributed.LocalCluster:
    """Return two worker processes with a thread each; the scheduler is in this process. Their nannies always start
    another one.
    """
    dask_package.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"})
    return distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    )


class Seen(distributed.SchedulerPlugin):
    """What the scheduler sees happen to tasks."""

    def __init__(self) -> None:
        self.done, self.again = Counter[str](), Counter[str]()

    def transition(self, key: Any, start: str, finish: str, *args: Any, **more: Any) -> None:
        """Count tasks that are done, and those that their worker did not end."""
        if str(key).startswith("do-"):
            self.done[key] += finish == "memory"
            self.again[key] += start == "processing" and finish not in ("memory", "erred", "forgotten")


def killed(model: Model, seconds: float, every: float) -> None:
    """Print what it costs that one of two workers is killed every few seconds; fail where the result is another one."""
    count, over, deaths = toys_of(model, 2 * seconds), threading.Event(), []
    with local_cluster() as cluster, distributed.Client(cluster, set_as_default=False) as client:

        def kill() -> None:
            for turn in itertools.count():
                if over.wait(every):
                    return
                nanny = list(cluster.workers.values())[turn % 2]
                if nanny.pid is not None and psutil.pid_exists(nanny.pid):
                    os.kill(nanny.pid, signal.SIGKILL)
                    deaths.append(nanny.pid)

        wilks.toys(model, count=100, seed=1, executor=client)
        begun = time.monotonic()
        calm = wilks.toys(model, count=count, seed=1, executor=client)
        calm_time, begun = time.monotonic() - begun, time.monotonic()
        seen, pool, killer = Seen(), Pool(client), threading.Thread(target=kill, daemon=True)
        cluster.scheduler.add_plugin(seen)
        killer.start()
        disturbed = wilks.toys(model, count=count, seed=1, executor=pool)
        disturbed_time = time.monotonic() - begun
        over.set()
        killer.join()
    twice, again = sum(done - 1 for done in seen.done.values() if done > 1), sum(seen.again.values())
    print(
        f"{count} toys on 2 workers: {calm_time:.1f} s; one killed every {every:g} s, {len(deaths)} times: "
        f"{disturbed_time:.1f} s; {len(seen.done)} tasks of {SECONDS:g} s, {again} of them given out again "
        f"by the scheduler and {pool.counts.again} by wilks, {pool.counts.here} done here, {twice} done twice"
    )
    if encode_result(calm) != encode_result(disturbed):
        sys.exit("the results differ")
    print("the result is that of workers who live, to the last bit")


@dataclass
class Spent:
    """Seconds by the clock and of processors: of the busiest of those who fit, and of all together."""

    clock: float
    busiest: float
    all: float


@contextmanager
def measured(workers: list[psutil.Process]) -> Iterator[list[Spent]]:
    """Give a list that has what was spent, at the end: here, and by workers (none: this process fits)."""
    found: list[Spent] = []
    before, here, begun = [_processor(each) for each in workers], time.process_time(), time.monotonic()
    yield found
    clock, here = time.monotonic() - begun, time.process_time() - here
    used = [_processor(each) - was for each, was in zip(workers, before, strict=True)]
    found.append(Spent(clock, max(used, default=here), here + sum(used)))


def _processor(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


class Timed(Pool):
    """A pool that adds up the seconds its workers have spent on tasks."""

    at_work = 0.0

    def _answer(self, future: Any, task: Any) -> Answer | None:
        answer = super()._answer(future, task)
        self.at_work += 0.0 if answer is None else answer.seconds
        return answer

    def idle(self, clock: float) -> float:
        """Return the share of the time of two workers that was not spent on tasks, and begin anew."""
        at_work, self.at_work = self.at_work, 0.0
        return 1 - at_work / (2 * clock)


def overhead(model: Model, seconds: float, repeat: int) -> None:
    """Print how much faster two processes are than one, what dask costs beside two plain ones, how idle they are."""
    count, rounds = toys_of(model, 2 * seconds), []
    spawn = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(2, mp_context=spawn) as executor,
        local_cluster() as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        plain, dask = Timed(executor), Timed(client)
        idle: list[tuple[float, float]] = []
        list(executor.map(time.sleep, [1.0, 1.0]))  # an idle process would do the work of both
        for pool in (plain, dask):  # processes start and import, and get the model
            wilks.toys(model, count=4000, seed=1, executor=pool)
        processes = [psutil.Process(pid) for pid in executor._processes]
        workers = [psutil.Process(nanny.pid) for nanny in cluster.workers.values()]
        plain.at_work = dask.at_work = 0.0
        for _ in range(repeat):
            with measured([]) as one:
                alone = wilks.toys(model, count=count, seed=1, threads=1)
            with measured(processes) as two:
                wilks.toys(model, count=count, seed=1, executor=plain)
            with measured(workers) as there:
                found = wilks.toys(model, count=count, seed=1, executor=dask)
            assert encode_result(alone) == encode_result(found)
            rounds.append((one[0], two[0], there[0]))
            idle.append((plain.idle(two[0].clock), dask.idle(there[0].clock)))
            print("  ".join(f"{each.clock:.2f} s ({each.all:.2f} s of processors)" for each in rounds[-1]))
    median = lambda ratios: statistics.median(list(ratios))  # noqa: E731
    print(
        f"{count} toys, {seconds:g} s of work for each of two\n"
        f"two processes over one: {median(a.clock / b.clock for a, b, _ in rounds):.3f} by the clock, "
        f"{median(a.all / b.busiest for a, b, _ in rounds):.3f} by processor time (one / busiest of two)\n"
        f"two workers of dask over two processes: {median(c.clock / b.clock for _, b, c in rounds):.3f} by the clock, "
        f"{median(c.all / b.all for _, b, c in rounds):.3f} by processor time of all that take part\n"
        f"of the workers' time not spent on tasks: {100 * median(a for a, _ in idle):.1f} % of two processes, "
        f"{100 * median(b for _, b in idle):.1f} % of two workers of dask"
    )


class Sleeper:
    """The job of answering after some seconds with what a real worker made; the model is sent as it is for that."""

    def __init__(self, model: Model, made: Any) -> None:
        self.model, self.made = model, made

    def __call__(self, item: Any, threads: int | None, progress: Any) -> Any:
        """Return it."""
        time.sleep(SECONDS)
        return self.made


@dataclass
class Sent:
    """Messages and bytes that this process has written."""

    messages: int = 0
    size: int = 0


SENT = Sent()


def count_messages() -> None:
    """Count what this process writes."""
    from distributed.comm.tcp import TCP

    write = TCP.write

    async def counted(self: Any, *args: Any, **keywords: Any) -> int:
        size: int = await write(self, *args, **keywords)
        SENT.messages += 1
        SENT.size += size
        return size

    TCP.write = counted


def sent_here() -> tuple[int, int]:
    """Return messages and bytes that the process where this is called has written."""
    module = sys.modules["__main__"]
    return module.SENT.messages, module.SENT.size


async def be_scheduler() -> None:
    """Be a scheduler, and say where."""
    count_messages()
    async with distributed.Scheduler(dashboard=False, port=0) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()


async def be_workers(address: str, workers: int) -> None:
    """Be so many workers."""
    count_messages()
    how = {"nthreads": 1, "dashboard": False, "memory_limit": 0}
    every = [distributed.Worker(address, name=f"worker-{i}", **how) for i in range(workers)]
    await asyncio.gather(*every)
    await asyncio.gather(*(worker.finished() for worker in every))


def many(model: Model, workers: int, seconds: float) -> None:
    """Print what many workers ask of the scheduler and of this process."""
    problem = pose(model, None, None, None)
    ensemble = Ensemble(model, model.prefit_values, problem, 1, 0, (), Running())
    made = PieceOfToys(ensemble, 0, False)(Piece(0, 0, 100), 1, None)
    start, quiet = [sys.executable, os.path.abspath(__file__)], {**os.environ, "DASK_LOGGING__DISTRIBUTED": "error"}
    scheduler = subprocess.Popen([*start, "scheduler"], stdout=subprocess.PIPE, text=True, env=quiet)
    assert scheduler.stdout is not None
    address = scheduler.stdout.readline().strip()
    stubs = subprocess.Popen([*start, "workers", "--address", address, "--workers", str(workers)], env=quiet)
    try:
        count_messages()
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=120)
            pool = Pool(client)
            parts = {"scheduler": scheduler.pid, "this process": os.getpid(), "all workers": stubs.pid}

            def state() -> list[float]:
                times = [_processor(psutil.Process(pid)) for pid in parts.values()]
                there, theirs = client.run_on_scheduler(sent_here), client.run(sent_here, workers=[first])[first]
                return [time.monotonic(), *times, *there, SENT.messages, SENT.size, *theirs]

            first, done, before = next(iter(client.scheduler_info(n_workers=-1)["workers"])), 0, None
            until, counted = float("inf"), 0
            items = range(int(workers * (seconds / SECONDS + 60)))
            going_on = lambda: time.monotonic() < until  # noqa: E731
            for _ in pool.each(Sleeper(model, made), items, shared=[model], most=1, going_on=going_on):
                done += 1
                if before is None and done >= workers:  # from then on all have the model
                    before, counted, until = state(), done, time.monotonic() + seconds
            after = state()
    finally:
        for process in (stubs, scheduler):
            process.terminate()
            process.wait()
    assert before is not None
    wall, *spent = [b - a for a, b in zip(before, after, strict=True)]
    tasks = done - counted
    shares = ", ".join(f"{name} {100 * used / wall:.1f} %" for name, used in zip(parts, spent[:3], strict=True))
    rate = lambda messages, size: f"{messages / wall:.0f} messages/s, {size / wall / 1e6:.2f} MB/s"  # noqa: E731
    print(
        f"{workers} workers, answers of {len(pickle.dumps(made)) / 1e6:.3f} MB: {tasks / wall:.1f} tasks/s; of a "
        f"processor: {shares}; the scheduler {1e3 * spent[0] / tasks:.2f} ms a task, this process "
        f"{1e3 * spent[1] / tasks:.2f} ms\n  written by the scheduler {rate(*spent[3:5])}; by this process "
        f"{rate(*spent[5:7])}, by all workers {rate(*spent[7:9])}"
    )


def main() -> None:
    """Run a part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["killed", "overhead", "many", "scheduler", "workers"])
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--workspace", help="a workspace; default: the packaged search")
    parser.add_argument("--address", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == "scheduler":
        return asyncio.run(be_scheduler())
    if options.part == "workers":
        return asyncio.run(be_workers(options.address, options.workers))
    workspace = wilks.load_workspace(options.workspace) if options.workspace else wilks.examples.search()
    model = wilks.compile_model(workspace)
    match options.part:
        case "killed":
            killed(model, options.seconds or 30.0, options.every)
        case "overhead":
            overhead(model, options.seconds or 10.0, options.repeat)
        case "many":
            many(model, options.workers, options.seconds or 20.0)
    return None


if __name__ == "__main__":
    main()
