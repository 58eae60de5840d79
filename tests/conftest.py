"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says nothing: the machine may be busy.
settings.register_profile("wilks", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wilks")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder with real inputs (`WILKS_TEST_DATA`, else ../shared/data), or skip."""
    candidates = [Path(__file__).parents[2] / "shared" / "data"]
    if "WILKS_TEST_DATA" in os.environ:
        candidates.insert(0, Path(os.environ["WILKS_TEST_DATA"]))
    for candidate in candidates:
        if (candidate / "README.md").is_file():
            return candidate
    pytest.skip(f"real inputs not found (set WILKS_TEST_DATA; looked in {', '.join(map(str, candidates))})")


@pytest.fixture(scope="session", autouse=True)
def control_c() -> Iterator[None]:
    """Let Ctrl-C interrupt, as in a terminal: processes that a shell put into the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
