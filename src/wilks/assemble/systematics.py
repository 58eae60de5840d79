"""One systematic on one sample in one region as modifiers of the workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from wilks._types import FloatArray
from wilks.config.schema import Interpolation, Region, Sample, Systematic, bin_parameter
from wilks.templates.parts import Parts, parts_of
from wilks.templates.store import SIDES, TemplateKey, Templates
from wilks.workspace.spec import Channel, HistoSys, HistoSysData, NormSys, NormSysData, Number, ShapeSys


def systematic_modifiers(
    templates: Templates, systematic: Systematic, region: Region, sample: Sample
) -> Iterator[NormSys | HistoSys | ShapeSys]:
    """Yield what pruning left of normsys and histosys, or of the parameters of each bin."""
    key = TemplateKey(region.name, sample.name)
    found = [templates.get(TemplateKey(region.name, sample.name, systematic.name, side)) for side in SIDES]
    up, down = (None if side is None else side.contents for side in found)
    parts = parts_of(systematic, region.name, sample.name, templates[key].contents, up, down)
    if parts is None:
        raise ValueError(f'{key}: no template of "{systematic.name}"')
    effect = templates.effect(region.name, sample.name, systematic.name)
    name = systematic.parameter_in(region.name, sample.name)
    codes = systematic.interpolation or Interpolation()
    if parts.factors is not None and (effect is None or effect.keep_norm):
        yield NormSys(name, NormSysData(lo=parts.factors[1], hi=parts.factors[0]), codes.norm)
    if effect is not None and not effect.keep_shape:
        return
    if parts.size is not None and parts.size.any():
        normal = systematic.constraint is not None and systematic.constraint.type == "Gaussian"
        yield ShapeSys(name, parts.size.tolist(), "normal" if normal else None)
    if parts.shapes is not None:
        in_bins = systematic.parts_bins
        yield from _in_bins(name, parts, codes) if in_bins else (_histosys(name, parts.shapes, codes),)


def interpolation_mistakes(channels: Sequence[Channel]) -> list[str]:
    """Return a sentence for every effect that its interpolation can't have: logarithms need yields above 0."""
    mistakes = []
    for channel in channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                if isinstance(modifier, NormSys | HistoSys) and (why := _without_logarithm(modifier, sample.data)):
                    text = f'{modifier.interpolation} can\'t interpolate "{modifier.name}"'
                    mistakes.append(f"{TemplateKey(channel.name, sample.name)}: {text}, {why}")
    return mistakes


def _without_logarithm(modifier: NormSys | HistoSys, nominal: Sequence[Number]) -> str:
    """Return what is not above 0 and has to be, an empty string where nothing is."""
    if isinstance(modifier, NormSys):
        low, high = modifier.data.lo, modifier.data.hi
        if modifier.interpolation != "combine" or min(low, high) > 0:
            return ""
        return f"which changes the yield by factors of {high:g} and {low:g}"
    if modifier.interpolation not in ("code1", "code5"):
        return ""
    bins = zip(modifier.data.hi_data, modifier.data.lo_data, nominal, strict=True)
    wrong = [i for i, yields in enumerate(bins) if min(yields) <= 0 and any(yields)]
    return f"whose yields are not above 0 in bin {wrong[0]}; merge bins, or choose another Shape" if wrong else ""


def _histosys(name: str, shapes: Sequence[FloatArray], codes: Interpolation) -> HistoSys:
    return HistoSys(name, HistoSysData(lo_data=shapes[1].tolist(), hi_data=shapes[0].tolist()), codes.shape)


def _in_bins(name: str, parts: Parts, codes: Interpolation) -> Iterator[HistoSys]:
    """Yield a histosys for every bin that varies, nominal in the other bins."""
    bins = np.arange(parts.nominal.size)
    for number in range(parts.nominal.size):
        sides = [np.where(bins == number, shape, parts.nominal) for shape in parts.shapes or ()]
        if any(side[number] != parts.nominal[number] for side in sides):
            yield _histosys(bin_parameter(name, number), sides, codes)
