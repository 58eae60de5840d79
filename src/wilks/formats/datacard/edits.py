"""Lines `nuisance edit`, which change the rows above them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from wilks.errors import listed, nearest
from wilks.formats.datacard.kinds import ARGUMENTS, SHAPES
from wilks.formats.datacard.records import Block, Card, Param, Row, Value
from wilks.formats.datacard.text import Problems, Word

_NOTHING = (0.0, 1.0)
_FREE = ("trG", "unif", "dFD", "dFD2")


class _EditError(Exception):
    """What is wrong with an edit, and the word (from 0) of the line where it is."""

    def __init__(self, word: int, sentence: str) -> None:
        super().__init__(sentence)
        self.word = word


def edit(card: Card, words: list[Word], problems: Problems) -> None:
    """Do what a line says: `nuisance edit COMMAND ARGUMENTS`."""
    commands: dict[str, tuple[Callable[[Card, list[str]], str | None], int, str]] = {
        "add": (_add, 5, "PROCESS CHANNEL NAME KIND VALUE [addq or overwrite]"),
        "drop": (_drop, 3, "PROCESS CHANNEL NAME [ifexists]"),
        "rename": (_rename, 2, "PROCESS CHANNEL OLD NEW [ifexists], or OLD NEW"),
        "changepdf": (_change, 2, "NAME KIND"),
        "merge": (_merge, 4, "PROCESS CHANNEL NAME OTHER [ifexists]"),
        "split": (_split, 7, "PROCESS CHANNEL OLD NEW1 NEW2 VALUE1 VALUE2 [ifexists]"),
        "freeze": (_freeze, 1, "NAME [ifexists]"),
        "flip": (_flip, 3, "PROCESS CHANNEL NAME n2p or p2n [ifexists]"),
    }
    name = words[2].text if len(words) > 2 else ""
    if name not in commands:
        found = f'no edit "{name}"' if name else "no command after edit"
        problems.add(
            words[min(2, len(words) - 1)].where, f"{found}; allowed are {listed(commands)}{nearest(name, commands)}"
        )
        return
    command, least, form = commands[name]
    arguments = [word.text for word in words[3:]]
    if len(arguments) < least or (name == "rename" and len(arguments) == 3):
        problems.add(words[2].where, f"{len(arguments)} words after {name}, needed: {form}")
        return
    try:
        remark = command(card, arguments)
    except _EditError as error:
        problems.add(words[min(error.word + 3, len(words) - 1)].where, f"nuisance edit {name}: {error}")
    else:
        if remark:
            problems.remark(f"{words[0].file}:{words[0].line}", f"nuisance edit {name}: {remark}")


def _pattern(text: str, word: int, *, channel: bool = False) -> re.Pattern[str]:
    if text == "*":
        return re.compile(".*")
    try:
        return re.compile(text.replace("+", r"\+") if channel else text)
    except re.error as error:
        raise _EditError(word, f'"{text}" is no regular expression ({error})') from None


def _blocks(card: Card, process: str, channel: str) -> list[Block]:
    """Return the blocks whose names match, processes and channels as a whole."""
    processes, channels = _pattern(process, 0), _pattern(channel, 1, channel=True)
    return [b for b in card.columns if _fits(channels, b[0]) and _fits(processes, b[1])]


def _fits(pattern: re.Pattern[str], name: str) -> bool:
    """Return whether a pattern takes a whole name as Combine asks it: of alternatives the first that begins it counts.

    >>> _fits(re.compile("ttH|ttH_hbb"), "ttH_hbb"), _fits(re.compile("ttH_hbb|ttH"), "ttH_hbb")
    (False, True)
    """
    found = pattern.match(name)
    return found is not None and found.end() == len(name)


def _rows(card: Card, pattern: str, word: int) -> Iterator[Row]:
    compiled = _pattern(pattern, word)
    yield from [row for row in card.rows if _fits(compiled, row.name)]


def _value(text: str, word: int) -> Value:
    try:
        parts = [float(part) for part in text.split("/")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 2 or not all(map(math.isfinite, parts)) or (len(parts) == 2 and min(parts) <= 0):
        raise _EditError(word, f'"{text}" found, a number (or DOWN/UP) needed')
    return parts[0] if len(parts) == 1 else (parts[0], parts[1])


def _existing(found: bool, options: list[str], what: str) -> str | None:
    """Tell that nothing was found: a mistake, or with `ifexists` a remark."""
    if found:
        return None
    if "ifexists" in options:
        return f"{what}; it has no effect"
    raise _EditError(2, f"{what} (with ifexists at the end it is no mistake)")


def _add(card: Card, arguments: list[str]) -> str | None:
    process, channel, name, kind, text = arguments[:5]
    value = _value(text, 4)
    return _put(card, _blocks(card, process, channel), name, kind, value, arguments[5:])


def _put(card: Card, blocks: list[Block], name: str, kind: str, value: Value, options: list[str]) -> str | None:
    if kind.rstrip("?*") not in SHAPES and ARGUMENTS.get(kind) != 0:
        raise _EditError(3, f'a row of kind "{kind}" can\'t be made; allowed are "lnN", "lnU", "trG" and shapes')
    if kind in ("lnN", "lnU") and not isinstance(value, tuple) and value < 0:
        raise _EditError(4, f"{value:g} found, a number not below 0 needed")
    row = next((row for row in card.rows if row.name == name), None)
    if row is None:
        row = Row(name, kind, (), dict.fromkeys(card.columns, 0.0), f"{card.name} (edited)")
        card.rows.append(row)
    elif row.kind != kind:
        raise _EditError(3, f'"{name}" is a {row.kind} already ({row.where}), no {kind}')
    for block in blocks:
        if value in _NOTHING:
            continue
        now = row.entries.get(block, 0.0)
        if now in _NOTHING or "overwrite" in options:
            row.entries[block] = value
        elif "addq" in options:
            row.entries[block] = _quadrature(kind, now, value)
        else:
            where = f'process "{block[1]}" of "{block[0]}"'
            raise _EditError(4, f'"{name}" has {_written(now)} for {where} already; addq or overwrite says what to do')
    return None if blocks else "no such process in such a channel"


def _written(value: Value) -> str:
    return "/".join(f"{part:g}" for part in (value if isinstance(value, tuple) else (value,)))


def _quadrature(kind: str, one: Value, other: Value) -> Value:
    """Return two log-normal factors added in quadrature, down and up apart."""
    if isinstance(one, tuple) or isinstance(other, tuple):
        a = one if isinstance(one, tuple) else (1.0 / one, one)
        b = other if isinstance(other, tuple) else (1.0 / other, other)
        return _together(kind, a[0], b[0]), _together(kind, a[1], b[1])
    return _together(kind, one, other)


def _together(kind: str, one: float, other: float) -> float:
    if kind not in ("lnN", "lnU"):
        raise _EditError(3, f"values of {kind} can't be added in quadrature, only those of lnN and lnU")
    if one <= 0 or other <= 0 or math.log(one) * math.log(other) < 0:
        raise _EditError(4, f"{one:g} and {other:g} go in different directions, they can't be added in quadrature")
    size = math.exp(math.hypot(math.log(one), math.log(other)))
    return size if one > 1 else 1.0 / size


def _drop(card: Card, arguments: list[str]) -> str | None:
    process, channel, name = arguments[:3]
    blocks, found = _blocks(card, process, channel), False
    for row in _rows(card, name, 2):
        for block in blocks:
            row.entries[block] = 0.0
            found = True
    return _existing(found or channel == "*", arguments[3:], f'no "{name}" for such a process and channel')


def _rename(card: Card, arguments: list[str]) -> str | None:
    everywhere = len(arguments) == 2
    old, new = arguments[-2:] if everywhere else arguments[2:4]
    rows = [row for row in card.rows if row.name == old]
    word = 0 if everywhere else 2
    if not rows and not everywhere and old in card.params:
        return f'"{old}" is a param, which has no processes and channels: it has no effect, as in Combine'
    if not rows and not (everywhere and old in card.params):
        names = {*(row.name for row in card.rows), *card.params}
        return _existing(False, arguments, f'no systematic "{old}"{nearest(old, names)}')
    for row in rows:
        if row.kind in ("trG", "gmN"):
            raise _EditError(
                word, f'"{old}" is a {row.kind}: only lnN and shapes can be renamed, and param without places'
            )
        others = [other for other in card.rows if other.name == new and other is not row]
        if others and not any(_one_parameter(other.kind, row.kind) for other in others):
            raise _EditError(word + 1, f'"{new}" is a {others[0].kind} ({others[0].where}), "{old}" a {row.kind}')
    _check_param(card, rows, old, new, word)
    if everywhere:
        _rename_everywhere(card, rows, old, new)
        return None
    return _rename_blocks(card, rows, _blocks(card, *arguments[:2]), new, arguments[4:])


def _one_parameter(*kinds: str) -> bool:
    """Return whether rows of two kinds can have one parameter: lnN and shapes have the same."""
    normal = {"lnN" if kind.startswith("shape") and not kind.startswith("shapeU") else kind for kind in kinds}
    return len(normal) == 1


def _check_param(card: Card, rows: list[Row], old: str, new: str, word: int) -> None:
    """A systematic may get the name of a param only where that is a standard normal; params must agree."""
    there, moved = card.params.get(new), card.params.get(old)
    standard = there is None or (abs(there.mean) <= 1e-6 and abs(there.upper - 1) <= 1e-6 >= abs(there.lower - 1))
    if rows and not standard:
        raise _EditError(word + 1, f'"{new}" is a param ({there.where if there else ""}) that is no standard normal')
    if not rows and moved is not None and there is not None and (moved.mean, moved.upper) != (there.mean, there.upper):
        raise _EditError(word + 1, f'"{new}" is another param ({there.where})')


def _rename_everywhere(card: Card, rows: list[Row], old: str, new: str) -> None:
    for row in rows:
        for block, value in row.entries.items():
            if value != 0:
                row.histograms.setdefault(block, old)
        row.name = new
    if old in card.params:
        known = card.params.pop(old)
        made = Param(new, known.mean, known.lower, known.upper, known.bounds, known.where)
        card.params.setdefault(new, made)
        card.renamed[old] = new


def _rename_blocks(card: Card, rows: list[Row], blocks: list[Block], new: str, options: list[str]) -> str | None:
    for row in rows:
        to = next((r for r in card.rows if r.name == new and r.kind == row.kind and r is not row), None)
        if to is None:
            to = Row(new, row.kind, row.args, dict.fromkeys(card.columns, 0.0), row.where)
            card.rows.append(to)
        for block in blocks:
            to.entries[block] = row.entries.get(block, 0.0)
            row.entries[block] = 0.0
            if row.is_shape:
                to.histograms[block] = row.histograms.get(block, row.name)
    return _existing(bool(blocks), options, "no such process in such a channel")


def _change(card: Card, arguments: list[str]) -> str | None:
    name, kind = arguments[:2]
    rows = list(_rows(card, name, 0))
    for row in rows:
        if row.kind == kind:
            continue
        logs, free = ("lnN", "lnU"), _FREE
        if row.kind in logs and kind in free and kind != "trG":
            raise _EditError(1, f"{kind} needs numbers that an edit can't give; write the row as {kind}")
        allowed = (*logs, *free) if row.kind in (*logs, *free) else SHAPES if row.is_shape else ()
        if kind.rstrip("?*") not in allowed:
            raise _EditError(
                1, f'"{row.name}" is a {row.kind}, it can\'t become "{kind}"; allowed are {listed(allowed)}'
            )
        if (row.kind in logs) != (kind in logs):
            change = math.log if row.kind in logs else math.exp
            for block, value in row.entries.items():
                if isinstance(value, tuple):
                    raise _EditError(1, f'"{row.name}" has {_written(value)}: two numbers can\'t become a {kind}')
                row.entries[block] = 0.0 if value in _NOTHING else change(value)
        row.kind = kind
    return None if rows else f'no systematic "{name}"; it has no effect'


def _merge(card: Card, arguments: list[str]) -> str | None:
    process, channel, name, other = arguments[:4]
    blocks, found = _blocks(card, process, channel), False
    for row in _rows(card, other, 3):
        for block in blocks:
            _put(card, [block], name, row.kind, row.entries.get(block, 0.0), ["addq"])
            row.entries[block] = 0.0
            found = True
    return _existing(found or channel == "*", arguments[4:], f'no "{other}" for such a process and channel')


def _split(card: Card, arguments: list[str]) -> str | None:
    process, channel, old, first, second = arguments[:5]
    values = _value(arguments[5], 5), _value(arguments[6], 6)
    blocks, found = _blocks(card, process, channel), False
    for row in _rows(card, old, 2):
        for block in blocks:
            if row.entries.get(block, 0.0) not in _NOTHING:
                _put(card, [block], first, row.kind, values[0], ["overwrite"])
                _put(card, [block], second, row.kind, values[1], ["overwrite"])
            row.entries[block] = 0.0
            found = True
    return _existing(found or channel == "*", arguments[7:], f'no "{old}" for such a process and channel')


def _freeze(card: Card, arguments: list[str]) -> str | None:
    pattern = _pattern(arguments[0], 0)
    names = [*card.flat, *(rate.name for rate in card.rates), *card.arguments]
    found = [name for name in names if _fits(pattern, name)]
    found = found or [name for name in [*(row.name for row in card.rows), *card.params] if _fits(pattern, name)]
    card.frozen |= dict.fromkeys(found, "freeze")
    if found or "ifexists" in arguments[1:]:
        return None if found else f'no parameter "{arguments[0]}"; it has no effect'
    hint = nearest(arguments[0], [*names, *(row.name for row in card.rows), *card.params])
    raise _EditError(0, f'no parameter "{arguments[0]}"{hint} (with ifexists at the end it is no mistake)')


def _flip(card: Card, arguments: list[str]) -> str | None:
    process, channel, name = arguments[:3]
    options = arguments[3:]
    if not {"n2p", "p2n"}.intersection(options):
        raise _EditError(3, "n2p (negative to positive) or p2n needed at the end")
    blocks, found = _blocks(card, process, channel), False
    for row in _rows(card, name, 2):
        if row.kind != "lnN":
            raise _EditError(2, f'"{row.name}" is a {row.kind}, only lnN can be flipped')
        for block in blocks:
            row.entries[block] = _flipped(row.entries.get(block, 0.0), options)
            found = True
    return _existing(found or channel == "*", options, f'no "{name}" for such a process and channel')


def _flipped(value: Value, options: list[str]) -> Value:
    """Return a value with its sides exchanged; a positive one has its upper side above 1, and its lower side below."""
    first = 1.0 / value[0] if isinstance(value, tuple) else value
    if value in _NOTHING or first == 1 or ("n2p" if first < 1 else "p2n") not in options:
        return value
    return (1.0 / value[0], 1.0 / value[1]) if isinstance(value, tuple) else 1.0 / value
