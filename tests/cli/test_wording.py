"""Sentences about fits and findings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wilks.cli.wording import counted, fit_lines, plural
from wilks.results.findings import Finding, Findings, Severity
from wilks.results.fit import FitResult


def _fit(value: float, uncertainty: float, *, fixed: bool = False, at_bound: bool = False) -> FitResult:
    return FitResult(
        names=("mu",),
        values=np.array([value]),
        uncertainties=np.array([uncertainty]),
        covariance=np.array([[uncertainty**2]]),
        twice_nll=1.0,
        edm=0.0,
        converged=True,
        status="converged",
        covariance_valid=True,
        smallest_eigenvalue=1.0,
        fixed=np.array([fixed]),
        at_bound=np.array([at_bound]),
        prefit_values=np.array([1.0]),
        prefit_uncertainties=np.array([0.0]),
        constraints=("none",),
        modifier_types=(("normfactor",),),
        poi="mu",
        measurement="m",
        dataset="observed",
        workspace_digest="",
        version="",
    )


@pytest.mark.parametrize(
    ("value", "uncertainty", "text"),
    [
        (0.96423, 0.075712, "0.964 ± 0.076"),
        (0.5, 25.0, "0 ± 25"),
        (1.25, np.nan, "1.25 (without uncertainty)"),
    ],
)
def test_uncertainty_has_two_digits(value: float, uncertainty: float, text: str) -> None:
    assert fit_lines(_fit(value, uncertainty)) == [f"fit result for mu: {text}"]


def test_parameters_without_a_symmetric_uncertainty_say_why() -> None:
    assert fit_lines(_fit(2.0, 0.0, fixed=True)) == ["fit result for mu: 2 (fixed)"]
    assert "at its bound" in fit_lines(_fit(0.0, np.nan, at_bound=True))[0]


def test_failed_fit_and_mirrored_minimum() -> None:
    result = _fit(1.0, 0.1)
    failed = replace(result, converged=False, status="no minimum found")
    assert fit_lines(failed) == ["the fit FAILED: no minimum found"]
    assert fit_lines(replace(result, poi=None)) == []
    lines = fit_lines(replace(result, mirrored=(("scale", -0.0715),)))
    assert 'sign of "scale": 2NLL is the same at -0.0715 as at 0.0715' in lines[1]


def test_counts() -> None:
    assert (plural(1, "bin"), plural(0, "bin"), plural(2, "bin")) == ("1 bin", "0 bins", "2 bins")
    severities = [Severity.NOTE, Severity.ERROR, Severity.NOTE]
    findings = Findings(tuple(Finding("rule", severity, "place", "message", "advice") for severity in severities))
    assert counted(findings) == "1 error, 2 notes"
    assert counted(Findings()) == "nothing found"
