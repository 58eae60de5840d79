"""Simplified likelihoods: moments against closed forms, likelihoods against formulas, limits against the full model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest
from click.testing import CliRunner, Result
from tests.export.validating import complaints

import wilks
from wilks.cli import main
from wilks.errors import InputError
from wilks.export.simplified import coefficients, comparison, simplify

POI = {"name": "mu", "type": "normfactor", "data": None}


def workspace(*modifiers: dict[str, Any], channels: int = 1, **more: Any) -> wilks.workspace.workspace.Workspace:
    background = {"name": "background", "data": [50.0, 30.0], "modifiers": list(modifiers)}
    signal = {"name": "signal", "data": [5.0, 10.0], "modifiers": [POI]}
    names = [f"SR{i}" for i in range(channels)]
    return wilks.load_workspace(
        {
            "channels": [{"name": name, "samples": [signal, background]} for name in names],
            "observations": [{"name": name, "data": [53.0, 34.0]} for name in names],
            "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
            "version": "1.0.0",
            **more,
        }
    )


def histosys(name: str, *shift: float) -> dict[str, Any]:
    low, high = ([b + sign * s for b, s in zip((50.0, 30.0), shift, strict=True)] for sign in (-1, 1))
    return {"name": name, "type": "histosys", "data": {"lo_data": low, "hi_data": high}}


LINEAR = workspace(histosys("a", 4.0, 3.0), histosys("b", 2.0, -2.5))


def test_coefficients_have_the_moments_that_they_come_from() -> None:
    root = np.random.default_rng(3).normal(size=(4, 4))
    covariance = root @ root.T + 3.0 * np.eye(4)
    third = np.array([0.0, 0.3, -1.0, 1.9]) * np.diag(covariance) ** 1.5
    mean = np.array([10.0, 20.0, 5.0, 3.0])
    found = coefficients(mean, covariance, third)
    assert not found.cut.any()
    assert found.moved == 0
    for had, wanted in zip(found.moments(), (mean, covariance, third), strict=True):
        np.testing.assert_allclose(had, wanted, rtol=1e-12, atol=1e-12)
    # As arXiv:1809.05548, equation 3.9, writes it.
    m2, m3 = np.diag(covariance)[1:], third[1:]
    angle = 4 * np.pi / 3 + np.arctan(np.sqrt(8 * m2**3 / m3**2 - 1)) / 3
    np.testing.assert_allclose(found.quadratic[1:], -np.sign(m3) * np.sqrt(2 * m2) * np.cos(angle), rtol=1e-12)


def test_third_moments_beyond_a_parabola_are_cut_and_bins_that_move_together_have_a_matrix() -> None:
    found = coefficients(np.ones(2), np.ones((2, 2)), np.array([3.0, 0.0]))
    assert found.cut.tolist() == [True, False]
    assert found.linear[0] == pytest.approx(0.0, abs=1e-3)
    assert found.quadratic[0] == pytest.approx(np.sqrt(0.5))
    together = coefficients(np.ones(2), np.ones((2, 2)), np.zeros(2))
    assert np.linalg.eigvalsh(together.rho)[0] > 0
    assert together.rho[0, 1] == pytest.approx(1.0, abs=1e-5)


def test_moments_of_a_linear_model_are_exact() -> None:
    moments = simplify(LINEAR, fitted="none").moments
    np.testing.assert_allclose(moments.mean, [50.0, 30.0], rtol=1e-12)
    np.testing.assert_allclose(moments.covariance, [[20.0, 7.0], [7.0, 15.25]], rtol=1e-12)
    np.testing.assert_allclose(moments.third, 0.0, atol=1e-9)


def test_moments_of_a_log_normal_are_those_in_closed_form() -> None:
    spec = workspace({"name": "k", "type": "normsys", "data": {"lo": 1 / 1.3, "hi": 1.3}})
    moments = simplify(spec, fitted="none", samples=100_000).moments
    w = np.exp(np.log(1.3) ** 2)
    mean = np.array([50.0, 30.0]) * np.sqrt(w)
    np.testing.assert_allclose(moments.mean, mean, rtol=1e-3)
    np.testing.assert_allclose(moments.covariance, np.outer(mean, mean) * (w - 1), rtol=1e-2)
    np.testing.assert_allclose(moments.third, mean**3 * (w - 1) ** 2 * (w + 2), rtol=3e-2)


def test_the_same_seed_gives_the_same_moments_and_another_one_others() -> None:
    spec = workspace({"name": "k", "type": "normsys", "data": {"lo": 0.7, "hi": 1.3}})
    one, again, other = (simplify(spec, fitted="none", samples=500, seed=seed).moments.third for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_parabolas_are_the_likelihood_of_the_formula() -> None:
    spec = workspace(
        {"name": "k", "type": "normsys", "data": {"lo": 0.7, "hi": 1.4}},
        {"name": "shape", "type": "shapesys", "data": [6.0, 5.0]},
    )
    found = simplify(spec, fitted="none", samples=2000)
    a, b, c, rho = (getattr(found.coefficients, n) for n in ("constant", "linear", "quadratic", "rho"))
    assert np.abs(c).min() > 0.01
    model = wilks.compile_model(found.parabolas)

    def formula(mu: float, theta: np.ndarray) -> float:
        rate = mu * np.array([5.0, 10.0]) + a + b * theta + c * theta**2
        data = np.array([53.0, 34.0])
        return float(2 * (rate - data * np.log(rate)).sum() + theta @ np.linalg.solve(rho, theta))

    points = [(1.0, np.zeros(2)), (0.3, np.array([0.7, -1.1])), (2.0, np.array([-1.5, 0.4]))]
    ours = []
    for mu, theta in points:
        values = dict(zip(("theta_1", "theta_2"), theta, strict=True)) | {"mu": mu}
        ours.append(2 * float(model.nll(np.array([values[name] for name in model.parameter_names]))))
    formulas = [formula(*point) for point in points]
    np.testing.assert_allclose(np.diff(ours), np.diff(formulas), rtol=1e-10)


def test_a_model_that_is_simple_already_keeps_its_limits() -> None:
    limits = simplify(LINEAR, fitted="none").limits()
    full, found = limits["full"], limits["parabolas"]
    np.testing.assert_allclose([found.observed, *found.expected], [full.observed, *full.expected], rtol=1e-4)
    one = workspace(histosys("a", 4.0, 3.0))
    limits = simplify(one, fitted="none").limits()
    assert limits["one background"].observed == pytest.approx(limits["full"].observed, rel=1e-5)
    assert comparison(limits).rows[0][3] == "-0.0 %" or comparison(limits).rows[0][3] == "+0.0 %"


@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")  # pyhf's
def test_one_background_is_a_workspace_of_pyhf() -> None:
    systematic = {"name": "signal xsec", "type": "normsys", "data": {"lo": 0.8, "hi": 1.2}}
    spec = workspace(histosys("a", 4.0, 3.0)).spec
    spec["channels"][0]["samples"][0]["modifiers"] = [POI, systematic]
    full = wilks.load_workspace(spec)
    for uncertainties, kept in (("correlated", False), ("per bin", True)):
        found = simplify(full, fitted="none", uncertainties=uncertainties, signal_systematics=kept)
        document = found.one_background.spec
        theirs = pyhf.Workspace(document).model()
        assert ("signal xsec" in theirs.config.par_order) == kept
        rates = theirs.expected_actualdata(theirs.config.suggested_init())
        np.testing.assert_allclose(rates, [55.0, 40.0], rtol=1e-12)
        modifier = document["channels"][0]["samples"][0]["modifiers"][0]
        wanted = [54.0, 33.0] if uncertainties == "correlated" else [4.0, 3.0]
        assert (modifier["data"]["hi_data"] if uncertainties == "correlated" else modifier["data"]) == wanted


def test_a_signal_that_is_no_multiple_of_the_parameter_is_kept_whole_or_refused() -> None:
    spec = LINEAR.spec
    spec["channels"][0]["samples"][0]["modifiers"] = [{"name": "theta_squared", "type": "normfactor", "data": None}]
    spec["functions"] = [{"name": "theta_squared", "expression": "mu * mu"}]
    full = wilks.load_workspace(spec | {"version": "wilks-1"})
    with pytest.raises(InputError, match='"signal": not proportional to mu'):
        simplify(full, fitted="none")
    found = simplify(full, fitted="none", signal_systematics=True)
    # A name that the workspace has is given to nothing else.
    assert "simple_theta_1" in wilks.compile_model(found.parabolas).parameter_names
    limits = found.limits()
    assert limits["parabolas"].observed == pytest.approx(limits["full"].observed, rel=1e-4)


def test_what_is_signal_in_one_channel_may_be_background_in_another() -> None:
    spec = workspace(histosys("a", 4.0, 3.0), channels=2).spec
    spec["channels"][1]["samples"][0]["modifiers"] = []
    moments = simplify(wilks.load_workspace(spec), fitted="none").moments
    np.testing.assert_allclose(moments.mean, [50.0, 30.0, 55.0, 40.0], rtol=1e-12)
    np.testing.assert_allclose(moments.signals["signal"], [5.0, 10.0, 0.0, 0.0], rtol=1e-12)
    spec["channels"][1]["samples"] = [spec["channels"][0]["samples"][0]]
    with pytest.raises(InputError, match='"SR1": there is no background'):
        simplify(wilks.load_workspace(spec), fitted="none")


def test_masked_bins_stay_out() -> None:
    masked = wilks.load_workspace(LINEAR.spec | {"masks": [{"channel": "SR0", "bins": [1]}], "version": "wilks-1"})
    limits = simplify(masked, fitted="none").limits()
    assert limits["parabolas"].observed == pytest.approx(limits["full"].observed, rel=1e-4)


def test_control_regions_tell_what_is_known_of_a_free_factor() -> None:
    factor = {"name": "norm", "type": "normfactor", "data": None}
    spec = workspace(factor, channels=2).spec
    spec["channels"][1]["samples"] = spec["channels"][1]["samples"][1:]
    spec["observations"][1]["data"] = [60.0, 28.0]
    full = wilks.load_workspace(spec)
    moments = simplify(full, channels="SR0").moments
    # 88 events where 80 are expected: norm = 1.1 +- sqrt(88) / 80.
    np.testing.assert_allclose(moments.mean, [55.0, 33.0], rtol=1e-6)
    variance = np.outer([50.0, 30.0], [50.0, 30.0]) * 88 / 80**2
    np.testing.assert_allclose(moments.covariance, variance, rtol=1e-6)
    assert simplify(full, channels="SR0", fitted="all").notes[0].startswith("the data of the channels are used twice")
    with pytest.raises(InputError, match='nothing tells the size of "norm"'):
        simplify(full, fitted="none")


def test_tails_that_are_too_long_for_moments_are_told() -> None:
    spec = workspace({"name": "k", "type": "normsys", "data": {"lo": 1 / 6, "hi": 6.0}})
    notes = simplify(spec, fitted="none").notes
    assert any(note.startswith("skewness is known to") for note in notes)
    assert simplify(LINEAR, fitted="none").notes == ()


def test_a_control_region_that_measures_nothing_is_told() -> None:
    found = simplify(wilks.examples.search(), channels="SR*")
    assert any("zjets_norm" in note and "beyond its bounds" in note for note in found.notes)


def test_limits_of_a_published_search(shared_data: Path) -> None:
    home = shared_data / "likelihoods" / "atlas-sbottom-2018-31" / "RegionA"
    patches = wilks.load_patchset(home / "patch.sbottom_1300_850_60.json")
    full = patches.apply(wilks.load_workspace(home / "BkgOnly.json"), patches.names[0], verify=False)
    limits = simplify(full).limits()
    for name in ("parabolas", "one background"):
        assert limits[name].observed == pytest.approx(limits["full"].observed, rel=0.05)
        assert limits[name].expected[2] == pytest.approx(limits["full"].expected[2], rel=0.05)


def call(*words: object) -> Result:
    return CliRunner().invoke(main, ["export", "simplified", *map(str, words)])


def test_the_command_writes_everything_and_prints_limits_side_by_side(tmp_path: Path) -> None:
    LINEAR.save(tmp_path / "w.json")
    result = call(tmp_path / "w.json", "--fit", "none", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert "parabolas" in result.stdout
    assert "expected median" in result.stdout
    namespace: dict[str, Any] = {}
    exec((tmp_path / "out" / "model.py").read_text(), namespace)
    saved = json.loads((tmp_path / "out" / "simplified.json").read_text())
    assert namespace["nbins"] == 2
    assert namespace["signal"].tolist() == saved["signal"]["signal"] == [5.0, 10.0]
    assert namespace["covariance"].tolist() == np.ravel(saved["covariance"]).tolist()
    assert wilks.load_workspace(tmp_path / "out" / "parabolas.json").document.version == "wilks-1"
    assert complaints(directory=tmp_path / "out" / "hepdata") == []
    # Again into the same folder.
    assert call(tmp_path / "w.json", "--fit", "none", "-o", tmp_path / "out", "--no-compare").exit_code == 0


def test_mistakes_get_a_sentence(tmp_path: Path) -> None:
    LINEAR.save(tmp_path / "w.json")
    for words, sentence in {
        ("-c", "SRO"): 'no channel "SRO" in the workspace',
        ("--fit", "controls"): 'did you mean "control"',
        ("--fit", "control"): "no channel is left to be fitted as control region",
        ("--samples", "3"): "at least 100 samples",
        ("--level", "2"): "must lie between 0 and 1",
        ("--poi", "nu"): '"nu"',
        ("--measurement", "n"): '"n"',
    }.items():
        result = call(tmp_path / "w.json", "-o", tmp_path / "out", *words)
        assert result.exit_code == 2, words
        assert sentence in result.stderr
        assert not (tmp_path / "out").exists()
    together = call(tmp_path / "w.json", "-o", tmp_path / "out", "-c", "SRO", "--fit", "al", "--samples", "3")
    assert together.stderr.count("wilks: ") == 3
