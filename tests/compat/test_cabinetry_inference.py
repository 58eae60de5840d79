"""Rankings, scans, limits and significances through cabinetry, beside the original's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cabinetry as original
import numpy as np
import pytest
from cabinetry.fit import FitResults, LimitResults, RankingResults, ScanResults, SignificanceResults
from tests.compat.workspaces import Pair, both, document, light, messages

import wilks.compat.cabinetry as cabinetry
from wilks.compat.ledger import LEDGER

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")

IMPACTS = ("prefit_up", "prefit_down", "postfit_up", "postfit_down")


@pytest.fixture(scope="module")
def pair() -> Pair:
    return both(document())


@pytest.fixture(scope="module")
def small() -> Pair:
    return both(light())


def asked(pair: Pair, function: str, *arguments: Any, **options: Any) -> tuple[Any, Any]:
    """Return the original's answer and the served one."""
    return tuple(
        getattr(each.fit, function)(*one, *arguments, **options)
        for each, one in zip((original, cabinetry), pair, strict=True)
    )


def assert_ranked_alike(theirs: RankingResults, ours: RankingResults, apart: float) -> None:
    assert type(ours) is RankingResults
    assert ours.labels == theirs.labels
    for name in IMPACTS:
        assert np.allclose(getattr(ours, name), getattr(theirs, name), rtol=0, atol=apart), name


@pytest.mark.parametrize("custom_fit", [False, True])
def test_a_ranking_is_the_originals(pair: Pair, custom_fit: bool) -> None:
    theirs, ours = asked(pair, "ranking", custom_fit=custom_fit)
    assert_ranked_alike(theirs, ours, 3e-3)
    constant = ours.labels.index("lumi")
    assert [getattr(ours, name)[constant] for name in IMPACTS] == [0.0] * 4
    assert ours.prefit_up[ours.labels.index("bkg_norm")] == 0.0
    assert LEDGER.served["fit"] == 1 + 4 * (len(ours.labels) - 2) + 2
    assert not LEDGER.original.total()


def test_a_ranking_of_fit_results_made_by_hand(pair: Pair) -> None:
    best = original.fit.fit(*pair[0])
    options = {"fit_results": FitResults(*(np.array(each) for each in best[:2]), *best[2:5]), "poi_name": "bkg_norm"}
    theirs, ours = asked(pair, "ranking", **options)
    assert_ranked_alike(theirs, ours, 1e-3)
    assert "mu" in ours.labels
    assert np.array_equal(ours.bestfit, theirs.bestfit)


def test_a_ranking_with_what_the_caller_holds(pair: Pair) -> None:
    names, held = pair[1][0].config.par_names, pair[1][0].config.suggested_fixed()
    held[names.index("scale")] = True
    before = list(held)
    assert_ranked_alike(*asked(pair, "ranking", fix_pars=held), 3e-3)
    asked(pair, "scan", "mu", fix_pars=list(held), n_steps=2)
    assert held == before


def test_a_step_of_a_ranking_does_not_end_at_a_bound(pair: Pair) -> None:
    model, data = pair[1]
    best = cabinetry.fit.fit(model, data)
    index = best.labels.index("shape")
    bounds = model.config.suggested_bounds()
    bounds[index] = (best.bestfit[index] - 0.1, 5.0)
    free = cabinetry.fit.ranking(model, data, fit_results=best)
    bounded = cabinetry.fit.ranking(model, data, fit_results=best, par_bounds=bounds)
    row = free.labels.index("shape")
    assert bounded.postfit_down[row] == pytest.approx(free.postfit_down[row], abs=1e-6)
    assert abs(bounded.postfit_down[row]) > 0.01


@pytest.mark.parametrize("custom_fit", [False, True])
def test_a_scan_is_the_originals(pair: Pair, custom_fit: bool) -> None:
    theirs, ours = asked(pair, "scan", "mu", n_steps=5, custom_fit=custom_fit)
    assert type(ours) is ScanResults
    assert np.allclose(ours.parameter_values, theirs.parameter_values, atol=0.02)
    theirs, ours = asked(pair, "scan", "shape", par_range=(-1.0, 0.5), n_steps=4, custom_fit=custom_fit)
    assert np.array_equal(ours.parameter_values, np.linspace(-1.0, 0.5, 4))
    assert np.allclose(ours.delta_nlls, theirs.delta_nlls, atol=1e-4)
    assert (ours.name, ours.bestfit) == ("shape", pytest.approx(theirs.bestfit, abs=0.01))


def test_a_scan_of_an_unknown_parameter_is_refused(pair: Pair) -> None:
    for each, one in zip((original, cabinetry), pair, strict=True):
        with pytest.raises(ValueError, match="parameter nothing not found in model"):
            each.fit.scan(*one, "nothing")


def test_limits_are_the_originals(small: Pair) -> None:
    theirs, ours = asked(small, "limit", poi_tolerance=1e-4, bracket=(0.2, 5.0))
    assert type(ours) is LimitResults
    assert ours.observed_limit == pytest.approx(theirs.observed_limit, rel=2e-3)
    assert np.allclose(ours.expected_limit, theirs.expected_limit, rtol=2e-3)
    assert ours.confidence_level == 0.95
    assert (np.diff(ours.poi_values) > 0).all()
    assert ours.observed_CLs.shape == ours.poi_values.shape
    assert ours.expected_CLs.shape == (*ours.poi_values.shape, 5)
    nearest = np.abs(ours.poi_values - ours.observed_limit).argmin()
    assert ours.observed_CLs[nearest] == pytest.approx(0.05, abs=1e-4)
    assert LEDGER.served["test"] == ours.poi_values.size


