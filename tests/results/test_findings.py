from __future__ import annotations

import json
from pathlib import Path

from wilks.results.findings import Case, Finding, Findings, Severity
from wilks.results.io import load_result


def test_printed_on_one_line() -> None:
    kinds = [Severity.NOTE, Severity.ERROR, Severity.NOTE]
    findings = Findings(tuple(Finding("rule", kind, "here", "Something.", "Do that.") for kind in kinds))
    assert repr(findings) == "<Findings: 1 error, 2 notes>"
    assert repr(Findings()) == "<Findings: none>"


def _two_rules() -> Findings:
    both = (Case("jes", "SR", "top", 1.2, 0.8), Case("jes", "CR", "top", 1.1, None))
    return Findings(
        (
            Finding("large-effect", Severity.NOTE, "here", "Something.", "Do that.", both),
            Finding(
                "negative-yield",
                Severity.ERROR,
                "there",
                "Something.",
                "Do that.",
                (Case(region="SR", value=-3.0, bins=(1, 4)),),
            ),
            Finding("no-cases", Severity.WARNING, "nowhere", "Something.", "Do that."),
        )
    )


def test_cases_by_rule_systematic_region_and_sample() -> None:
    assert _two_rules().by_rule() == {
        "negative-yield": {"*": {"SR": {"*": {"value": -3.0, "bins": [1, 4]}}}},
        "no-cases": {},
        "large-effect": {"jes": {"SR": {"top": {"value_u": 1.2, "value_d": 0.8}}, "CR": {"top": {"value_u": 1.1}}}},
    }


def test_saved_with_the_cases_by_rule(tmp_path: Path) -> None:
    findings = _two_rules()
    findings.save(tmp_path / "findings.json")
    assert json.loads((tmp_path / "findings.json").read_text())["by_rule"] == findings.by_rule()
    assert load_result(tmp_path / "findings.json") == findings


def test_cases_are_printed_without_what_they_lack() -> None:
    cases = [str(case) for finding in _two_rules() for case in finding.cases]
    assert cases == [
        "SR: value -3, bins 1, 4",
        "jes / SR / top: value_u 1.2, value_d 0.8",
        "jes / CR / top: value_u 1.1",
    ]
    assert str(Case("mu")) == "mu"


def test_severity_and_above() -> None:
    rules = [[item.rule for item in _two_rules().at_least(severity)] for severity in Severity]
    assert rules == [["negative-yield"], ["negative-yield", "no-cases"], ["negative-yield", "no-cases", "large-effect"]]
