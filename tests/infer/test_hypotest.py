"""Hypothesis tests against pyhf's published numbers, pyhf run here, and closed forms."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest
from scipy.stats import norm
from tests.infer.searches import MU, canonical, counting, in_pyhf, model, modifier, one_channel, poisson_q, workspace
from tests.reference.likelihood import Likelihood

import wilks
from wilks.errors import ModelError, ResultError
from wilks.model.datasets import asimov

# jsonschema, for pyhf.
pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")

COUPLED_SHAPE = [modifier("shape", "shapefactor")]
COUPLED_NORM = modifier("coupled", "normsys", {"lo": 0.9, "hi": 1.1})
TWO = {"SR": [110.0, 155.0], "CR": [205.0, 345.0]}


def histosys(low: list[float], high: list[float]) -> dict[str, Any]:
    return modifier("coupled", "histosys", {"lo_data": low, "hi_data": high})


# Two minima.
COUPLED_HISTOSYS = workspace(
    {
        "SR": {
            "signal": ([30.0, 35.0], [MU]),
            "bkg1": ([100.0, 100.0], [histosys([90.0, 90.0], [110.0, 110.0])]),
            "bkg2": ([50.0, 120.0], [histosys([45.0, 45.0], [55.0, 55.0])]),
        },
        "CR": {"background": ([105.0, 100.0], [histosys([95.0, 90.0], [110.0, 115.0])])},
    },
    {"SR": [170.0, 220.0], "CR": [110.0, 105.0]},
)

# pyhf's validation inputs (its folder validation/data) with its results: observed CLs, expected CLs, tolerance.
VALIDATION: dict[str, tuple[dict[str, Any], float, list[float], float]] = {
    "1bin_shapesys": (
        one_channel([10.0], [50.0], [55.0], [modifier("unc", "shapesys", [7.0])]),
        0.45418892944576333,
        [0.06372011644331387, 0.1509686618126131, 0.3279657430196915, 0.604613569829645, 0.8662652332047568],
        1e-6,
    ),
    "1bin_lumi": (
        one_channel(
            [20.0],
            [100.0],
            [55.0],
            [modifier("lumi", "lumi")],
            [{"name": "lumi", "auxdata": [1.0], "sigmas": [0.1], "bounds": [[0.0, 10.0]], "inits": [1.0]}],
        ),
        0.010473144401519705,
        [0.01060400765567206, 0.04022451457730529, 0.13614632580079802, 0.37078985531427255, 0.7110468540175344],
        4e-6,
    ),
    "1bin_normsys": (
        one_channel(
            [30.0, 95.0], [100.0, 150.0], [120.0, 180.0], [modifier("norm", "normsys", {"lo": 0.9, "hi": 1.1})]
        ),
        0.0006735336290569807,
        [
            7.472581399417304e-10,
            5.741738272450336e-08,
            3.690120950161796e-06,
            0.00016966882793076826,
            0.004392935288879465,
        ],
        3e-6,
    ),
    "2bin_histosys": (
        one_channel([30.0, 95.0], [100.0, 150.0], [120.0, 180.0], [histosys([98, 100], [102, 190])]),
        0.1001463460725534,
        [7.133904244038431e-06, 0.00012547100627138575, 0.001880010666437615, 0.02078964907605385, 0.13692494523572218],
        8e-5,
    ),
    "2bin_2channel": (
        workspace(
            {
                "SR": {
                    "signal": ([10.0, 35.0], [MU]),
                    "background": ([100.0, 150.0], [modifier("sr", "shapesys", [10.0, 10.0])]),
                },
                "CR": {"background": ([200.0, 350.0], [modifier("cr", "shapesys", [5.0, 10.0])])},
            },
            TWO,
        ),
        0.0563327694384318,
        [0.0004349234603527283, 0.003422361539161119, 0.02337454317608372, 0.12186650297311125, 0.40382274594391104],
        1e-6,
    ),
    "couplednorm": (
        workspace(
            {
                "SR": {
                    "signal": ([10.0, 35.0], [MU]),
                    "bkg1": ([100.0, 100.0], [COUPLED_NORM]),
                    "bkg2": ([50.0, 100.0], [modifier("coupled", "normsys", {"lo": 0.5, "hi": 1.5})]),
                },
                "CR": {"background": ([100.0, 100.0], [COUPLED_NORM])},
            },
            {"SR": [105.0, 220.0], "CR": [110.0, 105.0]},
        ),
        0.5906216823766879,
        [0.05522270453784095, 0.1361301880753241, 0.30686879632329855, 0.5839437910061168, 0.8554708284963864],
        1e-6,
    ),
    "coupledshapefactor": (
        workspace(
            {
                "SR": {"signal": ([20.0, 20.0], [MU]), "bkg1": ([100.0, 70.0], COUPLED_SHAPE)},
                "CR": {"background": ([100.0, 100.0], COUPLED_SHAPE)},
            },
            {"SR": [220.0, 230.0], "CR": [200.0, 300.0]},
        ),
        0.5421679124909312,
        [0.013753299929451691, 0.048887400056355966, 0.15555296253957684, 0.4007561343326305, 0.7357169630955912],
        2.5e-6,
    ),
}


@pytest.mark.parametrize("name", VALIDATION)
def test_pyhfs_validation(name: str) -> None:
    """pyhf runs these with q although its range starts at 0, and with interpolation codes 1 and 0."""
    spec, observed, expected, tolerance = VALIDATION[name]
    result = wilks.hypotest(model(spec, normsys="code1", histosys="code0"), statistic="q", bounds={"mu": (0, 10)})
    # pyhf's SLSQP fits stop early: its own results differ by 1e-4 from the minimum.
    assert result.observed.cls[0] == pytest.approx(observed, rel=max(tolerance, 2e-4))
    np.testing.assert_allclose(result.expected.cls[0], expected, rtol=max(tolerance, 2e-4))


def test_the_lower_of_two_minima_where_pyhf_takes_the_other() -> None:
    """pyhf's validation says 0.0797: at mu = 1 its fit ends at alpha = 0.48, 2NLL 0.503 above that at -0.36."""
    spec = COUPLED_HISTOSYS
    ref = Likelihood(spec, normsys="code1", histosys="code0")
    mu, alpha = ref.parameter_names.index("mu"), ref.parameter_names.index("coupled")
    grid = np.linspace(-2.0, 2.0, 4001)

    def lowest(value: float, data: np.ndarray | None = None) -> tuple[float, np.ndarray]:
        theta = np.empty((grid.size, 2))
        theta[:, mu], theta[:, alpha] = value, grid
        levels = 2.0 * ref.nll(theta, data)
        return float(levels.min()), theta[np.argmin(levels)]

    best = min(lowest(value)[0] for value in np.linspace(0.3, 0.7, 401))
    at = lowest(0.0)[1]
    asimov = np.concatenate([ref.expected(at[None])[0], [at[alpha]]])
    q, q_asimov = lowest(1.0)[0] - best, lowest(1.0, asimov)[0] - 2.0 * ref.nll(at[None], asimov)[0]
    clsb = norm.sf(np.sqrt(q))
    cls = clsb / norm.sf(np.sqrt(q) - np.sqrt(q_asimov))
    result = wilks.hypotest(model(spec, normsys="code1", histosys="code0"), statistic="q", bounds={"mu": (0, 10)})
    assert result.observed.cls[0] == pytest.approx(cls, rel=1e-4)
    assert result.observed.clsb[0] == pytest.approx(clsb, rel=1e-4)


