from __future__ import annotations

import numpy as np
import pytest
from tests.browse.test_terminal import histogram, rows_of

from wilks._types import FloatArray
from wilks.browse.terminal import draw
from wilks.drawables import Points, of_bins
from wilks.histogram import Axis, Histogram


def points(x: list[float], y: list[float], error: float = 0.0, **more: str) -> Points:
    zeros: FloatArray = np.zeros(len(x))
    lengths = np.full(len(x), error)
    return Points(np.array(x), np.array(y), zeros, zeros, lengths, lengths, **more)


def test_marks_and_bars_stand_at_their_values() -> None:
    rows, values = rows_of(draw([("g", points([0.0, 1.0, 2.0], [2.0, 8.0, 5.0], 1.5, label="m"))], 80))
    step, columns = values[1] - values[0], 0
    for place, content in ((0.0, 2.0), (0.5, 8.0), (1.0, 5.0)):
        column = min(int(place * max(map(len, rows))), max(map(len, rows)) - 1)
        marks = [value for row, value in zip(rows, values, strict=True) if row.ljust(90)[column] == "●"]
        bars = [value for row, value in zip(rows, values, strict=True) if row.ljust(90)[column] in "●│"]
        assert len(marks) == 1
        assert marks[0] <= content + 1e-9 < marks[0] + step + 1e-9
        assert min(bars) == pytest.approx(content - 1.5, abs=step)
        assert max(bars) == pytest.approx(content + 1.5, abs=1.5 * step)
        columns += 1
    assert columns == 3


def test_points_over_a_histogram_share_its_axes() -> None:
    picture = draw([("h", histogram([5.0, 5.0])), ("g", points([0.5], [9.0]))], 60)
    rows, _ = rows_of(picture)
    assert any("○" in row for row in rows)
    assert any("●" in row for row in rows)
    assert picture.splitlines()[-1].split() == ["○", "g", "1", "-", "-", "-", "-", "-"]


def test_what_is_not_drawn_is_told() -> None:
    picture = draw([("g", points([0.0, np.nan, 1.0], [1.0, 1.0, np.inf], note="error bars: none"))], 60)
    assert "g: 2 of 3 points not finite, not drawn" in picture
    assert "g: error bars: none" in picture
    assert picture.splitlines()[-1].split() == ["g", "3"]


@pytest.mark.parametrize("x", [[], [3.0], [np.nan], [2.0, 2.0]])
def test_few_points_are_drawn(x: list[float]) -> None:
    assert draw([("g", points(x, [1.0] * len(x)))], 60)


def test_points_in_bins_with_labels_stand_over_these() -> None:
    axis = Axis.of_labels(["ee", "em", "mm"])
    drawn = of_bins(axis, np.array([1.0, 0.0, 3.0]), np.zeros(3), np.array([True, False, True]), "", "mean")
    lines = draw([("p", drawn)], 60).splitlines()
    names = next(line for line in lines if "em" in line)
    assert names.split() == ["ee", "em", "mm"]
    highest = next(line for line in lines if "●" in line)
    assert abs(highest.index("●") - names.index("mm")) <= 1
    other = Histogram(Axis.of_labels(["mm", "ee", "em"]), [3, 1, 2], [3, 1, 2])
    both = draw([("h", other), ("p", drawn)], 60).splitlines()
    names = next(line for line in both if "em" in line)
    assert names.split() == ["mm", "ee", "em"]
    # The middle of a bin with an even number of columns is between two of them.
    assert 0 <= next(line for line in both if "○" in line).index("○") - names.index("mm") <= 2
