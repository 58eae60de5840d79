from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.figures.records import make_prediction

from wilks import figures, load_config, process_templates
from wilks.errors import InputError
from wilks.figures.bin_ticks import label_bins
from wilks.histogram import Axis, Histogram
from wilks.results.prediction import Prediction
from wilks.templates.store import TemplateKey, Templates

NAMES = tuple(f"{n}j{b}b" for n in (4, 5, 6) for b in (0, 1, 2))


def ticks(ax: Any) -> dict[float, str]:
    return {tick.get_position()[0]: tick.get_text() for tick in ax.get_xticklabels()}


def drawn(axis: Axis) -> Any:
    ax = Figure(figsize=(6, 4)).add_subplot()
    ax.set_xlim(axis.edges[0], axis.edges[-1])
    assert label_bins(axis, ax)
    return ax


def test_labels_stand_under_the_centres_of_their_bins() -> None:
    ax = drawn(Axis([0, 1, 2, 4], bin_labels=("#mu#mu", "e$e", "")))
    assert ticks(ax) == {0.5: r"$\mu\mu$", 1.5: r"e\$e", 3.0: "2–4"}
    assert all(tick.get_rotation() == 0 for tick in ax.get_xticklabels())
    assert not label_bins(Axis([0, 1, 2]), ax)
    assert len(ticks(ax)) == 3


@pytest.mark.parametrize("bins", [8, 40, 400])
def test_long_labels_are_upright_and_touch_no_other(bins: int) -> None:
    ax = drawn(Axis.of_labels([f"signal region {i} of many" for i in range(bins)]))
    figure = ax.figure
    figure.draw_without_rendering()
    labels = ax.get_xticklabels()
    assert all(tick.get_rotation() == 90 for tick in labels)
    boxes = sorted((tick.get_window_extent() for tick in labels), key=lambda box: box.x0)
    assert all(one.x1 <= other.x0 + 1.0 for one, other in pairwise(boxes))
    assert len(labels) == bins or bins == 400
    assert ticks(ax)[0.5].startswith("signal region 0")


def labelled() -> Prediction:
    channel = make_prediction()["4j1b CR"]
    axis = Axis.of_labels([*NAMES, "other", "rest"], label="category")
    return Prediction("post-fit", (replace(channel, axis=axis),), "")


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_data_and_prediction_of_categories(style: str) -> None:
    prediction = labelled()
    figure = figures.data_mc(prediction, channel="4j1b CR", style=style, divide_by_width=True, blind={"4j1b CR": [2]})
    main, ratio = figure.axes
    assert list(ticks(ratio).values()) == [*NAMES, "other", "rest"]
    assert main.get_ylabel() == "Events"  # categories have no width
    total = prediction["4j1b CR"].total.sum()
    top = main.patches[len(prediction["4j1b CR"].samples) - 1].get_data().values
    assert top.sum() == pytest.approx(total)


def test_a_prefit_of_other_labels_is_no_line() -> None:
    prediction = labelled()
    turned = replace(prediction.channels[0], axis=Axis.of_labels(prediction.channels[0].axis.bin_labels[::-1]))
    with pytest.raises(InputError, match='prefit has no channel "4j1b CR" with the same bins'):
        figures.data_mc(prediction, channel="4j1b CR", prefit=Prediction("pre-fit", (turned,), ""))


def test_variations_of_categories() -> None:
    config = load_config(
        {
            "General": {"Measurement": "m", "POI": "mu", "InputPath": "x.root:{SamplePath}", "HistogramFolder": "h"},
            "Regions": [{"Name": "SR"}],
            "Samples": [
                {"Name": "Data", "SamplePath": "d", "Data": True},
                {"Name": "Sig", "SamplePath": "s"},
            ],
            "NormFactors": [{"Name": "mu", "Samples": "Sig"}],
            "Systematics": [
                {"Name": "A", "Type": "NormPlusShape", "Up": {"SamplePath": "u"}, "Down": {"Symmetrize": True}}
            ],
        }
    )
    axis = Axis.of_labels(["ee", "mm"])
    keys = [TemplateKey("SR", "Data"), TemplateKey("SR", "Sig"), TemplateKey("SR", "Sig", "A", "Up")]
    made = Templates({key: Histogram(axis, [10.0 + i, 20.0], [1, 2]) for i, key in enumerate(keys)})
    templates = process_templates(made, config)
    for figure in (
        figures.variation(templates, region="SR", systematic="A", sample="Sig"),
        figures.variation(templates, region="SR", systematic="A", data="Data"),
    ):
        assert ticks(figure.axes[1]) == {0.5: "ee", 1.5: "mm"}


def test_histograms_over_each_other_have_one_order() -> None:
    one = Histogram(Axis.of_labels(["ee", "em", "mm"]), [1, 2, 3], [1, 2, 3])
    other = Histogram(Axis([0, 10, 20, 30], bin_labels=("mm", "ee", "em")), [30, 10, 20], [3, 1, 2])
    empty = Histogram(Axis([0, 1]), [0], [0])
    figure = figures.histograms([("none", empty), ("one", one), ("other", other)])
    outlines = [patch.get_data().values.tolist() for patch in figure.axes[0].patches[1::2]]
    assert outlines == [[0, 0, 0], [1, 2, 3], [10, 20, 30]]
    assert list(ticks(figure.axes[0]).values()) == ["ee", "em", "mm"]
    legend = " ".join(text.get_text() for text in figure.axes[0].get_legend().get_texts())
    assert "mean" not in legend


@pytest.mark.parametrize("labels", [("ee", "em", "tt"), ("ee", "em"), ()])
def test_histograms_of_other_labels_are_not_drawn_over_each_other(labels: tuple[str, ...]) -> None:
    one = Histogram(Axis.of_labels(["ee", "em", "mm"]), [1, 2, 3], [1, 2, 3])
    bins = len(labels) or 3
    other = Histogram(Axis(np.arange(bins + 1.0), bin_labels=labels), np.ones(bins), np.ones(bins))
    with pytest.raises(InputError, match=r'"b" can\'t be drawn over "a", which has other bins: .*"ee", "em", "mm"'):
        figures.histograms([("a", one), ("b", other)])
