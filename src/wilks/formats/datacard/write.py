"""Workspaces are written as datacards: a text, and a ROOT file with the histograms beside it."""

from __future__ import annotations

import re
import tempfile
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from wilks._files import write_atomically
from wilks.errors import WorkspaceError
from wilks.formats.datacard.auto_mc_stats import as_combine_starts
from wilks.formats.datacard.records import Block
from wilks.formats.datacard.starting import start_values
from wilks.formats.datacard.write_again import require_same
from wilks.formats.datacard.write_channels import ChannelWriter
from wilks.formats.datacard.write_functions import functions_of, resolved
from wilks.formats.datacard.write_names import INTEREST, card_names
from wilks.formats.datacard.write_parameters import ParameterLines, known_parameters
from wilks.formats.datacard.write_penalties import FORMS, constr_lines
from wilks.formats.datacard.write_sheet import Sheet
from wilks.formats.histfactory_xml.write_channels import Told
from wilks.formats.notes import Note, Writing
from wilks.formats.root_writing import root_file
from wilks.workspace.spec import NormFactor
from wilks.workspace.workspace import Workspace

_DEFAULT = (1.0, 0.0, 20.0)
_OF_MODIFIER = re.compile(r'(channel ".*", sample ".*": [a-z]+ ".*?"): (.*)')


def write(workspace: Workspace, path: str | Path) -> Writing:
    """Write a workspace as a datacard of Combine, and return the files and what there is to know.

    `path` is the card, `NAME.txt`; beside it comes `NAME.root` where there are histograms. Combine's likelihood is that
    of the workspace, and what the reader of cards made of a card is read again the same, bit for bit. What a parameter
    of interest multiplies isn't said in a card: notes give the options where it isn't "r" (1, from 0 to 20) on all
    signals. The card is read again before it goes to its place, and has to say the same.

    Raises WorkspaceError, with every reason, where it can't be said; nothing is written then. OSError where the folder
    can't be written.
    """
    target = Path(path)
    card = Described(workspace, f"{target.stem}.root")
    contents = {card.sheet.file: root_file(card.sheet.histograms)} if card.sheet.histograms else {}
    contents[target.name] = card.text.encode()
    with tempfile.TemporaryDirectory() as folder:
        for name, content in contents.items():
            (Path(folder) / name).write_bytes(content)
        require_same(card, Path(folder) / target.name)
    for name, content in contents.items():
        write_atomically(target.with_name(name), content)
    return Writing(tuple(target.with_name(name) for name in contents), tuple(card.told.notes))


