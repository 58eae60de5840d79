"""Templates from ntuples, against histograms that NumPy makes from the same arrays, and against cabinetry's."""

from __future__ import annotations

import copy
import json
import shutil
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from tests.templates import events

import wilks
from wilks import build_templates, build_workspace, load_config, process_templates
from wilks.errors import TemplateError
from wilks.templates.filling import Tally
from wilks.templates.looking import Look
from wilks.templates.store import TemplateKey, Templates, load_templates

SIZES = {"a": 3000, "b": 1800, "data": 900}


def steering(folder: Path) -> dict[str, Any]:
    """A steering file with every kind of override."""
    return {
        "General": {
            "Measurement": "m",
            "POI": "mu",
            "InputPath": str(folder / "{RegionPath}" / "{SamplePath}"),
            "HistogramFolder": "h",
        },
        "Regions": [
            {"Name": "SR", "Variable": "pt", "Filter": "charge > 0", "Binning": events.EDGES, "RegionPath": "."},
            {
                "Name": "CR",
                "Variable": "jet[0]",
                "Filter": "number >= 2 && flag",
                "Binning": [0, 30, 60],
                "RegionPath": ".",
            },
        ],
        "Samples": [
            {"Name": "Data", "Tree": "events", "SamplePath": "data.root", "Data": True},
            {"Name": "Signal", "Tree": "events", "SamplePath": "a.root", "Weight": "weight", "Regions": "SR"},
            {
                "Name": "Bkg",
                "Tree": "events",
                "SamplePath": ["a.root", "b.root"],
                "Weight": "0.5*weight",
                "Filter": "flag",
            },
        ],
        "NormFactors": [{"Name": "mu", "Samples": "Signal"}],
        "Systematics": [
            {"Name": "SF", "Type": "NormPlusShape", "Up": {"Weight": "weight*sf_up"}, "Down": {"Symmetrize": True}},
            {
                "Name": "All",
                "Type": "NormPlusShape",
                "Samples": "Bkg",
                "Up": {"Tree": "varied", "SamplePath": "b.root"},
                "Down": {"Variable": "pt*1.1", "Filter": "eta > 0", "Weight": "2", "RegionPath": "other"},
            },
        ],
    }


@pytest.fixture(scope="module")
def trees() -> dict[str, dict[str, Any]]:
    made = {name: events.columns(seed, size) for seed, (name, size) in enumerate(SIZES.items())}
    return made | {
        "varied": events.columns(10, 1100),
        "other/a": events.columns(11, 500),
        "other/b": events.columns(12, 40),
    }


@pytest.fixture(scope="module", params=["TTree", "RNTuple"])
def folder(request: Any, tmp_path_factory: pytest.TempPathFactory, trees: dict[str, Any]) -> Path:
    made: Path = tmp_path_factory.mktemp("ntuples")
    (made / "other").mkdir()
    rntuple = request.param == "RNTuple"
    for name in ("a", "data", "other/a", "other/b"):
        events.write_tree(made / f"{name}.root", {"events": trees[name]}, rntuple=rntuple)
    events.write_tree(made / "b.root", {"events": trees["b"], "varied": trees["varied"]}, rntuple=rntuple)
    return made


def firsts(tree: dict[str, Any]) -> Any:
    return ak.to_numpy(ak.fill_none(ak.firsts(tree["jet"]), np.nan))


