"""Friend trees: branches of another tree that belong to the same entries (`TTree::AddFriend`).

They are matched by position, or, where the friend has an index (`TTree::BuildIndex`), by the values that it names.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks._types import BoolArray
from wilks.errors import TemplateError
from wilks.templates.evaluation import evaluate
from wilks.templates.expression_text import ExpressionError
from wilks.templates.expressions import Node
from wilks.templates.files import first_line
from wilks.templates.readers import opened
from wilks.templates.records import column

_Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Declared:
    """A friend as the tree declares it: by which name, which tree, of which file (empty: the same)."""

    alias: str
    tree: str
    file: str


@dataclass(frozen=True)
class Index:
    """Which entry of a friend has which pair of whole numbers, sorted by these; `expressions` gives them."""

    expressions: tuple[str, str]
    major: _Numbers
    minor: _Numbers
    entries: _Numbers

    @cached_property
    def _ranks(self) -> tuple[_Numbers, _Numbers, _Numbers]:
        majors, of_major = np.unique(self.major, return_inverse=True)
        minors, of_minor = np.unique(self.minor, return_inverse=True)
        return majors, minors, of_major * len(minors) + of_minor

    def find(self, major: _Numbers, minor: _Numbers) -> tuple[_Numbers, BoolArray]:
        """Return the first entry for each pair, and where there is one."""
        if not self.entries.size:
            return np.zeros(len(major), dtype=np.int64), np.zeros(len(major), dtype=np.bool_)
        majors, minors, keys = self._ranks
        first, second = (
            np.minimum(np.searchsorted(known, asked), len(known) - 1)
            for known, asked in ((majors, major), (minors, minor))
        )
        wanted = first * len(minors) + second
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        present = (majors[first] == major) & (minors[second] == minor) & (keys[places] == wanted)
        return self.entries[places], present


@dataclass(frozen=True)
class Friend:
    """An open friend tree; `file` is empty where it is in the file of its tree."""

    declared: Declared
    source: Any
    names: frozenset[str]
    index: Index | None
    file: str

    def branch(self, name: str) -> str | None:
        """Return the branch that a name means, with the friend's name before it or without."""
        for start in ("", f"{self.declared.alias}.", f"{self.declared.tree}."):
            if name.startswith(start) and name.removeprefix(start) in self.names:
                return name.removeprefix(start)
        return None

    def read(self, branch: str, first: int, entries: int, pairs: tuple[Any, Any] | None) -> Any:
        """Return a branch for some entries of the tree: at the same places, or where these pairs of numbers are."""
        if pairs is None:
            return self._array(branch, first, first + entries)
        import awkward

        if self.index is None:
            raise ExpressionError("the friend tree has no index")
        places, present = self.index.find(
            *(np.broadcast_to(np.asarray(one).astype(np.int64), entries) for one in pairs)
        )
        whole = self._array(branch, None, None)
        taken = whole[np.where(present, places, 0)] if len(whole) else None
        if present.all():
            return taken if taken is not None else whole
        if taken is None:
            raise ExpressionError(f'the friend tree "{self.declared.tree}" is empty')
        return awkward.mask(taken, present)

    def _array(self, branch: str, start: int | None, stop: int | None) -> Any:
        found = self.source.arrays([branch], entry_start=start, entry_stop=stop, library="ak", how=dict)
        return column(found[branch])


@dataclass(frozen=True)
class Friends:
    """The friends of a tree, and what of its own branches their indices need."""

    friends: tuple[Friend, ...]
    unreadable: tuple[str, ...] = ()

    def find(self, name: str) -> tuple[Friend, str] | None:
        """Return the friend that has a branch of this name, and its own name for it."""
        found = ((friend, friend.branch(name)) for friend in self.friends)
        return next(((friend, branch) for friend, branch in found if branch is not None), None)

    def hint(self) -> str:
        """Return what there is beside the tree's own branches."""
        names = [f'"{friend.declared.alias}"' for friend in self.friends]
        friends = f"; the tree has the friend{'s'[: len(names) > 1]} {', '.join(names)}" if names else ""
        return friends + "".join(f"; {text}" for text in self.unreadable)


