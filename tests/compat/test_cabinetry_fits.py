"""Fits through cabinetry: its records, options and log lines; the numbers beside the original's."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import cabinetry as original
import numpy as np
import pyhf
import pytest
from cabinetry.fit import FitResults
from tests.compat.workspaces import Pair, both, document, messages, twice_nll

import wilks.compat.cabinetry as cabinetry
import wilks.compat.pyhf as served_pyhf
from wilks.compat._cabinetry.calls import like
from wilks.compat.ledger import LEDGER

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")

# How far Minuit's estimates are from the minimum, in standard deviations, and from the exact Hessian.
APART, UNCERTAINTY, CORRELATION = 0.01, 0.01, 0.01


@pytest.fixture(scope="module")
def pair() -> Pair:
    return both(document())


def fits(pair: Pair, **options: Any) -> tuple[FitResults, FitResults]:
    """Return the original's fit and the served one; the served one is never the higher."""
    found = tuple(each.fit.fit(*one, **options) for each, one in zip((original, cabinetry), pair, strict=True))
    assert type(found[1]) is FitResults
    assert twice_nll(pair, found[1].bestfit) <= twice_nll(pair, found[0].bestfit) + 1e-9
    return found


def assert_alike(theirs: FitResults, ours: FitResults) -> None:
    sigma = np.where(theirs.uncertainty == 0, 1.0, theirs.uncertainty)
    assert np.abs((ours.bestfit - theirs.bestfit) / sigma).max() < APART
    assert np.allclose(ours.uncertainty, theirs.uncertainty, rtol=UNCERTAINTY, atol=0)
    assert np.allclose(ours.corr_mat, theirs.corr_mat, atol=CORRELATION)
    assert ours.labels == theirs.labels
    assert ours.best_twice_nll == pytest.approx(theirs.best_twice_nll, abs=1e-4)
    assert [type(each) for each in ours[:5]] == [np.ndarray, np.ndarray, list, np.ndarray, float]
    assert ours.minos_uncertainty.keys() == theirs.minos_uncertainty.keys()


@pytest.mark.parametrize("custom_fit", [False, True])
def test_a_fit_is_the_originals_or_lower(pair: Pair, custom_fit: bool) -> None:
    theirs, ours = fits(pair, custom_fit=custom_fit, goodness_of_fit=True)
    assert_alike(theirs, ours)
    assert ours.goodness_of_fit == pytest.approx(theirs.goodness_of_fit, abs=1e-5)
    constant = ours.labels.index("lumi")
    assert ours.uncertainty[constant] == 0.0
    assert not ours.corr_mat[constant].any()
    assert LEDGER.served["fit"] == 1
    assert not LEDGER.original.total()


@pytest.mark.parametrize("custom_fit", [False, True])
def test_starting_values_what_is_held_and_bounds_are_the_callers(pair: Pair, custom_fit: bool) -> None:
    config = pair[1][0].config
    start, held, bounds = config.suggested_init(), config.suggested_fixed(), config.suggested_bounds()
    names = config.par_names
    start[names.index("scale")], held[names.index("scale")] = 0.7, True
    held[names.index("lumi")] = False
    bounds[names.index("bkg_norm")], start[names.index("bkg_norm")] = (0.0, 0.95), 0.9
    theirs, ours = fits(pair, init_pars=start, fix_pars=held, par_bounds=bounds, custom_fit=custom_fit)
    at_bound = names.index("bkg_norm")
    assert ours.bestfit[names.index("scale")] == 0.7
    assert ours.uncertainty[names.index("scale")] == 0.0
    assert ours.uncertainty[names.index("lumi")] == pytest.approx(0.02, rel=0.05)
    assert ours.bestfit[at_bound] == pytest.approx(theirs.bestfit[at_bound], abs=1e-4)
    assert ours.bestfit[at_bound] == 0.95
    arrays = {"init_pars": np.array(start), "fix_pars": np.array(held), "par_bounds": np.array(bounds)}
    again = cabinetry.fit.fit(*pair[1], **arrays, custom_fit=custom_fit)
    assert np.array_equal(again.bestfit, ours.bestfit)


