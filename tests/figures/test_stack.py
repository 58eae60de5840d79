from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from tests.figures.records import SAMPLES, lesson_shapes, make_channel, make_fit, make_prediction

import wilks
from wilks import figures
from wilks.errors import InputError
from wilks.figures.poisson import garwood
from wilks.figures.style import PETROFF10
from wilks.histogram import Axis
from wilks.results.prediction import ChannelPrediction, Prediction


def steps(figure: Figure) -> list[StepPatch]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, StepPatch)]


def only(channel: ChannelPrediction) -> Prediction:
    return Prediction("post-fit", (channel,), "")


def test_something_else_is_refused_in_a_sentence() -> None:
    with pytest.raises(TypeError, match=r"data_mc draws a Prediction, found a FitResult; get one with wilks\.predict"):
        figures.data_mc(make_fit())  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="found a FitResult"):
        figures.data_mc(make_prediction(), prefit=make_fit())  # type: ignore[call-overload]


def test_the_axis_title_may_be_tlatex() -> None:
    channel = replace(make_prediction()["4j1b CR"], axis=Axis(np.linspace(110, 550, 12), "#eta_{H} [GeV]"))
    figure = figures.data_mc(only(channel), channel="4j1b CR")
    assert figure.axes[1].get_xlabel() == r"$\eta_{\text{H}}$ [GeV]"


def test_stack_has_the_first_sample_on_top_and_the_band_around_the_total() -> None:
    prediction = make_prediction()
    channel = prediction["4j1b CR"]
    *stack, band = steps(figures.data_mc(prediction, channel="4j1b CR"))
    assert len(stack) == len(SAMPLES)
    for i, patch in enumerate(stack):
        values, edges, base = patch.get_data()
        assert edges == pytest.approx(channel.axis.edges)
        assert values - base == pytest.approx(channel.yields[len(SAMPLES) - 1 - i])
    assert stack[-1].get_data().values == pytest.approx(channel.total)
    assert band.get_data().values == pytest.approx(channel.total + channel.total_uncertainty)
    assert band.get_data().baseline == pytest.approx(channel.total - channel.total_uncertainty)


def test_legend_follows_the_stack() -> None:
    figure = figures.data_mc(make_prediction(), channel="4j1b CR", prefit=make_prediction("pre-fit"))
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["Data", *SAMPLES, "Uncertainty", "Pre-fit total"]


def test_data_points_and_their_intervals() -> None:
    prediction = make_prediction()
    channel = prediction["4j1b CR"]
    container = figures.data_mc(prediction, channel="4j1b CR").axes[0].containers[0]
    assert container.lines[0].get_xydata() == pytest.approx(np.column_stack([channel.axis.centers, channel.data]))
    bars = np.array(container.lines[2][0].get_segments())[:, :, 1]
    assert bars == pytest.approx(np.column_stack(garwood(channel.data)))


def test_axes_say_what_they_show() -> None:
    main, ratio = figures.data_mc(make_prediction(), channel="4j1b CR").axes
    assert main.get_ylabel() == "Events / 40 GeV"
    assert ratio.get_xlabel() == "$H_T$ [GeV]"
    assert main.get_xlim() == (110, 550)
    assert {"4j1b CR", "Post-fit"} <= {text.get_text() for text in main.texts}


@pytest.mark.parametrize(
    ("edges", "unit", "by_width", "title"),
    [
        ([0.0, 25, 50], "GeV", False, "Events / 25 GeV"),
        ([0.0, 25, 75], "GeV", False, "Events"),
        ([0.0, 25, 75], "GeV", True, "Events / GeV"),
        ([0.0, 1, 2], "", False, "Events"),
        ([0.0, 0.2, 0.4], "", False, "Events / 0.2"),
        ([0.0, 500], "GeV", False, "Events"),
    ],
)
def test_title_of_the_y_axis(edges: list[float], unit: str, by_width: bool, title: str) -> None:
    channel = make_channel("SR", Axis(edges, "x", unit), np.full((1, len(edges) - 1), 9.0), ("s",))
    figure = figures.data_mc(only(channel), channel="SR", divide_by_width=by_width)
    assert figure.axes[0].get_ylabel() == title


def test_division_by_the_width_scales_everything() -> None:
    channel = make_channel("SR", Axis([0.0, 2, 10], "x"), np.array([[8.0, 16.0]]), ("s",), np.array([6.0, 12.0]))
    figure = figures.data_mc(only(channel), channel="SR", divide_by_width=True)
    assert steps(figure)[0].get_data().values == pytest.approx([4, 2])
    assert figure.axes[0].containers[0].lines[0].get_ydata() == pytest.approx([3, 1.5])
    assert figure.axes[1].containers[0].lines[0].get_ydata() == pytest.approx([0.75, 0.75])


def test_blinded_bins_show_no_data_in_either_panel() -> None:
    figure = figures.data_mc(make_prediction(), channel="4j1b CR", blind={"4j1b CR": [0, 10]})
    for ax in figure.axes:
        assert len(ax.containers[0].lines[0].get_xdata()) == 9
    everything = figures.data_mc(make_prediction(), channel="4j1b CR", blind=["4j1b CR"])
    assert "Data" not in [text.get_text() for text in everything.axes[0].get_legend().get_texts()]


