"""Chromium without a window, and pages in it that fail on any error, warning or request."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.models import reported
from playwright.sync_api import Browser, Page, sync_playwright

import wilks
from wilks.reporting.report import Report

# What else a browser would do on its own: ask for updates, and start helpers for what has no screen.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_LOCAL = ("file:", "blob:", "data:", "about:")
# Every answer of the page's worker, with all its bits, as the page itself gets it.
_LISTEN = """
window.answers = [];
const Plain = window.Worker;
window.Worker = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => { if (data.answer) window.answers.push(data.answer); });
  }
};
"""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder with real inputs (`WILKS_TEST_DATA`, else ../shared/data), or skip."""
    folder = Path(os.environ.get("WILKS_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"real inputs not found (set WILKS_TEST_DATA; looked in {folder})")
    return folder


@pytest.fixture(scope="session")
def search(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of the packaged search."""
    path = tmp_path_factory.mktemp("search") / "report.html"
    reported(wilks.examples.search()).save(path)
    return path


@pytest.fixture(scope="session")
def lesson(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, wilks.Workspace]:
    """Return the page of the lesson, and its workspace."""
    workspace = wilks.load_workspace(shared_data / "ttbar-lesson" / "workspace_repaired.json")
    path = tmp_path_factory.mktemp("lesson") / "report.html"
    reported(workspace).save(path)
    return path, workspace


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((path for path in map(shutil.which, names) if path), None)
    assert path, "no Chromium on the path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def show(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Return what opens a report, or a file with one, from the disk.

    The test fails where a page has an error or says something in the console, or asks for anything that is not in it.
    """
    problems: list[str] = []
    contexts = []

    def opened(report: Report | Path, *, width: int = 1400, dark: bool = False, hash: str = "", **more: Any) -> Page:
        if isinstance(report, Report):
            path = tmp_path / "report.html"
            report.save(path)
        else:
            path = report
        scheme: Any = "dark" if dark else "light"
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(_LISTEN)
        page.on("console", lambda message: problems.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on("request", lambda one: problems.append(one.url) if not one.url.startswith(_LOCAL) else None)
        page.set_default_timeout(12_000)
        page.goto(path.as_uri() + hash)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []
