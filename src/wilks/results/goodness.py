"""How well a model describes the data: goodness of fit, and compatibility of channels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.results.lost_toys import between, from_to, sentence, with_lost
from wilks.results.many import INTERRUPTED
from wilks.results.origin import Origin, Saved, paragraphs
from wilks.table import Table, measured, number

# Two statistics closer than this are the same: fits are not more exact, and counts repeat.
SAME = 1e-6


def as_large(sample: FloatArray, value: float) -> BoolArray:
    """Return which statistics of toys are as large as a value, apart from the rounding of fits."""
    large: BoolArray = sample >= value - SAME * max(1.0, abs(value))
    return large


@dataclass(frozen=True)
class ChannelGoodness:
    """What one channel adds to the statistic. `p_value` is NaN where it is not known: it takes toys.

    `p_range` is what it would be if no lost toy, or every one, were as large as the data; NaN without toys.
    """

    name: str
    bins: int
    statistic: float
    p_value: float
    p_range: tuple[float, float] = (np.nan, np.nan)


class _WithToys(Saved):
    """What tests share whose statistic toys have too; NaN for toys whose fit failed."""

    statistic: float
    seed: int
    toys: FloatArray
    toys_p_value: float
    toys_p_range: tuple[float, float]
    statuses: dict[str, int] | None
    converged: bool
    status: str

    def _header(self) -> list[tuple[str, str]]:
        """Return what was tested and found, as titles and texts."""
        raise NotImplementedError

    def _lines(self) -> list[str]:
        rows = [*self._header(), *self._toy_rows()]
        if not self.converged:
            rows.insert(0, ("status", f"NOT CONVERGED: {self.status}"))
        return [f"{title + ':' if title else '':<13}{text}" for title, text in rows]

    def _text(self) -> str:
        header = "\n".join(self._lines())
        return f"{header}\n\n{self.table().text().partition(chr(10) * 2)[2]}"

    def _html(self) -> str:
        return paragraphs(self._lines()) + self.table().html()

    @property
    def usable_toys(self) -> FloatArray:
        """Statistics of the toys that were fitted, shape (usable toys,)."""
        return self.toys[np.isfinite(self.toys)]

    @property
    def lost_toys(self) -> int:
        """How many toys have no statistic although they were made: those that were not are no failures."""
        return int(self.toys.size - self.usable_toys.size - (self.statuses or {}).get(INTERRUPTED, 0))

    @property
    def toys_p_uncertainty(self) -> float:
        """Standard deviation of `toys_p_value` from the number of toys; for none or all of them that of one toy.

        Lost toys are in it with the distance to the farther end of `toys_p_range`, in quadrature.
        """
        size = self.usable_toys.size
        if size == 0:
            return float("nan")
        p = min(max(self.toys_p_value, 1 / size), 1 - 1 / size)
        return float(with_lost(np.sqrt(p * (1 - p) / size), self.toys_p_value, np.array(self.toys_p_range)))

    def _check_toys(self) -> None:
        """Raise ValueError where statistics and statuses of toys are not as many; fill in what old files lack."""
        if self.toys.ndim != 1 or (self.statuses is not None and sum(self.statuses.values()) != self.toys.size):
            raise ValueError("there must be one statistic and one status for each toy")
        if np.isnan(self.toys_p_range[0]):
            usable = self.usable_toys
            low, high = between(as_large(usable, self.statistic).sum(), usable.size, self.lost_toys)
            object.__setattr__(self, "toys_p_range", (float(low), float(high)))

    def _toy_rows(self) -> list[tuple[str, str]]:
        """Return what toys say, as titles and texts."""
        if not self.toys.size:
            return []
        usable, all_toys = self.usable_toys.size, self.toys.size
        found = f"{self.toys_p_value:.6g} +/- {self.toys_p_uncertainty:.2g}" if usable else "none"
        rows = [("p-value", f"{found} ({usable} toys, seed {self.seed})")]
        failed = ", ".join(f"{n} {text}" for text, n in (self.statuses or {}).items() if text != "converged")
        if failed:
            rows.append(("toys", f"{all_toys - usable} of {all_toys} without a statistic; {failed}"))
        if self.lost_toys:
            rows.append(("", sentence("the p-value", self.lost_toys, self.toys_p_range)))
        return rows


@dataclass(frozen=True, eq=False)
class GoodnessOfFit(_WithToys):
    """A test of whether the data could come from the model.

    `test` is "saturated" (2NLL of the fit minus that of a model with one parameter per bin) or "chi-square" (with the
    covariance of all bins); `at` says which prediction is tested: "best fit", "pre-fit", "post-fit of other data".
    `p_value` is that of a chi-square distribution with `ndof` degrees of freedom, NaN where `ndof` is not positive.
    `toys` holds the statistics of toys, NaN for those whose fit failed; `toys_p_value` is the fraction of the others
    that is as large as `statistic` or larger (NaN without toys); `toys_p_range` is what it would be if no toy, or every
    toy, that was made and has no statistic were as large. `statuses` counts how the fits of toys ended, `status` says
    how the fit of the data did. `constraints` is what the constraint terms add to the statistic.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.goodness_of_fit(model, toys=100, seed=1)
    >>> found.ndof, found.toys.shape, 0 < found.toys_p_value < 1
    (9, (100,), True)
    """

    test: str
    at: str
    statistic: float
    ndof: int
    p_value: float
    channels: tuple[ChannelGoodness, ...]
    constraints: float
    converged: bool
    status: str
    origin: Origin
    seed: int = 0
    toys: FloatArray = field(default_factory=lambda: np.zeros(0))
    toys_p_value: float = np.nan
    statuses: dict[str, int] | None = None
    toys_p_range: tuple[float, float] = (np.nan, np.nan)

    def __post_init__(self) -> None:
        self._check_toys()

    def __repr__(self) -> str:
        toys = f", p = {self.toys_p_value:.4g} with {self.toys.size} toys" if self.toys.size else ""
        return f"<GoodnessOfFit: {self.test}, {self.statistic:.4g} / {self.ndof}, p = {self.p_value:.4g}{toys}>"

    def _header(self) -> list[tuple[str, str]]:
        return [
            ("test", f"{self.test}, {self.at}"),
            ("data", self.origin.dataset),
            ("statistic", f"{self.statistic:.6f} / {self.ndof} degrees of freedom"),
            ("p-value", f"{self.p_value:.6g} (asymptotic)" if self.ndof > 0 else "none: no degree of freedom is left"),
        ]

    def table(self) -> Table:
        """Return what each channel, and the constraint terms, add to the statistic."""
        cells = [
            (
                c.name,
                str(c.bins),
                f"{c.statistic:.3f}",
                "" if np.isnan(c.p_value) else _with_range(c.p_value, c.p_range),
            )
            for c in self.channels
        ]
        if self.test == "saturated":
            cells.append(("constraint terms", "", f"{self.constraints:.3f}", ""))
        p_value = "p-value (toys)" if self.test == "saturated" else "p-value"
        return Table("Goodness of fit", ("channel", "bins", "statistic", p_value), tuple(cells))


@dataclass(frozen=True, eq=False)
class Compatibility(_WithToys):
    """Whether one parameter of interest serves all channels: the fit with one, beside that with one per group.

    `statistic` is 2NLL of the first minus 2NLL of the second, `p_value` that of a chi-square distribution with `ndof`
    degrees of freedom: the number of groups minus one. `groups` are named, `members` are the channels of each; `values`
    and `uncertainties` (groups,) are those of its own parameter, uncertainties NaN at a bound, `covariance` (groups,
    groups) all of them. `toys`, `toys_p_value`, `toys_p_range` and `statuses` are as in `GoodnessOfFit`.

    >>> import wilks
    >>> workspace = wilks.examples.measurement()
    >>> found = wilks.compatibility(wilks.compile_model(workspace), workspace=workspace)
    >>> found.members, found.covariance.shape
    ((('electrons',), ('muons',)), (2, 2))
    """

    poi: str
    value: float
    uncertainty: float
    groups: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    values: FloatArray
    uncertainties: FloatArray
    covariance: FloatArray
    statistic: float
    ndof: int
    p_value: float
    converged: bool
    status: str
    origin: Origin
    seed: int = 0
    toys: FloatArray = field(default_factory=lambda: np.zeros(0))
    toys_p_value: float = np.nan
    statuses: dict[str, int] | None = None
    toys_p_range: tuple[float, float] = (np.nan, np.nan)

    def __post_init__(self) -> None:
        self._check_toys()
        size = len(self.groups)
        shapes = (self.values.shape, self.uncertainties.shape, self.covariance.shape)
        if len(self.members) != size or shapes != ((size,), (size,), (size, size)):
            raise ValueError("there must be one value for each group")

    def __repr__(self) -> str:
        return (
            f"<Compatibility: {self.poi} in {len(self.groups)} groups of channels, "
            f"{self.statistic:.4g} / {self.ndof}, p = {self.p_value:.4g}>"
        )

    def _header(self) -> list[tuple[str, str]]:
        return [
            ("test", f"one {self.poi} for all, or one for each of {len(self.groups)} groups of channels"),
            ("data", self.origin.dataset),
            ("statistic", f"{self.statistic:.6f} / {self.ndof} degrees of freedom"),
            ("p-value", f"{self.p_value:.6g} (asymptotic)"),
        ]

    def table(self) -> Table:
        """Return the parameter of interest of each group, and of all together."""
        values = zip(self.groups, self.values, self.uncertainties, self.members, strict=True)
        cells = [(name, _cell(value, sigma), ", ".join(members)) for name, value, sigma, members in values]
        combined = ("all", _cell(self.value, self.uncertainty), "")
        return Table("Compatibility", ("group", self.poi, "channels"), (*cells, combined), "lrl")


def _with_range(p_value: float, ends: tuple[float, float]) -> str:
    """Return a p-value, and where it lies if toys are lost."""
    return f"{number(p_value)} ({from_to(ends)})" if ends[1] > ends[0] else number(p_value)


def _cell(value: float, uncertainty: float) -> str:
    if uncertainty > 0:
        return measured(float(value), float(uncertainty))
    return measured(float(value), float("nan"))
