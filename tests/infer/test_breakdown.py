from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.infer.rankable import linear_covariance, linear_model, mixed_model

import wilks
from wilks.errors import ModelError
from wilks.fitting.problem import FitOptions
from wilks.infer.breakdown import _held_variance, breakdown
from wilks.infer.groups import FACTORS, MC, OTHERS, SYSTEMATICS
from wilks.infer.ranking import ranking
from wilks.infer.study import Running

GROUPS = {"shapes": ["shape"], "rates": ["norm", "k"]}


def held_sigma(names: list[str]) -> float:
    """Return the uncertainty of mu from a fit with parameters held at the best fit."""
    model = mixed_model()
    best = wilks.fit(model)
    return wilks.fit(model, fixed={name: best[name].value for name in names})["mu"].uncertainty


def all_but_mu() -> list[str]:
    return [name for name in mixed_model().parameter_names if name != "mu"]


def test_each_group_is_held_alone() -> None:
    result = breakdown(mixed_model(), groups=GROUPS)
    total = held_sigma([])
    assert result.groups == ("shapes", "rates", OTHERS)
    np.testing.assert_allclose(result.total, total, rtol=1e-6)
    for k, names in enumerate((["shape"], ["norm", "k"])):
        part = np.sqrt(total**2 - held_sigma(names) ** 2)
        np.testing.assert_allclose(result.contributions[0, k], part, rtol=1e-5)
    np.testing.assert_allclose(result.statistical, held_sigma(all_but_mu()), rtol=1e-6)
    parts = (result.contributions[0, :, 0] ** 2).sum() + result.statistical[0, 0] ** 2
    np.testing.assert_allclose(result.remainder()[0], total**2 - parts)
    assert abs(result.remainder()[0]) > 1e-4


def test_sequential_parts_add_up_exactly() -> None:
    result = breakdown(mixed_model(), groups=GROUPS, method="sequential")
    first, second = held_sigma(["shape"]), held_sigma(["shape", "norm", "k"])
    np.testing.assert_allclose(result.contributions[0, 0], np.sqrt(held_sigma([]) ** 2 - first**2), rtol=1e-5)
    np.testing.assert_allclose(result.contributions[0, 1], np.sqrt(first**2 - second**2), rtol=1e-5)
    np.testing.assert_allclose(result.remainder(), 0.0, atol=1e-12)
    assert "not in the quadratic sum" not in str(result)


@pytest.mark.parametrize("method", ["frozen", "sequential"])
def test_profile_parts_are_crossings_of_the_profile_likelihood(method: str) -> None:
    model = mixed_model()
    best = wilks.fit(model)
    result = breakdown(model, groups={"rates": ["norm", "k"]}, method=method, profile=True)
    for side, sign in ((0, 1.0), (1, -1.0)):
        end = best["mu"].value + sign * result.total[0, side]
        assert wilks.fit(model, fixed={"mu": end}).twice_nll - best.twice_nll == pytest.approx(1.0, abs=1e-4)
        # What is left with the group held crosses 1 too.
        left = np.sqrt(result.total[0, side] ** 2 - result.contributions[0, 0, side] ** 2)
        fixed = {"mu": best["mu"].value + sign * left, "norm": best["norm"].value, "k": best["k"].value}
        assert wilks.fit(model, fixed=fixed).twice_nll - best.twice_nll == pytest.approx(1.0, abs=1e-4)
    assert result.profile
    assert result.total[0, 0] != result.total[0, 1]
    if method == "sequential":
        np.testing.assert_allclose(result.remainder(), 0.0, atol=1e-10)


def test_a_side_that_ends_at_a_bound_is_missing() -> None:
    model = mixed_model()
    result = breakdown(model, bounds={"mu": (wilks.fit(model)["mu"].value - 0.01, 10.0)}, profile=True)
    assert np.isnan(result.total[0, 1])
    assert np.isfinite(result.contributions[0, :, 0]).all()
    assert result.statuses[0][0] == "down: at bound"
    assert not result.failures
    str(result)


