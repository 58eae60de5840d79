"""(Config) -> Templates: which histograms an analysis needs, and where they come from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any, TypeAlias

from wilks.bin_labels import mismatch
from wilks.config.paths import histogram_path, resolve_input
from wilks.config.schema import Config, Region, Sample, applies
from wilks.errors import InputError, TemplateError, nearest
from wilks.histogram import Axis, Histogram
from wilks.progress import shown
from wilks.templates.binning import BINNED, asked_axis, binned, bins_of
from wilks.templates.missing import Setting, Source, missing_histograms, unreadable, with_users
from wilks.templates.ntuples import Made, Progress, fill_from_ntuples
from wilks.templates.origins import changed_since, origins_of_histograms, reusable, states
from wilks.templates.readers import read_available
from wilks.templates.record import Origin, Step
from wilks.templates.router import Router
from wilks.templates.sources import filled, scaled_paths
from wilks.templates.store import TemplateKey, Templates
from wilks.templates.workers import Workers

Steps: TypeAlias = dict[TemplateKey, tuple[Step, ...]]


def build_templates(
    config: Config,
    *,
    histograms: Mapping[Any, Any] | None = None,
    router: Router | None = None,
    workers: Workers = None,
    progress: bool | Progress | None = None,
    skip_unreadable: bool = False,
    previous: Templates | None = None,
) -> Templates:
    """Return every template that the analysis needs, as the steering file says: from ntuples or from histograms.

    Where every sample names a `Tree`, each file is read once, in chunks, and all histograms are filled on the way;
    `Templates.events` says what was read. `workers` is a number of threads (None: one per processor, at most 8),
    `Processes(n)`, any `concurrent.futures.Executor`, or a client of dask.distributed; the result does not depend on
    it. `progress` True shows a bar; a function is called with entries done and in all (0 while they are counted);
    returning False ends the reading with KeyboardInterrupt. With `skip_unreadable`, files of events that are there but
    can't be read are left out, and named in `Templates.events`, instead of being an error.

    What is among the `previous` templates (see `load_templates`) and would be made of the same files and settings is
    not made again; `Templates.reused` says what that was.

    `router` has functions of yours that make some of the templates (see `Router`). `histograms` hands in some or all of
    them: any one-dimensional histogram of the UHI protocol (boost-histogram, hist, uproot, `wilks.Histogram`) by
    `TemplateKey`, or the same as a tuple: (region, sample) or (region, sample, systematic, side), with "Up", "Down" or,
    of several that are combined, "Variations[0]" and so on. What is not handed in is read. All templates of a region
    have the same bin edges: those of `Binning`, to which finer bins are merged, else those of the input. Its axis is
    labelled with the region's `Variable`, else with the first axis title found,
    else with the region's name. A sample with several paths is the sum of their histograms.

    Raises one TemplateError with everything that is missing, unreadable or does not fit together, and TypeError for
    a `config` that is none.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.build_templates(config)
    >>> templates
    <Templates: 18 histograms, 2 regions, 4 samples, 2 systematics>
    >>> templates.nominal("muons", "WZ").values().shape
    (5,)
    """
    if not isinstance(config, Config):
        kind = type(config).__name__
        raise TypeError(f"build_templates needs a Config, found a {kind}; get one with wilks.load_config(path)")
    keys = needed_templates(config)
    found, origins, problems = _from_code(config, keys, histograms or {}, router)
    missing = [key for key in keys if key not in found]
    if config.reads_ntuples and missing:
        with shown(progress, "entries") as told:
            read = fill_from_ntuples(
                config, missing, workers=workers, progress=told, skip_unreadable=skip_unreadable, previous=previous
            )
    else:
        if skip_unreadable and missing:
            problems.append("only files of events can be left out if they can't be read, and this input is histograms")
        read = _read(config, missing, previous)
    found, origins = found | read.histograms, origins | read.origins
    problems += read.problems
    found, steps, mistakes = on_region_axes({key: found[key] for key in keys if key in found}, config)
    problems += mistakes
    if problems:
        raise TemplateError(problems)
    steps |= _steps_before(previous, read.reused)
    return Templates(found, steps=steps, events=read.events, origins=origins, reused=read.reused)


def _steps_before(previous: Templates | None, reused: Iterable[TemplateKey]) -> Steps:
    """Return what had been done to the templates that are not made again."""
    before = previous.steps if previous is not None else {}
    kept = {key: tuple(step for step in before.get(key, ()) if step.name == BINNED) for key in reused}
    return {key: steps for key, steps in kept.items() if steps}


def needed_templates(config: Config) -> tuple[TemplateKey, ...]:
    """Return the keys of all templates, in the order region, sample, nominal and systematics, up and down.

    A side that is the mirror image of the other (`Symmetrize`) needs no histogram, nor does a systematic that only
    changes the normalisation, nor any variation of the data.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> from wilks.templates.build import needed_templates
    >>> print(needed_templates(config)[1])
    "WZ" in "electrons"
    """
    return tuple(key for region in config.regions for sample in config.samples for key in _keys(config, region, sample))


def _keys(config: Config, region: Region, sample: Sample) -> Iterator[TemplateKey]:
    if not applies(sample, region, sample):
        return
    yield TemplateKey(region.name, sample.name)
    for systematic in () if not sample.in_model else config.systematics:
        if systematic.has_templates and applies(systematic, region, sample):
            for side, template in systematic.sides.items():
                if not template.symmetrize:
                    yield TemplateKey(region.name, sample.name, systematic.name, side)


def _from_code(
    config: Config, keys: tuple[TemplateKey, ...], histograms: Mapping[Any, Any], router: Router | None
) -> tuple[dict[TemplateKey, Histogram], dict[TemplateKey, Origin], list[str]]:
    """Return what is handed in and what the user's functions make, where each is from, and what is wrong."""
    found, problems = _handed_in(histograms, keys)
    origins = {key: Origin("handed in") for key in found}
    if router is not None:
        made = router.histograms(config, [key for key in keys if key not in found])
        origins |= {key: Origin("function", function=router.function_for(key)) for key in made}
        found |= made
    return found, origins, problems


