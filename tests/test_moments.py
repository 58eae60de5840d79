from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import uproot

from wilks.histogram import Axis, Histogram
from wilks.moments import number, printable, spill, statistics
from wilks.templates.readers import read_histogram


def histogram(contents: object, underflow: float = 0.0, overflow: float = 0.0) -> Histogram:
    values = np.asarray(contents, dtype=float)
    edges = np.cumsum(1.0 + np.arange(values.size + 1) % 3)
    return Histogram(Axis(edges), values, np.abs(values), underflow=underflow, overflow=overflow)


def test_moments_are_those_of_points_at_the_centres() -> None:
    counts = np.random.default_rng(4).integers(1, 50, 13)
    source = histogram(counts)
    points = np.repeat(source.axis.centers, counts)
    found = statistics(source)
    assert found.integral == counts.sum()
    assert found.mean == pytest.approx(points.mean(), rel=1e-13)
    assert found.stdev == pytest.approx(points.std(), rel=1e-12)


def test_lesson_histogram_agrees_with_the_sums_kept_while_filling(shared_data: Path) -> None:
    path = shared_data / "ttbar-lesson" / "histograms.root"
    found = statistics(read_histogram(path, "4j1b_ttbar"))
    with uproot.open(path) as file:
        source = file["4j1b_ttbar"]
    flow = source.values(flow=True)
    assert (found.underflow, found.overflow) == (flow[0], flow[-1])
    assert found.overflow == pytest.approx(12098.2, abs=0.05)
    assert found.entries == source.member("fEntries")
    assert found.integral == pytest.approx(flow[1:-1].sum(), rel=1e-14)
    assert found.mean == pytest.approx(np.average(source.axis().centers(), weights=flow[1:-1]), rel=1e-13)


def test_undefined_moments_are_none() -> None:
    empty, canceling, broken = statistics(histogram([0, 0])), statistics(histogram([1, -1])), histogram([1, np.nan])
    assert (empty.mean, empty.stdev) == (None, None)
    assert (canceling.mean, canceling.stdev) == (None, None)
    assert math.isnan(statistics(broken).integral)
    assert statistics(broken).mean is None
    assert statistics(histogram([-3, 5, -1])).stdev is None


def test_spill_tells_of_large_flows_only() -> None:
    assert spill(histogram([99, 99], overflow=1.0)) == ""
    assert spill(histogram([40, 40], overflow=20.0)) == "20 above the last edge (20.0% of everything)"
    both = spill(histogram([40, 40], underflow=15.0, overflow=5.0))
    assert both == "15 below the first edge (15.0% of everything) and 5 above the last edge (5.0% of everything)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (-2.5, "-2.5"), (28341083.0, "28341083"), (1e15, "1e+15"), (12098.2089, "12098.2")],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


def test_non_finite_numbers() -> None:
    assert (number(math.nan), number(-math.inf)) == ("nan", "-inf")


def test_control_characters_are_written_out() -> None:
    assert printable("a\x1b[31m\n\u202eb µ") == "a\\x1b[31m\\n\\u202eb µ"
