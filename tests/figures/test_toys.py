"""Figures of toys: what is drawn is what the record holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from tests.results.goodness_records import make_goodness, make_toys

from wilks import figures
from wilks.errors import InputError


def names(figure: Figure) -> list[str]:
    return [t.get_text() for ax in figure.axes for t in ax.get_yticklabels() if t.get_text()]


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_pulls_of_one_parameter(style: str) -> None:
    result = make_toys()
    figure = figures.toys(result, parameter="nuisance 4", style=style)
    figure.draw_without_rendering()
    (ax,) = figure.axes
    counts, _, _ = next(p for p in ax.patches if isinstance(p, StepPatch)).get_data()
    assert counts.sum() == 1000
    normal, own = ax.lines
    x, y = np.asarray(normal.get_xdata()), np.asarray(normal.get_ydata())
    assert y.sum() * (x[1] - x[0]) == pytest.approx(1000 * 10 / len(counts), rel=1e-3)
    assert x[np.argmax(own.get_ydata())] == pytest.approx(result.pull_mean[4], abs=0.02)
    assert any("68.3 % interval covers " in text.get_text() for text in ax.texts)
    assert max(np.max(own.get_ydata()), counts.max()) < ax.get_ylim()[1]


def test_the_parameter_of_interest_is_the_default_else_all() -> None:
    assert "mu" in [text.get_text() for text in figures.toys(make_toys()).axes[0].texts]
    assert names(figures.toys(make_toys(poi=None)))[0] == "alpha"
    fixed = replace(make_toys(), fixed=np.arange(10) == 0)
    assert names(figures.toys(fixed)) == [f"nuisance {i}" for i in range(1, 10)]
    assert isinstance(figures.draw(make_toys()), Figure)
    for name, message in (("nuisance 44", "did you mean"), ("mu", "is fixed, or no toy")):
        with pytest.raises(InputError, match=message):
            figures.toys(replace(fixed, usable=np.where(fixed.fixed, 0.0, 1000.0)), parameter=name)


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_all_parameters_with_mean_width_and_coverage(style: str) -> None:
    result = make_toys()
    figure = figures.toy_pulls(result, style=style)
    figure.draw_without_rendering()
    means, coverage = figure.axes
    assert names(figure) == list(result.names)
    bars = [p for p in means.patches if p.get_height() == pytest.approx(0.62)]  # type: ignore[attr-defined]
    np.testing.assert_allclose([b.get_width() for b in bars], 2 * result.pull_width)  # type: ignore[attr-defined]
    points = means.containers[-1].lines[0].get_xdata()  # type: ignore[attr-defined]
    np.testing.assert_allclose(points, result.pull_mean)
    drawn = np.concatenate([c.lines[0].get_xdata() for c in coverage.containers])  # type: ignore[attr-defined]
    np.testing.assert_allclose(np.sort(drawn), np.sort(100 * result.coverage[:, 0]))


def test_three_hundred_parameters_are_one_page_of_columns() -> None:
    result = make_toys(40, 300)
    assert len(names(figures.toy_pulls(result))) == 40
    figure = figures.toy_pulls(result, include_staterrors=True, exclude="nuisance *", rows=400)
    figure.draw_without_rendering()
    assert len(names(figure)) == 301
    width, height = figure.get_size_inches()
    assert 0.8 < width / height < 2.5
    boxes = [ax.get_position() for ax in figure.axes]
    assert all(0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1 for box in boxes)
    assert all(a.x1 < b.x0 + 1e-9 for a, b in pairwise(boxes))


def test_what_can_not_be_drawn_is_a_sentence() -> None:
    result = make_toys()
    with pytest.raises(InputError, match='no parameter "nu"'):
        figures.toy_pulls(result, exclude=["nu"])
    with pytest.raises(InputError, match="no parameter to draw"):
        figures.toy_pulls(result, exclude="*")
    wrong: Any = make_goodness()
    with pytest.raises(TypeError, match="draws a ToysResult"):
        figures.toys(wrong)


def test_pulls_on_axes_of_ones_own() -> None:
    page = Figure()
    assert figures.toys(make_toys(), ax=page.subplots()) is page


def test_a_page_holds_the_worst_pulls() -> None:
    result = make_toys(40, 300)
    i = result.index(result.names[-1])
    means = result.pull_mean.copy()
    means[i] = 5.0
    figure = figures.toy_pulls(replace(result, pull_mean=means), include_staterrors=True, rows=20)
    assert len(names(figure)) == 20
    assert result.names[-1] in names(figure)
    assert [text.get_text() for text in figure.texts] == ["320 more, with better pulls, not shown"]
    arrows = [line for ax in figure.axes for line in ax.lines if line.get_marker() == ">"]
    assert len(arrows) == 1
    with pytest.raises(InputError, match="rows must be at least 1, found 0"):
        figures.toy_pulls(result, rows=0)


def test_toys_without_a_fit_are_counted() -> None:
    result = make_toys()
    lost = replace(result, converged=result.done - 7, statuses={"converged": result.done - 7, "no": 7})
    shown = [text.get_text() for text in figures.toys(lost).axes[0].texts]
    assert "7 toys without a converged fit" in shown
    low, high = 100 * lost.coverage_range[0, 0]
    assert any(f"covers {low:.1f} to {high:.1f} %" in text for text in shown)
    # The error of a coverage reaches to the farther end of its interval.
    many = replace(result, converged=900, statuses={"converged": 900, "no": 100}, usable=0.9 * result.usable)
    many = replace(many, covered=0.9 * result.covered)
    bars = [
        container.lines[2][0].get_segments()[0]
        for figure in (figures.toy_pulls(result), figures.toy_pulls(many))
        for container in figure.axes[1].containers[:1]
    ]
    widths = [float(np.ptp(bar[:, 0])) for bar in bars]
    assert widths[1] > widths[0] + 2 * 5
