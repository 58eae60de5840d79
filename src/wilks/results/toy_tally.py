"""`Tally`: what a summary of toys is made of: sums over toys, piece by piece, here or elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.results.toy_folder import Toys
from wilks.results.toys import CUTS, PULL_EDGES

_SUMS = ("usable", "sums", "covered", "pulls", "profile_usable", "profile_covered")


@dataclass
class Tally:
    """Sums over toys, piece by piece; deviations from the truth, so that nothing cancels."""

    truth: FloatArray
    profiled: int
    statuses: Counter[str] = field(default_factory=Counter)
    converged: int = 0

    def __post_init__(self) -> None:
        n = self.truth.size
        self.usable = np.zeros(n)
        self.sums = np.zeros((4, n))
        self.covered = np.zeros((n, 2))
        self.pulls = np.zeros((n, PULL_EDGES.size - 1))
        self.profile_usable = np.zeros(self.profiled)
        self.profile_covered = np.zeros((self.profiled, 2))

    @classmethod
    def of(cls, truth: FloatArray, profiled: int, toys: Toys) -> Tally:
        """Return the sums over some toys."""
        found = cls(truth, profiled)
        found._add(toys)
        return found

    def join(self, other: Tally) -> None:
        """Add the sums over other toys; the order of joining is that of the toys, so that the last bits are too."""
        self.statuses.update(other.statuses)
        self.converged += other.converged
        for name in _SUMS:
            getattr(self, name)[...] += getattr(other, name)

    def _add(self, toys: Toys) -> None:
        self.statuses.update(toys.statuses)
        converged = toys.converged
        self.converged += int(converged.sum())
        sigma = toys.uncertainties
        usable = converged[:, None] & (sigma > 0) & np.isfinite(sigma)
        shift = np.where(usable, toys.values - self.truth, 0.0)
        pull = shift / np.where(usable, sigma, 1.0)
        self.usable += usable.sum(axis=0)
        self.sums += [shift.sum(axis=0), (shift**2).sum(axis=0), pull.sum(axis=0), (pull**2).sum(axis=0)]
        distance = np.where(usable, np.abs(pull), np.inf)
        self.covered += np.stack([(distance <= cut).sum(axis=0) for cut in CUTS], axis=1)
        bins = PULL_EDGES.size - 1
        where = np.clip(np.searchsorted(PULL_EDGES, pull, side="right") - 1, 0, bins - 1)
        flat = (where + bins * np.arange(self.truth.size))[usable]
        self.pulls += np.bincount(flat, minlength=self.pulls.size).reshape(self.pulls.shape)
        known = np.isfinite(toys.profile)
        q = np.where(known, toys.profile, np.inf)
        self.profile_usable += known.sum(axis=0)
        self.profile_covered += np.stack([(q <= cut**2).sum(axis=0) for cut in CUTS], axis=1)

    def summary(self, held: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
        """Return the fields of a ToysResult that come from the sums."""
        with np.errstate(invalid="ignore", divide="ignore"):
            bias, squares, pull, pull_squares = self.sums / self.usable
            factor = np.where(self.usable > 1, self.usable / (self.usable - 1), np.nan)
            spread, width = (
                np.sqrt(np.maximum(total - mean**2, 0.0) * factor)
                for total, mean in ((squares, bias), (pull_squares, pull))
            )
        for array in (bias, spread, pull, width):
            array[held] = np.nan
        return {
            "done": sum(self.statuses.values()),
            "converged": self.converged,
            "statuses": dict(sorted(self.statuses.items())),
            "usable": self.usable,
            "bias": bias,
            "spread": spread,
            "pull_mean": pull,
            "pull_width": width,
            "covered": self.covered,
            "edges": PULL_EDGES,
            "pulls": self.pulls,
            "profile_usable": self.profile_usable,
            "profile_covered": self.profile_covered,
        }
