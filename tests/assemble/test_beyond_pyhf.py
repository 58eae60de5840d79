"""From a steering file to fits of what pyhf's format can't say, held against a likelihood written by hand."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import numpy as np
import pyhf
import pytest
import uproot
import yaml
from scipy.optimize import minimize
from scipy.stats import norm, poisson

import wilks
import wilks.pipeline
from wilks.config.cabinetry import beyond_cabinetry
from wilks.config.load import config_json_schema
from wilks.workspace.workspace import Workspace

CONFIG = """
General:
  Measurement: example
  POIs: [mu, kt]
  InputPath: "input.root:{SamplePath}{VariationPath}"
  HistogramFolder: histograms
  Staterror: {Constraint: Poisson}
  Clip: True
  Correlations:
    - {Parameters: [jes, jer], Correlation: 0.3}
  Groups:
    jets: je*
    background: [b, beta, free]
  Fixed:
    - {Name: slope, Value: 0.1}
Regions:
  - Name: SR
Samples:
  - {Name: Data, SamplePath: data, Data: True}
  - {Name: Signal, SamplePath: signal}
  - {Name: ttbar, SamplePath: ttbar}
  - {Name: fakes, SamplePath: fakes}
NormFactors:
  - {Name: mu, Samples: Signal, Bounds: [0, 5]}
  - {Name: b, Samples: ttbar, Constraint: {Type: Poisson, Count: 31, Expected: 25}}
Systematics:
  - Name: free
    Type: Normalization
    Samples: fakes
    Up: {Normalization: 0.2}
    Down: {Normalization: -0.1}
    Constraint: {Type: None, Bounds: [-3, 3]}
    Interpolation: {Norm: code1}
  - Name: wide
    Type: Normalization
    Samples: Signal
    Up: {Normalization: 0.05}
    Down: {Normalization: -0.05}
    Constraint: {Center: 0.5, Width: 2, WidthDown: 1}
  - Name: alpha
    Type: Normalization
    Samples: ttbar
    Up: {Normalization: 0.1}
    Down: {Normalization: -0.1}
  - Name: jes
    Type: NormPlusShape
    Samples: ttbar
    Up: {VariationPath: _up}
    Down: {VariationPath: _down}
    Interpolation: {Norm: code1, Shape: code2}
  - Name: jer
    Type: Normalization
    Samples: [Signal, ttbar]
    Up: {Normalization: 0.04}
    Down: {Normalization: -0.04}
Functions:
  - Name: production
    Expression: "kt^2 * exp(@0 * (kt - 1))"
    Arguments: slope
    Samples: Signal
    Parameters:
      - {Name: kt, Bounds: [0.2, 3], Constraint: {Center: 1.1, Width: 0.2}}
      - {Name: slope, Nominal: 0.1, Bounds: [-1, 1]}
  - Name: alpha
    Expression: (beta - 1) / 0.3
    Parameters:
      - {Name: beta, Constraint: {Width: 0.3}}
