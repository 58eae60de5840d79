"""Rules on templates: what a workspace no longer shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from wilks import build_templates, load_config, process_templates
from wilks.checks.check import check
from wilks.histogram import Axis, Histogram
from wilks.templates.store import EventsRead, TemplateKey, Templates

AXIS = Axis(np.array([0.0, 1.0, 2.0]))


def histogram(contents: list[float], sumw2: list[float], **outside: float) -> Histogram:
    return Histogram(AXIS, np.array(contents), np.array(sumw2), **outside)


KEY = TemplateKey("SR", "top")


def test_good_templates_have_no_finding() -> None:
    good = histogram([100.0, 50.0], [50.0, 25.0], underflow=0.5, overflow=1.0)
    assert len(check(Templates({KEY: good, TemplateKey("SR", "top", "jes", "Up"): good}))) == 0


def test_overflow_that_is_left_out() -> None:
    (finding,) = check(Templates({KEY: histogram([60.0, 30.0], [30.0, 15.0], overflow=10.0)}))
    assert finding.rule == "outside-edges"
    assert "top 10.0 % (10 above)" in finding.message


def test_files_that_were_left_out() -> None:
    notes = ('2 templates of "top" lack b.root: the file is cut off (1 of 2 bytes)', '"top" in "SR": something')
    read = EventsRead(2, 100, 1000, notes, ("b.root",))
    (finding,) = check(Templates({KEY: histogram([100.0, 50.0], [50.0, 25.0])}, events=read))
    assert (finding.rule, finding.severity, finding.place) == ("unreadable-files", "warning", 'file "b.root"')
    assert finding.message == f"Events are missing: {notes[0]}."


def test_few_effective_entries_except_in_unweighted_data() -> None:
    data = histogram([7.0, 2.0], [7.0, 2.0])
    weighted = histogram([60.0, 30.0], [70.0, 30.0])
    (finding,) = check(Templates({TemplateKey("SR", "data"): data, KEY: weighted}))
    assert (finding.rule, finding.place) == ("few-entries", 'sample "top"')
    assert "SR (81)" in finding.message


def test_empty_variation_is_left_to_the_workspace() -> None:
    padded = histogram([1e-7, 1e-7], [1e-15, 1e-15])
    few = histogram([60.0, 30.0], [70.0, 30.0])
    templates = {KEY: histogram([600.0, 300.0], [300.0, 150.0]), TemplateKey("SR", "top", "scale", "Up"): padded}
    assert len(check(Templates(templates))) == 0
    (finding,) = check(Templates(templates | {TemplateKey("SR", "top", "scale", "Down"): few}))
    assert "SR scale Down (81)" in finding.message


def test_variance_that_processing_set_to_zero() -> None:
    before = histogram([600.0, 300.0], [float("nan"), 150.0])
    after = histogram([600.0, 300.0], [0.0, 150.0])
    (finding,) = check(Templates({KEY: after}, {KEY: before}))
    assert finding.rule == "lost-variance"
    assert "SR" in finding.message


def test_bins_that_are_merged_are_said_once_for_each_region() -> None:
    document: dict[str, Any] = {
        "General": {"Measurement": "m", "InputPath": "in.root:{SamplePath}", "HistogramFolder": "h"},
        "Regions": [{"Name": "SR", "Binning": [0, 2, 3], "Rebin": [0, 3]}, {"Name": "CR", "Binning": [0, 1, 2, 3, 4]}],
        "Samples": [{"Name": "Data", "SamplePath": "d", "Data": True}, {"Name": "top", "SamplePath": "t"}],
        "NormFactors": [{"Name": "k"}],
    }
    config = load_config(document)
    fine = Histogram.from_arrays([0, 1, 2, 3, 4], [5, 6, 7, 0], [1, 1, 1, 0])
    templates = build_templates(config, histograms={(r, s): fine for r in ("SR", "CR") for s in ("Data", "top")})
    (finding,) = check(process_templates(templates, config)).of_rule("merged-bins")
    assert finding.place == 'region "SR"'
    assert finding.message == "Binning merges 4 bins from 0 to 4 of the input to 2 bins from 0 to 3."
