"""How much of TRExFitter configurations a steering file says: tables of `docs/reference/trexfitter-configurations.md`.

    python tools/trex_share.py FOLDER...             # print the tables of the page
    python tools/trex_share.py --family FOLDER...    # one row for each set of block.key names, of many files

Every `*.config` below the folders is read; settings are counted by what becomes of them. Of what is refused (unfolding,
morphing) or has mistakes, the settings are counted by their keys alone.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from wilks.errors import ConfigError
from wilks.trexfitter.analysis import analysis_of
from wilks.trexfitter.grammar import Contents, recognise
from wilks.trexfitter.importing import imported, read_blocks
from wilks.trexfitter.keys import Kind, kind_of
from wilks.trexfitter.multifit import is_multifit
from wilks.trexfitter.notes import Notes

Row = tuple[str, str, "Counter[Kind]"]


def counted(path: Path, contents: Contents) -> tuple[str, Counter[Kind]]:
    """Return what becomes of a configuration, and its settings by kind."""
    notes = Notes()
    if is_multifit(contents):
        kinds = [kind_of(b.type, key) for b in contents.blocks for key in b.settings]
        return "several fits", Counter(kind or Kind.NONE for kind in kinds)
    try:
        found = imported(contents, path)
        found.config()
    except ConfigError as error:
        analysis_of(contents, notes)
        reason = "refused" if any("can't be imported" in problem for problem in error.problems) else "has mistakes"
        return reason, notes.counts()
    cannot = len(found.notes.of(Kind.NONE))
    return "imported" if not cannot else "imported, with gaps", found.notes.counts()


def family(contents: Contents) -> frozenset[str]:
    """Return the names of the settings of a configuration: what differs in numbers only has the same."""
    return frozenset(f"{block.type}.{key}" for block in contents.blocks for key in block.settings)


def rows_of(folders: Iterable[Path], families: bool) -> list[Row]:
    """Return a row for each configuration, or for the first of each family."""
    rows: list[Row] = []
    known: set[tuple[str, frozenset[str]]] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*.config")):
            if path.name.endswith("Schema.config") or not recognise(path.read_bytes()):
                continue
            contents = read_blocks(path)
            key = (folder.name, family(contents))
            if families and key in known:
                continue
            known.add(key)
            what, counts = counted(path, contents)
            rows.append((f"{folder.name}/{path.relative_to(folder)}" if families else path.parent.name, what, counts))
    return rows


def as_markdown(rows: Iterable[Row]) -> str:
    """Return the table of configurations, with their sum."""
    lines = ["| configuration | | settings | " + " | ".join(kind.value for kind in Kind) + " | maps |"]
    lines += ["|:--|:--|--:|" + "--:|" * (len(Kind) + 1)]
    total: Counter[Kind] = Counter()
    for name, what, counts in rows:
        total += counts
        lines.append(_row(f"`{name}`", what, counts))
    lines.append(_row("all", "", total))
    return "\n".join(lines)


def _row(name: str, what: str, counts: Counter[Kind]) -> str:
    settings = sum(counts.values())
    maps = (settings - counts[Kind.NONE] - counts[Kind.APPROXIMATE]) / settings if settings else 0
    numbers = " | ".join(str(counts[kind]) for kind in Kind)
    return f"| {name} | {what} | {settings} | {numbers} | {maps:.0%} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--family", action="store_true", help="one row for each set of block.key names")
    given = parser.parse_args()
    print(as_markdown(rows_of(given.folders, given.family)))


if __name__ == "__main__":
    main()
