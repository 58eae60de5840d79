"""Parameters of bins: relative uncertainties, starts and ranges as ROOT makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.formats.root_files import RootHistogram


@dataclass(eq=False)
class GammaSet:
    """Parameters per bin of one name, arrays of shape (bins,).

    `shape` has the bins per axis, x first. `relative` are the uncertainties that constrain them (None of free ones);
    `starts` and `constant` are those of the description, before any settings; `derived` is the relative uncertainty
    that a workspace's yields give, 0 where they give none.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    constraint: str
    relative: FloatArray | None
    where: str
    threshold: float = 0.0
    starts: FloatArray | None = None
    all_constant: bool = False
    nominals: list[FloatArray] = field(default_factory=list)
    derived: FloatArray | None = None

    @property
    def size(self) -> int:
        """Number of bins."""
        return int(np.prod(self.shape))

    @property
    def constant(self) -> BoolArray:
        """Which components ROOT keeps constant."""
        if self.relative is None:
            return np.full(self.size, self.all_constant)
        return (self.relative <= 0) | (self.relative < self.threshold)

    @property
    def constant_here(self) -> BoolArray:
        """Which components a workspace keeps constant if nobody tells it otherwise."""
        if self.relative is None:
            return np.zeros(self.size, np.bool_)
        derived = self._derived()
        return (derived <= 0) | (derived < self.threshold)

    @property
    def widths(self) -> FloatArray | None:
        """Relative uncertainties that a workspace must be told, shape (bins,): yields don't give some of them."""
        if self.relative is None or not ((self._derived() <= 0) & (self.relative > 0)).any():
            return None
        return np.where(self.relative > 0, self.relative, 1.0)

    def _derived(self) -> FloatArray:
        if self.derived is not None:
            return self.derived
        seen = np.any([nominal > 0 for nominal in self.nominals], axis=0)
        return np.where(seen, self.relative if self.relative is not None else 0.0, 0.0)

    @property
    def bounds(self) -> list[list[float]]:
        """Ranges: 0 to 1000 of free ones, 0 to 1 + 5 r of others, 0 to 10 without an uncertainty."""
        if self.relative is None:
            return [[0.0, 1000.0]] * self.size
        return [[0.0, 1.0 + 5.0 * r if r > 0 else 10.0] for r in self.relative.tolist()]

    def component(self, bins: tuple[int, ...]) -> int | None:
        """Return the place of a bin, given by its number on each axis; None where there is none."""
        if len(bins) != len(self.shape) or any(b >= size for b, size in zip(bins, self.shape, strict=True)):
            return None
        return int(np.ravel_multi_index(bins[::-1], self.shape[::-1]))


def statistical(
    samples: Sequence[tuple[RootHistogram, RootHistogram | None]],
) -> tuple[list[FloatArray], FloatArray, FloatArray]:
    """Return the absolute statistical uncertainties of each of a channel's samples, and twice the relative one of all.

    Each sample has its yields and, if it has one, its histogram of relative uncertainties. ROOT keeps what it computes
    in histograms of the kind that it was given; where that is one of single precision, the absolute uncertainties are
    scaled so that the relative one of all samples is ROOT's. The last two results, shape (bins,), are ROOT's and that
    which the absolute uncertainties give, which differ by rounding.
    """
    absolute = []
    for nominal, relative in samples:
        error = nominal.errors if relative is None else relative.values * nominal.values
        absolute.append(_kept(error, nominal if relative is None else relative))
    total = np.sum([nominal.values for nominal, _ in samples], axis=0)
    r = _relative(absolute, total)
    first = samples[0][0]
    if not first.single:
        return absolute, r, r
    kept = _kept(r, first)
    scale = np.where(r > 0, kept / np.where(r > 0, r, 1.0), 1.0)
    absolute = [error * scale for error in absolute]
    return absolute, kept, _relative(absolute, total)


def _relative(absolute: list[FloatArray], total: FloatArray) -> FloatArray:
    variance = np.sum([error**2 for error in absolute], axis=0)
    return np.where(total > 0, np.sqrt(variance) / np.where(total > 0, total, 1.0), 0.0)


def _kept(values: FloatArray, like: RootHistogram) -> FloatArray:
    """Return numbers as a histogram keeps them."""
    return values.astype(np.float32).astype(np.float64) if like.single else values
