"""What a report hands to its page: every result, as JSON that stays data."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace

import numpy as np
import pytest

import wilks
from wilks.reporting.contents import Contents
from wilks.reporting.page import page
from wilks.reporting.payload import bulk, payload
from wilks.results.findings import Finding, Findings, Severity


@pytest.fixture(scope="module")
def measured():
    workspace = wilks.examples.measurement()
    model = wilks.compile_model(workspace)
    return workspace, model, wilks.fit(model)


def embedded(text: str, name: str):
    """Return the JSON of an element of the page."""
    return json.loads(re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.S)[1])


def test_correlations_are_those_of_the_fit(measured):
    workspace, _, fit = measured
    packed = bulk(Contents("", workspace, {"fit.json": fit}))["correlation"]
    values = np.frombuffer(gzip.decompress(base64.b64decode(packed)), "<f4")
    assert values == pytest.approx(fit.correlation[np.triu_indices(len(fit), 1)], abs=1e-6)


def test_a_fit_without_covariance_has_no_correlations(measured):
    workspace, _, fit = measured
    lost = replace(fit, covariance=fit.covariance * np.nan, covariance_valid=False, converged=False, status="lost")
    contents = Contents("", workspace, {"fit.json": lost})
    assert "correlation" not in bulk(contents)
    assert payload(contents)["fits"][0]["converged"] is False


def test_nan_and_infinity_are_json(measured):
    workspace, _, fit = measured
    values = fit.values.copy()
    values[0], values[1] = np.nan, np.inf
    text = page(Contents("", workspace, {"fit.json": replace(fit, values=values)}))
    assert embedded(text, "payload")["fits"][0]["values"][:2] == [None, "inf"]


def test_toys_are_counted(measured):
    workspace, model, _ = measured
    found = wilks.goodness_of_fit(model, toys=50, seed=1)
    shown = payload(Contents("", workspace, {"gof.json": found}))["results"][0]["toys"]
    counts, edges = np.array(shown["counts"]), np.array(shown["edges"])
    assert counts.sum() == shown["count"] == found.usable_toys.size
    assert len(edges) == len(counts) + 1
    assert edges[0] <= found.toys.min()
    assert edges[-1] > max(found.toys.max(), found.statistic)
    below = found.usable_toys < edges[20]
    assert counts[:20].sum() == below.sum()


def test_without_toys_there_is_no_histogram(measured):
    workspace, model, _ = measured
    results = {"gof.json": wilks.goodness_of_fit(model)}
    assert payload(Contents("", workspace, results))["results"][0]["toys"] is None


def test_every_toy_of_a_test_is_left_out():
    workspace = wilks.examples.search()
    model = wilks.compile_model(workspace)
    found = wilks.hypotest(model, value=1.0, calculator="toys", toys=20, seed=1)
    shown = payload(Contents("", workspace, {"hypotest.json": found}))["results"][0]
    assert found.counts is not None
    assert found.counts.tested.size
    assert "tested" not in shown["counts"]
    assert shown["counts"]["toys"] == [20]
    assert "fits" not in shown


def test_findings_are_there_once_with_their_file(measured):
    workspace, _, fit = measured
    first = Finding("large-effect", Severity.WARNING, "here", "text", "advice")
    second = Finding("pulled", Severity.ERROR, "there", "text", "advice")
    results = {"check.json": Findings((first,)), "later.json": Findings((first, second)), "fit.json": fit}
    shown = payload(Contents("", workspace, results))
    assert [(one["file"], one["rule"]) for one in shown["findings"]] == [
        ("later.json", "pulled"),
        ("check.json", "large-effect"),
    ]
    assert shown["checked"] == [{"file": "check.json", "after": False}, {"file": "later.json", "after": True}]


HOSTILE = ("</script><script>alert(1)</script>", "<!--", "]]>", "</style>", "a\"b'c`", "µ → ∞ 𝛼 \u2028")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_text(name):
    document = {
        "channels": [
            {
                "name": name,
                "samples": [
                    {
                        "name": name,
                        "data": [10.0, 12.0],
                        "modifiers": [
                            {"name": "mu", "type": "normfactor", "data": None},
                            {"name": name, "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}},
                        ],
                    }
                ],
            }
        ],
        "observations": [{"name": name, "data": [11.0, 13.0]}],
        "measurements": [{"name": name, "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    workspace = wilks.load_workspace(document)
    model = wilks.compile_model(workspace)
    fit = wilks.fit(model)
    results = {"fit.json": fit, "prefit.json": wilks.predict(model), "ranking.json": wilks.ranking(model)}
    text = page(Contents(name, workspace, results, notes=(name,)))
    assert embedded(text, "payload")["channels"][0]["name"] == name
    assert embedded(text, "payload")["fits"][0]["names"] == list(fit.names)
    assert text.count("</script>") == 4
    assert text.count("<script") == 4
    assert text.count("</style>") == 1
