"""Every test of the layer begins and ends with pyhf's default backend, and with an empty ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pyhf
import pytest

from wilks.compat.ledger import LEDGER


@pytest.fixture(autouse=True)
def pyhf_as_it_starts() -> Iterator[None]:
    pyhf.set_backend("numpy", default=True)
    LEDGER.clear()
    yield
    pyhf.set_backend("numpy", default=True)
