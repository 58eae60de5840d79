"""Several cards become one, as combineCards does it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wilks.errors import listed, nearest
from wilks.formats.datacard.records import Block, Card, Column, Group, Row, Shapes, Value
from wilks.formats.datacard.text import Problems


def combined(cards: Mapping[str, Card], which: Chosen, problems: Problems) -> Card:
    """Return one card of several, by their labels.

    The channel of a card with one gets the card's label for a name, those of others the label and an underscore before
    theirs; "." keeps names. Systematics of one name are one.
    """
    whole = Card(" + ".join(card.name for card in cards.values()), None)
    whole.observed = {} if all(card.observed is not None for card in cards.values()) else None
    without = [card.name for card in cards.values() if card.observed is None]
    if 0 < len(without) < len(cards):
        text = 'no line "observation", without which the data of the other cards are left out, too, as in combineCards'
        problems.remark(without[0], text)
    for label, all_of_it in cards.items():
        card = only(all_of_it, which, label)
        names = {old: new for old, new in channel_names(all_of_it, label).items() if old in card.channels}
        for old, new in names.items():
            if new in whole.channels:
                problems.add(card.name, f'channel "{new}" is in a card before; give the cards other labels')
            else:
                whole.channels.append(new)
                if whole.observed is not None and card.observed is not None and old in card.observed:
                    whole.observed[new] = card.observed[old]
                    whole.observed_at[new] = card.observed_at[old]
        _add_columns(whole, card, names, problems)
        _add_shapes(whole, card, names)
        _add_rows(whole, card, names, problems)
        _add_parameters(whole, card, names, problems)
    return whole


def channel_names(card: Card, label: str) -> dict[str, str]:
    """Return the names that a card's channels get in a combination."""
    alone = len(card.channels) == 1
    if label == ".":
        return {name: name for name in card.channels}
    return {name: label if alone else f"{label}_{name}" for name in card.channels}


@dataclass(frozen=True)
class Chosen:
    """Patterns of names of channels that are read, if there are any, and of those that aren't."""

    include: Sequence[re.Pattern[str]] = ()
    exclude: Sequence[re.Pattern[str]] = ()

    def __contains__(self, name: str) -> bool:
        if any(pattern.match(name) for pattern in self.exclude):
            return False
        return not self.include or any(pattern.match(name) for pattern in self.include)


def chosen(include: Sequence[str], exclude: Sequence[str], problems: Problems) -> Chosen:
    """Return what two lists of patterns choose; a pattern is matched at the beginning of a name."""
    found: dict[str, list[re.Pattern[str]]] = {"include": [], "exclude": []}
    for option, given in (("include", include), ("exclude", exclude)):
        for text in given:
            try:
                found[option].append(re.compile(text))
            except re.error as error:
                problems.add(option, f'"{text}" is no regular expression ({error})')
    return Chosen(**found)


def remark_on_idle(which: Chosen, names: Sequence[str], problems: Problems) -> None:
    """Remark on patterns that match none of the names of channels."""
    for option, patterns in (("include", which.include), ("exclude", which.exclude)):
        for pattern in patterns:
            if not any(pattern.match(name) for name in names):
                hint = nearest(pattern.pattern, names)
                problems.remark(option, f'"{pattern.pattern}" matches no channel; there are {listed(names)}{hint}')


def names_for_patterns(card: Card, label: str) -> list[str]:
    """Return the names by which patterns know the channels of a card in a combination, as in combineCards."""
    return [label] if label != "." and len(card.channels) == 1 else card.channels


def only(card: Card, which: Chosen, label: str | None = None) -> Card:
    """Return a card with the chosen channels; with a label the channel of a card with one is known by that."""
    shown = {name: label if label not in (None, ".") and len(card.channels) == 1 else name for name in card.channels}
    kept = [name for name in card.channels if str(shown[name]) in which]
    if kept == card.channels:
        return card
    return replace(
        card,
        channels=kept,
        observed=card.observed and {name: count for name, count in card.observed.items() if name in kept},
        columns={block: column for block, column in card.columns.items() if block[0] in kept},
        rates=[rate for rate in card.rates if rate.block[0] in kept],
        statistics={name: said for name, said in card.statistics.items() if name in kept},
    )


