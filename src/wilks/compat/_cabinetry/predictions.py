"""Uncertainties of predicted yields, by cabinetry's definition, from rates of all variations at once."""

from __future__ import annotations

import logging
from typing import Any, TypeAlias

import cabinetry.model_utils
import numpy as np

from wilks._types import FloatArray
from wilks.compat._cabinetry.calls import like
from wilks.compat._pyhf.model import Model
from wilks.compat.ledger import LEDGER

log = logging.getLogger("cabinetry.model_utils")

Deviations: TypeAlias = tuple[list[list[list[float]]], list[list[float]]]

_YIELD_STDEV = cabinetry.model_utils.yield_stdev


@like(_YIELD_STDEV)
def yield_stdev(model: Any, parameters: Any, uncertainty: Any, corr_mat: Any) -> Deviations:
    """Return standard deviations of yields, per channel, sample (the last: their sum) and bin, and per channel and
    sample; see cabinetry.

    Each parameter is moved up and down by its uncertainty; half the differences, which know their signs, are added up
    with the correlations. A parameter without an uncertainty leaves none to what it moves: NaN.
    """
    if not isinstance(model, Model) or model.core is None:
        deviations: Deviations = _YIELD_STDEV(model, parameters, uncertainty, corr_mat)
        return deviations
    theta, sigma = np.asarray(parameters, np.float64), np.asarray(uncertainty, np.float64)
    correlation = np.asarray(corr_mat, np.float64)
    unknown = np.isnan(sigma)
    with LEDGER.serving("evaluation", 2 * theta.size):
        steps = np.diag(np.where(unknown, 1.0, sigma))
        half = 0.5 * (model.core.expected_by_sample(theta + steps) - model.core.expected_by_sample(theta - steps))
    # What the data don't tell matters only where it moves a yield.
    half[unknown & half.any(axis=(1, 2))] = np.nan
    correlation = np.where(np.isnan(correlation), 0.0, correlation)
    slices = [model.config.channel_slices[channel] for channel in model.config.channels]
    sums = np.stack([half[..., where].sum(axis=-1) for where in slices], axis=-1)
    half = np.concatenate([half, sums], axis=-1)
    half = np.concatenate([half, half.sum(axis=1, keepdims=True)], axis=1)
    deviation = _deviation(half, correlation)
    bins = deviation.shape[-1] - len(slices)
    per_bin = [deviation[:, where].tolist() for where in slices]
    per_channel = deviation[:, bins:].T.tolist()
    log.debug(f"total stdev is {[each[-1] for each in per_bin]}")
    log.debug(f"total stdev per channel is {[each[-1] for each in per_channel]}")
    return per_bin, per_channel


def _deviation(half: FloatArray, correlation: FloatArray) -> FloatArray:
    """Return sqrt(v^T rho v) for each yield; the half differences have shape (parameters, samples, bins)."""
    diagonal = np.array_equal(correlation, np.eye(len(correlation)))
    other = half if diagonal else np.tensordot(correlation, half, axes=1)
    deviation: FloatArray = np.sqrt((other * half).sum(axis=0))
    return deviation
