"""The live part of a page, as a reader uses it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect


class Live:
    """The panel of a page, opened."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.get_by_role("complementary", name="The model")
        if not self.panel.is_visible():
            page.get_by_role("button", name="Explore the model").click()
        expect(self.panel.get_by_role("button", name="Refit")).to_be_visible()
        self.settled()

    def settled(self) -> None:
        """Wait until the page shows what the model predicts."""
        expect(self.panel.locator(".live-nll")).to_contain_text("2NLL")

    def answer(self, act: Callable[[], object], kind: str) -> Any:
        """Return what the worker answers to an act: the last answer that has an entry of this name."""
        before = self._count(kind)
        act()
        self.page.wait_for_function(
            "([kind, before]) => window.answers.filter((one) => kind in one).length > before", arg=[kind, before]
        )
        return self.page.evaluate("(kind) => window.answers.filter((one) => kind in one).at(-1)", kind)

    def _count(self, kind: str) -> int:
        return int(self.page.evaluate("(kind) => window.answers.filter((one) => kind in one).length", kind))

    def predicted(self, act: Callable[[], object]) -> Any:
        return self.answer(act, "constraints")

    def refit(self) -> Any:
        """Return the fit of the setting that is shown; the first one is of the model as handed in."""
        status = self.panel.locator("#live-status")
        old = self._count("converged")
        self.press("Refit")
        expect(self.panel.get_by_role("progressbar")).to_be_hidden()
        expect(status).to_be_visible()
        assert self._count("converged") > old
        return self.page.evaluate("window.answers.filter((one) => 'converged' in one).at(-1)")

    def press(self, name: str) -> None:
        self.panel.get_by_role("button", name=name, exact=True).click()

    def open(self, title: str) -> None:
        part = self.panel.locator("details", has=self.page.get_by_text(title, exact=True))
        if part.get_attribute("open") is None:
            part.locator("summary").click()

    def search(self, text: str) -> None:
        self.panel.get_by_role("searchbox", name="Parameters to show").fill(text)

    def control(self, name: str) -> Locator:
        """Return the controls of a parameter."""
        self.search(name)
        return self.panel.get_by_role("group", name=name, exact=True)

    def value(self, name: str) -> Locator:
        return self.panel.get_by_role("spinbutton", name=f"Value of {name}", exact=True)

    def row(self, name: str) -> list[str]:
        """Return what the table of two settings says of a line."""
        line = self.panel.get_by_role("row", name=re.compile(rf"^{re.escape(name)} "))
        return [cell.strip() for cell in line.get_by_role("cell").all_inner_texts()]
