"""What is wrong with trees and expressions: found without reading, said once."""

from __future__ import annotations

from pathlib import Path

from tests.templates import events

from wilks.templates.filling import Use
from wilks.templates.looking import Question, look, sentences

USES = (
    Use("Variable", "ptt"),
    Use("Variable", "pt"),
    Use("Filter", "pt > 20"),
    Use("Weight", "weight"),
    Use("Weight", "pt +"),
)
PLACES = {use: [f'Regions "{i}"', "Samples"] for i, use in enumerate(USES)}


def test_one_sentence_for_many_files(tmp_path: Path) -> None:
    looks = []
    for i in range(5):
        events.write_tree(tmp_path / f"{i}.root", {"events": events.columns(i, 900)})
        file = str(tmp_path / f"{i}.root")
        looks.append((file, look(Question(file, (("events", USES), ("other", USES[1:2]))))))
    assert all(found.spans == {"events": ((0, 900),)} for _, found in looks)
    problems = sentences(looks, PLACES, {"other": ['Samples "x"']})
    assert len([problem for problem in problems if 'Samples "x".Tree: no tree "other"' in problem]) == 5
    unknown, broken = (problem for problem in problems if "no tree" not in problem)
    assert unknown.startswith('Regions "0" (and 1 more).Variable: no branch "ptt"; did you mean "pt"?; in "events" of ')
    assert unknown.endswith("2.root and 2 more\n    ptt\n    ^")
    assert broken == 'Regions "4" (and 1 more).Weight: not an expression\n    pt +\n        ^'


def test_roles_have_types(tmp_path: Path) -> None:
    events.write_tree(tmp_path / "in.root", {"events": events.columns(1, 10)})
    uses = {
        Use("Variable", "jet"): "gives a list per entry where one number is needed",
        Use("Variable", "flag"): "",
        Use("Weight", "jet[0] > 2"): "",
        Use("Weight", "three"): "gives a list per entry where one number is needed",
        Use("Filter", "number"): "",
        Use("Filter", "pt"): "gives numbers where a filter needs true or false",
        Use("Filter", "jet > 20"): "any(...) or all(...)",
        Use("Filter", "1"): "",
    }
    found = look(Question(str(tmp_path / "in.root"), (("events", tuple(uses)),)))
    reasons = {use: reason for _, use, reason in found.unsuited}
    assert {use for use, words in uses.items() if words} == set(reasons)
    assert all(uses[use] in reason for use, reason in reasons.items())
