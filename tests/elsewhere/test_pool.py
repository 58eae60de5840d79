"""Executors of every kind give what one thread gives, to the last bit, whatever gets lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import wilks
import wilks.fitting.spread as spread
import wilks.infer.toy_tests as toy_tests
import wilks.infer.toys as toys_module
from wilks.elsewhere import shipping
from wilks.elsewhere.ordered import in_order
from wilks.elsewhere.pool import Pool
from wilks.elsewhere.shipping import Answer, do, packed
from wilks.errors import InputError, KindError
from wilks.fitting.every import fit_every
from wilks.fitting.problem import FitOptions, pose
from wilks.infer.study import Running
from wilks.model.model import Model
from wilks.results.encoding import encode_result
from wilks.results.toy_folder import ToyFolder

WORKSPACE = wilks.examples.search()


@pytest.fixture(scope="module")
def model() -> Model:
    return wilks.compile_model(WORKSPACE)


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pieces small, and leave everything to others."""
    monkeypatch.setattr(toys_module, "_AT_A_TIME", 1)
    monkeypatch.setattr(toy_tests, "BATCH", 1)
    monkeypatch.setattr("wilks.infer.goodness_of_fit._AT_A_TIME", 1)
    monkeypatch.setattr(spread, "_WORTH", 0.0)
    monkeypatch.setattr("wilks.infer.point_spread._WORTH", 0.0)


ASKED: dict[str, Callable[..., Any]] = {
    "toys": lambda m, **how: wilks.toys(m, count=350, seed=3, **how),
    "toys and profiles": lambda m, **how: wilks.toys(m, count=120, seed=3, profile="mu", **how),
    "limit": lambda m, **how: wilks.limit(m, calculator="toys", toys=150, **how),
    "test": lambda m, **how: wilks.hypotest(m, value=[0.5, 1.0], calculator="toys", toys=200, **how),
    "significance": lambda m, **how: wilks.significance(m, toys=300, **how),
    "weighted test": lambda m, **how: wilks.hypotest(
        m, value=[0.5, 2.0], calculator="toys", toys=300, importance=True, **how
    ),
    "weighted significance": lambda m, **how: wilks.significance(m, toys=300, importance=True, **how),
    "goodness of fit": lambda m, **how: wilks.goodness_of_fit(m, toys=350, **how),
    "compatibility": lambda m, **how: wilks.compatibility(m, workspace=WORKSPACE, toys=150, **how),
    "scan": lambda m, **how: wilks.scan(m, points=70, stat_only=True, **how),
    "contour": lambda m, **how: wilks.contour(m, parameters=m.parameter_names[:2], points=7, **how),
    "ranking": lambda m, **how: wilks.ranking(m, **how),
    "Feldman-Cousins interval": lambda m, **how: wilks.feldman_cousins(m, toys=300, precision=0.5, **how),
    "Feldman-Cousins region": lambda m, **how: wilks.feldman_cousins(
        m, parameters=m.parameter_names[:2], toys=200, points=5, **how
    ),
    "coverage": lambda m, **how: wilks.coverage(
        m, values=[0.5, 1.0], toys=12, methods=("wald", "cls", "feldman-cousins"), inner_toys=100, **how
    ),
    "look-elsewhere": lambda m, **how: wilks.global_significance(*wilks.examples.search_grid(), toys=70, **how),
    "grid": lambda m, **how: wilks.grid(
        *wilks.examples.search_grid(), question="CLs", data=lambda m: wilks.asimov(m, values={"mu": 0}), **how
    ),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ASKED)
def test_processes_give_the_bits_of_one_thread(name: str, model: Model, processes: Executor) -> None:
    pool = Pool(processes)
    there = ASKED[name](model, executor=pool)
    assert pool.counts.done > 0
    assert pool.notes == ()
    assert encode_result(there) == encode_result(ASKED[name](model, threads=1))


