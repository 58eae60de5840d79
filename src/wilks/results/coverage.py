"""`CoverageResult`: how often intervals and limits hold the true value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.results.checking import require_distinct, require_known, require_levels, require_shapes
from wilks.results.intervals import percent
from wilks.results.lost_toys import between
from wilks.results.origin import Origin, Saved, paragraphs
from wilks.table import Table, number

# Methods, and what they are called in tables and figures.
METHODS = {
    "wald": "Wald",
    "profile": "profile likelihood",
    "feldman-cousins": "Feldman-Cousins",
    "cls": "CLs limit",
}
_ONE_SIGMA = 0.6826894921370859


@dataclass(frozen=True, eq=False)
class CoverageResult(Saved):
    """How often intervals of a parameter at confidence level `level` hold its true value, by method and true value.

    `values`, shape (values,), are the true ones; `covered`, `usable` and `lost`, shape (methods, values), count the
    toys whose interval (of "cls": upper limit) holds the true value, those that have one, and those that have none: the
    fit failed or, for "wald", ended at a bound, where there is no symmetric uncertainty. Of every value `toys` were
    asked for; after Ctrl-C there are fewer. `inner_toys` is how many toys a Feldman-Cousins decision may take.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = wilks.coverage(model, values=[0.5, 1.0], methods=("wald", "profile"), toys=100)
    >>> found.coverage.shape, found.errors.shape
    ((2, 2), (2, 2))
    """

    parameter: str
    level: float
    methods: tuple[str, ...]
    values: FloatArray
    toys: int
    inner_toys: int
    seed: int
    covered: FloatArray
    usable: FloatArray
    lost: FloatArray
    origin: Origin

    def __post_init__(self) -> None:
        require_levels((self.level,))
        require_distinct("methods", self.methods)
        for name in self.methods:
            require_known("method", name, list(METHODS))
        shape = (len(self.methods), self.values.size)
        require_shapes(self, dict.fromkeys(("covered", "usable", "lost"), shape))

    @property
    def converged(self) -> bool:
        """Whether all toys were made, and some of every method and value have an interval."""
        return bool((self.usable + self.lost == self.toys).all() and (self.usable > 0).all())

    @property
    def coverage(self) -> FloatArray:
        """Fraction of the usable toys whose interval holds the true value, shape (methods, values); NaN without any."""
        unknown = np.full(self.covered.shape, np.nan)
        fraction: FloatArray = np.divide(self.covered, self.usable, out=unknown, where=self.usable > 0)
        return fraction

    @property
    def ranges(self) -> FloatArray:
        """`coverage` if no lost toy, and if every one, covered the true value, shape (methods, values, 2)."""
        return between(self.covered, self.usable, self.lost)

    @property
    def intervals(self) -> FloatArray:
        """Where the coverage lies: the binomial (Clopper-Pearson) interval at 68.27 % of the usable toys, shape
        (methods, values, 2).
        """
        from scipy.special import betaincinv

        k, n, tail = self.covered, self.usable, 0.5 * (1 - _ONE_SIGMA)
        low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, tail), 0.0)
        high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - tail), 1.0)
        return np.where(n[..., None] > 0, np.stack([low, high], axis=-1), np.nan)

    @property
    def errors(self) -> FloatArray:
        """Half the width of `intervals`, shape (methods, values)."""
        width: FloatArray = np.ptp(self.intervals, axis=-1)
        return 0.5 * width

    def __repr__(self) -> str:
        methods = ", ".join(self.methods)
        return f"<CoverageResult: {self.parameter} at {percent(self.level)} CL, {self.values.size} values, {methods}>"

    def table(self) -> Table:
        """Return a table of the coverage in per cent, with its binomial error; a row for each value, a column for each
        method.
        """
        columns = []
        for i in range(len(self.methods)):
            cells = zip(self.coverage[i], self.errors[i], self.lost[i], self.usable[i], strict=True)
            columns.append([_cell(*cell) for cell in cells])
        rows = [(number(float(v)), *row) for v, row in zip(self.values, zip(*columns, strict=True), strict=True)]
        title = f"Coverage of {self.parameter} at {percent(self.level)} CL, in per cent"
        return Table(title, (self.parameter, *(METHODS[name] for name in self.methods)), tuple(rows))

    def _lines(self) -> list[str]:
        done = (self.usable + self.lost).max(axis=0, initial=0)
        lines = [f"toys:      {self.toys} of each value, seed {self.seed}", f"made from: {self.origin.dataset}"]
        if (done < self.toys).any():
            lines.append(f"toys made: {', '.join(f'{n:.0f}' for n in done)} (interrupted)")
        return lines

    def _remarks(self) -> list[str]:
        """Return what toys without an interval leave open, as lines."""
        lines = []
        for i, method in enumerate(self.methods):
            for value, lost, (low, high) in zip(self.values, self.lost[i], self.ranges[i], strict=True):
                if lost:
                    toys = "the toy" if lost == 1 else f"the {lost:.0f} toys"
                    lines.append(
                        f"* {METHODS[method]}, {self.parameter} = {number(float(value))}: it leaves out {toys} without "
                        f"an interval; with them it lies between {100 * low:.1f} % and {100 * high:.1f} %"
                    )
        return lines

    def _text(self) -> str:
        title, _, table = self.table().text().partition("\n\n")
        return "\n".join([title, "", *self._lines(), "", table, *self._remarks()])

    def _html(self) -> str:
        return paragraphs(self._lines()) + self.table().html() + paragraphs(self._remarks())


def _cell(coverage: float, error: float, lost: float, usable: float) -> str:
    """Return one coverage as text, marked where toys have no interval."""
    if not usable:
        return "n/a"
    return f"{100 * coverage:.1f} ± {100 * error:.1f}" + (" *" if lost else "")
