"""Which settings lead to a template, for ntuples (those of histograms are tested where they are collected)."""

from __future__ import annotations

from wilks.config.load import load_config
from wilks.templates.sources import blocks_of, template_of, template_paths
from wilks.templates.store import TemplateKey

CONFIG = load_config(
    {
        "General": {"Measurement": "m", "InputPath": "{RegionPath}/{SamplePath}.root", "HistogramFolder": "h"},
        "Regions": [{"Name": "SR", "Variable": "pt", "Binning": [0, 1], "RegionPath": "{SamplePath}"}],
        "Samples": [
            {"Name": "Data", "Tree": "t", "SamplePath": "data", "Data": True},
            {"Name": "S", "Tree": "t", "SamplePath": ["a", "b"]},
        ],
        "NormFactors": [{"Name": "mu"}],
        "Systematics": [
            {
                "Name": "JES",
                "Type": "NormPlusShape",
                "Up": {"RegionPath": "up", "SamplePath": ["c", "d", "e"]},
                "Down": {"Tree": "down"},
            }
        ],
    }
)


def test_overrides_of_paths() -> None:
    assert template_paths(CONFIG, TemplateKey("SR", "S", "JES", "Up")) == ["up/c.root", "up/d.root", "up/e.root"]
    # A value may contain the text of a placeholder.
    assert template_paths(CONFIG, TemplateKey("SR", "S", "JES", "Down")) == [
        "{SamplePath}/a.root",
        "{SamplePath}/b.root",
    ]
    assert template_paths(CONFIG, TemplateKey("SR", "Data")) == ["{SamplePath}/data.root"]


def test_blocks_of_a_template() -> None:
    region, sample, systematic = blocks_of(CONFIG, TemplateKey("SR", "S", "JES", "Down"))
    assert systematic is CONFIG.systematics[0]
    assert (region.name, sample.name, systematic.name) == ("SR", "S", "JES")
    assert template_of(systematic, "Down") is systematic.down
    assert blocks_of(CONFIG, TemplateKey("SR", "S"))[2] is None
