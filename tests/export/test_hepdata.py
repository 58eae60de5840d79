"""HEPData submissions: the validator of HEPData takes them, and their numbers are those of the results."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from PIL import Image
from tests.export.validating import complaints

import wilks
from wilks.cli import main
from wilks.errors import InputError
from wilks.export.hepdata.emitting import data_csv, data_yaml, yaml_number
from wilks.export.hepdata.gathering import _MAKERS, _WITHOUT, bin_covariance
from wilks.export.hepdata.records import Column, DataTable, Error
from wilks.export.hepdata.submission import Submission, submission
from wilks.results.io import KINDS

SAID = ("--energy", "13 TeV", "--luminosity", "140 fb$^{-1}$", "--reaction", "P P --> X X", "--phrase", "Search")
CC0 = ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/")


def call(*words: object) -> Result:
    return CliRunner().invoke(main, ["export", "hepdata", *map(str, words)])


def values(table: dict[str, Any], i: int = 0, kind: str = "dependent_variables") -> list[Any]:
    return [cell["value"] for cell in table[kind][i]["values"]]


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    model = wilks.compile_model(wilks.examples.search())
    fit = wilks.fit(model)
    return {
        "fit": fit,
        "intervals": wilks.intervals(model, result=fit),
        "ranking": wilks.ranking(model, result=fit),
        "breakdown": wilks.breakdown(model, result=fit),
        "gof": wilks.goodness_of_fit(model, result=fit),
        "limit": wilks.limit(model, result=fit),
        "hypotest": wilks.hypotest(model, value=[1.0, 0.5], result=fit),
        "significance": wilks.significance(model, result=fit),
        "scan": wilks.scan(model, points=5, result=fit),
        "contour": wilks.contour(model, parameters=("mu", "top_norm"), points=7, result=fit),
        "grid": wilks.grid(*wilks.examples.search_grid()),
    }


@pytest.fixture(scope="module")
def folder(results: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder like that of `wilks run`."""
    home = tmp_path_factory.mktemp("run")
    wilks.examples.search().save(home / "workspace.json")
    for name, result in results.items():
        result.save(home / f"{name}.json")
    (home / "steering.yml").write_text("General:\n  Measurement: search\n")
    (home / "figures").mkdir()
    for stem in ("ranking", "data_mc_SR-2b_postfit", "pruning"):
        Image.new("RGB", (600, 300), "white").save(home / "figures" / f"{stem}.png")
    return home


