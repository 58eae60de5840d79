"""The figure of a significance: curves are the asymptotic distributions, the tail is p0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats
from tests.infer.searches import counting, model

import wilks
from wilks import figures
from wilks.errors import InputError
from wilks.results.hypotest import SignificanceResult


@pytest.fixture(scope="module")
def found() -> SignificanceResult:
    return wilks.significance(model(counting(5, 10, 17)), injected=[0.5, 2.0], toys=200)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_curves_tail_and_arrow(found: SignificanceResult, style: str) -> None:
    figure = figures.draw(found, style=style)
    figure.draw_without_rendering()
    (ax,) = figure.axes
    for line, centre in zip(ax.lines, (0.0, *found.expected_significance), strict=True):
        x, y = line.get_data()
        np.testing.assert_allclose(y, stats.norm.pdf(x, centre), rtol=1e-12)
    outline = ax.collections[0].get_paths()[0].vertices
    upper = outline[np.argsort(outline[:, 0])]
    area = np.trapezoid(stats.norm.pdf(np.unique(upper[:, 0])), np.unique(upper[:, 0]))
    assert area == pytest.approx(found.p_value, rel=2e-3)
    (arrow,) = (text for text in ax.texts if getattr(text, "arrow_patch", None) is not None)
    assert arrow.xy == (found.significance, 0.0)  # type: ignore[attr-defined]
    assert any(f"{found.significance:.2f}" in text for text in texts(figure))
    assert any("(toys)" in text for text in texts(figure))


def test_forty_standard_deviations_and_none() -> None:
    figure = figures.significance(wilks.significance(model(counting(5000, 10000, 60000))))
    assert figure.axes[0].get_xlim()[1] > 40
    assert any(r"10^{-" in text for text in texts(figure))
    nothing = wilks.significance(model(counting(5, 10, 3)))
    assert nothing.significance == 0
    assert any(text.startswith(r"$0.00\,\sigma$") for text in texts(figures.significance(nothing)))


def test_what_is_missing_is_counted(found: SignificanceResult) -> None:
    lost = replace(found, significance=np.nan, status="the best fit: no minimum", failures=3)
    figure = figures.significance(lost)
    assert "1 significance without an answer; 3 toys without a fit" in texts(figure)
    assert "no observed significance" in texts(figure)
    some = replace(found, failures=3, toy_p_range=(0.02, 0.0345))
    assert any(text.endswith("0.02 to 0.0345 (lost toys)") for text in texts(figures.significance(some)))
    assert not any("lost" in text for text in texts(figures.significance(found)))
    with pytest.raises(InputError, match="no significance to draw: no minimum"):
        figures.significance(replace(lost, expected_significance=np.full(2, np.nan), status="no minimum"))
    many = wilks.significance(model(counting(5, 10, 17)), injected=np.linspace(0.1, 3, 10))
    figure = figures.significance(many)
    assert len(figure.axes[0].lines) == 7
    assert "4 more injected signals not shown" in texts(figure)


def test_other_records_and_own_axes(found: SignificanceResult) -> None:
    page = Figure()
    assert figures.significance(found, ax=page.subplots()) is page
    with pytest.raises(TypeError, match="significance draws a SignificanceResult, found a int"):
        figures.significance(3)  # type: ignore[arg-type]