class Stub(Executor):
    """Workers that answer in this process, in an order of their own, and may misbehave."""

    _max_workers = 3

    def __init__(self, misbehave: Callable[[int, Callable[[], Answer]], Answer] = lambda number, work: work()) -> None:
        self.misbehave, self.carried, self.sizes = misbehave, [], []

    def submit(self, function: Any, /, *args: Any, **keywords: Any) -> Future[Any]:
        """Answer at once."""
        future: Future[Any] = Future()
        self.carried.append(sum(len(content) for content in args[2:] if content is not None))
        self.sizes.append(len(args[1]))
        try:
            future.set_result(self.misbehave(len(self.carried), lambda: function(*args, **keywords)))
        except Exception as error:
            future.set_exception(error)
        return future


def test_a_model_is_sent_to_each_worker_once(model: Model) -> None:
    names = iter("abcabcabcabcabcabcabcabc")

    def one_of_three(number: int, work: Callable[[], Answer]) -> Answer:
        return replace(work(), worker=next(names))

    stub = Stub(one_of_three)
    found = list(Pool(stub).each(Twice(model), range(20), shared=[model], most=1))
    assert sorted(found) == [(i, 2 * i) for i in range(20)]
    size = len(packed(model).content)
    # Tasks are sent before the first answers come: two for each worker.
    assert sum(carried > size for carried in stub.carried) <= 2 * Stub._max_workers
    assert max(stub.carried[8:]) < 4096


class Twice:
    """A job that does next to nothing."""

    def __init__(self, model: Model | None = None) -> None:
        self.model = model

    def __call__(self, item: int, threads: int | None, progress: object) -> int:
        return 2 * item


class Large:
    """A thing with a number, and much else."""

    def __init__(self, number: int) -> None:
        self.number, self.more = number, bytes(10_000)


class Numbered:
    """A job that says which things it gets."""

    def __call__(self, item: Large, threads: int | None, progress: object) -> int:
        return item.number


class Broken(Twice):
    """A job that can't be done."""

    def __call__(self, item: int, threads: int | None, progress: object) -> int:
        raise InputError("the question can't be answered")