def test_pyhfs_validation_of_q0() -> None:
    spec = one_channel([25.0], [50.0], [80.0], [modifier("unc", "shapesys", [7.0])])
    result = wilks.hypotest(model(spec), statistic="q0")
    assert result.observed.clsb[0] == pytest.approx(0.003936883191585841, rel=3e-4)
    expected = [
        1.2204714710520103e-05,
        0.0006405237426269669,
        0.013202867164405075,
        0.11119604157594337,
        0.41286079728391695,
    ]
    np.testing.assert_allclose(result.expected.clsb[0], expected, rtol=5e-4)


def test_roots_numbers_for_a_shapesys_with_an_empty_bin() -> None:
    samples = {"signal": ([20, 10], [MU]), "background": ([100, 10], [modifier("syst", "shapesys", [10, 0])])}
    result = wilks.hypotest(model(workspace({"SR": samples}, {"SR": [100, 10]})))
    assert result.observed.cls[0] == pytest.approx(0.004360634405484502, abs=1e-4, rel=1e-5)
    expected = [
        2.702197937866914e-05,
        0.00037099917612576155,
        0.004360634386335687,
        0.03815031509701916,
        0.20203027564155074,
    ]
    np.testing.assert_allclose(result.expected.cls[0], expected, atol=1e-4, rtol=1e-5)