def expected(trees: dict[str, Any]) -> dict[TemplateKey, Any]:
    """The same templates by hand: (yields, variances, underflow, overflow)."""
    a, b, data, varied = (trees[name] for name in ("a", "b", "data", "varied"))
    both = {
        name: np.concatenate([np.asarray(a[name]), np.asarray(b[name])]) for name in ("pt", "weight", "sf_up", "flag")
    }
    both["first"] = np.concatenate([firsts(a), firsts(b)])
    others = [trees["other/a"], trees["other/b"]]
    other = {name: np.concatenate([np.asarray(tree[name]) for tree in others]) for name in ("pt", "eta")}
    wide = [0, 30, 60]
    positive = {name: trees[name]["charge"] > 0 for name in ("a", "data")}
    in_control = (data["number"] >= 2) & data["flag"]
    make = events.histogram
    return {
        TemplateKey("SR", "Data"): make(data["pt"], 1.0, positive["data"]),
        TemplateKey("SR", "Signal"): make(a["pt"], a["weight"], positive["a"]),
        TemplateKey("SR", "Signal", "SF", "Up"): make(a["pt"], a["weight"] * a["sf_up"], positive["a"]),
        TemplateKey("SR", "Bkg"): make(both["pt"], 0.5 * both["weight"], both["flag"]),
        TemplateKey("SR", "Bkg", "SF", "Up"): make(both["pt"], both["weight"] * both["sf_up"], both["flag"]),
        TemplateKey("SR", "Bkg", "All", "Up"): make(varied["pt"], 0.5 * varied["weight"], varied["flag"]),
        TemplateKey("SR", "Bkg", "All", "Down"): make(other["pt"] * 1.1, 2.0, other["eta"] > 0),
        TemplateKey("CR", "Data"): make(firsts(data), 1.0, in_control, wide),
        TemplateKey("CR", "Bkg"): make(both["first"], 0.5 * both["weight"], both["flag"], wide),
        TemplateKey("CR", "Bkg", "SF", "Up"): make(both["first"], both["weight"] * both["sf_up"], both["flag"], wide),
        TemplateKey("CR", "Bkg", "All", "Up"): make(firsts(varied), 0.5 * varied["weight"], varied["flag"], wide),
        TemplateKey("CR", "Bkg", "All", "Down"): make(other["pt"] * 1.1, 2.0, other["eta"] > 0, wide),
    }


def assert_same(templates: Templates, reference: dict[TemplateKey, Any]) -> None:
    assert set(templates) == set(reference)
    for key, (yields, variances, below, above) in reference.items():
        np.testing.assert_allclose(templates[key].contents, yields, rtol=1e-11, atol=1e-11, err_msg=str(key))
        np.testing.assert_allclose(templates[key].sumw2, variances, rtol=1e-11, err_msg=str(key))
        assert (templates[key].underflow, templates[key].overflow) == pytest.approx((below, above), rel=1e-11)


def test_all_overrides_against_numpy(folder: Path, trees: dict[str, Any]) -> None:
    templates = build_templates(load_config(steering(folder)), workers=1)
    assert_same(templates, expected(trees))
    assert templates[TemplateKey("SR", "Data")].entries == np.count_nonzero(trees["data"]["charge"] > 0)
    assert templates.nominal("SR", "Data").axis.label == "pt"  # type: ignore[union-attr]


def test_the_bits_do_not_depend_on_the_workers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wilks.templates.trees._SPAN", 700)
    config = load_config(steering(folder))
    serial, threads = (build_templates(config, workers=workers) for workers in (1, 3))
    assert dict(serial) == dict(threads)


def test_other_processes_do_the_same(folder: Path) -> None:
    config = load_config(steering(folder))
    with ProcessPoolExecutor(2) as pool:
        assert dict(build_templates(config, workers=pool)) == dict(build_templates(config, workers=1))


