"""Where a template comes from: the settings of the steering file that apply to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wilks.config.block import Block
from wilks.config.sample import SampleSource
from wilks.config.schema import Config, Region, Sample, Systematic, Template, selects
from wilks.templates.missing import Setting
from wilks.templates.store import TemplateKey


@dataclass(frozen=True)
class Said:
    """What a key of the steering file says, and in which block."""

    value: Any
    place: str


@dataclass(frozen=True)
class Ingredient:
    """One source of a template: what is histogrammed there (ntuples), and the settings that lead to its paths.

    An expression that isn't there is None; a filter that selects all is none. Yields are multiplied by `scale`.
    """

    tree: Said | None
    variable: Said | None
    weight: Said | None
    filter: Said | None
    paths: tuple[tuple[Setting, ...], ...]
    scale: float = 1.0


# The keys that say where a template comes from; an empty text replaces what is below it for some of them only.
_KEYS = {
    "tree": False,
    "variable": False,
    "weight": False,
    "filter": True,
    "region_path": True,
    "sample_path": False,
    "variation_path": True,
    "scale": False,
}
_NOTHING = {"weight": "1", "filter": "True"}


def template_of(systematic: Systematic, side: str) -> Template:
    """Return the steering file's block for one side of a systematic."""
    return systematic.sides[side]


def blocks_of(config: Config, key: TemplateKey) -> tuple[Region, Sample, Systematic | None]:
    """Return the steering file's blocks for the region, the sample and the systematic of a template."""
    region = next(region for region in config.regions if region.name == key.region)
    sample = next(sample for sample in config.samples if sample.name == key.sample)
    if key.systematic is None:
        return region, sample, None
    return region, sample, next(block for block in config.systematics if block.name == key.systematic)


def ingredients_of(config: Config, key: TemplateKey) -> list[Ingredient]:
    """Return what is summed to a template: one ingredient, or one for each of the sample's `Sources`.

    Each of these replaces what the ones before it say: the region, the sample, the source, the sample's `Overrides`,
    the side of the systematic and its `Overrides`. A systematic with `Sources` leaves the others nominal.
    """
    region, sample, systematic = blocks_of(config, key)
    ground = _laid_over({}, [(config.general, "General")])
    ground = _laid_over(ground, [(region, f'Regions "{region.name}"')])
    ground = _laid_over(ground, [(sample, f'Samples "{sample.name}"')])
    overrides = list(_matching(sample, f'Samples "{sample.name}"', key))
    ingredients = []
    for index in range(max(1, len(sample.sources))):
        source = sample.sources[index] if sample.sources else None
        said = ground if source is None else _laid_over(ground, [(source, _place_of_source(sample, index))])
        said = _laid_over(said, overrides)
        if systematic is not None and key.side is not None and _varied(systematic, source):
            side, place = template_of(systematic, key.side), f'Systematics "{systematic.written_name}".{key.side}'
            said = _laid_over(said, [(side, place), *_matching(side, place, key)])
        ingredients.append(_ingredient(config, key, said))
    return ingredients


def _varied(systematic: Systematic, source: SampleSource | None) -> bool:
    return not systematic.sources or (source is not None and source.name in systematic.sources)


def _place_of_source(sample: Sample, index: int) -> str:
    name = sample.sources[index].name
    return f'Samples "{sample.name}".Sources' + (f"[{index}]" if name is None else f' "{name}"')


def _matching(block: Sample | Template, place: str, key: TemplateKey) -> Iterator[tuple[Block, str]]:
    """Yield the `Overrides` that a template has, and where they stand."""
    for index, override in enumerate(block.overrides):
        if selects(override, key.region, key.sample):
            yield override, f"{place}.Overrides[{index}]"


def _laid_over(below: Mapping[str, Said], blocks: list[tuple[Block, str]]) -> dict[str, Said]:
    """Return what is said once blocks replace what is below them; `{Weight}` and `{Filter}` stand for that."""
    said = dict(below)
    for block, place in blocks:
        for key, may_be_empty in _KEYS.items():
            value = getattr(block, key, None)
            if value is None or not (value or may_be_empty):
                continue
            if key in _NOTHING:
                value = _with_replaced(key, value, below)
            said[key] = Said(value, place)
    return said


def _with_replaced(key: str, text: str, below: Mapping[str, Said]) -> str:
    under = below[key].value.strip() if key in below else ""
    return text.replace(f"{{{key.capitalize()}}}", f"({under or _NOTHING[key]})")


def _ingredient(config: Config, key: TemplateKey, said: Mapping[str, Said]) -> Ingredient:
    chosen = said.get("filter")
    return Ingredient(
        said.get("tree"),
        said.get("variable"),
        said.get("weight"),
        chosen if chosen is not None and chosen.value.strip() else None,
        tuple(_paths(config, key, said)),
        float(said["scale"].value) if "scale" in said else 1.0,
    )


def _paths(config: Config, key: TemplateKey, said: Mapping[str, Said]) -> Iterator[tuple[Setting, ...]]:
    sample = said.get("sample_path", Said(("",), f'Samples "{key.sample}"'))
    region = said.get("region_path", Said("", f'Regions "{key.region}"'))
    variation = said["variation_path"]
    for path in sample.value:
        yield (
            Setting("General.InputPath", "", config.general.input_path),
            Setting(f"{sample.place}.SamplePath", "SamplePath", path),
            Setting(f"{region.place}.RegionPath", "RegionPath", region.value),
            Setting(f"{variation.place}.VariationPath", "VariationPath", variation.value),
        )


def template_paths(config: Config, key: TemplateKey) -> list[str]:
    """Return the path of a template's input: one, or one per path of the sample and its sources (they are summed).

    For histograms `file.root:path/in/file`, for ntuples `file.root`.
    """
    return [filled(config, settings) for settings, _ in scaled_paths(config, key)]


def scaled_paths(config: Config, key: TemplateKey) -> list[tuple[tuple[Setting, ...], float]]:
    """Return the settings that lead to a template and the factor on its yields, for each path.

    A path that several sources have with the same factor counts once.
    """
    found: dict[tuple[str, float], tuple[Setting, ...]] = {}
    for part in ingredients_of(config, key):
        for path in part.paths:
            found.setdefault((filled(config, path), part.scale), path)
    return [(settings, scale) for (_, scale), settings in found.items()]


def filled(config: Config, settings: tuple[Setting, ...]) -> str:
    """Return `InputPath` with its placeholders filled in."""
    values = {setting.placeholder: setting.value for setting in settings}
    # All at once, so that a value may contain the text of another placeholder.
    return re.sub(
        r"\{(RegionPath|SamplePath|VariationPath)\}", lambda match: values[match[1]], config.general.input_path
    )
