"""Branches of trees, and expressions over them, made histograms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from wilks._types import FloatArray
from wilks.drawables import Drawable, Filled, HistogramND
from wilks.errors import InputError, TemplateError, listed
from wilks.histogram import Axis
from wilks.moments import number, printable
from wilks.templates.evaluation import evaluate
from wilks.templates.expression_text import ExpressionError, pointed
from wilks.templates.filling import Use
from wilks.templates.trees import Tree, open_trees

_BINS, _BINS_ND = 60, 40
_MOST_WHOLE = 120
# Values of a whole number that get a bin each.
_MOST_BINS = 1_000_000
_KEPT = 1 << 22
# Entries of a tree whose values are kept between finding the range and filling; those of larger ones are read twice.
_Block: TypeAlias = tuple[FloatArray, FloatArray, int, list[bool]]


@dataclass(frozen=True)
class Binning:
    """Bins along one axis: their number, and the range, None where it is that of the values."""

    bins: int | None = None
    range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Draw:
    """What is drawn of a tree: expressions, `y:x` for two axes; the entries, their weight, the bins of each axis."""

    tree: str
    expressions: tuple[str, ...]
    where: str | None = None
    weight: str | None = None
    binnings: tuple[Binning, ...] = ()


def axes_of(expression: str) -> tuple[str, ...]:
    """Return the expressions along the axes x, y of `y:x`, as TTree::Draw writes it; a colon in brackets is a slice.

    >>> axes_of("jet_pt[:, 0]/1000"), axes_of("TMath::Abs(eta):pt")
    (('jet_pt[:, 0]/1000',), ('pt', 'TMath::Abs(eta)'))
    """
    depth, start, parts, quote = 0, 0, [], ""
    for i, character in enumerate(expression):
        if quote or character in "'\"":
            quote = "" if character == quote else quote or character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == ":" and not depth and ":" not in (expression[i + 1 : i + 2], expression[i - 1 : i]):
            parts.append(expression[start:i])
            start = i + 1
    return tuple(part.strip() for part in [*parts, expression[start:]][::-1])


def trees_of(path: str | Path) -> frozenset[str]:
    """Return the names of the trees of a ROOT file. Raises TemplateError where it can't be read."""
    with open_trees(str(path)) as file:
        return frozenset(file.trees)


def draw_tree(path: str | Path, asked: Draw) -> tuple[tuple[tuple[str, Drawable], ...], tuple[str, ...]]:
    """Return (expression, histogram) for each expression, and sentences on what is not in them.

    One-dimensional histograms of one call have common bins, so that they can be compared. Without a range it is that
    of the selected values of all expressions; whole numbers have a bin each. Entries whose value is missing or NaN are
    left out, and a sentence says how many. Raises TemplateError, with all mistakes, where an expression doesn't fit,
    where a weight is no finite number, and where no entry is selected.
    """
    with open_trees(str(path)) as file:
        tree = file.tree(asked.tree)
        _check(tree, path, asked)
        filled = [_Filling(tree, f'{path}: tree "{printable(asked.tree)}"', asked, text) for text in asked.expressions]
        for filling in filled:
            filling.look()
        edges = _edges(filled, asked)
        drawn = [(filling.name, filling.fill(own)) for filling, own in zip(filled, edges, strict=True)]
    notes = tuple(note for filling in filled for note in filling.notes())
    return tuple(drawn), notes


def _check(tree: Tree, path: str | Path, asked: Draw) -> None:
    """Raise TemplateError with a sentence for each expression that doesn't fit the tree; no entry is read."""
    uses = [("", Use("Variable", axis)) for text in asked.expressions for axis in axes_of(text)]
    uses += [("--where: ", Use("Filter", asked.where))] if asked.where is not None else []
    uses += [("--weight: ", Use("Weight", asked.weight))] if asked.weight is not None else []
    problems = []
    for place, use in dict.fromkeys(uses):
        try:
            node = tree.bind(use.text)
            with np.errstate(all="ignore"):
                value = evaluate(node, tree.empties(node.branches), {}, frozenset())
            use.of(value, 0)
        except ExpressionError as error:
            problems.append(f'{path}: tree "{printable(asked.tree)}": {place}{_fitting(use.text, tree, error)}')
    many = [text for text in asked.expressions if len(axes_of(text)) > 2]
    problems += [f'"{text}": at most two axes can be drawn, "y:x"' for text in many]
    mixed = {len(axes_of(text)) for text in asked.expressions}
    if not many and mixed != {1} and len(asked.expressions) > 1:
        problems.append('two axes ("y:x") are drawn alone: name one expression')
    elif not many and len(asked.binnings) > max(mixed):
        problems.append(f"--bins: {len(asked.binnings)} axes are given, {max(mixed)} drawn")
    if problems:
        raise TemplateError(problems)


