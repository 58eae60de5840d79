"""Exact derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest

from wilks._types import FloatArray
from wilks.model.model import Model


def check_derivatives(model: Model, theta: FloatArray, data: FloatArray | None = None, *, h: float = 1e-5) -> None:
    """Compare gradient and Hessian of the likelihood with central differences at one point."""
    gradient, hessian = model.gradient(theta, data), model.hessian(theta, data)
    assert np.isfinite(gradient).all()
    for i in range(theta.size):
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        slope = (model.nll(up, data) - model.nll(down, data)) / (2 * h)
        assert gradient[i] == pytest.approx(slope, rel=3e-6, abs=3e-6)
        column = (model.gradient(up, data) - model.gradient(down, data)) / (2 * h)
        np.testing.assert_allclose(hessian[i], column, rtol=1e-5, atol=1e-4)
