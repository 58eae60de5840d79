"""Names that ROOT can hold, for everything in a workspace."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from wilks.formats.notes import Note
from wilks.workspace.spec import (
    Document,
    HistoSys,
    Lumi,
    NormFactor,
    NormSys,
    ShapeFactor,
    ShapeSys,
    StatError,
)

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_]")
_RESERVED = frozenset(("Lumi", "lumi", "nominalLumi", "weightVar", "channelCat"))
"""Names that ROOT's workspace, or this one, has already: no factor can have them."""


@dataclass
class WrittenNames:
    """What things are called in the files: channels, samples by channel, and names of parameters and functions.

    `types` are the types of the modifiers of each name.
    """

    channels: dict[str, str] = field(default_factory=dict)
    samples: dict[str, dict[str, str]] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    types: dict[str, set[type]] = field(default_factory=dict)

    def scalar(self, name: str) -> str:
        """Return what ROOT calls a scalar parameter or a function."""
        kinds = self.types.get(name, set())
        if Lumi in kinds:
            return "Lumi"
        prefix = "alpha_" if kinds & {NormSys, HistoSys} else ""
        return f"{prefix}{self.parameters.get(name, name)}"

    def gamma(self, name: str, channel: str, b: int) -> str:
        """Return what ROOT calls a parameter of a bin, counted from 0 in its channel."""
        if StatError in self.types[name]:
            return f"gamma_stat_{self.channels[channel]}_bin_{b}"
        return f"gamma_{self.parameters[name]}_bin_{b}"


def written_names(document: Document, functions: Iterable[str], notes: list[Note]) -> WrittenNames:
    """Return the names in the files; what ROOT can't hold becomes "_", with a note.

    `functions` are the names of functions and of their parameters.
    """
    made = WrittenNames()
    for channel in document.channels:
        made.samples[channel.name] = _valid([sample.name for sample in channel.samples], "sample", notes)
        for sample in channel.samples:
            for modifier in sample.modifiers:
                made.types.setdefault(modifier.name, set()).add(type(modifier))
    made.channels = _valid([channel.name for channel in document.channels], "channel", notes)
    names = [
        name for name in dict.fromkeys((*made.types, *functions)) if made.types.get(name) not in ({StatError}, {Lumi})
    ]
    factors = {name for name in names if not made.types.get(name, {NormFactor}) & {NormSys, HistoSys}}
    made.parameters = _valid(names, "parameter", notes, factors & _RESERVED)
    for name, kinds in made.types.items():
        if kinds == {StatError}:
            for channel in document.channels:
                here = f"staterror_{made.channels[channel.name]}"
                if name != here and any(m.name == name for s in channel.samples for m in s.modifiers):
                    notes.append(Note(f'staterror "{name}"', f'is called "{here}" when the files are read', "lost"))
        if kinds & {ShapeFactor, ShapeSys} and made.parameters[name].startswith("stat_"):
            notes.append(Note(f'parameter "{name}"', "may be taken for a statistical one by ROOT", "approximate"))
    return made


def _valid(names: Iterable[str], what: str, notes: list[Note], reserved: Iterable[str] = ()) -> dict[str, str]:
    made: dict[str, str] = {}
    taken = set(reserved)
    wanted = list(dict.fromkeys(names))
    valid = {name for name in wanted if _good(name) == name} - taken
    for name in wanted:
        new = _good(name)
        while new in taken or (new in valid and new != name):
            new += "_"
        taken.add(new)
        made[name] = new
        note = Note(f'{what} "{name}"', f'is called "{new}" in the files, where names are of A-Z, 0-9 and _', "lost")
        if new != name and note not in notes:
            notes.append(note)
    return made


def _good(name: str) -> str:
    new = _NOT_ALLOWED.sub("_", name)
    return f"_{new}" if not new or new[0].isdigit() else new
