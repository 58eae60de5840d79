from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from tests.figures.records import make_channel, make_fit, make_prediction

from wilks import figures
from wilks.errors import InputError
from wilks.histogram import Axis
from wilks.results.prediction import Prediction


def single_bins(count: int, label: str = "post-fit") -> Prediction:
    channels = (
        make_channel(f"SR bin {k}", Axis([0.0, 1.0]), np.array([[3.0 + k], [40.0]]), ("Signal", "Background"))
        for k in sorted(range(count), key=str)
    )
    return Prediction(label, tuple(channels), "")


def stack(figure: Figure, panel: int) -> list[StepPatch]:
    return [patch for patch in figure.axes[panel].patches if isinstance(patch, StepPatch)]


def test_all_channels_stand_side_by_side_in_natural_order() -> None:
    figure = figures.summary(single_bins(60))
    main, ratio = figure.axes
    assert [text.get_text() for text in ratio.get_xticklabels()] == [f"SR bin {k}" for k in range(60)]
    background, signal = stack(figure, 0)[:2]
    assert background.get_data().values == pytest.approx(np.full(60, 40.0))
    assert signal.get_data().values == pytest.approx(43.0 + np.arange(60))
    assert main.get_xlim() == (0, 60)


def test_every_bin_is_drawn_or_the_sums_of_channels() -> None:
    prediction = make_prediction()
    bins = sum(len(channel.axis) for channel in prediction.channels)
    assert figures.summary(prediction).axes[0].get_xlim() == (0, bins)
    figure = figures.summary(prediction, per_bin=False)
    assert stack(figure, 0)[len(prediction.channels[0].samples) - 1].get_data().values == pytest.approx(
        [channel.total.sum() for channel in prediction.channels]
    )
    band = next(patch for patch in stack(figure, 0) if patch.get_hatch())
    tops, _, bases = band.get_data()
    assert 0.5 * (tops - bases) == pytest.approx([channel.sum_uncertainty for channel in prediction.channels])


def test_many_channels_are_folded_and_none_is_lost() -> None:
    figure = figures.summary(single_bins(200))
    names = [text.get_text() for ax in figure.axes[1::2] for text in ax.get_xticklabels()]
    assert names == [f"SR bin {k}" for k in range(200)]
    assert len(figure.axes) == 8
    assert len({ax.get_ylim() for ax in figure.axes[::2]}) == 1


def test_the_total_before_the_fit_is_a_line_in_both_panels() -> None:
    before, after = single_bins(5, "pre-fit"), single_bins(5)
    changed = [replace(channel, yields=2 * channel.yields) for channel in before.channels]
    figure = figures.summary(after, prefit=replace(before, channels=tuple(changed)))
    lines = [patch for panel in (0, 1) for patch in stack(figure, panel) if patch.get_linestyle() == "--"]
    assert lines[0].get_data().values == pytest.approx(2 * (43.0 + np.arange(5)))
    assert lines[1].get_data().values == pytest.approx(np.full(5, 2.0))


def test_blinded_bins_have_no_data() -> None:
    prediction = make_prediction().blinded({"4j1b CR": [0, 10]})
    bins = sum(len(channel.axis) for channel in prediction.channels)
    assert len(figures.summary(prediction).axes[0].containers[0].lines[0].get_xdata()) == bins - 2
    sums = figures.summary(prediction, per_bin=False).axes[0].containers[0].lines[0].get_xdata()
    assert len(sums) == len(prediction.channels) - 1


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_nothing_lies_outside_of_the_figure_or_on_something_else(style: str) -> None:
    names = tuple(f"A rather long sample name number {k} (2016-2018)" for k in range(28))
    channels = (make_channel(f"region {k}", Axis([0.0, 1, 2]), np.full((28, 2), 5.0), names) for k in range(20))
    chosen = figures.FigureStyle(style, "Internal", "13 TeV", "140 fb$^{-1}$")
    figure = figures.summary(Prediction("pre-fit", tuple(channels), ""), style=chosen)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    legend = figure.legends[0].get_window_extent()
    boxes = [box for ax in figure.axes if (box := ax.get_tightbbox()) is not None]
    for box in (*boxes, legend):
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= width
        assert box.y1 <= height
    assert legend.y0 >= max(box.y1 for box in boxes) - 1
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(set(texts)) == len(texts) == 30


def test_mistakes_are_named() -> None:
    with pytest.raises(TypeError, match="summary draws a Prediction, found a FitResult"):
        figures.summary(make_fit())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no channel to draw"):
        figures.summary(Prediction("pre-fit", (), ""))
    with pytest.raises(InputError, match='no channel "SR bin 7"'):
        figures.summary(single_bins(3), blind=["SR bin 7"])
