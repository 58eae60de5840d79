"""Served models: what pyhf's classes do, done by them; what only pyhf can, done by pyhf."""

from __future__ import annotations

import copy
import logging
import pickle
from typing import Any

import numpy as np
import pyhf
import pytest
from pyhf.modifiers import histfactory_set
from tests.compat.models import Spec, both, counting, luminous

from wilks.compat._pyhf.model import Model
from wilks.compat.ledger import LEDGER

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")


def point(pdf: Any) -> list[float]:
    return [value + 0.1 * (i + 1) for i, value in enumerate(pdf.config.suggested_init())]


def test_evaluations_are_those_of_pyhf() -> None:
    served, own = both(luminous(), poi_name="mu")
    theta, data = point(own), [120.0, 61.0, *own.config.auxdata]
    main, auxiliary = np.array(data[:2]), np.array(data[2:])
    for ask in (
        lambda pdf: pdf.expected_data(theta),
        lambda pdf: pdf.expected_data(theta, include_auxdata=False),
        lambda pdf: pdf.expected_actualdata(theta),
        lambda pdf: pdf.expected_auxdata(theta),
        lambda pdf: pdf.main_model.expected_data(theta, return_by_sample=True),
        lambda pdf: pdf.logpdf(theta, data),
        lambda pdf: pdf.pdf(theta, data),
        lambda pdf: pdf.mainlogpdf(main, np.array(theta)),
        lambda pdf: pdf.constraint_logpdf(auxiliary, np.array(theta)),
        lambda pdf: pdf.make_pdf(np.array(theta)).expected_data(),
        lambda pdf: pdf.make_pdf(np.array(theta))[0].log_prob(main),
        lambda pdf: pdf.nominal_rates,
        lambda pdf: pyhf.infer.mle.twice_nll(theta, data, pdf),
    ):
        ours, theirs = ask(served), ask(own)
        assert type(ours) is type(theirs)
        assert np.shape(ours) == np.shape(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    for ours, theirs in zip(served._modifications(np.array(theta)), own._modifications(np.array(theta)), strict=True):
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(mine, other)


def test_samples_are_drawn_by_pyhf() -> None:
    served, own = both(luminous())
    drawn = []
    for pdf in (served, own):
        np.random.seed(3)  # noqa: NPY002  pyhf draws from NumPy's global generator
        drawn.append(pdf.make_pdf(np.array(own.config.suggested_init())).sample((5,)))
    np.testing.assert_allclose(*drawn, rtol=1e-12)


def test_surplus_parameters_are_ignored_where_pyhf_ignores_them() -> None:
    served, own = both(luminous())
    theta = point(own)
    surplus = [*theta, 7.0, 8.0]
    np.testing.assert_allclose(served.expected_actualdata(surplus), own.expected_actualdata(surplus), rtol=1e-12)
    np.testing.assert_allclose(served.expected_data(surplus), own.expected_data(surplus), rtol=1e-12)
    for pdf in (served, own):
        with pytest.raises(pyhf.exceptions.InvalidPdfParameters):
            pdf.logpdf(surplus, [1.0] * (2 + pdf.config.nauxdata))


def test_what_has_no_finite_value_is_what_pyhf_makes_of_it() -> None:
    served, own = both(counting([12.0], [50.0], [3.0]))
    data = [55.0, *own.config.auxdata]
    for theta in ([-20.0, 1.0], [1.0, 0.0], [1.0, -1.0], [np.nan, 1.0]):
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(served.logpdf(theta, data), own.logpdf(theta, data))
            np.testing.assert_array_equal(served.expected_data(theta), own.expected_data(theta))
    negative = [-3.0, *own.config.auxdata]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(served.logpdf([1.0, 1.0], negative), own.logpdf([1.0, 1.0], negative))


UNSERVED: list[tuple[str, dict[str, Any], str]] = [
    ("custom modifiers", {"modifier_set": {**histfactory_set, "other": histfactory_set["normsys"]}}, ""),
    ("clipping", {"clip_bin_data": 0.0}, ""),
    ("clipping", {"clip_sample_data": 0.0}, ""),
    ("batch_size", {"batch_size": 2}, ""),
    ("histosys code2", {"modifier_settings": {"histosys": {"interpcode": "code2"}}}, ""),
    ("a normsys with a side that is not positive", {}, "normsys"),
    ("factors of a shapesys", {}, "factors"),
    ("wilks does not take the model", {}, "inits"),
]


def spoilt(what: str) -> Spec:
    spec = luminous()
    modifiers = spec["channels"][0]["samples"][1]["modifiers"]
    if what == "normsys":
        next(m for m in modifiers if m["type"] == "normsys")["data"]["lo"] = -0.1
    if what == "factors":
        spec["parameters"].append({"name": "gamma", "factors": [50.0, 60.0]})
    if what == "inits":
        spec["parameters"].append({"name": "mu", "inits": [20.0]})
    return spec


@pytest.mark.parametrize(("reason", "options", "what"), UNSERVED)
def test_what_cant_be_served_exactly_goes_pyhfs_way(
    reason: str, options: dict[str, Any], what: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "wilks.compat"), np.errstate(all="ignore"):
        model = Model(spoilt(what), **options)
    assert model.core is None
    assert model.unserved.startswith(reason)
    assert any(reason in record.getMessage() for record in caplog.records)
    with np.errstate(all="ignore"):
        own = pyhf.Model(spoilt(what), **options)
    theta = np.array([own.config.suggested_init()] * (options.get("batch_size") or 1))
    theta = theta if "batch_size" in options else theta[0]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(model.expected_data(theta), own.expected_data(theta))
        data = own.expected_data(theta)
        np.testing.assert_array_equal(model.logpdf(theta, data), own.logpdf(theta, data))
    assert LEDGER.original["model"] == 1
    assert not LEDGER.served["model"]


def broken(how: str) -> tuple[Spec, dict[str, Any]]:
    spec = luminous()
    sample = spec["channels"][0]["samples"][1]
    options: dict[str, Any] = {"validate": False} if how in ("type", "length", "modifier", "twice") else {}
    if how == "schema":
        del sample["data"]
    if how == "type":
        sample["modifiers"][0]["type"] = "nothing"
    if how == "length":
        sample["data"] = [1.0]
    if how == "modifier":
        sample["modifiers"][-1]["data"] = [1.0]
    if how == "twice":
        spec["channels"][0]["samples"][0]["modifiers"].append(sample["modifiers"][0])
    if how == "poi":
        options["poi_name"] = "nothing"
    if how == "several":
        options["poi_name"] = "gamma"
    if how == "option":
        options["nothing"] = 1
    if how == "settings":
        spec["parameters"].append(spec["parameters"][0])
    if how == "count":
        spec["parameters"].append({"name": "mu", "inits": [1.0, 2.0]})
    if how == "empty":
        for each in spec["channels"][0]["samples"]:
            each["modifiers"] = []
        del spec["parameters"]
    return spec, options


@pytest.mark.parametrize(
    "how",
    ["schema", "type", "length", "modifier", "twice", "poi", "several", "option", "settings", "count", "empty"],
)
def test_mistakes_raise_pyhfs_exceptions(how: str) -> None:
    raised = []
    for made in (Model, pyhf.Model):
        spec, options = broken(how)
        with pytest.raises(Exception) as caught:
            made(spec, **options)
        raised.append(caught)
    ours, theirs = raised
    assert ours.type is theirs.type
    assert str(ours.value) == str(theirs.value)


def test_names_and_settings_are_pyhfs() -> None:
    for options in ({}, {"modifier_settings": {"normsys": {"interpcode": "code1"}}}, {"poi_name": None}):
        served, own = both(luminous(), **options)
        assert served.config.modifier_settings == own.config.modifier_settings
        assert served.config.poi_name == own.config.poi_name
        assert (served.schema, served.version, served.batch_size) == (own.schema, own.version, own.batch_size)
        assert served.spec == own.spec
        np.testing.assert_allclose(served.expected_data(point(own)), own.expected_data(point(own)), rtol=1e-12)


def test_the_specification_is_the_models_own() -> None:
    spec = luminous()
    served, _ = both(spec)
    before = served.expected_data(served.config.suggested_init())
    spec["channels"][0]["samples"][0]["data"][0] = 1e6
    assert served.spec["channels"][0]["samples"][0]["data"][0] == 20.0
    np.testing.assert_array_equal(served.expected_data(served.config.suggested_init()), before)


@pytest.mark.parametrize("twin", [copy.deepcopy, copy.copy, lambda model: pickle.loads(pickle.dumps(model))])
def test_models_can_be_copied_and_pickled(twin: Any) -> None:
    served, own = both(luminous())
    served.make_pdf(np.array(point(own)))
    data = [120.0, 61.0, *own.config.auxdata]
    again = twin(served)
    assert again.core is not None
    np.testing.assert_array_equal(again.logpdf(point(own), data), served.logpdf(point(own), data))
    np.testing.assert_array_equal(pyhf.infer.mle.fit(data, again), pyhf.infer.mle.fit(data, served))


def test_the_point_of_interest_can_be_exchanged() -> None:
    served, own = both(luminous())
    data = [125.0, 61.0, *own.config.auxdata]
    for pdf in (served, own):
        pdf.config.set_poi("norm")
    ours, theirs = (pyhf.infer.mle.fixed_poi_fit(0.5, data, pdf) for pdf in (served, own))
    np.testing.assert_allclose(ours, theirs, atol=3e-3)
    assert ours[own.config.poi_index] == 0.5
