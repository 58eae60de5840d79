"""Smoothing of binned ratios by running medians: 353QH, twice.

Friedman, Data Analysis Techniques for High Energy Particle Physics, 3rd CERN School of Computing (1974),
https://cds.cern.ch/record/186223, page 292; the algorithm of ROOT's `TH1::Smooth`.
"""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray


def smooth_353qh_twice(values: FloatArray) -> FloatArray:
    """Return the smoothed values, shape (n,): medians, quadratic interpolation, running means, twice.

    The second pass smooths what the first took away and adds it back, so that peaks are not flattened. Fewer than
    three values come back unchanged; the result is clipped at 0 where no value is negative. Statistical
    uncertainties play no role.

    >>> smooth_353qh_twice(np.array([1.0, 3.0, 2.0, 5.0])).tolist()
    [1.0, 2.0, 3.25, 5.0]
    """
    values = np.array(values, dtype=np.float64)
    if values.size < 3:
        return values
    smooth = _smooth_353qh(values)
    result = smooth + _smooth_353qh(values - smooth)
    return result if values.min() < 0.0 else np.maximum(result, 0.0)


def _smooth_353qh(values: FloatArray) -> FloatArray:
    return _hanning(_quadratic(_medians_353(values)))


def _medians_353(values: FloatArray) -> FloatArray:
    """Running medians over 3, 5 and 3 values, shape (n,)."""
    first = _running_median(values, 3)
    # The end points have one neighbour only: the second opinion is the straight line through the next two. The
    # order matters for three values, where the last point sees the first one already smoothed.
    first[0] = np.median([first[0], first[1], 3.0 * first[1] - 2.0 * first[2]])
    first[-1] = np.median([first[-1], first[-2], 3.0 * first[-2] - 2.0 * first[-3]])
    second = _running_median(first, 5)
    second[1] = np.median(first[:3])
    second[-2] = np.median(first[-3:])
    return _running_median(second, 3)


def _running_median(values: FloatArray, width: int) -> FloatArray:
    """Medians over `width` neighbours; the ends, where the window does not fit, stay as they are."""
    result = values.copy()
    if values.size >= width:
        windows = np.lib.stride_tricks.sliding_window_view(values, width)
        result[width // 2 : values.size - width // 2] = np.median(windows, axis=1)
    return result


def _quadratic(values: FloatArray) -> FloatArray:
    """Replace the flat tops and bottoms that medians leave by a parabola, shape (n,)."""
    result = values.copy()
    for i in range(2, values.size - 2):
        left, right = values[i - 2] - values[i], values[i + 2] - values[i]
        if not (values[i - 1] == values[i] == values[i + 1]) or left * right <= 0.0:
            continue
        # The parabola goes through the flatter neighbour, so towards the steeper side it changes one more point.
        step = -1 if abs(right) > abs(left) else 1
        near, far = values[i - 2 * step], values[i + 2 * step]
        result[i] = -0.5 * near + values[i] / 0.75 + far / 6.0
        result[i + step] = 0.5 * (far - near) + values[i]
    return result


def _hanning(values: FloatArray) -> FloatArray:
    """Running means with weights 1/4, 1/2, 1/4, shape (n,)."""
    result = values.copy()
    result[1:-1] = 0.25 * values[:-2] + 0.5 * values[1:-1] + 0.25 * values[2:]
    return result
