from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from tests.infer.rankable import linear_covariance, linear_model, mixed_model, mixed_spec
from tests.reference.likelihood import Likelihood

import wilks
import wilks.infer.study as study_module
from wilks.errors import ModelError, ResultError
from wilks.fitting.problem import FitOptions
from wilks.infer.ranking import ranking
from wilks.infer.study import Running
from wilks.model.datasets import Data
from wilks.model.model import Model
from wilks.results.many import ManyFits


@pytest.fixture(scope="module")
def lesson(shared_data: Path) -> Model:
    return wilks.compile_model(wilks.load_workspace(shared_data / "ttbar-lesson" / "workspace_repaired.json"))


def test_every_row_is_that_of_a_fit_with_the_parameter_held(lesson: Model) -> None:
    best = wilks.fit(lesson)
    result = ranking(lesson)
    assert set(result.names) == set(lesson.parameter_names) - {"ttbar_norm"}
    for row, name in enumerate(result.names):
        parameter = best[name]
        steps = [parameter.prefit_uncertainty, -parameter.prefit_uncertainty]
        steps += [parameter.uncertainty, -parameter.uncertainty]
        for column, step in enumerate(steps):
            held = wilks.fit(lesson, fixed={name: parameter.value + step})
            shift = held["ttbar_norm"].value - best["ttbar_norm"].value
            # Two fits, each with an EDM below 1e-8: 1e-4 of the uncertainty.
            np.testing.assert_allclose(result.impacts[0, row, column], shift, atol=1e-5, err_msg=name)
    assert not result.failures
    assert not result.clipped.any()


def test_golden_ranking_of_cabinetry(shared_data: Path) -> None:
    """cabinetry's fits stop earlier: its best fit is off by 0.01, its post-fit steps by 1 %."""
    folder = shared_data / "cabinetry-example" / "golden"
    golden = json.loads((folder / "example_ntuple_results.json").read_text())["ranking"]
    result = ranking(wilks.compile_model(wilks.load_workspace(folder / "example_ntuple_workspace.json")))
    rows = [result.names.index(name) for name in golden["labels"]]
    assert sorted(rows) == list(range(len(result)))
    for column, key in enumerate(("prefit_up", "prefit_down", "postfit_up", "postfit_down")):
        np.testing.assert_allclose(result.impacts[0, rows, column], golden[key], atol=0.01, err_msg=key)
    np.testing.assert_allclose(result.uncertainties[rows, 0], golden["uncertainty"], rtol=0.02)


def test_rows_against_another_minimiser_and_likelihood() -> None:
    spec = mixed_spec()
    reference = Likelihood(spec)
    result = ranking(mixed_model())
    names = list(reference.parameter_names)
    best = _minimum(reference, {})
    for name, column in (("norm", 0), ("counts[1]", 3), ("mc[2]", 2), ("k", 3)):
        row = result.names.index(name)
        held = _minimum(reference, {names.index(name): result.targets[row, column]})
        shift = held[names.index("mu")] - best[names.index("mu")]
        np.testing.assert_allclose(result.impacts[0, row, column], shift, atol=2e-5)


def _minimum(reference: Likelihood, held: dict[int, float]) -> np.ndarray:
    start = reference.inits
    free = [i for i in range(start.size) if i not in held]

    def full(theta: np.ndarray) -> np.ndarray:
        out = start.copy()
        out[list(held)] = list(held.values())
        out[free] = theta
        return out

    found = minimize(
        lambda theta: reference.nll(full(theta)),
        start[free],
        jac=lambda theta: reference.gradient(full(theta))[free],
        method="BFGS",
        options={"gtol": 1e-7},
    )
    return full(found.x)


def test_a_linear_model_has_closed_forms() -> None:
    model = linear_model()
    covariance, _ = linear_covariance(model.parameter_names)
    sigma = np.sqrt(np.diag(covariance))
    mu = model.parameter_names.index("mu")
    result = ranking(model, method="covariance")
    where = [model.parameter_names.index(name) for name in result.names]
    np.testing.assert_allclose(result.poi_uncertainties[0], sigma[mu], rtol=1e-6)
    np.testing.assert_allclose(result.impacts[0, :, 2], covariance[mu, where] / sigma[where], rtol=1e-6)
    slopes = covariance[mu, where] / sigma[where] ** 2
    prefit = np.where([name in ("jes", "jer") for name in result.names], slopes, np.nan)
    np.testing.assert_allclose(result.impacts[0, :, 0], prefit, rtol=1e-6)
    np.testing.assert_allclose(result.impacts[0, :, 1], -prefit, rtol=1e-6)
    # Refits agree to first order in 1 / sqrt(counts).
    np.testing.assert_allclose(ranking(model).impacts, result.impacts, rtol=5e-3)


