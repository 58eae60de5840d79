"""What parameters do, against the expected data of pyhf."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyhf
import pytest
from tests.workspace.wide import wide

import wilks
from wilks.errors import InputError
from wilks.workspace.acting import KINDS, acting, in_order
from wilks.workspace.workspace import Workspace

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it


def spec() -> dict[str, Any]:
    """Return a document with every type of modifier, and two under one name."""
    shape = {"hi_data": [12.0, 21.0, 4.0], "lo_data": [9.0, 18.0, 6.0]}
    signal = [
        {"name": "mu", "type": "normfactor", "data": None},
        {"name": "lumi", "type": "lumi", "data": None},
        {"name": "jes", "type": "histosys", "data": shape},
        {"name": "jes", "type": "normsys", "data": {"hi": 1.1, "lo": 0.8}},
        {"name": "idle", "type": "histosys", "data": {"hi_data": [10.0, 20.0, 5.0], "lo_data": [10.0, 20.0, 5.0]}},
    ]
    fakes = [
        {"name": "free", "type": "shapefactor", "data": None},
        {"name": "data-driven", "type": "shapesys", "data": [5.0, 0.0, 3.0]},
        {"name": "gammas", "type": "staterror", "data": [2.0, 4.0, 1.0]},
        {"name": "cross section", "type": "normsys", "data": {"hi": 1.05, "lo": 0.97}},
    ]
    return {
        "channels": [
            {
                "name": "SR",
                "samples": [
                    {"name": "signal", "data": [10.0, 20.0, 5.0], "modifiers": signal},
                    {"name": "fakes", "data": [50.0, 0.0, 30.0], "modifiers": fakes},
                ],
            }
        ],
        "observations": [{"name": "SR", "data": [61.0, 20.0, 36.0]}],
        "measurements": [
            {
                "name": "m",
                "config": {"poi": "mu", "parameters": [{"name": "lumi", "auxdata": [1.0], "sigmas": [0.017]}]},
            }
        ],
        "version": "1.0.0",
    }


@pytest.fixture
def everything() -> Workspace:
    document = spec()
    document["measurements"][0]["config"]["parameters"][0] |= {"inits": [1.0], "bounds": [[0.5, 1.5]]}
    return wilks.load_workspace(document)


def expected(workspace: Workspace, name: str, side: float) -> np.ndarray:
    """Return what pyhf expects in all channels, in the order of the document, with a parameter moved."""
    codes = {"normsys": {"interpcode": "code4"}, "histosys": {"interpcode": "code4p"}}
    model = pyhf.Workspace(workspace.spec, validate=False).model(modifier_settings=codes, validate=False)
    values = np.array(model.config.suggested_init())
    place = model.config.par_slice(name)
    parameters = model.config.param_set(name)
    if parameters.constrained and parameters.pdf_type == "normal":
        values[place] = values[place] + side * np.array(parameters.width())
    else:  # a Poisson constraint: tau is the inverse of the relative variance
        values[place] = values[place] + side / np.sqrt(np.array(parameters.factors))
    found = model.main_model.expected_data(values)
    names = sorted(workspace.channel_names)
    starts = dict(zip(names, np.cumsum([0, *(len(workspace.axis(channel)) for channel in names)]), strict=False))
    return np.concatenate([found[starts[c] : starts[c] + len(workspace.axis(c))] for c in workspace.channel_names])


def summed(workspace: Workspace, name: str, side: str) -> np.ndarray:
    """Return the expected yields of all channels from the parts: nominal, and what moves."""
    found = {(each.channel, each.sample): each for each in acting(workspace, parameters=name)}
    totals = []
    for channel in workspace.document.channels:
        total = np.zeros(len(channel.samples[0].data))
        for sample in channel.samples:
            each = found.get((channel.name, sample.name))
            total += np.array(sample.data, float) if each is None else getattr(each, side)
        totals.append(total)
    return np.concatenate(totals)


@pytest.mark.parametrize("example", ["measurement", "search"])
def test_sides_are_what_pyhf_expects(example: str) -> None:
    workspace = getattr(wilks.examples, example)()
    names = {each.name for each in acting(workspace) if each.up is not None and "staterror" not in each.types}
    assert len(names) > 3
    for name in names:
        for side, word in ((1.0, "up"), (-1.0, "down")):
            np.testing.assert_allclose(summed(workspace, name, word), expected(workspace, name, side), rtol=1e-10)


@pytest.mark.parametrize("name", ["lumi", "jes", "cross section", "idle"])
def test_sides_of_each_type(everything: Workspace, name: str) -> None:
    for side, word in ((1.0, "up"), (-1.0, "down")):
        np.testing.assert_allclose(summed(everything, name, word), expected(everything, name, side), rtol=1e-12)


def test_kinds_and_sizes(everything: Workspace) -> None:
    found = {each.name: each for each in acting(everything)}
    assert {name: each.kind for name, each in found.items()} == {
        "mu": "normfactor",
        "lumi": "lumi",
        "jes": "normsys + histosys",
        "idle": "histosys",
        "free": "shapefactor",
        "data-driven": "shapesys",
        "gammas": "staterror",
        "cross section": "normsys",
    }
    assert {each.kind for each in found.values()} <= {*KINDS}
    # The sums are 37, 35 and 33; of the bins the first changes most: 12 * 1.1 / 10 - 1, down 9 * 0.8 / 10 - 1.
    assert found["jes"].norm == pytest.approx((37 * 1.1 / 35 - 1, 33 * 0.8 / 35 - 1))
    assert found["jes"].largest == pytest.approx((0, 0.32))
    assert found["jes"].size == pytest.approx(0.32)
    assert found["cross section"].norm == pytest.approx((0.05, -0.03))
    assert found["cross section"].largest is None
    assert found["data-driven"].norm is None
    assert found["data-driven"].largest == pytest.approx((0, 0.1))  # 3 of 30 comes later; an empty bin has no change
    assert found["idle"].size == 0.0
    assert math.isnan(found["mu"].size)
    assert found["mu"].up is None
    assert found["lumi"].norm == pytest.approx((0.017, -0.017))


def test_an_order_by_kind(everything: Workspace) -> None:
    names = in_order(everything, acting(everything))
    assert names == ["mu", "free", "lumi", "jes", "idle", "cross section", "data-driven", "gammas"]


def test_some_by_name_or_pattern_and_mistakes_all_at_once(everything: Workspace) -> None:
    assert [each.name for each in acting(everything, parameters=["j*", "mu"])] == ["mu", "jes"]
    assert {each.sample for each in acting(everything, samples="f*")} == {"fakes"}
    with pytest.raises(InputError) as caught:
        acting(everything, parameters="jee", channels="CR", samples="fake")
    assert len(caught.value.problems) == 3
    assert 'no parameter "jee" in this workspace; did you mean "jes"?' in str(caught.value)
    with pytest.raises(InputError, match='no measurement "n"'):
        acting(everything, measurement="n")


def test_what_functions_steer_is_said_with_their_parameters() -> None:
    found = {(each.name, each.channel, each.sample): each for each in acting(wide())}
    theory = found["theory", "SR", "background"]
    assert (theory.words, theory.parameters, theory.norm) == (
        "normsys, function of g",
        ("g",),
        pytest.approx((0.2, -0.3)),
    )
    assert found["jes", "SR", "signal"].words == "normsys"
    assert {each.name for each in acting(wide(), parameters=["rate", "g"])} == {"yield", "theory"}
    assert in_order(wide(), acting(wide()))[:2] == ["kt2", "yield"]  # functions of the parameters of interest
    row = next(row for row in wilks.tables.modifiers(wide()).rows if row[0] == "yield")
    assert row[1] == "normfactor, function of b norm, rate"
