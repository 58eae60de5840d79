"""A small analysis, its workspace, and a way to call the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.small_analysis import write_analysis

import wilks
from wilks.cli import main

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Return `call(*arguments, input=None)`, which runs a command in a folder of its own."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(*arguments: str | Path, input: bytes | None = None) -> Result:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the steering file of the small analysis."""
    return write_analysis(tmp_path_factory.mktemp("analysis"))


@pytest.fixture(scope="session")
def workspace(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the small analysis as a workspace file, with its axes beside it."""
    loaded = wilks.load_config(config)
    path = tmp_path_factory.mktemp("workspace") / "workspace.json"
    wilks.build_workspace(wilks.build_templates(loaded), loaded).save(path)
    return path


@pytest.fixture(scope="session")
def fit_file(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the fit of the small analysis."""
    path = tmp_path_factory.mktemp("fit") / "fit.json"
    wilks.fit(wilks.compile_model(wilks.load_workspace(workspace))).save(path)
    return path
