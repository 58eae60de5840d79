"""JSON that somebody else wrote, looked at entry by entry: what is wrong is noted with its place, and reading goes on.

What is asked for and isn't there, or is of another kind, adds a sentence to the mistakes of the file and gives a value
that does no harm. Nothing made from a file with mistakes is ever used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from wilks.errors import listed, nearest
from wilks.workspace.either import written


def _is_number(value: Any) -> bool:
    """Return whether a value is a finite number; whole numbers too large for a float aren't."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def is_text(value: Any) -> bool:
    """Return whether a value is text that could be written again (half a surrogate pair couldn't)."""
    return isinstance(value, str) and value.encode("utf-8", "ignore").decode() == value


@dataclass(frozen=True)
class Node:
    """An object of the file (`value`), its JSON path (`at`), and where mistakes of the file are collected."""

    value: dict[str, Any]
    at: str
    mistakes: list[str]

    def wrong(self, sentence: str, key: str = "") -> None:
        """Note a mistake in an entry, or in the whole object."""
        self.mistakes.append(f"{self.place(key)}: {sentence}")

    def place(self, key: str = "") -> str:
        """Return the JSON path of an entry, or of the object."""
        return f"{self.at}.{key}" if self.at and key else self.at or key or "document"

    def has(self, key: str) -> bool:
        """Return whether there is an entry that says something (null says nothing)."""
        return self.value.get(key) is not None

    def first(self, *keys: str) -> str:
        """Return the first of the keys that is there, else the first of all."""
        return next((key for key in keys if self.has(key)), keys[0])

    def child(self, key: str) -> Node:
        """Return an object; an empty one where there is none."""
        found = self.value.get(key)
        if found is not None and not isinstance(found, dict):
            self.wrong(f"{written(found)} found, an object needed", key)
        return Node(found if isinstance(found, dict) else {}, self.place(key), self.mistakes)

    def objects(self, key: str, *, needed: bool = False) -> list[Node]:
        """Return the objects of a list."""
        found = []
        for i, item in enumerate(self._list(key, needed)):
            at = f"{self.place(key)}[{i}]"
            if isinstance(item, dict):
                found.append(Node(item, at, self.mistakes))
            else:
                self.mistakes.append(f"{at}: {written(item)} found, an object needed")
        return found

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default there must be one."""
        found = self.value.get(key)
        if is_text(found):
            return str(found)
        if found is not None:
            self.wrong(f"{written(found)} found, a text needed", key)
        elif default is None:
            self._missing(key)
        return default or ""

    def number(self, key: str, default: float | None = None) -> Any:
        """Return a finite number as it is spelled; without a default there must be one."""
        found = self.value.get(key)
        if _is_number(found):
            return found
        if found is not None:
            self.wrong(f"{written(found)} found, a finite number needed", key)
        elif default is None:
            self._missing(key)
        return 1.0 if default is None else default

    def optional(self, key: str) -> Any:
        """Return a finite number, or None where there is none."""
        return self.number(key) if self.has(key) else None

    def flag(self, key: str) -> bool:
        """Return true or false; false where there is nothing."""
        found = self.value.get(key)
        if found is not None and not isinstance(found, bool):
            self.wrong(f"{written(found)} found, true or false needed", key)
        return found is True

    def numbers(self, key: str, size: int | None = None) -> list[Any]:
        """Return finite numbers as they are spelled, `size` of them where that is given."""
        found = self._list(key, True)
        wrong = [i for i, item in enumerate(found) if not _is_number(item)]
        if wrong:
            more = f" (and {len(wrong) - 1} more in this list)" if len(wrong) > 1 else ""
            at = f"{self.place(key)}[{wrong[0]}]"
            self.mistakes.append(f"{at}: {written(found[wrong[0]])} found, a finite number needed{more}")
            found = [item if _is_number(item) else 1.0 for item in found]
        if size is not None and len(found) != size:
            if self.has(key) and isinstance(self.value[key], list):
                self.wrong(f"{len(found)} found, {size} needed, one per bin", key)
            found = (found + [1.0] * size)[:size]
        return found

    def names(self, key: str, *, needed: bool = False) -> list[str]:
        """Return a list of texts."""
        found = []
        for i, item in enumerate(self._list(key, needed)):
            if is_text(item):
                found.append(str(item))
            else:
                self.mistakes.append(f"{self.place(key)}[{i}]: {written(item)} found, a text needed")
        return found

    def name_or_number(self, key: str) -> Any:
        """Return what may be the name of a parameter or a number."""
        found = self.value.get(key)
        if is_text(found) or _is_number(found):
            return found
        if found is None:
            self._missing(key)
        else:
            self.wrong(f"{written(found)} found, a name or a finite number needed", key)
        return 1.0

    def known(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield the keys that aren't among the known ones; one that is nearly a known one is a mistake."""
        allowed = tuple(keys)
        for key in self.value:
            if key in allowed:
                continue
            if hint := nearest(str(key), (k for k in allowed if k not in self.value), cutoff=0.75):
                self.wrong(f'unknown key "{key}"; allowed are {listed(allowed)}{hint}')
            else:
                yield str(key)

    def _list(self, key: str, needed: bool) -> list[Any]:
        found = self.value.get(key)
        if isinstance(found, list):
            return found
        if found is not None:
            self.wrong(f"{written(found)} found, a list needed", key)
        elif needed:
            self._missing(key)
        return []

    def _missing(self, key: str) -> None:
        hint = nearest(key, (k for k in self.value if isinstance(self.value[k], str | int | float | list | dict)))
        self.wrong(f'"{key}" is missing{hint}')
