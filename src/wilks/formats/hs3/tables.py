"""The named things of an HS3 file: distributions, functions, data, likelihoods, analyses, domains, points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from wilks.errors import listed, nearest
from wilks.formats.hs3.nodes import Node
from wilks.formats.notes import Note

_LISTS = ("distributions", "functions", "data", "likelihoods", "analyses", "domains", "parameter_points")
_TOP = (*_LISTS, "metadata", "misc")


@dataclass(frozen=True)
class Tables:
    """The lists of a file by the names of their items, and what there is to tell about the file."""

    root: Node
    distributions: dict[str, Node]
    functions: dict[str, Node]
    data: dict[str, Node]
    likelihoods: dict[str, Node]
    analyses: dict[str, Node]
    domains: dict[str, Node]
    parameter_points: dict[str, Node]
    notes: list[Note] = field(default_factory=list)

    @property
    def mistakes(self) -> list[str]:
        """What is wrong with the file so far."""
        return self.root.mistakes

    @property
    def root_internal(self) -> Node:
        """What ROOT keeps for itself."""
        return self.root.child("misc").child("ROOT_internal")

    @property
    def remembered(self) -> Node:
        """What wilks wrote down for itself: how the workspace was spelled."""
        return self.root.child("misc").child("wilks")

    def packages(self) -> dict[str, str]:
        """Return the programs that wrote the file, and their versions."""
        found = self.root.child("metadata").objects("packages")
        return {package.text("name", ""): package.text("version", "") for package in found}

    def tell(self, place: str, text: str, kind: str = "read as") -> None:
        """Add a note, once."""
        note = Note(place, text, kind)  # type: ignore[arg-type]
        if note not in self.notes:
            self.notes.append(note)

    def find(self, table: str, name: str, asked_by: Node, key: str) -> Node | None:
        """Return an item of a list by name; where there is none that is a mistake of who asks."""
        items: dict[str, Node] = getattr(self, table)
        if name in items:
            return items[name]
        there = f"; there are {listed(items)}" if 0 < len(items) < 5 else ""
        asked_by.wrong(f'no item "{name}" in {table}{nearest(name, items) or there}', key)
        return None


def tables(root: Node) -> Tables:
    """Return the lists of a file by name; names that are missing or repeat are mistakes."""
    lists = {key: _by_name(root, key) for key in _LISTS}
    found = Tables(root, notes=[], **lists)
    for key in root.known(_TOP):
        found.tell(key, "not known here, and left out", "lost")
    return found


def _by_name(root: Node, key: str) -> dict[str, Node]:
    items: dict[str, Node] = {}
    for node in root.objects(key):
        name = node.text("name")
        if name in items and node.has("name"):
            node.wrong(f'"{name}" occurs more than once in {key}', "name")
        items.setdefault(name, node)
    return items


def told(names: Iterable[str]) -> str:
    """Return a few names for a sentence."""
    return listed(list(names), limit=6)
