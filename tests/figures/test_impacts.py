"""Impacts after CMS: pulls, crosses, orders, colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from tests.figures.test_ranking import labels, make_ranking, texts

from wilks import figures
from wilks.errors import InputError
from wilks.figures import FigureStyle


def names(figure: Figure) -> list[str]:
    return labels(figure)


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for part in figure.legends for text in part.get_texts()]


def marks(figure: Figure, marker: str) -> dict[int, float]:
    """Return where such symbols of the left panel lie, by row."""
    lines = [line for line in figure.axes[0].lines if line.get_marker() == marker]
    return {round(line.get_ydata()[0]): line.get_xdata()[0] for line in lines}


def test_impacts_have_pulls_values_and_crosses() -> None:
    figure = figures.impacts(make_ranking())
    assert r"1.23$^{\,+0.70}_{\,-0.60}$" in texts(figure)
    result = make_ranking()
    row = int(np.flatnonzero(result.order() == 0)[0])
    np.testing.assert_allclose(marks(figure, "x")[row], result.values[0] / np.sqrt(1 - 0.65**2))
    widths = sorted(p.get_width() for p in figure.axes[1].patches if round(p.get_y() + 0.5) == row)
    np.testing.assert_allclose(widths, sorted(result.impacts[0, 0, 2:]))
    assert "mu = 1.10 ± 0.40" in texts(figure)
    assert "10 parameters by impact" in [text.get_text() for text in figure.texts]


def test_pulls_beyond_the_frame_are_arrows() -> None:
    result = make_ranking()
    values, uncertainties = result.values.copy(), result.uncertainties.copy()
    values[0], uncertainties[0] = 2.0, 0.95  # 6.4 standard deviations of what the data can move it
    figure = figures.impacts(replace(result, values=values, uncertainties=uncertainties))
    assert 0 not in marks(figure, "x")
    assert marks(figure, ">")[0] == pytest.approx(0.97 * 2.9)
    assert marks(figure, "o")[0] == 2.0


def test_other_orders() -> None:
    result = make_ranking()
    uncertainties = result.uncertainties.copy()
    uncertainties[7] = 0.1
    result = replace(result, uncertainties=uncertainties)
    by_pull = names(figures.impacts(result, sort="pull"))
    assert by_pull[0] == "systematic uncertainty 4"
    assert by_pull[-1] == "systematic uncertainty 1"  # has no constraint, so no pull
    figure = figures.impacts(result, sort="constraint")
    assert names(figure)[0] == "systematic uncertainty 7"
    assert names(figure)[-1] == "systematic uncertainty 1"
    assert "10 parameters by constraint" in [text.get_text() for text in figure.texts]
    with pytest.raises(InputError, match='no order "pul"; allowed are impact, constraint, pull; did you mean "pull"'):
        figures.impacts(result, sort="pul")


def test_relative_and_blind() -> None:
    figure = figures.impacts(make_ranking(), relative=True, blind=True)
    widths = [p.get_width() for p in figure.axes[1].patches if round(p.get_y() + 0.5) == 0]
    np.testing.assert_allclose(sorted(widths), [-0.27 / 0.4, 0.3 / 0.4])
    assert figure.axes[1].get_xlabel().endswith(r"$/\,\sigma$")
    assert "mu = hidden ± 0.40" in texts(figure)
    assert not any("1.1" in text for text in texts(figure))


def test_colours_of_names_are_explained() -> None:
    figure = figures.impacts(make_ranking())
    assert legend(figure)[:2] == ["Poisson constraint", "no constraint"]
    assert "no constraint" not in legend(figures.impacts(make_ranking(), rows=1, page=1))
    groups = {"first": "systematic uncertainty 0", "the rest": ["*[3-5]", "systematic uncertainty ?"]}
    figure = figures.impacts(make_ranking(12), groups={"first": groups["first"]})
    assert legend(figure)[0] == "first"
    first, other = figure.axes[0].get_yticklabels()[:2]
    assert to_hex(first.get_color()) == "#3f90da"
    assert other.get_color() == "black"
    with pytest.raises(InputError, match=r'groups: there is no parameter "\*\[3-5\]"'):
        figures.impacts(make_ranking(12), groups=groups)


def test_shifted_global_observables_are_called_so() -> None:
    figure = figures.impacts(replace(make_ranking(), method="global observables"))
    assert r"$+1\sigma$ of the global observable" in legend(figure)
    assert "page 2 of 4: 100 parameters by impact" in [
        text.get_text() for text in figures.impacts(make_ranking(100), page=2).texts
    ]


def test_all_pages_have_one_scale_and_one_frame() -> None:
    result = make_ranking(100)
    pages = [figures.impacts(result, page=page, rows=25) for page in (1, 2, 3, 4)]
    assert len({tuple(figure.axes[1].get_xlim()) for figure in pages}) == 1
    largest = np.nanmax(np.abs(result.impacts[0, :, 2:]))
    assert pages[-1].axes[1].get_xlim() == pytest.approx((-1.1 * largest, 1.1 * largest))
    assert len({tuple(figure.get_size_inches()) for figure in pages}) == 1
    assert len({ax.get_position().bounds for figure in pages for ax in figure.axes[:1]}) == 1


def test_names_end_and_numbers_end_at_one_place() -> None:
    figure = figures.impacts(make_ranking(100), page=1, rows=12)
    figure.draw_without_rendering()
    left = figure.axes[0]
    ends = [text.get_window_extent().x1 for text in left.get_yticklabels()]
    assert np.ptp(ends) < 0.5
    numbers = [text for text in left.texts if text.get_text().isdigit()]
    assert [text.get_text() for text in numbers] == [str(i) for i in range(1, 13)]
    assert np.ptp([text.get_window_extent().x1 for text in numbers]) < 0.5
    assert all(text.get_window_extent().x0 > max(ends) for text in numbers)
    assert numbers[0].get_window_extent().x1 < left.get_window_extent().x0


def test_no_line_runs_through_values() -> None:
    figure = figures.impacts(make_ranking())
    figure.draw_without_rendering()
    left = figure.axes[0]
    values = [text for text in left.texts if "0.70" in text.get_text()]
    assert values
    lines = [left.transData.transform(segment) for part in left.collections for segment in part.get_segments()]
    dotted = [line for line in lines if np.ptp(line[:, 0]) < 1e-6]
    assert dotted
    for box in (text.get_window_extent() for text in values):
        assert not any(
            box.x0 < line[0, 0] < box.x1 and line[:, 1].min() < box.y1 and line[:, 1].max() > box.y0 for line in dotted
        )


def test_a_long_parameter_of_interest_stands_above_the_experiment() -> None:
    long = "signal strength of the associated production"
    style = FigureStyle("CMS", "Preliminary", "13 TeV", "138 fb$^{-1}$")
    figure = figures.impacts(replace(make_ranking(), pois=(long,)), style=style)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for ax in figure.axes for text in ax.texts if text.get_text() in ("CMS",)]
    boxes += [text.get_window_extent() for text in figure.axes[0].texts if "138" in text.get_text()]
    (value,) = (text.get_window_extent() for text in figure.axes[1].texts if long in text.get_text())
    assert len(boxes) == 2
    assert not any(value.overlaps(box) for box in boxes)
    assert value.y1 <= figure.bbox.y1
