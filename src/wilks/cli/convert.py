"""The command that turns a workspace of one format into another."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wilks import pipeline
from wilks.cli.helping import Command
from wilks.cli.inputs import DATACARD, content, kind, read_as
from wilks.cli.streams import check_target, put, wrote
from wilks.cli.targets import require_not_beside
from wilks.cli.written import tell_notes
from wilks.errors import InputError, WorkspaceError, listed, shown

if TYPE_CHECKING:
    from wilks.approximations import Approximation
    from wilks.formats.known import Format
    from wilks.formats.notes import Note, Reading

NAMES = ("wilks", "pyhf", "hs3", "histfactory-xml", "datacard")


def _options(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    """Return OPTION=VALUE by option, a list where it is given several times; an OPTION alone is switched on."""
    found: dict[str, Any] = {}
    for name, equals, value in (text.partition("=") for text in given):
        one = value if equals else True
        if name == "check_sums" and value in ("yes", "no"):
            one = value == "yes"
        known = found.get(name)
        found[name] = one if known is None else [*known, one] if isinstance(known, list) else [known, one]
    return found


read_option = click.option(
    "--read",
    "reading",
    multiple=True,
    metavar="OPTION[=VALUE]",
    callback=_options,
    help="How to read it. HistFactory XML: base=FOLDER, measurement=NAME, as_pyhf. HS3: analysis=NAME, data=NAME, "
    "shapesys=relative|absolute|tau. Datacards: mass=NUMBER, maps=PATTERN:NAME[START,LOW,HIGH], modes=PRODUCTION, "
    "keywords=WORD=VALUE, include=PATTERN, exclude=PATTERN, masks=CHANNEL, ranges=NAME=LOW:HIGH, starts=NAME=VALUE, "
    "freeze=NAME, check_sums=no, combine_rounding, allow_no_signal, allow_no_background. Repeatable.",
)


@click.command(
    cls=Command,
    examples=(
        "wilks convert combination.xml workspace.json",
        "wilks convert workspace.json model.hs3.json --strict",
        "wilks convert workspace.json xml/ --to histfactory-xml --notes notes.json",
        "wilks convert datacard.txt workspace.pyhf.json --approximate",
    ),
)
@click.argument("given", metavar="WORKSPACE")
@click.argument("target", metavar="PATH")
@click.option(
    "--to",
    "to",
    type=click.Choice(NAMES),
    help="Format of the new file. Default: what its name ends with: .hs3.json, .pyhf.json, .xml or a folder "
    "(histfactory-xml), .txt (datacard), else wilks: pyhf's document, with further fields only where it can't say the "
    "model.",
)
@read_option
@click.option("--strict", is_flag=True, help="Refuse where something is lost or approximate, with exit code 2.")
@click.option("--notes", "notes_file", metavar="FILE", help="File for the notes, as JSON.")
@click.option(
    "--approximate",
    is_flag=True,
    help="To pyhf or a datacard: replace what it can't say by the nearest that it can. Tables say what that is, its "
    "largest effect on the yield of a bin within 2 sigma, and what it does to the fitted parameters of interest.",
)
@click.option("--json", "as_json", is_flag=True, help="With --approximate: print its tables as JSON, unrounded.")
def convert(
    given: str,
    target: str,
    to: str | None,
    reading: dict[str, Any],
    strict: bool,
    notes_file: str | None,
    approximate: bool,
    as_json: bool,
) -> None:
    """Write a workspace in another format.

    What is said in another way, approximate, or lost is told line by line on standard error. A folder (an existing
    one, or with / at its end) gets files that are named after the old one.
    """
    path, chosen = _target(given, target, to)
    _check_approximate(approximate, as_json, strict, chosen)
    if notes_file is not None:
        check_target(notes_file, file=True)
    found = read_as(given, reading)
    if path is not None and chosen.several:
        require_not_beside(path, found.files)
    tell_notes(found.notes, "read", every=True)
    if strict:
        _require_exact(given, found)
    near = _approximated(found, chosen) if approximate else None
    found = found if near is None else replace(found, workspace=near.workspace)
    notes = () if near is None else near.told
    files: list[Path] = []
    try:
        if path is None:
            _print(found, chosen, strict, notes_file, notes)
        else:
            writing = pipeline.write_workspace(found.workspace, path, chosen.name, strict=strict)
            tell_notes((*notes, *writing.notes), "written", every=True)
            _save_notes(notes_file, found.notes, (*notes, *writing.notes))
            files = list(writing.files)
    except WorkspaceError as error:
        raise InputError([*error.problems, *([] if strict or approximate else _nearest(found, chosen))]) from None
    if near is not None and as_json:
        text = json.dumps({**near.record(), "files": [str(file) for file in files]}, indent=1, ensure_ascii=False)
        click.echo(shown(text), err=path is None)
        return
    if near is not None:
        tables = "\n\n".join(table.text() for table in near.tables())
        nothing = "nothing is approximate: the format can say all of it"
        click.echo(shown(tables if near.differences else nothing), err=path is None)
    wrote(files)


def _check_approximate(approximate: bool, as_json: bool, strict: bool, chosen: Format) -> None:
    """Raise InputError where options don't go together."""
    from wilks.formats.approximate import TARGETS

    if as_json and not approximate:
        raise InputError("--json prints what --approximate does: give both")
    if approximate and strict:
        raise InputError("--strict refuses what is approximate: give it or --approximate")
    if approximate and chosen.name not in TARGETS:
        raise InputError(f'--approximate is for {listed(TARGETS)}, not for "{chosen.name}"')


