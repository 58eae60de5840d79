"""Compatibility of channels: closed forms, and a workspace split by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize, special, stats
from tests.infer.counting import WIDE, modifier, spec, workspace

import wilks.infer.compatibility as module
from wilks import compatibility, compile_model, fit, load_result, load_workspace
from wilks.errors import ModelError, ResultError
from wilks.infer.study import Running

THREE = {"a": ([10.0], [40.0], [63.0]), "b": ([20.0], [90.0], [95.0]), "c": ([5.0], [12.0], [25.0])}


def test_counting_experiments_in_closed_form() -> None:
    whole = workspace(THREE, parameters=WIDE)
    found = compatibility(compile_model(whole), workspace=whole)
    s, b, n = (np.array([THREE[c][k][0] for c in "abc"]) for k in range(3))

    def twice_nll(mu: Any) -> Any:
        rate = mu * s + b
        return 2 * (rate - n * np.log(rate))

    common = optimize.minimize_scalar(lambda mu: twice_nll(mu).sum(), bounds=(-2, 5), options={"xatol": 1e-10})
    apart = (n - b) / s
    assert found.statistic == pytest.approx(common.fun - twice_nll(apart).sum(), rel=1e-7)
    assert found.groups == ("a", "b", "c")
    np.testing.assert_allclose(found.values, apart, rtol=1e-7)
    np.testing.assert_allclose(found.uncertainties, np.sqrt(n) / s, rtol=1e-7)
    np.testing.assert_allclose(found.covariance, np.diag(n / s**2), rtol=1e-6, atol=1e-12)
    assert found.value == pytest.approx(common.x, abs=1e-6)
    assert found.ndof == 2
    assert found.p_value == pytest.approx(stats.chi2.sf(found.statistic, 2))
    assert found.converged


def test_groups_and_a_common_systematic(shared_data: Path) -> None:
    """The same with a workspace that was split by hand, here the lesson's."""
    document = json.loads((shared_data / "ttbar-lesson/workspace_repaired.json").read_text())
    whole = load_workspace(document)
    compiled = compile_model(whole)
    found = compatibility(compiled, workspace=whole, groups={"one b": "4j1b*", "two b": ["4j2b SR"]})
    for channel in document["channels"]:
        for sample in channel["samples"]:
            for m in sample["modifiers"]:
                if m["name"] == "ttbar_norm":
                    m["name"] = f"ttbar_norm {channel['name']}"
    (settings,) = (p for p in document["measurements"][0]["config"]["parameters"] if p["name"] == "ttbar_norm")
    document["measurements"][0]["config"]["parameters"].remove(settings)
    for channel in document["channels"]:
        document["measurements"][0]["config"]["parameters"].append(settings | {"name": f"ttbar_norm {channel['name']}"})
    by_hand = fit(compile_model(load_workspace(document), poi=""))
    assert found.statistic == pytest.approx(fit(compiled).twice_nll - by_hand.twice_nll, abs=1e-6)
    assert found.statistic > 0
    for value, sigma, channel in zip(found.values, found.uncertainties, ("4j1b CR", "4j2b SR"), strict=True):
        assert value == pytest.approx(by_hand[f"ttbar_norm {channel}"].value, abs=1e-6)
        assert sigma == pytest.approx(by_hand[f"ttbar_norm {channel}"].uncertainty, rel=1e-4)
    assert found.members == (("4j1b CR",), ("4j2b SR",))
    assert found.origin.settings["groups"] == {"one b": ["4j1b CR"], "two b": ["4j2b SR"]}


def test_any_normfactor_and_kept_parameters() -> None:
    background = [modifier("rate"), modifier("jes", "normsys", {"lo": 0.9, "hi": 1.1})]
    whole = workspace(
        {c: ([10.0, 5.0], [40.0, 60.0], [63.0, 58.0 + i]) for i, c in enumerate("ab")}, background=background
    )
    compiled = compile_model(whole)
    found = compatibility(compiled, workspace=whole, poi="rate", fixed={"mu": 1.0, "jes": 0.2}, bounds={"rate": (0, 3)})
    assert found.poi == "rate"
    assert found.origin.settings["fixed"] == {"mu": 1.0, "jes": 0.2}
    held = fit(compiled, fixed={"mu": 1.0, "jes": 0.2})
    assert found.value == pytest.approx(held["rate"].value)
    factor = (compiled.expected(held.values)[0] - 10) / (40 * held["rate"].value)
    for i, value in enumerate(found.values):
        best = optimize.minimize_scalar(
            lambda r, i=i: sum(
                rate - n * np.log(rate)
                for s, b, n in ((10, 40, 63.0), (5, 60, 58.0 + i))
                for rate in [s + r * b * factor]
            ),
            bounds=(0.1, 3),
            options={"xatol": 1e-10},
        )
        assert value == pytest.approx(best.x, abs=1e-6)


def test_a_value_at_its_bound_has_no_uncertainty() -> None:
    whole = workspace({"a": ([10.0], [40.0], [30.0]), "b": ([20.0], [90.0], [115.0])})
    found = compatibility(compile_model(whole), workspace=whole)
    assert found.values[0] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(found.uncertainties[0])
    assert "all" in str(found)


