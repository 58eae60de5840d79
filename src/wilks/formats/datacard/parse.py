"""A card's text becomes a `Card`."""

from __future__ import annotations

from pathlib import Path

from wilks.errors import listed
from wilks.formats.datacard.header import Header
from wilks.formats.datacard.records import Card, Row, Value
from wilks.formats.datacard.rows import Rows
from wilks.formats.datacard.text import Problems, lines_of


def parse_card(content: bytes, name: str, folder: Path | None, problems: Problems) -> Card:
    """Return what a card says; mistakes and remarks are added to `problems`."""
    card = Card(name, folder)
    try:
        lines = lines_of(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        text = f"byte {content[error.start]:#x} is not UTF-8 text, as which a datacard is read; save it as UTF-8"
        problems.add(f"{name}:{line}", text)
        return card
    own = Problems()
    header = Header(card, own)
    first = header.read(lines)
    if header.rate is not None and header.columns:
        rows = Rows(card, header.columns, own)
        rows.read(lines, first)
        dropped = drop_idle(card)
        if not own.mistakes and not rows.edited:
            _check_count(card, header, len(dropped), own)
    problems.mistakes += own.mistakes
    problems.remarks += own.remarks
    return card


def drop_idle(card: Card) -> list[Row]:
    """Take away rows without any effect, and return them."""
    dropped = [row for row in card.rows if not acts(card, row)]
    idle = set(map(id, dropped))
    card.rows = [row for row in card.rows if id(row) not in idle]
    return dropped


def acts(card: Card, row: Row) -> bool:
    """Return whether a row has an effect on a process that is there."""
    return any(
        column.rate != 0 and not nothing(row.kind, row.entries.get(block, 0.0))
        for block, column in card.columns.items()
    )


def nothing(kind: str, value: Value) -> bool:
    """Return whether an entry has no effect."""
    return value == 0.0 or (kind == "lnN" and value == 1.0)


def _check_count(card: Card, header: Header, dropped: int, problems: Problems) -> None:
    declared, word = header.declared.get("kmax", (0, None))
    found = len(card.rows) + len(card.params) + len(card.constraints)
    without_constraints = found - len(card.constraints)  # as combineCards.py counts
    if word is not None and declared - dropped not in (found, without_constraints):
        names = [*(row.name for row in card.rows), *card.params, *card.constraints]
        without = f" ({dropped} more without effect)" if dropped else ""
        text = f"kmax says {declared}, found {found} rows of systematics{without}: {listed(names)}"
        problems.add(word.where, f"{text}; * leaves it open")


def check_channels(card: Card, problems: Problems, *, without_background: bool, without_signal: bool) -> None:
    """Each channel needs processes, one of them a background; some process must be a signal."""
    if not card.columns:
        return
    if not card.signals and not without_signal:
        text = "no signal (a process with a number of 0 or below); --X-allow-no-signal (allow_no_signal=True) reads it"
        problems.add(card.name, text)
    for channel in card.channels:
        every = [column for (name, _), column in card.columns.items() if name == channel]
        there = [column for column in every if column.rate != 0]
        where = every[0].where if every else card.name
        if not there:
            problems.add(where, f'channel "{channel}" has no process with a rate other than 0')
        elif all(column.signal for column in there) and not without_background:
            text = f'channel "{channel}" has no background; --X-allow-no-background (allow_no_background=True) reads it'
            problems.add(where, text)
        elif not any(column.signal for column in there):
            problems.remark(where, f'channel "{channel}" has no signal')