class Described:
    """A workspace as a sheet, `text`, and what is told; `maps` are for `read(card, maps=...)`, if they are needed.

    Raises WorkspaceError with everything that a card can't say.
    """

    def __init__(self, workspace: Workspace, file: str) -> None:
        self.workspace, self.document, self.told = workspace, workspace.document, Told()
        self.sheet = Sheet(file)
        self.functions = functions_of(self.document)
        self._whole()
        self.known = known_parameters(self.document, self.functions)
        penalties = self.functions.penalties
        names = [*self.known, *self.functions.formulas, *self.functions.linear, *penalties.constraints]
        self.pois = self.document.measurements[0].config.of_interest
        self.names = card_names(self.document, names, self.pois, self.told)
        self.lines = ParameterLines(self.known, self.functions, self.names.parameters, self.pois, self.told)
        scaled = self._interest()
        self._channels(scaled)
        self._frozen()
        self._groups()
        self._odd_channels()
        if self.told.problems:
            raise WorkspaceError(once(self.told.problems))
        self.sheet.params = self.lines.lines
        self.sheet.constraints = self._constraints()
        self.text = self.sheet.text(self._order())

    def _whole(self) -> None:
        """Note or refuse what concerns the whole workspace."""
        document, told = self.document, self.told
        if len(document.measurements) > 1:
            told.lost("measurements", f'a card has one: "{document.measurements[0].name}" is written')
        if document.data_sets:
            told.lost("data_sets", "a card has one set of counts; further ones are left out")
        config = document.measurements[0].config
        if config.correlations:
            told.problems.append("correlated constraints: the systematics of a card are independent")
        if config.clip:
            told.problems.append("clip: yields of a card are not cut at 0 (but at 1e-9, where histograms are varied)")
        for name in self.functions.penalties.others:
            told.problems.append(f'penalty "{name}": what it adds to the likelihood has no row; {FORMS}')

    def _interest(self) -> dict[Block, str]:
        """Return the parameter of interest of each block, and say to the sheet which processes are signals."""
        scaled: dict[Block, str] = {}
        blocks: list[Block] = []
        for channel in self.document.channels:
            for sample in channel.samples:
                blocks.append((self.names.channels[channel.name], self.names.processes[sample.name]))
                mine = [m.name for m in sample.modifiers if isinstance(m, NormFactor) and m.name in self.pois]
                if mine:
                    scaled[blocks[-1]] = mine[0]
        self.sheet.signals = {process for _, process in scaled}
        for name in self.pois:
            if name not in scaled.values() or self.known[name].types != {NormFactor}:
                self.told.problems.append(f'parameter of interest "{name}": is no factor of a sample by itself')
            elif self.known[name].constraint != "none" or self.known[name].fixed:
                text = "has a constraint or is fixed, which a card can't say of one of interest"
                self.told.problems.append(f'parameter of interest "{name}": {text}')
        signals = [block for block in blocks if block[1] in self.sheet.signals]
        if self.pois and not self.told.problems:
            self._say_interest(scaled, everywhere=len(self.pois) == 1 and len(signals) == len(scaled))
        return scaled

    def _say_interest(self, scaled: dict[Block, str], *, everywhere: bool) -> None:
        """Call the only one r, and give maps to Combine where that is not all."""
        if everywhere:
            one = self.known[self.pois[0]]
            self.names.parameters[one.name] = INTEREST
            if one.name != INTEREST:
                self.told.lost(
                    f'parameter "{one.name}"', f'is called "{INTEREST}", as what multiplies all signals of a card'
                )
            if (one.start, one.low, one.high) != _DEFAULT:
                text = (
                    f"starts at 1 and goes from 0 to 20 when it is read, not at {one.start:g} and from {one.low:g} to "
                )
                option = f"--setParameterRanges {INTEREST}={one.low:g},{one.high:g}"
                self.told.lost(f'parameter "{one.name}"', f"{text}{one.high:g} ({option})")
            return
        for name in self.pois:
            one, mine = self.known[name], [block for block in scaled if scaled[block] == name]
            patterns = ",".join(f"{re.escape(c)}/{re.escape(p)}$" for c, p in mine)
            declared = f"{self.names.parameters[name]}[{one.start!r},{one.low!r},{one.high!r}]"
            self.sheet.maps.append(f"{patterns}:{declared}")
        options = " ".join(f"--PO 'map={one}'" for one in self.sheet.maps)
        text = f"what they multiply isn't said in a card; read it with {options}"
        self.told.lost("parameters of interest", text)

    def _channels(self, scaled: dict[Block, str]) -> None:
        counts = {one.name: np.asarray(one.data, np.float64) for one in self.document.observations}
        settings = {one.name: {"inits": [one.start]} for one in self.known.values()}
        said = {one.name: msgspec.to_builtins(one) for one in self.document.measurements[0].config.parameters}
        counted = as_combine_starts({n: s for n, s in said.items() if "inits" in s})
        functions = {one.name: resolved(one) for one in self.document.functions or ()}
        starts = start_values({**settings, **{n: s for n, s in counted.items() if n in settings}}, functions)
        writer = ChannelWriter(self.sheet, self.names, self.lines, self.functions, scaled, starts, self.told)
        masked = {mask.channel: mask.bins for mask in self.document.masks or ()}
        for channel in self.document.channels:
            if channel.name in masked:
                self._masked(channel.name, masked[channel.name])
                continue
            axis = self.workspace.axes.get(channel.name)
            if axis is not None and (axis.unit or axis.bin_labels):
                self.told.lost(f'channel "{channel.name}"', "unit and labels of bins of its axis are not written")
            writer.write(channel, counts[channel.name], axis, slice(None))

    def _masked(self, name: str, bins: list[int] | None) -> None:
        if bins is None:
            self.told.note(Note(f'channel "{name}"', "is masked, and left out of the card", "read as"))
        else:
            self.told.problems.append(f'channel "{name}": single bins are masked; a card masks whole channels')

    def _constraints(self) -> list[str]:
        named, penalties = self.names.parameters, self.functions.penalties
        formulas = {
            name: self.functions.formula(function, lambda one: named[one])
            for name, (function, _) in penalties.constraints.items()
        }
        return constr_lines(penalties, named, formulas)

    def _frozen(self) -> None:
        for name in self.lines.frozen:
            if self.lines.kinds.get(name) == "other" and any(
                line.startswith(f"{self.names.parameters[name]} extArg ") and line.endswith("[const]")
                for line in self.lines.lines
            ):
                continue
            self.sheet.frozen.append(f"nuisance edit freeze {re.escape(self.names.parameters[name])}")
        known = {*self.known, *self.functions.formulas}
        for one in self.document.measurements[0].config.parameters:
            if one.name not in known and (one.fixed is True or (isinstance(one.fixed, list) and any(one.fixed))):
                text = "a parameter of autoMCStats can't be fixed"
                self.told.problems.append(f'parameter "{one.name}": {text}')

    def _groups(self) -> None:
        for group in self.document.groups or ():
            members = [self.names.parameters[name] for name in group.parameters if name in self.known]
            others = [name for name in group.parameters if name not in self.known]
            if group.name == "autoMCStats" and not members:
                continue
            name = re.sub(r"[^\w.+-]", "_", group.name)
            if name != group.name or others:
                text = f'is called "{name}"' if name != group.name else f"is written without {', '.join(others[:3])}"
                self.told.lost(f'group "{group.name}"', text)
            if members:
                self.sheet.groups.append(f"{name} group = {' '.join(members)}")

    def _odd_channels(self) -> None:
        if not self.sheet.signals and self.sheet.columns:
            text = "no parameter of interest scales a process: Combine needs --X-allow-no-signal, and so does reading"
            self.told.note(Note("card", text, "read as"))
        for channel in self.sheet.observed:
            processes = [process for name, process in self.sheet.columns if name == channel]
            if processes and all(process in self.sheet.signals for process in processes):
                text = "has no background: Combine needs --X-allow-no-background, and so does reading"
                self.told.note(Note(f'channel "{channel}"', text, "read as"))

    def _order(self) -> list[str]:
        """Return the order of rows and rateParams."""
        named = self.names.parameters
        chains = [[named[name] for name in self.functions.formulas], [named[name] for name in self.known]]
        for channel in self.document.channels:
            for sample in channel.samples:
                chains.append(
                    [
                        named[m.name]
                        for m in sample.modifiers
                        if isinstance(m, NormFactor) and named.get(m.name) in self.sheet.rates
                    ]
                )
        return merged_order(chains)


