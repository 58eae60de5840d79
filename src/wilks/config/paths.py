"""Where the input of a steering file lies."""

from __future__ import annotations

import glob
import itertools
import math
import os
import re
from pathlib import Path

from wilks.config.schema import Config
from wilks.errors import ConfigError, nearest_file

_UHI_SUFFIXES = (".json", ".h5", ".hdf5", ".hdf")
_HISTOGRAM_PATH = re.compile(r"(?:(.+?\.(?:root(?:\.[0-9]+)?|json|h5|hdf5|hdf))\s*:|(.+):(?!//))(.+)", re.IGNORECASE)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_MOST = 10_000
# Paths that the choices in one path may stand for.


def is_uhi_file(path: str | Path) -> bool:
    """Return whether a file is one of the UHI serialization schema, JSON or HDF5, and not a ROOT file."""
    return str(path).lower().endswith(_UHI_SUFFIXES)


def histogram_path(path: str) -> tuple[str, str] | None:
    """Return file and path inside it of histogram input whose placeholders are filled in; None if it has no such parts.

    The path inside is empty where a UHI file is to hold one histogram and nothing else.

    >>> histogram_path("inputs/all.root:SR/ttbar")
    ('inputs/all.root', 'SR/ttbar')
    """
    match = _HISTOGRAM_PATH.fullmatch(path)
    if match is not None:
        return match[1] or match[2], match[3]
    return (path, "") if is_uhi_file(path) else None


def tidy_name(name: str) -> str:
    """Return the path of an object inside a file without slashes too many, and without blanks around its parts.

    >>> tidy_name("/SR//ttbar ")
    'SR/ttbar'
    """
    return "/".join(part for part in map(str.strip, name.split("/")) if part)


def resolve_input(config: Config, path: str) -> str:
    """Return where an input file lies: relative to the steering file's folder, else to the current one.

    `path` names a file, without what follows the colon in `file.root:histogram`. `~` is the user's home folder, blanks
    around the path are dropped where no file has them. Wildcards stay in the returned path; URLs (`root://...`) come
    back as they are. Raises ConfigError, naming the places, where neither has the file.

    >>> import wilks
    >>> resolve_input(wilks.load_config(wilks.examples.steering_file()), "root://host//data.root")
    'root://host//data.root'
    """
    if _URL.match(path.strip()):
        return path.strip()
    here = Path.cwd()
    folders = list(dict.fromkeys([config.source.parent, here] if config.source else [here]))
    candidates: list[Path] = []
    for meant in dict.fromkeys((path, os.path.expanduser(path.strip().removeprefix("file:")))):
        candidates = list(dict.fromkeys(folder / meant for folder in folders))
        for candidate in candidates:
            if candidate.exists() or (glob.has_magic(meant) and files_like(str(candidate))):
                return str(candidate)
    hint = "" if glob.has_magic(path) else _near(candidates)
    raise ConfigError(f'no input file "{path}"{hint}; looked for {" and ".join(map(str, candidates))}')


def resolve_inputs(config: Config, path: str) -> tuple[list[str], list[str]]:
    """Return where the files of a path with choices (`mc_{1,2}.root`) lie, and the choices that lead to no file.

    Each is found as `resolve_input` does; a file that has such a name comes first. Raises ConfigError where no choice
    leads to a file.
    """
    parts = re.split(r"\{([^{}]*)\}", path)
    choices = [part.split(",") if number % 2 else [part] for number, part in enumerate(parts)]
    if len(parts) == 1:
        return [resolve_input(config, path)], []
    try:
        if not _URL.match(path.strip()):
            return [resolve_input(config, path)], []
    except ConfigError as error:
        nowhere = error
    if math.prod(map(len, choices)) > _MOST:
        raise ConfigError(f'the choices in "{path}" stand for more than {_MOST} files')
    found: list[str] = []
    absent: list[str] = []
    for combination in itertools.product(*choices):
        choice = "".join(combination)
        try:
            found.append(resolve_input(config, choice))
        except ConfigError:
            absent.append(choice)
    if not found:
        raise nowhere
    return list(dict.fromkeys(found)), list(dict.fromkeys(absent))


def files_like(pattern: str) -> list[str]:
    """Return the paths that a pattern (`*`, `?`, `[a-c]`, `**` for any folders) stands for, sorted.

    `**/**` is `**`; for each more the same file would be found once more by every way to split its folders.
    """
    return sorted(glob.glob(re.sub(r"(?<![^/])\*\*(?:/+\*\*)+(?![^/])", "**", pattern), recursive=True))


def _near(candidates: list[Path]) -> str:
    """Return a hint at a file of a similar name beside one of the candidates."""
    for candidate in candidates:
        if candidate.parent.is_dir():
            hint = nearest_file(candidate.name, (file.name for file in candidate.parent.iterdir()))
            if hint:
                return hint
    return ""
