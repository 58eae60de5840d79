"""Brazil bands: expected values with one and two standard deviations, and the figures they are on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.figures.decoration import Entry
from wilks.figures.style import PANEL, FigureStyle, figure_of, settings, weight

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# 68 % and 95 %: the classic colours, and CMS's since 2024.
_CLASSIC, _CMS = ("#00d400", "#ffe600"), ("#607641", "#f5bb54")
RED, BLUE = "#bd1f01", "#3f90da"


def colors(style: FigureStyle) -> tuple[str, str]:
    """Return the colours of one and of two standard deviations."""
    return _CMS if style.name == "CMS" else _CLASSIC


@contextmanager
def canvas_for(style: FigureStyle, ax: Axes | None) -> Iterator[Axes]:
    """Run the block with the style's settings and the axes to draw on; a figure of our own is then fitted."""
    from wilks.figures.canvas import Drawing, fit_margins, styled

    rc = settings(style)
    with styled(rc):
        target = Drawing(rc, figsize=PANEL[style.name]).add_subplot() if ax is None else ax
        figure = figure_of(target)
        yield target
        if ax is None:
            fit_margins(figure, figure.axes)  # with a colour bar, if there is one


def draw_bands(ax: Axes, x: FloatArray, expected: FloatArray, style: FigureStyle) -> list[Entry]:
    """Draw expected bands and median along x, with gaps at NaN; return what the legend says about them."""
    from matplotlib.patches import Patch

    one, two = colors(style)
    if x.size == 1:  # a band needs a width, and an axis numbers that mean something
        ax.set_xticks([x[0]])
        ax.tick_params(axis="x", which="minor", length=0)
        half = 0.02 * max(abs(x[0]), 1.0)
        x, expected = np.array([x[0] - half, x[0] + half]), np.repeat(expected, 2, axis=0)
    ax.fill_between(x, expected[:, 0], expected[:, 4], color=two, linewidth=0, zorder=1)
    ax.fill_between(x, expected[:, 1], expected[:, 3], color=one, linewidth=0, zorder=1.1)
    (median,) = ax.plot(x, expected[:, 2], color="black", linestyle="--", linewidth=1.3 * weight(style), zorder=2)
    names = (
        ("68% expected", "95% expected")
        if style.name == "CMS"
        else (r"Expected $\pm$ 1$\sigma$", r"Expected $\pm$ 2$\sigma$")
    )
    return [
        (median, "Median expected" if style.name == "CMS" else "Expected"),
        (Patch(color=one), names[0]),
        (Patch(color=two), names[1]),
    ]


def check_kind(result: Any, kind: type, verb: str) -> None:
    if not isinstance(result, kind):
        raise TypeError(f"{verb} draws a {kind.__name__}, found a {type(result).__name__}")
