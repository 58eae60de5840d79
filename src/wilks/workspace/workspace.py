"""`Workspace`: a frozen pyhf document with, where known, the axis of each channel."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from wilks._types import JSONDict
from wilks.histogram import Axis
from wilks.workspace.collector import paused_collector
from wilks.workspace.saving import save_document
from wilks.workspace.spec import Document


@dataclass(frozen=True, eq=False)
class Workspace:
    """A statistical model with data: channels, samples, modifiers, measurements, observations.

    `document` holds the typed records, `axes` maps channel names to their `Axis` (channels without known edges are
    absent). Build one with `build_workspace` or `load_workspace`.

    >>> import wilks
    >>> workspace = wilks.examples.search()
    >>> workspace.measurement_names, workspace.axis("SR 2b").unit
    (('search for X',), 'GeV')
    """

    document: Document
    axes: Mapping[str, Axis] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", MappingProxyType(dict(self.axes)))

    def __reduce__(self) -> tuple[type[Workspace], tuple[Document, dict[str, Axis]]]:
        return Workspace, (self.document, dict(self.axes))

    @property
    def spec(self) -> JSONDict:
        """The pyhf document as a new plain dictionary, ready for `json.dump` or `pyhf.Workspace`."""
        with paused_collector():
            spec: JSONDict = msgspec.to_builtins(self.document)
        return spec

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the document with sorted keys: which workspace a result belongs to."""
        encode = msgspec.json.Encoder(order="sorted").encode
        start = b'{"channels":['  # the first of the keys; one channel at a time takes less memory than all at once
        rest = encode(msgspec.structs.replace(self.document, channels=[])).removeprefix(start)
        digest = hashlib.sha256(start)
        for i, channel in enumerate(self.document.channels):
            digest.update(b"," * (i > 0) + encode(channel))
        digest.update(rest)
        return digest.hexdigest()

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels in the order of the document."""
        return tuple(channel.name for channel in self.document.channels)

    @property
    def measurement_names(self) -> tuple[str, ...]:
        """Names of the measurements; the first is the default."""
        return tuple(measurement.name for measurement in self.document.measurements)

    @property
    def data_set_names(self) -> tuple[str, ...]:
        """Names of further data sets, beside the observations, in the order of the document."""
        return tuple(data_set.name for data_set in self.document.data_sets or ())

    def axis(self, channel: str) -> Axis:
        """Return the axis of a channel: the known one, else bin numbers."""
        if channel in self.axes:
            return self.axes[channel]
        bins = next(len(c.samples[0].data) for c in self.document.channels if c.name == channel)
        return Axis.of_bin_numbers(bins)

    def save(self, path: str | Path) -> None:
        """Write the document (sorted keys, indented) and, where axes are known, `<name>.axes.json` beside it."""
        save_document(self.document, self.axes, self.digest if self.axes else "", path)

    def __repr__(self) -> str:
        samples = len({sample.name for channel in self.document.channels for sample in channel.samples})
        measurements = ", ".join(f'"{name}"' for name in self.measurement_names)
        channels = len(self.channel_names)
        return (
            f"<Workspace: {channels} channel{'' if channels == 1 else 's'}, {samples} samples, "
            f"measurement{'' if len(self.measurement_names) == 1 else 's'} {measurements}>"
        )

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Workspace) and self.document == other.document and dict(self.axes) == dict(other.axes)

    __hash__ = None  # type: ignore[assignment]
