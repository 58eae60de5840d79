"""Which model of an HS3 file is read, and with which data: analyses, their likelihoods, data sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from wilks.errors import listed, nearest
from wilks.formats.hs3.nodes import Node
from wilks.formats.hs3.tables import Tables
from wilks.formats.hs3.terms import TERMS

_CHANNEL = "histfactory_dist"


@dataclass(frozen=True)
class Analysis:
    """A likelihood with parameters of interest. `pairs` are distribution and data of every channel by name."""

    node: Node
    name: str
    likelihood: Node
    pairs: tuple[tuple[str, str], ...]
    terms: tuple[Node, ...]
    pois: tuple[str, ...]

    @property
    def distributions(self) -> tuple[str, ...]:
        """Names of the channels' distributions."""
        return tuple(distribution for distribution, _ in self.pairs)


@dataclass
class Choice:
    """The analyses that make one workspace.

    `measurements` have the data that are fitted, `data_sets` are names of further data with the analysis that has them,
    `others` are analyses with other channels.
    """

    measurements: list[Analysis]
    data_set: str
    data_sets: dict[str, Analysis] = field(default_factory=dict)
    others: list[Analysis] = field(default_factory=list)


def analyses_of(file: Tables) -> list[Analysis]:
    """Return the analyses of a file; its likelihoods where it has none."""
    asked = list(file.analyses.items()) or list(file.likelihoods.items())
    if not asked:
        file.root.wrong('neither "analyses" nor "likelihoods": nothing says which distributions belong to which data')
    found = []
    for name, node in asked:
        is_likelihood = not file.analyses
        wanted = name if is_likelihood else node.text("likelihood")
        likelihood = file.likelihoods.get(wanted)
        if likelihood is None:
            if node.has("likelihood"):
                file.find("likelihoods", wanted, node, "likelihood")
            continue
        pois = tuple(dict.fromkeys(node.names("parameters_of_interest")))
        found.append(Analysis(node, name, likelihood, *_parts(file, likelihood), pois))
    return found


def _parts(file: Tables, likelihood: Node) -> tuple[tuple[tuple[str, str], ...], tuple[Node, ...]]:
    """Return channels with their data, and constraint terms, of a likelihood."""
    names = likelihood.names("distributions", needed=True)
    data = likelihood.value.get("data")
    if not isinstance(data, list):
        likelihood.wrong('"data" is missing, or no list')
        return (), ()
    if len(data) != len(names):
        likelihood.wrong(f"{len(data)} found for {len(names)} distributions; one each needed", "data")
        return (), ()
    pairs: list[tuple[str, str]] = []
    terms: list[Node] = []
    for i, (name, datum) in enumerate(zip(names, data, strict=True)):
        channels = []
        for node in _factors(file, likelihood, name, "distributions"):
            kind = node.text("type")
            if kind == _CHANNEL:
                channels.append(node.text("name"))
            elif kind in TERMS and (len(names) == 1 or not _is_binned(file, datum)) and not _density(file, node, datum):
                terms.append(_with_data(file, node, datum))
            elif node.has("type"):
                node.wrong(
                    f'"{kind}" is no binned channel: the likelihood "{likelihood.text("name", "")}" can\'t be read; '
                    f'channels are of type "{_CHANNEL}", their constraints {listed(TERMS)}',
                    "type",
                )
        if len(channels) > 1:
            likelihood.wrong(
                f'"{name}" has {len(channels)} channels, {listed(channels)}, for one data', "distributions"
            )
        elif channels and not isinstance(datum, str):
            likelihood.mistakes.append(f"{likelihood.place('data')}[{i}]: the name of data needed")
        elif channels:
            pairs.append((channels[0], datum))
    for name in likelihood.names("aux_distributions"):
        terms += _factors(file, likelihood, name, "aux_distributions")
    return tuple(pairs), tuple(terms)


def _factors(file: Tables, asked_by: Node, name: str, key: str, above: tuple[str, ...] = ()) -> list[Node]:
    """Return a distribution, or what a product of distributions is made of."""
    node = file.find("distributions", name, asked_by, key)
    if node is None or node.text("type") != "product_dist":
        return [] if node is None else [node]
    if name in above:
        node.wrong(f"a product in itself: {' -> '.join((*above[above.index(name) :], name))}", "factors")
        return []
    found: list[Node] = []
    for factor in node.names("factors", needed=True):
        found += _factors(file, node, factor, "factors", (*above, name))
    return found


