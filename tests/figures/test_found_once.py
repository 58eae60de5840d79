"""What is found once for a draw is what matplotlib finds each time, and matplotlib is left as it was."""

from collections import Counter
from contextlib import nullcontext, suppress
from pathlib import Path

import matplotlib.axis
import pytest
from matplotlib.font_manager import fontManager
from tests.figures.test_draws import KINDS

from wilks import figures
from wilks.figures.found_once import found_once


@pytest.mark.parametrize("kind", ["data_mc", "ranking", "limit", "several pulls", "variations"])
def test_files_are_the_same_as_without(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    formats = ("pdf", "png", "svg")
    once = figures.save(KINDS[kind]("ATLAS"), tmp_path / "once", formats)
    monkeypatch.setattr("wilks.figures.canvas.found_once", lambda figure: nullcontext())
    monkeypatch.setattr("wilks.figures.canvas.fonts_found_once", nullcontext)
    each_time = figures.save(KINDS[kind]("ATLAS"), tmp_path / "each_time", formats)
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in each_time]


def test_ticks_are_placed_once_for_each_view(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[object] = Counter()
    place = matplotlib.axis.Axis._update_ticks  # type: ignore[attr-defined]

    def counted(self: matplotlib.axis.Axis) -> object:
        calls[self] += 1
        return place(self)

    monkeypatch.setattr(matplotlib.axis.Axis, "_update_ticks", counted)
    figure = KINDS["data_mc"]("plain")
    calls.clear()
    figure.canvas.draw()
    assert set(calls.values()) == {1}
    with found_once(figure):
        ax = figure.axes[0]
        before = [tick.get_loc() for tick in ax.xaxis._update_ticks()]
        low, high = ax.get_xlim()
        ax.set_xlim(low, 10 * high)
        assert [tick.get_loc() for tick in ax.xaxis._update_ticks()] != before


def test_matplotlib_is_left_as_it_was() -> None:
    figure = KINDS["data_mc"]("plain")
    known = set(vars(fontManager))
    with suppress(ZeroDivisionError), found_once(figure), found_once(figure):
        assert set(vars(fontManager)) != known
        raise ZeroDivisionError
    assert set(vars(fontManager)) == known
    for ax in figure.axes:
        legend = ax.get_legend()
        for part in (ax.xaxis, ax.yaxis, *([] if legend is None else legend.findobj())):
            assert not {"_update_ticks", "_get_ticklabel_bboxes", "get_bbox"} & set(vars(part))