def _handed_in(
    histograms: Mapping[Any, Any], keys: tuple[TemplateKey, ...]
) -> tuple[dict[TemplateKey, Histogram], list[str]]:
    found: dict[TemplateKey, Histogram] = {}
    problems: list[str] = []
    for given, source in histograms.items():
        if not isinstance(given, TemplateKey) and not (isinstance(given, tuple) and len(given) in (2, 4)):
            allowed = '(region, sample) or (region, sample, systematic, "Up" or "Down")'
            problems.append(f"histogram handed in for {given!r}: the key must be a TemplateKey or {allowed}")
            continue
        key = given if isinstance(given, TemplateKey) else TemplateKey(*given)
        if key not in keys:
            problems.append(
                f"histogram handed in for {key}: the steering file has no such template{_nearest_key(key, keys)}"
            )
            continue
        try:
            found[key] = source if isinstance(source, Histogram) else Histogram.from_uhi(source)
        except TemplateError as error:
            problems.append(f"histogram handed in for {key}: {error}")
        except (AttributeError, TypeError, ValueError):
            kind = type(source).__name__
            problems.append(f"histogram handed in for {key}: a {kind} is not a histogram of numbers on one axis")
    return found, problems


def _nearest_key(key: TemplateKey, keys: tuple[TemplateKey, ...]) -> str:
    """Return a hint for each part of a key that no template has."""
    hints = []
    for part in ("region", "sample", "systematic", "side"):
        known = {name: None for other in keys if (name := getattr(other, part)) is not None}
        value = getattr(key, part)
        if value is not None and value not in known:
            hints.append(f'; no {part} "{value}"{nearest(str(value), known)}')
    return "".join(hints)


def _read(config: Config, keys: list[TemplateKey], previous: Templates | None) -> Made:
    """Return the templates that the steering file's paths lead to, and what is wrong with the others."""
    problems: list[str] = []
    sources: dict[TemplateKey, list[Source]] = {}
    scales: dict[TemplateKey, list[float]] = {}
    resolved: dict[str, str] = {}
    unresolved: dict[str, list[TemplateKey]] = {}
    for key in keys:
        scaled = scaled_paths(config, key)
        scales[key] = [scale for _, scale in scaled]
        try:
            sources[key] = [_source(config, key, settings, resolved) for settings, _ in scaled]
        except InputError as error:
            for text in error.problems:
                unresolved.setdefault(text, []).append(key)
    problems += [with_users(text, users) for text, users in unresolved.items()]
    made_of = {
        key: [(source.file, source.name, scale) for source, scale in zip(paths, scales[key], strict=True)]
        for key, paths in sources.items()
    }
    origins = origins_of_histograms(config, made_of)
    reused = reusable(previous, origins)
    wanted = [source for key, paths in sources.items() if key not in reused for source in paths]
    before = states(source.file for source in wanted)
    reading = read_available((source.file, source.name) for source in wanted)
    problems += changed_since(before) or [*unreadable(wanted, reading), *missing_histograms(config, wanted, reading)]
    found: dict[TemplateKey, Histogram] = {}
    for key, paths in sources.items():
        if key in reused:
            continue
        histograms = [reading.histograms.get((source.file, source.name)) for source in paths]
        try:
            parts = [
                histogram if scale == 1.0 else histogram.scaled(scale)
                for histogram, scale in zip(histograms, scales[key], strict=True)
                if histogram is not None
            ]
            if len(parts) == len(paths):
                found[key] = reduce(add, parts)
        except TemplateError as error:
            if any(part.axis.bin_labels for part in parts):
                problems.append(f"{key}, a sum over several paths: {error}")
                continue
            each = zip(paths, parts, strict=True)
            found_bins = [f"{source.file}:{source.name} has {bins_of(part.axis.edges)}" for source, part in each]
            problems.append(f"{key} can't be summed over its paths, the edges differ: {'; '.join(found_bins)}")
    return Made(found | reused, list(dict.fromkeys(problems)), None, origins, tuple(reused))


