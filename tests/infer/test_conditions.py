"""What is odd about a best fit is part of every answer that is built on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import xlogy
from tests.infer.profiled import compiled, counting, factor, free, specification

import wilks
from wilks.results.conditions import conditions_of
from wilks.results.io import decode_result, encode_result
from wilks.workspace.workspace import Workspace

# Signal, what the free factor k scales, another background, and events, of channels A, B and C.
Bin = tuple[float, float, float, float]


def workspace(bins: dict[str, Bin], **bounds: list[float]) -> Workspace:
    """Return a workspace of channels of one bin: mu s + k w + b, with 10 % on b."""
    channels = []
    for name, (s, w, b, _) in bins.items():
        samples = [("s", s, [free("mu")]), ("w", w, [free("k")]), ("b", b, [factor("a", 0.9, 1.1)])]
        present = [{"name": n, "data": [y], "modifiers": m} for n, y, m in samples if y]
        channels.append({"name": name, "samples": present})
    settings = [{"name": name, "bounds": [ends]} for name, ends in bounds.items()]
    return wilks.load_workspace(
        {
            "channels": channels,
            "observations": [{"name": name, "data": [n]} for name, (_, _, _, n) in bins.items()],
            "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": settings}}],
            "version": "1.0.0",
        }
    )


HELD = {"A": (5.0, 1.0, 1.0, 20.0), "B": (3.0, 1.0, 1.0, 17.0), "C": (0.0, 1.0, 0.0, 15.0)}
SUBJECTS = {
    "at-bound": workspace(HELD),
    "flat-direction": workspace({"A": (3.0, 6.0, 10.0, 22.0), "B": (2.0, 4.0, 8.0, 15.0)}),
    "few-events": workspace({"A": (1.0, 0.0, 0.2, 0.0), "B": (0.7, 0.0, 0.3, 0.0)}),
    "below-zero": workspace({"A": (5.0, 0.0, 20.0, 14.0), "B": (3.0, 0.0, 15.0, 11.0)}),
    "other-range": workspace({"A": (5.0, 0.0, 20.0, 26.0), "B": (3.0, 0.0, 15.0, 18.0)}, mu=[0.2, 1.5]),
}
VERBS: dict[str, Callable[[Any, Workspace], Any]] = {
    "fit": lambda model, _: wilks.fit(model),
    "limit": lambda model, _: wilks.limit(model),
    "limit, toys": lambda model, _: wilks.limit(model, calculator="toys", toys=40),
    "hypotest": lambda model, _: wilks.hypotest(model),
    "significance": lambda model, _: wilks.significance(model),
    "significance, toys": lambda model, _: wilks.significance(model, toys=40),
    "grid": lambda _, spec: wilks.grid(spec, {"a": [-0.5, 0.5]}),
    "intervals": lambda model, _: wilks.intervals(model),
    "scan": lambda model, _: wilks.scan(model, points=5),
    "contour": lambda model, _: wilks.contour(model, parameters=("mu", "a"), points=5),
    "gof": lambda model, _: wilks.goodness_of_fit(model),
    "compatibility": lambda model, spec: wilks.compatibility(model, workspace=spec),
    "ranking": lambda model, _: wilks.ranking(model, method="covariance"),
    "breakdown": lambda model, _: wilks.breakdown(model),
    "toys": lambda model, _: wilks.toys(model, wilks.fit(model), count=20, seed=1),
    "prediction": lambda model, _: wilks.predict(model, wilks.fit(model)),
}
TESTS = {"limit", "limit, toys", "hypotest", "significance", "significance, toys", "grid"}
ASYMPTOTIC = {"limit", "hypotest", "grid", "intervals", "scan", "contour"}
ASKED = [
    *(("at-bound", verb) for verb in VERBS),
    *(("flat-direction", verb) for verb in VERBS if verb not in ("prediction", "toys")),
    *(("few-events", verb) for verb in VERBS if verb in ASYMPTOTIC),
    *((rule, verb) for rule in ("below-zero", "other-range") for verb in VERBS if verb in TESTS),
]


@pytest.mark.parametrize(("rule", "verb"), ASKED)
def test_every_answer_tells_it(rule: str, verb: str) -> None:
    spec = SUBJECTS[rule]
    result = VERBS[verb](wilks.compile_model(spec), spec)
    (found,) = [condition for condition in conditions_of(result) if condition.rule == rule]
    assert found.brief
    assert found.advice
    assert conditions_of(decode_result(encode_result(result), "")) == conditions_of(result)
    assert rule in [finding.rule for finding in wilks.check(result)]
    if verb == "fit" and rule == "flat-direction":
        assert found.text[1:-1] in str(result)  # as its status
    elif verb != "prediction":
        assert str(result).count(str(found)) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_a_healthy_fit_has_none(verb: str) -> None:
    spec = workspace({"A": (5.0, 1.0, 20.0, 30.0), "B": (3.0, 4.0, 15.0, 22.0), "C": (0.0, 30.0, 0.0, 33.0)})
    result = VERBS[verb](wilks.compile_model(spec), spec)
    assert conditions_of(result) == ()
    assert "conditions" not in str(result)


def test_files_of_before_have_none() -> None:
    result = wilks.limit(counting(10, 5, 5))
    document = json.loads(encode_result(result))
    del document["origin"]["conditions"]
    assert decode_result(json.dumps(document).encode(), "").origin.conditions == ()


def twice_nll(values: tuple[float, float, float]) -> float:
    """Return 2NLL of `HELD` without constants, as another program would write it."""
    mu, k, a = values
    total = a**2
    for s, w, b, n in HELD.values():
        rate = mu * s + k * w + b * (1.1**a if a >= 0 else 0.9**-a)  # |a| < 1 is close enough: a is almost 0
        total += 2 * (rate - xlogy(n, rate))
    return float(total)


def test_what_a_wider_bound_gives() -> None:
    model = wilks.compile_model(SUBJECTS["at-bound"])
    (found,) = wilks.fit(model).conditions
    free_fit = minimize(twice_nll, (0.5, 12.0, 0.0), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10})
    held = minimize(lambda v: twice_nll((v[0], 10.0, v[1])), (0.5, 0.0), method="Nelder-Mead", options={"fatol": 1e-10})
    assert found.parameters == ("k",)
    assert found.numbers["k"] == pytest.approx(free_fit.x[1], rel=1e-2)
    assert found.numbers["mu"] == pytest.approx(free_fit.x[0], abs=1e-2)
    assert found.numbers["2NLL"] == pytest.approx(free_fit.fun - held.fun, rel=2e-2)
    assert found.bounds == {"k": (0.0, 100.0)}
    assert "a default" in found.text
    assert '--bounds "k=0:100"' in found.advice


@pytest.mark.parametrize("given", [{"k": (0, 10)}, {"k": (0, 10), "mu": (-1, 10)}])
def test_the_answer_with_the_wider_bound_is_that_of_asking_for_it(given: dict[str, tuple[float, float]]) -> None:
    model = wilks.compile_model(SUBJECTS["at-bound"])
    wider = {**given, "k": (0, 100)}
    (limit,) = wilks.limit(model, bounds=given).origin.conditions
    assert limit.effect.endswith(f"The observed limit is then {wilks.limit(model, bounds=wider).observed:.4g}.")
    (test,) = wilks.hypotest(model, value=0.5, bounds=given).origin.conditions
    cls = wilks.hypotest(model, value=0.5, bounds=wider).observed.cls[0]
    assert test.effect.endswith(f"CLs of 0.5 is then {cls:.4g}.")
    (z,) = wilks.significance(model, bounds=given).origin.conditions
    assert z.effect.endswith(f"is then {wilks.significance(model, bounds=wider).significance:.4g}.")


def test_below_zero_says_the_free_value() -> None:
    """The free fit of one bin is (n - b) / s."""
    (found,) = wilks.limit(counting(20, 5, 30)).origin.conditions
    assert found.rule == "below-zero"
    assert found.severity == "note"
    assert found.numbers["mu"] == pytest.approx(-2.0, abs=1e-6)
    assert found.numbers["2NLL"] == pytest.approx(2 * (20 - xlogy(20, 20) - 30 + xlogy(20, 30)), rel=1e-6)
    assert "at -2," in found.text


@pytest.mark.parametrize(("observed", "told"), [(50, True), (43, True), (42, False), (20, False)])
@pytest.mark.parametrize("calculator", ["asymptotic", "toys"])
def test_a_limit_of_what_is_discovered_says_so(observed: int, told: bool, calculator: str) -> None:
    """q0 of one bin is 2 (n ln(n / b) - n + b): 25 between 42 and 43 events over a background of 17.8."""
    found = wilks.limit(counting(observed, 5, 17.8), calculator=calculator, toys=30)
    conditions = [condition for condition in found.origin.conditions if condition.rule == "far-from-zero"]
    q0 = 2 * (xlogy(observed, observed / 17.8) - observed + 17.8)
    assert bool(q0 >= 25) is told
    assert len(conditions) == int(told)
    for condition in conditions:
        assert condition.numbers["standard deviations"] == pytest.approx(np.sqrt(q0), rel=1e-6)
        assert condition.numbers["mu"] == pytest.approx((observed - 17.8) / 5, rel=1e-6)
        assert str(condition) in str(found)
        assert "far-from-zero" in [finding.rule for finding in wilks.check(found)]


def test_a_free_fit_that_is_flat_is_told() -> None:
    """At mu = 0 and k = 0 nothing is flat; without the bounds mu and k can't be told apart."""
    samples = {"s": ([3.0], [free("mu")]), "w": ([5.0], [free("k")]), "b": ([10.0], [])}
    model = compiled(specification([16.0], samples, poi="mu", k=[-20.0, 20.0]))
    for verb in (wilks.limit, wilks.significance):
        assert "flat-direction" in [condition.rule for condition in verb(model).origin.conditions]


