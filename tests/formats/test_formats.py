"""Every format: recognised by content, read with its options, written whole; and the table of what each can say."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.formats.descriptions import describe
from tests.formats.features import FEATURES, SUFFIX, WHOLE, difference, outcome, workspace_with

import wilks
from wilks.cli import main
from wilks.errors import WorkspaceError
from wilks.formats.known import FORMATS, recognised
from wilks.workspace.workspace import Workspace

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "formats.md"


def _table() -> dict[str, dict[str, str]]:
    """Return the outcomes that the page says, by feature and format."""
    rows = [
        [cell.strip() for cell in line.strip("|\n").split(" | ")]
        for line in PAGE.read_text(encoding="utf-8").split("## What each can say")[1].split("\n## ")[0].splitlines()
        if line.startswith("| ")
    ]
    return {feature: dict(zip(SUFFIX, cells, strict=True)) for feature, *cells in rows[1:]}


def test_the_table_has_every_feature() -> None:
    assert list(_table()) == list(FEATURES)


def test_the_page_and_the_commands_have_every_format_and_option() -> None:
    text = PAGE.read_text(encoding="utf-8")
    formats = dict(re.findall(r"^\| `([\w-]+)` \| .* \| `(\.[\w.]+)` \|$", text, re.MULTILINE))
    assert formats == {name: one.suffix for name, one in FORMATS.items()}
    section = text.split("## Options of reading")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (?:`([\w-]+)`)? ?\| `(\w+)` \|", section, re.MULTILINE)
    said: dict[str, list[str]] = {}
    for name, option in rows:
        said.setdefault(name or list(said)[-1], []).append(option)
    assert said == {name: list(one.options) for name, one in FORMATS.items() if one.options}
    for command in ("convert", "inspect"):
        help = next(p.help for p in main.commands[command].params if p.name == "reading")
        assert [option for one in FORMATS.values() for option in one.options if option not in str(help)] == []


@pytest.mark.parametrize("format", SUFFIX)
@pytest.mark.parametrize("feature", FEATURES)
def test_what_the_table_says_is_so(feature: str, format: str, tmp_path: Path) -> None:
    assert outcome(feature, format, tmp_path) == _table()[feature][format]


@pytest.mark.parametrize("format", WHOLE)
@pytest.mark.parametrize("name", ["workspace.json", "workspace_repaired.json"])
def test_the_lesson_through_every_format_and_back(name: str, format: str, shared_data: Path, tmp_path: Path) -> None:
    workspace = wilks.load_workspace(shared_data / "ttbar-lesson" / name)
    wilks.save_workspace(workspace, tmp_path / f"model{SUFFIX[format]}", format=format)
    found = wilks.load_workspace(tmp_path / f"model{SUFFIX[format]}")
    models = [wilks.compile_model(one) for one in (workspace, found)]
    rng = np.random.default_rng(3)
    names = [_plain(name) for name in models[1].parameter_names]
    order = [names.index(_plain(name)) for name in models[0].parameter_names]
    values = np.empty((2, 8))
    for i in range(8):
        point = models[0].initial + i * rng.normal(0, 0.1, models[0].n_parameters)
        moved = np.empty(point.size)
        moved[order] = point
        values[:, i] = 2 * models[0].nll(point), 2 * models[1].nll(moved)
    np.testing.assert_allclose(values[0] - values[0, 0], values[1] - values[1, 0], rtol=1e-9, atol=1e-8)
    assert np.ptp(values[0]) > 1


def _plain(name: str) -> str:
    """Return a parameter's name as HistFactory XML can have it."""
    return re.sub(r"[^A-Za-z0-9\[\]]+", "_", name)


@pytest.mark.parametrize("format", WHOLE)
def test_content_tells_the_format_whatever_the_name(format: str, tmp_path: Path) -> None:
    workspace = workspace_with("normfactor, normsys, histosys")
    written = wilks.save_workspace(workspace, tmp_path / f"model{SUFFIX[format]}", format=format)
    path = next(file for file in written.files if file.name == f"model{SUFFIX[format]}")
    content = path.read_bytes()
    assert recognised(content) is FORMATS["wilks" if format == "pyhf" else format]
    renamed = path.rename(tmp_path / "anything.dat")
    assert difference(workspace, wilks.load_workspace(renamed)) in ("nothing", "ranges")
    assert wilks.load_workspace(renamed, format=format).channel_names == workspace.channel_names


