"""(Templates, Config) -> Workspace: what cabinetry builds from the same steering file and histograms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.config.parameters import parameters_of, simulated
from wilks.config.schema import Config, Region, Systematic, applies, staterror_name
from wilks.config.schema import Sample as SampleBlock
from wilks.errors import TemplateError, WorkspaceError
from wilks.histogram import Histogram
from wilks.templates.build import needed_templates
from wilks.templates.record import Effect
from wilks.templates.split import both_sides, has_shape
from wilks.templates.store import SIDES, TemplateKey, Templates
from wilks.workspace.spec import (
    Channel,
    Document,
    HistoSys,
    HistoSysData,
    Measurement,
    MeasurementConfig,
    Modifier,
    NormFactor,
    NormSys,
    NormSysData,
    Number,
    Observation,
    ParameterSettings,
    Sample,
    StatError,
)
from wilks.workspace.validate import VERSION, content_mistakes
from wilks.workspace.workspace import Workspace


def build_workspace(templates: Templates, config: Config) -> Workspace:
    """Return the workspace of an analysis: channels, samples, modifiers and the measurement as the steering file says.

    A `NormPlusShape` systematic becomes a normsys (ratio of the yields) and a histosys (the variation scaled to the
    nominal yield) with one parameter; in a region with one bin the normsys is all there is. A side with `Symmetrize`
    is the mirror image of the other: 2 - factor, and 2 nominal - scaled variation. Where the yield of the nominal
    template or of a variation is zero there is no ratio: the factor is 1 and the histosys has the variation unscaled.
    What `process_templates` pruned is left out.
    Parameters under `Fixed` may be given by the systematic's name or by the parameter's, staterrors included.

    Raises one TemplateError with every template that is missing, has other bins than its region or numbers that are
    not finite, and WorkspaceError where a factor or a scaled variation is too large to be a number.

        workspace = wilks.build_workspace(templates, config)
        workspace.save("workspace.json")
    """
    mistakes = _template_mistakes(templates, config)
    if mistakes:
        raise TemplateError(mistakes)
    channels = [_channel(templates, config, region) for region in config.regions]
    document = Document(
        channels=channels,
        observations=[
            Observation(region.name, templates[_data_key(config, region)].contents.tolist())
            for region in config.regions
        ],
        measurements=[_measurement(templates, config, channels)],
        version=VERSION,
    )
    mistakes = content_mistakes(document)
    if mistakes:
        raise WorkspaceError(mistakes)
    return Workspace(document, {region.name: templates[_data_key(config, region)].axis for region in config.regions})


def _data_key(config: Config, region: Region) -> TemplateKey:
    return TemplateKey(region.name, config.data_sample.name)


def _simulated(config: Config, region: Region) -> list[SampleBlock]:
    return [sample for sample in config.samples if not sample.data and applies(sample, region, sample)]


def _template_mistakes(templates: Templates, config: Config) -> list[str]:
    mistakes: list[str] = []
    for key in needed_templates(config):
        histogram = templates.get(key)
        reference = templates.get(TemplateKey(key.region, config.data_sample.name))
        if histogram is None:
            mistakes.append(f"{key}: no template")
            continue
        if reference is not None and len(reference.axis) != len(histogram.axis):
            mistakes.append(f"{key}: {len(histogram.axis)} bins, but the data have {len(reference.axis)}")
        if not np.isfinite(histogram.contents).all():
            mistakes.append(
                f"{key}: the yield is not a finite number in {_bins_where(~np.isfinite(histogram.contents))}"
            )
        undefined = ~(np.isfinite(histogram.sumw2) & (histogram.sumw2 >= 0.0))
        if key.systematic is None and undefined.any():
            where = _bins_where(undefined)
            mistakes.append(
                f"{key}: the statistical uncertainty is undefined in {where}; process_templates sets it to 0"
            )
    return mistakes


def _bins_where(chosen: BoolArray) -> str:
    bins = ", ".join(str(i) for i in np.flatnonzero(chosen))
    return f"bin{'s' if np.count_nonzero(chosen) > 1 else ''} {bins} (counted from 0)"


def _channel(templates: Templates, config: Config, region: Region) -> Channel:
    samples = [
        Sample(
            sample.name,
            templates[TemplateKey(region.name, sample.name)].contents.tolist(),
            list(_modifiers(templates, config, region, sample)),
        )
        for sample in _simulated(config, region)
    ]
    return Channel(region.name, samples)


def _modifiers(templates: Templates, config: Config, region: Region, sample: SampleBlock) -> Iterator[Modifier]:
    nominal = templates[TemplateKey(region.name, sample.name)]
    if not sample.disable_staterror:
        yield StatError(staterror_name(region.name), nominal.stdev.tolist())
    for factor in config.norm_factors:
        if applies(factor, region, sample):
            yield NormFactor(factor.name, None)
    for systematic in config.systematics:
        if not applies(systematic, region, sample):
            continue
        name = systematic.parameter_in(region.name, sample.name)
        effect = templates.effect(region.name, sample.name, systematic.name)
        if systematic.type == "NormPlusShape":
            found = [templates.get(TemplateKey(region.name, sample.name, systematic.name, side)) for side in SIDES]
            yield from _norm_plus_shape(name, nominal.contents, found, effect)
        elif effect is None or effect.keep_norm:
            yield _normalization(name, systematic)


def _normalization(name: str, systematic: Systematic) -> NormSys:
    up, down = systematic.up.normalization, systematic.down.normalization
    up = -(down or 0.0) if systematic.up.symmetrize else up
    down = -(up or 0.0) if systematic.down.symmetrize else down
    return NormSys(name, NormSysData(lo=1 + (down or 0.0), hi=1 + (up or 0.0)))


def _norm_plus_shape(
    name: str, nominal: FloatArray, found: Sequence[Histogram | None], effect: Effect | None
) -> Iterator[NormSys | HistoSys]:
    """Yield what pruning left of normsys and histosys of one systematic on one sample."""
    up, down = both_sides(nominal, *(None if variation is None else variation.contents for variation in found))
    if effect is None or effect.keep_norm:
        yield NormSys(name, NormSysData(lo=down.factor, hi=up.factor))
    if has_shape(nominal, up, down) and (effect is None or effect.keep_shape):
        yield HistoSys(name, HistoSysData(lo_data=down.shape.tolist(), hi_data=up.shape.tolist()))


def _measurement(templates: Templates, config: Config, channels: Sequence[Channel]) -> Measurement:
    """Return the settings of all norm factors, and of every other parameter that is fixed and in a channel."""
    fixed: dict[str, Number] = dict(config.fixed_values)
    settings = [
        ParameterSettings(
            factor.name,
            inits=_initial(fixed.get(factor.name, factor.nominal)),
            bounds=[list(factor.bounds)] if factor.bounds is not None else None,
            fixed=True if factor.name in fixed else None,
        )
        for factor in config.norm_factors
    ]
    pairs = simulated(config.regions, config.samples)
    names = (name for systematic in config.systematics for name in parameters_of(systematic, pairs))
    constants = {name: [fixed[name]] for name in names if name in fixed}
    for region in config.regions:
        name = staterror_name(region.name)
        if name in fixed:
            constants[name] = [fixed[name]] * len(templates[_data_key(config, region)].axis)
    # Pruning may have left nothing of a systematic.
    used = {modifier.name for channel in channels for sample in channel.samples for modifier in sample.modifiers}
    held = {name: values for name, values in constants.items() if name in used}
    settings += [ParameterSettings(name, inits=values, fixed=True) for name, values in held.items()]
    return Measurement(config.general.measurement, MeasurementConfig(config.general.poi, settings))


def _initial(value: Number | None) -> list[Number] | None:
    return None if value is None else [value]
