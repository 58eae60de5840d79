"""The pyhf document in a file, and beside it the axes of its channels: what is written of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from wilks._files import write_atomically
from wilks.errors import WorkspaceError
from wilks.histogram import Axis
from wilks.workspace.spec import Document
from wilks.workspace.validate import content_mistakes


class AxisRecord(msgspec.Struct, frozen=True):
    """The axis of a channel, as it is saved."""

    edges: list[float]
    label: str = ""
    unit: str = ""
    bin_labels: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET  # only where bins have labels

    @classmethod
    def of(cls, axis: Axis) -> AxisRecord:
        """Return the record of an axis."""
        return cls(axis.edges.tolist(), axis.label, axis.unit, axis.bin_labels or msgspec.UNSET)

    def axis(self) -> Axis:
        """Return the axis. TemplateError where it is none."""
        labels = () if self.bin_labels is msgspec.UNSET else self.bin_labels
        return Axis(np.array(self.edges), self.label, self.unit, labels)


class AxesFile(msgspec.Struct, frozen=True):
    """The axes of a workspace, and to which it belongs."""

    workspace_digest: str
    axes: dict[str, AxisRecord]


def save_document(document: Document, axes: Mapping[str, Axis], digest: str, path: str | Path) -> None:
    """Write the document (sorted keys, indent 4) and, where axes are known, `<name>.axes.json` beside it.

    `digest` says there to which document the axes belong. Raises WorkspaceError where the document has mistakes
    (nothing is written then), OSError where it can't be written.
    """
    require_none(content_mistakes(document), str(path))
    write_atomically(path, _pretty(document))
    if axes:
        write_atomically(axes_path(Path(path)), encoded_axes(axes, digest))


def encoded_axes(axes: Mapping[str, Axis], digest: str) -> bytes:
    """Return the content of `<name>.axes.json`, which gives a workspace its axes when it is read again."""
    return _pretty(AxesFile(digest, {channel: AxisRecord.of(axis) for channel, axis in axes.items()}))


def require_none(mistakes: list[str], name: str) -> None:
    """Raise WorkspaceError with all mistakes, if there are any."""
    if mistakes:
        raise WorkspaceError([f"{name}: {mistake}" for mistake in mistakes])


def axes_path(path: Path) -> Path:
    """Return where the axes of a workspace are saved."""
    stem = path.name.removesuffix(".json")
    return path.with_name(f"{stem}.axes.json")


def _pretty(record: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=4) + b"\n"
