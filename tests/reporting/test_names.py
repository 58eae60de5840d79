"""Names of other people's files are text in a report, whatever they look like."""

import json
import re
from typing import Any

import pytest

import wilks
from wilks.reporting.contents import Contents
from wilks.reporting.page import page
from wilks.reporting.payload import payload
from wilks.workspace.workspace import Workspace

HOSTILE = [
    "</script><script>alert(1)</script>",
    "</style>",
    "<!--",
    "\"'&",
    "$p_T^Z$",
    "a\u2028b",
    "ünï ♥",
    "__proto__",
]


def _workspace(name: str) -> Workspace:
    modifiers: list[dict[str, Any]] = [
        {"name": "mu", "type": "normfactor", "data": None},
        {"name": f"{name} JES", "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}},
    ]
    document = {
        "channels": [{"name": name, "samples": [{"name": f"{name} top", "data": [5.0, 9.0], "modifiers": modifiers}]}],
        "observations": [{"name": name, "data": [6.0, 8.0]}],
        "measurements": [{"name": name, "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    return wilks.load_workspace(document)


def _embedded(text: str, name: str) -> Any:
    match = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.DOTALL)
    assert match is not None
    return json.loads(match[1])


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_ends_its_element(name: str) -> None:
    workspace = _workspace(name)
    model = wilks.compile_model(workspace)
    fit = wilks.fit(model)
    text = page(Contents(name, workspace, {"fit.json": fit, f"{name}.json": wilks.predict(model, fit)}, steering=name))
    assert text.count("</script>") == _page("plain").count("</script>")
    assert text.count("</style>") == 1
    found = _embedded(text, "payload")
    assert found["channels"][0]["name"] == name
    assert found["steering"] == name
    assert f"{name} JES" in found["acts"]["of"]


def _page(title: str) -> str:
    return page(Contents(title, _workspace("SR")))


def test_a_name_in_a_formula_has_a_title() -> None:
    found = payload(Contents("", _workspace("$p_T^Z$")))
    assert found["titles"]["$p_T^Z$"] == [("p", 0), ("T", -1), ("Z", 1)]
    assert payload(Contents("", _workspace("SR")))["titles"] == {}


def test_the_title_of_the_page_is_plain() -> None:
    assert "<title>H→ττ</title>" in _page(r"$H\to\tau\tau$")
    assert "<title>&lt;b&gt;</title>" in _page("<b>")


def test_blinded_bins_have_no_data() -> None:
    workspace = _workspace("SR")
    prediction = wilks.predict(wilks.compile_model(workspace)).blinded({"SR": [1]})
    found = payload(Contents("", workspace, {"prefit.json": prediction}))
    assert found["prefit"]["channels"][0]["data"] == [6.0, None]
