"""Pulls by category: which group each parameter belongs to, and what is left out of each."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence

from wilks.errors import InputError, nearest
from wilks.figures.pull_rows import Row
from wilks.results.fit import FitResult
from wilks.selection import matching

FACTORS, SYSTEMATICS, MC = "normalisation factors", "systematics", "MC statistics"
OTHERS = f"other {SYSTEMATICS}"
_MC_TYPES = frozenset({"staterror", "shapesys"})
_LINE = 46  # characters of a note below

Groups = Mapping[str, str | Sequence[str]]


def categories(result: FitResult, groups: Groups | None) -> dict[str, str]:
    """Return the group of each parameter: of those asked for the first that has it, else its kind.

    Raises InputError for a pattern that no parameter of the fit matches.
    """
    found: dict[str, str] = {}
    unknown = []
    for title, patterns in (groups or {}).items():
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            places = matching(result.names, pattern)
            if not places:
                near = nearest(pattern, result.names)
                unknown.append(f'groups: there is no parameter "{pattern}" in this fit{near}')
            for i in places:
                found.setdefault(result.names[i], title)
    if unknown:
        raise InputError(unknown)
    kinds = [kind(result, i) for i in range(len(result.names))]
    if groups:
        kinds = [OTHERS if each == SYSTEMATICS else each for each in kinds]
    return {name: found.get(name, each) for name, each in zip(result.names, kinds, strict=True)}


def kind(result: FitResult, i: int) -> str:
    """Return what a parameter is about, in the words of `breakdown`."""
    if result.constraints[i] == "none":
        return FACTORS
    return MC if _MC_TYPES.intersection(result.modifier_types[i]) else SYSTEMATICS


def grouped(rows: Sequence[Row], every: Sequence[Row], groups: Mapping[str, str], order: Sequence[str]) -> list[Row]:
    """Return rows by group, each under a heading; values without a pull stand on top, without one.

    `groups` has the group of each parameter, `every` are the rows that could be drawn: a heading says how many of its
    group are not. Where all are of one group there is no heading.
    """
    free, pulled = [row for row in rows if row.pull is None], [row for row in rows if row.pull is not None]
    present = list(dict.fromkeys(groups[row.name] for row in pulled))
    titles = sorted(present, key=lambda title: order.index(title) if title in order else len(order))
    if len(titles) < 2:
        return [*free, *pulled]
    whole = Counter(groups[row.name] for row in every if row.pull is not None)
    drawn = Counter(groups[row.name] for row in pulled)
    found = list(free)
    for title in titles:
        few = f" ({drawn[title]} of {whole[title]})" if drawn[title] < whole[title] else ""
        found.append(Row(f"{title}{few}", None, 0.0, "", heading=True))
        found += [row for row in pulled if groups[row.name] == title]
    return found


def left_out(result: FitResult, selected: Sequence[str], staterrors: bool, hidden: int) -> str:
    """Return what a figure of pulls does not show, in lines: the dull ones, staterrors, and those excluded by name."""
    chosen = set(selected)
    missing = [i for i, name in enumerate(result.names) if name not in chosen]
    gammas = 0 if staterrors else sum("staterror" in result.modifier_types[i] for i in missing)
    parts = [f"{gammas} of staterrors"] if gammas else []
    parts += [f"{len(missing) - gammas} excluded"] if len(missing) > gammas else []
    lines = [f"{hidden} more, less pulled and less constrained, not shown"] if hidden else []
    lines += textwrap.wrap(f"left out: {', '.join(parts)}", _LINE) if parts else []
    return "\n".join(lines)