def test_small_chunks_and_blocks_give_the_same(
    folder: Path, trees: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in (
        ("trees._SPAN", 1),
        ("trees._MOST_ROWS", 64),
        ("trees._FEWEST_ROWS", 64),
        ("filling._BLOCK", 17),
    ):
        monkeypatch.setattr(f"wilks.templates.{name}", number)
    assert_same(build_templates(load_config(steering(folder)), workers=2), expected(trees))


def test_every_byte_is_read_once(folder: Path) -> None:
    """Of baskets: the file's directory, and the header of each tree, are read when a file is opened."""
    one = steering(folder)
    one["Systematics"], one["Regions"] = [], one["Regions"][:1]
    read = {}
    for systematics in ([], steering(folder)["Systematics"][:1]):
        one["Systematics"] = copy.deepcopy(systematics)
        templates = build_templates(load_config(one), workers=1)
        assert templates.events is not None
        read[len(templates)] = templates.events.bytes_read
    sizes = []
    for name in ("a", "b"):
        with uproot.open({str(folder / f"{name}.root"): None}) as file:
            if hasattr(file["events"], "branches"):
                sizes.append(file["events"]["sf_up"].compressed_bytes)
    if sizes:  # 700 entries a basket: some keys of baskets
        assert 0 <= read[5] - read[3] - sum(sizes) < 1000
    assert templates.events.files == 3
    assert templates.events.entries == sum(SIZES.values())


def test_progress_is_told_and_can_stop(folder: Path) -> None:
    config = load_config(steering(folder))
    told: list[tuple[int, int]] = []
    build_templates(config, workers=1, progress=lambda done, total: told.append((done, total)) is None)
    assert told[-1] == (told[-1][1], told[-1][1])
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    with pytest.raises(KeyboardInterrupt):
        build_templates(config, workers=1, progress=lambda done, total: False)


def test_wildcards_and_overlapping_paths_count_each_file_once(folder: Path, trees: dict[str, Any]) -> None:
    document = steering(folder)
    document["Samples"][2]["SamplePath"] = ["[ab].root", "b.root"]
    document["Systematics"] = []
    templates = build_templates(load_config(document))
    assert_same(templates, {key: value for key, value in expected(trees).items() if key in templates})


def test_a_file_with_several_names_counts_once(folder: Path, tmp_path: Path, trees: dict[str, Any]) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "b_newest.root").symlink_to(tmp_path / "b.root")
    document = steering(tmp_path)
    document["Samples"][2]["SamplePath"] = ["a.root", "b*.root", "other/../a.root"]
    document["Systematics"] = []
    templates = build_templates(load_config(document))
    assert_same(templates, {key: value for key, value in expected(trees).items() if key in templates})
    (part,) = templates.origins[TemplateKey("SR", "Bkg")].parts
    assert part.files == tuple(str(tmp_path / name) for name in ("a.root", "b.root"))


def test_outside_merged_into_the_edge_bins(folder: Path, trees: dict[str, Any]) -> None:
    document = steering(folder)
    document["Regions"][0] |= {"OutsideBinning": "merge", "Binning": [20, 40, 80]}
    templates = build_templates(load_config(document))
    tree = trees["a"]
    keep = tree["charge"] > 0
    histogram = templates.nominal("SR", "Signal")
    assert histogram is not None
    low = keep & (tree["pt"] < 40)
    np.testing.assert_allclose(histogram.contents, [tree["weight"][low].sum(), tree["weight"][keep & ~low].sum()])
    np.testing.assert_allclose(histogram.sumw2[0], (tree["weight"][low] ** 2).sum())
    assert (histogram.underflow, histogram.overflow) == (0.0, 0.0)
    assert templates.events is not None
    assert any("above the edges and is in the edge bin" in note for note in templates.events.notes)


def test_what_is_left_out_is_said(folder: Path, tmp_path: Path) -> None:
    document = steering(folder)
    document["Samples"][1]["Filter"] = "charge > 5"
    templates = build_templates(load_config(document))
    assert templates.events is not None
    notes = "\n".join(templates.events.notes)
    assert '"Signal" in "SR": no entry is selected' in notes
    assert '"Data" in "SR"' in notes
    assert "of the yield lies above the edges and is left out" in notes
    assert "selected entries are left out, their variable is missing or NaN" in notes
    np.testing.assert_array_equal(templates[TemplateKey("SR", "Signal")].contents, 0.0)
    templates.save(tmp_path / "t.npz")
    assert load_templates(tmp_path / "t.npz").events == templates.events


