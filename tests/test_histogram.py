from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest
import uproot
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wilks import Axis, Histogram
from wilks.errors import TemplateError
from wilks.templates.readers import read_histogram

EDGES = [0.0, 1.0, 2.5, 7.0]
VALUES = [-1.0, 0.5, 0.6, 2.0, 6.9, 6.5, 30.0]
WEIGHTS = [0.3, 1.0, 2.0, -0.5, 4.0, 1.5, 2.0]


def filled(kind: Any) -> Any:
    histogram = kind(bh.axis.Variable(EDGES), storage=bh.storage.Weight())
    histogram.fill(VALUES, weight=WEIGHTS)
    return histogram


@pytest.mark.parametrize("kind", [bh.Histogram, hist.Hist])
def test_histograms_of_other_packages_are_taken_over_with_variances_and_flow(kind: Any) -> None:
    histogram = Histogram.from_uhi(filled(kind))
    # Filled again with NumPy, which knows nothing of UHI.
    contents, _ = np.histogram(VALUES, EDGES, weights=WEIGHTS)
    sumw2, _ = np.histogram(VALUES, EDGES, weights=np.square(WEIGHTS))
    np.testing.assert_allclose(histogram.values(), contents, rtol=1e-15)
    np.testing.assert_allclose(histogram.variances(), sumw2, rtol=1e-15)
    np.testing.assert_array_equal(histogram.axis.edges, EDGES)
    assert (histogram.underflow, histogram.overflow) == (0.3, 2.0)


def test_unweighted_histograms_have_their_contents_as_variances() -> None:
    source = hist.Hist.new.Reg(4, 0, 2, name="pt", label="p_T [GeV]").Int64().fill([0.1, 0.2, 1.9, 5.0])
    histogram = Histogram.from_uhi(source)
    assert histogram.contents.tolist() == histogram.sumw2.tolist() == [2.0, 0.0, 0.0, 1.0]
    assert histogram.axis.label == "p_T [GeV]"
    assert histogram.overflow == 1.0


def test_more_than_one_axis_is_refused() -> None:
    with pytest.raises(TemplateError, match="found 2 axes"):
        Histogram.from_uhi(hist.Hist.new.Reg(2, 0, 1).Reg(2, 0, 1).Double())


def test_other_packages_draw_our_histograms() -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import mplhep

    ours = Histogram.from_uhi(filled(bh.Histogram))
    figure, axes = plt.subplots()
    artists = mplhep.histplot(ours, ax=axes, yerr=True)
    np.testing.assert_allclose(artists[0].stairs.get_data().values, ours.contents)
    np.testing.assert_allclose(artists[0].stairs.get_data().edges, EDGES)
    plt.close(figure)


@pytest.mark.parametrize("kind", [bh.Histogram, hist.Hist])
def test_other_packages_take_our_histograms(kind: Any) -> None:
    ours = Histogram.from_uhi(filled(kind)).with_axis(Axis(EDGES, "$p_T$ [GeV]"))
    theirs, reference = kind(ours), filled(kind)
    np.testing.assert_array_equal(theirs.values(flow=True), reference.values(flow=True))
    np.testing.assert_array_equal(theirs.variances(), reference.variances())
    # The squares of the weights outside the edges are not kept, and nothing is made up for them.
    assert np.isnan(theirs.variances(flow=True)[[0, -1]]).all()
    np.testing.assert_array_equal(theirs.axes[0].edges, EDGES)
    assert getattr(theirs.axes[0], "label") == "$p_T$ [GeV]"  # noqa: B009
    assert Histogram.from_uhi(theirs) == ours
    np.testing.assert_allclose(ours.counts(), reference.values() ** 2 / reference.variances(), rtol=1e-15)
    assert ours.counts(flow=True).shape == (5,)


def test_an_axis_that_nobody_labelled_has_no_label() -> None:
    unlabelled = hist.Hist.new.Reg(2, 0, 1).Double()
    assert unlabelled.axes[0].label == "Axis 0"
    assert Histogram.from_uhi(unlabelled).axis.label == ""
    assert Histogram.from_uhi(hist.Hist(Histogram.from_uhi(unlabelled))).axis.label == ""


def test_uproot_writes_our_histograms(tmp_path: Path) -> None:
    ours = Histogram.from_arrays(EDGES, [1.0, 2.0, 3.0], [0.1, 0.2, 0.3], label="H_{T} [GeV]")
    ours = replace(ours, underflow=0.5, overflow=4.0, title="a title")
    with uproot.recreate(tmp_path / "out.root") as file:
        file["h"] = ours
    with uproot.open(tmp_path / "out.root") as file:
        np.testing.assert_array_equal(file["h"].values(flow=True), [0.5, 1.0, 2.0, 3.0, 4.0])
    back = read_histogram(tmp_path / "out.root", "h")
    assert (back, back.title) == (ours, "a title")


