"""One pass over some entries of a tree that fills all histograms made from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from wilks._types import FloatArray
from wilks.errors import TemplateError, listed
from wilks.templates.evaluation import evaluate, per_entry, truth
from wilks.templates.expression_text import ExpressionError, pointed
from wilks.templates.expressions import Node
from wilks.templates.files import first_line
from wilks.templates.records import is_list, is_text
from wilks.templates.trees import Tree, open_trees
from wilks.templates.whole_numbers import type_of

_BLOCK = 1 << 14
# Entries that are worked on at once: arrays this small stay in the processor's cache, and in memory that NumPy has.


Role: TypeAlias = Literal["Variable", "Filter", "Weight"]


@dataclass(frozen=True)
class Use:
    """An expression, and what it is used as."""

    role: Role
    text: str

    def of(self, value: Any, entries: int) -> Any:
        """Return a value as this role needs it. Raises ExpressionError where it does not suit."""
        return selected(value, entries) if self.role == "Filter" else numbers(value, entries)


@dataclass(frozen=True)
class Recipe:
    """What fills a histogram: what is histogrammed, of which entries, with which weight, in which bins.

    Sums are those of the weights; that yields are `scale` times the sums is left to whoever adds them up.
    """

    variable: str
    filter: str | None
    weight: str | None
    edges: tuple[float, ...]
    scale: float = 1.0

    @property
    def uses(self) -> tuple[Use, ...]:
        """The expressions that are evaluated."""
        roles: dict[Role, str | None] = {"Variable": self.variable, "Filter": self.filter, "Weight": self.weight}
        return tuple(Use(role, text) for role, text in roles.items() if text is not None)


@dataclass(frozen=True)
class Task:
    """A range of entries of one tree, and all that is filled from them; can be sent to another process."""

    file: str
    tree: str
    recipes: tuple[Recipe, ...]
    start: int
    stop: int
    root_divisions: bool = False

    def answered_by(self, made: object) -> bool:
        """Return whether something can be the sums of this task: of it, of this size, of no more entries."""
        if not isinstance(made, Tally) or made.work != str(self):
            return False
        most = self.stop - self.start
        for name, own in vars(Tally.of(self.recipes)).items():
            given = getattr(made, name)
            if type(given) is not type(own):
                return False
            if isinstance(own, np.ndarray) and (given.dtype, given.shape) != (own.dtype, own.shape):
                return False
        return all(bool(np.all((count >= 0) & (count <= most))) for count in (made.entries, made.undefined))

    def __str__(self) -> str:
        return f'entries {self.start} to {self.stop} of "{self.tree}" in {self.file}'


@dataclass
class Tally:
    """Sums over entries, for the recipes of a task.

    `contents` and `sumw2` have, recipe after recipe, what lay below the edges, the bins, and what lay above; `entries`
    counts the fills of a recipe, `undefined` the selected entries whose variable is missing or no number. `bad` has the
    first and last entry selected with a weight that is missing or not finite, by weight; `failed` the expressions that
    failed on the way, with the reason and the first entry of the block; `unreadable` says what could not be read.
    `work` is the task in words.
    """

    contents: FloatArray
    sumw2: FloatArray
    entries: FloatArray
    undefined: FloatArray
    bad: dict[str, tuple[int, int]] = field(default_factory=dict)
    failed: dict[Use, tuple[str, int]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    bytes_read: int = 0
    work: str = ""

    @classmethod
    def of(cls, recipes: Sequence[Recipe]) -> Tally:
        """Return sums of nothing."""
        size = sum(len(recipe.edges) + 1 for recipe in recipes)
        return cls(np.zeros(size), np.zeros(size), np.zeros(len(recipes)), np.zeros(len(recipes)))

    def add(self, other: Tally) -> None:
        """Add the sums over other entries."""
        for name in ("contents", "sumw2", "entries", "undefined"):
            getattr(self, name).__iadd__(getattr(other, name))
        for weight, (first, last) in other.bad.items():
            known = self.bad.get(weight, (first, last))
            self.bad[weight] = min(first, known[0]), max(last, known[1])
        for use, reason in other.failed.items():
            self.failed.setdefault(use, reason)
        self.unreadable += other.unreadable
        self.bytes_read += other.bytes_read


def starts_of(recipes: Sequence[Recipe]) -> list[int]:
    """Return where the sums of each recipe begin in `Tally.contents`."""
    sizes = [len(recipe.edges) + 1 for recipe in recipes]
    return [0, *np.cumsum(sizes[:-1]).tolist()] if sizes else []


def fill(task: Task) -> Tally:
    """Return the sums over the entries of a task; what can't be read is in its `unreadable`."""
    try:
        with open_trees(task.file) as file:
            tree = replace(file.tree(task.tree), root_divisions=task.root_divisions)
            tally = _Filling(tree, task).run()
            tally.bytes_read, tally.work = file.bytes_read, str(task)
            return tally
    except TemplateError as error:
        problems = error.problems
    except ExpressionError as error:  # everything suited the tree when it was looked at
        problems = (f'{task.file}: the tree "{task.tree}" is not what it was before: {error.message}',)
    tally = Tally.of(task.recipes)
    tally.work = str(task)
    tally.unreadable += problems
    return tally


