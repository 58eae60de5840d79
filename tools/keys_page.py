"""Write docs/reference/keys-by-input.md from the table in `wilks.config.keys_by_input`."""

from __future__ import annotations

from pathlib import Path

from wilks.config.keys_by_input import as_markdown

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "keys-by-input.md"
_FIRST = "## General"


def page(now: str) -> str:
    """Return the page with the tables as they should be; what stands above them is kept."""
    return now.partition(_FIRST)[0] + as_markdown()


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
