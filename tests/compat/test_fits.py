"""Fits of served models: the point, the arrays, the record that pyhf's optimizers return."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pyhf
import pytest
from scipy.optimize import OptimizeWarning
from tests.compat.models import both, counting, luminous

from wilks.compat.ledger import LEDGER

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")

OPTIMIZERS = ("scipy", "minuit")
SWITCHES = ("return_correlations", "return_fitted_val", "return_result_obj")


def models(signal: float = 12.0) -> tuple[Any, Any, list[float]]:
    served, own = both(counting([signal, 11.0], [50.0, 52.0], [3.0, 7.0]))
    return served, own, [61.0, 58.0, *own.config.auxdata]


def asked_of(pdf: Any, data: Any, **options: Any) -> Any:
    return pyhf.infer.mle.fit(data, pdf, **options)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_fitted_point_is_the_minimum_of_pyhfs_own_likelihood(optimizer: str) -> None:
    pyhf.set_backend("numpy", optimizer)
    served, own = both(luminous())
    data = [130.0, 48.0, *own.config.auxdata]
    for fixed in (None, 0.0, 1.5):
        if fixed is None:
            ours, theirs = asked_of(served, data), asked_of(own, data)
        else:
            ours, theirs = (pyhf.infer.mle.fixed_poi_fit(fixed, data, pdf) for pdf in (served, own))
        lower, other = (float(pyhf.infer.mle.twice_nll(pars, data, own)[0]) for pars in (ours, theirs))
        assert lower <= other + 1e-9
        np.testing.assert_allclose(ours, theirs, atol=5e-3)
    assert LEDGER.served["fit"] == 3
    assert not LEDGER.original["fit"]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("uncertainties", [False, True])
@pytest.mark.parametrize("chosen", range(8))
def test_what_is_returned_has_pyhfs_types_and_shapes(optimizer: str, uncertainties: bool, chosen: int) -> None:
    pyhf.set_backend("numpy", optimizer)
    served, own, data = models()
    options = {name: bool(chosen >> i & 1) for i, name in enumerate(SWITCHES)} | {"return_uncertainties": uncertainties}
    ours, theirs = asked_of(served, data, **options), asked_of(own, data, **options)
    assert type(ours) is type(theirs)
    if not isinstance(ours, tuple):
        ours, theirs = (ours,), (theirs,)
    for mine, other in zip(ours, theirs, strict=True):
        assert np.shape(mine) == np.shape(other)
        assert (mine is None) == (other is None)
        if isinstance(other, np.ndarray):
            assert mine.dtype == other.dtype
            np.testing.assert_allclose(mine, other, atol=0.02, rtol=0.02)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_record_has_what_scripts_read(optimizer: str) -> None:
    pyhf.set_backend("numpy", optimizer)
    served, own, data = models()
    _, ours = asked_of(served, data, return_result_obj=True)
    _, theirs = asked_of(own, data, return_result_obj=True)
    assert ours.success
    for key in set(theirs) - {"multipliers", "minuit"}:
        assert key in ours, key
    assert np.shape(ours.fun) == np.shape(theirs.fun)
    np.testing.assert_allclose(ours.x, theirs.x, atol=2e-3)
    assert ours.message.rstrip(".") == theirs.message.rstrip(".")
    hessian = served.core.hessian(ours.x, data)  # of the nll; scipy minimises twice that
    expected = np.linalg.inv(hessian) / (2.0 if optimizer == "scipy" else 1.0)
    np.testing.assert_allclose(ours.hess_inv, expected, rtol=1e-8)
    if optimizer == "scipy":
        assert ours.unc is None
        assert ours.corr is None
        assert not hasattr(ours, "minuit")
    else:
        np.testing.assert_allclose(ours.unc, theirs.unc, rtol=0.01)
        np.testing.assert_allclose(ours.corr, theirs.corr, atol=0.01)


def test_minuit_is_made_when_it_is_asked_for_and_gives_minos() -> None:
    pyhf.set_backend("numpy", "minuit")
    served, own, data = models()
    _, ours = asked_of(served, data, return_result_obj=True)
    _, theirs = asked_of(own, data, return_result_obj=True)
    assert "minuit" in ours
    assert "minuit" not in list(ours)
    minuit = ours.minuit
    assert minuit is ours.minuit
    assert minuit.parameters == tuple(own.config.par_names)
    minuit.minos("mu")
    theirs.minuit.minos("mu")
    assert minuit.merrors["mu"].upper == pytest.approx(theirs.minuit.merrors["mu"].upper, rel=3e-3)
    assert minuit.merrors["mu"].lower == pytest.approx(theirs.minuit.merrors["mu"].lower, rel=3e-3)


def test_a_parameter_at_its_bound_has_the_uncertainty_of_the_curvature() -> None:
    pyhf.set_backend("numpy", "minuit")
    served, _, _ = models()
    data = [40.0, 45.0, *served.config.auxdata]
    pars, record = asked_of(served, data, return_uncertainties=True, return_result_obj=True)
    assert pars[0, 0] == 0.0
    expected = np.linalg.inv(served.core.hessian(pars[:, 0], data))
    np.testing.assert_allclose(record.hess_inv, expected, rtol=1e-10)
    np.testing.assert_allclose(pars[:, 1], np.sqrt(np.diag(expected)), rtol=1e-10)
    assert pars[0, 1] > 0.1


@pytest.mark.parametrize("stitch", [False, True])
def test_fixed_parameters_are_those_that_are_asked_for(stitch: bool) -> None:
    pyhf.set_backend("numpy", "minuit")
    spec = luminous()
    spec["parameters"][0]["fixed"] = True
    served, own = both(spec)
    data = [130.0, 48.0, *own.config.auxdata]
    index = own.config.par_slice("lumi").start
    for fixed in ([False] * own.config.npars, [name == "norm" for name in own.config.par_names]):
        options = {"fixed_params": fixed, "return_uncertainties": True, "return_correlations": True}
        ours, correlations = asked_of(served, data, do_stitch=stitch, **options)
        theirs, others = asked_of(own, data, do_stitch=stitch, **options)
        np.testing.assert_allclose(ours[:, 0], theirs[:, 0], atol=5e-3)
        np.testing.assert_allclose(ours[:, 1], theirs[:, 1], rtol=0.02, atol=1e-3)
        np.testing.assert_allclose(correlations, others, atol=0.03)
        assert ours[index, 1] > 0.01  # the model's fixed parameter is free
    held = own.config.par_slice("norm").start
    assert ours[held].tolist() == [0.0, 0.0]


def test_a_start_outside_its_bounds_is_refused_by_the_fit_not_by_the_model() -> None:
    spec = counting([12.0], [50.0], [3.0]) | {"parameters": [{"name": "mu", "inits": [11.0]}]}
    from wilks.compat._pyhf.model import Model

    for made in (Model, pyhf.Model):
        model = made(spec)
        data = [55.0, *model.config.auxdata]
        with pytest.raises(ValueError, match="lies outside of its bounds"):
            asked_of(model, data)
        wide = [(0.0, 20.0), (1e-10, 10.0)]
        assert asked_of(model, data, par_bounds=wide)[0] == pytest.approx(5 / 12, abs=2e-3)


def test_maxiter_is_respected() -> None:
    served, own, data = models()
    data = [90.0, 20.0, *own.config.auxdata]
    for optimizer in (pyhf.optimize.scipy_optimizer(maxiter=1), pyhf.optimize.minuit_optimizer(maxiter=1)):
        pyhf.set_backend("numpy", optimizer)
        with pytest.raises(pyhf.exceptions.FailedMinimization):
            asked_of(served, data)
        with pytest.raises(pyhf.exceptions.FailedMinimization):
            asked_of(served, data, maxiter=1)
        assert asked_of(served, data, maxiter=1000).shape == (3,)


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [("scipy", {"strategy": 1}), ("minuit", {"method": "SLSQP"}), ("scipy", {"do_grad": True})],
)
def test_options_that_pyhf_refuses_are_refused(optimizer: str, options: dict[str, Any]) -> None:
    pyhf.set_backend("numpy", optimizer)
    served, own, data = models()
    for pdf in (served, own):
        with pytest.raises(pyhf.exceptions.Unsupported):
            asked_of(pdf, data, **options)


def test_methods_that_know_no_bounds_go_the_originals_way() -> None:
    served, own, data = models()
    pars = asked_of(served, data)
    options = {"method": "BFGS", "return_result_obj": True, "tolerance": 1e-2}
    with pytest.warns(RuntimeWarning, match="BFGS cannot handle"):
        _, ours = asked_of(served, data, **options)
    with pytest.warns(RuntimeWarning, match="BFGS cannot handle"):
        _, theirs = asked_of(own, data, **options)
    np.testing.assert_allclose(ours.hess_inv, theirs.hess_inv, rtol=0.05, atol=1e-3)
    assert LEDGER.reasons["fit", "scipy's method BFGS"] == 1
    for method in ("trust-constr", "L-BFGS-B"):
        np.testing.assert_allclose(asked_of(served, data, method=method), pars, atol=1e-6)


def test_an_optimizer_of_the_users_own_is_used() -> None:
    class Elsewhere(pyhf.optimize.scipy_optimizer):
        pass

    served, own, data = models()
    pyhf.set_backend("numpy", Elsewhere())
    np.testing.assert_allclose(asked_of(served, data), asked_of(own, data), rtol=1e-5)
    assert LEDGER.original["fit"] == 1


def test_data_and_parameters_that_pyhf_refuses_are_refused_the_same_way() -> None:
    served, own, data = models()
    for pdf in (served, own):
        with pytest.raises(pyhf.exceptions.InvalidPdfData):
            asked_of(pdf, data[:-1])
        without = copy.deepcopy(pdf)
        without.config.set_poi(None)
        with pytest.raises(pyhf.exceptions.UnspecifiedPOI):
            pyhf.infer.mle.fixed_poi_fit(1.0, data, without)


def test_a_fit_that_was_made_is_not_made_again() -> None:
    served, _, data = models()
    first = asked_of(served, data)
    remembered = len(served.memory.kept)
    np.testing.assert_array_equal(asked_of(served, list(data)), first)
    assert len(served.memory.kept) == remembered
    assert not np.array_equal(asked_of(served, [62.0, *data[1:]]), first)


def test_precision_is_that_of_the_backend() -> None:
    served, own, data = models()
    pyhf.set_backend("numpy", precision="32b")
    for pdf in (served, own):
        assert asked_of(pdf, data).dtype == np.float32
        assert pdf.expected_data(pdf.config.suggested_init()).dtype == np.float32


def test_options_of_the_call_reach_minuit_and_unknown_ones_scipy() -> None:
    served, _, data = models()
    pyhf.set_backend("numpy", "minuit")
    _, record = asked_of(served, data, return_result_obj=True, tolerance=0.5, strategy=2)
    assert (record.minuit.tol, record.minuit.strategy.strategy) == (0.5, 2)
    pyhf.set_backend("numpy", pyhf.optimize.scipy_optimizer(solver_options={"nothing": 1}))
    with pytest.warns(OptimizeWarning, match="Unknown solver options: nothing"):
        asked_of(served, data)
    asked_of(served, data, solver_options={"ftol": 1e-12})
    assert (LEDGER.served["fit"], LEDGER.original["fit"]) == (2, 1)


def test_a_lower_minimum_is_found_and_told(caplog: pytest.LogCaptureFixture) -> None:
    """A variation that raises the yield whichever way it goes; pyhf ends where its start leads to."""
    shape = {"name": "shape", "type": "histosys", "data": {"lo_data": [130.0], "hi_data": [125.0]}}
    spec = counting([1e-6], [100.0], [1.0])
    spec["channels"][0]["samples"][1]["modifiers"] = [shape]
    served, own = both(spec)
    data, start = [140.0, 0.0], [1.0, 1.0]
    start[own.config.par_slice("shape").start] = 2.0
    with caplog.at_level("INFO", "wilks.compat"):
        ours, lower = asked_of(served, data, init_pars=start, return_fitted_val=True)
    theirs, other = asked_of(own, data, init_pars=start, return_fitted_val=True)
    index = own.config.par_slice("shape").start
    assert ours[index] < 0 < theirs[index]
    assert float(pyhf.infer.mle.twice_nll(ours, data, own)[0]) == pytest.approx(float(lower), abs=1e-9)
    assert lower < other - 0.1
    assert LEDGER.lower == 1
    assert "1 fits found a lower minimum" in str(LEDGER)
    assert "a lower minimum" in caplog.text


def test_what_the_data_do_not_tell_has_no_uncertainty() -> None:
    pyhf.set_backend("numpy", "minuit")
    spec = counting([12.0, 11.0], [50.0, 52.0], [3.0, 7.0])
    idle = {"name": "empty", "data": [0.0, 0.0], "modifiers": [{"name": "idle", "type": "normfactor", "data": None}]}
    twice = [{"name": name, "type": "normfactor", "data": None} for name in ("one", "two")]
    spec["channels"][0]["samples"] += [idle, {"name": "other", "data": [5.0, 20.0], "modifiers": twice}]
    served, _ = both(spec)
    data = [70.0, 80.0, *served.config.auxdata]
    pars, record = asked_of(served, data, return_uncertainties=True, return_result_obj=True)
    unknown = [name in ("idle", "one", "two") for name in served.config.par_names]
    assert np.isnan(pars[:, 1]).tolist() == unknown
    assert np.isnan(np.diag(record.hess_inv)).tolist() == unknown
    assert record.success


@pytest.mark.parametrize(
    ("known", "optimizer", "kept"), [(True, "scipy", True), (False, "scipy", False), (False, "minuit", True)]
)
def test_scripts_that_find_no_inverse_hessian_have_their_own_way(known: bool, optimizer: str, kept: bool) -> None:
    # SModelS weighs with it: NaN for the parameter of interest would go through all that follows.
    pyhf.set_backend("numpy", optimizer)
    spec = counting([12.0, 11.0], [50.0, 52.0], [3.0, 7.0])
    signal, background = spec["channels"][0]["samples"]
    twin = {"name": "twin", "type": "normfactor", "data": None}
    (background if known else signal)["modifiers"].append(twin)
    served, _ = both(spec)
    data = [70.0, 80.0, *served.config.auxdata]
    _, record = asked_of(served, data, return_result_obj=True)
    assert hasattr(record, "hess_inv") == kept
    if kept:
        variance = record.hess_inv[served.config.poi_index][served.config.poi_index]
        assert np.isfinite(variance) == known


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_record_of_l_bfgs_b_has_the_operator_that_scripts_make_dense() -> None:
    served, own, data = models()
    asked = {"return_result_obj": True, "method": "L-BFGS-B"}
    (_, ours), (_, theirs) = asked_of(served, data, **asked), asked_of(own, data, **asked)
    np.testing.assert_allclose(ours.hess_inv.todense(), theirs.hess_inv.todense(), rtol=0.05, atol=1e-3)
    assert LEDGER.original["fit"] == 1
    asked_of(served, data, method="L-BFGS-B")
    assert LEDGER.served["fit"] == 1


def test_options_may_be_none_as_cabinetry_hands_them_on() -> None:
    pyhf.set_backend("numpy", "minuit")
    served, _, data = models()
    options = {"maxiter": None, "tolerance": None, "strategy": None}
    _, record = asked_of(served, data, return_result_obj=True, **options)
    assert record.minuit.valid
    assert LEDGER.served["fit"] == 1


def test_an_error_in_wilks_is_no_error_of_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **options: Any) -> None:
        raise IndexError("broken")

    served, own, data = models()
    monkeypatch.setattr("wilks.compat._pyhf.fits.fit_problem", broken)
    np.testing.assert_allclose(asked_of(served, data), asked_of(own, data), rtol=1e-5)
    assert LEDGER.reasons["fit", "an error in wilks: IndexError: broken"] == 1
    assert not LEDGER.served["fit"]