def selected(value: Any, entries: int) -> Any:
    """Return a filter's value as booleans, shape (entries,). Raises ExpressionError for lists and decimal numbers."""
    if is_list(value):
        raise ExpressionError(
            "gives a list per entry where a filter needs true or false; any(...) or all(...) makes one"
        )
    if is_text(value):
        raise ExpressionError('gives text where a filter needs true or false; a comparison is missing (== "...")')
    dtype = type_of(value)
    if dtype is None:
        raise ExpressionError("gives no numbers where a filter needs true or false")
    if dtype.kind == "f":
        raise ExpressionError("gives numbers where a filter needs true or false; a comparison is missing")
    flags, present = per_entry(truth(value), entries)
    return flags.astype(bool) if present is None else flags.astype(bool) & present


def numbers(value: Any, entries: int) -> tuple[Any, Any]:
    """Return a variable's value as numbers, and where there are some. Raises ExpressionError for lists and text."""
    if is_text(value):
        raise ExpressionError('gives text, not numbers; where(name == "...", 1, 0) makes some')
    if type_of(value) is None:
        members = list(getattr(value, "fields", ()))
        raise ExpressionError(f"gives no numbers{'; its members are ' + listed(members) if members else ''}")
    if is_list(value):
        raise ExpressionError(
            "gives a list per entry where one number is needed; take one element, a[0], or a sum(...), max(...), ..."
        )
    return per_entry(value, entries)


@dataclass(frozen=True)
class _Selection:
    """Entries of a block in the order of their bins: `rows`, the `places` that aren't empty and where they start."""

    rows: Any
    starts: Any
    places: Any
    counts: Any
    undefined: int


@dataclass(frozen=True)
class _Group:
    """Histograms of one variable with one filter: they share bins, and differ in the weight."""

    variable: Node
    filter: Node | None
    edges: FloatArray


