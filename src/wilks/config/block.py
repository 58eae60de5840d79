"""What all blocks of the steering file have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_pascal


class Block(BaseModel):
    """Base of all blocks: frozen, keys in PascalCase, unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_pascal, populate_by_name=True)
