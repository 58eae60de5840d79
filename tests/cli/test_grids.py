"""`wilks grid`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.infer.searches import canonical, counting, modifier, one_channel
from tests.workspace.test_patchset import background, patchset, signal

import wilks
from wilks.results.grid import GridResult
from wilks.workspace.patchset import load_patchset


@pytest.fixture
def search(tmp_path: Path) -> Path:
    path = tmp_path / "search.json"
    path.write_text(json.dumps(canonical()))
    return path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("grid", "--vary", "mu"), "NAME=VALUE"),
        (("grid", "--vary", "a=1:2"), "NAME=VALUE"),
        (("grid", "--vary", "uncorr=1"), "uncorr"),
        (("grid", "--vary", "a=1", "--patches", "p.json"), "not both"),
        (("grid", "--patches", "p.json"), "p.json"),
        (("grid", "--vary", "a=1:2:0"), "NAME=VALUE"),
        (("grid", "--value", "2"), "--value is what --question CLs tests"),
        (("grid", "--set", "mu=0"), "they need --asimov"),
        (("grid", "--folder", "search.json/points"), "is a file"),
        (("grid", "--blind-poi"), "while it is blind, use --asimov"),
    ],
)
def test_mistakes_are_sentences(call: Call, search: Path, arguments: tuple[str, ...], sentence: str) -> None:
    Path("search.json").write_bytes(search.read_bytes())
    result = call(arguments[0], search, *arguments[1:], "-o", "out.json")
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not Path("out.json").exists()


def test_a_grid_of_patches(call: Call) -> None:
    Path("bkg.json").write_text(json.dumps(background()))
    Path("signals.json").write_text(json.dumps(patchset()))
    result = call("grid", "bkg.json", "--patches", "signals.json", "--folder", "points", "-o", "grid.json")
    assert result.exit_code == 0
    saved = wilks.load_result("grid.json")
    assert isinstance(saved, GridResult)
    assert str(saved) in result.stdout
    assert sorted(p.name for p in Path("points").iterdir()) == ["S_300_100.json", "S_400_100.json", "S_400_200.json"]
    assert call("plot", "grid.json", "-o", "grid.png").exit_code == 0
    assert call("plot", "points/S_300_100.json", "-o", "one.png").exit_code == 0
    other = background() | {"observations": [{"name": "SR", "data": [40, 25]}]}
    Path("other.json").write_text(json.dumps(other))
    assert "another background" in call("grid", "other.json", "--patches", "signals.json").stderr
    assert call("grid", "other.json", "--patches", "signals.json", "--any-background").exit_code == 0
    Path("single.json").write_text(json.dumps(signal([5.0, 2.0])))
    assert "single" in call("grid", "bkg.json", "--patches", "single.json").stdout
    assert '"wilks grid" as --patches' in call("limit", "signals.json").stderr


def test_grids_of_workspaces_and_of_parameters(call: Call) -> None:
    for name, size in (("light", 10), ("heavy", 5)):
        Path(f"{name}.json").write_text(json.dumps(counting(size, 10, 12)))
    result = call("grid", "light.json", "heavy.json", "-o", "grid.json")
    assert result.exit_code == 0
    found = wilks.load_result("grid.json")
    assert found.names == ("light", "heavy")
    assert found.observed[1] == pytest.approx(2 * found.observed[0], rel=1e-5)
    assert call("plot", "grid.json", "-o", "rows.png").exit_code == 0
    assert "several" in call("grid", "light.json", "heavy.json", "--vary", "k=1").stderr
    Path("k.json").write_text(json.dumps(one_channel([5.0], [10.0], [12.0], [modifier("k", "normfactor")])))
    result = call("grid", "k.json", "--vary", "k=0.5:1.5:3", "--question", "CLs", "--value", "2", "-o", "k-grid.json")
    assert result.exit_code == 0
    found = wilks.load_result("k-grid.json")
    assert found.coordinates[:, 0].tolist() == [0.5, 1.0, 1.5]
    assert found.tested == 2
    assert call("plot", "k-grid.json", "-o", "band.png").exit_code == 0


def test_a_grid_of_asimov_data(call: Call) -> None:
    """Data without signal, made at a fit of the background alone; a blind analysis may ask for that."""
    Path("bkg.json").write_text(json.dumps(background()))
    Path("signals.json").write_text(json.dumps(patchset()))
    assert call("fit", "bkg.json", "--poi", "", "-o", "bkg-fit.json").exit_code == 0
    words = ("grid", "bkg.json", "--patches", "signals.json", "--asimov", "--after", "bkg-fit.json", "--set", "mu=0")
    assert call(*words, "--blind-poi", "--folder", "points", "-o", "grid.json").exit_code == 2  # --poi is not given
    result = call(*words, "--blind-poi", "--poi", "mu", "--folder", "points", "-o", "grid.json")
    assert result.exit_code == 0
    found = wilks.load_result("grid.json")
    workspace = load_patchset("signals.json").apply(wilks.load_workspace("bkg.json"), "S_300_100")
    model = wilks.compile_model(workspace)
    data = wilks.asimov(model, wilks.load_result("bkg-fit.json"), values={"mu": 0})
    assert found.observed[0] == wilks.limit(model, data).observed
    assert found.observed == pytest.approx(found.expected[:, 2], rel=1e-6)
    assert "Asimov" in found.origin.dataset


def test_workspaces_are_not_replaced_by_their_answers(call: Call) -> None:
    for name in ("light", "heavy"):
        Path(f"{name}.json").write_text(json.dumps(counting(10, 10, 12)))
    before = Path("light.json").read_bytes()
    result = call("grid", "light.json", "heavy.json", "--folder", ".")
    assert result.exit_code == 2
    assert "light.json: is no answer for a point of a grid" in result.stderr
    assert Path("light.json").read_bytes() == before