@pytest.fixture(scope="module")
def written(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("hepdata") / "made"
    result = call(folder, "-o", target, *SAID, "--license", *CC0, "--csv", target.parent / "csv")
    assert result.exit_code == 0, result.stderr
    return target


def load(written: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((written / f"{name}.yaml").read_text(), yaml.CSafeLoader)
    return found


def test_the_validator_takes_every_table_of_a_run(written: Path) -> None:
    assert complaints(directory=written) == []
    head, *tables = yaml.load_all((written / "submission.yaml").read_text(), yaml.CSafeLoader)
    names = [table["name"] for table in tables]
    assert len(set(names)) == len(names) == 24
    assert max(map(len, names)) <= 64
    assert [file["location"] for file in head["additional_resources"]][:3] == [
        "workspace.json",
        "workspace.axes.json",
        "steering.yml",
    ]
    assert head["additional_resources"][0]["type"] == "HistFactory"
    assert {"pruning.png", "thumb_pruning.png"} <= {file["location"] for file in head["additional_resources"]}
    ranking = next(table for table in tables if table["data_file"] == "ranking_of_parameters.yaml")
    assert [file["location"] for file in ranking["additional_resources"]] == ["ranking.png", "thumb_ranking.png"]
    assert ranking["data_license"] == {"name": CC0[0], "url": CC0[1]}
    assert {"name": "cmenergies", "values": [13000]} in ranking["keywords"]
    with Image.open(written / "thumb_ranking.png") as thumb:
        assert thumb.size == (240, 120)


def test_yields_have_their_axis_their_uncertainties_and_their_qualifiers(
    written: Path, results: dict[str, Any]
) -> None:
    channel = wilks.predict(wilks.compile_model(wilks.examples.search()), results["fit"])["SR 2b"]
    table = load(written, "yields_in_sr_2b_post_fit")
    (axis,) = table["independent_variables"]
    assert axis["header"]["units"] == "GeV"
    assert "[" not in axis["header"]["name"]
    assert [(cell["low"], cell["high"]) for cell in axis["values"]] == list(channel.axis)
    total, data = table["dependent_variables"][-2:]
    assert {q["name"]: q["value"] for q in total["qualifiers"]} == {
        "CHANNEL": "SR 2b",
        "RE": "P P --> X X",
        "SQRT(S)": 13,
        "LUMINOSITY": 140,
    }
    errors = [cell["errors"][0]["symerror"] for cell in total["values"]]
    np.testing.assert_allclose([cell["value"] for cell in total["values"]], channel.total, rtol=1e-6)
    np.testing.assert_allclose(errors, channel.total_uncertainty, rtol=1e-6)
    assert [cell["value"] for cell in data["values"]] == channel.data.tolist()


def test_covariances_are_those_of_the_fit_and_of_the_prediction(written: Path, results: dict[str, Any]) -> None:
    fit = results["fit"]
    matrix = np.reshape(values(load(written, "covariance_of_parameters")), (len(fit), len(fit)))
    np.testing.assert_allclose(matrix, fit.covariance, rtol=1e-10)
    prediction = wilks.predict(wilks.compile_model(wilks.examples.search()), fit)
    variance = np.concatenate([channel.total_uncertainty**2 for channel in prediction.channels])
    bins = load(written, "covariance_of_bins_post_fit")
    covariance = np.reshape(values(bins), (variance.size, variance.size))
    np.testing.assert_allclose(np.diag(covariance), variance, rtol=1e-9)
    # The sum over a channel has all correlations between its bins.
    first = prediction.channels[0]
    block = covariance[: len(first.axis), : len(first.axis)]
    assert np.sqrt(block.sum()) == pytest.approx(first.sum_uncertainty, rel=1e-9)
    assert values(bins, 1, "independent_variables")[:2] == [f"{first.name}, bin 1", f"{first.name}, bin 2"]


def test_before_the_fit_bins_vary_with_the_constraints() -> None:
    model = wilks.compile_model(wilks.examples.measurement())
    variance = np.diag(bin_covariance(model, None))
    expected = np.concatenate([channel.total_uncertainty**2 for channel in wilks.predict(model).channels])
    np.testing.assert_allclose(variance, expected, rtol=1e-12)


def test_what_was_inferred_is_in_the_tables(written: Path, results: dict[str, Any]) -> None:
    limit, grid, scan = results["limit"], results["grid"], results["scan"]
    np.testing.assert_allclose(
        values(load(written, "upper_limits_on_mu")), [limit.observed, *limit.expected], rtol=1e-6
    )
    table = load(written, "upper_limits_of_signals")
    assert values(table, 0, "independent_variables") == grid.coordinates[:, 0].tolist()
    np.testing.assert_allclose(values(table, 1), grid.expected[:, 2], rtol=1e-6)
    two_sigma = table["dependent_variables"][1]["values"][0]["errors"][1]
    assert two_sigma["label"] == "2 sigma"
    assert two_sigma["asymerror"]["minus"] == pytest.approx(grid.expected[0, 0] - grid.expected[0, 2], rel=1e-6)
    assert values(load(written, "tests_of_mu"), 0, "independent_variables") == [0.5, 1]
    np.testing.assert_allclose(values(load(written, "likelihood_scan_of_mu")), scan.delta, rtol=1e-6)
    ranking = results["ranking"]
    table = load(written, "ranking_of_parameters")
    assert values(table, 0, "independent_variables") == [ranking.names[i] for i in ranking.order()]
    up = [column for column in table["dependent_variables"] if column["header"]["name"].endswith("post-fit up")]
    np.testing.assert_allclose([c["value"] for c in up[0]["values"]], ranking.impacts[0, ranking.order(), 2], rtol=1e-6)


def test_tables_are_written_as_csv_with_all_digits(written: Path, results: dict[str, Any]) -> None:
    folder = written.parent / "csv"
    assert {path.stem for path in folder.iterdir()} >= {path.stem for path in written.glob("*_of_*.yaml")}
    header, observed = (folder / "upper_limits_on_mu.csv").read_text().splitlines()[:2]
    assert header == "Limit,Upper limit on mu"
    assert float(observed.split(",")[1]) == results["limit"].observed


def test_an_archive_is_the_same_submission_and_comes_out_the_same(folder: Path, tmp_path: Path) -> None:
    for name in ("one.tar.gz", "one.zip"):
        assert call(folder / "limit.json", "-o", tmp_path / name).exit_code == 0
        assert complaints(archive=tmp_path / name) == []
    with tarfile.open(tmp_path / "one.tar.gz") as tar:
        assert tar.getnames()[0] == "submission.yaml"
    first = (tmp_path / "one.zip").read_bytes()
    assert call(folder / "limit.json", "-o", tmp_path / "one.zip").exit_code == 0
    assert (tmp_path / "one.zip").read_bytes() == first


def test_numbers_are_numbers_for_yaml_and_what_is_missing_is_said_so() -> None:
    for value in (1e-5, -2.5e-300, 1e22, 3.0, 0.1, -0.0):
        assert yaml.safe_load(yaml_number(value, 17)) == value
    one, other = Error("stat", np.array([1.0, np.nan]), np.array([-2.0, np.nan])), np.array([0.0, 3.0])
    errors = (one, Error.symmetric("sys", other))
    table = DataTable("t", "d", (Column("x", [(0.0, 1e-7), "2-3"]),), (Column("y", [1e-5, np.nan], "GeV", errors),))
    read = yaml.safe_load(data_yaml(table))
    assert read["independent_variables"][0]["values"] == [{"low": 0, "high": 1e-7}, {"value": "2–3"}]
    assert read["dependent_variables"][0]["values"] == [
        {"value": 1e-5, "errors": [{"asymerror": {"plus": 1, "minus": -2}, "label": "stat"}]},
        {"value": "-", "errors": [{"symerror": 3, "label": "sys"}]},
    ]
    assert data_csv(table).splitlines() == [
        "x low,x high,y [GeV],y [GeV] stat +,y [GeV] stat -,y [GeV] sys +,y [GeV] sys -",
        "0.0,1e-07,1e-05,1.0,-2.0,0.0,0.0",
        "2-3,2-3,,,,3.0,-3.0",
    ]


def test_titles_stand_in_place_of_names(folder: Path) -> None:
    made = submission(folder, titles={"mu": r"$\mu$", "SR 2b": "signal region\u2028\x85", "Top": "top"})
    fitted = yaml.safe_load(made.files()["fitted_parameters.yaml"])
    assert r"$\mu$" in values(fitted, 0, "independent_variables")
    (yields,) = (t for t in made.tables if t.name.startswith("Yields in signal region") and t.name.endswith("post-fit"))
    assert yields.figures == ("data_mc_SR-2b_postfit",)
    assert "top" in [column.name for column in yields.dependent]
    (last,) = (t for t in yaml.safe_load_all(made.files()["submission.yaml"]) if t.get("name") == yields.name)
    assert "thumb_data_mc_SR-2b_postfit.png" in [file["location"] for file in last["additional_resources"]]
    # Titles do not move bins: the matrix is that of the names.
    moved = submission(folder, titles={"SR 2b": "A"})
    plain = submission(folder)
    one, other = (next(t for t in each.tables if t.name == "Covariance of bins, post-fit") for each in (moved, plain))
    assert [label.replace("A,", "SR 2b,") for label in one.independent[0].values] == other.independent[0].values
    with pytest.raises(InputError, match=r'no "Tip" in this result; did you mean "Top"'):
        submission(folder, titles={"Tip": "top"})


def test_a_blinded_fit_stays_blind(results: dict[str, Any], folder: Path) -> None:
    made = submission(wilks.load_workspace(folder / "workspace.json"), results["fit"].blinded())
    names = [table.name for table in made.tables]
    assert not [name for name in names if "post-fit" in name]
    fitted = yaml.safe_load(made.files()["fitted_parameters.yaml"])
    assert values(fitted)[results["fit"].index("mu")] == "-"


def test_what_is_too_large_for_a_table_goes_along_as_a_file(
    results: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[Submission.__module__], "LARGEST", 20_000)
    files = submission(results["fit"]).files()
    assert "covariance_of_parameters.csv" in files
    assert "covariance_of_parameters.yaml" not in files
    assert "fitted_parameters.yaml" in files
    submission(results["fit"]).save(tmp_path / "made")
    assert complaints(directory=tmp_path / "made") == []


def test_an_earlier_submission_is_replaced_and_other_files_are_not(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "made"
    assert call(folder / "fit.json", "-o", target).exit_code == 0
    assert call(folder / "limit.json", "-o", target).exit_code == 0
    assert complaints(directory=target) == []
    assert not (target / "fitted_parameters.yaml").exists()
    (target / "notes.txt").write_text("mine")
    refused = call(folder / "fit.json", "-o", target)
    assert refused.exit_code == 2
    assert "holds notes.txt, which HEPData would refuse" in refused.stderr
    assert (target / "upper_limits_on_mu.yaml").exists()


def test_mistakes_are_told_together(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        submission(folder / "fit.json", energy="13", luminosity="much", phrases=["x" * 200], license=("CC0", ""))
    assert len(error.value.problems) == 4
    wilks.fit(wilks.compile_model(wilks.examples.measurement())).save(tmp_path / "other.json")
    with pytest.raises(InputError, match=r"\"other\.json\": of another workspace"):
        submission(folder / "workspace.json", tmp_path / "other.json")
    with pytest.raises(InputError, match=r"there is no table to write"):
        submission(folder / "steering.yml")
    refused = call(folder / "fit.json", "-o", tmp_path / "made", "--csv", tmp_path / "other.json")
    assert refused.exit_code == 2
    assert "other.json is a file" in refused.stderr
    assert not (tmp_path / "made").exists()
    with pytest.raises(InputError, match=r"submission: found int"):
        submission(3)


def test_what_comes_from_toys_and_samples_has_tables_of_numbers(tmp_path: Path) -> None:
    model = wilks.compile_model(wilks.examples.search())
    fit = wilks.fit(model)
    chains = np.random.default_rng(1).multivariate_normal(fit.values, fit.covariance, (2, 300))
    posterior = wilks.posterior_result(model, chains=chains)
    interval = wilks.feldman_cousins(model, level=0.9, toys=100, precision=0.2)
    region = wilks.feldman_cousins(model, parameters=("mu", "top_norm"), points=5, toys=20)
    coverage = wilks.coverage(model, values=[0.5, 1.0], methods=("wald", "profile"), toys=50)
    everywhere = wilks.global_significance(*wilks.examples.search_grid(), toys=20)
    toys = wilks.toys(model, count=20, seed=1)
    groups = wilks.compatibility(model, workspace=wilks.examples.search())
    made = submission(posterior, interval, region, coverage, everywhere, toys, groups)
    made.save(tmp_path / "made")
    assert complaints(directory=tmp_path / "made") == []
    tables = {table.name.partition(" (")[0]: table for table in made.tables}

    found = tables["Posterior of parameters"]
    columns = {(c.name, *(q.value for q in c.qualifiers)): c for c in found.dependent}
    assert columns["Upper limit", "95 %"].values == posterior.upper[1].tolist()
    median = columns["Median", "68.3 %"]
    np.testing.assert_allclose(median.values + median.errors[0].plus, posterior.central[0, :, 1])
    np.testing.assert_allclose(median.values + median.errors[0].minus, posterior.central[0, :, 0])
    assert tables["Correlations of the posterior"].dependent[0].values == posterior.correlations.ravel().tolist()

    assert tables["Feldman-Cousins interval of mu"].dependent[0].values == interval.ends.tolist()
    shown = tables["Feldman-Cousins region of mu and top_norm"]
    x, y = (dict.fromkeys(c.values) for c in shown.independent)
    assert (list(x), list(y)) == (region.x_values.tolist(), region.y_values.tolist())
    where = {1.0: "inside", -1.0: "outside", 0.0: "undecided"}
    assert shown.dependent[0].values == [where[v] for v in region.region.ravel()]
    assert tables["Coverage of mu"].dependent[-1].values == coverage.coverage[-1].tolist()
    pulls = {c.name: c for c in tables["Toys"].dependent}["Width of pulls"]
    free = ~toys.fixed
    assert pulls.values == toys.pull_width[free].tolist()
    np.testing.assert_allclose(pulls.errors[0].plus, (toys.pull_width / np.sqrt(2 * toys.usable))[free])
    assert tables["Compatibility of channels"].dependent[0].values == [*groups.values, groups.value]
    assert tables["Global significance of mu"].dependent[0].values[1] == everywhere.toy_p_value


def test_every_kind_of_result_has_tables_or_is_known_to_have_none() -> None:
    assert set(_MAKERS) | set(_WITHOUT) == set(KINDS)
