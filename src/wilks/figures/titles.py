"""`titled`: a result with titles in place of names, for its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from wilks.errors import InputError, listed, nearest

Record = TypeVar("Record")


def titled(result: Record, titles: Mapping[str, str]) -> Record:
    r"""Return a result in which parameters, channels and samples have other names, for a figure.

    `titles` gives the title of each name; formulas are written between `$` signs. Names of parameters with several
    components are those of the components, `staterror_SR[0]`. Raises InputError for a name that the result does not
    have, and where two names would get one title.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> ranking = wilks.figures.titled(wilks.ranking(model), {"mu": r"$\mu_{WZ}$", "Jet energy scale": "JES"})
    >>> figure = wilks.figures.ranking(ranking, rows=10)
    """
    names: dict[str, None] = {}
    changed: Record = _changed(result, titles, names)
    unknown = [name for name in titles if name not in names]
    problems = [f'titles: no "{name}" in this result{nearest(name, names)}' for name in unknown]
    taken = [titles.get(name, name) for name in names]
    twice = dict.fromkeys(title for title in titles.values() if taken.count(title) > 1)
    if twice:
        problems.append(f"titles: {listed(twice)} would stand for several names")
    if problems:
        raise InputError(problems)
    return changed


def _changed(value: Any, titles: Mapping[str, str], names: dict[str, None]) -> Any:
    """Return a value with titles for the names in it; all texts are added to `names`."""
    if isinstance(value, str):
        names[value] = None
        return titles.get(value, value)
    if isinstance(value, tuple | list):
        return type(value)(_changed(entry, titles, names) for entry in value)
    if isinstance(value, Mapping):
        return {_changed(key, titles, names): _changed(entry, titles, names) for key, entry in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        # Where a result comes from stays what it is.
        kept = [f.name for f in fields(value) if f.init and f.name not in ("origin", "settings", "conditions")]
        return replace(value, **{name: _changed(getattr(value, name), titles, names) for name in kept})
    return value