def test_global_observables_add_up_to_the_variance() -> None:
    model = linear_model()
    covariance, data_part = linear_covariance(model.parameter_names)
    mu = model.parameter_names.index("mu")
    result = ranking(model, method="global observables")
    assert set(result.names) == {"jes", "jer"}  # the free factor has no global observable
    where = [model.parameter_names.index(name) for name in result.names]
    # d mu / d a = C[mu, i] for constraints of width 1.
    np.testing.assert_allclose(result.impacts[0, :, 2], covariance[mu, where], rtol=5e-3)
    np.testing.assert_allclose(result.impacts[0, :, 3], -covariance[mu, where], rtol=5e-3)
    assert np.isnan(result.impacts[0, :, :2]).all()
    statistics = np.sqrt((covariance @ data_part @ covariance)[mu, mu])
    np.testing.assert_allclose(result.data_statistics, statistics, rtol=1e-5)
    assert abs(result.remainder()) < 1e-4 * covariance[mu, mu]
    np.testing.assert_allclose(statistics**2 + result.sum_of_squares(), covariance[mu, mu], rtol=1e-4)


def test_global_observables_are_fits_to_shifted_auxiliary_data() -> None:
    model = mixed_model()
    result = ranking(model, method="global observables")
    best = wilks.fit(model)
    constrained = [name for name, kind in zip(model.parameter_names, model.constraints, strict=True) if kind != "none"]
    for name, step in (
        ("counts[0]", np.sqrt(4.0)),
        ("norm", 1.0),
        ("mc[1]", model.prefit_uncertainties[model.index("mc[1]")]),
    ):
        for column, side in ((2, 1.0), (3, -1.0)):
            data = model.observed()
            data[model.observed_main.size + constrained.index(name)] += side * step
            shift = wilks.fit(model, data)["mu"].value - best["mu"].value
            row = result.names.index(name)
            np.testing.assert_allclose(result.impacts[0, row, column], shift, atol=2e-5, err_msg=name)


def test_steps_end_at_bounds_and_are_marked() -> None:
    model = mixed_model()
    result = ranking(model, bounds={"norm": (-0.5, 0.3)})
    row = result.names.index("norm")
    assert result.clipped[row].any()
    assert result.targets[row].max() <= 0.3
    assert result.targets[row].min() >= -0.5
    cut = int(np.flatnonzero(result.clipped[row])[0])
    held = wilks.fit(model, fixed={"norm": result.targets[row, cut]}, bounds={"norm": (-0.5, 0.3)})
    best = wilks.fit(model, bounds={"norm": (-0.5, 0.3)})
    np.testing.assert_allclose(result.impacts[0, row, cut], held["mu"].value - best["mu"].value, atol=2e-5)
    assert "stopped at a bound" in str(result)


def test_a_parameter_at_its_bound_says_so_and_has_prefit_impacts() -> None:
    result = ranking(mixed_model(), bounds={"shape": (2.0, 5.0)})
    row = result.names.index("shape")
    assert result.failures == {"shape": "at a bound, no post-fit uncertainty"}
    assert np.isnan(result.impacts[0, row, 2:]).all()
    assert np.isfinite(result.impacts[0, row, :2]).all()
    assert result.order()[-1] == row
    profiled = ranking(mixed_model(), bounds={"shape": (2.0, 5.0)}, profile=True)
    assert np.isfinite(profiled.impacts[0, row, 2])
    assert profiled.uncertainties[row, 1] == 0


def test_where_no_row_has_a_step_all_say_why(shared_data: Path) -> None:
    path = shared_data.parent / "cases/ranking_crash_all_at_bound/workspace.json"
    result = ranking(wilks.compile_model(wilks.load_workspace(path)))
    assert np.isnan(result.impacts).all()
    assert {row[2] for row in result.statuses} == {"at a bound, no post-fit uncertainty"}


def test_profile_steps_are_minos_intervals() -> None:
    model = mixed_model()
    result = ranking(model, profile=True, parameters="norm")
    best = wilks.fit(model)
    for column, side in ((0, 1.0), (1, -1.0)):
        value = best["norm"].value + side * result.uncertainties[0, column]
        assert wilks.fit(model, fixed={"norm": value}).twice_nll - best.twice_nll == pytest.approx(1.0, abs=1e-5)
        np.testing.assert_allclose(result.targets[0, 2 + column], value)
    assert result.uncertainties[0, 0] != result.uncertainties[0, 1]
    value = best["mu"].value + result.poi_uncertainties[0, 0]
    assert wilks.fit(model, fixed={"mu": value}).twice_nll - best.twice_nll == pytest.approx(1.0, abs=1e-5)


def test_several_parameters_of_interest_come_from_the_same_fits() -> None:
    model = mixed_model()
    both = ranking(model, poi=["k", "mu"])
    assert both.pois == ("k", "mu")
    assert not {"k", "mu"} & set(both.names)
    assert both.impacts.shape == (2, len(both), 4)
    alone = ranking(model, poi="k", exclude="mu")
    np.testing.assert_allclose(both.impacts[0], alone.impacts[0], atol=1e-5)
    alone = ranking(model, exclude="k")
    np.testing.assert_allclose(both.impacts[both.poi_index("mu")], alone.impacts[0], atol=1e-5)
    assert ranking(model, poi=["m?"], parameters="norm").pois == ("mu",)


