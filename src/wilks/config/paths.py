"""Where the input of a steering file lies."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from wilks.config.schema import Config
from wilks.errors import ConfigError, nearest

# What histogram input looks like once the placeholders are filled in: file and path inside it.
HISTOGRAM_PATH = re.compile(r"(.+?\.root|.+):(?!//)(.+)")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def resolve_input(config: Config, path: str) -> str:
    """Return where an input file lies: relative to the steering file's folder, else to the current one.

    `path` names a file, without what follows the colon in `file.root:histogram`. Wildcards stay in the returned path;
    URLs (`root://...`) come back as they are. Raises ConfigError, naming the places, where neither has the file.

    >>> resolve_input(config, "root://host//data.root")  # doctest: +SKIP
    'root://host//data.root'
    """
    if _URL.match(path):
        return path
    here = Path.cwd()
    folders = list(dict.fromkeys([config.source.parent, here] if config.source else [here]))
    candidates = list(dict.fromkeys(folder / path for folder in folders))
    for candidate in candidates:
        if candidate.exists() or (glob.has_magic(path) and glob.glob(str(candidate), recursive=True)):
            return str(candidate)
    hint = "" if glob.has_magic(path) else _near(candidates)
    raise ConfigError(f'no input file "{path}"{hint}; looked for {" and ".join(map(str, candidates))}')


def _near(candidates: list[Path]) -> str:
    """Return a hint at a file of a similar name beside one of the candidates."""
    for candidate in candidates:
        if candidate.parent.is_dir():
            hint = nearest(candidate.name, (file.name for file in candidate.parent.iterdir()))
            if hint:
                return hint
    return ""
