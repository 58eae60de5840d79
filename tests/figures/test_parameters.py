from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from tests.figures.records import NUISANCES, make_fit, make_prediction

from wilks import figures
from wilks.errors import InputError
from wilks.results.fit import FitResult


def drawn(figure: Figure) -> dict[str, tuple[float, float | None]]:
    """Return what is drawn as points: name -> (pull, half length of the bar)."""
    out = {}
    for ax in figure.axes:
        names = [text.get_text() for text in ax.get_yticklabels()]
        for container in ax.containers:
            assert isinstance(container, ErrorbarContainer)
            (x,), (y,) = container.lines[0].get_data()
            bars = [bar.get_segments()[0] for bar in container.lines[2]]
            out[names[round(y)]] = (x, (bars[0][1, 0] - bars[0][0, 0]) / 2 if bars else None)
    return out


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def names(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.get_yticklabels()]


def changed(result: FitResult, name: str, **values: object) -> FitResult:
    """Return the fit with elements of some arrays replaced for one parameter."""
    new = {}
    for field, value in values.items():
        array = getattr(result, field).copy()
        array[result.index(name)] = value
        new[field] = array
    return replace(result, **new)


def test_pulls_are_in_units_of_the_prefit_uncertainty() -> None:
    result = make_fit()
    i = result.index("Luminosity")
    prefit, sigma = result.prefit_values.copy(), result.prefit_uncertainties.copy()
    prefit[i], sigma[i] = 1.0, 0.02
    result = changed(replace(result, prefit_values=prefit, prefit_uncertainties=sigma), "Luminosity", values=1.03)
    result = changed(result, "Luminosity", uncertainties=0.01)
    points = drawn(figures.pulls(result))
    assert points["Luminosity"] == pytest.approx((1.5, 0.5))
    assert list(points) == list(NUISANCES)


def test_unconstrained_parameters_are_values_not_points() -> None:
    figure = figures.pulls(make_fit())
    assert "ttbar_norm" not in drawn(figure)
    assert "0.964 ± 0.076" in texts(figure)
    assert names(figure)[0] == "ttbar_norm"
    assert names(figures.pulls(make_fit(), exclude="ttbar_norm")) == list(NUISANCES)


def test_staterrors_on_request() -> None:
    result = make_fit()
    points = drawn(figures.pulls(result, include_staterrors=True))
    name = "staterror_4j1b-CR[3]"
    assert points[name][0] == pytest.approx((result[name].value - 1) / 0.01)
    assert not any(n.startswith("staterror") for n in drawn(figures.pulls(result)))


def test_exclude_understands_stars_but_not_brackets() -> None:
    figure = figures.pulls(make_fit(), include_staterrors=True, exclude=["b-tag NP ?", "staterror_*[1?]", "ttbar_*"])
    assert "b-tag NP 1" not in names(figure)
    assert "staterror_4j1b-CR[1]" in names(figure)
    assert "staterror_4j1b-CR[10]" not in names(figure)
    with pytest.raises(InputError, match=r'no parameter "ttbar_nrom".*did you mean "ttbar_norm"'):
        figures.pulls(make_fit(), exclude="ttbar_nrom")
    with pytest.raises(InputError, match="no parameter to draw"):
        figures.pulls(make_fit(), exclude="*")


@pytest.mark.parametrize(
    ("values", "word"),
    [({"fixed": True}, "fixed"), ({"at_bound": True}, "at bound"), ({"uncertainties": np.nan}, "no uncertainty")],
)
def test_marked_parameters_have_no_bar(values: dict[str, object], word: str) -> None:
    figure = figures.pulls(changed(make_fit(), "Pile-up", **values))
    assert drawn(figure)["Pile-up"][1] is None
    assert word in texts(figure)
    free = figures.pulls(changed(make_fit(), "ttbar_norm", **values))
    assert f"0.9642 ({word})" in texts(free)


def test_far_pulls_are_arrows_with_their_value() -> None:
    result = changed(make_fit(), "Pile-up", values=8.3, uncertainties=0.5)
    figure = figures.pulls(result)
    assert "Pile-up" not in drawn(figure)
    assert "8.30 ± 0.50" in texts(figure)
    assert figure.axes[0].get_xlim() == (-6, 6)


def test_failed_fit_says_so() -> None:
    result = replace(make_fit(), converged=False, covariance_valid=False)
    assert "the fit did not converge; no usable covariance" in texts(figures.pulls(result))
    assert not any("converge" in text for text in texts(figures.pulls(make_fit())))


@pytest.mark.parametrize("count", [1, 10, 50, 51, 300])
@pytest.mark.parametrize("length", [4, 45, 200])
def test_names_never_overlap(count: int, length: int) -> None:
    result = make_fit(tuple(f"{i:0{length}d}" for i in range(count)), staterrors=0)
    figure = figures.pulls(result, rows=400)
    figure.draw_without_rendering()
    assert len(names(figure)) == count + 1
    end = 0.0
    for ax in figure.axes:
        boxes = [text.get_window_extent() for text in ax.get_yticklabels()]
        assert min(box.x0 for box in boxes) >= end
        assert all(above.y0 > below.y1 for above, below in pairwise(boxes))
        end = ax.get_window_extent().x1
    width, height = figure.get_size_inches()
    assert end <= width * figure.dpi
    assert ax.xaxis.label.get_window_extent().y0 > 0
    if count == 300:
        assert 0.6 < width / height < 2.5


