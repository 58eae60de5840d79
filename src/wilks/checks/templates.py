"""Rules about templates: what is lost on the way from histograms to a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.checks.thresholds import Thresholds
from wilks.checks.wording import counted, percent, some
from wilks.results.findings import ALL, Case, Finding, Severity
from wilks.table import number

if TYPE_CHECKING:
    from wilks.histogram import Histogram
    from wilks.templates.store import TemplateKey, Templates


# Where the number of a template goes in a case: a side of a systematic, or nominal.
_NUMBER_OF: dict[str | None, str] = {"Up": "value_u", "Down": "value_d", None: "value"}


def unreadable_files(templates: Templates, limits: Thresholds) -> Iterator[Finding]:
    """Files of events that were left out because they can't be read."""
    events = templates.events
    for file in events.skipped if events is not None else ():
        said = [note for note in events.notes if f" {file}: " in note] if events is not None else []
        yield Finding(
            "unreadable-files",
            Severity.WARNING,
            f'file "{file}"',
            f"Events are missing: {'; '.join(said)}.",
            "Get the file again, or take what belongs to it out of the steering file: yields are too small without.",
        )


def outside_edges(templates: Templates, limits: Thresholds) -> Iterator[Finding]:
    """Events below the first or above the last edge, which no fit sees."""
    for region, nominal in _nominal_by_region(templates).items():
        lost: list[tuple[float, str]] = []
        cases: list[Case] = []
        for key, histogram in nominal:
            sides = {"below": histogram.underflow, "above": histogram.overflow}
            everything = histogram.integral + sum(sides.values())
            share = sum(sides.values()) / everything if everything > 0 else 0.0
            if share > limits.outside:
                where = " and ".join(
                    f"{number(n)} {side}" for side, n in sides.items() if n > limits.empty * everything
                )
                cases.append(Case(region=region, sample=key.sample, value=share))
                lost.append((share, f"{key.sample} {percent(share, sign=False)} ({where})"))
        if lost:
            lost.sort(reverse=True)
            yield Finding(
                "outside-edges",
                Severity.NOTE,
                f'region "{region}"',
                f"Events lie outside the edges and are left out: {some([text for _, text in lost])}.",
                "Widen the first or last bin, or write OutsideBinning: merge, if they should count.",
                tuple(cases),
            )


def merged_bins(templates: Templates, limits: Thresholds) -> Iterator[Finding]:
    """Histograms of the input that have more bins than their region's `Binning`, which are merged to it."""
    from wilks.templates.binning import BINNED

    for region, nominal in _nominal_by_region(templates).items():
        steps = [step for key, _ in nominal for step in templates.steps.get(key, ()) if step.name == BINNED]
        merged = [step.numbers for step in steps if step.numbers["bins"] != step.numbers["bins_before"]]
        if merged:
            before = dict.fromkeys(_range(numbers["edges_before"]) for numbers in merged)
            yield Finding(
                "merged-bins",
                Severity.NOTE,
                f'region "{region}"',
                f"Binning merges {some(list(before))} of the input to {_range(merged[0]['edges'])}.",
                "Leave Binning out to keep them.",
                (Case(region=region),),
            )


def _range(edges: Sequence[float]) -> str:
    return f"{counted(len(edges) - 1, 'bin')} from {edges[0]:g} to {edges[-1]:g}"


def _nominal_by_region(templates: Templates) -> dict[str, list[tuple[TemplateKey, Histogram]]]:
    regions: dict[str, list[tuple[TemplateKey, Histogram]]] = {}
    for key, histogram in templates.items():
        if key.systematic is None:
            regions.setdefault(key.region, []).append((key, histogram))
    return regions


