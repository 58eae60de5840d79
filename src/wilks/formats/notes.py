"""What is told beside a workspace that was read from another format, or written to one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from wilks.workspace.workspace import Workspace

NoteKind: TypeAlias = Literal["read as", "approximate", "lost"]


@dataclass(frozen=True)
class Note:
    """One thing to know about a conversion: where it stands, and a sentence.

    `kind` is "read as" (exact, but said in another way), "approximate" (the numbers differ, the sentence says by how
    much) or "lost" (not carried over).
    """

    place: str
    text: str
    kind: NoteKind

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True)
class Reading:
    """A workspace that was read from another format, and what there is to know about it.

    `files` were read beside the one that was given: those of histograms, of channels.
    """

    workspace: Workspace
    notes: tuple[Note, ...] = ()
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Writing:
    """Files that were written in another format, and what there is to know about them."""

    files: tuple[Path, ...]
    notes: tuple[Note, ...] = ()
