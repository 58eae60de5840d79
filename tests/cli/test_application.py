"""How commands end: exit codes, sentences, closed pipes, interruptions; and what they import."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.conftest import Call

import wilks
from wilks.cli import main

WILKS = [sys.executable, "-m", "wilks"]
REPORT = (
    "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    "from wilks.cli import main; main(prog_name='wilks')"
)


def _imported(*arguments: str | Path) -> set[str]:
    """Return the top-level modules that a command imports."""
    command = [sys.executable, "-c", REPORT, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {module.partition(".")[0] for module in done.stderr.split()}


def test_version_and_help(call: Call) -> None:
    assert call("--version").output == f"wilks, version {wilks.__version__}\n"
    assert call("-h").output == call("--help").output


def test_every_command_explains_itself_in_its_first_line() -> None:
    listed = CliRunner().invoke(main, ["--help"]).output
    for name in main.commands:
        result = CliRunner().invoke(main, [name, "--help"])
        assert result.exit_code == 0
        assert len(result.output) > 100
    assert "..." not in listed.partition("Show this message")[2]


def test_every_command_stands_in_one_section() -> None:
    """What computes and what draws is told apart; the order is that of the sections."""
    sections: dict[str, list[str]] = {}
    for block in (
        CliRunner().invoke(main, ["--help"]).output.partition("Show this message and exit.\n")[2].split("\n\n")
    ):
        title, *lines = block.strip().splitlines()
        sections[title.removesuffix(":")] = [line.split()[0] for line in lines]
    titles = ["The whole analysis", "Templates and workspaces", "Operations on workspaces", "Compute", "Draw"]
    titles += ["Hand on"]
    assert list(sections) == titles
    assert [name for names in sections.values() for name in names] == list(main.commands)
    assert len(set(main.commands)) == sum(map(len, sections.values()))
    draws = {name for name, command in main.commands.items() if str(command.help).startswith("Draw")}
    assert draws == set(sections["Draw"])


def test_explanations_stand_below_each_other() -> None:
    output = CliRunner().invoke(main, ["--help"]).output.partition("Show this message and exit.\n")[2]
    lines = [line for line in output.splitlines() if line.startswith("  ")]
    assert len(lines) == len(main.commands)
    assert len({len(line) - len(line.lstrip().partition(" ")[2].lstrip()) for line in lines}) == 1


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["fit", "--help"], ["run", "--help"]])
def test_version_and_help_import_nothing_heavy(arguments: list[str]) -> None:
    heavy = {"numpy", "msgspec", "yaml", "pydantic", "rich", "scipy", "matplotlib", "uproot", "awkward"}
    assert not _imported(*arguments) & heavy


def test_fit_imports_only_what_a_fit_needs(workspace: Path, tmp_path: Path) -> None:
    imported = _imported("fit", workspace, "-o", tmp_path / "fit.json")
    assert {"numpy", "msgspec"} <= imported
    unneeded = {"matplotlib", "pydantic", "yaml", "uproot", "awkward", "scipy", "rich", "boost_histogram", "iminuit"}
    assert not imported & unneeded


@pytest.mark.parametrize("option", [["--nope"], ["fit", "--nope", "x"], ["fit"]])
def test_wrong_usage_ends_with_two(call: Call, option: list[str]) -> None:
    result = call(*option)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


def test_unknown_command_gets_the_nearest(call: Call) -> None:
    result = call("ftt")
    assert result.exit_code == 2
    assert 'no command "ftt"; did you mean "fit"?' in result.stderr


def test_unknown_command_of_a_group_gets_the_nearest(call: Call) -> None:
    result = call("config", "schem")
    assert result.exit_code == 2
    assert 'no command "schem"; did you mean "schema"?' in result.stderr


def test_mistakes_are_sentences_one_a_line(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"channels": [], "version": "2.0.0"}')
    result = call("fit", path)
    lines = result.stderr.splitlines()
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(lines) > 1
    assert all(line.startswith(f"wilks: {path}: ") for line in lines)


@pytest.mark.parametrize(
    "command", ["run", "templates", "workspace", "fit", "inspect", "check", "pulls", "yields", "browse"]
)
def test_missing_file_is_a_sentence(call: Call, command: str) -> None:
    result = call(command, "missing.file")
    assert result.exit_code == 2
    assert result.stderr.startswith("wilks: ")
    assert "missing.file" in result.stderr
    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize(
    "command", ["run", "templates", "workspace", "fit", "inspect", "check", "pulls", "yields", "browse"]
)
@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2", b"\xff\xfe\x00", b"a: [", b"{}", b"null", b"1"])
def test_rubbish_is_a_sentence(call: Call, command: str, content: bytes) -> None:
    result = call(command, "-", input=content)
    assert result.exit_code == 2
    assert all(line.startswith("wilks: ") for line in result.stderr.splitlines())
    assert result.stderr


def test_unexpected_errors_are_not_hidden(monkeypatch: pytest.MonkeyPatch, call: Call, workspace: Path) -> None:
    def broken(source: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(wilks.__dict__, "read_workspace", broken)
    with pytest.raises(ZeroDivisionError):
        call("inspect", workspace)


@pytest.fixture
def large_workspace(workspace: Path, tmp_path: Path) -> Path:
    """Return a workspace whose summary is larger than the buffer of a pipe."""
    spec = json.loads(workspace.read_text())
    spec["channels"][0]["samples"][0]["modifiers"] += [
        {"name": f"parameter_{i:060}", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}} for i in range(1500)
    ]
    path = tmp_path / "large.json"
    path.write_text(json.dumps(spec))
    return path


@pytest.mark.parametrize("command", ["inspect", "run"])
def test_closed_pipe_ends_quietly(command: str, large_workspace: Path, config: Path, tmp_path: Path) -> None:
    # One text larger than the pipe, and short lines of which some come after the reader has gone.
    arguments = {"inspect": [large_workspace], "run": [config, "-o", tmp_path / "out"]}[command]
    # Unbuffered, Python itself drops what a pipe does not take.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        [*WILKS, command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(20)
    process.stdout.close()
    with process.stderr as stderr:
        assert stderr.read() == b""
    assert process.wait() == 141


def _left_alone(*arguments: str | Path) -> tuple[int, str]:
    """Return exit code and standard error of a command whose output nobody has ever read."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*WILKS, *map(str, arguments)], stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", ["fit", "check", "yields", "inspect", "workspace"])
