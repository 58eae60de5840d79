"""(Config, keys) -> histograms from ntuples: every file is read once, and all its histograms are filled on the way."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import numpy as np

from wilks._types import FloatArray
from wilks.config.paths import resolve_input
from wilks.config.schema import Config
from wilks.errors import InputError
from wilks.histogram import Axis, Histogram
from wilks.templates.filling import Recipe, Tally, Task, fill, starts_of, tasks_of
from wilks.templates.looking import Look, Question, Role, Use, about, look, parses_not, place_of, sentences
from wilks.templates.sources import blocks_of, filled, path_settings
from wilks.templates.store import EventsRead, TemplateKey

Progress = Callable[[int, int], bool]
_MOST_THREADS = 8
# By default: more of them wait for Python, and each has a chunk in memory.
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass
class _Plan:
    """Which recipes are filled from which tree, and which of them make up a template.

    `parts` has, for each template, (file, tree) and the position of the recipe there; `places` and `trees` say where in
    the steering file an expression and the name of a tree stand.
    """

    recipes: dict[tuple[str, str], dict[Recipe, int]] = field(default_factory=dict)
    parts: dict[TemplateKey, list[tuple[tuple[str, str], int]]] = field(default_factory=dict)
    places: dict[Use, list[str]] = field(default_factory=dict)
    trees: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def fill_from_ntuples(
    config: Config,
    keys: Sequence[TemplateKey],
    *,
    workers: int | Executor | None = None,
    progress: Progress | None = None,
) -> tuple[dict[TemplateKey, Histogram], list[str], EventsRead]:
    """Return templates filled from ntuples, what is wrong (then there are no templates), and what was read.

    What is wrong with files, trees and expressions is found before any entry is read. `workers` is a number of threads
    (None: one per processor, at most 8) or any executor; the result does not depend on it, to the last bit. `progress`
    is told entries done and entries in all, and stops everything (KeyboardInterrupt) by returning False.
    """
    plan = _planned(config, keys)
    with _mapping(workers) as mapped:
        questions = list(_questions(plan))
        looks = list(zip([question.file for question in questions], mapped(look, questions), strict=True))
        problems = [*plan.problems, *sentences(looks, plan.places, plan.trees), *_unasked(plan, looks)]
        bytes_read = sum(found.bytes_read for _, found in looks)
        if problems:
            return {}, problems, EventsRead(len(looks), 0, bytes_read)
        tasks = list(_tasks(plan, dict(looks)))
        tallies = {tree: Tally.of(tuple(recipes)) for tree, recipes in plan.recipes.items()}
        done, total = 0, sum(task.stop - task.start for task in tasks)
        for task, tally in zip(tasks, mapped(fill, tasks), strict=True):
            tallies[task.file, task.tree].add(tally)
            done += task.stop - task.start
            if progress is not None and not progress(done, total):
                raise KeyboardInterrupt
    bytes_read += sum(tally.bytes_read for tally in tallies.values())
    problems = _bad_weights(plan, tallies)
    if problems:
        return {}, problems, EventsRead(len(looks), total, bytes_read)
    found, notes = _templates(config, plan, tallies)
    return found, [], EventsRead(len(looks), total, bytes_read, tuple(notes))


def _planned(config: Config, keys: Sequence[TemplateKey]) -> _Plan:
    plan = _Plan()
    resolved: dict[str, tuple[str, ...]] = {}
    for key in keys:
        region, sample, override, prefix = blocks_of(config, key)
        texts: dict[Role, tuple[str | None, str]] = {
            "Variable": (override.variable, prefix)
            if override.variable
            else (region.variable, f'Regions "{region.name}"'),
            "Weight": (override.weight, prefix) if override.weight else (sample.weight, f'Samples "{sample.name}"'),
            "Filter": _filter(override.filter, prefix, sample.filter, sample.name, region.filter, region.name),
        }
        tree = override.tree or sample.tree
        variable = texts["Variable"][0]
        if variable is None or region.binning is None or tree is None:
            plan.problems.append(f"{key}: histograms from ntuples need Variable and Binning of the region, and a Tree")
            continue
        for role, (text, place) in texts.items():
            if text is not None:
                _note_place(plan.places.setdefault(Use(role, text), []), place)
        _note_place(plan.trees.setdefault(tree, []), prefix if override.tree else f'Samples "{sample.name}"')
        recipe = Recipe(variable, texts["Filter"][0], texts["Weight"][0], tuple(map(float, region.binning)))
        try:
            files = _files(config, key, resolved)
        except InputError as error:
            plan.problems += [problem for problem in error.problems if problem not in plan.problems]
            continue
        for file in files:
            known = plan.recipes.setdefault((file, tree), {})
            plan.parts.setdefault(key, []).append(((file, tree), known.setdefault(recipe, len(known))))
    return plan


def _note_place(places: list[str], place: str) -> None:
    if place not in places:
        places.append(place)


def _filter(
    varied: str | None, prefix: str, of_sample: str | None, sample: str, of_region: str | None, region: str
) -> tuple[str | None, str]:
    """Return the filter that applies, and where it stands; each replaces the next, and an empty one selects all."""
    choices = (varied, prefix), (of_sample, f'Samples "{sample}"'), (of_region, f'Regions "{region}"')
    text, place = next(((text, place) for text, place in choices if text is not None), (None, ""))
    return (text if text and text.strip() else None), place


def _files(config: Config, key: TemplateKey, resolved: dict[str, tuple[str, ...]]) -> list[str]:
    """Return the files of a template, each once."""
    found: dict[str, None] = {}
    for settings in path_settings(config, key):
        path = filled(config, settings)
        if path not in resolved:
            place = resolve_input(config, path)
            wild = glob.has_magic(path) and "://" not in place and not os.path.exists(place)
            resolved[path] = tuple(sorted(glob.glob(place, recursive=True))) if wild else (place,)
        found |= dict.fromkeys(resolved[path])
    return list(found)


def _questions(plan: _Plan) -> Iterator[Question]:
    trees: dict[str, list[tuple[str, tuple[Use, ...]]]] = {}
    for (file, tree), recipes in plan.recipes.items():
        uses: dict[Use, None] = {}
        for recipe in recipes:
            roles: dict[Role, str | None] = {
                "Variable": recipe.variable,
                "Filter": recipe.filter,
                "Weight": recipe.weight,
            }
            uses |= {Use(role, text): None for role, text in roles.items() if text is not None}
        trees.setdefault(file, []).append((tree, tuple(uses)))
    for file, wanted in trees.items():
        yield Question(file, tuple(wanted))


def _unasked(plan: _Plan, looks: Sequence[tuple[str, Look]]) -> Iterator[str]:
    """Yield what is wrong with expressions that could not be tried on any tree."""
    tried = {
        use
        for (question, (_, found)) in zip(_questions(plan), looks, strict=True)
        for tree, uses in question.trees
        if tree in found.spans
        for use in uses
    }
    for use in plan.places:
        if use not in tried and (reason := parses_not(use.text)):
            yield about(use, reason, plan.places)


def _tasks(plan: _Plan, looks: dict[str, Look]) -> Iterator[Task]:
    for (file, tree), recipes in plan.recipes.items():
        yield from tasks_of(file, tree, tuple(recipes), looks[file].spans[tree])


def _bad_weights(plan: _Plan, tallies: dict[tuple[str, str], Tally]) -> list[str]:
    problems: list[str] = []
    for (file, tree), tally in tallies.items():
        problems += tally.problems
        for text, (low, high) in tally.bad.items():
            where = f"entry {low}" if low == high else f"entries {low} to {high}"
            place = place_of(plan.places[Use("Weight", text)])
            problems.append(
                f'{place}.Weight: the weight "{text}" of selected entries is missing, NaN or infinite; '
                f'in "{tree}" of {file}, {where}'
            )
    return problems


def _templates(
    config: Config, plan: _Plan, tallies: dict[tuple[str, str], Tally]
) -> tuple[dict[TemplateKey, Histogram], list[str]]:
    """Return the histograms, parts summed in the order of the files, and notes on what is not in them."""
    starts = {tree: starts_of(tuple(recipes)) for tree, recipes in plan.recipes.items()}
    regions = {region.name: region for region in config.regions}
    found: dict[TemplateKey, Histogram] = {}
    notes: list[str] = []
    for key, parts in plan.parts.items():
        region = regions[key.region]
        bins = len(region.binning or ()) - 1
        sums, variances, entries, undefined = np.zeros(bins + 2), np.zeros(bins + 2), 0.0, 0.0
        for tree, number in parts:
            tally, start = tallies[tree], starts[tree][number]
            sums += tally.contents[start : start + bins + 2]
            variances += tally.sumw2[start : start + bins + 2]
            entries += tally.entries[number]
            undefined += tally.undefined[number]
        axis = Axis(np.array(region.binning, dtype=np.float64))
        histogram = Histogram(axis, sums[1:-1], variances[1:-1], float(sums[0]), float(sums[-1]), entries)
        if region.outside_binning == "merge":
            histogram = _merged(histogram, variances)
        found[key] = histogram
        if key.systematic is None:
            notes += _notes(key, sums, undefined, entries, merged=region.outside_binning == "merge")
    return found, notes


def _merged(histogram: Histogram, variances: FloatArray) -> Histogram:
    """Return the histogram with what lies outside its edges in the first and the last bin."""
    contents, sumw2 = histogram.contents.copy(), histogram.sumw2.copy()
    for edge, outside, variance in ((0, histogram.underflow, variances[0]), (-1, histogram.overflow, variances[-1])):
        contents[edge] += outside
        sumw2[edge] += variance
    return replace(histogram, contents=contents, sumw2=sumw2, underflow=0.0, overflow=0.0)


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


def _processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Map(Protocol):
    def __call__(self, function: Callable[[_Given], _Made], items: Iterable[_Given], /) -> Iterator[_Made]: ...


@contextmanager
def _mapping(workers: int | Executor | None) -> Iterator[_Map]:
    """Give a `map` that keeps the order: here, in threads, or in the executor that was handed in."""
    if isinstance(workers, Executor):
        yield workers.map
        return
    count = min(_processors(), _MOST_THREADS) if workers is None else workers
    if count < 1:
        raise ValueError(f"workers must be at least 1, found {count}")
    if count == 1:
        yield map
        return
    with ThreadPoolExecutor(count) as pool:
        try:
            yield pool.map
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
