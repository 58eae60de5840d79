"""Files that may be anything."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wilks import _reading
from wilks._reading import parse_json, read_arrays, read_file, read_stream


def test_files_are_read_and_folders_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    assert read_file(tmp_path / "file") == b"content"
    (tmp_path / "link").symlink_to("file")
    assert read_file(str(tmp_path / "link")) == b"content"
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none")


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """More than a pipe holds at once, from a writer that is there only after a while."""
    os.mkfifo(tmp_path / "pipe")
    content = bytes(range(256)) * 1000
    writer = threading.Timer(0.05, lambda: (tmp_path / "pipe").write_bytes(content))
    writer.start()
    assert read_file(tmp_path / "pipe") == content
    writer.join()


def test_an_open_pipe_is_read_as_the_shell_names_it() -> None:
    """What `<(command)` gives."""
    end, start = os.pipe()
    os.write(start, b"content")
    os.close(start)
    assert read_file(f"/dev/fd/{end}") == b"content"
    os.close(end)


def test_a_pipe_without_a_writer_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody will ever write to it: a plain read does not end."""
    monkeypatch.setattr(_reading, "_PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="nobody writes to it"):
        read_file(tmp_path / "pipe")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_a_mistake(device: str) -> None:
    with pytest.raises(OSError, match="it is a device"):
        read_file(device)


def test_a_stream_without_end_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reading, "_PIPED", 1 << 22)
    with open("/dev/zero", "rb") as endless, pytest.raises(OSError, match="there is no end"):
        read_stream(endless, "zeros")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "b": {"name": "SR", "data": [1], "data": [2]}}', 'the key "data" is written twice .*"SR"'),
        ('{"name": 1, "name": 2}', r'the key "name" is written twice in one block$'),
        ('{"a": 1,}', "line 1, column 9"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": ' * 100_000, "nested too deeply"),
        ("[" + "9" * 5000 + "]", "digits"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
    ],
)
def test_what_is_wrong_with_json_is_a_value_error(text: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_json(text)


FILLING = b'{"name": "abcdef", "data": [1.5, 2]},\n' * 30_000


@pytest.mark.parametrize("wrong", [b"{", b"nul", b"[1,]", b'{"a" 1}', b"1.e", b'"\x01"', b"]", b""])
def test_large_texts_that_are_malformed_have_their_line(wrong: bytes) -> None:
    lines = FILLING.count(b"\n")
    text = b'{"a": [\n' + FILLING + wrong + b"\n, 3], {" + FILLING
    with pytest.raises(ValueError, match=rf"^line ({lines + 2}|{lines + 3}), column \d+: "):
        parse_json(text)
    with pytest.raises(ValueError, match=rf"^line {lines + 2}, column 1: the text ends too early"):
        parse_json(b'{"a": [\n' + FILLING)


def test_large_texts_that_json_takes_are_taken() -> None:
    for value in (b"NaN", b"-Infinity", b"1"):
        text = b"[" + FILLING + value + b"]"
        for content in (text, b"\xef\xbb\xbf" + text, text.decode().encode("utf-16")):
            assert len(parse_json(content)) == 30_001
    with pytest.raises(ValueError, match='the key "a" is written twice'):
        parse_json(b"[" + FILLING + b'{"a": 1, "a": 2}]')


def archive(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def test_arrays_come_back() -> None:
    arrays = {
        "numbers": np.arange(12.0).reshape(3, 4),
        "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "words": np.array(["a", "µµ"]),
        "scalar": np.array(7),
        "nothing": np.empty((0, 3)),
    }
    found = read_arrays(archive(**arrays))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_what_unfolds_too_far_is_not_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gigabyte of zeros is a megabyte, packed; nothing of it is read."""
    content = archive(zeros=np.zeros(1 << 20))
    assert read_arrays(content)["zeros"].size == 1 << 20  # no more than 64 MB
    monkeypatch.setattr(_reading, "_UNFOLDED", 1 << 20)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    with pytest.raises(ValueError, match=r"would unfold to 8388736"):
        read_arrays(content)


def test_headers_that_promise_more_than_there_is() -> None:
    """An array of that shape would take the memory before its content is missed."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 50,)})
        made.writestr("a.npy", header.getvalue() + b"\0" * 8)
    with pytest.raises(ValueError, match="not what its header says"):
        read_arrays(content.getvalue())


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 1000, archive(a=np.ones(100))[:-30], archive(a=np.ones(9))[5:]])
def test_no_archive_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"archive|array|seek"):
        read_arrays(content)


def test_objects_are_never_loaded() -> None:
    with pytest.raises(ValueError, match="not what its header says"):
        read_arrays(archive(a=np.array([{}, None], dtype=object)))
