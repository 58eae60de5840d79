"""`pytest -p wilks.compat.plugin`: run a test suite as it is, with the layers in place."""

from __future__ import annotations

from typing import Any

from wilks.compat import accelerate, report

accelerate()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end what was served."""
    terminalreporter.write_line(str(report()))
