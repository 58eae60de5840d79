"""Values that TRExFitter does not know, and what makes no steering file: each a sentence with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.trexfitter.small import NTUPLES

from wilks import pipeline
from wilks.errors import ConfigError
from wilks.trexfitter.importing import Imported

Importing = Callable[..., Imported]
OVERALL = "  Type: OVERALL\n  OverallUp: 0.1\n  OverallDown: -0.1\n"


def mistakes(importing: Importing, *blocks: str, **how: object) -> list[str]:
    with pytest.raises(ConfigError) as error:
        importing(*blocks, **how)
    return [problem.partition("small.config:")[2] for problem in error.value.problems]


def test_flags_words_and_numbers(importing: Importing) -> None:
    tt = 'HistoFile: "tt"'
    change = {tt: f"{tt}\n  UseMCstat: NO\n  LumiScale: x", "SIGNAL\n  HistoName": "VALIDATON\n  HistoName"}
    factor = 'NormFactor: "k"\n  Constant: TRU\n  Samples: ttbar\n'
    fit = 'Fit: "f"\n  FitBlind: TRUE\n  POIAsimov: mu:x\n  do2DLHscan: mu\n'
    assert mistakes(importing, factor, fit, 'Limit: "l"\n  LimitType: TOY\n', change=change) == [
        '7  Region "SR".Type: must be SIGNAL, CONTROL or VALIDATION, found "VALIDATON"; did you mean "VALIDATION"?',
        '21  Sample "ttbar".UseMCstat: must be TRUE or FALSE, found "NO"',
        '22  Sample "ttbar".LumiScale: must be a number, found "x"',
        '30  NormFactor "k".Constant: must be TRUE or FALSE, found "TRU"; did you mean "TRUE"?',
        '36  Fit "f".POIAsimov: must be a number, or name:number for several parameters; found "mu:x"',
        '37  Fit "f".do2DLHscan: must be pairs of parameters, a,b or a,b:c,d; found "mu"',
        '41  Limit "l".LimitType: must be ASYMPTOTIC or TOYS, found "TOY"; did you mean "TOYS"?',
    ]


def test_the_kind_of_input_is_said(importing: Importing) -> None:
    assert mistakes(importing, change={"  ReadFrom: HIST\n": ""}) == [
        '1  Job "small": missing setting "ReadFrom": HIST or NTUP'
    ]
    assert mistakes(importing, change={"ReadFrom: HIST": "ReadFrom: HISTS"})[0].startswith(
        '3  Job "small".ReadFrom: must be HIST, NTUP, HISTOGRAMS or NTUPLES, found "HISTS"'
    )
    assert importing(kind=NTUPLES, change={"ReadFrom: NTUP": "ReadFrom: Ntuples"}).config().reads_ntuples


def test_patterns_match_something(importing: Importing) -> None:
    assert mistakes(importing, f'Systematic: "x"\n{OVERALL}  Samples: tt*,Wj*\n  Exclude: X?\n') == [
        '31  Systematic "x".Samples: no sample "Wj*"',
        '32  Systematic "x".Exclude: no region or sample "X?"',
    ]


def test_what_makes_no_steering_file_has_its_line(importing: Importing) -> None:
    twice = [f'Systematic: "x"\n{OVERALL}  Samples: ttbar\n'] * 2
    (problem,) = mistakes(importing, *twice)
    assert problem.startswith('34  Systematic "x": "x" and "x_2" both make the parameter "x" act on sample "ttbar"')
    (problem,) = mistakes(importing, f'Systematic: "mu"\n{OVERALL}')
    assert problem == '27  Systematic "mu": the parameter "mu" is a NormFactor; give it another name'
    assert mistakes(importing, change={'"mu",1,0,10': '"mu",1,0'})[1].startswith(
        '25  Sample "signal".NormFactor: must be a name, or name,nominal,lowest,highest'
    )


def test_what_is_not_in_the_fit_is_not_fixed(importing: Importing) -> None:
    job = {"ReadFrom: HIST": "ReadFrom: HIST\n  StatOnly: TRUE"}
    found = importing(f'Systematic: "x"\n{OVERALL}', 'Fit: "f"\n  FixNPs: alpha_x:0,mu:1\n', change=job)
    assert found.document["General"]["Fixed"] == [{"Name": "mu", "Value": 1}]
    assert '"x" is not in the fit' in found.approximate[0]
    without = importing(change={'  POI: "mu"\n': ""}).commands
    assert not [command for command in without if command.line.startswith(("wilks ranking", "wilks breakdown"))]


def test_expressions_are_those_of_root(importing: Importing) -> None:
    block = 'NormFactor: "k"\n  Samples: ttbar\n  Expression: '
    found = importing(f'{block}"TMath::Power(a,2)-1/2*a":"a[1,0,2]"\n')
    assert found.document["Functions"][0]["Expression"] == "(a ^ 2) - (0 * a)"
    assert "whole numbers are divided as in C++, where 1/2 is 0" in found.approximate[0]
    exact = importing(f'{block}"TMath::Max(a,1./2)":"a[1,0,2]"\n')
    assert (exact.document["Functions"][0]["Expression"], exact.approximate) == ("max(a,1./2)", [])
    assert mistakes(importing, f'{block}"1/0*a":"a[1,0,2]"\n')[0].endswith("a whole number is divided by 0")


def test_names_that_are_made_are_free(importing: Importing) -> None:
    again = [f'Systematic: "x"\n{OVERALL}  Samples: {sample}\n' for sample in ("ttbar", "signal")]
    found = importing(*again, f'Systematic: "x_2"\n{OVERALL}  Samples: signal\n').config()
    assert [(s.name, s.parameter_name) for s in found.systematics] == [("x", "x"), ("x_2_", "x"), ("x_2", "x_2")]


@pytest.mark.parametrize(
    ("old", "new", "setting"),
    [
        ("", "  FitBlind: TRUE\n", '28  Fit "f".FitBlind: TRUE'),
        ("", "  FitType: BONLY\n", '28  Fit "f".FitType: BONLY'),
        ("", "  FitRegion: CRONLY\n", '28  Fit "f".FitRegion: CRONLY'),
        ("ReadFrom: HIST", "ReadFrom: HIST\n  BlindSRs: TRUE", '4  Job "small".BlindSRs: TRUE'),
        ("Type: SIGNAL\n  HistoName", "DataType: ASIMOV\n  HistoName", '7  Region "SR".DataType: ASIMOV'),
    ],
)
def test_a_run_does_not_unblind(
    importing: Importing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, setting: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for file in ("data", "tt", "sig"):
        Path(f"in/{file}.root").touch()
    found = importing(*(() if old else [f'Fit: "f"\n{new}']), change={old: new} if old else {})
    with pytest.raises(ConfigError) as error:
        pipeline.run(found.path, "out")
    (problem,) = error.value.problems
    assert problem.partition("small.config:")[2].startswith(f'{setting} is not done by "wilks run", which fits all')
    assert not Path("out").exists()
    assert found.config().source is None  # the steering file is fine


def test_paths_of_a_job_add_up(importing: Importing) -> None:
    found = importing(kind=NTUPLES, change={'NtuplePaths: "in"': 'NtuplePath: "a"\n  NtuplePaths: "b"'})
    assert found.document["Samples"][1]["SamplePath"] == ["a/tt", "b/tt"]


def test_names_that_no_file_system_has(importing: Importing) -> None:
    long = "a" * 300
    found = importing(change={'HistoFile: "tt"': f'HistoFile: "{long}"'})
    assert any(long in sentence for sentence in found.absent)


def test_what_is_wrong_with_the_job_has_its_line(importing: Importing) -> None:
    function = 'NormFactor: "f"\n  Expression: "2*a":"a[1,0,2]"\n  Samples: ttbar\n'
    assert mistakes(importing, function, change={'POI: "mu"': 'POI: "f"'}) == [
        '2  Job "small".POI: no parameter "f"; "f" is a function, name the parameters that it needs'
    ]
