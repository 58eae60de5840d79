"""Bands, their colours, and the axes they are drawn on."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure, SubFigure

from wilks.figures.brazil import canvas_for, check_kind, colors, draw_bands, figure_of
from wilks.figures.style import as_style

X = np.array([1.0, 2.0, 4.0])
EXPECTED = np.array([[1.0, 2, 3, 4, 5], [2.0, 3, 4, 5, 6], [4.0, 5, 6, 7, 8]])


@pytest.mark.parametrize("name", ["plain", "ATLAS", "CMS"])
def test_bands(name: str) -> None:
    style = as_style(name)
    ax = Figure().add_subplot()
    entries = draw_bands(ax, X, EXPECTED, style)
    one, two = colors(style)
    assert [to_hex(band.get_facecolor()[0]) for band in ax.collections] == [two, one]
    assert next(text for _, text in entries) == ("Median expected" if name == "CMS" else "Expected")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), EXPECTED[:, 2])
    for band, (low, high) in zip(ax.collections, ((0, 4), (1, 3)), strict=True):
        corners = band.get_paths()[0].vertices
        for x, row in zip(X, EXPECTED, strict=True):
            heights = corners[corners[:, 0] == x][:, 1]
            assert (heights.min(), heights.max()) == (row[low], row[high])


def test_a_single_point_has_a_width() -> None:
    ax = Figure().add_subplot()
    draw_bands(ax, X[:1], EXPECTED[:1], as_style("plain"))
    assert np.ptp(ax.lines[0].get_xdata()) > 0


def test_nothing_global_is_changed() -> None:
    before = dict(matplotlib.rcParams)
    with canvas_for(as_style("CMS"), None) as ax:
        ax.plot([0, 1], [0, 1])
        assert isinstance(figure_of(ax), Figure | SubFigure)
    assert dict(matplotlib.rcParams) == before


def test_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="limit draws a Figure, found a int"):
        check_kind(1, Figure, "limit")
