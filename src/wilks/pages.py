"""The figures of a run, page by page, with the names of their files."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import wilks
from wilks.pictures import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wilks.config.schema import Config
    from wilks.figures.style import FigureStyle
    from wilks.results.prediction import Prediction
    from wilks.results.ranking import RankingResult
    from wilks.templates.store import Templates
    from wilks.workspace.workspace import Workspace

# From so many channels on a run has a figure of all of them; more channels of one bin than this are only on that.
_SUMMARY, _FEW = 3, 12
_MAP_ROWS = 80


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Return a different part of a file name for each name, also where the file system ignores case.

    >>> file_names(["4j2b SR", "4j2b/SR"])
    {'4j2b SR': '4j2b-SR', '4j2b/SR': '4j2b-SR-2'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = candidate = re.sub(r"[^\w.+-]+", "-", name).lstrip(".") or "-"
        number = 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{plain}-{number}"
        taken.add(candidate.casefold())
        found[name] = candidate
    return found


def variation_figures(
    templates: Templates, *, style: str | FigureStyle = "plain", rows: int = 40, maps: bool = True
) -> dict[str, Figure]:
    """Return figures of all variations, so many on a page, and the pruning map (if `maps`), by file name.

    Each region has pages of its own, unless there are many small ones, of which several share a page.
    """
    if not templates.effects:
        return {}
    figures: dict[str, Figure] = {}
    for name, regions in _regions_of_pages(templates).items():
        numbers: dict[str, None] = {}
        for effect in templates.effects:
            if effect.region in regions:
                numbers[effect.systematic] = None
        most = _rows_of_a_page(templates, regions, rows)
        for first in range(1, len(numbers) + 1, most):
            figures[_numbered(f"variations{name}", (first - 1) // most)] = wilks.figures.variations(
                templates, region=regions, rows=most, first=first, style=style
            )
    pruning = _pruning_maps(templates, style) if maps else ()
    return figures | {_numbered("pruning", i): figure for i, figure in enumerate(pruning)}


def _numbered(name: str, page: int) -> str:
    return f"{name}_{page + 1}" if page else name


def _regions_of_pages(templates: Templates) -> dict[str, list[str]]:
    """Return the regions of each page of variations, by the end of its file name."""
    from wilks.figures.blocks import pages
    from wilks.figures.variations import CELL

    regions = list(dict.fromkeys(effect.region for effect in templates.effects))
    if len(regions) > _FEW and 3 * len(shared := pages(templates, CELL)) <= len(regions):
        return {_numbered("", i): together for i, together in enumerate(shared)}
    return {f"_{file}": [region] for region, file in file_names(regions).items()}


def _rows_of_a_page(templates: Templates, regions: list[str], rows: int) -> int:
    """Return how many systematics a page of variations has, fewer where the samples of a region are folded."""
    from wilks.figures.blocks import bands_of
    from wilks.figures.variations import CELL

    return max(rows // bands_of(templates, regions[0], CELL), 1) if len(regions) == 1 else rows


def _pruning_maps(templates: Templates, style: str | FigureStyle) -> Iterator[Figure]:
    from wilks.figures.blocks import blocks_of, pages
    from wilks.figures.pruning import CELL

    for regions in pages(templates, CELL):
        for first in range(1, len(blocks_of(templates, regions).systematics) + 1, _MAP_ROWS):
            yield wilks.figures.pruning(templates, regions=regions, rows=_MAP_ROWS, first=first, style=style)


def look_of(config: Config, prediction: Prediction) -> dict[str, Any]:
    """Return order (signal first) and colours of samples by a steering file, as options of `data_mc`."""
    known = {sample for channel in prediction.channels for sample in channel.samples}
    samples = [sample for sample in config.samples if sample.name in known]
    return {
        "order": list(dict.fromkeys([*prediction.signals, *(sample.name for sample in samples)])),
        "colors": {sample.name: sample.color for sample in samples if sample.color is not None},
    }


def modifier_figures(workspace: Workspace, *, rows: int | None = None, **options: Any) -> Iterator[Figure]:
    """Yield the pages of the grid of modifiers: so many rows on each, and as many channels as there is room for.

    `options` are those of the figure.
    """
    from wilks.figures.blocks import blocks_with, pages_of
    from wilks.figures.modifiers import CELL, ROWS
    from wilks.workspace.acting import acting

    chosen = {name: options[name] for name in ("parameters", "channels", "samples") if name in options}
    found, most = acting(workspace, **chosen), rows or ROWS
    names = list(dict.fromkeys(each.name for each in found))
    pairs = list(dict.fromkeys((each.channel, each.sample) for each in found))
    for channels in pages_of(blocks_with(names[:most], pairs), CELL):
        count = len({each.name for each in found if each.channel in channels})
        for first in range(1, count + 1, most):
            yield wilks.figures.modifiers(workspace, rows=most, first=first, **{**options, "channels": channels})


def summarised(prediction: Prediction) -> bool:
    """Return whether a run has a figure of all channels together."""
    return len(prediction.channels) >= _SUMMARY


def drawn_alone(prediction: Prediction) -> list[str]:
    """Return the channels that a run draws a figure of; many of a single bin are only in that of all together."""
    single = [channel.name for channel in prediction.channels if len(channel.axis) == 1]
    return [name for name in prediction.channel_names if len(single) <= _FEW or name not in single]


def data_mc_pictures(prediction: Prediction, channels: Iterable[str], **options: Any) -> list[Picture]:
    """Return the figures of data and prediction of each of these channels; `options` are those of `data_mc`."""
    label = prediction.label.replace("-", "")
    names = file_names(prediction.channel_names)
    return [
        Picture(f"data_mc_{names[channel]}_{label}", wilks.figures.data_mc, prediction, {"channel": channel, **options})
        for channel in channels
    ]


def impacts_pictures(result: RankingResult, name: str, *, rows: int, **options: Any) -> list[Picture]:
    """Return all pages of impacts, so many rows on each; `options` are those of `impacts`."""
    count = math.ceil(len(result) / rows)
    return [
        Picture(
            name if count == 1 else f"{name}_{page}",
            wilks.figures.impacts,
            result,
            {"page": page, "rows": rows, **options},
        )
        for page in range(1, count + 1)
    ]
