"""Without pyhf or cabinetry the layer over it says what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("package", ["pyhf", "cabinetry"])
def test_a_missing_package_names_the_extra(package: str) -> None:
    script = f"import sys; sys.modules[{package!r}] = None; import wilks.compat.{package}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last == (
        f"ModuleNotFoundError: wilks.compat.{package} is a layer over {package}, which is not installed: "
        f'pip install "wilks[{package}]"'
    )
    assert "another exception" not in done.stderr
