"""The fuzzer's own parts: a fault put in by hand is found, a healthy answer passes; and a short campaign."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from tests.fuzz import guard, search
from tests.fuzz.campaign import TRIALS, Summary, campaign, run_trial
from tests.fuzz.dice import Dice
from tests.fuzz.exact import Exact
from tests.fuzz.guard import guarded
from tests.fuzz.models import random_workspace
from tests.fuzz.mutations import moderate, mutated
from tests.fuzz.record import Record
from tests.fuzz.verdict import Claim, Fault, examine
from tests.reference.likelihood import Likelihood
from tests.strategies import random_theta

from wilks import compile_model, fit, load_workspace
from wilks.errors import ModelError
from wilks.model.model import Model

Spec = dict[str, Any]


def one_bin(observed: float, signal: float = 5.0, background: float = 50.0, **settings: Any) -> Spec:
    """A signal with a free factor on a background that is known to 10 %."""
    samples = [
        {"name": "s", "data": [signal], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
        {
            "name": "b",
            "data": [background],
            "modifiers": [{"name": "scale", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}}],
        },
    ]
    parameters = [{"name": "mu", **settings}] if settings else []
    return {
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": [observed]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": parameters}}],
        "version": "1.0.0",
    }


def claim(spec: Spec, **changes: Any) -> Claim:
    """A claim about the fit of a workspace, with fields of the result changed."""
    model = compile_model(load_workspace(spec))
    reference = Likelihood(spec)
    return Claim(reference, replace(fit(model), **changes), reference.observed(), *model.bounds)


def kinds(faults: list[Fault]) -> set[str]:
    return {fault.kind for fault in faults}


# --- the generator ---------------------------------------------------------------------------------------------------


def test_a_seed_means_the_same_model_for_ever() -> None:
    text = json.dumps([random_workspace(seed) for seed in range(20)]).encode()
    assert hashlib.sha256(text).hexdigest()[:16] == "d36f0f48fa558b7c"


def test_every_model_is_valid_and_all_oddities_occur() -> None:
    specs = [random_workspace(seed) for seed in range(100)]
    for spec in specs:
        assert compile_model(load_workspace(spec)).parameter_names == Likelihood(spec).parameter_names
    modifiers = [m for spec in specs for c in spec["channels"] for s in c["samples"] for m in s["modifiers"]]
    assert {m["type"] for m in modifiers} == {
        "normfactor", "shapefactor", "lumi", "normsys", "histosys", "shapesys", "staterror"
    }  # fmt: skip
    assert any((m["data"]["lo"] - 1) * (m["data"]["hi"] - 1) > 0 for m in modifiers if m["type"] == "normsys")
    yields = [n for spec in specs for c in spec["channels"] for s in c["samples"] for n in s["data"]]
    assert min(yields) < 0
    assert 0 in yields
    counts = [n for spec in specs for o in spec["observations"] for n in o["data"]]
    assert 0 in counts
    assert any(n % 1 for n in counts)
    settings = [p for spec in specs for p in spec["measurements"][0]["config"]["parameters"]]
    rooms = [high - low for p in settings for low, high in p.get("bounds", [])]
    assert 0 in rooms
    assert any(0 < room < 1e-9 for room in rooms)
    assert {len(spec["channels"]) for spec in specs} == {1, 2, 3, 4, 5}


# --- the examination -------------------------------------------------------------------------------------------------


def test_sixty_digits_agree_with_the_reference() -> None:
    rng = np.random.default_rng(5)
    for seed in range(6):
        reference = Likelihood(random_workspace(seed))
        try:
            theta = random_theta(rng, reference)
        except ValueError:  # no rate is positive anywhere near
            continue
        with np.errstate(all="ignore"):
            value, gradient = reference.nll(theta), reference.gradient(theta)
        if not np.isfinite(value):
            continue
        exact = Exact(reference)
        assert float(exact.nll(list(theta))) == pytest.approx(value, rel=0, abs=reference.nll_tolerance(theta))
        found, _ = exact.derivatives(theta, range(2))
        np.testing.assert_allclose(found, gradient[:2], rtol=1e-9, atol=1e-8)
        direction = rng.normal(size=len(theta))
        assert exact.along(theta, direction)[0] == pytest.approx(gradient @ direction, rel=1e-8, abs=1e-8)


def test_sixty_digits_are_right_where_the_answer_is_known() -> None:
    # One bin, no constraint: nll = nu - n log(nu) + log n!, slope s (1 - n / nu), curvature n s^2 / nu^2.
    spec = one_bin(7.0)
    spec["channels"][0]["samples"][1]["modifiers"] = []
    exact = Exact(Likelihood(spec))
    theta = np.array([0.5])
    with mp.workdps(60):
        known = mp.mpf("52.5") - 7 * mp.log(mp.mpf("52.5")) + mp.log(mp.factorial(7))
        assert abs(exact.nll([0.5]) - known) < mp.mpf(10) ** -55
    slope, curvature = exact.derivatives(theta, [0])
    assert slope[0] == pytest.approx(5 * (1 - 7 / 52.5), rel=1e-15)
    assert curvature[0, 0] == pytest.approx(7 * 25 / 52.5**2, rel=1e-15)


@pytest.mark.parametrize("observed", [55.0, 70.0, 20.0])
def test_a_true_fit_passes(observed: float) -> None:
    assert examine(claim(one_bin(observed))) == []


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("wrong 2NLL", lambda r: {"twice_nll": r.twice_nll + 1e-6}),
        ("wrong covariance", lambda r: {"covariance": 1.01 * r.covariance}),
        ("wrong covariance", lambda r: {"covariance": np.diag(np.diag(r.covariance))}),
        ("no uncertainty", lambda r: {"uncertainties": np.array([r.uncertainties[0], np.nan])}),
        ("not at a bound, but said", lambda r: {"at_bound": np.array([True, False])}),
        ("flat, untrue", lambda r: {"converged": False, "status": "the likelihood is flat: it is not"}),
        ("outside its bounds", lambda r: {"values": r.values + 20.0}),
    ],
)
def test_an_untrue_fit_is_caught(kind: str, change: Callable[[Any], dict[str, Any]]) -> None:
    honest = claim(one_bin(70.0))
    changed = replace(honest, result=replace(honest.result, **change(honest.result)))
    assert kind in kinds(examine(changed))


def moved(spec: Spec, theta: list[float], **changes: Any) -> Claim:
    """A claim that the fit ended elsewhere, its 2NLL being that of the place."""
    honest = claim(spec)
    values = np.array(theta)
    return replace(honest, result=replace(honest.result, values=values, twice_nll=2 * honest.nll(values), **changes))


def test_a_point_beside_the_minimum_is_caught() -> None:
    honest = claim(one_bin(70.0))
    values = honest.result.values + 0.01 * honest.result.uncertainties
    assert "converged off the minimum" in kinds(examine(moved(one_bin(70.0), values.tolist())))


def test_a_bound_that_does_not_press_is_caught() -> None:
    there = moved(one_bin(70.0), [0.0, 0.0], at_bound=np.array([True, False]))
    assert "held at a bound that does not press" in kinds(examine(there))


def test_a_saddle_is_caught() -> None:
    # Both sides of the systematic raise the background by a half: alpha = 0 is a saddle where more is seen.
    spec = one_bin(100.0, fixed=True)
    spec["channels"][0]["samples"][1]["modifiers"][0]["data"] = {"lo": 1.5, "hi": 1.5}
    assert examine(claim(spec)) == []
    assert kinds(examine(moved(spec, [1.0, 0.0]))) == {"converged at a saddle"}


def test_a_true_flat_direction_passes() -> None:
    spec = one_bin(70.0)
    spec["channels"][0]["samples"][1]["modifiers"] = [{"name": "k", "type": "normfactor", "data": None}]
    flat = claim(spec)
    assert flat.result.status.startswith("the likelihood is flat")
    assert examine(flat) == []


# --- searches --------------------------------------------------------------------------------------------------------


def compiled(spec: Spec) -> tuple[Model, np.ndarray]:
    model = compile_model(load_workspace(spec))
    return model, model.observed()


def test_a_feasible_point_is_found_where_there_is_one() -> None:
    # The background is negative: the signal must be five times as large at least, and its factor may be ten.
    model, data = compiled(one_bin(3.0, signal=10.0, background=-50.0))
    held = np.array([False, False])
    assert np.isinf(model.nll(model.initial))
    found = search.feasible_point(model, data, model.initial, *model.bounds, held)
    assert found is not None
    assert np.isfinite(model.nll(found))
    beyond = search.feasible_point(model, data, model.initial, model.bounds[0], np.array([2.0, 1.0]), held)
    assert beyond is None


def test_descents_end_in_the_minimum() -> None:
    model, data = compiled(one_bin(62.0))
    theta = search.descended(model, data, model.initial, *model.bounds, np.array([False, False]))
    assert model.index("mu") == 0
    np.testing.assert_allclose(theta, [12.0 / 5.0, 0.0], atol=1e-2)


# --- guards ----------------------------------------------------------------------------------------------------------


def shout() -> None:
    warnings.warn("careful", RuntimeWarning, stacklevel=1)


def busy() -> None:
    end = time.process_time() + 5
    while time.process_time() < end:
        pass


def refuse(text: str) -> Callable[[], None]:
    def call() -> None:
        raise ModelError(text)

    return call


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: 1 // 0, "traceback"),
        (shout, "warning"),
        (refuse(""), "unclear refusal"),
        (refuse("x" * 5000), "unclear refusal"),
        (busy, "slow"),
    ],
)
def test_what_is_no_answer_is_a_fault(call: Callable[[], Any], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "PATIENCE", 0.2)
    answer, fault = guarded("it", call)
    assert answer is None
    assert fault is not None
    assert fault.kind == kind


def test_answers_and_clear_refusals_pass() -> None:
    assert guarded("it", lambda: 3) == (3, None)
    assert guarded("it", refuse('no parameter "mu" in this model')) == (None, None)


# --- mutations -------------------------------------------------------------------------------------------------------


def test_mutations_change_documents_and_leave_the_original_alone() -> None:
    spec = random_workspace(3)
    before = json.dumps(spec)
    changed = [json.dumps(mutated(spec, Dice("m", i))) for i in range(50)]
    assert json.dumps(spec) == before
    assert len(set(changed)) > 40
    assert changed == [json.dumps(mutated(spec, Dice("m", i))) for i in range(50)]


def test_numbers_that_doubles_do_not_calculate_with_are_not_moderate() -> None:
    assert moderate({"a": [0, 1.5, -3], "b": True})
    for number in (1e30, -1e-9, float("nan"), 10**400):
        assert not moderate([number])


# --- campaigns -------------------------------------------------------------------------------------------------------


def test_a_summary_counts_and_says_how_to_repeat() -> None:
    summary = Summary()
    summary.add("model", 4, Record(lower=[0.5]))
    assert "python -m tests.fuzz model 4" in str(summary)
    summary.add("document", 7, Record(faults=[Fault("traceback", "fit: KeyError")]))
    assert summary.failed
    assert "python -m tests.fuzz document 7  # fit: KeyError" in str(summary)


def test_what_breaks_the_harness_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRIALS, "model", lambda seed: Record(lower=[1 / seed]))
    assert kinds(run_trial("model", 0).faults) == {"harness"}


def test_a_short_campaign_finds_nothing() -> None:
    summary = campaign(8, seconds=float("inf"), trials=40)
    assert not summary.examples, str(summary)
    assert not summary.lower, str(summary)