def test_global_observables_split_a_linear_model_exactly() -> None:
    model = linear_model()
    covariance, data_part = linear_covariance(model.parameter_names)
    mu, jes = (model.parameter_names.index(name) for name in ("mu", "jes"))
    result = breakdown(model, groups={"jes": "jes"}, method="global observables")
    assert result.groups == ("jes", OTHERS)
    np.testing.assert_allclose(result.contributions[0, 0], abs(covariance[mu, jes]), rtol=1e-6)
    np.testing.assert_allclose(result.statistical[0] ** 2, (covariance @ data_part @ covariance)[mu, mu], rtol=1e-6)
    np.testing.assert_allclose(result.remainder(), 0.0, atol=1e-7 * covariance[mu, mu])


def test_what_global_observables_miss_is_the_curvature_of_the_rates() -> None:
    """H = J^T diag(n / nu^2) J + constraints + W, W the second derivatives of the rates; so C - C (H - W) C = C W C."""
    model = mixed_model()
    best = wilks.fit(model)
    jacobian = np.zeros((model.observed_main.size, model.n_parameters))
    for k, block in enumerate(model.blocks):
        jacobian[model.channel_slices[block.channel]] += model.jacobian(best.values, k)
    weights = model.observed_main / model.expected(best.values) ** 2
    curvature = np.zeros(model.n_parameters)
    for i, kind in enumerate(model.constraints):
        if kind != "none":
            width = model.prefit_uncertainties[i]
            # A Poisson constraint of tau gamma has the second derivative tau / gamma^2, tau = 1 / width^2.
            curvature[i] = 1 / width**2 / (best.values[i] ** 2 if kind == "poisson" else 1.0)
    bending = model.hessian(best.values) - jacobian.T @ (weights[:, None] * jacobian) - np.diag(curvature)
    mu = model.index("mu")
    left = (best.covariance @ bending @ best.covariance)[mu, mu]
    result = breakdown(model, method="global observables")
    np.testing.assert_allclose(result.remainder()[0], left, rtol=1e-6)
    assert abs(left) > 1e-4 * best["mu"].uncertainty ** 2


def test_global_observables_agree_with_the_ranking() -> None:
    model = mixed_model()
    result = breakdown(model, groups="modifier type", method="global observables")
    ranked = ranking(model, method="global observables")
    part = result.contributions[0, result.groups.index("shapesys"), 0]
    rows = [i for i, types in enumerate(ranked.modifier_types) if types == ("shapesys",)]
    symmetric = (ranked.impacts[0, rows, 2] - ranked.impacts[0, rows, 3]) / 2
    np.testing.assert_allclose(part, np.sqrt((symmetric**2).sum()), rtol=0.02)
    np.testing.assert_allclose(result.statistical[0, 0], ranked.data_statistics[0])


def test_default_groups() -> None:
    result = breakdown(mixed_model())
    members = dict(zip(result.groups, map(set, result.members), strict=True))
    assert members[FACTORS] == {"k"}
    assert members[MC] == {"mc[0]", "mc[1]", "mc[2]", "counts[0]", "counts[1]", "counts[2]"}
    assert members[SYSTEMATICS] == {"norm", "shape"}


def test_groups_by_modifier_type_and_held_parameters() -> None:
    result = breakdown(mixed_model(), groups="modifier type", fixed={"shape": 0.0})
    assert set(result.groups) == {"normfactor", "normsys", "shapesys", "staterror"}
    assert not any("shape" in names for names in result.members)


def test_groups_may_overlap_and_have_only_held_parameters() -> None:
    result = breakdown(mixed_model(), groups={"a": "*", "b": "norm", "c": "shape"}, fixed={"shape": 0.0})
    assert result.contributions[0, result.groups.index("c"), 0] == 0
    assert "norm" in result.members[0]
    assert "norm" in result.members[1]
    assert OTHERS not in result.groups


