"""The `Binning` of a region, and `OutsideBinning`, where the input is histograms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boost_histogram as bh
import numpy as np
import pytest
import uproot

import wilks
from wilks.errors import TemplateError
from wilks.templates.binning import bins_of
from wilks.templates.store import TemplateKey

FINE = np.arange(0.0, 101.0, 10.0)
SAMPLES = {"data": 3.0, "sig": 1.0, "bkg": 2.0, "bkg_up": 2.5}


def filled(edges: Any, scale: float) -> Any:
    """Return a weighted histogram in which every bin, those outside too, has another content and variance."""
    histogram = bh.Histogram(bh.axis.Variable(edges), storage=bh.storage.Weight())
    view: Any = histogram.view(flow=True)
    view.value = scale * np.arange(7.0, 7.0 + view.size)
    view.variance = scale**2 * np.arange(1.0, 1.0 + view.size)
    return histogram


def steering(region: dict[str, Any] | None = None, bkg: Any = "bkg") -> dict[str, Any]:
    return {
        "General": {"Measurement": "m", "POI": "mu", "InputPath": "in.root:{SamplePath}", "HistogramFolder": "h"},
        "Regions": [{"Name": "SR"} | (region or {})],
        "Samples": [
            {"Name": "Data", "SamplePath": "data", "Data": True},
            {"Name": "Signal", "SamplePath": "sig"},
            {"Name": "Bkg", "SamplePath": bkg},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "Signal"}],
        "Systematics": [
            {
                "Name": "JES",
                "Type": "NormPlusShape",
                "Samples": "Bkg",
                "Up": {"SamplePath": "bkg_up"},
                "Down": {"Symmetrize": True},
            }
        ],
    }


@pytest.fixture
def analysis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with uproot.recreate(tmp_path / "in.root") as file:
        for name, scale in SAMPLES.items():
            file[name] = filled(FINE, scale)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def built(region: dict[str, Any] | None = None, **options: Any) -> wilks.Templates:
    return wilks.build_templates(wilks.load_config(steering(region)), **options)


def test_bins_are_merged_and_what_lies_outside_is_kept_apart(analysis: Path) -> None:
    templates = built({"Binning": [20, 40, 50, 90]})
    assert all(histogram.axis.edges.tolist() == [20, 40, 50, 90] for histogram in templates.values())
    # The content of fine bin i (from 0) is 8 + i, its variance 2 + i; underflow 7 and 1, overflow 18 and 12.
    signal = templates[TemplateKey("SR", "Signal")]
    assert signal.contents.tolist() == [10 + 11, 12, 13 + 14 + 15 + 16]
    assert signal.sumw2.tolist() == [4 + 5, 6, 7 + 8 + 9 + 10]
    assert (signal.underflow, signal.overflow) == (7 + 8 + 9, 17 + 18)
    varied = templates[TemplateKey("SR", "Bkg", "JES", "Up")]
    np.testing.assert_allclose(varied.contents, 2.5 * signal.contents)


def test_outside_goes_into_the_edge_bins_where_it_is_asked_for(analysis: Path) -> None:
    signal = built({"Binning": [20, 40, 50, 90], "OutsideBinning": "merge"})[TemplateKey("SR", "Signal")]
    assert signal.contents.tolist() == [7 + 8 + 9 + 10 + 11, 12, 13 + 14 + 15 + 16 + 17 + 18]
    assert signal.sumw2.tolist() == [1 + 2 + 3 + 4 + 5, 6, 7 + 8 + 9 + 10 + 11 + 12]
    assert (signal.underflow, signal.overflow) == (0, 0)
    whole = built({"OutsideBinning": "merge"})[TemplateKey("SR", "Signal")]
    assert whole.contents.tolist() == [7 + 8, *range(9, 17), 17 + 18]
    assert whole.sumw2.tolist() == [1 + 2, *range(3, 11), 11 + 12]


def test_histograms_in_json_files_are_merged_likewise(tmp_path: Path) -> None:
    axis = {"type": "variable", "edges": [0, 1, 2, 3], "underflow": True, "overflow": True, "circular": False}
    written = {
        name: {
            "uhi_schema": 1,
            "axes": [axis],
            "storage": {"type": "weighted", "values": [7, 8, 9, 10, 11], "variances": [1, 2, 3, 4, 5]},
        }
        for name in SAMPLES
    }
    (tmp_path / "in.json").write_text(json.dumps(written))
    document = steering({"Binning": [0, 2, 3], "OutsideBinning": "merge"})
    document["General"]["InputPath"] = f"{tmp_path}/in.json:{{SamplePath}}"
    signal = wilks.build_templates(wilks.load_config(document))[TemplateKey("SR", "Signal")]
    assert signal.contents.tolist() == [7 + 8 + 9, 10 + 11]
    assert signal.sumw2.tolist() == [1 + 2 + 3, 4 + 5]


@pytest.mark.parametrize("storage", ["TH1F", "no variances"])
def test_root_histograms_of_other_kinds(tmp_path: Path, storage: str) -> None:
    counts = np.array([3.0, 8.0, 9.0, 4.0])  # with what lies outside
    plain = uproot.writing.identify.to_TH1x(
        fName="h",
        fTitle="",
        data=counts.astype("f4" if storage == "TH1F" else "f8"),
        fEntries=24.0,
        fTsumw=17.0,
        fTsumw2=17.0,
        fTsumwx=0.0,
        fTsumwx2=0.0,
        fSumw2=np.array([]) if storage != "TH1F" else 2.0 * counts,
        fXaxis=uproot.writing.identify.to_TAxis("xaxis", "", 2, 0.0, 2.0),
    )
    with uproot.recreate(tmp_path / "in.root") as file:
        for name in SAMPLES:
            file[name] = plain
    document = steering({"OutsideBinning": "merge"})
    document["General"]["InputPath"] = f"{tmp_path}/in.root:{{SamplePath}}"
    data = wilks.build_templates(wilks.load_config(document))[TemplateKey("SR", "Data")]
    assert data.contents.tolist() == [11, 13]
    assert data.sumw2.tolist() == ([22, 26] if storage == "TH1F" else [11, 13])


def test_the_merging_is_in_the_record_and_stays_there(analysis: Path) -> None:
    config = wilks.load_config(steering({"Binning": [20, 40, 50, 90], "Rebin": [20, 50, 90]}))
    templates = wilks.process_templates(wilks.build_templates(config), config)
    binned, rebinned = templates.steps[TemplateKey("SR", "Signal")]
    assert binned.name == "binned"
    assert binned.numbers == {
        "bins_before": 10,
        "bins": 3,
        "edges": [20, 40, 50, 90],
        "edges_before": FINE.tolist(),
        "outside": "left out",
        "below": 24.0,
        "above": 35.0,
    }
    assert (rebinned.name, rebinned.numbers["bins_before"]) == ("rebinned", 3)
    assert [step["name"] for step in templates.record()["templates"][1]["steps"]] == ["read", "binned", "rebinned"]
    templates.save(analysis / "templates.npz")
    again = wilks.load_templates(analysis / "templates.npz")
    assert again.steps[TemplateKey("SR", "Signal")][0] == binned
    reused = wilks.build_templates(config, previous=again)
    assert len(reused.reused) == len(reused)
    assert reused.steps[TemplateKey("SR", "Signal")] == (binned,)
    once_more = wilks.process_templates(reused, config)
    assert once_more.steps == templates.steps


def test_other_bins_are_made_anew(analysis: Path) -> None:
    before = built({"Binning": [0, 50, 100]})
    for region in ({"Binning": [0, 20, 100]}, {"Binning": [0, 50, 100], "OutsideBinning": "merge"}, {}):
        again = built(region, previous=before)
        assert again.reused == ()
        assert again[TemplateKey("SR", "Data")] == built(region)[TemplateKey("SR", "Data")]


def test_the_same_edges_change_nothing(analysis: Path) -> None:
    edges = FINE.copy()
    edges[3] += 1e-12
    templates = built({"Binning": edges.tolist()})
    assert not templates.steps
    assert templates[TemplateKey("SR", "Data")] == built()[TemplateKey("SR", "Data")]


def test_edges_that_were_32_bit_numbers_are_those_of_binning() -> None:
    edges = [0.1, 0.2, 0.3, 2.4]
    config = wilks.load_config(steering({"Binning": edges}) | {"Systematics": []})
    handed = {("SR", name): filled(edges, 1.0) for name in ("Data", "Signal")}
    handed["SR", "Bkg"] = filled(np.array(edges, dtype=np.float32).astype(np.float64), 1.0)
    templates = wilks.build_templates(config, histograms=handed)
    assert not templates.steps
    assert all(histogram.axis.edges.tolist() == edges for histogram in templates.values())


@pytest.mark.parametrize("binning", [[20, 45, 55, 90], [-10, 0, 50, 100], [0, 50, 110]])
def test_bins_that_cannot_be_merged_are_an_error(analysis: Path, binning: list[float]) -> None:
    with pytest.raises(TemplateError) as caught:
        built({"Binning": binning})
    (problem,) = caught.value.problems  # for all four histograms
    wanted = f'{len(binning) - 1} bins with edges {", ".join(map(str, binning))} of Regions "SR".Binning'
    assert problem.startswith('"Data" in "SR" and 3 more of this region: 10 bins with edges 0, 10, 20, 30')
    assert f"can't be merged to the {wanted}: " in problem
    wrong = [edge for edge in binning if edge not in FINE]
    assert f"{', '.join(map(str, wrong))} {'is' if len(wrong) == 1 else 'are'} not among them" in problem


def test_edges_that_are_bin_numbers_are_pointed_at(tmp_path: Path) -> None:
    config = wilks.load_config(steering({"Binning": [0, 25, 100]}) | {"Systematics": []})
    numbered = {("SR", name): filled([0, 1, 2], 1.0) for name in ("Data", "Signal", "Bkg")}
    with pytest.raises(TemplateError, match="its edges are bin numbers: leave Binning out"):
        wilks.build_templates(config, histograms=numbered)


def test_histograms_from_code_are_merged_likewise() -> None:
    config = wilks.load_config(steering({"Binning": [0, 50, 100], "OutsideBinning": "merge"}) | {"Systematics": []})
    router = wilks.Router()

    @router.register_template_builder(sample_name="Bkg")
    def made(region: Any, sample: Any, systematic: Any, template: Any) -> Any:
        return filled(FINE, 2.0)

    handed = {("SR", name): filled(FINE, 1.0) for name in ("Data", "Signal")}
    templates = wilks.build_templates(config, histograms=handed, router=router)
    expected = np.array([sum(range(7, 13)), sum(range(13, 19))])
    np.testing.assert_array_equal(templates[TemplateKey("SR", "Data")].contents, expected)
    np.testing.assert_array_equal(templates[TemplateKey("SR", "Bkg")].contents, 2 * expected)
    np.testing.assert_array_equal(templates[TemplateKey("SR", "Bkg")].sumw2, 4 * np.array([21, 57]))


def test_nothing_is_made_up_for_an_unknown_variance_outside() -> None:
    config = wilks.load_config(steering({"OutsideBinning": "merge"}) | {"Systematics": []})
    own = wilks.Histogram.from_uhi(filled(FINE, 1.0))
    without = wilks.Histogram(own.axis, own.contents, own.sumw2, underflow=1.0)
    handed = {("SR", name): own for name in ("Data", "Signal")} | {("SR", "Bkg"): without}
    with pytest.raises(TemplateError, match=r'"Bkg" in "SR": what lies outside .* variance is not known'):
        wilks.build_templates(config, histograms=handed)


def test_rebin_takes_edges_of_binning(analysis: Path) -> None:
    config = wilks.load_config(steering({"Binning": [0, 50, 100], "Rebin": [0, 30, 100]}))
    with pytest.raises(TemplateError, match="30 is no edge of the histogram; there are 0, 50, 100"):
        wilks.process_templates(wilks.build_templates(config), config)


def test_sums_of_histograms_whose_edges_agree_to_rounding(analysis: Path) -> None:
    moved = FINE.copy()
    moved[2] += 1e-12
    with uproot.update(analysis / "in.root") as file:
        file["moved"] = filled(moved, 1.0)
        file["other"] = filled([0, 50, 100], 1.0)
    config = wilks.load_config(steering(bkg=["bkg", "moved"]) | {"Systematics": []})
    total = wilks.build_templates(config)[TemplateKey("SR", "Bkg")]
    np.testing.assert_array_equal(total.contents, 3.0 * np.arange(8.0, 18.0))
    config = wilks.load_config(steering(bkg=["bkg", "other"]) | {"Systematics": []})
    with pytest.raises(TemplateError) as caught:
        wilks.build_templates(config)
    (problem,) = caught.value.problems
    assert problem.startswith('"Bkg" in "SR" can\'t be summed over its paths, the edges differ: ')
    assert f"{analysis / 'in.root'}:other has 2 bins with edges 0, 50, 100" in problem


def test_many_edges_are_shortened_but_for_the_last() -> None:
    assert bins_of(np.arange(26.0)) == "25 bins with edges 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ..., 25"