def _source(config: Config, key: TemplateKey, settings: tuple[Setting, ...], resolved: dict[str, str]) -> Source:
    """Split `file.root:path/in/file`, find the file, and remember where it was."""
    path = filled(config, settings)
    parts = histogram_path(path)
    if parts is None:
        raise TemplateError(f'InputPath: "{path}" names no histogram; allowed is file.root:path/in/file')
    file, name = parts
    if file not in resolved:
        resolved[file] = resolve_input(config, file)
    used = tuple(s for s in settings if not s.placeholder or (s.value and f"{{{s.placeholder}}}" in settings[0].value))
    return Source(file, resolved[file], name, used, key)


def on_region_axes(
    templates: dict[TemplateKey, Histogram], config: Config
) -> tuple[dict[TemplateKey, Histogram], Steps, list[str]]:
    """Return the templates on one labelled axis per region, what was done for it, and what is wrong with the others.

    Where a region has a `Binning`, finer bins are merged to it. Bins with labels are brought into the order that they
    have in the first simulated sample of the first region that has the same ones.
    """
    found: dict[TemplateKey, Histogram] = {}
    steps: Steps = {}
    problems: list[str] = []
    orders: dict[frozenset[str], Axis] = {}
    data = {sample.name for sample in config.samples if sample.data}
    for region in config.regions:
        inside = {key: histogram for key, histogram in templates.items() if key.region == region.name}
        inside, problems_here = _binned(inside, region, steps)
        problems += problems_here
        if not inside:
            continue
        first = _reference(inside, data)
        reference = inside[first]
        titles = [histogram.axis.label for histogram in inside.values() if histogram.axis.label]
        label = region.variable or next(iter(titles), region.name)
        axis = replace(reference.axis, label=label)
        if axis.is_categorical:
            known = orders.setdefault(frozenset(axis.bin_labels), axis)
            axis = replace(axis, edges=known.edges, bin_labels=known.bin_labels)
        for key, histogram in inside.items():
            try:
                ordered = histogram.in_order_of(axis)
            except TemplateError as error:
                problems.append(f"{key}: its bins are not those of {first}: {error}")
                continue
            if axis.is_categorical or axis.has_edges_of(ordered.axis):
                # What is saved has no variances of what lies outside: what was just made should be the same.
                found[key] = replace(ordered, axis=axis, outside_sumw2=None)
            else:
                problems.append(f"{key}: {bins_of(histogram.axis.edges)}, but {first} has {bins_of(axis.edges)}")
    return found, steps, problems


def _binned(
    templates: dict[TemplateKey, Histogram], region: Region, steps: Steps
) -> tuple[dict[TemplateKey, Histogram], list[str]]:
    """Return the templates of a region in its `Binning`, and a sentence for each other binning that can't be merged."""
    found: dict[TemplateKey, Histogram] = {}
    refused: dict[str, list[TemplateKey]] = {}
    asked = asked_axis(region)
    for key, histogram in templates.items():
        try:
            found[key], step = binned(histogram, region, asked)
        except TemplateError as error:
            refused.setdefault(str(error), []).append(key)
            continue
        if step is not None:
            steps[key] = (step,)
    problems = []
    for text, keys in refused.items():
        more = f" and {len(keys) - 1} more of this region" if len(keys) > 1 else ""
        problems.append(f"{keys[0]}{more}: {text}")
    return found, problems


def other_bins(templates: Mapping[TemplateKey, Histogram]) -> list[str]:
    """Return a sentence for each template whose bins have other labels than their region's, or another order."""
    first: dict[str, TemplateKey] = {}
    problems = []
    for key, histogram in templates.items():
        reference = first.setdefault(key.region, key)
        labels, wanted = histogram.axis.bin_labels, templates[reference].axis.bin_labels
        if labels != wanted:
            text = mismatch(labels, wanted)
            problems.append(f"{key}: its bins are not those of {reference}, or stand in another order: {text}")
    return problems


def _reference(templates: dict[TemplateKey, Histogram], data: Collection[str]) -> TemplateKey:
    """Return the template that has the bins of a region: the first; with labels, a simulated one of these."""
    labelled = [key for key, histogram in templates.items() if histogram.axis.bin_labels]
    simulated = [key for key in labelled if key.sample not in data]
    return next(iter([*simulated, *labelled, *templates]))
