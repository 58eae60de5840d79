from __future__ import annotations

from wilks.results.findings import Finding, Findings, Severity


def test_printed_on_one_line() -> None:
    kinds = [Severity.NOTE, Severity.ERROR, Severity.NOTE]
    findings = Findings(tuple(Finding("rule", kind, "here", "Something.", "Do that.") for kind in kinds))
    assert repr(findings) == "<Findings: 1 error, 2 notes>"
    assert repr(Findings()) == "<Findings: none>"
