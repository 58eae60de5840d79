"""Small configurations, written by the tests themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.trexfitter.small import HISTOGRAMS

from wilks.trexfitter.importing import Imported, import_trex


@pytest.fixture
def importing(tmp_path: Path) -> Callable[..., Imported]:
    """Return a function that imports a small configuration: `kind` with lines of blocks changed, and blocks added."""

    def imported(*blocks: str, kind: str = HISTOGRAMS, change: dict[str, str] | None = None) -> Imported:
        text = kind
        for old, new in (change or {}).items():
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "small.config"
        file.write_text("\n\n".join([text.rstrip("\n"), *blocks]) + "\n")
        return import_trex(file)

    return imported
