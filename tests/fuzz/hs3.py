"""Damaged HS3 files: `python -m tests.fuzz.hs3 --trials 10000`; with a number, one of its trials again.

Whatever stands in a file, the reader returns a workspace or says in words what is wrong, and where.
"""

from __future__ import annotations

import argparse
import copy
import json
import re
import sys
from collections import Counter
from functools import cache
from typing import Any

from tests.fuzz.dice import Dice
from tests.fuzz.models import random_workspace
from tests.fuzz.mutations import mutated

import wilks
from wilks.errors import WilksError, WorkspaceError
from wilks.formats.hs3.read import read
from wilks.formats.hs3.write import to_hs3

BASES = 40
PLACE = re.compile(r"^document: (as a workspace: )?[\w.\[\]-]+.*: .*\S", re.DOTALL)
# Sentences that are about the file as a whole.
WHOLE = re.compile(r"^document: (not JSON|not HS3|nested too deeply)")


@cache
def base(number: int) -> dict[str, Any]:
    """Return an HS3 file before it is damaged: of a random model, every other one as older programs wrote it."""
    content, _ = to_hs3(wilks.load_workspace(random_workspace(number)))
    if number % 2:
        content = older(content)
    return content


def older(content: dict[str, Any]) -> dict[str, Any]:
    """Return a file without what only newer versions have, and with a function."""
    found = copy.deepcopy(content)
    found["metadata"] = {"hs3_version": "0.2", "packages": [{"name": "ROOT", "version": "6.40.00"}]}
    del found["misc"]
    found["functions"] = [
        {"name": "f", "type": "generic_function", "expression": "1 + 0.1 * mu ^ 2"},
        {"name": "g", "type": "product", "factors": ["f", "f"]},
    ]
    for distribution in found["distributions"]:
        for sample in distribution.get("samples", ()):
            for modifier in sample["modifiers"]:
                modifier.pop("parameter" if modifier["type"] == "normsys" else "", None)
            sample["modifiers"].append({"name": "g", "type": "custom"})
    return found


def trial(seed: int) -> tuple[str, str]:
    """Return what came of a damaged file ("read", "refused" or "fault"), and a sentence about it."""
    dice = Dice("hs3", seed)
    document = mutated(base(dice.integer(0, BASES - 1)), dice)
    content = json.dumps(document).encode()
    if dice.chance(0.03):
        content = content[: dice.integer(0, len(content))]
    try:
        workspace = read(content).workspace
    except WorkspaceError as error:
        nowhere = [p for p in error.problems if not (PLACE.match(p) or WHOLE.match(p) or p.startswith("and "))]
        if not error.problems or nowhere:
            return "fault", f"no place: {nowhere[:1] or 'no sentence'}"
        return "refused", error.problems[0]
    except Exception as error:
        return "fault", f"{type(error).__name__}: {error}"
    try:
        wilks.compile_model(workspace)
        written, notes = to_hs3(workspace)
        again = read(json.dumps(written).encode()).workspace
    except WilksError as error:
        return ("read", str(error)) if not isinstance(error, WorkspaceError) else ("fault", f"not written: {error}")
    except Exception as error:
        return "fault", f"{type(error).__name__}: {error}"
    if again.document != workspace.document and not notes:
        return "fault", "what is written is read as something else"
    return "read", ""


def campaign(seed: int, trials: int) -> tuple[Counter[str], list[str]]:
    """Return how many files were read, refused and mishandled, and a line for each that was mishandled."""
    counts: Counter[str] = Counter()
    faults = []
    for number in range(seed * 1_000_000, seed * 1_000_000 + trials):
        outcome, sentence = trial(number)
        counts[outcome] += 1
        if outcome == "fault":
            faults.append(f"python -m tests.fuzz.hs3 {number}  # {sentence[:200]}")
    return counts, faults


def main() -> int:
    """Return the exit code: 1 if a file was mishandled."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.hs3", description=__doc__)
    parser.add_argument("number", nargs="?", type=int, help="number of one trial to repeat")
    parser.add_argument("--seed", type=int, default=1, help="seed of the campaign (default 1)")
    parser.add_argument("--trials", type=int, default=10_000, help="how many files (default 10000)")
    asked = parser.parse_args()
    if asked.number is not None:
        outcome, sentence = trial(asked.number)
        print(f"{outcome}: {sentence}")
        return int(outcome == "fault")
    counts, faults = campaign(asked.seed, asked.trials)
    print("\n".join([", ".join(f"{count} {name}" for name, count in counts.most_common()), *faults]))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
