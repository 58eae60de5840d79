"""Where a template comes from: the settings of the steering file that apply to it."""

from __future__ import annotations

import re

from wilks.config.schema import Config, Region, Sample, Systematic, Template
from wilks.templates.missing import Setting
from wilks.templates.store import TemplateKey


def template_of(systematic: Systematic, side: str) -> Template:
    """Return the steering file's block for one side of a systematic."""
    return systematic.up if side == "Up" else systematic.down


def blocks_of(config: Config, key: TemplateKey) -> tuple[Region, Sample, Template, str]:
    """Return region and sample of a template, what its variation overrides, and what to call the variation."""
    region = next(region for region in config.regions if region.name == key.region)
    sample = next(sample for sample in config.samples if sample.name == key.sample)
    if key.systematic is None or key.side is None:
        return region, sample, Template(), ""
    systematic = next(systematic for systematic in config.systematics if systematic.name == key.systematic)
    return region, sample, template_of(systematic, key.side), f'Systematics "{key.systematic}".{key.side}'


def template_paths(config: Config, key: TemplateKey) -> list[str]:
    """Return the path of a template's input: one, or one per path of the sample (they are summed).

    For histograms `file.root:path/in/file`, for ntuples `file.root`.
    """
    return [filled(config, settings) for settings in path_settings(config, key)]


def path_settings(config: Config, key: TemplateKey) -> list[tuple[Setting, ...]]:
    """Return the settings that lead to a template, for each path of the sample."""
    region, sample, override, prefix = blocks_of(config, key)
    sample_place = prefix if override.sample_path else f'Samples "{key.sample}"'
    if override.variation_path is None:
        variation = Setting("General.VariationPath", "VariationPath", config.general.variation_path)
    else:
        variation = Setting(f"{prefix}.VariationPath", "VariationPath", override.variation_path)
    whole = Setting("General.InputPath", "", config.general.input_path)
    if override.region_path is None:
        of_region = Setting(f'Regions "{key.region}".RegionPath', "RegionPath", region.region_path or "")
    else:
        of_region = Setting(f"{prefix}.RegionPath", "RegionPath", override.region_path)
    paths: tuple[str, ...] = override.sample_path or sample.sample_path
    return [
        (whole, Setting(f"{sample_place}.SamplePath", "SamplePath", path), of_region, variation)
        for path in paths or ("",)
    ]


def filled(config: Config, settings: tuple[Setting, ...]) -> str:
    """Return `InputPath` with its placeholders filled in."""
    values = {setting.placeholder: setting.value for setting in settings}
    # All at once, so that a value may contain the text of another placeholder.
    return re.sub(
        r"\{(RegionPath|SamplePath|VariationPath)\}", lambda match: values[match[1]], config.general.input_path
    )
