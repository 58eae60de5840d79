"""Why histograms are missing: one wrong path in the steering file is one sentence, not one per histogram."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from wilks.config.schema import Config
from wilks.errors import nearest
from wilks.templates.readers import Reading, missing_objects
from wilks.templates.store import TemplateKey

_SHOWN = 8
# Samples in regions, and variations of each, that are named.


@dataclass(frozen=True)
class Setting:
    """A path in the steering file: its key, the placeholder it fills (none for `InputPath` itself) and its value."""

    place: str
    placeholder: str
    value: str


@dataclass(frozen=True)
class Source:
    """Where one histogram should be: its file (as written and as found), its name there, and the settings it used.

    `key` is the template that wants it.
    """

    written: str
    file: str
    name: str
    settings: tuple[Setting, ...]
    key: TemplateKey | None = None


def missing_histograms(config: Config, sources: Sequence[Source], reading: Reading) -> list[str]:
    """Return sentences on the histograms that their files lack; those with one setting in common are put together.

    A setting is to blame where none of the histograms that use it exists; of several, the one that explains most.
    Last comes what the files contain, and what is wanted of them.
    """
    absent = {(file, name) for file, names in reading.missing.items() for name in names}
    users: dict[Setting, list[Source]] = {}
    for source in sources:
        for setting in source.settings:
            users.setdefault(setting, []).append(source)
    suspects = {setting: used for setting, used in users.items() if all((use.file, use.name) in absent for use in used)}
    problems = []
    left = set(absent)
    while suspects:
        open_ = {setting: left.intersection((use.file, use.name) for use in used) for setting, used in suspects.items()}
        culprit = max(open_, key=lambda setting: len(open_[setting]))
        if len(open_[culprit]) < 2:
            break
        problems.append(_sentence(config, culprit, suspects.pop(culprit), reading))
        left -= open_[culprit]
    wanted: dict[tuple[str, str], list[TemplateKey]] = {}
    for source in sources:
        if source.key is not None and (source.file, source.name) in absent:
            wanted.setdefault((source.file, source.name), []).append(source.key)
    for file, names in reading.missing.items():
        single = [name for name in names if (file, name) in left]
        *said, contents = missing_objects(file, single, reading.contents[file])
        problems += [with_users(text, wanted.get((file, name), ())) for text, name in zip(said, single, strict=True)]
        together = [key for name in names if name not in single for key in wanted.get((file, name), ())]
        problems.append(f"{wanted_by(together)} is not in {file}; {contents}" if together else contents)
    return problems


def unreadable(sources: Sequence[Source], reading: Reading) -> list[str]:
    """Return sentences on what can't be read, and for which templates it is wanted."""
    by_object: dict[str, list[TemplateKey]] = {}
    for source in sources if reading.problems else ():
        if source.key is not None:
            for place in (f"{source.file}:{source.name}", source.file):
                by_object.setdefault(place, []).append(source.key)
    return [with_users(text, by_object.get(text.partition(": ")[0], ())) for text in reading.problems]


def with_users(problem: str, keys: Sequence[TemplateKey]) -> str:
    """Return a sentence on input that is missing with the templates that want it."""
    return f"{problem}{'' if problem.endswith('?') else '.'} Wanted for {wanted_by(keys)}" if keys else problem


def wanted_by(keys: Iterable[TemplateKey]) -> str:
    """Return which templates want some input, in words: sample and region, and nominal or the sides of systematics.

    >>> wanted_by([TemplateKey("SR", "top"), TemplateKey("SR", "top", "JES", "Up")])
    'sample "top" in region "SR" (nominal, systematic "JES" Up)'
    """
    pairs: dict[tuple[str, str], list[str]] = {}
    for key in dict.fromkeys(keys):
        side = f'systematic "{key.systematic}" {key.side}' if key.systematic is not None else "nominal"
        pairs.setdefault((key.sample, key.region), []).append(side)
    texts = [f'sample "{sample}" in region "{region}" ({_some(sides)})' for (sample, region), sides in pairs.items()]
    return _some(texts)


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def _sentence(config: Config, setting: Setting, uses: Sequence[Source], reading: Reading) -> str:
    first = uses[0]
    count = len({(use.file, use.name) for use in uses})
    where = first.file if len({use.file for use in uses}) == 1 else "their files"
    available = reading.contents[first.file]
    if setting.placeholder:
        hint = nearest(setting.value, _fitting(config, setting, first, available))
    else:
        hint = nearest(first.name, available)
    return f'{setting.place} "{setting.value}": none of its {count} histograms is in {where}; first: {first.name}{hint}'


def _fitting(config: Config, setting: Setting, source: Source, available: Sequence[str]) -> Iterator[str]:
    """Yield the values with which the setting would lead to an object that exists, all else being equal."""
    # A setting that is empty, or has no placeholder, is not among those of the source.
    values = dict.fromkeys(("RegionPath", "SamplePath", "VariationPath"), "")
    values |= {other.placeholder: other.value for other in source.settings}
    pattern, seen = "", False
    for part in re.split(r"(\{\w+\})", config.general.input_path):
        name = part[1:-1]
        if name == setting.placeholder and part.startswith("{"):
            pattern, seen = pattern + ("(?P=value)" if seen else "(?P<value>.+)"), True
        else:
            pattern += re.escape(values.get(name, part) if part.startswith("{") else part)
    for name in available:
        match = re.fullmatch(pattern, f"{source.written}:{name}")
        if match is not None:
            yield match["value"]