def test_a_worker_that_has_forgotten_is_told_again(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(number: int, work: Callable[[], Answer]) -> Answer:
        monkeypatch.setattr(shipping, "_shelf", shipping._Shelf())
        return replace(work(), worker="a" if number < 5 else "abc"[number % 3])

    monkeypatch.setattr(shipping, "_KEPT", 1)
    pool = Pool(Stub(forgetful))
    assert sorted(pool.each(Twice(model), range(20), shared=[model])) == [(i, 2 * i) for i in range(20)]


def test_what_gets_lost_is_done_again_and_told(model: Model) -> None:
    def forgets_the_third(number: int, work: Callable[[], Answer]) -> Answer:
        if number == 3:
            raise MemoryError("no room")
        return work()

    pool = Pool(Stub(forgets_the_third))
    assert sorted(pool.each(Twice(), range(9))) == [(i, 2 * i) for i in range(9)]
    assert pool.notes == ("work got lost once and was done again (MemoryError: no room)",)
    assert pool.told().endswith("1 tried again")


def test_what_nobody_can_do_is_done_here() -> None:
    def never(number: int, work: Callable[[], Answer]) -> Answer:
        raise MemoryError

    pool = Pool(Stub(never))
    assert sorted(pool.each(Twice(), range(3))) == [(i, 2 * i) for i in range(3)]
    assert pool.notes == ("work got lost 9 times and was done again, 3 of them here (MemoryError)",)


def test_workers_that_can_do_nothing_are_given_up() -> None:
    def never(number: int, work: Callable[[], Answer]) -> Answer:
        raise MemoryError

    stub = Stub(never)
    pool = Pool(stub)
    assert sorted(pool.each(Twice(), range(40))) == [(i, 2 * i) for i in range(40)]
    assert len(stub.carried) < 30
    assert pool.notes[0].endswith("40 of them here (MemoryError); from then on all was done here")


def test_things_that_items_share_are_sent_once() -> None:
    """Many of them: each task brings those that its items need, and each worker keeps them all."""
    large = [Large(i) for i in range(20)]
    stub = Stub(lambda number, work: replace(work(), worker="abc"[number % 3]))
    found = list(Pool(stub).each(Numbered(), [large[i % 20] for i in range(200)], shared=large, most=1))
    assert sorted(found) == [(i, i % 20) for i in range(200)]
    assert sum(carried > 10_000 for carried in stub.carried) <= 20 * Stub._max_workers
    assert max(stub.sizes) < 500


class Cluster:
    """What is asked of a client of dask: one of its two workers has another version, or both."""

    status = "running"

    def __init__(self, *found: str | Exception) -> None:
        self.found, self.asked = found, dict[str, Any]()

    def get_executor(self, **how: Any) -> Any:
        stub, self.asked = Stub(), how
        stub._client = self  # type: ignore[attr-defined]
        return stub

    def nthreads(self) -> dict[str, int]:
        return {f"tcp://{place}:1": 1 for place in range(len(self.found))}

    def run(self, function: Callable[[], str], *, workers: list[str], on_error: str) -> dict[str, Any]:
        return dict(zip(self.nthreads(), self.found, strict=True))

    def scatter(self, content: bytes, **how: Any) -> bytes:
        return content


def test_a_worker_of_a_cluster_that_lacks_wilks_gets_no_work() -> None:
    client = Cluster(shipping.versions(), Exception("ModuleNotFoundError(\"No module named 'wilks'\")"))
    pool = Pool(client)
    assert sorted(pool.each(Twice(), range(9))) == [(i, 2 * i) for i in range(9)]
    assert client.asked == {"pure": False, "workers": ["tcp://0:1"]}
    (note,) = pool.notes
    assert note.startswith("the worker tcp://1:1 can't do this work (it says ModuleNotFoundError")
    assert note.endswith("; it was passed over")
    with pytest.raises(
        InputError, match=r"tcp://0:1 can't do this work \(it has wilks 0 in Python 3\.9, needed is wilks"
    ):
        list(Pool(Cluster("wilks 0 in Python 3.9")).each(Twice(), range(9)))


def test_a_scheduler_that_goes_leaves_the_rest_to_this_process() -> None:
    client = Cluster(shipping.versions())
    pool = Pool(client)

    def goes_at_the_third(number: int, work: Callable[[], Answer]) -> Answer:
        if number < 3:
            return work()
        client.status = "closed"
        raise AttributeError("'NoneType' object has no attribute 'scatter'")

    pool.executor.misbehave = goes_at_the_third
    assert sorted(pool.each(Twice(), range(30), most=1)) == [(i, 2 * i) for i in range(30)]
    assert "(the scheduler of the dask cluster is gone); from then on all was done here" in pool.notes[0]


def test_an_error_of_the_job_is_raised() -> None:
    with pytest.raises(InputError, match="the question can't be answered"):
        list(Pool(Stub()).each(Broken(), range(3)))


def test_workers_of_another_version_are_refused_in_one_sentence() -> None:
    stub = Stub(lambda number, work: replace(work(), worker="far:1", version="wilks 0.0 in Python 3.9"))
    with pytest.raises(InputError, match=r"far:1 has wilks 0\.0 in Python 3\.9, needed is wilks .* as here") as caught:
        list(Pool(stub).each(Twice(), range(30)))
    assert len(caught.value.problems) == 1


def test_one_worker_of_another_version_is_passed_over() -> None:
    def sometimes(number: int, work: Callable[[], Answer]) -> Answer:
        return work() if number != 4 else replace(work(), made=(13,), version="wilks 0.0 in Python 3.9")

    pool = Pool(Stub(sometimes))
    assert sorted(pool.each(Twice(), range(12))) == [(i, 2 * i) for i in range(12)]
    assert "has wilks 0.0" in pool.notes[0]


def test_tasks_are_as_long_as_their_time() -> None:
    class Clock(Stub):
        def submit(self, function: Any, /, *args: Any, **keywords: Any) -> Future[Any]:
            future = super().submit(function, *args, **keywords)
            answer = future.result()
            slow: Future[Any] = Future()
            slow.set_result(replace(answer, seconds=0.5 * len(answer.made)))
            tasks.append(len(answer.made))
            return slow

    tasks: list[int] = []
    assert len(list(Pool(Clock()).each(Twice(), range(500)))) == 500
    # Half a second for an item: six make three seconds, and the last ones end together.
    assert max(tasks) == 6
    assert tasks[-1] == 1


def test_no_more_is_begun_once_somebody_says_stop() -> None:
    stub, seen = Stub(), []
    for place, _ in Pool(stub).each(Twice(), range(1000), going_on=lambda: len(seen) < 5, most=1):
        seen.append(place)
    assert 5 <= len(seen) < 20
    assert len(stub.carried) < 30


def test_only_executors_are_taken(model: Model) -> None:
    with pytest.raises(KindError, match=r"executor is one of concurrent\.futures, or a client of dask"):
        wilks.limit(model, executor="tcp://here:1")  # type: ignore[arg-type]


@pytest.mark.usefixtures("small")
def test_a_process_that_dies_costs_its_pieces_only(model: Model, tmp_path: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        pool, killed = Pool(executor), []

        def kill(done: int, total: int) -> bool:
            if done >= 200 and not killed:
                killed.extend(executor._processes)
                os.kill(killed[0], signal.SIGKILL)
            return True

        there = wilks.toys(model, count=1000, seed=3, executor=pool, progress=kill, folder=tmp_path / "toys")
    assert killed
    assert "BrokenProcessPool" in pool.notes[0]
    assert encode_result(replace(there, folder="")) == encode_result(wilks.toys(model, count=1000, seed=3, threads=1))


@pytest.mark.usefixtures("small")
def test_what_others_have_made_before_ctrl_c_is_kept(model: Model, tmp_path: Any) -> None:
    def stop(done: int, total: int) -> bool:
        return done < 400

    with ThreadPoolExecutor(3) as executor:
        how = Running(progress=stop)
        broken = wilks.toys(model, count=900, seed=3, executor=executor, folder=tmp_path, running=how)
        assert 0 < broken.done < 900
        kept = {path.name: path.read_bytes() for path in tmp_path.glob("toys-*.npz")}
        assert len(kept) >= broken.done // 100
        again = wilks.toys(model, count=900, seed=3, executor=executor, folder=tmp_path)
        stopped = wilks.hypotest(model, value=[0.5, 1], calculator="toys", toys=900, executor=executor, running=how)
    assert kept.items() <= {path.name: path.read_bytes() for path in tmp_path.glob("toys-*.npz")}.items()
    assert encode_result(replace(again, folder="")) == encode_result(wilks.toys(model, count=900, seed=3))
    assert [len(toys) for toys in ToyFolder(tmp_path)] == [100] * 9
    assert stopped.statuses == ("interrupted", "interrupted")


def test_chunks_have_the_bits_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits that share a path from the initial values and a Hessian at the best fit: what decides goes with them."""
    model = wilks.compile_model(wilks.examples.search())
    best = wilks.fit(model)
    rng = np.random.default_rng(1)
    values = np.linspace(0.0, 2.0, 120)
    posed = pose(model, None, None, None)
    near = np.clip(best.values + 0.3 * rng.normal(size=(120, best.values.size)), posed.lower, posed.upper)
    start = np.concatenate([near, np.tile(posed.start, (120, 1))])
    held = np.tile(posed.held, (240, 1))
    poi = model.index("mu")
    start[:, poi], held[:, poi] = np.tile(values, 2), True
    for i in range(30):  # as in a ranking: no parameter but the first is held by all
        held[[i, i + 120], i % best.values.size] = True
        start[i + 120] = np.where(held[i], start[i], start[i + 120])
    problem = replace(posed, start=start, held=held)
    monkeypatch.setattr(spread, "_WORTH", 0.0)
    how: dict[str, Any] = {"options": FitOptions(), "starts": 2, "anchor": best.values, "threads": 1, "progress": None}
    data = model.observed()
    whole = fit_every(model, data, problem, sentences=True, **how)
    made = spread.fit_spread(Pool(Stub()), model, data, problem, **how)
    for name in ("values", "twice_nll", "edm", "iterations", "converged"):
        np.testing.assert_array_equal(getattr(made, name), getattr(whole, name))
    assert made.statuses == whole.statuses
    chosen = spread.witnesses(problem, 2)
    assert chosen[0] == 0
    np.testing.assert_array_equal(held[chosen].all(axis=0), held.all(axis=0))


def test_order_is_restored() -> None:
    assert list(in_order(iter([(2, "c"), (0, "a"), (1, "b"), (4, "e")]))) == ["a", "b", "c"]


def test_a_worker_says_what_it_lacks() -> None:
    answer = do(("unknown",), b"", None)
    assert answer.missing == ("unknown",)
    assert answer.made == ()
