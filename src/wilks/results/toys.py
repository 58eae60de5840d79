"""`ToysResult`: what an ensemble of toys says about a fit: bias, pulls, coverage, failures."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.errors import nearest
from wilks.results.checking import require_distinct, require_known
from wilks.results.origin import Origin, Saved
from wilks.table import Table, number

# Pulls are counted in bins of this width; what lies beyond goes into the first and the last bin.
PULL_EDGES = np.round(np.linspace(-5.0, 5.0, 101), 10)
# Two-sided: one and 1.96 standard deviations; 1.00 and 3.84 in 2 (nll - lowest nll).
LEVELS = (0.6826894921370859, 0.95)
CUTS = (1.0, 1.959963984540054)
_FEW = 60


@dataclass(frozen=True, eq=False)
class ToysResult(Saved):
    """A summary of fits to toys. Arrays follow `names`; those of fixed parameters hold zeros and NaN.

    Of `count` toys, `done` were fitted and `converged` converged; `statuses` counts how they ended. `truth` are the
    parameters that they were made with. `usable` (n_parameters,) is how many toys have an uncertainty for a parameter
    (at a bound there is none). From these come the mean and the standard deviation of value - truth (`bias`, `spread`),
    of the pull (value - truth) / uncertainty (`pull_mean`, `pull_width`), how often the truth lies within one and 1.96
    uncertainties (`covered`, (n_parameters, 2), at the levels 0.6827 and 0.95), and how often pulls fall between
    `edges` (`pulls`, (n_parameters, edges - 1)). `profiled` parameters also have the coverage of their profile
    likelihood intervals, bounds included: `profile_covered` (profiled, 2) of `profile_usable` (profiled,) toys.
    `folder` is where every single toy is kept, empty if it was not asked for.
    """

    names: tuple[str, ...]
    poi: str | None
    truth: FloatArray
    fixed: BoolArray
    modifier_types: tuple[tuple[str, ...], ...]
    seed: int
    stream: int
    count: int
    done: int
    converged: int
    statuses: dict[str, int]
    usable: FloatArray
    bias: FloatArray
    spread: FloatArray
    pull_mean: FloatArray
    pull_width: FloatArray
    covered: FloatArray
    edges: FloatArray
    pulls: FloatArray
    origin: Origin
    profiled: tuple[str, ...] = ()
    profile_usable: FloatArray = field(default_factory=lambda: np.zeros(0))
    profile_covered: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    folder: str = ""

    def __post_init__(self) -> None:
        n = len(self.names)
        require_distinct("names", self.names)
        for name in (self.poi, *self.profiled):
            require_known("parameter", name, self.names)
        rows = (self.truth, self.fixed, self.usable, self.bias, self.spread, self.pull_mean, self.pull_width)
        if any(array.shape != (n,) for array in rows) or len(self.modifier_types) != n:
            raise ValueError(f"{n} parameters need {n} numbers each")
        if self.covered.shape != (n, 2) or self.pulls.shape != (n, self.edges.size - 1):
            raise ValueError("coverage or pulls have a wrong shape")
        if sum(self.statuses.values()) != self.done or self.profile_covered.size != 2 * len(self.profiled):
            raise ValueError("toys are missing or counted twice")
        object.__setattr__(self, "profile_covered", self.profile_covered.reshape(-1, 2))  # a file has no empty shapes

    @property
    def coverage(self) -> FloatArray:
        """Fraction of the usable toys whose interval holds the truth, shape (n_parameters, 2); NaN where none is."""
        return _fraction(self.covered, self.usable)

    @property
    def profile_coverage(self) -> FloatArray:
        """The same for the profile likelihood intervals of `profiled`, shape (profiled, 2)."""
        return _fraction(self.profile_covered, self.profile_usable)

    def index(self, name: str) -> int:
        """Return the position of a parameter; KeyError with the nearest name if there is none."""
        if name not in self.names:
            raise KeyError(f'no parameter "{name}" in these toys{nearest(name, self.names)}')
        return self.names.index(name)

    def __repr__(self) -> str:
        text = ""
        if self.poi is not None and not self.fixed[self.index(self.poi)]:
            i = self.index(self.poi)
            text = f", {self.poi}: pull {self.pull_mean[i]:.3f}, width {self.pull_width[i]:.3f}"
        return f"<ToysResult: {self.done} toys ({self.done - self.converged} not converged){text}>"

    def __str__(self) -> str:
        lines = [
            f"toys:        {self.done}" + (f" of {self.count} (interrupted)" if self.done < self.count else ""),
            f"seed:        {self.seed}" + (f", stream {self.stream}" if self.stream else ""),
            f"made from:   {self.origin.dataset}",
            *(f"status:      {n} {status}" for status, n in sorted(self.statuses.items(), key=lambda item: -item[1])),
        ]
        if self.folder:
            lines.append(f"every toy:   {self.folder}")
        for name, usable, (one, two) in zip(self.profiled, self.profile_usable, self.profile_coverage, strict=True):
            error = 100 * np.sqrt(LEVELS[0] * (1 - LEVELS[0]) / max(usable, 1.0))
            lines.append(
                f"coverage:    {100 * one:.2f} % and {100 * two:.2f} % (+/- {error:.2f} %) of the profile likelihood "
                f"intervals of {name} at 68.27 % and 95 %"
            )
        shown = [i for i, held in enumerate(self.fixed) if not held]
        if len(shown) > _FEW:
            shown = [i for i in shown if "staterror" not in self.modifier_types[i]]
        hidden = int((~self.fixed).sum()) - len(shown)
        lines += ["", self.table([self.names[i] for i in shown]).text().partition("\n\n")[2]]
        return "\n".join(lines + ([f"({hidden} staterror parameters not shown)"] if hidden else []))

    def table(self, names: list[str] | None = None) -> Table:
        """Return bias, pull and coverage of the free parameters (or of those named), with statistical errors."""
        chosen = [i for i, held in enumerate(self.fixed) if not held] if names is None else map(self.index, names)
        header = ("parameter", "truth", "mean - truth", "pull", "width", "68.27 %", "95 %", "usable")
        return Table("Toys", header, tuple(self._row(i) for i in chosen))

    def _row(self, i: int) -> tuple[str, ...]:
        n = self.usable[i]
        if n < 2:
            return (self.names[i], number(self.truth[i]), "", "", "", "", "", f"{n:.0f}")
        one, two = 100 * self.coverage[i]
        width = self.pull_width[i]
        return (
            self.names[i],
            number(self.truth[i]),
            f"{self.bias[i]:.2g} ± {self.spread[i] / np.sqrt(n):.2g}",
            f"{self.pull_mean[i]:.3f} ± {width / np.sqrt(n):.3f}",
            f"{width:.3f} ± {width / np.sqrt(2 * n):.3f}",
            f"{one:.2f}",
            f"{two:.2f}",
            f"{n:.0f}",
        )


def _fraction(counts: FloatArray, of: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction: FloatArray = counts / of[:, None]
    return fraction
