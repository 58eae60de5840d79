"""`Report`: the page, to be saved or shown."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from wilks._files import write_atomically
from wilks.errors import InputError
from wilks.reporting.contents import Contents

_HEIGHT = 860


@dataclass(frozen=True)
class Report:
    """One page with everything that was found; made by `wilks.report`. A notebook shows it in a frame."""

    contents: Contents

    @cached_property
    def page(self) -> str:
        """The page as HTML: it loads nothing else, and works without a network."""
        from wilks.reporting.page import page

        return page(self.contents)

    def save(self, path: str | Path) -> None:
        """Write the page; it appears whole or not at all. Raises InputError where it can't be written."""
        try:
            write_atomically(path, self.page.encode())
        except OSError as error:
            raise InputError(f"{path}: the report can't be written: {error.strerror or error}") from None

    def __repr__(self) -> str:
        return f'<Report: "{self.contents.title}", {len(self.contents.results)} results>'

    def _repr_html_(self) -> str:
        framed = html.escape(self.page, quote=True)
        return f'<iframe srcdoc="{framed}" width="100%" height="{_HEIGHT}" style="border: 0"></iframe>'
