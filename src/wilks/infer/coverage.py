"""`coverage`: how often intervals and limits of a parameter hold its true value."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from threading import get_ident
from typing import Any

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError, listed, nearest
from wilks.fitting.many import Progress
from wilks.fitting.problem import Problem
from wilks.infer.hypotest import hypotest, toys_problems
from wilks.infer.intervals import level_problems, quantile
from wilks.infer.point_tests import FIRST, Rule, Tester
from wilks.infer.study import Running, Study, also, origin_of, study
from wilks.infer.timed import timed
from wilks.infer.toy_fits import fit_toys, helped, made, moved
from wilks.infer.toy_p_values import Sample
from wilks.infer.toy_tests import PIECE, Counter, made_elsewhere, pieces
from wilks.model.datasets import asimov, toy_data
from wilks.model.model import Model
from wilks.model.verbs import verb
from wilks.results.coverage import METHODS, CoverageResult
from wilks.results.fit import FitResult
from wilks.results.many import CONVERGED, INTERRUPTED, ManyFits

# Toys within a Feldman-Cousins decision have a stream for every conditional fit that they are made at, from here on.
_INNER = 1 << 20
# Toys of a piece at most, by the method that takes longest.
_SIZES = {"feldman-cousins": 10, "cls": 100}
# Conditional fits whose toys a thread remembers: others may be the same.
_REMEMBERED = 10_000


@verb("coverage(model, values=[0, 0.5, 1])")
@timed
def coverage(
    model: Model,
    result: FitResult | None = None,
    *,
    values: Sequence[float] | FloatArray,
    parameter: str | None = None,
    methods: Sequence[str] = ("wald", "profile", "cls"),
    level: float = 0.95,
    toys: int = 1000,
    inner_toys: int = 1000,
    at: Mapping[str, float] | None = None,
    seed: int = 1,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> CoverageResult:
    """Return how often intervals of a `parameter` (default: that of interest) hold its true value, for several
    `values`.

    For each of them `toys` toys are made before the fit, or at a `result`, with other parameters `at` values, auxiliary
    data too; `methods` are asked about the same ones:

    - "wald": best fit and uncertainty of the covariance. A fit at a bound has no such interval: these are counted.
    - "profile": `intervals`, ends at bounds included.
    - "feldman-cousins": `feldman_cousins`; every toy has up to `inner_toys` toys of its own, made at its conditional
      fit.
    - "cls": the observed upper limit of `limit` (asymptotic, q~).

    An interval holds the true value where a test of that value says so, which is asked instead of finding the ends. The
    same `seed` gives the same answer on any number of threads and workers. Where `running.progress` stops it, the toys
    made by then count. Raises ModelError for what can't be asked. `level` is that of all methods; `fixed`, `bounds`,
    `executor` and `running` are as for `intervals`.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = wilks.coverage(model, values=[0.5], methods=("profile",), toys=200)
    >>> bool(abs(found.coverage[0, 0] - 0.95) < 0.06)
    True
    """
    true = np.array(values, np.float64, ndmin=1)
    problems = level_problems([level]) + toys_problems(toys, seed) + _problems(true, methods, inner_toys)
    how = {"fixed": fixed, "bounds": bounds, "running": running}
    asked = _asked(model, result, true, parameter, methods, at, problems, how)
    name = model.parameter_names[asked.poi]
    counter = Counter(running.progress)
    each = 2 + ("cls" in methods) + 2 * ("feldman-cousins" in methods) * min(200, inner_toys)
    counter.announce(each * toys * true.size)
    work = _Work(asked, result, dict(at or {}), tuple(methods), float(level), inner_toys, seed, bounds)
    size = min([_SIZES[method] for method in methods if method in _SIZES], default=PIECE)
    wanted = [_Piece(i, value, *p) for i, value in enumerate(true.tolist()) for p in pieces(toys, asked, size)]
    counts = np.zeros((3, len(methods), true.size))
    for piece, counted in zip(wanted, work.counted(wanted, each, counter), strict=False):
        counts[:, :, piece.column] += counted
    settings = {"seed": seed, "toys": toys, "inner_toys": inner_toys, "level": level, "at": dict(at or {})}
    label = asked.data.label.replace("Asimov", "toys", 1).replace(f", {name} = {true[0]:g}", "", 1)
    return CoverageResult(
        parameter=name,
        level=float(level),
        methods=tuple(methods),
        values=true,
        toys=int(toys),
        inner_toys=int(inner_toys),
        seed=int(seed),
        covered=counts[0],
        usable=counts[1],
        lost=counts[2],
        origin=origin_of(model, label, asked.problem, running.options, **settings),
    )


def _asked(
    model: Model,
    result: FitResult | None,
    true: FloatArray,
    parameter: str | None,
    methods: Sequence[str],
    at: Mapping[str, float] | None,
    problems: list[str],
    how: dict[str, Any],
) -> Study:
    """Return the study of Asimov data of the first true value. Raises ModelError with everything that is wrong."""
    name = model.poi if parameter is None else parameter
    if name in (at or {}):
        problems.append(f'at: "{name}" is the parameter whose true values are asked about')
    # A fit may hide the parameter: its true values are known.
    first = {name: float(true[0])} if name in model.parameter_names and not problems else {}
    with also(problems):
        made_of = asimov(model, result, values={**(at or {}), **first})
        asked = study(model, made_of, poi=parameter, **how)
    i, names = asked.poi, model.parameter_names
    if asked.problem.idle[i]:
        problems.append(f'no rate depends on "{names[i]}": there is nothing to cover')
    outside = [v for v in true if not asked.problem.lower[i] <= v <= asked.problem.upper[i]]
    if outside:
        low, high = asked.problem.lower[i], asked.problem.upper[i]
        problems.append(
            f'values: {listed([f"{v:g}" for v in outside])}: "{names[i]}" has the bounds {low:g} to {high:g}'
        )
    if "cls" in methods and (true < 0).any():
        problems.append("values: cls has limits of parameters that are not below 0")
    if problems:
        raise ModelError(problems)
    for value in true:  # raises where no toys can be made
        asimov(model, result, values={**(at or {}), names[i]: float(value)})
    return asked


def _problems(values: FloatArray, methods: Sequence[str], inner_toys: int) -> list[str]:
    """Return a sentence for everything that can't be asked, whatever the model."""
    problems = []
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        problems.append("values: one finite number or several are needed")
    if isinstance(methods, str) or not len(methods):
        problems.append(f"methods: a sequence of {listed(METHODS)} is needed, found {methods!r}")
        return problems
    unknown = [name for name in methods if name not in METHODS]
    problems += [f'no method "{name}"; allowed are {listed(METHODS)}{nearest(name, METHODS)}' for name in unknown]
    if len(set(methods)) < len(methods):
        problems.append("methods: each can be given once")
    if not (isinstance(inner_toys, int | np.integer) and inner_toys >= FIRST):
        problems.append(f"inner_toys: at least {FIRST} are needed, found {inner_toys!r}")
    return problems


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Toys with their free fits and the conditional ones at the true value; t is NaN without both."""

    data: FloatArray
    free: ManyFits
    conditional: ManyFits
    t: FloatArray


@dataclass(frozen=True)
class _Piece:
    """Some toys of a true value, and where it stands: the number of the first one, and how many."""

    column: int
    value: float
    first: int
    size: int


@dataclass(frozen=True, eq=False)
class _Memory:
    """What has been answered at a true value: toys within decisions by conditional fit, CLs by data."""

    value: float
    toys: dict[bytes, list[Sample]] = field(default_factory=dict)
    cls: dict[bytes, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Work:
    """The job of asking pieces of the toys of true values."""

    asked: Study
    result: FitResult | None
    at: Mapping[str, float]
    methods: tuple[str, ...]
    level: float
    inner_toys: int
    seed: int
    bounds: Mapping[str, tuple[float, float]] | None
    # A worker makes many pieces: what each of its threads has answered at a true value.
    memory: dict[int, _Memory] = field(default_factory=dict)

    def counted(self, wanted: Sequence[_Piece], each: int, counter: Counter) -> Iterator[FloatArray]:
        """Yield how many toys of each piece are covered, usable and lost, shape (3, methods), in order; `each` of them
        is so many fits. Ends early where it is stopped; the last piece may then be cut short.
        """
        running = self.asked.running
        if running.pool is None:
            for piece in wanted:
                yield self._counted(piece, counter, running.threads)
                if counter.stopped:
                    return
            return
        job, fits = replace(self, asked=self.asked.sendable()), lambda piece, counts: each * piece.size
        yield from made_elsewhere(counter, running, job, wanted, shared=[self.asked.model], fits=fits)

    def __call__(self, piece: _Piece, threads: int | None, progress: Progress | None) -> FloatArray:
        """Return how many toys of a piece are covered, usable and lost, shape (3, methods)."""
        return self._counted(piece, Counter(progress), threads)

    def _counted(self, piece: _Piece, counter: Counter, threads: int | None) -> FloatArray:
        running = replace(self.asked.running, executor=None, threads=threads, progress=counter.wait)
        asked = replace(self.asked, running=running)
        memory = self.memory.get(get_ident())
        if memory is None or memory.value != piece.value or len(memory.toys) > _REMEMBERED:
            memory = self.memory[get_ident()] = _Memory(piece.value)
        rule = Rule(self.level, 0.99, self.inner_toys)
        tester = Tester(asked, (asked.poi,), rule, self.seed, counter, memory.toys)
        truth = {**self.at, asked.model.parameter_names[asked.poi]: piece.value}
        one = _Value(asked, self.result, truth, piece.value, self.level, self.seed, counter, self.bounds, memory.cls)
        counts, found = np.zeros((3, len(self.methods))), one.fitted(piece.first, piece.size)
        for column, method in enumerate(self.methods):
            holds, usable = one.answers(method, found, tester)
            counts[:, column] = [(holds & usable).sum(), usable.sum(), (~usable).sum()]
        return counts


@dataclass(frozen=True, eq=False)
class _Value:
    """The toys of one true value."""

    asked: Study
    result: FitResult | None
    truth: Mapping[str, float]
    value: float
    level: float
    seed: int
    counter: Counter
    bounds: Mapping[str, tuple[float, float]] | None
    known: dict[bytes, float]

    def fitted(self, first: int, count: int) -> _Fitted:
        """Return toys with both fits, which help each other; after Ctrl-C those before the first that lacks one."""
        model, problem, i = self.asked.model, self.asked.problem, self.asked.poi
        data = toy_data(model, self.result, values=self.truth, seed=self.seed, first=first, count=count)
        told = replace(self.asked.running, progress=self.counter.tell)
        free = fit_toys(model, data, problem, told, uncertainties=True)
        self.counter.done += count
        held, start = problem.held.copy(), problem.start.copy()
        held[i], start[i] = True, self.value
        kept = Problem(start, problem.lower, problem.upper, held, problem.idle)
        conditional = fit_toys(model, data, kept, told)
        self.counter.done += count
        quiet = self.asked.running
        conditional = helped(model, data, conditional, moved(model, data, free, i, self.value), kept, quiet)
        free = helped(model, data, free, conditional, problem, quiet)
        both = free.minimised & conditional.minimised
        t = np.where(both, np.maximum(conditional.twice_nll - free.twice_nll, 0.0), np.nan)
        rows = np.arange(min(made(free.statuses), made(conditional.statuses)))
        return _Fitted(data[rows], free.rows(rows), conditional.rows(rows), t[rows])

    def answers(self, method: str, toys: _Fitted, tester: Tester) -> tuple[BoolArray, BoolArray]:
        """Return which toys are covered by a method, and which have an interval."""
        match method:
            case "wald":
                return self._wald(toys)
            case "profile":
                return self._profile(toys)
            case "cls":
                return self._cls(toys)
        return self._feldman_cousins(tester, toys)

    def _wald(self, toys: _Fitted) -> tuple[BoolArray, BoolArray]:
        assert toys.free.uncertainties is not None
        i, reach = self.asked.poi, NormalDist().inv_cdf(0.5 + 0.5 * self.level)
        sigma = toys.free.uncertainties[:, i]
        known = toys.free.converged & (sigma > 0) & np.isfinite(sigma)
        return np.abs(toys.free.values[:, i] - self.value) <= reach * np.where(known, sigma, 0.0), known

    def _profile(self, toys: _Fitted) -> tuple[BoolArray, BoolArray]:
        return toys.t <= quantile(self.level), np.isfinite(toys.t)

    def _feldman_cousins(self, tester: Tester, toys: _Fitted) -> tuple[BoolArray, BoolArray]:
        """Return which toys are inside by toys of their own; those with the same conditional fit share them."""
        holds, known = [], []
        for theta, t in zip(toys.conditional.values, toys.t, strict=True):
            test = tester.examine(theta, float(t), stream=_stream(theta))
            if test.status == INTERRUPTED:
                break
            known.append(test.status == CONVERGED)
            holds.append(test.p_value > 1.0 - self.level)
        return np.array(holds, np.bool_), np.array(known, np.bool_)

    def _cls(self, toys: _Fitted) -> tuple[BoolArray, BoolArray]:
        """Return for which toys CLs of the true value is above 1 - level: it is below their upper limit."""
        model, problem, i = self.asked.model, self.asked.problem, self.asked.poi
        name, cls = model.parameter_names[i], []
        held = np.flatnonzero(problem.held & ~problem.idle)
        fixed = {model.parameter_names[j]: float(problem.start[j]) for j in held}
        asked: dict[str, Any] = {"poi": name, "fixed": fixed, "bounds": self.bounds, "running": self.asked.running}
        for row in toys.data:
            key = row.tobytes()
            if key not in self.known:
                test = hypotest(model, row, value=self.value, **asked)
                self.known[key] = float(test.observed.cls[0])
            self.counter.done += 1
            if not self.counter.tell(0, 1):
                break
            cls.append(self.known[key])
        found = np.array(cls)
        return found > 1.0 - self.level, np.isfinite(found)


def _stream(theta: FloatArray) -> int:
    """Return the stream of toys that are made at a conditional fit, by its digits: the same for all pieces."""
    digest = hashlib.sha256(theta.tobytes()).digest()
    return _INNER + int.from_bytes(digest[:8], "little") % ((1 << 32) - _INNER)
