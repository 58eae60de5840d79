"""Figures that keep their settings, without pyplot: nothing global is changed and nothing stays open.

This module imports matplotlib; it is itself imported only by functions that draw.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

import matplotlib
import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.spines import Spine

from wilks.figures.found_once import fonts_found_once, found_once
from wilks.figures.style import figure_of
from wilks.figures.tick_marks import marks_at_once, without_minor_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.transforms import Bbox

Edges: TypeAlias = tuple[float, float, float, float]


@contextmanager
def styled(rc: dict[str, Any]) -> Iterator[None]:
    """Run the block with matplotlib's defaults changed by `rc`, whatever the user has set globally."""
    with matplotlib.style.context(rc, after_reset=True), _glyphs_may_be_missing(), fonts_found_once():
        yield


def _current() -> dict[str, Any]:
    """Return matplotlib's settings; not through their own methods, which would choose a backend and import pyplot."""
    current: Any = matplotlib.rcParams
    return dict(dict.items(current))


@contextmanager
def _glyphs_may_be_missing() -> Iterator[None]:
    """A name in a script that the fonts lack is drawn as boxes; that is no reason to fail."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


class Drawing(Figure):
    """A matplotlib figure that is laid out, drawn and saved with the settings it was made with.

    Fonts and mathtext are looked up when a figure is drawn, long after the style context that made it has ended. `rc`
    are those settings; it is made where they hold. `drawn` is the width and height in pixels (points, for files without
    pixels) with which it was drawn last.
    """

    drawn: tuple[int, int] = 0, 0

    def __init__(self, rc: dict[str, Any], **options: Any) -> None:
        self._arranged = False
        with styled(rc):
            self._settings = _current()
            self._settings.pop("backend", None)
            super().__init__(**options)
        FigureCanvasAgg(self)

    @contextmanager
    def styled(self) -> Iterator[None]:
        """Give the context in which more can be put on the figure, with its own settings."""
        current: Any = matplotlib.rcParams
        before = _current()
        try:
            # Not through the checks of rcParams, which they have passed: there are 300, and a figure is drawn often.
            dict.update(current, self._settings)
            with _glyphs_may_be_missing():
                yield
        finally:
            dict.update(current, before)

    @property
    def resolution(self) -> float:
        """Dots per inch of files."""
        return float(self._settings["savefig.dpi"])

    @contextmanager
    def laid_out(self) -> Iterator[None]:
        """Keep a layout that matplotlib finds, and would find anew for each draw, while files are written."""
        engine, dpi = self.get_layout_engine(), self.dpi
        if engine is None:
            yield
            return
        with self.styled(), without_minor_ticks(self):
            self.set_dpi(self.resolution)
            engine.execute(self)
            self.set_dpi(dpi)
        self._arranged = True
        try:
            yield
        finally:
            self._arranged = False
            self.set_layout_engine(engine)  # matplotlib puts back what it was told: none

    def get_layout_engine(self) -> Any:
        """Return matplotlib's engine that lays the figure out; None for none, and where all has its place already."""
        return None if self._arranged else super().get_layout_engine()

    def draw(self, renderer: RendererBase) -> None:
        """Draw with the figure's own settings."""
        width, height = renderer.get_canvas_width_height()
        self.drawn = int(width), int(height)
        with self.styled(), marks_at_once(self), found_once(self):
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save with the figure's own settings; arguments as for matplotlib's `Figure.savefig`."""
        with self.styled():
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


def inches(figure: Figure, box: Bbox) -> Edges:
    """Return x0, y0, x1, y1 of a box in display units as inches."""
    x0, y0, x1, y1 = (float(edge) / figure.dpi for edge in box.extents)
    return x0, y0, x1, y1


def frame_of(ax: Axes) -> Edges:
    """Return x0, y0, x1, y1 of the frame of axes in inches."""
    return inches(figure_of(ax), ax.get_window_extent())


def around(ax: Axes) -> Edges:
    """Return x0, y0, x1, y1 in inches of the frame of axes with all that is beside it; of the frame if all is hidden.

    Numbers, titles and texts are measured, and those of the axes get their places, but nothing is drawn.
    """
    return all_around([ax])[0]


def all_around(axes: Sequence[Axes]) -> list[Edges]:
    """Return what `around` does of several axes of a figure."""
    figure = figure_of(axes[0])
    with without_minor_ticks(figure), found_once(figure):
        return [_measured(figure, ax) for ax in axes]


def _measured(figure: Figure, ax: Axes) -> Edges:
    beside = [part for part in ax.get_default_bbox_extra_artists() if not isinstance(part, Spine)]  # the frame itself
    box = ax.get_tightbbox(bbox_extra_artists=beside)
    return frame_of(ax) if box is None else inches(figure, box)


def fit_frame(figure: Figure, ax: Axes, wide: float, high: float, margin: float) -> None:
    """Set the size of the figure so that a frame of a size, in inches, and all that is beside it just have their room,
    with a margin around: files have other resolutions, in which numbers are a little wider or narrower.
    """
    figure.set_size_inches(wide + 2, high + 2)
    ax.set_position((0.3, 0.3, wide / (wide + 2), high / (high + 2)))
    frame, outer = frame_of(ax), around(ax)
    left, bottom, right, top = (abs(a - b) + margin for a, b in zip(frame, outer, strict=True))
    width, total = left + wide + right, bottom + high + top
    figure.set_size_inches(width, total)
    ax.set_position((left / width, bottom / total, wide / width, high / total))


def fit_margins(figure: Figure, axes: list[Axes], pad: float = 0.08) -> None:
    """Move the outer edges of the grid so that tick labels and titles just fit into the figure; `pad` in inches.

    Before that, long numbers on the axes get another unit.
    """
    from wilks.figures.numbers import shorten_all

    shorten_all(figure)
    width, height = figure.get_size_inches()
    # Twice, because other tick labels may fit after the first time; but not if nothing moves.
    with without_minor_ticks(figure), found_once(figure):
        for _ in range(2):
            inner, outer = _union([frame_of(ax) for ax in axes]), _union([_measured(figure, ax) for ax in axes])
            left, bottom, right, top = (abs(a - b) + pad for a, b in zip(inner, outer, strict=True))
            places = {"left": left / width, "bottom": bottom / height}
            places |= {"right": 1 - right / width, "top": 1 - top / height}
            if all(abs(getattr(figure.subplotpars, side) - place) < 1e-12 for side, place in places.items()):
                return
            figure.subplots_adjust(**places)


def _union(boxes: list[Edges]) -> Edges:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
