"""Why histograms are missing: one wrong path in the steering file is one sentence, not one per histogram."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wilks.config.schema import Config
from wilks.errors import nearest
from wilks.templates.readers import Reading, missing_objects


@dataclass(frozen=True)
class Setting:
    """A path in the steering file: its key, the placeholder it fills (none for `InputPath` itself) and its value."""

    place: str
    placeholder: str
    value: str


@dataclass(frozen=True)
class Source:
    """Where one histogram should be: its file (as written and as found), its name there, and the settings it used."""

    written: str
    file: str
    name: str
    settings: tuple[Setting, ...]


def missing_histograms(config: Config, sources: Sequence[Source], reading: Reading) -> list[str]:
    """Return sentences on the histograms that their files lack; those with one setting in common are put together.

    A setting is to blame where none of the histograms that use it exists; of several, the one that explains most.
    Last comes what the files contain.
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
    for file, names in reading.missing.items():
        problems += missing_objects(file, [name for name in names if (file, name) in left], reading.contents[file])
    return problems


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