def test_file_is_written_though_nobody_reads(command: str, workspace: Path, config: Path, tmp_path: Path) -> None:
    target = tmp_path / "product"
    assert _left_alone(command, config if command == "workspace" else workspace, "-o", target) == (141, "")
    assert target.stat().st_size > 0


def test_run_goes_on_though_nobody_reads(config: Path, tmp_path: Path) -> None:
    assert _left_alone("run", config, "-o", tmp_path / "out") == (141, "")
    assert (tmp_path / "out/tables/yields_postfit.tex").is_file()
    assert (tmp_path / "out/figures/data_mc_C-R_postfit.png").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_run_goes_on_where_its_output_does_not_fit(config: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [*WILKS, "run", str(config), "-o", str(tmp_path / "out")]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, f"wilks: standard output: {os.strerror(errno.ENOSPC)}\n")
    assert (tmp_path / "out/figures/data_mc_C-R_postfit.png").is_file()


def test_run_without_any_standard_output(config: Path, tmp_path: Path) -> None:
    shell = ["sh", "-c", 'exec "$@" >&-', "sh", *WILKS, "run", str(config), "-o", str(tmp_path / "out")]
    done = subprocess.run(shell, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out/figures/data_mc_C-R_postfit.png").is_file()


def test_output_that_does_not_fit_is_a_sentence(workspace: Path, tmp_path: Path) -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); from wilks.cli import main; main()"
    with (tmp_path / "out").open("wb") as out:
        command = [sys.executable, "-c", limited, "inspect", str(workspace)]
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == f"wilks: standard output: {os.strerror(errno.EFBIG)}\n"


def test_interrupted_run_ends_with_one_line_and_whole_files(config: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    process = subprocess.Popen(
        [*WILKS, "run", str(config), "--output", str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("fit"):
            process.send_signal(signal.SIGINT)
            break
    _, stderr = process.communicate()
    assert process.returncode == 130
    assert stderr == "wilks: interrupted\n"
    names = {path.name for path in output.rglob("*") if path.is_file()}
    assert {"templates.npz", "workspace.json", "findings.json", "fit.json"} <= names
    assert not [name for name in names if name.startswith(".")]
    assert wilks.load_result(output / "fit.json").converged  # type: ignore[union-attr]
    assert not (output / "tables" / "yields_postfit.txt").exists()


def test_names_of_files_that_are_no_unicode(workspace: Path, tmp_path: Path) -> None:
    """A name can be any bytes; it is printed with escapes, and the file written under its own name."""
    out = os.fsencode(tmp_path) + b"/fit\xff.json"
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    command = [sys.executable, "-m", "wilks", "fit", str(workspace), "-o", out]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"wrote " + os.fsencode(tmp_path) + b"/fit\\udcff.json" in done.stdout
    assert os.path.exists(out)
