"""What has to hold between the blocks of a steering file: names, and what acts on what.

One rule per function, from a draft to the mistakes found. A rule looks only at keys that can be read, and concludes
nothing from the absence of something while a block that might have it can't be read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations

from wilks.config.by_source import by_source
from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.parameters import parameters_of
from wilks.config.schema import Function, NormFactor, Smoothing, Systematic, applies, staterror_name
from wilks.config.staterrors import staterror_meanings
from wilks.config.wildcards import is_pattern, known_names, lists_of_names
from wilks.errors import listed, nearest


def unique_names(draft: Draft) -> Iterator[Mistake]:
    """Regions, samples, factors, systematics and functions have names of their own."""
    lists = (draft.regions, draft.samples, draft.norm_factors, draft.shape_factors, draft.systematics, draft.functions)
    for parts in lists:
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


def names_exist(draft: Draft) -> Iterator[Mistake]:
    """Every region, sample and source that is named exists, and modifiers name no data."""
    data = {block.name for _, block in draft.samples.sound("Data") if block.data}
    ghosts = {block.name for _, block in draft.samples.sound("Ghost") if block.ghost}
    for path, kind, names in lists_of_names(draft):
        known = known_names(draft, kind)
        if known is None:
            continue
        for name in names:
            if name in known:
                continue
            if kind == "samples" and name in data:
                yield Mistake(path, f'"{name}" is the data; this acts on simulated samples only')
                continue
            if kind == "samples" and name in ghosts:
                yield Mistake(path, f'"{name}" is a ghost; this acts on samples of the model only')
                continue
            allowed = f"allowed: {listed(known)}" if known else f"no {kind.removesuffix('s')} has a name"
            matches, meant = ("matches ", "") if is_pattern(name) else ("", nearest(name, known))
            yield Mistake(path, f'no {kind.removesuffix("s")} {matches}"{name}"{meant or f"; {allowed}"}')


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
    for path, sample in draft.samples.sound("Data", "Ghost"):
        if sample.data and sample.ghost:
            yield Mistake((*path, "Ghost"), "data can't be a ghost: the model needs them")
    for path, sample in draft.samples.sound("Data", "Exclude"):
        if sample.data and sample.exclude:
            yield Mistake((*path, "Exclude"), "data are needed in all regions; leave the key out")


def blocks_act(draft: Draft) -> Iterator[Mistake]:
    """Every region has a sample besides the data; every NormFactor, systematic and smoothing acts on some template."""
    templates = draft.templates
    if templates is None:
        return
    for path, region in draft.regions.sound():
        if all(region is not other for other, _ in templates):
            yield Mistake(path, f'no sample besides the data is in region "{region.name}"')
    for parts in (draft.norm_factors, draft.shape_factors, draft.systematics, draft.functions):
        for path, block in parts.sound("Name", "Regions", "Samples", "Exclude", "Sources"):
            if isinstance(block, Function) and not block.scales:
                continue  # it steers a systematic, or is part of another function
            if _names_exist(draft, block) and not any(applies(block, *template) for template in templates):
                yield Mistake(path, f'"{block.name}" acts on nothing: none of its samples is in any of its regions')
    for path, systematic in draft.systematics.sound("Name", "Regions", "Samples", "Smoothing"):
        affected = [template for template in templates if applies(systematic, *template)]
        smoothing = systematic.smoothing
        if smoothing is None or not affected or not _names_exist(draft, smoothing):
            continue
        if not any(applies(smoothing, *template) for template in affected):
            yield Mistake((*path, "Smoothing"), f'smooths nothing: no such template of "{systematic.name}"')


def _names_exist(draft: Draft, block: NormFactor | Function | Systematic | Smoothing) -> bool:
    """Return whether all names are known and none is the data: else the mistake has been reported."""
    simulated = {sample.name for sample in draft.samples.blocks() if sample.in_model}
    regions = {region.name for region in draft.regions.blocks()}
    sources = {part.name for sample in draft.samples.blocks() if sample.in_model for part in sample.sources}
    named = block.sources if isinstance(block, Systematic) else ()
    return simulated.issuperset(block.samples) and regions.issuperset(block.regions) and sources.issuperset(named)


def distinct_parameters(draft: Draft) -> Iterator[Mistake]:
    """No systematic shares its parameter with a factor, factors not with others, and none with staterrors."""
    staterrors = {staterror_name(region.name) for _, region in draft.regions.sound("Name")}
    templates = draft.templates or []
    staterrors |= {name for names in staterror_meanings(draft.general.block, templates).values() for name in names}
    factors = {factor.name: "NormFactor" for _, factor in draft.norm_factors.sound("Name")}
    named = [(path, factor.name) for path, factor in draft.norm_factors.sound("Name")]
    for path, factor in draft.shape_factors.sound("Name"):
        named.append((path, factor.name))
        if factors.setdefault(factor.name, "ShapeFactor") == "NormFactor":
            yield Mistake((*path, "Name"), f'"{factor.name}" is a NormFactor; give it another name')
    for path, function in draft.functions.sound("Name"):
        named.append((path, function.name))
        if function.name in factors:
            yield Mistake((*path, "Name"), f'"{function.name}" is a {factors[function.name]}; give it another name')
    for path, systematic in draft.systematics.sound("Name", "Type", "ModifierName", "Decorrelate"):
        for parameter in parameters_of(systematic, templates):
            named.append((path, parameter))
            if parameter in factors:
                yield Mistake(path, f'the parameter "{parameter}" is a {factors[parameter]}; give it another name')
    for path, name in named:
        if name in staterrors:
            yield Mistake(path, f'the name "{name}" belongs to the statistical uncertainties of a region')


def no_collisions(draft: Draft) -> Iterator[Mistake]:
    """Systematics that share a parameter act on different templates: a template has one modifier of each name."""
    sharing: defaultdict[tuple[str, str, str], list[tuple[KeyPath, Systematic]]] = defaultdict(list)
    keys = ("Name", "Type", "ModifierName", "Decorrelate", "Regions", "Samples", "Exclude", "Sources")
    templates = draft.templates or []
    for path, systematic in draft.systematics.sound(*keys):
        for part in by_source(systematic, templates):
            for region, sample in templates:
                if applies(part, region, sample):
                    parameter = part.parameter_in(region.name, sample.name)
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
    for parts in (draft.norm_factors, draft.shape_factors):
        for path, factor in parts.sound("Nominal", "Bounds"):
            if factor.nominal is not None and factor.bounds and not _inside(factor.nominal, factor.bounds):
                yield Mistake((*path, "Nominal"), f"{factor.nominal} lies outside the Bounds {list(factor.bounds)}")


def _inside(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (
    unique_names,
    distinct_staterrors,
    names_exist,
    one_data_sample,
    blocks_act,
    distinct_parameters,
    no_collisions,
    bounds_hold_nominal,
)
