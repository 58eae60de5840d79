from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from wilks import figures
from wilks.errors import InputError, ResultError
from wilks.results.origin import Origin
from wilks.results.ranking import BreakdownResult, RankingResult

ORIGIN = Origin("m", "observed", "0" * 64, "0.1.0")


def make_ranking(n: int = 10, pois: tuple[str, ...] = ("mu",)) -> RankingResult:
    """Return a ranking with the largest impact first, a free factor in row 1, a failed fit in row 2."""
    random = np.random.default_rng(3)
    size = 0.3 * 0.97 ** np.arange(n)
    post = np.stack([size, -0.9 * size], axis=1)
    impacts = np.concatenate([1.2 * post, post], axis=1)
    impacts[1, :2] = np.nan
    impacts[2, 3] = np.nan
    statuses = [("converged",) * 4] * n
    statuses[1], statuses[2] = ("", "", "converged", "converged"), ("converged",) * 3 + ("no minimum found",)
    clipped = np.zeros((n, 4), dtype=bool)
    clipped[3, 2] = True
    values = random.normal(0, 0.5, n)
    values[1], values[4] = 1.23, 4.5
    return RankingResult(
        method="refit",
        pois=pois,
        poi_values=np.full(len(pois), 1.1),
        poi_uncertainties=np.full((len(pois), 2), 0.4),
        names=tuple(f"systematic uncertainty {i}" for i in range(n)),
        values=values,
        uncertainties=np.tile([0.7, 0.6], (n, 1)),
        prefit_values=np.where(np.arange(n) == 1, 1.0, 0.0),
        prefit_uncertainties=np.where(np.arange(n) == 1, 0.0, 1.0),
        constraints=tuple("none" if i == 1 else "poisson" if i == 5 else "normal" for i in range(n)),
        modifier_types=(("normsys",),) * n,
        targets=np.zeros((n, 4)),
        clipped=clipped,
        impacts=np.stack([impacts * (k + 1) for k in range(len(pois))]),
        statuses=tuple(statuses),
        data_statistics=np.full(len(pois), np.nan),
        origin=ORIGIN,
    )


def make_breakdown(*, profile: bool = False, method: str = "frozen") -> BreakdownResult:
    parts = np.array([[[0.1, 0.12], [0.3, 0.25], [np.nan, np.nan]]])
    if not profile:
        parts[..., 1] = parts[..., 0]
    return BreakdownResult(
        method=method,
        profile=profile,
        pois=("mu",),
        poi_values=np.array([1.0]),
        total=np.array([[0.4, 0.4]]),
        groups=("jets", "b-tagging", "failed"),
        members=(("a",), ("b", "c"), ("d",)),
        contributions=parts,
        statistical=np.array([[0.2, 0.2]]),
        statuses=(("converged", "converged", "no minimum"),),
        origin=ORIGIN,
    )


def bars(figure: Figure) -> list[tuple[float, float, bool]]:
    """Return the bars as (row, length, filled)."""
    return [
        (round(p.get_y() + p.get_height() / 2, 3), p.get_width(), p.get_facecolor()[3] > 0)
        for ax in figure.axes
        for p in ax.patches
        if isinstance(p, Rectangle) and abs(p.get_height() - 0.8) < 1e-9
    ]


def labels(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_yticklabels()]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_bars_are_impacts_in_order() -> None:
    result = make_ranking()
    figure = figures.ranking(result)
    drawn = bars(figure)
    for row, i in enumerate(result.order()):
        filled = sorted(length for y, length, full in drawn if y == row and full)
        opened = sorted(length for y, length, full in drawn if y == row and not full)
        for shown, columns in ((filled, (2, 3)), (opened, (0, 1))):
            expected = result.impacts[0, i, columns]
            np.testing.assert_allclose(shown, sorted(expected[np.isfinite(expected)]))
    assert labels(figure)[0] == "systematic uncertainty 0"


def test_axes_are_those_of_the_convention() -> None:
    figure = figures.ranking(make_ranking())
    pulls, impacts = figure.axes[:2]
    assert pulls.get_xlim() == (-2, 2)
    np.testing.assert_allclose(impacts.get_xlim(), (-1.2 * 0.36, 1.2 * 0.36))
    assert "mu" in impacts.get_xlabel()


