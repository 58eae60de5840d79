"""Conditions as text, without hidden values, and of many answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wilks.results.conditions import (
    FLAT,
    RULES,
    Condition,
    blinded,
    condition_html,
    condition_lines,
    conditions_of,
    has_conditions,
    merged,
    with_conditions,
    without,
)
from wilks.results.findings import Severity
from wilks.results.origin import Origin

HELD = Condition(
    "at-bound",
    Severity.WARNING,
    "k at its bound 10",
    '"k" ends at its bound 10.',
    '"mu" is then 0.3.',
    "Widen it.",
    ("k",),
    {"k": 14.5, "mu": 0.3, "2NLL": -3.0},
    {"k": (0.0, 100.0)},
)
LOW = replace(HELD, rule="below-zero", severity=Severity.NOTE, parameters=("mu",), bounds={})
ORIGIN = Origin("m", "observed", "0", "1", {"x": 1}, (HELD,))


def test_a_line_says_all() -> None:
    assert str(HELD) == 'warning: "k" ends at its bound 10. "mu" is then 0.3. Widen it. [at-bound]'
    assert condition_lines([]) == []
    assert condition_lines([HELD]) == ["", str(HELD)]


def test_html_is_escaped() -> None:
    odd = replace(HELD, text='"<k>" & more')
    assert condition_html([odd]).startswith("<p>warning: &quot;&lt;k&gt;&quot; &amp; more")


def test_rules_have_different_names() -> None:
    assert len(set(RULES)) == len(RULES)


def test_hidden_values() -> None:
    flat = replace(HELD, rule=FLAT, parameters=("mu", "k"))
    kept, still = blinded([HELD, LOW, flat], ["mu"])
    assert kept.effect == ""
    assert kept.numbers == {"k": 14.5, "2NLL": -3.0}
    assert kept.text == HELD.text
    assert still.rule == FLAT
    assert blinded([HELD], ["k"]) == ()


def test_of_any_result() -> None:
    assert conditions_of(ORIGIN) == (HELD,)
    assert has_conditions(ORIGIN)
    assert conditions_of(3) == ()
    assert not has_conditions(3)
    assert with_conditions(3, [HELD]) == 3
    assert conditions_of(without(ORIGIN, [HELD])) == ()
    more = ORIGIN.also(LOW, level=0.9)
    assert more.conditions == (HELD, LOW)
    assert more.settings == {"x": 1, "level": 0.9}


def test_many_points() -> None:
    worse = replace(HELD, severity=Severity.ERROR)
    held, low = merged({"a": [HELD, LOW], "b": [], "c": [worse]})
    assert held.severity == "error"
    assert held.brief == "k at its bound 10 (2 of 3 points)"
    assert held.text == 'At 2 of 3 points ("a", "c"), as at the first: "k" ends at its bound 10.'
    assert low.text.startswith('At 1 of 3 points ("a"): ')
    (everywhere,) = merged({"a": [HELD], "b": [HELD]})
    assert everywhere.text.startswith("At all 2 points")
    assert everywhere.brief == HELD.brief
    assert merged({"a": [HELD]}) == (HELD,)
    assert merged({}) == ()


@pytest.mark.parametrize("severity", list(Severity))
def test_severities_are_words(severity: Severity) -> None:
    assert str(replace(HELD, severity=severity)).startswith(f"{severity}: ")