def test_all_mistakes_are_found_before_the_first_entry_is_read(folder: Path) -> None:
    document = steering(folder)
    document["Regions"][0]["Variable"] = "ptt"
    document["Regions"][1]["Filter"] = "number >= 2 && && flag"
    document["Samples"][0]["SamplePath"] = "date.root"
    document["Samples"][1]["Weight"] = "jet"
    document["Samples"][2]["Filter"] = "eta"
    document["Systematics"][1]["Up"]["Tree"] = "vareid"
    told: list[int] = []
    with pytest.raises(TemplateError) as caught:
        build_templates(load_config(document), workers=1, progress=lambda done, total: told.append(done) is None)
    problems = caught.value.problems
    assert not told
    assert len(problems) == 6
    text = "\n".join(problems)
    assert "no input file" in text
    assert 'Systematics "All".Up.Tree: no tree "vareid"' in text
    assert 'did you mean "varied"?' in text
    (problem,) = (problem for problem in problems if problem.startswith('Regions "SR".Variable'))
    assert 'no branch "ptt"; did you mean "pt"?; in "events" of' in problem
    assert problem.endswith("\n    ptt\n    ^")
    (problem,) = (problem for problem in problems if problem.startswith('Regions "CR".Filter'))
    assert problem.endswith("\n    number >= 2 && && flag\n                   ^")
    (problem,) = (problem for problem in problems if problem.startswith('Samples "Signal".Weight'))
    assert "gives a list per entry where one number is needed" in problem
    (problem,) = (problem for problem in problems if problem.startswith('Samples "Bkg".Filter'))
    assert "gives numbers where a filter needs true or false" in problem


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_named(tmp_path: Path, bad: float) -> None:
    tree = events.columns(1, 400)
    tree["charge"][[7, 399, 5]] = 1, 1, -1
    tree["weight"][[7, 399, 5]] = bad
    for name in ("a", "b", "data"):
        events.write_tree(tmp_path / f"{name}.root", {"events": tree, "varied": tree})
    document = steering(tmp_path)
    document["Samples"][2]["Filter"] = "charge < 0"
    document["Systematics"] = []
    with pytest.raises(TemplateError) as caught:
        build_templates(load_config(document))
    signal, *background = caught.value.problems
    assert signal.startswith(
        'Samples "Signal".Weight: the weight "weight" of selected entries is missing, NaN or infinite'
    )
    assert signal.endswith("a.root, entries 7 to 399")
    assert [problem.endswith("root, entry 5") for problem in background] == [True, True]


def test_expressions_that_only_fail_on_what_is_in_the_lists(folder: Path) -> None:
    """Lists of different lengths are known when they are read; each expression is named, with its own caret."""
    document = steering(folder)
    document["Regions"][0]["Variable"] = "sum(jet + jet[jet > 10])"
    document["Regions"][1]["Filter"] = "flag && any(jet + jet[jet > 10] > 3)"
    document["Samples"][1]["Weight"] = "number**charge"
    for workers in (1, 2):
        with pytest.raises(TemplateError) as caught:
            build_templates(load_config(document), workers=workers, skip_unreadable=True)
        selection, variable, weight = sorted(caught.value.problems)
        assert variable.startswith('Regions "SR".Variable: lists of different lengths')
        assert '; in "events" of ' in variable
        assert "(entry 0 or later)" in variable
        assert variable.endswith("\n    sum(jet + jet[jet > 10])\n            ^")
        assert selection.startswith('Regions "CR".Filter: lists of different lengths')
        assert selection.endswith("\n    flag && any(jet + jet[jet > 10] > 3)\n                    ^")
        assert weight.startswith('Samples "Signal".Weight: whole numbers can\'t have negative powers')
        assert weight.endswith("\n    number**charge\n          ^")


def test_a_missing_weight_is_no_weight(folder: Path) -> None:
    document = steering(folder)
    document["Samples"][1]["Weight"] = "jet[1]"
    with pytest.raises(TemplateError, match=r'the weight "jet\[1\]" of selected entries is missing'):
        build_templates(load_config(document))


