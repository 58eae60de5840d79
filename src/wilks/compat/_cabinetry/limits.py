"""Upper limits, for which no bracket is needed."""

from __future__ import annotations

import logging
from typing import Any

import cabinetry.fit
import numpy as np
from cabinetry import model_utils
from cabinetry.fit.results_containers import LimitResults

from wilks.compat._cabinetry.calls import like
from wilks.compat._cabinetry.fits import given, posed
from wilks.compat._pyhf.model import Model
from wilks.compat.ledger import LEDGER
from wilks.infer.limits import limit as search
from wilks.results.hypotest import LimitResult

log = logging.getLogger("cabinetry.fit")

_LIMIT = cabinetry.fit.limit
_LABELS = ("observed", *(f"expected{band}" for band in (" -2 sigma", " -1 sigma", "", " +1 sigma", " +2 sigma")))


@like(_LIMIT)
def limit(
    model: Any,
    data: Any,
    *,
    bracket: Any = None,
    poi_tolerance: float = 0.01,
    maxsteps: int = 100,
    confidence_level: float = 0.95,
    poi_name: str | None = None,
    **options: Any,
) -> LimitResults:
    """Return observed and expected upper limits by CLs; see cabinetry.

    A bracket, `poi_tolerance` and `maxsteps` are taken and not needed: the search starts from the fit and goes on until
    a step is a millionth of the limit, wherever that is.
    """

    def original() -> LimitResults:
        asked = {"bracket": bracket, "poi_tolerance": poi_tolerance, "maxsteps": maxsteps}
        return _LIMIT(model, data, **asked, confidence_level=confidence_level, poi_name=poi_name, **options)

    if not isinstance(model, Model):
        return original()
    if model.core is None:  # its tests are counted one by one
        return original()
    poi = model_utils._poi_index(model, poi_name=poi_name)
    if poi is None:
        raise ValueError("no POI specified, cannot calculate limit")
    name = model.config.par_names[poi]
    percent = f"{confidence_level:.{0 if (confidence_level * 100).is_integer() else 2}%}"
    log.info(f"calculating {percent} confidence level upper limit for {name}")
    if bracket is not None and bracket[0] == bracket[1]:
        raise ValueError(f"the two bracket values must not be the same: {bracket}")
    if bracket is not None:
        log.info(f"the bracket ({bracket[0]:.4f}, {bracket[1]:.4f}) is not needed: the search starts from the fit")
    try:
        with LEDGER.serving("test"):
            found = _found(model, data, poi, confidence_level, options)
            LEDGER.served["test"] += found.curve.values.size - 1
    except Exception as error:  # a script that runs on cabinetry never fails for wilks
        with LEDGER.passing("test", f"limit: {error}"):
            return original()
    return _told(found, percent)


def _found(model: Model, data: Any, poi: int, level: float, options: dict[str, Any]) -> LimitResult:
    """Return the limits within the bounds of all parameters, that of the parameter of interest at 0 or above."""
    core, fixed, bounds = posed(model, options)
    name = model.config.par_names[poi]
    low, high = given(model, options)[1][poi]
    if low < 0:
        log.debug("setting lower parameter bound for POI to 0")
    fixed.pop(name, None)
    bounds[name] = (max(float(low), 0.0), float(high))
    core = core.freed(name) if core.fixed[poi] else core
    found = search(core, data, poi=name, level=level, fixed=fixed, bounds=bounds)
    if not found.converged:
        endings = (f"{label}: {status}" for label, status in zip(_LABELS, found.statuses, strict=True))
        raise ValueError("; ".join(each for each in endings if not each.endswith(": converged")))
    return found


def _told(found: LimitResult, percent: str) -> LimitResults:
    """Return cabinetry's record of the limits, with all values that were tested; log as cabinetry does."""
    limits = [float(found.observed), *(float(value) for value in found.expected)]
    curve = found.curve
    for label, value in zip(_LABELS, limits, strict=True):
        log.info(f"{label} upper limit: {value:.4f}")
    log.info(f"total of {curve.values.size} steps to calculate all limits")
    log.info(f"summary of {percent} confidence level upper limits:")
    for label, value in zip(_LABELS, limits, strict=True):
        log.info(f"{label.ljust(17)}: {value:.4f}")
    usable = np.isfinite(curve.observed.cls) & np.isfinite(curve.expected.cls).all(axis=1)
    tested = (curve.observed.cls[usable], curve.expected.cls[usable], curve.values[usable])
    return LimitResults(limits[0], np.array(limits[1:]), *tested, found.level)
