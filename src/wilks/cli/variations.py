"""The command that draws what systematics do to templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

import wilks
from wilks import pipeline
from wilks.cli.drawing import style_options
from wilks.cli.helping import Command
from wilks.cli.inputs import content, read_config
from wilks.cli.streams import format_option, output_option, put, source, wrote
from wilks.errors import InputError, listed, nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wilks.figures.style import FigureStyle
    from wilks.templates.record import Effect
    from wilks.templates.store import Templates

_ARCHIVE = b"PK"


@click.command(
    cls=Command,
    examples=(
        "wilks variations config.yml -o figures",
        "wilks variations templates.npz --systematic 'JES*' --data Data --style ATLAS --status Internal",
    ),
)
@click.argument("subject", metavar="CONFIG|TEMPLATES")
@output_option(
    "Folder for the figures.", default="figures/variations", never_printed="writes many figures: name a folder"
)
@click.option("--systematic", multiple=True, metavar="NAME", help="Draw these in full (names or patterns); repeatable.")
@click.option("--region", multiple=True, metavar="NAME", help="With --systematic: in these regions; repeatable.")
@click.option("--sample", multiple=True, metavar="NAME", help="With --systematic: on these samples; repeatable.")
@click.option(
    "--data", metavar="NAME", help="With --systematic: on the sum of all samples but this one, which is drawn with it."
)
@format_option
@style_options
def variations(
    subject: str,
    output: str,
    systematic: tuple[str, ...],
    region: tuple[str, ...],
    sample: tuple[str, ...],
    data: str | None,
    style: FigureStyle,
) -> None:
    """Draw systematic variations and what pruning leaves.

    All of a region at a glance, and the map of what was pruned; their effects on the yields are printed. With
    --systematic one figure for each region and sample instead. TEMPLATES is what `wilks templates` writes.
    """
    templates = _templates(subject)
    folder = Path(output)
    if data is not None and (sample or not systematic):
        raise InputError("--data draws the figures of --systematic on all samples together, not on a --sample")
    if data is not None:
        for name, figure in _on_the_sum(templates, systematic, region, data, style):
            wrote(wilks.figures.save(figure, folder / name))
        return
    if systematic:
        for name, figure in _in_full(templates, systematic, region, sample, style):
            wrote(wilks.figures.save(figure, folder / name))
        return
    if region or sample:
        raise InputError("--region and --sample choose among the figures of --systematic")
    figures = pipeline.variation_figures(templates, style=style)
    if not figures:
        raise InputError(f"{subject}: there is no systematic to draw")
    effects = wilks.tables.norm_effects(templates)
    put(f"{effects.text()}\n", None, [effects])
    for name, figure in figures.items():
        wrote(wilks.figures.save(figure, folder / name))


def _templates(subject: str) -> Templates:
    """Return processed templates, from a steering file or a file of templates."""
    given = source(subject)
    if isinstance(given, str) and content(given).startswith(_ARCHIVE):
        return wilks.load_templates(given)
    return pipeline.make_templates(read_config(given))


def _in_full(
    templates: Templates,
    systematics: tuple[str, ...],
    regions: tuple[str, ...],
    samples: tuple[str, ...],
    style: FigureStyle,
) -> Iterator[tuple[str, Figure]]:
    """Yield file name and figure of each systematic that is asked for, in each region and on each sample."""
    effects = _chosen(templates, systematics, regions, samples)
    names = pipeline.file_names(f"{e.systematic}_{e.region}_{e.sample}" for e in effects)
    for effect in effects:
        figure = wilks.figures.variation(
            templates, region=effect.region, sample=effect.sample, systematic=effect.systematic, style=style
        )
        yield names[f"{effect.systematic}_{effect.region}_{effect.sample}"], figure


def _on_the_sum(
    templates: Templates, systematics: tuple[str, ...], regions: tuple[str, ...], data: str, style: FigureStyle
) -> Iterator[tuple[str, Figure]]:
    """Yield file name and figure of each systematic that is asked for, in each region, on all samples together."""
    known = list(dict.fromkeys(key.sample for key in templates))
    if data not in known:
        raise InputError(f'--data: no sample "{data}"{nearest(data, known) or "; there are " + listed(known)}')
    chosen = list(dict.fromkeys((e.systematic, e.region) for e in _chosen(templates, systematics, regions, ())))
    names = pipeline.file_names(f"{systematic}_{region}_total" for systematic, region in chosen)
    for systematic, region in chosen:
        figure = wilks.figures.variation(templates, region=region, systematic=systematic, data=data, style=style)
        yield names[f"{systematic}_{region}_total"], figure


def _chosen(
    templates: Templates, systematics: tuple[str, ...], regions: tuple[str, ...], samples: tuple[str, ...]
) -> list[Effect]:
    """Return the effects that are asked for, by names or patterns. Raises InputError for those that mean none."""
    from wilks.selection import matching

    chosen: dict[str, set[str]] = {}
    problems = []
    asked = {"systematic": systematics, "region": regions, "sample": samples}
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
