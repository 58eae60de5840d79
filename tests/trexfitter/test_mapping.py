"""What each setting becomes: events, factors, systematics, what TRExFitter does by itself, commands and the report."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from tests.trexfitter.small import HISTOGRAMS, NTUPLES

from wilks.cli import main
from wilks.errors import ConfigError
from wilks.trexfitter.colours import colour
from wilks.trexfitter.importing import Imported
from wilks.trexfitter.keys import Kind
from wilks.trexfitter.multifit import ImportedFits, import_any
from wilks.trexfitter.notes import Note

Importing = Callable[..., Imported]


def named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(item for item in items if item["Name"] == name)


def notes(found: Imported, kind: Kind) -> list[Note]:
    return found.notes.of(kind)


def test_weights_and_selections(importing: Importing) -> None:
    change = {
        'NtupleFile: "tt"': 'NtupleFile: "tt"\n  MCweight: a+b\n  Selection: "x || y"\n  LumiScale: 2',
        'NtupleFile: "sig"': 'NtupleFile: "sig"\n  NormalizedByTheory: FALSE\n  IgnoreSelection: TRUE',
        'Selection: "njets>4"': 'Selection: "njets>4"\n  MCweight: "sr_sf"',
        'POI: "mu"': 'POI: "mu"\n  Lumi: 140',
    }
    found = importing(kind=NTUPLES, change=change)
    document = found.document
    assert document["Regions"][0]["Filter"] == "(trigger) && (njets>4)"
    data, ttbar, signal = document["Samples"]
    assert "Weight" not in data
    assert "Overrides" not in data
    assert ttbar["Weight"] == "w*sf * (a+b) * 280"
    assert ttbar["Overrides"] == [{"Weight": "{Weight} * sr_sf"}, {"Filter": "{Filter} && (x || y)"}]
    assert "Weight" not in signal
    assert signal["Filter"] == ""
    assert signal["Overrides"] == [{"Weight": "sr_sf"}]
    assert found.config().reads_ntuples


def test_variable_and_bins(importing: Importing) -> None:
    fixed = {'Variable: "ht",4,0,8': 'Variable: "max(a,b)",4,0,8\n  Rebin: 2\n  DropBins: 2\n  Rebinning: 0,4,8'}
    region = importing(kind=NTUPLES, change=fixed).document["Regions"][0]
    assert (region["Variable"], region["Binning"]) == ("max(a,b)", {"Bins": 2, "From": 0, "To": 8})
    assert (region["DropBins"], region["Rebin"], region["OutsideBinning"]) == ([1], [0, 4, 8], "merge")
    edges = importing(kind=NTUPLES, change={'Variable: "ht",4,0,8': 'Variable: "ht",4,0,8\n  Binning: 0,1.5,9'})
    assert edges.document["Regions"][0]["Binning"] == [0, 1.5, 9]
    histograms = importing(change={'HistoName: "ht"': 'HistoName: "ht"\n  Rebin: 3\n  VariableTitle: "H_{T} [GeV]"'})
    assert histograms.document["Regions"][1] == {
        "Name": "CR",
        "Variable": "H_{T} [GeV]",
        "RegionPath": "ht",
        "Rebin": 3,
    }
    kept = importing(change={'POI: "mu"': 'POI: "mu"\n  MergeUnderOverFlow: TRUE'}).document["Regions"]
    assert [region["OutsideBinning"] for region in kept] == ["merge", "merge"]


@pytest.mark.parametrize(
    ("variable", "sentence"),
    [
        ('"ht",4,0', 'must be "expression",bins,low,high; found "ht",4,0'),
        ('"ht",4,8,0', "bins must be a whole number of 1 or above (and Rebin), low below high"),
        ('"ht",4,0,8\n  Binning: 3,2', "must be two or more increasing numbers, found 3,2"),
        ('"ht",4,0,8\n  Rebin: 3', "4 bins can't be merged in groups of 3"),
        ('"ht",4,0,8\n  DropBins: 0', "must be numbers of bins, counted from 1; found 0"),
    ],
)
def test_bad_bins(importing: Importing, variable: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        importing(kind=NTUPLES, change={'"ht",4,0,8': variable})
    assert sentence in str(error.value)


def test_factors_functions_and_what_is_fixed(importing: Importing) -> None:
    found = importing(
        'NormFactor: "k"\n  Nominal: 1.5\n  Min: 1\n  Max: 2\n  Tau: 4\n  Exclude: CR\n  Samples: all\n',
        'NormFactor: "k"\n  Samples: ttbar\n',
        'NormFactor: "f"\n  Expression: (2-k*free):free[0.5,0,1]\n  Samples: ttbar\n  Regions: CR\n',
        'NormFactor: "lumi"\n  Nominal: 1\n  Constant: TRUE\n  Samples: all\n',
        'NormFactor: "idle"\n  Samples: NONE\n',
        'ShapeFactor: "s"\n  Samples: ttbar\n  Regions: SR,CR\n',
        'Fit: "f"\n  FixNPs: alpha_xs:1,mu:0\n',
        'Systematic: "xs"\n  Type: OVERALL\n  OverallUp: 0.1\n  OverallDown: -0.2\n  Samples: ttbar\n',
    )
    document = found.document
    k = named(document["NormFactors"], "k")
    assert (k["Nominal"], k["Bounds"]) == (1.5, [1, 2])
    assert k["Exclude"] == [{"Samples": ["signal"], "Regions": ["CR"]}]
    assert k["Constraint"] == {"Type": "Gaussian", "Center": 1.5, "Width": 0.25}
    (function,) = document["Functions"]
    assert function["Expression"] == "(2-k*free)"
    assert function["Regions"] == ["CR"]
    assert function["Parameters"] == [{"Name": "free", "Nominal": 0.5, "Bounds": [0, 1]}]
    assert document["General"]["Fixed"] == [
        {"Name": "lumi", "Value": 1},
        {"Name": "xs", "Value": 1},
        {"Name": "mu", "Value": 0},
    ]
    assert document["ShapeFactors"] == [{"Name": "s", "Samples": ["ttbar"], "Nominal": 1, "Bounds": [0, 10]}]
    assert document["Systematics"][0]["Down"] == {"Normalization": -0.2}
    assert [(note.block, note.text[:36]) for note in notes(found, Kind.APPROXIMATE)] == [
        ('NormFactor "k"', 'acts twice on "ttbar" in "SR", which'),
        ('NormFactor "idle"', "acts on no sample in the regions of "),
    ]
    assert found.config().functions[0].name == "f"


def test_a_factor_again_adds_templates(importing: Importing) -> None:
    first = 'NormFactor: "k"\n  Max: 5\n  Samples: ttbar\n  Regions: CR\n'
    found = importing(first, 'NormFactor: "k"\n  Max: 7\n  Samples: signal\n')
    k = named(found.document["NormFactors"], "k")
    assert k["Exclude"] == [{"Samples": ["ttbar"], "Regions": ["SR"]}]
    assert k["Bounds"] == [0, 7]  # TRExFitter's blocks of one name are one object
    assert [(note.key, note.line) for note in notes(found, Kind.APPROXIMATE)] == [("", 33), ("Max", 34)]
    keyed = importing('NormFactor: "mu"\n  Max: 20\n  Samples: ttbar\n').document["NormFactors"]
    assert keyed == [{"Name": "mu", "Nominal": 1, "Bounds": [0, 20]}]


def test_sides_of_systematics(importing: Importing) -> None:
    region = 'Region: "CR"\n  Type: CONTROL\n  Variable: "ht",2,0,1\n  MCweight: cr_sf\n'
    found = importing(
        region,
        'Systematic: "suffix"\n  WeightSufUp: "up/w"\n  Symmetrisation: ONESIDED\n  Samples: ttbar\n',
        'Systematic: "whole"\n  WeightUp: u*v\n  WeightDown: d\n  Samples: ttbar\n',
        'Systematic: "one"\n  WeightSufDown: 2\n  Samples: ttbar\n',
        'Systematic: "other"\n  SampleUp: signal\n  Symmetrisation: ONESIDED\n  Samples: ttbar\n',
        kind=NTUPLES,
        change={'NtupleFile: "tt"': 'NtupleFile: "tt"\n  MCweight: own'},
    )
    systematics = found.document["Systematics"]
    suffix, whole, one, other = systematics
    assert suffix["Up"] == {"Weight": "{Weight} * (up/w)"}
    assert suffix["Down"] == {"Symmetrize": True}
    assert whole["Up"]["Overrides"] == [
        {"Regions": ["SR"], "Weight": "w*sf * u*v"},
        {"Regions": ["CR"], "Weight": "w*sf * cr_sf * u*v"},
    ]
    assert one["Up"] == {"Weight": "{Weight}"}
    assert one["Down"] == {"Weight": "{Weight} * 2"}
    assert other["Up"]["Overrides"][0] == {"Regions": ["SR"], "SamplePath": "sig", "Weight": "w*sf"}
    assert found.document["General"]["Divisions"] == "ROOT"
    assert found.config().systematics[3].name == "other"


def test_how_systematics_are_processed(importing: Importing) -> None:
    sides = "  HistoNameSufUp: _u\n  HistoNameSufDown: _d\n"
    found = importing(
        f'Systematic: "two"\n{sides}  Symmetrisation: TwoSided\n  Smoothing: 40\n  NuisanceParameter: np\n',
        f'Systematic: "mean"\n{sides}  Symmetrisation: ABSMEAN\n  IsFreeParameter: TRUE\n  Decorrelate: REGION\n',
        f'Systematic: "larger"\n{sides}  Symmetrisation: ONESIDED\n',
        f'Systematic: "both"\n{sides}  DropNorm: SR\n  DropShapeIn: CR\n  KeepNormForSamples: ttbar+signal\n',
        f'Systematic: "apart"\n{sides}  Decorrelate: SHAPEACC\n',
        f'Systematic: "two"\n{sides}  Samples: ttbar\n  NuisanceParameter: np2\n',
        change={
            'HistoName: "ht"': 'HistoName: "ht"\n  SkipSmoothing: TRUE',
            'POI: "mu"': 'POI: "mu"\n  DecorrSysts: mean',
        },
    )
    systematics = found.document["Systematics"]
    two, mean, larger, both, rest, acc, shape, again = systematics
    assert two["Symmetrization"] == {
        "Method": "TWOSIDED",
        "NormalizeFirst": False,
        "Clip": True,
        "BeforeSmoothing": True,
    }
    assert two["Smoothing"] == {"Algorithm": "TREXFITTER", "Regions": ["SR"]}
    assert two["ModifierName"] == "np"
    assert mean["Symmetrization"]["Sign"] == "positive"
    assert larger["Symmetrization"]["Method"] == "LARGERSIDE"
    assert (mean["Constraint"], mean["Decorrelate"], mean["ModifierName"]) == ("None", "region", "mean_decor")
    assert (both["Type"], both["Regions"], rest["Type"], rest["Regions"]) == ("ShapeOnly", ["SR"], "NormOnly", ["CR"])
    assert rest["ModifierName"] == "both"
    assert rest["Name"] == "both_yield"
    assert [acc["ModifierName"], shape["ModifierName"]] == ["apart_Acc", "apart_Shape"]
    assert (again["Name"], again["ModifierName"]) == ("two_2", "np2")
    assert [(n.key, n.line) for n in notes(found, Kind.APPROXIMATE)] == []
    assert len(found.config().systematics) == 8


def test_what_trexfitter_does_by_itself(importing: Importing) -> None:
    general = importing().document["General"]
    assert general["Staterror"] == {"Constraint": "Poisson"}
    assert "Pruning" not in general
    asked = {
        'POI: "mu"': 'POI: "mu"\n  MCstatThreshold: 5%\n  SystPruningNorm: 0.01\n  PruningType: COMBINEDREFERENCE\n'
        "  Lumi: 2"
    }
    found = importing(change=asked)
    assert found.document["General"]["Pruning"] == {"Norm": 0.01, "Reference": "total"}
    assert [s.get("DisableStaterror") for s in found.document["Samples"]] == [None, True, True]
    assert [s.get("Scale") for s in found.document["Samples"]] == [None, 2, 2]
    assert "500%" in notes(found, Kind.APPROXIMATE)[0].text
    stat = importing(
        'Systematic: "x"\n  Type: OVERALL\n  OverallUp: 1\n', change={'POI: "mu"': 'POI: "mu"\n  StatOnly: TRUE'}
    )
    assert "Systematics" not in stat.document
    assert "Staterror" not in stat.document["General"]


def test_validation_regions_are_a_file_of_their_own(importing: Importing) -> None:
    found = importing(
        'Systematic: "cr"\n  Type: OVERALL\n  OverallUp: 0.1\n  Regions: CR\n',
        change={"Type: CONTROL": "Type: VALIDATION"},
    )
    assert [region["Name"] for region in found.document["Regions"]] == ["SR"]
    assert "Systematics" not in found.document
    second = yaml.safe_load(str(found.validation))
    assert [region["Name"] for region in second["Regions"]] == ["CR"]
    assert second["Systematics"][0]["Name"] == "cr"
    alone = importing(
        change={"Type: CONTROL": "Type: VALIDATION", 'HistoFile: "sig"': 'HistoFile: "sig"\n  Regions: SR'}
    )
    assert alone.validation is None
    (note,) = notes(alone, Kind.APPROXIMATE)
    assert (note.block, note.text.startswith("is not in the fit, and has no steering file")) == ('Region "CR"', True)


def test_without_data_the_sum_of_samples_stands_in(importing: Importing) -> None:
    found = importing(change={'Sample: "Data"\n  Type: DATA\n  HistoFile: "data"\n\n': ""})
    assert found.document["Samples"][0] == {"Name": "Data", "Data": True, "SamplePath": ["tt", "sig"]}
    assert "no sample has Type DATA" in notes(found, Kind.APPROXIMATE)[0].text
    assert any(command.line == "wilks intervals config.json --asimov --parameter mu" for command in found.commands)


def test_custom_asimov_data_that_no_sample_makes_are_asimov_data(importing: Importing) -> None:
    job = {'POI: "mu"': 'POI: "mu"\n  CustomAsimov: other'}
    found = importing(change=job)
    assert [note.key for note in notes(found, Kind.APPROXIMATE)] == ["CustomAsimov"]
    assert any(command.line == "wilks intervals config.json --asimov --parameter mu" for command in found.commands)
    ghost = 'Sample: "alt"\n  Type: GHOST\n  HistoFile: "alt"\n  AsimovReplacementFor: other,ttbar\n'
    assert [note.key for note in notes(importing(ghost, change=job), Kind.NONE)] == [
        "CustomAsimov",
        "AsimovReplacementFor",
    ]


def test_the_text_says_the_document_and_keeps_comments(importing: Importing) -> None:
    awkward = "Top {x} #1: 'a' \\ \"b\""
    found = importing(
        '% jets, as measured in 2018\nSystematic: "JES"\n  Title: "Jet scale"\n  Type: OVERALL\n  OverallUp: 1e-7\n'
        "  % OverallDown: 3\n",
        change={'"ttbar"': '"tt: bar"', 'HistoFile: "tt"': f"HistoFile: tt\n  FillColor: 632\n  Title: {awkward}"},
    )
    assert yaml.safe_load(found.text) == found.document
    assert "  # jets, as measured in 2018\n  # Jet scale\n  - {Name: JES, Type: Normalization" in found.text
    assert "OverallDown" not in found.text
    assert named(found.document["Samples"], "tt: bar")["Color"] == "#ff0000" == colour("kRed")


def test_nothing_is_left_out_silently(importing: Importing) -> None:
    found = importing(
        'Systematic: "x"\n  HistoNameSufUp: _u\n  Symmetrisation: ONESIDED\n  ForceShape: LINEAR\n  WeightSufUp: w\n',
        'Limit: "l"\n  LimitType: ASYMPTOTIC\n',
        change={'HistoFile: "tt"': 'HistoFile: "tt"\n  MultiplyBy: signal\n  MCweight: "w"\n  SystFromSample: signal'},
    )
    cannot = {(note.block, note.key) for note in notes(found, Kind.NONE)}
    assert cannot == {
        ('Sample "ttbar"', "MultiplyBy"),
        ('Sample "ttbar"', "SystFromSample"),
        ('Systematic "x"', "ForceShape"),
    }
    counted = sum(found.notes.counts().values())
    written = sum(":" in line for line in Path(found.path).read_text().splitlines() if line.startswith(" "))
    assert counted == written
    assert found.report()[0].startswith(f"{counted} settings: ")


COMMANDS = """\
Fit: "f"
  FitType: BONLY
  FitRegion: CRONLY
  UseMinos: all
  doLHscan: mu
  LHscanMin: 0
  LHscanMax: 2
  LHscanSteps: 5
  do2DLHscan: mu,x:x,mu
  GetGoodnessOfFit: TRUE
  FitToys: 100
  StatOnlyFit: TRUE