def test_toys_of_few_events_by_summation(tmp_path: Path) -> None:
    """Without background and systematics every toy is a pair of counts with a statistic in closed form."""
    signal, observed = np.array([2.0, 5.0]), np.array([4.0, 2.0])
    whole = workspace({"a": ([2.0], [0.0], [4.0]), "b": ([5.0], [0.0], [2.0])})
    found = compatibility(compile_model(whole), workspace=whole, toys=20_000, seed=5)
    counts = np.array(np.meshgrid(*[np.arange(25)] * 2)).reshape(2, -1)

    def statistic(n: Any) -> Any:
        return 2.0 * special.rel_entr(n, n.sum(axis=0) * signal[:, None] / signal.sum()).sum(axis=0)

    of_data = statistic(observed[:, None])
    assert found.statistic == pytest.approx(of_data[0], abs=1e-6)
    probability = stats.poisson.pmf(counts, (found.value * signal)[:, None]).prod(axis=0)
    p = probability[statistic(counts) >= of_data - 1e-9].sum()
    assert abs(found.toys_p_value - p) < 4 * found.toys_p_uncertainty
    assert abs(found.p_value - p) > 8 * found.toys_p_uncertainty
    assert found.usable_toys.size == found.toys.size == 20_000
    assert found.statuses == {"converged": 20_000}
    assert "(20000 toys, seed 5)" in str(found)
    found.save(tmp_path / "result.json")
    again = load_result(tmp_path / "result.json")
    np.testing.assert_array_equal(again.toys, found.toys)
    assert (again.toys_p_value, again.statuses, again.seed) == (found.toys_p_value, found.statuses, 5)


def test_toys_follow_chi_square_where_events_are_many() -> None:
    """With systematics, staterrors and values kept, in two groups: data and their order are those of both models."""
    channels = {c: ([200.0, 150.0], [2000.0, 2500.0], [2200.0, 2700.0]) for c in "abc"}
    background = [
        modifier("jes", "normsys", {"lo": 0.97, "hi": 1.04}),
        modifier("sh", "shapesys", [30.0, 40.0]),
        modifier("k"),
    ]
    document = spec(channels, background=background, parameters=WIDE)
    for channel in document["channels"]:  # a shapesys needs a name of its own
        own = [{**m, "name": m["name"] + channel["name"] * (m["type"] == "shapesys")} for m in background]
        channel["samples"][1]["modifiers"] = own
    whole = load_workspace(document)
    model = compile_model(whole)
    options: dict[str, Any] = {"workspace": whole, "groups": {"one": "a", "two": ["b", "c"]}, "fixed": {"k": 1.0}}
    found = compatibility(model, toys=1500, seed=2, **options)
    assert stats.kstest(found.usable_toys, "chi2", args=(1,)).pvalue > 0.01
    assert found.usable_toys.size == 1500
    same = compatibility(model, toys=1500, seed=2, running=Running(threads=1), **options)
    np.testing.assert_array_equal(found.toys, same.toys)


def test_interrupted_toys_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_A_TIME", 1)  # pieces of 100 toys
    whole = workspace(THREE, parameters=WIDE)
    running = Running(progress=lambda done, total: done < 150)
    found = compatibility(compile_model(whole), workspace=whole, toys=300, running=running)
    assert found.statuses == {"converged": 100, "interrupted": 200}
    assert found.usable_toys.size == 100
    assert found.converged


def test_fits_of_toys_that_stop_half_way_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = workspace(THREE, parameters=WIDE)
    model, honest = compile_model(whole), module.fit_toys
    right = compatibility(model, workspace=whole, toys=20)

    def half_way(fitted: Any, data: Any, *rest: Any) -> Any:
        fits = honest(fitted, data, *rest)
        if fitted is model or len(data) < 20:
            return fits
        nll, good, statuses = fits.twice_nll.copy(), fits.converged.copy(), [*fits.statuses]
        nll[4], good[4], statuses[4] = nll[4] + 0.5 * right.toys[4], False, "no step improves the likelihood any more"
        return replace(fits, twice_nll=nll, converged=good, statuses=tuple(statuses))

    monkeypatch.setattr(module, "fit_toys", half_way)
    found = compatibility(model, workspace=whole, toys=20)
    assert right.toys[4] > 0.1
    np.testing.assert_allclose(found.toys, right.toys, atol=1e-6)
    assert found.statuses == {"converged": 20}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"toys": -1}, "toys must be a whole number from 0 on, found -1"),
        ({"toys": 5, "seed": -1}, "seed must be a whole number"),
        ({"groups": {"x": "a"}}, 'channel "b" must be in one group, found in 0'),
        ({"groups": {"x": ["a", "b"], "y": "*"}}, "found in 2"),
        ({"groups": {"x": "*"}}, "nothing to compare"),
        ({"groups": {"x": "d", "y": "*"}}, 'groups: no channel "d"'),
        ({"poi": "jes"}, "is not a parameter of normfactors alone"),
        ({"poi": "muu"}, 'did you mean "mu"'),
        ({"fixed": {"mu": 1.0}}, '"mu" is fixed'),
    ],
)
def test_mistakes_are_sentences(options: dict[str, Any], message: str) -> None:
    background = [modifier("jes", "normsys", {"lo": 0.9, "hi": 1.1})]
    whole = workspace(THREE, background=background)
    with pytest.raises(ModelError, match=message):
        compatibility(compile_model(whole), workspace=whole, **options)


def test_a_parameter_that_a_function_needs_cant_become_several() -> None:
    text = json.dumps(
        {**workspace(THREE).spec, "version": "wilks-1", "functions": [{"name": "mu2", "expression": "mu * mu"}]}
    )
    whole = load_workspace(json.loads(text.replace('{"name": "mu", "type"', '{"name": "mu2", "type"')))
    with pytest.raises(ModelError, match='"mu" is needed by the function "mu2"'):
        compatibility(compile_model(whole), workspace=whole)


def test_workspace_and_result_must_be_the_models() -> None:
    whole, other = workspace(THREE), workspace(THREE, parameters=WIDE)
    with pytest.raises(ModelError, match="not the one that the model was compiled from"):
        compatibility(compile_model(whole), workspace=other)
    with pytest.raises(ResultError):
        compatibility(compile_model(whole), workspace=whole, result=fit(compile_model(other)))
