"""Scans and contours: what is drawn is what is in the record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.results.test_scan import VALUES, contour, curve, scan

from wilks import figures
from wilks.figures.scans import _finer, _rounded
from wilks.results.scan import STAT_ONLY


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def legend(figure: Figure) -> list[str]:
    found = figure.axes[0].get_legend()
    return [] if found is None else [text.get_text() for text in found.get_texts()]


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_curves_go_through_their_points_and_ends(style: str) -> None:
    result = scan(curve(STAT_ONLY, 0.3, 0.32), curve("no jes", 0.45, 0.38))
    figure = figures.scan(result, style=style)
    ax = figure.axes[0]
    drawn = {line.get_linestyle(): line for line in ax.lines if len(line.get_xdata()) > 30}
    assert len(drawn) == 3
    for i, each in enumerate(result.curves):
        x, y = drawn[("-", "--", ":")[i]].get_data()
        np.testing.assert_allclose(np.interp(VALUES, x, y), each.delta, atol=1e-9)
        # Best fit and ends of the interval are on the curve, though no points of the scan.
        for place, height in ((1.0, 0.0), (each.interval.lower, 1.0), (each.interval.upper, 1.0)):
            assert np.interp(place, x, y) == pytest.approx(height, abs=1e-4)
    (dots,) = [line for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(dots.get_xdata(), VALUES)
    assert legend(figure) == ["total", "stat. only", "no jes"]
    assert ax.get_xlabel() == "mu"
    assert any("(stat.)" in text and "(syst.)" in text for text in texts(figure))
    assert {"68.3 %", "95 %"} <= set(texts(figure))
    horizontal = sorted(line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 2)
    np.testing.assert_allclose(horizontal, [1.0, 3.841], atol=1e-3)


def test_failed_points_are_left_out_and_counted() -> None:
    whole = scan()
    delta = whole.delta.copy()
    delta[1] = np.nan
    statuses = list(whole.curves[0].statuses)
    statuses[1] = "interrupted"
    broken = replace(whole.curves[0], delta=delta, statuses=tuple(statuses))
    figure = figures.scan(replace(whole, curves=(broken,)))
    assert "1 failed fit; see the notes of the result" in texts(figure)
    x, y = next(line for line in figure.axes[0].lines if len(line.get_xdata()) > 30).get_data()
    assert np.isnan(y[(x > 0.05) & (x < 0.6)]).all()
    assert np.isfinite(y[x > 1.0]).all()


def test_nothing_but_failures_can_be_drawn() -> None:
    whole = scan()
    broken = replace(whole.curves[0], delta=np.full(5, np.nan), statuses=("interrupted",) * 5)
    assert "5 failed fits" in texts(figures.scan(replace(whole, curves=(broken,), notes=())))


def test_contours_and_best_fit() -> None:
    result = contour()
    figure = figures.contour(result, reference=(4.0, 1.0))
    ax = figure.axes[0]
    for line, dashes in zip(result.lines, ("-", "--"), strict=True):
        (drawn,) = [found for found in ax.lines if found.get_linestyle() == dashes]
        curve = np.stack(drawn.get_data(), axis=1)
        gaps = np.linalg.norm(line.points[:, None] - curve, axis=2).min(axis=1)
        np.testing.assert_allclose(gaps, 0.0, atol=1e-9)  # it goes through every point
    cross, star = (next(line for line in ax.lines if line.get_marker() == marker) for marker in "P*")
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (0.0, 0.0)
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (4.0, 1.0)
    assert legend(figure) == ["68.3 %", "95 %", "best fit", "reference"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mu", "jes")
    assert ax.get_xlim()[1] > 4.0
    assert "1 failed fit" in texts(figure)
    assert len(figure.axes) == 2  # with the colour bar


def test_axes_of_the_user() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert figures.scan(scan(), ax=left) is figure
    assert figures.contour(contour(), ax=right) is figure


def test_drawn_by_kind_and_other_records_are_refused() -> None:
    assert figures.draw(scan()).axes[0].get_xlabel() == "mu"
    assert figures.draw(contour()).axes[0].get_ylabel() == "jes"
    with pytest.raises(TypeError, match="scan draws a ScanResult, found a ContourResult"):
        figures.scan(contour())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="contour draws a ContourResult, found a ScanResult"):
        figures.contour(scan())  # type: ignore[arg-type]


def test_contours_between_their_points_are_round() -> None:
    angle = np.linspace(0, 2 * np.pi, 17)
    circle = np.column_stack([np.cos(angle), 100 * np.sin(angle)])
    circle[-1] = circle[0]
    curve = _rounded(circle)
    np.testing.assert_allclose(np.hypot(curve[:, 0], curve[:, 1] / 100), 1.0, atol=1e-3)  # straight lines: 0.02
    np.testing.assert_array_equal(_rounded(circle[:3]), circle[:3])
    assert np.isfinite(_rounded(np.repeat(circle, 2, axis=0))).all()


def test_contours_have_no_kinks_where_their_points_are_close() -> None:
    """Points as the lines of a grid give them: pairs of any distance, exact to rounding, around half a corner."""
    rng = np.random.default_rng(3)
    angle = np.sort(np.concatenate([np.linspace(0, 2 * np.pi, 25)[:-1], rng.uniform(0, 2 * np.pi, 12)]))
    angle = np.sort(np.concatenate([angle, angle[::3] + 0.02, angle[1::5] + 3e-5, angle[2::7] + 1e-7]))
    super_ellipse = np.column_stack([np.sign(f(angle)) * np.abs(f(angle)) ** 0.8 for f in (np.cos, np.sin)])
    points = super_ellipse * (1 + 1e-7 * rng.normal(size=super_ellipse.shape)) * [0.2, 30]
    points = np.append(points, points[:1], axis=0)
    curve = _rounded(points) / [0.2, 30]
    steps = np.diff(curve, axis=0)
    direction = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    assert np.abs(np.diff(direction)).max() < 0.12  # a kink is seen from about 0.2 on
    gaps = np.linalg.norm(points[:, None] / [0.2, 30] - curve, axis=2).min(axis=1)
    assert gaps.max() < 1e-3  # none is missed


def test_colours_between_points_do_not_overshoot() -> None:
    x, y = np.linspace(-2, 2, 9), np.linspace(-1, 1, 7)
    heights = x**2 + 4 * y[:, None] ** 2
    wide, high, fine = _finer(x, y, heights)
    assert fine.shape == (high.size, wide.size)
    assert min(fine.shape) > 100
    np.testing.assert_allclose(fine, wide**2 + 4 * high[:, None] ** 2, atol=0.12)
    assert fine.min() >= heights.min()
    assert fine.max() <= heights.max() * (1 + 1e-12)
    heights[2, 3] = np.nan
    assert _finer(x, y, heights)[2] is heights


def test_the_legend_of_contours_hides_no_contour() -> None:
    for style in ("plain", "CMS"):
        figure = figures.contour(contour(), style=style)
        figure.draw_without_rendering()
        ax = figure.axes[0]
        box = ax.get_legend().get_window_extent()
        cross = next(line for line in ax.lines if line.get_marker() == "P")
        assert not box.contains(*ax.transData.transform((cross.get_xdata()[0], cross.get_ydata()[0])))


def test_a_single_point() -> None:
    whole = scan()
    curves = tuple(replace(c, delta=c.delta[:1], statuses=c.statuses[:1]) for c in whole.curves)
    low, high = figures.scan(replace(whole, values=whole.values[:1], curves=curves)).axes[0].get_xlim()
    assert low < whole.values[0] < high
