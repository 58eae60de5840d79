"""What sampling does before and after the chains: priors, coordinates without bounds, mistakes, summaries."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import integrate
from tests.reference.likelihood import central_gradient

import wilks
from wilks.cli import main
from wilks.errors import InputError, ModelError, ResultError, WilksError
from wilks.infer.chains import ess_bulk, r_hat, shortest
from wilks.infer.priors import _log_density, asked_priors, parse_prior
from wilks.infer.unbounded import Bounds, Target, curvature, density, target_of
from wilks.model.model import Model
from wilks.results.posterior import PosteriorResult


@pytest.fixture(scope="module")
def model() -> Model:
    return wilks.compile_model(wilks.examples.search())


@pytest.fixture(scope="module")
def posterior(model: Model) -> PosteriorResult:
    fit = wilks.fit(model)
    chains = np.random.default_rng(1).multivariate_normal(fit.values, fit.covariance, (4, 1000))
    return wilks.posterior_result(model, chains=chains)


def target(model: Model) -> Target:
    held = model.fixed | model.idle
    priors = asked_priors(model, {"mu": "gamma:3,2", "top_norm": "log-normal:1,1.2"}, held)
    bounds = priors.limited(*model.bounds)
    bounds[1][model.index("mu")] = np.inf
    bounds[0][model.index("Luminosity")] = -np.inf
    return target_of(model, model.observed_dataset, priors, held, model.initial, bounds)


def test_gradient_and_curvature_of_the_posterior_are_differences(model: Model) -> None:
    there = target(model)
    assert np.abs(density(there, there.centre)[1] @ there.scale).max() < 1e-2  # the mode
    rng = np.random.default_rng(4)
    z = 0.7 * rng.standard_normal(there.free.size)
    _, gradient = there(z)
    steps = np.full(z.size, 1e-5)
    np.testing.assert_allclose(gradient, central_gradient(lambda x: there(x)[0], z, steps), rtol=1e-5, atol=1e-5)
    u = there.centre + there.scale @ z
    hessian = central_gradient(lambda x: density(there, x)[1], u, steps)
    np.testing.assert_allclose(-curvature(there, u), hessian, rtol=1e-4, atol=1e-4)


def test_bounds_are_undone_and_their_slopes_are_the_jacobian() -> None:
    bounds = Bounds(np.array([0.0, 1.0, -np.inf, -np.inf]), np.array([10.0, np.inf, 2.0, np.inf]))
    theta = np.array([9.7, 3.0, -4.0, 0.3])
    u = bounds.outward(theta)
    back, slope, _, log_slope, *_ = bounds.inward(u)
    np.testing.assert_allclose(back, theta, rtol=1e-14)
    np.testing.assert_allclose(np.log(np.abs(slope)).sum(), log_slope, rtol=1e-13)
    assert (bounds.inward(np.full(4, -50.0))[0][:2] >= [0.0, 1.0]).all()


@pytest.mark.parametrize("text", ["normal:1,0.5", "log-normal:2,1.5", "gamma:2.5,3", "power:-0.5"])
def test_derivatives_of_priors_and_their_means(text: str) -> None:
    prior, x, h = parse_prior(text), 1.3, 1e-5
    assert str(prior) == text
    up, here, down = (_log_density(prior, x + d) for d in (h, 0.0, -h))
    assert here[1] == pytest.approx((up[0] - down[0]) / (2 * h), rel=1e-8)
    assert here[2] == pytest.approx((up[1] - down[1]) / (2 * h), rel=1e-8)
    if prior.holds:
        grid = np.linspace(1e-6 if prior.support[0] == 0 else -3.0, 30.0, 200_001)
        weight = np.exp([_log_density(prior, float(t))[0] for t in grid[::20]])
        mean = integrate.simpson(grid[::20] * weight, x=grid[::20]) / integrate.simpson(weight, x=grid[::20])
        expected = {"normal": 1.0, "log-normal": 2 * np.exp(0.5 * np.log(1.5) ** 2), "gamma": 2.5 / 3}[prior.form]
        assert mean == pytest.approx(expected, rel=1e-4)


def test_all_mistakes_at_once(model: Model) -> None:
    wrong = {"muu": "flat", "mu": "normal:1,0", "Luminosity": "flat", "top_norm": "gama:1,2", "zjets_norm": "uniform:1"}
    with pytest.raises(ModelError) as error:
        wilks.sample(model, priors=wrong, draws=3, acceptance=1.0, levels=(2.0,))
    told = "\n".join(error.value.problems)
    assert len(error.value.problems) == 8
    for part in (
        "draws: at least 10, found 3",
        "acceptance lies between 0 and 1",
        "levels lie between 0 and 1, found",
        'no parameter "muu" in this model; did you mean "mu"?',
        "the standard deviation has to be above 0",
        'prior of "Luminosity": its constraint term holds it already',
        'did you mean "gamma"?',
        "a uniform prior takes 2 finite numbers",
    ):
        assert part in told
    with pytest.raises(ModelError, match='"mu": its bounds and its prior leave no values'):
        wilks.sample(model, priors={"mu": "uniform:20,30"}, bounds={"mu": (0, 5)})
    with pytest.raises(ModelError, match="at least one thread is needed, found threads=0"):
        wilks.sample(model, threads=0)
    with pytest.raises(ModelError, match='prior of "mu": it is kept at its value'):
        wilks.sample(model, priors={"mu": "flat"}, fixed={"mu": 1.0})


def test_without_the_extra_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "nutpie", None)
    wilks.examples.measurement().save(tmp_path / "w.json")
    ran = CliRunner().invoke(main, ["sample", str(tmp_path / "w.json"), "--prior", "mu=normal:1,0.2"])
    assert ran.exit_code == 2
    assert ran.stderr == 'wilks: sampling a posterior needs nutpie: pip install "wilks[sampling]"\n'
    for name in [name for name in sys.modules if name.partition(".")[0] == "jax" or name.startswith("wilks.jax")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(WilksError, match=r'pip install "wilks\[jax\]"'):
        wilks.jax  # noqa: B018


def test_summary_of_given_chains(model: Model, posterior: PosteriorResult) -> None:
    fit = wilks.fit(model)
    free = ~(model.fixed | model.idle)
    np.testing.assert_allclose(posterior.mean, fit.values[free], atol=0.1)
    i = posterior.index("mu")
    sigma = fit["mu"].uncertainty
    assert posterior.standard_deviation[i] == pytest.approx(sigma, rel=0.05)
    expected = fit["mu"].value + np.array([-1.96, 1.96]) * sigma
    np.testing.assert_allclose(posterior.central[1, i], expected, atol=0.15 * sigma)
    assert posterior.upper[1, i] == pytest.approx(fit["mu"].value + 1.645 * sigma, abs=0.15 * sigma)
    assert posterior.converged, posterior.status
    assert "mu (POI)" in str(posterior)
    with pytest.raises(ModelError, match="chains have shape"):
        wilks.posterior_result(model, chains=np.zeros((4, 20, 3)))


def test_chains_that_differ_are_told(model: Model) -> None:
    fit = wilks.fit(model)
    chains = np.random.default_rng(1).multivariate_normal(fit.values, fit.covariance, (2, 500))
    chains[0, :, model.index("mu")] += 1.0
    told = wilks.posterior_result(model, chains=chains)
    assert not told.converged
    assert "R-hat is above 1.01" in told.status
    assert '"mu"' in told.status


def test_effective_sizes_of_an_autoregressive_process() -> None:
    """x(t) = rho x(t - 1) + e has (1 - rho) / (1 + rho) independent samples for each draw."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((4, 4000, 2))
    for t in range(1, 4000):
        x[:, t] += np.array([0.0, 0.8]) * x[:, t - 1]
    np.testing.assert_allclose(ess_bulk(x), 16000 * np.array([1.0, 0.2 / 1.8]), rtol=0.15)
    np.testing.assert_allclose(r_hat(x), 1.0, atol=0.005)
    low, high = shortest(rng.exponential(size=(20_000, 1)), 0.9)
    np.testing.assert_allclose((low[0], high[0]), (0.0, np.log(10)), atol=0.08)


