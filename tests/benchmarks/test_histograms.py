"""The benchmark of histogram input: the same analysis in every layout of files."""

from __future__ import annotations

from pathlib import Path

import pytest

histograms = pytest.importorskip("benchmarks.histograms", reason="the benchmarks are not part of this source tree")


def test_layouts_hold_the_same_templates(tmp_path: Path) -> None:
    found = {}
    for layout, files in (("sample", 11), ("region", 6), ("one", 1)):
        count = histograms.generate(tmp_path / layout, layout, 2)
        assert count == 6 * (1 + 10 * 5)
        assert len(list((tmp_path / layout).iterdir())) == files
        found[layout] = histograms.build(tmp_path / layout, layout, 2)
        assert found[layout]["templates"] == count
    assert len({round(row["yields"], 6) for row in found.values()}) == 1
