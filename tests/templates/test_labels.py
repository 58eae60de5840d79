"""Analyses whose bins have labels, in another order in every histogram: the order changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boost_histogram as bh
import numpy as np
import pytest
import uproot
from tests.labelled import labelled_th1

from wilks import (
    Axis,
    Histogram,
    build_templates,
    build_workspace,
    load_config,
    load_templates,
    load_workspace,
    process_templates,
)
from wilks.config.schema import Config
from wilks.errors import TemplateError
from wilks.templates.store import TemplateKey, Templates
from wilks.workspace.workspace import Workspace

LABELS = ("ee", "em", "mm", "tt")
YIELDS: dict[str, list[float]] = {
    "data": [55.0, 42.0, 33.0, 25.0],
    "sig": [1.0, 3.0, 6.0, 4.0],
    "bkg": [50.0, 40.0, 30.0, 20.0],
    "bkg_up": [55.0, 41.0, 33.0, 19.0],
    "bkg_down": [45.0, 39.0, 26.0, 22.0],
    "more": [5.0, 6.0, 7.0, 8.0],
    "more_up": [6.0, 6.5, 7.0, 8.5],
    "more_down": [4.0, 5.0, 7.0, 7.0],
}
# That of the first simulated sample is the one of LABELS.
ORDERS = dict(zip(YIELDS, ([2, 0, 1, 3], range(4), [3, 2, 1, 0], [1, 0, 3, 2], [1, 2, 3, 0], [0, 2, 1, 3], [2, 3, 0, 1],
                           [3, 0, 2, 1]), strict=True))  # fmt: skip
Make = Callable[[list[str], np.ndarray, np.ndarray], Any]


def string_axis(labels: list[str], contents: np.ndarray, variances: np.ndarray) -> Any:
    histogram = bh.Histogram(bh.axis.StrCategory(labels, overflow=False), storage=bh.storage.Weight())
    histogram.view().value, histogram.view().variance = contents, variances
    return histogram


def root_axis(labels: list[str], contents: np.ndarray, variances: np.ndarray) -> Any:
    """Return what ROOT writes after filling by labels: more bins than labels, these in any order in the list."""
    spare = len(labels) % 3
    numbered = [(number, label) for number, label in enumerate(labels, start=1)]
    empty = np.zeros(spare + 1)
    return labelled_th1([*contents, *empty], numbered[::-1], variances=[*variances, *empty], alphanumeric=True)


def histograms(make: Make, orders: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, yields in YIELDS.items():
        order = list(orders[name])
        contents = np.array(yields)[order]
        found[name] = make([LABELS[i] for i in order], contents, 0.01 * contents**2 + 0.1 * np.arange(4)[order])
    return found


def steering(folder: Path, **general: Any) -> Config:
    side = {"Up": {"VariationPath": "_up"}, "Down": {"VariationPath": "_down"}}
    document = {
        "General": {
            "Measurement": "m",
            "POI": "mu",
            "InputPath": str(folder / "in.root:{SamplePath}{VariationPath}"),
            "HistogramFolder": "h",
            **general,
        },
        "Regions": [{"Name": "SR"}],
        "Samples": [
            {"Name": "Data", "SamplePath": "data", "Data": True},
            {"Name": "Sig", "SamplePath": "sig"},
            {"Name": "Bkg", "SamplePath": ["bkg", "more"]},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "Sig", "Bounds": [0, 10]}],
        "Systematics": [{"Name": "JES", "Type": "NormPlusShape", "Samples": "Bkg", **side}],
    }
    return load_config(document)


def write(folder: Path, found: Mapping[str, Any]) -> None:
    with uproot.recreate(folder / "in.root") as file:
        for name, histogram in found.items():
            file[name] = histogram


@pytest.mark.parametrize("make", [string_axis, root_axis])
def test_the_workspace_is_that_of_one_order(tmp_path: Path, make: Make) -> None:
    config = steering(tmp_path)
    write(tmp_path, histograms(make, ORDERS))
    templates = build_templates(config)
    assert {histogram.axis.bin_labels for histogram in templates.values()} == {LABELS}
    assert templates[TemplateKey("SR", "Data")].contents.tolist() == YIELDS["data"]
    assert templates[TemplateKey("SR", "Bkg")].contents.tolist() == [55.0, 46.0, 37.0, 28.0]
    found = build_workspace(process_templates(templates, config), config)

    # The same without labels, the bins put in order by hand.
    plain = {name: histograms(string_axis, dict.fromkeys(YIELDS, range(4)))[name] for name in YIELDS}
    for name, histogram in plain.items():
        bare = bh.Histogram(bh.axis.Regular(4, 0, 4), storage=bh.storage.Weight())
        bare.view()[...] = histogram.view()
        plain[name] = bare
    write(tmp_path, plain)
    expected = build_workspace(process_templates(build_templates(config), config), config)
    assert found.document == expected.document
    assert found.axes["SR"].bin_labels == LABELS
    assert expected.axes["SR"].bin_labels == ()


def test_labels_are_kept_in_files_and_by_reuse(tmp_path: Path) -> None:
    config = steering(tmp_path)
    write(tmp_path, histograms(root_axis, ORDERS))
    made = process_templates(build_templates(config), config)
    made.save(tmp_path / "templates.npz")
    loaded = load_templates(tmp_path / "templates.npz")
    assert dict(loaded) == dict(made)
    assert {row["bin_labels"] == list(LABELS) for row in loaded.record()["templates"]} == {True}
    again = build_templates(config, previous=loaded)
    assert again.reused == tuple(made)
    assert dict(again) == dict(build_templates(config))

    workspace = build_workspace(made, config)
    workspace.save(tmp_path / "workspace.json")
    assert load_workspace(tmp_path / "workspace.json") == workspace


def test_axes_without_labels_are_written_as_ever(tmp_path: Path) -> None:
    config = steering(tmp_path)
    write(tmp_path, histograms(root_axis, ORDERS))
    document = build_workspace(build_templates(config), config).document
    Workspace(document, {"SR": Axis(np.arange(5.0), "x", "GeV")}).save(tmp_path / "workspace.json")
    assert "bin_labels" not in (tmp_path / "workspace.axes.json").read_text()


def other(name: str, labels: list[str], **more: Any) -> Callable[[dict[str, Any]], None]:
    def change(found: dict[str, Any]) -> None:
        found[name] = labelled_th1([1.0] * len(labels), list(enumerate(labels, start=1)), **more)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            other("data", ["ee", "em", "mm", "zz"]),
            '"Data" in "SR": its bins are not those of "Sig" in "SR": labels "ee", "em", "mm", "zz" and '
            'labels "ee", "em", "mm", "tt"; only one has "zz", "tt"',
        ),
        (
            other("data", ["mm", "ee", "em"]),
            '"Data" in "SR": its bins are not those of "Sig" in "SR": labels "mm", "ee", "em" and '
            'labels "ee", "em", "mm", "tt"; only one has "tt"',
        ),
        (
            other("data", ["", "", "", ""]),
            '"Data" in "SR": its bins are not those of "Sig" in "SR": no labels and labels "ee", "em", "mm", "tt"',
        ),
        (
            other("bkg_up", ["ee", "em", "mm", "mm"]),
            '"Bkg" in "SR", "JES" Up, a sum over several paths: histograms with different bins can\'t be added: '
            'labels "mm", "tt", "ee", "em" and labels "ee", "em", "mm", "mm"; only one has "tt"',
        ),
    ],
)
def test_other_labels_are_refused_with_both_lists(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    found = histograms(root_axis, ORDERS)
    change(found)
    write(tmp_path, found)
    with pytest.raises(TemplateError) as refused:
        build_templates(steering(tmp_path))
    assert len(refused.value.problems) == 1
    assert sorted(refused.value.problems[0].split('"')) == sorted(said.split('"'))
    assert refused.value.problems[0].startswith(said[:40])


def test_labels_at_two_places_are_refused_in_sums(tmp_path: Path) -> None:
    found = histograms(root_axis, ORDERS)
    found |= {"bkg": labelled_th1([1.0, 2.0], [(1, "bad")]), "more": labelled_th1([1.0, 2.0], [(2, "bad")])}
    write(tmp_path, found)
    with pytest.raises(TemplateError) as refused:
        build_templates(steering(tmp_path))
    (said,) = (text for text in refused.value.problems if "sum" in text)
    assert said == (
        '"Bkg" in "SR", a sum over several paths: histograms with different bins can\'t be added: '
        'labels (none), "bad" and labels "bad", (none)'
    )


def test_labels_of_nothing_are_not_needed(tmp_path: Path) -> None:
    found = histograms(root_axis, ORDERS) | {"sig": labelled_th1([0.0], []), "more": labelled_th1([0.0], [])}
    write(tmp_path, found)
    templates = build_templates(steering(tmp_path))
    assert {histogram.axis.bin_labels for histogram in templates.values()} == {("tt", "mm", "em", "ee")}  # of Bkg
    assert templates[TemplateKey("SR", "Sig")].contents.tolist() == [0.0] * 4
    assert templates[TemplateKey("SR", "Bkg")].contents.tolist() == YIELDS["bkg"][::-1]


def test_histograms_handed_in_meet_those_of_files(tmp_path: Path) -> None:
    write(tmp_path, histograms(root_axis, ORDERS))
    data = bh.Histogram(bh.axis.StrCategory([], growth=True))
    data.fill(["tt"] * 3 + ["mm"] * 2 + ["ee"] + ["em"] * 4)
    templates = build_templates(steering(tmp_path), histograms={("SR", "Data"): data})
    assert templates[TemplateKey("SR", "Data")].contents.tolist() == [1.0, 4.0, 2.0, 3.0]


def test_integer_categories_meet_labels_that_are_written_alike(tmp_path: Path) -> None:
    config = load_config(
        {
            "General": {"Measurement": "m", "POI": "mu", "InputPath": str(tmp_path / "in.root:{SamplePath}"),
                        "HistogramFolder": "h"},
            "Regions": [{"Name": "SR"}, {"Name": "CR"}],
            "Samples": [{"Name": "Data", "SamplePath": "d", "Data": True}, {"Name": "S", "SamplePath": "s"}],
            "NormFactors": [{"Name": "mu", "Samples": "S"}],
        }
    )  # fmt: skip
    write(tmp_path, {"d": labelled_th1([1.0, 2.0], [(1, "13"), (2, "-11")])})
    signal = bh.Histogram(bh.axis.IntCategory([-11, 13]))
    signal.view()[...] = [20.0, 10.0]
    turned = bh.Histogram(bh.axis.IntCategory([13, -11]))
    turned.view()[...] = [10.0, 20.0]
    templates = build_templates(config, histograms={("SR", "S"): signal, ("CR", "S"): turned})
    for region in ("SR", "CR"):  # a region has the order of the first one with the same labels
        assert templates[TemplateKey(region, "Data")].contents.tolist() == [2.0, 1.0]
        assert templates[TemplateKey(region, "S")].contents.tolist() == [20.0, 10.0]


def with_orders(*orders: tuple[str, ...]) -> Templates:
    keys = [TemplateKey("SR", "Data"), TemplateKey("SR", "Sig"), TemplateKey("SR", "Bkg")]
    made = {key: Histogram(Axis.of_labels(labels), [1, 2], [1, 2]) for key, labels in zip(keys, orders, strict=True)}
    return Templates(made)


def test_templates_made_by_hand_stand_in_one_order() -> None:
    config = load_config(
        {
            "General": {"Measurement": "m", "POI": "mu", "InputPath": "x.root:{SamplePath}", "HistogramFolder": "h"},
            "Regions": [{"Name": "SR"}],
            "Samples": [
                {"Name": "Data", "SamplePath": "d", "Data": True},
                {"Name": "Sig", "SamplePath": "s"},
                {"Name": "Bkg", "SamplePath": "b"},
            ],
            "NormFactors": [{"Name": "mu", "Samples": "Sig"}],
        }
    )
    good = with_orders(("ee", "mm"), ("ee", "mm"), ("ee", "mm"))
    assert build_workspace(process_templates(good, config), config).axes["SR"].bin_labels == ("ee", "mm")
    bad = with_orders(("ee", "mm"), ("ee", "mm"), ("mm", "ee"))
    for verb in (process_templates, build_workspace):
        with pytest.raises(TemplateError, match=r'"Bkg" in "SR": its bins are not those of "Data".*another order'):
            verb(bad, config)


def processed(tmp_path: Path, **changes: Any) -> Templates:
    write(tmp_path, histograms(root_axis, ORDERS))
    document = steering(tmp_path).model_dump(mode="json", by_alias=True, exclude_unset=True)
    document["Regions"][0] |= changes.get("region", {})
    document["Systematics"][0] |= changes.get("systematic", {})
    config = load_config(document)
    return process_templates(build_templates(config), config)


@pytest.mark.parametrize("rebin", [2, [0, 1, 4]])
def test_labels_have_no_neighbours_to_merge_with(tmp_path: Path, rebin: Any) -> None:
    with pytest.raises(TemplateError, match=r'bins with labels .*"ee", "em", "mm", "tt".* no neighbours to be merged'):
        processed(tmp_path, region={"Rebin": rebin})


@pytest.mark.parametrize("algorithm", ["353QH, twice", "KERNEL", "MAXVARIATION", "TREXFITTER"])
def test_labels_have_no_neighbours_to_smooth_with(tmp_path: Path, algorithm: str) -> None:
    with pytest.raises(TemplateError, match=r'"JES" Up: bins with labels .*"tt".* no neighbours to be smoothed with'):
        processed(tmp_path, systematic={"Smoothing": {"Algorithm": algorithm}})


@pytest.mark.parametrize("drop", [[1], [0], [0, 3], [1, 2]])
def test_bins_with_labels_can_be_dropped(tmp_path: Path, drop: list[int]) -> None:
    templates = processed(tmp_path, region={"DropBins": drop})
    key = TemplateKey("SR", "Data")
    kept = [i for i in range(4) if i not in drop]
    assert templates[key].axis.bin_labels == tuple(LABELS[i] for i in kept)
    assert templates[key].contents.tolist() == [YIELDS["data"][i] for i in kept]
    assert templates.steps[key][0].numbers["labels_dropped"] == [LABELS[i] for i in drop]


@pytest.mark.parametrize("method", ["TWOSIDED", "ABSMEAN", "MAXIMUM", "ENVELOPE"])
def test_bins_with_labels_are_symmetrized_one_by_one(tmp_path: Path, method: str) -> None:
    templates = processed(tmp_path, systematic={"Symmetrization": {"Method": method, "NormalizeFirst": False}})
    up, down = (templates[TemplateKey("SR", "Bkg", "JES", side)] for side in ("Up", "Down"))
    assert up.axis.bin_labels == LABELS
    if method == "TWOSIDED":
        sums = [np.add(YIELDS[f"bkg{s}"], YIELDS[f"more{s}"]) for s in ("_up", "_down")]
        np.testing.assert_allclose(up.contents - down.contents, sums[0] - sums[1])
