"""Validation: what wilks finds without mistakes needs no second look; all others are judged by pyhf's schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyhf
import pyhf.schema
from pyhf.schema import variables

from wilks.errors import WilksError
from wilks.workspace.pyhf_json import load_specification, load_workspace

_VERSION = "1.0.0"
_FOLDER = variables.schemas
_ORIGINAL = pyhf.schema.validate


def validated(spec: Any, schema_name: str, *, version: str | None = None, allow_tensors: bool = True) -> None:
    """Raise pyhf's InvalidSpecification where a document does not follow the schema, as `pyhf.schema.validate` does."""
    if not (own_schema(version) and allow_tensors and _without_mistakes(spec, schema_name)):
        _ORIGINAL(spec, schema_name, version=version, allow_tensors=allow_tensors)


def own_schema(version: str | None) -> bool:
    """Return whether a document is held against the schema that pyhf brings along, which wilks knows."""
    return (version or variables.SCHEMA_VERSION) == _VERSION and variables.schemas == _FOLDER


def _without_mistakes(spec: Any, schema_name: str) -> bool:
    """Return whether wilks, which asks for more than the schema, finds nothing wrong with a document."""
    read = {"workspace.json": load_workspace, "model.json": load_specification}.get(schema_name)
    if read is None or not isinstance(spec, Mapping):
        return False
    try:
        read(spec)
    except WilksError:
        return False
    return True
