"""The experiment's texts: at one place in all figures, and no name without a status."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from tests.figures.records import make_fit, make_prediction

import wilks
from wilks import figures
from wilks.figures import FigureStyle
from wilks.figures.decoration import lines_above

LONG = {"energy": "13.6 TeV", "luminosity": "140.1 fb$^{-1}$"}


@pytest.fixture(scope="module")
def drawn() -> dict[str, Callable[[FigureStyle], Figure]]:
    """Return figures of all families by name, as functions of the style."""
    model = wilks.compile_model(wilks.examples.search())
    fit, ranking = wilks.fit(model), wilks.ranking(model)
    limit, scan = wilks.limit(model), wilks.scan(model, points=5)
    found, breakdown = wilks.goodness_of_fit(model), wilks.breakdown(model)
    intervals, significance = wilks.intervals(model, parameters=["mu", "b-tagging"]), wilks.significance(model)
    toys = wilks.toys(model, count=20, seed=1)
    compatibility = wilks.compatibility(model, workspace=wilks.examples.search())
    config = wilks.load_config(wilks.examples.steering_file())
    templates = wilks.process_templates(wilks.build_templates(config), config)
    many = make_fit(tuple(f"NP {i}" for i in range(120)))
    return {
        "data_mc": lambda style: figures.data_mc(make_prediction(), channel="4j1b CR", style=style),
        "summary": lambda style: figures.summary(make_prediction(), style=style),
        "pulls": lambda style: figures.pulls(fit, style=style),
        "pulls in columns": lambda style: figures.pulls(many, style=style),
        "several pulls": lambda style: figures.pulls({"a": fit, "b": fit}, style=style),
        "correlations": lambda style: figures.correlations(fit, style=style),
        "ranking": lambda style: figures.ranking(ranking, rows=4, style=style),
        "several rankings": lambda style: figures.ranking({"a": ranking, "b": ranking}, rows=4, style=style),
        "impacts": lambda style: figures.impacts(ranking, rows=4, style=style),
        "impacts_summary": lambda style: figures.impacts_summary(ranking, rows=4, style=style),
        "breakdown": lambda style: figures.breakdown(breakdown, style=style),
        "limit": lambda style: figures.limit(limit, style=style),
        "scan": lambda style: figures.scan(scan, style=style),
        "goodness_of_fit": lambda style: figures.goodness_of_fit(found, style=style),
        "compatibility": lambda style: figures.compatibility(compatibility, style=style),
        "intervals": lambda style: figures.intervals(intervals, style=style),
        "significance": lambda style: figures.significance(significance, style=style),
        "toys": lambda style: figures.toys(toys, style=style),
        "toy_pulls": lambda style: figures.toy_pulls(toys, style=style),
        "poi_summary": lambda style: figures.poi_summary({"a": fit, "b": fit}, style=style),
        "pruning": lambda style: figures.pruning(templates, style=style),
        "variation": lambda style: figures.variation(
            templates, region="muons", systematic="WZ modelling", sample="WZ", style=style
        ),
    }


NAMES = [
    *(
        "data_mc",
        "summary",
        "pulls",
        "pulls in columns",
        "several pulls",
        "correlations",
        "ranking",
        "several rankings",
    ),
    *("impacts", "impacts_summary", "breakdown", "limit", "scan", "goodness_of_fit", "compatibility", "intervals"),
    *("significance", "toys", "toy_pulls", "poi_summary", "pruning", "variation"),
]


def texts(figure: Figure) -> dict[str, Text]:
    return {text.get_text(): text for ax in figure.axes for text in ax.texts if text.get_text()}


@pytest.mark.parametrize("style", ["ATLAS", "CMS"])
@pytest.mark.parametrize("name", NAMES)
def test_name_and_status_stand_above_the_left_corner_of_the_frame(
    drawn: dict[str, Callable[[FigureStyle], Figure]], name: str, style: str
) -> None:
    figure = drawn[name](FigureStyle(style, **LONG))
    figure.draw_without_rendering()
    found, frames = texts(figure), [ax.get_window_extent() for ax in figure.axes]
    experiment, status = found[style].get_window_extent(), found["Work in progress"].get_window_extent()
    beam = next(text for words, text in found.items() if "140.1" in words).get_window_extent()
    frame = found[style].axes.get_window_extent()
    points = figure.dpi / 72
    assert experiment.x0 == pytest.approx(frame.x0, abs=3 * points)
    assert frame.y1 < experiment.y0 < frame.y1 + 50 * points
    assert frame.x0 == pytest.approx(min(each.x0 for each in frames), abs=1) or name == "pulls in columns"
    assert experiment.x1 < status.x0
    assert abs(experiment.y0 - status.y0) < 3 * points
    assert not beam.overlaps(status)
    assert not beam.overlaps(experiment)
    assert figure.bbox.x1 >= max(status.x1, beam.x1)
    assert figure.bbox.y1 >= max(status.y1, beam.y1)
    assert beam.y0 > frame.y1


def test_a_name_never_stands_alone_but_in_a_paper() -> None:
    fit = make_fit()
    for name in ("ATLAS", "CMS"):
        assert {name, "Work in progress"} <= set(texts(figures.pulls(fit, style=name)))
        assert {name, "Internal"} <= set(texts(figures.pulls(fit, style=FigureStyle(name, "Internal"))))
        alone = set(texts(figures.pulls(fit, style=FigureStyle(name, "paper"))))
        assert name in alone
        assert not alone & {"paper", "Work in progress"}
    assert not set(texts(figures.pulls(fit))) & {"plain", "paper", "Work in progress"}


def test_energy_and_luminosity_go_a_line_higher_where_the_frame_is_narrow() -> None:
    fit = make_fit()
    for status, lines in (("", 2), ("Internal", 1)):
        ax = figures.pulls(fit, style=FigureStyle("CMS", status, **LONG)).axes[0]
        assert lines_above(ax) == lines
    assert lines_above(figures.pulls(fit).axes[0]) == 0


def test_what_is_wrong_stands_above_the_experiment() -> None:
    from dataclasses import replace

    fit = replace(make_fit(), converged=False)
    for status in ("Internal", "Work in progress"):
        figure = figures.pulls(fit, style=FigureStyle("CMS", status, **LONG))
        figure.draw_without_rendering()
        boxes = {words: text.get_window_extent() for words, text in texts(figure).items()}
        wrong = next(box for words, box in boxes.items() if "did not converge" in words)
        others = [box for words, box in boxes.items() if words == "CMS" or words == status or "140.1" in words]
        assert len(others) == 3
        assert not np.any([wrong.overlaps(box) for box in others])
