"""(Config, keys) -> what is filled from which tree of which file, and which of it makes up which template."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from wilks.config.paths import files_like, resolve_inputs
from wilks.config.schema import Config
from wilks.errors import InputError, listed
from wilks.templates.files import remote_files
from wilks.templates.filling import Recipe, Role, Task, Use, tasks_of
from wilks.templates.looking import Look, Question
from wilks.templates.sources import Ingredient, Said, filled, ingredients_of
from wilks.templates.store import TemplateKey


@dataclass
class Plan:
    """Which recipes are filled from which tree, and which of them make up a template.

    `parts` has, for each template, (file, tree) and the position of the recipe there; `places` and `trees` say where in
    the steering file an expression and the name of a tree stand; `notes` tells what is worth knowing of the paths.
    `root_divisions` says how expressions divide.
    """

    recipes: dict[tuple[str, str], dict[Recipe, int]] = field(default_factory=dict)
    parts: dict[TemplateKey, list[tuple[tuple[str, str], int]]] = field(default_factory=dict)
    places: dict[Use, list[str]] = field(default_factory=dict)
    trees: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    root_divisions: bool = False

    def questions(self) -> Iterator[Question]:
        """Yield what must be known of each file before it is read."""
        trees: dict[str, list[tuple[str, tuple[Use, ...]]]] = {}
        for (file, tree), recipes in self.recipes.items():
            uses = dict.fromkeys(use for recipe in recipes for use in recipe.uses)
            trees.setdefault(file, []).append((tree, tuple(uses)))
        for file, wanted in trees.items():
            yield Question(file, tuple(wanted), self.root_divisions)

    def tasks(self, looks: dict[str, Look]) -> Iterator[Task]:
        """Yield ranges of entries, tree after tree, of the files that were looked at."""
        for (file, tree), recipes in self.recipes.items():
            if file in looks:
                spans = looks[file].spans[tree]
                yield from tasks_of(file, tree, tuple(recipes), spans, root_divisions=self.root_divisions)


def planned(config: Config, keys: Sequence[TemplateKey]) -> Plan:
    """Return what makes up the templates; what is wrong with the steering file's paths is in `problems`."""
    plan = Plan(root_divisions=config.general.divisions == "ROOT")
    resolved: dict[str, dict[str, str]] = {}
    edges = {region.name: tuple(map(float, region.binning or ())) for region in config.regions}
    for key in keys:
        # A dictionary as an ordered set: a source enters once, though a variation may make several sources alike.
        parts: dict[tuple[tuple[str, str], int], None] = {}
        for ingredient in ingredients_of(config, key):
            tree, variable = ingredient.tree, ingredient.variable
            if variable is None or not edges[key.region] or tree is None:
                text = f"{key}: histograms from ntuples need Variable and Binning of the region, and a Tree"
                plan.problems.append(text)
                continue
            expressions = variable.value, _text(ingredient.filter), _text(ingredient.weight)
            recipe = Recipe(*expressions, edges[key.region], ingredient.scale)
            _note_places(plan, ingredient)
            try:
                files = _files(config, ingredient, resolved, plan.notes)
            except InputError as error:
                plan.problems += [problem for problem in error.problems if problem not in plan.problems]
                continue
            for file in files:
                known = plan.recipes.setdefault((file, tree.value), {})
                parts[(file, tree.value), known.setdefault(recipe, len(known))] = None
        if parts:
            plan.parts[key] = list(parts)
    return plan


def _text(said: Said | None) -> str | None:
    return None if said is None else said.value


def _note_places(plan: Plan, ingredient: Ingredient) -> None:
    """Remember where the tree and the expressions of an ingredient stand."""
    found: dict[Role, Said | None] = {
        "Variable": ingredient.variable,
        "Weight": ingredient.weight,
        "Filter": ingredient.filter,
    }
    for role, said in found.items():
        if said is not None:
            _note_place(plan.places.setdefault(Use(role, said.value), []), said.place)
    if ingredient.tree is not None:
        _note_place(plan.trees.setdefault(ingredient.tree.value, []), ingredient.tree.place)


def _note_place(places: list[str], place: str) -> None:
    if place not in places:
        places.append(place)


def _files(config: Config, ingredient: Ingredient, resolved: dict[str, dict[str, str]], notes: list[str]) -> list[str]:
    """Return the files of an ingredient, each once, also where links or `..` give it several names.

    `resolved` remembers the files of each path, by what tells one from another.
    """
    found: dict[str, str] = {}
    for settings in ingredient.paths:
        path = filled(config, settings)
        if path not in resolved:
            named: dict[str, str] = {}
            places, absent = resolve_inputs(config, path)
            if absent:
                notes.append(f'{settings[1].place} "{path}": there is no file {listed(absent)}')
            for file in (file for place in places for file in _matching(place)):
                named.setdefault(file if "://" in file else os.path.realpath(file), file)
            resolved[path] = named
        for identity, file in resolved[path].items():
            found.setdefault(identity, file)
    return list(found.values())


def _matching(place: str) -> tuple[str, ...]:
    if "://" in place:
        return remote_files(place) if "*" in place else (place,)
    wild = glob.has_magic(place) and not os.path.exists(place)
    return tuple(files_like(place)) if wild else (place,)
