"""The command that draws what systematics do to templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks import pipeline
from wilks.cli.drawing import style_options
from wilks.cli.figure_options import VARIATIONS, figure_options
from wilks.cli.helping import Command
from wilks.cli.inputs import WORKSPACES, content, kind, read_config, read_workspace
from wilks.cli.streams import format_option, output_option, put, source, warn, wrote
from wilks.errors import InputError, listed, nearest
from wilks.pages import modifier_figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wilks.figures.style import FigureStyle
    from wilks.templates.record import Effect
    from wilks.templates.store import Templates
    from wilks.workspace.workspace import Workspace

_ARCHIVE = b"PK"
# Panels of an overview, and figures of --systematic, that are drawn unless --most says otherwise.
_PANELS, _FIGURES = 2000, 300
_TOLD = 500  # panels that are worth a word before


@click.command(
    cls=Command,
    examples=(
        "wilks variations config.yml -o figures",
        "wilks variations templates.npz --systematic 'JES*' --data Data --style ATLAS --status Internal",
        "wilks variations workspace.json --region 'SR*' --systematic 'JES*' --glance",
    ),
)
@click.argument("subject", metavar="CONFIG|TEMPLATES|WORKSPACE")
@output_option(
    "Folder for the figures.", default="figures/variations", never_printed="writes many figures: name a folder"
)
@click.option("--glance", is_flag=True, help="With --systematic: these at a glance, in place of in full.")
@click.option(
    "--most",
    type=click.IntRange(1),
    metavar="N",
    help=f"Draw at most N panels, with --systematic figures. Default: {_PANELS} panels, {_FIGURES} figures.",
)
@figure_options(VARIATIONS, rows="Systematics on a page at a glance. Default: 40.")
@format_option
@style_options
def variations(
    subject: str, output: str, glance: bool, most: int | None, options: dict[str, Any], style: FigureStyle
) -> None:
    """Draw systematic variations and what pruning leaves.

    All of a region at a glance, and the map of what was pruned; their effects on the yields are printed. With
    --systematic one figure for each region and sample instead. TEMPLATES is what `wilks templates` writes. A WORKSPACE
    has what its modifiers say: its map is that of `wilks modifiers`.
    """
    in_full, data = "systematic" in options and not glance, options.get("data")
    if data is not None and (not in_full or "sample" in options):
        raise InputError("--data draws the figures of --systematic on all samples together, not on a --sample")
    if glance and "systematic" not in options:
        raise InputError("--glance is for the systematics of --systematic; without, all are drawn at a glance")
    if in_full and "rows" in options:
        raise InputError("--rows is for systematics at a glance; those of --systematic are drawn in full")
    templates, workspace = _read(subject)
    if not templates.effects:
        raise InputError(f"{subject}: there is no systematic to draw")
    effects = _chosen(templates, options)
    folder = Path(output)
    if in_full:
        for name, figure in _in_full(templates, effects, data, most or _FIGURES, style):
            wrote(wilks.figures.save(figure, folder / name))
        return
    chosen = replace(templates, effects=tuple(effects))
    table = wilks.tables.norm_effects(chosen)
    put(f"{table.text()}\n", None, [table])
    drawn = replace(templates, effects=tuple(_first(effects, most or _PANELS)))
    rows = {name: value for name, value in options.items() if name == "rows"}
    for name, figure in pipeline.variation_figures(drawn, style=style, maps=workspace is None, **rows).items():
        wrote(wilks.figures.save(figure, folder / name))
    if workspace is not None:
        named = {"parameters": "systematic", "channels": "region", "samples": "sample"}
        where = {keyword: options[name] for keyword, name in named.items() if name in options}
        for page, figure in enumerate(modifier_figures(workspace, style=style, **where), 1):
            wrote(wilks.figures.save(figure, folder / (f"modifiers_{page}" if page > 1 else "modifiers")))


def _read(subject: str) -> tuple[Templates, Workspace | None]:
    """Return processed templates, from a steering file, a file of templates or a workspace, which is returned too."""
    given = source(subject)
    found = content(given)
    if isinstance(given, str) and found.startswith(_ARCHIVE):
        return wilks.load_templates(given), None
    if kind(found) in WORKSPACES:
        from wilks.assemble.unassembled import templates_of

        workspace = read_workspace(given)
        return templates_of(workspace), workspace
    return pipeline.make_templates(read_config(given)), None


def _first(effects: list[Effect], most: int) -> list[Effect]:
    """Return the effects that are drawn at a glance: of whole regions, as long as there are no more than `most`.

    Of a first region that has more the first systematics. What is left out is said before anything is drawn.
    """
    from wilks.templates.order import systematics_in_order

    by_region: dict[str, list[Effect]] = {}
    for effect in effects:
        by_region.setdefault(effect.region, []).append(effect)
    count, shown = 0, []
    for group in by_region.values():
        if count and count + len(group) > most:
            break
        shown.append(group)
        count += len(group)
    first = shown[0]
    if cut := count > most:
        order = systematics_in_order(first)
        left = iter(range(len(order), 0, -1))
        while len(first) > most and (last := next(left)) > 1:
            first = [effect for effect in first if effect.systematic in order[: last - 1]]
        shown, count = [first], len(first)
    regions = len(by_region)
    if count < len(effects):
        names, samples = ({getattr(e, part) for e in effects} for part in ("systematic", "sample"))
        some = f"{len(shown)} regions" if len(shown) > 1 else f'{"some of " if cut else ""}"{first[0].region}"'
        warn(
            f"{len(effects)} panels ({regions} regions, {len(samples)} samples, {len(names)} systematics); {count} are "
            f"drawn: {some}. --region, --sample, and --systematic with --glance choose; --most {len(effects)} draws all"
        )
    elif count > _TOLD:
        click.echo(f"wilks: drawing {count} panels of {regions} region{'s' if regions > 1 else ''}", err=True)
    return [effect for group in shown for effect in group]


def _in_full(
    templates: Templates, effects: list[Effect], data: str | None, most: int, style: FigureStyle
) -> Iterator[tuple[str, Figure]]:
    """Yield file name and figure of each effect: on a sample or, with `data`, on all of a region together."""
    if data is not None:
        known = list(dict.fromkeys(key.sample for key in templates))
        if data not in known:
            raise InputError(f'--data: no sample "{data}"{nearest(data, known) or "; there are " + listed(known)}')
    wanted = list(dict.fromkeys((e.systematic, e.region, None if data is not None else e.sample) for e in effects))
    if len(wanted) > most:
        warn(
            f"{len(wanted)} figures; the first {most} are drawn. --region, --sample and --systematic choose; "
            f"--most {len(wanted)} draws all"
        )
    stems = [f"{systematic}_{region}_{sample or 'total'}" for systematic, region, sample in wanted]
    names = pipeline.file_names(stems)
    for stem, (systematic, region, sample) in list(zip(stems, wanted, strict=True))[:most]:
        figure = wilks.figures.variation(
            templates, region=region, sample=sample, systematic=systematic, data=data, style=style
        )
        yield names[stem], figure


def _chosen(templates: Templates, options: Mapping[str, Any]) -> list[Effect]:
    """Return the effects that are asked for, by names or patterns. Raises InputError for those that mean none."""
    from wilks.selection import matching

    chosen: dict[str, set[str]] = {}
    problems = []
    asked = {part: options.get(part, ()) for part in ("systematic", "region", "sample")}
    for part, patterns in asked.items():
        known = list(dict.fromkeys(getattr(effect, part) for effect in templates.effects))
        found = {pattern: matching(known, pattern) for pattern in patterns}
        problems += [
            f'--{part}: no {part} "{pattern}"{nearest(pattern, known) or "; there are " + (listed(known) or "none")}'
            for pattern, places in found.items()
            if not places
        ]
        chosen[part] = {known[i] for places in found.values() for i in places} if patterns else set(known)
    if problems:
        raise InputError(problems)
    return [e for e in templates.effects if all(getattr(e, part) in names for part, names in chosen.items())]