NOBODY = Friends(())


def friends_of(path: str, tree: str, stack: ExitStack) -> Friends:
    """Return the friends that a tree declares; their files stay open as long as the stack."""
    try:
        # uproot reads a tree up to its friends only if it is asked to.
        file = stack.enter_context(opened(path, minimal_ttree_metadata=False))
        source = file[tree]
        declared = [_declared(element) for element in source.member("fFriends") or ()]
    except Exception:  # uproot raises what it likes for an old tree; then there are none to be known
        return NOBODY
    found, unreadable = [], []
    for one in declared:
        try:
            found.append(_opened(one, path, file, stack))
        except Exception as error:
            where = f" in {one.file}" if one.file else ""
            reason = str(error) if isinstance(error, TemplateError) else first_line(error)
            unreadable.append(f'its friend "{one.alias}"{where} can\'t be read ({reason})')
    return Friends(tuple(found), tuple(unreadable))


def _declared(element: Any) -> Declared:
    return Declared(element.member("fName"), str(element.member("fTreeName")), element.member("fTitle"))


def _opened(declared: Declared, path: str, file: Any, stack: ExitStack) -> Friend:
    """Open a friend: its file lies beside that of the tree, or where the name leads from the current folder."""
    where = ""
    if declared.file:
        where = declared.file
        beside = f"{os.path.dirname(path)}/{declared.file}" if os.path.dirname(path) else declared.file
        if "://" not in where and not os.path.isabs(where) and ("://" in path or os.path.isfile(beside)):
            where = beside
        file = stack.enter_context(opened(where, minimal_ttree_metadata=False))
    source = file[declared.tree]
    names = frozenset(source.keys()) | frozenset(source.keys(full_paths=False))
    raw = source.member("fTreeIndex")
    return Friend(declared, source, names, None if raw is None else _index(raw), where)


def _index(raw: Any) -> Index:
    """Return a TTreeIndex, which uproot does not read, from its bytes."""
    if "TTreeIndex" not in type(raw).__name__:
        raise TemplateError(f"its index is a {raw.classname}")
    content, place = bytes(raw.chunk.raw_data), raw.cursor.index
    _, version, size = struct.unpack_from(">IHI", content, place)
    if version != 2:
        raise TemplateError(f"its index is of version {version}")
    place += 10 + (size & ~0x40000000)  # behind the TVirtualIndex, whose number of bytes this is
    texts = []
    for _ in range(2):
        length = content[place]
        texts.append(content[place + 1 : place + 1 + length].decode())
        place += 1 + length
    (entries,) = struct.unpack_from(">q", content, place)
    numbers = np.frombuffer(content, ">i8", 3 * entries, place + 8).astype(np.int64)
    major, minor, found = numbers.reshape(3, entries)
    return Index((texts[0], texts[1]), major, minor, found)


def with_friends(
    friends: Friends,
    names: list[str],
    chunks: Iterator[tuple[int, dict[str, Any], int]],
    nodes: Mapping[str, Node],
) -> Iterator[tuple[int, dict[str, Any], int]]:
    """Yield chunks of a tree with the branches of its friends; `nodes` has the expressions of their indices."""
    for first, columns, entries in chunks:
        values = {text: evaluate(node, columns, {}, frozenset()) for text, node in nodes.items()}
        for name in names:
            found = friends.find(name)
            if found is None:
                raise ExpressionError(f'no branch "{name}"')
            friend, branch = found
            pairs = None
            if friend.index is not None:
                major, minor = friend.index.expressions
                pairs = values[major], values[minor]
            columns[name] = friend.read(branch, first, entries, pairs)
        yield first, columns, entries
