"""Text branches, members of structs and objects, and bins that end at infinity, against counting by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from wilks import build_templates, load_config, process_templates
from wilks.errors import ConfigError, TemplateError
from wilks.histogram import Histogram, closed
from wilks.templates.evaluation import evaluate
from wilks.templates.expression_text import ExpressionError
from wilks.templates.expressions import parse
from wilks.templates.filling import numbers, selected
from wilks.templates.store import Templates
from wilks.templates.trees import open_trees

SIZE = 100
X = np.arange(SIZE) % 4 + 0.5


@pytest.fixture(scope="module", params=["tree", "rntuple"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "in.root"
    lists = [[{"pt": 10.0 * j + i, "n": i} for j in range(i % 3)] for i in range(SIZE)]
    columns = {
        "x": X,
        "ch": ak.Array(["ee" if i % 2 else "mumu" for i in range(SIZE)]),
        "lep": ak.Array(["ee" if i % 4 == 1 else "" for i in range(SIZE)]),
        "p": ak.Array([{"pt": float(i), "n": i % 2} for i in range(SIZE)]),
        "jets": ak.Array(lists),
        "tags": ak.Array([["b", "c"][: i % 3] for i in range(SIZE)]),
        "wide": np.where(X > 3, np.where(X > 3.2, np.inf, X), X),
    }
    with uproot.recreate(path) as written:
        if request.param == "tree":
            written["t"] = columns
        else:
            written.mkrntuple("t", ak.zip(columns, depth_limit=1))
    return path


def built(file: Path, variable: str = "x", binning: Any = (0, 1, 2, 3, 4), **keys: Any) -> Templates:
    region = {"Name": "SR", "Variable": variable, "Binning": list(binning)} | keys
    sample = {"Name": "B", "SamplePath": str(file), "Tree": "t"}
    document = {
        "General": {"Measurement": "m", "POI": "mu", "InputPath": "{SamplePath}", "HistogramFolder": "h"},
        "Regions": [region],
        "Samples": [sample, sample | {"Name": "Data", "Data": True}],
        "NormFactors": [{"Name": "mu", "Samples": "B"}],
    }
    return process_templates(build_templates(load_config(document)), load_config(document))


def contents(templates: Templates) -> list[float]:
    found = templates.nominal("SR", "B")
    assert isinstance(found, Histogram)
    return found.contents.tolist()


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ('ch == "ee"', [0, 25, 0, 25]),
        ("'ee' == ch", [0, 25, 0, 25]),
        ('ch != "ee"', [25, 0, 25, 0]),
        ('!(ch == "ee") || x > 3', [25, 0, 25, 25]),
        ("ch == lep", [0, 25, 0, 0]),
        ('lep == ""', [25, 0, 25, 25]),
        ('ch == "none"', [0, 0, 0, 0]),
        ('(ch == "ee") & (p.n == 1)', [0, 25, 0, 25]),
        ("p.n == 0", [25, 0, 25, 0]),
        ("p.pt < 4", [1, 1, 1, 1]),
    ],
)
def test_selections(file: Path, filter_: str, expected: list[float]) -> None:
    assert contents(built(file, Filter=filter_)) == expected


def test_elements_of_lists_of_text_and_records(file: Path) -> None:
    some = np.arange(SIZE) % 3
    for text, chosen in [
        ('tags[0] == "b"', some > 0),
        ('any(tags == "c")', some == 2),
        ("count(tags) == 1", some == 1),
        ("max(jets.pt) >= 50 || count(jets.pt) == 1", (some == 1) | ((some == 2) & (np.arange(SIZE) + 10 >= 50))),
        ("jets.pt[1] > 0", some == 2),
    ]:
        assert contents(built(file, Filter=text)) == np.bincount(X[chosen].astype(int), minlength=4).tolist(), text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ch", "gives text, not numbers"),
        ("ch + 1", "not numbers; text can only be compared"),
        ('ch > "a"', "types can't be compared"),
        ("ch == 1", "a number stands without quotes"),
        ("x == 'ee'", "a number stands without quotes"),
        ("p.m", 'no member "m"; there are "pt", "n"|no branch "p.m"'),
        ("x.pt", "this has no members|no branch"),
        ("'ee'", "text can't be used here"),
    ],
)
def test_mistakes_with_text(file: Path, text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        built(file, variable=text)


def test_filters_are_no_text(file: Path) -> None:
    with pytest.raises(TemplateError, match="gives text where a filter needs true or false"):
        built(file, Filter="ch")


def test_members_of_objects() -> None:
    """TLorentzVector and lists of them, as uproot gives them."""
    objects = [[{"fP": {"fX": i + j, "fY": 1}, "fE": 30.0 + i} for j in range(i % 3)] for i in range(6)]
    vectors = {"v": ak.Array(objects), "l": ak.Array([{"fP": {"fX": float(i)}, "fE": 2.0 * i} for i in range(6)])}

    def value(text: str) -> tuple[Any, Any]:
        return numbers(evaluate(parse(text), vectors, {}, frozenset()), 6)

    assert value('l["fP"]["fX"]')[0].tolist() == [0, 1, 2, 3, 4, 5]
    found, present = value("v[0].fE")
    assert found[present].tolist() == [31, 32, 34, 35]
    assert value("count(v)")[0].tolist() == [0, 1, 2, 0, 1, 2]
    assert value("sum(v['fP']['fX'])")[0].tolist() == [0, 1, 5, 0, 4, 11]
    with pytest.raises(ExpressionError, match='its members are "fP", "fE"'):
        value("v[0]")


def test_text_that_may_be_missing() -> None:
    columns = {"tags": ak.Array([["b"], [], ["c"]])}
    flags = evaluate(parse("tags[0] != 'b'"), columns, {}, frozenset())
    assert selected(flags, 3).tolist() == [False, False, True]


def test_real_text(shared_data: Path) -> None:
    """A branch of std::string that RDataFrame wrote."""
    path = shared_data.parent / "cases" / "templates" / "string-branch" / "in.root"
    assert contents(built(path, Filter='ch == "ee"')) == [0, 25, 0, 25]


def test_names_inside_other_branches(file: Path) -> None:
    with open_trees(str(file)) as opened:
        tree = opened.tree("t")
        assert tree.bind("p.pt").branches
        with pytest.raises(ExpressionError, match=r'no branch "q\.pt"'):
            tree.bind("q.pt")


def test_open_bins(file: Path) -> None:
    templates = built(file, variable="p.pt", binning=(float("-inf"), 10, 30, float("inf")))
    found = templates.nominal("SR", "B")
    assert found is not None
    assert found.contents.tolist() == [10, 20, 70]
    assert found.axis.edges.tolist() == [-10, 10, 30, 50]
    assert (found.underflow, found.overflow) == (0, 0)
    assert templates.events is not None
    assert any("the last bin is open; on axes it ends at 50" in note for note in templates.events.notes)


def test_what_is_infinite_is_in_an_open_bin(file: Path) -> None:
    """boost-histogram, and so cabinetry, has it there as well."""
    assert contents(built(file, variable="wide", binning=(0, 2, float("inf")))) == [50, 50]
    assert contents(built(file, variable="wide", binning=(0, 2, 10))) == [50, 25]


def test_open_bins_are_merged(file: Path) -> None:
    templates = built(file, binning=(0, 1, 2, 3, float("inf")), Rebin=[0, 2, float("inf")])
    assert contents(templates) == [50, 50]


def test_edges_of_open_bins() -> None:
    assert closed([float("-inf"), float("inf")]).tolist() == [0, 1]
    assert closed([float("-inf"), 5, float("inf")]).tolist() == [4, 5, 6]
    assert closed([1, float("inf")]).tolist() == [1, 2]
    assert Histogram.from_arrays([0, 2, float("inf")], [1, 2], [1, 1]).axis.edges.tolist() == [0, 2, 4]


@pytest.mark.parametrize("binning", [[0, float("inf"), 1], [float("inf"), 1], [0, float("-inf")], [0, float("nan")]])
def test_infinity_stands_at_the_ends_only(file: Path, binning: list[float]) -> None:
    with pytest.raises(ConfigError, match="finite number"):
        built(file, binning=binning)


def test_histograms_have_no_open_bins() -> None:
    with pytest.raises(ConfigError, match="an edge at infinity is for ntuple input"):
        load_config(
            {
                "General": {
                    "Measurement": "m",
                    "POI": "mu",
                    "InputPath": "a.root:{SamplePath}",
                    "HistogramFolder": "h",
                },
                "Regions": [{"Name": "SR", "Binning": [0, 1, float("inf")]}],
                "Samples": [{"Name": "B", "SamplePath": "b"}, {"Name": "D", "SamplePath": "d", "Data": True}],
                "NormFactors": [{"Name": "mu", "Samples": "B"}],
            }
        )
