"""Names that a card can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wilks.formats.histfactory_xml.write_channels import Told
from wilks.formats.notes import Note
from wilks.workspace.spec import Document

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.+-]")
_DATA = "data_obs"
INTEREST = "r"
"""What Combine calls the factor of all signals."""


@dataclass(frozen=True)
class CardNames:
    """What channels, processes, and parameters and functions are called in a card."""

    channels: Mapping[str, str]
    processes: Mapping[str, str]
    parameters: dict[str, str]


def card_names(document: Document, parameters: Iterable[str], pois: Sequence[str], told: Told) -> CardNames:
    """Return the names in a card; characters that it can't hold become "_", with a note."""
    channels = _valid([channel.name for channel in document.channels], "channel", told, digits=True)
    samples = [sample.name for channel in document.channels for sample in channel.samples]
    for name in channels.values():
        if name[0].isdigit():
            text = "begins with a digit: today's Combine refuses such a card"
            told.note(Note(f'channel "{name}"', text, "read as"))
    return CardNames(
        channels,
        _valid(samples, "process", told, reserved=(_DATA,)),
        _valid(parameters, "parameter", told, reserved=() if INTEREST in pois else (INTEREST,)),
    )


def _valid(
    names: Iterable[str], what: str, told: Told, *, digits: bool = False, reserved: Iterable[str] = ()
) -> dict[str, str]:
    wanted, made, taken = list(dict.fromkeys(names)), {}, set(reserved)
    valid = {name for name in wanted if _good(name, digits) == name} - taken
    for name in wanted:
        new = _good(name, digits)
        while new in taken or (new in valid and new != name):
            new += "_"
        taken.add(new)
        made[name] = new
        if new != name:
            told.lost(f'{what} "{name}"', f'is called "{new}" in the card, whose names are of A-Z, 0-9 and _ . + -')
    return made


def _good(name: str, digits: bool) -> str:
    new = _NOT_ALLOWED.sub("_", name)
    bad = not new or not (new[0].isalnum() or new[0] == "_") or (new[0].isdigit() and not digits)
    return f"_{new}" if bad else new