@pytest.mark.parametrize("converged", [True, False])
def test_nothing_is_cut_off_and_no_room_is_lost(converged: bool) -> None:
    figure = figures.pulls(replace(make_fit(), converged=converged))
    figure.draw_without_rendering()
    box, (width, height) = figure.axes[0].get_tightbbox(), figure.get_size_inches()
    assert box is not None
    assert 0 < box.y0 / figure.dpi < 0.1
    assert 0 < height - box.y1 / figure.dpi < 0.1
    assert box.x0 > 0
    assert box.x1 < width * figure.dpi


def test_something_else_is_refused_in_a_sentence() -> None:
    with pytest.raises(
        TypeError, match=r"pulls draws a FitResult, found a Prediction; get one with wilks\.fit\(model\)"
    ):
        figures.pulls(make_prediction())  # type: ignore[arg-type]


def test_given_axes_hold_one_column() -> None:
    figure = Figure()
    ax = figure.add_subplot()
    assert figures.pulls(make_fit(tuple(map(str, range(80)))), ax=ax) is figure
    assert len(ax.get_yticklabels()) == 81


def test_a_page_holds_those_that_matter_most() -> None:
    result = changed(make_fit(tuple(f"np {i}" for i in range(300))), "np 250", values=4.0)
    result = changed(result, "np 299", fixed=True)
    result = changed(result, "np 7", values=0.0, uncertainties=0.999)
    figure = figures.pulls(result)
    shown = names(figure)
    assert len(shown) == 150
    assert {"ttbar_norm", "np 250", "np 299"} < set(shown)
    assert "np 7" not in shown
    assert [name for name in result.names if name in shown and name != "ttbar_norm"] == shown[1:]
    assert any(text.startswith("151 more, less pulled") for text in texts_below(figure))
    assert len(names(figures.pulls(result, rows=10))) == 10
    with pytest.raises(InputError, match="rows must be at least 1, found 0"):
        figures.pulls(result, rows=0)


def texts_below(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[-1].texts]


def test_a_pattern_without_parameter_is_an_error() -> None:
    with pytest.raises(InputError, match=r'exclude: there is no parameter "Jets \*" in this fit'):
        figures.pulls(make_fit(), exclude=["b-tag *", "Jets *"])


def test_a_hidden_value_stays_hidden() -> None:
    assert "hidden ± 0.076" in texts(figures.pulls(make_fit().blinded()))


def headings(figure: Figure) -> list[str]:
    ticks = [text for ax in figure.axes for text in ax.get_yticklabels()]
    return [text.get_text() for text in ticks if text.get_fontweight() == "bold"]


def test_groups_have_headings_and_counts_of_what_is_not_drawn() -> None:
    result = make_fit(tuple(f"JES {i}" for i in range(8)) + tuple(f"b-tag {i}" for i in range(5)) + ("lumi",))
    groups = {"jets": "JES *", "flavour tagging": ["b-tag 0", "b-tag ?"]}
    figure = figures.pulls(result, groups=groups)
    assert headings(figure) == ["jets", "flavour tagging", "other systematics"]
    assert names(figure) == [
        *("ttbar_norm", "jets", *(f"JES {i}" for i in range(8))),
        *("flavour tagging", *(f"b-tag {i}" for i in range(5)), "other systematics", "lumi"),
    ]
    assert set(drawn(figure)) == {*names(figure)} - {"ttbar_norm", *headings(figure)}
    result = changed(result, "b-tag 3", values=2.0)
    result = changed(result, "lumi", values=1.9)
    few = figures.pulls(result, groups=groups, rows=3)
    assert headings(few) == ["flavour tagging (1 of 5)", "other systematics"]
    assert "12 more, less pulled and less constrained, not shown" in "".join(texts_below(few))


def test_kinds_are_groups_where_there_are_several() -> None:
    assert headings(figures.pulls(make_fit())) == []
    assert headings(figures.pulls(make_fit(), include_staterrors=True)) == ["systematics", "MC statistics"]


def test_what_is_left_out_is_counted() -> None:
    gammas = sum(name.startswith("staterror") for name in make_fit().names)
    assert f"left out: {gammas} of staterrors" in texts_below(figures.pulls(make_fit()))
    assert f"left out: {gammas} of staterrors, 2 excluded" in texts_below(
        figures.pulls(make_fit(), exclude=["Pile-up", "Luminosity"])
    )
    assert not any("left out" in text for text in texts_below(figures.pulls(make_fit(), include_staterrors=True)))


def test_no_heading_ends_a_column() -> None:
    many = tuple(f"a {i}" for i in range(27)) + tuple(f"b {i}" for i in range(27))
    for extra in range(4):
        result = make_fit(many + tuple(f"c {i}" for i in range(extra)))
        figure = figures.pulls(result, groups={"A": "a *", "B": "b *"})
        assert len(figure.axes) == 2
        assert len(names(figure)) == len({*names(figure)}) == 1 + 54 + extra + 2 + bool(extra)
        for ax in figure.axes:
            assert ax.get_yticklabels()[-1].get_fontweight() != "bold"


def test_groups_are_of_one_fit_and_of_its_parameters() -> None:
    with pytest.raises(InputError, match='groups: there is no parameter "JESS" in this fit'):
        figures.pulls(make_fit(), groups={"jets": "JESS"})
    with pytest.raises(InputError, match="groups: are for the pulls of one fit"):
        figures.pulls({"a": make_fit(), "b": make_fit()}, groups={"jets": "*"})
