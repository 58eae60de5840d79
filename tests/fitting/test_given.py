"""Results of fits made of arrays: what they are good for, and what can't be."""

from __future__ import annotations

import numpy as np
import pytest
from tests.model.test_terms import small

import wilks
from wilks import compile_model, fit, fit_result, load_workspace, predict, ranking
from wilks.errors import ModelError
from wilks.model.model import Model


def model() -> Model:
    return compile_model(load_workspace(small()))


def test_a_fit_made_of_its_arrays_gives_what_the_fit_gives() -> None:
    made = model()
    best = fit(made)
    for given in (
        fit_result(made, best.values, covariance=best.covariance),
        fit_result(made, best.values, uncertainties=best.uncertainties, correlation=best.correlation),
    ):
        assert given.twice_nll == best.twice_nll
        assert given.fixed.tolist() == best.fixed.tolist()
        np.testing.assert_allclose(given.covariance, best.covariance, rtol=1e-12)
        ours, theirs = predict(made, given), predict(made, best)
        for mine, other in zip(ours.channels, theirs.channels, strict=True):
            np.testing.assert_allclose(mine.total_uncertainty, other.total_uncertainty, rtol=1e-12)
        ranks, others = ranking(made, result=given), ranking(made, result=best)
        assert ranks.names == others.names
        assert "given, not fitted" in str(given)
        assert wilks.load_result  # it is a result like others


def test_values_by_name_and_no_uncertainties() -> None:
    made = model()
    given = fit_result(made, {"mu": 1.5})
    assert given["mu"].value == 1.5
    assert given["norm"].value == 0.0
    assert np.isnan(given.uncertainties).all()
    assert not given.covariance_valid
    assert given.twice_nll == 2.0 * made.nll(given.values)
    without = compile_model({"channels": small()["channels"]})
    assert np.isnan(fit_result(without, {"mu": 1.5}).twice_nll)
    data = made.observed()
    assert fit_result(without, {"mu": 1.5}, data=data).twice_nll == given.twice_nll


def test_a_result_is_saved_and_loaded(tmp_path: object) -> None:
    made = model()
    given = fit_result(made, made.initial, uncertainties=np.full(made.n_parameters, 0.1))
    path = f"{tmp_path}/given.json"
    given.save(path)
    again = wilks.load_result(path)
    np.testing.assert_array_equal(again.values, given.values)
    np.testing.assert_array_equal(again.covariance, given.covariance)


def test_every_mistake_is_told() -> None:
    made = model()
    size = made.n_parameters
    sigma, eye = np.full(size, 0.1), np.eye(size)
    for options, message in (
        ({"uncertainties": sigma[1:]}, "uncertainties: shape"),
        ({"uncertainties": -sigma}, "none can be negative"),
        ({"uncertainties": np.full(size, np.nan)}, "finite numbers"),
        ({"uncertainties": ["a"] * size}, "numbers are needed"),
        ({"correlation": eye}, "uncertainties are needed too"),
        ({"uncertainties": sigma, "correlation": 2 * eye}, "values beyond 1"),
        ({"uncertainties": sigma, "correlation": eye + np.triu(np.full((size, size), 0.1), 1)}, "not symmetric"),
        ({"covariance": eye, "uncertainties": sigma}, "a covariance says everything"),
        ({"covariance": -eye}, "a variance is negative"),
    ):
        with pytest.raises(ModelError, match=message):
            fit_result(made, made.initial, **options)
    with pytest.raises(ModelError, match='no parameter "nu"'):
        fit_result(made, {"nu": 1.0})
    with pytest.raises(ModelError) as caught:
        fit_result(made, made.initial, uncertainties=sigma[1:], correlation=np.eye(2))
    assert len(caught.value.problems) == 2
