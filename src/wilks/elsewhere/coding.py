"""Jobs and answers as plain numbers and text: their fingerprints, and files that hold them.

A file is read without running anything that it says: what it may hold are numbers, texts, arrays, lists, tuples,
mappings, and dataclasses and enumerations of this package.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks._reading import parse_json, read_arrays

# Metadata of fields that no answer depends on beyond what other fields say.
NOT_ASKED = {"asked": False}
_TREE = "tree"
_Array = npt.NDArray[Any]


def fingerprint(thing: object, known: Mapping[int, str] | None = None) -> str:
    """Return a digest of all that a thing says: the same in every process, whatever was computed from it by then.

    `known` has digests of things in it by their `id`. Raises TypeError for what can't be told, such as functions.

    >>> import numpy as np
    >>> fingerprint({"a": 1, "b": np.zeros(2)}) == fingerprint({"b": np.zeros(2), "a": 1})
    True
    >>> fingerprint(np.zeros(2)) == fingerprint(np.zeros((2, 1)))
    False
    """
    arrays: list[_Array] = []
    tree = _taken_apart(thing, arrays, _asked, known or {})
    digest = hashlib.sha256(json.dumps(tree, sort_keys=True).encode())
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def encoded(thing: object) -> bytes:
    """Return a thing as the content of a file, an npz archive; the same bytes for the same thing.

    >>> decoded(encoded(("mu", 0.1, [True, None])))
    ('mu', 0.1, [True, None])
    """
    arrays: list[_Array] = []
    tree = json.dumps(_taken_apart(thing, arrays, state_of, {}))
    buffer = io.BytesIO()
    named = {f"array-{number}": array for number, array in enumerate(arrays)}
    np.savez(buffer, **{_TREE: np.frombuffer(tree.encode(), np.uint8)}, **named)  # type: ignore[arg-type]
    return buffer.getvalue()


def decoded(content: bytes) -> Any:
    """Return what `encoded` was given. Raises ValueError for other contents."""
    arrays = read_arrays(content)
    try:
        return _together(parse_json(arrays[_TREE].tobytes()), arrays)
    except (KeyError, TypeError, AttributeError, IndexError, ImportError) as error:
        raise ValueError(f"not what was written ({error})") from None


def state_of(thing: object) -> dict[str, Any]:
    """Return the attributes of a thing without those that are computed from others when they are asked for."""
    kind = type(thing)
    return {k: v for k, v in vars(thing).items() if not isinstance(getattr(kind, k, None), cached_property)}


def _asked(thing: Any) -> dict[str, Any]:
    """Return what a thing says that answers depend on; its own digest says it all where it has one."""
    if isinstance(digest := getattr(thing, "digest", None), str):
        return {"digest": digest}
    left_out = {each.name for each in fields(thing) if each.metadata.get("asked") is False}
    return {name: value for name, value in sorted(state_of(thing).items()) if name not in left_out}


def _taken_apart(
    thing: Any, arrays: list[_Array], state: Callable[[Any], dict[str, Any]], known: Mapping[int, str]
) -> Any:
    """Return a thing as JSON has it; arrays are put into `arrays`, and their places there stand for them."""
    inside: Callable[[Any], Any] = lambda each: _taken_apart(each, arrays, state, known)  # noqa: E731
    if id(thing) in known:
        return {"known": known[id(thing)]}
    if thing is None or type(thing) in (bool, int, float, str):
        return thing
    if isinstance(thing, np.ndarray | np.generic):
        array = np.asarray(thing)
        if array.dtype.hasobject:
            return {"objects": [list(array.shape), [inside(each) for each in array.ravel().tolist()]]}
        arrays.append(array)
        return {"array" if isinstance(thing, np.ndarray) else "number": len(arrays) - 1}
    if type(thing) in (list, tuple):
        return {type(thing).__name__: [inside(each) for each in thing]}
    if isinstance(thing, Mapping):
        pairs = list(thing.items())
        if state is _asked:  # whatever their order
            pairs.sort(key=lambda pair: repr(pair[0]))
        kind = "counts" if isinstance(thing, Counter) else "mapping"
        return {kind: [[inside(key), inside(value)] for key, value in pairs]}
    of: type = type(thing)
    if isinstance(thing, Enum) and of.__module__.startswith("wilks."):
        return {"of": f"{of.__module__}:{of.__qualname__}", "is": thing.name}
    if is_dataclass(of) and of.__module__.startswith("wilks."):
        has = [[name, inside(value)] for name, value in state(thing).items()]
        return {"of": f"{of.__module__}:{of.__qualname__}", "has": has}
    raise TypeError(f"a {of.__qualname__} can't be told in numbers and text")


def _together(tree: Any, arrays: Mapping[str, _Array]) -> Any:
    """Return the thing that was taken apart."""
    if not isinstance(tree, dict):
        return tree
    inside: Callable[[Any], Any] = lambda each: _together(each, arrays)  # noqa: E731
    (name, value), *more = tree.items()
    match name:
        case "array":
            return arrays[f"array-{value}"].copy(order="K")
        case "number":
            return arrays[f"array-{value}"][()]
        case "objects":
            shape, listed = value
            array = np.empty(len(listed), object)
            array[:] = [inside(each) for each in listed]
            return array.reshape(shape)
        case "list":
            return [inside(each) for each in value]
        case "tuple":
            return tuple(inside(each) for each in value)
        case "mapping":
            return {inside(key): inside(each) for key, each in value}
        case "counts":
            return Counter({inside(key): each for key, each in value})
        case "of":
            kind, (what, content) = _kind(value), more[0]
            if what == "is":
                return kind[content]
            made: Any = object.__new__(kind)
            vars(made).update({key: inside(each) for key, each in content})
            return made
    raise ValueError(f"not what was written ({name})")


def _kind(name: str) -> Any:
    """Return a dataclass or an enumeration of this package by its name."""
    module, _, path = name.partition(":")
    if not module.startswith("wilks."):
        raise ValueError(f"not what was written ({name})")
    found: Any = import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    if isinstance(found, type) and found.__module__ == module and (is_dataclass(found) or issubclass(found, Enum)):
        return found
    raise ValueError(f"not what was written ({name})")
