"""Published and large models in a page: sizes, first drawings, and fits that are the package's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser.live import Live
from browser.models import dense, reported
from browser.test_live import same
from browser.test_report import through_all_sections
from playwright.sync_api import Page, expect

import wilks

Show = Callable[..., Page]


def drawn(page: Page) -> float:
    """Return after how many seconds all sections were there."""
    return float(page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000"))


def test_a_published_model_with_184_parameters(show: Show, shared_data: Path, tmp_path: Path) -> None:
    workspace = wilks.load_workspace(shared_data / "likelihoods" / "atlas-tHu-fcnc" / "workspace_tHu.json")
    reported(workspace, complete=False).save(tmp_path / "page.html")
    page = show(tmp_path / "page.html")
    through_all_sections(page)
    live = Live(page)
    model = wilks.compile_model(workspace)
    assert len(model.parameter_names) == 184
    same(live.refit(), wilks.fit(model))
    found = live.answer(lambda: live.press("Scan"), "delta")
    scan = wilks.scan(model, parameter=model.poi, values=found["values"])
    np.testing.assert_allclose(found["delta"], scan.curves[0].delta, atol=1e-6)
    name = next(
        name for name, sigma in zip(model.parameter_names, model.prefit_uncertainties, strict=True) if sigma > 0
    )
    live.predicted(live.control(name).get_by_role("button", name="drop", exact=True).click)
    same(live.refit(), wilks.fit(model, fixed={name: model.prefit_values[model.index(name)]}))


def test_a_dense_model_with_551_parameters(show: Show, tmp_path: Path) -> None:
    workspace = dense()
    model = wilks.compile_model(workspace)
    assert len(model.parameter_names) == 551
    path = tmp_path / "page.html"
    reported(workspace, complete=False).save(path)
    assert path.stat().st_size < 8e6
    page = show(path)
    # Four times what it takes on an idle machine.
    assert drawn(page) < 8
    live = Live(page)
    found, fit = live.refit(), wilks.fit(model)
    np.testing.assert_array_equal(found["values"], fit.values)
    np.testing.assert_allclose(found["uncertainties"], fit.uncertainties, rtol=1e-12)
    assert found["twiceNll"] == pytest.approx(fit.twice_nll, rel=1e-15)
    expect(live.panel.get_by_text("551 parameters, 20 regions; a fit takes")).to_be_visible()
    live.predicted(live.control("shape_7").get_by_role("button", name="drop", exact=True).click)
    found = live.refit()
    fit = wilks.fit(model, fixed={"shape_7": 0.0})
    np.testing.assert_allclose(found["values"], fit.values, atol=1e-9)


def test_the_workspace_that_is_saved_is_the_same(show: Show, tmp_path: Path) -> None:
    workspace = dense(2, 30, 3, 5, 8)
    reported(workspace, complete=False).save(tmp_path / "page.html")
    page = show(tmp_path / "page.html")
    with page.expect_download() as download:
        page.get_by_role("button", name="workspace.json", exact=True).click()
    download.value.save_as(tmp_path / "workspace.json")
    assert wilks.load_workspace(tmp_path / "workspace.json").digest == workspace.digest


def test_the_lesson_is_small(show: Show, lesson: tuple[Path, wilks.Workspace]) -> None:
    path, workspace = lesson
    model = wilks.compile_model(workspace)
    assert path.stat().st_size < 1e6
    page = show(path)
    assert drawn(page) < 2
    live = Live(page)
    same(live.refit(), wilks.fit(model))
    live.predicted(live.control("Luminosity").get_by_role("button", name="drop", exact=True).click)
    same(live.refit(), wilks.fit(model, fixed={"Luminosity": 0.0}))
