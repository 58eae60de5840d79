"""Titles that figures draw in place of names, as options of commands, and the names of parameters that there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wilks.trexfitter.analysis import Analysis


def figure_titles(analysis: Analysis, document: Mapping[str, Any]) -> list[str]:
    """Return options with the titles of samples, regions and axes for figures of data and prediction.

    No title stands for two names: what several have gets the name behind it, and axes keep their expression.
    """
    pairs = [(sample.name, sample.text("Title")) for sample in analysis.simulated]
    pairs += [(region.name, region.text("Label")) for region in analysis.regions]
    found = _apart(pairs, names := [name for name, _ in pairs])
    if analysis.ntuples:
        titles = {region.name: region.text("VariableTitle") for region in analysis.regions}
        axes: dict[str, set[str]] = {}
        for region in document["Regions"]:
            axes.setdefault(str(region.get("Variable", "")), set()).add(titles.get(region["Name"], ""))
        once = {name: next(iter(texts)) for name, texts in axes.items() if len(texts) == 1 and name not in names}
        taken = [*names, *axes, *found.values(), *once.values()]
        found |= {name: title for name, title in once.items() if title and taken.count(title) == 1}
    return _options(found)


def factor_titles(analysis: Analysis, document: Mapping[str, Any]) -> list[str]:
    """Return options with the titles of norm factors that are in the fit."""
    fixed = {item["Name"] for item in document["General"].get("Fixed", [])}
    free = {item["Name"] for item in document["NormFactors"]} - fixed
    pairs = {block.name: block.text("Title") for block in analysis.of("NormFactor") if block.name in free}
    return _options(_apart([*pairs.items()], parameters_of(document)))


def parameters_of(document: Mapping[str, Any]) -> list[str]:
    """Return the names of the parameters of a steering file, but for those of single bins."""
    found = [item["Name"] for key in ("NormFactors", "ShapeFactors") for item in document.get(key, [])]
    found += [part["Name"] for item in document.get("Functions", []) for part in item.get("Parameters", [])]
    for item in document.get("Systematics", []):
        name, apart = item.get("ModifierName", item["Name"]), item.get("Decorrelate")
        others = document["Regions" if apart == "region" else "Samples"]
        found += [f"{name}_{other['Name'].replace(' ', '-')}" for other in others] if apart else [name]
    return found


def _apart(pairs: Iterable[tuple[str, str]], names: Iterable[str]) -> dict[str, str]:
    """Return titles by name, with the name behind those that several have."""
    given = {name: title for name, title in pairs if title and title != name}
    taken = [*given.values(), *names]
    return {name: title if taken.count(title) == 1 else f"{title} ({name})" for name, title in given.items()}


def _options(titles: Mapping[str, str]) -> list[str]:
    return [word for name, title in titles.items() for word in ("--title", f"{name}={title}")]
