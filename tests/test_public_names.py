"""The public interface: names resolve, and importing the package costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import wilks


def test_import_is_light() -> None:
    heavy = "{'numpy', 'scipy', 'matplotlib', 'uproot', 'awkward', 'pydantic', 'yaml', 'msgspec', 'rich', 'click'}"
    code = f"import sys, wilks; print(sorted({heavy} & set(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


def test_every_public_name_resolves() -> None:
    assert all(getattr(wilks, name) is not None for name in wilks.__all__)
    assert set(wilks.__all__) <= set(dir(wilks))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        wilks.fitt  # noqa: B018


def test_dir_lists_what_is_public_only() -> None:
    for module in (wilks, wilks.export, wilks.figures, wilks.tables):
        assert dir(module) == sorted(module.__all__)
