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


def names(figure: Figure) -> list[str]:
    return [text.rsplit(maxsplit=1)[0].strip() for text in labels(figure)]


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
