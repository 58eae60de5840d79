"""Commands on steering files whose input is ntuples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.cli.conftest import Call
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
    for workers in ([], ["--workers", "2"]):
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