def test_files_that_are_cut_off_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.root"
    events.write_tree(path, {"events": events.columns(1, 5000)})
    region = {"Name": "r", "Variable": "pt", "Binning": [0, 1]}
    content = path.read_bytes()
    with uproot.open({str(path): None}) as file:
        basket = file["events"]["pt"].member("fBasketSeek")[3]
    for size in (0, 100, len(content) // 2, len(content) - 100):
        path.write_bytes(content[:size])
        with pytest.raises(TemplateError, match=r"a\.root: (is empty|the file is cut off|can't be read as)"):
            small(path, "events", [region], None)
    path.write_bytes(content[: basket + 60] + bytes(1000) + content[basket + 1060 :])
    with pytest.raises(TemplateError, match=r'a\.root: tree "events" can\'t be read beyond entry 0'):
        small(path, "events", [region], None)


def test_files_that_cannot_be_read_are_left_out_on_request(folder: Path, tmp_path: Path, trees: dict[str, Any]) -> None:
    """Cut off, which is seen at once, or damaged inside, which is seen on the way; also in threads."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    without_b = trees | {"b": {name: values[:0] for name, values in trees["b"].items()}}
    document = steering(tmp_path)
    document["Systematics"].pop()
    content = (tmp_path / "b.root").read_bytes()
    damaged = bytearray(content)
    with uproot.open({str(tmp_path / "b.root"): None}) as file:
        if hasattr(file["events"], "branches"):
            basket = file["events"]["sf_up"].member("fBasketSeek")[2]
            damaged[basket + 60 : basket + 1060] = bytes(1000)
    for broken in (content[:-100], bytes(damaged)):
        if broken == content:
            continue
        (tmp_path / "b.root").write_bytes(broken)
        with pytest.raises(TemplateError, match=r"b\.root: (the file is cut off|tree \"events\" can't be read beyond)"):
            build_templates(load_config(document))
        for workers in (1, 2):
            templates = build_templates(load_config(document), workers=workers, skip_unreadable=True)
            assert_same(templates, {key: value for key, value in expected(without_b).items() if key in templates})
            read = templates.events
            assert read is not None
            assert read.skipped == (str(tmp_path / "b.root"),)
            assert any(note.startswith(f'4 templates of "Bkg" lack {tmp_path / "b.root"}: t') for note in read.notes)
            assert ", 1 left out, " in str(read)
            assert templates.record()["events"]["skipped"] == [str(tmp_path / "b.root")]
            assert {key for key in templates if not templates.origins[key].fingerprint} == {
                key for key in templates if key.sample == "Bkg"
            }
            templates.save(tmp_path / "t.npz")
            assert load_templates(tmp_path / "t.npz").events == read


def test_what_is_not_left_out(folder: Path, tmp_path: Path) -> None:
    """The only file of a sample, a file that does not exist, a tree that a good file lacks."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "data.root").write_bytes(b"root")
    document = steering(tmp_path)
    document["Systematics"].pop()
    with pytest.raises(TemplateError, match='"Data" in "SR": none of its files can be read') as caught:
        build_templates(load_config(document), skip_unreadable=True)
    assert len(caught.value.problems) == 2
    for key, value in (("SamplePath", ["data.root", "a.root", "none.root"]), ("Tree", "event")):
        document = steering(tmp_path)
        document["Samples"][0] |= {"SamplePath": ["data.root", "a.root"], key: value}
        with pytest.raises(TemplateError, match=r"no input file \".*none\.root\"|no tree \"event\""):
            build_templates(load_config(document), skip_unreadable=True)


def test_golden_workspace_and_fit(shared_data: Path) -> None:
    example = shared_data / "cabinetry-example"
    config = load_config(example / "config_ntuples.yml")
    workspace = build_workspace(process_templates(build_templates(config), config), config)
    golden = json.loads((example / "golden" / "example_ntuple_workspace.json").read_text())
    compare(workspace.spec, golden)
    results = json.loads((example / "golden" / "example_ntuple_results.json").read_text())["fit"]
    fitted = wilks.fit(wilks.compile_model(workspace))
    for name, value, uncertainty in zip(results["labels"], results["bestfit"], results["uncertainty"], strict=True):
        assert fitted[name].value == pytest.approx(value, abs=2e-3 * uncertainty)


def compare(found: Any, golden: Any) -> None:
    assert type(found) is type(golden) or isinstance(found, (int, float))
    if isinstance(golden, dict):
        assert found.keys() == golden.keys()
        for key in golden:
            compare(found[key], golden[key])
    elif isinstance(golden, list):
        for one, other in zip(found, golden, strict=True):
            compare(one, other)
    else:
        assert found == (pytest.approx(golden, rel=1e-9) if isinstance(golden, float) else golden)


def small(path: Path | str, tree: str, regions: list[dict[str, Any]], weight: str | None) -> Templates:
    simulation = {"Name": "MC", "Tree": tree, **({"Weight": weight} if weight else {})}
    return build_templates(
        load_config(
            {
                "General": {"Measurement": "m", "InputPath": str(path), "HistogramFolder": "h"},
                "Regions": regions,
                "Samples": [{"Name": "Data", "Tree": tree, "Data": True}, simulation],
                "NormFactors": [{"Name": "mu", "Samples": "MC"}],
            }
        )
    )


def test_open_data(shared_data: Path) -> None:
    """Lists of leptons and jets in files of CMS and of ROOT's tutorial, against awkward."""
    path = shared_data / "ntuples" / "agc-open-data-example" / "open-data-example.root"
    region = {"Name": "2mu", "Variable": "Muon_pt[0]", "Binning": [0, 20, 40, 100]}
    region["Filter"] = "nMuon == 2 && Muon_charge[0]*Muon_charge[1] < 0"
    found = small(path, "Events", [region], None).nominal("2mu", "MC")
    with uproot.open({str(path): None}) as file:
        tree = file["Events"].arrays(["Muon_pt", "Muon_charge"])
    tree = tree[ak.num(tree.Muon_pt) == 2]
    tree = tree[ak.prod(tree.Muon_charge, axis=1) == -1]
    assert found is not None
    np.testing.assert_array_equal(found.contents, np.histogram(ak.to_numpy(tree.Muon_pt[:, 0]), [0, 20, 40, 100])[0])

    path = shared_data / "ntuples" / "scikit-hep-testdata" / "uproot-HZZ.root"
    region = {"Name": "r", "Variable": "sqrt(MET_px**2 + MET_py**2)", "Binning": [0, 20, 40, 100]}
    region["Filter"] = "count(Jet_btag[Jet_btag > 1]) >= 1 || NElectron > 0"
    found = small(path, "events", [region], "EventWeight").nominal("r", "MC")
    with uproot.open({str(path): None}) as file:
        tree = file["events"].arrays(["MET_px", "MET_py", "Jet_btag", "NElectron", "EventWeight"])
    keep = ak.to_numpy((ak.sum(tree.Jet_btag > 1, axis=1) >= 1) | (tree.NElectron > 0))
    met = ak.to_numpy(np.sqrt(tree.MET_px**2 + tree.MET_py**2))
    assert found is not None
    yields, variances, _, _ = events.histogram(met, ak.to_numpy(tree.EventWeight), keep, [0, 20, 40, 100])
    np.testing.assert_allclose(found.contents, yields, rtol=1e-12)
    np.testing.assert_allclose(found.sumw2, variances, rtol=1e-12)


def test_split_objects_and_their_types(shared_data: Path) -> None:
    path = shared_data / "ntuples" / "scikit-hep-testdata" / "uproot-HZZ-objects.root"
    for variable in ("jetp4", "MC_lepton"):
        with pytest.raises(TemplateError, match=r"gives no numbers"):
            small(path, "events", [{"Name": "r", "Variable": variable, "Binning": [0, 1]}], None)
    region = {"Name": "r", "Variable": "jetbtag[0]", "Binning": [0, 1, 2]}
    found = small(path, "events", [region], "eventweight").nominal("r", "MC")
    with uproot.open({str(path): None}) as file:
        tree = file["events"].arrays(["jetbtag", "eventweight"])
    firsts, has = ak.to_numpy(ak.fill_none(ak.firsts(tree.jetbtag), -1)), ak.to_numpy(ak.num(tree.jetbtag) > 0)
    assert found is not None
    yields, _, below, _ = events.histogram(firsts, ak.to_numpy(tree.eventweight), has, [0, 1, 2])
    np.testing.assert_allclose(found.contents, yields, rtol=1e-12)
    assert found.underflow == pytest.approx(below, rel=1e-12)


def test_remote_paths(tmp_path: Path) -> None:
    """Any file system of fsspec; here one in memory."""
    import fsspec

    events.write_tree(tmp_path / "in.root", {"events": events.columns(1, 300)})
    with fsspec.open("memory://folder/in.root", "wb") as stream:
        stream.write((tmp_path / "in.root").read_bytes())
    region = {"Name": "r", "Variable": "pt", "Binning": events.EDGES}
    local, remote = (
        small(path, "events", [region], "weight") for path in (tmp_path / "in.root", "memory://folder/in.root")
    )
    assert dict(local) == dict(remote)
    assert dict(small("memory://folder/i*.root", "events", [region], "weight")) == dict(local)
    for name in ("no.root", "no*.root"):
        with pytest.raises(TemplateError, match=r"memory://folder/no\*?\.root: no such file"):
            small(f"memory://folder/{name}", "events", [region], "weight")


def test_many_bins(tmp_path: Path) -> None:
    """More than two bytes can number."""
    tree = events.columns(1, 300)
    events.write_tree(tmp_path / "in.root", {"events": tree})
    edges = list(np.linspace(0.0, 100.0, 70_001))
    found = small(tmp_path / "in.root", "events", [{"Name": "r", "Variable": "pt", "Binning": edges}], None)
    np.testing.assert_array_equal(
        found[TemplateKey("r", "MC")].contents, np.histogram(tree["pt"][tree["pt"] < 100], edges)[0]
    )


def test_a_tree_without_entries(tmp_path: Path) -> None:
    events.write_tree(
        tmp_path / "in.root", {"events": {key: value[:0] for key, value in events.columns(1, 10).items()}}
    )
    templates = small(tmp_path / "in.root", "events", [{"Name": "r", "Variable": "pt", "Binning": [0, 1]}], "weight")
    assert templates[TemplateKey("r", "MC")].contents.tolist() == [0.0]


class Lying(Executor):
    """An executor whose every other answer is none: of something else, of another size, of nobody's work."""

    def __init__(self, lie: Any) -> None:
        self.lie, self.told, self.answers = lie, 0, {}  # type: ignore[var-annotated]

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        answer = function(*args, **kwargs)
        earlier = self.answers.setdefault(type(answer), answer)
        self.told += 1
        future.set_result(self.lie(answer, earlier) if self.told % 2 == 0 else answer)
        return future


@pytest.mark.parametrize(
    "lie",
    [
        lambda answer, earlier: None,
        lambda answer, earlier: {"entries": 3},
        lambda answer, earlier: earlier,
        lambda answer, earlier: replace(answer, file="") if isinstance(answer, Look) else Tally.of(()),
        lambda answer, earlier: answer if isinstance(answer, Look) else replace(answer, entries=answer.entries + 1e6),
        lambda answer, earlier: answer if isinstance(answer, Look) else replace(answer, contents=answer.contents[:-1]),
        lambda answer, earlier: answer if isinstance(answer, Look) else replace(answer, sumw2=answer.sumw2.tolist()),
        lambda answer, earlier: answer if isinstance(answer, Look) else replace(answer, contents=answer.sumw2 * 1j),
    ],
)
def test_answers_that_are_none_are_not_believed(folder: Path, lie: Any) -> None:
    config = load_config(steering(folder))
    expected = build_templates(config, workers=1)
    made = build_templates(config, workers=Lying(lie))
    assert dict(made) == dict(expected)
    assert made.events is not None
    assert "an answer was not one to what was asked" in " ".join(made.events.notes)
