"""Sampled posteriors against closed forms and quadrature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import integrate, stats

import wilks
from wilks.cli import main
from wilks.infer.chains import ess_bulk, ess_tail, r_hat
from wilks.infer.priors import _log_density, parse_prior
from wilks.model.model import Model
from wilks.results.posterior import PosteriorResult

MATRIX = [[1.0, 0.6], [0.6, 1.0]]


def counting(observed: float, background: float = 0.0, signal: float = 1.0, high: float = 60.0) -> Model:
    """Return a model of one bin: mu times `signal`, and a background that is known."""
    mu = {"name": "mu", "type": "normfactor", "data": None}
    samples: list[dict[str, Any]] = [{"name": "signal", "data": [signal], "modifiers": [mu]}]
    if background:
        samples.append({"name": "background", "data": [background], "modifiers": []})
    config = {"poi": "mu", "parameters": [{"name": "mu", "bounds": [[0.0, high]], "inits": [1.0]}]}
    return wilks.compile_model(
        wilks.load_workspace(
            {
                "channels": [{"name": "SR", "samples": samples}],
                "observations": [{"name": "SR", "data": [observed]}],
                "measurements": [{"name": "m", "config": config}],
                "version": "1.0.0",
            }
        )
    )


def agree(found: float, expected: float, deviation: float, samples: float) -> None:
    """Five standard errors of a mean; a quantile at 95 % has two and a half times more."""
    assert abs(found - expected) < 5 * deviation / np.sqrt(samples)


def check_gamma(result: PosteriorResult, shape: float, rate: float) -> None:
    exact = stats.gamma(shape, scale=1 / rate)
    size = float(min(result.ess_bulk[0], result.ess_tail[0]))
    assert result.converged, result.status
    agree(result.mean[0], exact.mean(), exact.std(), size)
    agree(result.median[0], exact.median(), 1.25 * exact.std(), size)
    agree(result.upper[-1, 0], exact.ppf(0.95), 2.5 * exact.std(), size)
    assert result.standard_deviation[0] == pytest.approx(exact.std(), rel=0.1)


@pytest.mark.parametrize(
    ("prior", "shape", "rate"), [(None, 8, 1.0), ("power:-0.5", 7.5, 1.0), ("gamma:3,0.5", 10, 1.5)]
)
def test_a_count_with_a_gamma_prior_has_a_gamma_posterior(prior: str | None, shape: float, rate: float) -> None:
    priors = {} if prior is None else {"mu": prior}
    check_gamma(wilks.sample(counting(7), priors=priors, draws=2500, seed=3), shape, rate)


@pytest.mark.parametrize(("observed", "background"), [(0, 3.0), (4, 2.5)])
def test_upper_limit_of_a_count_with_background(observed: int, background: float) -> None:
    """1 - CL is the ratio of the probabilities of up to n events with and without the limit (O. Helene, 1983)."""
    result = wilks.sample(counting(observed, background), draws=2500, seed=4)
    limit = float(result.upper[-1, 0])
    beyond = stats.poisson.cdf(observed, limit + background) / stats.poisson.cdf(observed, background)
    assert beyond == pytest.approx(0.05, abs=5 * np.sqrt(0.05 * 0.95 / float(result.ess_tail[0])))


@pytest.mark.parametrize("prior", ["normal:2,0.7", "log-normal:1.5,1.4", "uniform:1,3", "flat"])
def test_priors_by_quadrature(prior: str) -> None:
    model = counting(23, 12.0, 8.0, high=5.0)
    result = wilks.sample(model, priors={"mu": prior}, draws=2000, seed=5)
    low, high = max(0.0, parse_prior(prior).support[0]), min(5.0, parse_prior(prior).support[1])
    x = np.linspace(low, high, 4001)[1:-1]
    density = np.exp([stats.poisson.logpmf(23, 12 + 8 * m) + _log_density(parse_prior(prior), m)[0] for m in x])
    density /= integrate.simpson(density, x=x)
    mean = integrate.simpson(x * density, x=x)
    deviation = np.sqrt(integrate.simpson((x - mean) ** 2 * density, x=x))
    assert result.converged, result.status
    agree(result.mean[0], mean, deviation, result.ess_bulk[0])
    assert result.standard_deviation[0] == pytest.approx(deviation, rel=0.08)


def test_correlated_constraints_without_data_give_back_their_covariance() -> None:
    modifiers = [{"name": name, "type": "normsys", "data": {"hi": 1 + 1e-7, "lo": 1 - 1e-7}} for name in ("one", "two")]
    config = {"poi": "", "parameters": [], "correlations": [{"parameters": ["one", "two"], "matrix": MATRIX}]}
    spec = {
        "channels": [{"name": "SR", "samples": [{"name": "b", "data": [9.0], "modifiers": modifiers}]}],
        "observations": [{"name": "SR", "data": [9.0]}],
        "measurements": [{"name": "m", "config": config}],
        "version": "wilks-1",
    }
    result = wilks.sample(wilks.compile_model(wilks.load_workspace(spec)), draws=2500, seed=6)
    assert result.priors == ("normal constraint", "normal constraint")
    assert result.converged
    for i in range(2):
        agree(result.mean[i], 0.0, 1.0, result.ess_bulk[i])
        assert result.standard_deviation[i] == pytest.approx(1.0, rel=0.06)
    assert result.correlations[0, 1] == pytest.approx(0.6, abs=0.05)
    np.testing.assert_allclose(result.central[0], [[-1.0, 1.0]] * 2, atol=0.1)


def test_the_numbers_depend_on_the_seed_alone() -> None:
    model = wilks.compile_model(wilks.examples.measurement())
    one, two = (wilks.sample(model, draws=60, warmup=60, chains=2, seed=9, threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.samples, two.samples)
    other = wilks.sample(model, draws=60, warmup=60, chains=2, seed=10)
    assert not np.array_equal(one.samples, other.samples)
    assert not one.converged
    assert "effective samples" in one.status


def test_fixed_parameters_stay_and_a_posterior_at_its_bound_is_told() -> None:
    model = wilks.compile_model(wilks.examples.measurement())
    result = wilks.sample(model, draws=200, fixed={"mu": 1.0}, bounds={"Jet energy scale": (0.3, 5.0)}, seed=2)
    assert "mu" not in result.names
    assert result.poi is None
    assert "Jet energy scale" in result.edges
    assert "which belongs to its prior" in str(result)
    assert result.origin.settings["fixed"] == {"mu": 1.0}


def test_what_is_done_counts_when_the_run_is_ended() -> None:
    model = counting(5)

    def enough(done: int, total: int) -> bool:
        return done < 3000

    result = wilks.sample(model, draws=200_000, warmup=100, chains=2, seed=1, progress=enough)
    assert 10 <= result.draws < 200_000
    assert not result.complete
    assert "was ended after" in result.status
    assert np.isfinite(result.mean).all()


def test_agreement_of_chains_is_what_arviz_says() -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz

    rng = np.random.default_rng(3)
    x = rng.standard_normal((4, 501, 3))
    for t in range(1, 501):
        x[:, t] += np.array([0.5, 0.9, -0.3]) * x[:, t - 1]
    x[0, :, 0] += 0.3
    for i in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = (arviz.rhat(x[..., i]), arviz.ess(x[..., i], method="bulk"), arviz.ess(x[..., i], method="tail"))
        ours = (r_hat(x)[i], ess_bulk(x)[i], ess_tail(x)[i])
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_command(tmp_path: Any) -> None:
    workspace, output = tmp_path / "w.json", tmp_path / "posterior.json"
    wilks.examples.measurement().save(workspace)
    asked = [
        "sample",
        str(workspace),
        "--draws",
        "120",
        "--warmup",
        "100",
        "--chains",
        "2",
        "--prior",
        "mu=normal:1,0.2",
    ]
    ran = CliRunner().invoke(main, [*asked, "-o", str(output)])
    assert ran.exit_code in (0, 1), ran.output
    loaded = wilks.load_result(output)
    assert loaded.priors[loaded.index("mu")] == "normal:1,0.2"
    assert loaded.samples.shape == (240, len(loaded.names))
    drawn = CliRunner().invoke(main, ["plot", str(output), "-o", str(tmp_path / "corner.png")])
    assert drawn.exit_code == 0
    assert (tmp_path / "corner.png").stat().st_size > 10_000
