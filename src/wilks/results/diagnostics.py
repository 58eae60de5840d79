"""`Diagnostics`: the fits with and without signal, and what they predict, for what draws before and after fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wilks._types import FloatArray
from wilks.results.fit import FitResult
from wilks.results.intervals import IntervalResult
from wilks.results.prediction import Prediction


@dataclass(frozen=True, eq=False)
class Shapes:
    """A prediction, with the covariance of the bins of each channel: `total`, `signal` and `background` (bins, bins).

    Signal are the samples of `prediction.signals`; a channel without any has no signal, and none of others no
    background.
    """

    prediction: Prediction
    total: Mapping[str, FloatArray]
    signal: Mapping[str, FloatArray]
    background: Mapping[str, FloatArray]


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Two fits to the same data: `background` with the parameter of interest `poi` kept at 0, `signal` with it free.

    `twice_nll_prefit` is 2NLL before the fits, without signal. `auxiliary` are the auxiliary data by parameter.
    `interval` is the profile-likelihood interval of the parameter of interest. `shapes` are predictions by name:
    "prefit", "fit_b", "fit_s"; that of a fit that gives no covariance is not there.
    """

    poi: str
    background: FitResult
    signal: FitResult
    twice_nll_prefit: float
    auxiliary: Mapping[str, float]
    interval: IntervalResult | None
    shapes: Mapping[str, Shapes]

    @property
    def failures(self) -> dict[str, str]:
        """Fits that give no shapes, with their status."""
        fits = {"background-only fit": self.background, "signal and background fit": self.signal}
        return {name: fit.status for name, fit in fits.items() if not (fit.converged and fit.covariance_valid)}