def test_pyhfs_canonical_numbers() -> None:
    found = model(canonical())
    result = wilks.hypotest(found)
    assert result.test_statistic[0] == pytest.approx(3.93824492, abs=1e-6)
    assert result.best_value == 0
    assert result.observed.cls[0] == pytest.approx(0.05251497, abs=1e-6)
    assert result.observed.clsb[0] == pytest.approx(0.0233250198, abs=1e-6)
    assert result.observed.clb[0] == pytest.approx(0.4441594385, abs=1e-5)
    np.testing.assert_allclose(
        result.expected.cls[0], [0.00260626, 0.01382005, 0.06445321, 0.23525644, 0.57303621], atol=1e-5
    )
    unbounded = wilks.hypotest(found, statistic="q")
    assert unbounded.test_statistic[0] == pytest.approx(3.9549891, abs=2e-6)
    # pyhf's fit stops early, 4e-7 above the minimum.
    assert unbounded.best_value == pytest.approx(-0.06679525, abs=2e-4)
    discovery = wilks.hypotest(found, [60, 65, *found.auxiliary], statistic="q0")
    assert discovery.test_statistic[0] == pytest.approx(2.98339447, abs=2e-6)
    assert discovery.best_value == pytest.approx(0.95260667, abs=3e-4)


@pytest.mark.parametrize("base", ["normal", "clipped_normal"])
@pytest.mark.parametrize(("statistic", "theirs", "lower"), [("q~", "qtilde", 0), ("q", "q", -5), ("q0", "q0", 0)])
@pytest.mark.parametrize("name", ["2bin_2channel", "couplednorm", "1bin_lumi"])
def test_pyhf_run_here(name: str, statistic: str, theirs: str, lower: float, base: str) -> None:
    spec = VALIDATION[name][0]
    other, data = in_pyhf(spec)
    bounds = other.config.suggested_bounds()
    bounds[other.config.poi_index] = (lower, 10)
    value = 0.0 if statistic == "q0" else 0.7
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        observed, tails, expected = pyhf.infer.hypotest(
            value,
            data,
            other,
            par_bounds=bounds,
            test_stat=theirs,
            calc_base_dist=base,
            return_tail_probs=True,
            return_expected_set=True,
        )
    result = wilks.hypotest(model(spec), value=value, statistic=statistic, base=base, bounds={"mu": (lower, 10)})
    ours = (
        (result.observed.clsb, result.expected.clsb)
        if statistic == "q0"
        else (result.observed.cls, result.expected.cls)
    )
    # pyhf's SLSQP stops within 1e-5 or so.
    assert ours[0][0] == pytest.approx(float(observed), rel=5e-4)
    np.testing.assert_allclose(ours[1][0], [float(e) for e in expected], rtol=2e-4)
    assert result.observed.clb[0] == pytest.approx(float(tails[-1]), rel=2e-4)


@pytest.mark.parametrize("statistic", ["t", "t~"])
@pytest.mark.parametrize("value", [0.2, 0.9, 2.5])
def test_two_sided_statistics_are_pyhfs(statistic: str, value: float) -> None:
    spec = canonical()
    other, data = in_pyhf(spec)
    bounds = other.config.suggested_bounds()
    bounds[0] = (0, 10) if statistic == "t~" else (-5, 10)
    function = pyhf.infer.test_statistics.tmu_tilde if statistic == "t~" else pyhf.infer.test_statistics.tmu
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = function(value, data, other, other.config.suggested_init(), bounds, [False] * 3)
    result = wilks.hypotest(model(spec), value=value, statistic=statistic)
    assert result.test_statistic[0] == pytest.approx(float(theirs), abs=2e-5)


