"""The figure of intervals: bars end where the intervals do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.results.test_intervals import record

from wilks import figures
from wilks.results.intervals import CONVERGED, IntervalResult


def many(count: int) -> IntervalResult:
    random = np.random.default_rng(1)
    values, sigma = random.normal(0, 0.5, count), random.uniform(0.3, 1.0, (2, count))
    return replace(
        record(),
        names=tuple(f"nuisance parameter {i}" for i in range(count)),
        values=values,
        uncertainties=sigma[0],
        prefit_values=np.zeros(count),
        prefit_uncertainties=np.ones(count),
        levels=(0.6827,),
        lower=(values - sigma[0])[None, :],
        upper=(values + sigma[1])[None, :],
        lower_status=((CONVERGED,) * count,),
        upper_status=((CONVERGED,) * count,),
    )


def bars(figure: Figure) -> dict[str, list[float]]:
    """Return the ends of the bars by name, in units of the axis."""
    out: dict[str, list[float]] = {}
    for ax in figure.axes:
        names = [text.get_text() for text in ax.get_yticklabels()]
        for line in ax.lines:
            x, y = line.get_data()
            if len(x) == 2 and y[0] == y[1]:
                out.setdefault(names[round(y[0])], []).append(float(x[1]))
    return out


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_bars_are_the_intervals(style: str) -> None:
    result = many(10)
    drawn = bars(figures.intervals(result, style=style))
    for i, name in enumerate(result.names):
        assert drawn[name] == pytest.approx([result.lower[0, i], result.upper[0, i]])


def test_units_are_those_before_the_fit() -> None:
    result = replace(many(3), prefit_values=np.ones(3), prefit_uncertainties=np.full(3, 0.5))
    drawn = bars(figures.intervals(result))
    assert drawn[result.names[0]] == pytest.approx(
        [(end - 1.0) / 0.5 for end in (result.lower[0, 0], result.upper[0, 0])]
    )


def test_unconstrained_parameters_are_text_and_missing_ends_are_said() -> None:
    figure = figures.intervals(record())
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert any(text.startswith(r"1.00$^{\,+0.30}_{\,-0.20}$    95 %: ") for text in texts)
    assert "an end is missing" in texts
    assert "intervals: 68.3 % (thick) and 95 %" in texts
    assert bars(figure)["jes[0]"] == pytest.approx([-0.25, 0.75, 1.25])


def test_many_parameters_are_a_landscape_page() -> None:
    figure = figures.intervals(many(300), rows=300)
    width, height = figure.get_size_inches()
    assert len(figure.axes) > 2
    assert 0.8 < width / height < 2.5
    assert set(bars(figure)) == set(many(300).names)
    assert len(figures.intervals(many(50)).axes) == 1
    figure = figures.intervals(many(300))
    assert set(bars(figure)) == set(many(300).names[:150])
    texts = [text.get_text() for text in figure.axes[-1].texts]
    assert "intervals: 68.3 %; 150 more parameters not shown" in texts


def test_without_constraints_there_is_an_axis_of_values() -> None:
    free = replace(many(3), prefit_uncertainties=np.zeros(3), values=many(3).values + 1)
    free = replace(free, lower=free.values - 0.2 - 0.1 * np.arange(3)[None], upper=free.values[None] + 0.3)
    figure = figures.intervals(free)
    drawn = bars(figure)
    for i, name in enumerate(free.names):
        assert drawn[name] == pytest.approx([free.lower[0, i], free.upper[0, i]])
    assert figure.axes[0].get_xlabel() == "value"
    assert any("^{" in text.get_text() for text in figure.axes[0].texts)
    wide = replace(free, upper=free.upper + np.array([[0.0, 0.0, 1000.0]]))
    assert not bars(figures.intervals(wide))  # no axis can show both: text
    lost = replace(free, lower=np.full((1, 3), np.nan), upper=np.full((1, 3), np.nan))
    figures.intervals(lost).draw_without_rendering()


def test_the_parameter_of_interest_is_on_top() -> None:
    free = replace(many(4), names=("a", "b", "c", "mu"), prefit_uncertainties=np.array([1.0, 0.0, 1.0, 0.0]), poi="mu")
    ticks = figures.intervals(free).axes[0].get_yticklabels()
    assert [text.get_text() for text in ticks] == ["mu", "b", "a", "c"]


def test_axes_of_the_user_and_other_records() -> None:
    figure = Figure()
    ax = figure.add_subplot()
    assert figures.intervals(record(), ax=ax) is figure
    assert figures.draw(record()).axes
    with pytest.raises(TypeError, match="intervals draws an IntervalResult, found a int"):
        figures.intervals(3)  # type: ignore[arg-type]
