"""Linear algebra of matrices that may have no answer: not finite, or singular."""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray

# A solution of a singular system is one if it gives the right-hand side up to this part of its size.
_SOLVED = 1e-6


def curvatures(matrix: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """Return the eigenvalues of a symmetric matrix, ascending, and its eigenvectors as columns.

    None where it is not finite, or LAPACK finds none.

    >>> import numpy as np
    >>> curvatures(np.array([[2.0, 0.0], [0.0, 1.0]]))[0]
    array([1., 2.])
    """
    if not np.isfinite(matrix).all():
        return None
    try:
        values, vectors = np.linalg.eigh(matrix)
    except np.linalg.LinAlgError:
        return None
    return values, vectors


def solution(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Return x of matrix x = right, of the shape of `right`; the smallest one where there are several.

    NaN where there is none, or something is not finite.

    >>> import numpy as np
    >>> singular = np.ones((2, 2))
    >>> print(np.round(solution(singular, np.array([2.0, 2.0])), 6), solution(singular, np.array([1.0, 2.0])))
    [1. 1.] [nan nan]
    """
    unknown = np.full(right.shape, np.nan)
    if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
        return unknown
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        pass
    try:
        found = np.asarray(np.linalg.lstsq(matrix, right, rcond=None)[0])
    except np.linalg.LinAlgError:
        return unknown
    off = np.abs(matrix @ found - right).max(initial=0.0)
    return found if off <= _SOLVED * np.abs(right).max(initial=0.0) else unknown