@pytest.mark.parametrize(("signal", "background", "n"), [(5, 10, 7), (5, 10, 13), (1.5, 0.5, 0), (30, 900, 950)])
def test_a_counting_experiment(signal: float, background: float, n: float) -> None:
    values = np.array([0.3, 1.0, 4.0, 25.0])
    result = wilks.hypotest(model(counting(signal, background, n)), value=values)
    assert result.converged
    np.testing.assert_allclose(
        result.test_statistic, [poisson_q(signal, background, n, mu) for mu in values], rtol=1e-9, atol=1e-7
    )
    np.testing.assert_allclose(
        result.asimov_statistic, [poisson_q(signal, background, background, mu) for mu in values], rtol=1e-9
    )


def test_values_beyond_the_range_of_the_parameter() -> None:
    narrow, wide = (model(counting(5, 10, 30, bounds)) for bounds in ((0, 2), (0, 1000)))
    first, second = (wilks.hypotest(found, value=[1.0, 3.0, 12.0]) for found in (narrow, wide))
    assert first.best_value == pytest.approx(4)
    np.testing.assert_allclose(first.observed.cls, second.observed.cls, rtol=1e-9)


def test_values_do_not_depend_on_those_beside_them() -> None:
    found = model(canonical())
    together = wilks.hypotest(found, value=[2.0, 0.5, 1.0])
    alone = [wilks.hypotest(found, value=v) for v in (2.0, 0.5, 1.0)]
    np.testing.assert_allclose(together.observed.cls, [a.observed.cls[0] for a in alone], rtol=1e-6)
    np.testing.assert_allclose(together.expected.cls, [a.expected.cls[0] for a in alone], rtol=1e-6)


def test_any_parameter_can_be_of_interest() -> None:
    """Two normalisations that stand for each other: the background's test is the signal's in the swapped model."""
    free = modifier("k", "normfactor")
    systematic = [modifier("jes", "normsys", {"lo": 0.93, "hi": 1.1})]

    def spec(first: dict[str, Any], second: dict[str, Any], poi: str) -> dict[str, Any]:
        samples = {"one": ([30.0, 80.0, 20.0], [first]), "two": ([60.0, 20.0, 40.0], [second, *systematic])}
        return workspace({"SR": samples}, {"SR": [95.0, 90.0, 66.0]}, poi=poi)

    kept, swapped = model(spec(MU, free, "mu")), model(spec(free, MU, "mu"))
    first = wilks.hypotest(swapped, value=[1.2, 1.5], poi="k")
    second = wilks.hypotest(kept, value=[1.2, 1.5])
    assert (first.poi, second.poi) == ("k", "mu")
    np.testing.assert_allclose(first.observed.cls, second.observed.cls, rtol=1e-7)
    np.testing.assert_allclose(first.expected.cls, second.expected.cls, rtol=1e-7)
    assert wilks.hypotest(model(spec(MU, free, "")), value=1.2, poi="mu").observed.cls[0] == second.observed.cls[0]


def test_fixed_parameters_and_a_fit_at_hand() -> None:
    found = model(VALIDATION["couplednorm"][0])
    fit = wilks.fit(found)
    np.testing.assert_allclose(
        wilks.hypotest(found, result=fit).observed.cls, wilks.hypotest(found).observed.cls, rtol=1e-6
    )
    held = wilks.hypotest(found, fixed={"coupl*": 0.0}, result=fit)
    assert held.observed.cls[0] != pytest.approx(wilks.hypotest(found).observed.cls[0], rel=1e-2)
    assert held.observed.cls[0] == pytest.approx(wilks.hypotest(found, fixed={"coupled": 0}).observed.cls[0], rel=1e-6)


def test_a_best_fit_at_the_bound_is_not_that_of_a_test_without() -> None:
    found = model(canonical())
    result = wilks.fit(found)
    assert result.at_bound[0]
    assert wilks.hypotest(found, statistic="q", result=result).best_value == pytest.approx(-0.0668, abs=1e-3)
    low = wilks.fit(found, bounds={"mu": (-5, 10)})
    assert wilks.hypotest(found, result=low).best_value == 0


def test_p_values_of_deep_tails() -> None:
    result = wilks.hypotest(model(counting(100, 1000, 1000)), value=[2.0, 200.0])
    assert result.observed.cls[1] == 0
    assert -1e4 < result.observed.log10_cls[1] < -1000
    assert result.observed.log10_cls[0] == pytest.approx(np.log10(result.observed.cls[0]))


