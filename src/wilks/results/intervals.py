"""`IntervalResult`: profile-likelihood (MINOS) intervals beside the symmetric ones of the covariance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from wilks._types import FloatArray
from wilks.errors import nearest
from wilks.results.checking import require_distinct, require_known, require_levels
from wilks.results.many import CONVERGED
from wilks.results.origin import Origin, Saved, poi_first
from wilks.table import Table, measured, number, rounded

AT_BOUND = "at bound"


def percent(level: float) -> str:
    """Return a level as text.

    >>> percent(0.6827), percent(0.95)
    ('68.3 %', '95 %')
    """
    return f"{100 * level:.3g} %"


@dataclass(frozen=True)
class Interval:
    """One interval; a status is "converged", "at bound" (the interval ends there) or says why there is no end."""

    name: str
    level: float
    value: float
    lower: float
    upper: float
    lower_status: str
    upper_status: str

    @property
    def down(self) -> float:
        """Distance from the best fit to the lower end, 0 or positive."""
        return self.value - self.lower

    @property
    def up(self) -> float:
        """Distance from the best fit to the upper end, 0 or positive."""
        return self.upper - self.value

    @property
    def reliable(self) -> bool:
        """Whether both ends are where the likelihood has fallen to the level, or at a bound."""
        return {self.lower_status, self.upper_status} <= {CONVERGED, AT_BOUND}

    @property
    def size(self) -> str:
        """`0.98 +0.08 -0.08`; a side of no length is left out, one without end is a question mark."""
        value, up, down = rounded(self.value, self.up, self.down)
        sides = (("+", self.up, up), ("-", self.down, down))
        return " ".join([value, *(f"{sign}{text or '?'}" for sign, length, text in sides if length != 0)])

    @property
    def remark(self) -> str:
        """What is to be known about the ends; empty where both are where the likelihood has fallen to the level."""
        ends = {"lower end": self.lower_status, "upper end": self.upper_status}
        if self.lower_status == self.upper_status:
            ends = {"both ends": self.lower_status}
        return "; ".join(
            f"{end} {status}" if status == AT_BOUND else f"{end}: {status}"
            for end, status in ends.items()
            if status != CONVERGED
        )

    def __str__(self) -> str:
        ends = {"lower": self.lower_status, "upper": self.upper_status}
        bounds = [f"{end} end at bound" for end, status in ends.items() if status == AT_BOUND]
        return f"{self.size} ({', '.join(bounds)})" if bounds else self.size


@dataclass(frozen=True, eq=False)
class IntervalResult(Saved):
    """Profile-likelihood intervals of some parameters.

    `values`, `uncertainties` (from the covariance; NaN where there is none), `prefit_values` and `prefit_uncertainties`
    have shape (parameters,) in the order of `names`; `lower`, `upper` and their statuses have shape (levels,
    parameters) in the order of `levels`. An end is where 2NLL, minimised over all other parameters, is a chi-square
    quantile (one degree of freedom) above `twice_nll`, its minimum. Where a bound comes first, the end is the bound and
    the status "at bound"; where no end was found it is NaN. `notes` says what else is to be known. `poi` is the
    parameter of interest, if it is among the `names`: the table has it first, and marked.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.intervals(model, levels=(0.6827, 0.95))
    >>> found.lower.shape, found["mu"].reliable
    ((2, 1), True)
    """

    names: tuple[str, ...]
    values: FloatArray
    uncertainties: FloatArray
    prefit_values: FloatArray
    prefit_uncertainties: FloatArray
    levels: tuple[float, ...]
    lower: FloatArray
    upper: FloatArray
    lower_status: tuple[tuple[str, ...], ...]
    upper_status: tuple[tuple[str, ...], ...]
    twice_nll: float
    notes: tuple[str, ...]
    origin: Origin
    poi: str | None = None

    def __post_init__(self) -> None:
        n, shape = len(self.names), (len(self.levels), len(self.names))
        require_distinct("names", self.names)
        require_levels(self.levels)
        if self.poi is not None:
            require_known("the parameter of interest", self.poi, self.names)
        for name in ("values", "uncertainties", "prefit_values", "prefit_uncertainties"):
            if getattr(self, name).shape != (n,):
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {(n,)}")
        for name in ("lower", "upper"):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")
        for name in ("lower_status", "upper_status"):
            rows = getattr(self, name)
            if len(rows) != shape[0] or any(len(row) != n for row in rows):
                raise ValueError(f"{name} needs {shape[0]} x {shape[1]} entries")

    def __getitem__(self, key: str | tuple[str, float]) -> Interval:
        """Return the interval of a parameter at the first level, or with `result[name, level]` at another one.

        Raises KeyError where there is none.
        """
        name, level = (key, self.levels[0]) if isinstance(key, str) else key
        if name not in self.names:
            raise KeyError(f'no interval of "{name}"{nearest(name, self.names)}')
        if level not in self.levels:
            raise KeyError(f"no intervals at level {level}; there are {', '.join(map(str, self.levels))}")
        row, i = self.levels.index(level), self.names.index(name)
        return Interval(
            name=name,
            level=level,
            value=float(self.values[i]),
            lower=float(self.lower[row, i]),
            upper=float(self.upper[row, i]),
            lower_status=self.lower_status[row][i],
            upper_status=self.upper_status[row][i],
        )

    def __iter__(self) -> Iterator[Interval]:
        return (self[name, level] for name in self.names for level in self.levels)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def converged(self) -> bool:
        """Whether every interval is reliable."""
        return all(interval.reliable for interval in self)

    def symmetric(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Return the lower and upper ends, shape (parameters,) each, that the covariance gives at a level."""
        reach = NormalDist().inv_cdf(0.5 + 0.5 * level) * self.uncertainties
        return self.values - reach, self.values + reach

    def __repr__(self) -> str:
        what = str(self[self.names[0]]) if len(self) == 1 else ""
        head = f"{self.names[0]} = {what}" if what else f"{len(self)} parameters"
        failed = sum(not interval.reliable for interval in self)
        levels = ", ".join(percent(level) for level in self.levels)
        return f"<IntervalResult: {head}, at {levels}{f', {failed} FAILED' if failed else ''}>"

    def _text(self) -> str:
        parts = [self.table().text(), *self.notes]
        return "\n".join(parts)

    def _html(self) -> str:
        return self.table().html() + "".join(f"<p>{note}</p>" for note in self.notes)

    def table(self) -> Table:
        """Return a table with the profile interval of every parameter and level beside that of the covariance."""
        rows = []
        for interval in (self[name, level] for name in poi_first(self.names, self.poi) for level in self.levels):
            sigma = float(self.uncertainties[self.names.index(interval.name)])
            width = NormalDist().inv_cdf(0.5 + 0.5 * interval.level) * sigma
            ends = f"[{number(interval.lower)}, {number(interval.upper)}]"
            symmetric = measured(interval.value, width) if width > 0 and math.isfinite(width) else "none"
            remark = "; ".join(filter(None, ["POI" if interval.name == self.poi else "", interval.remark]))
            rows.append((interval.name, percent(interval.level), interval.size, ends, symmetric, remark))
        header = ("parameter", "level", "profile likelihood", "interval", "covariance", "remark")
        return Table("", header, tuple(rows), "lrrrrl")
