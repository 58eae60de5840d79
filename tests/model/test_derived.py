"""Models with another parameter of interest, and with parameters free that were constant; errors by kind."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from tests.model.test_terms import small

from wilks import compile_model, fit, hypotest, load_workspace
from wilks.errors import ModelError, ModifierError, NameReuseError, SettingsError


def settled(**settings: Any) -> dict[str, Any]:
    spec = small()
    spec["measurements"][0]["config"]["parameters"] = [settings]
    return spec


def test_the_parameter_of_interest_is_exchanged() -> None:
    model = compile_model(load_workspace(small()))
    assert model.with_poi("norm").poi == "norm"
    assert model.with_poi(None).poi is None
    assert model.poi == "mu"
    assert hypotest(model.with_poi("norm"), value=0.5, statistic="t").poi == "norm"
    with pytest.raises(ModelError, match=r'no parameter "nrm".*did you mean "norm"'):
        model.with_poi("nrm")
    for name in ("gamma", "gamma[0]"):
        with pytest.raises(ModelError, match="must be a single number"):
            model.with_poi(name)


def test_what_a_model_fixes_is_freed_for_every_question() -> None:
    free = compile_model(load_workspace(small()))
    fixed = compile_model(load_workspace(settled(name="norm", fixed=True)))
    freed = fixed.freed("nor*")
    assert fixed.fixed[fixed.index("norm")]
    assert not freed.fixed.any()
    ours, theirs = fit(freed), fit(free)
    assert ours.twice_nll == theirs.twice_nll < fit(fixed).twice_nll
    np.testing.assert_array_equal(ours.uncertainties, theirs.uncertainties)
    assert hypotest(freed, value=2.0).observed.cls == hypotest(free, value=2.0).observed.cls
    assert freed.freed().fixed.tolist() == freed.fixed.tolist()
    with pytest.raises(ModelError, match='no parameter "lumi"'):
        fixed.freed("norm", "lumi")


def test_a_factor_freed_from_zero_brings_back_what_it_removed() -> None:
    spec = settled(name="mu", inits=[0.0], fixed=True)
    shape = {"name": "free", "type": "normfactor", "data": None}
    spec["channels"][0]["samples"][0]["modifiers"].append(shape)
    model = compile_model(load_workspace(spec))
    assert model.idle[model.index("free")]
    freed = model.freed("mu")
    assert not freed.idle.any()
    start = {"mu": 1.0}
    assert fit(freed, start=start, fixed={"mu": 1.0})["free"].uncertainty > 0


def test_errors_are_of_their_kind() -> None:
    def compiled(spec: dict[str, Any], **options: Any) -> None:
        compile_model(load_workspace(spec), **options)

    twice = small()
    gamma = copy.deepcopy(twice["channels"][1]["samples"][0]["modifiers"][0])
    twice["channels"][0]["samples"][1]["modifiers"].append(gamma)
    with pytest.raises(NameReuseError, match="a name of its own"):
        compiled(twice)
    with pytest.raises(SettingsError, match="initial value"):
        compiled(settled(name="mu", inits=[11.0]))
    with pytest.raises(SettingsError, match='no interpolation "code4p"'):
        compiled(small(), normsys="code4p")
    shapefactor = small()
    free = {"name": "free", "type": "shapefactor", "data": None}
    shapefactor["channels"][0]["samples"][0]["modifiers"].append(free)
    shapefactor["channels"].append(
        {"name": "VR", "samples": [{"name": "background", "data": [5.0], "modifiers": [free]}]}
    )
    shapefactor["observations"].append({"name": "VR", "data": [4.0]})
    with pytest.raises(ModifierError, match="different numbers of bins"):
        compiled(shapefactor)
    both = copy.deepcopy(twice)
    both["measurements"][0]["config"]["parameters"] = [{"name": "mu", "inits": [11.0]}]
    with pytest.raises(ModelError) as caught:
        compiled(both)
    assert type(caught.value) is ModelError
    assert len(caught.value.problems) == 2
