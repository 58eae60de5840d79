"""Made-up results that look like those of the ttbar lesson, and extreme ones."""

from __future__ import annotations

import numpy as np

from wilks.histogram import Axis
from wilks.results.fit import FitResult
from wilks.results.prediction import ChannelPrediction, Prediction

NUISANCES = (
    "ME variation",
    "PS variation",
    "ttbar scale variations",
    "Jet energy scale",
    "Jet energy resolution",
    "b-tag NP 1",
    "b-tag NP 2",
    "b-tag NP 3",
    "b-tag NP 4",
    "W+jets scale variations",
    "Luminosity",
    "Pile-up",
)
SAMPLES = ("ttbar", "W+jets", "single top, t-channel", "single atop, t-channel", "tW")


def make_fit(
    names: tuple[str, ...] = NUISANCES, staterrors: int = 22, free: tuple[str, ...] = ("ttbar_norm",)
) -> FitResult:
    """Return a fit with the nuisance parameters named, gammas, and unconstrained parameters."""
    random = np.random.default_rng(5)
    gammas = tuple(f"staterror_4j1b-CR[{i}]" for i in range(staterrors))
    n, m, k = len(names), len(free), staterrors
    sigma = np.concatenate([random.uniform(0.2, 1, n), np.full(m, 0.0757), np.full(k, 0.009)])
    a = random.normal(size=(n + m + k, n + m + k))
    covariance = a @ a.T + np.eye(n + m + k) * 10
    d = np.sqrt(np.diag(covariance))
    covariance *= np.outer(sigma / d, sigma / d)
    return FitResult(
        names=(*names, *free, *gammas),
        values=np.concatenate([random.normal(0, 0.7, n), np.full(m, 0.9642), 1 + random.normal(0, 0.007, k)]),
        uncertainties=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        twice_nll=57.054474,
        edm=1.2e-11,
        converged=True,
        status="converged",
        covariance_valid=True,
        smallest_eigenvalue=0.8,
        fixed=np.zeros(n + m + k, dtype=bool),
        at_bound=np.zeros(n + m + k, dtype=bool),
        prefit_values=np.concatenate([np.zeros(n), np.ones(m + k)]),
        prefit_uncertainties=np.concatenate([np.ones(n), np.zeros(m), np.full(k, 0.01)]),
        constraints=("normal",) * n + ("none",) * m + ("normal",) * k,
        modifier_types=(("normsys", "histosys"),) * n + (("normfactor",),) * m + (("staterror",),) * k,
        poi="ttbar_norm",
        measurement="CMS_ttbar",
        dataset="observed",
        workspace_digest="0" * 64,
        version="0.1.0",
        iterations=7,
        evaluations=9,
        mirrored=(("W+jets scale variations", -0.0715),),
        settings={"tolerance": 1e-8, "strategy": "newton"},
    )


def make_channel(
    name: str,
    axis: Axis,
    shapes: np.ndarray,
    samples: tuple[str, ...] = SAMPLES,
    data: np.ndarray | None = None,
    relative: float = 0.05,
) -> ChannelPrediction:
    """Return a channel with the yields given and uncertainties of a size that adds up."""
    total = shapes.sum(axis=0)
    random = np.random.default_rng(11)
    return ChannelPrediction(
        name=name,
        axis=axis,
        samples=samples,
        yields=shapes,
        uncertainties=relative * shapes,
        total_uncertainty=relative * 0.9 * total,
        sample_sums_uncertainty=relative * 0.8 * shapes.sum(axis=1),
        sum_uncertainty=float(relative * 0.7 * total.sum()),
        data=random.poisson(np.maximum(total, 0)).astype(float) if data is None else data,
    )


def lesson_shapes(scale: float = 1.0) -> np.ndarray:
    """Return yields of five samples in eleven bins, falling after a maximum."""
    x = np.linspace(0.3, 6, 11)
    shape = x**1.5 * np.exp(-1.1 * x)
    return scale * np.outer([40000, 16000, 900, 500, 2600], shape)


def make_prediction(label: str = "post-fit", scale: float = 1.0, relative: float = 0.05) -> Prediction:
    """Return a prediction for the two regions of the lesson."""
    control = Axis(np.linspace(110, 550, 12), label="$H_T$", unit="GeV")
    signal = Axis(np.linspace(110, 550, 12), label="$m_{bjj}$ [GeV]", unit="GeV")
    channels = (
        make_channel("4j1b CR", control, lesson_shapes(scale), relative=relative),
        make_channel("4j2b SR", signal, lesson_shapes(0.4 * scale)[:, ::-1].copy()[:, ::-1], relative=relative),
    )
    return Prediction(label=label, channels=channels, workspace_digest="0" * 64)