@pytest.mark.parametrize("text", ["jets: [shape]\nrest: 'mc*'\n", '{"jets": ["shape"], "rest": "mc*"}'])
def test_groups_from_a_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "groups.yml"
    path.write_text(text)
    result = breakdown(mixed_model(), groups=path)
    assert result.groups == ("jets", "rest", OTHERS)
    assert result.members[0] == ("shape",)


def test_several_parameters_of_interest() -> None:
    result = breakdown(mixed_model(), poi=["mu", "k"], groups={"shape": "shape"})
    model = mixed_model()
    best = wilks.fit(model)
    held = wilks.fit(model, fixed={"shape": best["shape"].value})
    for k, name in enumerate(("mu", "k")):
        part = np.sqrt(best[name].uncertainty ** 2 - held[name].uncertainty ** 2)
        np.testing.assert_allclose(result.contributions[k, 0], part, rtol=1e-5)
    assert not any("k" in names or "mu" in names for names in result.members)


def test_what_can_not_be_had_says_why() -> None:
    at_bound = breakdown(mixed_model(), bounds={"mu": (8.0, 10.0)})
    assert at_bound.failures[MC] == "the parameter of interest is at its bound"
    assert np.isnan(at_bound.contributions).all()
    failed = breakdown(mixed_model(), running=Running(options=FitOptions(max_iterations=1)))
    assert np.isnan(failed.total).all()
    assert "no best fit" in failed.failures[MC]
    str(failed), repr(failed)


def test_lesson_is_dominated_by_systematics(shared_data: Path) -> None:
    """Numbers of reference fits: `fit` with the parameters held, whose covariance has its own tests."""
    lesson = wilks.compile_model(wilks.load_workspace(shared_data / "ttbar-lesson" / "workspace_repaired.json"))
    best = wilks.fit(lesson)
    result = breakdown(lesson, result=best)
    gammas = {name: best[name].value for name in lesson.parameter_names if name.startswith("staterror")}
    left = wilks.fit(lesson, fixed=gammas)["ttbar_norm"].uncertainty
    part = result.contributions[0, result.groups.index(MC), 0]
    np.testing.assert_allclose(part, np.sqrt(best["ttbar_norm"].uncertainty ** 2 - left**2), rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "frozn"}, 'no breakdown method "frozn".*did you mean "frozen"'),
        ({"groups": {"a": "shap", "b": "x*"}}, r'(?s)group "a": no parameter "shap".*"shape".*group "b": no parameter'),
        ({"groups": {"a": ["mu", "k"]}}, 'group "a": "mu" is the parameter of interest'),
        ({"groups": {}}, "at least one is needed"),
        ({"groups": "nowhere.yml"}, r'nowhere.yml: the groups can\'t be read.*"modifier type" is allowed'),
        ({"method": "global observables", "profile": True}, "not for the method"),
    ],
)
def test_mistakes_are_sentences(arguments: dict, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        breakdown(mixed_model(), **arguments)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "a mapping"),
        ("a: {b: c}", 'group "a" needs'),
        ("a: [", "groups.yml:1:5  YAML: expected"),
        ("a: x\nb: y\na: z", 'groups.yml:3  YAML: key "a" is written twice .* line 1'),
        ('{"a": "\x00"}', "groups.yml:1  not YAML text"),
    ],
)
def test_wrong_files_are_sentences(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "groups.yml"
    path.write_text(text)
    with pytest.raises(ModelError, match=message):
        breakdown(mixed_model(), groups=path)


def test_groups_of_parameters_that_are_one_are_held() -> None:
    compiled = linear_model()
    others = [name for name in compiled.parameter_names if name != "mu"]
    mu, (one, two) = compiled.index("mu"), (compiled.index(name) for name in others[:2])
    correlation = np.eye(compiled.n_parameters)
    for i, j, value in ((one, two, 1.0), (mu, one, 0.6), (mu, two, 0.6)):
        correlation[i, j] = correlation[j, i] = value
    variance = _held_variance(correlation, [mu], [one, two])
    np.testing.assert_allclose(variance, 1.0 - 0.6**2, atol=1e-12)
