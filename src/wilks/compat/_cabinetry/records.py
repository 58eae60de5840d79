"""Records of wilks made of the arrays that cabinetry draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks._version import __version__
from wilks.compat._pyhf.model import MADE
from wilks.errors import InputError
from wilks.fitting.given import GIVEN
from wilks.histogram import Axis, Histogram
from wilks.model.model import Model as Core
from wilks.results.fit import FitResult
from wilks.results.hypotest import BANDS, HypothesisTest, LimitResult
from wilks.results.intervals import Interval
from wilks.results.many import CONVERGED
from wilks.results.origin import Origin
from wilks.results.prediction import ChannelPrediction, Prediction
from wilks.results.ranking import DONE, RankingResult
from wilks.results.scan import TOTAL, ScanCurve, ScanResult
from wilks.results.tested import PValues
from wilks.templates.store import TemplateKey, Templates

_ORIGIN = Origin("", "cabinetry", "", __version__)
_POI = "POI"


def _model(labels: Sequence[str]) -> Core | None:
    """Return the served model made last that has all these parameters: what is drawn says nothing about constraints."""
    wanted = set(labels)
    for model in reversed(list(MADE.values())):
        if model.core is not None and wanted.issubset(model.core.parameter_names):
            return model.core.with_poi(model.config.poi_name)
    return None


def _facts(core: Core, labels: Sequence[str]) -> dict[str, Any]:
    where = [core.index(name) for name in labels]
    return {
        "prefit_values": core.nominal[where],
        "prefit_uncertainties": core.prefit_uncertainties[where],
        "constraints": tuple(core.constraints[i] for i in where),
        "modifier_types": tuple(core.modifier_types[i] for i in where),
    }


def fit(labels: Any, values: Any = None, uncertainties: Any = None, *, correlation: Any = None) -> FitResult | None:
    """Return the result of a fit for some parameters, None where no served model has them."""
    names = tuple(str(label) for label in labels)
    core = _model(names)
    if core is None:
        return None
    facts, size = _facts(core, names), len(names)
    sigma = np.ones(size) if uncertainties is None else np.asarray(uncertainties, np.float64)
    rho = np.eye(size) if correlation is None else np.asarray(correlation, np.float64)
    return FitResult(
        names=names,
        values=facts["prefit_values"] if values is None else np.asarray(values, np.float64),
        uncertainties=sigma,
        covariance=rho * np.outer(sigma, sigma),
        twice_nll=np.nan,
        edm=np.nan,
        converged=True,
        status=GIVEN,
        covariance_valid=True,
        smallest_eigenvalue=np.nan,
        fixed=sigma == 0,
        at_bound=np.zeros(size, np.bool_),
        poi=None,
        measurement="",
        dataset="cabinetry",
        workspace_digest="",
        version=__version__,
        **facts,
    )


def ranking(bestfit: Any, uncertainty: Any, labels: Any, impacts: Sequence[Any]) -> RankingResult | None:
    """Return a ranking, None where no served model has the parameters."""
    names = tuple(str(label) for label in labels)
    core = _model(names)
    if core is None:
        return None
    facts = _facts(core, names)
    values, sigma = np.asarray(bestfit, np.float64), np.asarray(uncertainty, np.float64)
    moved = np.stack([np.asarray(each, np.float64) for each in impacts], axis=1)
    moved[~(facts["prefit_uncertainties"] > 0), :2] = np.nan  # cabinetry's 0 means: there is none
    width = facts["prefit_uncertainties"]
    poi = core.poi if core.poi is not None and core.poi not in names else _POI
    return RankingResult(
        method="refit",
        pois=(poi,),
        poi_values=np.full(1, np.nan),
        poi_uncertainties=np.full((1, 2), np.nan),
        names=names,
        values=values,
        uncertainties=np.stack([sigma, sigma], axis=1),
        targets=values[:, None] + np.stack([width, -width, sigma, -sigma], axis=1),
        clipped=np.zeros(moved.shape, np.bool_),
        impacts=moved[None],
        statuses=tuple(tuple(DONE if np.isfinite(one) else "" for one in row) for row in moved),
        data_statistics=np.full(1, np.nan),
        origin=_ORIGIN,
        **facts,
    )


def scan(name: str, value: float, uncertainty: float, values: Any, delta: Any) -> ScanResult:
    """Return a scan; its interval ends where the curve rises through 1, read off between the points."""
    points, rise = np.asarray(values, np.float64), np.asarray(delta, np.float64)
    order = np.argsort(points)
    points, rise = points[order], rise[order]
    ends = []
    for side in (-1.0, 1.0):
        beyond = np.flatnonzero((points - value) * side > 0)[:: int(side)]
        distance = np.concatenate([[0.0], np.abs(points[beyond] - value)])
        ends.append(value + side * _crossing(distance, -np.sqrt(np.maximum([0.0, *rise[beyond]], 0.0)), -1.0))
    reached = [CONVERGED if np.isfinite(end) else "beyond the scan" for end in ends]
    interval = Interval(name, 0.6827, value, ends[0], ends[1], reached[0], reached[1])
    curve = ScanCurve(TOTAL, (), rise, (CONVERGED,) * rise.size, interval)
    return ScanResult(name, value, uncertainty, np.nan, points, (curve,), (), _ORIGIN)


def limit(observed: Any, expected: Any, values: Any, target: float) -> LimitResult:
    """Return limits, read off where CLs between the tested values crosses the target."""
    points = np.asarray(values, np.float64)
    curves = np.column_stack([np.asarray(observed, np.float64), np.asarray(expected, np.float64)])
    heights = np.log(np.maximum(curves, 1e-300))
    found = np.array([_crossing(points, height, np.log(target)) for height in heights.T])
    statuses = tuple(CONVERGED if np.isfinite(one) else "no crossing" for one in found)
    none, nones = np.full(points.size, np.nan), np.full((points.size, len(BANDS)), np.nan)
    test = HypothesisTest(
        poi=_POI,
        values=points,
        statistic="q~",
        calculator="asymptotic",
        base="normal",
        alternative=0.0,
        best_value=np.nan,
        test_statistic=none,
        asimov_statistic=none,
        observed=PValues(none, none, curves[:, 0], none, none),
        expected=PValues(nones, nones, curves[:, 1:], nones, nones),
        statuses=(CONVERGED,) * points.size,
        origin=_ORIGIN,
    )
    return LimitResult(
        poi=_POI,
        level=1.0 - target,
        observed=float(found[0]),
        expected=found[1:],
        observed_error=np.nan,
        expected_errors=np.full(len(BANDS), np.nan),
        statuses=statuses,
        curve=test,
        origin=_ORIGIN,
    )


def _crossing(points: FloatArray, curve: FloatArray, height: float) -> float:
    """Return where a curve of straight lines falls through a height first, NaN where it does not."""
    above = curve - height
    below = np.flatnonzero((above[1:] <= 0) & (above[:-1] > 0))
    if not below.size:
        return float("nan")
    i = below[0]
    return float(points[i] + above[i] / (above[i] - above[i + 1]) * (points[i + 1] - points[i]))


def prediction(histograms: Sequence[Mapping[str, Any]], uncertainty: Any, edges: Any, label: str) -> Prediction:
    """Return a prediction with one channel; `label` has its name and the prediction's in two lines."""
    samples = [each for each in histograms if not each["isData"]]
    data = next((each for each in histograms if each["isData"]), None)
    if not samples:
        raise InputError("there is no sample to draw")
    yields = np.array([each["yields"] for each in samples], np.float64)
    total = np.asarray(uncertainty, np.float64)
    name, _, kind = label.partition("\n")
    channel = ChannelPrediction(
        name=name,
        axis=Axis(np.asarray(edges, np.float64), str(samples[0]["variable"])),
        samples=tuple(str(each["label"]) for each in samples),
        yields=yields,
        uncertainties=np.full(yields.shape, np.nan),
        total_uncertainty=total,
        sample_sums_uncertainty=np.full(len(samples), np.nan),
        sum_uncertainty=np.nan,
        data=np.full(total.size, np.nan) if data is None else np.asarray(data["yields"], np.float64),
    )
    return Prediction(kind, (channel,), "", "cabinetry")


def templates(
    place: tuple[str, str, str],
    nominal: Mapping[str, Any],
    pairs: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]],
    edges: Any,
    variable: str,
) -> Templates:
    """Return the templates of a systematic on a sample in a region (`place`): as read, and as post-processed."""
    region, sample, systematic = place

    def histogram(each: Mapping[str, Any]) -> Histogram:
        return Histogram.from_arrays(np.asarray(edges), each["yields"], each["stdev"], label=variable)

    found, originals = {TemplateKey(region, sample): histogram(nominal)}, {}
    for side, (original, modified) in pairs.items():
        if modified:
            key = TemplateKey(region, sample, systematic, side)
            found[key], originals[key] = histogram(modified), histogram(original)
    return Templates(found, originals)