def test_free_factors_have_no_prefit_impact_and_held_parameters_no_row() -> None:
    result = ranking(mixed_model(), fixed={"norm": 0.2, "mc*": 1.0})
    assert set(result.names) == {"k", "shape", "counts[0]", "counts[1]", "counts[2]"}
    row = result.names.index("k")
    assert np.isnan(result.impacts[0, row, :2]).all()
    assert result.statuses[row][:2] == ("", "")
    assert result.origin.settings["fixed"]["norm"] == 0.2


def test_parameters_and_exclude_are_patterns() -> None:
    assert set(ranking(mixed_model(), parameters=["mc*", "norm"], exclude="mc[1]").names) == {"mc[0]", "mc[2]", "norm"}


def test_other_data_and_results_at_hand() -> None:
    model = mixed_model()
    data = Data(model.observed() * 1.01, "one percent more")
    best = wilks.fit(model, data.values)
    result = ranking(model, data, result=best, parameters="norm")
    assert result.origin.dataset == "one percent more"
    np.testing.assert_allclose(result.impacts, ranking(model, data, parameters="norm").impacts, atol=1e-5)
    with pytest.raises(ResultError, match="was not made with these data"):
        ranking(model, result=best)


def test_failed_fits_keep_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ranking(mixed_model())
    real = study_module.fit_every

    def stopped(*arguments: Any, **options: Any) -> ManyFits:
        """Stop after 5 fits, as Ctrl-C does."""
        many = real(*arguments, **options)
        left = np.arange(len(many)) >= 5
        statuses = tuple("interrupted" if gone else s for gone, s in zip(left, many.statuses, strict=True))
        values, twice_nll = np.where(left[:, None], np.nan, many.values), np.where(left, np.nan, many.twice_nll)
        return replace(many, values=values, twice_nll=twice_nll, converged=many.converged & ~left, statuses=statuses)

    monkeypatch.setattr(study_module, "fit_every", stopped)
    result = ranking(mixed_model())
    done = np.array(result.statuses) == "converged"
    assert done.sum() == 5
    assert set(result.failures.values()) >= {"interrupted"}
    np.testing.assert_array_equal(result.impacts[0][done], whole.impacts[0][done])
    assert np.isnan(result.impacts[0][~done]).all()


def test_without_a_best_fit_everything_is_missing() -> None:
    for method in ("refit", "covariance", "global observables"):
        failed = ranking(mixed_model(), method=method, running=Running(options=FitOptions(max_iterations=1)))
        assert failed.failures["norm"].startswith("no best fit: ")
        assert np.isnan(failed.impacts).all()
        assert str(failed)


def test_the_number_of_threads_changes_nothing() -> None:
    one, two = (ranking(mixed_model(), running=Running(threads=n)) for n in (1, 2))
    assert np.array_equal(one.impacts, two.impacts, equal_nan=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "refits"}, 'no ranking method "refits".*did you mean "refit"'),
        ({"poi": "mv"}, 'no parameter of interest "mv"'),
        ({"poi": ["mu", "kk*"]}, 'poi: no parameter "kk'),
        ({"poi": []}, "name at least one"),
        ({"poi": ["k", "mu"], "fixed": {"mu": 1.0}}, 'the parameter of interest "mu" is fixed'),
        ({"fixed": {"mu": 1.0}}, 'the parameter of interest "mu" is fixed'),
        ({"parameters": "nrom"}, 'parameters: no parameter "nrom".*did you mean "norm"'),
        ({"exclude": ["x*", "y"]}, r'(?s)exclude: no parameter "x\*".*exclude: no parameter "y"'),
        ({"parameters": "mu"}, "there is no parameter to rank"),
        ({"method": "global observables", "parameters": "k"}, "no constrained parameter to rank"),
        ({"method": "covariance", "profile": True}, 'for the method "refit"'),
        ({"data": [1.0, 2.0]}, "data have shape"),
    ],
)
def test_mistakes_are_sentences(arguments: dict, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        ranking(mixed_model(), **arguments)


def test_groups_of_the_workspace_are_those_of_impacts_json() -> None:
    spec = wilks.examples.search().spec
    spec["groups"] = [
        {"name": "tagging", "parameters": ["b-tagging"]},
        {"name": "detector", "parameters": ["b-tagging", "top_norm"]},
    ]
    model = wilks.compile_model(wilks.load_workspace({**spec, "version": "wilks-1"}))
    found = wilks.ranking(model, parameters=["b-tagging", "top_norm", "staterror*[0]"])
    entries = {entry["name"]: entry["groups"] for entry in json.loads(found.impacts_json())["params"]}
    assert (entries["b-tagging"], entries["top_norm"]) == (["tagging", "detector"], ["detector"])
    assert all(groups == [] for name, groups in entries.items() if name.startswith("staterror"))
    plain = wilks.ranking(wilks.compile_model(wilks.examples.search()), parameters="b-tagging")
    assert plain.groups == ()
    assert json.loads(plain.impacts_json())["params"][0]["groups"] == list(plain.modifier_types[0])
