"""Datacards are read as Combine reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from wilks.errors import WorkspaceError, listed
from wilks.formats.datacard.combining import (
    Chosen,
    channel_names,
    chosen,
    combined,
    names_for_patterns,
    only,
    remark_on_idle,
)
from wilks.formats.datacard.document import Asked, describe
from wilks.formats.datacard.parameters import Parameters
from wilks.formats.datacard.parse import check_channels, parse_card
from wilks.formats.datacard.pois import interest
from wilks.formats.datacard.records import Card
from wilks.formats.datacard.templates import PROTECTED, Templates
from wilks.formats.datacard.text import Problems
from wilks.formats.notes import Note, Reading
from wilks.workspace.files import content_of_file
from wilks.workspace.pyhf_json import load_workspace
from wilks.workspace.workspace import Workspace

Source = str | Path | bytes


def read(
    source: Source | Sequence[str | Path] | Mapping[str, Source],
    *,
    mass: float | None = None,
    maps: Sequence[str] = (),
    modes: Sequence[str] = (),
    keywords: Mapping[str, str] | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    masks: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
    starts: Mapping[str, float] | None = None,
    freeze: Sequence[str] = (),
    combine_rounding: bool = False,
    check_sums: bool = True,
    allow_no_signal: bool = False,
    allow_no_background: bool = False,
) -> Reading:
    """Return the workspace of a datacard, given as a path or as bytes, or of several together.

    Several are a list of `label=path` (or paths: ch1, ch2, ...) or a mapping from label to path; channels get
    names as combineCards gives them. `mass` and `keywords` stand for `$MASS` and other keywords in names of files and
    histograms. `maps` are `PATTERN:NAME[START,LOW,HIGH]` of channel/process; without any, "r" (1, from 0 to 20)
    multiplies all signals; `modes` are productions of a Higgs boson (ggH, qqH, ...) with a parameter each, as
    floatingXSHiggs has them. `include` and `exclude` are patterns of channels, `masks` names of channels that the
    likelihood leaves out. `ranges`, `starts` and `freeze` are for parameters by name.

    The likelihood is Combine's. With `combine_rounding` numbers lose the digits that Combine loses on the way to its
    workspace. Without `check_sums` rates may differ from their histograms. Raises a WorkspaceError with every mistake.

    >>> card = b'''imax 1
    ... jmax 1
    ... kmax 1
    ... bin a
    ... observation 6
    ... bin a a
    ... process S B
    ... process 0 1
    ... rate 1 5.5
    ... dB lnN - 1.3
    ... '''
    >>> reading = read(card)
    >>> reading.workspace.channel_names, reading.workspace.document.measurements[0].config.poi
    (('a',), 'r')
    """
    problems = Problems()
    for word in PROTECTED.intersection(keywords or {}):
        hint = "; the mass is -m (mass=...)" if word == "MASS" else ""
        problems.add("keywords", f'"{word}" has its meaning already{hint}')
    card = _card(source, chosen(include, exclude, problems), problems)
    check_channels(card, problems, without_background=allow_no_background, without_signal=allow_no_signal)
    if not card.columns:
        raise WorkspaceError(problems.mistakes)
    found = interest(card, maps, modes, problems)
    parameters = Parameters(card, found, problems, mass, combine_rounding)
    parameters.collect()
    parameters.adjust(ranges or {}, starts or {}, dict.fromkeys(freeze))
    templates = Templates(card.shapes, mass, keywords or {}, problems, frozenset(card.statistics))
    asked = Asked(check_sums=check_sums, rounding=combine_rounding, masks=tuple(masks))
    with templates.files as files:
        made = describe(card, templates, found, parameters, problems, asked)
        missing = [*files.problems(), *templates.tables.problems] if card.shapes else []
        remarks = [*problems.remarks, *files.remarks]
        read_too = (*files.paths, *templates.tables.known)
    if problems.mistakes or missing:
        raise WorkspaceError(list(dict.fromkeys([*problems.mistakes, *missing])))
    workspace = Workspace(load_workspace(made.document).document, made.axes)
    return Reading(workspace, tuple(Note(where, text, "read as") for where, text in remarks), read_too)


def _card(source: Source | Sequence[str | Path] | Mapping[str, Source], which: Chosen, problems: Problems) -> Card:
    if isinstance(source, str | Path | bytes):
        card = _one(source, problems)
        remark_on_idle(which, card.channels, problems)
        kept = only(card, which)
        if card.channels and not kept.channels:
            problems.add(card.name, f"include and exclude leave none of the channels {listed(card.channels)}")
        return kept
    sources = source if isinstance(source, Mapping) else _labelled(source, problems)
    cards = {label: _one(one, problems) for label, one in sources.items()}
    if not cards:
        raise WorkspaceError("no datacard given")
    if any(not card.columns for card in cards.values()):
        raise WorkspaceError(problems.mistakes)
    every = [name for label, card in cards.items() for name in names_for_patterns(card, label)]
    remark_on_idle(which, every, problems)
    whole = combined(cards, which, problems)
    if not whole.channels:
        every = [name for label, card in cards.items() for name in channel_names(card, label).values()]
        problems.add(whole.name, f"include and exclude leave none of the channels {listed(every)}")
    return whole


def _labelled(sources: Iterable[str | Path], problems: Problems) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for i, one in enumerate(sources):
        label, equals, path = str(one).partition("=")
        if not equals or Path(one).is_file():
            label, path = f"ch{i + 1}", str(one)
        if label in found:
            problems.add(str(one), f'label "{label}" is given twice')
        found[label] = path
    return found


def _one(source: Source, problems: Problems) -> Card:
    if isinstance(source, bytes):
        return parse_card(source, "datacard", None, problems)
    path = Path(source)
    return parse_card(content_of_file(path, "file"), str(path), path.parent, problems)
