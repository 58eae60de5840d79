"""Figures of tests and limits show what is in the result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from tests.infer.searches import canonical, counting, model
from tests.results.test_hypotest import make_test

import wilks
from wilks import figures
from wilks.figures import FigureStyle
from wilks.results.hypotest import HypothesisTest, LimitResult, ToyRanges

STYLES = ("plain", FigureStyle("ATLAS", "Internal", "13 TeV", "140 fb$^{-1}$"), FigureStyle("CMS", "Preliminary"))


@pytest.fixture(scope="module")
def limits() -> LimitResult:
    return wilks.limit(model(canonical()))


@pytest.fixture(scope="module")
def toys() -> HypothesisTest:
    return wilks.hypotest(model(counting(5, 10, 7)), calculator="toys", toys=200)


def line(figure: Figure, count: int) -> np.ndarray:
    """Return the only line with so many points."""
    (found,) = [np.column_stack(ln.get_data()) for ln in figure.axes[0].lines if len(ln.get_xdata()) == count]
    return found


@pytest.mark.parametrize("style", STYLES)
def test_limits_are_read_off_where_the_curves_cross_the_line(limits: LimitResult, style: str | FigureStyle) -> None:
    figure = figures.limit(limits, style=style)
    (ax,) = figure.axes
    smooth = [np.column_stack(ln.get_data()) for ln in ax.lines if len(ln.get_xdata()) == 400]
    assert len(smooth) == 2  # median and observed
    for curve, value in zip(smooth, (limits.expected[2], limits.observed), strict=True):
        good = np.isfinite(curve[:, 1])
        crossing = np.interp(-0.05, -curve[good, 1], curve[good, 0])
        assert crossing == pytest.approx(value, rel=5e-3)
    two, one = ax.collections
    for band, side in ((one, (1, 3)), (two, (0, 4))):
        corners = band.get_paths()[0].vertices
        for i in side:
            near = corners[np.abs(corners[:, 0] - limits.expected[i]) < 0.01]
            assert (np.abs(near[:, 1] - 0.05) < 0.004).any()
    assert ax.get_xlim()[0] == 0
    figure.draw_without_rendering()


def test_a_limit_far_from_the_expected_ones_has_a_logarithmic_axis(limits: LimitResult) -> None:
    assert figures.limit(limits).axes[0].get_xscale() == "linear"
    far = wilks.limit(model(counting(5, 10, 400)))
    assert far.observed > 20 * far.expected[0]
    assert figures.draw(far).axes[0].get_xscale() == "log"


def test_limits_that_were_not_found_are_drawn_as_far_as_they_are() -> None:
    found = wilks.limit(model(counting(5, 10, 7)))
    half = replace(found, observed=np.nan, statuses=("no",) + ("converged",) * 5)
    figures.limit(half).draw_without_rendering()
    none = replace(half, expected=np.full(5, np.nan))
    figures.limit(none).draw_without_rendering()


def test_tests_of_values() -> None:
    values = np.linspace(0, 3, 7)
    result = wilks.hypotest(model(canonical()), value=values)
    dots = line(figures.hypotest(result), 7)
    np.testing.assert_array_equal(dots, np.column_stack([values, result.observed.cls]))
    result = wilks.hypotest(model(canonical()), value=values, statistic="t")
    figure = figures.draw(result)
    np.testing.assert_array_equal(line(figure, 7)[:, 1], result.observed.clsb)
    assert figure.axes[0].get_ylabel() == "$p$-value"


@pytest.mark.parametrize("statistic", ["q~", "q0"])
def test_one_value_is_a_box(statistic: str) -> None:
    result = wilks.hypotest(model(canonical()), statistic=statistic)
    figure = figures.hypotest(result)
    shown = result.observed.clsb if statistic == "q0" else result.observed.cls
    np.testing.assert_array_equal(line(figure, 1), [[result.values[0], shown[0]]])
    assert figure.axes[0].get_ylabel() == ("$p_0$" if statistic == "q0" else "CL$_{s}$")
    assert figure.axes[0].get_xticks() == pytest.approx(result.values)


@pytest.mark.parametrize("style", STYLES)
def test_toys_are_histograms(toys: HypothesisTest, style: str | FigureStyle) -> None:
    figure = figures.draw(toys, style=style)
    (ax,) = figure.axes
    assert toys.counts is not None
    filled = [patch for patch in ax.patches if patch.get_fill()]
    for patch, sample in zip(filled, (toys.counts.tested, toys.counts.alternative), strict=True):
        heights, edges, _ = patch.get_data()
        np.testing.assert_allclose(heights, np.histogram(sample[0], edges)[0] / 200)
    assert any(text.get_text().startswith("CL$_{s}$ = ") and "±" in text.get_text() for text in ax.texts)
    assert np.ptp(ax.lines[0].get_xdata()) == 0
    assert ax.lines[0].get_xdata()[0] == pytest.approx(toys.test_statistic[0])
    figure.draw_without_rendering()


def test_other_results_are_refused(limits: LimitResult) -> None:
    with pytest.raises(TypeError, match="hypotest draws a HypothesisTest, found a LimitResult"):
        figures.hypotest(limits)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="limit draws a LimitResult"):
        figures.limit(limits.curve)  # type: ignore[arg-type]


def test_axes_of_ones_own(limits: LimitResult) -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert figures.limit(limits, ax=right) is figure
    assert not left.lines
    assert right.lines


def texts(figure: Figure) -> list[str]:
    legend = figure.axes[0].get_legend()
    beside = [] if legend is None else legend.get_texts()
    return [text.get_text() for text in (*figure.axes[0].texts, *beside)]


def test_what_is_missing_is_counted(limits: LimitResult, toys: HypothesisTest) -> None:
    half = replace(limits, observed=np.nan, statuses=("no",) + ("converged",) * 5)
    assert "1 limit without a value" in texts(figures.limit(half))
    assert not any("without" in text for text in texts(figures.limit(limits)))
    assert toys.counts is not None
    lost = replace(toys, counts=replace(toys.counts, failures=np.array([4.0])))
    assert "4 toys without a fit" in texts(figures.hypotest(lost))
    assert any("0.1 to 0.3 (lost toys)" in text for text in texts(figures.hypotest(with_ranges(lost))))
    assert not any("lost" in text for text in texts(figures.hypotest(toys)))


def test_lost_toys_make_limits_intervals(limits: LimitResult) -> None:
    test = make_test(6, toys=50)
    assert test.counts is not None
    curve = with_ranges(replace(test, counts=replace(test.counts, failures=np.ones(6))))
    ranges = np.stack([np.arange(6.0), np.append(np.arange(5.0) + 0.5, np.inf)], axis=1)
    lost = texts(figures.limit(replace(limits, curve=curve, ranges=ranges)))
    assert [text.strip() for text in lost if "lost" in text] == ["0 to 0.5 (lost toys)", "3 to 3.5 (lost toys)"]
    assert not any("lost" in text for text in texts(figures.limit(limits)))


def with_ranges(test: HypothesisTest) -> HypothesisTest:
    """Return a test whose p-values are open from 0.1 to 0.3, and expected ones by 0.05."""
    assert test.counts is not None
    n = len(test)
    ends, expected = np.tile([0.1, 0.3], (n, 1)), test.expected.cls[..., None] + np.array([-0.05, 0.05])
    return replace(test, counts=replace(test.counts, ranges=ToyRanges(ends, ends, ends, expected, expected)))


def test_lost_toys_are_drawn_as_intervals() -> None:
    test = make_test(4, toys=50)
    assert test.counts is not None
    lost = with_ranges(replace(test, counts=replace(test.counts, failures=np.array([0.0, 3.0, 2.0, 0.0]))))
    (axes,) = figures.hypotest(lost).axes
    (bars,) = (c for c in axes.collections if isinstance(c, LineCollection) and np.mean(c.get_linewidth()) > 3.5)
    np.testing.assert_allclose(bars.get_segments()[1][:, 1], [0.1, 0.3])
    np.testing.assert_allclose(bars.get_segments()[1][:, 0], test.values[1])
    dotted = [line.get_ydata() for line in axes.lines if line.get_linestyle() == ":"]
    np.testing.assert_allclose(dotted, [test.expected.cls[:, 0] - 0.05, test.expected.cls[:, 4] + 0.05])
    assert any("5 toys without a fit" in text.get_text() for text in axes.texts)
    legend = axes.get_legend()
    assert legend is None or "Lost toys" in [text.get_text() for text in legend.get_texts()]
    whole = with_ranges(replace(test, counts=replace(test.counts, failures=np.zeros(4))))
    assert not [line for line in figures.hypotest(whole).axes[0].lines if line.get_linestyle() == ":"]


def test_no_toy_beyond_the_data_is_a_limit() -> None:
    found = wilks.hypotest(model(counting(5, 10, 60)), statistic="q0", calculator="toys", toys=100)
    assert found.observed.clsb[0] == 0
    assert "$p_0$ < 0.01 (100 toys)" in texts(figures.hypotest(found))


def test_errors_of_toys_are_bars() -> None:
    found = wilks.hypotest(model(counting(5, 10, 7)), value=[0.5, 1.0, 1.5], calculator="toys", toys=200)
    (ax,) = figures.hypotest(found).axes
    (bars,) = (container for container in ax.containers)
    ends = np.array([segment[:, 1] for segment in bars[2][0].get_segments()])  # type: ignore[index]
    assert found.counts is not None
    np.testing.assert_allclose(np.ptp(ends, axis=1) / 2, found.counts.cls_error)
