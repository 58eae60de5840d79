from __future__ import annotations

import numpy as np
import pytest

from wilks import figures
from wilks.drawables import HistogramND, Parts, Points, of_bins
from wilks.errors import InputError
from wilks.histogram import Axis, Histogram


def histogram(contents: list[float]) -> Histogram:
    return Histogram(Axis(np.arange(len(contents) + 1.0), label="m [GeV]"), contents, np.abs(contents))  # type: ignore[arg-type]


@pytest.fixture
def points() -> Points:
    ones = np.ones(2)
    return Points(
        np.array([0.5, 1.5]), np.array([2.0, 4.0]), ones / 2, ones / 2, ones, 2 * ones, label="p", y_label="q"
    )


@pytest.fixture
def plane() -> HistogramND:
    contents = np.zeros((4, 5))
    contents[1:-1, 1:-1] = [[1.0, 0.0, 3.0], [4.0, 5.0, 6.0]]
    axes = Axis(np.array([0.0, 1.0, 4.0]), label="a"), Axis(np.arange(4.0), label="b")
    return HistogramND(axes, contents, contents, 19.0, label="weight")


def test_points_have_their_error_bars(points: Points) -> None:
    axes = figures.drawables([("g", points)]).axes[0]
    (_, (x_bars, y_bars)) = (axes.containers[0].lines[0], axes.containers[0].lines[2])
    assert [segment.tolist() for segment in y_bars.get_segments()] == [[[0.5, 1], [0.5, 4]], [[1.5, 3], [1.5, 6]]]
    assert [segment.tolist() for segment in x_bars.get_segments()] == [[[0, 2], [1, 2]], [[1, 4], [2, 4]]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("p", "q")


def test_a_stack_ends_at_its_sum() -> None:
    stack = Parts(
        (("a", histogram([1.0, 2.0])), ("b", histogram([3.0, 1.0]))), stacked=True, label="m", y_label="events"
    )
    axes = figures.drawables([("s", stack)]).axes[0]
    layers = [patch.get_data() for patch in axes.patches]
    assert [layer.values.tolist() for layer in layers] == [[1, 2], [4, 3], [4, 3]]
    assert np.asarray(layers[1].baseline).tolist() == [1, 2]
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["s: a", "s: b", "sum: 7"]


def test_a_plane_has_its_contents_and_no_colour_where_there_is_none(plane: HistogramND) -> None:
    figure = figures.drawables([("plane", plane)])
    mesh = figure.axes[0].collections[0]
    array = np.ma.masked_invalid(mesh.get_array())
    assert array.filled(-1).reshape(3, 2).T.tolist() == [[1, -1, 3], [4, 5, 6]]
    assert figure.axes[1].get_ylabel() == "weight"
    assert "entries 19" in figure.axes[0].get_title(loc="left")


def test_histograms_are_those_of_the_overlay() -> None:
    figure = figures.drawables([("h", histogram([1.0, 2.0]))])
    assert "integral 3" in figure.axes[0].get_legend().get_texts()[0].get_text()


def test_logarithmic_axes_and_colours(plane: HistogramND, points: Points) -> None:
    assert figures.drawables([("g", points)], log=True).axes[0].get_yscale() == "log"
    assert figures.drawables([("h", histogram([1.0, 2.0]))], log=True).axes[0].get_yscale() == "log"
    norm = figures.drawables([("p", plane)], log=True).axes[0].collections[0].norm
    assert (norm(1.0), norm(6.0), norm(6.0**0.5)) == pytest.approx((0, 1, 0.5))


def test_mistakes_are_told(plane: HistogramND, points: Points) -> None:
    with pytest.raises(InputError, match="nothing to draw"):
        figures.drawables([])
    with pytest.raises(InputError, match="drawn alone, found 2"):
        figures.drawables([("a", plane), ("b", points)])


def test_labels_of_bins_are_on_all_axes() -> None:
    axes = Axis.of_labels(["ee", "mm"]), Axis.of_labels(["low", "middle", "high"])
    figure = figures.drawables([("map", HistogramND(axes, np.ones((4, 5)), np.ones((4, 5))))])
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["ee", "mm"]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["low", "middle", "high"]
    many = Axis([0, 1]), Axis.of_labels([f"c{i}" for i in range(400)])
    figure = figures.drawables([("map", HistogramND(many, np.ones((3, 402)), np.ones((3, 402))))])
    ticks = figure.axes[0].get_yticklabels()
    assert 10 < len(ticks) < 200
    assert ticks[0].get_text() == "c0"


def test_parts_and_points_are_drawn_in_the_order_of_the_first() -> None:
    one, other = Axis.of_labels(["ee", "mm"]), Axis.of_labels(["mm", "ee"])
    stack = Parts((("s", Histogram(one, [1, 2], [1, 2])),), stacked=True)
    means = of_bins(other, np.array([20.0, 10.0]), np.zeros(2), np.ones(2, dtype=bool), "", "mean")
    figure = figures.drawables([("stack", stack), ("means", means)])
    ax = figure.axes[0]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["ee", "mm"]
    (line,) = (line for line in ax.lines if line.get_marker() == "o")
    assert sorted(zip(line.get_xdata(), line.get_ydata(), strict=True)) == [(0.5, 10.0), (1.5, 20.0)]
