from __future__ import annotations

import numpy as np
import pytest

from wilks.drawables import HistogramND, Parts, Points
from wilks.errors import InputError
from wilks.histogram import Axis, Histogram
from wilks.moments import plane_statistics


@pytest.fixture
def events() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(8).normal(1.0, 1.5, (3, 2000))


def filled(events: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> HistogramND:
    edges = [np.linspace(0.0, 2.0, 5), np.linspace(-1.0, 2.0, 7), np.linspace(0.0, 3.0, 4)]
    open_edges = [np.concatenate([[-np.inf], own, [np.inf]]) for own in edges]
    contents = np.histogramdd(events.T, open_edges)[0]
    return HistogramND(tuple(Axis(own) for own in edges), contents, contents, 2000.0)


def test_projections_are_histograms_of_the_same_events(
    events: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    cube = filled(events)
    for i, name in enumerate("xyz"):
        projection = cube.project(name)
        assert isinstance(projection, Histogram)
        assert projection.contents.tolist() == np.histogram(events[i], cube.axes[i].edges)[0].tolist()
        assert projection.underflow == (events[i] < cube.axes[i].edges[0]).sum()
    plane = cube.project("xz")
    assert isinstance(plane, HistogramND)
    expected = np.histogram2d(events[0], events[2], (cube.axes[0].edges, cube.axes[2].edges))[0]
    assert plane.inside.tolist() == expected.tolist()
    assert plane.project("x") == cube.project("x")


def test_box_is_that_of_the_projections_inside(events: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    plane = filled(events).project("xy")
    assert isinstance(plane, HistogramND)
    box, centers = plane_statistics(plane), plane.axes[1].centers
    weights = plane.inside.sum(axis=0)
    assert box["mean y"] == pytest.approx(np.average(centers, weights=weights))
    assert box["outside"] == 2000 - plane.inside.sum()


def test_empty_bins_have_no_mean() -> None:
    contents = np.zeros((4, 4))
    contents[1, 1:-1] = [1.0, 3.0]
    plane = HistogramND((Axis([0.0, 1.0, 2.0]), Axis([0.0, 1.0, 2.0])), contents, contents)  # type: ignore[arg-type]
    profile = plane.profile("x")
    assert (profile.x.tolist(), profile.y.tolist()) == ([0.5], [1.25])
    assert profile.y_low[0] == pytest.approx(np.sqrt(0.1875 / 4))


def test_points_without_numbers_are_left_out() -> None:
    x, y, zeros = np.array([0.0, 1.0, np.nan]), np.array([np.inf, 2.0, 3.0]), np.zeros(3)
    found = Points(x, y, zeros, zeros, np.array([1.0, np.nan, 1.0]), zeros).finite
    assert (found.x.tolist(), found.y_low.tolist()) == ([1.0], [0.0])


def test_what_is_not_there_is_told() -> None:
    contents = np.ones((3, 3))
    mean = HistogramND((Axis([0.0, 1.0]),) * 2, contents, contents, averaged=True)  # type: ignore[arg-type]
    with pytest.raises(InputError, match='no projection "x"; there are none of averages'):
        mean.project("x")
    with pytest.raises(InputError, match="no profile"):
        mean.profile("x")
    assert Parts(()).sums() == ()