def test_automatic_log_axis() -> None:
    steep = make_channel("SR", Axis([0.0, 1, 2], "x"), np.array([[1e5, 2.0]]), ("s",))
    flat = make_channel("SR", Axis([0.0, 1, 2], "x"), np.array([[10.0, 2.0]]), ("s",))
    scales = [figures.data_mc(only(c), channel="SR", log=None).axes[0].get_yscale() for c in (steep, flat)]
    assert scales == ["log", "linear"]


@pytest.mark.parametrize("log", [False, True, None])
@pytest.mark.parametrize(("style", "scale"), [("plain", 0.0), ("CMS", 1e-7), ("plain", 1.0), ("ATLAS", 1e6)])
def test_extreme_yields_can_be_drawn(log: bool | None, style: str, scale: float) -> None:
    shapes = lesson_shapes(scale)
    shapes[:, 4] = 0
    shapes[3] *= -1
    channel = make_channel("50 % of_$", Axis(np.linspace(0, 1, 12), "$", "#"), shapes, ("a_b", "$", "%", "#", "&"))
    channel = replace(channel, total_uncertainty=np.where(np.arange(11) == 2, np.nan, channel.total_uncertainty))
    figure = figures.data_mc(only(channel), channel="50 % of_$", log=log, style=style)
    figure.draw_without_rendering()
    low, high = figure.axes[0].get_ylim()
    assert low < high
    # The negative sample is below zero where the axis has such a place.
    assert (low < 0) == (figure.axes[0].get_yscale() == "linear" and scale > 0)


def test_no_band_without_usable_uncertainty() -> None:
    channel = replace(make_prediction()["4j1b CR"], total_uncertainty=np.full(11, np.nan))
    figure = figures.data_mc(only(channel), channel="4j1b CR")
    assert "Uncertainty" not in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_draws_on_given_axes() -> None:
    figure = Figure()
    axes = tuple(figure.subplots(2, 1))
    assert figures.data_mc(make_prediction(), channel="4j1b CR", ax=axes) is figure
    assert len(axes[0].containers) == 1


def test_every_mistake_is_named() -> None:
    with pytest.raises(InputError) as error:
        figures.data_mc(
            make_prediction(),
            channel="4j1b",
            blind=["4j2b"],
            prefit=only(make_channel("other", Axis([0.0, 1.0]), np.ones((5, 1)))),
        )
    assert len(error.value.problems) == 4
    assert 'did you mean "4j1b CR"' in error.value.problems[0]
    with pytest.raises(InputError, match="bins 0 to 10, found 11"):
        figures.data_mc(make_prediction(), blind={"4j1b CR": [11]})


def test_bins_blinded_in_the_prediction_are_hidden_too() -> None:
    figure = figures.data_mc(make_prediction().blinded({"4j1b CR": [0, 10]}), channel="4j1b CR")
    asked = figures.data_mc(make_prediction(), channel="4j1b CR", blind={"4j1b CR": [0, 10]})
    for ax, other in zip(figure.axes, asked.axes, strict=True):
        assert len(ax.containers[0].lines[0].get_xdata()) == 9
        assert len(ax.patches) == len(other.patches)
        assert ax.get_ylim() == other.get_ylim()


def two_channels(signals: tuple[str, ...] = ()) -> Prediction:
    axis = Axis([0.0, 1.0, 2.0])
    first = make_channel("SR", axis, np.array([[5.0, 5.0], [2.0, 1.0], [3.0, 4.0]]), ("top", "signal", "fakes"))
    second = make_channel("CR", axis, np.array([[3.0, 4.0], [5.0, 5.0]]), ("fakes", "top"))
    return Prediction("post-fit", (first, second), "", signals=signals)


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()][1:-1]


def test_the_signal_is_on_top_and_channels_are_stacked_alike() -> None:
    drawn = figures.data_mc(two_channels(("signal",)))
    assert [legend(drawn[name]) for name in ("SR", "CR")] == [["signal", "top", "fakes"], ["top", "fakes"]]
    top = steps(drawn["SR"])[2].get_data()
    assert top.values - top.baseline == pytest.approx([2.0, 1.0])
    for name in ("SR", "CR"):
        colors = {patch.get_facecolor() for patch in steps(drawn[name])[:-1]}
        assert colors == {to_rgba(PETROFF10[i]) for i in ((0, 1, 2) if name == "SR" else (1, 2))}
    whole = figures.summary(two_channels(("signal",)))
    assert [text.get_text() for text in whole.legends[0].get_texts()][1:-1] == ["signal", "top", "fakes"]


def test_an_order_goes_before_all() -> None:
    assert legend(figures.data_mc(two_channels(("signal",)), channel="SR", order=["fakes"])) == [
        *("fakes", "signal", "top"),
    ]
    with pytest.raises(InputError, match='order: there is no sample "fake" in this prediction; did you mean "fakes"'):
        figures.data_mc(two_channels(), order=["fake"])


def test_a_prediction_knows_its_signal() -> None:
    model = wilks.compile_model(wilks.examples.search())
    assert wilks.predict(model).signals == ("Signal",)
    assert wilks.predict(wilks.compile_model(wilks.examples.search(), poi="")).signals == ("Signal",)
    assert wilks.predict(model.with_poi("top_norm")).signals == ("Top",)
    assert legend(figures.data_mc(wilks.predict(model), channel="SR 2b"))[0] == "Signal"
