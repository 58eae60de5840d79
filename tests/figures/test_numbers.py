import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.figures.records import make_channel, make_fit

from wilks import figures
from wilks.figures.numbers import logarithmic, shorten_numbers
from wilks.histogram import Axis
from wilks.results.prediction import Prediction


def drawn(edges: list[float], label: str, unit: str = "", contents: float = 50.0, **options: object) -> Figure:
    channel = make_channel("SR", Axis(edges, label, unit), np.full((1, len(edges) - 1), contents), ("s",))
    figure = figures.data_mc(Prediction("pre-fit", (channel,), ""), channel="SR", **options)  # type: ignore[call-overload]
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    return figure


def numbers_along(figure: Figure) -> list[str]:
    texts = [text.get_text() for text in figure.axes[1].get_xticklabels()]
    return [text.removeprefix(r"$\mathdefault{").removesuffix("}$") for text in texts if text]


@pytest.mark.parametrize(
    ("top", "label", "title"),
    [
        (1e6, "MET [MeV]", "MET [GeV]"),
        (5e8, "MET [MeV]", "MET [TeV]"),
        (3e-3, "mass [GeV]", "mass [MeV]"),
        (1e6, "$p_T$ [MeV/c]", "$p_T$ [GeV/c]"),
        (2e5, "L [mm]", "L [$10^{3}$ mm]"),
        (2e6, "n", "n [$10^{6}$]"),
        (2000, "MET [GeV]", "MET [GeV]"),
    ],
)
@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_units_keep_numbers_short(top: float, label: str, title: str, style: str) -> None:
    figure = drawn([0.0, 0.25 * top, 0.5 * top, top], label, style=style)
    assert figure.axes[1].get_xlabel() == title
    assert max(map(len, numbers_along(figure))) <= 5
    for ax in figure.axes:
        assert not ax.xaxis.get_offset_text().get_text()
        assert not ax.yaxis.get_offset_text().get_text()


def test_the_width_of_bins_has_the_unit_of_the_axis() -> None:
    assert drawn([0.0, 5e5, 1e6], "MET [MeV]").axes[0].get_ylabel() == "Events / 500 GeV"
    assert drawn([0.0, 25, 50], "MET", "GeV").axes[0].get_ylabel() == "Events / 25 GeV"


def test_narrow_ranges_of_large_numbers_keep_their_digits() -> None:
    figure = drawn([358000.0, 358010, 358020], "run")
    assert figure.axes[1].get_xlabel() in ("run", "run [$10^{3}$]")
    assert not figure.axes[1].xaxis.get_offset_text().get_text()
    assert len(set(numbers_along(figure))) == len(numbers_along(figure)) > 1


def test_axes_of_a_user_are_left_alone_where_their_numbers_are_short() -> None:
    ax = Figure().add_subplot()
    ax.set_xlim(0, 100)
    ax.set_xlabel("x")
    before = ax.xaxis.get_major_formatter()
    shorten_numbers(ax.xaxis)
    assert ax.xaxis.get_major_formatter() is before
    assert ax.get_xlabel() == "x"


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ([20, 25, 30, 40, 60, 100, 200, 500, 2000], True),
        (np.geomspace(1, 1000, 7), True),
        ([1, 2, 5, 10, 20, 50], True),
        (np.linspace(1, 1000, 7), False),
        ([0, 1, 10, 100, 1000], False),  # no place for 0
        ([1, 1000], False),
        ([200, 250, 300, 400, 600, 1000], False),
        ([25, 50, 75, 100, 200, 400], False),
        (np.arange(12), False),
    ],
)
def test_which_edges_are_logarithmic(edges: list[float], expected: bool) -> None:
    assert logarithmic(np.asarray(edges, dtype=float)) is expected


def test_logarithmic_edges_get_a_logarithmic_axis_with_plain_numbers() -> None:
    edges = [20.0, 25, 30, 40, 60, 100, 200, 500, 2000]
    figure = drawn(edges, "$p_T$ [GeV]")
    assert [ax.get_xscale() for ax in figure.axes] == ["log", "log"]
    assert {"20", "50", "100", "200", "500", "1000", "2000"} <= set(numbers_along(figure))
    centers = figure.axes[0].containers[0].lines[0].get_xdata()
    assert centers == pytest.approx(np.sqrt(np.multiply(edges[1:], edges[:-1])))
    assert drawn(edges, "$p_T$ [GeV]", log_x=False).axes[0].get_xscale() == "linear"
    assert drawn([1.0, 2, 3], "x", log_x=True).axes[0].get_xscale() == "log"


def test_a_logarithmic_axis_keeps_its_unit() -> None:
    figure = drawn([1e4, 2e4, 5e4, 1e5, 2e5, 1e6], "MET [MeV]")
    assert figure.axes[1].get_xscale() == "log"
    assert figure.axes[1].get_xlabel() == "MET [MeV]"
    assert r"$\mathdefault{10^{5}}$" in [text.get_text() for text in figure.axes[1].get_xticklabels()]


def test_an_axis_from_zero_can_not_be_logarithmic() -> None:
    from wilks.errors import InputError

    with pytest.raises(InputError, match='log_x: "SR" begins at 0, and a logarithmic axis needs edges above 0'):
        drawn([0.0, 1, 2], "x", log_x=True)


def test_no_figure_of_a_fit_has_a_factor_beside_its_axes() -> None:
    figure = figures.pulls(make_fit())
    figure.draw_without_rendering()
    assert not any(axis.get_offset_text().get_text() for ax in figure.axes for axis in (ax.xaxis, ax.yaxis))
