"""What each kind of row does, against Combine's formulas written out here."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from tests.formats.datacard.cards import CONTENTS, COUNTING, shape_card

import wilks
from wilks.errors import WorkspaceError
from wilks.formats.datacard.read import read

NOMINAL = {name: np.array(values) for name, values in CONTENTS.items()}


def _smooth(t: float) -> float:
    return math.copysign(1.0, t) if abs(t) >= 1 else (15 * t - 10 * t**3 + 3 * t**5) / 8


def _asymmetric(theta: float, low: float, high: float) -> float:
    up, down = math.log(high), -math.log(low)
    return math.exp(theta * ((up + down) / 2 + _smooth(2 * theta) * (up - down) / 2))


def _model(card: bytes | Path, **options: object) -> wilks.Model:
    return wilks.compile_model(read(card, **options).workspace)  # type: ignore[arg-type]


def _yields(model: wilks.Model, **values: float) -> dict[str, np.ndarray]:
    theta = np.concatenate([s.inits for s in model.parameter_sets])
    for name, value in values.items():
        theta[model.parameter_names.index(name)] = value
    return dict(zip(model.sample_names, model.expected_by_sample(theta), strict=True))


@pytest.mark.parametrize("theta", [-2.0, -0.3, 0.4, 1.7])
@pytest.mark.parametrize(
    ("row", "factor"),
    [
        ("x lnN - 1.3", lambda t: 1.3**t),
        ("x lnN - 0.9/1.4", lambda t: _asymmetric(t, 0.9, 1.4)),
        ("x lnN - 0.5/2.0", lambda t: 2.0**t),
        ("x lnN - 1.2\nx lnN - 0.8/1.1", lambda t: 1.2**t * _asymmetric(t, 0.8, 1.1)),
        ("x trG - 0.2", lambda t: 1 + 0.2 * t),
        ("x trG - -0.1", lambda t: 1 - 0.1 * t),
        ("x unif -3 3 - 0.2", lambda t: 1 + 0.2 * t),
        ("x shape? - 1.3", lambda t: 1.3**t),
    ],
)
def test_factors_of_counting_channels(row: str, factor: object, theta: float) -> None:
    model = _model((COUNTING + row + "\n").encode())
    assert _yields(model, x=theta)["B"] == pytest.approx(5.5 * factor(theta), rel=1e-12)  # type: ignore[operator]
    assert _yields(model, x=theta)["S"] == pytest.approx(1.0, rel=1e-12)


def _density(rows: str, x: str, parameter: str = "x") -> list[float]:
    """Return 2NLL of one parameter at 0.3 and 1.2 above that at 0.8, without what the counts say."""
    model = _model((COUNTING + rows + "\n").encode())
    values = (0.8, 0.3, 1.2)
    nll = [2 * float(model.nll(_theta(model, **{parameter: v}))) for v in values]
    rates = [np.asarray(model.expected(_theta(model, **{parameter: v}))) for v in values]
    counts = [2 * float(np.sum(r - model.observed_main * np.log(r))) for r in rates]
    return [nll[i] - counts[i] - (nll[0] - counts[0]) for i in (1, 2)]


def test_a_box_with_soft_walls() -> None:
    """dFD: flat between -1 and 1, with walls of a given steepness."""
    model = _model((COUNTING + "x dFD 4 - 0.2\n").encode())
    assert _yields(model, x=0.5)["B"] == pytest.approx(5.5 * 1.1, rel=1e-12)
    (found,) = (s for s in model.parameter_sets if s.name == "x")
    assert found.bounds.tolist() == [[-3.0, 3.0]]

    def walls(t: float) -> float:
        return 2 * math.log((1 + math.exp(4 * (t - 1))) * (1 + math.exp(-4 * (t + 1))))

    expected = [walls(t) - walls(0.8) for t in (0.3, 1.2)]
    for kind in ("dFD", "dFD2"):
        assert _density(f"x {kind} 4 - 0.2", "x") == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("width", [0.4, 1.0, 1.5])
def test_a_gamma_of_any_width(width: float) -> None:
    """gmM: theta^(1/s^2 - 1) exp(-theta/s^2), also where that is no counting experiment."""
    rate = 1 / width**2

    def gamma(t: float) -> float:
        return 2 * (rate * t - (rate - 1) * math.log(t))

    assert _density(f"x gmM - {width}", "x") == pytest.approx([gamma(t) - gamma(0.8) for t in (0.3, 1.2)], abs=1e-9)


@pytest.mark.parametrize(
    "line", ["c constr k-1 0.2", "c constr @0-1 {k} 0.2", "c constr k-1 k s[0.2]", "c constr 2*(k-1) k 0.4"]
)
def test_a_constraint_of_a_formula(line: str) -> None:
    expected = [((t - 1) / 0.2) ** 2 - 1.0 for t in (0.3, 1.2)]
    assert _density(f"k rateParam a B 1 [0,5]\n{line}", "x", "k") == pytest.approx(expected, abs=1e-9)


def test_a_constraint_whose_width_is_a_parameter() -> None:
    rows = "k rateParam a B 1 [0,5]\nw extArg 0.5 [0.1,2]\nc constr k-1 w"
    model = _model((COUNTING + rows + "\n").encode())
    narrow, wide = (2 * float(model.nll(_theta(model, k=1.5, w=w))) for w in (0.25, 1.0))
    assert narrow - wide == pytest.approx(4 - 0.25, abs=1e-9)


def test_log_uniform_is_flat_between_minus_one_and_one() -> None:
    model = _model((COUNTING + "x lnU - 1.3\n").encode())
    (found,) = (s for s in model.parameter_sets if s.name == "x")
    assert (found.constraint, found.bounds.tolist()) == ("none", [[-1.0, 1.0]])
    assert _yields(model, x=-0.5)["B"] == pytest.approx(5.5 * 1.3**-0.5, rel=1e-12)


def test_ranges_of_log_normal_parameters_are_removed() -> None:
    model = _model((COUNTING + "x lnN - 1.3\n").encode())
    (found,) = (s for s in model.parameter_sets if s.name == "x")
    assert found.lower[0] <= -20
    assert found.upper[0] >= 20


def test_a_count_replaces_the_rate() -> None:
    """GmN: the yield is theta times the column, with a Poisson term of N."""
    model = _model((COUNTING + "x gmN 11 - 0.5\n").encode())
    assert _yields(model, x=7.0)["B"] == pytest.approx(3.5, rel=1e-12)
    a, b = (2 * float(model.nll(_theta(model, x=x))) for x in (8.0, 13.0))

    def poisson(n: float, mean: float) -> float:
        return 2 * (mean - n * math.log(mean))

    wanted = poisson(6, 1 + 6.5) + poisson(11, 13) - poisson(6, 1 + 4.0) - poisson(11, 8)
    assert b - a == pytest.approx(wanted, rel=1e-11)


def _theta(model: wilks.Model, **values: float) -> np.ndarray:
    theta = np.concatenate([s.inits for s in model.parameter_sets])
    for name, value in values.items():
        theta[model.parameter_names.index(name)] = value
    return theta


def test_a_gamma_of_a_width() -> None:
    """GmM: density theta^(1/s^2 - 1) exp(-theta/s^2)."""
    model = _model((COUNTING + "x gmM - 0.3\n").encode())
    a, b = (2 * float(model.nll(_theta(model, x=x))) for x in (0.8, 1.4))
    square = 0.09

    def terms(x: float) -> float:
        mean = 1 + 5.5 * x
        return 2 * (mean - 6 * math.log(mean)) - 2 * ((1 / square - 1) * math.log(x) - x / square)

    assert b - a == pytest.approx(terms(1.4) - terms(0.8), rel=1e-11)


def test_no_event_in_a_sideband() -> None:
    """N = 0: the rate of 0 is revived."""
    model = _model((COUNTING.replace("5.5", "0  ") + "x gmN 0 - 0.5\n").encode(), allow_no_background=True)
    assert _yields(model, x=3.0)["B"] == pytest.approx(1.5, rel=1e-12)
    assert wilks.fit(model).converged


def _morphed(process: str, theta: float, scale: float, zone: float, *, logs: bool = False) -> np.ndarray:
    """Return yields of a channel without autoMCStats by the formulas of vertical morphing."""
    n, h, low = (NOMINAL[f"{process}{end}"] for end in ("", "_jesUp", "_jesDown"))
    total = n.sum()
    k = _asymmetric(theta, (low.sum() / total) ** scale, (h.sum() / total) ** scale)
    n, h, low = n / n.sum(), h / h.sum(), low / low.sum()
    x = scale * theta
    if logs:
        up, down = np.log(h / n), np.log(low / n)
        w = n * np.exp(x / 2 * ((up - down) + _smooth(x / zone) * (up + down)))
    else:
        w = n + x / 2 * ((h - low) + _smooth(x / zone) * (h + low - 2 * n))
    w = np.maximum(w, 1e-9)
    return total * k * w / w.sum()


@pytest.mark.parametrize("theta", [-6.0, -1.5, -0.4, 0.7, 2.5])
@pytest.mark.parametrize(
    ("row", "scales", "logs"),
    [
        ("jes shape 1 1", (1.0, 1.0), False),
        ("jes shape 0.5 -", (0.5, 0.0), False),
        ("jes shape 1 2", (1.0, 2.0), False),
        ("jes shapeN 1 0.5", (1.0, 0.5), True),
        ("jes shape2 1 1", (1.0, 1.0), False),
        ("jes shapeN2 1 2", (1.0, 2.0), True),
        ("jes shape? 1 1", (1.0, 1.0), False),
    ],
)
def test_morphing(tmp_path: Path, row: str, scales: tuple[float, float], logs: bool, theta: float) -> None:
    found = _yields(_model(shape_card(tmp_path, row + "\n")), jes=theta)
    for process, scale in zip("SB", scales, strict=True):
        wanted = _morphed(process, theta, scale, min(1.0, scale), logs=logs) if scale else NOMINAL[process]
        np.testing.assert_allclose(found[process], wanted, rtol=1e-11)


def test_two_rows_have_the_smooth_zone_of_the_smaller_scale(tmp_path: Path) -> None:
    contents = CONTENTS | {"B_otherUp": [29.0, 22.0, 9.0], "B_otherDown": [30.0, 20.0, 10.0]}
    card = shape_card(tmp_path, "jes shape - 1\nother shape - 0.5\n", contents)
    found = _yields(_model(card), jes=0.3)["B"]
    np.testing.assert_allclose(found, _morphed("B", 0.3, 1.0, 0.5), rtol=1e-11)


def test_a_flat_shape(tmp_path: Path) -> None:
    model = _model(shape_card(tmp_path, "jes shapeU - 1\n"))
    (found,) = (s for s in model.parameter_sets if s.name == "jes")
    assert (found.constraint, found.bounds.tolist()) == ("none", [[-1.0, 1.0]])
    np.testing.assert_allclose(_yields(model, jes=0.6)["B"], _morphed("B", 0.6, 1.0, 1.0), rtol=1e-11)


def test_the_rate_counts_without_statistics_and_the_integral_with(tmp_path: Path) -> None:
    text = "rate 7.05 60.2"
    card = shape_card(tmp_path, "")
    card.write_text(card.read_text().replace("rate -1 -1", text))
    assert _yields(_model(card))["B"].sum() == pytest.approx(60.2, rel=1e-12)
    card.write_text(card.read_text() + "a autoMCStats 0\n")
    assert _yields(_model(card))["B"].sum() == pytest.approx(60.0, rel=1e-12)


def test_empty_and_negative_bins_are_cut_and_the_rest_shares(tmp_path: Path) -> None:
    card = shape_card(tmp_path, "", CONTENTS | {"B": [30.0, -2.0, 0.0]})
    clipped = np.maximum(np.array([30.0, -2.0, 0.0]) / 28.0, 1e-9)
    np.testing.assert_allclose(_yields(_model(card))["B"], 28.0 * clipped / clipped.sum(), rtol=1e-12)
    card.write_text(card.read_text() + "a autoMCStats -1\n")
    np.testing.assert_allclose(_yields(_model(card))["B"], [30.0, 1e-9, 1e-9], rtol=1e-12)


def test_rate_parameters_and_formulas() -> None:
    rows = """
