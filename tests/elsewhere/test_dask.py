"""A dask cluster gives what one thread gives, though a worker is killed on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.local_cluster import local_cluster

import wilks
import wilks.infer.toys as toys_module
from wilks.cli import main
from wilks.elsewhere.pool import Pool
from wilks.results.encoding import encode_result

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with local_cluster(2, processes=True) as cluster:
        yield cluster


def test_a_killed_worker_costs_its_pieces_only(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toys_module, "_AT_A_TIME", 1)
    model = wilks.compile_model(wilks.examples.search())
    with distributed.Client(cluster, set_as_default=False) as client:
        pool, killed = Pool(client), []

        def kill(done: int, total: int) -> bool:
            if done >= 300 and not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)
            return True

        there = wilks.toys(model, count=3000, seed=3, executor=pool, progress=kill, folder=tmp_path / "toys")
        again = wilks.goodness_of_fit(model, toys=500, executor=client)
    assert killed
    assert pool.counts.here == 0
    assert encode_result(replace(there, folder="")) == encode_result(wilks.toys(model, count=3000, seed=3, threads=1))
    assert encode_result(again) == encode_result(wilks.goodness_of_fit(model, toys=500, threads=1))


def test_commands_leave_the_work_to_a_cluster(cluster: Any, tmp_path: Path) -> None:
    wilks.examples.search().save(tmp_path / "workspace.json")
    asked = ["hypotest", str(tmp_path / "workspace.json"), "--toys", "300", "--value", "1"]
    there = CliRunner().invoke(main, [*asked, "--dask", cluster.scheduler_address])
    here = CliRunner().invoke(main, asked)
    assert (there.exit_code, there.stdout) == (0, here.stdout)


def test_an_address_that_nobody_answers_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wilks.templates.clusters._SECONDS", 0.5)
    wilks.examples.search().save(tmp_path / "workspace.json")
    found = CliRunner().invoke(main, ["scan", str(tmp_path / "workspace.json"), "--dask", "tcp://127.0.0.1:1"])
    assert found.exit_code == 2
    assert 'no scheduler of a dask cluster answers at "tcp://127.0.0.1:1"' in found.stderr
    assert len(found.stderr.splitlines()) == 1
