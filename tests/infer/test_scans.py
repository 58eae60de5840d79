"""Scans against closed forms, cabinetry's scan and published checks; what freezing takes away."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2
from tests.infer.profiled import compiled, counting, counting_rise, factor, free, gaussian, measured, specification

import wilks
from wilks.errors import ModelError
from wilks.infer.scans import scan
from wilks.infer.study import Running
from wilks.results.intervals import AT_BOUND


def test_closed_form() -> None:
    n, signal, background = 12.0, 4.0, 7.3
    best = (n - background) / signal
    result = scan(counting(n, signal, background), values=[2.0, 0.5, 1.1])
    assert result.values.tolist() == [0.5, 1.1, 2.0]
    expected = [counting_rise(mu, n, signal, background, best) for mu in result.values]
    np.testing.assert_allclose(result.delta, expected, atol=1e-10)
    assert (result.parameter, result.value) == ("mu", pytest.approx(best))
    assert result.uncertainty == pytest.approx(np.sqrt(n) / signal)
    assert result.converged
    assert result.origin.dataset == "observed"


def test_cabinetry_golden(shared_data: Path) -> None:
    folder = shared_data / "cabinetry-example/golden"
    golden = json.loads((folder / "example_ntuple_results.json").read_text())["scan"]
    model = wilks.compile_model(wilks.load_workspace(folder / "example_ntuple_workspace.json"))
    result = scan(model, parameter=golden["name"], values=golden["parameter_values"])
    # Theirs is the difference of two fits that stop early.
    np.testing.assert_allclose(result.delta, golden["delta_nlls"], atol=2e-4)


def test_published_check_of_the_repaired_lesson(shared_data: Path) -> None:
    model = wilks.compile_model(wilks.load_workspace(shared_data / "ttbar-lesson/workspace_repaired.json"))
    best = wilks.fit(model)["ttbar_norm"].value
    result = scan(model, values=[best - 0.0527, best + 0.0527])
    np.testing.assert_allclose(result.delta, [0.491, 0.450], atol=5e-4)


def test_the_range_is_a_little_more_than_the_95_percent_interval() -> None:
    result = scan(gaussian(), parameter="a", points=11)
    reach = 1.1 * np.sqrt(chi2.ppf(0.95, 1))
    np.testing.assert_allclose(result.values, np.linspace(-reach, reach, 11), atol=1e-7)
    np.testing.assert_allclose(result.delta, result.values**2, atol=1e-12)
    narrow = scan(gaussian(), parameter="a", bounds={"a": (-0.5, 1.0)}, points=4)
    np.testing.assert_allclose(narrow.values, np.linspace(-0.5, 1.0, 4))
    assert narrow.curves[0].interval.lower_status == AT_BOUND
    np.testing.assert_allclose(scan(gaussian(), parameter="a", range=(1, 3), points=3).values, [1, 2, 3])


def test_frozen_parameters_take_their_part_in_quadrature() -> None:
    """In the linear limit: the inverse of the Hessian without the frozen rows, and the difference of variances."""
    model = measured()
    best = wilks.fit(model)
    hessian = model.hessian(best.values)
    names = np.array(model.parameter_names)

    def error(frozen: list[str]) -> float:
        kept = [name for name in names if name not in frozen]
        block = hessian[np.ix_(np.isin(names, kept), np.isin(names, kept))]
        return float(np.sqrt(np.linalg.inv(block)[kept.index("mu"), kept.index("mu")]))

    result = scan(model, stat_only=True, frozen={"no efficiency": "eff*"}, points=5)
    total, stat, group = result.curves
    assert (total.label, stat.label, group.label) == ("total", "stat. only", "no efficiency")
    assert set(stat.frozen) == {"efficiency", "scale"}
    assert (total.frozen, group.frozen) == ((), ("efficiency",))
    for curve, frozen in ((total, []), (stat, ["efficiency", "scale"]), (group, ["efficiency"])):
        assert curve.interval.up == pytest.approx(error(frozen), rel=2e-2)
        np.testing.assert_allclose(
            curve.delta, ((result.values - result.value) / error(frozen)) ** 2, rtol=5e-2, atol=1e-6
        )
    assert result.without(stat)[0] == pytest.approx(
        np.sqrt(error([]) ** 2 - error(["efficiency", "scale"]) ** 2), rel=3e-2
    )
    assert (stat.delta >= total.delta - 1e-9).all()
    assert "(stat.)" in result.summary()
    assert "(syst.)" in result.summary()
    assert "frozen parameters add" in str(result)


def test_frozen_curves_are_fits_with_these_parameters_at_their_best_value() -> None:
    model = measured()
    best = wilks.fit(model)
    result = scan(model, frozen={"group": ["eff*", "scale"]}, values=[0.98, 1.0, 1.03])
    kept = {name: best[name].value for name in ("efficiency", "scale")}
    expected = [wilks.fit(model, fixed={**kept, "mu": mu}).twice_nll - best.twice_nll for mu in result.values]
    np.testing.assert_allclose(result.curves[1].delta, expected, atol=1e-7)


def test_a_failed_point_keeps_its_place() -> None:
    samples = {"S": ([10.0, 5.0], [free("mu")]), "B": ([3.0, 50.0], [])}
    model = compiled(specification([0.0, 160.0], samples, poi="mu", mu=[-10.0, 10.0]))
    result = scan(model, values=[-0.5, 0.2, 0.7, 1.0])
    assert list(result.failures) == [("total", 0)]
    assert "no possible point" in result.failures["total", 0]
    assert np.isfinite(result.delta[1:]).all()
    assert not result.converged
    assert "1 FAILED" in repr(result)
    assert "no possible point" in str(result)


def test_a_lower_minimum_starts_everything_again() -> None:
    model = compiled(specification([117.0], {"B": ([100.0], [factor("even", 1.3, 1.3)])}))
    best = wilks.fit(model)
    saddle = replace(best, values=np.zeros(1), twice_nll=2 * model.nll([0.0]), mirrored=())
    result = scan(model, parameter="even", values=[-1.0, 0.0, 1.0], result=saddle)
    expected = [2 * model.nll([alpha]) - best.twice_nll for alpha in result.values]
    np.testing.assert_allclose(result.delta, expected, atol=1e-9)
    assert "a better minimum was found on the way" in result.notes[0]


def test_every_mistake_is_a_sentence() -> None:
    model = counting(12.0, 4.0, 7.3)
    for options, sentence in (
        ({"parameter": "m"}, 'no parameter "m" in this model'),
        ({"values": [1.0], "range": (0, 1)}, "a scan takes values or a range, not both"),
        ({"range": (0.0, 12.0)}, '12 is outside the bounds of "mu", 0 to 10'),
        ({"values": [1.0, float("nan")]}, 'nan is outside the bounds of "mu"'),
        ({"values": []}, "at least one is needed"),
        ({"range": (2.0, 1.0)}, "the first must be below the second"),
        ({"points": 1}, "at least 2 are needed, found 1"),
        ({"frozen": {"a": "nothing"}}, 'frozen: no parameter "nothing" in this model'),
        ({"frozen": {"total": "mu"}}, '"total" can\'t be the label of a curve'),
        ({"fixed": {"mu": 1}}, 'the parameter of interest "mu" is fixed'),
    ):
        with pytest.raises(ModelError, match=sentence):
            scan(model, **options)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match='"\\*" means 2 parameters; a scan is along one'):
        scan(gaussian(), parameter="*")


def test_threads_do_not_change_the_answer() -> None:
    one, two = (scan(measured(), running=Running(threads=threads)) for threads in (1, 2))
    np.testing.assert_array_equal(one.delta, two.delta)
