from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.infer.rankable import mixed_model

import wilks
from wilks.errors import ResultError
from wilks.results.impacts import with_sides
from wilks.results.ranking import BreakdownResult, RankingResult


@pytest.fixture(scope="module")
def ranked() -> RankingResult:
    return wilks.ranking(mixed_model(), poi=["mu", "k"])


@pytest.fixture(scope="module")
def parts() -> BreakdownResult:
    return wilks.breakdown(mixed_model())


def test_round_trip(ranked: RankingResult, parts: BreakdownResult, tmp_path: Path) -> None:
    for result in (ranked, parts):
        result.save(tmp_path / "result.json")
        loaded = wilks.load_result(tmp_path / "result.json")
        assert str(loaded) == str(result)
        for name, value in vars(result).items():
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(getattr(loaded, name), value)
            else:
                assert getattr(loaded, name) == value


def test_a_breakdown_without_groups_comes_back(tmp_path: Path) -> None:
    model = mixed_model()
    held = {name: float(model.prefit_values[i]) for i, name in enumerate(model.parameter_names) if name != "mu"}
    result = wilks.breakdown(model, fixed=held)
    assert result.groups == ()
    np.testing.assert_allclose(result.statistical, result.total)
    result.save(tmp_path / "result.json")
    loaded = wilks.load_result(tmp_path / "result.json")
    assert loaded.contributions.shape == (1, 0, 2)
    assert str(loaded) == str(result)


def test_a_damaged_file_is_one_sentence(ranked: RankingResult, parts: BreakdownResult, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    for result, key in ((ranked, "impacts"), (ranked, "statuses"), (parts, "contributions"), (parts, "members")):
        result.save(path)
        document = json.loads(path.read_text())
        document[key] = document[key][:-1]
        path.write_text(json.dumps(document))
        with pytest.raises(ResultError, match="damaged"):
            wilks.load_result(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "refits"}, 'method "refits" is not among "refit"'),
        ({"pois": ("mu", "mu")}, "pois has"),
        ({"statuses": ()}, "statuses has 0 entries"),
    ],
)
def test_what_does_not_fit_together_is_refused(ranked: RankingResult, changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(ranked, **changes)  # type: ignore[arg-type]


def test_a_breakdown_by_no_known_method_is_refused(parts: BreakdownResult) -> None:
    with pytest.raises(ValueError, match='did you mean "frozen"'):
        replace(parts, method="frosen")


def test_the_largest_post_fit_impact_comes_first(ranked: RankingResult) -> None:
    for k, poi in enumerate(ranked.pois):
        largest = np.abs(ranked.impacts[k, ranked.order(poi), 2:]).max(axis=1)
        assert (np.diff(largest) <= 0).all()
        assert ranked.table(poi).rows[0][0] == ranked.names[ranked.order(poi)[0]]
    missing = ranked.impacts.copy()
    missing[:, 0, 2:] = np.nan
    assert replace(ranked, impacts=missing).order()[-1] == 0


def test_failures_are_named_in_table_and_list(ranked: RankingResult) -> None:
    statuses = list(ranked.statuses)
    statuses[0] = ("converged", "no minimum", "converged", "converged")
    statuses[1] = ("stuck",) * 4
    result = replace(ranked, statuses=tuple(statuses))
    assert result.failures == {ranked.names[0]: "pre-fit down: no minimum", ranked.names[1]: "stuck"}
    assert "pre-fit down: no minimum" in str(result)
    assert "2 incomplete" in repr(result)


def test_an_unknown_parameter_of_interest(ranked: RankingResult) -> None:
    with pytest.raises(ResultError, match='no parameter of interest "mv" in this result; it has "mu", "k"'):
        ranked.table("mv")


def test_impacts_json_is_what_combine_harvester_writes(ranked: RankingResult) -> None:
    document = json.loads(ranked.impacts_json())
    assert set(document) == {"POIs", "params", "method"}
    assert document["method"] == "default"
    value, (up, down) = ranked.poi_values[0], ranked.poi_uncertainties[0]
    assert document["POIs"][0] == {"name": "mu", "fit": [value - down, value, value + up]}
    entries = {entry["name"]: entry for entry in document["params"]}
    assert set(entries) == set(ranked.names)
    keys = {"name", "type", "groups", "prefit", "fit", "mu", "k", "impact_mu", "impact_k"}
    assert all(set(entry) == keys for entry in document["params"])
    norm, row = entries["norm"], ranked.names.index("norm")
    assert norm["type"] == "Gaussian"
    assert entries["counts[0]"]["type"] == "Poisson"
    assert norm["groups"] == ["normsys"]
    assert norm["prefit"] == [-1.0, 0.0, 1.0]
    low, centre, high = norm["fit"]
    assert (centre, high - centre) == pytest.approx((ranked.values[row], ranked.uncertainties[row, 0]))
    low, centre, high = norm["mu"]
    np.testing.assert_allclose([high - centre, low - centre], ranked.impacts[0, row, 2:])
    assert norm["impact_mu"] == max(abs(high - centre), abs(low - centre))


def test_impacts_json_of_a_free_factor_and_without_failed_rows() -> None:
    result = wilks.ranking(mixed_model(), parameters=["k", "norm"])
    entries = {entry["name"]: entry for entry in json.loads(result.impacts_json())["params"]}
    assert entries["k"]["type"] == "Unconstrained"
    assert entries["k"]["prefit"] == [1.0, 1.0, 1.0]
    impacts = result.impacts.copy()
    impacts[0, result.names.index("norm"), 3] = np.nan
    left = json.loads(replace(result, impacts=impacts).impacts_json())["params"]
    assert [entry["name"] for entry in left] == ["k"]
    covariance = wilks.ranking(mixed_model(), parameters="k", method="covariance")
    assert json.loads(covariance.impacts_json())["method"] == "hesse"


def test_breakdown_says_how_its_parts_add_up(parts: BreakdownResult) -> None:
    text = str(parts)
    assert "MC statistics" in text
    left = parts.remainder()[0] / parts.total[0, 0] ** 2
    assert f"{100 * left:.1f} %" in text
    assert "correlations between groups are not in the quadratic sum" in text
    assert text.index("total") > text.index("statistical")


def test_global_observables_say_what_is_not_explained() -> None:
    result = wilks.ranking(mixed_model(), method="global observables")
    share = 100 * result.remainder() / result.poi_uncertainties[0].mean() ** 2
    assert f"not explained: {share:.1f} % of the variance" in str(result)


def test_notebooks_get_tables(ranked: RankingResult, parts: BreakdownResult) -> None:
    assert ranked._repr_html_().count("<table>") == 2
    assert parts._repr_html_().count("<table>") == 1


@pytest.mark.parametrize(
    ("sides", "text"),
    [
        ((0.32, 0.27), "1.30 +0.32 -0.27"),
        ((0.1, 0.1), "1.30 ± 0.10"),
        ((np.nan, np.nan), "1.3"),
        ((0.1, np.nan), "1.3"),
    ],
)
def test_values_with_sides(sides: tuple[float, float], text: str) -> None:
    assert with_sides(1.3, np.array(sides)) == text