def _fitting(text: str, tree: Tree, error: ExpressionError) -> str:
    """Return a mistake in words of a tree: what a branch is that is drawn by its name alone, else with a caret."""
    if text.strip() not in tree.names:
        if error.message.startswith("no branch") and "did you mean" not in error.message:
            error = ExpressionError(f"{error.message}; there are {listed(sorted(tree.names))}", error.column)
        return pointed(text, error)
    typename = tree.source[text.strip()].typename or "a struct"
    if "list per entry" in error.message:
        return (
            f'the branch "{text}" ({typename}) has a list per entry; draw one number: '
            f"'{text}[0]', 'max({text})', 'sum({text})' or 'count({text})'"
        )
    found = "has no numbers" if "no numbers" in error.message else error.message
    return f'the branch "{text}" ({typename}) {found}'


class _Filling:
    """One expression of a tree: a first pass for the range and what is wrong, a second that fills."""

    def __init__(self, tree: Tree, where: str, asked: Draw, text: str) -> None:
        self.tree, self.asked, self.name, self.place = tree, asked, text, where
        self.uses = [Use("Variable", axis) for axis in axes_of(text)]
        self.uses += [Use("Filter", asked.where)] if asked.where is not None else []
        self.uses += [Use("Weight", asked.weight)] if asked.weight is not None else []
        self.nodes = [tree.bind(use.text) for use in self.uses]
        self.low, self.high = np.full(self.axes, np.inf), np.full(self.axes, -np.inf)
        self.whole = [True] * self.axes
        self.selected = self.undefined = 0
        self.kept: list[_Block] = []

    @property
    def axes(self) -> int:
        return sum(use.role == "Variable" for use in self.uses)

    def _blocks(self) -> Iterator[_Block]:
        """Yield what is drawn, from memory where it was kept."""
        if self.kept:
            yield from self.kept
            return
        for block in self._read():
            if self.tree.entries <= _KEPT:
                self.kept.append(block)
            yield block

    def _read(self) -> Iterator[_Block]:
        """Yield values (axes, n) and weights (n) of entries that are drawn, the number left out, which are whole."""
        names = list(dict.fromkeys(name for node in self.nodes for name in node.branches))
        for first, columns, entries in self.tree.chunks(names, 0, self.tree.entries):
            values, keep, weights = [], np.ones(entries, dtype=bool), np.ones(entries)
            whole = []
            for use, node in zip(self.uses, self.nodes, strict=True):
                found = self._value(use, node, columns, entries, first)
                if use.role == "Filter":
                    keep = found
                    continue
                numbers, present = found
                array = np.asarray(numbers, dtype=np.float64)
                array = array if present is None else np.where(present, array, np.nan)
                if use.role == "Weight":
                    weights = array
                else:
                    values.append(array)
                    whole.append(np.asarray(numbers).dtype.kind in "iub")
            self._require_weights(weights, keep, first)
            defined = keep & ~np.isnan(values).any(axis=0)
            taken = np.array([value[defined] for value in values])
            yield taken, weights[defined], int(keep.sum() - defined.sum()), whole

    def _value(self, use: Use, node: Any, columns: dict[str, Any], entries: int, first: int) -> Any:
        try:
            with np.errstate(all="ignore"):
                return use.of(evaluate(node, columns, {}, frozenset()), entries)
        except ExpressionError as error:
            raise TemplateError(f"{self.place}: {pointed(use.text, error)} (entry {first} or later)") from None

    def _require_weights(self, weights: FloatArray, keep: Any, first: int) -> None:
        bad = np.flatnonzero(keep & ~np.isfinite(weights))
        if bad.size:
            entry = f"in entry {first + int(bad[0])}"
            raise TemplateError(f'{self.place}: --weight: "{self.asked.weight}" is missing, NaN or infinite {entry}')

    def look(self) -> None:
        """Find the range. Raises TemplateError where nothing is left to draw."""
        for values, _, undefined, whole in self._blocks():
            self.selected += values.shape[1]
            self.undefined += undefined
            self.whole = [known and now for known, now in zip(self.whole, whole, strict=True)]
            for axis, column in enumerate(values):
                finite = column[np.isfinite(column)]
                if finite.size:
                    self.low[axis] = min(self.low[axis], finite.min())
                    self.high[axis] = max(self.high[axis], finite.max())
        if not self.tree.entries:
            raise TemplateError(f"{self.place} has no entries")
        if not self.selected + self.undefined:
            raise TemplateError(f"{self.place}: --where: none of {self.tree.entries} entries passes {self.asked.where}")
        if not np.isfinite(self.low).all():
            count = f"{self.selected + self.undefined} selected entries"
            raise TemplateError(f'{self.place}: "{self.name}" is no finite number in any of {count}')

    def fill(self, edges: Sequence[FloatArray]) -> Drawable:
        """Return the histogram in these bins."""
        shape = tuple(own.size + 1 for own in edges)
        contents, sumw2 = np.zeros(math.prod(shape)), np.zeros(math.prod(shape))
        sums = _Sums(edges)
        for values, weights, _, _ in self._blocks():
            cells = tuple(np.searchsorted(own, column, side="right") for own, column in zip(edges, values, strict=True))
            places = np.ravel_multi_index(cells, shape)
            contents += np.bincount(places, weights, contents.size)
            sumw2 += np.bincount(places, weights**2, contents.size)
            sums.add(cells, values, weights)
        axes = tuple(Axis(own, label=use.text) for own, use in zip(edges, self.uses, strict=False))
        words = [("where", self.asked.where), ("weight", self.asked.weight)]
        title = " ".join(f"{word} {text}" for word, text in words if text is not None)
        moments = sums.moments()
        if len(axes) > 1:
            arrays = contents.reshape(shape), sumw2.reshape(shape)
            return HistogramND(axes, *arrays, self.selected, title, moments=moments)
        flow = float(contents[0]), float(contents[-1])
        mean, stdev = moments[0]
        inside = contents[1:-1], sumw2[1:-1]
        return Filled(axes[0], *inside, *flow, self.selected, title, mean=mean, stdev_of_values=stdev)

    def notes(self) -> Iterator[str]:
        """Yield a sentence on entries that are not drawn."""
        if self.undefined:
            count = f"{self.undefined} of {self.selected + self.undefined} selected entries"
            yield f"{printable(self.name)}: {count} left out, their value is missing or NaN"


