"""Where templates come from, with a fingerprint: while it is the same, a template need not be made again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeAlias

from wilks._version import __version__
from wilks.config.schema import Config
from wilks.errors import TemplateError
from wilks.histogram import Histogram
from wilks.templates.filling import Recipe
from wilks.templates.plan import Plan
from wilks.templates.readers import opened
from wilks.templates.record import Origin, Part
from wilks.templates.store import TemplateKey, Templates

_HEAD = 100
# Bytes at the start of a ROOT file that have its UUID, its end, and where its last record lies.
_AT_ONCE = 8
# Remote files that are asked at the same time.

State: TypeAlias = tuple[int, int, bytes]


def identities(files: Iterable[str]) -> dict[str, str]:
    """Return what tells each file from any other, and from itself before a change; those that can't be read have none.

    Of a local file that is path, size, times of the last change and the first bytes, where ROOT keeps a UUID; of a
    remote one URL, size and UUID.
    """
    names = list(dict.fromkeys(files))
    if any("://" in name for name in names):
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(_identity, names))
    else:
        found = list(map(_identity, names))
    return {name: identity for name, identity in zip(names, found, strict=True) if identity is not None}


def states(files: Iterable[str]) -> dict[str, State]:
    """Return what shows that a file was changed meanwhile: size, time of change, first bytes; of remote files nothing.

    Unlike `identities` these stay the same where only a link to the file is made.
    """
    found = ((name, _state(name)) for name in dict.fromkeys(files) if "://" not in name)
    return {name: (*state[:2], state[3]) for name, state in found if state is not None}


def changed_since(before: Mapping[str, State]) -> list[str]:
    """Return a sentence for each file whose state is not what it was."""
    now = states(before)
    return [
        f"{file}: was changed, replaced or removed while it was read; parts of it may be those of another file"
        for file, state in before.items()
        if now.get(file) != state
    ]


def _state(name: str) -> tuple[int, int, int, bytes] | None:
    try:
        if not os.path.isfile(name):  # of a pipe the beginning may never come
            return None
        with open(name, "rb") as stream:
            status = os.fstat(stream.fileno())
            return status.st_size, status.st_mtime_ns, status.st_ctime_ns, stream.read(_HEAD)
    except OSError:
        return None


def _identity(name: str) -> str | None:
    try:
        if "://" in name:
            with opened(name) as file:
                return _digest([name, str(file.file.fEND), file.file.uuid.hex])
    except (OSError, TemplateError):
        return None
    state = _state(name)
    if state is None:
        return None
    size, changed, status_changed, head = state
    # The second time can't be set by whoever copies or unpacks a file with the first.
    return _digest([os.path.abspath(name), str(size), str(changed), str(status_changed), head.hex()])


def _digest(texts: Sequence[str]) -> str:
    # Another version may make other histograms of the same input.
    return hashlib.sha256(json.dumps([__version__, *texts]).encode()).hexdigest()[:32]


def origins_of_ntuples(config: Config, plan: Plan) -> dict[TemplateKey, Origin]:
    """Return where templates from ntuples come from; files, trees, expressions and bins make up the fingerprint."""
    known = identities(file for file, _ in plan.recipes)
    recipes = {tree: list(recipes) for tree, recipes in plan.recipes.items()}
    texts = {tree: list(map(repr, of_tree)) for tree, of_tree in recipes.items()}
    outside = {region.name: region.outside_binning for region in config.regions}
    found = {}
    for key, parts in plan.parts.items():
        files: dict[tuple[str, Recipe], list[str]] = {}
        ingredients = ["ntuples", outside[key.region], *["divisions of ROOT"] * plan.root_divisions]
        complete = all(file in known for (file, _), _ in parts)
        for tree, number in parts:
            recipe = recipes[tree][number]
            files.setdefault((tree[1], recipe), []).append(tree[0])
            ingredients += [known.get(tree[0], ""), tree[1], texts[tree][number]]
        made_of = tuple(
            Part(tuple(names), path, recipe.variable, recipe.filter, recipe.weight, _unless_1(recipe.scale))
            for (path, recipe), names in files.items()
        )
        found[key] = Origin("ntuples", made_of, fingerprint=_digest(ingredients) if complete else "")
    return found


def without(origin: Origin, files: Iterable[str]) -> Origin:
    """Return the origin of a template that lacks these files; it has no fingerprint, because they may be back."""
    missing = set(files)
    if not missing.intersection(file for part in origin.parts for file in part.files):
        return origin
    parts = [replace(part, files=tuple(file for file in part.files if file not in missing)) for part in origin.parts]
    return replace(origin, parts=tuple(part for part in parts if part.files), fingerprint="")


def origins_of_histograms(
    config: Config, sources: Mapping[TemplateKey, Sequence[tuple[str, str, float]]]
) -> dict[TemplateKey, Origin]:
    """Return where sums of histograms come from, each given as file, path inside it, and factor on its yields."""
    known = identities(file for parts in sources.values() for file, _, _ in parts)
    labels = {region.name: region.variable or "" for region in config.regions}
    bins = {region.name: [repr(region.binning), region.outside_binning] for region in config.regions}
    found = {}
    for key, parts in sources.items():
        made_of = tuple(Part((file,), path, scale=_unless_1(scale)) for file, path, scale in parts)
        ingredients = ["histograms", labels[key.region], *bins[key.region]]
        for file, path, scale in parts:
            ingredients += [known.get(file, ""), path, repr(scale)]
        complete = all(file in known for file, _, _ in parts)
        found[key] = Origin("histograms", made_of, fingerprint=_digest(ingredients) if complete else "")
    return found


def _unless_1(scale: float) -> float | None:
    return None if scale == 1.0 else scale


def reusable(previous: Templates | None, origins: Mapping[TemplateKey, Origin]) -> dict[TemplateKey, Histogram]:
    """Return those of earlier templates, as they were before processing, that would be made of the same things."""
    if previous is None:
        return {}
    known = {key: origin.fingerprint for key, origin in previous.origins.items()}
    return {
        key: previous.original(key)
        for key, origin in origins.items()
        if origin.fingerprint
        and known.get(key) == origin.fingerprint
        and (key in previous or key in previous.originals)
    }
