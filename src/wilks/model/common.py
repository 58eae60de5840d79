"""Which parameters of a model are those of a fit: one rule for all that takes a fit of another model."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from wilks.errors import ResultError
from wilks.model.model import Model
from wilks.results.fit import FitResult


def common_parameters(model: Model, result: FitResult) -> tuple[list[int], list[int]]:
    """Return the positions in the model and in the fit of the parameters that both have.

    They have the same name and the same constraint, of the same width: this tells apart components of a staterror that
    are counted differently, and what was constant because its bin was masked. Where the fit has more or fewer
    components of one name (other channels), these are taken only if all that are free in both agree: a single one may
    agree by chance, those without a constraint have nothing to agree in. Raises ResultError where nothing is common.
    """
    theirs = {name: i for i, name in enumerate(result.names)}
    by_set: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for i, name in enumerate(model.parameter_names):
        if name in theirs:
            by_set[_set(name)].append((i, theirs[name]))
    ours, others = (_sizes(names) for names in (model.parameter_names, result.names))
    pairs = []
    for name, members in by_set.items():
        same = [pair for pair in members if _same(model, result, *pair)]
        free = [pair for pair in members if model.prefit_uncertainties[pair[0]] * result.prefit_uncertainties[pair[1]]]
        if ours[name] == others[name] or (free and set(free) <= set(same)):
            pairs += same
    if not pairs:
        raise ResultError("the fit result and the model have no parameter in common; it belongs to another workspace")
    pairs.sort()
    return [i for i, _ in pairs], [j for _, j in pairs]


def _set(name: str) -> str:
    """Return the name that components share: `gamma` of `gamma[3]`."""
    before, bracket, index = name.rpartition("[")
    return before if bracket and index[:-1].isdigit() and index.endswith("]") else name


def _sizes(names: tuple[str, ...]) -> dict[str, int]:
    sizes: dict[str, int] = defaultdict(int)
    for name in names:
        sizes[_set(name)] += 1
    return sizes


def _same(model: Model, result: FitResult, i: int, j: int) -> bool:
    width, theirs = model.prefit_uncertainties[i], result.prefit_uncertainties[j]
    return model.constraints[i] == result.constraints[j] and bool(np.isclose(width, theirs, rtol=1e-6, atol=0.0))
