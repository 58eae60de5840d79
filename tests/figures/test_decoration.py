import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.figures.records import make_channel

from wilks import figures
from wilks.figures import FigureStyle
from wilks.figures.decoration import in_red, legend_in_corner
from wilks.histogram import Axis
from wilks.results.prediction import Prediction


@pytest.mark.parametrize("name", ["plain", "ATLAS", "CMS"])
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("samples", "letters"), [(1, 3), (5, 22), (24, 12)])
def test_labels_legend_and_data_never_overlap(name: str, log: bool, samples: int, letters: int) -> None:
    names = tuple(f"{i:0{letters}d}" for i in range(samples))
    shapes = np.outer(np.linspace(1, 2, samples), np.linspace(900, 1000, 10))
    channel = make_channel("4j1b CR", Axis(np.linspace(0, 500, 11), "$H_T$", "GeV"), shapes, names)
    style = FigureStyle(name, "Internal", "13 TeV", "140 fb$^{-1}$")
    figure = figures.data_mc(Prediction("post-fit", (channel,), ""), channel="4j1b CR", style=style, log=log)
    figure.draw_without_rendering()
    ax = figure.axes[0]
    frame, legend = ax.get_window_extent(), ax.get_legend().get_window_extent()
    inside = [text.get_window_extent() for text in ax.texts if text.get_window_extent().y1 < frame.y1]
    assert not any(box.overlaps(legend) for box in inside)
    assert legend.x0 > frame.x0
    assert legend.x1 < frame.x1
    top = max((channel.total + channel.total_uncertainty).max(), (channel.data + 1.2 * np.sqrt(channel.data)).max())
    _, highest = ax.transData.transform((0, top))
    assert min(box.y0 for box in [legend, *inside]) > highest


def test_power_of_ten_stands_in_the_title() -> None:
    def title(scale: float) -> str:
        channel = make_channel("SR", Axis([0.0, 1.0, 2.0], "n"), np.array([[1.0, 2.0]]) * scale, ("s",))
        return figures.data_mc(Prediction("p", (channel,), ""), channel="SR").axes[0].get_ylabel()

    assert title(1e3) == "Events"
    assert title(1e6) == "Events   [$10^{6}$]"
    # The error bars of data decide with: 2e-3 events at most, of which the sample of data has none.
    assert title(1e-3) == "Events   [$10^{-3}$]"


def test_legends_take_the_corner_that_hides_least() -> None:
    from matplotlib.lines import Line2D

    ax = Figure().add_subplot()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    entries = [(Line2D([], []), "a")]
    for x, y in ((0.97, 0.97), (0.03, 0.97), (0.03, 0.03), (0.97, 0.03)):
        others = np.array(
            [place for place in ((0.97, 0.97), (0.03, 0.97), (0.03, 0.03), (0.97, 0.03)) if place != (x, y)]
        )
        legend_in_corner(ax, entries, others)
        box = ax.get_legend().get_window_extent()
        assert box.contains(*ax.transData.transform((x, y)))


def test_what_is_missing_is_said_above_the_frame() -> None:
    ax = Figure().add_subplot()
    in_red(ax, FigureStyle(), [])
    assert not ax.texts
    in_red(ax, FigureStyle(), ["2 failed fits", "a note"])
    assert [text.get_text() for text in ax.texts] == ["2 failed fits; a note"]
