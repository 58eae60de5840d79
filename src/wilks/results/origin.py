"""`Origin`: where a result comes from; `Saved`: what every result can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

from wilks.results.conditions import Condition, condition_html, condition_lines
from wilks.results.encoding import save_result
from wilks.table import Table


@dataclass(frozen=True)
class Origin:
    """Measurement, data set ("observed", "Asimov (pre-fit), mu = 1", ...), digest of the workspace, version, settings.

    `settings` holds everything else that the numbers depend on: interpolation codes, what was held, options.
    `conditions` are what is odd about the best fit that the numbers come from.
    """

    measurement: str
    dataset: str
    workspace_digest: str
    version: str
    settings: dict[str, Any] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()

    def also(self, *conditions: Condition, **settings: object) -> Origin:
        """Return the origin with further conditions and settings."""
        return replace(self, settings={**self.settings, **settings}, conditions=(*self.conditions, *conditions))


class Saved:
    """A result that can be written as JSON, and whose text and HTML end with the conditions of its best fit."""

    origin: Origin

    def save(self, path: str | Path) -> None:
        """Write the result as JSON, for `load_result`. Raises ResultError where the file can't be written."""
        save_result(self, path)

    def table(self) -> Table:
        """Return the result as a table."""
        raise NotImplementedError

    def tables(self) -> tuple[Table, ...]:
        """Return everything that the result says in tables: most results have one."""
        return (self.table(),)

    def _text(self) -> str:
        """Return the result as text, without its conditions."""
        raise NotImplementedError

    def _html(self) -> str:
        """Return the result as HTML, without its conditions."""
        raise NotImplementedError

    def __str__(self) -> str:
        return "\n".join([self._text(), *condition_lines(self.origin.conditions)])

    def _repr_html_(self) -> str:
        return self._html() + condition_html(self.origin.conditions)


def paragraphs(lines: Iterable[str]) -> str:
    """Return lines of text as one paragraph of HTML, each in a line of its own; nothing where there are none."""
    shown = "<br>\n".join(escape(line) for line in lines if line.strip())
    return f"<p>{shown}</p>\n" if shown else ""


def folded(title: str, names: Sequence[str], table: Callable[[list[str]], Table]) -> str:
    """Return HTML with the table of some parameters, closed until its title is clicked on; nothing without any."""
    if not names:
        return ""
    return f"<details><summary>{escape(title)}</summary>\n{table(list(names)).html()}\n</details>\n"


def poi_first(names: Iterable[str], poi: str | None) -> list[str]:
    """Return names with the parameter of interest before all others.

    >>> poi_first(["jes", "mu"], "mu")
    ['mu', 'jes']
    """
    return sorted(names, key=lambda name: name != poi)
