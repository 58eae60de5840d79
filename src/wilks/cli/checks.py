"""The command that looks for what can't be trusted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

import wilks
from wilks import pipeline
from wilks.cli.inputs import content, read_config, read_workspace
from wilks.cli.streams import deliver, output_option, source
from wilks.cli.wording import counted

if TYPE_CHECKING:
    from wilks.results.findings import Findings


@click.command()
@click.argument("subject", metavar="CONFIG|WORKSPACE")
@output_option("File for the findings, as JSON; with - they are printed so.")
@click.option("--strict", is_flag=True, help="Exit with code 1 if any finding is an error.")
@click.pass_context
def check(ctx: click.Context, subject: str, output: str | None, strict: bool) -> None:
    """Look for what can't be trusted.

    Whether it is YAML or JSON is seen from the content. A steering file is checked together with its templates and
    the workspace they make. The exit code is 0 whatever is found, unless --strict.
    """
    findings = _findings(subject)
    deliver(findings, f"{findings}\n\n{counted(findings)}" if len(findings) else str(findings), output)
    ctx.exit(1 if strict and any(finding.severity == "error" for finding in findings) else 0)


def _findings(subject: str) -> Findings:
    given = source(subject)
    if _is_workspace(content(given)):
        return wilks.check(read_workspace(given))
    config = read_config(given)
    templates = pipeline.make_templates(config)
    return pipeline.check_all(config, templates, wilks.build_workspace(templates, config))


def _is_workspace(content: bytes) -> bool:
    """Return whether a document is JSON, intact or not, and no steering file written as JSON."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"{") or start[1:].lstrip()[:1] not in (b'"', b"}"):
        return False
    try:
        return "General" not in json.loads(content)
    except ValueError:
        return True
