"""What TRExFitter's sources do in corners: each corner as the steering file says it, or a note with its line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.trexfitter.small import NTUPLES

from wilks.errors import ConfigError
from wilks.trexfitter.importing import Imported
from wilks.trexfitter.keys import Kind

Importing = Callable[..., Imported]
CONTROL = 'Region: "CR"\n  Type: CONTROL\n  Variable: "ht",4,0,8\n  MCweight: "cr*b"\n'


def block(found: Imported, kind: str, name: str) -> dict[str, object]:
    return dict(next(item for item in found.document[kind] if item["Name"] == name))


def kept(found: Imported) -> list[str]:
    """Return keys that are not said exactly."""
    found.config()
    return [note.key for note in found.notes.notes if note.kind in (Kind.APPROXIMATE, Kind.NONE)]


def test_ignored_weights_are_those_of_job_and_region(importing: Importing) -> None:
    ttbar = 'NtupleFile: "tt"'
    found = importing(kind=NTUPLES, change={ttbar: f"{ttbar}\n  MCweight: sf*b\n  IgnoreWeight: sf"})
    assert block(found, "Samples", "ttbar")["Weight"] == "w*1 * sf*b"
    syst = 'Systematic: "s"\n  WeightSufUp: up\n  IgnoreWeight: sf\n  Samples: ttbar\n'
    found = importing(syst, kind=NTUPLES, change={ttbar: f"{ttbar}\n  MCweight: sf*b"})
    assert block(found, "Systematics", "s")["Up"] == {"Weight": "w*1 * 1*b * up"}
    both = 'Systematic: "s"\n  WeightUp: up\n  WeightSufUp: more\n  Samples: ttbar\n'
    assert block(importing(both, kind=NTUPLES), "Systematics", "s")["Up"] == {"Weight": "w*sf * up"}


def test_weights_of_sides_keep_the_scales_of_inputs(importing: Importing) -> None:
    change = {'NtupleFile: "tt"': "NtupleFiles: a,d\n  LumiScale: 36.1\n  LumiScales: 43.6"}
    found = importing('Systematic: "s"\n  WeightUp: up\n  Samples: ttbar\n', kind=NTUPLES, change=change)
    assert block(found, "Samples", "ttbar")["Sources"] == [
        {"SamplePath": "a", "Scale": 36.1},
        {"SamplePath": "d", "Scale": 43.6},
    ]
    assert block(found, "Systematics", "s")["Up"] == {"Weight": "w*sf * up"}


def test_histograms_are_scaled_input_by_input(importing: Importing) -> None:
    change = {'HistoFile: "tt"': "HistoFiles: a,d\n  LumiScales: 2,1", "ReadFrom: HIST": "ReadFrom: HIST\n  Lumi: 10"}
    found = importing('Systematic: "s"\n  HistoNameSufUp: _up\n  Samples: ttbar\n', change=change)
    ttbar = block(found, "Samples", "ttbar")
    assert ttbar["Sources"] == [{"SamplePath": "a", "Scale": 20}, {"SamplePath": "d", "Scale": 10}]
    assert "SamplePath" not in ttbar
    assert block(found, "Samples", "signal")["Scale"] == 10
    assert "Scale" not in block(found, "Samples", "Data")
    assert kept(found) == []
    with pytest.raises(ConfigError, match="3 scales for 2 inputs"):
        importing(change={'HistoFile: "tt"': "HistoFiles: a,d\n  LumiScales: 2,1,1"})


def test_names_of_nominal_histograms_are_of_nominal_ones(importing: Importing) -> None:
    change = {"ReadFrom: HIST": "ReadFrom: HIST\n  HistoNameNominal: _nom"}
    found = importing('Systematic: "s"\n  HistoFileUp: other\n  Samples: ttbar\n', change=change)
    paths = str(found.document)
    assert "mass_nom" in paths
    assert "other.root:mass'" in paths


def test_blocks_of_one_name_have_weights_and_factors_of_their_own(importing: Importing) -> None:
    change = {'NtupleFile: "tt"': 'NtupleFile: "tt"\n  Regions: SR\n  MCweight: one'}
    other = 'Sample: "ttbar"\n  Regions: CR\n  NtupleFile: "tt"\n  MCweight: two\n  UseMCstat: FALSE\n'
    other += '  NormFactor: "k",1,0,9\n'
    found = importing(CONTROL, other, kind=NTUPLES, change=change)
    ttbar = block(found, "Samples", "ttbar")
    assert ttbar["Weight"] == "w*sf * one"
    assert ttbar["Overrides"] == [{"Regions": ["CR"], "Weight": "w*sf * two * cr*b"}]
    assert block(found, "NormFactors", "k") == {
        "Name": "k",
        "Samples": ["ttbar"],
        "Regions": ["CR"],
        "Nominal": 1,
        "Bounds": [0, 9],
    }
    assert kept(found) == ["UseMCstat"]


def test_parameters_of_statistics(importing: Importing) -> None:
    lines = 'HistoFile: "tt"\n  SeparateGammas: TRUE\n  UseMCstat: FALSE'
    ttbar = block(importing(change={'HistoFile: "tt"': lines}), "Samples", "ttbar")
    assert (ttbar.get("SeparateStaterror"), ttbar.get("DisableStaterror")) == (True, None)


def test_types_of_samples(importing: Importing) -> None:
    ghost = 'Sample: "alt"\n  Type: GHOST\n  HistoFile: "alt"\n'
    syst = 'Systematic: "s"\n  ReferenceSample: alt\n  HistoNameSufUp: _up\n  Samples: signal\n'
    found = importing(ghost, syst, change={"  Type: BACKGROUND\n": ""})
    assert block(found, "Samples", "ttbar")["MinimumYield"] == block(found, "Samples", "alt")["MinimumYield"] == 1e-6
    assert kept(found) == ["ReferenceSample"]


def test_yields_of_reference_samples(importing: Importing) -> None:
    ghost = 'Sample: "alt"\n  Type: GHOST\n  NtupleFile: "alt"\n  LumiScale: 3\n'
    syst = 'Systematic: "s"\n  ReferenceSample: alt\n  WeightSufUp: up\n  Samples: signal\n'
    found = importing(ghost, syst, kind=NTUPLES)
    made = block(found, "Systematics", "s")
    assert (made["KeepReferenceYield"], made["Up"]) == (True, {"Weight": "{Weight} * up * 3.0"})
    assert kept(found) == []
    plain = importing(ghost, f"{syst}  KeepReferenceOverallVar: FALSE\n", kind=NTUPLES)
    assert "KeepReferenceYield" not in block(plain, "Systematics", "s")
    assert kept(plain) == []


def test_sides_that_are_another_sample(importing: Importing) -> None:
    ghost = 'Sample: "alt"\n  Type: GHOST\n  NtupleFile: "alt"\n  Selection: "only"\n'
    found = importing(ghost, 'Systematic: "s"\n  SampleUp: alt\n  Samples: signal\n', kind=NTUPLES)
    up = block(found, "Systematics", "s")["Up"]
    assert up == {"SamplePath": "alt", "Weight": "w*sf", "Filter": "((trigger) && (njets>4)) && (only)"}
    found.config()


def test_every_name_in_a_list_exists(importing: Importing) -> None:
    syst = 'Systematic: "s"\n  HistoNameSufUp: _up\n  DropShapeIn: ttbr\n  ExcludeRegionSample: SR:signl, CR\n'
    with pytest.raises(ConfigError) as error:
        importing(f"{syst}  DummyForSamples: tbar\n", change={'HistoFile: "tt"': 'HistoFile: "tt"\n  AddSample: sgnal'})
    assert [problem.split(": ", 1)[1] for problem in error.value.problems] == [
        'no sample "sgnal"; did you mean "signal"?',
        'no region or sample "ttbr"; did you mean "ttbar"?',
        'no sample "signl"; did you mean "signal"?',
        'must be region:sample, found "CR"',
        'no sample "tbar"; did you mean "ttbar"?',
    ]


def test_names_of_parameters(importing: Importing) -> None:
    job = {"ReadFrom: HIST": "ReadFrom: HIST\n  DecorrSysts: NP*\n  DecorrSuff: _16"}
    syst = 'Systematic: "s"\n  NuisanceParameter: NP1\n  Type: OVERALL\n  OverallUp: 0.1\n  Decorrelate: SHAPEACC\n'
    assert block(importing(syst, change=job), "Systematics", "s")["ModifierName"] == "NP1_16_Acc"


def test_sizes_that_are_scaled_in_some_regions(importing: Importing) -> None:
    syst = 'Systematic: "s"\n  Type: OVERALL\n  OverallUp: 0.5\n  OverallDown: -0.5\n  ScaleUp: CR:2\n'
    found = importing(syst)
    up = {"Normalization": 0.5, "Overrides": [{"Regions": ["CR"], "Normalization": 1.0}]}
    assert block(found, "Systematics", "s")["Up"] == up
    assert kept(found) == []
    with pytest.raises(ConfigError, match='no region "CX"'):
        importing(syst.replace("CR:2", "CX:2"))


def test_what_is_dropped_is_dropped_before_smoothing(importing: Importing) -> None:
    syst = 'Systematic: "s"\n  HistoNameSufUp: _up\n  Symmetrisation: ONESIDED\n  Smoothing: 40\n  Samples: ttbar\n'
    norm = block(importing(f"{syst}  DropShapeIn: all\n"), "Systematics", "s")
    assert (norm["Type"], "Smoothing" in norm) == ("NormOnly", False)
    assert norm["Symmetrization"] == {"Method": "ONESIDED", "NormalizeFirst": True}
    shape = block(importing(f"{syst}  DropNorm: all\n"), "Systematics", "s")
    assert shape["Symmetrization"] == {"Method": "ONESIDED", "NormalizeFirst": True}


def test_yields_that_are_kept(importing: Importing) -> None:
    syst = 'Systematic: "s"\n  HistoNameSufUp: _up\n  Samples: ttbar\n  DummyForSamples: signal\n  KeepNormForSamples: '
    found = importing(f"{syst}t*+signal\n")
    made = block(found, "Systematics", "s")
    assert made["KeepYield"] == {"Samples": ["ttbar", "signal"]}
    sides = [{"Samples": ["ttbar"], "VariationPath": "_up"}, {"Samples": ["signal"], "VariationPath": ""}]
    assert made["Up"] == {"Overrides": sides}
    with pytest.raises(ConfigError, match='no sample "tbar"; did you mean "ttbar"'):
        importing(f"{syst}tbar+signal\n")


def test_bins_that_are_found(importing: Importing) -> None:
    auto = {'Variable: "ht",4,0,8': 'Variable: "ht",4,0,8\n  Binning: "AutoBin","TransfoD",3,2,ttbar'}
    assert importing(kind=NTUPLES, change=auto).document["Regions"][0]["AutoBinning"]["Samples"] == ["signal"]
    control = importing(kind=NTUPLES, change=auto | {"Type: SIGNAL\n  Variable": "Type: CONTROL\n  Variable"})
    assert control.document["Regions"][0]["AutoBinning"]["Samples"] == ["signal", "ttbar"]
    assert kept(
        importing(change={'HistoName: "ht"': 'HistoName: "ht"\n  Rebin: 2\n  Binning: AutoBin,TransfoD,3,2'})
    ) == ["Rebin"]
    assert kept(importing(kind=NTUPLES, change={'"ht",4,0,8': '"ht|met",4,0,8'})) == ["Variable"]


def test_selections_that_are_weights(importing: Importing) -> None:
    job = {'Selection: "trigger"': 'Selection: "1"'}
    assert kept(importing(kind=NTUPLES, change=job | {'"njets>4"': '"(njets>4)*(a+b)"'})) == ["Selection"]
    assert kept(importing(kind=NTUPLES, change=job | {'"njets>4"': '"(njets>4)*(a>b)*flag"'})) == []


def test_limits_without_data_are_those_without_signal(importing: Importing) -> None:
    fits = importing('Limit: "l"\n  LimitBlind: TRUE\n', 'Significance: "s"\n  SignificanceBlind: TRUE\n').commands
    lines = [command.line for command in fits]
    assert "wilks limit config.json --asimov --set mu=0" in lines
    assert "wilks significance config.json --asimov --set mu=1" in lines


def test_one_side_alone_where_paths_are_whole(importing: Importing) -> None:
    whole = {'HistoFile: "tt"': 'HistoFile: "tt"\n  HistoName: own'}
    found = importing('Systematic: "s"\n  HistoNameSufDown: _down\n  Samples: ttbar\n', change=whole)
    made = block(found, "Systematics", "s")
    assert (made["Up"], made["Down"]) == ({"SamplePath": "in/tt.root:own"}, {"SamplePath": "in/tt.root:own_down"})
    assert kept(found) == []


def test_commands_name_what_there_is(importing: Importing) -> None:
    fit = 'Fit: "f"\n  UseMinos: mu, gamma_stat_SR_bin_2, nothing\n'
    same = {
        'HistoFile: "tt"': 'HistoFile: "tt"\n  Title: "t#bar{t}"',
        'HistoFile: "sig"': 'HistoFile: "sig"\n  Title: "t#bar{t}"',
    }
    found = importing(fit, 'NormFactor: "k"\n  Title: "k"\n  Samples: none\n', change=same)
    lines = {command.line.split()[1]: command.line for command in found.commands}
    assert lines["fit"] == "wilks fit config.json --minos mu --minos 'staterror_SR[2]' -o fit.json"
    assert "'ttbar=t#bar{t} (ttbar)' --title 'signal=t#bar{t} (signal)'" in lines["data-mc"]
    assert "Data" not in lines["data-mc"]
    assert "  # ttbar\n  - {Name: signal" in found.text
    assert "k=" not in lines["plot"]
    assert sorted(kept(found)) == ["", "UseMinos"]
    alone = importing(change={"ReadFrom: HIST": "ReadFrom: HIST\n  StatOnly: TRUE"}).commands
    assert not [command for command in alone if "ranking" in command.line]


def test_pruning_that_nothing_asks_for_and_blinded_regions(importing: Importing) -> None:
    syst = 'Systematic: "s"\n  HistoNameSufUp: _up\n  NoPruning: TRUE\n  Samples: ttbar\n'
    found = importing(syst, change={"ReadFrom: HIST": "ReadFrom: HIST\n  BlindSRs: TRUE"})
    assert kept(found) == ["BlindSRs"]
    assert "--blind SR" in found.commands[1].line
    assert all("--blind SR" in command.line for command in found.commands if "data-mc" in command.line)
    assert "\n# Not for wilks run, which fits all regions to the observed data: BlindSRs\n" in found.text


def test_sums_vary_with_what_is_added(importing: Importing) -> None:
    total = 'Sample: "tot"\n  HistoFile: "wj"\n  AddSample: ttbar\n'
    sides = "  HistoNameSufUp: _up\n  HistoNameSufDown: _down\n"
    found = importing(total, f'Systematic: "s"\n{sides}  Samples: ttbar\n  Regions: SR\n')
    made = block(found, "Systematics", "s")
    assert made["Samples"] == ["ttbar", "tot"]
    whole = {"Samples": ["tot"], "SamplePath": ["in/wj.root:mass", "in/tt.root:mass_up"]}
    assert made["Up"] == {"Overrides": [{"Samples": ["ttbar"], "SamplePath": "in/tt.root:mass_up"}, whole]}
    assert kept(found) == []
    flat = 'Systematic: "s"\n  Type: OVERALL\n  OverallUp: 0.1\n  Samples: ttbar\n'
    assert kept(importing(total, flat)) == ["Type"]
    scaled = {'HistoFile: "tt"': 'HistoFile: "tt"\n  LumiScale: 2'}
    assert kept(importing(total, change=scaled)) == ["AddSample"]


def test_large_effects_and_signals_of_pruning(importing: Importing) -> None:
    job = "ReadFrom: HIST\n  SystLarge: 0.4\n  PruningType: BACKGROUNDREFERENCE"
    found = importing(change={"ReadFrom: HIST": job})
    assert found.document["General"]["Pruning"] == {"Reference": "background", "Large": 0.4, "RemoveLarge": True}
    assert kept(found) == []
    flagged = {"ReadFrom: HIST": f"{job}\n  RemoveLargeSyst: FALSE", "Type: BACKGROUND\n": "Type: SIGNAL\n"}
    assert sorted(kept(importing(change=flagged))) == ["PruningType", "RemoveLargeSyst"]


def test_differences_that_are_scaled(importing: Importing) -> None:
    sides = "  HistoNameSufUp: _up\n  HistoNameSufDown: _down\n  Samples: ttbar\n"
    found = importing(f'Systematic: "s"\n{sides}  ScaleUp: 2\n  ScaleDown: SR:0.5,CR:1\n')
    made = block(found, "Systematics", "s")
    assert made["Up"] == {"VariationPath": "_up", "ScaleDifference": 2}
    overrides = [{"Regions": ["SR"], "ScaleDifference": 0.5}]
    assert made["Down"] == {"VariationPath": "_down", "Overrides": overrides}
    assert kept(found) == []
    assert kept(importing(f'Systematic: "s"\n{sides}  ScaleUp: 2\n  DropNorm: all\n')) == ["ScaleUp"]
    scaled = {'HistoFile: "tt"': 'HistoFile: "tt"\n  MCstatScale: 2'}
    assert block(importing(change=scaled), "Samples", "ttbar")["StaterrorScale"] == 2


def test_uncertainties_of_single_bins(importing: Importing) -> None:
    shape = 'Systematic: "s"\n  Type: SHAPE\n'
    found = importing(f"{shape}  HistoNameSufUp: _up\n  HistoNameSufDown: _down\n  Samples: ttbar\n")
    expected = {"Name": "s", "Type": "ShapeSys", "Samples": ["ttbar"], "Down": {"Symmetrize": True}}
    assert block(found, "Systematics", "s") == expected | {"Up": {"VariationPath": "_up"}}
    assert kept(found) == []
    one = importing(f"{shape}  HistoNameSufDown: _down\n  Symmetrisation: ONESIDED\n  Decorrelate: SAMPLE\n")
    assert block(one, "Systematics", "s")["Up"] == {"VariationPath": "_down"}
    assert kept(one) == []
    assert kept(importing(f"{shape}  HistoNameSufUp: _up\n")) == ["Type"]  # shared by the samples of a region
    assert kept(importing(f"{shape}  HistoNameSufDown: _down\n  Samples: ttbar\n")) == ["Type"]


def test_what_parts_of_systematics_do_not_share(importing: Importing) -> None:
    sides = "  HistoNameSufUp: _up\n  HistoNameSufDown: _down\n  DropNorm: ttbar\n"
    apart = f'Systematic: "s"\n{sides}  KeepNormForSamples: ttbar+signal\n'
    assert kept(importing(apart)) == ["KeepNormForSamples"]
    assert kept(importing(f'Systematic: "s"\n{sides}  Symmetrisation: MAXIMUM\n')) == ["DropNorm"]
    job = {"ReadFrom: HIST": "ReadFrom: HIST\n  AlternativeShapeHistFactory: TRUE"}
    both = 'Systematic: "s"\n  HistoNameSufUp: _up\n  HistoNameSufDown: _down\n  Symmetrisation: '
    assert kept(importing(f"{both}ABSMEAN\n", change=job)) == ["Symmetrisation"]
    assert kept(importing(f"{both}TWOSIDED\n", change=job)) == []