@pytest.mark.parametrize("format", ["wilks", "pyhf", "hs3"])
def test_bytes_streams_and_dictionaries(format: str, tmp_path: Path) -> None:
    workspace = wilks.examples.search()
    path = wilks.save_workspace(workspace, tmp_path / f"m{SUFFIX[format]}", format=format).files[0]
    content = path.read_bytes()
    for source in (content, io.BytesIO(content), io.StringIO(content.decode()), json.loads(content)):
        assert wilks.load_workspace(source).digest == workspace.digest


def test_a_description_as_bytes_is_looked_up_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = describe(tmp_path)
    content = top.read_bytes()
    with pytest.raises(WorkspaceError, match=r"SR\.xml"):
        wilks.load_workspace(content)
    assert wilks.load_workspace(content, base=tmp_path).channel_names == ("SR",)
    monkeypatch.chdir(tmp_path)
    assert wilks.load_workspace(io.BytesIO(content)).channel_names == ("SR",)


def test_keys_in_any_order_tell_the_format() -> None:
    spec = wilks.examples.measurement().spec
    for first in spec:
        content = json.dumps({first: spec[first], **spec}).encode()
        assert recognised(b"\xef\xbb\xbf \n" + content) is FORMATS["wilks"]
    assert recognised(b'{"a": 1}') is None
    assert recognised(b"") is None
    assert recognised(b'{"domains": [], "channels": [') is None


