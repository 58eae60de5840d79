"""The axes of figures with a row for each parameter: pulls, profile intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GREEN, _YELLOW = "#8be08b", "#fff28a"


def draw_row_axis(ax: Axes, titles: Sequence[str], free: int, limit: float, title: str) -> None:
    """Prepare axes for rows with these titles, from the top; the first `free` have no constraint and stand apart.

    The others get bands of one and two standard deviations, the range -limit to limit, and the `title` of x.
    """
    bottom = len(titles) - 0.3
    ax.set_xlim(-limit, limit)
    ax.set_ylim(bottom, -0.7)
    ax.set_yticks(range(len(titles)), titles)
    ax.tick_params(axis="y", which="both", length=0)
    ax.minorticks_off()
    ax.set_xticks(range(-int(limit), int(limit) + 1))
    if free == len(titles):
        ax.tick_params(axis="x", which="both", length=0, labelbottom=False)
        return
    top = free - 0.5 if free else -0.7
    for half, color in ((2, _YELLOW), (1, _GREEN)):
        ax.fill_between([-half, half], top, bottom, color=color, linewidth=0, zorder=0)
    ax.plot([0, 0], [top, bottom], color="black", linestyle="--", linewidth=0.8, zorder=1)
    ax.set_xlabel(title, loc="center")
    if free:
        ax.axhline(top, color="black", linewidth=0.8)


def lines_in_rows(ax: Axes, places: Sequence[float], free: Sequence[bool], **look: Any) -> None:
    """Draw vertical lines at places along x, only in the rows that are free of text."""
    for top, bottom in np.flatnonzero(np.diff([0, *free, 0])).reshape(-1, 2) - 0.5:
        ax.vlines(places, top, bottom, **{"color": "black", "linewidth": 0.8, **look})