def _is_binned(file: Tables, datum: Any) -> bool:
    return isinstance(datum, str) and datum in file.data and file.data[datum].text("type", "") == "binned"


def _density(file: Tables, node: Node, datum: Any) -> bool:
    """Return whether a distribution is the density of data, not a constraint: it is about an axis of theirs."""
    if not (isinstance(datum, str) and datum in file.data):
        return False
    axes = {axis.text("name", "") for axis in file.data[datum].objects("axes")}
    return node.value.get("x") in axes


def _with_data(file: Tables, node: Node, datum: Any) -> Node:
    """Return a constraint term with its observed value, where the likelihood gives it as a number or a point."""
    if isinstance(datum, str) and datum in file.data and file.data[datum].text("type", "") == "point":
        datum = file.data[datum].value.get("value")
    if isinstance(datum, int | float) and not isinstance(datum, bool):
        return Node({**node.value, "x": datum}, node.at, node.mistakes)
    return node


def choose(file: Tables, analyses: list[Analysis], wanted: str | None, data: str | None) -> Choice | None:
    """Return which analyses make the workspace: those with the channels of the wanted one, or of the first observed."""
    usable = [analysis for analysis in analyses if analysis.pairs]
    names = [analysis.name for analysis in usable]
    if wanted is not None and wanted not in names:
        file.mistakes.append(f'analyses: no analysis "{wanted}"; there are {listed(names)}{nearest(wanted, names)}')
        return None
    if not usable:
        if not file.mistakes:
            file.mistakes.append("likelihoods: no channel with data in any of them")
        return None
    sets = {analysis.name: data_set_name(file, analysis) for analysis in usable}
    chosen = next((a for a in usable if a.name == wanted), None) or _observed(usable, sets)
    mates = [a for a in usable if set(a.distributions) == set(chosen.distributions)]
    if data is not None:
        found = next((a for a in mates if sets[a.name] == data), None)
        if found is None:
            there = list(dict.fromkeys(sets[a.name] for a in mates))
            file.mistakes.append(f'data: no data set "{data}"; there are {listed(there)}{nearest(data, there)}')
            return None
        chosen = found
    choice = Choice([], sets[chosen.name], others=[a for a in usable if a not in mates])
    for mate in mates:
        if dict(mate.pairs) == dict(chosen.pairs):
            choice.measurements.append(mate)
        else:
            choice.data_sets.setdefault(sets[mate.name], mate)
    if wanted is not None:
        choice.measurements = [chosen]
    return choice


def _observed(analyses: list[Analysis], sets: dict[str, str]) -> Analysis:
    """Return the first analysis whose data are called observed, else the first that aren't Asimov's, else the first."""

    def rank(analysis: Analysis) -> int:
        name = sets[analysis.name].casefold()
        return 0 if "obs" in name else 2 if "asimov" in name else 1

    return min(analyses, key=rank)


def data_set_name(file: Tables, analysis: Analysis) -> str:
    """Return the name of the data of all channels together: what their names have in common before the channels'."""
    combined = file.root_internal.child("combined_datasets")
    names = [data for _, data in analysis.pairs]
    for name in combined.value:
        labels = combined.child(name).names("labels") if isinstance(combined.value[name], dict) else []
        if {f"{name}_{label}" for label in labels} >= set(names):
            return str(name)
    starts = {
        data.removesuffix(f"_{end}")
        for distribution, data in analysis.pairs
        for end in (distribution, distribution.removeprefix("model_"))
        if data.endswith(f"_{end}")
    }
    if len(starts) == 1 and all(any(n.startswith(f"{s}_") for s in starts) for n in names):
        return next(iter(starts))
    return names[0] if len(names) == 1 else analysis.likelihood.text("name", "data")


def channel_names(file: Tables, distributions: Iterable[str]) -> dict[str, str]:
    """Return the channel that each distribution describes: ROOT's label, else its name without "model_"."""
    wanted = list(distributions)
    labels: dict[str, str] = {}
    combined = file.root_internal.child("combined_distributions")
    for name in combined.value:
        node = combined.child(name)
        pairs = zip(node.names("distributions"), node.names("labels"), strict=False)
        labels |= {distribution: label for distribution, label in pairs if distribution not in labels}
    short = {name: labels.get(name) or name.removeprefix("model_") or name for name in wanted}
    return short if len(set(short.values())) == len(wanted) else {name: name for name in wanted}
