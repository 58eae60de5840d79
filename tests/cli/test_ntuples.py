"""Commands on steering files whose input is ntuples."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.cli.conftest import Call
from tests.local_cluster import local_cluster
from tests.templates import events

import wilks


@pytest.fixture
def steering(tmp_path: Path) -> Path:
    """Return a steering file in a folder with its ntuples."""
    for seed, name in enumerate(("data", "signal", "bkg")):
        events.write_tree(tmp_path / f"{name}.root", {"events": events.columns(seed, 1000)})
    document = {
        "General": {"Measurement": "m", "POI": "mu", "InputPath": "{SamplePath}.root", "HistogramFolder": "h"},
        "Regions": [{"Name": "SR", "Variable": "pt", "Binning": events.EDGES, "Filter": "charge > 0 && jet[0] > 10"}],
        "Samples": [
            {"Name": "Data", "Tree": "events", "SamplePath": "data", "Data": True},
            {"Name": "Signal", "Tree": "events", "SamplePath": "signal", "Weight": "0.3*weight"},
            {"Name": "Bkg", "Tree": "events", "SamplePath": "bkg", "Weight": "0.7*weight"},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "Signal", "Nominal": 1, "Bounds": [0, 10]}],
        "Systematics": [
            {"Name": "SF", "Type": "NormPlusShape", "Up": {"Weight": "weight*sf_up"}, "Down": {"Symmetrize": True}}
        ],
    }
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_templates(call: Call, steering: Path) -> None:
    for workers in ([], ["--workers", "2", "--force"], ["--processes", "--workers", "1", "--force"]):
        result = call("templates", steering, "-o", "t.npz", *workers)
        assert result.exit_code == 0
        assert result.stderr.splitlines()[0].startswith("3000 entries of 3 files, 0.")
        assert '"Data" in "SR"' in result.stderr
        assert result.stdout == "wrote t.npz\nwrote t.json\n"
    made = wilks.load_templates("t.npz")
    assert dict(made) == dict(wilks.build_templates(wilks.load_config(steering)))
    assert made.events is not None


def test_run(call: Call, steering: Path) -> None:
    result = call("run", steering, "--output", "out", "--workers", "1")
    assert result.exit_code == 0
    assert "5 histograms from 3000 entries of 3 files" in result.stdout
    spec = wilks.load_workspace("out/workspace.json").spec
    tree = events.columns(0, 1000)
    first = np.array([jets[0] if len(jets) else 0 for jets in tree["jet"]])
    yields, *_ = events.histogram(tree["pt"], 1.0, (tree["charge"] > 0) & (first > 10))
    assert spec["observations"][0]["data"] == yields.tolist()


def test_mistakes_are_sentences(call: Call, steering: Path) -> None:
    text = steering.read_text().replace("charge > 0", "chrge > 0").replace("weight*sf_up", "weight**")
    steering.write_text(text)
    result = call("templates", steering, "-o", "t.npz")
    assert result.exit_code == 2
    assert 'wilks: Regions "SR".Filter: no branch "chrge"; did you mean "charge"?' in result.stderr
    assert 'wilks: Systematics "SF".Up.Weight: not an expression\n    weight**\n' in result.stderr
    assert not Path("t.npz").exists()


def test_what_has_not_changed_is_not_made_again(call: Call, steering: Path) -> None:
    first = call("templates", steering, "-o", "t.npz").stderr.splitlines()
    again = call("templates", steering, "-o", "t.npz").stderr.splitlines()
    assert again[:2] == ["5 templates in t.npz need not be made again", "0 entries of 0 files, 0.0 MB read"]
    assert again[2:] == first[1:]
    assert call("templates", steering, "-o", "t.npz", "--force").stderr.splitlines() == first
    steering.write_text(steering.read_text().replace("weight*sf_up", "2*weight*sf_up"))
    changed = call("templates", steering, "-o", "t.npz").stderr.splitlines()
    assert changed[0] == "3 templates in t.npz need not be made again"
    assert changed[1].startswith("2000 entries of 2 files")
    assert dict(wilks.load_templates("t.npz")) == dict(wilks.build_templates(wilks.load_config(steering)))


def test_a_run_uses_the_templates_of_the_last_one(call: Call, steering: Path) -> None:
    call("run", steering, "--output", "out", "--workers", "1")
    workspace = Path("out/workspace.json").read_bytes()
    again = call("run", steering, "--output", "out")
    assert again.exit_code == 0
    assert "5 histograms, 5 of them from before, from 0 entries" in again.stdout
    assert Path("out/workspace.json").read_bytes() == workspace
    assert "5 histograms from 3000 entries" in call("run", steering, "--output", "out", "--force").stdout


def test_something_else_in_place_of_templates(call: Call, steering: Path) -> None:
    Path("t.npz").write_text("no templates")
    assert call("templates", steering, "-o", "t.npz").exit_code == 0
    assert len(wilks.load_templates("t.npz")) == 5


def test_nothing_of_the_users_is_replaced(call: Call, steering: Path) -> None:
    """Neither steering file nor input, and no file that was not named: the record goes beside the templates."""
    folder = steering.parent
    (folder / "mine.json").write_text('{"mine": 1}')
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for output, words in {
        "config.yml": "is the steering file",
        "data.root": "is not replaced, because it may be input",
        "mine.npz": "would replace this file, which is something else",
        "t.json": "the record of the templates goes there",
        "": "is a folder",
    }.items():
        result = call("templates", steering, "-o", folder / output)
        assert result.exit_code == 2
        assert words in result.stderr
    assert "is the steering file" in call("workspace", steering, "-o", steering).stderr
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert call("templates", steering, "-o", folder / "t.npz").exit_code == 0
    assert call("templates", steering, "-o", folder / "t.npz").exit_code == 0


def test_files_that_cannot_be_read(call: Call, steering: Path) -> None:
    steering.write_text(steering.read_text().replace("SamplePath: bkg", "SamplePath: [bkg, other]"))
    content = (steering.parent / "bkg.root").read_bytes()
    (steering.parent / "other.root").write_bytes(content[:-1])
    result = call("templates", steering, "-o", "t.npz")
    assert result.exit_code == 2
    assert "other.root: the file is cut off" in result.stderr
    result = call("templates", steering, "-o", "t.npz", "--skip-unreadable")
    assert result.exit_code == 0
    assert result.stderr.startswith("3000 entries of 3 files, 1 left out, ")
    assert '2 templates of "Bkg" lack ' in result.stderr
    events_read = json.loads(Path("t.json").read_text())["events"]
    assert [Path(file).name for file in events_read["skipped"]] == ["other.root"]
    result = call("run", steering, "--output", "out", "--skip-unreadable")
    assert "Events are missing: 2 templates of" in result.stdout


def test_a_cluster(call: Call, steering: Path) -> None:
    serial = dict(wilks.build_templates(wilks.load_config(steering), workers=1))
    with local_cluster() as cluster:
        result = call("templates", steering, "-o", "t.npz", "--dask", cluster.scheduler_address)
    assert result.exit_code == 0
    assert result.stderr.startswith("3000 entries of 3 files, ")
    assert dict(wilks.load_templates("t.npz")) == serial


def test_a_cluster_that_is_not_there(call: Call, steering: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("wilks.templates.clusters._SECONDS", 0.2)
    for address in ("tcp://127.0.0.1:1", "nonsense://1"):
        result = call("templates", steering, "-o", "t.npz", "--dask", address)
        assert result.exit_code == 2
        assert result.stderr.startswith(f'wilks: no scheduler of a dask cluster answers at "{address}" (')
        assert len(result.stderr.splitlines()) == 1
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = call("templates", steering, "-o", "t.npz", "--dask", "tcp://127.0.0.1:1")
    assert "install it with: pip install 'wilks[dask]'" in result.stderr


def test_options_that_contradict(call: Call, steering: Path) -> None:
    result = call("templates", steering, "-o", "t.npz", "--dask", "tcp://127.0.0.1:1", "--processes")
    assert result.exit_code == 2
    assert "--workers and --processes don't go with it" in result.stderr
