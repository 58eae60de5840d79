"""Small models of searches: pyhf's validation inputs, counting experiments, and pyhf's view of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyhf

import wilks
from wilks.model.model import Model

Spec = dict[str, Any]
MU = {"name": "mu", "type": "normfactor", "data": None}


def modifier(name: str, kind: str, data: Any = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "data": data}


def workspace(
    channels: dict[str, dict[str, tuple[list[float], list[dict[str, Any]]]]],
    data: dict[str, list[float]],
    parameters: list[dict[str, Any]] | None = None,
    poi: str = "mu",
) -> Spec:
    """Return a workspace: channels with samples, each a pair of yields and modifiers."""
    return {
        "version": "1.0.0",
        "channels": [
            {
                "name": name,
                "samples": [{"name": s, "data": d, "modifiers": list(m)} for s, (d, m) in samples.items()],
            }
            for name, samples in channels.items()
        ],
        "observations": [{"name": name, "data": values} for name, values in data.items()],
        "measurements": [{"name": "m", "config": {"poi": poi, "parameters": parameters or []}}],
    }


def one_channel(
    signal: list[float],
    background: list[float],
    data: list[float],
    modifiers: list[dict[str, Any]],
    parameters: list[dict[str, Any]] | None = None,
) -> Spec:
    samples = {"signal": (signal, [MU]), "background": (background, modifiers)}
    return workspace({"SR": samples}, {"SR": data}, parameters)


def canonical() -> Spec:
    """Return pyhf's simplest model, with uncorrelated uncertainties of the background."""
    return one_channel([12, 11], [50, 52], [51, 48], [modifier("uncorr_bkguncrt", "shapesys", [3, 7])])


def counting(signal: float, background: float, observed: float, bounds: tuple[float, float] = (0, 10)) -> Spec:
    """Return a counting experiment without uncertainties."""
    settings = [{"name": "mu", "bounds": [list(bounds)]}]
    return one_channel([signal], [background], [observed], [], settings)


def model(spec: Spec, **options: Any) -> Model:
    return wilks.compile_model(wilks.load_workspace(spec), **options)


def in_pyhf(spec: Spec, codes: tuple[str, str] = ("code4", "code4p")) -> tuple[Any, list[float]]:
    """Return pyhf's model and data."""
    settings = {"normsys": {"interpcode": codes[0]}, "histosys": {"interpcode": codes[1]}}
    both = pyhf.Workspace(spec)
    made = both.model(modifier_settings=settings)
    return made, both.data(made)


def poisson_q(signal: float, background: float, n: float, mu: float, lowest: float = 0.0) -> float:
    """Return q_mu (q~_mu for `lowest` 0) of a counting experiment, in closed form."""
    best = max((n - background) / signal, lowest)
    if best > mu:
        return 0.0

    def twice_nll(strength: float) -> float:
        rate = strength * signal + background
        return float(2 * (rate - (n * np.log(rate) if n else 0.0)))

    return twice_nll(mu) - twice_nll(best)