def _nearest(found: Reading, chosen: Format) -> list[str]:
    """Return what may be done where a format can't say a workspace."""
    from wilks.formats.approximate import TARGETS, approximate_for

    if chosen.name not in TARGETS:
        return []
    try:
        approximate_for(found.workspace, chosen.name)
    except WorkspaceError:
        return []
    return ["--approximate writes the nearest that it can say, and measures what that changes"]


def _approximated(found: Reading, chosen: Format) -> Approximation:
    """Return the nearest workspace that a format can say."""
    from wilks.approximations import approximate

    return approximate(found.workspace, format=chosen.name)


def _target(given: str, target: str, to: str | None) -> tuple[Path | None, Format]:
    """Return file (None: standard output) and format of what is written. Raises InputError."""
    from wilks.formats.known import HISTFACTORY, WILKS, format_for, format_of

    if target == "-":
        chosen = WILKS if to is None else format_of(to)
        if chosen.several:
            raise InputError(f"-: {chosen.kind} is several files; name a file or a folder")
        return None, chosen
    path = Path(target)
    if target.endswith(("/", "\\")) or path.is_dir():
        chosen = HISTFACTORY if to is None else format_of(to)
        path /= f"{_stem(given)}{chosen.suffix}"
    else:
        chosen = format_for(path) if to is None else format_of(to)
    check_target(str(path), file=True)
    if given != "-" and path.exists() and any(Path(one).exists() and path.samefile(one) for one in _files(given)):
        raise InputError(f"{path}: is the file that is read; choose another name")
    if _are_cards(given) and _are_cards(str(path)):
        raise InputError(f"{path}: is a datacard as well; name the new file behind the cards")
    return path, chosen


def _files(given: str) -> list[str]:
    """Return the files that one argument names: several cards are in one."""
    from wilks.formats.source import cards_in

    return [card.partition("=")[2] for card in cards_in(given)] or [given]


def _are_cards(given: str) -> bool:
    return given != "-" and kind(content(given)) == DATACARD


def _stem(given: str) -> str:
    several = len(_files(given)) > 1
    name = "workspace" if given == "-" or several else Path(given).name
    return re.sub(r"(\.hs3|\.pyhf)?\.(json|xml|txt)$", "", name, flags=re.IGNORECASE) or "workspace"


def _require_exact(given: str, found: Reading) -> None:
    from wilks.formats.save import losses

    if lossy := losses(found.notes):
        raise InputError([f"{given}: {note.kind} when it is read: {note}" for note in lossy])


def _print(found: Reading, chosen: Format, strict: bool, notes_file: str | None, notes: tuple[Note, ...] = ()) -> None:
    """Print a workspace in a format of one file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"workspace{chosen.suffix}"
        try:
            writing = pipeline.write_workspace(found.workspace, path, chosen.name, strict=strict)
        except WorkspaceError as error:
            raise WorkspaceError([problem.removeprefix(f"{path}: ") for problem in error.problems]) from None
        text = path.read_text(encoding="utf-8")
    tell_notes((*notes, *writing.notes), "written", every=True)
    _save_notes(notes_file, found.notes, (*notes, *writing.notes))
    put(text.removesuffix("\n"), None)


def _save_notes(file: str | None, read: tuple[Note, ...], written: tuple[Note, ...]) -> None:
    if file is None:
        return
    told = {
        when: [{"kind": note.kind, "place": note.place, "text": note.text} for note in notes]
        for when, notes in (("read", read), ("written", written))
    }
    pipeline.save_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", Path(file))
