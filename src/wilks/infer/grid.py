"""`grid`: limits or CLs for many signals: patches, workspaces, or values of parameters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from wilks._types import FloatArray
from wilks._version import __version__
from wilks.elsewhere.workers import Workers
from wilks.errors import InputError, KindError, ModelError, WorkspaceError, listed
from wilks.fitting.many import Progress
from wilks.formats.load import load_workspace
from wilks.infer.asymptotics import STATISTICS, check_test
from wilks.infer.grid_spread import Coordinate, Point, Spread, digest_of
from wilks.infer.hypotest import check_calculator, check_weighted, hypotest
from wilks.infer.limits import check_level, limit
from wilks.infer.study import Running
from wilks.infer.timed import timed
from wilks.model.compile import compile_model
from wilks.model.datasets import Data, labelled
from wilks.model.model import ArrayLike, Model
from wilks.results.conditions import conditions_of, merged
from wilks.results.grid import GridResult
from wilks.results.grid_folder import Answer, GridFolder, file_name
from wilks.results.hypotest import BANDS, HypothesisTest, LimitResult
from wilks.results.many import CONVERGED, INTERRUPTED
from wilks.results.origin import Origin
from wilks.workspace.patchset import PatchSet, patched
from wilks.workspace.workspace import Workspace

QUESTIONS = ("limit", "CLs")
Signals: TypeAlias = Mapping[Any, Workspace | str | Path]


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of every point, and of which data (`data` makes those of a model; None: observed)."""

    settings: Mapping[str, Any]
    measurement: str | None
    poi: str | None
    data_set: str | None
    bounds: Mapping[str, tuple[float, float]] | None
    data: Callable[[Model], Data | ArrayLike] | None = None

    def model(self, workspace: Workspace) -> Model:
        """Return the model of a workspace."""
        return compile_model(workspace, measurement=self.measurement, poi=self.poi, data_set=self.data_set)

    def __call__(self, model: Model, data: Data | None, fixed: Mapping[str, float], running: Running) -> Answer:
        """Return the answer for a model."""
        asked = dict(self.settings)
        limits, value, level = asked.pop("question") == "limit", asked.pop("value"), asked.pop("level")
        where: dict[str, Any] = {"fixed": fixed, "bounds": self.bounds, "running": running}
        if limits:
            return limit(model, data, level=level, **asked, **where)
        return hypotest(model, data, value=value, **asked, **where)

    def without_data(self) -> Question:
        """Return the question about data that are handed in."""
        return replace(self, data=None)

    def key(self, fixed: Mapping[str, float], running: Running) -> dict[str, Any]:
        """Return all that an answer depends on beside workspace and data, as JSON keeps it."""
        bounds = {name: [_kept(side) for side in sides] for name, sides in (self.bounds or {}).items()}
        where = {"measurement": self.measurement, "poi": self.poi, "fixed": dict(fixed), "bounds": bounds}
        where |= {"data_set": self.data_set} if self.data_set is not None else {}
        unused = ("toys", "seed") if self.settings["calculator"] != "toys" else ()
        settings = {name: value for name, value in self.settings.items() if name not in unused}
        return {**settings, **where, **running.options.settings}


@timed
def grid(
    workspace: Workspace | Signals,
    points: PatchSet | Mapping[str, Sequence[float]] | None = None,
    *,
    data: Callable[[Model], Data | ArrayLike] | None = None,
    question: str = "limit",
    value: float = 1.0,
    level: float = 0.95,
    statistic: str = "q~",
    calculator: str = "asymptotic",
    base: str = "normal",
    toys: int = 10_000,
    importance: bool = False,
    seed: int = 1,
    labels: Sequence[str] = (),
    folder: str | Path | None = None,
    part: tuple[int, int] | None = None,
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
) -> GridResult:
    """Return upper limits (`question` "limit") or CLs of `value` ("CLs") for many signals.

    The signals are one of

    - a background-only workspace and a `PatchSet`: every patch in turn. `verify` False applies patches of another
      background-only workspace.
    - workspaces (or their paths) by name; names that are numbers, or tuples of numbers, are coordinates, and `labels`
      says of what.
    - a workspace and values of parameters: `{"mass": [300, 400], "width": [1, 2]}` keeps the parameters at every
      combination.

    `data` makes the data of every model, for example `lambda model: asimov(model, values={"mu": 0})`; without it they
    are the observed ones.

    With a `folder`, the answer for every point is saved there as soon as it is known. What is there already for the
    same workspace (by its digest) is not computed again; a folder with answers to another question, or with other
    files of these names, is refused. `running.progress` is told about points; what is left when it returns False is
    "interrupted".

    `part` (3, 100) is the third of a hundred calls that share the points: every hundredth of them from the third on.
    The same call without it, with the same `folder`, then finds all answers there.

    A point that has no answer is NaN and has a status. Raises InputError for what can't be asked, and where it can be
    asked of no point.

    `level`, `statistic`, `calculator`, `base`, `toys`, `importance`, `seed`, `fixed` and `bounds` are those of `limit`
    and `hypotest`, `executor` that of `intervals`, `measurement`, `poi` and `data_set` those of `compile_model`.

    >>> import wilks
    >>> background, signals = wilks.examples.search_grid()
    >>> found = wilks.grid(background, signals)
    >>> found.names[:3], found.expected.shape
    (('X_400', 'X_500', 'X_600'), (7, 5))
    >>> [name for name, excluded in zip(found.names, found.excluded) if excluded]
    ['X_400', 'X_500', 'X_700']
    """
    _check(question, value, level, statistic, base)
    check_calculator(calculator, base, toys, seed, importance)
    check_weighted(importance, statistic, toys)
    settings = {"question": question, "value": float(value), "level": float(level), "statistic": statistic}
    settings |= {"calculator": calculator, "base": base, "toys": int(toys), "seed": int(seed)}
    settings |= {"importance": True} if importance else {}
    asked = Question(settings, measurement, poi, data_set, bounds, data)
    named, listed_points = points_of(workspace, points, labels, verify, dict(fixed or {}))
    _check_names(listed_points)
    listed_points = _in_part(listed_points, part, folder)
    found = list(_answers(listed_points, asked, _checked(folder, listed_points, asked, running), running))
    refused = [answer for answer in found if isinstance(answer, InputError)]
    if refused and len(refused) == len(found):
        raise refused[0]
    digest = workspace.digest if isinstance(workspace, Workspace) else ""
    return _result(listed_points, found, named, asked, digest)


