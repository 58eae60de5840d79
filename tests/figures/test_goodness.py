"""Figures of goodness of fit and compatibility: what is drawn is what the record holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from scipy import stats
from tests.results.goodness_records import make_compatibility, make_goodness

from wilks import figures
from wilks.errors import InputError
from wilks.figures.style import FigureStyle


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def arrow(figure: Figure) -> float:
    (found,) = (a for a in figure.axes[0].texts if getattr(a, "arrow_patch", None) is not None)
    return float(found.xy[0])  # type: ignore[attr-defined]


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
@pytest.mark.parametrize(("toys", "statistic"), [(0, 24.3), (1000, 24.3), (1000, 4.0), (300, 90.0)])
def test_toys_and_curve_beside_the_data(style: str, toys: int, statistic: float) -> None:
    result = make_goodness(toys, statistic=statistic)
    before = dict(matplotlib.rcParams)
    figure = figures.goodness_of_fit(result, style=FigureStyle(style, "Internal", "13 TeV", "140 fb$^{-1}$"))
    figure.draw_without_rendering()
    assert dict(matplotlib.rcParams) == before
    (ax,) = figure.axes
    assert arrow(figure) == statistic
    assert ax.get_xlim()[0] <= statistic <= ax.get_xlim()[1]
    (curve,) = (line for line in ax.lines if line.get_linestyle() == "--")
    x, y = np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata())
    steps = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    scale = 1.0
    if toys:
        counts, edges, _ = steps[0].get_data()
        assert counts.sum() == result.usable_toys.size
        assert np.min(np.abs(edges - statistic)) == pytest.approx(0.0, abs=1e-9)
        assert steps[1].get_data()[0].sum() == np.sum(result.usable_toys >= statistic)
        scale = counts.sum() * (edges[1] - edges[0])
    np.testing.assert_allclose(y, scale * stats.chi2.pdf(x, 21), rtol=1e-9)
    assert any("data: " in text for text in texts(figure))
    assert any("(toys)" in text for text in texts(figure)) == bool(toys)


def test_one_degree_of_freedom_and_none() -> None:
    figure = figures.goodness_of_fit(make_goodness(ndof=1, statistic=0.6))
    assert 0 < figure.axes[0].get_ylim()[1] < 20
    toys_only = figures.goodness_of_fit(make_goodness(100, ndof=0))
    assert not any(line.get_linestyle() == "--" for line in toys_only.axes[0].lines)
    with pytest.raises(InputError, match="nothing to draw"):
        figures.goodness_of_fit(make_goodness(ndof=0))
    with pytest.raises(InputError, match="nothing to draw"):
        figures.goodness_of_fit(replace(make_goodness(), statistic=np.inf))
    failed = figures.goodness_of_fit(replace(make_goodness(), converged=False))
    assert "the fit did not converge" in texts(failed)


@pytest.mark.parametrize("groups", [2, 30])
@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_groups_are_points_and_their_combination_a_band(style: str, groups: int) -> None:
    result = make_compatibility(groups)
    figure = figures.compatibility(result, style=style)
    figure.draw_without_rendering()
    (ax,) = figure.axes
    points = [float(container.lines[0].get_xdata()[0]) for container in ax.containers]  # type: ignore[attr-defined]
    np.testing.assert_allclose(points, [*result.values, result.value])
    assert [t.get_text() for t in ax.get_yticklabels()] == [*result.groups, "all"]
    assert any("(no uncertainty)" in text for text in texts(figure))
    band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    np.testing.assert_allclose([band.x0, band.x1], [0.90, 1.06])
    renderer_boxes = [t.get_window_extent() for t in ax.get_yticklabels()]
    assert min(box.x0 for box in renderer_boxes) >= 0


def test_axes_of_ones_own_and_wrong_records() -> None:
    page = Figure()
    top, bottom = page.subplots(2, 1)
    assert figures.goodness_of_fit(make_goodness(), ax=top) is page
    assert figures.compatibility(make_compatibility(), ax=bottom) is page
    wrong: Any = make_compatibility()
    with pytest.raises(TypeError, match="draws a GoodnessOfFit"):
        figures.goodness_of_fit(wrong)
    with pytest.raises(TypeError, match="draws a Compatibility"):
        figures.compatibility(make_goodness())  # type: ignore[arg-type]


def test_draw_knows_them() -> None:
    assert isinstance(figures.draw(make_goodness()), Figure)
    assert isinstance(figures.draw(make_compatibility()), Figure)


def test_toys_that_failed_are_counted_and_few_beyond_are_a_limit() -> None:
    result = make_goodness(300)
    toys = result.toys.copy()
    lost = int(np.isnan(toys).sum()) + 20
    toys[np.flatnonzero(np.isfinite(toys))[:20]] = np.nan
    figure = figures.goodness_of_fit(replace(result, toys=toys, statuses=None))
    assert f"{lost} toys without a statistic" in texts(figure)
    low, high = result.toys_p_range
    assert f"$p$: {low:.4g} to {high:.4g} (lost toys)" in texts(figures.goodness_of_fit(result))
    unmade = replace(result, statuses={"converged": 297, "interrupted": 3}, toys_p_range=(np.nan, np.nan))
    assert not any("lost" in text or "without" in text for text in texts(figures.goodness_of_fit(unmade)))
    none = replace(make_goodness(300), toys_p_value=0.0)
    assert any(text.startswith("$p$ < ") for text in texts(figures.goodness_of_fit(none)))


def test_groups_that_say_little_do_not_widen_the_axis() -> None:
    result = make_compatibility(4)
    values, sigmas = result.values.copy(), result.uncertainties.copy()
    values[:2], sigmas[:2] = (1.0, 40.0), (50.0, 30.0)
    (ax,) = figures.compatibility(replace(result, values=values, uncertainties=sigmas)).axes
    low, high = ax.get_xlim()
    assert high - low < 5
    markers = [container.lines[0].get_marker() for container in ax.containers]  # type: ignore[attr-defined]
    assert markers[:2] == ["o", ">"]
    for container in ax.containers[:2]:
        (segment,) = container.lines[2][0].get_segments()  # type: ignore[attr-defined]
        assert low <= segment[0, 0] <= segment[1, 0] <= high