def test_a_parameter_at_its_bound_has_the_uncertainty_of_the_curvature(pair: Pair) -> None:
    model, data = pair[1]
    best = cabinetry.fit.fit(model, data)
    bounds = model.config.suggested_bounds()
    index = model.config.par_names.index("mu")
    bounds[index] = (best.bestfit[index] + 0.5, 10.0)
    start = model.config.suggested_init()
    start[index] = 5.0
    ours = cabinetry.fit.fit(model, data, par_bounds=bounds, init_pars=start)
    assert ours.bestfit[index] == bounds[index][0]
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer())
    options = {"par_bounds": bounds, "init_pars": start, "return_result_obj": True, "return_uncertainties": True}
    _, record = pyhf.infer.mle.fit(data, model, **options)
    assert np.isfinite(ours.uncertainty).all()
    assert np.allclose(ours.uncertainty, np.sqrt(np.diag(record.hess_inv)), rtol=1e-12)
    free = np.flatnonzero(ours.uncertainty > 0)
    position = int(np.flatnonzero(free == index)[0])
    hessian = model.core.hessian(ours.bestfit, np.array(data))[np.ix_(free, free)]
    assert ours.uncertainty[index] == pytest.approx(np.sqrt(np.linalg.inv(hessian)[position, position]))
    assert cabinetry.model_utils.prediction(model, fit_results=ours).total_stdev_model_bins[0][-1][0] > 0


def test_minos_is_where_2nll_has_risen_by_one(pair: Pair, caplog: Any) -> None:
    theirs, ours = fits(pair, minos=["mu", "shape"])
    for name in ("mu", "shape"):
        assert np.allclose(ours.minos_uncertainty[name], theirs.minos_uncertainty[name], rtol=2e-3)
        assert ours.minos_uncertainty[name][0] < 0 < ours.minos_uncertainty[name][1]
    index = ours.labels.index("mu")
    for side in ours.minos_uncertainty["mu"]:
        start, held = list(ours.bestfit), pair[1][0].config.suggested_fixed()
        start[index], held[index] = start[index] + side, True
        beside = cabinetry.fit.fit(*pair[1], init_pars=start, fix_pars=held)
        assert beside.best_twice_nll - ours.best_twice_nll == pytest.approx(1.0, abs=1e-6)
    said = messages(caplog, lambda: cabinetry.fit.fit(*pair[1], minos="mu"))
    down, up = ours.minos_uncertainty["mu"]
    width = max(len(name) for name in ours.labels)
    assert f"{'mu':<{width}} = {ours.bestfit[index]: .4f} {down:+.4f} {up:+.4f}" in said
    assert cabinetry.fit.fit(*pair[1], minos="nothing").minos_uncertainty == {}
    assert "parameter nothing not found in model" in messages(
        caplog, lambda: cabinetry.fit.fit(*pair[1], minos=("nothing",))
    )
    assert cabinetry.fit.fit(*pair[1], minos=["lumi", "mu"]).minos_uncertainty.keys() == {"mu"}  # lumi is constant


def test_log_lines_have_the_loggers_and_levels_that_scripts_set(pair: Pair, caplog: Any) -> None:
    theirs = messages(caplog, lambda: original.fit.fit(*pair[0], goodness_of_fit=True))
    ours = messages(caplog, lambda: cabinetry.fit.fit(*pair[1], goodness_of_fit=True))
    assert {record.name for record in caplog.records} >= {"cabinetry.fit"}

    def kinds(lines: list[str]) -> list[str]:
        return [line.partition("=")[0].strip() for line in lines if "status" not in line and "p-value" not in line]

    assert kinds(ours) == kinds(theirs)
    assert sum("status" in line for line in ours) == 1
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        cabinetry.fit.fit(*pair[1])
    assert not caplog.records


