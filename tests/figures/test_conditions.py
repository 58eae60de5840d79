"""Conditions above figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.infer.profiled import compiled, factor, free, specification

import wilks
from wilks.figures.conditions import add_note
from wilks.results.conditions import Condition
from wilks.results.findings import Severity


def odd(brief: str, severity: Severity = Severity.WARNING) -> Condition:
    return Condition("at-bound", severity, brief, "Odd.")


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Return results of a fit with a factor at its bound, by what draws them."""
    samples = {
        "s": ([5.0, 0.5, 0.0], [free("mu")]),
        "b": ([1.0, 1.0, 1.0], [free("k")]),
        "c": ([5.0, 2.0, 2.0], [factor("a", 0.8, 1.2), factor("jet energy scale", 0.9, 1.1)]),
    }
    model = compiled(specification([20.0, 15.0, 16.0], samples, poi="mu"))
    fit = wilks.fit(model)
    ranking = wilks.ranking(model, method="covariance")
    return {
        "pulls": fit,
        "correlations": fit,
        "limit": wilks.limit(model),
        "hypotest": wilks.hypotest(model, value=[0.5, 1.0]),
        "significance": wilks.significance(model),
        "scan": wilks.scan(model, points=5),
        "contour": wilks.contour(model, parameters=("mu", "a"), points=5),
        "intervals": wilks.intervals(model, parameters="*"),
        "ranking": ranking,
        "impacts": ranking,
        "impacts_summary": ranking,
        "breakdown": wilks.breakdown(model),
        "goodness_of_fit": wilks.goodness_of_fit(model),
        "toys": wilks.toys(model, fit, count=20, seed=1),
        "toy_pulls": wilks.toys(model, fit, count=20, seed=1),
        "data_mc": wilks.predict(model, fit),
    }


def drawn(name: str, result: Any, **options: Any) -> Figure:
    if name == "data_mc":
        options["channel"] = "SR"
    figure: Figure = getattr(wilks.figures, name)(result, **options)
    return figure


def extents(figure: Figure) -> tuple[Any, list[Any]]:
    """Return the box of the note, and those of everything else with ink."""
    figure.draw_without_rendering()
    note = figure.texts[-1]
    others = [axes.get_tightbbox() for axes in figure.axes] + [t.get_window_extent() for t in figure.texts[:-1]]
    others += [legend.get_window_extent() for legend in figure.legends]
    return note, [box for box in others if box is not None]


NAMES = (
    "pulls correlations limit hypotest significance scan contour intervals ranking impacts impacts_summary breakdown "
    "goodness_of_fit toys toy_pulls data_mc"
)


@pytest.mark.parametrize("name", NAMES.split())
@pytest.mark.parametrize("style", ["plain", "CMS"])
def test_every_figure_has_it_above_all_else(results: dict[str, Any], name: str, style: str) -> None:
    look = wilks.figures.FigureStyle(style, status="Internal", energy="13 TeV", luminosity="140 fb")
    figure = drawn(name, results[name], style=look)
    note, others = extents(figure)
    assert note.get_text() == "k at its bound 10"
    box = note.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1
    assert box.y0 >= max(other.y1 for other in others) - 1.0


def test_nothing_else_changes() -> None:
    def figure() -> Figure:
        found = Figure(figsize=(4, 3))
        found.add_subplot()
        found.text(0.1, 0.2, "text")
        return found

    plain, noted, none = figure(), figure(), figure()
    add_note(noted, [odd("something")])
    add_note(none, [odd("only a note", Severity.NOTE)])
    before, after = (
        np.array([*each.axes[0].get_window_extent().extents, each.texts[0].get_window_extent().y0])
        for each in (plain, noted)
    )
    np.testing.assert_allclose(after, before, atol=0.5)
    assert noted.get_size_inches()[1] > 3
    assert none.get_size_inches()[1] == 3
    assert len(none.texts) == 1


def test_long_notes_take_lines() -> None:
    figure = Figure(figsize=(4, 3))
    figure.add_subplot()
    add_note(figure, [odd("first"), odd("first"), odd("a long one, " * 12), odd("last")])
    lines = [text.get_text() for text in figure.texts]
    assert lines[0] == "first"
    assert lines[-1].endswith("last")
    assert len(lines) > 2
    figure.draw_without_rendering()
    assert all(text.get_window_extent().x1 <= figure.bbox.x1 for text in figure.texts)


def test_on_axes_of_the_user(results: dict[str, Any]) -> None:
    figure = Figure()
    drawn("limit", results["limit"], ax=figure.add_subplot())
    height = figure.get_size_inches()[1]
    assert height == Figure().get_size_inches()[1]
    assert not figure.texts
    notes = [text for text in figure.axes[0].texts if text.get_text() == "k at its bound 10"]
    assert len(notes) == 1


def test_formulas_are_drawn() -> None:
    figure = Figure()
    figure.add_subplot()
    add_note(figure, [odd(r"$\mu$ and $ at bounds")])
    figure.draw_without_rendering()


def test_titles_leave_conditions(results: dict[str, Any]) -> None:
    titled = wilks.figures.titled(results["pulls"], {"k": "$k_1$"})
    assert titled.conditions == results["pulls"].conditions
