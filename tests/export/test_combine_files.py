"""Files for Combine's scripts: read back with uproot as these scripts read them, and compared with what is known."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import numpy as np
import pytest
import uproot
from click.testing import CliRunner, Result
from scipy.optimize import brentq
from scipy.stats import chi2, norm

import wilks
from wilks.cli import main
from wilks.cli.combine_files import asked_mass
from wilks.errors import InputError, ModelError
from wilks.export.combine import gof_json, limits_json, save_fit_diagnostics, save_limit_tree
from wilks.export.combine.limit_tree import branch_names
from wilks.export.combine.quantiles import QUANTILES, at_quantiles
from wilks.export.combine.root_objects import data_graph, root_file, th1, th2
from wilks.infer.constraint_sides import _sides
from wilks.infer.diagnostics import diagnostics
from wilks.model.model import Model
from wilks.model.parameters import ParameterSet
from wilks.results.diagnostics import Diagnostics
from wilks.results.grid import GridResult
from wilks.results.hypotest import LimitResult
from wilks.results.origin import Origin
from wilks.results.tested import ToyCounts

# What bin/combine.cpp books, in its order, as uproot calls the types.
COMBINE = {
    "limit": "double",
    "limitErr": "double",
    "mh": "double",
    "syst": "int32_t",
    "iToy": "int32_t",
    "iSeed": "int32_t",
    "iChannel": "int32_t",
    "t_cpu": "float",
    "t_real": "float",
    "quantileExpected": "float",
}
CARD = """imax 2
jmax 1
kmax *
bin a b
observation 12 30
bin a a b b
process sig bkg sig bkg
process 0 1 0 1
rate 4 10 2 25
lumi lnN 1.02 1.02 1.02 1.02
side gmN 20 - 0.5 - -
norm rateParam * bkg 1
norm param 1 -0.1/+0.2
theory lnN 1.05/0.9 - 1.1 -
G group = lumi
"""
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def model() -> Model:
    return wilks.compile_model(wilks.examples.search())


@pytest.fixture(scope="module")
def limits(model: Model) -> LimitResult:
    return wilks.limit(model)


@pytest.fixture(scope="module")
def fits(model: Model) -> Diagnostics:
    return diagnostics(model)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return `run(*arguments)`: a command in a folder with a card and the example of a search."""
    monkeypatch.chdir(tmp_path)
    wilks.examples.search().save("workspace.json")
    Path("card.txt").write_text(CARD)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, catch_exceptions=False)

    return call


def tree(path: str | Path) -> dict[str, Any]:
    with uproot.open(path) as file:
        found: dict[str, Any] = file["limit"].arrays(library="np")
        assert dict(list(file["limit"].typenames().items())[: len(COMBINE)]) == COMBINE
    assert list(found)[: len(COMBINE)] == list(COMBINE)
    return found


