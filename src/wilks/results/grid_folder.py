"""Answers of a grid on disk: one file a point, so that a run can go on where it ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from wilks._version import __version__
from wilks.errors import ResultError, listed
from wilks.results.hypotest import HypothesisTest, LimitResult
from wilks.results.io import load_result

Answer: TypeAlias = LimitResult | HypothesisTest
# Where an answer keeps what was asked, and in it, which data.
_ASKED, _DATA = "grid", "data"


def file_name(name: str) -> str:
    """Return the name of a point as that of a file, without suffix."""
    return re.sub(r"[^\w.+-]+", "-", name)


@dataclass(frozen=True)
class GridFolder:
    """A folder with the answers for the points of a grid. Raises ResultError where it holds something else."""

    path: Path

    def check(self, questions: Mapping[str, Mapping[str, Any]], *, other_data: bool) -> None:
        """Check that nothing is lost when the points are saved, before any work.

        `questions` has what is asked of every point by its name, without the data; `other_data` says whether there are
        any but the observed ones.
        """
        for name, asked in questions.items():
            found = self._read(name)
            if found is not None:
                here = found.origin.settings[_ASKED]
                self._same(name, {k: v for k, v in here.items() if k != _DATA}, asked)
                if (_DATA in here) != other_data:
                    raise self._another(name, [_DATA])

    def answer(self, name: str, digest: str, asked: Mapping[str, Any]) -> Answer | None:
        """Return the answer for a point, None where there is none of this workspace and version, or it failed."""
        found = self._read(name)
        if found is None or found.origin.workspace_digest != digest:
            return None
        self._same(name, found.origin.settings[_ASKED], asked)
        return found if found.converged and found.origin.version == __version__ else None

    def save(self, name: str, answer: Answer, asked: Mapping[str, Any]) -> None:
        """Write the answer for a point, with what was asked; it appears whole or not at all."""
        settings = {**answer.origin.settings, _ASKED: dict(asked)}
        replace(answer, origin=replace(answer.origin, settings=settings)).save(self._file(name))

    def _file(self, name: str) -> Path:
        return self.path / f"{file_name(name)}.json"

    def _read(self, name: str) -> Answer | None:
        path = self._file(name)
        if not path.exists():
            return None
        try:
            found = load_result(path)
        except ResultError:
            found = None
        if not isinstance(found, LimitResult | HypothesisTest) or _ASKED not in found.origin.settings:
            raise ResultError(
                f'{path}: is no answer for a point of a grid, and "{name}" would be saved there; '
                "delete it, or choose another folder"
            )
        return found

    def _same(self, name: str, here: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        different = [key for key in {**asked, **here} if asked.get(key) != here.get(key)]
        if different:
            raise self._another(name, different)

    def _another(self, name: str, different: list[str]) -> ResultError:
        return ResultError(
            f"{self._file(name)}: holds an answer with another {listed(different)}; choose another folder"
        )
