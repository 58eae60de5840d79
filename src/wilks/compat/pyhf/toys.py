"""Hypothesis tests: pyhf's calculators, counted; toys are fitted all at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyhf.infer.calculators import AsymptoticCalculator, ToyCalculator

from wilks.compat.ledger import LEDGER
from wilks.compat.pyhf.model import Model

_TESTSTATISTIC = AsymptoticCalculator.teststatistic
_DISTRIBUTIONS = ToyCalculator.distributions


def teststatistic(self: Any, poi_test: Any) -> Any:
    """Return the test statistic; see pyhf's AsymptoticCalculator."""
    if not isinstance(self.pdf, Model) or self.pdf.core is None:
        return _TESTSTATISTIC(self, poi_test)
    with LEDGER.serving("test"):
        return _TESTSTATISTIC(self, poi_test)


def distributions(self: Any, poi_test: Any, track_progress: Any = None) -> Any:
    """Return the distributions of the test statistic; see pyhf's ToyCalculator."""
    return _DISTRIBUTIONS(self, poi_test, track_progress)


def percentile(self: Any, tensor_in: Any, q: Any, axis: Any = None, interpolation: str = "linear") -> Any:
    """Return percentiles; see pyhf's numpy_backend, whose keyword NumPy does not know any more."""
    return np.percentile(tensor_in, q, axis=axis, method=interpolation)  # type: ignore[call-overload]
