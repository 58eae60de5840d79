"""Groups of parameters: by default, by modifier type, from patterns, from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from wilks._reading import read_file
from wilks.errors import InputError, ModelError, listed, nearest
from wilks.infer.study import Study
from wilks.model.model import Model
from wilks.model.selection import matching

Patterns: TypeAlias = str | Sequence[str]
Groups: TypeAlias = Mapping[str, Patterns] | str | Path | None

BY_TYPE = "modifier type"
FACTORS, MC, SYSTEMATICS, OTHERS = "normalisation factors", "MC statistics", "systematics", "other parameters"
_MC_TYPES = {"staterror", "shapesys"}


def selected(names: Sequence[str], patterns: Patterns, what: str) -> list[int]:
    """Return the positions that names or patterns mean, in the order of `names`.

    Raises ModelError with every pattern that matches nothing; `what` names the argument.
    """
    asked = [patterns] if isinstance(patterns, str) else list(patterns)
    found = {pattern: matching(names, pattern) for pattern in asked}
    problems = [
        f'{what}: no parameter "{pattern}" in this model{nearest(pattern, names)}'
        for pattern in asked
        if not found[pattern]
    ]
    if problems:
        raise ModelError(problems)
    return sorted(set().union(*found.values()))


def ungrouped(model: Model, patterns: Patterns) -> list[str]:
    """Return names and patterns, those of the workspace's groups replaced by what they have."""
    asked = [patterns] if isinstance(patterns, str) else list(patterns)
    known = {*model.parameter_names}
    return [name for one in asked for name in (model.groups.get(one, (one,)) if one not in known else (one,))]


def poi_positions(asked: Study, poi: Patterns | None) -> list[int]:
    """Return the positions of the parameters of interest, in the order they were named; all the model's by default.

    Raises ModelError for names that match nothing and for parameters that are held.
    """
    if poi is None and len(asked.model.pois) > 1:
        poi = asked.model.pois
    if poi is None or isinstance(poi, str):
        return [asked.poi]
    names = asked.model.parameter_names
    found = list(dict.fromkeys(i for pattern in poi for i in selected(names, pattern, "poi")))
    held = [names[i] for i in found if asked.problem.held[i] and not asked.problem.idle[i]]
    if held:
        raise ModelError([f'the parameter of interest "{name}" is fixed' for name in held])
    return found


def first_poi(model: Model, poi: Patterns | None) -> str | None:
    """Return what to ask a study for: the first parameter of interest."""
    if poi is None or isinstance(poi, str):
        return poi
    if not len(poi):
        raise ModelError("poi: name at least one parameter of interest")
    return model.parameter_names[selected(model.parameter_names, poi[0], "poi")[0]]


def group_positions(asked: Study, pois: Sequence[int], groups: Groups) -> dict[str, list[int]]:
    """Return the free parameters of each group, without the parameters of interest.

    `groups` is a mapping from labels to names or patterns, the path of a YAML or JSON file with one, "modifier type",
    or None: those of the workspace, else normalisation factors, MC statistics (staterror, shapesys) and systematics.
    Free parameters that no group of the user or the workspace has are put into a last one, "other parameters". Raises
    ModelError with every mistake.
    """
    model = asked.model
    names, named = model.parameter_names, {model.parameter_names[i] for i in pois}
    free = [i for i in range(model.n_parameters) if not asked.problem.held[i] and i not in set(pois)]
    if groups is None and model.groups:
        groups = {label: [name for name in members if name not in named] for label, members in model.groups.items()}
        return _with_others(free, {label: selected(names, members, "groups") for label, members in groups.items()})
    if groups is None:
        return _by_label(free, [_default_group(asked, i) for i in range(model.n_parameters)])
    if isinstance(groups, str) and groups == BY_TYPE:
        return _by_label(free, [" + ".join(sorted(set(types))) for types in model.modifier_types])
    if isinstance(groups, Mapping):
        return _by_patterns(asked, pois, free, groups)
    return _by_patterns(asked, pois, free, read_groups(groups))


def read_groups(path: str | Path) -> dict[str, list[str]]:
    """Return the groups in a YAML or JSON file: labels, each with a name or pattern or a list of them.

    Raises ModelError where the file can't be read or is no such mapping.
    """
    from wilks._yaml import read_yaml

    try:
        document: Any = read_yaml(read_file(path), str(path))[1]
    except OSError as error:
        reason = f"the groups can't be read: {error.strerror or error}"
        raise ModelError(f'{path}: {reason}; in place of a file "{BY_TYPE}" is allowed') from None
    except InputError as error:
        raise ModelError(error.problems) from None
    if not isinstance(document, dict) or not document:
        raise ModelError(f"{path}: groups are a mapping from labels to parameter names or patterns")
    return {str(label): _patterns(path, str(label), value) for label, value in document.items()}


def _patterns(path: str | Path, label: str, value: Any) -> list[str]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not patterns or not all(isinstance(item, str) for item in patterns):
        raise ModelError(f'{path}: group "{label}" needs a parameter name or pattern, or a list of them')
    return patterns


def _default_group(asked: Study, i: int) -> str:
    if asked.model.constraints[i] == "none":
        return FACTORS
    return MC if _MC_TYPES.intersection(asked.model.modifier_types[i]) else SYSTEMATICS


def _by_label(free: list[int], labels: Sequence[str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for i in free:
        groups.setdefault(labels[i], []).append(i)
    return groups


def _by_patterns(
    asked: Study, pois: Sequence[int], free: list[int], groups: Mapping[str, Patterns]
) -> dict[str, list[int]]:
    names = asked.model.parameter_names
    if not groups:
        raise ModelError("groups: at least one is needed")
    found: dict[str, list[int]] = {}
    problems: list[str] = []
    for label, patterns in groups.items():
        try:
            found[label] = selected(names, patterns, f'group "{label}"')
        except InputError as error:
            problems += error.problems
            continue
        # A pattern passes over the parameters of interest; their names in full are a mistake.
        inside = [names[i] for i in pois if names[i] in ([patterns] if isinstance(patterns, str) else patterns)]
        if inside:
            problems.append(f'group "{label}": {listed(inside)} is the parameter of interest')
    if problems:
        raise ModelError(problems)
    return _with_others(free, found)


def _with_others(free: list[int], found: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """Return the free parameters of each group, and all others as a last one."""
    grouped = {label: [i for i in free if i in set(where)] for label, where in found.items()}
    rest = [i for i in free if not any(i in set(where) for where in grouped.values())]
    return {**grouped, OTHERS: rest} if rest else grouped
