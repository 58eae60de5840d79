"""Rules about fits and rankings, each on a fit that deserves it and on one that does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.figures.records import make_fit
from tests.infer.rankable import linear_model, mixed_model, mixed_spec

import wilks
from wilks.checks.check import check
from wilks.checks.thresholds import Thresholds
from wilks.results.findings import Findings, Severity
from wilks.results.fit import FitResult


def believable() -> FitResult:
    """Return a fit that deserves no finding."""
    result = make_fit(staterrors=2)
    sigma = np.where(result.prefit_uncertainties > 0, 0.9 * result.prefit_uncertainties, result.uncertainties)
    return replace(
        result,
        values=result.prefit_values + 0.5 * result.prefit_uncertainties,
        uncertainties=sigma,
        covariance=np.diag(sigma**2),
        mirrored=(),
    )


def changed(result: FitResult, name: str, **values: float) -> FitResult:
    arrays = {key: getattr(result, key).copy() for key in values}
    for key, value in values.items():
        arrays[key][result.index(name)] = value
    return replace(result, **arrays)


def only(findings: Findings, rule: str) -> str:
    """Return the message of the only finding, which must be of this rule."""
    assert [finding.rule for finding in findings] == [rule]
    return next(iter(findings)).message


def test_a_believable_fit_has_no_findings() -> None:
    assert len(check(believable())) == 0
    assert len(check(wilks.fit(linear_model()), thresholds=Thresholds(constraint=0.0, correlation=1.0))) == 0


def test_pulled() -> None:
    result = changed(believable(), "Pile-up", values=-2.4)
    assert "by -2.4 pre-fit" in only(check(result), "pulled")
    assert len(check(result, thresholds=Thresholds(pull=2.5))) == 0
    assert len(check(changed(believable(), "ttbar_norm", values=9.0))) == 0  # it has no constraint
    assert len(check(changed(result, "Pile-up", fixed=True))) == 0


def test_over_and_under_constrained() -> None:
    result = changed(believable(), "Pile-up", uncertainties=0.3)
    assert "30.0 %" in only(check(result), "over-constrained")
    (finding,) = check(changed(believable(), "staterror_4j1b-CR[0]", uncertainties=0.002))
    assert finding.severity == Severity.NOTE
    assert "simulate more" in finding.advice
    result = changed(believable(), "Pile-up", uncertainties=1.3)
    assert "130 %" in only(check(result), "under-constrained")


def test_at_bound() -> None:
    result = changed(believable(), "ttbar_norm", at_bound=True, uncertainties=np.nan, values=0.0)
    assert "ends at its bound, 0" in only(check(result), "at-bound")


def test_mirrored_minimum() -> None:
    result = replace(believable(), mirrored=(("Pile-up", -0.5),))
    assert "as good at -0.5 as at 0.5" in only(check(result), "mirrored-minimum")


def test_strongly_correlated() -> None:
    result = believable()
    covariance = result.covariance.copy()
    i, j = result.index("ttbar_norm"), result.index("Pile-up")
    for value, severity in ((0.9, Severity.NOTE), (-0.99, Severity.WARNING)):
        covariance[i, j] = covariance[j, i] = value * result.uncertainties[i] * result.uncertainties[j]
        (finding,) = check(replace(result, covariance=covariance))
        assert (finding.rule, finding.severity) == ("strongly-correlated", severity)
        assert "Pile-up" in finding.place
        assert "ttbar_norm" in finding.place


def test_flat_directions_of_real_fits() -> None:
    spec = mixed_spec()
    second = {"name": "mu2", "type": "normfactor", "data": None}
    spec["channels"][0]["samples"][0]["modifiers"].append(second)
    degenerate = wilks.fit(wilks.compile_model(wilks.load_workspace(spec)))
    (finding,) = check(degenerate).of_rule("flat-direction")
    assert finding.severity == Severity.ERROR
    assert "mu2" in finding.message
    loose = changed(believable(), "ttbar_norm", uncertainties=40.0)
    assert "uncertainty is 40" in only(check(loose), "flat-direction")


def test_failed_fit() -> None:
    failed = replace(believable(), converged=False, status="no minimum found in 3 iterations (EDM 1.0e+00)")
    (finding,) = check(failed)
    assert (finding.rule, finding.severity) == ("failed-fit", Severity.ERROR)
    assert "3 iterations" in finding.message


def test_rules_of_rankings() -> None:
    result = wilks.ranking(mixed_model(), parameters=["norm", "shape"])
    assert len(check(result)) == 0
    row, sigma = result.names.index("norm"), result.poi_uncertainties[0, 0]
    impacts = result.impacts.copy()
    impacts[0, row, 2:] = 0.5 * sigma, 0.2 * sigma
    assert "+50.0 % and +20.0 %" in only(check(replace(result, impacts=impacts)), "one-sided-impact")
    assert len(check(replace(result, impacts=impacts), thresholds=Thresholds(one_sided=0.3))) == 0
    clipped = result.clipped.copy()
    clipped[row, 3] = True
    assert "bound" in only(check(replace(result, clipped=clipped)), "cut-by-bound")
    statuses = tuple(("", "", "converged", "no minimum") if i == row else s for i, s in enumerate(result.statuses))
    assert "post-fit down: no minimum" in only(check(replace(result, statuses=statuses)), "failed-impact")


def test_the_published_lesson_has_a_mirrored_minimum_and_tight_constraints(shared_data) -> None:
    lesson = wilks.compile_model(wilks.load_workspace(shared_data / "ttbar-lesson" / "workspace.json"))
    findings = check(wilks.fit(lesson))
    assert "W+jets scale variations" in str(findings.of_rule("mirrored-minimum"))
    assert "PS variation" in str(findings.of_rule("over-constrained"))


def test_other_things_are_refused() -> None:
    with pytest.raises(TypeError, match="a FitResult or another result"):
        check(3)  # type: ignore[arg-type]


def test_parameters_without_effect_are_told() -> None:
    spec = mixed_spec()
    spec["channels"][0]["samples"].append(
        {"name": "none", "data": [0.0] * len(spec["channels"][0]["samples"][0]["data"]), "modifiers": []}
    )
    spec["channels"][0]["samples"][-1]["modifiers"].append({"name": "ghost", "type": "normfactor", "data": None})
    result = wilks.fit(wilks.compile_model(wilks.load_workspace(spec)))
    (finding,) = check(result).of_rule("idle-factor")
    assert (finding.severity, finding.place) == (Severity.WARNING, 'parameter "ghost"')
    (error,) = check(replace(result, poi="ghost")).of_rule("idle-poi")
    assert error.severity == Severity.ERROR
