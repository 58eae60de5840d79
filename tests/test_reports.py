"""Reports of objects: what is gathered, what is added, what is said to be missing."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.workspace.packing import pack_workspace


@pytest.fixture(scope="module")
def workspace() -> Any:
    return wilks.examples.measurement()


@pytest.fixture(scope="module")
def fit(workspace: Any) -> Any:
    return wilks.fit(wilks.compile_model(workspace))


def test_what_costs_nothing_is_added(workspace: Any, fit: Any) -> None:
    contents = wilks.report(fit, workspace).contents
    assert [*contents.results] == ["fit.json", "prefit.json", "postfit.json", "findings.json"]
    after = contents.prediction("post-fit")
    assert after is not None
    expected = wilks.predict(wilks.compile_model(workspace), fit)
    np.testing.assert_array_equal(after["muons"].total, expected["muons"].total)
    rules = {finding.rule for finding in contents.findings}
    assert rules == {finding.rule for one in (workspace, fit) for finding in wilks.check(one)}


def test_results_of_one_kind_all_stay(workspace: Any, fit: Any) -> None:
    held = wilks.fit(wilks.compile_model(workspace), fixed={"mu": 1.0})
    contents = wilks.report(workspace, fit, held).contents
    assert [name for name in contents.results if name.startswith("fit")] == ["fit.json", "fit-2.json"]
    assert contents.fit is fit


def test_a_folder_gives_all_its_results_and_the_workspace_is_packed_once(
    workspace: Any, fit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = wilks.compile_model(workspace)
    workspace.save(tmp_path / "workspace.json")
    # The goodness of fit and the prediction have "channels", as a workspace has.
    goodness = wilks.goodness_of_fit(model, result=fit)
    for name, one in {"fit": fit, "gof": goodness, "postfit": wilks.predict(model, fit)}.items():
        one.save(tmp_path / f"{name}.json")
    (tmp_path / "other.json").write_text('{"kind": 3, "format": 1, "channels": null}')
    packed: list[str] = []

    def counted(found: Any) -> Any:
        packed.append(found.digest)
        return pack_workspace(found)

    monkeypatch.setattr("wilks.workspace.packing.pack_workspace", counted)
    monkeypatch.setattr("wilks.reporting.payload.pack_workspace", counted)
    made = wilks.report(tmp_path)
    assert {"fit.json", "gof.json", "postfit.json"} < {*made.contents.results}
    assert '"numbers":' in made.page
    assert packed == [workspace.digest]


def test_a_notebook_shows_the_page_in_a_frame(workspace: Any) -> None:
    page = wilks.report(workspace, title='a "title"')
    shown = re.fullmatch(
        r'<iframe srcdoc="(.*)" width="100%" height="\d+" style="border: 0"></iframe>', page._repr_html_(), re.S
    )
    assert shown is not None
    assert html.unescape(shown[1]) == page.page
    assert repr(page) == '<Report: "a "title"", 2 results>'


def test_the_same_report_is_the_same_file(workspace: Any, fit: Any) -> None:
    assert wilks.report(workspace, fit).page == wilks.report(workspace, fit).page


def test_a_model_that_can_not_be_compiled_is_said(workspace: Any) -> None:
    spec = workspace.spec
    spec["measurements"][0]["config"]["poi"] = "nothing"
    contents = wilks.report(wilks.load_workspace(spec)).contents
    assert contents.model  # without a parameter of interest
    assert any(finding.rule == "missing-poi" for finding in contents.findings)


def test_a_page_without_a_model_is_smaller_and_has_no_engine(workspace: Any) -> None:
    without, page = wilks.report(workspace, live=False).page, wilks.report(workspace).page
    assert len(without) < len(page) - 100_000
    assert '"engine":' in page
    assert '"engine":' not in without


def test_mistakes(workspace: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as found:
        wilks.report(3, tmp_path / "empty", tmp_path / "nope.json", wilks.examples.search(), workspace)
    assert len(found.value.problems) == 4
    assert [text.split(":")[0] for text in found.value.problems[:1]] == ["report"]
    (tmp_path / "broken.json").write_text('{"channels": []}')
    with pytest.raises(InputError, match=r"broken\.json"):
        wilks.report(tmp_path / "broken.json")
    with pytest.raises(InputError, match="can't be written"):
        wilks.report(workspace).save(tmp_path)
