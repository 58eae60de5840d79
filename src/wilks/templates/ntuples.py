"""(Config, keys) -> histograms from ntuples: every file is read once, and all its histograms are filled on the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from wilks._types import FloatArray
from wilks.config.schema import Config
from wilks.errors import listed
from wilks.histogram import Axis, Histogram, closed
from wilks.templates.filling import Tally, Task, Use, fill, starts_of
from wilks.templates.looking import Look, Question, about, about_all, look, parses_not, place_of, sentences
from wilks.templates.origins import changed_since, origins_of_ntuples, reusable, states, without
from wilks.templates.plan import Plan, planned
from wilks.templates.rebinning import with_outside
from wilks.templates.record import Origin
from wilks.templates.store import EventsRead, TemplateKey, Templates
from wilks.templates.workers import Map, Processes, Workers, mapping

Progress = Callable[[int, int], object]
_Work = TypeVar("_Work", Question, Task)


@dataclass(frozen=True)
class Made:
    """Templates from files, what is wrong, and what was read; where something is wrong, some templates are missing.

    `origins` say where the templates come from; those in `reused` were made before.
    """

    histograms: dict[TemplateKey, Histogram]
    problems: list[str]
    events: EventsRead | None = None
    origins: dict[TemplateKey, Origin] = field(default_factory=dict)
    reused: tuple[TemplateKey, ...] = ()


def fill_from_ntuples(
    config: Config,
    keys: Sequence[TemplateKey],
    *,
    workers: Workers = None,
    progress: Progress | None = None,
    skip_unreadable: bool = False,
    previous: Templates | None = None,
) -> Made:
    """Return templates filled from ntuples; all arguments are those of `build_templates`.

    What is wrong with files, trees and expressions is found before any entry is read.
    """
    plan = planned(config, keys)
    origins = origins_of_ntuples(config, plan)
    # What lacks a path may still have the fingerprint of what was made without it.
    reused = reusable(previous, origins) if not plan.problems else {}
    if reused:
        plan = planned(config, [key for key in keys if key not in reused])
    before = states(file for file, _ in plan.recipes)
    reading = _Reading(plan, progress, skip_unreadable, elsewhere=not _is_here(workers))
    with mapping(workers, reading.notes) as mapped:
        reading.look(mapped)
        if not reading.problems:
            reading.fill(mapped)
    changed = changed_since({file: state for file, state in before.items() if file not in reading.skipped})
    if changed or reading.problems:  # what else is wrong with a file that changed comes of that
        reading.problems = changed or reading.problems
        return Made({}, reading.problems, reading.events())
    found, notes = _templates(config, plan, reading.tallies)
    notes = [*plan.notes, *reading.notes, *reading.left_out(), *notes, *_notes_again(previous, reused)]
    origins |= {key: without(origins[key], reading.skipped) for key in found}
    origins |= {key: replace(origins[key], fingerprint="") for key in reading.with_friends(found)}
    return Made(found | reused, [], reading.events(notes), origins, tuple(reused))


def _is_here(workers: Workers) -> bool:
    return workers is None or isinstance(workers, int | Processes)


def _notes_again(previous: Templates | None, reused: dict[TemplateKey, Histogram]) -> Iterator[str]:
    """Yield what was said of templates when they were made."""
    if previous is not None and previous.events is not None:
        about_them = tuple(f"{key}: " for key in reused if key.systematic is None)
        yield from (note for note in previous.events.notes if note.startswith(about_them))


class _Reading:
    """The state of reading: first a look at every file, then all entries."""

    def __init__(self, plan: Plan, progress: Progress | None, skip_unreadable: bool, *, elsewhere: bool) -> None:
        self.plan, self.progress, self.skip_unreadable, self.elsewhere = plan, progress, skip_unreadable, elsewhere
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.skipped: dict[str, str] = {}
        self.looks: dict[str, Look] = {}
        self.tallies: dict[tuple[str, str], Tally] = {}
        self.done = self.total = self.bytes_read = 0

    def look(self, mapped: Map) -> None:
        """Find out what is wrong, and which entries there are."""
        questions = list(self.plan.questions())
        found = mapped(look, self._sent(questions), self._tell)
        self.looks = dict(zip([question.file for question in questions], found, strict=True))
        self.bytes_read = sum(one.bytes_read for one in self.looks.values())
        if self.skip_unreadable:
            self.skipped = {file: one.unreadable[0] for file, one in self.looks.items() if one.unreadable}
            self.looks = {file: one for file, one in self.looks.items() if file not in self.skipped}
        said = sentences(list(self.looks.items()), self.plan.places, self.plan.trees)
        self.problems = [*self.plan.problems, *said, *_unasked(self.plan, questions, self.looks)]

    def fill(self, mapped: Map) -> None:
        """Read the entries and add them up, in the order of files and entries."""
        tasks = list(self.plan.tasks(self.looks))
        tallies = {tree: Tally.of(tuple(recipes)) for tree, recipes in self.plan.recipes.items()}
        self.total = sum(task.stop - task.start for task in tasks)
        for task, tally in zip(tasks, mapped(fill, self._sent(tasks), self._tell), strict=True):
            tallies[task.file, task.tree].add(tally)
            self.done += task.stop - task.start
            self._tell()
        self.bytes_read += sum(tally.bytes_read for tally in tallies.values())
        for (file, _), tally in tallies.items():
            if tally.unreadable and self.skip_unreadable:
                self.skipped.setdefault(file, tally.unreadable[0])
            else:
                self.problems += tally.unreadable
        self.tallies = {tree: tally for tree, tally in tallies.items() if tree[0] not in self.skipped}
        self.problems += [*_failed(self.plan, self.tallies), *_bad_weights(self.plan, self.tallies)]
        self.problems += self._nothing_left()

    def _sent(self, work: list[_Work]) -> list[_Work]:
        """Return what to do for somebody who may be in another folder."""
        if not self.elsewhere:
            return work
        return [replace(one, file=os.path.abspath(one.file)) if "://" not in one.file else one for one in work]

    def _tell(self) -> None:
        if self.progress is not None and self.progress(self.done, self.total) is False:
            raise KeyboardInterrupt

    def _nothing_left(self) -> Iterator[str]:
        for key, parts in self.plan.parts.items():
            if all(file in self.skipped for (file, _), _ in parts):
                yield f"{key}: none of its files can be read ({self.skipped[parts[0][0][0]]})"

    def with_friends(self, keys: Iterable[TemplateKey]) -> Iterator[TemplateKey]:
        """Yield those that friend trees in other files are part of: when these change, nobody would notice."""
        files = {file for file, look in self.looks.items() if look.friends}
        yield from (key for key in keys if any(file in files for (file, _), _ in self.plan.parts[key]))

    def left_out(self) -> Iterator[str]:
        """Yield a sentence on each file that was left out."""
        lacking: dict[str, list[TemplateKey]] = {}
        for key, parts in self.plan.parts.items():
            for file in dict.fromkeys(file for (file, _), _ in parts if file in self.skipped):
                lacking.setdefault(file, []).append(key)
        for file, keys in lacking.items():
            count = f"{len(keys)} template{'s'[: len(keys) != 1]}"
            samples = listed(dict.fromkeys(key.sample for key in keys))
            reason = self.skipped[file].removeprefix(f"{file}: ").removeprefix(f"{os.path.abspath(file)}: ")
            yield f"{count} of {samples} lack{'s'[: len(keys) == 1]} {file}: {reason}"

    def events(self, notes: Sequence[str] = ()) -> EventsRead:
        """Return what was read so far."""
        return EventsRead(len(self.looks), self.done, self.bytes_read, tuple(notes), tuple(self.skipped))


def _unasked(plan: Plan, questions: Sequence[Question], looks: dict[str, Look]) -> Iterator[str]:
    """Yield what is wrong with expressions that could not be tried on any tree."""
    tried = {
        use
        for question in questions
        if question.file in looks
        for tree, uses in question.trees
        if tree in looks[question.file].spans
        for use in uses
    }
    for use in plan.places:
        if use not in tried and (reason := parses_not(use.text)):
            yield about(use, reason, plan.places)


def _failed(plan: Plan, tallies: dict[tuple[str, str], Tally]) -> Iterator[str]:
    """Yield what is wrong with expressions that suit the types of their branches, and fail on what is in them."""
    found = [
        (use, reason, f'"{tree}" of {file} (entry {first} or later)')
        for (file, tree), tally in tallies.items()
        for use, (reason, first) in tally.failed.items()
    ]
    return about_all(found, plan.places)


def _bad_weights(plan: Plan, tallies: dict[tuple[str, str], Tally]) -> Iterator[str]:
    for (file, tree), tally in tallies.items():
        for text, (low, high) in tally.bad.items():
            where = f"entry {low}" if low == high else f"entries {low} to {high}"
            place = place_of(plan.places[Use("Weight", text)])
            yield (
                f'{place}.Weight: the weight "{text}" of selected entries is missing, NaN or infinite; '
                f'in "{tree}" of {file}, {where}'
            )


def _templates(
    config: Config, plan: Plan, tallies: dict[tuple[str, str], Tally]
) -> tuple[dict[TemplateKey, Histogram], list[str]]:
    """Return the histograms, parts summed in the order of the files, and notes on what is not in them."""
    starts = {tree: starts_of(tuple(recipes)) for tree, recipes in plan.recipes.items()}
    scales = {tree: [recipe.scale for recipe in recipes] for tree, recipes in plan.recipes.items()}
    regions = {region.name: region for region in config.regions}
    found: dict[TemplateKey, Histogram] = {}
    notes: list[str] = []
    for key, parts in plan.parts.items():
        region = regions[key.region]
        bins = len(region.binning or ()) - 1
        sums, variances, entries, undefined = np.zeros(bins + 2), np.zeros(bins + 2), 0.0, 0.0
        for tree, number in parts:
            if tree not in tallies:
                continue  # of a file that was left out
            tally, start, scale = tallies[tree], starts[tree][number], scales[tree][number]
            sums += scale * tally.contents[start : start + bins + 2]
            variances += scale**2 * tally.sumw2[start : start + bins + 2]
            entries += tally.entries[number]
            undefined += tally.undefined[number]
        axis = Axis(closed(region.binning))
        outside = float(variances[0]), float(variances[-1])
        found[key] = Histogram(
            axis, sums[1:-1], variances[1:-1], float(sums[0]), float(sums[-1]), entries, outside_sumw2=outside
        )
        if region.outside_binning == "merge":
            found[key] = with_outside(found[key])
        if key.systematic is None:
            notes += _open_bins(key, region.binning or (), axis)
            notes += _notes(key, sums, undefined, entries, merged=region.outside_binning == "merge")
    return found, notes


def _open_bins(key: TemplateKey, edges: Sequence[float], axis: Axis) -> Iterator[str]:
    """Yield what stands for the edges of bins without one."""
    for place, name in ((0, "first"), (-1, "last")):
        if len(edges) and np.isinf(edges[place]):
            yield f"{key}: the {name} bin is open; on axes it ends at {axis.edges[place]:g}"


def _notes(key: TemplateKey, sums: FloatArray, undefined: float, entries: float, *, merged: bool) -> Iterator[str]:
    if entries == 0 and undefined == 0:
        yield f"{key}: no entry is selected"
    if undefined:
        lost = f"{undefined:.0f} of {entries + undefined:.0f} selected entries"
        yield f"{key}: {lost} are left out, their variable is missing or NaN"
    for side, outside in (("below", sums[0]), ("above", sums[-1])):
        total = float(np.abs(sums).sum())
        if total and abs(outside) > 0.001 * total:
            what = "is in the edge bin" if merged else "is left out"
            yield f"{key}: {abs(outside) / total:.1%} of the yield lies {side} the edges and {what}"