def test_free_factors_failures_bounds_and_far_pulls_are_marked() -> None:
    figure = figures.ranking(make_ranking())
    assert any(name.startswith(r"systematic uncertainty 1 = 1.23$^{\,+0.70}_{\,-0.60}$") for name in labels(figure))
    assert "post-fit down: no minimum found" in texts(figure)
    assert "4.5" in texts(figure)
    legend = figure.axes[0].get_legend()
    assert "cut by a bound" in [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
@pytest.mark.parametrize("count", [10, 300])
def test_never_more_than_a_page_of_labels(style: str, count: int) -> None:
    status = figures.FigureStyle(style, "Internal", "13 TeV", "140 fb$^{-1}$")
    result = make_ranking(count)
    figure = figures.ranking(result, style=status)
    assert len(labels(figure)) == min(count, 20)
    width, height = figure.get_size_inches()
    assert height < 9
    last = -(-count // 30)
    pages = [figures.impacts(result, style=status, page=page) for page in {1, last}]
    assert [len(labels(page)) for page in pages] == [min(count, 30)] * len(pages)
    for page in [figure, *pages]:
        width, height = page.get_size_inches()
        assert width < 9
        assert height < 11
        _nothing_is_cut(page)


def _nothing_is_cut(figure: Figure) -> None:
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 > -0.02
    assert box.y0 > -0.02
    assert box.x1 < width + 0.02
    assert box.y1 < height + 0.02


def test_pages_of_a_ranking() -> None:
    figure = figures.ranking(make_ranking(45), rows=20, first=41)
    assert len(labels(figure)) == 5
    for arguments in ({"first": 46}, {"first": 0}, {"rows": 0}):
        with pytest.raises(InputError):
            figures.ranking(make_ranking(45), **arguments)
    with pytest.raises(InputError, match="page must be from 1 to 2, found 3"):
        figures.impacts(make_ranking(45), page=3)


def test_another_parameter_of_interest() -> None:
    result = make_ranking(pois=("mu", "k"))
    assert "k" in figures.ranking(result, poi="k").axes[1].get_xlabel()
    with pytest.raises(ResultError, match='"kk"'):
        figures.ranking(result, poi="kk")


def test_on_axes_of_the_user_and_without_global_state() -> None:
    before = dict(plt.rcParams)
    own = Figure()
    ax = own.add_subplot()
    for style in ("ATLAS", "CMS"):
        assert figures.ranking(make_ranking(), ax=ax, style=style) is own
    assert figures.breakdown(make_breakdown(), ax=own.add_subplot()) is own
    assert dict(plt.rcParams) == before


def test_how_many_there_are_is_said() -> None:
    assert "the 20 largest of 45 impacts" in texts(figures.ranking(make_ranking(45)))
    assert "numbers 41 to 45 of 45 impacts" in texts(figures.ranking(make_ranking(45), rows=20, first=41))
    linear = replace(make_ranking(45), method="covariance")
    assert "the 20 largest of 45 impacts, from the covariance" in texts(figures.ranking(linear))
    assert not any("impacts" in text for text in texts(figures.ranking(make_ranking(10))))


def test_pulls_without_error_are_open_and_explained() -> None:
    result = make_ranking()
    uncertainties = result.uncertainties.copy()
    uncertainties[0] = np.nan
    figure = figures.ranking(replace(result, uncertainties=uncertainties))
    row = labels(figure).index("systematic uncertainty 0")
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o" and line.get_ydata()[0] == row]
    assert [dot.get_markerfacecolor() for dot in dots] == ["white"]
    named = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert "no uncertainty" in named
    assert "no uncertainty" not in [t.get_text() for t in figures.ranking(result).axes[0].get_legend().get_texts()]


def test_the_legend_is_above_the_names() -> None:
    result = make_ranking()
    uncertainties = result.uncertainties.copy()
    uncertainties[4:] = np.nan
    figure = figures.ranking(replace(result, uncertainties=uncertainties))  # all entries that there can be
    figure.draw_without_rendering()
    legend = figure.axes[0].get_legend()
    assert len(legend.get_texts()) == 7
    assert legend.get_window_extent().y0 > figure.axes[0].get_yticklabels()[0].get_window_extent().y1


def test_small_impacts_have_their_power_of_ten_in_the_title() -> None:
    result = make_ranking()
    axis = figures.ranking(replace(result, impacts=1e-7 * result.impacts)).axes[1].xaxis
    assert axis.label.get_text().endswith("[$10^{-9}$]")
    assert axis.get_major_formatter()(-20e-9) == "−20"


def test_wrong_records_are_refused() -> None:
    for draw in (figures.ranking, figures.impacts, figures.breakdown, figures.correlations):
        with pytest.raises(TypeError, match="found a int"):
            draw(3)


@pytest.mark.parametrize("profile", [True, False])
@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_breakdown(profile: bool, style: str) -> None:
    figure = figures.breakdown(make_breakdown(profile=profile), style=style)
    assert labels(figure) == ["b-tagging", "jets", "failed", "statistical", "total"]
    assert "none found" in texts(figure)
    assert ("+0.300 −0.250" if profile else "0.300") in texts(figure)
    assert labels(figures.breakdown(make_breakdown(method="sequential")))[0] == "jets"
    _nothing_is_cut(figure)


def test_breakdown_states_the_sum() -> None:
    result = make_breakdown()
    whole = replace(result, contributions=np.nan_to_num(result.contributions))
    share = (0.1**2 + 0.3**2 + 0.2**2) / 0.4**2
    assert any(f"{100 * share:.1f} % of the total variance" in text for text in texts(figures.breakdown(whole)))


def test_many_groups_are_cut_and_counted() -> None:
    result = make_breakdown()
    size = np.linspace(0.01, 0.1, 300)[None, :, None] * np.ones(2)
    many = replace(
        result,
        groups=tuple(f"group {i}" for i in range(300)),
        members=(("a",),) * 300,
        contributions=size,
        statuses=(("converged",) * 300,),
    )
    figure = figures.breakdown(many)
    assert labels(figure)[:2] == ["group 299", "group 298"]
    assert len(labels(figure)) == 32
    assert any(text.startswith("270 smaller groups not shown; ") for text in texts(figure))
    assert labels(figures.breakdown(replace(many, method="sequential"), rows=2))[:2] == ["group 298", "group 299"]
    with pytest.raises(InputError, match="rows must be at least 1, found 0"):
        figures.breakdown(many, rows=0)