def test_a_range_that_the_user_gives_is_not_told() -> None:
    model = counting(10, 5, 5, mu=[0.2, 1.5])
    assert [c.rule for c in wilks.limit(model).origin.conditions] == ["other-range"]
    assert wilks.limit(model, bounds={"m*": (0.2, 1.5)}).origin.conditions == ()
    (found,) = wilks.limit(counting(40, 5, 20, mu=[0.0, 1.5])).origin.conditions
    assert found.numbers["mu"] == pytest.approx(4.0)
    assert "the best fit = 4" in found.text


def test_a_grid_says_at_which_points() -> None:
    result = wilks.grid({str(n): workspace({"A": (5.0, 0.0, 20.0, n)}) for n in (12.0, 30.0, 13.0)})
    (found,) = result.origin.conditions
    assert found.text.startswith('At 2 of 3 points ("12.0", "13.0"), as at the first: The test statistic keeps "mu"')
    assert found.brief.endswith("(2 of 3 points)")


def read(shared_data: Path, case: str) -> Any:
    return wilks.compile_model(wilks.load_workspace(shared_data.parent / "cases" / case / "workspace.json"))


def test_a_published_kind_of_factor_at_its_default_bound(shared_data: Path) -> None:
    model = read(shared_data, "nuisance_at_default_bound")
    z, upper = wilks.significance(model), wilks.limit(model)
    assert (z.significance, upper.observed) == pytest.approx((1.858, 1.233), abs=1e-3)
    assert z.origin.conditions[0].effect.endswith("The significance is then 0.07858.")
    assert upper.origin.conditions[0].effect.endswith("The observed limit is then 0.9688.")


def test_a_published_kind_of_degenerate_model(shared_data: Path) -> None:
    upper = wilks.limit(read(shared_data, "degenerate_limit_silent"))
    assert upper.observed == pytest.approx(5.119, abs=1e-3)
    (found,) = upper.origin.conditions
    assert found.rule == "flat-direction"
    assert set(found.parameters) == {"mu", "k"}
    assert found.severity == "error"


def test_a_published_kind_of_bounds_without_zero(shared_data: Path) -> None:
    result = wilks.limit(read(shared_data, "data_driven_shapefactor"))
    rules = {condition.rule: condition for condition in result.origin.conditions}
    assert set(rules) == {"at-bound", "other-range", "far-from-zero"}
    assert "between 0.2 and 1.5" in rules["other-range"].text
