from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wilks._files import _temporary, partial, write_atomically


def test_the_folder_is_made_and_the_content_written(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "file.bin"
    write_atomically(target, b"first")
    write_atomically(target, b"second")
    assert target.read_bytes() == b"second"
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]


def test_what_fails_while_it_is_written_has_the_name_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match=re.escape(os.strerror(errno.ENOSPC))) as failed:
        write_atomically(tmp_path / "file.bin", b"new")
    assert failed.value.filename == str(tmp_path / "file.bin")
    assert not list(tmp_path.iterdir())


def test_folders_pipes_and_devices_are_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("folder").mkdir()
    Path("link").symlink_to("/dev/null")
    for name, reason in (
        (".", "a folder"),
        ("", "a folder"),
        ("folder", "a folder"),
        ("pipe", "no file"),
        ("link", "no file"),
    ):
        with pytest.raises(OSError, match=reason):
            write_atomically(name, b"content")
    assert Path("pipe").is_fifo()
    assert Path("link").is_char_device()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "link", "pipe"]
    assert not any(Path("folder").iterdir())


def test_what_a_killed_run_leaves_is_used_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "toys-0.npz"
    code = (
        "import os, signal, sys, wilks._files as files\n"
        "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.write_atomically(sys.argv[1], b'a long piece')\n"
    )
    for _ in range(3):
        assert subprocess.run([sys.executable, "-c", code, str(target)], check=False).returncode == -signal.SIGKILL
        assert [path.name for path in tmp_path.iterdir()] == [".toys-0.npz.partial"]
    write_atomically(target, b"short")
    assert [path.name for path in tmp_path.iterdir()] == ["toys-0.npz"]
    assert target.read_bytes() == b"short"


def test_two_runs_that_write_one_file(tmp_path: Path) -> None:
    """The second does not take what the first is writing to; the file of a user's that is in the way stays."""
    target = tmp_path / "file"
    temporary, descriptor = _temporary(target)
    write_atomically(target, b"second")
    assert target.read_bytes() == b"second"
    assert temporary.exists()
    os.write(descriptor, b"first")
    os.replace(temporary, target)
    os.close(descriptor)
    assert target.read_bytes() == b"first"
    (tmp_path / "mine").write_bytes(b"mine")
    partial(target).symlink_to("mine")
    write_atomically(target, b"third")
    assert ((tmp_path / "mine").read_bytes(), target.read_bytes()) == (b"mine", b"third")


def test_many_threads_write_one_file(tmp_path: Path) -> None:
    contents = [bytes([i]) * 10_000 for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_atomically(tmp_path / "file", content), contents))
    assert (tmp_path / "file").read_bytes() in contents
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_without_locks_no_open_file_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no fcntl, and renames no file that is open."""
    replace = os.replace

    def of_windows(source: Path, target: Path) -> None:
        opened = {os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")}
        assert str(source) not in opened
        replace(source, target)

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setattr("os.replace", of_windows)
    for content in (b"first", b"second"):
        write_atomically(tmp_path / "file.bin", content)
        assert (tmp_path / "file.bin").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]
