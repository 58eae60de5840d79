"""Damaged HistFactory descriptions: `python -m tests.fuzz.descriptions --trials 10000`; `--only N` repeats one trial.

Each is a description that this package writes, with one to four changes in its XML files or its ROOT file. What is read
is put to use; what is not has an error with a place.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.fuzz.campaign import Summary
from tests.fuzz.dice import Dice
from tests.fuzz.guard import guarded
from tests.fuzz.record import Record
from tests.fuzz.verdict import Fault

import wilks
from wilks.errors import WorkspaceError
from wilks.formats.histfactory_xml.read import read
from wilks.formats.histfactory_xml.write import write

ODD = [
    *(
        "",
        " ",
        "0",
        "-1",
        "1e400",
        "nan",
        "inf",
        "1,5",
        "0x10",
        "True",
        "true",
        "yes",
        "\u00b5",
        "a b",
        "../..",
        "/",
        ".",
    ),
    *(
        "[",
        "mu[1,0,3]",
        "x[9]",
        "@0",
        "1/0",
        "Lumi",
        "alpha_",
        "gamma_stat_SR_bin_0",
        "gamma_stat_SR_bin_99",
        "&amp;&lt;",
    ),
    *("1" * 400, "SR/sig", ";1", "sig;9", "data.root:/", "top.root:/SR", "Gamma", "NoConstraint", "mu*mu", "(" * 200),
]
BOMB = '<!DOCTYPE {root} [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
STRANGE = [
    "&b;",
    "&nbsp;",
    "<?php ?>",
    "<![CDATA[x]]>",
    "<!-- -- -->",
    "<Sample/>",
    "</Sample>",
    "\x00",
    "\ufeff",
    "<x:y/>",
]
ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
ELEMENT = re.compile(r"^ *<[A-Z]\w*[^>]*/>$|^ *<[A-Z]\w*[^>]*>[^<]*</\w+>$", re.MULTILINE)


@cache
def base() -> dict[str, bytes]:
    """Return the files of a description with everything in it, by name."""
    with tempfile.TemporaryDirectory() as folder:
        files = write(wilks.load_workspace(document()), Path(folder) / "top.xml").files
        return {file.name: file.read_bytes() for file in files}


def document() -> dict[str, Any]:
    """Return a workspace with every kind of modifier, functions, two measurements and a further data set."""

    def modifier(kind: str, name: str, data: Any = None, **more: Any) -> dict[str, Any]:
        return {"type": kind, "name": name, "data": data, **more}

    lumi = modifier("lumi", "lumi")
    shapes = {"lo_data": [38.0, 35.0, 11.0], "hi_data": [43.0, 42.0, 12.5]}
    signal = [lumi, modifier("normfactor", "mu"), modifier("normsys", "acc", {"lo": 0.94, "hi": 1.05})]
    background = [
        lumi,
        modifier("normfactor", "scale"),
        modifier("histosys", "jes", shapes),
        modifier("normsys", "alpha_xs", {"lo": 0.8, "hi": 1.25}),
        modifier("staterror", "staterror_SR", [3.0, 2.0, 1.0], constraint="poisson", threshold=0.05),
    ]
    other = [modifier("shapesys", "dd", [2.0, 1.0, 0.5]), modifier("shapefactor", "shape")]
    samples = [
        {"name": "sig", "data": [4.0, 9.0, 7.0], "modifiers": signal},
        {"name": "bkg", "data": [40.0, 38.0, 12.0], "modifiers": background},
        {"name": "fake", "data": [12.0, 0.0, 9.0], "modifiers": other},
    ]
    control = [{"name": "bkg", "data": [100.0, 80.0], "modifiers": [lumi, modifier("normfactor", "scale")]}]
    parameters = [
        {"name": "lumi", "auxdata": [1.0], "sigmas": [0.02], "inits": [1.0], "bounds": [[0.0, 10.0]]},
        {"name": "mu", "inits": [1.0], "bounds": [[0.0, 5.0]]},
        {"name": "beta_xs", "constraint": "poisson", "factors": [1 / 0.3**2], "bounds": [[0.0, 10.0]]},
        {"name": "staterror_SR", "fixed": [False, True, False]},
    ]
    config = {"poi": "mu", "pois": ["mu", "k"], "parameters": parameters}
    counts = [{"name": "SR", "data": [57.0, 61.0, 30.0]}, {"name": "CR", "data": [110.0, 77.0]}]
    return {
        "channels": [{"name": "SR", "samples": samples}, {"name": "CR", "samples": control}],
        "observations": counts,
        "data_sets": [{"name": "other", "observations": counts}],
        "measurements": [
            {"name": "one", "config": config},
            {"name": "two", "config": {"poi": "mu", "parameters": parameters}},
        ],
        "functions": [
            {"name": "scale", "expression": "0.5 + k * mu / 2"},
            {"name": "alpha_xs", "expression": "(@0 - 1) / 0.3", "parameters": ["beta_xs"]},
        ],
        "version": "wilks-1",
    }


def damaged(files: dict[str, bytes], dice: Dice) -> dict[str, bytes]:
    """Return the files with some changes."""
    found = dict(files)
    for _ in range(dice.choice([1, 1, 1, 2, 2, 3, 4])):
        name = dice.choice([name for name in found if not name.endswith(".dtd")] or ["top.xml"])
        if name not in found:
            break
        if dice.chance(0.02):
            del found[name]
        elif name.endswith(".root"):
            found[name] = damaged_bytes(found[name], dice)
        else:
            found[name] = damaged_text(found[name], dice)
    return found


def damaged_bytes(content: bytes, dice: Dice) -> bytes:
    """Return a binary file with some bytes changed, left out or cut off."""
    if not content:
        return content
    at = dice.integer(0, len(content) - 1)
    if dice.chance(0.1):
        return content[:at]
    if dice.chance(0.1):
        return content[:at] + content[at + dice.integer(1, 40) :]
    changed = bytearray(content)
    for place in range(at, min(at + dice.integer(1, 8), len(content))):
        changed[place] = dice.choice([0, 1, 127, 128, 255, dice.integer(0, 255)])
    return bytes(changed)


def damaged_text(content: bytes, dice: Dice) -> bytes:
    """Return an XML file with a change of its attributes, its elements or its characters."""
    text = content.decode("utf-8", "replace")
    kind = dice.integer(0, 19)
    if kind <= 11 and (found := list(ATTRIBUTE.finditer(text))):
        match = dice.choice(found)
        new = dice.choice(
            [f'{match[1]}="{dice.choice(ODD)}"', f'{match[1][:-1]}="{match[2]}"', "", f"{match[0]} {match[0]}"]
        )
        if dice.chance(0.3):
            new = f'{match[1]}="{dice.choice(found)[2]}"'
        text = text[: match.start()] + new + text[match.end() :]
    elif kind <= 15 and (found := list(ELEMENT.finditer(text))):
        match, other = dice.choice(found), dice.choice(found)
        new = dice.choice(["", match[0] + "\n" + match[0], other[0], match[0].replace("<", "<Other", 1)])
        text = text[: match.start()] + new + text[match.end() :]
    elif kind <= 17:
        at = dice.integer(0, len(text))
        text = text[:at] + dice.choice([*STRANGE, dice.choice(ODD)]) + text[at:]
    elif kind == 18 and dice.chance(0.3):
        text = BOMB.format(root="Combination") + text.partition(">")[2].replace('Name="', 'Name="&b;', 1)
    else:
        return damaged_bytes(content, dice)
    return text.encode("utf-8", "surrogatepass")


def description_trial(seed: int) -> Record:
    """Return what happens with a description that was changed."""
    dice = Dice("description", seed)
    record = Record()
    options: dict[str, Any] = {"as_pyhf": dice.chance(0.2)}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in damaged(base(), dice).items():
            (Path(folder) / name).write_bytes(content)
        top = Path(folder) / "top.xml"

        def call() -> Any:
            try:
                return read(top, base=folder, **options)
            except WorkspaceError as error:
                record.counts["refused"] += 1
                if not all(str(folder) in problem for problem in error.problems):
                    record.note(Fault("no place", next(p for p in error.problems if str(folder) not in p)))
                raise

        reading, fault = guarded("read", call)
        record.note(fault)
        if reading is None:
            return record
        record.counts["read"] += 1
        record.note(guarded("notes", lambda: [str(note) for note in reading.notes])[1])
        record.note(guarded("compile_model", lambda: wilks.compile_model(reading.workspace))[1])
        record.note(guarded("write", lambda: write(reading.workspace, Path(folder) / "again.xml"))[1])
    return record


def main() -> int:
    """Return the exit code: 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.descriptions", description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000, help="how many (default 10000)")
    parser.add_argument("--seed", type=int, default=0, help="the number of the first (default 0)")
    parser.add_argument("--only", type=int, help="repeat this one")
    asked = parser.parse_args()
    numbers = [asked.only] if asked.only is not None else range(asked.seed, asked.seed + asked.trials)
    summary = Summary()
    for number in numbers:
        summary.add("description", number, description_trial(number))
    print(summary)
    return int(summary.failed)


if __name__ == "__main__":
    sys.exit(main())