def test_samples_lie_beside_the_file(model: Model, posterior: PosteriorResult, tmp_path: Path) -> None:
    posterior.save(tmp_path / "posterior.json")
    assert len(json.loads((tmp_path / "posterior.json").read_text())["samples_digest"]) == 64
    loaded = wilks.load_result(tmp_path / "posterior.json")
    np.testing.assert_array_equal(loaded.samples, posterior.samples)
    np.testing.assert_array_equal(loaded.central, posterior.central)
    assert str(loaded) == str(posterior)
    asked = ["plot", str(tmp_path / "posterior.json"), "--parameters", "mu", "-o", str(tmp_path / "f.png")]
    drawn = CliRunner().invoke(main, asked)
    assert drawn.exit_code == 0, drawn.output
    other = wilks.posterior_result(model, chains=posterior.samples[None, ::-2])
    other.save(tmp_path / "other.json")
    for content in (b"nothing", (tmp_path / "other.npz").read_bytes()):
        (tmp_path / "posterior.npz").write_bytes(content)
        with pytest.raises(ResultError, match=r"posterior\.npz: these are not the samples that were written with"):
            wilks.load_result(tmp_path / "posterior.json")
        refused = CliRunner().invoke(main, asked)
        assert (refused.exit_code, "these are not the samples" in refused.stderr) == (2, True)
    replace(posterior, samples=None).save(tmp_path / "posterior.json")
    assert wilks.load_result(tmp_path / "posterior.json").samples is None
    (tmp_path / "posterior.npz").unlink()
    posterior.save(tmp_path / "posterior.json")
    (tmp_path / "posterior.npz").unlink()
    without = wilks.load_result(tmp_path / "posterior.json")
    assert without.samples is None
    with pytest.raises(InputError, match="the samples of the posterior are not at hand"):
        wilks.figures.posterior(without)


def test_corner_figure_has_what_is_asked_for(model: Model, posterior: PosteriorResult) -> None:
    scan = wilks.scan(model, points=7)
    figure = wilks.figures.posterior(posterior, parameters=["mu", "*_norm"], scan=scan)
    assert len(figure.axes) == 6
    assert [ax.get_xlabel() for ax in figure.axes[3:]] == ["mu", "top_norm", "zjets_norm"]
    profile = next(line for line in figure.axes[0].lines if line.get_linestyle() == "--")
    samples, x = posterior.samples[:, posterior.index("mu")], profile.get_xdata()
    there = ((samples > x[0]) & (samples < x[-1])).mean()
    assert 0.5 * ((profile.get_ydata()[1:] + profile.get_ydata()[:-1]) * np.diff(x)).sum() == pytest.approx(there)
    top = np.argmax(profile.get_ydata())
    assert profile.get_xdata()[top] == pytest.approx(wilks.fit(model)["mu"].value, abs=0.1)
    with pytest.raises(InputError, match='no parameter "muu" in this posterior; did you mean "mu"'):
        wilks.figures.posterior(posterior, parameters="muu")
    with pytest.raises(InputError, match="room for 10 parameters"):
        wilks.figures.posterior(posterior, parameters=["*"])
    with pytest.raises(InputError, match='along "mu", which is not drawn'):
        wilks.figures.posterior(posterior, parameters=["Luminosity"], scan=scan)
