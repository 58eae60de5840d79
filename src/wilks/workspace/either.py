"""Records and plain JSON data are looked at alike, however broken the data are."""

from __future__ import annotations

import json
from typing import Any, TypeGuard

from msgspec import Struct


def get(holder: Any, key: str) -> Any:
    """Return an entry of a record or of a dictionary, None where there is none."""
    return holder.get(key) if isinstance(holder, dict) else getattr(holder, key, None)


def items(holder: Any, key: str) -> list[Any]:
    """Return a list of a record or of a dictionary, an empty one where there is none."""
    found = get(holder, key)
    return found if isinstance(found, list) else []


def modifier_type(modifier: Any) -> Any:
    """Return the type of a modifier, as the document spells it."""
    return modifier.__struct_config__.tag if isinstance(modifier, Struct) else get(modifier, "type")


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Return whether a value is a list."""
    return isinstance(value, list)


def written(value: Any) -> str:
    """Return a value as JSON writes it, objects and lists (but for short lists of numbers) by kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list) and (len(value) > 4 or any(isinstance(item, dict | list | str) for item in value)):
        return f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."
