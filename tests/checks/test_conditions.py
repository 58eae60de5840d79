"""Conditions of results as findings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.infer.profiled import compiled, counting, free, specification

import wilks
from wilks.results.conditions import Condition
from wilks.results.findings import Severity


def test_a_parameter_at_its_bound_is_found_once() -> None:
    """A condition tells more than the rule about fits, which is for files without conditions."""
    samples = {"s": ([5.0, 0.1], [free("mu")]), "b": ([1.0, 1.0], [free("k")])}
    result = wilks.fit(compiled(specification([20.0, 15.0], samples, poi="mu")))
    (found,) = wilks.check(result).of_rule("at-bound")
    assert found.place == 'parameter "k"'
    assert "2NLL is lower by" in found.message
    assert found.cases[0].systematic == "k"
    assert found.cases[0].value == pytest.approx(result.conditions[0].numbers["k"])
    (old,) = wilks.check(replace(result, conditions=())).of_rule("at-bound")
    assert old.place == 'parameter "k"'
    assert "2NLL" not in old.message


def test_a_failed_fit_is_found_once() -> None:
    samples = {"s": ([3.0], [free("mu")]), "w": ([5.0], [free("k")])}
    result = wilks.fit(compiled(specification([4.0], samples, poi="mu")))
    for each in (result, replace(result, conditions=())):
        (found,) = wilks.check(each).of_rule("flat-direction")
        assert found.severity == "error"


def test_any_result_can_be_checked() -> None:
    found = wilks.check(wilks.limit(counting(0, 1.0, 0.2)))
    assert [finding.rule for finding in found] == ["few-events", "below-zero"]
    assert len(wilks.check(wilks.limit(counting(100, 10.0, 90.0)))) == 0


def test_places() -> None:
    result = wilks.limit(counting(100, 10.0, 90.0))
    about = {"several": ("a", "b"), "none": ()}
    for condition, place in ((about["several"], 'parameters "a", "b"'), (about["none"], 'fit of "m"')):
        odd = Condition("no-rate", Severity.NOTE, "", "Odd.", advice="Look.", parameters=condition)
        (found,) = wilks.check(replace(result, origin=replace(result.origin, conditions=(odd,))))
        assert found.place == place