@pytest.mark.parametrize("custom_fit", [False, True])
def test_a_fit_that_may_not_go_on_fails_as_the_original(pair: Pair, custom_fit: bool) -> None:
    error = ValueError if custom_fit else pyhf.exceptions.FailedMinimization
    for each, one in zip((original, cabinetry), pair, strict=True):
        with pytest.raises(error):
            each.fit.fit(*one, maxiter=1, custom_fit=custom_fit)
    assert LEDGER.original["fit"] == 1


def test_options_of_minuit_are_taken_and_wrong_ones_refused(pair: Pair) -> None:
    best = cabinetry.fit.fit(*pair[1]).bestfit
    for strategy in (0, 1, 2):
        again = cabinetry.fit.fit(*pair[1], strategy=strategy, maxiter=10_000, tolerance=0.01)
        assert np.allclose(again.bestfit, best, atol=1e-6)
    for each, one in zip((original, cabinetry), pair, strict=True):
        with pytest.raises(ValueError, match="strategy"):
            each.fit.fit(*one, strategy=7, custom_fit=True)
    start = pair[1][0].config.suggested_init()
    start[pair[1][0].config.par_names.index("mu")] = 50.0
    for each, one in zip((original, cabinetry), pair, strict=True):
        with pytest.raises(ValueError, match="lies outside of its bounds"):
            each.fit.fit(*one, init_pars=start)


def test_options_that_do_not_exist_are_refused_and_those_of_a_newer_cabinetry_are_its_own(pair: Pair) -> None:
    for function, arguments in (("fit", ()), ("ranking", ()), ("scan", ("mu",)), ("limit", ()), ("significance", ())):
        for each, one in zip((original, cabinetry), pair, strict=True):
            with pytest.raises(TypeError, match=f"{function}.. got an unexpected keyword argument 'nothing'"):
                getattr(each.fit, function)(*one, *arguments, nothing=1)

    def newer(model: Any, *, strategy: Any = None, more: int = 0) -> str:
        return f"newer {more}"

    def ours(model: Any, **options: Any) -> str:
        return "ours"

    served = like(newer)(ours)
    assert [served(1), served(1, strategy=2), served(1, more=3)] == ["ours", "ours", "newer 3"]
    assert served.__name__ == "newer"


def test_the_optimizer_that_was_set_stays_set(pair: Pair) -> None:
    pyhf.set_backend("numpy", "scipy")
    model, data = pair[1]
    cabinetry.fit.fit(model, data)
    cabinetry.fit.ranking(model, data)
    cabinetry.fit.limit(model, data)
    cabinetry.fit.significance(model, data)
    assert pyhf.get_backend()[1].name == "scipy"


def test_models_that_are_not_served_go_the_originals_way() -> None:
    packages = (pyhf, served_pyhf)
    workspaces = [package.Workspace(document()) for package in packages]
    (own, data), (served, _) = [(each.model(clip_bin_data=1e-9), each.data(each.model())) for each in workspaces]
    assert served.core is None
    LEDGER.clear()
    for options in ({}, {"custom_fit": True}):
        theirs, ours = original.fit.fit(own, data, **options), cabinetry.fit.fit(served, data, **options)
        assert np.array_equal(theirs.bestfit, ours.bestfit)
    assert LEDGER.original["fit"] == 2
    assert not LEDGER.served["fit"]


@pytest.mark.parametrize(
    "name", ["cabinetry-example/golden/example_ntuple_workspace.json", "ttbar-lesson/workspace_repaired.json"]
)
def test_fits_of_real_workspaces(shared_data: Path, name: str) -> None:
    pair = both(json.loads((shared_data / name).read_text()))
    theirs, ours = fits(pair, goodness_of_fit=True)
    sigma = np.where(ours.uncertainty == 0, 1.0, ours.uncertainty)
    assert np.abs((ours.bestfit - theirs.bestfit) / sigma).max() < 0.02
    assert ours.goodness_of_fit == pytest.approx(theirs.goodness_of_fit, abs=1e-5)
