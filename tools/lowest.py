"""Print the lowest versions that pyproject.toml declares, one `name==version` a line: constraints for pip.

python tools/lowest.py [EXTRA ...] > lowest.txt

Those of the package and of what builds it, and of the extras that are named. What needs no version is not listed.
"""

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(?:>=\s*(?P<version>[0-9][0-9.]*))?")


def lowest(project, extras):
    """Return `name==version` for each requirement with a lower bound; the highest bound where there are several.

    Raises ValueError for an unknown extra and for a requirement that is more than a name with a lower bound.
    """
    known = project["project"]["optional-dependencies"]
    unknown = sorted(set(extras) - known.keys())
    if unknown:
        raise ValueError(f"no such extra: {', '.join(unknown)}; allowed are {', '.join(known)}")
    lists = [project["build-system"]["requires"], project["project"]["dependencies"], *(known[e] for e in extras)]
    found = {}
    for requirement in (text for requirements in lists for text in requirements):
        match = _REQUIREMENT.fullmatch(requirement.strip())
        if match is None:
            raise ValueError(f'"{requirement}": a name with a lower bound is expected, as in numpy>=1.26')
        name = re.sub(r"[-_.]+", "-", match["name"]).lower()
        if match["version"]:
            version = tuple(int(part) for part in match["version"].split("."))
            found[name] = max(version, found.get(name, ()))
    return [f"{name}=={'.'.join(map(str, version))}" for name, version in sorted(found.items())]


if __name__ == "__main__":
    try:
        print(*lowest(tomllib.loads(PROJECT.read_text(encoding="utf-8")), sys.argv[1:]), sep="\n")
    except ValueError as error:
        sys.exit(f"tools/lowest.py: {error}")