class _Filling:
    """The state of one pass: operations with common parts, buffers, sums."""

    def __init__(self, tree: Tree, task: Task) -> None:
        self.tree, self.task = tree, task
        self.total, self.block = Tally.of(task.recipes), Tally.of(task.recipes)
        self.buffer = np.empty((2, _BLOCK))
        known: dict[Node, Node] = {}
        groups: dict[tuple[str, str | None, tuple[float, ...]], int] = {}
        self.groups: list[_Group] = []
        self.by_weight: dict[str | None, list[tuple[int, int, int]]] = {}
        for number, (recipe, slot) in enumerate(zip(task.recipes, starts_of(task.recipes), strict=True)):
            key = recipe.variable, recipe.filter, recipe.edges
            if key not in groups:
                groups[key] = len(self.groups)
                cut = None if recipe.filter is None else self._bound(recipe.filter, known)
                self.groups.append(_Group(self._bound(recipe.variable, known), cut, np.array(recipe.edges)))
            self.by_weight.setdefault(recipe.weight, []).append((groups[key], number, slot))
        self.weights = {text: self._bound(text, known) for text in self.by_weight if text is not None}
        self.shared = self._shared()

    def _bound(self, text: str, known: dict[Node, Node]) -> Node:
        """Return the operations of an expression, equal ones as the same object."""

        def once(node: Node) -> Node:
            args = tuple(once(arg) if isinstance(arg, Node) else arg for arg in node.args)
            return known.setdefault(node, Node(node.op, args, node.column))

        return once(self.tree.bind(text))

    def _shared(self) -> frozenset[int]:
        """Return the operations that are needed more than once in a block."""
        roots = [node for group in self.groups for node in (group.variable, group.filter) if node is not None]
        uses: Counter[int] = Counter(id(node) for node in (*roots, *self.weights.values()))
        seen: set[int] = set()
        for root in (*roots, *self.weights.values()):
            for node in root.walk():
                if id(node) not in seen:
                    seen.add(id(node))
                    uses.update(id(arg) for arg in node.args if isinstance(arg, Node))
        return frozenset(key for key, count in uses.items() if count > 1)

    def run(self) -> Tally:
        """Return the sums over all entries of the task."""
        roots = [node for group in self.groups for node in (group.variable, group.filter) if node is not None]
        names = list(dict.fromkeys(name for root in (*roots, *self.weights.values()) for name in root.branches))
        first = self.task.start
        try:
            for first, columns, entries in self.tree.chunks(names, self.task.start, self.task.stop):
                for begin in range(0, entries, _BLOCK):
                    end = min(begin + _BLOCK, entries)
                    part = {name: column[begin:end] for name, column in columns.items()}
                    try:
                        self._fill_block(part, first + begin, end - begin)
                    except ExpressionError:
                        self._explain(part, first + begin, end - begin)
                        if not self.total.failed:
                            raise
                        return self.total
        except Exception as error:  # uproot raises whatever an unreadable byte leads to
            where = f'{self.task.file}: tree "{self.task.tree}" can\'t be read beyond entry {first}'
            self.total.unreadable.append(f"{where} ({first_line(error)})")
        return self.total

    def _explain(self, columns: dict[str, Any], first: int, entries: int) -> None:
        """Note which expressions fail in a block: each by itself, because parts in common have the place of one."""
        for use in dict.fromkeys(use for recipe in self.task.recipes for use in recipe.uses):
            try:
                with np.errstate(all="ignore"):
                    use.of(evaluate(self.tree.bind(use.text), columns, {}, frozenset()), entries)
            except ExpressionError as error:
                self.total.failed[use] = pointed(use.text, error), first

    def _fill_block(self, columns: dict[str, Any], first: int, entries: int) -> None:
        memo: dict[int, Any] = {}
        block = self.block
        for array in (block.contents, block.sumw2):
            array.fill(0.0)
        with np.errstate(all="ignore"):
            selections = [self._selection(group, columns, memo, entries) for group in self.groups]
            for text, uses in self.by_weight.items():
                if any(selections[group].rows.size for group, _, _ in uses):
                    self._fill_weight(text, uses, selections, columns, memo, first, entries)
        for uses in self.by_weight.values():
            for group, number, _ in uses:
                self.total.entries[number] += selections[group].rows.size
                self.total.undefined[number] += selections[group].undefined
        self.total.contents += block.contents
        self.total.sumw2 += block.sumw2

    def _selection(self, group: _Group, columns: dict[str, Any], memo: dict[int, Any], entries: int) -> _Selection:
        """Return the entries that pass a filter, in the order of their bins."""
        rows = np.arange(entries)
        if group.filter is not None:
            flags = selected(evaluate(group.filter, columns, memo, self.shared), entries)
            rows = np.flatnonzero(flags)
        values, present = numbers(evaluate(group.variable, columns, memo, self.shared), entries)
        taken = values[rows]
        # Small numbers sort fast.
        places = np.searchsorted(group.edges, taken, side="right").astype(np.min_scalar_type(len(group.edges) + 1))
        if group.edges[-1] == np.inf:  # and what is infinite itself is inside
            places[taken == np.inf] = len(group.edges) - 1
        undefined = np.isnan(taken) if taken.dtype.kind == "f" else np.zeros(rows.size, dtype=bool)
        if present is not None:
            undefined |= ~present[rows]
        outside = int(np.count_nonzero(undefined))
        places[undefined] = len(group.edges) + 1
        # A stable sort, so that the order of summation is that of the file.
        order = np.argsort(places, kind="stable")[: rows.size - outside]
        counts = np.bincount(places, minlength=len(group.edges) + 2)[:-1]
        filled = np.flatnonzero(counts)
        return _Selection(rows[order], (np.cumsum(counts) - counts)[filled], filled, counts[filled], outside)

    def _fill_weight(
        self,
        text: str | None,
        uses: list[tuple[int, int, int]],
        selections: list[_Selection],
        columns: dict[str, Any],
        memo: dict[int, Any],
        first: int,
        entries: int,
    ) -> None:
        """Add the entries of a block to all histograms with one weight."""
        value = 1.0 if text is None else evaluate(self.weights[text], columns, memo, self.shared)
        weights, present = numbers(value, entries)
        weights = weights.astype(np.float64, copy=False)
        if present is not None:
            weights = np.where(present, weights, np.nan)
        for group, _, slot in uses:
            chosen = selections[group]
            if not chosen.rows.size:
                continue
            ordered, squared = self.buffer[:, : chosen.rows.size]
            np.take(weights, chosen.rows, out=ordered, mode="clip")
            sums = np.add.reduceat(ordered, chosen.starts)
            if not np.isfinite(sums).all():
                self._remember(text, ordered, chosen.rows, first)
            np.multiply(ordered, ordered, out=squared)
            places = chosen.places + slot
            self.block.contents[places] = sums
            self.block.sumw2[places] = np.add.reduceat(squared, chosen.starts)

    def _remember(self, text: str | None, ordered: FloatArray, rows: Any, first: int) -> None:
        """Note which entries have weights that are not finite."""
        bad = rows[~np.isfinite(ordered)] + first
        if bad.size and text is not None:
            low, high = self.total.bad.get(text, (int(bad.min()), int(bad.max())))
            self.total.bad[text] = min(low, int(bad.min())), max(high, int(bad.max()))


def tasks_of(
    file: str, tree: str, recipes: tuple[Recipe, ...], spans: Sequence[tuple[int, int]], *, root_divisions: bool = False
) -> Iterator[Task]:
    """Yield the pieces of work of one tree."""
    for start, stop in spans:
        yield Task(file, tree, recipes, start, stop, root_divisions)
