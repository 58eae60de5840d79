"""Validation: what wilks finds without mistakes needs no second look; all others are judged by pyhf's schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyhf
import pyhf.schema
from pyhf.schema import variables

from wilks.errors import WilksError, WorkspaceError
from wilks.workspace.extensions import WILKS, extensions
from wilks.workspace.pyhf_json import load_specification, load_workspace

_VERSION = "1.0.0"
_OF_MODELS = "measurements[0].config."  # where pyhf's model document has no such thing
_SHOWN = 3  # places in a sentence
_FOLDER = variables.schemas
_ORIGINAL = pyhf.schema.validate


def validated(spec: Any, schema_name: str, *, version: str | None = None, allow_tensors: bool = True) -> None:
    """Raise pyhf's InvalidSpecification where a document does not follow the schema, as `pyhf.schema.validate` does.

    WorkspaceError, with one sentence, for a document that says what no model of pyhf can be.
    """
    if not (own_schema(version) and allow_tensors and _without_mistakes(spec, schema_name)):
        refuse_extensions(spec, version)
        _ORIGINAL(spec, schema_name, version=version, allow_tensors=allow_tensors)


def refuse_extensions(spec: Any, version: str | None = None) -> None:
    """Raise WorkspaceError where a document, or a part of one, says what pyhf's models can't have."""
    found: list[str] = []
    if isinstance(spec, Mapping):
        model = {"measurements": [{"config": {"parameters": spec.get("parameters")}}]}
        found = [*extensions(spec), *(place.removeprefix(_OF_MODELS) for place in extensions(model))]
    if found or WILKS in (version, spec.get("version") if isinstance(spec, Mapping) else None):
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        says = f" ({', '.join(found[:_SHOWN])}{more})" if found else ""
        raise WorkspaceError(
            f'the document is of version "{WILKS}" and says what no model of pyhf can{says}: ask wilks itself, with '
            "wilks.compile_model(wilks.load_workspace(...)) in place of pyhf's workspace and model"
        )


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
