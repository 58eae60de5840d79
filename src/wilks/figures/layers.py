"""What a stack of samples consists of, and how it is drawn: negative contributions below zero, the total as a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.figures.decoration import Entry
from wilks.figures.names import labels
from wilks.figures.ratio import HATCH, draw_points
from wilks.histogram import Axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Beyond this ratio of the largest to the smallest bin an automatic y axis is logarithmic; cabinetry's number.
LOG_RATIO = 100.0
# What is smaller than this part of the height of a stack can't be seen.
_VISIBLE = 0.003
_TOTAL: dict[str, Any] = {"color": "black", "linewidth": 1.6, "zorder": 3.5}
_OUTLINE: dict[str, Any] = {"edgecolor": "black", "linewidth": 0.6}
_MOST_NAMES = 3


@dataclass(frozen=True)
class Content:
    """What is drawn for one channel, per bin or per unit of the axis."""

    name: str
    axis: Axis
    samples: tuple[str, ...]
    yields: FloatArray
    uncertainty: FloatArray
    data: FloatArray
    ends: tuple[FloatArray, FloatArray]
    before: FloatArray | None
    y_title: str
    hidden: list[int]
    log_x: bool = False
    masked: tuple[int, ...] = ()

    @property
    def centers(self) -> FloatArray:
        """Where the data of each bin stand: in the middle of what is seen of it."""
        edges = self.axis.edges
        return np.sqrt(edges[1:] * edges[:-1]) if self.log_x else self.axis.centers

    @property
    def total(self) -> FloatArray:
        """Sum of the samples."""
        total: FloatArray = self.yields.sum(axis=0)
        return total

    @property
    def above(self) -> FloatArray:
        """Sum of the positive contributions."""
        return np.asarray(np.where(self.yields > 0, self.yields, 0.0).sum(axis=0))

    @property
    def below(self) -> FloatArray:
        """Sum of the negative contributions."""
        return np.asarray(np.where(self.yields < 0, self.yields, 0.0).sum(axis=0))

    @property
    def tallest(self) -> float:
        """Top of everything drawn."""
        filled = np.where(self.data > 0, self.ends[1], 0.0)
        heights = [self.above, self.total + self.uncertainty, filled]
        if self.before is not None:
            heights.append(self.before)
        finite = np.concatenate([values[np.isfinite(values)] for values in heights])
        top = float(finite.max(initial=0.0))
        return top if top > 0 else 1.0

    @property
    def deepest(self) -> float:
        """Bottom of everything drawn on a linear axis: 0, or below it where something negative can be seen."""
        under = np.where(self.total < 0, self.total - np.nan_to_num(self.uncertainty), 0.0)
        lowest = float(np.nanmin(np.concatenate([self.below, under]), initial=0.0))
        return lowest if lowest < -_VISIBLE * self.tallest else 0.0

    def lowest(self, log: bool | None) -> float | None:
        """Return the bottom of a logarithmic axis, or None for a linear one; `log` None chooses."""
        heights = np.concatenate([self.total, self.data])
        positive = heights[np.isfinite(heights) & (heights > 0)]
        total = self.total[self.total > 0]
        if positive.size == 0 or log is False:
            return None
        if log is None and (total.size == 0 or positive.max() <= LOG_RATIO * total.min()):
            return None
        # Low enough to see the smaller samples, but not more than seven decades.
        smallest = float(self.yields[self.yields > 0].min(initial=positive.min()))
        return float(max(0.5 * smallest, 0.02 * positive.min(), 1e-7 * positive.max()))

    def unseen(self) -> list[str]:
        """Return what a logarithmic axis does not show, as the only text of a list."""
        seen = -self.below > _VISIBLE * np.maximum(self.above, 1e-300)
        bins = int(seen.sum())
        if not bins:
            return []
        names = [s for s, row in zip(self.samples, self.yields, strict=True) if (row[seen] < 0).any()]
        texts = labels(names)
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        listed = ", ".join(texts[name] for name in names[:_MOST_NAMES]) + more
        return [f"negative in {bins} bin{'s' if bins > 1 else ''}, not on this axis: {listed}"]


NOT_FITTED: dict[str, Any] = {"facecolor": "black", "alpha": 0.12, "linewidth": 0.0}
"""How bins look that no fit sees."""


def shade_masked(ax: Axes, content: Content) -> None:
    """Draw which bins no fit sees."""
    for b in content.masked:
        low, high = content.axis.interval(b)
        ax.axvspan(low, high, zorder=6.8, **NOT_FITTED)


def draw_layers(ax: Axes, content: Content, colors: Mapping[str, str], lowest: float | None) -> list[Entry]:
    """Draw samples, uncertainty, lines and data; return the entries of the legend from top to bottom.

    Positive contributions are stacked from 0 upwards, negative ones downwards. On a logarithmic axis, which has no
    place for those, bins whose total is not above 0 stay empty.
    """
    from matplotlib.patches import Patch

    edges, total = content.axis.edges, content.total
    if lowest is not None:
        ax.set_yscale("log")
    floor = lowest or 0.0
    _draw_samples(ax, content, colors, lowest)
    entries: list[Entry] = [(Patch(facecolor=colors[s], **_OUTLINE), s) for s in content.samples]
    if content.deepest < 0 or (lowest is not None and content.unseen()):
        line = ax.stairs(
            total if lowest is None else np.where(total > 0, total, np.nan), edges, baseline=None, **_TOTAL
        )
        entries.append((line, "Total"))
        if lowest is None:
            ax.axhline(0, color="black", linewidth=0.8, zorder=3.4)
    if np.isfinite(content.uncertainty).any():
        bottom = content.deepest if lowest is None else floor
        ends = np.maximum(total - content.uncertainty, bottom), np.maximum(total + content.uncertainty, bottom)
        ax.stairs(ends[1], edges, baseline=ends[0], **HATCH)
        entries.append((Patch(**{name: value for name, value in HATCH.items() if name != "zorder"}), "Uncertainty"))
    if content.masked:
        entries.append((Patch(**NOT_FITTED), "Not fitted"))
    if content.before is not None:
        line = ax.stairs(content.before, edges, baseline=None, color="#2040c0", linestyle="--", linewidth=1.4, zorder=4)
        entries.append((line, "Pre-fit total"))
    seen = np.isfinite(content.data)
    if seen.any():
        # The bar of an empty bin that is taller than everything else would only run into the legend.
        low, high = content.ends
        high = np.where((content.data > 0) | (high <= content.tallest), high, content.data)
        points = draw_points(ax, content.centers, content.data, low, high, seen)
        entries.insert(0, (points, "Data"))
    return entries


def _draw_samples(ax: Axes, content: Content, colors: Mapping[str, str], lowest: float | None) -> None:
    edges, bins = content.axis.edges, len(content.axis)
    up, down = np.zeros(bins), np.zeros(bins)
    for i in reversed(range(len(content.samples))):
        values = content.yields[i]
        if lowest is None:
            base = np.where(values < 0, down, up)
            top = base + values
            down, up = np.where(values < 0, top, down), np.where(values < 0, up, top)
        else:
            held = np.where((values > 0) & (content.total > 0), values, 0.0)
            base, top = np.maximum(up, lowest), np.maximum(up + held, lowest)
            up = up + held
        ax.stairs(top, edges, baseline=base, fill=True, fc=colors[content.samples[i]], **_OUTLINE)
