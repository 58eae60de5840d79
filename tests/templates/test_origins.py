"""Where templates come from, and that what has not changed is not made again."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from tests.templates import events

import wilks
from wilks.errors import TemplateError
from wilks.templates.ntuples import _Reading
from wilks.templates.origins import changed_since, identities, states, without
from wilks.templates.readers import read_available
from wilks.templates.record import Origin, Part
from wilks.templates.store import TemplateKey, Templates, load_templates

NOMINAL, DATA, UP = TemplateKey("SR", "MC"), TemplateKey("SR", "Data"), TemplateKey("SR", "MC", "SF", "Up")


def ntuples(folder: Path) -> dict[str, Any]:
    return {
        "General": {"Measurement": "m", "InputPath": f"{folder}/{{SamplePath}}", "HistogramFolder": "h"},
        "Regions": [{"Name": "SR", "Variable": "pt", "Binning": list(events.EDGES), "Filter": "charge > 0"}],
        "Samples": [
            {"Name": "Data", "Tree": "events", "SamplePath": "data.root", "Data": True},
            {"Name": "MC", "Tree": "events", "SamplePath": ["a.root", "b.root"], "Weight": "weight"},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "MC"}],
        "Systematics": [
            {"Name": "SF", "Type": "NormPlusShape", "Up": {"Weight": "weight*sf_up"}, "Down": {"Symmetrize": True}}
        ],
    }


def histograms(folder: Path) -> dict[str, Any]:
    made = ntuples(folder)
    made["General"]["InputPath"] = f"{folder}/{{SamplePath}}:{{RegionPath}}_{{VariationPath}}"
    made["General"]["VariationPath"] = "nominal"
    made["Regions"] = [{"Name": "SR", "RegionPath": "SR", "Variable": "pt"}]
    for sample in made["Samples"]:
        sample.pop("Tree")
        sample.pop("Weight", None)
    made["Systematics"][0]["Up"] = {"VariationPath": "up"}
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, name in enumerate(("data", "a", "b")):
        write(tmp_path / f"{name}.root", seed)
    return tmp_path


def write(path: Path, seed: int) -> None:
    events.write_tree(path, {"events": events.columns(seed, 900)})
    with uproot.update(path) as file:
        for name in ("nominal", "up"):
            file[f"SR_{name}"] = np.histogram(events.columns(seed + len(name), 500)["pt"], events.EDGES)


def built(document: dict[str, Any], previous: Templates | None = None, **options: Any) -> Templates:
    return wilks.build_templates(wilks.load_config(copy.deepcopy(document)), previous=previous, **options)


@pytest.fixture(params=[ntuples, histograms])
def document(request: Any, folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = request.param(folder)
    return made


def reused(document: dict[str, Any], previous: Templates) -> set[TemplateKey]:
    """Return what was not made again, after a check that this makes no difference."""
    again, new = built(document, previous), built(document)
    assert dict(again) == dict(new)
    assert again.origins == new.origins
    if again.events is not None:
        assert new.events is not None
        assert sorted(again.events.notes) == sorted(new.events.notes)
    return set(again.reused)


def test_nothing_has_changed(document: dict[str, Any], tmp_path: Path) -> None:
    """Also on the way through processing and a file."""
    config = wilks.load_config(copy.deepcopy(document))
    document["Regions"][0]["Rebin"] = 2
    wilks.process_templates(built(document), wilks.load_config(copy.deepcopy(document))).save(tmp_path / "t.npz")
    previous = load_templates(tmp_path / "t.npz")
    again = wilks.build_templates(config, previous=previous)
    assert again.reused == (DATA, NOMINAL, UP)
    assert dict(again) == dict(wilks.build_templates(config))
    if again.events is not None:
        assert (again.events.files, again.events.entries, again.events.bytes_read) == (0, 0, 0)


def change_file(document: dict[str, Any], folder: Path) -> None:
    write(folder / "b.root", 7)


def same_size_and_time(document: dict[str, Any], folder: Path) -> None:
    """Replace a file by another one of the same size and time."""
    path = folder / "b.root"
    before = os.stat(path)
    content = bytearray(path.read_bytes())
    write(path, 2)
    path.write_bytes(path.read_bytes()[:100] + bytes(content[100:]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def same_beginning_too(document: dict[str, Any], folder: Path) -> None:
    """Write into a file in place, and set its time back."""
    path = folder / "b.root"
    before = os.stat(path)
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def touch(document: dict[str, Any], folder: Path) -> None:
    os.utime(folder / "b.root", (1, 1))


def another_file(document: dict[str, Any], folder: Path) -> None:
    document["Samples"][1]["SamplePath"] = ["b.root"]


def another_order(document: dict[str, Any], folder: Path) -> None:
    document["Samples"][1]["SamplePath"] = ["b.root", "a.root"]


CHANGES = [change_file, touch, another_file, another_order, same_size_and_time, same_beginning_too]


@pytest.mark.parametrize("change", CHANGES)
def test_files(document: dict[str, Any], folder: Path, change: Callable[[dict[str, Any], Path], None]) -> None:
    previous = built(document)
    change(document, folder)
    assert reused(document, previous) == {DATA}


@pytest.mark.parametrize(
    ("block", "key", "value", "same"),
    [
        ("Regions", "Variable", "pt+1", set()),
        ("Regions", "Binning", [0, 20, 50, 80, 160], set()),
        ("Regions", "Filter", "charge < 0", set()),
        ("Regions", "OutsideBinning", "merge", set()),
        ("Regions", "Rebin", 2, {DATA, NOMINAL, UP}),
        ("Samples", "Weight", "2*weight", {DATA, UP}),
        ("Samples", "Filter", "flag", {DATA}),
        ("Systematics", "Up", {"Weight": "weight*sf_up*sf_up"}, {DATA, NOMINAL}),
        ("Systematics", "Up", {"Weight": "weight*sf_up", "Variable": "pt*1.1"}, {DATA, NOMINAL}),
    ],
)
def test_settings(folder: Path, block: str, key: str, value: Any, same: set[TemplateKey]) -> None:
    document = ntuples(folder)
    previous = built(document)
    document[block][-1][key] = value
    assert reused(document, previous) == same


def test_a_wildcard_gains_a_file(folder: Path) -> None:
    document = ntuples(folder)
    document["Samples"][1]["SamplePath"] = "[ab]*.root"
    previous = built(document)
    assert reused(document, previous) == {DATA, NOMINAL, UP}
    write(folder / "a2.root", 5)
    assert reused(document, previous) == {DATA}


def test_a_source_whose_file_is_missing_is_an_error_also_beside_earlier_templates(folder: Path) -> None:
    document = ntuples(folder)
    document["Samples"][1]["SamplePath"] = "a.root"
    previous = built(document)
    document["Samples"][1]["Sources"] = [{"SamplePath": "a.root"}, {"SamplePath": "none.root"}]
    del document["Samples"][1]["SamplePath"]
    with pytest.raises(TemplateError, match=r'no input file ".*none\.root"') as caught:
        built(document, previous)
    assert len(caught.value.problems) == 1


def test_only_what_is_new_is_read(folder: Path) -> None:
    document = ntuples(folder)
    previous = built(document)
    document["Systematics"].append(
        {"Name": "New", "Type": "NormPlusShape", "Up": {"SamplePath": "a.root"}, "Down": {"Symmetrize": True}}
    )
    again = built(document, previous)
    assert again.events is not None
    assert (again.events.files, again.events.entries) == (1, 900)
    assert dict(again) == dict(built(document))


def test_another_label(folder: Path) -> None:
    document = histograms(folder)
    previous = built(document)
    document["Regions"][0]["Variable"] = "mass"
    assert reused(document, previous) == set()


def test_a_mistake_in_what_is_left(folder: Path) -> None:
    document = ntuples(folder)
    previous = built(document)
    document["Systematics"][0]["Up"] = {"Weight": "wieght"}
    with pytest.raises(TemplateError, match=r'no branch "wieght"; did you mean "weight"\?') as caught:
        built(document, previous)
    assert len(caught.value.problems) == 1


def test_where_templates_come_from(folder: Path) -> None:
    router = wilks.Router()

    @router.register_template_builder(sample_name="MC", template=None)
    def by_hand(*args: Any) -> wilks.Histogram:
        return wilks.Histogram.from_arrays(events.EDGES, [1] * 4, [1] * 4)

    handed_in = {("SR", "Data"): by_hand()}
    made = built(ntuples(folder), router=router, histograms=handed_in)
    assert made.origins[DATA] == Origin("handed in")
    assert made.origins[NOMINAL] == Origin("function", function="by_hand")
    assert made.origins[UP].kind == "ntuples"
    files = tuple(str(folder / name) for name in ("a.root", "b.root"))
    assert made.origins[UP].parts == (Part(files, "events", "pt", "charge > 0", "weight*sf_up"),)
    assert len(made.origins[UP].fingerprint) == 32
    again = built(ntuples(folder), previous=made, router=router, histograms=handed_in)
    assert again.reused == (UP,)
    collected = built(histograms(folder))
    assert collected.origins[NOMINAL].parts == tuple(Part((file,), "SR_nominal") for file in files)


def test_files_that_are_left_out() -> None:
    origin = Origin("ntuples", (Part(("a", "b"), "t"), Part(("b",), "u")), fingerprint="1")
    assert without(origin, ["c"]) is origin
    assert without(origin, ["b"]) == Origin("ntuples", (Part(("a",), "t"),))


def test_remote_files_have_identities(tmp_path: Path) -> None:
    import fsspec

    write(tmp_path / "in.root", 1)
    with fsspec.open("memory://origins/in.root", "wb") as stream:
        stream.write((tmp_path / "in.root").read_bytes())
    names = ["memory://origins/in.root", "memory://origins/none.root", str(tmp_path / "none.root")]
    first = identities(names)
    assert list(first) == names[:1]
    assert identities(names) == first
    write(tmp_path / "in.root", 1)
    with fsspec.open("memory://origins/in.root", "wb") as stream:
        stream.write((tmp_path / "in.root").read_bytes())
    assert identities(names) != first


def overwritten(path: Path) -> None:
    write(path, 9)


def removed(path: Path) -> None:
    path.unlink()


def of_other_branches(path: Path) -> None:
    with uproot.recreate(path) as file:
        file["events"] = {"other": np.arange(5.0)}
        file["SR_nominal"] = file["SR_up"] = np.histogram([0.5], events.EDGES)


@pytest.mark.parametrize("change", [overwritten, removed, of_other_branches])
@pytest.mark.parametrize("moment", ["looked at", "read"])
def test_a_file_that_changes_while_it_is_read(
    document: dict[str, Any], folder: Path, change: Any, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of one file and half of another were taken for one; whatever comes of it has one cause that can be told."""
    path, done = folder / "b.root", []

    def progress(entries: int, total: int) -> bool:
        if moment == "read" and not done:
            done.append(change(path))
        return True

    def look(self: Any, mapped: Any) -> None:
        looked(self, mapped)
        if moment == "looked at":
            change(path)

    def read(wanted: Any) -> Any:
        found = read_available(wanted)
        change(path)
        return found

    looked = _Reading.look
    monkeypatch.setattr(_Reading, "look", look)
    monkeypatch.setattr("wilks.templates.build.read_available", read)
    with pytest.raises(TemplateError) as caught:
        built(document, progress=progress, workers=1)
    assert caught.value.problems == (
        f"{path}: was changed, replaced or removed while it was read; parts of it may be those of another file",
    )


def test_a_link_to_a_file_is_no_change(folder: Path, tmp_path: Path) -> None:
    before = states([str(folder / "a.root"), "root://host//remote.root", str(folder / "none")])
    assert list(before) == [str(folder / "a.root")]
    os.link(folder / "a.root", tmp_path / "backup.root")
    os.chmod(folder / "a.root", 0o444)
    assert changed_since(before) == []
