"""A fit carried over to another model, by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.infer.counting import modifier, workspace

from wilks import compile_model, fit, load_workspace, mask_bins, predict, select_channels, transfer
from wilks.errors import ResultError

BACKGROUND = [
    modifier("jes", "normsys", {"lo": 0.9, "hi": 1.1}),
    modifier("rate"),
]
CHANNELS = {"SR": ([5.0, 9.0], [50.0, 35.0], [60.0, 52.0]), "CR": ([0.0], [200.0], [231.0])}


def test_values_uncertainties_and_correlations_go_by_name(shared_data: Path) -> None:
    whole = load_workspace(shared_data / "ttbar-lesson/workspace_repaired.json")
    full = compile_model(whole)
    control = fit(compile_model(select_channels(whole, "*CR")))
    carried = transfer(control, full)
    assert carried.names == full.parameter_names
    common = [name for name in full.parameter_names if "SR" not in name]
    assert set(common) == set(control.names)
    for name in common:
        assert carried[name].value == control[name].value
        assert carried[name].uncertainty == control[name].uncertainty
        for other in common:
            i, j = full.index(name), full.index(other)
            assert carried.covariance[i, j] == control.covariance[control.index(name), control.index(other)]
    missing = [name for name in full.parameter_names if "SR" in name]
    assert carried.settings["not_in_fit"] == missing
    assert carried.settings["transferred_from"] == control.workspace_digest != carried.workspace_digest
    for name in missing:
        i = full.index(name)
        assert carried[name].value == 1.0
        assert carried[name].uncertainty == full.prefit_uncertainties[i] > 0
        assert np.count_nonzero(carried.covariance[i]) == 1
    back = transfer(transfer(control, full), compile_model(select_channels(whole, "*CR")))
    np.testing.assert_array_equal(back.covariance, control.covariance)
    np.testing.assert_array_equal(back.values, control.values)


def test_a_region_that_was_not_fitted_is_predicted_in_closed_form() -> None:
    whole = workspace(CHANNELS, signal=[], background=BACKGROUND)
    control = fit(compile_model(select_channels(whole, "CR"), poi=""))
    predicted = predict(compile_model(whole, poi=""), transfer(control, compile_model(whole, poi="")))
    # jes and rate act alike everywhere: what CR measures is their product.
    ratio = 231.0 / 200.0
    np.testing.assert_allclose(predicted["SR"].total - [5, 9], np.array([50.0, 35.0]) * ratio, rtol=1e-6)
    np.testing.assert_allclose(
        predicted["SR"].total_uncertainty, np.array([50.0, 35.0]) * np.sqrt(231.0) / 200.0, rtol=1e-5
    )


def test_masked_bins_are_predicted_with_their_own_statistical_uncertainty() -> None:
    gamma = [modifier("gamma", "staterror", [5.0, 7.0])]
    whole = workspace({"SR": ([0.0, 0.0], [50.0, 35.0], [60.0, 52.0])}, signal=[], background=gamma)
    full = compile_model(whole, poi="")
    masked = fit(compile_model(mask_bins(whole, {"SR": [1]}), poi=""))
    assert masked["gamma[1]"].fixed
    assert masked.names == full.parameter_names
    predicted = predict(full, masked)
    np.testing.assert_allclose(predicted["SR"].total_uncertainty[1], 7.0, rtol=1e-9)
    np.testing.assert_allclose(predicted["SR"].total[1], 35.0)
    np.testing.assert_allclose(predicted["SR"].total_uncertainty[0], 50 * masked["gamma[0]"].uncertainty, rtol=1e-9)
    assert transfer(masked, full).settings["not_in_fit"] == ["gamma[1]"]


def test_parameters_that_only_share_a_name_are_told_apart() -> None:
    gamma = [modifier("gamma", "staterror", [5.0])]
    whole = workspace({"A": ([0.0], [50.0], [60.0]), "B": ([0.0], [70.0], [52.0])}, signal=[], background=gamma)
    full, last = compile_model(whole, poi=""), fit(compile_model(select_channels(whole, "B"), poi=""))
    assert last.names == ("gamma[0]",)  # gamma[1] of the whole
    with pytest.raises(ResultError, match="no parameter in common"):
        transfer(last, full)


def test_free_bins_of_other_channels_are_told_apart() -> None:
    """Components without a constraint have nothing but their number to tell them apart."""
    shape = {"signal": [], "background": [modifier("shape", "shapefactor")]}
    fitted = fit(compile_model(workspace({"A": ([0.0] * 2, [50.0, 60.0], [60.0, 52.0])}, **shape), poi=""))
    other = compile_model(workspace({"B": ([0.0] * 3, [5.0, 6.0, 7.0], [6.0, 5.0, 7.0])}, **shape), poi="")
    assert fitted.names == other.parameter_names[:2]
    with pytest.raises(ResultError, match="no parameter in common"):
        transfer(fitted, other)


def test_what_the_user_kept_stays_kept_and_bounds_stay_marked() -> None:
    whole = workspace(CHANNELS, background=BACKGROUND)
    full = compile_model(whole)
    held = transfer(fit(compile_model(select_channels(whole, "SR")), fixed={"jes": 0.3}), full)
    assert held["jes"].fixed
    assert (held["jes"].value, held["jes"].uncertainty) == (0.3, 0.0)
    low = fit(full, fixed={"rate": 2.0, "jes": 0.0})
    assert low["mu"].at_bound
    assert transfer(low, full)["mu"].at_bound
    assert transfer(replace(low, covariance_valid=False), full).covariance_valid is False
    assert np.isnan(transfer(replace(low, covariance_valid=False), full).covariance).all()


def test_predict_refuses_what_it_can_not_use() -> None:
    whole = workspace(CHANNELS, background=BACKGROUND)
    full = compile_model(whole)
    with pytest.raises(ResultError, match=r"wilks.transfer\(result, model\) carries it over"):
        predict(compile_model(select_channels(whole, "CR"), poi=""), fit(compile_model(workspace(CHANNELS))))
    with pytest.raises(ResultError, match='does not tell the value of "mu"'):
        predict(full, fit(full).blinded())
