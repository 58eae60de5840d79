"""(Templates, Config) -> Workspace: what cabinetry builds from the same steering file and histograms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from wilks._types import BoolArray
from wilks.assemble.measurement import groups_of, measurement_of
from wilks.assemble.staterrors import staterrors
from wilks.assemble.systematics import interpolation_mistakes, systematic_modifiers
from wilks.bin_labels import places
from wilks.config.schema import Config, Region, applies
from wilks.config.schema import Sample as SampleBlock
from wilks.config.staterrors import alone, staterror_of
from wilks.errors import TemplateError, WorkspaceError, listed
from wilks.histogram import Histogram
from wilks.templates.build import needed_templates, other_bins
from wilks.templates.combining import combined_templates
from wilks.templates.store import TemplateKey, Templates
from wilks.workspace.extensions import PYHF, WILKS, extensions
from wilks.workspace.spec import Channel, Document, Function, Modifier, NormFactor, Observation, Sample, ShapeFactor
from wilks.workspace.validate import content_mistakes
from wilks.workspace.workspace import Workspace


def build_workspace(templates: Templates, config: Config) -> Workspace:
    """Return the workspace of an analysis: channels, samples, modifiers and the measurement as the steering file says.

    A `NormPlusShape` systematic becomes a normsys (ratio of the yields) and a histosys (the variation scaled to the
    nominal yield) with one parameter; in a region with one bin the normsys is all there is. `NormOnly` has the first
    alone, `ShapeOnly` the second. A side with `Symmetrize` is the mirror image of the other: 2 - factor, and
    2 nominal - scaled variation. Where the yield of the nominal template or of a variation is zero there is no ratio:
    the factor is 1 and the histosys has the variation unscaled. With one parameter per bin there is a histosys for each
    bin, with the variation as it is. `ShapeSys` becomes a shapesys for each sample in each region. What
    `process_templates` pruned is left out. The statistical uncertainty becomes staterrors, and with options under
    `Staterror` also shapesys.
    A function scales samples as a normfactor of its name, and where a systematic has that name takes the place of its
    parameter. A document that says what pyhf can't has the version "wilks-1".
    Parameters under `Fixed` may be given by the systematic's name or by the parameter's, staterrors included.

    Raises one TemplateError with every template that is missing, has other bins than its region, numbers that are not
    finite or yields that its interpolation can't take, and WorkspaceError where a factor or a scaled variation is too
    large to be a number.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.process_templates(wilks.build_templates(config), config)
    >>> wilks.build_workspace(templates, config)
    <Workspace: 2 channels, 3 samples, measurement "WZ production">
    """
    mistakes = _template_mistakes(templates, config) or other_bins(templates) or _unequal_bins(templates, config)
    if mistakes:
        raise TemplateError(mistakes)
    channels = [_channel(templates, config, region) for region in config.regions]
    if mistakes := interpolation_mistakes(channels):
        raise TemplateError(mistakes)
    document = Document(
        channels=channels,
        observations=[
            Observation(region.name, templates[_data_key(config, region)].contents.tolist())
            for region in config.regions
        ],
        measurements=[measurement_of(config, channels)],
        version=PYHF,
        groups=groups_of(config, channels) or None,
        functions=[Function(f.name, f.expression, list(f.arguments) or None) for f in config.functions] or None,
    )
    if any(extensions(document)):
        document = msgspec.structs.replace(document, version=WILKS)
    mistakes = content_mistakes(document)
    if mistakes:
        raise WorkspaceError(mistakes)
    return Workspace(document, {region.name: templates[_data_key(config, region)].axis for region in config.regions})


def _data_key(config: Config, region: Region) -> TemplateKey:
    return TemplateKey(region.name, config.data_sample.name)


def _simulated(config: Config, region: Region) -> list[SampleBlock]:
    return [sample for sample in config.samples if sample.in_model and applies(sample, region, sample)]


def _template_mistakes(templates: Templates, config: Config) -> list[str]:
    mistakes: list[str] = []
    made = combined_templates(config)
    for key in (*needed_templates(config), *made):
        histogram = templates.get(key)
        reference = templates.get(TemplateKey(key.region, config.data_sample.name))
        if histogram is None:
            mistakes.append(f"{key}: no template{'; process_templates makes it' if key in made else ''}")
            continue
        if reference is not None and len(reference.axis) != len(histogram.axis):
            mistakes.append(f"{key}: {len(histogram.axis)} bins, but the data have {len(reference.axis)}")
        if not np.isfinite(histogram.contents).all():
            where = _bins_where(~np.isfinite(histogram.contents), histogram)
            mistakes.append(f"{key}: the yield is not a finite number in {where}{_read_from(templates, key)}")
        undefined = ~(np.isfinite(histogram.sumw2) & (histogram.sumw2 >= 0.0))
        if key.systematic is None and undefined.any():
            where = _bins_where(undefined, histogram)
            mistakes.append(
                f"{key}: the statistical uncertainty is undefined in {where}; process_templates sets it to 0"
            )
    return mistakes


def _unequal_bins(templates: Templates, config: Config) -> list[str]:
    """Return a sentence for every factor of bins that acts in regions with different numbers of them."""
    mistakes: list[str] = []
    for factor in config.shape_factors:
        regions = [
            region
            for region in config.regions
            if any(applies(factor, region, sample) for sample in _simulated(config, region))
        ]
        bins = {region.name: len(templates[_data_key(config, region)].axis) for region in regions}
        if len(set(bins.values())) > 1:
            found = ", ".join(f'"{name}" has {number}' for name, number in bins.items())
            text = f'the ShapeFactor "{factor.name}" needs regions with the same number of bins'
            mistakes.append(f"{text}: {found}; restrict its Regions")
        mistakes += _moved_labels(factor.name, [templates[_data_key(config, region)] for region in regions])
    return mistakes


def _moved_labels(name: str, histograms: Sequence[Histogram]) -> list[str]:
    """Return a sentence where a label is that of another bin from one region to the next: bins share parameters."""
    first: dict[str, int] = {}
    for histogram in histograms:
        for number, label in enumerate(histogram.axis.bin_labels):
            if label and first.setdefault(label, number) != number:
                where = f'"{label}" is bin {first[label]} of one region and {number} of another'
                return [f'the ShapeFactor "{name}" has a parameter for each bin, but {where}; restrict its Regions']
    return []


def _read_from(templates: Templates, key: TemplateKey) -> str:
    """Return which files a template was read from, as the end of a sentence."""
    origin = templates.origins.get(key)
    places = [f"{file}:{part.path}" for part in origin.parts for file in part.files] if origin else []
    return f"; read from {listed(places, 3)}" if places else ""


def _bins_where(chosen: BoolArray, histogram: Histogram) -> str:
    return places(np.flatnonzero(chosen).tolist(), histogram.axis.bin_labels, limit=chosen.size)


def _channel(templates: Templates, config: Config, region: Region) -> Channel:
    blocks = _simulated(config, region)
    nominal = {sample.name: templates[TemplateKey(region.name, sample.name)] for sample in blocks}
    uncertain = {sample.name: nominal[sample.name] for sample in blocks if not sample.disable_staterror}
    wanted = staterror_of(config.general, region)
    apart = [sample.name for sample in blocks if sample.separate_staterror and not wanted.per_sample]
    errors = staterrors(wanted, region.name, {name: found for name, found in uncertain.items() if name not in apart})
    for name in uncertain.keys() & set(apart):
        errors |= staterrors(alone(wanted), region.name, {name: uncertain[name]})
    samples = [
        Sample(
            sample.name,
            nominal[sample.name].contents.tolist(),
            [*errors.get(sample.name, ()), *_modifiers(templates, config, region, sample)],
        )
        for sample in blocks
    ]
    return Channel(region.name, samples)


def _modifiers(templates: Templates, config: Config, region: Region, sample: SampleBlock) -> Iterator[Modifier]:
    for factor in config.norm_factors:
        if applies(factor, region, sample):
            yield NormFactor(factor.name, None)
    for factor in config.shape_factors:
        if applies(factor, region, sample):
            yield ShapeFactor(factor.name, None)
    for function in config.functions:
        if applies(function, region, sample):
            yield NormFactor(function.name, None)
    for systematic in config.systematics:
        if applies(systematic, region, sample):
            yield from systematic_modifiers(templates, systematic, region, sample)
