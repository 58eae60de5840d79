"""Paths of all templates, said briefly: one `InputPath`, and what regions, samples and sides put into it.

Each of folder, file and name is the same for all, or the region's, or the sample's; what is both has no short form, and
`InputPath` is `{SamplePath}` then, with whole paths below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from wilks.trexfitter.paths import Entry

Pair: TypeAlias = tuple[str, str]
Cells: TypeAlias = Mapping[Pair, Sequence[Entry]]
# Input of every template, by the names of region and sample.
_WHOLE, _REGION, _SAMPLE, _BOTH = "whole", "region", "sample", "both"


class NoShortFormError(Exception):
    """Something has no place in this layout."""


@dataclass(frozen=True)
class Layout:
    """`InputPath`, and the values of its placeholders: by region, by sample, or by both where paths are whole."""

    input_path: str
    regions: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cells: Mapping[Pair, tuple[str, ...]] = field(default_factory=dict)
    nominal: str = ""

    @property
    def whole(self) -> bool:
        """Whether `{SamplePath}` is the whole path."""
        return not self.samples


@dataclass(frozen=True)
class Arranger:
    """Finds the layout of nominal input, and says a side of a systematic in it."""

    nominal: Cells
    ntuples: bool
    folder: str = ""
    # The first folder of all names, which sides replace.

    def arranged(self, short: bool = True) -> Layout:
        """Return the layout of the nominal input; `short=False` asks for whole paths."""
        if short:
            try:
                return self._short()
            except NoShortFormError:
                pass
        cells = {pair: tuple(self._whole(entry) for entry in entries) for pair, entries in self.nominal.items()}
        return Layout("{SamplePath}", cells=cells)

    def _whole(self, entry: Entry) -> str:
        return entry.location if self.ntuples else f"{entry.location}:{entry.name}"

    def parts(self, entry: Entry) -> list[str]:
        """Return the parts of a path that are said each by itself, with what stands behind them."""
        path = entry.path if self._all_in_folders or not entry.path else f"{entry.path}/"
        if self.ntuples:
            return [path, entry.file]
        name = entry.name.split("/", 1)[-1] if self.folder else entry.name
        return [path, entry.file, name]

    def _between(self) -> list[str]:
        slash = "/" if self._all_in_folders else ""
        if self.ntuples:
            return [slash, ".root"]
        return [slash, ".root:{VariationPath}/" if self.folder else ".root:", "" if self.folder else "{VariationPath}"]

    @cached_property
    def _all_in_folders(self) -> bool:
        return all(entry.path for entries in self.nominal.values() for entry in entries)

    def _short(self) -> Layout:
        table = {pair: [self.parts(entry) for entry in entries] for pair, entries in self.nominal.items()}
        between = self._between()
        kinds = [_kind(table, number) for number in range(len(between))]
        constants = [next(iter(table.values()))[0][n] if kinds[n] == _WHOLE else "" for n in range(len(between))]
        if _BOTH in kinds or any("{" in text or "}" in text for text in constants):
            raise NoShortFormError
        runs = {kind: [n for n, k in enumerate(kinds) if k == kind] for kind in (_REGION, _SAMPLE)}
        for kind, numbers in runs.items():
            inside = kinds[numbers[0] : numbers[-1] + 1] if numbers else []
            if any(k not in (kind, _WHOLE) for k in inside) or (
                len(inside) > 1 and "{" in "".join(between[numbers[0] : numbers[-1]])
            ):
                raise NoShortFormError
        text = _template(kinds, constants, between, runs)
        values = {kind: _values(table, kind, numbers, between) for kind, numbers in runs.items()}
        samples = dict(values[_SAMPLE].items())
        regions = {name: texts[0] for name, texts in values[_REGION].items()}
        if not samples:
            raise NoShortFormError
        text, regions = _without_common(text, "{RegionPath}", regions)
        text, samples = _without_common_lists(text, samples)
        return Layout(text, regions, samples, nominal=self.folder)

    def side(self, layout: Layout, pair: Pair, entries: Sequence[Entry]) -> dict[str, Any]:
        """Return what a side of a systematic says for one template; empty where its input is the nominal one.

        Raises NoShortFormError where the layout has no place for it.
        """
        nominal = self.nominal[pair]
        if [*entries] == [*nominal]:
            return {}
        said: dict[str, Any] = {}
        if self.ntuples:
            names = list(dict.fromkeys(entry.name for entry in entries))
            if len(names) > 1:
                raise NoShortFormError
            if {entry.name for entry in nominal} != {*names}:
                said["Tree"] = names[0]
            if [entry.location for entry in entries] == [entry.location for entry in nominal]:
                return said
        if layout.whole:
            return said | {"SamplePath": [self._whole(entry) for entry in entries]}
        variation = self._variation(nominal, entries)
        if variation is not None:
            return said | {"VariationPath": variation}
        return said | self._moved(layout, pair, entries)

    def _variation(self, nominal: Sequence[Entry], entries: Sequence[Entry]) -> str | None:
        """Return the value of {VariationPath} that leads from nominal to varied input, if one does."""
        if self.ntuples or len(nominal) != len(entries):
            return None
        found = set()
        for old, new in zip(nominal, entries, strict=True):
            if old[:2] != new[:2]:
                return None
            if self.folder:
                folder, _, rest = new.name.partition("/")
                found.add(folder if rest == old.name.split("/", 1)[-1] else None)
            else:
                found.add(new.name.removeprefix(old.name) if new.name.startswith(old.name) else None)
        return found.pop() if len(found) == 1 else None

    def _moved(self, layout: Layout, pair: Pair, entries: Sequence[Entry]) -> dict[str, Any]:
        """Return `SamplePath` or `RegionPath` of varied input, found by matching it with the layout."""
        wanted = [self._whole(entry) for entry in entries]
        template = layout.input_path.replace("{VariationPath}", layout.nominal)
        region = layout.regions.get(pair[0], "")
        before, _, after = template.replace("{RegionPath}", region).partition("{SamplePath}")
        values = [text[len(before) : len(text) - len(after)] for text in wanted]
        if all(before + value + after == text for value, text in zip(values, wanted, strict=True)):
            return {"SamplePath": values}
        if self.ntuples and "{RegionPath}" in template and len(layout.samples[pair[1]]) == 1 == len(wanted):
            before, _, after = template.replace("{SamplePath}", layout.samples[pair[1]][0]).partition("{RegionPath}")
            value = wanted[0][len(before) : len(wanted[0]) - len(after)]
            if before + value + after == wanted[0]:
                return {"RegionPath": value}
        raise NoShortFormError


def _kind(table: Mapping[Pair, Sequence[Sequence[str]]], number: int) -> str:
    """Return what a part of all paths depends on."""
    texts = {pair: tuple(parts[number] for parts in entries) for pair, entries in table.items()}
    if len({text for values in texts.values() for text in values}) == 1:
        return _WHOLE
    by_region: dict[str, set[str]] = {}
    by_sample: dict[str, set[tuple[str, ...]]] = {}
    for (region, sample), values in texts.items():
        by_region.setdefault(region, set()).update(values)
        by_sample.setdefault(sample, set()).add(values)
    if all(len(found) == 1 for found in by_sample.values()):
        return _SAMPLE
    return _REGION if all(len(found) == 1 for found in by_region.values()) else _BOTH


def _template(
    kinds: Sequence[str], constants: Sequence[str], between: Sequence[str], runs: Mapping[str, Sequence[int]]
) -> str:
    text, done = "", -1
    for number, kind in enumerate(kinds):
        if number <= done:
            continue
        if kind == _WHOLE:
            text += constants[number] + between[number]
        else:
            done = runs[kind][-1]
            text += ("{RegionPath}" if kind == _REGION else "{SamplePath}") + between[done]
    return text


def _values(
    table: Mapping[Pair, Sequence[Sequence[str]]], kind: str, numbers: Sequence[int], between: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return the values of a placeholder, by the name of region or sample."""
    found: dict[str, tuple[str, ...]] = {}
    if not numbers:
        return found
    run = range(numbers[0], numbers[-1] + 1)
    for (region, sample), entries in table.items():
        texts = ["".join(parts[n] + (between[n] if n < run[-1] else "") for n in run) for parts in entries]
        values = tuple(texts)
        name = region if kind == _REGION else sample
        if kind == _REGION:
            values = values[:1]
        if found.setdefault(name, values) != values:
            raise NoShortFormError
    return found


def _without_common(text: str, placeholder: str, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return template and values with the folders that all values begin with in the template."""
    common = _common(values.values())
    if not common:
        return text, dict(values)
    shorter = {name: value[len(common) :] for name, value in values.items()}
    return text.replace(placeholder, common + placeholder), shorter


def _without_common_lists(text: str, values: Mapping[str, tuple[str, ...]]) -> tuple[str, dict[str, tuple[str, ...]]]:
    common = _common(value for texts in values.values() for value in texts)
    shorter = {name: tuple(value[len(common) :] for value in texts) for name, texts in values.items()}
    return text.replace("{SamplePath}", common + "{SamplePath}"), shorter


def _common(values: Iterable[str]) -> str:
    texts = [*values]
    first, last = (min(texts), max(texts)) if texts else ("", "")
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    common = first[: first.rfind("/", 0, same) + 1]
    return "" if ":" in common or "{" in common or common in ("", "/") else common
