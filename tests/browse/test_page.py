from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from tests.labelled import labelled_th1

from wilks.browse import page as page_module
from wilks.browse.page import write_page
from wilks.errors import InputError, TemplateError


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
    assert "not supported" in objects["plane"]["note"]
    assert "TObjString" in objects["remark"]["note"]
    plain = objects["plain"]
    assert (plain["title"], plain["entries"], plain["bins"]) == ("Plain title", 17, [3])
    assert plain["histogram"]["label"] == "m [GeV]"
    assert plain["histogram"]["values"] == [3.25, -1.5, 4]
    assert (plain["histogram"]["underflow"], plain["histogram"]["overflow"]) == (0.5, 7)


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
    assert set(re.findall(r"https?://[^\"' ]*", text)) <= {"http://www.w3.org/2000/svg"}
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
    forbidden = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function")
    assert not [word for word in forbidden if word in document.all("script")[1]]


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
