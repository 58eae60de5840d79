from __future__ import annotations

import copy
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyhf.cli import cli
from tests.workspace.documents import EXAMPLE
from tests.workspace.wide import wide

from wilks import inspect, load_workspace

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it


def pyhf_inspect(path: Path) -> str:
    result = CliRunner().invoke(cli, ["inspect", str(path)], catch_exceptions=False)
    return "\n".join(line.rstrip() for line in result.output.splitlines()).rstrip()


def test_the_summary_is_pyhfs(tmp_path: Path) -> None:
    path = tmp_path / "workspace.json"
    load_workspace(EXAMPLE).save(path)
    assert str(inspect(load_workspace(path))) == pyhf_inspect(path)


def test_the_summary_of_published_workspaces_is_pyhfs(shared_data: Path) -> None:
    for name in (
        "ttbar-lesson/workspace.json",
        "cabinetry-example/golden/example_histogram_workspace.json",
        "likelihoods/agc-cms-ttbar/workspace_ml.json",
        "likelihoods/pyhf-tutorial/bkg_only.json",
    ):
        path = shared_data / name
        assert str(inspect(load_workspace(path))) == pyhf_inspect(path), name


def test_facts() -> None:
    summary = inspect(load_workspace(EXAMPLE))
    assert summary.channels == {"CR": 1, "SR": 2}
    assert summary.samples == ("background", "signal")
    assert {p.name: (p.constraint, p.modifiers) for p in summary.parameters} == {
        "JES": ("constrained_by_normal", ("histosys", "normsys")),
        "free": ("unconstrained", ("shapefactor",)),
        "lumi": ("constrained_by_normal", ("lumi",)),
        "mu": ("unconstrained", ("normfactor",)),
        "stat": ("constrained_by_normal", ("staterror",)),
        "uncorrelated": ("constrained_by_poisson", ("shapesys",)),
    }
    assert len(summary.modifiers) == 7
    (measurement,) = summary.measurements
    assert (measurement.name, measurement.poi, measurement.parameters) == ("main", "mu", ("mu", "lumi", "JES"))


def test_a_workspace_whose_poi_comes_later_can_be_inspected(shared_data: Path) -> None:
    path = shared_data / "likelihoods" / "atlas-sbottom-2018-31" / "RegionA" / "BkgOnly.json"
    assert inspect(load_workspace(path)).measurements[0].poi == "mu_SIG"


def test_constraints_that_pyhf_can_not_say_are_shown() -> None:
    spec = copy.deepcopy(EXAMPLE)
    spec["version"] = "wilks-1"
    spec["channels"][0]["samples"][1]["modifiers"][1].update(constraint="normal", data=[5.0, 0.0])
    spec["channels"][0]["samples"][1]["modifiers"][2].update(constraint="poisson", threshold=0.01)
    spec["measurements"][0]["config"]["parameters"] = [
        {"name": "mu", "constraint": "poisson", "auxdata": [3], "factors": [2.5]},
        {"name": "JES", "constraint": "none"},
        {"name": "free", "constraint": "normal", "auxdata": [1, 1.2], "sigmas": [0.1, 0.2]},
        {"name": "lumi", "inits": [1.0], "auxdata": [1.0], "sigmas": [0.02], "bounds": [[0.9, 1.1]]},
    ]
    summary = inspect(load_workspace(spec))
    assert {p.name: p.constraint for p in summary.parameters} == {
        "JES": "free",
        "free": "normal (1 to 1.2 ± 0.1 to 0.2)",
        "lumi": "constrained_by_normal",
        "mu": "poisson (tau 2.5, count 3)",
        "stat": "poisson (tau 900 to 2500)",
        "uncorrelated": "normal (1 ± 0.1), 1 of 2 constant",
    }
    assert "poisson (tau 900 to 2500)" in str(summary)
    spec["measurements"][0]["config"]["parameters"] = [
        {"name": "JES", "sigmas": [100]},
        {"name": "lumi", "inits": [1.0], "auxdata": [1.0], "sigmas": [0.02], "bounds": [[0.9, 1.1]]},
    ]
    assert inspect(load_workspace(spec)).parameters[0].constraint == "normal (0 ± 100)"


def test_statistical_uncertainties_that_are_all_below_the_threshold() -> None:
    spec = copy.deepcopy(EXAMPLE)
    spec["version"] = "wilks-1"
    for constraint in ("poisson", "normal"):
        spec["channels"][0]["samples"][1]["modifiers"][2].update(constraint=constraint, threshold=0.9)
        summary = inspect(load_workspace(spec))
        assert {p.name: p.constraint for p in summary.parameters}["stat"] == f"{constraint}, 2 of 2 constant"


def test_functions_and_what_they_steer_are_shown() -> None:
    summary = inspect(wide())
    assert [(f.name, f.expression, f.parameters, f.steers) for f in summary.functions] == [
        ("kt2", "kt * kt", ("kt",), ("normfactor",)),
        ("yield", '@0 * rate (@0 is "b norm")', ("b norm", "rate"), ("normfactor",)),
        ("theory", "exp(helper) - 1", ("g",), ("normsys",)),
        ("helper", "log(g)", ("g",), ()),
    ]
    assert {p.name: (p.constraint, p.modifiers) for p in summary.parameters} == {
        "b norm": ("normal (1 ± 0.1)", ("function",)),
        "g": ("poisson (tau 16)", ("function",)),
        "jer": ("constrained_by_normal", ("histosys",)),
        "jes": ("constrained_by_normal", ("normsys",)),
        "kt": ("unconstrained", ("function",)),
        "only CR": ("constrained_by_normal", ("normsys",)),
        "rate": ("unconstrained", ("function",)),
        "tails": ("normal (0 + 0.5 - 1.5)", ("normsys",)),
    }
    assert summary.n_parameters == 8
    assert summary.measurements[0].pois == ("kt", "rate")


def test_what_else_pyhf_can_not_say_is_shown() -> None:
    summary = inspect(wide())
    assert summary.more == (
        ("data set", "other"),
        ("group", "jets: jes, jer"),
        ("group", "theory: theory, g"),
        ("mask", "SR: bin 2"),
        ("correlation", "jes, jer, only CR: largest 0.3, of jes, jer"),
        ("clip", "yields below 0 are 0"),
        ("interpolation", "normsys code1: jes"),
    )
    text = str(summary)
    assert "       theory  exp(helper) - 1             normsys" in text
    assert "  correlation  jes, jer, only CR: largest 0.3, of jes, jer" in text
    assert [table.title for table in summary.tables()][-2:] == ["Functions", "More"]
    assert "exp(helper) - 1" in summary._repr_html_()
