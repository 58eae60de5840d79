"""What `--help` says."""

from __future__ import annotations

import shlex

import pytest
from click.testing import CliRunner

from wilks.cli import main
from wilks.cli.helping import Command

WITH_EXAMPLES = [name for name, command in main.commands.items() if isinstance(command, Command)]


def test_commands_of_inference_have_examples() -> None:
    inference = "fit intervals scan contour ranking breakdown hypotest limit significance grid gof compatibility toys"
    assert {*inference.split(), "plot", "impacts", "correlations"} <= set(WITH_EXAMPLES)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_are_printed_and_can_be_typed(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    command = main.commands[name]
    text = CliRunner().invoke(main, [name, "--help"]).output
    assert isinstance(command, Command)
    assert command.examples
    for example in command.examples:
        assert f"\n  {example}\n" in text
        program, first, *arguments = shlex.split(example)
        assert (program, first) == ("wilks", name)
        command.make_context(name, arguments)


def test_options_are_grouped_alike() -> None:
    for name in ("scan", "limit", "gof", "grid"):
        text = CliRunner().invoke(main, [name, "--help"]).output
        places = [text.index(heading) for heading in ("Options:", "Model and data:", "Running:", "Examples:")]
        assert places == sorted(places)
        assert text.index("--output") < places[1] < text.index("--asimov") < places[2] < text.index("--threads")
