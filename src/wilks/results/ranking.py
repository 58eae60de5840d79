"""Impacts of parameters on parameters of interest (`RankingResult`), and of groups of them (`BreakdownResult`)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.errors import ResultError, listed, nearest
from wilks.results.checking import require_distinct, require_known, require_shapes
from wilks.results.impacts import breakdown_table, breakdown_text, impacts_json, ranking_table, ranking_text
from wilks.results.origin import Origin, Saved
from wilks.table import Table, measured

if TYPE_CHECKING:
    import numpy.typing as npt

# The last axis of impacts, targets, clipped and statuses.
VARIATIONS = ("pre-fit up", "pre-fit down", "post-fit up", "post-fit down")
DONE = "converged"
METHODS = ("refit", "covariance", "global observables")
BREAKDOWNS = ("frozen", "sequential", "global observables")


class _AboutPois:
    """What results about several parameters of interest share."""

    pois: tuple[str, ...]
    poi_values: FloatArray

    def poi_index(self, poi: str | None = None) -> int:
        """Return the position of a parameter of interest (default: the first); ResultError if there is none such."""
        if poi is None:
            return 0
        if poi not in self.pois:
            raise ResultError(
                f'no parameter of interest "{poi}" in this result; it has {listed(self.pois)}{nearest(poi, self.pois)}'
            )
        return self.pois.index(poi)


@dataclass(frozen=True, eq=False)
class RankingResult(Saved, _AboutPois):
    """How far each parameter moves the parameters of interest.

    `impacts` has shape (parameters of interest, parameters, 4): the shifts of a parameter of interest when a parameter
    moves by its pre-fit uncertainty up and down, and by its post-fit one (`VARIATIONS`). `targets`, shape (parameters,
    4), is where the parameter was moved to, `clipped` whether a bound cut that short, `statuses` how each fit ended
    ("" where there was nothing to do: no pre-fit uncertainty). Impacts are NaN where there is none.

    `method` is "refit" (the parameter is kept there and all others are fitted again), "covariance" (the same to first
    order) or "global observables" (the auxiliary datum of the parameter is shifted by its standard deviation: only the
    post-fit columns have numbers; `data_statistics` is the part of the uncertainty that comes from the main data, and
    NaN for other methods). `uncertainties` (parameters, 2) and `poi_uncertainties` (parameters of interest, 2) are
    post-fit ones up and down, both positive. `groups` has the workspace's groups that each parameter is in; it is empty
    where the workspace has none. `prefit_sides` (parameters, 2) is how far up and down the constraint alone lets a
    parameter go; `prefit_uncertainties` has one number for both (empty in old files).

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.ranking(model)
    >>> found.names[found.order()[0]], found.impacts.shape
    ('Fakes', (1, 15, 4))
    """

    method: str
    pois: tuple[str, ...]
    poi_values: FloatArray
    poi_uncertainties: FloatArray
    names: tuple[str, ...]
    values: FloatArray
    uncertainties: FloatArray
    prefit_values: FloatArray
    prefit_uncertainties: FloatArray
    constraints: tuple[str, ...]
    modifier_types: tuple[tuple[str, ...], ...]
    targets: FloatArray
    clipped: BoolArray
    impacts: FloatArray
    statuses: tuple[tuple[str, ...], ...]
    data_statistics: FloatArray
    origin: Origin
    groups: tuple[tuple[str, ...], ...] = ()
    prefit_sides: FloatArray = field(default_factory=lambda: np.empty((0, 2)))

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefit_sides", self.prefit_sides.reshape(-1, 2))  # a file has no empty shapes
        n, k = len(self.names), len(self.pois)
        shapes: dict[str, tuple[int, ...]] = {
            **dict.fromkeys(("poi_values", "data_statistics"), (k,)),
            **dict.fromkeys(("values", "prefit_values", "prefit_uncertainties"), (n,)),
            **dict.fromkeys(("targets", "clipped"), (n, 4)),
            "poi_uncertainties": (k, 2),
            "uncertainties": (n, 2),
            "impacts": (k, n, 4),
        }
        require_shapes(self, shapes)
        require_known("method", self.method, METHODS)
        require_distinct("pois", self.pois)
        require_distinct("names", self.names)
        for name in ("constraints", "modifier_types", "statuses"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has {len(getattr(self, name))} entries, expected {n}")
        if len(self.prefit_sides) not in (0, n):
            raise ValueError(f"prefit_sides has {len(self.prefit_sides)} rows, expected {n}")
        if self.groups and len(self.groups) != n:
            raise ValueError(f"groups has {len(self.groups)} entries, expected {n}")
        if any(len(row) != 4 for row in self.statuses):
            raise ValueError("statuses has rows that are not of length 4")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def failures(self) -> dict[str, str]:
        """Parameters for which something is missing, with the reason."""
        found = {}
        for name, row in zip(self.names, self.statuses, strict=True):
            wrong = [f"{v}: {text}" for v, text in zip(VARIATIONS, row, strict=True) if text not in ("", DONE)]
            if wrong:
                same = len(wrong) > 1 and len({text.partition(": ")[2] for text in wrong}) == 1
                found[name] = wrong[0].partition(": ")[2] if same else "; ".join(wrong)
        return found

    def largest(self, poi: str | None = None) -> FloatArray:
        """Return the larger of the two post-fit impacts of each parameter, without sign; NaN where there is none."""
        return np.asarray(np.fmax(*np.abs(self.impacts[self.poi_index(poi), :, 2:]).T))

    def order(self, poi: str | None = None) -> npt.NDArray[np.intp]:
        """Return the positions of the parameters by falling post-fit impact; those without one come last."""
        return np.argsort(-np.nan_to_num(self.largest(poi), nan=-1.0), kind="stable")

    def sum_of_squares(self, poi: str | None = None) -> float:
        """Return the sum of the squared post-fit impacts, up and down averaged."""
        up, down = self.impacts[self.poi_index(poi), :, 2:].T
        return float(np.nansum(((up - down) / 2.0) ** 2))

    def remainder(self, poi: str | None = None) -> float:
        """Return the variance that global observables and data statistics leave unexplained.

        It is 0 where the rates are linear in the parameters, negative where more is explained than there is, and NaN
        for other methods.
        """
        k = self.poi_index(poi)
        variance = float(np.mean(self.poi_uncertainties[k])) ** 2
        return variance - float(self.data_statistics[k]) ** 2 - self.sum_of_squares(poi)

    def table(self, poi: str | None = None, *, rows: int | None = None) -> Table:
        """Return the ranking as a table, the largest impact first; at most so many `rows`."""
        return ranking_table(self, poi, rows)

    def impacts_json(self) -> str:
        """Return the content of an `impacts.json` file, for `plotImpacts.py` of CMS CombineHarvester."""
        return impacts_json(self)

    def __repr__(self) -> str:
        failed = f", {len(self.failures)} incomplete" if self.failures else ""
        return f"<RankingResult: {len(self)} parameters on {', '.join(self.pois)}, {self.method}{failed}>"

    def _text(self) -> str:
        return ranking_text(self)

    def tables(self) -> tuple[Table, ...]:
        """Return a table for each parameter of interest."""
        return tuple(self.table(poi) for poi in self.pois)

    def _html(self) -> str:
        return "\n".join(table.html() for table in self.tables())


@dataclass(frozen=True, eq=False)
class BreakdownResult(Saved, _AboutPois):
    """The uncertainty of parameters of interest, split into the parts of groups of parameters.

    `contributions` has shape (parameters of interest, groups, 2): the part of each of `groups` in the uncertainty up
    and down. `statistical` is what is left when every parameter of every group is held, `total` the whole uncertainty,
    both of shape (parameters of interest, 2). `members` names the parameters of each group.

    `method` "frozen": each group alone is held at the best fit and its part is sqrt(total^2 - held^2); correlations
    between groups make the sum differ from the total (`remainder`). "sequential": the groups are held one after the
    other, and the sum is exact. "global observables": the quadratic sum of the impacts of the auxiliary data; the sum
    is exact where the rates are linear in the parameters. `profile` says whether uncertainties are those of the profile
    likelihood (else of the covariance, equal up and down). What can't be had, because a bound ends it or fits fail, is
    NaN, and `statuses` says for each parameter of interest and group why ("converged" if there is nothing to say).

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.breakdown(model)
    >>> found.groups, found.contributions.shape
    (('systematics', 'MC statistics'), (1, 2, 2))
    """

    method: str
    profile: bool
    pois: tuple[str, ...]
    poi_values: FloatArray
    total: FloatArray
    groups: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    contributions: FloatArray
    statistical: FloatArray
    statuses: tuple[tuple[str, ...], ...]
    origin: Origin

    def __post_init__(self) -> None:
        k, n = len(self.pois), len(self.groups)
        require_known("method", self.method, BREAKDOWNS)
        require_distinct("pois", self.pois)
        require_distinct("groups", self.groups)
        require_shapes(self, {"poi_values": (k,), "total": (k, 2), "contributions": (k, n, 2), "statistical": (k, 2)})
        if len(self.members) != n or len(self.statuses) != k or any(len(row) != n for row in self.statuses):
            raise ValueError("members or statuses do not belong to the groups")

    def remainder(self, poi: str | None = None) -> FloatArray:
        """Return total^2 - statistical^2 - sum of the groups' squares, up and down: what the quadrature leaves."""
        k = self.poi_index(poi)
        return np.asarray(self.total[k] ** 2 - self.statistical[k] ** 2 - (self.contributions[k] ** 2).sum(axis=0))

    @property
    def failures(self) -> dict[str, str]:
        """Groups without a contribution on either side, with the reason."""
        return {
            f"{group} ({poi})" if len(self.pois) > 1 else group: self.statuses[k][j]
            for k, poi in enumerate(self.pois)
            for j, group in enumerate(self.groups)
            if not np.isfinite(self.contributions[k, j]).any()
        }

    def problem(self, poi: int, group: int) -> str:
        """Return why the part of a group is not what it should be, by positions; empty where all is well."""
        status = self.statuses[poi][group]
        return "" if status == DONE else status

    def table(self, poi: str | None = None) -> Table:
        """Return the parts as a table: groups, the largest first, then the statistical part, remainder and total."""
        return breakdown_table(self, poi)

    def __repr__(self) -> str:
        value, sigma = float(self.poi_values[0]), float(np.mean(self.total[0]))
        number = measured(value, sigma) if math.isfinite(sigma) and sigma > 0 else f"{value:.4g}"
        return f"<BreakdownResult: {self.pois[0]} = {number} in {len(self.groups)} groups, {self.method}>"

    def _text(self) -> str:
        return breakdown_text(self)

    def tables(self) -> tuple[Table, ...]:
        """Return a table for each parameter of interest."""
        return tuple(self.table(poi) for poi in self.pois)

    def _html(self) -> str:
        return "\n".join(table.html() for table in self.tables())
