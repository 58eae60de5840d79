"""Significances, also where the p-value is too small for a number."""

from __future__ import annotations

import logging
from typing import Any

import cabinetry.fit
import numpy as np
from cabinetry import model_utils
from cabinetry.fit.results_containers import SignificanceResults

from wilks.compat._cabinetry.calls import like
from wilks.compat._cabinetry.fits import posed
from wilks.compat._pyhf.model import Model
from wilks.infer.significance import significance as tested

log = logging.getLogger("cabinetry.fit")

_SIGNIFICANCE = cabinetry.fit.significance


@like(_SIGNIFICANCE)
def significance(model: Any, data: Any, *, poi_name: str | None = None, **options: Any) -> SignificanceResults:
    """Return the significance of a positive signal; see cabinetry.

    Beyond 38 standard deviations the p-value is 0, and cabinetry's significance infinite: here it is the square root of
    the test statistic.
    """
    found: SignificanceResults = _SIGNIFICANCE(model, data, poi_name=poi_name, **options)
    usual = np.isfinite([found.observed_significance, found.expected_significance]).all()
    if usual or not isinstance(model, Model) or model.core is None:
        return found
    index = model_utils._poi_index(model, poi_name=poi_name)
    assert index is not None  # without one cabinetry has raised its exception
    name = model.config.par_names[index]
    core, fixed, bounds = posed(model, options)
    bounds = {other: sides for other, sides in bounds.items() if other != name}
    fixed = {other: value for other, value in fixed.items() if other != name}
    more = tested(core, np.asarray(data, np.float64), poi=name, fixed=fixed, bounds=bounds)
    if not more.converged:
        return found
    observed, expected = float(more.significance), float(more.expected_significance[0])
    log.info(f"from the test statistics: observed significance {observed:.3f}, expected {expected:.3f}")
    return found._replace(
        observed_significance=_finite(found.observed_significance, observed),
        expected_significance=_finite(found.expected_significance, expected),
    )


def _finite(value: Any, other: float) -> Any:
    return value if np.isfinite(value) else np.float64(other)
