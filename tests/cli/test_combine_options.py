"""Combine's options on commands, and several cards in place of one workspace."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import uproot
from tests.cli.conftest import Call

import wilks
from wilks.cli import main
from wilks.cli.combine_options import spelled

CARD = """imax 1
jmax 1
kmax *
bin {name}
observation {count}
bin {name} {name}
process sig bkg
process 0 1
rate {rate} 55
lumi lnN 1.03 1.03
bnorm lnN - 0.8/1.3
theory group = lumi
"""
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "combine-options.md"


@pytest.fixture
def cards(call: Call) -> tuple[str, str]:
    Path("a.txt").write_text(CARD.format(name="SR", count=69, rate=20))
    Path("b.txt").write_text(CARD.format(name="SR", count=62, rate=15))
    return "a.txt", "b.txt"


def saved(call: Call, command: str, *arguments: str) -> Any:
    result = call(command, *arguments, "-o", "result.json")
    assert result.exit_code == 0, result.stderr
    return wilks.load_result("result.json")


def refused(call: Call, *arguments: str) -> str:
    result = call(*arguments)
    assert result.exit_code == 2, result.stdout
    return result.stderr


def converted(call: Call, *arguments: str) -> wilks.Model:
    result = call("convert", *arguments, "new.json")
    assert result.exit_code == 0, result.stderr
    return wilks.compile_model(wilks.load_workspace("new.json"))


@pytest.mark.parametrize("given", [("a.txt", "b.txt"), ("ch1=a.txt", "ch2=b.txt"), ("ch1=a.txt,ch2=b.txt",)])
def test_several_cards_are_one_model(call: Call, cards: tuple[str, str], given: tuple[str, ...]) -> None:
    both = wilks.load_workspace("ch1=a.txt,ch2=b.txt")
    assert saved(call, "fit", *given).workspace_digest == both.digest
    assert converted(call, *given).channel_names == ("ch1", "ch2")
    assert "ch2" in call("inspect", *given).stdout
    assert call("check", *given).exit_code == 0
    assert saved(call, "limit", *given, "-m", "125").observed == wilks.limit(wilks.compile_model(both)).observed


def test_what_are_no_cards_is_said(call: Call, cards: tuple[str, str]) -> None:
    wilks.examples.search().save("w.json")
    said = refused(call, "fit", "w.json", "w.json")
    assert "w.json: a workspace, not a datacard" in said
    assert '"wilks combine"' in said
    assert "missing.txt: no such file" in refused(call, "limit", "a.txt", "missing.txt")
    assert "stands alone" in refused(call, "limit", "-", "a.txt")
    assert "b.txt: is a datacard as well" in refused(call, "convert", "a.txt", "b.txt")
    assert Path("b.txt").read_text() == CARD.format(name="SR", count=62, rate=15)


def test_parameters_start_are_bound_and_held(call: Call, cards: tuple[str, str]) -> None:
    told = (
        "--setParameters",
        "lumi=0.5,r=2",
        "--setParameterRanges",
        "r=-5,5:bnorm=-1,1",
        "--freezeParameters",
        "lumi",
    )
    model = converted(call, "a.txt", *told)
    at = model.index
    assert (model.initial[at("lumi")], model.initial[at("r")], model.fixed[at("lumi")]) == (0.5, 2.0, True)
    assert [[float(end[at(name)]) for end in model.bounds] for name in ("r", "bnorm")] == [[-5, 5], [-1, 1]]
    fit = wilks.fit(wilks.compile_model(wilks.load_workspace("a.txt")), fixed={"lumi": 0.5}, bounds={"r": (-5, 5)})
    found = saved(call, "fit", "a.txt", *told[:2], "--rMin", "-5", "--rMax=5", *told[4:])
    assert found["r"].value == pytest.approx(fit["r"].value, abs=1e-9)


def test_patterns_groups_and_all_that_are_constrained(call: Call, cards: tuple[str, str]) -> None:
    held = {
        ("--freezeParameters", "rgx{l.*},MH"): ["lumi"],
        ("--freezeParameters", "allConstrainedNuisances"): ["bnorm", "lumi"],
        ("-S", "0"): ["bnorm", "lumi"],
        ("--freezeNuisanceGroups", "theory"): ["lumi"],
        ("--freezeNuisanceGroups", "^theory"): ["bnorm"],
        ("--freezeParameters", "rgx{.*}"): ["bnorm", "lumi"],
        ("--freezeParameters", "var{.*}"): ["bnorm", "lumi", "r"],
        ("--freezeParameters", "bnorm", "--freezeNuisanceGroups", "theory"): ["bnorm", "lumi"],
    }
    for options, names in held.items():
        model = converted(call, "a.txt", *options, "-m", "125")
        assert sorted(np.array(model.parameter_names)[model.fixed]) == names, options


def test_nuisance_parameters_are_those_of_combine(call: Call, cards: tuple[str, str]) -> None:
    nuisances = "u lnU 1.1 -\nv unif -1 1 0.1 -\nw dFD 3 0.1 -\nx gmM 1.5 -\n"
    factors = "k rateParam SR bkg 1\nf rateParam SR sig 1+0.1*@0 e\ne extArg 0 [-1,1]\n"
    with Path("a.txt").open("a") as card:
        card.write(nuisances + factors)
    every = ["bnorm", "lumi", "u", "v", "w", "x"]
    for options, names in {
        ("--freezeParameters", "allConstrainedNuisances"): every,
        ("-S", "0"): every,
        ("--freezeNuisanceGroups", "^theory"): [name for name in every if name != "lumi"],
        ("--freezeParameters", "rgx{[a-z]}"): ["u", "v", "w", "x"],
    }.items():
        model = converted(call, "a.txt", *options)
        assert sorted(np.array(model.parameter_names)[model.fixed]) == names, options


def test_they_hold_for_any_workspace_and_channels_are_masked(call: Call) -> None:
    workspace = wilks.examples.measurement()
    workspace.save("w.json")
    first, second = workspace.channel_names
    name = next(n for n in wilks.compile_model(workspace).parameter_names if n.endswith("[1]"))
    model = converted(call, "w.json", "--rMax", "4", "--setParameters", f"mask_{first}=1,{name}=1.01", "--rMin", "0.1")
    assert model.channel_names == (second,) if name.startswith("x") else second in model.channel_names
    assert first not in model.channel_names
    assert [float(end[model.index("mu")]) for end in model.bounds] == [0.1, 4]


def test_parameters_of_interest(call: Call, cards: tuple[str, str]) -> None:
    po = ("--PO", "map=SR/sig:r_s[1,0,5]", "--PO", "map=SR/bkg:r_b[1,0.2,3]")
    model = converted(call, "a.txt", *po)
    assert model.pois == ("r_s", "r_b")
    model = converted(call, "a.txt", *po, "-P", "r_b")
    assert (model.pois, bool(model.fixed[model.index("r_s")])) == (("r_b",), True)
    model = converted(call, "a.txt", *po, "-P", "r_b", "--floatOtherPOIs", "1")
    assert not model.fixed.any()
    assert converted(call, "a.txt", *po, "--redefineSignalPOIs", "r_b,bnorm").pois == ("r_b", "bnorm")


def test_scans_go_along_the_range_that_is_given(call: Call, cards: tuple[str, str]) -> None:
    ours = ("a.txt", "--range", "-1", "3", "--bounds", "r=-1:3", "--points", "5")
    for theirs in (("--setParameterRanges", "r=-1,3"), ("--rMin", "-1", "--rMax", "3")):
        found = saved(call, "scan", "a.txt", *theirs, "-M", "MultiDimFit", "--algo", "grid", "--points", "5")
        same = saved(call, "scan", *ours)
        np.testing.assert_array_equal(found.values, same.values)
        np.testing.assert_allclose(found.delta, same.delta, atol=1e-9)
    both = ("-P", "r", "-P", "bnorm", "--setParameterRanges", "r=0,4:bnorm=-2,2", "--points", "7")
    found = saved(call, "contour", "a.txt", *both)
    assert found.parameters == ("r", "bnorm")
    assert [(float(axis[0]), float(axis[-1])) for axis in (found.x_values, found.y_values)] == [(0.0, 4.0), (-2.0, 2.0)]


def test_asimov_data(call: Call, cards: tuple[str, str]) -> None:
    model = wilks.compile_model(wilks.load_workspace("a.txt"))
    for options, r in ((("--expectSignal", "1"), 1.0), ((), 0.0), (("--setParameters", "r=2"), 2.0)):
        result = saved(call, "significance", "a.txt", "-t", "-1", *options)
        wanted = wilks.significance(model, wilks.asimov(model, values={"r": r}))
        assert result.significance == pytest.approx(wanted.significance, abs=1e-12), options
    found = saved(call, "fit", "a.txt", "-t", "-1", "--expectSignal", "1.5")
    assert found["r"].value == pytest.approx(1.5, abs=1e-6)
    theta = model.initial.copy()
    theta[[model.index("r"), model.index("lumi")]] = 1.5, 1.0
    shifted = np.concatenate([model.expected(theta), model.observed()[1:]])
    found = saved(call, "fit", "a.txt", "-t", "-1", "--expectSignal", "1.5", "--setParameters", "rgx{lu.*}=1")
    assert found["r"].value == pytest.approx(wilks.fit(model, shifted)["r"].value, abs=1e-6)
    blind = saved(call, "limit", "a.txt", "--run", "blind", "--cl", "0.9")
    wanted_limit = wilks.limit(model, wilks.asimov(model, values={"r": 0}), level=0.9)
    assert blind.expected == pytest.approx(list(wanted_limit.expected))
    assert "give -t -1 with it" in refused(call, "significance", "a.txt", "--expectSignal", "1")


def test_toys_seeds_and_values(call: Call, cards: tuple[str, str]) -> None:
    same = [
        (
            ("toys", "-t", "3", "-s", "7", "--expectSignal", "2"),
            ("toys", "--count", "3", "--seed", "7", "--set", "r=2"),
        ),
        (("gof", "-t", "4", "-s", "2"), ("gof", "--toys", "4", "--seed", "2")),
    ]
    for theirs, ours in same:
        saved(call, theirs[0], "a.txt", *theirs[1:])
        one = json.loads(Path("result.json").read_text())
        saved(call, ours[0], "a.txt", *ours[1:])
        assert json.loads(Path("result.json").read_text()) == one
    assert saved(call, "hypotest", "a.txt", "--singlePoint", "2").values.tolist() == [2.0]
    assert '"wilks fit" has no use for it' in refused(call, "fit", "a.txt", "-s", "1")
    assert "wilks toys --count 100" in refused(call, "fit", "a.txt", "-t", "100")


def test_the_mass_of_formulas_may_be_another_than_that_of_names(call: Call, cards: tuple[str, str]) -> None:
    with Path("a.txt").open("a") as card:
        card.write("f rateParam SR sig 1+0.01*(@0-125) MH\n")
    for options, mass in (((), 125), (("--setParameters", "MH=130"), 130)):
        model = converted(call, "a.txt", "-m", "125", *options)
        assert model.initial[model.index("MH")] == mass
    assert call("fit", "b.txt", "-m", "125", "--setParameters", "MH=130").exit_code == 0


def test_numbers_lose_the_digits_that_combine_loses(call: Call, cards: tuple[str, str]) -> None:
    with Path("a.txt").open("a") as card:
        card.write("x trG 0.12345678 -\n")
    for options, slope in (((), 0.12345678), (("--combine-rounding",), 0.123457)):
        model = converted(call, "a.txt", *options)
        low, high = (np.where(np.arange(len(model.initial)) == model.index("x"), x, model.initial) for x in (0.0, 1.0))
        signal = model.expected_by_sample(low).sum() - 55
        change = float((model.expected(high) - model.expected(low)).sum())
        assert change / signal == pytest.approx(slope, rel=1e-9), options


def test_histograms_by_mass_and_keyword(call: Call) -> None:
    for mass in (120, 125):
        with uproot.recreate(f"h{mass}.root") as file:
            file[f"sig{mass}"] = np.array([3.0, mass / 25]), np.array([0.0, 1, 2])
            file["bkg"] = np.array([30.0, 20]), np.array([0.0, 1, 2])
            file["data_obs"] = np.array([33.0, 25]), np.array([0.0, 1, 2])
    text = CARD.format(name="SR", count=-1, rate=-1).replace("55", "-1")
    shapes = "shapes * * h$MASS.root $PROCESS\nshapes sig * h$MASS.root $WHAT$MASS\n"
    Path("m.txt").write_text(text.replace("kmax *\n", f"kmax *\n{shapes}"))
    for mass in (120, 125):
        model = converted(call, "m.txt", "-m", str(mass), "--keyword-value", "WHAT=sig")
        assert float(model.expected(model.initial).sum()) == pytest.approx(53 + mass / 25)
    same = converted(
        call, "m.txt", "--read", "mass=125", "--read", "keywords=WHAT=sig", "--read", "maps=SR/sig:s[1,0,2]"
    )
    assert same.poi == "s"
    assert '"map="' in refused(call, "fit", "m.txt", "--PO", "verbos")
    for model, needed in (("multiSignalModel", "map="), ("floatingXSHiggs", "modes=ggH")):
        said = refused(call, "fit", "m.txt", "-P", f"HiggsAnalysis.CombinedLimit.PhysicsModel:{model}")
        assert f'says what is scaled by --PO; give "--PO {needed}' in said
    wilks.examples.search().save("w.json")
    assert "-m 125: changes nothing in what is read" in call("inspect", "w.json", "-m", "125").stderr
    assert 'without an option "keywords"' in refused(call, "fit", "w.json", "--keyword-value", "A=1")


def test_all_mistakes_at_once(call: Call, cards: tuple[str, str]) -> None:
    said = refused(
        call, "fit", "a.txt", "--freezeParameters", "lumii", "--setParameters", "q=1", "--setParameterRanges", "s=0,1"
    )
    assert 'no parameter "lumii" in the model; did you mean "lumi"?' in said
    assert len(said.splitlines()) == 3
    said = refused(call, "scan", "a.txt", "--saveWorkspace", "-M", "FitDiagnostic", "--rMin", "x", "--algo", "AD")
    assert len(said.splitlines()) == 4
    assert 'did you mean "FitDiagnostics"?' in said
    assert "lies outside its bounds" in refused(call, "fit", "a.txt", "--setParameters", "r=30")
    assert 'is "wilks scan", not "wilks limit"' in refused(
        call, "limit", "a.txt", "-M", "MultiDimFit", "--algo", "grid"
    )
    result = call("fit", "a.txt", "--robustFit", "1", "-n", ".test")
    assert result.exit_code == 0
    assert "--robustFit: changes nothing here" in result.stderr


def test_the_mass_is_in_the_files_for_scripts(call: Call, cards: tuple[str, str]) -> None:
    files = ("--limits-json", "l.json", "--combine-root", "h.root")
    for given, key in ((("-m", "125"), 125.0), (("-m", "130.5"), 130.5), ((), 120.0)):
        assert call("limit", "a.txt", *given, *files).exit_code == 0
        assert list(json.loads(Path("l.json").read_text())) == [str(key)]
        with uproot.open("h.root") as file:
            assert set(file["limit"]["mh"].array(library="np")) == {key}


def test_no_file_that_is_read_is_replaced_and_none_is_written_twice(call: Call, cards: tuple[str, str]) -> None:
    for given in (("fit", "a.txt", "-o", "./a.txt"), ("limit", "x=a.txt", "--combine-root", "a.txt")):
        assert "a.txt: is the file that is read" in refused(call, *given)
    assert "is the file of -o" in refused(call, "limit", "a.txt", "-o", "x.json", "--limits-json", "x.json")
    assert Path("a.txt").read_text() == CARD.format(name="SR", count=69, rate=20)
    assert call("convert", "a.txt", "w.json").exit_code == 0
    assert call("sort", "w.json", "-o", "w.json").exit_code == 0


def test_a_card_without_nuisance_parameters_has_files_too(call: Call, cards: tuple[str, str]) -> None:
    Path("a.txt").write_text(CARD.format(name="SR", count=69, rate=20).partition("lumi")[0])
    assert call("export", "fit-diagnostics", "a.txt", "-o", "f.root").exit_code == 0
    with uproot.open("f.root") as file:
        assert "tree_prefit" not in file
        assert file["tree_fit_sb"]["r"].array(library="np")[0] == pytest.approx(0.7)
    Path("empty.txt").write_text("\n")
    assert refused(call, "fit", "empty.txt") == "wilks: empty.txt: is empty\n"


def test_options_that_save_name_what_writes_it_now(call: Call, cards: tuple[str, str]) -> None:
    said = refused(call, "fit", "a.txt", "--saveShapes", "--out", "x", "--saveWorkspace", "--saveFitResult")
    assert len(said.splitlines()) == 4
    assert said.count('"wilks export fit-diagnostics"') == 2
    assert said.count("--combine-root FILE") == 2
    done = call("export", "fit-diagnostics", "a.txt", "-M", "FitDiagnostics", "--saveShapes", "-t", "-1")
    assert done.exit_code == 0, done.stderr
    assert "--saveShapes: changes nothing here, the file has them" in done.stderr
    assert Path("fitDiagnosticsTest.root").is_file()
    said = refused(call, "export", "fit-diagnostics", "a.txt", "-M", "HybridNew", "-s", "3")
    assert '-M HybridNew: is "wilks limit", not "wilks export fit-diagnostics"' in said
    assert '-s: "wilks export fit-diagnostics" has no use for it' in said


def test_every_command_with_a_workspace_understands_them_and_help_stays_short() -> None:
    pairs = [
        (name, one)
        for name, command in main.commands.items()
        for one in getattr(command, "commands", {"": command}).values()
    ]
    takes = {name: one for name, one in pairs if any("WORKSPACE" in (p.metavar or "") for p in one.params)}
    assert {"fit", "scan", "limit", "yields", "inspect", "check", "convert", "data-mc", "explore"} <= takes.keys()
    for name, command in [*takes.items(), ("report", main.commands["report"])]:
        known = {one for parameter in command.params for one in parameter.opts}
        assert {"-m", "--setParameters", "--freezeParameters", "--robustFit"} <= known, name
        assert "setParameters" not in command.get_help(click.Context(command))


def test_every_option_stands_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in spelled() if not re.search(rf"`{name}[` ]", text)] == []
