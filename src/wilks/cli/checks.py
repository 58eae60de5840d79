"""The command that looks for what can't be trusted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

import wilks
from wilks import pipeline
from wilks.cli.inputs import (
    CONFIG,
    FIT,
    SAVED,
    content,
    kind,
    read_config,
    read_fit,
    read_result,
    read_workspace,
    refuse_other_kinds,
)
from wilks.cli.streams import deliver, output_option, source
from wilks.cli.wording import counted
from wilks.errors import ConfigError

if TYPE_CHECKING:
    from wilks.results.findings import Findings


@click.command()
@click.argument("subject", metavar="CONFIG|WORKSPACE|RESULT")
@output_option("File for the findings, as JSON; with - they are printed so.")
@click.option("--strict", is_flag=True, help="Exit with code 1 if any finding is an error.")
@click.option(
    "--strict-cabinetry",
    is_flag=True,
    help="Say instead what in a steering file cabinetry does not know; exit with code 1 if there is any.",
)
@click.pass_context
def check(ctx: click.Context, subject: str, output: str | None, strict: bool, strict_cabinetry: bool) -> None:
    """Look for what can't be trusted.

    What it is is seen from the content. A steering file is checked together with its templates and the workspace they
    make. RESULT is a saved fit or ranking. The exit code is 0 whatever is found, unless --strict.
    """
    findings = _beyond_cabinetry(subject) if strict_cabinetry else _findings(subject)
    deliver(findings, f"{findings}\n\n{counted(findings)}" if len(findings) else str(findings), output)
    ctx.exit(1 if (strict or strict_cabinetry) and any(finding.severity == "error" for finding in findings) else 0)


def _findings(subject: str) -> Findings:
    from wilks.results.ranking import RankingResult

    given = source(subject)
    found = kind(content(given))
    if found == FIT:
        return wilks.check(read_fit(given))
    if found == SAVED and isinstance(result := read_result(given), RankingResult):
        return wilks.check(result)
    if _is_workspace(content(given)):
        return wilks.check(read_workspace(given))
    config = read_config(given)
    templates = pipeline.make_templates(config)
    return pipeline.check_all(config, templates, wilks.build_workspace(templates, config))


def _beyond_cabinetry(subject: str) -> Findings:
    """Return what is ours in a steering file; its input is not looked at."""
    from wilks.config.cabinetry import beyond_cabinetry
    from wilks.results.findings import Finding, Findings, Severity

    given = source(subject)
    try:
        found = beyond_cabinetry(given)
    except ConfigError:
        refuse_other_kinds(given, CONFIG)
        raise
    rule, advice = "beyond-cabinetry", "Leave it out for cabinetry."
    return Findings(tuple(Finding(rule, Severity.ERROR, place, f"{text}.", advice) for place, text in found))


def _is_workspace(content: bytes) -> bool:
    """Return whether a document is JSON, intact or not, and no steering file written as JSON."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"{") or start[1:].lstrip()[:1] not in (b'"', b"}"):
        return False
    try:
        return "General" not in json.loads(content)
    except ValueError:
        return True
