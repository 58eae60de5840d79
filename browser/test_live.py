"""The model in a page: what the browser shows is what the package computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser.live import Live
from playwright.sync_api import Page, expect

import wilks

Show = Callable[..., Page]


@pytest.fixture(scope="module")
def workspace() -> Any:
    return wilks.examples.search()


@pytest.fixture
def live(show: Show, search: Path) -> Live:
    return Live(show(search))


def same(found: Any, fit: Any) -> None:
    """Assert that a fit in the page is that of the package, to the last bit."""
    assert found["names"] == list(fit.names)
    np.testing.assert_array_equal(found["values"], fit.values)
    np.testing.assert_array_equal(found["uncertainties"], fit.uncertainties)
    assert found["twiceNll"] == fit.twice_nll
    assert found["converged"] == fit.converged


def test_a_refit_is_the_fit(live: Live, workspace: Any) -> None:
    fit = wilks.fit(wilks.compile_model(workspace))
    same(live.refit(), fit)
    text = live.row("mu")
    assert text[0] == text[1]
    assert float(text[0].split("±")[0].replace("\u2212", "-")) == pytest.approx(fit["mu"].value, abs=0.01)
    assert live.row("2NLL")[1].replace("\u2212", "-") == f"{fit.twice_nll:.3f}"
    assert "ms" in live.panel.locator("#live-status").inner_text()


def test_a_parameter_that_is_moved_held_and_dropped(live: Live, workspace: Any) -> None:
    model = wilks.compile_model(workspace)
    live.search("b-tagging")
    entry = live.value("b-tagging")
    theta = model.prefit_values.copy()
    theta[model.index("b-tagging")] = 1.25
    entry.fill("1.25")
    found = live.predicted(lambda: entry.press("Enter"))
    assert found["twiceNll"] == 2 * model.nll(theta)
    controls = live.control("b-tagging")
    live.predicted(controls.get_by_role("button", name="hold", exact=True).click)
    same(live.refit(), wilks.fit(model, fixed={"b-tagging": 1.25}))
    live.predicted(controls.get_by_role("button", name="drop", exact=True).click)
    same(live.refit(), wilks.fit(model, fixed={"b-tagging": 0.0}))
    expect(live.panel.locator("#live-setting")).to_contain_text("dropped b-tagging")


def test_a_slider_moves_with_the_keys(live: Live) -> None:
    live.search("b-tagging")
    slider = live.panel.get_by_role("slider", name="b-tagging", exact=True)
    slider.focus()
    found = live.predicted(lambda: slider.press("ArrowRight"))
    assert found["constraints"]["b-tagging"] > 0
    expect(live.page.locator(".live-nll")).to_contain_text("2NLL")


def test_regions_and_bins_that_are_left_out(live: Live, workspace: Any) -> None:
    live.open("Regions and bins")
    live.predicted(live.panel.get_by_role("checkbox", name="CR top").click)
    live.predicted(live.panel.get_by_role("button", name="Bin 1 of SR 2b").click)
    found = live.refit()
    left = wilks.mask_bins(wilks.select_channels(workspace, "SR*"), {"SR 2b": [0]})
    fit = wilks.fit(wilks.compile_model(left))
    values = dict(zip(found["names"], found["values"], strict=True))
    for name in ("mu", "b-tagging"):
        assert values[name] == pytest.approx(fit[name].value, abs=1e-6)


def test_widths_asimov_data_and_luminosity(live: Live, workspace: Any) -> None:
    model = wilks.compile_model(workspace)
    width = live.control("Luminosity").get_by_role("combobox", name="Width of the constraint of Luminosity")
    before = live.refit()
    live.predicted(lambda: width.select_option("2"))
    after = live.refit()
    i = before["names"].index("Luminosity")
    assert after["uncertainties"][i] == pytest.approx(2 * before["uncertainties"][i], rel=0.02)
    live.predicted(lambda: width.select_option("1"))
    live.open("Data and luminosity")
    live.predicted(live.panel.get_by_role("checkbox", name="Asimov data, mu =").check)
    found = live.refit()
    fit = wilks.fit(model, wilks.asimov(model, values={"mu": 1.0}))
    np.testing.assert_allclose(found["values"], fit.values, atol=1e-9)
    np.testing.assert_allclose(found["uncertainties"], fit.uncertainties, rtol=1e-9)
    luminosity = live.panel.get_by_role("spinbutton", name="Luminosity, times that of the model")
    luminosity.fill("4")
    live.predicted(lambda: luminosity.press("Enter"))
    more = live.refit()
    k = found["names"].index("mu")
    assert more["uncertainties"][k] < 0.9 * found["uncertainties"][k]


def test_scan_ranking_and_toys(live: Live, workspace: Any) -> None:
    model = wilks.compile_model(workspace)
    found = live.answer(lambda: live.press("Scan"), "delta")
    scan = wilks.scan(model, parameter="mu", values=found["values"])
    np.testing.assert_allclose(found["delta"], scan.curves[0].delta, atol=1e-6)
    expect(live.panel.get_by_role("img", name="Profile likelihood of mu")).to_be_visible()
    found = live.answer(lambda: live.press("Ranking"), "impacts")
    ranking = wilks.ranking(model)
    expected = ranking.impacts[0][[ranking.names.index(name) for name in found["names"]]]
    np.testing.assert_allclose(np.array(found["impacts"], float), expected, atol=1e-6)
    live.panel.get_by_role("spinbutton", name="How many toys").fill("40")
    found = live.answer(lambda: live.press("Toys"), "pulls")
    data = wilks.toy_data(model, seed=1, count=40)
    np.testing.assert_allclose(found["values"], [wilks.fit(model, row)["mu"].value for row in data], atol=1e-6)
    expect(live.panel.get_by_role("img", name="Pulls of mu in 40 toys")).to_be_visible()


def test_stop_ends_work_and_the_next_question_works(live: Live, workspace: Any) -> None:
    live.panel.get_by_role("spinbutton", name="How many toys").fill("1000000")
    live.press("Toys")
    bar = live.panel.get_by_role("progressbar")
    expect(bar).to_be_visible()
    live.press("Stop")
    expect(bar).to_be_hidden()
    same(live.refit(), wilks.fit(wilks.compile_model(workspace)))


def test_reset_back_and_the_address(live: Live, show: Show, search: Path, workspace: Any) -> None:
    page, said = live.page, live.panel.locator("#live-setting")
    controls = live.control("b-tagging")
    live.predicted(controls.get_by_role("button", name="drop", exact=True).click)
    expect(said).to_contain_text("dropped b-tagging")
    address = page.evaluate("location.hash")
    again = Live(show(search, hash=address))
    expect(again.panel.locator("#live-setting")).to_contain_text("dropped b-tagging")
    same(again.refit(), wilks.fit(wilks.compile_model(workspace), fixed={"b-tagging": 0.0}))
    live.predicted(lambda: live.press("Reset"))
    expect(said).to_have_text("as handed in")
    live.predicted(page.go_back)
    expect(said).to_contain_text("dropped b-tagging")
    live.predicted(page.go_back)
    expect(said).to_have_text("as handed in")


def test_a_link_keeps_the_setting(live: Live, show: Show, search: Path) -> None:
    page, said = live.page, live.panel.locator("#live-setting")
    live.predicted(live.control("b-tagging").get_by_role("button", name="drop", exact=True).click)
    page.get_by_role("navigation", name="Contents").get_by_role("link", name="Ranking").click()
    expect(said).to_contain_text("dropped b-tagging")
    address = page.evaluate("location.hash")
    assert "ranking" in address
    again = Live(show(search, hash=address))
    expect(again.panel.locator("#live-setting")).to_contain_text("dropped b-tagging")
    expect(again.page.locator("#ranking h2")).to_be_in_viewport()
    page.go_back()
    expect(said).to_contain_text("dropped b-tagging")
