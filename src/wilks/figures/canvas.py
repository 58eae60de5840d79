"""Figures that keep their settings, without pyplot: nothing global is changed and nothing stays open.

This module imports matplotlib; it is itself imported only by functions that draw.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.transforms import Bbox


@contextmanager
def styled(rc: dict[str, Any]) -> Iterator[None]:
    """Run the block with matplotlib's defaults changed by `rc`, whatever the user has set globally."""
    with matplotlib.style.context(rc, after_reset=True), warnings.catch_warnings():
        # A name in a script that the fonts lack is drawn as boxes; that is no reason to fail.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


class Drawing(Figure):
    """A matplotlib figure that is laid out, drawn and saved with the settings it was made with.

    Fonts and mathtext are looked up when a figure is drawn, long after the style context that made it has ended.
    """

    def __init__(self, rc: dict[str, Any], **options: Any) -> None:
        self._rc = rc
        super().__init__(**options)
        FigureCanvasAgg(self)

    def styled(self) -> AbstractContextManager[None]:
        """Return the context in which more can be put on the figure, with its own settings."""
        return styled(self._rc)

    def draw(self, renderer: RendererBase) -> None:
        """Draw with the figure's own settings."""
        with styled(self._rc):
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save with the figure's own settings; arguments as for matplotlib's `Figure.savefig`."""
        with styled(self._rc):
            super().savefig(fname, **options)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=100)
        return buffer.getvalue()


class Figures(dict[str, Figure]):
    """Figures by channel name; a notebook shows all of them."""

    def _repr_html_(self) -> str:
        images = []
        for name, figure in self.items():
            buffer = io.BytesIO()
            figure.savefig(buffer, format="png", dpi=80)
            data = base64.b64encode(buffer.getvalue()).decode()
            images.append(f'<img style="display: inline" alt="{escape(name)}" src="data:image/png;base64,{data}">')
        return "".join(images)


def inches(figure: Figure, box: Bbox) -> tuple[float, float, float, float]:
    """Return x0, y0, x1, y1 of a box in display units as inches."""
    x0, y0, x1, y1 = (float(edge) / figure.dpi for edge in box.extents)
    return x0, y0, x1, y1


def fit_frame(figure: Figure, ax: Axes, wide: float, high: float, margin: float) -> None:
    """Set the size of the figure so that a frame of a size, in inches, and all that is beside it just have their room,
    with a margin around: files have other resolutions, in which numbers are a little wider or narrower.
    """
    figure.set_size_inches(wide + 2, high + 2)
    ax.set_position((0.3, 0.3, wide / (wide + 2), high / (high + 2)))
    figure.draw_without_rendering()
    box = ax.get_tightbbox()
    if box is None:
        return
    frame, outer = inches(figure, ax.get_window_extent()), inches(figure, box)
    left, bottom, right, top = (abs(a - b) + margin for a, b in zip(frame, outer, strict=True))
    width, total = left + wide + right, bottom + high + top
    figure.set_size_inches(width, total)
    ax.set_position((left / width, bottom / total, wide / width, high / total))


def fit_margins(figure: Figure, axes: list[Axes], pad: float = 0.08) -> None:
    """Move the outer edges of the grid so that tick labels and titles just fit into the figure; `pad` in inches.

    Before that, long numbers on the axes get another unit.
    """
    from matplotlib.transforms import Bbox

    from wilks.figures.numbers import shorten_all

    shorten_all(figure)
    width, height = figure.get_size_inches()
    # Twice, because other tick labels may fit after the first time.
    for _ in range(2):
        inner = inches(figure, Bbox.union([ax.get_window_extent() for ax in axes]))
        outer = inches(figure, Bbox.union([box for ax in axes if (box := ax.get_tightbbox()) is not None]))
        figure.subplots_adjust(
            left=(inner[0] - outer[0] + pad) / width,
            bottom=(inner[1] - outer[1] + pad) / height,
            right=1 - (outer[2] - inner[2] + pad) / width,
            top=1 - (outer[3] - inner[3] + pad) / height,
        )
