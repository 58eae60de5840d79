"""Trees (TTree and RNTuple) in ROOT files: their branches, and their entries in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from wilks.config.paths import tidy_name
from wilks.errors import TemplateError, listed, nearest
from wilks.templates.expression_text import ExpressionError
from wilks.templates.expressions import DEEPEST, Node, parse, with_root_divisions
from wilks.templates.files import UnreadableError, first_line
from wilks.templates.friends import NOBODY, Friends, friends_of, with_friends
from wilks.templates.readers import classnames_of, known_as, opened
from wilks.templates.records import column

_TREES = ("TTree", "TNtuple", "TNtupleD", "TChain", "ROOT::RNTuple", "ROOT::Experimental::RNTuple")
_WITH_FRIENDS = _TREES[:4]
_CHUNK_BYTES = 32 << 20
_MOST_ROWS, _FEWEST_ROWS = 1 << 17, 1 << 12
_SPAN = 1 << 18
# Entries of one piece of work, if the file allows it: enough to pay for opening the file once more.
_OPERATIONS = 10_000
# Of one expression, from aliases: those that stand for several others each grow without limit.


@dataclass(frozen=True)
class Tree:
    """An open tree; `names` are its branches (fields of an RNTuple).

    With `root_divisions` its expressions divide as ROOT does.
    """

    source: Any
    names: frozenset[str]
    look_for_friends: Callable[[], Friends] = lambda: NOBODY
    root_divisions: bool = False

    @cached_property
    def friends(self) -> Friends:
        """The trees whose branches belong to the same entries, opened where a branch is not the tree's own."""
        return self.look_for_friends()

    @property
    def entries(self) -> int:
        """Number of entries."""
        return int(self.source.num_entries)

    @property
    def _is_rntuple(self) -> bool:
        return hasattr(self.source, "cluster_summaries")

    def bind(self, text: str) -> Node:
        """Return the operations of an expression on these branches; a text that is a branch's name is that branch.

        Aliases of the tree are replaced by what they stand for. Raises ExpressionError.
        """
        if text.strip() in self.names:
            return Node("branch", (text.strip(),))
        node = self._resolved(parse(text), [], [0])
        return with_root_divisions(node) if self.root_divisions else node

    def _resolved(self, node: Node, above: list[str], operations: list[int], depth: int = 0) -> Node:
        """Return an operation without aliases; `above` are those that it is part of, `operations` counts."""
        operations[0] += bool(above)
        if operations[0] > _OPERATIONS or depth > DEEPEST:
            limit = f"{_OPERATIONS} operations" if depth <= DEEPEST else f"{DEEPEST} operations inside each other"
            raise ExpressionError(f"more than {limit}, with what aliases stand for", node.column)
        if node.op != "branch":
            args = tuple(
                self._resolved(arg, above, operations, depth + 1) if isinstance(arg, Node) else arg for arg in node.args
            )
            return Node(node.op, args, node.column)
        name = str(node.args[0])
        if name in self.names:
            return node
        aliases = getattr(self.source, "aliases", None) or {}
        if name in above:
            raise ExpressionError(f'the alias "{name}" is made of itself', node.column)
        if name in aliases:
            try:
                meant = self._resolved(parse(aliases[name]), [*above, name], operations, depth + 1)
                return _moved(meant, node.column)
            except ExpressionError as error:
                raise ExpressionError(f'the alias "{name}": {error.message}', node.column) from None
        inside = self._member_of_branch(name, node.column)
        if inside is not None:
            return inside
        if self._of_friend(name, node.column):
            return node
        known = [*self.names, *aliases, *(other for friend in self.friends.friends for other in friend.names)]
        raise ExpressionError(f'no branch "{name}"{nearest(name, known)}{self.friends.hint()}', node.column)

    def _of_friend(self, name: str, column: int) -> bool:
        """Return whether a friend has a branch. Raises ExpressionError where the two trees don't go together."""
        found = self.friends.find(name)
        if found is None:
            return False
        friend, _ = found
        own, others = self.entries, int(friend.source.num_entries)
        if friend.index is None and others < own:
            text = f'the branch "{name}" is of a friend tree with {others} entries, this one has {own}'
            raise ExpressionError(text, column)
        self._index_nodes([name])
        return True

    def _index_nodes(self, names: Sequence[str]) -> dict[str, Node]:
        """Return the expressions of the indices by which friends with these branches are matched."""
        found = (self.friends.find(name) for name in names)
        indices = [friend.index for friend, _ in filter(None, found) if friend.index is not None]
        return {text: self.bind(text) for index in indices for text in index.expressions}

    def _member_of_branch(self, name: str, column: int) -> Node | None:
        """Return the operations of a dotted name: a branch inside others, or a member of what a branch has."""
        paths = {_dotted(path): path for path in self.names if "/" in path}
        if name in paths:
            return Node("branch", (paths[name],), column)
        parts = name.split(".")
        for length in range(len(parts) - 1, 0, -1):
            start = ".".join(parts[:length])
            found = next((known for known in (start, f"{start}.", paths.get(start)) if known in self.names), None)
            if found is not None:
                node = Node("branch", (found,), column)
                for part in parts[length:]:
                    node = Node("member", (node, part), column)
                return node
        return None

    def empties(self, names: Sequence[str]) -> dict[str, Any]:
        """Return arrays without entries, of the types of the branches; nothing is read. Raises ExpressionError."""
        import awkward

        if self._is_rntuple:
            form = self.source.to_akform(filter_name=list(names))[0]
            records = awkward.Array(form.length_zero_array())
            return {name: column(_field(records, name)) for name in names}
        found = {}
        for name in names:
            friend = None if name in self.names else self.friends.find(name)
            branch = self.source[name] if friend is None else friend[0].source[friend[1]]
            try:
                found[name] = column(
                    awkward.Array(branch.interpretation.awkward_form(self.source.file).length_zero_array())
                )
            except Exception:  # uproot raises what it likes for a class that it can't lay out
                raise ExpressionError(f'the branch "{name}" has type {branch.typename}, not numbers') from None
        return found

    def spans(self, names: Sequence[str]) -> tuple[tuple[int, int], ...]:
        """Return ranges of entries that can be read on their own without reading a byte twice."""
        ends = self._boundaries(names)
        spans, start = [], 0
        for end in ends:
            if end - start >= _SPAN or end == ends[-1]:
                spans.append((start, end))
                start = end
        return tuple(span for span in spans if span[0] < span[1])

    def _boundaries(self, names: Sequence[str]) -> list[int]:
        if self._is_rntuple:
            return [cluster.num_first_entry + cluster.num_entries for cluster in self.source.cluster_summaries]
        common: set[int] = {self.entries}
        own = [self.source[name] for name in names if name in self.names]
        offsets = [set(branch.entry_offsets) for branch in own if branch.num_baskets]
        if offsets:
            common |= set.intersection(*offsets)
        return sorted(offset for offset in common if 0 < offset <= self.entries)

    def chunks(self, names: Sequence[str], start: int, stop: int) -> Iterator[tuple[int, dict[str, Any], int]]:
        """Yield first entry, branches by name, and number of entries, in chunks of bounded size."""
        foreign = [] if self._is_rntuple else [name for name in names if name not in self.names]
        if foreign:
            nodes = self._index_nodes(foreign)
            needed = [branch for node in nodes.values() for branch in node.branches]
            own = dict.fromkeys([*(name for name in names if name in self.names), *needed])
            # Without a branch of its own a chunk would have no limit.
            pieces = (
                [(start, stop)] if own else [(at, min(at + _MOST_ROWS, stop)) for at in range(start, stop, _MOST_ROWS)]
            )
            for piece in pieces:
                yield from with_friends(self.friends, foreign, self.chunks(list(own), *piece), nodes)
        elif not names:
            yield start, {}, stop - start
        elif self._is_rntuple:
            ends = [end for end in self._boundaries(names) if start < end <= stop]
            for first, end in zip([start, *ends], ends, strict=False):  # a cluster is what can be read by itself
                records = self.source.arrays(filter_name=list(names), entry_start=first, entry_stop=end)
                yield first, {name: column(_field(records, name)) for name in names}, end - first
        else:
            rows = self._rows(names)
            first = start
            for columns in self.source.iterate(
                list(names), entry_start=start, entry_stop=stop, step_size=rows, how=dict, library="ak"
            ):
                entries = min(rows, stop - first)
                yield first, {name: column(columns[name]) for name in names}, entries
                first += entries

    def _rows(self, names: Sequence[str]) -> int:
        size = sum(int(self.source[name].uncompressed_bytes) for name in names)
        rows = _CHUNK_BYTES * max(self.entries, 1) // max(size, 1)
        return max(min(rows, _MOST_ROWS) // _FEWEST_ROWS * _FEWEST_ROWS, _FEWEST_ROWS)


def _moved(node: Node, column: int) -> Node:
    """Return the operations of an alias, all of them where its name stands."""
    return Node(node.op, tuple(_moved(arg, column) if isinstance(arg, Node) else arg for arg in node.args), column)


def _dotted(path: str) -> str:
    """Return the path of a branch inside others with dots, as TTree::Draw has it.

    >>> _dotted("p4/fCoordinates/fCoordinates.fPt")
    'p4.fCoordinates.fPt'
    """
    parts = path.split("/")
    names = [part.removeprefix(f"{above.strip('.')}.") for above, part in pairwise(parts)]
    return ".".join(name.strip(".") for name in [parts[0], *names])


def _field(records: Any, name: str) -> Any:
    return records[name] if name in records.fields else records[tuple(name.split("."))]


@dataclass
class TreeFile:
    """An open ROOT file with trees."""

    path: str
    file: Any
    classnames: Mapping[str, str]
    stack: ExitStack
    friends: dict[str, Friends] = field(default_factory=dict)

    @property
    def bytes_read(self) -> int:
        """Bytes that were asked for so far."""
        return int(self.file.file.source.num_requested_bytes)

    @property
    def trees(self) -> list[str]:
        """Names of the trees."""
        return [found for found, classname in self.classnames.items() if classname in _TREES]

    def tree(self, name: str) -> Tree:
        """Return a tree. Raises TemplateError, with the trees that there are, if there is none of this name.

        UnreadableError if it can't be read.
        """
        trees = self.trees
        known = known_as(name, trees)
        if known is None:
            plain = tidy_name(name.partition(";")[0])
            other = self.classnames.get(plain)
            hint = (
                f"; {plain} is a {other}"
                if other
                else nearest(plain, trees) or f"; there are {listed(trees) or 'none'}"
            )
            raise TemplateError(f'no tree "{name}" in {self.path}{hint}')
        try:
            source = self.file[known]
            names = set(source.keys())
            # Branches that were split have a path, and a name that is often the only one of its kind.
            if hasattr(source, "branches") and any("/" in found for found in names):
                names |= set(source.keys(full_paths=False))
            return Tree(source, frozenset(names), lambda: self._friends_of(known))
        except Exception as error:  # uproot raises whatever the first unreadable byte leads to
            raise UnreadableError(f'the tree "{name}" of {self.path} can\'t be read ({first_line(error)})') from error

    def _friends_of(self, name: str) -> Friends:
        if name not in self.friends:
            is_tree = self.classnames.get(name.partition(";")[0]) in _WITH_FRIENDS
            self.friends[name] = friends_of(self.path, name, self.stack) if is_tree else NOBODY
        return self.friends[name]

    @property
    def friend_files(self) -> tuple[str, ...]:
        """Files of the friends that were looked for."""
        found = (friend.file for friends in self.friends.values() for friend in friends.friends)
        return tuple(dict.fromkeys(filter(None, found)))


@contextmanager
def open_trees(path: str) -> Iterator[TreeFile]:
    """Open a ROOT file, local or remote. Raises UnreadableError, or TemplateError where there is no file."""
    with opened(path) as file:
        try:
            classnames = classnames_of(file)
        except Exception as error:  # a truncated file has no list of its objects
            raise UnreadableError(f"{path}: can't be read as a ROOT file ({first_line(error)})") from error
        with ExitStack() as stack:
            yield TreeFile(path, file, classnames, stack)