k rateParam a B 1.1 [0.2,3]
f rateParam a S 2*@0+TMath::Power(@1,2)*@2 k,e,x
g rateParam a B @0/3 f
e extArg 2.0 [0,4]
x lnN 1.1 -
"""
    model = _model((COUNTING + rows).encode())
    found = _yields(model, k=1.5, e=0.5, x=0.8)
    formula = 2 * 1.5 + 0.25 * 0.8
    assert found["B"] == pytest.approx(5.5 * 1.5 * formula / 3, rel=1e-12)
    assert found["S"] == pytest.approx(formula * 1.1**0.8, rel=1e-12)
    (k,) = (s for s in model.parameter_sets if s.name == "k")
    assert k.bounds.tolist() == [[0.2, 3.0]]


def test_a_param_is_the_constraint_of_a_rate_parameter() -> None:
    rows = "k rateParam a B 1.3 [0,9]\nk param 1.1 -0.1/+0.2\n"
    model = _model((COUNTING + rows).encode())
    (k,) = (s for s in model.parameter_sets if s.name == "k")
    assert (k.inits[0], k.auxdata[0], k.scale[0], k.lower_scale[0]) == (1.1, 1.1, 0.2, 0.1)
    np.testing.assert_allclose(k.bounds, [[0.7, 1.9]])


def test_an_argument_goes_before_a_rate_parameter_of_its_name() -> None:
    model = _model((COUNTING + "k rateParam a B 1.5 [0,9]\nk extArg 2.0 [1,4]\n").encode())
    (k,) = (s for s in model.parameter_sets if s.name == "k")
    assert (k.inits[0], k.bounds.tolist()) == (2.0, [[1.0, 4.0]])


def test_lines_of_one_rate_parameter_that_differ() -> None:
    reading = read((COUNTING + "k rateParam a B 1.5 [0,9]\nk rateParam a S 1 [0,2]\n").encode())
    assert "says something else at datacard:13, which counts" in str(reading.notes[0])
    (k,) = (s for s in wilks.compile_model(reading.workspace).parameter_sets if s.name == "k")
    assert (k.inits[0], k.bounds.tolist()) == (1.5, [[0.0, 9.0]])


def test_of_lines_of_one_rate_parameter_the_first_in_combines_order_counts() -> None:
    """Combine goes through them process by process: here all of S, which has the first line, go before those of B."""
    rows = "q rateParam a S 1\np rateParam a B 2\np rateParam a S 3\n"
    assert _yields(_model((COUNTING + rows).encode()))["B"] == pytest.approx(3 * 5.5)


def test_a_nuisance_may_be_a_factor() -> None:
    model = _model((COUNTING + "x lnN 1.1 -\nx rateParam a B 1\n").encode())
    assert _yields(model, x=0.5)["B"] == pytest.approx(5.5 * 0.5, rel=1e-12)


def test_maps_of_parameters_of_interest() -> None:
    card = (COUNTING.replace("process 0 1", "process -1 1")).encode()
    maps = ["map=.*/S:r_S[2,0,5]", "a/B:r_B[1,0.5,2]"]
    reading = read(card, maps=maps)
    assert reading.workspace.document.measurements[0].config.pois == ["r_S", "r_B"]
    found = _yields(wilks.compile_model(reading.workspace), r_B=1.5)
    assert (found["S"].item(), found["B"].item()) == (2.0, 8.25)
    for off in ("a/S:0", "turnoff=S"):
        maps = [off, "a/B:r_B[1,0,2]", *(["a/S:r_B"] if "turnoff" in off else [])]
        assert [s.name for s in read(card, maps=maps).workspace.document.channels[0].samples] == ["B"]


def test_maps_may_be_formulas() -> None:
    maps = ["map=.*/S:mu[1,0,5]", 'map=.*/B:both=expr;;both("@0*@0+@1",mu,k[2,0,3])']
    model = _model(COUNTING.encode(), maps=maps)
    assert (model.pois, model.bounds[1][model.index("k")]) == (("mu",), 3.0)
    found = _yields(model, mu=1.5)
    assert (found["S"].item(), found["B"].item()) == (1.5, pytest.approx((1.5**2 + 2) * 5.5, rel=1e-12))
    square = _model(COUNTING.encode(), maps=[maps[0], ".*/B:m2=prod;;m2(mu,mu)"])
    assert _yields(square, mu=1.5)["B"].item() == pytest.approx(1.5**2 * 5.5, rel=1e-12)
    with pytest.raises(WorkspaceError, match='"mu" is a POI already; the formula needs another name'):
        _model(COUNTING.encode(), maps=[maps[0], '.*/B:mu=expr;;mu("2*@0",mu)'])
    with pytest.raises(WorkspaceError, match=r'm2=expr;;m2\("FORMULA",ARGUMENTS\) needed'):
        _model(COUNTING.encode(), maps=[maps[0], '.*/B:m2=expr;;m3("2*@0",mu)'])


def test_the_first_parameter_of_interest_is_r_from_0_to_20() -> None:
    (r,) = (s for s in _model(COUNTING.encode()).parameter_sets if s.name == "r")
    assert (r.inits[0], r.bounds.tolist()) == (1.0, [[0.0, 20.0]])
    model = _model(COUNTING.encode(), ranges={"r": (-5, 5)}, starts={"r": 0.5}, freeze=["r"])
    (r,) = (s for s in model.parameter_sets if s.name == "r")
    assert (r.inits[0], r.bounds.tolist(), r.fixed[0]) == (0.5, [[-5.0, 5.0]], True)


def test_productions_have_parameters_of_their_own() -> None:
    card = COUNTING.replace("process S B", "process ggH_hgg B")
    reading = read(card.encode(), modes=["ggH", "qqH"])
    config = reading.workspace.document.measurements[0].config
    assert (config.poi, config.pois) == ("r_ggH", None)
    (r,) = (s for s in wilks.compile_model(reading.workspace).parameter_sets if s.name == "r_ggH")
    assert r.bounds.tolist() == [[0.0, 4.0]]
    with pytest.raises(WorkspaceError, match=r'no production "ggh"; allowed are .* did you mean "ggH"'):
        read(card.encode(), modes=["ggh"])
    with pytest.raises(WorkspaceError, match='datacard:9:9: signal "S": no production "S"'):
        read(COUNTING.encode(), modes=["ggH"])


def test_whole_numbers_are_divided_as_in_root() -> None:
    reading = read((COUNTING + "k rateParam a B 1\nf rateParam a S @0+1/2 k\n").encode())
    assert "1/2 is 0" in str(reading.notes[0])
    assert _yields(wilks.compile_model(reading.workspace), k=2.0)["S"] == pytest.approx(2.0)


def test_rounding_as_combine_rounds(tmp_path: Path) -> None:
    """Norms of shapes have six decimals, rates of constants six digits."""
    contents = CONTENTS | {"B_jesUp": [30.3, 20.01, 9.75], "B_jesDown": [29.0, 21.0, 10.7]}
    card = shape_card(tmp_path, "jes shape - 1\n", contents)
    exact, rounded = (read(card, combine_rounding=on).workspace.document for on in (False, True))
    (norm,) = (m for m in exact.channels[0].samples[1].modifiers if type(m).__name__ == "NormSys")
    assert (norm.data.lo, norm.data.hi) == (pytest.approx(60.7 / 60, rel=1e-14), pytest.approx(60.06 / 60, rel=1e-14))
    (norm,) = (m for m in rounded.channels[0].samples[1].modifiers if type(m).__name__ == "NormSys")
    assert (norm.data.lo, norm.data.hi) == (pytest.approx(1.011667, rel=1e-14), pytest.approx(1.001, rel=1e-14))
    counting = COUNTING.replace("rate 1.0 5.5", "rate 1.0 5.12345678").encode()
    found = read(counting, combine_rounding=True).workspace.document.channels[0].samples[1].data
    assert found == [5.12346]


@pytest.mark.parametrize("theta", [-1.5, 0.4])
@pytest.mark.parametrize("mode", [1, 2])
def test_morphing_with_statistics_works_on_contents(tmp_path: Path, mode: int, theta: float) -> None:
    """Mode 1 has variations of the nominal sum and a norm beside them, mode 2 takes them as they are."""
    card = shape_card(tmp_path, f"jes shape - 0.5\n* autoMCStats -1 0 {mode}\n")
    n, h, low = (NOMINAL[f"B{end}"] for end in ("", "_jesUp", "_jesDown"))
    norm = 1.0
    if mode == 1:
        norm = _asymmetric(theta, (low.sum() / n.sum()) ** 0.5, (h.sum() / n.sum()) ** 0.5)
        h, low = h * n.sum() / h.sum(), low * n.sum() / low.sum()
    x = 0.5 * theta
    wanted = norm * (n + x / 2 * ((h - low) + _smooth(x / 0.5) * (h + low - 2 * n)))
    np.testing.assert_allclose(_yields(_model(card), jes=theta)["B"], wanted, rtol=1e-12)


def test_a_count_scales_a_histogram_with_statistics(tmp_path: Path) -> None:
    card = shape_card(tmp_path, "c gmN 12 - 5\n* autoMCStats -1\n")
    np.testing.assert_allclose(_yields(_model(card), c=18.0)["B"], 1.5 * NOMINAL["B"], rtol=1e-12)
    card = shape_card(tmp_path, "c gmN 12 - 5\n")
    np.testing.assert_allclose(_yields(_model(card), c=18.0)["B"], 90.0 * NOMINAL["B"] / 60.0, rtol=1e-12)


def test_statistics_of_bins_together_and_apart(tmp_path: Path) -> None:
    """Effective events of the backgrounds are 30, 20, 10: two bins are above the threshold."""
    model = _model(shape_card(tmp_path, "k rateParam a B 1 [0,5]\n* autoMCStats 12\n"))
    names = model.parameter_names
    fixed = np.concatenate([s.fixed for s in model.parameter_sets])
    free = {name for name, held in zip(names, fixed, strict=True) if not held}
    assert free == {"r", "k", "prop_bina[0]", "prop_bina[1]", "prop_bina_B_count[2]", "prop_bina_S_count[2]"}
    theta = _theta(model, r=2.0, k=1.5)
    for name, value in {"prop_bina[0]": 0.7, "prop_bina[1]": -1.2, "prop_bina_B_count[2]": 1.1}.items():
        theta[names.index(name)] = value
    s, b = np.array([1.0, 2.0, 4.0]), np.array([30.0, 20.0, 10.0])
    error = np.sqrt((2.0**2) * s + (1.5**2) * b)
    wanted = 2.0 * s + 1.5 * b + error * [0.7, -1.2, 0.0] + [0.0, 0.0, 0.1 * 15.0]
    np.testing.assert_allclose(model.expected(theta), wanted, rtol=1e-12)
    counts = next(one for one in model.parameter_sets if one.name == "prop_bina_B_count")
    assert counts.scale[2] == pytest.approx(10.0, rel=1e-12)


def test_a_fit_at_the_centre_of_a_symmetric_factor_has_all_errors() -> None:
    """Its factor is one exponential: with s + b events expected and counted, var r = n (1 + n log(k)^2) / s^2."""
    model = wilks.compile_model(read((COUNTING + "lumi lnN 1.3 1.3\n").encode()).workspace)
    result = wilks.fit(model, wilks.asimov(model, values={"r": 1}))
    n = 6.5
    assert result["r"].uncertainty == pytest.approx(np.sqrt(n * (1 + n * np.log(1.3) ** 2)), rel=1e-6)
    assert result["lumi"].uncertainty == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("asked", [{"starts": {"k": 0.01}}, {"ranges": {"k": (5, 9)}}, {"starts": {"r": 9}}])
def test_what_a_caller_starts_with_decides_no_statistical_parameters(tmp_path: Path, asked: dict[str, object]) -> None:
    """Combine decides on them when it makes its workspace, with the card's own starts; --setParameters comes later."""
    card = shape_card(tmp_path, "k rateParam a B 1 [0,9]\n* autoMCStats 15 1\n")
    channels = [read(card, **options).workspace.document.channels for options in ({}, asked)]  # type: ignore[arg-type]
    assert channels[0] == channels[1]
