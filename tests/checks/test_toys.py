"""Rules about toys: they fire above a fraction, and not below."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.results.goodness_records import make_compatibility, make_goodness, make_toys
from tests.results.test_hypotest import make_limit, make_significance, make_test

from wilks import check
from wilks.checks.thresholds import Thresholds
from wilks.results.hypotest import HypothesisTest

FAILED = "no step improves the likelihood any more"


def lossy(failures: list[float], toys: int = 10_000, interrupted: int = 0) -> HypothesisTest:
    test = make_test(len(failures), toys=4)
    assert test.counts is not None
    n, statuses = len(failures), ("converged",) * len(failures)
    counts = replace(
        test.counts,
        toys=np.full(n, float(toys)),
        failures=np.array(failures),
        interrupted=np.full(n, float(interrupted)),
    )
    return replace(test, counts=counts, statuses=statuses)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (lossy([3.0, 42.0, 7.0]), "42 of 20000 toys"),
        (lossy([42.0], interrupted=18_000), "42 of 2000 toys"),
        (make_limit(curve=lossy([30.0])), "30 of 20000 toys"),
        (make_significance(toys=1000, failures=2, toy_p_value=0.1), "2 of 1000 toys"),
        (make_goodness(1000), "10 of 1000 toys"),
        (replace(make_compatibility(), toys=np.array([1.0, np.nan]), statuses={"converged": 1, FAILED: 1}), "1 of 2"),
        (replace(make_toys(), converged=997, statuses={"converged": 997, FAILED: 3}), "3 of 1000 toys"),
    ],
)
def test_lost_toys(result: Any, text: str) -> None:
    (finding,) = check(result)
    assert finding.rule == "lost-toys"
    assert finding.severity == "warning"
    assert text in finding.message
    assert len(check(result, thresholds=Thresholds(lost_toys=0.9))) == 0


@pytest.mark.parametrize(
    "result",
    [
        make_test(),
        lossy([19.0, 0.0]),
        make_limit(),
        make_significance(),
        make_significance(toys=1000, failures=1, toy_p_value=0.1),
        make_significance(toys=1000, interrupted=500, toy_p_value=0.1),
        make_goodness(),
        replace(make_goodness(1000), statuses={"converged": 990, "interrupted": 10}),
        make_compatibility(),
        make_toys(),
    ],
)
def test_few_are_no_finding(result: Any) -> None:
    assert len(check(result)) == 0
