"""Results as the JSON data of their files, without what a report has elsewhere or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from wilks._types import JSONDict
from wilks.results.fit import FitResult
from wilks.results.io import encode_result

# Of a fit: correlations are packed, other minima and flat directions are told by its conditions.
_LEFT_OUT = ("covariance", "minima", "flat")


def record_of(result: Any) -> JSONDict:
    """Return a result as the JSON data of its file; of a fit what has a number for every two parameters is left out."""
    if not isinstance(result, FitResult):
        document: JSONDict = json.loads(encode_result(result))
        return document
    # Most of the time goes into text for numbers, and most of a fit's numbers are these.
    document = json.loads(encode_result(replace(result, covariance=np.empty((0, 0)), minima=())))
    return {name: value for name, value in document.items() if name not in _LEFT_OUT}
