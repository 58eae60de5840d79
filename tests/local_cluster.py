"""A dask cluster on this machine. Its ports are free ones: other suites may run at the same time."""

from __future__ import annotations

from typing import Any

import pytest


def local_cluster(workers: int = 1, *, processes: bool = False) -> Any:
    distributed = pytest.importorskip("distributed")
    return distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=processes,
        protocol="tcp",
        dashboard_address=":0",
        silence_logs=50,
    )
