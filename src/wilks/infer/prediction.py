"""`predict`: expected yields with uncertainties, before or after a fit."""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray
from wilks.errors import ResultError, listed
from wilks.infer.transfer import transfer
from wilks.model.model import Model
from wilks.results.fit import FitResult
from wilks.results.prediction import ChannelPrediction, Prediction


def predict(model: Model, result: FitResult | None = None, *, label: str | None = None) -> Prediction:
    """Return yields per channel, sample and bin with 68 % uncertainties: before the fit, or after it with `result`.

    Uncertainties are propagated linearly, sigma^2 = diag(J C J^T), J the exact derivatives of the rates. Before the
    fit C holds the squared widths of the constraints (unconstrained parameters contribute nothing); after it, it is
    the full covariance of the fit. A fit of other channels is first carried over by `transfer`. Raises ResultError if
    the result has other parameters than the model, hides some (`FitResult.blinded`), or has no usable covariance.

    >>> prefit, postfit = predict(model), predict(model, result)  # doctest: +SKIP
    """
    if result is None:
        theta, covariance, name = model.prefit_values, np.diag(model.prefit_uncertainties**2), "pre-fit"
    else:
        result = _of_this_model(model, result)
        if not result.covariance_valid:
            raise ResultError(f"the fit gives no covariance, so no uncertainties can be predicted: {result.status}")
        theta, covariance, name = result.values, result.covariance, "post-fit"
    rates = model.expected_by_block(theta)
    channels = []
    for channel in model.channel_names:
        blocks = {block.sample: i for i, block in enumerate(model.blocks) if block.channel == channel}
        samples = model.sample_order[channel]
        channels.append(
            _channel(
                model,
                channel,
                samples,
                np.stack([rates[blocks[sample]] for sample in samples]),
                [model.jacobian(theta, blocks[sample]) for sample in samples],
                covariance,
            )
        )
    return Prediction(label=label or name, channels=tuple(channels), workspace_digest=model.workspace_digest)


def _of_this_model(model: Model, result: FitResult) -> FitResult:
    """Return the fit as one of this model; ResultError where it has other parameters, or hides some."""
    if result.names != model.parameter_names:
        raise ResultError(
            "the fit result has other parameters than the model; it belongs to another workspace "
            "(wilks.transfer(result, model) carries it over by name)"
        )
    if hidden := [name for name, value in zip(result.names, result.values, strict=True) if np.isnan(value)]:
        raise ResultError(f"the fit does not tell the value of {listed(hidden)}, so nothing can be predicted from it")
    # A workspace with masked bins has the same parameters, some of them constant.
    return result if result.workspace_digest == model.workspace_digest else transfer(result, model)


def _channel(
    model: Model,
    name: str,
    samples: tuple[str, ...],
    yields: FloatArray,
    jacobians: list[FloatArray],
    covariance: FloatArray,
) -> ChannelPrediction:
    total = np.sum(jacobians, axis=0)
    sums = np.stack([jacobian.sum(axis=0) for jacobian in jacobians])
    return ChannelPrediction(
        name=name,
        axis=model.axes[name],
        samples=samples,
        yields=yields,
        uncertainties=np.stack([_propagated(jacobian, covariance) for jacobian in jacobians]),
        total_uncertainty=_propagated(total, covariance),
        sample_sums_uncertainty=_propagated(sums, covariance),
        sum_uncertainty=float(_propagated(total.sum(axis=0, keepdims=True), covariance)[0]),
        data=model.observed_main[model.channel_slices[name]],
    )


def _propagated(jacobian: FloatArray, covariance: FloatArray) -> FloatArray:
    variance = np.einsum("bi,ij,bj->b", jacobian, covariance, jacobian, optimize=True)
    uncertainty: FloatArray = np.sqrt(np.maximum(variance, 0.0))
    return uncertainty
