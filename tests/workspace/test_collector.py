from __future__ import annotations

import gc
import json
from collections.abc import Iterator

import pytest
from tests.workspace.documents import EXAMPLE

from wilks import load_workspace
from wilks.errors import WorkspaceError
from wilks.workspace.collector import paused_collector


@pytest.fixture
def collections() -> Iterator[list[int]]:
    """Generations that the collector went through during a test."""
    generations: list[int] = []

    def count(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            generations.append(info["generation"])

    gc.callbacks.append(count)
    yield generations
    gc.callbacks.remove(count)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_the_collector_is_left_as_it_was_found(enabled: bool, fails: bool) -> None:
    was_enabled = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with paused_collector():
            assert not gc.isenabled()
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    finally:
        found = gc.isenabled()
        (gc.enable if was_enabled else gc.disable)()
    assert found is enabled


def test_a_large_document_is_read_and_handed_out_without_interruption(collections: list[int]) -> None:
    sample = EXAMPLE["channels"][0]["samples"][0]
    samples = [sample | {"name": f"{i}"} for i in range(10 * gc.get_threshold()[0])]
    document = EXAMPLE | {"channels": [EXAMPLE["channels"][0] | {"samples": samples}, *EXAMPLE["channels"][1:]]}
    content = json.dumps(document).encode()
    for made in (lambda: load_workspace(content), lambda: load_workspace(content).spec):
        collections.clear()
        result = made()
        assert len(collections) <= 2, "one each time that the collector is let go again"
        del result
    collections.clear()
    json.loads(content)
    assert len(collections) > 2, "the document is large enough to need the pause"


def test_the_collector_runs_again_after_a_mistake() -> None:
    with pytest.raises(WorkspaceError):
        load_workspace(b'{"channels": []}')
    assert gc.isenabled()
