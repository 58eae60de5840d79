"""`GridResult`: limits or tests of many signals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.results.checking import require_distinct, require_known, require_levels
from wilks.results.hypotest import BANDS
from wilks.results.many import CONVERGED
from wilks.results.origin import Origin, Saved
from wilks.table import Table, number


@dataclass(frozen=True, eq=False)
class GridResult(Saved):
    """Limits (`question` "limit") or CLs values ("CLs") of many signals, one row per point.

    `coordinates` has shape (points, labels): what `labels` names, NaN where a point has none. `observed` has shape
    (points,), `expected` (points, 5): at -2, -1, 0, 1, 2 standard deviations. `errors` are those of observed from
    toys. `level` is the confidence level; `tested` the value of the parameter of interest whose CLs is given, NaN for
    limits. `statuses` says for every point "converged" or why there is no answer (then it is NaN); `digests` are those
    of the points' workspaces.

    >>> import wilks
    >>> found = wilks.grid(*wilks.examples.search_grid())
    >>> found.labels, found.coordinates.shape, found.excluded.tolist()
    (('mass',), (7, 1), [True, True, False, True, False, False, False])
    """

    poi: str
    question: str
    level: float
    tested: float
    names: tuple[str, ...]
    labels: tuple[str, ...]
    coordinates: FloatArray
    observed: FloatArray
    expected: FloatArray
    errors: FloatArray
    best_values: FloatArray
    statuses: tuple[str, ...]
    digests: tuple[str, ...]
    origin: Origin

    def __post_init__(self) -> None:
        require_distinct("names", self.names)
        require_known("the question", self.question, ("limit", "CLs"))
        require_levels((self.level,))
        n = len(self.names)
        shapes = {
            "coordinates": (self.coordinates.shape, (n, len(self.labels))),
            "observed": (self.observed.shape, (n,)),
            "expected": (self.expected.shape, (n, len(BANDS))),
            "errors": (self.errors.shape, (n,)),
            "best_values": (self.best_values.shape, (n,)),
            "statuses": ((len(self.statuses),), (n,)),
            "digests": ((len(self.digests),), (n,)),
        }
        for name, (found, needed) in shapes.items():
            if found != needed:
                raise ValueError(f"{name} has shape {found}, expected {needed}")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def converged(self) -> bool:
        """Whether every point has an answer."""
        return all(status == CONVERGED for status in self.statuses)

    @property
    def excluded(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which signals are excluded at their nominal size: limit below 1, or CLs (of the tested value) too small."""
        return self.observed < (1.0 if self.question == "limit" else 1 - self.level)

    def __repr__(self) -> str:
        failed = sum(status != CONVERGED for status in self.statuses)
        return f"<GridResult: {self.question} of {self.poi} for {len(self)} points ({failed} without an answer)>"

    def table(self) -> Table:
        """Return a table with a row per point."""
        what = "CLs" if self.question == "CLs" else f"{self.poi} <"
        header = ("point", *self.labels, what, *BANDS)
        cells = np.column_stack([self.coordinates, self.observed, self.expected])
        rows = [(name, *(number(float(cell)) for cell in row)) for name, row in zip(self.names, cells, strict=True)]
        return Table(f"{self._title}; the last five columns are expected", header, tuple(rows))

    @property
    def _title(self) -> str:
        if self.question == "CLs":
            return f"CLs of {self.poi} = {number(self.tested)}"
        return f"Upper limits on {self.poi} at {100 * self.level:g}% CL (CLs)"

    def _text(self) -> str:
        lines = [self.table().text()]
        lines += [f"{n}: {s}" for n, s in zip(self.names, self.statuses, strict=True) if s != CONVERGED]
        return "\n".join(lines)

    def _html(self) -> str:
        return self.table().html()
