"""`FeldmanCousinsResult`: intervals and regions whose coverage comes from toys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.results.checking import require_distinct, require_levels, require_shapes
from wilks.results.intervals import AT_BOUND, Interval, percent
from wilks.results.many import CONVERGED
from wilks.results.origin import Origin, Saved, paragraphs
from wilks.table import Table, number

INSIDE, OUTSIDE, UNDECIDED = 1.0, -1.0, 0.0
_WORDS = {INSIDE: "inside", OUTSIDE: "outside", UNDECIDED: "undecided"}


@dataclass(frozen=True, eq=False)
class PointTests:
    """Points that were tested: `values` has shape (points, parameters), all else (points,).

    `statistic` is t of the data (twice the log likelihood ratio to the best fit), `critical` the quantile of the toys'
    at the confidence level, `p_values` the fraction of toys that are as large as the data's, `errors` its standard
    deviation. `toys` were made, `failures` of them have no fit. `verdicts` is 1 where the point is inside the interval,
    -1 outside, 0 where all toys can't tell. `statuses` is "converged" or says why there is no p-value.
    """

    values: FloatArray
    statistic: FloatArray
    critical: FloatArray
    p_values: FloatArray
    errors: FloatArray
    toys: FloatArray
    failures: FloatArray
    verdicts: FloatArray
    statuses: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.statuses)
        names = ("statistic", "critical", "p_values", "errors", "toys", "failures", "verdicts")
        require_shapes(self, dict.fromkeys(names, (n,)))
        if self.values.ndim != 2 or len(self.values) != n:
            raise ValueError(f"values has shape {self.values.shape}, expected ({n}, parameters)")

    def __len__(self) -> int:
        return len(self.statuses)


@dataclass(frozen=True, eq=False)
class FeldmanCousinsResult(Saved):
    """A Feldman-Cousins interval of one parameter, or the region of two, at a confidence level.

    Inside are the points whose p-value is above 1 - `level`. Of one parameter, `ends` are the lower and the upper end,
    `end_errors` their standard deviations from toys, `end_statuses` "converged", "at bound" or why there is none (NaN);
    `profile_ends` are those of the profile likelihood. Of two, `x_values` and `y_values` are a grid, and `region`,
    shape (y, x), is 1 inside, -1 outside, 0 where the toys can't tell; p-values of the points that were `tested` with
    toys are there, the others lie between neighbours that agree. Arrays that belong to the other case are empty.
    `toys` is how many a point may take, `certainty` the probability that a decision on a point is right.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = wilks.feldman_cousins(model, level=0.9, toys=200, precision=0.1)
    >>> found.parameters, found.ends.shape, found.converged
    (('mu',), (2,), True)
    """

    parameters: tuple[str, ...]
    best: FloatArray
    level: float
    toys: int
    certainty: float
    seed: int
    tested: PointTests
    origin: Origin
    ends: FloatArray
    end_errors: FloatArray
    end_statuses: tuple[str, ...]
    profile_ends: FloatArray
    x_values: FloatArray
    y_values: FloatArray
    region: FloatArray
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        k = len(self.parameters)
        require_distinct("parameters", self.parameters)
        require_levels((self.level,))
        if k not in (1, 2):
            raise ValueError(f"one parameter or two are needed, found {k}")
        if len(self.end_statuses) != (2 if k == 1 else 0):
            raise ValueError(f"end_statuses has {len(self.end_statuses)} entries, expected {2 if k == 1 else 0}")
        ends = dict.fromkeys(("ends", "end_errors", "profile_ends"), (len(self.end_statuses),))
        require_shapes(self, {"best": (k,), **ends, "region": (self.y_values.size, self.x_values.size)})
        if len(self.tested) and self.tested.values.shape[1] != k:
            raise ValueError(f"tested has points of {self.tested.values.shape[1]} parameters, expected {k}")

    @property
    def converged(self) -> bool:
        """Whether both ends were found; of a region, whether every point was tested."""
        if self.end_statuses:
            return set(self.end_statuses) <= {CONVERGED, AT_BOUND}
        return set(self.tested.statuses) <= {CONVERGED} and bool(np.isfinite(self.region).all())

    @property
    def interval(self) -> Interval:
        """The interval of one parameter. Raises ValueError for a region."""
        if not self.end_statuses:
            raise ValueError("two parameters have a region, no interval")
        lower, upper = map(float, self.ends)
        return Interval(self.parameters[0], self.level, float(self.best[0]), lower, upper, *self.end_statuses)

    def __repr__(self) -> str:
        what = f"{self.parameters[0]} = {self.interval}" if self.end_statuses else " and ".join(self.parameters)
        return f"<FeldmanCousinsResult: {what} at {percent(self.level)} CL>"

    def table(self) -> Table:
        """Return a table of the ends beside those of the profile likelihood; of a region, where its points lie."""
        if not self.end_statuses:
            return self._extent()
        rows = []
        for i, name in enumerate(("lower end", "upper end")):
            status = "" if self.end_statuses[i] == CONVERGED else self.end_statuses[i]
            numbers = (self.ends[i], self.end_errors[i], self.profile_ends[i])
            rows.append((name, *(number(float(value)) for value in numbers), status))
        title = f"Feldman-Cousins interval of {self.parameters[0]} at {percent(self.level)} CL"
        header = ("", self.parameters[0], "toy error", "profile likelihood", "remark")
        return Table(title, header, tuple(rows), "lrrrl")

    def _extent(self) -> Table:
        """Return a table with the smallest and largest values of the two parameters in a region."""
        inside = self.region == INSIDE
        rows = []
        for i, (name, values) in enumerate(zip(self.parameters, (self.x_values, self.y_values), strict=True)):
            there = values[inside.any(axis=i)]
            ends = (there.min(), there.max()) if there.size else (np.nan, np.nan)
            step = values[1] - values[0]
            rows.append((name, *(number(float(value)) for value in (self.best[i], *ends, step))))
        title = f"Feldman-Cousins region at {percent(self.level)} CL: points inside"
        return Table(title, ("parameter", "best fit", "from", "to", "step"), tuple(rows), "lrrrr")

    def points(self) -> Table:
        """Return a table with every point that was tested with toys."""
        t, header = self.tested, (*self.parameters, "t", "critical t", "p-value", "toy error", "toys", "")
        columns = (*t.values.T, t.statistic, t.critical, t.p_values, t.errors, t.toys)
        rows = [
            (*(number(float(cell)) for cell in row), _WORDS[float(verdict)] if status == CONVERGED else status)
            for row, verdict, status in zip(zip(*columns, strict=True), t.verdicts, t.statuses, strict=True)
        ]
        title = f"Tested points of {' and '.join(self.parameters)}; inside: p-value above {number(1 - self.level)}"
        return Table(title, header, tuple(rows), "r" * (len(header) - 1) + "l")

    def tables(self) -> tuple[Table, ...]:
        """Return the interval, or the extent of the region, and the points that were tested."""
        return self.table(), self.points()

    def _about(self) -> list[str]:
        t = self.tested
        best = ", ".join(f"{n} = {number(float(v))}" for n, v in zip(self.parameters, self.best, strict=True))
        lines = [
            f"data:            {self.origin.dataset}",
            f"best fit:        {best}",
            f"toys:            {t.toys.sum():.0f} at {len(t)} points, at most {self.toys} at one; seed {self.seed}",
        ]
        lost = int(t.failures.sum())
        lines += [f"toys without fit: {lost}"] * bool(lost)
        if self.region.size:
            counts = [int((self.region == kind).sum()) for kind in (INSIDE, OUTSIDE, UNDECIDED)]
            left = int(np.isnan(self.region).sum())
            more = f", {left} without an answer" if left else ""
            lines.append("grid:            {} inside, {} outside, {} undecided".format(*counts) + more)
        return [*lines, *self.notes]

    def _text(self) -> str:
        title, _, table = self.table().text().partition("\n\n")
        return "\n".join([title, "", *self._about(), "", table])

    def _html(self) -> str:
        return paragraphs(self._about()) + "".join(table.html() for table in self.tables())
