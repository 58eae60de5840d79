"""What operations on workspaces share: other modifiers in a document, and a last look at what was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from wilks.axis import Axis
from wilks.errors import WorkspaceError
from wilks.workspace.spec import Channel, Document, Measurement, Modifier, ParameterSettings, Sample
from wilks.workspace.validate import content_mistakes
from wilks.workspace.workspace import Workspace

Change = Callable[[Channel, Sample, Modifier], Modifier | None]


def made(document: Document, axes: Mapping[str, Axis]) -> Workspace:
    """Return a new document as a workspace. Raises WorkspaceError with all that is wrong with it."""
    if mistakes := content_mistakes(document):
        raise WorkspaceError([f"the new workspace can't be: {mistake}" for mistake in mistakes])
    return Workspace(document, axes)


def changed_modifiers(channels: Iterable[Channel], change: Change) -> list[Channel]:
    """Return channels with every modifier replaced by what `change` returns for it; None leaves it out."""
    found = []
    for channel in channels:
        samples = []
        for sample in channel.samples:
            modifiers = [change(channel, sample, modifier) for modifier in sample.modifiers]
            samples.append(msgspec.structs.replace(sample, modifiers=[m for m in modifiers if m is not None]))
        found.append(msgspec.structs.replace(channel, samples=samples))
    return found


def with_settings(measurement: Measurement, poi: str, parameters: Sequence[ParameterSettings]) -> Measurement:
    """Return a measurement with another parameter of interest and other settings."""
    config = msgspec.structs.replace(measurement.config, poi=poi, parameters=list(parameters))
    return msgspec.structs.replace(measurement, config=config)


class Named(Protocol):
    """A record with a name."""

    @property
    def name(self) -> str:
        """The name."""


def names_of(records: Iterable[Named]) -> list[str]:
    """Return the names of records, each once."""
    return list(dict.fromkeys(record.name for record in records))


def tag(modifier: Modifier) -> str:
    """Return the type of a modifier, as the document writes it."""
    return str(type(modifier).__struct_config__.tag)


def as_list(patterns: str | Iterable[str]) -> list[str]:
    """Return names or patterns as a list; one may be given alone."""
    return [patterns] if isinstance(patterns, str) else list(patterns)
