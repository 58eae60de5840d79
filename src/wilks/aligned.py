"""Histograms that are shown over each other, bin over bin."""

from __future__ import annotations

from collections.abc import Sequence

from wilks.errors import InputError, TemplateError
from wilks.histogram import Histogram


def aligned(named: Sequence[tuple[str, Histogram]]) -> list[tuple[str, Histogram]]:
    """Return histograms with the bins of each in the order of the first one that has categories.

    Those of numbers may have other edges, and stay as they are. Raises InputError where the labels of bins are not the
    same, with a sentence for each such histogram.
    """
    reference = next(((name, h) for name, h in named if h.axis.is_categorical), None)
    if reference is None:
        return list(named)
    found, problems = [], []
    for name, histogram in named:
        try:
            found.append((name, histogram.in_order_of(reference[1].axis).with_axis(reference[1].axis)))
        except TemplateError as error:
            problems.append(f'"{name}" can\'t be drawn over "{reference[0]}", which has other bins: {error}')
    if problems:
        raise InputError(problems)
    return found