def few_entries(templates: Templates, limits: Thresholds) -> Iterator[Finding]:
    """Templates made of few simulated events."""
    few: dict[str, list[tuple[float, str]]] = {}
    cases: dict[tuple[str, str, str], dict[str, Any]] = {}
    for key, histogram in templates.items():
        variance = histogram.sumw2.sum()
        # Data, and anything else unweighted, may well be few.
        if not variance > 0 or np.array_equal(histogram.contents, histogram.sumw2):
            continue
        nominal = templates.nominal(key.region, key.sample)
        # An empty variation is found in the workspace.
        if nominal is not None and histogram.integral < limits.empty * nominal.integral:
            continue
        effective = histogram.integral**2 / variance
        if effective < limits.effective_entries:
            side = f" {key.systematic} {key.side}" if key.systematic is not None else ""
            few.setdefault(key.sample, []).append((effective, f"{key.region}{side} ({number(effective)})"))
            names = key.systematic or ALL, key.region, key.sample
            cases.setdefault(names, {})[_NUMBER_OF.get(key.side, "value")] = effective
    for sample, places in few.items():
        places.sort()
        yield Finding(
            "few-entries",
            Severity.NOTE,
            f'sample "{sample}"',
            f"Templates have fewer than {limits.effective_entries:.0f} effective entries: "
            f"{some([text for _, text in places])}.",
            "Their shapes are mostly chance: use more simulated events, fewer bins, or a looser selection.",
            tuple(Case(*names, **numbers) for names, numbers in cases.items() if names[2] == sample),
        )


def lost_variance(templates: Templates, limits: Thresholds) -> Iterator[Finding]:
    """Variances that are not a number, which processing turns into zero."""
    lost: dict[str, list[str]] = {}
    for key in templates:
        original = templates.original(key)
        if key.systematic is None and not np.isfinite(original.stdev).all():
            lost.setdefault(key.sample, []).append(key.region)
    for sample, regions in lost.items():
        yield Finding(
            "lost-variance",
            Severity.WARNING,
            f'sample "{sample}"',
            f"Statistical uncertainties are not a number in {some(regions)}; they count as zero.",
            "Look at the histogram's sum of squared weights: negative or undefined weights.",
            tuple(Case(region=region, sample=sample) for region in regions),
        )


def entries_disagree(templates: Templates, limits: Thresholds) -> Iterator[Finding]:
    """Unweighted templates with more entries than their bins, under- and overflow hold."""
    found: dict[str, list[str]] = {}
    cases: dict[str, list[Case]] = {}
    for key in templates:
        if key.systematic is not None:
            continue
        histogram = templates.original(key)
        entries, everything = histogram.entries, float(histogram.values(flow=True).sum())
        # Bins that were set one by one count as entries too.
        if (
            entries is None
            or not np.array_equal(histogram.contents, histogram.sumw2)
            or entries <= len(histogram.axis) + 2
        ):
            continue
        if everything < entries - 0.5:
            found.setdefault(key.sample, []).append(
                f"{key.region} ({number(entries)} entries, {number(everything)} in bins)"
            )
            cases.setdefault(key.sample, []).append(
                Case(region=key.region, sample=key.sample, value=entries - everything)
            )
    for sample, places in found.items():
        yield Finding(
            "entries-disagree",
            Severity.WARNING,
            f'sample "{sample}"',
            f"Histograms have more entries than their bins hold: {some(places)}.",
            "Look at how they were written: bins emptied afterwards, or numbers too large for TH1C, TH1S or TH1F.",
            tuple(cases[sample]),
        )


def root_state(templates: Templates, limits: Thresholds) -> Iterator[Finding]:
    """Histograms that ROOT draws, sums or adds in another way than their bins say."""
    found: dict[str, list[str]] = {}
    cases: dict[str, list[Case]] = {}
    for key in templates:
        for remark in templates.original(key).remarks:
            side = f", {key.systematic} {key.side}" if key.systematic is not None else ""
            found.setdefault(key.sample, []).append(f"{key.region}{side}: {remark}")
            cases.setdefault(key.sample, []).append(Case(key.systematic or ALL, key.region, key.sample))
    for sample, remarks in found.items():
        yield Finding(
            "root-state",
            Severity.WARNING,
            f'sample "{sample}"',
            f"ROOT shows histograms in another way than their bins say: {some(remarks)}.",
            "Undo it before they are written if it was meant for a picture; scale the bins if it was meant.",
            tuple(dict.fromkeys(cases[sample])),
        )