class _Sums:
    """Sums over what lies inside all edges, of distances to the middle of each axis: small numbers lose no digits."""

    def __init__(self, edges: Sequence[FloatArray]) -> None:
        self.sizes = [own.size for own in edges]
        self.middle = np.array([0.5 * (own[0] + own[-1]) for own in edges])
        self.weight = 0.0
        self.first, self.second = np.zeros(len(edges)), np.zeros(len(edges))

    def add(self, cells: Sequence[Any], values: FloatArray, weights: FloatArray) -> None:
        inside = np.all([(cell > 0) & (cell < size) for cell, size in zip(cells, self.sizes, strict=True)], axis=0)
        distances, taken = values[:, inside] - self.middle[:, None], weights[inside]
        self.weight += float(taken.sum())
        self.first += distances @ taken
        self.second += distances**2 @ taken

    def moments(self) -> tuple[tuple[float | None, float | None], ...]:
        """Return mean and standard deviation along each axis, None where there is none."""
        if not self.weight:
            return ((None, None),) * len(self.sizes)
        means, squares = self.first / self.weight, self.second / self.weight
        variances = squares - means**2
        return tuple(
            (float(middle + mean), math.sqrt(variance) if variance >= 0 else None)
            for middle, mean, variance in zip(self.middle, means, variances, strict=True)
        )


