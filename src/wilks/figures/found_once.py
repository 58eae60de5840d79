"""Once for each draw: what matplotlib works out anew for every part of a figure that needs it.

Methods of matplotlib's objects are replaced for a while by ones that remember. Some of them are not public: where a
version of matplotlib has others, it works as it always does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from matplotlib.font_manager import fontManager
from matplotlib.offsetbox import TextArea

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_TICKS, _LABELS, _BOX, _FONTS = "_update_ticks", "_get_ticklabel_bboxes", "get_bbox", "_find_fonts_by_props"
# An object, the name of one of its methods, and what does the same.
Replacement: TypeAlias = tuple[Any, str, Callable[..., Any]]


@contextmanager
def found_once(figure: Figure) -> Iterator[None]:
    """Run the block with the ticks of an axis placed, and texts of ticks and legends measured, once for each view.

    matplotlib does so for the axis, for the place of its title, and for every line of the frame beside it; for the text
    of a legend in each of the boxes around it. Nothing of an axis but its limits and place may be changed in the block,
    and nothing of a legend.
    """
    legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes)]
    texts = [text for legend in legends if legend is not None for text in legend.findobj(TextArea)]
    found = [ticks for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for ticks in _Ticks.of(axis)]
    with fonts_found_once(), _replaced([*found, *((text, _BOX, _remembering(text.get_bbox, id)) for text in texts)]):
        yield


@contextmanager
def fonts_found_once() -> Iterator[None]:
    """Run the block with the files of a font looked up once, in place of once for each time that a text is measured."""
    find = getattr(type(fontManager), _FONTS, None)
    with _replaced([] if find is None else [(fontManager, _FONTS, _remembering(find.__get__(fontManager), hash))]):
        yield


def _remembering(method: Callable[..., Any], key: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a method of one argument that remembers its answers, by the key of the argument."""
    known: dict[Any, Any] = {}

    def answer(about: Any, *more: Any, **options: Any) -> Any:
        if more or options:
            return method(about, *more, **options)
        if (place := key(about)) not in known:
            known[place] = method(about)
        return known[place]

    return answer


class _Ticks:
    """The ticks of an axis that are drawn, and the boxes of their labels, for the view that it has."""

    def __init__(self, axis: Axis) -> None:
        self.axis: Any = axis
        self.place, self.measure = getattr(axis, _TICKS), getattr(axis, _LABELS)
        self.view: Any = None
        self.ticks: list[Any] = []
        self.boxes: Any = None
        self.measured_with: Any = None

    @classmethod
    def of(cls, axis: Axis) -> list[Replacement]:
        """Return the methods of an axis that remember; none where it has no such methods."""
        if not (hasattr(axis, _TICKS) and hasattr(axis, _LABELS)):
            return []
        ticks = cls(axis)
        return [(axis, _TICKS, ticks.update), (axis, _LABELS, ticks.label_boxes)]

    def update(self) -> list[Any]:
        """Return the ticks that are drawn, at their places."""
        axes = self.axis.axes
        view = (*self.axis.get_view_interval(), *axes.bbox.bounds, axes.figure.dpi)
        if view != self.view:
            self.ticks, self.view, self.boxes = self.place(), view, None
        return self.ticks

    def label_boxes(self, ticks: list[Any], *renderer: Any) -> Any:
        """Return the boxes of the labels of ticks."""
        if ticks is not self.ticks:
            return self.measure(ticks, *renderer)
        if self.boxes is None or self.measured_with != renderer:
            self.boxes, self.measured_with = self.measure(ticks, *renderer), renderer
        return self.boxes


@contextmanager
def _replaced(methods: Iterable[Replacement]) -> Iterator[None]:
    """Run the block with methods of objects replaced."""
    before: list[tuple[Any, str, Any]] = []
    try:
        for thing, name, method in methods:
            before.append((thing, name, vars(thing).get(name)))
            setattr(thing, name, method)
        yield
    finally:
        for thing, name, method in reversed(before):
            if method is None:
                delattr(thing, name)
            else:
                setattr(thing, name, method)
