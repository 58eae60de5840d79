"""Damaged files of other formats: one report, exit code 2, no traceback, and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.formats.descriptions import describe
from tests.formats.features import FEATURES

import wilks


def _truncated_root(folder: Path) -> Path:
    top = describe(folder)
    content = (folder / "data.root").read_bytes()
    (folder / "data.root").write_bytes(content[: len(content) // 2])
    return top


def _missing_histograms(folder: Path) -> Path:
    return describe(folder, '<HistoSys Name="s" HistoNameLow="lwo" HistoNameHigh="hgih"/>')


def _text(folder: Path, text: str) -> Path:
    (folder / "file").write_text(text)
    return folder / "file"


def _bomb(folder: Path) -> Path:
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    return _text(folder, f"<!DOCTYPE Combination [{entities}]><Combination>&i;</Combination>")


def _external(folder: Path) -> Path:
    (folder / "secret").write_text("SECRET")
    doctype = f'<!DOCTYPE Combination [<!ENTITY x SYSTEM "file://{folder.resolve()}/secret">]>'
    return _text(folder, f"{doctype}<Combination>&x;</Combination>")


def _hs3(folder: Path) -> Path:
    loaded = wilks.load_workspace(FEATURES["function that is a factor"])
    return wilks.save_workspace(loaded, folder / "m.hs3.json").files[0]


def _cycle(folder: Path) -> Path:
    spec = json.loads(_hs3(folder).read_text())
    functions = [one for one in spec["functions"] if one["type"] == "generic_function"]
    functions[0]["expression"] = f"mu * {functions[0]['name']}"
    return _text(folder, json.dumps(spec))


def _unbinned(folder: Path) -> Path:
    spec = json.loads(_hs3(folder).read_text())
    spec["distributions"] = [{"name": "model_SR", "type": "gaussian_dist", "x": "m", "mean": "mu", "sigma": "c"}]
    spec["data"] = [{"name": "obsData_SR", "type": "unbinned", "entries": [[1.0]], "axes": [{"name": "m"}]}]
    return _text(folder, json.dumps(spec))


def _shortened(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def _folder(folder: Path) -> Path:
    (folder / "sub").mkdir()
    return folder / "sub"


BROKEN = {
    "truncated ROOT file": (_truncated_root, ("data.root",)),
    "missing histograms": (_missing_histograms, ("lwo", "hgih", 'did you mean "low"')),
    "XML bomb": (_bomb, ("file:1",)),
    "external entity": (_external, ("file:1",)),
    "cycle of functions": (_cycle, ("functions",)),
    "ROOT file": (lambda folder: describe(folder) and folder / "data.root", ("a ROOT file, not a workspace",)),
    "channel file": (lambda folder: describe(folder) and folder / "SR.xml", ("the file of one channel",)),
    "HS3 without binned data": (_unbinned, ("distributions[0].type", "gaussian_dist")),
    "empty file": (lambda folder: _text(folder, ""), ("file",)),
    "folder": (_folder, ("is a folder",)),
    "another XML file": (lambda folder: _text(folder, "<html><body>no</body></html>"), ("<html>",)),
    "truncated top file": (lambda folder: _shortened(describe(folder)), ("top.xml", "not well-formed XML")),
    "truncated HS3": (lambda folder: _shortened(_hs3(folder)), ("not JSON",)),
    "missing channel file": (lambda folder: [describe(folder), (folder / "SR.xml").unlink()][0], ("SR.xml",)),
    "no file": (lambda folder: folder / "nothing.xml", ("no such file",)),
}


@pytest.mark.parametrize("command", ["fit", "inspect", "convert", "check", "prune", "report"])
@pytest.mark.parametrize("what", BROKEN)
def test_one_report_and_nothing_written(call: Call, what: str, command: str) -> None:
    make, said = BROKEN[what]
    Path("in").mkdir()
    given = make(Path("in"))
    options = {
        "fit": ("-o", "fit.json"),
        "convert": ("out.json", "--notes", "notes.json"),
        "prune": ("-c", "SR", "-o", "p.json"),
        "report": ("-o", "r.html"),
    }
    others = {"report": ("ROOT file", "folder", "empty file", "truncated HS3", "no file")}
    others["check"] = ("ROOT file", "folder", "no file")
    if what in others.get(command, ()):
        said = (str(given),)  # it takes other files, too
    result = call(command, given, *options.get(command, ()))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    assert "SECRET" not in result.stderr
    assert all(word in result.stderr for word in said), result.stderr
    assert len(result.stderr.splitlines()) <= 4
    assert [path.name for path in Path.cwd().iterdir()] == ["in"]


@pytest.mark.parametrize("what", sorted(BROKEN.keys() - {"folder", "no file"}))
def test_from_standard_input(call: Call, what: str) -> None:
    make, _ = BROKEN[what]
    Path("in").mkdir()
    result = call("fit", "-", input=make(Path("in")).read_bytes())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("wilks: <stdin>:")
    assert "Traceback" not in result.stderr


def test_descriptions_are_no_steering_files(call: Call) -> None:
    top = describe(Path("."))
    result = call("run", top)
    assert result.exit_code == 2
    assert result.stderr.startswith('wilks: top.xml: a HistFactory description, not a steering file; "wilks fit"')
    result = call("templates", _hs3(Path(".")))
    assert result.stderr.startswith("wilks: m.hs3.json: an HS3 file, not a steering file;")
    assert call("plot", top).exit_code == 2