def test_limits_need_no_bracket(pair: Pair, caplog: Any) -> None:
    free = cabinetry.fit.limit(*pair[1], confidence_level=0.9)
    said = messages(caplog, lambda: cabinetry.fit.limit(*pair[1], bracket=(7.0, 8.0), confidence_level=0.9))
    assert "the bracket (7.0000, 8.0000) is not needed: the search starts from the fit" in said
    assert "calculating 90% confidence level upper limit for mu" in said
    assert f"observed         : {free.observed_limit:.4f}" in said
    bounds = pair[1][0].config.suggested_bounds()
    again = cabinetry.fit.limit(*pair[1], bracket=(7.0, 8.0), maxsteps=1, confidence_level=0.9, par_bounds=bounds)
    assert again.observed_limit == pytest.approx(free.observed_limit, rel=1e-6)
    assert bounds == pair[1][0].config.suggested_bounds()
    for each, one in zip((original, cabinetry), pair, strict=True):
        with pytest.raises(ValueError, match="the two bracket values must not be the same"):
            each.fit.limit(*one, bracket=(1.0, 1.0))


def test_limits_with_what_the_caller_holds(small: Pair) -> None:
    model = small[1][0]
    held, start, bounds = (getattr(model.config, f"suggested_{what}")() for what in ("fixed", "init", "bounds"))
    held[model.config.par_names.index("scale")], start[model.config.par_names.index("scale")] = True, 0.5
    bounds[model.config.par_names.index("mu")] = (-1.0, 6.0)
    options = {"fix_pars": held, "init_pars": start, "par_bounds": bounds, "bracket": (0.5, 4.0)}
    theirs = original.fit.limit(*small[0], **{**options, "par_bounds": list(bounds)})
    ours = cabinetry.fit.limit(*small[1], **options)
    assert ours.observed_limit == pytest.approx(theirs.observed_limit, abs=0.011)
    assert np.allclose(ours.expected_limit, theirs.expected_limit, atol=0.011)
    assert ours.observed_limit != pytest.approx(cabinetry.fit.limit(*small[1]).observed_limit, abs=0.05)
    assert bounds[model.config.par_names.index("mu")] == (-1.0, 6.0)


def test_a_limit_that_does_not_exist_is_an_error_as_in_the_original() -> None:
    spec = document()
    spec["channels"][0]["samples"][0]["data"] = [0.0, 0.0, 0.0]
    spec["channels"][0]["samples"][0]["modifiers"].pop()
    served = cabinetry.model_utils.model_and_data(spec)
    with pytest.raises(ValueError):
        cabinetry.fit.limit(*served)


@pytest.mark.parametrize("observed", [0.9, 1.0, 1.2])
def test_significances_are_the_originals(observed: float) -> None:
    theirs, ours = asked(both(document(observed)), "significance")
    assert type(ours) is SignificanceResults
    assert np.allclose(ours, theirs, rtol=2e-3, atol=2e-3)


@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
def test_a_significance_beyond_all_p_values_is_finite() -> None:
    spec = light()
    for channel in spec["channels"]:
        for sample in channel["samples"]:
            sample["data"] = [500.0 * one for one in sample["data"]]
            sample["modifiers"] = [each for each in sample["modifiers"] if each["type"] == "normfactor"]
    spec["observations"][0]["data"] = [500.0 * one for one in spec["observations"][0]["data"]]
    model, data = cabinetry.model_utils.model_and_data(spec)
    found = cabinetry.fit.significance(model, data)
    nothing, best = (
        model.core.nll(np.array([mu]), np.array(data)) for mu in (0.0, cabinetry.fit.fit(model, data)[0][0])
    )
    assert found.observed_p_value == 0.0
    assert found.observed_significance == pytest.approx(np.sqrt(2.0 * (nothing - best)), rel=1e-6)
    assert 38 < found.expected_significance < np.inf


def test_without_a_parameter_of_interest_there_is_none_of_them() -> None:
    pair = both(document(poi=""))
    for function in ("ranking", "limit", "significance"):
        for each, one in zip((original, cabinetry), pair, strict=True):
            with pytest.raises(ValueError, match="no POI specified"):
                getattr(each.fit, function)(*one)
    theirs, ours = asked(pair, "significance", poi_name="mu")
    assert np.allclose(ours, theirs, rtol=2e-3)
    assert cabinetry.fit.limit(*pair[1], poi_name="mu").observed_limit > 0
    assert pair[1][0].config.poi_name is None


def test_a_ranking_of_a_real_workspace(shared_data: Path) -> None:
    folder = shared_data / "cabinetry-example/golden"
    pair = both(json.loads((folder / "example_ntuple_workspace.json").read_text()))
    theirs, ours = asked(pair, "ranking", custom_fit=True)
    assert_ranked_alike(theirs, ours, 0.01)  # the parameter of interest is uncertain by 0.95
