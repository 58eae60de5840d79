"""Clusters that are not there, are something else, or have another version of wilks."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from tests.local_cluster import local_cluster

import wilks
from wilks.errors import InputError
from wilks.templates.clusters import _require_same_version, dask_executor, version


def test_a_port_that_accepts_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("wilks.templates.clusters._SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(InputError, match=f'no scheduler of a dask cluster answers at "{address}"'):
            dask_executor(address).__enter__()


@pytest.mark.parametrize("address", ["", "127.0.0.1", "http://127.0.0.1:1", "tls://127.0.0.1:1"])
def test_what_is_no_address_ends_at_once(address: str) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="no scheduler of a dask cluster answers") as caught:
        dask_executor(address).__enter__()
    assert len(caught.value.problems) == 1


def test_a_worker_is_no_scheduler() -> None:
    with local_cluster() as cluster:
        with pytest.raises(InputError, match="it is something else"):
            dask_executor(cluster.workers[0].address).__enter__()
        with dask_executor(cluster.scheduler_address) as executor:
            assert executor.submit(version).result() == wilks.__version__


def test_workers_have_the_same_version() -> None:
    def fail(function: Any) -> Any:
        raise ModuleNotFoundError("No module named 'wilks'")

    _require_same_version(SimpleNamespace(run=lambda function: {"tcp://a": function()}))
    with pytest.raises(InputError, match=r"the worker tcp://b has wilks 0\.0\.0; it needs"):
        _require_same_version(SimpleNamespace(run=lambda function: {"tcp://a": function(), "tcp://b": "0.0.0"}))
    with pytest.raises(InputError, match="a worker of the cluster lacks a package"):
        _require_same_version(SimpleNamespace(run=fail))
