"""Commands that give the results of a report again: what they say is what the command line understands."""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import wilks
from wilks.cli import main
from wilks.model.model import Model
from wilks.reporting.commands import commands
from wilks.reporting.contents import Contents
from wilks.workspace.workspace import Workspace


@pytest.fixture(scope="module")
def model() -> Model:
    return wilks.compile_model(wilks.examples.measurement())


def _words(command: str) -> list[str]:
    return shlex.split(command, comments=True)


@pytest.mark.parametrize(
    ("file", "ask"),
    [
        ("fit.json", lambda m: wilks.fit(m)),
        ("ranking.json", lambda m: wilks.ranking(m)),
        ("breakdown.json", lambda m: wilks.breakdown(m)),
        ("gof.json", lambda m: wilks.goodness_of_fit(m)),
        ("intervals.json", lambda m: wilks.intervals(m, parameters=["mu"], levels=[0.6827, 0.95])),
        ("scan.json", lambda m: wilks.scan(m, parameter="mu", points=5)),
        ("limit.json", lambda m: wilks.limit(m, level=0.9)),
        ("significance.json", lambda m: wilks.significance(m)),
        ("hypotest.json", lambda m: wilks.hypotest(m, value=1.5)),
        (
            "weighted.json",
            lambda m: wilks.hypotest(m, value=1.2, statistic="q", calculator="toys", toys=400, importance=True),
        ),
        ("toys.json", lambda m: wilks.toys(m, count=5, seed=7)),
        ("fixed.json", lambda m: wilks.ranking(m, fixed={"Luminosity": 0.5})),
        ("expected.json", lambda m: wilks.ranking(m, wilks.asimov(m, values={"mu": 2.0}))),
    ],
)
def test_a_command_gives_its_result_again(
    file: str, ask: object, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ask(model)  # type: ignore[operator]
    workspace = wilks.examples.measurement()
    words = _words(commands(Contents("", workspace, {file: result}))[file])
    monkeypatch.chdir(tmp_path)
    workspace.save("workspace.json")
    ran = CliRunner().invoke(main, words[1:])
    assert ran.exit_code == 0, ran.output
    again, before = wilks.load_result(file), result
    assert type(again) is type(before)
    assert again.tables() == before.tables() if hasattr(before, "tables") else str(again) == str(before)


def test_what_is_not_the_default_is_said(model: Model) -> None:
    asked = {
        "a.json": wilks.toys(model, count=5, seed=7),
        "b.json": wilks.ranking(model, wilks.asimov(model, wilks.fit(model), values={"mu": 2.0})),
    }
    found = commands(Contents("", model_workspace(), asked))
    assert found["a.json"] == "wilks toys workspace.json --count 5 --seed 7 -o a.json  # data: toys (pre-fit)"
    assert found["b.json"].startswith("wilks ranking workspace.json --asimov --after fit.json --set mu=2 -o b.json")


def model_workspace() -> Workspace:
    return wilks.examples.measurement()


def test_names_are_quoted_for_a_shell(model: Model) -> None:
    found = commands(Contents("", model_workspace(), {"a file; rm.json": wilks.limit(model)}))
    assert _words(found["a file; rm.json"])[-1] == "a file; rm.json"
    assert "'a file; rm.json'" in found["a file; rm.json"]


def test_another_measurement_and_parameter_of_interest_are_named() -> None:
    workspace = wilks.examples.measurement()
    spec = workspace.spec
    spec["measurements"].append({"name": "second", "config": {"poi": "mu", "parameters": []}})
    double = wilks.load_workspace(spec)
    model = wilks.compile_model(double, measurement="second", poi="Luminosity")
    command = commands(Contents("", double, {"r.json": wilks.ranking(model, parameters=["mu"])}))["r.json"]
    assert "--measurement second --poi Luminosity" in command


def test_predictions_and_findings_have_commands(model: Model) -> None:
    fit = wilks.fit(model)
    results = {"best.json": fit, "after.json": wilks.predict(model, fit), "f.json": wilks.check(model_workspace())}
    found = commands(Contents("", model_workspace(), results))
    assert found["after.json"] == "wilks data-mc workspace.json --fit best.json"
    assert found["f.json"] == "wilks check workspace.json -o f.json"
