"""The statistical uncertainty of the templates of a region as modifiers: shared, per sample, dropped, Poisson."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.config.schema import Staterror, staterror_name
from wilks.config.staterrors import GAUSSIAN, sample_staterror
from wilks.histogram import Histogram
from wilks.workspace.spec import GammaConstraint, ShapeSys, StatError


def staterrors(
    staterror: Staterror, region: str, templates: Mapping[str, Histogram]
) -> dict[str, list[StatError | ShapeSys]]:
    """Return the modifiers of each sample; `templates` are those of a region whose uncertainty is described.

    Without any options every sample carries the shared staterror. A bin without uncertainty has a parameter that is
    constant and does nothing: so bins are left to other parameters, or to none. A set of parameters of which nothing
    is left is left out.

    A Poisson-constrained staterror of the whole region is ROOT's default; the samples' own are shapesys, as in pyhf.

    `Threshold` is that of ROOT's HistFactory. `PoissonBelow` follows autoMCStats of Combine (CMS, arXiv:2404.06614)
    but for three things: all samples with statistical uncertainties count, signal included; effective entries are
    not rounded; and an uncertainty above the yield is a Gaussian-constrained factor, not a term that is added.
    """
    if not templates:
        return {}
    nominal = np.array([histogram.contents for histogram in templates.values()])
    errors = np.array([histogram.stdev for histogram in templates.values()])
    errors = np.where(_dropped(staterror, nominal, errors), 0.0, errors)
    own = [sample_staterror(region, sample) for sample in templates]
    if staterror.per_sample:
        kind = ShapeSys if staterror.constraint == "Poisson" else StatError
        sets = [[kind(name, error.tolist())] for name, error in zip(own, errors, strict=True)]
    elif staterror.poisson_below is not None:
        sets = _mixed(staterror.poisson_below, staterror_name(region), own, nominal, errors)
    else:
        constraint: GammaConstraint | None = "poisson" if staterror.constraint == "Poisson" else None
        sets = [[StatError(staterror_name(region), error.tolist(), constraint)] for error in errors]
    if staterror != Staterror():
        acting = {modifier.name for modifiers in sets for modifier in modifiers if any(modifier.data)}
        sets = [[modifier for modifier in modifiers if modifier.name in acting] for modifiers in sets]
    return dict(zip(templates, sets, strict=True))


def _dropped(staterror: Staterror, nominal: FloatArray, errors: FloatArray) -> BoolArray:
    """Return in which bins the uncertainty of the sum is below the threshold; a sum that is not positive has no ratio.

    Arrays have shape (samples, bins), the result (bins,).
    """
    total, error = nominal.sum(axis=0), np.sqrt(np.sum(errors**2, axis=0))
    below: BoolArray = (total > 0.0) & (error < staterror.threshold * total)
    return below


def _mixed(
    limit: float, shared: str, own: Sequence[str], nominal: FloatArray, errors: FloatArray
) -> list[list[StatError | ShapeSys]]:
    """Return shared parameters for bins with more than `limit` effective entries, in the others one for each sample.

    Of those, the ones that stand for few events are Poisson-constrained; Gaussian where the uncertainty is above the
    yield (weights of both signs) or the sample's own effective entries are above the limit.
    """
    variance = np.sum(errors**2, axis=0)
    few = (variance > 0.0) & (nominal.sum(axis=0) ** 2 <= limit * variance)
    gaussian = few & ((errors > nominal) | (nominal**2 > limit * errors**2))
    sets: list[list[StatError | ShapeSys]] = []
    for name, error, normal in zip(own, errors, gaussian, strict=True):
        sets.append(
            [
                StatError(shared, np.where(few, 0.0, error).tolist()),
                StatError(name + GAUSSIAN, np.where(normal, error, 0.0).tolist()),
                ShapeSys(name, np.where(few & ~normal, error, 0.0).tolist()),
            ]
        )
    return sets
