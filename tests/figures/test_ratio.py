import numpy as np
import pytest
from matplotlib.figure import Figure

from wilks._types import FloatArray
from wilks.figures.poisson import garwood
from wilks.figures.ratio import draw_ratio


def draw(total: list[float], data: list[float], half: float | None = None, error: float = 0.05):  # type: ignore[no-untyped-def]
    ax = Figure().add_subplot()
    n, d = np.array(total), np.array(data)
    draw_ratio(ax, np.arange(len(total) + 1.0), n, error * n, d, garwood(d), half)
    return ax


def points(ax) -> FloatArray:  # type: ignore[no-untyped-def]
    return ax.containers[0].lines[0].get_xydata()


def test_points_are_data_over_prediction() -> None:
    ax = draw([100.0, 200.0, 0.0], [110.0, 190.0, 3.0])
    assert points(ax) == pytest.approx(np.array([[0.5, 1.1], [1.5, 0.95]]))


def test_bars_are_the_poisson_interval_of_the_data_alone() -> None:
    ax = draw([100.0], [110.0], error=0.3)
    (bar,) = ax.containers[0].lines[2][0].get_segments()
    low, high = garwood(np.array([110.0]))
    assert bar[:, 1] == pytest.approx([low[0] / 100, high[0] / 100])


@pytest.mark.parametrize(
    ("data", "half"),
    [([10050.0, 9990.0], 0.1), ([11500.0, 9990.0], 0.2), ([14000.0, 9990.0], 0.5), ([9e4, 9990.0], 1.0)],
)
def test_range_shows_the_points(data: list[float], half: float) -> None:
    assert draw([1e4, 1e4], data).get_ylim() == pytest.approx((1 - half, 1 + half))


def test_points_outside_become_arrows() -> None:
    ax = draw([10.0, 10.0, 10.0], [30.0, 10.0, 1.0], half=0.5)
    arrows = {line.get_marker(): line.get_xdata().tolist() for line in ax.lines if line.get_marker() in ("^", "v")}
    assert arrows == {"^": [0.5], "v": [2.5]}
    assert points(ax)[:, 0].tolist() == [1.5]


def test_empty_bins_show_only_what_says_something() -> None:
    ax = draw([10.0, 0.1], [0.0, 0.0], half=1.0)
    assert points(ax).tolist() == [[0.5, 0.0]]


def test_band_is_left_out_without_uncertainty() -> None:
    assert len(draw([10.0], [9.0], error=np.nan).patches) == 0
    assert len(draw([10.0], [9.0]).patches) == 1


@pytest.mark.parametrize(("spread", "half"), [(0.001, 0.01), (0.01, 0.02), (0.03, 0.05), (0.07, 0.1)])
def test_small_differences_are_seen_in_steps_below_ten_percent(spread: float, half: float) -> None:
    ax = draw([1e7, 1e7, 1e7], [1e7 * (1 + spread), 1e7 * (1 - spread), 1e7], error=0.5 * spread)
    assert ax.get_ylim() == pytest.approx((1 - half, 1 + half))
    assert np.diff(ax.get_yticks()) == pytest.approx([half / 2] * 3)
    assert [f"{tick:g}" for tick in ax.get_yticks()] == [text.get_text() for text in ax.get_yticklabels()]


@pytest.mark.parametrize("last", [(0.4, 2.0), (0.5, 0.0), (3.0, 12.0), (1e-9, 1.0)])
def test_one_bin_with_few_events_does_not_widen_the_range(last: tuple[float, float]) -> None:
    total, data = [1e4, 1e4, 1e4, last[0]], [10100.0, 9950.0, 10020.0, last[1]]
    ax = draw(total, data, error=0.01)
    assert ax.get_ylim() == pytest.approx((0.98, 1.02))
    arrows = [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "^"]
    assert arrows == ([[3.5]] if last[1] else [])
    assert points(ax)[:, 0].tolist() == [0.5, 1.5, 2.5]


def test_a_point_outside_has_the_part_of_its_bar_that_is_inside() -> None:
    ax = draw([10.0, 1e4], [16.0, 1e4], half=0.5)
    (bar,) = ax.collections[-1].get_segments()
    low, high = garwood(np.array([16.0]))
    assert bar[:, 1] == pytest.approx([low[0] / 10, high[0] / 10])
    assert low[0] / 10 < 1.5


def test_a_certain_point_far_away_is_shown() -> None:
    assert draw([1e4, 1e4, 1e4], [1e4, 1.8e4, 1e4], error=0.01).get_ylim() == pytest.approx((0, 2))