def test_options_belong_to_formats(tmp_path: Path) -> None:
    top = describe(tmp_path)
    assert wilks.read_workspace(top, as_pyhf=True, base=None).workspace.channel_names == ("SR",)
    hs3 = wilks.save_workspace(wilks.examples.measurement(), tmp_path / "m.hs3.json").files[0]
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (top, {"analysis": "a"}, 'a HistFactory description is read without an option "analysis"'),
        (top, {"bass": "a"}, 'did you mean "base"'),
        (top, {"base": True, "as_pyhf": "false"}, 'option "base" needs a value'),
        (top, {"as_pyhf": "false"}, "is on or off and takes no value, 'false' found"),
        (hs3, {"shapesys": "tua"}, 'allowed are "relative", "absolute", "tau"; did you mean "tau"?'),
        (wilks.examples.measurement().spec, {"base": "x"}, "there are none; a HistFactory description has it"),
    ]
    for source, options, said in cases:
        with pytest.raises(WorkspaceError, match=re.escape(said)):
            wilks.load_workspace(source, **options)
    with pytest.raises(WorkspaceError, match=r'no format "hs4".*did you mean "hs3"'):
        wilks.load_workspace(top, format="hs4")
    with pytest.raises(WorkspaceError, match='no format "xml"'):
        wilks.save_workspace(wilks.examples.measurement(), tmp_path / "a.json", format="xml")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"root\x00\x00", "a ROOT file, not a workspace"),
        (b"<html><body/></html>", "<html> found"),
        (b"<Combination", "not well-formed XML"),
        (b'{"domains": [], "distributions": [], "parameter_points": []}', "file"),
        (b'{"channels": [', "not JSON"),
        (b"[]", "file"),
    ],
)
def test_what_is_no_workspace_is_one_error(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(WorkspaceError, match=said):
        wilks.load_workspace(tmp_path / "file")


def test_plain_pyhf_says_what_it_can_in_its_own_words(tmp_path: Path) -> None:
    """What equals pyhf's choice is left out, and what pyhf can't say is named with its places."""
    spec = json.loads(json.dumps(FEATURES["staterror, normal"]))
    spec["version"] = "wilks-1"
    plain = json.loads(json.dumps(FEATURES["staterror, normal"]))
    for sample in spec["channels"][0]["samples"]:
        for modifier in sample["modifiers"]:
            if modifier["type"] == "staterror":
                modifier |= {"constraint": "normal", "threshold": 0.01, "effect": "factor"}
    loaded = wilks.load_workspace(spec)
    written = wilks.save_workspace(loaded, tmp_path / "m.pyhf.json")
    assert written.notes == ()
    assert json.loads(written.files[0].read_text()) == plain
    spec["channels"][0]["samples"][1]["modifiers"][0]["threshold"] = 0.06
    spec["channels"][0]["samples"][2]["modifiers"][0]["threshold"] = 0.06
    with pytest.raises(WorkspaceError) as refused:
        wilks.save_workspace(wilks.load_workspace(spec), tmp_path / "n.pyhf.json")
    assert len(refused.value.problems) == 1
    assert "pyhf can't say the threshold 0.06 of a staterror: channels[0].samples[1]" in refused.value.problems[0]
    with pytest.raises(WorkspaceError, match='not of the format "pyhf"'):
        wilks.load_workspace(spec, format="pyhf")


def test_a_standard_constraint_that_is_written_out_is_pyhfs(tmp_path: Path) -> None:
    spec = json.loads(json.dumps(FEATURES["systematic without constraint"]))
    spec["measurements"][0]["config"]["parameters"] = [{"name": "jes", "constraint": "normal"}]
    spec["measurements"][0]["config"]["correlations"] = [{"parameters": ["jes", "tilt"], "matrix": [[1, 0], [0, 1]]}]
    workspace = wilks.load_workspace(spec)
    path = wilks.save_workspace(workspace, tmp_path / "m.json", format="pyhf").files[0]
    found = wilks.load_workspace(path)
    assert found.document.version == "1.0.0"
    assert difference(workspace, found) == "nothing"


def test_strict_refuses_what_is_lost_and_writes_nothing(tmp_path: Path) -> None:
    workspace = workspace_with("groups of parameters")
    for format in ("pyhf", "hs3", "histfactory-xml"):
        with pytest.raises(WorkspaceError, match="lost: "):
            wilks.save_workspace(workspace, tmp_path / f"m{SUFFIX[format]}", format=format, strict=True)
    assert list(tmp_path.iterdir()) == []
    wilks.save_workspace(workspace, tmp_path / "m.json", strict=True)


def test_root_files_that_may_be_input_stay(tmp_path: Path) -> None:
    (tmp_path / "histograms.root").write_bytes(b"root and more")
    workspace = wilks.examples.measurement()
    with pytest.raises(WorkspaceError, match=r"histograms\.root: is not replaced"):
        wilks.save_workspace(workspace, tmp_path / "histograms.xml")
    assert [file.name for file in tmp_path.iterdir()] == ["histograms.root"]
    for _ in range(2):  # a description of one's own is written again
        wilks.save_workspace(workspace, tmp_path / "model.xml")
    (tmp_path / "folder.root").mkdir()
    with pytest.raises(WorkspaceError, match="it is a folder"):
        wilks.save_workspace(workspace, tmp_path / "folder.xml")


def test_mistakes_name_the_file_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (Path("m.pyhf.json"), tmp_path / "new" / "m.pyhf.json"):
        with pytest.raises(WorkspaceError) as refused:
            wilks.save_workspace(workspace_with("masks"), path)
        assert refused.value.problems == (f"{path}: pyhf can't say bins that are masked: masks",)


@pytest.mark.parametrize("format", WHOLE)
def test_damaged_content_is_a_workspace_or_an_error_in_sentences(format: str, tmp_path: Path) -> None:
    """Bytes that are changed, left out or repeated at random, in what tells the format above all."""
    workspace = workspace_with("several channels, parameters in common")
    written = wilks.save_workspace(workspace, tmp_path / f"m{SUFFIX[format]}", format=format)
    content = next(file for file in written.files if file.name == f"m{SUFFIX[format]}").read_bytes()
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            start = int(rng.integers(min(len(damaged), rng.choice([40, len(damaged)]))))
            piece = bytes(rng.integers(256, size=rng.integers(4), dtype=np.uint8))
            damaged[start : start + int(rng.integers(12))] = piece
        try:
            wilks.load_workspace(bytes(damaged), **({"base": tmp_path} if format == "histfactory-xml" else {}))
        except WorkspaceError:
            refused += 1
    assert refused > 200


def test_only_the_format_that_is_read_is_imported(tmp_path: Path) -> None:
    wilks.examples.measurement().save(tmp_path / "m.json")
    code = f"import sys, wilks; wilks.load_workspace({str(tmp_path / 'm.json')!r}); print(*sys.modules, sep='\\n')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "wilks.workspace.pyhf_json" in loaded
    assert not {"uproot", "pyexpat", "wilks.formats.hs3.read", "wilks.formats.histfactory_xml"} & loaded


def test_axes_come_from_beside_the_file(tmp_path: Path) -> None:
    workspace = workspace_with("axes with labels and units")
    written = wilks.save_workspace(workspace, tmp_path / "m.json")
    assert [file.name for file in written.files] == ["m.json", "m.axes.json"]
    found: Workspace = wilks.load_workspace(tmp_path / "m.json")
    assert found == workspace
