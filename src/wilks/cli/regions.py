"""Options that leave channels or bins out: `--channels`, `--blind`, `--signal`."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from wilks.errors import InputError

if TYPE_CHECKING:
    from wilks.workspace.workspace import Workspace

_RATIO = re.compile(r"\s*S\s*/\s*B\s*>\s*(?P<above>\S+)\s*")


@dataclass(frozen=True)
class Regions:
    """Which channels are fitted, and which bins are blinded, as the options of a command say."""

    channels: tuple[str, ...]
    blind: tuple[str, ...]
    signal: tuple[str, ...]

    def restricted(self, workspace: Workspace, measurement: str | None, poi: str | None) -> Workspace:
        """Return the workspace with the selected channels, blinded bins masked. Raises InputError."""
        from wilks.workspace.edit import mask_bins, select_channels

        hidden = self.bins(workspace, measurement, poi)
        if self.channels:
            workspace = select_channels(workspace, self.channels)
        hidden = {name: bins for name, bins in hidden.items() if name in workspace.channel_names}
        return mask_bins(workspace, hidden) if hidden else workspace

    def bins(self, workspace: Workspace, measurement: str | None, poi: str | None) -> dict[str, tuple[int, ...]]:
        """Return the blinded bins by channel. Raises InputError."""
        from wilks.workspace.edit import find_bins, signal_bins

        limits = [match["above"] for text in self.blind if (match := _RATIO.fullmatch(text))]
        found = find_bins(workspace, [text for text in self.blind if not _RATIO.fullmatch(text)])
        for text in limits:
            try:
                above = float(text)
            except ValueError:
                raise InputError(f'--blind: "{text}" is not a number in "S/B > number"') from None
            if poi is None and not self.signal:
                config = (m.config for m in workspace.document.measurements if measurement in (None, m.name))
                poi = next((found.poi for found in config), None)
            for name, bins in signal_bins(workspace, above, signal=self.signal or None, poi=poi).items():
                found[name] = tuple(sorted({*found.get(name, ()), *bins}))
        return found


def region_options(*, what: str, channels: bool = True) -> Callable[[Any], Any]:
    """Return the decorator that adds the options; the command is called with `regions`. `what` is done with bins."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def wrapped(
            *, blind: tuple[str, ...], signal: tuple[str, ...], channels: tuple[str, ...] = (), **rest: Any
        ) -> Any:
            return command(regions=Regions(channels, blind, signal), **rest)

        wrapped = click.option(
            "--signal",
            multiple=True,
            metavar="SAMPLE",
            help="What is signal in S/B; repeatable. Default: samples that the parameter of interest scales.",
        )(wrapped)
        wrapped = click.option(
            "--blind",
            multiple=True,
            metavar="PLACE",
            help=f"Bins {what}: CHANNEL, CHANNEL[3], CHANNEL[3:6] (from 0) or 'S/B > 0.1'; repeatable.",
        )(wrapped)
        if channels:
            wrapped = click.option(
                "--channels",
                multiple=True,
                metavar="NAME",
                help="Use these channels only (names or patterns); repeatable. Default: all.",
            )(wrapped)
        return wrapped

    return decorate
