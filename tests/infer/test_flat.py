"""Best fits that are flat along some parameters, against the same models without these parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.infer.searches import MU, Spec, model, modifier, workspace

import wilks
from wilks.infer.flat import determined
from wilks.infer.study import study
from wilks.results.ranking import RankingResult

WIDE = [{"name": name, "bounds": [[-20, 20]]} for name in ("mu", "j", "k", "l")]


def search(*factors: str, empty: str = "", signal: str = "") -> Spec:
    """Return a search whose background has these normalisation factors; `empty` scales a sample without events."""
    background = [modifier("jes", "normsys", {"lo": 0.93, "hi": 1.1}), modifier("gamma", "staterror", [2.0, 3.0, 2.5])]
    samples = {
        "signal": ([1.0, 12.0, 4.0], [MU, *([modifier(signal, "normfactor")] if signal else [])]),
        "background": ([50.0, 20.0, 5.0], [*background, *(modifier(name, "normfactor") for name in factors)]),
    }
    if empty:
        samples["nothing"] = ([0.0, 0.0, 0.0], [modifier(empty, "normfactor")])
    used = {"mu", *factors, empty, signal}
    return workspace({"SR": samples}, {"SR": [57, 34, 11]}, [p for p in WIDE if p["name"] in used])


def same(ours: RankingResult, theirs: RankingResult, names: list[str]) -> None:
    here, there = ([result.names.index(name) for name in names] for result in (ours, theirs))
    np.testing.assert_allclose(ours.impacts[0, here], theirs.impacts[0, there], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours.uncertainties[here], theirs.uncertainties[there], rtol=1e-5)
    assert [ours.statuses[i] for i in here] == [theirs.statuses[i] for i in there]
    np.testing.assert_allclose(ours.poi_uncertainties[0], theirs.poi_uncertainties[0], rtol=1e-5)
    np.testing.assert_allclose(ours.data_statistics, theirs.data_statistics, rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"profile": True}, {"method": "covariance"}, {"method": "global observables"}])
@pytest.mark.parametrize(
    ("flat", "plain", "lost"),
    [
        (search("k", empty="l"), search("k"), ["l"]),
        (search("k", "l"), search("k"), ["k", "l"]),
        (search("j", "k", "l"), search("k"), ["j", "k", "l"]),
    ],
)
def test_rows_outside_the_flat_directions_are_those_of_the_model_without_them(
    flat: Spec, plain: Spec, lost: list[str], options: dict[str, Any]
) -> None:
    found, reference = wilks.ranking(model(flat), **options), wilks.ranking(model(plain), **options)
    assert reference.failures == {}
    same(found, reference, [name for name in reference.names if name not in lost])
    if lost == ["l"]:  # without any effect: held, as what is fixed
        assert found.names == reference.names
    elif options == {}:
        assert set(found.failures) == set(lost)
        for name in lost:
            assert "the likelihood is flat along it, no post-fit uncertainty" in found.failures[name]
            assert np.isnan(found.impacts[0, found.names.index(name)]).all()


def test_a_flat_parameter_of_interest_has_no_impacts() -> None:
    for options in ({}, {"method": "covariance"}, {"method": "global observables"}):
        found = wilks.ranking(model(search("k", signal="l")), **options)  # type: ignore[arg-type]
        assert np.isnan(found.impacts).all()
        assert all("flat" in text for text in found.failures.values())
        assert set(found.failures) == set(found.names)
        # Of two, the other one keeps its own.
        both = wilks.ranking(model(search("k", signal="l")), poi=["k", "mu"], **options)  # type: ignore[arg-type]
        alone = wilks.ranking(model(search("k")), poi=["k", "mu"], **options)  # type: ignore[arg-type]
        common = ["jes", "gamma[0]", "gamma[1]", "gamma[2]"]
        rows = [[result.names.index(name) for name in common] for result in (both, alone)]
        np.testing.assert_allclose(both.impacts[0, rows[0]], alone.impacts[0, rows[1]], rtol=1e-4, atol=1e-6)
        assert np.isnan(both.impacts[1]).all()
        assert np.isnan(both.poi_uncertainties[1]).all()
        assert 'flat along "mu"' in both.failures["jes"]


@pytest.mark.parametrize("method", ["frozen", "sequential", "global observables"])
def test_the_breakdown_is_that_of_the_model_without_them(method: str) -> None:
    reference = wilks.breakdown(model(search("k")), method=method)
    for flat in (search("k", empty="l"), search("k", "l"), search("j", "k", "l")):
        found = wilks.breakdown(model(flat), method=method)
        assert found.failures == {}
        assert found.groups == reference.groups
        for name in ("total", "contributions", "statistical"):
            np.testing.assert_allclose(getattr(found, name), getattr(reference, name), rtol=1e-5, atol=1e-9)
    lost = wilks.breakdown(model(search("k", signal="l")), method=method)
    assert all("the likelihood is flat" in text for text in lost.failures.values())


@pytest.mark.parametrize("method", ["frozen", "sequential"])
def test_a_group_with_one_of_two_that_are_flat_together_has_no_part(method: str) -> None:
    """Held alone, one leaves the product free; how much of it is asked is not known from a covariance."""
    groups = {"one": ["k", "jes"], "other": "l", "statistics": "gamma*"}
    found = wilks.breakdown(model(search("k", "l")), groups=groups, method=method)
    assert set(found.failures) == {"one", "other"}
    assert all("flat together" in text for text in found.failures.values())
    whole = wilks.breakdown(model(search("k")), groups={"k, jes": ["k", "jes"], "statistics": "gamma*"}, method=method)
    np.testing.assert_allclose(found.contributions[0, 2], whole.contributions[0, 1], rtol=1e-5)
    np.testing.assert_allclose(found.total, whole.total, rtol=1e-5)


def test_what_is_flat_is_found() -> None:
    def flat(spec: Spec, select: Callable[[Any], Any]) -> set[str]:
        asked = study(model(spec))
        return {asked.model.parameter_names[i] for i in select(determined(asked))}

    assert flat(search("k"), lambda known: known.flat) == set()
    assert flat(search("k", empty="l"), lambda known: known.flat) == {"l"}
    assert flat(search("k", empty="l"), lambda known: known.alone) == {"l"}
    assert flat(search("j", "k", empty="l"), lambda known: known.flat) == {"j", "k", "l"}
    assert flat(search("j", "k", empty="l"), lambda known: known.alone) == {"l"}
    assert flat(search("k", signal="l"), lambda known: known.flat) == {"mu", "l"}
    asked = study(model(search("j", "k", "l")))
    known = determined(asked)
    assert known.study.best.converged
    assert known.study.best.twice_nll == pytest.approx(asked.best.twice_nll, abs=1e-8)
    assert (known.study.problem.held & ~asked.problem.held).sum() == 2
    where = {name: i for i, name in enumerate(asked.model.parameter_names)}
    assert known.divides([where["j"]])
    assert not known.divides([where["j"], where["k"], where["l"]])
    assert not known.divides([where["jes"]])


def test_where_a_rate_vanishes_what_needs_no_covariance_is_known() -> None:
    """Signal alone in a bin without events: the best fit is without signal, on the edge, whatever jes is."""
    samples = {
        "signal": ([5.0, 3.0], [MU]),
        "background": ([50.0, 0.0], [modifier("jes", "normsys", {"lo": 0.9, "hi": 1.1})]),
    }
    found = model(workspace({"SR": samples}, {"SR": [40, 0]}, [{"name": "mu", "bounds": [[-10, 10]]}]))
    plain = wilks.ranking(found)
    np.testing.assert_allclose(plain.impacts[0, 0, :2], 0, atol=1e-6)
    assert np.isnan(plain.impacts[0, 0, 2:]).all()
    assert np.isnan(plain.poi_uncertainties).all()
    assert "no post-fit uncertainty: the minimum lies where a rate vanishes" in plain.failures["jes"]
    np.testing.assert_allclose(wilks.ranking(found, profile=True).impacts[0, 0], 0, atol=1e-6)
    assert np.isnan(wilks.ranking(found, method="covariance").impacts).all()
    shifted = wilks.ranking(found, method="global observables")
    np.testing.assert_allclose(shifted.impacts[0, 0, 2:], 0, atol=1e-6)
    assert np.isnan(shifted.data_statistics).all()