def collected(rows: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return what CollectLimits makes of a tree."""
    keys = {-1.0: "obs", 0.5: "exp0", 0.025: "exp-2", 0.16: "exp-1", 0.84: "exp+1", 0.975: "exp+2"}
    found: dict[str, dict[str, float]] = {}
    for mass, quantile, limit in zip(rows["mh"], rows["quantileExpected"], rows["limit"], strict=True):
        name = next(key for value, key in keys.items() if abs(value - quantile) < 1e-4)
        found.setdefault(str(float(mass)), {})[name] = float(limit)
    return found


def test_limit_as_tree_and_as_json(run: Run) -> None:
    result = run("limit", "workspace.json", "--combine-root", "l.root", "--limits-json", "limits.json", "-o", "l.json")
    assert result.exit_code == 0
    assert "wrote l.root" in result.output
    assert "wrote limits.json" in result.output
    rows, told = tree("l.root"), json.loads(Path("limits.json").read_text())
    assert collected(rows) == told
    assert list(told) == ["120.0"]
    saved = wilks.load_result("l.json")
    assert told["120.0"]["obs"] == saved.observed
    assert math.isclose(told["120.0"]["exp0"], saved.expected[2])
    assert np.allclose(rows["quantileExpected"], [0.025, 0.16, 0.5, 0.84, 0.975, -1])  # observed last, as there
    assert set(rows["iToy"]) == {0}
    assert set(rows["syst"]) == {1}
    assert set(rows["iSeed"]) == {123456}


def test_expected_limits_are_at_the_quantiles_of_combine(model: Model, limits: LimitResult) -> None:
    # At an expected limit the Asimov data have a known statistic (arXiv:1007.1727, equation 89, for CLs).
    n = norm.ppf(list(QUANTILES))
    reach = n + norm.ppf(1 - 0.05 * norm.cdf(n))
    found = at_quantiles(limits.expected, limits.level)
    asimov, whole = (wilks.hypotest(model, value=at).asimov_statistic for at in (found, limits.expected))
    assert np.sqrt(asimov) == pytest.approx(reach, rel=1e-4)
    assert np.all(np.abs(np.sqrt(whole) / reach - 1)[[0, 1, 3, 4]] > 1e-3)  # whole standard deviations are elsewhere
    # Where the likelihood is a parabola they are exact.
    sigma = np.array([n + norm.ppf(1 - 0.1 * norm.cdf(n)) for n in (-2, -1, 0, 1, 2)])
    exact = [n + norm.ppf(1 - 0.1 * norm.cdf(n)) for n in norm.ppf(list(QUANTILES))]
    assert at_quantiles(3 * sigma, 0.9) == pytest.approx(3 * np.array(exact), rel=1e-12)


def test_a_missing_limit_has_no_row(limits: LimitResult, tmp_path: Path) -> None:
    part = replace(limits, expected=np.array([*limits.expected[:4], np.nan]), observed=math.nan)
    save_limit_tree(part, tmp_path / "l.root", 125)
    assert sorted(collected(tree(tmp_path / "l.root"))["125.0"]) == ["exp+1", "exp-1", "exp-2", "exp0"]
    assert sorted(json.loads(limits_json(part, 125))["125.0"]) == ["exp+1", "exp-1", "exp-2", "exp0"]


def test_limits_with_toys_have_their_errors(limits: LimitResult, tmp_path: Path) -> None:
    n = np.zeros(len(limits.curve))
    bands, none = np.zeros((n.size, 5)), np.zeros((0, 0))
    counts = ToyCounts("7", n, n, n, n, n, bands, none, none)
    errors = np.array([0.01, 0.02, 0.03, 0.04, math.nan])
    toys = replace(limits, curve=replace(limits.curve, counts=counts), observed_error=0.05, expected_errors=errors)
    save_limit_tree(toys, tmp_path / "h.root")
    rows = tree(tmp_path / "h.root")
    assert rows["limitErr"].tolist() == [0.01, 0.02, 0.03, 0.04, 0.0, 0.05]
    assert set(rows["iSeed"]) == {7}


def test_a_grid_has_its_masses(tmp_path: Path) -> None:
    points = np.array([300.0, 450.5, 600.0])
    found = GridResult(
        poi="mu",
        question="limit",
        level=0.95,
        tested=math.nan,
        names=("a", "b", "c"),
        labels=("mass",),
        coordinates=points[:, None],
        observed=points / 400,
        expected=np.outer(points / 400, [1.05, 1.41, 1.96, 2.73, 3.66]),
        errors=np.full(3, math.nan),
        best_values=np.zeros(3),
        statuses=("converged",) * 3,
        digests=("",) * 3,
        origin=Origin("m", "observed", "", ""),
    )
    save_limit_tree(found, tmp_path / "grid.root")
    told = json.loads(limits_json(found))
    assert collected(tree(tmp_path / "grid.root")) == told
    assert sorted(told) == ["300.0", "450.5", "600.0"]
    assert told["600.0"]["obs"] == 1.5
    unnamed = replace(found, labels=(), coordinates=np.zeros((len(found), 0)))
    two = replace(found, labels=("m1", "m2"), coordinates=np.repeat(found.coordinates, 2, axis=1))
    twice = replace(found, coordinates=np.full_like(found.coordinates, 300.0))
    for wrong, words in ((unnamed, "names only"), (two, '"m1", "m2"'), (twice, "300 has 3 points")):
        with pytest.raises(InputError, match=words):
            limits_json(wrong)
    with pytest.raises(InputError, match="not limits"):
        save_limit_tree(replace(found, question="CLs"), tmp_path / "cls.root")


def test_scans_and_intervals_are_those_of_multidimfit(run: Run) -> None:
    for command in ("intervals", "scan --points 5 --stat-only -o s.json"):
        name = command.split()[0]
        assert run(*command.split(), "card.txt", "--combine-root", f"{name}.root").exit_code == 0
    rows = tree("intervals.root")
    interval = wilks.intervals(wilks.compile_model(wilks.load_workspace("card.txt")))["r"]
    assert list(rows)[len(COMBINE) :] == ["r", "deltaNLL"]
    assert rows["r"].dtype == rows["deltaNLL"].dtype == np.float32
    assert rows["r"] == pytest.approx([interval.value, interval.lower, interval.upper], rel=1e-6)
    assert np.allclose(rows["quantileExpected"], [-1, -0.32, 0.32])
    assert not rows["deltaNLL"].any()
    saved = wilks.load_result("s.json")
    for file, curve in zip(("scan.root", "scan.stat_only.root"), saved.curves, strict=True):
        rows = tree(file)
        assert rows["r"] == pytest.approx([saved.value, *saved.values], rel=1e-6)
        assert 2 * rows["deltaNLL"] == pytest.approx([0, *curve.delta], rel=1e-6, abs=1e-9)
        assert rows["quantileExpected"] == pytest.approx([-1, *chi2.sf(curve.delta, 1)], rel=1e-5)


def test_a_contour_is_a_grid_of_two(model: Model, tmp_path: Path) -> None:
    names = (
        model.poi,
        next(name for name, kind in zip(model.parameter_names, model.constraints, strict=True) if kind == "normal"),
    )
    found = wilks.contour(model, parameters=names, points=5)
    hole = found.delta.copy()
    hole[1, 2] = np.nan
    save_limit_tree(replace(found, delta=hole), tmp_path / "c.root", 125)
    rows = tree(tmp_path / "c.root")
    x, y = (rows[name] for name in branch_names(names))
    assert (x[0], y[0], rows["deltaNLL"][0]) == pytest.approx((*found.best, 0.0), rel=1e-6)
    expected = [(a, b, found.delta[j, i]) for i, a in enumerate(found.x_values) for j, b in enumerate(found.y_values)]
    del expected[2 * 5 + 1]
    assert np.stack([x, y, 2 * rows["deltaNLL"]], axis=1)[1:] == pytest.approx(np.array(expected), rel=1e-5, abs=1e-5)
    assert rows["quantileExpected"][1:] == pytest.approx(chi2.sf([d for *_, d in expected], 2), rel=1e-4)


def test_goodness_of_fit_with_toys(run: Run) -> None:
    arguments = ("gof", "workspace.json", "--toys", "20", "--seed", "3")
    assert run(*arguments, "--combine-root", "g.root", "--gof-json", "gof.json", "-o", "g.json").exit_code == 0
    rows, told, saved = tree("g.root"), json.loads(Path("gof.json").read_text())["120.0"], wilks.load_result("g.json")
    assert list(rows) == list(COMBINE)  # a further branch would be a category to CollectGoodnessOfFit
    assert rows["iToy"].tolist() == list(range(21))
    assert set(rows["quantileExpected"]) == {-1}
    toys = rows["limit"][1:]
    assert told["obs"] == [rows["limit"][0]] == [saved.statistic]
    assert told["toy"] == toys.tolist()
    assert told["p"] == np.mean(toys >= saved.statistic)
    for wrong, words in (
        (("--gof-json", "g"), "give --toys"),
        (("--combine-root", "g", "--chi-square"), "leave out --chi-square"),
        (("--combine-root", "-"), "--combine-root -: name a file"),
    ):
        refused = run("gof", "workspace.json", *wrong)
        assert refused.exit_code == 2
        assert words in refused.output
    for other in (saved, replace(saved, test="chi-square")):
        with pytest.raises(InputError):
            gof_json(replace(other, toys=np.zeros(0), statuses=None))


def test_significance_of_asimov_data(run: Run) -> None:
    run("significance", "workspace.json", "--asimov", "--set", "mu=1", "--combine-root", "z.root", "-o", "z.json")
    rows = tree("z.root")
    assert rows["limit"].tolist() == [wilks.load_result("z.json").significance]
    assert (rows["iToy"].tolist(), rows["quantileExpected"].tolist()) == ([-1], [-1.0])


def test_other_results_have_no_tree(model: Model, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no limit tree for a FitResult"):
        save_limit_tree(wilks.fit(model), tmp_path / "f.root")


def test_the_mass_is_that_of_the_command() -> None:
    context = click.Context(main.commands["limit"])
    assert asked_mass(context) == 120.0
    context.meta["wilks.combine"] = SimpleNamespace(reading={"mass": "125.5"})
    assert asked_mass(context) == 125.5
    context.params["mass"] = 130
    assert asked_mass(context) == 130.0


def test_ends_of_poisson_terms() -> None:
    counts = np.array([1e-7, 0.3, 4.0, 1e8])
    settings = ParameterSet(
        "c", (), False, counts, counts, counts, np.zeros(4, bool), "poisson", counts, np.full(4, 2.0)
    )
    up, down = (_sides(settings) * 2.0).T
    for n, ends in ((counts, counts + up), (counts[1:], (counts - down)[1:])):
        assert ends - n - n * np.log(ends / n) == pytest.approx(0.5, rel=1e-6)
    assert np.all(up > down)
    assert np.all(down > 0)
    assert _sides(replace(settings, auxdata=np.zeros(4)))[0].tolist() == [0.25, 0.0]


def test_names_of_branches() -> None:
    names = ["r", "prop_binSR[0]", "JES (eta)", "JES_eta", "limit", "[]"]
    assert branch_names(names, reserved=("limit",)) == ["r", "prop_binSR_bin0", "JES_eta", "JES_eta_2", "limit_2", "_"]


def test_impacts_of_a_card_have_its_types_groups_and_ends(run: Run) -> None:
    assert run("ranking", "card.txt", "--impacts-json", "impacts.json", "--also", "norm").exit_code == 0
    found = json.loads(Path("impacts.json").read_text())
    params = {entry["name"]: entry for entry in found["params"]}
    assert [poi["name"] for poi in found["POIs"]] == ["r", "norm"]
    run("ranking", "card.txt", "--impacts-json", "one.json")
    one = {entry["name"]: entry for entry in json.loads(Path("one.json").read_text())["params"]}
    assert {name: entry["type"] for name, entry in one.items()} == {
        "lumi": "Gaussian",
        "theory": "Gaussian",
        "side": "Poisson",
        "norm": "AsymmetricGaussian",
    }
    assert params["lumi"]["groups"] == ["G"]
    assert params["theory"]["groups"] == []
    assert one["norm"]["prefit"] == pytest.approx([0.9, 1.0, 1.2])
    # The ends of the Poisson term, as MINOS finds them: 20 events counted.
    low, high = (brentq(lambda t: t - 20 - 20 * math.log(t / 20) - 0.5, *ends) for ends in ((5, 20), (20, 40)))
    assert one["side"]["prefit"] == pytest.approx([low, 20, high])
    for entry in one.values():
        below, best, above = entry["r"]
        assert entry["impact_r"] == max(abs(above - best), abs(best - below))


def test_shapes_are_predictions_and_covariances(fits: Diagnostics, model: Model, tmp_path: Path) -> None:
    save_fit_diagnostics(fits, tmp_path / "f.root")
    file = uproot.open(tmp_path / "f.root")
    assert set(file.keys(recursive=False, cycle=False)) == {
        *(f"{kind}_{at}" for kind in ("shapes", "norms", "parameters") for at in ("prefit", "fit_b", "fit_s")),
        *("tree_prefit", "tree_fit_b", "tree_fit_sb", "covariance_fit_b", "covariance_fit_s"),
    }
    fit = fits.signal
    expected = wilks.predict(model, fit)
    step = 1e-5
    for channel in expected.channels:
        folder = file[f"shapes_fit_s/{channel.name}"]
        assert folder["total"].classname == "TH1F"
        assert folder["total_covar"].classname == "TH2F"
        for row, sample in enumerate(channel.samples):
            assert folder[sample].values() == pytest.approx(channel.yields[row], rel=1e-6)
            assert folder[sample].errors() == pytest.approx(channel.uncertainties[row], rel=1e-6)
        assert folder["total"].errors() == pytest.approx(channel.total_uncertainty, rel=1e-6)
        assert folder["total"].axis().edges().tolist() == list(range(len(channel.axis) + 1))
        for part, inside in (("total_signal", True), ("total_background", False), ("total", None)):
            if part == "total_signal" and not set(channel.samples) & set(model.signal_samples):
                assert part not in folder  # nor has Combine an empty one
                continue
            chosen = [
                i
                for i, block in enumerate(model.blocks)
                if block.channel == channel.name and inside in (None, block.sample in model.signal_samples)
            ]
            numerical = np.zeros((len(channel.axis), model.n_parameters))
            for k in range(model.n_parameters):
                up, down = fit.values.copy(), fit.values.copy()
                up[k], down[k] = up[k] + step, down[k] - step
                high, low = (model.expected_by_block(at) for at in (up, down))
                numerical[:, k] = sum(high[i] - low[i] for i in chosen) / (2 * step)
            covariance = numerical @ fit.covariance @ numerical.T
            assert folder[part].errors() == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-4)
            if inside is None:
                assert folder["total_covar"].values() == pytest.approx(covariance, rel=1e-3, abs=1e-3)
            norms = file["norms_fit_s"]
            where = norms.axis().labels().index(f"{channel.name}/{part}")
            assert norms.errors()[where] == pytest.approx(math.sqrt(covariance.sum()), rel=1e-3)
        graph = folder["data"]
        assert graph.values("y") == pytest.approx(channel.data)
        low, high = chi2.ppf(norm.cdf(-1), 2 * channel.data) / 2, chi2.ppf(norm.cdf(1), 2 * channel.data + 2) / 2
        assert graph.member("fEYlow") == pytest.approx(channel.data - low, rel=1e-6)
        assert graph.member("fEYhigh") == pytest.approx(high - channel.data, rel=1e-6)


def test_parameters_correlations_and_trees_of_both_fits(fits: Diagnostics, tmp_path: Path) -> None:
    save_fit_diagnostics(fits, tmp_path / "f.root")
    file, poi = uproot.open(tmp_path / "f.root"), fits.poi
    b, s = (file[name].arrays(library="np") for name in ("tree_fit_b", "tree_fit_sb"))
    assert b[poi].tolist() == [0.0]
    assert s[poi][0] == fits.signal[poi].value
    assert s[f"{poi}HiErr"][0] == fits.interval[poi].up
    assert s[f"{poi}LoErr"][0] == fits.interval[poi].down
    assert s["nll_nll0"][0] == pytest.approx((fits.signal.twice_nll - fits.background.twice_nll) / 2)
    assert b["nll_min"][0] < 0
    assert s["nll_min"][0] == pytest.approx(b["nll_min"][0] + s["nll_nll0"][0])
    names = fits.signal.names
    for name, branch in zip(names, branch_names(names), strict=True):
        if name != poi:
            assert b[branch][0] == fits.background[name].value
            assert s[branch][0] == fits.signal[name].value
    assert all(
        s[f"{branch}_In"][0] == fits.auxiliary[name]
        for name, branch in zip(fits.auxiliary, branch_names(fits.auxiliary), strict=True)
    )
    matrix = file["covariance_fit_s"]
    across, down = (matrix.axis(i).labels() for i in (0, 1))
    assert down == across[::-1]  # as RooFitResult.correlationHist
    i, j = across.index(poi), down.index(names[0] if names[0] != poi else names[1])
    other = fits.signal.index(down[j])
    assert matrix.values()[i, j] == pytest.approx(fits.signal.correlation[fits.signal.index(poi), other])
    fitted = file["parameters_fit_s"]
    assert fitted.axis().labels() == list(names)
    assert fitted.values() == pytest.approx(fits.signal.values)


def test_fit_diagnostics_on_the_command_line(run: Run) -> None:
    found = run("export", "fit-diagnostics", "card.txt", "--asimov", "--set", "r=2", "-o", "f.root")
    assert found.exit_code == 0
    assert "wrote f.root" in found.output
    file = uproot.open("f.root")
    assert file["tree_fit_sb"]["r"].array()[0] == pytest.approx(2, rel=1e-4)
    assert file["shapes_prefit/a/data"].values("y") == pytest.approx([2 * 4 + 10])
    assert file["shapes_fit_s/a/total"].values() == pytest.approx([18], rel=1e-4)
    assert file["tree_prefit"]["side_In"].array().tolist() == [20.0]
    refused = run("export", "fit-diagnostics", "card.txt", "--fix", "r=1")
    assert refused.exit_code == 2
    assert '"r" is fixed' in refused.output
    hidden = run("export", "fit-diagnostics", "card.txt", "--blind-poi")
    assert hidden.exit_code == 2
    assert "--blind-poi" in hidden.output


def test_a_fit_that_fails_has_no_shapes(fits: Diagnostics, tmp_path: Path) -> None:
    failed = replace(fits.signal, converged=False, status="no minimum")
    part = replace(fits, signal=failed, interval=None, shapes={k: v for k, v in fits.shapes.items() if k != "fit_s"})
    save_fit_diagnostics(part, tmp_path / "f.root")
    file = uproot.open(tmp_path / "f.root")
    assert part.failures == {"signal and background fit": "no minimum"}
    assert "shapes_fit_s" not in file
    assert "covariance_fit_s" not in file
    assert "shapes_fit_b" in file
    assert file["tree_fit_sb"]["fit_status"].array().tolist() == [-1]
    with pytest.raises(ModelError, match="no parameter of interest"):
        diagnostics(wilks.compile_model(wilks.examples.search()).with_poi(None))


def test_objects_are_laid_out_as_root_does_it() -> None:
    counts, ends = np.array([0.0, 4.0, 9.0]), (np.array([0.0, 2.0, 6.0]), np.array([1.8, 7.0, 13.0]))
    made = {
        "a/data": data_graph("data", counts, ends),
        "a/labels": th1("é", counts, np.sqrt(counts), labels=("α" * 200, "b", "é")),
        "a/matrix": th2("t", np.array([[1.0, 2.0], [3.0, 4.0]])),
    }
    file = uproot.open(io.BytesIO(root_file(made, {"t": {"x": np.array([1.0])}})))
    assert file["a/labels"].axis().labels() == ["α" * 200, "b", "é"]
    assert file["a/labels"].member("fTsumw") == 13
    assert file["a/matrix"].values()[0, 1] == 2
    # ROOT's own graph ends with the same four arrays, each after a byte of 1.
    root = uproot.open(Path(__file__).parents[1] / "browse" / "graphs.root")
    theirs = root["lopsided"]
    chunk = root.key("lopsided").get_uncompressed_chunk_cursor()[0].raw_data.tobytes()
    x, y, low, high = (np.asarray(theirs.member(name)) for name in ("fX", "fY", "fEYlow", "fEYhigh"))
    assert np.array_equal(x, [1.0, 2.0, 4.0])
    graph = data_graph("lopsided graph", y, (y - low, y + high))
    ours = graph.serialize(name="lopsided")
    size = 4 * (1 + 8 * len(y))
    rows = [np.frombuffer(part[-size:], np.uint8).reshape(4, -1) for part in (chunk, ours)]
    assert [row[:, 0].tolist() for row in rows] == [[1] * 4] * 2
    read, written = (np.ascontiguousarray(row[:, 1:]).view(">f8") for row in rows)
    assert written == pytest.approx(read)
