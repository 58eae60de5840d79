"""`Origin`: where a result comes from; `Saved`: what every result can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Origin:
    """Measurement, data set ("observed", "Asimov (pre-fit), mu = 1", ...), digest of the workspace, version, settings.

    `settings` holds everything else that the numbers depend on: interpolation codes, what was held, options.
    """

    measurement: str
    dataset: str
    workspace_digest: str
    version: str
    settings: dict[str, Any] = field(default_factory=dict)


class Saved:
    """A result that can be written as JSON."""

    def save(self, path: str | Path) -> None:
        """Write the result as JSON, for `load_result`. Raises ResultError where the file can't be written."""
        from wilks.results.io import save_result

        save_result(self, path)
