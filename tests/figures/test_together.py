"""Several results in one figure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from tests.figures.records import make_fit
from tests.infer.rankable import mixed_model

import wilks
from wilks import figures
from wilks.errors import InputError, ResultError
from wilks.results.conditions import Condition
from wilks.results.findings import Severity
from wilks.results.fit import FitResult

STYLES = ("plain", "ATLAS", "CMS")


def _shifted(fit: FitResult, name: str, by: float) -> FitResult:
    values = fit.values.copy()
    values[fit.index(name)] += by
    return replace(fit, values=values)


def _points(ax: Axes) -> list[tuple[float, float]]:
    """Return where symbols are on axes."""
    return [
        (float(np.asarray(x)[0]), float(np.asarray(y)[0]))
        for line in ax.lines
        if line.get_marker() not in ("None", "", " ")
        for x, y in [line.get_data()]
        if len(np.atleast_1d(x)) == 1
    ]


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]


def _rows(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


@pytest.mark.parametrize("style", STYLES)
def test_pulls_lie_side_by_side_with_their_changes(style: str) -> None:
    fit = make_fit()
    other = _shifted(_shifted(fit, "Luminosity", 0.8), "ttbar_norm", -2 * 0.0757)
    left, right = figures.pulls({"s+b": fit, "b-only": other}, style=style).axes
    assert _rows(left)[0] == "ttbar_norm"
    y = _rows(left).index("Luminosity")
    at = {place: x for x, place in _points(left) if abs(place - y) < 0.5}
    assert [at[place] for place in sorted(at)] == pytest.approx([fit["Luminosity"].pull, fit["Luminosity"].pull + 0.8])
    changes = {round(place): x for x, place in _points(right)}
    assert changes[y] == pytest.approx(0.8)
    assert changes[0] == pytest.approx(-2.0, rel=1e-6)
    assert all(change == 0 for place, change in changes.items() if place not in (0, y))
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["s+b", "b-only"]


def test_a_parameter_may_be_missing_in_a_fit_and_be_held_in_another() -> None:
    fit = make_fit()
    fewer = make_fit(names=("Luminosity", "new"))
    held = replace(fit, fixed=np.array([name == "Pile-up" for name in fit.names]))
    left, right = figures.pulls({"a": fit, "b": fewer, "c": held}).axes
    names = _rows(left)
    assert {"new", "Pile-up", "Luminosity"} <= set(names)
    for name, dots in (("new", 1), ("Pile-up", 2), ("Luminosity", 3)):
        assert sum(abs(y - names.index(name)) < 0.5 for _, y in _points(left)) == dots
    assert not [x for x, y in _points(right) if round(y) in (names.index("new"), names.index("Pile-up"))]


def test_of_many_rows_those_that_change_most_are_drawn() -> None:
    fit = make_fit(names=tuple(f"NP {i}" for i in range(60)))
    other = _shifted(_shifted(fit, "NP 7", 0.5), "NP 44", -0.3)
    left, _ = figures.pulls({"a": fit, "b": other}, rows=2).axes
    assert _rows(left) == ["NP 7", "NP 44"]
    assert "59 more, less changed, not shown" in _texts(left.figure)
    assert len(figures.pulls({"a": fit, "b": other}).axes) == 4


def test_on_axes_of_the_user_there_are_only_pulls() -> None:
    ax = Figure().add_subplot()
    assert figures.pulls({"a": make_fit(), "b": make_fit()}, ax=ax).axes == [ax]


def test_conditions_are_told_with_the_fit_that_has_them() -> None:
    odd = Condition("at-bound", Severity.WARNING, "k at its bound", "text")
    both = Condition("few-events", Severity.WARNING, "few events", "text")
    fits = {"a": replace(make_fit(), conditions=(both,)), "b": replace(make_fit(), conditions=(odd, both))}
    (note,) = [text for text in _texts(figures.pulls(fits)) if "events" in text]
    assert note == "few events; b: k at its bound"


def test_scans_are_drawn_over_each_other() -> None:
    model = mixed_model()
    scans = {
        "data": wilks.scan(model, points=7),
        "Asimov": wilks.scan(model, wilks.asimov(model), points=9),
    }
    (ax,) = figures.scan(scans, style="ATLAS").axes
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert [text.partition(":")[0] for text in legend] == ["data", "Asimov"]
    drawn = [line.get_xydata() for line in ax.lines if line.get_marker() == "o"]
    for scan, points in zip(scans.values(), drawn, strict=True):
        np.testing.assert_array_equal(points, np.column_stack([scan.values, scan.delta]))
    with pytest.raises(InputError, match=r'different parameters.*mu in "data"; k in "other"'):
        figures.scan({"data": scans["data"], "other": wilks.scan(model, parameter="k", points=3)})


def test_limits_are_rows_with_bands() -> None:
    model = mixed_model()
    limits = {"data": wilks.limit(model), "Asimov": wilks.limit(model, wilks.asimov(model))}
    (ax,) = figures.limit(limits, log=False, style="CMS").axes
    assert _rows(ax) == ["data", "Asimov"]
    for line, values in (
        (1, [each.observed for each in limits.values()]),
        (0, [e.expected[2] for e in limits.values()]),
    ):
        np.testing.assert_array_equal(ax.lines[line].get_xdata(), values)
    with pytest.raises(InputError, match=r'different confidence levels.*0.95 in "data"; 0.9 in "b"'):
        figures.limit({"data": limits["data"], "b": wilks.limit(model, level=0.9)})


@pytest.mark.parametrize("style", STYLES)
def test_rankings_are_bars_side_by_side(style: str) -> None:
    model = mixed_model()
    rankings = {"data": wilks.ranking(model), "covariance": wilks.ranking(model, method="covariance")}
    left, _ = figures.ranking(rankings, style=style).axes
    names = _rows(left)
    found = {(round(bar.get_y() + bar.get_height() / 2, 2), bar.get_alpha()): bar.get_width() for bar in left.patches}
    for i, result in enumerate(rankings.values()):
        for name, impacts in zip(result.names, result.impacts[0], strict=True):
            y = round(names.index(name) + (-0.19, 0.19)[i], 2)
            for alpha, impact in ((1.0, impacts[2]), (0.35, impacts[3])):
                assert found.get((y, alpha), np.nan) == pytest.approx(impact, nan_ok=True)
    assert "methods: data refit, covariance covariance" in _texts(left.figure)
    with pytest.raises(InputError, match="different parameters of interest"):
        figures.ranking({"a": rankings["data"], "b": wilks.ranking(model, poi="k")})


def test_draw_takes_several_of_one_kind() -> None:
    fit = make_fit()
    assert len(figures.draw({"a": fit, "b": fit}).axes) == 2
    scan = wilks.scan(mixed_model(), points=3)
    with pytest.raises(InputError, match="a is a fit, b is a scan"):
        figures.draw({"a": fit, "b": scan})
    test = wilks.hypotest(mixed_model(), value=[0.5, 1.0])
    with pytest.raises(
        InputError, match="several fits, scans, limits or rankings go into one figure; a is a hypothesis"
    ):
        figures.draw({"a": test, "b": test})
    assert figures.draw({"a": test}).axes
    with pytest.raises(InputError, match="no result to draw"):
        figures.draw({})


def test_fits_without_anything_in_common_and_too_many_are_refused() -> None:
    a, b = make_fit(names=("x",), free=(), staterrors=0), make_fit(names=("y",), free=(), staterrors=0)
    with pytest.raises(InputError, match="no parameter in common: a, b"):
        figures.pulls({"a": a, "b": b})
    with pytest.raises(InputError, match="1 to 8 results in one figure, found 9"):
        figures.pulls({str(i): a for i in range(9)})
    with pytest.raises(TypeError, match='"b" is a str'):
        figures.pulls({"a": a, "b": "fit.json"})  # type: ignore[dict-item]


@pytest.mark.parametrize("style", STYLES)
def test_a_parameter_of_interest_in_several_results(style: str) -> None:
    model = mixed_model()
    fit = wilks.fit(model)
    results = {"fit": fit, "scan": wilks.scan(model, points=5, stat_only=True), "hidden": fit.blinded()}
    (ax,) = figures.poi_summary(results, band="fit", reference=1.0, style=style).axes
    assert _rows(ax) == ["fit", "scan", "hidden"]
    poi = fit["mu"]
    bars = {
        (line.get_ydata()[0], line.get_color()): line.get_xdata() for line in ax.lines if line.get_marker() == "None"
    }
    assert bars[0, "black"] == pytest.approx([poi.value - poi.uncertainty, poi.value + poi.uncertainty])
    interval = results["scan"].curves[1].interval
    assert bars[1, "#bd1f01"] == pytest.approx([interval.lower, interval.upper])
    assert not any(y == 2 for y, _ in bars)
    assert "hidden" in [text.get_text() for text in ax.texts]


def test_summaries_of_what_does_not_fit_are_sentences() -> None:
    model = mixed_model()
    fit, scan = wilks.fit(model), wilks.scan(model, parameter="k", points=3)
    with pytest.raises(InputError, match='one figure: mu in "fit"; k in "scan"'):
        figures.poi_summary({"fit": fit, "scan": scan})
    with pytest.raises(ResultError, match='fit: no parameter "mux" in this fit; did you mean "mu"'):
        figures.poi_summary({"fit": fit}, poi="mux")
    with pytest.raises(InputError, match='no result "ftt"; there are "fit"'):
        figures.poi_summary({"fit": fit}, band="ftt")
    with pytest.raises(ResultError, match="limit: a value with its uncertainties is in fits"):
        figures.poi_summary({"limit": wilks.limit(model)})