def once(problems: list[str]) -> list[str]:
    """Return sentences in which what is said of several modifiers is said of the first, and the others are counted.

    >>> once(['channel "a", sample "b": normsys "x": no row', 'channel "a", sample "b": normsys "y": no row'])
    ['channel "a", sample "b": normsys "x" and 1 more: no row']
    """
    places: dict[str, list[str]] = {}
    for one in dict.fromkeys(problems):
        match = _OF_MODIFIER.fullmatch(one)
        place, text = (match[1], match[2]) if match else ("", one)
        places.setdefault(text, []).append(place)
    return [
        f"{of[0]}{f' and {len(of) - 1} more' if len(of) > 1 else ''}: {text}" if of[0] else text
        for text, of in places.items()
    ]


def merged_order(chains: list[list[str]]) -> list[str]:
    """Return names in an order that is that of all lists as far as they agree; earlier lists go first.

    >>> merged_order([["a", "c"], ["b", "c", "d"], ["d", "a"]])
    ['a', 'b', 'c', 'd']
    """
    after: dict[str, set[str]] = {}
    for chain in chains:
        for first, second in pairwise(chain):
            after.setdefault(first, set())
            after.setdefault(second, set())
            if not _reaches(after, second, first):
                after[first].add(second)
        for name in chain:
            after.setdefault(name, set())
    found: list[str] = []
    while after:
        later = set().union(*after.values())
        name = next(name for name in after if name not in later)
        found.append(name)
        del after[name]
    return found


def _reaches(after: dict[str, set[str]], start: str, end: str) -> bool:
    todo, seen = [start], set()
    while todo:
        name = todo.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            todo += after.get(name, ())
    return False