def _check(question: str, value: float, level: float, statistic: str, base: str) -> None:
    problems = []
    if question not in QUESTIONS:
        problems.append(f'no question "{question}"; allowed are {listed(QUESTIONS)}')
    if not np.isfinite(value):
        problems.append(f"value: a finite number is needed, found {value!r}")
    if problems:
        raise ModelError(problems)
    check_test(statistic, base, ("q", "q~") if question == "limit" else STATISTICS)
    check_level(level)


def points_of(
    workspace: Workspace | Signals,
    points: PatchSet | Mapping[str, Sequence[float]] | None,
    labels: Sequence[str],
    verify: bool,
    fixed: dict[str, float],
) -> tuple[tuple[str, ...], list[Point]]:
    """Return the labels of the coordinates and the points."""
    if not isinstance(workspace, Workspace):
        if points is not None:
            raise KindError("patches and parameter values belong to one workspace, not to several")
        return _of_workspaces(workspace, labels, fixed)
    if isinstance(points, PatchSet):
        if verify:
            points.verify(workspace)
        spec = workspace.spec
        made = [
            Point(p.name, p.values, fixed, lambda p=p: patched(workspace, spec, p))  # type: ignore[misc]
            for p in points.patches
        ]
        return points.labels or tuple(labels), made
    if not points or not all(len(values) for values in points.values()):
        raise ModelError("points: a set of patches is needed, or values of parameters; found none")
    combinations = itertools.product(*([float(v) for v in values] for values in points.values()))
    return tuple(points), [
        Point(
            ", ".join(f"{name} = {value:g}" for name, value in zip(points, values, strict=True)),
            values,
            fixed | dict(zip(points, values, strict=True)),
            lambda: workspace,
        )
        for values in combinations
    ]


def _of_workspaces(
    signals: Signals, labels: Sequence[str], fixed: dict[str, float]
) -> tuple[tuple[str, ...], list[Point]]:
    if not signals:
        raise ModelError("points: at least one workspace is needed")
    made = []
    for key, source in signals.items():
        values = key if isinstance(key, tuple) else (key,)
        name = "_".join(f"{v:g}" if isinstance(v, int | float) else str(v) for v in values)
        values = values if any(not isinstance(v, str) for v in values) or labels else ()
        made.append(Point(name, values, fixed, lambda source=source: _loaded(source)))  # type: ignore[misc]
    sizes = {len(point.coordinates) for point in made}
    named = tuple(labels) or tuple(f"x{i}" if max(sizes) > 1 else "x" for i in range(max(sizes)))
    if len(sizes) > 1 or len(named) != max(sizes):
        raise ModelError(f"points: every workspace needs {len(named)} coordinates ({listed(named)}) in its name")
    return named, made


def _loaded(source: Workspace | str | Path) -> Workspace:
    return source if isinstance(source, Workspace) else load_workspace(source)


def _kept(side: float) -> float | str:
    return float(side) if np.isfinite(side) else str(float(side))


def _check_names(points: list[Point]) -> None:
    names = [file_name(point.name) for point in points]
    twice = [point.name for point, name in zip(points, names, strict=True) if names.count(name) > 1]
    if twice:
        raise WorkspaceError(f"points need names that differ in letters and digits: {listed(twice)}")


