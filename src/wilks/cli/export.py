"""Commands that write results as other people expect them."""

from __future__ import annotations

import click

from wilks.cli.application import Commands


@click.group(cls=Commands)
def export() -> None:
    """Results as other people expect them."""
