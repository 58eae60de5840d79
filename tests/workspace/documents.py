"""Strategies for workspace documents: valid ones, and valid ones with something changed."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

names = st.text(min_size=1, max_size=6)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def lists(bins: int) -> st.SearchStrategy[list[float]]:
    return st.lists(numbers, min_size=bins, max_size=bins)


def modifiers(bins: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    data: dict[str, st.SearchStrategy[Any]] = {
        "normsys": st.fixed_dictionaries({"lo": numbers, "hi": numbers}),
        "histosys": st.fixed_dictionaries({"lo_data": lists(bins), "hi_data": lists(bins)}),
        "shapesys": lists(bins),
        "staterror": lists(bins),
        "normfactor": st.none(),
        "shapefactor": st.none(),
    }
    kinds = [
        st.fixed_dictionaries({"name": names, "type": st.just(kind), "data": values}) for kind, values in data.items()
    ]
    lumi = st.just({"name": "lumi", "type": "lumi", "data": None})
    return st.lists(st.one_of(*kinds, lumi), max_size=4, unique_by=lambda m: (m["name"], m["type"]))


def samples(bins: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    sample = st.fixed_dictionaries({"name": names, "data": lists(bins), "modifiers": modifiers(bins)})
    return st.lists(sample, min_size=1, max_size=3, unique_by=lambda s: s["name"])


settings_of_parameters = st.lists(
    st.fixed_dictionaries(
        {"name": names},
        optional={
            "inits": st.lists(numbers, min_size=1, max_size=2),
            "bounds": st.lists(st.tuples(numbers, numbers).map(sorted), min_size=1, max_size=2),
            "auxdata": st.lists(numbers, min_size=1, max_size=2),
            "factors": st.lists(numbers, min_size=1, max_size=2),
            "sigmas": st.lists(numbers, min_size=1, max_size=2),
            "fixed": st.booleans(),
        },
    ),
    max_size=3,
    unique_by=lambda settings: settings["name"],
)


@st.composite
def workspaces(draw: st.DrawFn) -> dict[str, Any]:
    """A valid document of any shape."""
    bins = draw(st.dictionaries(names, st.integers(1, 4), min_size=1, max_size=3))
    config = st.fixed_dictionaries({"poi": st.text(max_size=6), "parameters": settings_of_parameters})
    measurement = st.fixed_dictionaries({"name": names, "config": config})
    return {
        "channels": [{"name": name, "samples": draw(samples(n))} for name, n in bins.items()],
        "observations": [
            {"name": name, "data": draw(lists(n))} for name, n in draw(st.permutations(list(bins.items())))
        ],
        "measurements": draw(st.lists(measurement, min_size=1, max_size=2, unique_by=lambda m: m["name"])),
        "version": "1.0.0",
    }


EXAMPLE: dict[str, Any] = {
    "channels": [
        {
            "name": "SR",
            "samples": [
                {
                    "name": "signal",
                    "data": [5.0, 10.0],
                    "modifiers": [
                        {"name": "mu", "type": "normfactor", "data": None},
                        {"name": "lumi", "type": "lumi", "data": None},
                        {"name": "JES", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}},
                        {"name": "JES", "type": "histosys", "data": {"lo_data": [4.0, 11], "hi_data": [6.0, 9.0]}},
                    ],
                },
                {
                    "name": "background",
                    "data": [50.0, 60.0],
                    "modifiers": [
                        {"name": "free", "type": "shapefactor", "data": None},
                        {"name": "uncorrelated", "type": "shapesys", "data": [5.0, 12.0]},
                        {"name": "stat", "type": "staterror", "data": [1.0, 2.0]},
                    ],
                },
            ],
        },
        {"name": "CR", "samples": [{"name": "background", "data": [100.0], "modifiers": []}]},
    ],
    "observations": [{"name": "SR", "data": [54, 71]}, {"name": "CR", "data": [101.5]}],
    "measurements": [
        {
            "name": "main",
            "config": {
                "poi": "mu",
                "parameters": [
                    {"name": "mu", "inits": [1], "bounds": [[0, 10]]},
                    {"name": "lumi", "inits": [1.0], "auxdata": [1.0], "sigmas": [0.02], "bounds": [[0.9, 1.1]]},
                    {"name": "JES", "fixed": True},
                ],
            },
        }
    ],
    "version": "1.0.0",
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything in a document but the document itself."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in items for place in ((*path, key), *places(item, (*path, key)))]


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


@st.composite
def changed_documents(draw: st.DrawFn) -> Any:
    """`EXAMPLE` with one or two things deleted, repeated, renamed or replaced."""
    document = copy.deepcopy(EXAMPLE)
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(places(document)))
        holder, key = at(document, path[:-1]), path[-1]
        change = draw(st.sampled_from(["delete", "repeat", "replace", "swap"]))
        if change == "delete":
            del holder[key]
        elif change == "replace":
            holder[key] = draw(json_values)
        elif change == "swap":
            holder[key] = copy.deepcopy(at(document, draw(st.sampled_from(places(document)))))
        elif isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            holder[f"{key}s"] = holder.pop(key)
        if not places(document):
            break
    return document
