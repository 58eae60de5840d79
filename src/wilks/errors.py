"""The exceptions that wilks raises, and how a mistake is worded.

Everything a user can get wrong raises an `InputError`: it collects *all* mistakes of one input, each one sentence
that says where, what was found, what is allowed and what is nearest. The command line prints these sentences
without a traceback.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# What a terminal may take for commands: controls, other ends of lines, changes of the direction of writing.
_LONGEST = 2000
# Characters of one mistake, and mistakes of one input, that anybody may want to read.
_MOST = 1000
_COMPARED = 500
# Characters of a name that is compared with others, in a time that grows with the square.


class WilksError(Exception):
    """Base of every exception raised by wilks on purpose."""


class InputError(WilksError):
    """Something the user handed in is wrong; `problems` lists every mistake, one sentence each.

    What a sentence quotes is shortened in the middle where it is endless, what is no Unicode text is escaped, and more
    than a thousand mistakes are counted.
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        given = (problems,) if isinstance(problems, str) else tuple(problems)
        more = (f"and {len(given) - _MOST} more mistakes",) if len(given) > _MOST else ()
        self.problems: tuple[str, ...] = (*(shown(_shortened(problem)) for problem in given[:_MOST]), *more)
        super().__init__("\n".join(self.problems))


class ConfigError(InputError):
    """The steering file is wrong."""


class TemplateError(InputError):
    """Histograms are missing, unreadable or do not fit together."""


class WorkspaceError(InputError):
    """The workspace document is wrong."""


class ModelError(InputError):
    """A model can't be built from this workspace with these settings, or was called with wrong arguments."""


class ModifierError(ModelError):
    """A modifier can't act where it stands."""


class NameReuseError(ModelError):
    """One name stands for parameters that differ."""


class SettingsError(ModelError):
    """What a measurement, or an option, says about a parameter can't be."""


class KindError(ModelError, TypeError):
    """A function was handed something of another kind than it takes; says what to write instead."""


class ResultError(InputError):
    """A saved result can't be read, or does not belong to this model."""


class FitError(WilksError):
    """A fit did not converge (only raised on request: `raise_on_failure=True`)."""


def raise_model_errors(problems: Mapping[type[ModelError], Sequence[str]]) -> None:
    """Raise the mistakes, by kind, if there are any: as their kind where all are of one, else as a ModelError."""
    found = {kind: sentences for kind, sentences in problems.items() if sentences}
    if found:
        kind = next(iter(found)) if len(found) == 1 else ModelError
        raise kind([sentence for sentences in found.values() for sentence in sentences])


def printable(text: str) -> str:
    """Return a text with what is no Unicode character, half of a surrogate pair, as an escape: `\\ud800`."""
    return text.encode("utf-8", "backslashreplace").decode()


def shown(text: str) -> str:
    r"""Return a text for a terminal: with escapes for what a terminal would obey, line ends and tabs aside.

    >>> shown("a\x1b[31mb"), shown("µ\n")
    ('a\\x1b[31mb', 'µ\n')
    """
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), printable(text))


def _shortened(text: str) -> str:
    left_out = len(text) - _LONGEST
    if left_out <= 0:
        return text
    return f"{text[: _LONGEST * 3 // 4]} ... ({left_out} characters left out) ... {text[-_LONGEST // 4 :]}"


def nearest(name: str, allowed: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return `; did you mean "..."?` for the allowed name closest to `name`, or an empty string.

    The only name that starts with `name` (three characters or more) is the closest; otherwise the similarity (difflib's
    ratio, 0 to 1) must reach `cutoff`.

    >>> nearest("ttbr", ["ttbar", "W+jets"])
    '; did you mean "ttbar"?'
    >>> nearest("Lumi", ["Luminosity", "JES"])
    '; did you mean "Luminosity"?'
    """
    candidates = [str(choice) for choice in allowed if len(str(choice)) <= _COMPARED]
    folded = {choice.casefold(): choice for choice in candidates}
    start = name[: _COMPARED + 1].casefold()
    matches = [choice for choice in folded if choice.startswith(start)] if len(start) >= 3 else []
    if len(matches) != 1:
        matches = difflib.get_close_matches(start, list(folded), n=1, cutoff=cutoff)
    return f'; did you mean "{folded[matches[0]]}"?' if matches else ""


def nearest_file(name: str, files: Iterable[str]) -> str:
    """Return `; did you mean "..."?` for the file whose name is near, or an empty string.

    Ends of names are left out (`.json` is no likeness). The rest may have one slip for every three letters, three at
    most: a letter that is missing, too many, another or exchanged with the next one. The only name that starts with
    `name` (three characters or more) is near too.

    >>> nearest_file("workspce.json", ["workspace.json", "fit.json"])
    '; did you mean "workspace.json"?'
    >>> nearest_file("limit.json", ["fit.json"])
    ''
    """
    stem = _stem(name)
    near: list[tuple[int, bool, str]] = []
    beginnings = []
    for file in files:
        other = _stem(file)
        allowed = min(len(stem) // 3, 3)
        if abs(len(stem) - len(other)) <= allowed and (slips := _slips(stem, other)) <= allowed:
            near.append((slips, _suffix(file) != _suffix(name), file))
        elif len(stem) >= 3 and other.startswith(stem):
            beginnings.append(file)
    found = min(near)[2] if near else beginnings[0] if len(beginnings) == 1 else None
    return f'; did you mean "{found}"?' if found is not None else ""


def _slips(one: str, other: str) -> int:
    """Return how many letters are missing, too many, others or exchanged (the distance of optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        two_before, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and (a, one[i - 2]) == (other[j - 2], b):
                row[j] = min(row[j], two_before[j - 2] + 1)
    return row[-1]


def _stem(file: str) -> str:
    return file.removesuffix(_suffix(file))[:_COMPARED].casefold()


def _suffix(file: str) -> str:
    head, dot, end = file.rpartition(".")
    return f".{end}" if head and dot and end else ""


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Return names quoted and separated by commas, the rest counted: `"a", "b" and 3 more`."""
    items = [f'"{name}"' for name in names]
    if len(items) > limit:
        return ", ".join(items[:limit]) + f" and {len(items) - limit} more"
    return ", ".join(items)


def first_of(items: Iterable[object], limit: int = 20) -> str:
    """Return the first items separated by commas, the rest counted.

    >>> first_of([3, 63, 64], limit=2)
    '3, 63 and 1 more'
    """
    found = [str(item) for item in items]
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return ", ".join(found[:limit]) + more
