"""Contours against circles, the Gaussian limit, fits with the independent likelihood, and bounds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from iminuit import Minuit
from scipy.stats import chi2
from tests.infer.profiled import compiled, factor, gaussian, specification
from tests.reference.likelihood import Likelihood

import wilks
from wilks.errors import ModelError
from wilks.infer.contours import contour
from wilks.infer.study import Study
from wilks.results.many import ManyFits
from wilks.results.scan import contour_height


@pytest.mark.parametrize("level", [0.1, 0.6827, 0.95, 0.9999])
def test_heights(level: float) -> None:
    assert contour_height(level) == pytest.approx(chi2.ppf(level, 2), rel=1e-10)


def test_two_unit_gaussians_give_circles() -> None:
    result = contour(gaussian(), parameters=("a", "b"), points=15)
    a, b = np.meshgrid(result.x_values, result.y_values)
    np.testing.assert_allclose(result.delta, a**2 + b**2, atol=1e-10)
    assert [line.level for line in result.lines] == [0.6827, 0.95]
    for line in result.lines:
        np.testing.assert_allclose(np.hypot(*line.points.T), np.sqrt(chi2.ppf(line.level, 2)), atol=1e-6)
        np.testing.assert_array_equal(line.points[0], line.points[-1])
        angles = np.sort(np.arctan2(line.points[:, 1], line.points[:, 0]))
        assert np.diff(angles).max() < 0.4  # all around
    np.testing.assert_allclose(result.covariance, np.eye(2), atol=1e-12)
    assert result.converged


def test_a_bound_ends_the_contour() -> None:
    """a is at least 0.5, where the best fit is: the circle's piece beyond."""
    result = contour(gaussian(), parameters=("a", "b"), bounds={"a": (0.5, 5.0)})
    assert result.best == pytest.approx((0.5, 0.0), abs=1e-9)
    assert result.x_values[0] == 0.5
    for line in result.lines:
        radius = np.sqrt(0.25 + chi2.ppf(line.level, 2))
        np.testing.assert_allclose(np.hypot(*line.points.T), radius, atol=1e-6)
        ends = line.points[[0, -1]]
        np.testing.assert_array_equal(ends[:, 0], [0.5, 0.5])
        np.testing.assert_allclose(
            np.sort(ends[:, 1]), [-np.sqrt(radius**2 - 0.25), np.sqrt(radius**2 - 0.25)], atol=1e-6
        )


