"""What a blinded report may show: no value of the parameter of interest, and nothing that it could be computed from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wilks.results.conditions import blinded as without_effects
from wilks.results.conditions import conditions_of, with_conditions
from wilks.results.findings import Finding, Findings
from wilks.results.fit import FitResult
from wilks.results.goodness import GoodnessOfFit
from wilks.results.intervals import IntervalResult
from wilks.results.prediction import Prediction
from wilks.results.ranking import BreakdownResult, RankingResult
from wilks.results.scan import ContourResult, ScanResult
from wilks.templates.store import TemplateKey, Templates
from wilks.workspace.references import steering_parameters
from wilks.workspace.workspace import Workspace

# Rules about how a parameter of interest is built into the model: what they say is true before any fit.
_OF_THE_MODEL = ("missing-poi", "idle-poi", "fixed-poi", "constrained-poi", "unknown-setting", "inseparable-factors")
# Rules whose sentences hold numbers of the data.
_OF_THE_DATA = ("negative-data", "data-without-prediction", "data-of-sample", "empty-channel")
_NO_DATA = re.compile(r"(Asimov \(|toys \(|toy \d)[^;]*")


@dataclass(frozen=True)
class Blinded:
    """Results without what is hidden, and a sentence for everything that was left out."""

    results: dict[str, Any]
    notes: tuple[str, ...]


def hidden_parameters(workspace: Workspace, results: Collection[Any]) -> tuple[str, ...]:
    """Return what a blinded report hides: all parameters of interest, of the workspace and of any result."""
    found: dict[str, None] = dict.fromkeys(
        poi for one in workspace.document.measurements for poi in one.config.of_interest
    )
    for result in results:
        found |= dict.fromkeys([*_hidden_in(result), *getattr(result, "pois", ())])
        if poi := getattr(result, "poi", None):
            found[poi] = None
    return tuple(found)


def is_blinded(result: Any) -> bool:
    """Return whether a result was saved without the value of a parameter."""
    return bool(_hidden_in(result))


def _hidden_in(result: Any) -> list[str]:
    return list(result.settings.get("hidden", ())) if isinstance(result, FitResult) else []


def without_values(results: dict[str, Any], workspace: Workspace, hidden: Collection[str]) -> Blinded:
    """Return results in which nothing tells the value that the data give to `hidden` parameters.

    Uncertainties, other parameters and impacts stay, as everywhere in the field. Of several fits to data one is kept:
    what changes from one to another is proportional to the value. 2NLL is left out for the same reason. In channels
    on which a hidden parameter acts there are no data, and no yields after the fit. Results about Asimov data and toys
    stay where these were made with a value that is known.
    """
    kept: dict[str, Any] = {}
    notes: list[str] = []
    several = False
    for file, result in results.items():
        if _known(result, hidden):
            kept[file] = result
            continue
        shown = None if isinstance(result, FitResult) and several else _shown(result, workspace, hidden)
        several = several or isinstance(result, FitResult)
        if shown is None:
            notes.append(f"{file} is left out: it would tell the value of {' or '.join(hidden)}.")
        else:
            kept[file] = shown
    return Blinded(kept, tuple(notes))


def without_data(templates: Templates | None, workspace: Workspace) -> Templates | None:
    """Return the templates of what is simulated: data are no sample of the workspace."""
    if templates is None:
        return None
    known = {(channel.name, sample.name) for channel in workspace.document.channels for sample in channel.samples}

    def simulated(found: Mapping[TemplateKey, Any]) -> dict[TemplateKey, Any]:
        return {key: one for key, one in found.items() if (key.region, key.sample) in known}

    return replace(
        templates,
        histograms=simulated(templates.histograms),
        originals=simulated(templates.originals),
        steps=simulated(templates.steps),
        origins=simulated(templates.origins),
        reused=tuple(key for key in templates.reused if (key.region, key.sample) in known),
    )


def _known(result: Any, hidden: Collection[str]) -> bool:
    """Return whether a result is about data that were made, with a value of the hidden parameters that was chosen."""
    dataset = str(getattr(getattr(result, "origin", result), "dataset", ""))
    if not _NO_DATA.fullmatch(dataset):
        return False
    return "(pre-fit)" in dataset or all(f", {name} = " in dataset for name in hidden)


def _shown(result: Any, workspace: Workspace, hidden: Collection[str]) -> Any:
    """Return what may be shown of a result about data; None if that is nothing."""
    result = with_conditions(result, without_effects(conditions_of(result), hidden))
    if isinstance(result, FitResult):
        there = [name for name in hidden if name in result.names]
        return replace(result.blinded(*there) if there else result, twice_nll=np.nan)
    if isinstance(result, Findings):
        return Findings(tuple(one for one in result if not _tells(one, hidden)))
    if isinstance(result, Prediction):
        return _prediction(result, workspace, hidden)
    if isinstance(result, RankingResult):
        where = np.isin(result.names, list(hidden))
        values, targets = result.values.copy(), result.targets.copy()
        values[where], targets[where] = np.nan, np.nan
        return replace(result, poi_values=result.poi_values * np.nan, values=values, targets=targets)
    if isinstance(result, BreakdownResult):
        return replace(result, poi_values=result.poi_values * np.nan)
    if isinstance(result, GoodnessOfFit):
        return result if result.at == "best fit" else None
    if isinstance(result, IntervalResult):
        return None if set(result.names) & set(hidden) else replace(result, twice_nll=np.nan)
    if isinstance(result, ScanResult):
        return None if result.parameter in hidden else replace(result, twice_nll=np.nan)
    if isinstance(result, ContourResult):
        return None if set(result.parameters) & set(hidden) else replace(result, twice_nll=np.nan)
    return None


def _tells(finding: Finding, hidden: Collection[str]) -> bool:
    if finding.rule in _OF_THE_DATA:
        return True
    about = {case.systematic for case in finding.cases} | set(re.findall(r'"(.*?)"', finding.place + finding.message))
    return finding.rule not in _OF_THE_MODEL and bool(about & set(hidden))


def _prediction(result: Prediction, workspace: Workspace, hidden: Collection[str]) -> Prediction | None:
    """Return a prediction without data, and after the fit without yields, in channels on which a parameter acts."""
    steering = steering_parameters(workspace.document)
    acted = {
        channel.name
        for channel in workspace.document.channels
        if any(
            set(steering.get(modifier.name, [modifier.name])) & set(hidden)
            for sample in channel.samples
            for modifier in sample.modifiers
        )
    }
    if result.label == "pre-fit":
        return result.blinded({one.name: range(len(one.axis)) for one in result.channels if one.name in acted})
    left = tuple(one for one in result.channels if one.name not in acted)
    return replace(result, channels=left) if left else None
