"""Rules about a ranking: impacts that can't be taken for uncertainties."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wilks.checks.cases import parameter_case
from wilks.checks.thresholds import Thresholds
from wilks.checks.wording import percent
from wilks.results.findings import Finding, Severity
from wilks.results.ranking import RankingResult


def failed_impact(result: RankingResult, limits: Thresholds) -> Iterator[Finding]:
    """An impact is missing because its fit failed, or because there was no uncertainty to move the parameter by."""
    for name, reason in result.failures.items():
        yield Finding(
            "failed-impact",
            Severity.WARNING,
            f'parameter "{name}"',
            f"Some of its impacts are missing: {reason}.",
            "Look at a scan of it.",
            parameter_case(name),
        )


def one_sided_impact(result: RankingResult, limits: Thresholds) -> Iterator[Finding]:
    """Up and down move the parameter of interest in the same direction, by an amount that matters."""
    for k, poi in enumerate(result.pois):
        sigma = float(np.mean(result.poi_uncertainties[k]))
        for i in result.order(poi):
            up, down = (float(shift) for shift in result.impacts[k, i, 2:])
            if up * down > 0 and min(abs(up), abs(down)) > limits.one_sided * sigma:
                yield Finding(
                    "one-sided-impact",
                    Severity.WARNING,
                    f'parameter "{result.names[i]}"',
                    f'Up and down both move "{poi}" in the same direction, by {percent(up / sigma)} and '
                    f"{percent(down / sigma)} of its uncertainty.",
                    "Look at its variations: one side may be missing, or both may be the same.",
                    parameter_case(result.names[i], max(up / sigma, down / sigma, key=abs)),
                )


def cut_by_bound(result: RankingResult, limits: Thresholds) -> Iterator[Finding]:
    """A step of the ranking ended at the bound of the parameter."""
    for i in np.flatnonzero(result.clipped[:, 2:].any(axis=1)):
        yield Finding(
            "cut-by-bound",
            Severity.NOTE,
            f'parameter "{result.names[i]}"',
            "Its impact is that of a smaller step than its uncertainty: the bound of the parameter ends it.",
            "Widen the bound if values beyond it make sense.",
            parameter_case(result.names[i]),
        )