def test_against_fits_with_the_independent_likelihood(shared_data: Path) -> None:
    """MIGRAD with both parameters fixed, at points of the contours of a model that is far from linear."""
    spec = json.loads((shared_data / "cabinetry-example/golden/example_ntuple_workspace.json").read_text())
    ref, model = Likelihood(spec), compiled(spec)
    result = contour(model, parameters=("Signal_norm", "Modeling"), points=21)
    best = wilks.fit(model)
    for line in result.lines:
        for point in line.points[:: len(line.points) // 6]:
            minuit = Minuit(ref.twice_nll, best.values, grad=lambda t: 2 * ref.gradient(t), name=ref.parameter_names)
            minuit.limits, minuit.tol, minuit.errordef = ref.bounds, 1e-4, Minuit.LEAST_SQUARES
            for name, value in zip(result.parameters, point, strict=True):
                minuit.values[name], minuit.fixed[name] = value, True
            minuit.migrad()
            assert minuit.fval - best.twice_nll == pytest.approx(contour_height(line.level), abs=2e-3)


def test_extent_is_the_interval_at_the_same_height(shared_data: Path) -> None:
    """The shadow of a contour on an axis is the profile interval at its height; the grid holds it."""
    model = wilks.compile_model(wilks.load_workspace(shared_data / "ttbar-lesson/workspace_repaired.json"))
    names = ("ttbar_norm", "PS variation")
    result = contour(model, parameters=names)
    outer = next(line.points for line in result.lines if line.level == 0.95)
    level = float(chi2.cdf(contour_height(0.95), 1))
    intervals = wilks.intervals(model, parameters=names, levels=(level,))
    for axis, (name, grid) in enumerate(zip(names, (result.x_values, result.y_values), strict=True)):
        width = intervals[name].upper - intervals[name].lower
        assert outer[:, axis].min() == pytest.approx(intervals[name].lower, abs=0.005 * width)
        assert outer[:, axis].max() == pytest.approx(intervals[name].upper, abs=0.005 * width)
        assert grid[0] < outer[:, axis].min()
        assert grid[-1] > outer[:, axis].max()


def test_two_separate_pieces() -> None:
    """Where the sign of a parameter is not known, a contour below the barrier between its minima has two pieces."""
    samples = {"B": ([100.0, 40.0], [factor("even", 1.3, 1.3)]), "C": ([0.0, 60.0], [factor("odd", 0.9, 1.1)])}
    spec = specification([113.0, 109.0], samples)
    ref, model = Likelihood(spec), compiled(spec)
    low, high = 0.2, 0.95
    result = contour(model, parameters=("even", "odd"), levels=(low, high))
    pieces = {level: [line.points for line in result.lines if line.level == level] for level in (low, high)}
    assert sorted(float(np.sign(points[:, 0].mean())) for points in pieces[low]) == [-1.0, 1.0]
    assert len(pieces[high]) == 1
    assert '"even" has another minimum, as deep' in result.notes[0]
    order = [result.parameters.index(name) for name in ref.parameter_names]
    for line in result.lines:
        height = ref.twice_nll(line.points[:, order]) - result.twice_nll
        np.testing.assert_allclose(height, contour_height(line.level), atol=1e-5)


def test_a_range_is_where_the_contour_ends() -> None:
    """The circles of two unit Gaussians, of which the range of a cuts a piece off; b has what holds them."""
    result = contour(gaussian(), parameters=("a", "b"), ranges={"a": (-0.5, 4.0)}, points=15)
    assert (result.x_values[0], result.x_values[-1]) == (-0.5, 4.0)
    radii = np.sqrt(chi2.ppf([0.6827, 0.95], 2))
    assert result.y_values[-1] == pytest.approx(1.1 * radii[1], rel=1e-3)
    for line, radius in zip(result.lines, radii, strict=True):
        np.testing.assert_allclose(np.hypot(*line.points.T), radius, atol=1e-6)
        np.testing.assert_array_equal(line.points[[0, -1], 0], [-0.5, -0.5])
    both = contour(gaussian(), parameters=("a", "b"), ranges={"a": (-2.0, 3.0), "b": (1.0, 2.0)}, points=7)
    a, b = np.meshgrid(np.linspace(-2.0, 3.0, 7), np.linspace(1.0, 2.0, 7))
    np.testing.assert_allclose(both.delta, a**2 + b**2, atol=1e-9)


def test_mistakes() -> None:
    model = gaussian()
    for options, sentence in (
        ({"parameters": ("a", "b"), "ranges": {"c": (0, 1)}}, '"c" is none of the two parameters'),
        ({"parameters": ("a", "b"), "ranges": {"a": (1, 0)}}, "the first must be below the second"),
        ({"parameters": ("a", "b"), "ranges": {"a": (float("nan"), 0)}}, "the first must be below the second"),
        ({"parameters": ("a", "b"), "ranges": {"a": (-99, 0)}}, 'outside the bounds of "a"'),
        ({"parameters": ("a", "c")}, 'no parameter "c" in this model'),
        ({"parameters": ("a", "a")}, "two different parameters, found 1"),
        ({"parameters": "a"}, "two different parameters, found 1"),
        ({"parameters": ("a", "b"), "levels": (0.0,)}, "level 0: it must lie between 0 and 1; 95 % is 0.95"),
        ({"parameters": ("a", "b"), "points": 4}, "at least 5 are needed, found 4"),
        ({"parameters": ("a", "b"), "fixed": {"b": 0}}, '"b" is fixed'),
    ):
        with pytest.raises(ModelError, match=sentence):
            contour(model, **options)  # type: ignore[arg-type]


def test_a_jump_of_the_profile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """2NLL is higher by 4 where a is above 1: the contours end on this line, and are told to."""
    honest = Study.fits

    def higher(self: Study, *asked: Any, **more: Any) -> ManyFits:
        fits = honest(self, *asked, **more)
        return replace(fits, twice_nll=fits.twice_nll + 4.0 * (fits.values[:, 0] > 1.0))

    whole = contour(gaussian(), parameters=("a", "b"), points=15)
    monkeypatch.setattr(Study, "fits", higher)
    result = contour(gaussian(), parameters=("a", "b"), points=15, bounds={"a": (-5.0, 5.0), "b": (-5.0, 5.0)})
    assert not whole.notes
    (note,) = result.notes
    assert "points of the contours are only as exact as the grid" in note
    cell = result.x_values[1] - result.x_values[0]
    assert all((line.points[:, 0] < 1.0 + cell).all() for line in result.lines if line.level < 0.7)
