"""`diagnostics`: the fits with and without signal, with the covariance of the bins before and after them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from wilks._types import FloatArray
from wilks.errors import ModelError
from wilks.fitting.mle import fit
from wilks.infer.intervals import intervals
from wilks.infer.prediction import predict
from wilks.infer.study import Running
from wilks.model.datasets import Data, labelled
from wilks.model.model import ArrayLike, Model
from wilks.model.terms import prefit_covariance
from wilks.results.diagnostics import Diagnostics, Shapes
from wilks.results.fit import FitResult
from wilks.results.prediction import Prediction


def diagnostics(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    running: Running = Running(),
) -> Diagnostics:
    """Return the fits to data with the parameter of interest at 0 and free, and what the model predicts before and
    after each, with the covariance of the bins of every channel.

    `data`, `fixed`, `bounds` and `running` are as for `intervals`. Raises ModelError where there is no parameter of
    interest, or it is fixed.

    >>> import wilks
    >>> from wilks.infer.diagnostics import diagnostics
    >>> found = diagnostics(wilks.compile_model(wilks.examples.search()))
    >>> list(found.shapes), found.background[found.poi].value
    (['prefit', 'fit_b', 'fit_s'], 0.0)
    """
    if model.poi is None:
        raise ModelError("the model has no parameter of interest; a fit without signal keeps one at 0")
    used = labelled(model, data)
    held = dict(fixed or {})
    fits = {
        "fit_b": fit(model, used, fixed={**held, model.poi: 0.0}, bounds=bounds, options=running.options),
        "fit_s": fit(model, used, fixed=held, bounds=bounds, options=running.options),
    }
    free = fits["fit_s"]
    if free[model.poi].fixed:
        raise ModelError(f'"{model.poi}" is fixed, so there is no fit with signal beside that without')
    usable = {name: one for name, one in fits.items() if one.converged and one.covariance_valid}
    start = np.where(np.arange(model.n_parameters) == model.index(model.poi), 0.0, model.prefit_values)
    interval = None
    if "fit_s" in usable:
        interval = intervals(model, used, fixed=held, bounds=bounds, result=free, running=running)
    names = [name for s in model.parameter_sets if s.constraint != "none" for name in s.names]
    main = sum(model.channel_bins.values())
    return Diagnostics(
        poi=model.poi,
        background=fits["fit_b"],
        signal=free,
        twice_nll_prefit=2.0 * float(model.nll(start, used.values)),
        auxiliary=dict(zip(names, used.values[main:].tolist(), strict=True)),
        interval=interval,
        shapes={name: _shapes(model, one, used) for name, one in {"prefit": None, **usable}.items()},
    )


def _shapes(model: Model, result: FitResult | None, data: Data) -> Shapes:
    """Return prediction and covariances before the fits (None), or after one."""
    prediction = _with_data(predict(model, result), model, data)
    if result is None:
        theta, covariance = model.prefit_values, prefit_covariance(model, model.fixed)
    else:
        theta, covariance = result.values, result.covariance
    signals = set(prediction.signals)
    others = {block.sample for block in model.blocks} - signals
    found = [_covariances(model, theta, covariance, samples) for samples in (signals | others, signals, others)]
    return Shapes(prediction, *found)


def _with_data(prediction: Prediction, model: Model, data: Data) -> Prediction:
    """Return the prediction beside the data that were fitted."""
    channels = [replace(one, data=data.values[model.channel_slices[one.name]]) for one in prediction.channels]
    return replace(prediction, channels=tuple(channels))


def _covariances(
    model: Model, theta: FloatArray, covariance: FloatArray, samples: Collection[str]
) -> dict[str, FloatArray]:
    """Return J C J^T of the sum of some samples, for each channel that has one; J are derivatives of the rates."""
    changes: dict[str, FloatArray] = {}
    for i, block in enumerate(model.blocks):
        if block.sample in samples:
            changes[block.channel] = changes.get(block.channel, 0.0) + model.jacobian(theta, i)
    return {channel: change @ covariance @ change.T for channel, change in changes.items()}
