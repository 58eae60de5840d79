"""What a workspace is read from: a file that is read once, a stream, bytes, or a dictionary."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from wilks.errors import WorkspaceError
from wilks.formats.known import DATACARD, ROOT_MARK, WILKS, Format, recognised, recognised_by_keys
from wilks.workspace.pyhf_json import content_of, from_content, load_workspace
from wilks.workspace.workspace import Workspace

# Datacards as combineCards takes them, with a comma for its space.
_LABELLED = re.compile(r"\w+=[^,=]+(,\w+=[^,=]+)*")


@dataclass(frozen=True)
class Source:
    """The content of what is read, and its name for messages; `path` only where it is a file that stays there.

    `cards` are several datacards, each as label=path.
    """

    content: bytes
    name: str
    path: Path | None = None
    mapping: Mapping[str, Any] | None = None
    cards: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: str | Path | Mapping[str, Any] | bytes | IO[str] | IO[bytes]) -> Source:
        """Return what there is to read. Raises WorkspaceError where a file can't be read."""
        if isinstance(given, Mapping):
            return cls(b"", "workspace", mapping=given)
        if isinstance(given, str) and (cards := cards_in(given)):
            return cls(b"", given, cards=cards)
        content, name = content_of(given)
        path = Path(given) if isinstance(given, str | Path) and Path(given).is_file() else None
        return cls(content, name, path)

    def format(self) -> Format:
        """Return what format it has; what is not recognised is read as wilks' own, which says what is wrong with it."""
        if self.mapping is not None:
            return recognised_by_keys(self.mapping) or WILKS
        if self.cards:
            return DATACARD
        if self.content.startswith(ROOT_MARK):
            raise WorkspaceError(
                f"{self.name}: a ROOT file, not a workspace; histograms in it become one through a steering file, or "
                f"the HistFactory XML file that names them"
            )
        if self.content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise WorkspaceError(f"{self.name}: is UTF-16 text; save it as UTF-8")
        return recognised(self.content) or WILKS

    def pyhf(self) -> Workspace:
        """Return the workspace in a JSON document of pyhf's form, with its axes."""
        if self.mapping is not None:
            return load_workspace(self.mapping)
        return from_content(self.content, self.name, self.path)

    def stream(self) -> IO[bytes]:
        """Return the content as an open file that has a name."""
        stream = _Named(self.content)
        stream.name = self.name
        return stream


def cards_in(given: str) -> tuple[str, ...]:
    """Return the datacards that one text names, each as label=path; none where it names a file.

    >>> cards_in("ch1=a.txt,ch2=b.txt")
    ('ch1=a.txt', 'ch2=b.txt')
    """
    named = _LABELLED.fullmatch(given) is not None and not Path(given).exists()
    return tuple(given.split(",")) if named else ()


class _Named(io.BytesIO):
    """Bytes with the name that messages call them by."""

    name: str
