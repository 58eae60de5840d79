"""Several datacards in place of one workspace, as combineCards takes them: `ch1=a.txt ch2=b.txt`, or `a.txt b.txt`."""

from __future__ import annotations

import re
from pathlib import Path

from wilks.errors import InputError


def as_one(given: tuple[str, ...], command: str) -> str:
    """Return one argument for several: "ch1=a.txt,ch2=b.txt". Raises InputError where they can't be datacards."""
    from wilks.cli.inputs import DATACARD, content, kind

    if "-" in given:
        raise InputError("-: standard input stands alone; several cards are files")
    problems, cards = [], []
    for i, text in enumerate(given, 1):
        label, equals, path = text.partition("=")
        if not equals or Path(text).is_file():
            label, path = f"ch{i}", text
        found = kind(content(path))
        if found not in (None, DATACARD):
            problems.append(
                f"{path}: {found}, not a datacard; several files in place of one workspace are datacards. "
                '"wilks combine" makes one workspace of two'
            )
        elif not Path(path).exists():
            problems.append(f'{text}: no such file; "wilks {command}" takes one workspace, or several datacards')
        elif found is None:
            problems.append(f'{text}: not a datacard; "wilks {command}" takes one workspace, or several datacards')
        if re.search("[,=]", path):
            problems.append(f'{path}: a card beside others can\'t have "," or "=" in its path')
        if not re.fullmatch(r"\w+", label):
            problems.append(f'{text}: a label of letters, digits and _ needed before "="')
        cards.append(f"{label}={path}")
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return ",".join(cards)
