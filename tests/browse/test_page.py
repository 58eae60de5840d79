from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from tests.labelled import labelled_profile, labelled_th1, labelled_th2

from wilks._types import FloatArray
from wilks.browse import page as page_module
from wilks.browse.page import write_page
from wilks.browse.request import Request, show
from wilks.errors import InputError, TemplateError
from wilks.templates.trees import Tree


class Document(HTMLParser):
    """The parts of a page as a browser's parser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.append((tag, ""))

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] = (self.texts[-1][0], self.texts[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        self.texts.append(("", ""))

    def all(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def written(source: Path, folder: Path) -> tuple[str, Document, dict[str, Any]]:
    target = folder / "page.html"
    write_page(source, target)
    text = target.read_text(encoding="utf-8")
    document = Document(text)
    payload = json.loads(document.all("script")[0], parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    return text, document, payload


def objects_of(payload: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["path"]: entry for entry in payload["objects"]}


def test_every_histogram_of_the_lesson_is_there(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "ttbar-lesson" / "histograms.root"
    _, _, payload = written(source, tmp_path)
    objects = objects_of(payload)
    assert len(payload["edges"]) == 1  # stored once for all
    with uproot.open(source) as file:
        assert list(objects) == file.keys(cycle=False)
        for path, entry in objects.items():
            drawn, histogram = entry["histogram"], file[path]
            np.testing.assert_allclose(drawn["values"], histogram.values(), rtol=1e-9)
            np.testing.assert_allclose(drawn["errors"], histogram.errors(), rtol=1e-5)
            np.testing.assert_allclose(payload["edges"][drawn["edges"]], histogram.axis().edges(), rtol=1e-15)
            assert drawn["overflow"] == pytest.approx(histogram.values(flow=True)[-1], rel=1e-11)
            assert drawn["mean"] == pytest.approx(
                np.average(histogram.axis().centers(), weights=histogram.values()), rel=1e-11
            )
    assert "12098.2 above the last edge" in objects["4j1b_ttbar"]["histogram"]["outside"]


def test_every_kind_of_object_is_described(root_file: Path, tmp_path: Path) -> None:
    _, _, payload = written(root_file, tmp_path)
    objects = objects_of(payload)
    assert objects["folder/inner"]["folder"] is True
    assert objects["events"]["branches"] == [["pt", "double"], ["charge", "int32_t"]]
    assert objects["plane"]["bins"] == [4, 6]
    views = {view["key"]: view for view in objects["plane"]["views"]}
    assert list(views) == ["map", "x", "y", "profile-x", "profile-y"]
    assert np.sum(views["map"]["plane"]["values"]) == 9
    assert views["x"]["histogram"]["values"] == [2, 2, 2, 3]
    assert "TObjString" in objects["remark"]["note"]
    plain = objects["plain"]
    assert (plain["title"], plain["entries"], plain["bins"]) == ("Plain title", 17, [3])
    assert plain["histogram"]["label"] == "m [GeV]"
    assert plain["histogram"]["values"] == [3.25, -1.5, 4]
    assert (plain["histogram"]["underflow"], plain["histogram"]["overflow"]) == (0.5, 7)


def test_graphs_stacks_and_efficiencies_are_in_the_page(tmp_path: Path) -> None:
    _, _, payload = written(Path(__file__).parent / "graphs.root", tmp_path)
    objects = objects_of(payload)
    points = objects["lopsided"]["points"]
    assert (points["x"], points["y"], points["yLow"]) == ([1, 2, 4], [3, 1, 2], [0.1, 0.2, 0.3])
    assert (points["label"], points["yLabel"]) == ("m [GeV]", "limit [pb]")
    assert objects["stack"]["parts"]["stacked"] is True
    assert [part["name"] for part in objects["stack"]["parts"]["of"]] == ["top", "zjets"]
    assert [part["histogram"]["values"] for part in objects["stack"]["parts"]["of"]] == [[1, 2, 3], [4, 2, 1]]
    assert [part["points"]["y"] for part in objects["several"]["parts"]["of"]] == [[3, 1, 2]] * 2
    assert "Clopper-Pearson" in objects["turnon"]["points"]["note"]
    keys = [view["key"] for view in objects["cube"]["views"]]
    assert keys == ["xy", "xz", "yz", "x", "y", "z"]
    assert [view["key"] for view in objects["profile2d"]["views"]] == ["map"]
    assert not any("note" in entry for entry in objects.values())


def values_of(sample: dict[str, Any]) -> FloatArray:
    return np.frombuffer(base64.b64decode(sample["values"]), dtype=f"<{sample['type']}").astype(np.float64)


def test_all_entries_of_small_trees_are_in_the_page(root_file: Path, tmp_path: Path) -> None:
    _, _, payload = written(root_file, tmp_path)
    sample = objects_of(payload)["events"]["sample"]
    assert (sample["entries"], sample["of"], sample["blocks"]) == (12, 12, 1)
    assert [sample["branches"][name]["whole"] for name in ("pt", "charge")] == [False, True]
    np.testing.assert_allclose(values_of(sample["branches"]["pt"]), np.linspace(0, 1, 12), rtol=1e-7)
    assert values_of(sample["branches"]["charge"]).tolist() == list(range(12))


def test_sampled_branches_are_limited_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, entries = tmp_path / "tree.root", 4000
    rows = np.arange(entries)
    lists = ak.Array([[float(i), float(i)] for i in rows])
    with uproot.recreate(source) as file:
        file.mktree("events", {"big": np.int64, "lists": "var * float64", "word": "string", "last": np.float64})
        words = ["ee"] * entries
        file["events"].extend({"big": rows + (1 << 40), "lists": lists, "word": words, "last": rows * 1e200})
    monkeypatch.setattr(page_module, "MOST_VALUES", 2000)
    _, _, payload = written(source, tmp_path)
    sample = objects_of(payload)["events"]["sample"]
    assert (sample["entries"], sample["of"], sample["blocks"]) == (400, 4000, 10)
    branches = sample["branches"]
    big = values_of(branches["big"]) - (1 << 40)
    assert big[:41].tolist() == [*range(40), 440]
    assert big[-1] == entries - 1
    assert branches["lists"]["note"] == "Lists of 2 on average: all elements, 400 of 800 are in the page."
    assert values_of(branches["lists"]).size == 400
    assert branches["word"]["note"].endswith("it has no numbers.")
    assert values_of(branches["last"])[1] == 1e200
    monkeypatch.setattr(page_module, "MOST_VALUES", 700)
    _, _, payload = written(source, tmp_path)
    sample = objects_of(payload)["events"]["sample"]
    lacking = [name for name, found in sample["branches"].items() if "Not in the page" in found.get("note", "")]
    assert sample["branches"][lacking[0]]["note"].startswith("Not in the page: the first 3 of")


def test_branches_that_cannot_be_read_do_not_hide_others(
    root_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = Tree.chunks

    def failing(tree: Tree, names: Sequence[str], start: int, stop: int) -> Any:
        if "pt" in names:
            raise ValueError("unreadable")
        return chunks(tree, names, start, stop)

    monkeypatch.setattr(Tree, "chunks", failing)
    _, _, payload = written(root_file, tmp_path)
    branches = objects_of(payload)["events"]["sample"]["branches"]
    assert "can't be read" in branches["pt"]["note"]
    assert values_of(branches["charge"]).size == 12


def test_histograms_made_of_trees_stand_first(root_file: Path, tmp_path: Path) -> None:
    selected = show(root_file, Request(("events", "pt/2"), where="charge > 3"))
    write_page(root_file, tmp_path / "page.html", selected.labelled)
    payload = json.loads(Document((tmp_path / "page.html").read_text(encoding="utf-8")).all("script")[0])
    first = payload["objects"][0]
    assert first["path"] == "drawn/pt\N{DIVISION SLASH}2, where charge > 3"
    assert (first["entries"], sum(first["histogram"]["values"])) == (8, 8)
    assert selected.words == ("drawn/pt%E2%88%952%2C%20where%20charge%20%3E%203",)


def test_numbers_that_json_lacks_travel_as_words(root_file: Path, tmp_path: Path) -> None:
    _, _, payload = written(root_file, tmp_path)
    bad = objects_of(payload)["folder/bad"]
    assert bad["histogram"]["values"] == ["NaN", "Infinity", 4]
    assert (bad["entries"], bad["histogram"]["overflow"]) == ("NaN", "-Infinity")


def test_no_name_or_title_becomes_markup(root_file: Path, tmp_path: Path) -> None:
    text, document, payload = written(root_file, tmp_path)
    assert [tag for tag, _ in document.tags if tag in ("script", "b")] == ["script", "script"]
    assert text.count("</script") == 2
    assert text.count("<title>all&lt;kinds&gt;.root</title>") == 1
    deep = objects_of(payload)["folder/inner/deep"]
    assert deep["title"].startswith("</script><script>alert(1)")
    assert deep["histogram"]["label"] == deep["title"]
    assert "<b>bold 'n' \"q\" &amp" in objects_of(payload)


def test_page_loads_nothing_and_allows_only_its_own_script(root_file: Path, tmp_path: Path) -> None:
    text, document, _ = written(root_file, tmp_path)
    names = {"2000/svg", "1999/xhtml", "1999/xlink", "XML/1998/namespace", "2000/xmlns/"}  # of elements: no addresses
    assert set(re.findall(r"https?://[^\"'` ]*", text)) <= {f"http://www.w3.org/{name}" for name in names}
    for _, attributes in document.tags:
        assert not {"src", "href", "action"} & set(attributes)
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    policy = next(str(a["content"]) for tag, a in document.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    for tag, content in (("script", document.all("script")[1]), ("style", document.all("style")[0])):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_scripts_never_write_markup(root_file: Path, tmp_path: Path) -> None:
    _, document, _ = written(root_file, tmp_path)
    policy = next(str(a["content"]) for tag, a in document.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "trusted-types 'none'; require-trusted-types-for 'script'" in policy  # the browser refuses it
    forbidden = ("outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "createPolicy")
    assert not [word for word in forbidden if word in document.all("script")[1]]
    web = Path(__file__).parents[2] / "web" / "src"
    sources = [path for folder in ("browse", "drawing") for path in (web / folder).rglob("*.ts")]
    assert len(sources) > 30
    # The bundle has it, in a part of d3-selection that nothing calls.
    assert not [path.name for path in sources if "innerHTML" in path.read_text(encoding="utf-8")]


def test_page_of_too_many_bins_lists_what_it_does_not_draw(
    root_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "_MOST_BINS", 8)
    _, _, payload = written(root_file, tmp_path)
    objects = objects_of(payload)
    assert [path for path, entry in objects.items() if "histogram" in entry] == ["plain", "folder/inner/deep"]
    assert "at most 8 bins" in objects["flat"]["note"]


def test_old_page_survives_a_failure(root_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(InputError, match=r"page\.html: the page can't be written there \(No space left"):
        write_page(root_file, target)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["page.html"]


def test_bad_input_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no such file"):
        write_page(tmp_path / "none.root", tmp_path / "page.html")
    assert not os.listdir(tmp_path)


def test_labels_are_stored_once(tmp_path: Path) -> None:
    path = tmp_path / "labels.root"
    with uproot.recreate(path) as file:
        file["a"] = labelled_th1([1.0, 2.0], [(2, "#mu#mu"), (1, "ee")])
        file["b"] = labelled_th1([3.0, 4.0], [(1, "ee"), (2, "#mu#mu")])
        file["numbers"] = labelled_th1([3.0, 4.0], [])
    _, _, payload = written(path, tmp_path)
    assert payload["labels"] == [["ee", "μμ"]]
    drawn = {entry["path"]: entry["histogram"] for entry in payload["objects"]}
    assert drawn["a"]["labels"] == drawn["b"]["labels"] == 0
    assert "labels" not in drawn["numbers"]
    assert drawn["a"]["mean"] is None


def test_axes_of_maps_have_labels_and_no_profile_of_them(tmp_path: Path) -> None:
    path = tmp_path / "labels.root"
    with uproot.recreate(path) as file:
        file["a"] = labelled_th1([1.0, 2.0], [(1, "ee"), (2, "mm")])
        file["map"] = labelled_th2([[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]], [(1, "ee"), (2, "mm")])
        file["profile"] = labelled_profile([3.0, 7.0], [(2, "ee"), (1, "mm")])
    _, _, payload = written(path, tmp_path)
    drawn = objects_of(payload)
    views = {view["key"]: view for view in drawn["map"]["views"]}
    assert set(views) == {"map", "x", "y", "profile-x"}
    x, y = views["map"]["plane"]["axes"]
    assert x["labels"] == views["x"]["histogram"]["labels"] == views["profile-x"]["points"]["labels"]
    assert x["labels"] == drawn["a"]["histogram"]["labels"]
    assert "labels" not in y
    assert len(payload["edges"][y["edges"]]) == 4
    assert "mean x" not in views["map"]["plane"]["box"]
    assert "mean y" in views["map"]["plane"]["box"]
    assert payload["labels"][drawn["profile"]["points"]["labels"]] == ["mm", "ee"]
