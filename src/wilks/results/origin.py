"""`Origin`: where a result comes from; `Saved`: what every result can do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wilks.results.conditions import Condition, condition_html, condition_lines


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
        from wilks.results.io import save_result

        save_result(self, path)

    def _text(self) -> str:
        """Return the result as text, without its conditions."""
        raise NotImplementedError

    def _html(self) -> str | None:
        """Return the result as HTML, without its conditions; None where notebooks show its `repr`."""
        return None

    def __str__(self) -> str:
        return "\n".join([self._text(), *condition_lines(self.origin.conditions)])

    def _repr_html_(self) -> str | None:
        html = self._html()
        return None if html is None else html + condition_html(self.origin.conditions)