def _edges(filled: Sequence[_Filling], asked: Draw) -> list[tuple[FloatArray, ...]]:
    """Return the edges of each axis of each expression; those along x are common."""
    low, high = (
        reduce([getattr(f, name) for f in filled], axis=0) for reduce, name in ((np.min, "low"), (np.max, "high"))
    )
    axes = filled[0].axes
    binnings = [*asked.binnings, *[Binning()] * axes][:axes]
    common = tuple(
        edges_of(
            binning, float(low[i]), float(high[i]), all(f.whole[i] for f in filled), _BINS if axes == 1 else _BINS_ND
        )
        for i, binning in enumerate(binnings)
    )
    return [common] * len(filled)


def edges_of(binning: Binning, low: float, high: float, whole: bool, default: int) -> FloatArray:
    """Return the edges of bins: as asked for, else round numbers around the range, one bin per whole number.

    >>> edges_of(Binning(), 0.013, 0.98, False, 10)
    array([0. , 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1. ])
    >>> edges_of(Binning(), 2, 4, True, 10)
    array([1.5, 2.5, 3.5, 4.5])
    """
    if binning.range is not None:
        return np.linspace(*binning.range, (binning.bins or default) + 1)
    if whole and binning.bins is None and high - low < _MOST_WHOLE:
        return np.arange(low - 0.5, high + 1.0, 1.0)
    if not math.isfinite(high - low):
        raise TemplateError(f"values from {low:g} to {high:g} are too far apart for bins; choose a range with --bins")
    if not high > low:
        reach = max(abs(low), 1.0) / 2
        low, high = low - reach, high + reach
    if binning.bins is not None:
        # The largest value belongs into the last bin, whose upper edge is not part of it.
        return _increasing(np.linspace(low, high + (high - low) * 1e-6, binning.bins + 1), low, high)
    step = _round_step((high - low) / default)
    first, last = math.floor(low / step), math.floor(high / step) + 1
    return _increasing(np.array([float(f"{i * step:.15g}") for i in range(first, last + 1)]), low, high)


def _round_step(raw: float) -> float:
    """Return the next round number: 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(raw))
    return power * next(nice for nice in (1.0, 2.0, 2.5, 5.0, 10.0) if nice * power >= raw * (1 - 1e-12))


def _increasing(edges: FloatArray, low: float, high: float) -> FloatArray:
    """Return the edges, or one bin around values that are too close to each other for as many."""
    return edges if bool(np.all(np.diff(edges) > 0)) else np.array([low, np.nextafter(high, np.inf)])


def binnings_of(text: str) -> tuple[Binning, ...]:
    """Return the bins of a text: `40`, `40,0,200`, for two axes `40,0,200,20,-1,1` (x first). Raises InputError.

    >>> binnings_of("40,0,200")
    (Binning(bins=40, range=(0.0, 200.0)),)
    """
    allowed = (
        f'--bins: found "{text}"; allowed: a number (40), with a range (40,0,200), for "y:x" of both (40,0,200,20,-1,1)'
    )
    try:
        given = [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(allowed) from None
    groups = [given] if len(given) in (1, 3) else [given[:3], given[3:]] if len(given) == 6 else []
    if len(given) == 2:
        groups = [given[:1], given[1:]]
    if not groups:
        raise InputError(allowed)
    found = []
    for count, *ends in groups:
        if not (count == int(count) if math.isfinite(count) else False) or not 1 <= count <= _MOST_BINS:
            raise InputError(f"--bins: found {number(count)} bins; allowed: 1 to {_MOST_BINS}")
        if ends and not (math.isfinite(ends[0]) and math.isfinite(ends[1]) and ends[0] < ends[1]):
            raise InputError(f"--bins: found the range {number(ends[0])} to {number(ends[1])}; the first must be lower")
        found.append(Binning(int(count), (ends[0], ends[1]) if ends else None))
    return tuple(found)
