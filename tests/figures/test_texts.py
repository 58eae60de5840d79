"""Texts on figures: names are whole and inside the figure, and no curve runs through what is to be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text
from tests.figures.records import make_fit, make_prediction
from tests.figures.test_ranking import make_ranking

import wilks
from wilks import figures
from wilks.results.hypotest import LimitResult

LONG = "weight_bTagSF_DL1r_Continuous_eigenvars_extrapolation_from_charm_up"
SPOKEN = "A process of which the name is longer than any legend of a figure has room for"


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    model = wilks.compile_model(wilks.examples.search())
    return {
        "scan": wilks.scan(model, points=7, stat_only=True),
        "limit": wilks.limit(model),
        "goodness": wilks.goodness_of_fit(model, toys=50),
        "breakdown": wilks.breakdown(model),
        "compatibility": wilks.compatibility(model, workspace=wilks.examples.search()),
        "intervals": wilks.intervals(model, parameters=["b-tagging", "Luminosity"]),
        "toys": wilks.toys(model, count=20, seed=1),
    }


def all_texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def whole(figure: Figure, name: str) -> None:
    """Check that a name is drawn, with all its letters, within the figure."""
    figure.draw_without_rendering()
    plain = "".join(name.split())
    found = [text for text in all_texts(figure) if plain in "".join(text.get_text().split())]
    if not found:  # the lines of a label inside the frame are texts of their own
        found = [text for text in figure.axes[0].texts if len(text.get_text()) > 9 and text.get_text() in name]
        assert plain in "".join("".join(text.get_text().split()) for text in found)
    for text in found:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0
        assert box.y1 <= figure.bbox.y1


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_names_of_parameters_are_whole(style: str, results: dict[str, Any]) -> None:
    fit = make_fit()
    named = figures.titled(fit, {"Pile-up": LONG})
    ranking = make_ranking()
    ranked = replace(ranking, names=(LONG, *ranking.names[1:]))
    for figure in (
        figures.pulls(named, style=style),
        figures.pulls({"a": named, "b": named}, style=style),
        figures.ranking(ranked, style=style),
        figures.ranking({"a": ranked, "b": ranked}, style=style),
        figures.impacts(ranked, style=style),
        figures.impacts_summary(ranked, style=style),
        figures.intervals(figures.titled(results["intervals"], {"b-tagging": LONG}), style=style),
        figures.toy_pulls(figures.titled(results["toys"], {"b-tagging": LONG}), style=style),
        figures.breakdown(figures.titled(results["breakdown"], {"systematics": LONG}), style=style),
        figures.poi_summary({LONG: fit, "b": fit}, style=style),
        figures.compatibility(figures.titled(results["compatibility"], {"SR 2b": LONG}), style=style),
    ):
        whole(figure, LONG)


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_names_of_samples_channels_and_parameters_of_interest_are_whole(style: str, results: dict[str, Any]) -> None:
    prediction = figures.titled(make_prediction(), {"ttbar": SPOKEN, "4j1b CR": LONG})
    figure = figures.data_mc(prediction, channel=LONG, style=style)
    for name in (SPOKEN, LONG):
        whole(figure, name)
        whole(figures.summary(prediction, style=style), name)
    whole(figures.scan(figures.titled(results["scan"], {"mu": SPOKEN}), style=style), SPOKEN)
    whole(figures.limit(figures.titled(results["limit"], {"mu": SPOKEN}), style=style), SPOKEN)


def crossed(figure: Figure) -> list[str]:
    """Return the texts inside frames, legends too, that a curve runs through."""
    figure.draw_without_rendering()
    found = []
    for ax in figure.axes:
        legend = ax.get_legend()
        texts = [*ax.texts, *(legend.get_texts() if isinstance(legend, Legend) else ())]
        points = np.concatenate([dense(ax, line) for line in ax.lines] or [np.empty((0, 2))])
        for text in texts:
            box = text.get_window_extent()
            inside = (points > box.min).all(axis=1) & (points < box.max).all(axis=1)
            if text.get_text() and inside.any():
                found.append(text.get_text())
    return found


def dense(ax: Axes, line: Line2D) -> np.ndarray:
    """Return points of what is seen of a line, at most half a pixel apart."""
    path = line.get_transform().transform(line.get_xydata())
    path = path[np.isfinite(path).all(axis=1)]
    if line.get_linestyle() == "None" or len(path) < 2:
        return path
    steps = [
        np.linspace(a, b, max(int(2 * np.abs(b - a).max()), 2)) for a, b in pairwise(path) if np.abs(b - a).max() < 1e5
    ]
    points = np.concatenate(steps)
    for frame in (ax.get_window_extent(), line.get_clip_box()):
        if frame is not None:
            points = points[(points >= frame.min).all(axis=1) & (points <= frame.max).all(axis=1)]
    return points


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_no_curve_runs_through_texts(style: str, results: dict[str, Any]) -> None:
    draw: dict[str, Callable[[], Figure]] = {
        "scan": lambda: figures.scan(results["scan"], style=style),
        "limit": lambda: figures.limit(results["limit"], style=style),
        "goodness": lambda: figures.goodness_of_fit(results["goodness"], style=style),
        "pulls": lambda: figures.pulls(make_fit(), style=style),
        "impacts": lambda: figures.impacts(make_ranking(), style=style),
        "ranking": lambda: figures.ranking(make_ranking(), style=style),
        "yields": lambda: figures.data_mc(make_prediction(), channel="4j1b CR", style=style),
        "compatibility": lambda: figures.compatibility(results["compatibility"], style=style),
    }
    assert {name: crossed(make()) for name, make in draw.items()} == {name: [] for name in draw}


def test_a_legend_that_would_hide_curves_stands_beside_the_frame(results: dict[str, Any]) -> None:
    limit: LimitResult = results["limit"]
    # Curves through all corners: an excess that excludes nothing within the range.
    curve = limit.curve
    high = replace(curve.observed, cls=np.linspace(1.0, 0.97, len(curve)))
    low = np.linspace(0.99, 0.01, len(curve))[:, None] ** np.array([9.0, 3.0, 1.0, 0.3, 0.05])
    unknown = curve.asimov_statistic * np.nan
    full = replace(curve, observed=high, expected=replace(curve.expected, cls=low), asimov_statistic=unknown)
    figure = figures.limit(replace(limit, curve=full))
    assert crossed(figure) == []
    whole(figure, "Observed")
