"""Scans and contours as text, and to JSON and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks.results.intervals import CONVERGED, Interval
from wilks.results.origin import Origin
from wilks.results.scan import STAT_ONLY, ContourLine, ContourResult, ScanCurve, ScanResult

ORIGIN = Origin("m", "observed", "0" * 64, "0.1.0")
VALUES = np.linspace(0.0, 2.0, 5)


def curve(label: str, up: float, down: float, frozen: tuple[str, ...] = ()) -> ScanCurve:
    delta = np.where(VALUES > 1.0, ((VALUES - 1.0) / up) ** 2, ((VALUES - 1.0) / down) ** 2)
    interval = Interval("mu", 0.6827, 1.0, 1.0 - down, 1.0 + up, CONVERGED, CONVERGED)
    return ScanCurve(label, frozen, delta, (CONVERGED,) * VALUES.size, interval)


def scan(*curves: ScanCurve) -> ScanResult:
    return ScanResult("mu", 1.0, 0.45, 17.25, VALUES, (curve("total", 0.5, 0.4), *curves), ("a note",), ORIGIN)


def contour() -> ContourResult:
    grid = np.linspace(-3.0, 3.0, 7)
    angle = np.linspace(0.0, 2 * np.pi, 40)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    levels = (0.6827, 0.95)
    delta = grid**2 + grid[:, None] ** 2
    statuses = [[CONVERGED] * 7 for _ in range(7)]
    delta[6, 0], statuses[6][0] = np.nan, "interrupted"
    return ContourResult(
        parameters=("mu", "jes"),
        best=(0.0, 0.0),
        covariance=np.eye(2),
        twice_nll=17.25,
        x_values=grid,
        y_values=grid.copy(),
        delta=delta,
        statuses=tuple(map(tuple, statuses)),
        levels=levels,
        lines=tuple(ContourLine(level, np.sqrt(-2 * np.log(1 - level)) * circle) for level in levels),
        notes=(),
        origin=ORIGIN,
    )


def test_scan_round_trip(tmp_path: Path) -> None:
    before = scan(curve(STAT_ONLY, 0.3, 0.3, ("jes", "jer")))
    before.save(tmp_path / "scan.json")
    after = wilks.load_result(tmp_path / "scan.json")
    assert isinstance(after, ScanResult)
    np.testing.assert_array_equal(after.values, before.values)
    for new, old in zip(after.curves, before.curves, strict=True):
        np.testing.assert_array_equal(new.delta, old.delta)
        assert (new.label, new.frozen, new.statuses) == (old.label, old.frozen, old.statuses)
        assert new.interval == old.interval
    assert (after.parameter, after.value, after.uncertainty, after.notes) == ("mu", 1.0, 0.45, ("a note",))
    assert str(after) == str(before)


def test_contour_round_trip(tmp_path: Path) -> None:
    before = contour()
    before.save(tmp_path / "contour.json")
    after = wilks.load_result(tmp_path / "contour.json")
    assert isinstance(after, ContourResult)
    for name in ("x_values", "y_values", "delta", "covariance"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    np.testing.assert_array_equal(after.lines[1].points, before.lines[1].points)
    assert (after.parameters, after.best, after.statuses) == (before.parameters, before.best, before.statuses)


def test_parts_in_quadrature() -> None:
    stat = curve(STAT_ONLY, 0.3, 0.32)
    result = scan(stat)
    assert result.without(stat) == pytest.approx((0.4, 0.24))
    assert result.summary() == "1.00 +0.30 -0.32 (stat.) +0.40 -0.24 (syst.)"
    assert scan().summary() == "1.00 +0.50 -0.40"
    # A curve that is wider than the total has no rest.
    wide = curve(STAT_ONLY, 0.6, 0.3)
    assert np.isnan(scan(wide).without(wide)[0])
    assert scan(wide).summary() == "1.00 +0.50 -0.40"


def test_scan_text() -> None:
    result = scan(curve("no jes", 0.3, 0.32, ("jes",)))
    lines = str(result).splitlines()
    assert lines[0] == "mu = 1.00 +0.50 -0.40"
    assert lines[4].split() == ["0", "6.2500", "9.7656"]
    assert lines[-1] == "a note"
    assert repr(result) == "<ScanResult: mu = 1.00 +0.50 -0.40, 5 points, 2 curves>"
    broken = replace(result.curves[0], statuses=(*[CONVERGED] * 4, "interrupted"))
    failed = replace(result, curves=(broken,))
    assert failed.failures == {("total", 4): "interrupted"}
    assert not failed.converged
    assert "total, 2: interrupted" in str(failed)


def test_contour_text() -> None:
    result = contour()
    assert repr(result) == "<ContourResult: mu and jes, 68.3 %, 95 %, 7 x 7 points, 1 FAILED>"
    lines = str(result).splitlines()
    assert lines[0] == "best fit: mu = 0, jes = 0"
    assert lines[4].split()[:4] == ["68.3", "%", "2.30", "-1.51"]
    assert lines[-1] == "1 of 49 fits failed: interrupted"


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="a scan needs a curve"):
        replace(scan(), curves=())
    with pytest.raises(ValueError, match="total has shape"):
        replace(scan(), values=np.zeros(3))
    with pytest.raises(ValueError, match="delta has shape"):
        replace(scan().curves[0], statuses=())
    with pytest.raises(ValueError, match="delta has shape"):
        replace(contour(), x_values=np.zeros(3))
    with pytest.raises(ValueError, match="must increase"):
        replace(contour(), x_values=np.zeros(7))
    with pytest.raises(ValueError, match="statuses need 7 x 7"):
        replace(contour(), statuses=())
    with pytest.raises(ValueError, match="covariance has shape"):
        replace(contour(), covariance=np.zeros(2))
    with pytest.raises(ValueError, match="points have shape"):
        ContourLine(0.95, np.zeros(3))
