"""Stacks with negative contributions."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from tests.figures.records import make_channel

from wilks import figures
from wilks.histogram import Axis
from wilks.results.prediction import Prediction

YIELDS = np.array([[2.0, 2, 2], [20, -3, 10], [-4, 1, 2]])
NAMES = ("Sig", "Bkg", "Minus")
TOTAL = YIELDS.sum(axis=0)


def drawn(yields: np.ndarray = YIELDS, **options: object) -> Figure:
    channel = make_channel("SR", Axis([0.0, 1, 2, 3], "x"), yields, NAMES, np.array([18.0, 0, 14]))
    figure = figures.data_mc(Prediction("pre-fit", (channel,), ""), channel="SR", **options)  # type: ignore[call-overload]
    assert isinstance(figure, Figure)
    return figure


def steps(figure: Figure) -> list[StepPatch]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, StepPatch)]


def test_every_sample_has_its_height_and_negative_ones_lie_below_zero() -> None:
    figure = drawn()
    layers = steps(figure)[: len(NAMES)]
    below, above = np.zeros(3), np.zeros(3)
    for patch, values in zip(layers, YIELDS[::-1], strict=True):
        tops, _, bases = patch.get_data()
        assert tops - bases == pytest.approx(values)
        assert (np.maximum(tops, bases) <= 0)[values < 0].all()
        assert (np.minimum(tops, bases) >= 0)[values > 0].all()
        above, below = np.maximum(above, np.maximum(tops, bases)), np.minimum(below, np.minimum(tops, bases))
    assert above == pytest.approx([22, 3, 14])
    assert below == pytest.approx([-4, -3, 0])
    low, high = figure.axes[0].get_ylim()
    assert low < -4
    assert high > 22


def test_the_total_is_a_line_where_something_is_negative() -> None:
    figure = drawn()
    line = next(patch for patch in steps(figure) if not patch.get_fill() and patch.get_hatch() is None)
    assert line.get_data().values == pytest.approx(TOTAL)
    assert "Total" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    positive = drawn(np.abs(YIELDS))
    assert "Total" not in [text.get_text() for text in positive.axes[0].get_legend().get_texts()]
    assert positive.axes[0].get_ylim()[0] == 0


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_a_logarithmic_axis_says_what_it_does_not_show_and_has_no_bar_where_the_total_is_zero(style: str) -> None:
    figure = drawn(log=True, style=style)
    floor = figure.axes[0].get_ylim()[0]
    for patch in steps(figure)[: len(NAMES)]:
        tops, _, bases = patch.get_data()
        assert tops[1] == bases[1] == pytest.approx(floor)
    line = next(patch for patch in steps(figure) if not patch.get_fill() and patch.get_hatch() is None)
    assert line.get_data().values[[0, 2]] == pytest.approx([18, 14])
    assert np.isnan(line.get_data().values[1])
    notes = [text.get_text() for text in figure.axes[0].texts]
    assert "negative in 2 bins, not on this axis: Bkg, Minus" in notes
    assert not any("negative" in text.get_text() for text in drawn(np.abs(YIELDS), log=True).axes[0].texts)


def test_falling_yields_get_a_logarithmic_axis_by_themselves() -> None:
    falling = np.array([[1.0, 1, 1], [10000, 500, 10], [1, 1, 1]])
    assert drawn(falling).axes[0].get_yscale() == "log"
    assert drawn(falling, log=False).axes[0].get_yscale() == "linear"
    assert drawn(falling, log=False).axes[0].get_ylim()[0] == 0
