"""What has to hold between the blocks of a steering file: names, and what acts on what.

One rule per function, from a draft to the mistakes found. A rule looks only at keys that can be read, and concludes
nothing from the absence of something while a block that might have it can't be read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations

from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake, Parts
from wilks.config.parameters import meanings, parameters_of, simulated
from wilks.config.schema import NormFactor, Region, Sample, Smoothing, Systematic, applies, staterror_name
from wilks.errors import listed, nearest


def unique_names(draft: Draft) -> Iterator[Mistake]:
    """Regions, samples, NormFactors and systematics have names of their own."""
    for parts in (draft.regions, draft.samples, draft.norm_factors, draft.systematics):
        first: dict[str, KeyPath] = {}
        for path, block in parts.sound("Name"):
            if block.name in first:
                text = f'the name "{block.name}" is taken by {parts.key}[{first[block.name][1]}]; names must be unique'
                yield Mistake((*path, "Name"), text)
            first.setdefault(block.name, path)


def distinct_staterrors(draft: Draft) -> Iterator[Mistake]:
    """No two regions share the name of their staterror parameters, in which spaces become dashes."""
    first: dict[str, str] = {}
    for path, region in draft.regions.sound("Name"):
        parameter = staterror_name(region.name)
        other = first.setdefault(parameter, region.name)
        if other != region.name:
            text = f'"{region.name}" and "{other}" differ only in spaces and dashes, and would share "{parameter}"'
            yield Mistake((*path, "Name"), text)


def known_names(draft: Draft) -> Iterator[Mistake]:
    """Every region and sample that is named exists, and modifiers name no data."""
    for path, sample in draft.samples.sound("Regions"):
        yield from _unknown_names(draft.regions, sample.regions, path)
    for parts in (draft.norm_factors, draft.systematics):
        for path, block in parts.sound("Regions"):
            yield from _unknown_names(draft.regions, block.regions, path)
        for path, block in parts.sound("Samples"):
            yield from _unknown_names(draft.samples, block.samples, path)
    for path, systematic in draft.systematics.sound("Smoothing"):
        if systematic.smoothing:
            yield from _unknown_names(draft.regions, systematic.smoothing.regions, (*path, "Smoothing"))
            yield from _unknown_names(draft.samples, systematic.smoothing.samples, (*path, "Smoothing"))


def _unknown_names(targets: Parts[Region] | Parts[Sample], names: tuple[str, ...], path: KeyPath) -> Iterator[Mistake]:
    if not targets.complete("Name"):
        return
    known = [block.name for block in targets.blocks()]
    data = {block.name for _, block in targets.sound("Data") if isinstance(block, Sample) and block.data}
    kind = targets.key.lower().removesuffix("s")
    for name in names:
        if name not in known:
            hint = nearest(name, known) or f"; allowed: {listed(known)}"
            yield Mistake((*path, targets.key), f'no {kind} "{name}"{hint}')
        elif name in data:
            yield Mistake((*path, targets.key), f'"{name}" is the data; this acts on simulated samples only')


def one_data_sample(draft: Draft) -> Iterator[Mistake]:
    """Exactly one sample holds the data, in all regions."""
    found = [sample.name for _, sample in draft.samples.sound("Data") if sample.data]
    if len(found) > 1:
        yield Mistake(("Samples",), f"exactly one sample must have Data: True, found {len(found)}: {listed(found)}")
    elif not found and draft.samples.complete("Data"):
        yield Mistake(("Samples",), "exactly one sample must have Data: True, found none")
    if not draft.regions.complete("Name"):
        return
    for path, sample in draft.samples.sound("Data", "Regions"):
        missing = [region.name for region in draft.regions.blocks() if region.name not in sample.regions]
        if sample.data and sample.regions and missing:
            text = f"data are needed in all regions, missing {listed(missing)}; leave the key out"
            yield Mistake((*path, "Regions"), text)


def blocks_act(draft: Draft) -> Iterator[Mistake]:
    """Every region has a sample besides the data; every NormFactor, systematic and smoothing acts on some template."""
    templates = _templates(draft)
    if templates is None:
        return
    for path, region in draft.regions.sound():
        if all(region is not other for other, _ in templates):
            yield Mistake(path, f'no sample besides the data is in region "{region.name}"')
    for parts in (draft.norm_factors, draft.systematics):
        for path, block in parts.sound("Name", "Regions", "Samples"):
            if _names_exist(draft, block) and not any(applies(block, *template) for template in templates):
                yield Mistake(path, f'"{block.name}" acts on nothing: none of its samples is in any of its regions')
    for path, systematic in draft.systematics.sound("Name", "Regions", "Samples", "Smoothing"):
        affected = [template for template in templates if applies(systematic, *template)]
        smoothing = systematic.smoothing
        if smoothing is None or not affected or not _names_exist(draft, smoothing):
            continue
        if not any(applies(smoothing, *template) for template in affected):
            yield Mistake((*path, "Smoothing"), f'smooths nothing: no such template of "{systematic.name}"')


def _templates(draft: Draft) -> list[tuple[Region, Sample]] | None:
    """Return region and sample of all templates that modifiers can act on, None if not all can be read."""
    if not (draft.regions.complete("Name") and draft.samples.complete("Name", "Data", "Regions")):
        return None
    return simulated(draft.regions.blocks(), list(draft.samples.blocks()))


def _names_exist(draft: Draft, block: NormFactor | Systematic | Smoothing) -> bool:
    """Return whether all names are known and none is the data: else the mistake has been reported."""
    simulated = {sample.name for sample in draft.samples.blocks() if not sample.data}
    regions = {region.name for region in draft.regions.blocks()}
    return simulated.issuperset(block.samples) and regions.issuperset(block.regions)


def distinct_parameters(draft: Draft) -> Iterator[Mistake]:
    """No systematic shares its parameter with a NormFactor, and neither with statistical uncertainties."""
    staterrors = {staterror_name(region.name) for _, region in draft.regions.sound("Name")}
    factors = {factor.name for _, factor in draft.norm_factors.sound("Name")}
    named = [(path, factor.name) for path, factor in draft.norm_factors.sound("Name")]
    templates = _templates(draft) or []
    for path, systematic in draft.systematics.sound("Name", "ModifierName", "Decorrelate"):
        for parameter in parameters_of(systematic, templates):
            named.append((path, parameter))
            if parameter in factors:
                yield Mistake(path, f'the parameter "{parameter}" is a NormFactor; give it another name')
    for path, name in named:
        if name in staterrors:
            yield Mistake(path, f'the name "{name}" belongs to the statistical uncertainties of a region')


def no_collisions(draft: Draft) -> Iterator[Mistake]:
    """Systematics that share a parameter act on different templates: a template has one modifier of each name."""
    sharing: defaultdict[tuple[str, str, str], list[tuple[KeyPath, Systematic]]] = defaultdict(list)
    keys = ("Name", "ModifierName", "Decorrelate", "Regions", "Samples")
    for path, systematic in draft.systematics.sound(*keys):
        for region, sample in _templates(draft) or []:
            if applies(systematic, region, sample):
                parameter = systematic.parameter_in(region.name, sample.name)
                sharing[parameter, region.name, sample.name].append((path, systematic))
    told: set[tuple[str, str]] = set()
    for (parameter, region_name, sample_name), group in sharing.items():
        for (_, first), (path, second) in combinations(group, 2):
            if first.name != second.name and (first.name, second.name) not in told:
                told.add((first.name, second.name))
                yield Mistake(
                    path,
                    f'"{first.name}" and "{second.name}" both make the parameter "{parameter}" act on sample '
                    f'"{sample_name}" in region "{region_name}"; give one another ModifierName or restrict it',
                )


def bounds_hold_nominal(draft: Draft) -> Iterator[Mistake]:
    """The nominal value of a NormFactor lies within its bounds."""
    for path, factor in draft.norm_factors.sound("Nominal", "Bounds"):
        if factor.nominal is not None and factor.bounds and not _inside(factor.nominal, factor.bounds):
            yield Mistake((*path, "Nominal"), f"{factor.nominal} lies outside the Bounds {list(factor.bounds)}")


def _inside(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def poi_exists(draft: Draft) -> Iterator[Mistake]:
    """The parameter of interest is a NormFactor or the parameter of a systematic."""
    known = _meanings(draft)
    poi = draft.general.block.poi
    if known is None or not draft.general.sound("POI") or poi in ("", *(p for found in known.values() for p in found)):
        return
    parameters = list(dict.fromkeys(parameter for found in known.values() for parameter in found))
    if poi in known and len(known[poi]) == 1:
        hint = f'; the systematic "{poi}" has the ModifierName "{known[poi][0]}"'
    elif poi in known:
        hint = f'; the systematic "{poi}" is decorrelated and has the parameters {listed(known[poi])}'
    else:
        hint = nearest(poi, parameters) or f"; allowed: {listed(parameters)}"
    yield Mistake(("General", "POI"), f'no parameter "{poi}"{hint}')


def _meanings(draft: Draft) -> dict[str, tuple[str, ...]] | None:
    """Return the parameters behind each name of a parameter or systematic, None if not all can be read."""
    readable = draft.systematics.complete("Name", "ModifierName", "Decorrelate")
    if not (draft.norm_factors.complete("Name") and readable):
        return None
    systematics = list(draft.systematics.blocks())
    templates = _templates(draft)
    if templates is None and any(systematic.decorrelate for systematic in systematics):
        return None
    names = meanings(systematics, templates or [])
    return names | {factor.name: (factor.name,) for factor in draft.norm_factors.blocks()}


def fixed_exist(draft: Draft) -> Iterator[Mistake]:
    """Every fixed parameter exists, is fixed once, and within its bounds."""
    known, templates = _meanings(draft), _templates(draft)
    if known is None or templates is None:
        return
    for region, sample in templates:
        if not sample.disable_staterror:
            known[staterror_name(region.name)] = (staterror_name(region.name),)
    bounds = {factor.name: factor.bounds for _, factor in draft.norm_factors.sound("Bounds")}
    fixed: set[str] = set()
    for part in draft.fixed.parts:
        path, entry = part.path, part.block
        if not part.sound("Name"):
            continue
        if entry.name not in known:
            hint = nearest(entry.name, known) or f"; allowed: {listed(known)}"
            yield Mistake((*path, "Name"), f'no parameter or systematic "{entry.name}"{hint}')
            continue
        for parameter in known[entry.name]:
            if parameter in fixed:
                yield Mistake((*path, "Name"), f'the parameter "{parameter}" is fixed more than once')
            fixed.add(parameter)
            limits = bounds.get(parameter)
            if limits and part.sound("Value") and not _inside(entry.value, limits):
                text = f'{entry.value} lies outside the Bounds {list(limits)} of "{parameter}"'
                yield Mistake((*path, "Value"), text)


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (
    unique_names,
    distinct_staterrors,
    known_names,
    one_data_sample,
    blocks_act,
    distinct_parameters,
    no_collisions,
    bounds_hold_nominal,
    poi_exists,
    fixed_exist,
)
