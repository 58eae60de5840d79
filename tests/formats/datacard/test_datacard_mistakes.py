"""Mistakes of a card: all at once, with line and column, what was found, what is allowed and what is nearest."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest
from tests.formats.datacard.cards import CONTENTS, COUNTING, shape_card

from wilks.errors import WorkspaceError
from wilks.formats.datacard.read import read

ALL = COUNTING + "x lnN 1.1 1.2\nk rateParam a B 1.1 [0.2,3]\nc gmN 11 - 0.5\ng group = x k\nu unif -1 1 0.1 -\n"


def _mistakes(card: str | Path, **options: object) -> list[str]:
    with pytest.raises(WorkspaceError) as error:
        read(card if isinstance(card, Path) else card.encode(), **options)  # type: ignore[arg-type]
    return list(error.value.problems)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("imax 1", "imax 2", 'datacard:1:6: imax says 2, found 1 (channels): "a"; * leaves it open'),
        ("imax 1", "imax one", 'datacard:1:6: "one" found, a whole number or * needed'),
        ("jmax 1", "jmax 3", "datacard:2:6: jmax says 3, found 1 (processes beside the first)"),
        ("kmax *", "kmax 7", "datacard:3:6: kmax says 7, found 3 rows of systematics"),
        ("observation 6", "observation 6 7", "datacard:6:1: observations: 2 found, channels in the line bin before: 1"),
        ("observation 6", "observation -6", 'datacard:6:13: "-6" found, a count not below 0 needed'),
        ("observation 6", "observation 6x", 'datacard:6:13: "6x" found, a count'),
        ("observation 6", "observation -1", 'datacard:6:13: observation -1 of channel "a", which has no histogram'),
        ("bin a a", "bin a aa", 'datacard:8:7: no channel "aa" in the first line bin: "a"'),
        ("process S B\n", "", "datacard:10:1: lines process before the rates: 1 found"),
        ("process S B", "process S S", 'process "S" stands more than once'),
        ("process 0 1", "process 0 x", 'datacard:10:11: "x" found, a whole number (0 and below: signal) needed'),
        ("process 0 1", "process 1 2", "datacard: no signal (a process with a number of 0 or below)"),
        ("process 0 1", "process 0 -1", 'channel "a" has no background'),
        ("process 0 1", "process 0", "channels: 2, processes: 2, numbers: 1"),
        ("rate 1.0 5.5", "rate 1.0", "datacard:11:1: rates: 1 found, columns in the lines bin and process: 2"),
        ("rate 1.0 5.5", "rate 1.0 5,5", 'datacard:11:10: "5,5" found, a rate'),
        ("rate 1.0 5.5", "rate 1.0 -2", 'datacard:11:10: "-2" found, a rate not below 0 needed'),
        ("rate 1.0 5.5", "rat 1.0 5.5", 'no line that begins with "rate" found, one needed'),
        ("rate 1.0 5.5", "rate 1.0 -1", 'rate -1 of process "B" in "a", which has no histogram'),
        ("x lnN", "x lnM", 'datacard:13:3: no kind "lnM" of a row; allowed are "lnN", "lnU", "gmM"'),
        ("x lnN 1.1 1.2", "x lnN 1.1", 'datacard:13:1: "x": 1 columns found, 2 needed'),
        ("x lnN 1.1 1.2", "x lnN 1.1 -1.2", 'datacard:13:11: "-1.2" found, lnN needs numbers not below 0'),
        ("x lnN 1.1 1.2", "x lnN 1.1 0/1.2", 'datacard:13:11: "0/1.2" found, two numbers above 0 needed'),
        ("x lnN 1.1 1.2", "x lnN 1.1 1/2/3", 'datacard:13:11: "1/2/3" found, DOWN/UP needed'),
        ("x lnN 1.1 1.2", "x trG 1.1 1/2", 'datacard:13:11: "1/2" found, trG takes one number'),
        ("x lnN 1.1 1.2", "x lnN nan 1.2", 'datacard:13:7: "nan" found'),
        ("x lnN 1.1 1.2", "x shapeL 1 1", "Combine has no such morphing any more"),
        ("x lnN 1.1 1.2", "x dFD 0 0.1 0.1", "walls need a steepness above 0"),
        ("x lnN 1.1 1.2", "x constr r", "3 words found, needed: NAME constr FORMULA"),
        ("x lnN 1.1 1.2", "x constr r-q 0.1", 'formula of "x": no parameter or formula "q"'),
        ("x lnN 1.1 1.2", "x constr r-1 0", '"0" found, a width above 0 needed'),
        ("x lnN 1.1 1.2", "x constr r-1 0.1x", '"0.1x" found, a width (a number above 0) needed'),
        ("x lnN 1.1 1.2", "x constr r-1 delta", 'width of "x": no parameter or formula "delta"'),
        ("x lnN 1.1 1.2", "x constr r-1 0.1\nx constr r-1 0.1", 'second constr "x"'),
        ("x lnN 1.1 1.2", "x discrete", "needs RooFit"),
        ("x lnN 1.1 1.2", "x gmM 0.1 0.2", "gmM has one width for all columns"),
        ("x lnN 1.1 1.2", "x lnN 1.1 1.2\nx gmM 0.1 0.1", '"x" is gmM 0.1 here and lnN elsewhere'),
        ("k rateParam a B", "k rateParam aa B", 'datacard:14:13: no channel "aa"; there are "a"'),
        ("k rateParam a B", "k rateParam a Bkg", 'datacard:14:15: no process "Bkg"; there are "S", "B"'),
        ("k rateParam a B", "k rateParam b* B", "the patterns match nothing"),
        ("[0.2,3]", "[3,0.2]", 'datacard:14:21: "[3,0.2]" found, a range like [0,5] needed'),
        ("[0.2,3]", "[2,3]", "datacard:14:17: starts at 1.1, outside of its range 2 to 3"),
        ("1.1 [0.2,3]", "@0*y x", 'formula of "k": "y" is not in its list of arguments'),
        ("1.1 [0.2,3]", "@0*@1 x", 'formula of "k": "@1": no such parameter'),
        ("1.1 [0.2,3]", "@0 xx", 'formula of "k": no parameter or formula "xx"; did you mean'),
        ("1.1 [0.2,3]", "@0 k", 'datacard:14: formula of "k" needs itself'),
        ("1.1 [0.2,3]", "sin(@0) x", 'no function "sin"; allowed are exp'),
        ("1.1 [0.2,3]", "w.root:w", "an object of a RooWorkspace"),
        ("c gmN 11 - 0.5", "c gmN 11 - 0.9", 'datacard:15: "c": 11 events times 0.9 are 9.9, but the rate'),
        ("c gmN 11 - 0.5", "c gmN 11.5 - 0.5", 'datacard:15:7: "11.5" found, a whole number of events needed'),
        ("c gmN 11 - 0.5", "c gmN 11 - 0.5\nd gmN 11 - 0.5", '"d" is the second gmN of process "B"'),
        ("g group = x k", "g group = x kk", 'datacard:16:13: group "g": no parameter "kk"'),
        ("g group = x k", "g group = x aa bb", 'datacard:16:13: group "g": no parameters "aa", "bb"'),
        ("g group = x k", "g group += x k", 'no group "g" yet'),
        ("g group = x k", "g group x k", 'group "g": "x" found, needed: g group = NAME'),
        ("g group = x k", "g group = x k\ng group = x", 'group "g" is there already (datacard:16)'),
        ("g group = x k", "aa autoMCStats 0", 'datacard:16:1: no channel "aa"; there are "a"'),
        ("g group = x k", "a autoMCStats ten", 'datacard:16:15: "ten" found, a threshold'),
        ("g group = x k", "p param 1", "param needs a mean and a width"),
        ("g group = x k", "p param 1 0.1/0.2", '"0.1/0.2" found, -A/+B needed'),
        ("g group = x k", "p param 1 -0.1", '"-0.1" found, a width above 0 needed'),
        ("g group = x k", "e extArg w.root:w", "a RooWorkspace, which needs RooFit"),
        ("u unif -1 1 0.1 -", "u unif 1 -1 0.1 -", "range from 1 to -1 found"),
    ],
)
def test_one_mistake(old: str, new: str, sentence: str) -> None:
    found = _mistakes(ALL.replace(old, new, 1))
    assert any(sentence in one for one in found), found


def test_all_mistakes_at_once() -> None:
    card = ALL.replace("imax 1", "imax 2").replace("observation 6", "observation six").replace("x lnN", "x lnM")
    card = card.replace("[0.2,3]", "[2,3]").replace("x k", "x kk")
    found = _mistakes(card)
    assert [one.split(" ")[0] for one in found] == [
        "datacard:1:6:",
        "datacard:6:13:",
        "datacard:13:3:",
        "datacard:14:17:",
        "datacard:16:13:",
    ]


def test_what_the_caller_says_is_checked() -> None:
    found = _mistakes(ALL, ranges={"rr": (0, 1), "r": (2, 1)}, freeze=["y"], starts={"k": 9}, masks=["b"], maps=[])
    assert any('no parameter "rr"; did you mean "r"' in one for one in found)
    assert any('range of "r" from 2 to 1' in one for one in found)
    assert any('no parameter "y"' in one for one in found)
    assert any('"k" can\'t start at 9' in one for one in found)
    assert any('no channel "b"' in one for one in found)
    assert "needed" in _mistakes(ALL, maps=["x"])[0]
    assert 'take all processes of channel "a" away' in _mistakes(ALL, maps=["a/:0"])[0]
    assert "is no regular expression" in _mistakes(ALL, include=["("])[0]
    assert 'leave none of the channels "a"' in _mistakes(ALL, exclude=["a"])[0]
    assert "has no start and range yet" in _mistakes(ALL, maps=[".*/S:mu"])[0]


def test_a_channel_needs_processes() -> None:
    assert any("no process with a rate other than 0" in one for one in _mistakes(COUNTING.replace("1.0 5.5", "0 0")))


def test_missing_histograms_are_told_together(tmp_path: Path) -> None:
    contents = {name: values for name, values in CONTENTS.items() if name not in ("B_jesDown", "S", "data_obs")}
    card = shape_card(tmp_path, "jes shape 1 1\njer shape - 1\n", contents)
    found = "\n".join(_mistakes(card))
    assert 'has no histogram "a/S"' in found
    assert '(process "B" of "a" from $CHANNEL/$PROCESS_$SYSTEMATIC)' in found
    for name in ("a/B_jesDown", "a/B_jerUp", "a/B_jerDown", "a/data_obs"):
        assert f'has no histogram "{name}"' in found


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("shapes.root", "shape.root", 'no such file; did you mean "shapes.root"'),
        ("shapes.root", "/nowhere/at/shapes.root", "is beside the card: named without a folder it would be read"),
        ("rate -1 -1", "rate -1 50", 'rate 50 of process "B" in "a", but its histogram has the sum 60'),
        (
            "observation -1",
            "observation 64",
            'card.txt:6:13: observation 64 of channel "a", but the histogram of its data has the sum 65',
        ),
        ("$CHANNEL/$PROCESS ", "w:$PROCESS ", '"w:S" is an object of a RooWorkspace (or tree), which needs RooFit'),
        ("$CHANNEL/$PROCESS ", "$CHANNEL/$PROCESS$MASS ", "$MASS found, a mass (mass=..., -m) needed"),
        ("$CHANNEL/$PROCESS ", "$CHANNEL/$PROCESS$ERA ", "$ERA found, a value for it"),
        (" $CHANNEL/$PROCESS_$SYSTEMATIC", "", 'no histogram with $SYSTEMATIC for "jesUp"'),
        ("shapes * *", "shapes S *", 'no shapes line for process "B" of channel "a"'),
        ("shapes * *", "shapes *", 'card.txt:4 is for channel "shapes.root", which is none: "a")'),
        (
            "shapes.root $CHANNEL/$PROCESS $CHANNEL/$PROCESS_$SYSTEMATIC",
            "shapes.root",
            "without the name of a histogram",
        ),
        ("shapes.root", "shapes.pkl", 'tables of this kind can\'t be read; allowed are ".csv"'),
        ("jes shape 1 1", "jes shape 1 1\nother shapeN 1 -", "one way of morphing"),
        ("jes shape 1 1", "jes shape 1 1\n* autoMCStats 0 0 3", "mode 3 of histograms leaves out the variations"),
        ("jes shape 1 1", "jes shape 1 1\njes lnN 1.1 -", '"jes" is lnN here and shape at'),
        ("jes shape 1 1", "jes shape? 1 1/2", "where there are histograms: one number needed"),
    ],
)
def test_mistakes_with_histograms(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    contents = CONTENTS | {"S_otherUp": [1.0, 2.0, 5.0], "S_otherDown": [1.0, 2.0, 3.0]}
    card = shape_card(tmp_path, "jes shape 1 1\n", contents)
    card.write_text(card.read_text().replace(old, new, 1))
    found = _mistakes(card)
    assert any(sentence in one for one in found), found


def test_varied_histograms_must_fit(tmp_path: Path) -> None:
    contents = CONTENTS | {"S_jesUp": [1.0, 2.0], "B_jesDown": [0.0, 0.0, 0.0]}
    found = "\n".join(_mistakes(shape_card(tmp_path, "jes shape 1 1\n", contents)))
    assert '"jesUp" of process "S" of "a" has 2 bins, the nominal one 3' in found
    assert '"jesDown" of process "B" of "a" has the sum 0, one above 0 needed' in found


def test_cards_that_do_not_fit_together(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(COUNTING + "x lnN 1.1 -\nc gmN 11 - 0.5\np param 1 0.1\n")
    (tmp_path / "b.txt").write_text(COUNTING + "x gmM 0.1 -\nc gmN 12 - 0.5\np param 1 0.2\n")
    with pytest.raises(WorkspaceError) as error:
        read([tmp_path / "a.txt", tmp_path / "b.txt"])
    found = "\n".join(error.value.problems)
    assert '"x" is gmM here, but lnN in a card before' in found
    assert '"c" has gmN 12 here, but gmN 11 in a card before' in found
    assert 'param "p" is another one in a card before' in found


def test_no_card(tmp_path: Path) -> None:
    (tmp_path / "card.txt").write_text(COUNTING)
    assert 'did you mean "card.txt"' in _mistakes(tmp_path / "crd.txt")[0]
    assert "is a folder" in _mistakes(tmp_path)[0]
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe")
    assert "is not UTF-8 text" in _mistakes(tmp_path / "bad.txt")[0]
    with pytest.raises(WorkspaceError, match="no datacard given"):
        read([])


WORDS = [
    "-",
    "lnN",
    "shape",
    "gmN",
    "rateParam",
    "0",
    "-1",
    "1e400",
    "nan",
    "*",
    "$MASS",
    "[0,1]",
    "[1,0]",
    "1/2",
    "0/1",
    "@0*@1",
    "(",
    "a,b",
    "#",
    "group",
    "=",
    "nuisance",
    "edit",
    "drop",
    "rename",
    "add",
    "autoMCStats",
    "param",
    "extArg",
    "FAKE",
    "bin",
    "process",
    "rate",
    "observation",
    "imax",
    "é",
    "[",
    "**",
    "unif",
    "trG",
    "5",
    "1.3",
]


def mutated(text: str, rng: random.Random) -> str:
    """Return a card with one to three random changes of lines, words or characters."""
    lines = text.splitlines()
    for _ in range(rng.choice([1, 1, 2, 3])):
        i = rng.randrange(len(lines))
        words = lines[i].split() or ["x"]
        j = rng.randrange(len(words))
        match rng.randrange(6):
            case 0:
                lines[i] = ""
            case 1:
                lines.insert(i, rng.choice(lines))
            case 2:
                lines[i] = " ".join([*words[:j], rng.choice(WORDS), *words[j + 1 :]])
            case 3:
                lines[i] = " ".join([*words[:j], *words[j + 1 :]])
            case 4:
                lines[i] = " ".join([*words[:j], rng.choice(WORDS), *words[j:]])
            case _:
                lines[i] = lines[i][:j] + rng.choice("0-/[]@#* x.~\0") + lines[i][j + 1 :]
    return "\n".join(lines) + "\n"


def test_mutated_cards_are_read_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card is read, or refused with sentences about the card: nothing else comes of any text."""
    shapes = shape_card(tmp_path, "jes shape 1 0.5\nx lnN 1.1 0.9/1.2\n* autoMCStats 5 1\n").read_text()
    edits = ALL + "nuisance edit rename B a x y\nnuisance edit flip * * y n2p ifexists\np param 1 -0.1/+0.2\n"
    monkeypatch.chdir(tmp_path)
    rng = random.Random(20)
    taken = 0
    for _ in range(400):
        with contextlib.suppress(WorkspaceError):
            read(mutated(rng.choice([shapes, edits, ALL]), rng).encode())
            taken += 1
    assert 20 < taken < 300


def test_factors_beyond_all_numbers(tmp_path: Path) -> None:
    rows = "x lnN 1e300 1.1\nx lnN 1e300 -\n"
    assert _mistakes(COUNTING + rows) == ['datacard:13: "x" multiplies process "S" of "a" beyond all numbers']
    with pytest.raises(WorkspaceError, match=r'"jes" on process "S" of "a": .* to the power 1e\+300 is no number'):
        read(shape_card(tmp_path, "jes shape 1e300 1\n"))
    with pytest.raises(WorkspaceError, match='the yield of process "B" in "a" is beyond all numbers'):
        read(shape_card(tmp_path, "x gmN 0 - 1e308\n", CONTENTS | {"B": [0.01, 0.02, 0.01]}))