"""
LIMITS = """\
Limit: "l"
  LimitBlind: TRUE
  POIAsimov: 0
  ConfidenceLevel: 0.9
  SignalInjection: TRUE

Significance: "s"
  SignificanceBlind: TRUE
  SignificanceType: TOYS
"""


def test_commands_can_be_given(importing: Importing) -> None:
    titles = {'POI: "mu"': 'POI: "mu"\n  CmeLabel: "13 TeV"\n  LumiLabel: "140 fb^{-1}"\n  BlindingThreshold: 0.1'}
    blind = COMMANDS.replace("BONLY", "SPLUSB").replace("CRONLY", "CRSR") + "  FitBlind: TRUE\n  POIAsimov: 1\n"
    lines = [importing(fit, LIMITS, change=titles).commands for fit in (COMMANDS, blind)]
    first = [command.line for command in lines[0]]
    assert "wilks fit config.json --fix mu=0 --channels CR --minos '*' -o fit.json" in first
    assert "wilks scan config.json --fix mu=0 --channels CR --parameter mu --range 0 2 --points 5" in first
    assert "wilks limit config.json --channels CR --asimov --set mu=0 --level 0.9" in first
    assert "wilks ranking config.json --asimov --set mu=1 -o ranking.json" in [command.line for command in lines[1]]
    for command in (*lines[0], *lines[1]):
        words = shlex.split(command.line)
        done = CliRunner().invoke(main, [*words[1:], "--help"])
        assert done.exit_code == 0, (command.line, done.output)
        main.commands[words[1]].make_parser(_context(words[1])).parse_args(words[2:])


def _context(name: str) -> Any:
    return main.commands[name].make_context(name, ["--help"], resilient_parsing=True)


def test_several_fits(tmp_path: Path) -> None:
    (tmp_path / "sr.config").write_text(HISTOGRAMS)
    (tmp_path / "cr.config").write_text(HISTOGRAMS.replace('"small"', '"other"'))
    multi = 'MultiFit: "m"\n  Combine: TRUE\n  ComparePOI: TRUE\n\n'
    config = tmp_path / "multi.config"
    config.write_text(multi + 'Fit: "SR"\n  ConfigFile: sr.config\n\nFit: "CR"\n  ConfigFile: cr.config\n')
    found = import_any(config, output="all.yml")
    assert isinstance(found, ImportedFits)
    lines = [command.line for command in found.commands]
    assert lines[:3] == [
        "wilks workspace all_SR.yml -o all_SR.json",
        "wilks workspace all_CR.yml -o all_CR.json",
        "wilks combine all_SR.json all_CR.json --join outer -o all.json",
    ]
    done = CliRunner().invoke(main, ["import-trex", str(config), "-o", str(tmp_path / "all.yml")])
    assert done.exit_code == 0
    assert (tmp_path / "all_CR.yml").is_file()
    config.write_text(multi + 'Fit: "SR/4j"\n  ConfigFile: sr.config\n')
    assert "all_SR-4j.yml" in import_any(config, output="all.yml").commands[0].line
    config.write_text(multi + 'Fit: "SR"\n  ConfigFile: src.config\n\nFit: "CR"\n  ConfigFile: gone.config\n')
    with pytest.raises(ConfigError) as error:
        import_any(config)
    assert ['"src.config"; did you mean "sr.config"?' in p for p in error.value.problems] == [True, False]


def test_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.config").write_text(HISTOGRAMS.replace("Type: CONTROL", "Type: VALIDATION"))
    printed = CliRunner().invoke(main, ["import-trex", "a.config"])
    assert yaml.safe_load(printed.stdout)["General"]["POI"] == "mu"
    assert printed.stderr.splitlines()[0] == "14 settings: 14 exact"
    written = CliRunner().invoke(main, ["import-trex", "a.config", "-o", "b.yml"])
    assert written.stdout.splitlines()[:3] == [
        "wrote b.yml",
        "wrote b.validation.yml",
        "wilks workspace b.yml -o b.json  # TRExFitter's actions n or h, and w",
    ]
    run = CliRunner().invoke(main, ["run", "a.config", "-o", "out"])
    assert run.exit_code == 2
    assert run.stderr.count("no input file") == 3
    Path("a.config").write_text(HISTOGRAMS.replace('HistoFile: "tt"', 'HistoFile: "tt"\n  MultiplyBy: signal'))
    refused = CliRunner().invoke(main, ["workspace", "a.config"])
    assert refused.exit_code == 2
    assert "(can't be said; wilks import-trex writes a steering file without it)" in refused.stderr
    Path("steering.yml").write_text("General:\n  Measurement: x\n")
    steering = CliRunner().invoke(main, ["import-trex", "steering.yml"])
    assert "steering.yml: a steering file, not a configuration of TRExFitter" in steering.stderr
    piped = CliRunner().invoke(main, ["import-trex", "-"], input=HISTOGRAMS)
    assert yaml.safe_load(piped.stdout)["General"]["POI"] == "mu"
    assert piped.stdout.startswith("# From <stdin>")
    Path("b.config").write_text(HISTOGRAMS.replace("ReadFrom", "MCstatThreshold: 5\n  ReadFrom"))
    for file in ("data", "tt", "sig"):
        (Path("in") / f"{file}.root").parent.mkdir(exist_ok=True)
        (Path("in") / f"{file}.root").touch()
    near = CliRunner().invoke(main, ["workspace", "b.config"])
    assert 'warning: b.config:3  Job "small".MCstatThreshold: 5 means 500%' in near.stderr
    Path("c.config").write_text('MultiFit: "m"\n\nFit: "f"\n  ConfigFile: b.config\n')
    several = CliRunner().invoke(main, ["run", "c.config"])
    assert several.stderr.startswith("wilks: c.config: a multi-fit is several analyses; wilks import-trex -o FILE")
    Path("d.config").write_bytes(HISTOGRAMS.encode("utf-16"))
    binary = CliRunner().invoke(main, ["import-trex", "d.config", "-o", "d.yml"])
    assert "d.config: is no text file in UTF-8 or Latin-1" in binary.stderr
    assert not Path("d.yml").exists()
    wrong = CliRunner().invoke(main, ["fit", "a.config"])
    assert 'a.config: a configuration of TRExFitter, not a workspace; "wilks import-trex" takes it' in wrong.stderr
