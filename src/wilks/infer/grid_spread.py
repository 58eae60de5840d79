"""The points of a grid, asked about by the workers of an executor."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

from wilks.elsewhere.ordered import in_order
from wilks.errors import InputError
from wilks.fitting.many import Progress
from wilks.infer.study import Running
from wilks.model.datasets import Data, labelled
from wilks.model.model import ArrayLike, Model
from wilks.results.grid_folder import Answer, GridFolder
from wilks.results.many import INTERRUPTED
from wilks.workspace.workspace import Workspace

Coordinate: TypeAlias = float | str


@dataclass(frozen=True, eq=False)
class Point:
    """One signal: its name, coordinates, what is kept, and how its workspace is made."""

    name: str
    coordinates: tuple[Coordinate, ...]
    fixed: Mapping[str, float]
    workspace: Callable[[], Workspace]


class Question(Protocol):
    """What is asked of every point, and of which data."""

    @property
    def data(self) -> Callable[[Model], Data | ArrayLike] | None:
        """What makes the data of a model; None: the observed ones."""

    def model(self, workspace: Workspace) -> Model:
        """Return the model of a workspace."""

    def key(self, fixed: Mapping[str, float], running: Running) -> dict[str, Any]:
        """Return all that an answer depends on beside workspace and data."""

    def without_data(self) -> Question:
        """Return the question about data that are handed in."""

    def __call__(self, model: Model, data: Data | None, fixed: Mapping[str, float], running: Running) -> Answer:
        """Return the answer for a model."""


def digest_of(data: Data) -> dict[str, str]:
    """Return what names data in the key of an answer."""
    return {"label": data.label, "sha256": hashlib.sha256(data.values.tobytes()).hexdigest()}


@dataclass(frozen=True, eq=False)
class _Sent:
    """A point as a worker gets it: workspace, data (None: observed) and what is kept; or what is known of it."""

    workspace: Workspace | None
    data: Data | None
    fixed: Mapping[str, float]
    known: Answer | tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class _Ask:
    """The job of asking about a point. Mistakes come back as the sentences they are."""

    question: Question
    running: Running

    def __call__(self, sent: _Sent, threads: int | None, progress: Progress | None) -> Answer | tuple[str, ...]:
        if sent.known is not None or sent.workspace is None:
            return sent.known or ()
        try:
            running = replace(self.running, threads=threads, progress=progress)
            return self.question(self.question.model(sent.workspace), sent.data, sent.fixed, running)
        except InputError as error:
            return error.problems


@dataclass(frozen=True, eq=False)
class Spread:
    """Points that are asked about by the workers of an executor, each by one of them."""

    points: list[Point]
    asked: Question
    store: GridFolder | None
    running: Running

    def answers(self) -> Iterator[Answer | InputError | str]:
        """Yield for every point its answer, or why there is none; answers are saved as they come."""
        missing = len(self.points)
        for found in in_order(self._arriving()):
            missing -= 1
            yield InputError(found) if isinstance(found, tuple) else found
        yield from [INTERRUPTED] * missing

    def _arriving(self) -> Iterator[tuple[int, Answer | tuple[str, ...]]]:
        pool, told, done = self.running.pool, self.running.told, 0
        assert pool is not None
        job = _Ask(self.asked.without_data(), Running(options=self.running.options))
        keys: dict[int, dict[str, Any]] = {}
        found = pool.each(
            job,
            range(len(self.points)),
            threads=self.running.threads,
            going_on=lambda: told(done, len(self.points)),
            made=lambda place: self._sent(place, keys),
        )
        for place, answer in found:
            done += 1
            key = keys.pop(place, None)
            whole = isinstance(answer, Answer) and INTERRUPTED not in answer.statuses
            if self.store is not None and key is not None and whole:
                self.store.save(self.points[place].name, answer, key)
            yield place, answer

    def _sent(self, place: int, keys: dict[int, dict[str, Any]]) -> _Sent:
        """Return a point as it is sent; the key under which its answer is to be saved is left in `keys`."""
        point = self.points[place]
        try:
            workspace, data, key = point.workspace(), None, self.asked.key(point.fixed, self.running)
            if self.asked.data is not None:
                model = self.asked.model(workspace)
                data = labelled(model, self.asked.data(model))
                key["data"] = digest_of(data)
            known = None if self.store is None else self.store.answer(point.name, workspace.digest, key)
        except InputError as error:
            return _Sent(None, None, {}, error.problems)
        if known is not None:
            return _Sent(None, None, {}, known)
        keys[place] = key
        return _Sent(workspace, data, point.fixed)
