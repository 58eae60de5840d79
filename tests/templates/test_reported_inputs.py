"""Small inputs that once could not be read, with the templates that ROOT or cabinetry makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from wilks import build_templates, load_config

SIGNAL = [1, 3, 6, 4]


@pytest.mark.parametrize(
    ("case", "steering", "expected"),
    [
        ("buffered-th1", "config.yml", {"Data": [55, 42, 33, 25], "Sig": SIGNAL, "Bkg": [50, 40, 30, 20]}),
        ("buffered-th1", "config_data.yml", {"Data": [55, 42, 33, 25], "Sig": SIGNAL, "Bkg": [50, 40, 30, 20]}),
        ("home-folder-path", "config.yml", {"Data": [55, 42, 33, 25], "Sig": SIGNAL, "Bkg": [50, 40, 30, 20]}),
        ("brace-pattern", "config.yml", {"Data": [10] * 4, "Sig": [10] * 4, "Bkg": [20] * 4}),
        ("string-branch", "config.yml", {"Data": [0, 25, 0, 25], "Bkg": [0, 25, 0, 25]}),
        ("infinite-edge", "config.yml", {"Bkg": [1, 1, 2]}),
        ("friend-tree", "config.yml", {"Data": [25] * 4, "Bkg": [50] * 4}),
    ],
)
def test_templates(
    case: str, steering: str, expected: dict[str, list[float]], shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shared_data.parent / "cases" / "templates" / case
    monkeypatch.setenv("HOME", str(folder / "home"))
    templates = build_templates(load_config(folder / steering))
    found = {key.sample: histogram.contents.tolist() for key, histogram in templates.items()}
    assert {sample: found[sample] for sample in expected} == expected
