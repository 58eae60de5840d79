"""How mistakes are worded."""

from __future__ import annotations

import pytest

from wilks.errors import InputError, listed, nearest, nearest_file


@pytest.mark.parametrize(
    ("name", "allowed", "expected"),
    [
        ("ttbr", ["ttbar", "W+jets"], "ttbar"),
        ("TTBAR", ["ttbar", "W+jets"], "ttbar"),
        ("Lumi", ["Luminosity", "JES"], "Luminosity"),
        ("lumi", ["Luminosity", "JES"], "Luminosity"),
        ("jet", ["jet energy scale of the barrel", "et"], "jet energy scale of the barrel"),
        ("jets", ["jets, light", "jets, heavy", "jest"], "jest"),
        ("Lu", ["Luminosity", "JES"], None),
        ("Lumi", ["Luminosity 2017", "Luminosity 2018"], None),
        ("Lumi", ["Integrated Luminosity"], None),
        ("", ["Luminosity"], None),
        ("anything", [], None),
    ],
)
def test_nearest_is_the_only_name_that_starts_so_or_the_most_similar(
    name: str, allowed: list[str], expected: str | None
) -> None:
    assert nearest(name, allowed) == ("" if expected is None else f'; did you mean "{expected}"?')


def test_nearest_asks_for_more_similarity_where_told() -> None:
    assert nearest("mu_SIG", ["MUON_MS"]) == '; did you mean "MUON_MS"?'
    assert nearest("mu_SIG", ["MUON_MS"], cutoff=0.7) == ""
    assert nearest("z_mu", ["zmu"], cutoff=0.7) == '; did you mean "zmu"?'


def test_long_lists_are_counted() -> None:
    assert listed(["a", "b"], 2) == '"a", "b"'
    assert listed("abc", 2) == '"a", "b" and 1 more'


def test_problems_are_a_tuple_of_sentences() -> None:
    assert InputError("one").problems == ("one",)
    error = InputError(["one", "two"])
    assert error.problems == ("one", "two")
    assert str(error) == "one\ntwo"


def test_endless_quotes_are_shortened_and_endless_lists_counted() -> None:
    error = InputError(["start" + "x" * 100_000 + "end", "short"])
    assert error.problems[0].startswith("startxxx")
    assert "98008 characters left out" in error.problems[0]
    assert error.problems[0].endswith("xxxend")
    assert error.problems[1] == "short"
    assert len(str(InputError([f"mistake {i}" for i in range(5000)])).splitlines()) == 1001
    assert InputError([f"mistake {i}" for i in range(5000)]).problems[-1] == "and 4000 more mistakes"


def test_what_is_no_unicode_is_escaped() -> None:
    assert str(InputError('no sample "a\ud800b\udcff" in µ.yml')) == 'no sample "a\\ud800b\\udcff" in µ.yml'


def test_endless_names_are_not_compared_with_others() -> None:
    """The comparison takes a time that grows with the square: for these an hour."""
    assert nearest("ab" * 100_000, ["ba" * 100_000, "abba"]) == ""


def test_a_terminal_has_nothing_to_obey() -> None:
    assert str(InputError('no "a\x1b[2Jb\x9b31m\u202ec"\n  here')) == 'no "a\\x1b[2Jb\\x9b31m\\u202ec"\n  here'


def test_only_near_files_are_suggested() -> None:
    files = ["workspace.json", "fit.json", "config.yml", "README"]
    near = {"workspce.json": "workspace.json", "fits.json": "fit.json", "config.yaml": "config.yml", "Readme": "README"}
    near |= {"fti.json": "fit.json", "work.json": "workspace.json", "wrokspaec.json": "workspace.json"}
    for name, file in near.items():
        assert nearest_file(name, files) == f'; did you mean "{file}"?'
    assert [nearest_file(name, files) for name in ("limit.json", "a.json", "contour.json", ".json")] == [""] * 4
