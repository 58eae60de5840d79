"""The lines of a configuration become blocks; what is wrong is said with its line."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.trexfitter.small import HISTOGRAMS, NTUPLES

from wilks.errors import ConfigError
from wilks.trexfitter.grammar import Contents, Line, blocks_of, recognise
from wilks.trexfitter.importing import Imported, imported, read_blocks


def blocks(text: str) -> Contents:
    found = Contents()
    blocks_of([Line(line, number, "x") for number, line in enumerate(text.splitlines(), 1)], found)
    return found


def test_comments_and_quotes() -> None:
    text = (
        'Sample: "a"  % comment\n%  FillColor: 1\n  # Title: no\n  Title: "50 % of #mu, all" # rest\n  FillColor: 3%2\n'
    )
    (block,) = blocks(text).blocks
    assert block.name == "a"
    assert {key: setting.text for key, setting in block.settings.items()} == {
        "Title": "50 % of #mu, all",
        "FillColor": "3",
    }
    assert block.settings["Title"].line.number == 4


def test_only_an_empty_line_ends_a_block() -> None:
    found = blocks('Region: "a"\n  Type: SIGNAL\nRegion: "b"\n \t\nRegion: "c"\n')
    assert [block.name for block in found.blocks] == ["a", "c"]
    assert set(found.blocks[0].settings) == {"Type", "Region"}


def test_several_blocks_at_once() -> None:
    text = 'Systematic: "a";"b";"c"\n  WeightSufUp: "x;y" ; z\n  Samples: s,"t"; u\n  Type: HISTO\n'
    a, b, c = blocks(text).blocks
    assert [s.settings["WeightSufUp"].text for s in (a, b, c)] == ["x;y", "z", "z"]
    assert [s.items("Samples") for s in (a, b, c)] == [["s", "t"], ["u"], ["u"]]
    assert {s.text("Type") for s in (a, b, c)} == {"HISTO"}


def test_one_name_takes_the_first_value_and_the_last_key_counts() -> None:
    (block,) = blocks('Region: "a"\n  Type: CONTROL; SIGNAL\n  Label: x\n  Label: y:z\n').blocks
    assert block.text("Type") == "CONTROL"
    assert block.text("Label") == "y:z"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('Regoin: "a"\n  Type: SIGNAL\n', 'x:1  Regoin: no such block; did you mean "Region"?'),
        ("Label: b\n", "x:1  Label: setting of Job outside a block; is there an empty line before it?"),
        ('Region: "a"\n  SIGNAL\n', 'x:2  neither "key: value" nor a comment (which begins with %): SIGNAL'),
        ('Region: "a"\n  Type:\n', "x:2  Type: has no value"),
        ("Region:\n  Type: SIGNAL\n", "x:1  Region: the block has no name"),
    ],
)
def test_bad_lines(text: str, sentence: str) -> None:
    assert blocks(text).mistakes == [sentence]


def test_replacements_longest_name_first(tmp_path: Path) -> None:
    (tmp_path / "values.txt").write_text("XXX_A: one of XXX_C % first\n# note\nXXX_AB: two\nXXX_C: three\n")
    config = tmp_path / "c.config"
    config.write_text('Job: "XXX_AB"\n  ReplacementFile: values.txt\n  Label: XXX_A\n  % XXX_D\n')
    (job,) = read_blocks(config).blocks
    assert (job.name, job.text("Label")) == ("two", "one of three")


def test_placeholders_without_replacement(tmp_path: Path) -> None:
    config = tmp_path / "c.config"
    config.write_text('Job: "a"\n  ReplacementFile: none.txt\n  Label: XXX_CUT\n')
    (tmp_path / "r.txt").write_text("XXX_CUTS: x\nnonsense\n")
    found = read_blocks(config).mistakes
    assert found == [
        f"{config}:3  XXX_CUT: this placeholder has no replacement; {config}:2 ReplacementFile: there is no file "
        '"none.txt"; give it with -r'
    ]
    given = read_blocks(config, [tmp_path / "r.txt"]).mistakes
    assert given[0].endswith("a replacement is XXX_name: value, found: nonsense")
    assert given[1].endswith('XXX_CUT: this placeholder has no replacement; did you mean "XXX_CUTS"?')


def test_included_files_keep_their_lines(tmp_path: Path) -> None:
    (tmp_path / "samples.txt").write_text('Sample: "s"\n  Typo: x\n')
    config = tmp_path / "c.config"
    config.write_text('Job: "a"\n  ReadFrom: HIST\n\nINCLUDE: samples.txt\n\nINCLUDE: gone.txt\nINCLUDE: c.config\n')
    found = read_blocks(config)
    assert found.blocks[1].settings["Typo"].line.place == f"{tmp_path / 'samples.txt'}:2"
    assert [sentence.partition("  ")[2][:25] for sentence in found.mistakes] == [
        f"INCLUDE: {tmp_path}"[:25],
        'INCLUDE: "c.config" is included by itself'[:25],
    ]


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (b'% note\n\nJob: "a"\n', True),
        (b"# x\nINCLUDE: a\n\nJob: b\n", True),
        (b'MultiFit: "a"\n', True),
        (b"General:\n  Measurement: a\nJob: b\n", False),
        (b'{"Job": "a"}', False),
        (b"Job:\n  - a\n", False),
        (b"imax 1\n", False),
    ],
)
def test_recognised_by_content(content: bytes, answer: bool) -> None:
    assert recognise(content) is answer


def test_unknown_settings_and_names_all_at_once(importing: Callable[..., Imported]) -> None:
    bad = 'Systematic: "s"\n  Tpye: OVERALL\n  Samples: ttbra\n  Regions: SR,CRR\n  OverallUp: big\n'
    with pytest.raises(ConfigError) as error:
        importing(bad, change={'POI: "mu"': 'POI: "muu"'})
    found = [problem.partition("small.config:")[2] for problem in error.value.problems]
    assert found == [
        '2  Job "small".POI: no NormFactor "muu" acts on a sample in the regions of the fit; did you mean "mu"?',
        '28  Systematic "s".Tpye: no such setting of a Systematic; did you mean "Type"?',
        '29  Systematic "s".Samples: no sample "ttbra"; did you mean "ttbar"?',
        '30  Systematic "s".Regions: no region "CRR"; did you mean "CR"?',
        '31  Systematic "s".OverallUp: must be a number, found "big"',
    ]


def test_refused_in_one_sentence_for_each_reason(importing: Callable[..., Imported]) -> None:
    unfolding = 'Unfolding: "u"\n  NumberOfTruthBins: 4\n'
    with pytest.raises(ConfigError) as error:
        importing(
            unfolding,
            'Fit: "f"\n  FitType: EFT\n',
            change={'HistoPath: "in"': 'HistoPath: "in"\n  CustomFunctions: a.C'},
        )
    whats = ["C++ code of your own", "unfolding", "effective field theory"]
    assert [re.search(r"config  (.*?) is not among", p)[1] for p in error.value.problems] == whats  # type: ignore[index]
    assert 'Job "small".CustomFunctions (line 5)' in error.value.problems[0]


def test_mutations_end_without_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose = random.Random(17)
    extra = (
        'Systematic: "a";"b"\n  Type: HISTO\n  HistoNameSufUp: "_u";"_v"\n  Symmetrisation: TWOSIDED\n  Smoothing: 40\n'
    )
    extra += '\nNormFactor: "k"\n  Expression: (1-mu):mu[1,0,2]\n  Samples: ttbar\n\nFit: "f"\n  FitBlind: TRUE\n'
    sources = [HISTOGRAMS + "\n" + extra, NTUPLES + "\n" + extra.replace("HistoNameSuf", "WeightSuf")]
    config, refused = tmp_path / "m.config", 0
    monkeypatch.chdir(tmp_path)
    for number in range(900):
        lines = sources[number % 2].splitlines()
        at, other = choose.randrange(len(lines)), choose.randrange(len(lines))
        line = lines[at]
        place = choose.randrange(len(line) + 1)
        lines[at] = choose.choice(
            [
                line[:place],
                line[place:],
                line[:place] + choose.choice('%#";:,XXX_A*?()[]\\\x00é0') + line[place:],
                lines[other],
                line.split(":")[0]
                + ": "
                + choose.choice(["", "-1", "nan", "1e999", '"', "all", "NONE", "[", "a,b;c", "1,2"]),
                "",
            ]
        )
        found = blocks("\n".join(lines))
        try:
            imported(found, config)
        except ConfigError:
            refused += 1
    assert 200 < refused < 900
