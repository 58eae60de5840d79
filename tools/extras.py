"""Print what wilks needs at run time and for some of its extras, one requirement a line, for `pip install -r`.

python tools/extras.py [EXTRA ...] > requirements.txt

`pip install --editable ".[test]"` would install the same, and compile the engine once more on the way.
"""

import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def requirements(project, extras):
    """Return the requirements of the package and of the extras that are named. ValueError for an unknown extra."""
    known = project["project"]["optional-dependencies"]
    unknown = sorted(set(extras) - known.keys())
    if unknown:
        raise ValueError(f"no such extra: {', '.join(unknown)}; allowed are {', '.join(known)}")
    return [*project["project"]["dependencies"], *(line for extra in extras for line in known[extra])]


if __name__ == "__main__":
    try:
        print(*requirements(tomllib.loads(PROJECT.read_text(encoding="utf-8")), sys.argv[1:]), sep="\n")
    except ValueError as error:
        sys.exit(f"tools/extras.py: {error}")
