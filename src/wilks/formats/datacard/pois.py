"""Which parameter of interest multiplies which process."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from wilks.errors import listed, nearest
from wilks.formats.datacard.records import Block, Card, RateParam
from wilks.formats.datacard.text import Problems

_DECLARED = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")
_EXPRESSION = re.compile(r"(\w+)=(expr|prod|sum)(?:;;|::)(\w+)\((?:([\"'])(.*)\4,)?([^\"']*)\)")
_COMMA = re.compile(r",(?![^\[\]]*\])")


@dataclass
class Interest:
    """Parameters of interest (start and range by name) and the scale of each process: a name, or 0 or 1.

    `formulas` are scales that are computed, `free` the parameters that these declare.
    """

    parameters: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    formulas: dict[str, RateParam] = field(default_factory=dict)
    free: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    scales: dict[Block, str] = field(default_factory=dict)


def interest(card: Card, maps: Sequence[str], modes: Sequence[str], problems: Problems) -> Interest:
    """Return what `maps` say, `PATTERN[,PATTERN]:NAME[START,LOW,HIGH]`; without any, "r" multiplies the signals.

    A pattern is matched at the beginning of `channel/process`, the last map that matches counts; the names 1 and 0
    leave a process alone and take it away. With `modes` each production of a Higgs boson has a parameter of its own, as
    in floatingXSHiggs. `PATTERN:NAME=expr;;NAME("@0*@1",A,B)`, or prod or sum without a formula, is a computed scale.
    """
    found = Interest()
    if modes:
        _modes(card, found, modes, problems)
    elif not maps and card.signals:
        found.parameters = {"r": (1.0, 0.0, 20.0)}
        found.scales = {block: "r" for block, column in card.columns.items() if column.signal}
    for text in sorted(maps, key=lambda text: text.startswith("turnoff=")):  # these last, as in Combine
        _add(card, found, _as_map(text), problems)
    for channel in card.channels:
        there = [block for block, column in card.columns.items() if block[0] == channel and column.rate != 0]
        if there and all(found.scales.get(block) == "0" for block in there):
            problems.add("maps", f'they take all processes of channel "{channel}" away; exclude leaves it out')
    return found


def _as_map(text: str) -> str:
    """Return an option of Combine's physics models as a map."""
    if text.startswith("turnoff="):
        return f".*/({text.removeprefix('turnoff=').replace(',', '|')}):0"
    return text.removeprefix("map=")


_UPPER = {"ggH": 4.0, "qqH": 10.0, "VH": 20.0, "ttH": 20.0}
_SCALED_BY = dict.fromkeys(("VH", "WH", "WPlusH", "WMinusH", "ZH", "ggZH"), "VH")
_SCALED_BY |= {"ggH": "ggH", "bbH": "ggH", "qqH": "qqH", "ttH": "ttH", "tHq": "ttH", "tHW": "ttH"}
"""The mode whose parameter scales a production, as in floatingXSHiggs."""


def _modes(card: Card, found: Interest, modes: Sequence[str], problems: Problems) -> None:
    for mode in modes:
        if mode not in _UPPER:
            text = f'no production "{mode}"; allowed are {listed(_UPPER)}{nearest(mode, _UPPER)}'
            problems.add("modes", text)
        else:
            found.parameters[f"r_{mode}"] = (1.0, 0.0, _UPPER[mode])
    for block, column in card.columns.items():
        if not column.signal:
            continue
        production = column.process.split("_")[0]
        if production not in _SCALED_BY:
            text = f'signal "{column.process}": no production "{production}"; allowed are {listed(_SCALED_BY)}'
            problems.add(column.where, f"{text}{nearest(production, _SCALED_BY)}")
            continue
        if _SCALED_BY[production] in modes:
            found.scales[block] = f"r_{_SCALED_BY[production]}"


def _add(card: Card, found: Interest, text: str, problems: Problems) -> None:
    patterns, colon, target = text.partition(":")
    match = _DECLARED.fullmatch(target)
    where = f'map "{text}"'
    if (computed := _EXPRESSION.fullmatch(target)) is not None and colon:
        _compute(found, computed, where, problems)
        _scale(card, found, patterns, computed[1], where, problems)
        return
    if not colon or match is None or "=" in target or ";" in target:
        problems.add(
            where, 'PATTERN:NAME[START,LOW,HIGH] needed, PATTERN:1, PATTERN:0, or PATTERN:NAME=expr;;NAME("@0*@1",A,B)'
        )
        return
    name, declared = match[1], match[2]
    if declared is not None and name not in found.parameters:
        values = _numbers(declared)
        if values is None:
            problems.add(where, f'"[{declared}]" found, [START,LOW,HIGH] needed, with the start inside')
            return
        found.parameters[name] = values
    elif name not in ("0", "1") and name not in found.parameters:
        problems.add(where, f'"{name}" has no start and range yet: {name}[1,0,10]')
        return
    _scale(card, found, patterns, name, where, problems)


def _scale(card: Card, found: Interest, patterns: str, name: str, where: str, problems: Problems) -> None:
    blocks = _matching(card.columns, patterns.split(","), where, problems)
    if not blocks:
        problems.remark(where, "matches no channel/process")
    found.scales |= dict.fromkeys(blocks, name)


def _compute(found: Interest, said: re.Match[str], where: str, problems: Problems) -> None:
    """Add the formula of `NAME=expr;;NAME("FORMULA",ARGUMENTS)`; arguments may be declared there, `A[1,0,5]`."""
    name, kind, again, _, formula, rest = said.groups()
    if name != again or (formula is None) == (kind == "expr"):
        problems.add(where, f'{name}=expr;;{name}("FORMULA",ARGUMENTS) needed, or {name}=prod;;{name}(ARGUMENTS)')
        return
    arguments = []
    for text in _COMMA.split(rest):
        match = _DECLARED.fullmatch(text.strip())
        values = None if match is None or match[2] is None else _numbers(match[2])
        if match is None or (match[2] is not None and values is None):
            problems.add(where, f'"{text}" found, a name or NAME[START,LOW,HIGH] needed')
            continue
        arguments.append(match[1])
        if values is not None and match[1] not in found.parameters:
            found.free.setdefault(match[1], values)
    formula = formula or ("*" if kind == "prod" else "+").join(f"@{i}" for i in range(len(arguments)))
    found.formulas[name] = RateParam(name, ("", ""), 0.0, None, formula, tuple(arguments), where)


def _numbers(text: str) -> tuple[float, float, float] | None:
    try:
        start, low, high = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (start, low, high) if math.isfinite(low) and math.isfinite(high) and low <= start <= high else None


def _matching(blocks: Iterable[Block], patterns: Sequence[str], where: str, problems: Problems) -> list[Block]:
    found: list[Block] = []
    for pattern in patterns:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            problems.add(where, f'"{pattern}" is no regular expression ({error})')
            continue
        found += [block for block in blocks if compiled.match("/".join(block))]
    return found