"""
YIELDS = {
    "data": [212.0, 120.0, 71.0, 12.0],
    "signal": [5.0, 12.0, 30.0, 6.0],
    "ttbar": [100.0, 60.0, 20.0, 3.0],
    "ttbar_up": [107.0, 63.0, 20.0, 3.5],
    "ttbar_down": [95.0, 58.0, 20.5, 2.7],
    "fakes": [80.0, 40.0, 15.0, 2.0],
}


@pytest.fixture(scope="module")
def steering_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import boost_histogram as bh

    folder = tmp_path_factory.mktemp("beyond")
    with uproot.recreate(folder / "input.root") as file:
        for name, yields in YIELDS.items():
            histogram = bh.Histogram(bh.axis.Variable([0, 1, 2, 3, 4]), storage=bh.storage.Weight())
            histogram.view()["value"] = yields
            histogram.view()["variance"] = 0.5 * np.array(yields)
            file[name] = histogram
    (folder / "config.yml").write_text(CONFIG)
    return folder / "config.yml"


@pytest.fixture(scope="module")
def workspace(steering_file: Path) -> Workspace:
    config = wilks.load_config(steering_file)
    return wilks.build_workspace(wilks.process_templates(wilks.build_templates(config), config), config)


def power(alpha: float, high: float, low: float) -> float:
    """Code 1."""
    return float(high**alpha if alpha >= 0 else low**-alpha)


def smooth(alpha: float, high: float, low: float) -> float:
    """Code 4, of pyhf."""
    interpolator = pyhf.interpolators.code4([[[[low], [1.0], [high]]]], subscribe=False)
    return float(np.asarray(interpolator(np.array([[alpha]]))).ravel()[0])


def rates(p: dict[str, float], gammas: np.ndarray) -> np.ndarray:
    """Return the expected events of each bin."""
    signal, ttbar, up, down, fakes = (
        np.array(YIELDS[name]) for name in ("signal", "ttbar", "ttbar_up", "ttbar_down", "fakes")
    )
    factors = up.sum() / ttbar.sum(), down.sum() / ttbar.sum()
    high, low = up / factors[0] - ttbar, down / factors[1] - ttbar
    assert abs(p["jes"]) <= 1  # code 2 is quadratic there
    shape = 0.5 * (high - low) * p["jes"] + 0.5 * (high + low) * p["jes"] ** 2
    signal = signal * p["mu"] * p["kt"] ** 2 * np.exp(p["slope"] * (p["kt"] - 1))
    signal = signal * smooth(p["wide"], 1.05, 0.95) * smooth(p["jer"], 1.04, 0.96)
    alpha = (p["beta"] - 1) / 0.3
    scale = p["b"] * smooth(alpha, 1.1, 0.9) * smooth(p["jer"], 1.04, 0.96) * power(p["jes"], *factors)
    return gammas * (signal + scale * np.maximum(ttbar + shape, 0.0) + fakes * power(p["free"], 1.2, 0.9))


def negative_log_likelihood(p: dict[str, float], gammas: np.ndarray) -> float:
    """Return it but for constants."""
    total = sum(np.array(YIELDS[name]) for name in ("signal", "ttbar", "fakes"))
    tau = total**2 / (0.5 * total)
    terms = [
        poisson_term(np.array(YIELDS["data"]), rates(p, gammas)),
        poisson_term(tau, tau * gammas),
        poisson.logpmf(31, 25 * p["b"]),
        norm.logpdf(p["beta"], 1, 0.3),
        norm.logpdf(p["kt"], 1.1, 0.2),
        -0.5 * ((p["wide"] - 0.5) / (2 if p["wide"] > 0.5 else 1)) ** 2,
        -0.5 * (p["jes"] ** 2 - 0.6 * p["jes"] * p["jer"] + p["jer"] ** 2) / (1 - 0.3**2),
    ]
    return -float(sum(terms))


def poisson_term(n: np.ndarray, mean: np.ndarray) -> float:
    return float(np.sum(n * np.log(mean) - mean))


def by_name(names: tuple[str, ...], point: np.ndarray) -> tuple[dict[str, float], np.ndarray]:
    gammas = np.array([value for name, value in zip(names, point, strict=True) if name.startswith("staterror")])
    return dict(zip(names, point.tolist(), strict=True)), gammas


def test_the_likelihood_is_what_the_file_says(workspace: Workspace) -> None:
    model = wilks.compile_model(workspace)
    assert model.pois == ("mu", "kt")
    assert model.normfactors["kt"] == ("Signal",)
    names, start = model.parameter_names, model.initial
    # Where nothing is said, fits start at the centres of the constraints.
    starts = dict(zip(names, start.tolist(), strict=True))
    assert [starts[name] for name in ("b", "wide", "kt", "slope", "beta")] == [31 / 25, 0.5, 1.1, 0.1, 1.0]
    generator = np.random.default_rng(3)
    first = model.nll(start) - negative_log_likelihood(*by_name(names, start))
    for _ in range(20):
        point = start + generator.uniform(-0.3, 0.3, start.size)
        np.testing.assert_allclose(model.expected(point), rates(*by_name(names, point)), rtol=1e-12)
        difference = model.nll(point) - negative_log_likelihood(*by_name(names, point))
        assert difference == pytest.approx(first, abs=1e-9)


def test_the_fit_finds_the_minimum(workspace: Workspace) -> None:
    model = wilks.compile_model(workspace)
    result = wilks.fit(model)
    assert result.converged
    names, free = model.parameter_names, ~model.fixed

    def along(values: np.ndarray) -> float:
        point = model.initial.copy()
        point[free] = values
        return negative_log_likelihood(*by_name(names, point))

    # From the start, not from where the fit has been.
    other = minimize(along, model.initial[free], method="BFGS", options={"gtol": 1e-6})
    assert along(result.values[free]) <= other.fun + 1e-7
    np.testing.assert_allclose(result.values[free], other.x, atol=2e-3)


def test_the_document(workspace: Workspace, steering_file: Path, tmp_path: Path) -> None:
    spec = workspace.spec
    assert spec["version"] == "wilks-1"
    with pytest.raises(Exception, match="wilks-1"):
        pyhf.Workspace(spec)
    groups = {group["name"]: group["parameters"] for group in spec["groups"]}
    assert groups == {"jets": ["jes", "jer"], "background": ["b", "beta", "free"]}
    workspace.save(tmp_path / "workspace.json")
    again = wilks.load_workspace(tmp_path / "workspace.json")
    assert again.digest == workspace.digest


def test_editors_accept_the_file() -> None:
    jsonschema.Draft202012Validator(config_json_schema()).validate(yaml.safe_load(CONFIG))


def test_all_of_it_is_beyond_cabinetry(steering_file: Path) -> None:
    places = [place.partition("  ")[2] for place, _ in beyond_cabinetry(steering_file)]
    assert places == [
        *(f"General.{key}" for key in ("POIs", "Staterror", "Clip", "Correlations", "Groups")),
        "NormFactors[1].Constraint",
        *("Systematics[0].Constraint", "Systematics[0].Interpolation"),
        *("Systematics[1].Constraint", "Systematics[3].Interpolation"),
        "Functions",
    ]


def test_a_whole_run(steering_file: Path, tmp_path: Path) -> None:
    done = wilks.pipeline.run(steering_file, tmp_path / "output", figures=())
    assert done.result.converged
    assert set(done.answers) == {"gof", "intervals", "ranking", "breakdown"}
    assert done.answers["breakdown"].pois == ("mu", "kt")
    assert done.answers["breakdown"].groups[:2] == ("jets", "background")
    assert [interval.name for interval in done.answers["intervals"]][::2] == ["mu", "kt"]
    assert (tmp_path / "output" / "report.html").is_file()