def _add_columns(whole: Card, card: Card, names: dict[str, str], problems: Problems) -> None:
    signals, known = whole.signals, set(whole.processes)
    for (channel, process), column in card.columns.items():
        if process in known and (process in signals) != column.signal:
            text = (
                f'process "{process}" is a {"signal" if column.signal else "background"} here, but not in a card before'
            )
            problems.add(column.where, text)
        new = names[channel]
        whole.columns.setdefault((new, process), Column(new, process, column.signal, column.rate, column.where))


def _add_shapes(whole: Card, card: Card, names: dict[str, str]) -> None:
    """Add shapes lines, those of all channels for each of them."""
    if not card.shapes:
        whole.shapes += [_fake(card, new) for new in names.values()]
    for old, new in names.items():
        own = [line for line in card.shapes if line.channel == old]
        others = [line for line in card.shapes if line.channel == "*" and all(line.process != o.process for o in own)]
        for line in own + others:
            texts = (line.file, line.nominal, line.varied)
            file, nominal, varied = (text and text.replace("$CHANNEL", old) for text in texts)
            whole.shapes.append(replace(line, channel=new, file=str(file), nominal=str(nominal), varied=varied))


def _fake(card: Card, channel: str) -> Shapes:
    return Shapes("*", channel, "FAKE", "", None, card.folder, card.name)


def _add_rows(whole: Card, card: Card, names: dict[str, str], problems: Problems) -> None:
    for row in card.rows:
        entries = {(names[c], p): value for (c, p), value in row.entries.items() if c in names}
        histograms = {(names[c], p): name for (c, p), name in row.histograms.items() if c in names}
        same = [other for other in whole.rows if other.name == row.name]
        known = next((other for other in same if other.kind == row.kind), same[0] if same else None)
        if known is None:
            whole.rows.append(replace(row, entries=entries, histograms=histograms))
            continue
        kind = _common_kind(known.kind, row.kind)
        if kind is None:
            text = f'"{row.name}" is {row.kind} here, but {known.kind} in a card before ({known.where})'
            problems.add(row.where, text)
        elif known.args != row.args and kind != row.kind + "?":
            text = f'"{row.name}" has {_shown(row)} here, but {_shown(known)} in a card before ({known.where})'
            problems.add(row.where, text)
        elif any(block in known.entries and entries[block] for block in _acting(known, entries)):
            whole.rows.append(replace(row, entries=entries, histograms=histograms))
        else:
            known.kind = kind
            known.entries.update(entries)
            known.histograms.update(histograms)


def _acting(row: Row, entries: dict[Block, Value]) -> list[Block]:
    return [block for block in entries if row.entries.get(block)]


def _shown(row: Row) -> str:
    return f"{row.kind} " + " ".join(f"{value:g}" for value in row.args)


def _common_kind(one: str, other: str) -> str | None:
    """Return the kind of a row whose cards say two: lnN and shape are shape?."""
    if one == other:
        return one
    shapes = [kind for kind in (one, other) if kind.startswith("shape")]
    bare = {kind.rstrip("?") for kind in shapes}
    if len(bare) == 1 and (len(shapes) == 2 or "lnN" in (one, other)):
        return bare.pop() + "?"
    return None


def _add_parameters(whole: Card, card: Card, names: dict[str, str], problems: Problems) -> None:
    for name, param in card.params.items():
        known = whole.params.setdefault(name, param)
        if (known.mean, known.lower, known.upper) != (param.mean, param.lower, param.upper):
            problems.add(param.where, f'param "{name}" is another one in a card before ({known.where})')
    for name, argument in card.arguments.items():
        known_argument = whole.arguments.setdefault(name, argument)
        if (known_argument.value, known_argument.constant) != (argument.value, argument.constant):
            text = f'extArg "{name}" is another one in a card before ({known_argument.where}), which counts'
            problems.remark(argument.where, text)
    for name, constr in card.constraints.items():
        known_constr = whole.constraints.setdefault(name, constr)
        if replace(known_constr, where="") != replace(constr, where=""):
            problems.add(constr.where, f'constr "{name}" is another one in a card before ({known_constr.where})')
    whole.flat |= card.flat
    whole.frozen |= card.frozen
    whole.renamed |= card.renamed
    whole.rates += [replace(rate, block=(names[rate.block[0]], rate.block[1])) for rate in card.rates]
    whole.statistics |= {names[name]: said for name, said in card.statistics.items()}
    for name, group in card.groups.items():
        known_group = whole.groups.setdefault(name, Group({}, group.where))
        known_group.names |= group.names
