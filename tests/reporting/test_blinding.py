"""A blinded report: nothing in it tells the value that the data give to the parameter of interest."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

import wilks
from wilks.reporting.blinding import without_values
from wilks.reporting.contents import Contents
from wilks.reporting.page import page
from wilks.reporting.payload import bulk, payload
from wilks.results.findings import Case, Finding, Findings, Severity


@pytest.fixture(scope="module")
def search():
    workspace = wilks.examples.search()
    model = wilks.compile_model(workspace)
    return workspace, model, wilks.fit(model)


@pytest.fixture(scope="module")
def results(search):
    workspace, model, fit = search
    about_poi = Finding("at-bound", Severity.WARNING, 'parameter "mu"', "It is at 0.7.", "", (Case("mu", value=0.7),))
    about_data = Finding("data-without-prediction", Severity.ERROR, 'channel "SR 1b"', "There are 3 events.", "")
    about_model = Finding(
        "constrained-poi", Severity.WARNING, 'parameter "mu"', "It has a constraint.", "", (Case("mu"),)
    )
    other = Finding("pulled", Severity.WARNING, 'parameter "b-tagging"', "It is pulled.", "", (Case("b-tagging"),))
    known = wilks.asimov(model, values={"mu": 1})
    return {
        "fit.json": fit,
        "bonly.json": wilks.fit(model, fixed={"mu": 0}),
        "prefit.json": wilks.predict(model),
        "postfit.json": wilks.predict(model, fit),
        "findings.json": wilks.check(workspace),
        "findings-fit.json": Findings((about_poi, about_data, about_model, other)),
        "ranking.json": wilks.ranking(model),
        "breakdown.json": wilks.breakdown(model),
        "gof.json": wilks.goodness_of_fit(model),
        "chi2.json": wilks.chi_square(model),
        "intervals.json": wilks.intervals(model, parameters=["mu"]),
        "lumi.json": wilks.intervals(model, parameters=["Luminosity"]),
        "scan.json": wilks.scan(model, points=5),
        "contour.json": wilks.contour(model, parameters=("mu", "Luminosity"), points=5),
        "limit.json": wilks.limit(model),
        "significance.json": wilks.significance(model),
        "hypotest.json": wilks.hypotest(model, value=1.0),
        "compatibility.json": wilks.compatibility(model, workspace=workspace),
        "toys.json": wilks.toys(model, fit, count=20, seed=1),
        "expected.json": wilks.limit(model, known),
    }


def numbers_in(text: str) -> np.ndarray:
    """Return every number of a JSON text."""
    return np.array([float(one) for one in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", text)])


def test_no_number_is_the_value(search, results):
    workspace, _, fit = search
    contents = Contents("Search", workspace, results, blinded=True)
    # The limit that is expected with Asimov data has curves of its own; nothing else has.
    shown = payload(contents)
    shown["results"] = [one for one in shown["results"] if one["file"] != "expected.json"]
    value = fit["mu"].value
    found = numbers_in(json.dumps(shown))
    assert not np.isclose(found, value, rtol=1e-4, atol=0).any()
    assert not np.isclose(found, fit.twice_nll, rtol=1e-6, atol=0).any()
    # The same numbers are found where nothing is hidden: the test can fail.
    open_page = numbers_in(json.dumps(payload(replace(contents, blinded=False))))
    assert np.isclose(open_page, value, rtol=1e-4, atol=0).any()
    assert np.isclose(open_page, fit.twice_nll, rtol=1e-6, atol=0).any()


def test_no_model_with_data(search, results):
    workspace = search[0]
    blinded = bulk(Contents("Search", workspace, results, blinded=True))
    assert "workspace" not in blinded
    assert "correlation" in blinded
    assert "workspace" in bulk(Contents("Search", workspace, results))


def test_what_is_left(search, results):
    workspace = search[0]
    shown = payload(Contents("Search", workspace, results, blinded=True))
    assert shown["hidden"] == ["mu"]
    assert [one["file"] for one in shown["fits"]] == ["fit.json"]
    assert [one["file"] for one in shown["results"]] == [
        *("ranking.json", "breakdown.json", "gof.json", "lumi.json", "expected.json"),
    ]
    left_out = {note.split(" ")[0] for note in shown["notes"]}
    assert left_out == {
        *("bonly.json", "chi2.json", "intervals.json", "scan.json", "contour.json", "limit.json"),
        *("significance.json", "hypotest.json", "compatibility.json", "toys.json"),
    }
    assert {one["rule"] for one in shown["findings"]} == {"constrained-poi", "pulled"}


def test_data_and_yields_after_the_fit(search, results):
    workspace = search[0]
    shown = payload(Contents("Search", workspace, results, blinded=True))
    names, flat = shown["acts"]["names"], shown["acts"]["sets"][shown["acts"]["of"]["mu"]]
    acts = {names[channel] for channel in flat[::3]}
    assert acts == {"SR 1b", "SR 2b"}
    for channel in shown["prefit"]["channels"]:
        data = channel["data"]
        assert all(one is None for one in data) if channel["name"] in acts else None not in data
    assert acts.isdisjoint(one["name"] for one in shown["postfit"]["channels"])
    assert shown["postfit"]["channels"]


def test_what_a_parameter_does_by_way_of_a_function_is_hidden_too():
    spec = wilks.examples.search().spec
    spec["functions"] = [{"name": "mu", "expression": "kappa * kappa"}]
    spec["measurements"][0]["config"].update(poi="kappa", parameters=[])
    workspace = wilks.load_workspace({**spec, "version": "wilks-1"})
    model = wilks.compile_model(workspace)
    found = {"prefit.json": wilks.predict(model), "postfit.json": wilks.predict(model, wilks.fit(model))}
    shown = payload(Contents("Search", workspace, found, blinded=True))
    for channel in shown["prefit"]["channels"]:
        assert all(one is None for one in channel["data"]) == (channel["name"] != "CR top")
    assert [one["name"] for one in shown["postfit"]["channels"]] == ["CR top"]
    names, acts = shown["acts"]["names"], shown["acts"]
    where = {parameter: acts["sets"][acts["of"][parameter]] for parameter in ("kappa", "mu")}
    assert where["kappa"] == where["mu"]
    assert {names[i] for i in where["kappa"][::3]} == {"SR 1b", "SR 2b"}


def test_a_fit_that_was_saved_blinded_blinds_the_page(search, results):
    workspace, _, fit = search
    contents = Contents("Search", workspace, {**results, "fit.json": fit.blinded()})
    assert contents.hidden == ("mu",)
    assert "workspace" not in bulk(contents)
    assert payload(contents)["fits"][0]["values"][fit.index("mu")] is None
    assert "blinded" in page(contents)


@pytest.mark.parametrize(
    ("after", "values", "kept"),
    [
        (False, {"mu": 1}, True),
        (False, None, True),
        (True, {"mu": 1}, True),
        (True, None, False),
        (True, {"Luminosity": 1}, False),
    ],
)
def test_asimov_data_are_shown_where_their_value_was_chosen(search, after, values, kept):
    workspace, model, fit = search
    data = wilks.asimov(model, fit if after else None, values=values)
    found = without_values({"limit.json": wilks.limit(model, data)}, workspace, ["mu"])
    assert list(found.results) == ["limit.json"] * kept
    assert bool(found.notes) is not kept


def test_asimov_data_mixed_with_observed_ones_are_data(search):
    workspace, model, _ = search
    data = wilks.mixed(model, wilks.asimov(model), wilks.asimov(model, wilks.fit(model)), channels="SR*")
    assert not without_values({"fit.json": wilks.limit(model, data)}, workspace, ["mu"]).results


def test_several_fits_to_data_tell_by_their_difference(search, results):
    workspace = search[0]
    two = {name: results[name] for name in ("bonly.json", "fit.json")}
    found = without_values(two, workspace, ["mu"])
    assert list(found.results) == ["bonly.json"]
    assert np.isnan(found.results["bonly.json"].twice_nll)


def test_a_page_with_nothing_hidden_is_as_it_was(search, results):
    contents = Contents("Search", search[0], results)
    assert contents.unblinded_part() is contents
    assert payload(contents)["hidden"] == []


def test_templates_of_data_are_left_out():
    config = wilks.load_config(wilks.examples.steering_file())
    templates = wilks.process_templates(wilks.build_templates(config), config)
    workspace = wilks.build_workspace(templates, config)
    assert {key.sample for key in templates} > {"WZ"}
    left = Contents("", workspace, templates=templates, blinded=True).unblinded_part().templates
    assert left is not None
    samples = {sample.name for channel in workspace.document.channels for sample in channel.samples}
    assert {key.sample for key in left} == samples
    assert {key.sample for key in templates} - samples
    assert left.effects == templates.effects
