"""`GlobalSignificance`: the largest of many local significances, and how often chance gives one as large anywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from wilks._types import FloatArray
from wilks.results.checking import require_distinct, require_shapes
from wilks.results.hypotest import power
from wilks.results.lost_toys import sentence
from wilks.results.many import CONVERGED
from wilks.results.origin import Origin, Saved, paragraphs
from wilks.table import Table, measured, number


@dataclass(frozen=True, eq=False)
class GlobalSignificance(Saved):
    """Local significances of many signals, arrays of shape (points,), and the global one of the largest.

    `q0` is the test statistic of discovery of each signal, `best_values` its fitted size; `coordinates` has shape
    (points, labels). Of `toys` toys without signal, `failures` lack a fit and `interrupted` were not made; `largest`,
    shape (toys,), is the largest q0 of each, NaN where there is none. `toy_p_value` is the fraction of them that have
    at least the observed one, `toy_error` its standard deviation, with what lost toys leave open (`toy_p_range`).

    `crossings` is how often, on average over the toys, q0 along the one coordinate rises through `threshold`, and
    `crossings_error` its standard deviation; from these `p_value` and `p_error` (Gross, Vitells), for significances
    where toys are too few. NaN where the points have no order: none or several coordinates. `coarse` is the average
    with every second point left out: much smaller, and the points are too far from each other.

    >>> import wilks
    >>> found = wilks.global_significance(*wilks.examples.search_grid(), toys=20)
    >>> found.names[found.where], found.q0.shape, found.largest.shape
    ('X_600', (7,), (20,))
    """

    poi: str
    names: tuple[str, ...]
    labels: tuple[str, ...]
    coordinates: FloatArray
    q0: FloatArray
    best_values: FloatArray
    statuses: tuple[str, ...]
    toys: int
    seed: int
    failures: int
    interrupted: int
    largest: FloatArray
    toy_p_value: float
    toy_error: float
    toy_p_range: tuple[float, float]
    threshold: float
    crossings: float
    crossings_error: float
    coarse: float
    origin: Origin

    def __post_init__(self) -> None:
        n = len(self.names)
        require_distinct("names", self.names)
        require_shapes(self, {"q0": (n,), "best_values": (n,), "coordinates": (n, len(self.labels))})
        require_shapes(self, {"largest": (self.toys,)})
        if len(self.statuses) != n:
            raise ValueError(f"{n} statuses needed, found {len(self.statuses)}")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def converged(self) -> bool:
        """Whether every point has a local significance, and there is a global one."""
        return set(self.statuses) <= {CONVERGED} and math.isfinite(self.toy_p_value)

    @property
    def where(self) -> int:
        """The position of the largest local significance; -1 where there is none."""
        return int(np.nanargmax(self.q0)) if np.isfinite(self.q0).any() else -1

    @property
    def local_significance(self) -> float:
        """The largest local significance, sqrt(q0)."""
        return math.sqrt(self.q0[self.where]) if self.where >= 0 else math.nan

    @property
    def log_local_p(self) -> float:
        """The natural logarithm of the local p-value of the largest one."""
        from scipy.special import log_ndtr

        return float(log_ndtr(-self.local_significance))

    def _log_global(self, z: float) -> float:
        """Return the natural logarithm of the global p-value of a local significance, by up-crossings."""
        from scipy.special import log_ndtr

        if not math.isfinite(self.crossings):
            return math.nan
        rises = math.log(self.crossings) if self.crossings > 0 else -math.inf
        return min(float(np.logaddexp(log_ndtr(-z), rises - 0.5 * (z**2 - self.threshold))), 0.0)

    @property
    def log10_p_value(self) -> float:
        """log10 of the global p-value by up-crossings; also where it is too small for a floating-point number."""
        return self._log_global(self.local_significance) / math.log(10)

    @property
    def p_value(self) -> float:
        """The global p-value by up-crossings: local p + crossings * exp((threshold - q0) / 2), at most 1."""
        return float(10.0**self.log10_p_value)

    @property
    def p_error(self) -> float:
        """The standard deviation of `p_value`, from the number of up-crossings."""
        return self.crossings_error * math.exp(0.5 * (self.threshold - self.local_significance**2))

    @property
    def significance(self) -> float:
        """The global significance by up-crossings."""
        return _deviations(self.p_value)

    @property
    def toy_significance(self) -> float:
        """The global significance by toys; NaN where none of them is as large."""
        return _deviations(self.toy_p_value)

    @property
    def trials(self) -> float:
        """The trial factor: the global p-value (of up-crossings, else of toys) over the local one."""
        p = self.p_value if math.isfinite(self.crossings) else self.toy_p_value
        return p / math.exp(self.log_local_p)

    def local_for(self, significance: float) -> float:
        """Return the local significance that has this global one, by up-crossings, else by toys; NaN where these are
        too few.
        """
        from scipy.special import log_ndtr

        log_p = float(log_ndtr(-significance))
        if not math.isfinite(self.crossings):
            made = np.sort(self.largest[np.isfinite(self.largest)])
            beyond = int(math.exp(log_p) * made.size)
            return math.sqrt(made[-beyond]) if beyond else math.nan
        low, high = 0.0, significance + 40.0
        for _ in range(60):
            z = 0.5 * (low + high)
            low, high = (z, high) if self._log_global(z) > log_p else (low, z)
        return 0.5 * (low + high)

    def __repr__(self) -> str:
        z = self.significance if math.isfinite(self.crossings) else self.toy_significance
        local = number(self.local_significance)
        return f"<GlobalSignificance: {self.poi}, {len(self)} points, local Z = {local}, global Z = {number(z)}>"

    def table(self) -> Table:
        """Return a table with the local significance of every point."""
        cells = np.column_stack([self.coordinates, np.sqrt(self.q0), self.best_values])
        rows = [
            (name, *(number(float(cell)) for cell in row), "" if status == CONVERGED else status)
            for name, row, status in zip(self.names, cells, self.statuses, strict=True)
        ]
        header = ("point", *self.labels, "local significance", f"best fit of {self.poi}", "")
        title = f"Local significances of {self.poi} > 0 ({self.origin.dataset} data)"
        return Table(title, header, tuple(rows), "l" + "r" * (len(header) - 2) + "l")

    def _lines(self) -> list[str]:
        """Return the global significance, in words."""
        if self.where < 0:
            return ["no point has a local significance"]
        local = power(math.exp(self.log_local_p), self.log_local_p / math.log(10))
        used = self.toys - self.failures - self.interrupted
        above = round(self.toy_p_value * used) if used else 0
        by_toys = f"none of {used} is as large"
        if above:
            by_toys = f"p = {measured(self.toy_p_value, self.toy_error)} ({above} of {used})"
            by_toys = f"{number(self.toy_significance)} sigma, {by_toys}" if above < used else by_toys
        lines = [
            f"largest:             {number(self.local_significance)} sigma at {self.names[self.where]}, p = {local}",
            f"global, toys:        {by_toys}",
        ]
        if math.isfinite(self.crossings):
            p, error = power(self.p_value, self.log10_p_value), number(self.p_error, 2)
            through = f"{measured(self.crossings, self.crossings_error)} rises through q0 = {number(self.threshold)}"
            lines += [
                f"global, crossings:   {number(self.significance)} sigma, p = {p} ± {error} ({through})",
                f"trial factor:        {number(self.trials, 3)}",
            ]
            if self.coarse < 0.8 * self.crossings - 2 * self.crossings_error:
                lines.append(
                    f"With every second point left out there are {number(self.coarse, 3)} rises: more would be seen "
                    "between the points, and the trial factor of a search there is larger"
                )
        lines += [f"toys: {sentence('p', self.failures, self.toy_p_range)}"] * bool(self.failures)
        lines += [f"toys not made: {self.interrupted} (interrupted)"] * bool(self.interrupted)
        return lines

    def _text(self) -> str:
        return "\n".join([self.table().text(), "", *self._lines()])

    def _html(self) -> str:
        return self.table().html() + paragraphs(self._lines())


def _deviations(p: float) -> float:
    """Return the standard deviations of a one-sided p-value; NaN outside of (0, 1)."""
    return -NormalDist().inv_cdf(p) if 0 < p < 1 else math.nan
