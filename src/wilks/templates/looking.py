"""What is wrong with trees and expressions, found before any entry is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wilks.errors import TemplateError
from wilks.templates.evaluation import evaluate
from wilks.templates.expression_text import ExpressionError, pointed
from wilks.templates.expressions import Node, parse
from wilks.templates.files import UnreadableError, first_line
from wilks.templates.filling import Use
from wilks.templates.trees import Tree, open_trees

_NAMED = 3
# Trees that are named where several have the same problem.


@dataclass(frozen=True)
class Question:
    """The trees of one file that are needed, and the expressions evaluated on each; in ROOT's way or not."""

    file: str
    trees: tuple[tuple[str, tuple[Use, ...]], ...]
    root_divisions: bool = False

    def answered_by(self, made: object) -> bool:
        """Return whether something can be what was found in this file."""
        trees = {name for name, _ in self.trees}
        return isinstance(made, Look) and made.file == self.file and set(made.spans) <= trees

    def __str__(self) -> str:
        return self.file


@dataclass
class Look:
    """What was found in one file: of each tree the entries, and ranges that can be read by themselves.

    `lacking` are the trees that aren't there, `unsuited` the expressions that don't fit a tree, both with the reason;
    `problems` is what else is wrong, `unreadable` what of the file can't be read. `friends` are files of friend trees.
    """

    spans: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    lacking: list[tuple[str, str]] = field(default_factory=list)
    unsuited: list[tuple[str, Use, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    bytes_read: int = 0
    file: str = ""
    friends: tuple[str, ...] = ()


def look(question: Question) -> Look:
    """Return what can be known about a file without reading entries; can be called in another process."""
    found = Look(file=question.file)
    try:
        with open_trees(question.file) as file:
            for name, uses in question.trees:
                try:
                    tree = replace(file.tree(name), root_divisions=question.root_divisions)
                except UnreadableError:
                    raise
                except TemplateError as error:
                    found.lacking += [(name, problem) for problem in error.problems]
                    continue
                branches = _look_at_uses(tree, name, uses, found)
                found.spans[name] = tree.spans(branches)
            found.bytes_read, found.friends = file.bytes_read, file.friend_files
    except UnreadableError as error:
        found.unreadable += error.problems
    except TemplateError as error:
        found.problems += error.problems
    except Exception as error:  # uproot raises whatever an unreadable byte leads to
        found.unreadable.append(f"{question.file}: can't be read ({first_line(error)})")
    return found


def _look_at_uses(tree: Tree, name: str, uses: Sequence[Use], found: Look) -> list[str]:
    """Add what doesn't fit, and return the branches that are needed."""
    branches: dict[str, Any] = {}
    for use in uses:
        try:
            node = tree.bind(use.text)
            branches |= tree.empties([branch for branch in node.branches if branch not in branches])
            _try_out(node, use, branches)
        except ExpressionError as error:
            found.unsuited.append((name, use, pointed(use.text, error)))
    return list(branches)


def _try_out(node: Node, use: Use, branches: dict[str, Any]) -> None:
    """Evaluate on no entries at all, which shows whether types fit."""
    with np.errstate(all="ignore"):
        value = evaluate(node, branches, {}, frozenset())
    use.of(value, 0)


def sentences(
    looks: Sequence[tuple[str, Look]], places: dict[Use, list[str]], trees: dict[str, list[str]]
) -> list[str]:
    """Return a sentence for each thing that is wrong; one that several trees have in common is said once.

    `places` and `trees` say where in the steering file an expression and the name of a tree stand.
    """
    problems: list[str] = []
    unsuited: list[tuple[Use, str, str]] = []
    for file, found in looks:
        problems += [*found.unreadable, *found.problems]
        problems += [f"{place_of(trees[tree])}.Tree: {reason}" for tree, reason in found.lacking]
        unsuited += [(use, reason, f'"{tree}" of {file}') for tree, use, reason in found.unsuited]
    return [*problems, *about_all(unsuited, places)]


def about_all(found: Iterable[tuple[Use, str, str]], places: dict[Use, list[str]]) -> Iterator[str]:
    """Yield sentences on expressions, each given with the reason and where; what is the same elsewhere is said once."""
    common: dict[tuple[Use, str], list[str]] = {}
    for use, reason, where in found:
        common.setdefault((use, reason), []).append(where)
    for (use, reason), wheres in common.items():
        others = f" and {len(wheres) - _NAMED} more" if len(wheres) > _NAMED else ""
        yield about(use, reason, places, f"; in {', '.join(wheres[:_NAMED])}{others}")


def place_of(places: Sequence[str]) -> str:
    """Return the first of several places in the steering file, the others counted."""
    return f"{places[0]} (and {len(places) - 1} more)" if len(places) > 1 else places[0]


def about(use: Use, reason: str, places: dict[Use, list[str]], where: str = "") -> str:
    """Return the sentence on an expression: place, reason, tree, and below the text with a caret."""
    message, _, drawing = reason.partition("\n")
    if parses_not(use.text):
        where = ""  # the same in any tree
    return f"{place_of(places[use])}.{use.role}: {message}{where}\n{drawing}"


def parses_not(text: str) -> str:
    """Return what is wrong with the text of an expression by itself, with a caret; empty if nothing."""
    try:
        parse(text)
    except ExpressionError as error:
        return pointed(text, error)
    return ""
