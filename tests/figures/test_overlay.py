import numpy as np
import pytest
from matplotlib.figure import Figure

from wilks import figures
from wilks.errors import InputError
from wilks.histogram import Axis, Histogram

HISTOGRAM = Histogram(Axis([0.0, 1, 2, 4], "x", "GeV"), [10.0, 30, 0], [10.0, 30, 0], 2.0, 12098.25, 40.0)


def test_outline_band_and_statistics() -> None:
    ax = figures.histograms([("4j1b_ttbar", HISTOGRAM)]).axes[0]
    band, line = ax.patches
    assert line.get_data().values.tolist() == [10, 30, 0]
    assert band.get_data().values == pytest.approx([10 + np.sqrt(10), 30 + np.sqrt(30), 0])
    (text,) = [text.get_text() for text in ax.get_legend().get_texts()]
    # Mean (10 * 0.5 + 30 * 1.5) / 40, standard deviation sqrt(10 * 30) / 40.
    for part in ("4j1b_ttbar\n", "entries 40", "mean 1.25", "std dev 0.433013", "underflow 2", "overflow 12098.2"):
        assert part in text
    assert ax.get_xlabel() == "x [GeV]"


def test_normalized_to_the_same_area() -> None:
    figure = figures.histograms([("a", HISTOGRAM), ("b", HISTOGRAM.scaled(7))], normalize=True, statistics=False)
    lines = figure.axes[0].patches[1::2]
    assert [line.get_data().values.sum() for line in lines] == pytest.approx([1, 1])
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["a", "b"]


@pytest.mark.parametrize("log", [False, True])
def test_extreme_histograms(log: bool) -> None:
    empty = Histogram(Axis([0.0, 1.0]), [0.0], [0.0])
    negative = Histogram(Axis([0.0, 1.0, 2.0]), [-5.0, 1e7], [1.0, 1e7])
    for named in ([("z_$", empty)], [("n", negative), ("z", empty)], [("x" * 200, HISTOGRAM)] * 12):
        figure = figures.histograms(named, log=log, style="ATLAS")
        figure.draw_without_rendering()
        legend = figure.axes[0].get_legend().get_window_extent()
        width, height = figure.get_size_inches() * figure.dpi
        assert legend.x0 >= 0
        assert legend.x1 <= width
        assert legend.y1 <= height
        assert legend.y0 >= figure.axes[0].get_window_extent().y1


def test_given_axes_and_nothing_to_draw() -> None:
    figure = Figure()
    assert figures.histograms([("a", HISTOGRAM)], ax=figure.add_subplot()) is figure
    with pytest.raises(InputError, match="no histogram"):
        figures.histograms([])
