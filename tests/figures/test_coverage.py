"""The figures of coverage, Feldman-Cousins intervals and global significances show the numbers of their records."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wilks
from wilks.results.coverage import CoverageResult
from wilks.results.feldman_cousins import FeldmanCousinsResult, PointTests
from wilks.results.look_elsewhere import GlobalSignificance
from wilks.results.origin import Origin

ORIGIN = Origin("m", "observed", "", "1")


def texts(figure: object) -> str:
    (ax,) = figure.axes  # type: ignore[attr-defined]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    return "\n".join([*legend, *(text.get_text() for text in ax.texts)])


def test_coverage_of_every_method_with_its_binomial_interval() -> None:
    result = CoverageResult(
        parameter="mu",
        level=0.9,
        methods=("wald", "cls"),
        values=np.array([1.0, 0.0]),
        toys=100,
        inner_toys=100,
        seed=1,
        covered=np.array([[90.0, 70.0], [91.0, 100.0]]),
        usable=np.array([[100.0, 75.0], [100.0, 100.0]]),
        lost=np.array([[0.0, 25.0], [0.0, 0.0]]),
        origin=ORIGIN,
    )
    figure = wilks.figures.coverage(result)
    (ax,) = figure.axes
    drawn = [container.lines[0].get_ydata() for container in ax.containers]
    np.testing.assert_allclose(drawn[0], [100 * 70 / 75, 90])  # in the order of the values
    np.testing.assert_allclose(drawn[1], [100, 91])
    segments = ax.containers[0].lines[2][0].get_segments()
    np.testing.assert_allclose(np.array(segments)[:, :, 1], 100 * result.intervals[0, ::-1])
    assert "25 toys without an interval" in texts(figure)
    assert "nominal" in texts(figure)
    assert "93.3 ± 3.6 *" in str(result)
    assert "between 70.0 % and 95.0 %" in str(result)
    with pytest.raises(TypeError, match="CoverageResult"):
        wilks.figures.coverage(1)  # type: ignore[arg-type]


def with_p_values(values: np.ndarray, p: list[float]) -> PointTests:
    n, ones = len(values), np.ones(len(values))
    return PointTests(values, ones, ones, np.array(p), 0.1 * ones, 100 * ones, 0 * ones, ones, ("converged",) * n)


def test_p_values_and_the_interval() -> None:
    nothing = np.empty(0)
    options = {"level": 0.9, "toys": 100, "certainty": 0.99, "seed": 1, "origin": ORIGIN}
    result = FeldmanCousinsResult(
        parameters=("mu",),
        best=np.array([1.0]),
        tested=with_p_values(np.array([[0.5], [2.0], [3.0]]), [0.4, 0.2, 0.0]),
        ends=np.array([0.25, np.nan]),
        end_errors=np.array([0.1, np.nan]),
        end_statuses=("converged", "interrupted"),
        profile_ends=np.array([0.3, 2.2]),
        x_values=nothing,
        y_values=nothing,
        region=np.empty((0, 0)),
        **options,  # type: ignore[arg-type]
    )
    figure = wilks.figures.feldman_cousins(result)
    np.testing.assert_allclose(figure.axes[0].containers[0].lines[0].get_ydata(), [0.4, 0.2, 0.0])
    assert "1 end without a value" in texts(figure)
    assert "interrupted" in str(result)
    region = FeldmanCousinsResult(
        parameters=("mu", "k"),
        best=np.array([1.0, 2.0]),
        tested=with_p_values(np.array([[0.5, 1.0]]), [0.4]),
        ends=nothing,
        end_errors=nothing,
        end_statuses=(),
        profile_ends=nothing,
        x_values=np.array([0.0, 1.0, 2.0]),
        y_values=np.array([1.0, 2.0]),
        region=np.array([[1.0, 1.0, -1.0], [0.0, np.nan, -1.0]]),
        **options,  # type: ignore[arg-type]
    )
    figure = wilks.figures.feldman_cousins(region)
    mesh = figure.axes[0].collections[0].get_array()
    np.testing.assert_array_equal(np.ma.filled(mesh, np.nan).reshape(2, 3), region.region)
    assert "undecided" in texts(figure)
    assert "1 point without a test" in texts(figure)
    assert not region.converged


@pytest.mark.parametrize("labels", [("mass",), ()])
def test_local_significances_and_global_lines(labels: tuple[str, ...]) -> None:
    result = GlobalSignificance(
        poi="mu",
        names=("a", "b", "c"),
        labels=labels,
        coordinates=np.array([[1.0], [2.0], [3.0]])[:, : len(labels)],
        q0=np.array([0.0, 9.0, np.nan]),
        best_values=np.array([0.0, 1.0, np.nan]),
        statuses=("converged", "converged", "no fit"),
        toys=4,
        seed=1,
        failures=0,
        interrupted=0,
        largest=np.array([1.0, 16.0, 2.0, 3.0]),
        toy_p_value=0.25,
        toy_error=0.2,
        toy_p_range=(0.25, 0.25),
        threshold=1.0,
        crossings=2.0 if labels else np.nan,
        crossings_error=0.1 if labels else np.nan,
        coarse=1.9 if labels else np.nan,
        origin=ORIGIN,
    )
    figure = wilks.figures.global_significance(result)
    (ax,) = figure.axes
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0, 3, np.nan])
    assert "1 point without an answer" in texts(figure)
    assert "no fit" in str(result)
    if labels:
        height = ax.lines[1].get_ydata()[0]
        local = 0.5 * math.erfc(height / math.sqrt(2))
        assert local + 2 * np.exp(0.5 * (1 - height**2)) == pytest.approx(0.158655, rel=1e-4)
        assert result.p_value == pytest.approx(0.00134990 + 2 * np.exp(-4.0), rel=1e-5)
    else:
        assert result.local_for(0.5) == pytest.approx(np.sqrt(16.0))
        assert np.isnan(result.local_for(3.0))