def _in_part(points: list[Point], part: tuple[int, int] | None, folder: str | Path | None) -> list[Point]:
    """Return the points of a part. Raises ModelError for one that is none, has nothing to do or is kept nowhere."""
    if part is None:
        return points
    which, parts = part
    if folder is None:
        raise ModelError("part: what a part makes is kept in a folder; name one")
    if not 1 <= which <= parts:
        raise ModelError(f"part: the first is 1 of {max(parts, 1)}, the last {max(parts, 1)}; found {which} of {parts}")
    if which > len(points):
        raise ModelError(f"part {which} of {parts} has nothing to do: there are {len(points)} points")
    return points[which - 1 :: parts]


def _checked(folder: str | Path | None, points: list[Point], asked: Question, running: Running) -> GridFolder | None:
    """Return the folder for the answers, if any. Raises ResultError where something else would be lost there."""
    if folder is None:
        return None
    store = GridFolder(Path(folder))
    store.check({p.name: asked.key(p.fixed, running) for p in points}, other_data=asked.data is not None)
    return store


def _answers(
    points: list[Point], asked: Question, store: GridFolder | None, running: Running
) -> Iterator[Answer | InputError | str]:
    """Yield for every point its answer, or why there is none. Toys of a point are what others work on, else points."""
    if running.pool is not None and asked.settings["calculator"] != "toys":
        yield from Spread(points, asked, store, running).answers()
        return
    stopped, model = False, None
    for i, point in enumerate(points):
        if stopped:
            yield INTERRUPTED
            continue

        def tell(done: int, total: int, i: int = i) -> bool:
            nonlocal stopped
            stopped = stopped or (running.progress is not None and running.progress(i, len(points)) is False)
            return not stopped

        try:
            workspace, data, key = point.workspace(), None, asked.key(point.fixed, running)
            if model is not None and model.workspace_digest != workspace.digest:
                model = None
            if asked.data is not None:
                model = model or asked.model(workspace)
                data = labelled(model, asked.data(model))
                key["data"] = digest_of(data)
            answer = None if store is None else store.answer(point.name, workspace.digest, key)
            if answer is None:
                model = model or asked.model(workspace)
                answer = asked(model, data, point.fixed, replace(running, progress=tell))
                # What was complete when Ctrl-C came is kept; what fails without it is worth a look.
                if store is not None and (answer.converged or not stopped):
                    store.save(point.name, answer, key)
            yield answer
        except InputError as error:
            yield error
        tell(0, 0, i + 1)


def _result(
    points: list[Point],
    answers: list[Answer | InputError | str],
    labels: tuple[str, ...],
    asked: Question,
    digest: str,
) -> GridResult:
    good = [a for a in answers if isinstance(a, Answer)]
    limits = asked.settings["question"] == "limit"
    rows = [_row(answer) for answer in answers]
    first = good[0].origin if good else Origin("", "observed", digest, __version__)
    settings = {**{k: v for k, v in first.settings.items() if k not in ("grid", "fixed")}, **asked.settings}
    conditions = {
        point.name: conditions_of(answer)
        for point, answer in zip(points, answers, strict=True)
        if isinstance(answer, Answer)
    }
    return GridResult(
        poi=good[0].poi if good else (asked.poi or ""),
        question=asked.settings["question"],
        level=asked.settings["level"],
        tested=np.nan if limits else (0.0 if asked.settings["statistic"] == "q0" else asked.settings["value"]),
        names=tuple(point.name for point in points),
        labels=labels,
        coordinates=np.array([[number_of(v) for v in p.coordinates] for p in points], np.float64).reshape(
            len(points), len(labels)
        ),
        observed=np.array([row[0] for row in rows]),
        expected=np.stack([row[1] for row in rows]),
        errors=np.array([row[2] for row in rows]),
        best_values=np.array([a.best_value if isinstance(a, Answer) else np.nan for a in answers]),
        statuses=tuple(row[3] for row in rows),
        digests=tuple(a.origin.workspace_digest if isinstance(a, Answer) else "" for a in answers),
        origin=replace(first, workspace_digest=digest, settings=settings, conditions=merged(conditions)),
    )


def _row(answer: Answer | InputError | str) -> tuple[float, FloatArray, float, str]:
    """Return observed, expected, error and status of a point."""
    if isinstance(answer, LimitResult):
        bad = [status for status in answer.statuses if status != CONVERGED]
        return answer.observed, answer.expected, answer.observed_error, bad[0] if bad else CONVERGED
    if isinstance(answer, HypothesisTest):
        one_sided = answer.statistic in ("q", "q~")
        observed, expected = (p.cls if one_sided else p.clsb for p in (answer.observed, answer.expected))
        error = np.nan
        if answer.counts is not None:
            error = float((answer.counts.cls_error if one_sided else answer.counts.clsb_error)[0])
        return float(observed[0]), expected[0], error, answer.statuses[0]
    status = "; ".join(answer.problems) if isinstance(answer, InputError) else answer
    return np.nan, np.full(len(BANDS), np.nan), np.nan, status


def number_of(value: Coordinate) -> float:
    """Return a coordinate as a number, NaN where it is none."""
    try:
        return float(value)
    except ValueError:
        return np.nan
