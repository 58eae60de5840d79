"""What a shell completes, asked as the scripts that click writes for bash, zsh and fish do it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from wilks.cli import main
from wilks.cli.completion import FILES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
SHELLS = {"bash": "complete ", "zsh": "compdef ", "fish": "complete "}
START = [sys.executable, "-c", "from wilks.cli import main; main(prog_name='wilks')"]


def _wilks(**environment: str) -> str:
    done = subprocess.run(START, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return done.stdout


def _completed(line: str) -> list[str]:
    """Return what bash is offered behind a line: a kind and a value, as in `plain,fit`."""
    words = line.split(" ")
    return _wilks(_WILKS_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)).split()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_made_as_the_page_says(shell: str) -> None:
    script = _wilks(_WILKS_COMPLETE=f"{shell}_source")
    assert f"_WILKS_COMPLETE={shell}_complete" in script
    assert re.search(rf"^\s*{SHELLS[shell]}.*\bwilks\b", script, re.MULTILINE)
    assert f"_WILKS_COMPLETE={shell}_source wilks" in PAGE.partition("\n## Shell completion\n")[2].partition("\n## ")[0]


def test_commands_and_options() -> None:
    assert _completed("wilks fi") == ["plain,fit"]
    assert _completed("wilks patchset ap") == ["plain,apply"]
    assert _completed("wilks config sch") == ["plain,schema"]
    assert _completed("wilks gof --see") == ["plain,--seed"]
    assert _completed("wilks fit --search th") == ["plain,thorough"]


@pytest.mark.parametrize(
    "line",
    ["wilks fit wo", "wilks run conf", "wilks plot a.json b", "wilks pulls f", "wilks fit w.json -o f", "wilks check f",
     "wilks yields w.json --fit f", "wilks grid w.json --patches s", "wilks browse f", "wilks diff a.json b",
     "wilks patchset verify a.json b"],
)  # fmt: skip
def test_names_of_files(line: str) -> None:
    assert _completed(line) == [f"file,{line.split()[-1]}"]


def test_whatever_is_a_file_is_completed_as_one() -> None:
    """Every argument but names of what is in a file; and options whose value is called a file."""
    names = {("browse", "names"), ("rename", "changes"), ("decorrelate", "parameters"), ("correlate", "parameters")}
    groups = [command for command in main.commands.values() if isinstance(command, click.Group)]
    for command in (*main.commands.values(), *(inner for group in groups for inner in group.commands.values())):
        name = str(command.name)
        for parameter in command.params:
            if isinstance(parameter, click.Argument) and (name, parameter.name) not in names:
                assert isinstance(parameter.type, click.Path), (name, parameter.name)
            assert isinstance(parameter.type, click.Path) == FILES.issuperset(
                str(parameter.metavar).removesuffix("...").strip("[]").split("|")
            ), (name, parameter.name)
