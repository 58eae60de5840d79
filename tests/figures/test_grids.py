"""Figures of grids: bands, rows, maps."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from wilks import figures
from wilks.errors import InputError
from wilks.figures import FigureStyle
from wilks.results.grid import GridResult
from wilks.results.origin import Origin

STYLES = ("plain", FigureStyle("ATLAS", "Internal", "13 TeV", "140 fb$^{-1}$"), FigureStyle("CMS", "Preliminary"))


def make_grid(coordinates: np.ndarray, labels: tuple[str, ...], question: str = "limit") -> GridResult:
    """Return a grid whose limits rise with the coordinates."""
    n = len(coordinates)
    height = 10 ** (coordinates.sum(axis=1) / 500 - 1) if labels else np.linspace(0.3, 4, n)
    expected = height[:, None] * np.array([0.5, 0.7, 1.0, 1.4, 1.9])
    return GridResult(
        poi="mu_SIG",
        question=question,
        level=0.95,
        tested=1.0,
        names=tuple(f"signal_{i}_with_a_name" for i in range(n)),
        labels=labels,
        coordinates=coordinates,
        observed=1.2 * height,
        expected=expected,
        errors=np.full(n, np.nan),
        best_values=np.zeros(n),
        statuses=("converged",) * n,
        digests=("0" * 64,) * n,
        origin=Origin("m", "observed", "0" * 64, "0.1.0"),
    )


LINE = make_grid(np.array([[500.0], [300.0], [400.0], [800.0]]), ("mass",))
PLANE = make_grid(np.array([[x, y] for x in (200.0, 300, 400, 500) for y in (0.0, 100, 200)]), ("m1", "m2"))


@pytest.mark.parametrize("style", STYLES)
def test_a_band_along_one_label(style: str | FigureStyle) -> None:
    figure = figures.draw(LINE, style=style)
    (ax,) = figure.axes
    median, observed = ax.lines[:2]
    order = np.argsort(LINE.coordinates[:, 0])
    np.testing.assert_array_equal(observed.get_xdata(), [300, 400, 500, 800])
    np.testing.assert_array_equal(observed.get_ydata(), LINE.observed[order])
    np.testing.assert_array_equal(median.get_ydata(), LINE.expected[order, 2])
    assert ax.get_xlabel() == "mass"
    assert ax.get_ylabel() == "95% CL upper limit on mu_SIG"
    figure.draw_without_rendering()


def test_a_slice_of_a_plane() -> None:
    figure = figures.grid(PLANE, x="m1", at={"m2": 100}, theory=([200, 500], [1.0, 0.3]), title="limit", log=True)
    (ax,) = figure.axes
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == "limit"
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), [200, 300, 400, 500])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), PLANE.observed[PLANE.coordinates[:, 1] == 100])
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), [1.0, 0.3])
    assert figures.grid(PLANE, at={"m2": 100}).axes[0].get_xlabel() == "m1"


@pytest.mark.parametrize("style", STYLES)
def test_two_labels_are_a_map_with_contours(style: str | FigureStyle) -> None:
    figure = figures.draw(PLANE, style=style)
    ax = figure.axes[0]
    points = ax.collections[0]
    assert len(points.get_offsets()) == 12
    np.testing.assert_allclose(points.get_array(), PLANE.observed)
    low, high = ax.get_xlim()
    assert low < 200 < 500 < high  # points on the border are whole
    # Observed: 1.2 * 10^((x + y) / 500 - 1) = 1.
    border = 500 * (1 - np.log10(1.2))
    contour = ax.collections[1].get_paths()[0].vertices
    np.testing.assert_allclose(contour.sum(axis=1), border, atol=1e-6)
    figure.draw_without_rendering()
    width = figure.get_size_inches()[0]
    assert figure.axes[1].get_tightbbox().x1 / figure.dpi <= width
    assert [text.get_text() for text in figure.axes[1].get_yticklabels()] == ["0.1", "0.2", "0.5", "1", "2", "5", "10"]
    legend = ax.get_legend().get_window_extent()
    assert not any(legend.contains(*place) for place in ax.transData.transform(points.get_offsets()))


def test_points_on_a_line_have_no_contour() -> None:
    line = make_grid(np.array([[x, x / 2] for x in (200.0, 300, 400, 500)]), ("m1", "m2"))
    assert len(figures.grid(line).axes[0].collections) == 1


@pytest.mark.parametrize(("n", "style"), [(1, "plain"), *((10, style) for style in STYLES), (150, STYLES[1])])
def test_names_are_rows(n: int, style: str | FigureStyle) -> None:
    result = make_grid(np.empty((n, 0)), ())
    figure = figures.draw(result, style=style)
    names = [text.get_text() for ax in figure.axes for text in ax.get_yticklabels()]
    assert names == list(result.names)
    dots = np.concatenate([ax.lines[1].get_xdata() for ax in figure.axes])
    np.testing.assert_array_equal(dots, result.observed)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    assert height < 25
    assert width < 25
    for ax in figure.axes:
        boxes = [text.get_window_extent() for text in ax.get_yticklabels()]
        assert all(upper.y0 >= lower.y1 - 1 for upper, lower in itertools.pairwise(boxes))
        assert min(box.x0 for box in boxes) >= 0
    right = [ax.get_window_extent().x1 for ax in figure.axes]
    for i, ax in enumerate(figure.axes[1:]):
        assert min(text.get_window_extent().x0 for text in ax.get_yticklabels()) > right[i]


def test_cls_values_are_drawn_too() -> None:
    figure = figures.grid(make_grid(np.array([[1.0], [2.0]]), ("x",), "CLs"))
    assert figure.axes[0].get_ylabel() == "CL$_{s}$ of mu_SIG = 1"


def test_bad_input() -> None:
    with pytest.raises(InputError, match='no label "mas"; it has "mass"; did you mean "mass"'):
        figures.grid(LINE, x="mas")
    with pytest.raises(InputError, match="no point to draw"):
        figures.grid(PLANE, at={"m2": 33})
    with pytest.raises(InputError, match='several points have the same "m1"'):
        figures.grid(PLANE, x="m1")
    with pytest.raises(TypeError, match="grid draws a GridResult"):
        figures.grid(Figure())  # type: ignore[arg-type]


def test_points_without_an_answer_are_gaps_and_counted() -> None:
    observed, expected = LINE.observed.copy(), LINE.expected.copy()
    observed[2], expected[2] = np.nan, np.nan
    (ax,) = figures.grid(replace(LINE, observed=observed, expected=expected)).axes
    y = np.asarray(ax.lines[1].get_ydata())
    assert list(np.isnan(y)) == [False, True, False, False]
    assert len(ax.collections[0].get_paths()) == 2  # the band does not bridge the gap
    assert "1 point without an answer" in [text.get_text() for text in ax.texts]
    rows = make_grid(np.empty((4, 0)), ())
    figure = figures.grid(replace(rows, observed=observed, expected=expected))
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"no answer", "1 point without an answer"} <= set(texts)


def test_rows_are_one_page_and_the_others_counted() -> None:
    figure = figures.grid(make_grid(np.empty((400, 0)), ()))
    assert sum(len(ax.get_yticklabels()) for ax in figure.axes) == 150
    assert figure.axes[-1].get_xlabel().endswith("(250 more points not shown)")
    with pytest.raises(InputError, match="rows must be at least 1, found 0"):
        figures.grid(LINE, rows=0)


def test_labels_may_have_titles() -> None:
    figure = figures.grid(PLANE, axis_titles={"m1": "$m_{1}$ [GeV]"})
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("$m_{1}$ [GeV]", "m2")
    with pytest.raises(InputError, match='no label "m3"'):
        figures.grid(PLANE, axis_titles={"m3": "x"})
