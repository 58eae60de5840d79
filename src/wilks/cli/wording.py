"""Sentences that commands print about findings and fits."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from wilks.table import measured

if TYPE_CHECKING:
    from wilks.results.findings import Findings
    from wilks.results.fit import FitResult


def plural(count: int, word: str) -> str:
    """Return `1 region`, `2 regions`."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def counted(findings: Findings) -> str:
    """Return how many findings there are of each severity."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(plural(count, severity) for severity, count in counts.items()) or "nothing found"


def fit_lines(result: FitResult) -> list[str]:
    """Return what a fit found for the parameter of interest, or that it failed, and which other minima are as good."""
    lines = [] if result.converged else [f"the fit FAILED: {result.status}"]
    if result.poi is not None and result.converged:
        lines.append(f"fit result for {result.poi}: {_measured(result, result.poi)}")
    for name, value in result.mirrored:
        lines.append(
            f'the data do not tell the sign of "{name}": 2NLL is the same at {value:.4g} as at {-value:.4g}, '
            "because its up and down variations are the same"
        )
    return lines


def _measured(result: FitResult, name: str) -> str:
    """Return value and uncertainty, or why there is none."""
    parameter = result[name]
    if parameter.idle:
        return f"{'hidden' if math.isnan(parameter.value) else f'{parameter.value:g}'} (no rate depends on it)"
    if parameter.fixed:
        return f"{parameter.value:g} (fixed)"
    if parameter.at_bound:
        return f"{parameter.value:g} (at its bound, so without a symmetric uncertainty)"
    if not parameter.uncertainty > 0:
        return f"{parameter.value:.6g} (without uncertainty)"
    return measured(parameter.value, parameter.uncertainty)