def test_printed_on_one_line() -> None:
    histogram = Histogram.from_arrays([0, 1, 2.5], [1.0, 2.25], [1, 1], label="m")
    assert repr(histogram) == '<Histogram: 2 bins from 0 to 2.5 of "m", integral 3.25>'
    assert repr(Histogram.from_arrays([0, 1], [1.0], [1])) == "<Histogram: 1 bin from 0 to 1, integral 1>"


@given(hnp.arrays(np.float64, (2, 3), elements=st.floats(-1e6, 1e6)), st.floats(-100, 100))
def test_sum_and_scale_are_those_of_the_weights(weights: np.ndarray, factor: float) -> None:
    # One fill per bin: the variance is the square of the weight.
    first, second = (Histogram.from_arrays(EDGES, row, np.abs(row)) for row in weights)
    total = (first + second).scaled(factor)
    np.testing.assert_allclose(total.contents, factor * weights.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(total.stdev, abs(factor) * np.hypot(*weights), rtol=1e-9, atol=1e-150)


def test_histograms_with_other_edges_are_not_added() -> None:
    first = Histogram.from_arrays([0, 1, 2], [1, 1], [1, 1])
    with pytest.raises(TemplateError, match="different bin edges"):
        first + Histogram.from_arrays([0, 1, 3], [1, 1], [1, 1])


@pytest.mark.parametrize("edges", [[0.0], [0.0, 0.0], [1.0, 0.0], [0.0, np.nan], [0.0, np.inf], [[0.0, 1.0]]])
def test_edges_are_increasing_finite_numbers(edges: Any) -> None:
    with pytest.raises(TemplateError, match="increasing finite numbers"):
        Axis(np.array(edges))


def test_lengths_have_to_fit() -> None:
    with pytest.raises(TemplateError, match="needs as many yields and variances"):
        Histogram.from_arrays([0, 1, 2], [1, 1, 1], [1, 1, 1])


def test_nothing_can_be_changed() -> None:
    source = np.array([1.0, 2.0])
    histogram = Histogram.from_arrays([0, 1, 2], source, [1, 1])
    source[0] = 7.0
    assert histogram.contents.tolist() == [1.0, 2.0]
    for array in (histogram.contents, histogram.sumw2, histogram.axis.edges):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0


def test_axis_takes_its_unit_from_the_label() -> None:
    assert Axis(np.array([0.0, 1.0]), "$H_T$ [GeV]").unit == "GeV"
    assert Axis(np.array([0.0, 1.0]), "$H_T$ [GeV]", "TeV").unit == "TeV"
    assert Axis(np.array([0.0, 1.0]), "jet_pt[0]").unit == ""
    assert Axis(np.array([0.0, 1.0]), "x [2]").unit == ""


def test_titles_that_are_no_unicode_are_latin_1() -> None:
    """Readers of ROOT files keep bytes that are no UTF-8 as halves of surrogate pairs."""
    title = b"m_{\xb5} [\xb5m]".decode(errors="surrogateescape")
    histogram = Histogram(Axis(np.array([0.0, 1.0]), title, "\udcb5m"), np.ones(1), np.ones(1), title=title + "\ud800")
    assert (histogram.axis.label, histogram.axis.unit) == ("m_{µ} [µm]", "µm")
    assert histogram.title == "m_{µ} [µm]\\ud800"
    assert Axis(np.array([0.0, 1.0]), "µ 😀").label == "µ 😀"


CATEGORIES = [
    (bh.axis.StrCategory(["mm", "ee"]), ("mm", "ee")),
    (bh.axis.StrCategory(["mm", "ee"], overflow=False), ("mm", "ee")),
    (bh.axis.StrCategory(["mm", "ee"], growth=True), ("mm", "ee")),
    (bh.axis.IntCategory([13, -11]), ("13", "-11")),
    (hist.axis.IntCategory([13, -11], name="flavour", flow=False), ("13", "-11")),
    (hist.axis.StrCategory(["mm", "ee"], name="channel"), ("mm", "ee")),
    # These are numbers, in the order of numbers.
    (bh.axis.Integer(3, 5), ()),
    (bh.axis.Boolean(), ()),
    (bh.axis.Regular(2, 0, 1, circular=True), ()),
]


@pytest.mark.parametrize(("axis", "labels"), CATEGORIES)
def test_categories_of_other_packages_are_labels(axis: Any, labels: tuple[str, ...]) -> None:
    source = bh.Histogram(axis, storage=bh.storage.Weight())
    source.view().value = [2.0, 3.0]
    source.view().variance = [5.0, 7.0]
    histogram = Histogram.from_uhi(source)
    assert histogram.axis.bin_labels == labels
    assert histogram.contents.tolist() == [2.0, 3.0]
    assert histogram.sumw2.tolist() == [5.0, 7.0]
    assert histogram.axis.edges.tolist() == axis.edges.tolist()


@pytest.mark.parametrize(
    ("axis", "below", "above"),
    [
        (bh.axis.StrCategory(["a", "b"]), 0.0, 4.0),
        (bh.axis.Regular(2, 0, 2, underflow=False), 0.0, 4.0),
        (bh.axis.Regular(2, 0, 2, overflow=False), 8.0, 0.0),
        (bh.axis.Regular(2, 0, 2), 8.0, 4.0),
        (bh.axis.Regular(2, 0, 2, circular=True), 0.0, 0.0),
        (bh.axis.Integer(0, 2, underflow=False, overflow=False), 0.0, 0.0),
    ],
)
def test_flow_of_axes_with_one_side_only(axis: Any, below: float, above: float) -> None:
    source = bh.Histogram(axis)
    full = source.view(flow=True)
    full[-1] = 4.0
    full[0] = 8.0
    source.view()[...] = [1.0, 2.0]
    histogram = Histogram.from_uhi(source)
    assert (histogram.underflow, histogram.overflow) == (below, above)
    assert histogram.contents.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("kind", [bh.Histogram, hist.Hist])
def test_labels_and_flow_go_to_other_packages_and_back(kind: Any) -> None:
    axis = Axis.of_labels(["mm", "ee"], label="channel")
    for underflow in (0.0, 0.5):  # which categories of other packages do not have
        ours = Histogram(axis, [1.0, 2.0], [3.0, 4.0], underflow=underflow, overflow=7.0)
        theirs = kind(ours)
        assert isinstance(theirs.axes[0], bh.axis.StrCategory) == (underflow == 0.0)
        back = Histogram.from_uhi(theirs)
        assert back == (ours if underflow == 0.0 else ours.with_axis(replace(axis, bin_labels=())))


def test_sums_find_bins_by_their_labels() -> None:
    one = Histogram(Axis.of_labels(["ee", "em", "mm"]), [1.0, 2.0, 3.0], [1.0, 4.0, 9.0], 0.1, 0.2, entries=3.0)
    other = Histogram(Axis([0, 10, 20, 30], bin_labels=("mm", "ee", "em")), [30, 10, 20], [0.3, 0.1, 0.2], 1.0, 2.0)
    both = one + other
    assert both.axis == one.axis
    assert both.contents.tolist() == [11.0, 22.0, 33.0]
    np.testing.assert_allclose(both.sumw2, [1.1, 4.2, 9.3])
    assert (both.underflow, both.overflow) == (1.1, 2.2)
    assert (other + one).contents.tolist() == [33.0, 11.0, 22.0]


def test_sums_of_other_labels_are_refused_with_both_lists() -> None:
    one = Histogram(Axis.of_labels(["ee", "em"]), [1, 2], [1, 2])
    for other, said in (
        (Axis.of_labels(["ee", "mm"]), 'labels "ee", "em" and labels "ee", "mm"; only one has "em", "mm"'),
        (Axis.of_labels(["em"]), 'labels "ee", "em" and labels "em"; only one has "ee"'),
        (Axis([0, 1, 2]), 'no labels and labels "ee", "em"'),
    ):
        full = Histogram(other, np.ones(len(other)), np.ones(len(other)))
        with pytest.raises(TemplateError, match="different bins can't be added") as refused:
            full + one
        assert said in str(refused.value)


def test_what_was_never_filled_has_nothing_in_any_category() -> None:
    # ROOT gives labels when they are filled, so that a histogram of no events has one bin and no label.
    empty = Histogram(Axis([0, 1]), [0.0], [0.0], overflow=2.0)
    full = Histogram(Axis.of_labels(["ee", "em"]), [1, 2], [1, 2])
    for total in (empty + full, full + empty):
        assert total.axis == full.axis
        assert total.contents.tolist() == [1.0, 2.0]
        assert total.overflow == 2.0


def test_axes_of_numbers_with_remarks_add_by_place() -> None:
    one = Histogram(Axis([0, 1, 2], bin_labels=("", ">= 1")), [1, 2], [1, 2])
    other = Histogram(Axis([0, 1, 2]), [10, 20], [1, 2])
    assert (one + other).axis == (other + one).axis == one.axis
    assert (other + one).contents.tolist() == [11.0, 22.0]
    assert not one.axis.is_categorical


def test_axes_tell_labels_as_uhi_wants_it() -> None:
    axis = Axis.of_labels(["ee", 3])
    assert list(axis) == ["ee", "3"]
    assert axis.traits.discrete
    assert list(Axis([0, 1, 2])) == [(0.0, 1.0), (1.0, 2.0)]
    assert not Axis([0, 1, 2]).traits.discrete
    assert Axis.of_labels(["ee", "mm"]) != Axis.of_labels(["mm", "ee"])
    assert hash(Axis.of_labels(["ee", "mm"])) == hash(Axis.of_labels(["ee", "mm"]))
    assert Axis([0, 1], bin_labels=("",)).bin_labels == ()
    with pytest.raises(TemplateError, match="2 bins need as many labels, found 1: ee"):
        Axis([0, 1, 2], bin_labels=("ee",))


def test_mean_and_width_of_labels_are_none() -> None:
    from wilks.moments import statistics

    box = statistics(Histogram(Axis.of_labels(["ee", "mm"]), [1, 2], [1, 2]))
    assert (box.mean, box.stdev, box.integral) == (None, None, 3.0)
