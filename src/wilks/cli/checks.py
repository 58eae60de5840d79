"""The command that looks for what can't be trusted."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks import pipeline
from wilks._reading import parse_json
from wilks.cli.inputs import (
    CONFIG,
    FIT,
    PREDICTION,
    SAVED,
    WORKSPACES,
    content,
    kind,
    read_config,
    read_fit,
    read_result,
    read_workspace,
    refuse_other_kinds,
)
from wilks.cli.streams import deliver, format_option, output_option, source
from wilks.cli.wording import counted
from wilks.errors import ConfigError, InputError, nearest

if TYPE_CHECKING:
    from wilks.results.findings import Findings
    from wilks.table import Table
    from wilks.workspace.workspace import Workspace

_SEVERITIES = ("error", "warning", "note")


@click.command()
@click.argument("subject", metavar="CONFIG|WORKSPACE|RESULT")
@format_option
@output_option("File for the findings, as JSON; with - they are printed so.")
@click.option(
    "--threshold",
    multiple=True,
    metavar="NAME=VALUE",
    help="What is worth a finding, as LargeEffect=0.2; goes before the steering file's Checks; repeatable.",
)
@click.option(
    "--at-least",
    type=click.Choice(_SEVERITIES),
    default="note",
    show_default=True,
    help="Print findings that are at least so severe.",
)
@click.option(
    "--channels",
    multiple=True,
    metavar="NAME",
    help="Check a workspace with these channels only (names or patterns); repeatable. Default: all.",
)
@click.option("--details", is_flag=True, help="Print regions, samples and numbers of each finding one by one.")
@click.option("--strict", is_flag=True, help="Exit with code 1 if any finding is an error.")
@click.option(
    "--strict-cabinetry",
    is_flag=True,
    help="Say instead what in a steering file cabinetry does not know; exit with code 1 if there is any.",
)
@click.pass_context
def check(
    ctx: click.Context,
    subject: str,
    output: str | None,
    threshold: tuple[str, ...],
    at_least: str,
    channels: tuple[str, ...],
    details: bool,
    strict: bool,
    strict_cabinetry: bool,
) -> None:
    """Look for what can't be trusted.

    What it is is seen from the content. A steering file is checked together with its templates and the workspace they
    make. RESULT is any saved result. The exit code is 0 whatever is found, unless --strict. All findings go to
    --output, whatever is printed.
    """
    findings = _beyond_cabinetry(subject) if strict_cabinetry else _findings(subject, _given(threshold), channels)
    deliver(findings, _text(findings, at_least, details=details), output, _tables(findings, at_least, details))
    ctx.exit(1 if (strict or strict_cabinetry) and any(finding.severity == "error" for finding in findings) else 0)


def _tables(findings: Findings, at_least: str, details: bool) -> list[Table]:
    from wilks.results.findings import Severity

    shown = findings.at_least(Severity(at_least))
    return [shown.table(), *[shown.cases()] * details]


def _text(findings: Findings, at_least: str, *, details: bool) -> str:
    from wilks.results.findings import Severity

    lines = []
    for finding in findings.at_least(Severity(at_least)):
        lines.append(str(finding))
        lines += [f"    {case}" for case in finding.cases if details]
    text = "\n".join(lines) if lines else "no findings" if at_least == "note" else f"no {at_least} or worse"
    return f"{text}\n\n{counted(findings)}" if len(findings) else text


def _given(settings: tuple[str, ...]) -> dict[str, Any]:
    """Return thresholds by name from texts `NAME=VALUE`; names may be written as in a steering file."""
    from wilks.checks.thresholds import Thresholds

    known = {field.name.replace("_", ""): field for field in fields(Thresholds)}
    given: dict[str, Any] = {}
    problems = []
    for text in settings:
        name, _, value = text.partition("=")
        field = known.get(name.strip().replace("_", "").lower())
        if field is None:
            hint = nearest(name, [_as_key(other.name) for other in known.values()])
            problems.append(f'--threshold: no threshold "{name}"{hint}')
            continue
        kind = int if field.type == "int" else float
        try:
            number = kind(value)
        except ValueError:
            number = -1
        if not number >= (1 if kind is int else 0):
            wanted = "a whole number above 0" if kind is int else "a number that is not below 0"
            problems.append(f"--threshold: {name}={value}: must be {wanted}")
            continue
        given[field.name] = number
    if problems:
        raise InputError(problems)
    return given


def _as_key(name: str) -> str:
    return name.title().replace("_", "")


def _findings(subject: str, given: dict[str, Any], channels: tuple[str, ...]) -> Findings:
    from wilks.checks.thresholds import Thresholds

    where = source(subject)
    inside = content(where)
    found = kind(inside)
    limits = Thresholds(**given)
    if channels and found not in WORKSPACES:
        raise InputError("--channels: only a workspace has channels to choose from")
    if found == FIT:
        return wilks.check(read_fit(where), thresholds=limits)
    if found in (SAVED, PREDICTION):
        return wilks.check(read_result(where), thresholds=limits)
    if found in WORKSPACES or _is_workspace(inside):
        return wilks.check(_restricted(read_workspace(where), channels), thresholds=limits)
    config = read_config(where)
    templates = pipeline.make_templates(config)
    workspace = wilks.build_workspace(templates, config)
    return pipeline.check_all(config, templates, workspace, thresholds=replace(Thresholds.of(config), **given))


def _restricted(workspace: Workspace, channels: tuple[str, ...]) -> Workspace:
    """Return the workspace with the channels that were asked for; all where none were."""
    from wilks.workspace.edit import select_channels

    return select_channels(workspace, channels) if channels else workspace


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
    """Return whether a document is JSON or XML, intact or not, and no steering file written as JSON."""
    start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        return True
    if not start.startswith(b"{") or start[1:].lstrip()[:1] not in (b'"', b"}"):
        return False
    try:
        return "General" not in parse_json(content)
    except ValueError:
        return True
