"""The Python of guides that need extras runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.test_docs import ROOT, WITH_EXTRAS, _run_python


@pytest.mark.parametrize("name", WITH_EXTRAS)
def test_guides_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _run_python(ROOT / "docs" / "how-to" / name)
