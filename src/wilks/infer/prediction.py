"""`predict`: expected yields with uncertainties, before or after a fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from wilks._types import FloatArray
from wilks.errors import ModelError, ResultError, listed, nearest
from wilks.infer.transfer import transfer
from wilks.model.model import Model
from wilks.model.terms import prefit_covariance
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.prediction import ChannelPrediction, Prediction
from wilks.selection import natural

METHODS = ("linear", "cabinetry")
# A change along a flat direction, relative to its terms, that is more than rounding.
_ALONG = 1e-5


@verb("predict(model, result)")
def predict(
    model: Model, result: FitResult | None = None, *, method: str = "linear", label: str | None = None
) -> Prediction:
    """Return yields per channel, sample and bin with 68 % uncertainties: before the fit, or after it with `result`.

    `method` "linear" propagates uncertainties linearly, sigma^2 = diag(J C J^T), J the exact derivatives of the rates.
    Channels are in natural order (2 before 10).
    Before the fit C is the covariance of the constraints (unconstrained parameters contribute nothing); after
    it, it is the full covariance of the fit. "cabinetry" moves every parameter up and down by its uncertainty, halves
    the differences of the rates, and combines them with the correlation matrix: cabinetry's numbers, the same where
    rates are linear in the parameters. `label` replaces "pre-fit" and "post-fit".

    After a fit that is flat along some combinations of parameters (`FitResult.flat`) what changes along them has no
    uncertainty (NaN); all else has its own. So it is with parameters that had no effect in the fit and have one here.

    A fit of other channels is first carried over by `transfer`, and so is one that did not see the masked bins of a
    model that has them (`compile_model(..., masks=False)`). Raises ResultError if the result has other parameters
    than the model, hides some (`FitResult.blinded`), or has no usable covariance.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> prefit, postfit = wilks.predict(model), wilks.predict(model, wilks.fit(model))
    >>> channel = postfit["electrons"]
    >>> channel.samples, channel.yields.shape
    (('WZ', 'ZZ', 'Fakes'), (3, 5))
    >>> print(f"{prefit['electrons'].sum_uncertainty:.0f}, then {channel.sum_uncertainty:.0f}")
    62, then 29
    """
    if method not in METHODS:
        raise ModelError(f'no method "{method}" here; allowed are {listed(METHODS)}{nearest(method, METHODS)}')
    flat = np.zeros((0, model.n_parameters))
    if result is None:
        theta, covariance, name = model.prefit_values, prefit_covariance(model, model.fixed), "pre-fit"
    else:
        result = _of_this_model(model, result)
        flat = np.concatenate([result.flat, np.eye(model.n_parameters)[result.idle]])
        if not result.covariance_usable:
            raise ResultError(f"the fit gives no covariance, so no uncertainties can be predicted: {result.status}")
        theta, covariance, name = result.values, result.covariance, "post-fit"
    rates = model.expected_by_block(theta)
    jacobian: Callable[[int], FloatArray] = partial(model.jacobian, theta)
    change = jacobian
    if method != "linear":
        variations, covariance = _variations(model, theta, covariance)
        change = variations.__getitem__
    channels = []
    for channel in natural(model.channel_names):
        blocks = {block.sample: i for i, block in enumerate(model.blocks) if block.channel == channel}
        samples = model.sample_order[channel]
        yields = np.stack([rates[blocks[sample]] for sample in samples])
        found = _channel(model, channel, samples, yields, [change(blocks[sample]) for sample in samples], covariance)
        if flat.size:
            found = _undetermined(found, [jacobian(blocks[sample]) for sample in samples], flat)
        channels.append(found)
    conditions = () if result is None else result.conditions
    return Prediction(label or name, tuple(channels), model.workspace_digest, method, conditions, model.signal_samples)


def _undetermined(channel: ChannelPrediction, changes: list[FloatArray], flat: FloatArray) -> ChannelPrediction:
    """Return the prediction without the uncertainties of what changes along flat directions, shape (directions,
    n_parameters): there is none that holds, however far one goes."""

    def hidden(uncertainty: FloatArray, change: FloatArray) -> FloatArray:
        along = np.abs(change @ flat.T).max(axis=-1)
        return np.where(along > _ALONG * np.abs(change) @ np.abs(flat).max(axis=0), np.nan, uncertainty)

    samples = np.stack(changes)
    total, sums = samples.sum(axis=0), samples.sum(axis=1)
    return replace(
        channel,
        uncertainties=hidden(channel.uncertainties, samples),
        total_uncertainty=hidden(channel.total_uncertainty, total),
        sample_sums_uncertainty=hidden(channel.sample_sums_uncertainty, sums),
        sum_uncertainty=float(hidden(np.array(channel.sum_uncertainty), sums.sum(axis=0))),
    )


def _variations(model: Model, theta: FloatArray, covariance: FloatArray) -> tuple[list[FloatArray], FloatArray]:
    """Return half the differences of the rates of each block for parameters moved up and down by their uncertainty,
    shape (bins, n_parameters), and the correlation matrix.
    """
    sigma = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    moving = np.flatnonzero(sigma > 0)
    steps = np.zeros((sum(block.bins for block in model.blocks), moving.size))
    for column, i in enumerate(moving):
        up, down = theta.copy(), theta.copy()
        up[i], down[i] = theta[i] + sigma[i], theta[i] - sigma[i]
        high, low = (np.concatenate(model.expected_by_block(moved)) for moved in (up, down))
        steps[:, column] = 0.5 * (high - low)
    parts = np.split(steps, np.cumsum([block.bins for block in model.blocks])[:-1])
    return parts, covariance[np.ix_(moving, moving)] / np.outer(sigma[moving], sigma[moving])


def _of_this_model(model: Model, result: FitResult) -> FitResult:
    """Return the fit as one of this model; ResultError where it has other parameters, or hides some."""
    same = result.workspace_digest == model.workspace_digest
    if same and model.masked and not np.array_equal(result.prefit_uncertainties, model.prefit_uncertainties):
        result = transfer(result, model)
    if result.names != model.parameter_names:
        raise ResultError(
            "the fit result has other parameters than the model; it belongs to another workspace "
            "(wilks.transfer(result, model) carries it over by name)"
        )
    if hidden := [name for name, value in zip(result.names, result.values, strict=True) if np.isnan(value)]:
        raise ResultError(f"the fit does not tell the value of {listed(hidden)}, so nothing can be predicted from it")
    # A workspace with masked bins has the same parameters, some of them constant.
    return result if same else transfer(result, model)


def _channel(
    model: Model,
    name: str,
    samples: tuple[str, ...],
    yields: FloatArray,
    changes: list[FloatArray],
    covariance: FloatArray,
) -> ChannelPrediction:
    """Return the prediction of a channel; `changes` are those of its samples' rates, per what `covariance` is of."""
    total = np.sum(changes, axis=0)
    sums = np.stack([change.sum(axis=0) for change in changes])
    return ChannelPrediction(
        name=name,
        axis=model.axes[name],
        samples=samples,
        yields=yields,
        uncertainties=np.stack([_propagated(change, covariance) for change in changes]),
        total_uncertainty=_propagated(total, covariance),
        sample_sums_uncertainty=_propagated(sums, covariance),
        sum_uncertainty=float(_propagated(total.sum(axis=0, keepdims=True), covariance)[0]),
        data=model.observed_main[model.channel_slices[name]],
        masked=model.masked.get(name, ()),
    )


def _propagated(change: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return the uncertainties of what changes so; powers of two keep the squares of large changes finite."""
    exponents = np.frexp(np.abs(change).max(axis=1, initial=0.0))[1]
    scaled = np.ldexp(change, -exponents[:, None])
    along = (covariance.T @ scaled.T).T
    variance = np.matmul(along[:, None, :], scaled[:, :, None])[:, 0, 0]
    uncertainty: FloatArray = np.ldexp(np.sqrt(np.maximum(variance, 0.0)), exponents)
    return uncertainty
