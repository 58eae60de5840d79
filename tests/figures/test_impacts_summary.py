"""The summary of a ranking: what stands out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import StepPatch
from tests.figures.test_ranking import _nothing_is_cut, make_ranking, texts

from wilks import figures
from wilks.errors import InputError


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
@pytest.mark.parametrize("count", [10, 300])
def test_the_largest_of_each_kind(style: str, count: int) -> None:
    result = make_ranking(count)
    figure = figures.impacts_summary(result, style=figures.FigureStyle(style, "Internal", "13 TeV", "3 fb$^{-1}$"))
    histogram, pulls, widths, shifts = figure.axes
    expected = result.values / np.sqrt(1 - 0.65**2)
    expected[1] = np.nan  # no constraint
    largest = np.argsort(-np.nan_to_num(np.abs(expected)), kind="stable")[: min(len(result) - 1, 10)]
    assert [text.get_text() for text in pulls.get_yticklabels()] == [result.names[i] for i in largest]
    np.testing.assert_allclose([p.get_width() for p in pulls.patches], expected[largest])
    np.testing.assert_allclose([p.get_width() for p in widths.patches], 0.65)
    assert shifts.get_yticklabels()[0].get_text() == "systematic uncertainty 0"
    counts, edges, _ = next(p for p in histogram.patches if isinstance(p, StepPatch)).get_data()
    np.testing.assert_array_equal(counts, np.histogram(np.clip(expected[np.isfinite(expected)], -4, 4), edges)[0])
    _nothing_is_cut(figure)
    assert figure.get_size_inches()[0] < 20


def test_parameters_that_data_do_not_constrain_have_no_pull() -> None:
    result = replace(make_ranking(), uncertainties=np.full((10, 2), 0.9999))
    figure = figures.impacts_summary(result)
    assert not figure.axes[1].patches
    assert not any("mean" in text for text in texts(figure))
    figures.impacts_summary(replace(result, impacts=np.full_like(result.impacts, np.nan))).draw_without_rendering()


def test_bad_input() -> None:
    with pytest.raises(InputError, match="rows must be at least 1, found 0"):
        figures.impacts_summary(make_ranking(), rows=0)
    with pytest.raises(TypeError, match="draws a RankingResult, found a int"):
        figures.impacts_summary(3)  # type: ignore[arg-type]
