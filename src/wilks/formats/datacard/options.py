"""Options of reading datacards, also as texts: `NAME=VALUE` for one of a mapping, a list for several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wilks.errors import WorkspaceError

_SEVERAL = ("maps", "modes", "include", "exclude", "masks", "freeze")


def as_values(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the keywords of `read` for options that may be texts. Raises WorkspaceError with every one that is wrong.

    >>> as_values({"mass": "125", "maps": "a:r[1,0,5]", "ranges": ["r=0:5"], "keywords": {"ERA": "2018"}}, "card.txt")
    {'mass': 125.0, 'maps': ['a:r[1,0,5]'], 'ranges': {'r': (0.0, 5.0)}, 'keywords': {'ERA': '2018'}}
    """
    found, problems = dict(options), []
    for option, given in options.items():
        if given is None:
            del found[option]
        elif option == "mass":
            try:
                found[option] = float(given)
            except ValueError:
                problems.append(f'{name}: option "mass" needs a number, {given!r} found')
        elif option in _SEVERAL:
            found[option] = [given] if isinstance(given, str) else list(given)
        elif option in _BY_NAME and not isinstance(given, Mapping):
            form, parse = _BY_NAME[option]
            found[option] = {}
            for text in [given] if isinstance(given, str) else given:
                key, equals, value = text.rpartition("=") if option != "keywords" else text.partition("=")
                try:
                    if not equals:
                        raise ValueError
                    found[option][key] = parse(value)
                except ValueError:
                    problems.append(f'{name}: option "{option}" needs {form}, {text!r} found')
    if problems:
        raise WorkspaceError(problems)
    return found


def _ends(text: str) -> tuple[float, float]:
    low, high = map(float, text.split(":"))
    return low, high


_BY_NAME: dict[str, tuple[str, Callable[[str], Any]]] = {
    "keywords": ("WORD=VALUE", str),
    "ranges": ("NAME=LOW:HIGH", _ends),
    "starts": ("NAME=VALUE", float),
}
