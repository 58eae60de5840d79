"""Histograms and points over each other have their bins in one order."""

from __future__ import annotations

import numpy as np
import pytest

from wilks.aligned import aligned, bins_of
from wilks.drawables import HistogramND, Points, of_bins
from wilks.errors import InputError
from wilks.histogram import Axis, Histogram


def points(labels: list[str], values: list[float]) -> Points:
    axis = Axis.of_labels(labels)
    return of_bins(axis, np.array(values), np.full(len(values), 0.5), np.array(values) != 0, "", "mean")


def histogram(labels: list[str], contents: list[float]) -> Histogram:
    return Histogram(Axis.of_labels(labels), contents, contents)


def test_points_go_along_with_their_labels() -> None:
    first, moved = aligned(
        [("h", histogram(["ee", "em", "mm"], [1, 2, 3])), ("p", points(["mm", "ee", "em"], [3, 0, 2]))]
    )
    assert isinstance(moved[1], Points)
    assert dict(zip(moved[1].x, moved[1].y, strict=True)) == {2.5: 3.0, 1.5: 2.0}  # ee has none
    assert bins_of(moved[1]) == bins_of(first[1])


def test_points_take_the_width_of_their_new_bins() -> None:
    axis = Axis([0.0, 1.0, 5.0], bin_labels=("ee", "mm"))
    moved = points(["mm", "ee"], [3.0, 1.0]).in_order_of(axis)
    assert (moved.x.tolist(), moved.x_low.tolist(), moved.x_high.tolist()) == ([3.0, 0.5], [2.0, 0.5], [2.0, 0.5])
    assert moved.y.tolist() == [3.0, 1.0]


def test_histograms_follow_points_that_come_first() -> None:
    _, (_, moved) = aligned([("p", points(["mm", "ee"], [3, 1])), ("h", histogram(["ee", "mm"], [1, 2]))])
    assert isinstance(moved, Histogram)
    assert moved.contents.tolist() == [2, 1]


def test_points_of_other_bins_are_refused_and_graphs_are_not() -> None:
    with pytest.raises(InputError, match=r'"p" can.t be drawn over "h".*"ee", "tt".*only one has "tt", "mm"'):
        aligned([("h", histogram(["ee", "mm"], [1, 2])), ("p", points(["ee", "tt"], [1, 2]))])
    one = np.ones(1)
    graph = Points(one, one, one, one, one, one)
    assert aligned([("h", histogram(["ee", "mm"], [1, 2])), ("g", graph)])[1][1] is graph


def test_labels_have_no_mean_and_no_profile() -> None:
    axes = Axis.of_labels(["ee", "mm"]), Axis([0, 1, 3])
    plane = HistogramND(axes, np.ones((4, 4)), np.ones((4, 4)))
    assert plane.profiles == ("x",)
    along = plane.profile("x")
    assert (along.y.tolist(), along.bins) == ([1.25, 1.25], axes[0])
    with pytest.raises(InputError, match='no profile along "y": the bins of the other axis have labels'):
        plane.profile("y")
