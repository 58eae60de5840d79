"""`ToysResult`: what an ensemble of toys says about a fit: bias, pulls, coverage, failures."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.errors import nearest
from wilks.results.checking import require_distinct, require_known
from wilks.results.lost_toys import between, with_lost
from wilks.results.origin import Origin, Saved, folded, paragraphs, poi_first
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

    Of `count` toys, `done` were fitted and `converged` converged (the others leave open what they cover: `lost`);
    `statuses` counts how they ended. `truth` are the parameters that they were made with. `usable` (n_parameters,) is
    how many toys have an uncertainty for a parameter (at a bound there is none). From these come the mean and the
    standard deviation of value - truth (`bias`, `spread`), of the pull (value - truth) / uncertainty (`pull_mean`,
    `pull_width`), how often the truth lies within one and 1.96 uncertainties (`covered`, (n_parameters, 2), at the
    levels 0.6827 and 0.95), and how often pulls fall between `edges` (`pulls`, (n_parameters, edges - 1)). `profiled`
    parameters also have the coverage of their profile likelihood intervals, bounds included: `profile_covered`
    (profiled, 2) of `profile_usable` (profiled,) toys. `folder` is where every single toy is kept, empty if it was not
    asked for.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.toys(model, count=50, seed=1)
    >>> found.names[2], found.bias.shape == found.pull_width.shape
    ('mu', True)
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

    @property
    def lost(self) -> int:
        """How many toys did not converge: they have no uncertainties, and are not among the usable ones."""
        return self.done - self.converged

    @property
    def coverage_range(self) -> FloatArray:
        """`coverage` if no lost toy, and if every one, covered the truth, shape (n_parameters, 2, 2)."""
        return between(self.covered, self.usable[:, None], self.lost)

    @property
    def profile_coverage_range(self) -> FloatArray:
        """`profile_coverage` if no toy without a profile, and if every one, covered the truth: (profiled, 2, 2)."""
        return between(self.profile_covered, self.profile_usable[:, None], (self.done - self.profile_usable)[:, None])

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

    def _lines(self) -> list[str]:
        """Return what stands above the table."""
        lines = [
            f"toys:        {self.done}" + (f" of {self.count} (interrupted)" if self.done < self.count else ""),
            f"seed:        {self.seed}" + (f", stream {self.stream}" if self.stream else ""),
            f"made from:   {self.origin.dataset}",
            *(f"status:      {n} {status}" for status, n in sorted(self.statuses.items(), key=lambda item: -item[1])),
        ]
        if self.folder:
            lines.append(f"every toy:   {self.folder}")
        for i in range(len(self.profiled)):
            lines += self._profile_lines(i)
        if self.lost:
            lines.append(
                f"coverages in the table are intervals: the {self.lost} toys that did not converge leave them open"
            )
        return lines

    def _text(self) -> str:
        free = [i for i, held in enumerate(self.fixed) if not held]
        gammas = self._gammas() if len(free) > _FEW else []
        shown = [self.names[i] for i in free if self.names[i] not in gammas]
        lines = [*self._lines(), "", self.table(poi_first(shown, self.poi)).text().partition("\n\n")[2]]
        return "\n".join(lines + ([f"({len(gammas)} staterror parameters not shown)"] if gammas else []))

    def _html(self) -> str:
        gammas = self._gammas()
        shown = [n for n, held in zip(self.names, self.fixed, strict=True) if not held and n not in gammas]
        table = self.table(poi_first(shown, self.poi)).html()
        return paragraphs(self._lines()) + table + folded(f"{len(gammas)} staterror parameters", gammas, self.table)

    def _gammas(self) -> list[str]:
        """Return the free staterror parameters."""
        rows = zip(self.names, self.modifier_types, self.fixed, strict=True)
        return [name for name, types, held in rows if "staterror" in types and not held]

    def _profile_lines(self, i: int) -> list[str]:
        """Return the coverage of one parameter's profile intervals, and where it lies if toys are lost, as text."""
        (one, two), usable, ends = self.profile_coverage[i], self.profile_usable[i], self.profile_coverage_range[i]
        error = 100 * with_lost(np.sqrt(LEVELS[0] * (1 - LEVELS[0]) / max(usable, 1.0)), one, ends[0])
        lines = [
            f"coverage:    {100 * one:.2f} % and {100 * two:.2f} % (+/- {error:.2f} %) of the profile likelihood "
            f"intervals of {self.profiled[i]} at 68.27 % and 95 %"
        ]
        if lost := int(self.done - usable):
            lines.append(
                f"             with the {lost} toys without a fit {_percents(ends[0])} % and {_percents(ends[1])} %"
            )
        return lines

    def table(self, names: list[str] | None = None) -> Table:
        """Return bias, pull and coverage of the free parameters (or of those named), with statistical errors."""
        chosen = [i for i, held in enumerate(self.fixed) if not held] if names is None else map(self.index, names)
        header = ("parameter", "truth", "mean - truth", "pull", "width", "68.27 %", "95 %", "usable")
        return Table("Toys", header, tuple(self._row(i) for i in chosen))

    def _row(self, i: int) -> tuple[str, ...]:
        n = self.usable[i]
        if n < 2:
            return (self.names[i], number(self.truth[i]), "", "", "", "", "", f"{n:.0f}")
        one, two = (_percents(ends) for ends in self.coverage_range[i])
        width = self.pull_width[i]
        return (
            self.names[i],
            number(self.truth[i]),
            f"{self.bias[i]:.2g} ± {self.spread[i] / np.sqrt(n):.2g}",
            f"{self.pull_mean[i]:.3f} ± {width / np.sqrt(n):.3f}",
            f"{width:.3f} ± {width / np.sqrt(2 * n):.3f}",
            one,
            two,
            f"{n:.0f}",
        )


def _percents(ends: FloatArray) -> str:
    """Return an interval in per cent, or the number where it is one."""
    low, high = (f"{100 * end:.2f}" for end in ends)
    return low if low == high else f"{low} to {high}"


def _fraction(counts: FloatArray, of: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction: FloatArray = counts / of[:, None]
    return fraction