def test_asimov_data_give_the_expected_values() -> None:
    found = model(counting(50, 1000, 1100))
    data = asimov(found, values={"mu": 0})
    result = wilks.hypotest(found, data, value=[0.5, 1.0, 2.0])
    assert result.origin.dataset == data.label
    np.testing.assert_allclose(result.observed.cls, result.expected.cls[:, 2], rtol=1e-7)


def test_a_value_without_a_fit_keeps_its_place() -> None:
    """Above 10 the signal's own deficit makes a rate negative that has data."""
    samples = {"signal": ([10.0, -1.0], [MU]), "background": ([20.0, 10.0], [])}
    result = wilks.hypotest(model(workspace({"SR": samples}, {"SR": [30.0, 9.0]})), value=[1.0, 12.0, 2.0])
    assert not result.converged
    assert [s == "converged" for s in result.statuses] == [True, False, True]
    assert np.isnan(result.observed.cls).tolist() == [False, True, False]
    assert "mu = 12" in str(result)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"value": []}, "one finite number or several"),
        ({"value": [1.0, np.nan]}, "one finite number or several"),
        ({"value": -1.0}, '"q~" is for parameters that are not below 0'),
        ({"value": 1.0, "statistic": "q0"}, "q0 tests the value 0"),
        ({"statistic": "qmu"}, 'no test statistic "qmu"'),
        ({"base": "norml"}, 'no base distribution "norml"'),
        ({"calculator": "asimov"}, 'no calculator "asimov"'),
        ({"poi": "my"}, 'no parameter of interest "my"'),
        ({"fixed": {"mu": 1}}, 'the parameter of interest "mu" is fixed'),
        ({"fixed": {"alpa": 1}}, 'no parameter "alpa"'),
        ({"data": [1, 2]}, "shape"),
        ({"data": [np.nan, 2, 3, 4]}, "finite"),
        ({"calculator": "toys", "toys": 0}, "toys"),
        ({"calculator": "toys", "seed": -1}, "seed"),
        ({"calculator": "toys", "base": "clipped_normal"}, "for the asymptotic calculator"),
    ],
)
def test_bad_input(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ModelError) as caught:
        wilks.hypotest(model(canonical()), **options)
    assert sentence in str(caught.value)


def test_a_fit_of_another_workspace_is_refused() -> None:
    with pytest.raises(ResultError, match="another workspace"):
        wilks.hypotest(model(canonical()), result=wilks.fit(model(counting(1, 1, 1))))


@pytest.mark.parametrize("calculator", ["asymptotic", "toys"])
def test_the_fits_behind_a_test_are_pyhfs_fits(calculator: str, tmp_path: Path) -> None:
    samples = [
        {"name": "signal", "data": [12.0, 11.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
        {
            "name": "background",
            "data": [50.0, 52.0],
            "modifiers": [{"name": "gamma", "type": "shapesys", "data": [3.0, 7.0]}],
        },
    ]
    own = pyhf.Model({"channels": [{"name": "SR", "samples": samples}]})
    data = [61.0, 58.0, *own.config.auxdata]
    calculation = pyhf.infer.calculators.AsymptoticCalculator(data, own, test_stat="qtilde")
    calculation.teststatistic(1.2)
    theirs = calculation.fitted_pars
    made = wilks.compile_model({"channels": [{"name": "SR", "samples": samples}]}).with_poi("mu")
    found = wilks.hypotest(made, data, value=[0.1, 1.2], calculator=calculator, toys=10)
    fits = found.fits
    assert fits is not None
    assert fits.names == made.parameter_names
    for ours, other in (
        (fits.best, theirs.free_fit_to_data),
        (fits.conditional[1], theirs.fixed_poi_fit_to_data),
        (fits.asimov, theirs.asimov_pars),
        (fits.asimov_conditional[1], theirs.fixed_poi_fit_to_asimov),
    ):
        np.testing.assert_allclose(ours, other, atol=2e-3)
    if calculator == "asymptotic":
        assert np.isnan(fits.conditional[0]).all()  # the best fit is above: q~ is 0, no fit is needed
    found.save(tmp_path / "test.json")
    again = wilks.load_result(tmp_path / "test.json")
    np.testing.assert_array_equal(again.fits.conditional, fits.conditional)
    np.testing.assert_array_equal(again.fits.asimov, fits.asimov)
