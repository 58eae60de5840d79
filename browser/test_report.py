"""Reports in a browser: every section, every width, and names that try to be markup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browser.models import HOSTILE, hostile, reported
from playwright.sync_api import Page, expect

import wilks

Show = Callable[..., Page]


def through_all_sections(page: Page) -> list[str]:
    """Follow every link of the contents, and unfold all that is folded; return the names of the sections."""
    names = []
    for link in page.get_by_role("navigation", name="Contents").get_by_role("link").all():
        link.click()
        name = link.inner_text()
        expect(page.get_by_role("heading", name=name, exact=False, level=2).first).to_be_in_viewport()
        names.append(name)
    folded = page.locator("#sections details:not([open]) > summary:visible")
    for _ in range(folded.count()):
        folded.first.click()
    return names


def test_every_section_of_the_search(show: Show, search: Path) -> None:
    names = through_all_sections(show(search))
    assert {"Findings", "Regions", "Parameters", "Ranking", "Where it comes from"} <= set(names)


def test_every_section_of_the_lesson(show: Show, lesson: tuple[Path, wilks.Workspace]) -> None:
    path, workspace = lesson
    page = show(path)
    assert len(through_all_sections(page)) >= 8
    fit = wilks.fit(wilks.compile_model(workspace))
    assert f"{fit.twice_nll:.6f}" in page.locator("#headline").inner_text().replace("\u2212", "-")


def test_controls_of_every_section(show: Show, search: Path) -> None:
    page = show(search)
    for box in page.locator("#sections select:visible").all():
        for option in box.locator("option").all():
            box.select_option(index=int(option.evaluate("(one) => one.index")))
    for section in page.locator("#sections section").all():
        for one in section.locator("input[type=checkbox]:visible, [aria-pressed]:visible").all()[:12]:
            one.click()


def test_names_are_text(show: Show) -> None:
    page = show(reported(hostile(), complete=False))
    expect(page).to_have_title("</title><b>")
    through_all_sections(page)
    for name in HOSTILE:
        assert page.get_by_text(name, exact=True).count() > 0, name
    assert page.locator("img").count() == 0
    assert page.locator("body script").count() == 4


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_all_without_scrolling_sideways(show: Show, search: Path, dark: bool) -> None:
    page = show(search, width=400, dark=dark)
    through_all_sections(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    colours = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
        ".map((text) => text.match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0))"
    )
    assert (colours[0] > colours[1]) == dark


def test_it_prints_every_section(show: Show, search: Path, tmp_path: Path) -> None:
    page = show(search)
    printed = page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") >= 3
    page.emulate_media(media="print")
    for section in page.locator("#sections section").all():
        expect(section).to_be_visible()
    expect(page.locator("#tools")).to_be_hidden()


def test_a_blinded_page_has_no_model(show: Show) -> None:
    workspace = wilks.examples.search()
    model = wilks.compile_model(workspace)
    page = show(wilks.report(workspace, wilks.fit(model), blinded=True))
    through_all_sections(page)
    assert page.get_by_role("button", name="Explore the model").count() == 0
    assert page.evaluate("document.getElementById('worker').textContent") == ""
